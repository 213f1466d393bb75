//! What holds of any text.

use driftlock_script::{
    Dialect::{self, MySql, Postgres, Sqlite},
    TokenKind, split, tokens,
};
use proptest::prelude::*;

/// Pieces in which the rules meet.
const FRAGMENTS: &[&str] = &[
    ";",
    ";",
    ";;",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "\\",
    "\\'",
    "E'",
    "U&'",
    "x'",
    "$",
    "$$",
    "$a$",
    "$b$",
    "$1",
    "a$",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!",
    "/*!50100",
    "/*M!",
    "/*+",
    "(",
    ")",
    "@",
    "@@a",
    ":",
    "?",
    ".",
    "1.5e-3",
    "0x",
    "ä",
    "💧",
    "\u{feff}",
    "\0",
    "CREATE",
    "FUNCTION",
    "PROCEDURE",
    "TRIGGER",
    "EVENT",
    "DEFINER=",
    "OR REPLACE",
    "FOR EACH ROW",
    "BEGIN",
    "ATOMIC",
    "NOT ATOMIC",
    "END",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "IF",
    "LOOP",
    "REPEAT",
    "UNTIL",
    "WHILE",
    "DO",
    "FOR",
    "DECLARE",
    "HANDLER FOR",
    "SET",
    "AS",
    "a",
    "l:",
    "\nDELIMITER //\n",
    "\nDELIMITER ;\n",
    "\nDELIMITER $$\n",
    "DELIMITER",
    "//",
    "COPY t FROM stdin;\n",
    "\n\\.\n",
    "\n\\restrict x\n",
    "\\unrestrict x",
    "SOURCE",
    "USE a\n",
    "\\N",
    "/*!999999",
    "SET sql_mode=ANSI;",
    "SET sql_mode=NO_BACKSLASH_ESCAPES;",
    "SET standard_conforming_strings=off;",
    "LANGUAGE JAVASCRIPT AS",
    "PACKAGE",
];

pub(crate) fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![Postgres, MySql, Sqlite])
}

/// A text of fragments with blanks between some of them.
pub(crate) fn tangle() -> impl Strategy<Value = String> {
    let piece = (prop::sample::select(FRAGMENTS), prop::bool::ANY)
        .prop_map(|(fragment, blank)| if blank { format!("{fragment} ") } else { fragment.to_owned() });
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn assert_lossless(text: &str, dialect: Dialect) {
    let mut at = 0;
    for token in tokens(text, dialect) {
        assert_eq!(token.start, at);
        assert!(!token.text.is_empty());
        at += token.text.len();
        assert_eq!(&text[token.start..at], token.text);
    }
    assert_eq!(at, text.len());
}

/// Statements rise and don't touch, and what is between them is nothing that an engine should have got.
fn assert_complete(file: &str, dialect: Dialect) {
    let Ok(statements) = split(file, dialect) else { return };
    let mut at = 0;
    let mut joined = String::new();
    let mut gaps = String::new();
    for statement in &statements {
        let text = statement.text(file);
        assert!(!text.trim_ascii().is_empty());
        assert!(statement.span.start >= at);
        gaps.push_str(&file[at..statement.span.start]);
        gaps.push('\n');
        joined.push_str(&file[at..statement.span.start]);
        joined.push_str(text);
        at = statement.span.end;
        if let Some(rows) = statement.data(file) {
            assert_eq!(dialect, Postgres);
            let data = statement.copy_data.clone().unwrap();
            let data = usize::try_from(data.start).unwrap()..usize::try_from(data.end).unwrap();
            let between = &file[at..data.start];
            assert!(rows.lines().all(|line| line != "\\."), "{rows}");
            let end = &file[data.end..];
            assert!(end.is_empty() || end.starts_with("\\.\n") || end.starts_with("\\.\r\n") || end == "\\.", "{end}");
            joined.push_str(between);
            joined.push_str(rows);
            gaps.push_str(between);
            at = data.end;
        }
    }
    joined.push_str(&file[at..]);
    gaps.push_str(&file[at..]);
    assert_eq!(joined, file);
    assert_no_statement(&gaps, dialect);
}

/// Goes through gaps token by token, and over the line of a client command, which is no SQL.
fn assert_no_statement(gaps: &str, dialect: Dialect) {
    let mut rest = gaps;
    while let Some(token) = tokens(rest, dialect).find(|token| {
        !matches!(token.kind, TokenKind::Space | TokenKind::Comment)
            && !matches!(token.text, ";" | "/" | "*" | "\u{feff}")
            && !token.text.chars().all(|char| char == '$')
    }) {
        let is_command = match dialect {
            Postgres => ["\\restrict", "\\unrestrict", "\\."].iter().any(|name| rest[token.start..].starts_with(name)),
            MySql => token.is("DELIMITER"),
            Sqlite => token.text.starts_with('#'),
        };
        assert!(is_command, "{token:?} was left out, of {gaps:?}");
        rest = rest[token.start..].split_once('\n').map_or("", |(_, after)| after);
    }
}

/// Statements with nothing open, none of which depends on what stands before.
const WHOLE: &[(Dialect, &[&str])] = &[
    (
        Postgres,
        &[
            "SELECT 1",
            "SELECT ';', $$;$$, E'\\';', \";\", a$b$ /* ; /* ; */ */ + 1",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END",
            "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)",
            "BEGIN",
            "END",
            "DO $x$ BEGIN NULL; END $x$",
        ],
    ),
    (
        MySql,
        &[
            "SELECT 1",
            "SELECT ';', \"\\\";\", `;`, 1--1 /* ; */ + 2",
            "CREATE PROCEDURE p() BEGIN IF a THEN SELECT CASE 1 WHEN 1 THEN 2 END; END IF; END",
            "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN x; END */",
            "/*!40101 SET a = 1 */",
            "BEGIN",
            "BEGIN NOT ATOMIC SELECT 1; END",
        ],
    ),
    (
        Sqlite,
        &[
            "SELECT 1",
            "SELECT ';', \";\", `;`, [;] /* ; */, '\\'",
            "CREATE TRIGGER t INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 1; END",
            "BEGIN",
            "END",
        ],
    ),
];

const GAPS: &[&str] = &[";", ";\n", " ; ", ";;\r\n", ";\n-- it's; \"x\n", ";/* it's; `x */", ";\n\n\t"];

/// Which dialect, then which statement and which gap behind it, by number.
fn parts() -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
    (0..WHOLE.len(), prop::collection::vec((0..100usize, 0..GAPS.len()), 0..20))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_cut_without_loss(text in any::<String>(), dialect in dialect()) {
        assert_lossless(&text, dialect);
        assert_complete(&text, dialect);
    }

    #[test]
    fn any_tangle_is_cut_without_loss(text in tangle(), dialect in dialect()) {
        assert_lossless(&text, dialect);
        assert_complete(&text, dialect);
    }

    #[test]
    fn the_place_of_an_error_is_in_the_file(text in tangle(), dialect in dialect()) {
        if let Err(error) = split(&text, dialect) {
            let offset = usize::try_from(error.offset).unwrap();
            prop_assert!(offset < text.len());
            prop_assert_eq!((error.line, error.column), crate::place(&text, offset));
        }
    }

    #[test]
    fn what_was_joined_is_found_again((dialect, parts) in parts()) {
        let (dialect, statements) = WHOLE[dialect];
        let chosen: Vec<(&str, &str)> = parts.iter().map(|&(s, gap)| (statements[s % statements.len()], GAPS[gap])).collect();
        let file: String = chosen.iter().map(|(statement, gap)| format!("{statement}{gap}")).collect();
        let found = split(&file, dialect).unwrap();
        let found: Vec<&str> = found.iter().map(|statement| statement.text(&file)).collect();
        let expected: Vec<&str> = chosen.iter().map(|(statement, _)| *statement).collect();
        prop_assert_eq!(found, expected);
    }

    /// A statement that has been split off is one statement, and splits to itself.
    #[test]
    fn a_statement_stands_by_itself((dialect, parts) in parts()) {
        let (dialect, statements) = WHOLE[dialect];
        for (statement, _) in parts {
            let text = statements[statement % statements.len()];
            let again = split(text, dialect).unwrap();
            prop_assert_eq!(again.len(), 1);
            prop_assert_eq!(again[0].text(text), text);
        }
    }
}

