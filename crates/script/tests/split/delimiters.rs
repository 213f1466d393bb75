//! A delimiter that the caller names.

use driftlock_script::{
    Dialect::{self, MySql, Postgres, Sqlite},
    Options, split_with,
};

#[track_caller]
fn check(delimiter: &str, file: &str, dialects: &[Dialect], expected: &[&str]) {
    for &dialect in dialects {
        let options = Options { delimiter: Some(delimiter) };
        let statements = split_with(file, dialect, &options).unwrap();
        let found: Vec<&str> = statements.iter().map(|statement| statement.text(file)).collect();
        assert_eq!(found, expected, "{dialect:?}, {delimiter:?}: {file:?}");
    }
}

const ALL: &[Dialect] = &[Postgres, MySql, Sqlite];

#[test]
fn a_delimiter_ends_statements_of_any_dialect() {
    check("//", "a; b//c 1//\n//d", ALL, &["a", "b", "c 1", "d"]);
    check("\n\n\n", "a\n\nb\n\n\n  c \n\n\n\n\nd;\n\n\n", ALL, &["a\n\nb", "c", "d"]);
    check("--end", "a -- end\n b --end\nc--end\n-- --end\nd", ALL, &["a -- end\n b", "c", "d"]);
    check("GO", "a GO\nCATEGORY; b\nGO\nGO", ALL, &["a", "CATEGORY", "b"]);
    check("\\", "a \\ b \\", ALL, &["a", "b"]);
    check(";", "a; b", ALL, &["a", "b"]);
    check("", "a; b", ALL, &["a", "b"]);
}

#[test]
fn not_in_quotes_comments_or_parentheses() {
    check("\n\n", "a (b,\n\n (c)\n\n)\n\nd\n\n)\n\ne", ALL, &["a (b,\n\n (c)\n\n)", "d", ")", "e"]);
    check("//", "a '//' /* // */ \"//\"// b -- //\n//c", ALL, &["a '//' /* // */ \"//\"", "b", "c"]);
    check("\n\n", "a '\n\n'\n\nb", ALL, &["a '\n\n'", "b"]);
    check("//", "a $$ // $$// b", &[Postgres], &["a $$ // $$", "b"]);
    check("//", "a `//` // b", &[MySql, Sqlite], &["a `//`", "b"]);
}

#[test]
fn it_ends_bodies() {
    check(
        "\n\n\n",
        "CREATE PROCEDURE p() BEGIN\n\n a; -- x\n b;\nEND;\n\n\nc;\n",
        &[MySql],
        &["CREATE PROCEDURE p() BEGIN\n\n a; -- x\n b;\nEND", "c"],
    );
    check(
        "//",
        "CREATE TRIGGER t INSERT ON a BEGIN x; END// y",
        &[Sqlite],
        &["CREATE TRIGGER t INSERT ON a BEGIN x; END", "y"],
    );
    check(
        "//",
        "CREATE FUNCTION f() BEGIN ATOMIC a; END// y",
        &[Postgres],
        &["CREATE FUNCTION f() BEGIN ATOMIC a; END", "y"],
    );
    check("//", "CREATE RULE r DO (a; b //)// y", &[Postgres], &["CREATE RULE r DO (a; b //)", "y"]);
}

#[test]
fn a_delimiter_line_has_the_last_word() {
    check("//", "a// DELIMITER $$\nb// c$$ DELIMITER ;\nd; e", &[MySql], &["a", "b// c", "d", "e"]);
}

#[test]
fn copy_data_follows_it() {
    let file = "COPY t FROM stdin\n--end\n1\n\\.\nCOPY t FROM stdin; -- x\n2\n\\.\na";
    let statements = split_with(file, Postgres, &Options { delimiter: Some("--end") }).unwrap();
    let data: Vec<_> = statements.iter().map(|statement| statement.data(file)).collect();
    assert_eq!(data, [Some("1\n"), Some("2\n"), None]);
    let file = "COPY t FROM stdin\n\n1\n\\.\na";
    let statements = split_with(file, Postgres, &Options { delimiter: Some("\n\n") }).unwrap();
    assert_eq!(statements[0].data(file), Some("1\n"));
}
