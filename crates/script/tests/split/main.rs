//! Tokens and statements by each engine's lexical rules.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod delimiters;
mod errors;
mod mysql;
mod pieces;
mod postgres;
mod properties;
mod sqlite;
mod tokens;

use driftlock_script::{Dialect, split};

/// A case: its name, a file, the statements expected of it.
type Case = (&'static str, &'static str, &'static [&'static str]);

/// Splits every case's file, and holds that places are right and that CRLF makes no difference.
#[track_caller]
fn check(dialect: Dialect, cases: &[Case]) {
    for (name, file, expected) in cases {
        let found = texts(file, dialect, name);
        assert_eq!(found, *expected, "{dialect:?}, {name}:\n{file}");
        let windows = file.replace('\n', "\r\n");
        let expected: Vec<String> = expected.iter().map(|text| text.replace('\n', "\r\n")).collect();
        assert_eq!(texts(&windows, dialect, name), expected, "{dialect:?}, {name}, with CRLF");
    }
}

fn texts<'a>(file: &'a str, dialect: Dialect, name: &str) -> Vec<&'a str> {
    let statements = split(file, dialect).unwrap_or_else(|error| panic!("{dialect:?}, {name}: {error}"));
    for statement in &statements {
        assert_eq!(
            (statement.line, statement.column),
            place(file, statement.span.start),
            "{dialect:?}, {name}: {}",
            statement.text(file)
        );
    }
    statements.iter().map(|statement| statement.text(file)).collect()
}

/// Line and column as somebody would count them.
fn place(file: &str, offset: usize) -> (u32, u32) {
    let before = &file[..offset];
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}