/// Sixteen times the text takes about sixteen times as long; one that looks at the rest of the text again and again takes 256
/// times as long. How fast the machine is doesn't matter, and a few milliseconds are too short to judge by.
#[test]
fn long_texts_take_linear_time() {
    let units = [
        "a;",
        "'",
        "\"",
        "$",
        "$a",
        "$a$",
        "/*",
        "/*!",
        "(",
        "--",
        "#\n",
        "BEGIN ",
        "CASE ",
        "CREATE PROCEDURE p() BEGIN ",
        "\\",
        "@",
        "DELIMITER $$\n",
        "a$$",
        "COPY t FROM stdin;\n",
        "E'a'\n",
        "END ",
        "IF ",
        "[",
        "é",
        ".",
        "1.",
        "0x",
        "CREATE TRIGGER t BEGIN ; ",
        "+$1",
        "+a$",
        "1e'",
        "-",
        "- ",
        "\\N",
        "USE a;",
        "USE a\n",
        "/*!50100 */",
        "SET @a=1;",
        "# a\n",
        "1.1e-$a",
    ];
    let time = |first: &str, unit: &str, length: usize, dialect| {
        let text = format!("{first}{}", unit.repeat(length / unit.len()));
        let started = std::time::Instant::now();
        assert_eq!(tokens(&text, dialect).map(|token| token.text.len()).sum::<usize>(), text.len());
        let _ = split(&text, dialect);
        started.elapsed()
    };
    for unit in units {
        for first in ["", "INSERT ", "DELIMITER $$\n", "CREATE FUNCTION f() BEGIN ATOMIC "] {
            for dialect in [Postgres, MySql, Sqlite] {
                let short = time(first, unit, 8_000, dialect);
                let most = 100 * short.max(std::time::Duration::from_millis(2));
                // What is slow by itself is so each time; a machine with much else to do isn't.
                let mut long = time(first, unit, 128_000, dialect);
                for _ in 0..2 {
                    if long >= most {
                        long = long.min(time(first, unit, 128_000, dialect));
                    }
                }
                assert!(
                    long < most,
                    "{dialect:?}, {first:?}, {unit:?}: {short:?}, and {long:?} for sixteen times the text"
                );
            }
        }
    }
}
