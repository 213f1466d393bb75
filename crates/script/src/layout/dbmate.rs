//! dbmate's files: `{digits}{anything}.sql`, both ways in one file between `-- migrate:up` and `-- migrate:down`. The version is
//! the digits as text, and files run in the order of their names (amacneil/dbmate, `FindMigrations`).
//!
//! A file may have several pairs of blocks, each with its own options. The rules are those of `pkg/dbmate/migration.go`, v2.35.0:
//! `^--\s*migrate:up(\s*$|\s+\S+)` begins a block, and so for `down`; every up has one down behind it. The way down runs the down
//! blocks in the order in which they stand (`db.go`, `Rollback`).

use super::lines::{Line, lines};
use super::numbered::stem;
use super::{Context, Facts, FileName, Part};
use crate::{Body, BodyError, Section, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let stem = stem(file)?;
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err("it doesn't begin with a number");
    }
    let (version, name) = stem.split_at(digits);
    Ok(FileName::new(Version::by_file(version), name.strip_prefix('_').unwrap_or(name), Part::Both))
}

pub(super) fn facts(text: &[u8]) -> Facts {
    let is_down = |line: &[u8]| directive(&String::from_utf8_lossy(line)).is_some_and(|(part, _)| part == Part::Down);
    let has_down = text.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"--")).any(is_down);
    Facts { has_down, ..Facts::default() }
}

pub(super) fn body(text: String, context: &Context<'_>) -> Result<Body, BodyError> {
    let error = |offset: usize, message: &str| Err(BodyError::script(&text, offset, message));
    let blocks = blocks(&text);
    let Some(first) = blocks.iter().position(|block| block.part == Part::Up) else {
        return error(0, "dbmate wants `-- migrate:up` on a line of its own in front of the statements: add it");
    };
    let head = &text[..blocks[first].mark];
    if let Some(line) = lines(head).find(|line| !is_comment_or_blank(line.text)) {
        return match blocks.first().filter(|block| block.mark < line.start) {
            Some(down) => {
                error(down.mark, "dbmate wants `-- migrate:up` in front of `-- migrate:down`: put the way up first")
            }
            None => error(line.start, "dbmate takes no statements in front of `-- migrate:up`: move this behind it"),
        };
    }
    let blocks = &blocks[first..];
    for (block, next) in blocks.iter().zip(blocks.iter().skip(1).map(Some).chain([None])) {
        match (block.part, next) {
            (Part::Up, next) if next.is_none_or(|next| next.part == Part::Up) => {
                return error(block.mark, NO_DOWN);
            }
            (Part::Down, Some(next)) if next.part == Part::Down => return error(next.mark, NO_UP_BEFORE),
            _ => {}
        }
    }
    // Only comments stand in front of the first way up, driftlock's directives among them.
    let starts_at_head = lines(&text[..blocks[0].start]).all(|line| line.says_nothing());
    let ends = blocks.iter().skip(1).map(|next| next.mark).chain([text.len()]);
    let sections = blocks.iter().zip(ends).enumerate().filter(|(_, (block, _))| block.part == context.part);
    let sections = sections
        .map(|(number, (block, end))| {
            let start = if number == 0 && starts_at_head { 0 } else { block.start };
            Section { span: start..end, no_transaction: block.no_transaction }
        })
        .collect();
    Ok(Body::of_sections(text, sections))
}

const NO_DOWN: &str = "dbmate wants a `-- migrate:down` behind every `-- migrate:up`: add it, with nothing behind it if there is nothing to undo";

const NO_UP_BEFORE: &str =
    "dbmate wants a `-- migrate:up` in front of every `-- migrate:down`: put these statements behind the one above";

/// What follows a line that marks it.
struct Block {
    part: Part,
    no_transaction: bool,
    /// Where the line begins that marks it.
    mark: usize,
    /// Where the line behind that begins.
    start: usize,
}

fn blocks(text: &str) -> Vec<Block> {
    let block = |line: Line<'_>| {
        let (part, options) = directive(line.text)?;
        Some(Block { part, no_transaction: is_without_transaction(options), mark: line.start, start: line.next })
    };
    lines(text).filter_map(block).collect()
}

/// What the `\s` of Go's expressions is, but for the line feed.
const BLANK: [char; 4] = [' ', '\t', '\r', '\x0c'];

/// Reads a line as the mark of a block: which way it is, and its options.
fn directive(line: &str) -> Option<(Part, &str)> {
    let mark = line.strip_prefix("--")?.trim_start_matches(BLANK).strip_prefix("migrate:")?;
    let up = mark.strip_prefix("up").map(|options| (Part::Up, options));
    let (part, options) = up.or_else(|| mark.strip_prefix("down").map(|options| (Part::Down, options)))?;
    (options.is_empty() || options.starts_with(BLANK)).then_some((part, options))
}

/// Only `transaction:false` opts out; the last one counts, and dbmate passes over whatever else stands there.
fn is_without_transaction(options: &str) -> bool {
    options.split(BLANK).filter_map(|option| option.strip_prefix("transaction:")).rfind(|value| !value.contains(':'))
        == Some("false")
}

