//! A file that comes piece by piece has the statements that it has as a whole.

use std::io::Read;

use driftlock_script::{
    Dialect::{self, MySql, Postgres, Sqlite},
    Options, Pieces, PiecesError, decode, split_with,
};
use proptest::prelude::*;

use crate::properties::{dialect, tangle};

/// Gives as many bytes at once, and no more.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.take(length as u64).read(&mut buffer[..length]).inspect(|&read| self.0 = &self.0[read..])
    }
}

/// A statement: text, offset in the file, line, column, data.
type Found = (String, u64, u32, u32, Option<(u64, u64)>);
/// What is wrong, where as an offset, a line and a column.
type Wrong = (String, u64, u32, u32);

fn whole(file: &str, dialect: Dialect, options: &Options<'_>) -> Result<Vec<Found>, Wrong> {
    let statements =
        split_with(file, dialect, options).map_err(|error| (error.message, error.offset, error.line, error.column))?;
    let found = |statement: &driftlock_script::Statement| {
        let data = statement.copy_data.as_ref().map(|data| (data.start, data.end));
        (statement.text(file).to_owned(), statement.span.start as u64, statement.line, statement.column, data)
    };
    Ok(statements.iter().map(found).collect())
}

/// The statements before the first error, and the error.
fn in_pieces(
    file: &[u8],
    dialect: Dialect,
    options: &Options<'_>,
    window: usize,
    portion: usize,
) -> (Vec<Found>, Option<PiecesError>) {
    let mut pieces = Pieces::new(Slow(file, portion), dialect, options).window(window);
    let mut found = Vec::new();
    loop {
        let piece = match pieces.next() {
            Ok(Some(piece)) => piece,
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error)),
        };
        assert!(!piece.statements.is_empty());
        let at = usize::try_from(piece.offset).unwrap();
        assert_eq!(piece.text.as_bytes(), &file[at..at + piece.text.len()]);
        for statement in &piece.statements {
            let data = statement.copy_data.as_ref().map(|data| (data.start, data.end));
            let offset = piece.offset + statement.span.start as u64;
            found.push((statement.text(&piece.text).to_owned(), offset, statement.line, statement.column, data));
        }
    }
}

#[track_caller]
fn assert_same(file: &str, dialect: Dialect, options: &Options<'_>, window: usize, portion: usize) {
    let (found, wrong) = in_pieces(file.as_bytes(), dialect, options, window, portion);
    match (whole(file, dialect, options), wrong) {
        (Ok(expected), None) => assert_eq!(found, expected, "{dialect:?} {file:?}"),
        (Err(expected), Some(PiecesError::Split(wrong))) => {
            assert_eq!((wrong.message, wrong.offset, wrong.line, wrong.column), expected, "{dialect:?} {file:?}");
        }
        (expected, wrong) => panic!("{dialect:?} {file:?}: {expected:?}, but in pieces {wrong:?}"),
    }
}

fn delimiter() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![
        None,
        None,
        None,
        Some("//"),
        Some("\n\n"),
        Some("--end"),
        Some("go"),
        Some("$$"),
        Some("é"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn pieces_are_as_the_whole(
        text in tangle(), dialect in dialect(), delimiter in delimiter(), window in 1..40usize, portion in 1..40usize,
    ) {
        let text = text.replace('\0', "");
        assert_same(&text, dialect, &Options { delimiter }, window, portion);
    }
}

#[test]
fn what_a_window_cuts_is_read_whole() {
    let cases = [
        (
            Postgres,
            "\u{feff}SELECT '—it''s'; \n\\restrict ab\nSELECT $a$;$a$ /* /* */ ; */; COPY t FROM stdin; -- x\r\n1\\.\r\n\\.\r\nSELECT E'a'\n'\\';'; /*",
        ),
        (
            Postgres,
            "CREATE FUNCTION f() BEGIN ATOMIC a; b; END; c\n; COPY a FROM stdin;\n\\.\nCOPY b FROM stdin;\n1\n2\n",
        ),
        (
            MySql,
            "DELIMITER //\nCREATE PROCEDURE p() BEGIN a; END//\ndelimiter ;\n/*!50100 a; */ -- x\n; b; /*M!999999\\- x */ # y\nc",
        ),
        (MySql, "a; b 1--2; 'it\\'s;'; `;``;`; DELIMITER go\nx go y go"),
        (Sqlite, "CREATE TRIGGER t INSERT ON a BEGIN x; -- END;\n END; [;]; b; .x"),
    ];
    for (dialect, file) in cases {
        for window in 1..file.len() + 2 {
            for portion in [1, 2, 3, window, file.len()] {
                assert_same(file, dialect, &Options::default(), window, portion);
            }
        }
    }
}

#[test]
fn what_is_no_text_is_told_with_its_place() {
    let cases: [&[u8]; 9] = [
        b"SELECT 1;\nSELECT \xe9;\n",
        b"SELECT 'a\n\n\xc3",
        b"\xef\xbb\xbf\xc3\xa4\xff",
        b"\xff\xfeS\0",
        b"\xfe\xff",
        b"\xff",
        b"SELECT 1;\n\xc3\xa4\xe2\x82\0",
        b"COPY t FROM stdin;\na\nbc\xe9\n\\.\n",
        b"COPY t FROM stdin;\na\nbc\0\n\\.\n",
    ];
    for file in cases {
        let expected = decode(file).unwrap_err();
        for window in [1, 2, 3, 5, 8, 1000] {
            for portion in [1, 2, 1000] {
                match in_pieces(file, Postgres, &Options::default(), window, portion).1 {
                    Some(PiecesError::Text(error)) => assert_eq!(error, expected, "{file:?}, {window}, {portion}"),
                    other => panic!("{file:?}, {window}, {portion}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let file = "INSERT INTO t VALUES (1, 'some text; with a semicolon');\nCOPY t FROM stdin;\n1\n\\.\n".repeat(1000);
    let long = format!("{}SELECT '{}';{}", file, "x".repeat(100_000), file);
    let mut pieces = Pieces::new(long.as_bytes(), Postgres, &Options::default()).window(1000);
    let mut longest = 0;
    while let Some(piece) = pieces.next().unwrap() {
        let is_long = piece.statements.iter().any(|statement| statement.span.len() > 1000);
        assert!(is_long || piece.text.len() <= 2000, "{}", piece.text.len());
        longest = longest.max(piece.text.len());
    }
    assert!((100_000..300_000).contains(&longest), "{longest}");
}
