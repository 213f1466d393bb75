//! What can't be split, and where the message points.

use driftlock_script::{
    Dialect::{self, MySql, Postgres, Sqlite},
    split,
};

use crate::place;

/// In each file, `«` stands before the place that the error names; the message has each of the words.
#[track_caller]
fn refuse(dialect: Dialect, cases: &[(&str, &[&str])]) {
    for (marked, words) in cases {
        let offset = marked.find('«').expect("a mark");
        let file = marked.replace('«', "");
        let error = split(&file, dialect).expect_err(marked);
        assert_eq!(error.offset, offset as u64, "{dialect:?}: {marked}: {error}");
        assert_eq!((error.line, error.column), place(&file, offset), "{marked}");
        for word in *words {
            assert!(error.message.contains(word), "{dialect:?}: {marked}: {error}");
        }
    }
}

#[test]
fn postgres() {
    refuse(
        Postgres,
        &[
            ("a;\n  b «'c;\nd", &["string", "closed", "add its `'`", "''"]),
            (r"a «E'\';", &["string", "`'`"]),
            ("a «\"c;", &["quoted name", "`\"`"]),
            ("a;\nä «$t$ ; $$ $x$", &["string", "`$t$`"]),
            ("«/* a /* b */ ;", &["comment", "`*/`", "nest"]),
            ("CREATE FUNCTION f() «BEGIN ATOMIC a; b;\nc;", &["BEGIN ATOMIC", "END"]),
            ("CREATE FUNCTION f() BEGIN ATOMIC a; SELECT «CASE 1", &["CASE", "END"]),
            ("«\\i other.sql\n", &["`\\i`", "psql", "statements of that file"]),
            ("a;\n«\\connect\n", &["`\\connect`", "remove"]),
            ("SELECT 1 «\\connect other\n", &["`\\connect`", "remove"]),
            ("«\\copy t from 'x'\n", &["`\\copy`", "FROM stdin"]),
            ("«\\.\n", &["`\\.`", "COPY"]),
            ("SELECT 'a' «\\gexec\n", &["`\\gexec`", "DO block"]),
            ("SELECT 1 «\\restrict x\n", &["`\\restrict`"]),
            ("SELECT 1 «\\; SELECT 2;\n", &["`\\;`", "without the backslash"]),
            ("SELECT «$a$ 1; $a", &["string", "`$a$`"]),
            ("SET standard_conforming_strings TO off; «'\\';", &["string"]),
            ("COPY t FROM stdin; -- x\r«SELECT 1;\n1\n\\.\n", &["next line"]),
            ("COPY t FROM stdin; «/* x\n1\n\\.\n", &["next line"]),
            ("COPY t FROM stdin; «SELECT 1;\n1\n\\.\n", &["next line"]),
        ],
    );
}

#[test]
fn mysql() {
    refuse(
        MySql,
        &[
            (r"a «'b\';", &["string", "`'`"]),
            ("a;\nb «\"c'", &["string", "`\"`"]),
            ("a «`b;", &["quoted name", "``"]),
            ("a «@`b;", &["quoted name"]),
            ("a;\n«/* b ;", &["comment", "`*/`"]),
            ("a «/*!50100 b ; /* c */", &["executable comment", "`*/`"]),
            ("CREATE PROCEDURE p() «BEGIN a; b;", &["BEGIN", "END", "DELIMITER"]),
            ("CREATE PROCEDURE p() BEGIN «IF a THEN b; c;", &["IF", "END"]),
            ("«SOURCE other.sql;", &["`SOURCE`", "statements of that file"]),
            ("a; «\\. other.sql", &["`\\.`", "statements of that file"]),
            ("SELECT 1«\\G\nSELECT 2;", &["`\\G`", "`;`"]),
            ("SELECT 1 «\\! rm x\n;", &["`\\!`", "remove"]),
            ("a;\n«CREATE OR REPLACE PACKAGE p AS a; b; END;", &["package", "ORACLE", "DELIMITER //"]),
            ("CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS «$$ let a; ", &["string", "`$$`"]),
            ("SET sql_mode=ANSI_QUOTES; «\"a\\';", &["quoted name", "`\"`"]),
            ("«DELIMITER", &["DELIMITER //"]),
            ("a;\n«DELIMITER$$\n", &["DELIMITER //"]),
            ("«delimiter \\\\\n", &["backslash"]),
            ("«DELIMITER ; SELECT 1;\n", &["`SELECT`", "next line"]),
            ("«DELIMITER 0123456789abcdef\n", &["15"]),
        ],
    );
}

#[test]
fn sqlite() {
    refuse(
        Sqlite,
        &[
            ("a «'b;", &["string", "`'`"]),
            ("a «[b;", &["quoted name", "`]`"]),
            ("CREATE TRIGGER t INSERT ON a «BEGIN x; y;", &["trigger", "END;"]),
            ("CREATE TRIGGER t INSERT ON a «BEGIN x END;", &["trigger", "its own `;`"]),
            ("a;\n«.mode csv\n", &["`.mode`", "sqlite3"]),
        ],
    );
}