fn is_comment_or_blank(line: &str) -> bool {
    let text = line.trim_start_matches(BLANK);
    text.is_empty() || text.starts_with("--")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Values};

    fn read(file: &str, part: Part) -> Result<Body, BodyError> {
        body(file.to_owned(), &Context { file: "1_a.sql", part, settings: None, values: &Values::default() })
    }

    /// The statements of a way, and of each whether it is committed on its own, as `!`.
    fn statements(file: &str, part: Part, dialect: Dialect) -> Vec<String> {
        let body = read(file, part).unwrap_or_else(|error| panic!("{file}: {error:?}"));
        let statements = body.statements(dialect).unwrap_or_else(|error| panic!("{file}: {error:?}"));
        let text = |(statement, alone): &(crate::Statement, bool)| {
            format!("{}{}", if *alone { "!" } else { "" }, statement.text(body.text()))
        };
        statements.iter().map(text).collect()
    }

    #[test]
    fn reads_marks() {
        let cases = [
            ("-- migrate:up", Some((Part::Up, false))),
            ("--migrate:down\r", Some((Part::Down, false))),
            ("-- \t migrate:up  ", Some((Part::Up, false))),
            ("-- migrate:up create the table", Some((Part::Up, false))),
            ("-- migrate:up transaction:false", Some((Part::Up, true))),
            ("-- migrate:down note transaction:false\r", Some((Part::Down, true))),
            ("-- migrate:up transaction:False", Some((Part::Up, false))),
            ("-- migrate:up transaction:false transaction:true", Some((Part::Up, false))),
            ("-- migrate:up transaction:true transaction:false:x transaction:false", Some((Part::Up, true))),
            ("-- migrate:up xtransaction:false", Some((Part::Up, false))),
            ("-- migrate:upper", None),
            ("-- migrate:up:", None),
            ("-- MIGRATE:UP", None),
            ("-- migrate: up", None),
            (" -- migrate:up", None),
            ("/* -- migrate:up */", None),
        ];
        for (line, expected) in cases {
            let found = directive(line).map(|(part, options)| (part, is_without_transaction(options)));
            assert_eq!(found, expected, "{line}");
        }
    }

    /// A case: a file, what runs on the way up, what on the way down.
    type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

    #[test]
    fn runs_what_dbmate_runs() {
        let cases: &[Case] = &[
            ("-- migrate:up\n-- migrate:down\n", &[], &[]),
            ("\n -- a\n--migrate:up\nA;B\n\n--migrate:down\nC", &["A", "B"], &["C"]),
            ("-- migrate:up\r\nA;\r\n-- migrate:down\r\nB;\r\n", &["A"], &["B"]),
            (
                "-- migrate:up transaction:false\nA;\n-- migrate:down\nB\n-- migrate:up\nC\n-- migrate:down transaction:false\nD",
                &["!A", "C"],
                &["B", "!D"],
            ),
            // Only what begins a line is a mark, and dbmate looks for nothing else.
            (
                "-- migrate:up\nA\n  -- migrate:down\n, '\n';\n-- migrate:down\nB",
                &["A\n  -- migrate:down\n, '\n'"],
                &["B"],
            ),
            ("-- migrate:down\n\n-- migrate:up\nA\n-- migrate:down\nB", &["A"], &["B"]),
        ];
        for (file, up, down) in cases {
            assert_eq!(statements(file, Part::Up, Dialect::Postgres), *up, "{file}");
            assert_eq!(statements(file, Part::Down, Dialect::Postgres), *down, "{file}");
            assert!(facts(file.as_bytes()).has_down, "{file}");
        }
        assert!(!facts(b"-- migrate:up\nA; -- migrate:down").has_down);
    }

    /// To MySQL `--a` is no comment, and dbmate doesn't send what stands in front of the first mark.
    #[test]
    fn leaves_out_marks_that_are_no_comments_to_mysql() {
        for file in ["--a\n-- migrate:up\nA;\n--migrate:down\nB", "-- a\n--migrate:up\nA;\n--migrate:down\nB"] {
            assert_eq!(statements(file, Part::Up, Dialect::MySql), ["A"]);
            assert_eq!(statements(file, Part::Down, Dialect::MySql), ["B"]);
        }
        let file = "-- driftlock: lock-timeout=2s\n\n-- migrate:up\nA;\n-- migrate:down\n";
        assert!(read(file, Part::Up).unwrap().head().starts_with("-- driftlock:"));
    }

    #[test]
    fn says_where_and_why_not() {
        let cases = [
            ("", 1, 1, "wants `-- migrate:up`"),
            ("A;\n", 1, 1, "wants `-- migrate:up`"),
            ("-- migrate:down\nA;\n", 1, 1, "wants `-- migrate:up`"),
            ("-- a\n-- migrate:down\nA;\n-- migrate:up\nB", 2, 1, "put the way up first"),
            ("-- a\nA;\n-- migrate:up\nB\n-- migrate:down", 2, 1, "no statements in front"),
            ("\n-- migrate:up\nB", 2, 1, "a `-- migrate:down` behind every"),
            ("-- migrate:up\nA\n-- migrate:up\nB\n-- migrate:down\nC", 1, 1, "a `-- migrate:down` behind every"),
            ("-- migrate:up\nA\n-- migrate:down\nB\n-- migrate:down\nC", 5, 1, "a `-- migrate:up` in front of every"),
        ];
        for (file, line, column, part) in cases {
            for way in [Part::Up, Part::Down] {
                let Err(BodyError::Script(error)) = read(file, way) else { panic!("{file}: {:?}", read(file, way)) };
                assert!(
                    (error.line, error.column) == (line, column) && error.message.contains(part),
                    "{file}: {error:?}"
                );
            }
        }
    }
}
