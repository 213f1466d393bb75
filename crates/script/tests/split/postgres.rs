//! PostgreSQL's statements.

use driftlock_script::{Dialect::Postgres, split};

use crate::check;

#[test]
fn statements() {
    check(
        Postgres,
        &[
            ("nothing", "", &[]),
            ("only comments", "-- a;\n/* b; */\n", &[]),
            ("empty statements", ";;\n ; a;; ;", &["a"]),
            ("no terminator", "a;\nb -- c\n", &["a", "b"]),
            ("comments are outside", "-- x\n/* y */ a /* z */ b -- c;\n ; -- d\n", &["a /* z */ b"]),
            ("byte order mark", "\u{feff}a;b", &["a", "b"]),
            ("wide characters before a column", "/* äöü💧 */ select 'ä'; select 1", &["select 'ä'", "select 1"]),
            ("quotes", "a 'x;''y;'; b \"c;\"\"d\"; e", &["a 'x;''y;'", "b \"c;\"\"d\"", "e"]),
            ("a backslash is plain", r"a '\'; b", &[r"a '\'", "b"]),
            ("escape string", r"a E'\';'; b e'\\'; c", &[r"a E'\';'", r"b e'\\'", "c"]),
            ("escape string that goes on", "a E'x'\n'\\';'; b", &["a E'x'\n'\\';'", "b"]),
            ("unicode string has no escapes", r"a U&'\'; b", &[r"a U&'\'", "b"]),
            ("dollar quotes", "a $$;$x$;$$; b $t$;$$;$t$; c", &["a $$;$x$;$$", "b $t$;$$;$t$", "c"]),
            ("dollars in names", "a x$$; b $$;$$ y$t$; c", &["a x$$", "b $$;$$ y$t$", "c"]),
            ("parameters", "a $1;b $2", &["a $1", "b $2"]),
            ("wide tags", "a $é$;$$;$é$; b", &["a $é$;$$;$é$", "b"]),
            ("bit and national strings", r"a B'\' x'\' N'\'; b", &[r"a B'\' x'\' N'\'", "b"]),
            ("psql's variables that aren't set", "a :b :'c;' :\"d;\" x[1:2]; e", &["a :b :'c;' :\"d;\" x[1:2]", "e"]),
            (
                "standard_conforming_strings off",
                "SET standard_conforming_strings = off;\na '\\';' N'\\';'; b'\\'; U&'\\'; 'x'\n'\\';'; RESET ALL; '\\'; c",
                &[
                    "SET standard_conforming_strings = off",
                    "a '\\';' N'\\';'",
                    "b'\\'",
                    "U&'\\'",
                    "'x'\n'\\';'",
                    "RESET ALL",
                    "'\\'",
                    "c",
                ],
            ),
            (
                "a schema with its objects",
                "CREATE SCHEMA x CREATE TABLE a (b int) CREATE VIEW c AS SELECT 1; d",
                &["CREATE SCHEMA x CREATE TABLE a (b int) CREATE VIEW c AS SELECT 1", "d"],
            ),
            ("nested comments", "a /* ; /* ; */ ; */ b; c", &["a /* ; /* ; */ ; */ b", "c"]),
            ("a comment in an operator", "a 1 +-- ;\n 2; b 1 */* ; */ 2", &["a 1 +-- ;\n 2", "b 1 */* ; */ 2"]),
            (
                "parentheses",
                "create rule r as on insert to t do also (a; b;); c",
                &["create rule r as on insert to t do also (a; b;)", "c"],
            ),
            ("an open parenthesis: the server says so", "a (b; c;", &["a (b; c;"]),
            ("a closing one too many", "a ); b", &["a )", "b"]),
            (
                "transactions are plain",
                "BEGIN; COMMIT; BEGIN ISOLATION LEVEL SERIALIZABLE; END;",
                &["BEGIN", "COMMIT", "BEGIN ISOLATION LEVEL SERIALIZABLE", "END"],
            ),
        ],
    );
}

#[test]
fn bodies() {
    check(
        Postgres,
        &[
            (
                "begin atomic",
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC a; b; END; c",
                &["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC a; b; END", "c"],
            ),
            (
                "with CASE",
                "create or replace procedure p(a int default (1)) language sql begin atomic \
                 select case when (case a when 1 then 2 end) = 2 then 1 end; select (case a when 1 then 2 end); end; c",
                &[
                    "create or replace procedure p(a int default (1)) language sql begin atomic \
                     select case when (case a when 1 then 2 end) = 2 then 1 end; select (case a when 1 then 2 end); end",
                    "c",
                ],
            ),
            (
                "names that are keywords",
                "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end, t.end; SELECT 2; END; c",
                &["CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end, t.end; SELECT 2; END", "c"],
            ),
            (
                "a comment between",
                "CREATE FUNCTION f() BEGIN /* ; */ ATOMIC a; END; c",
                &["CREATE FUNCTION f() BEGIN /* ; */ ATOMIC a; END", "c"],
            ),
            (
                "a function without body",
                "CREATE FUNCTION begin() RETURNS int RETURN 1; c",
                &["CREATE FUNCTION begin() RETURNS int RETURN 1", "c"],
            ),
            (
                "a body in dollars",
                "CREATE FUNCTION f() AS $$ BEGIN a; END; $$ LANGUAGE plpgsql; c",
                &["CREATE FUNCTION f() AS $$ BEGIN a; END; $$ LANGUAGE plpgsql", "c"],
            ),
            ("not a routine", "SELECT begin atomic; c", &["SELECT begin atomic", "c"]),
        ],
    );
}

#[test]
fn restrict_lines_are_left_out() {
    check(
        Postgres,
        &[(
            "as pg_dump writes them",
            "--\n-- dump\n--\n\n\\restrict a'b\"c\n\nSET x = 0;\n\\unrestrict a'b\"c\n",
            &["SET x = 0"],
        )],
    );
}

/// The text and the data of each statement.
fn copies(file: &str) -> Vec<(&str, Option<&str>)> {
    let statements = split(file, Postgres).unwrap();
    statements.iter().map(|s| (s.text(file), s.data(file))).collect()
}

#[test]
fn copy_takes_its_data() {
    let file = "COPY t (a, b) FROM stdin;\n1\t'x;\n2\t\\N\n\\.\n\nSELECT 1;\n";
    assert_eq!(copies(file), [("COPY t (a, b) FROM stdin", Some("1\t'x;\n2\t\\N\n")), ("SELECT 1", None)]);
    let file = "copy t from STDIN with (format csv); -- rows\r\na,\"\r\n\\.\r\nSELECT 1";
    assert_eq!(copies(file), [("copy t from STDIN with (format csv)", Some("a,\"\r\n")), ("SELECT 1", None)]);
    let file =
        "COPY \"from stdin\" (\"a;\", \"STDIN\") FROM /* ; */ STDIN WITH (DELIMITER ';', NULL ''); \n\\.x\n\\.\n";
    let copy = "COPY \"from stdin\" (\"a;\", \"STDIN\") FROM /* ; */ STDIN WITH (DELIMITER ';', NULL '')";
    assert_eq!(copies(file), [(copy, Some("\\.x\n"))]);
    assert_eq!(copies("COPY t FROM stdin;\n\\.\nSELECT 1"), [("COPY t FROM stdin", Some("")), ("SELECT 1", None)]);
    assert_eq!(
        copies("COPY t FROM stdin;\n\\.\nCOPY u FROM stdin;\n1\n\\."),
        [("COPY t FROM stdin", Some("")), ("COPY u FROM stdin", Some("1\n"))]
    );
}

#[test]
fn the_end_of_the_file_ends_copy_data() {
    assert_eq!(copies("COPY t FROM stdin;\n1\n2"), [("COPY t FROM stdin", Some("1\n2"))]);
    assert_eq!(copies("COPY t FROM stdin;"), [("COPY t FROM stdin", Some(""))]);
    assert_eq!(copies("COPY t FROM stdin"), [("COPY t FROM stdin", Some(""))]);
}

#[test]
fn other_copies_have_no_data() {
    let file = "COPY t TO stdout; COPY t FROM 'stdin'; COPY t FROM PROGRAM 'x'; COPY (SELECT stdin FROM stdin) TO 'x'; \
                SELECT * FROM stdin;";
    assert!(copies(file).iter().all(|(_, data)| data.is_none()));
    assert_eq!(copies(file).len(), 5);
}

#[test]
fn strings_follow_standard_conforming_strings() {
    check(
        Postgres,
        &[
            (
                "off and on",
                "SET standard_conforming_strings = off; a 'b\\'; c'; SET standard_conforming_strings TO on; d 'e\\'; f",
                &[
                    "SET standard_conforming_strings = off",
                    "a 'b\\'; c'",
                    "SET standard_conforming_strings TO on",
                    "d 'e\\'",
                    "f",
                ],
            ),
            (
                "by the function, and reset",
                "SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false); a '\\';'; RESET ALL; b '\\'; c",
                &[
                    "SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false)",
                    "a '\\';'",
                    "RESET ALL",
                    "b '\\'",
                    "c",
                ],
            ),
            (
                "other places of the name",
                "SELECT standard_conforming_strings, off; SELECT current_setting('standard_conforming_strings'); a '\\'; b",
                &[
                    "SELECT standard_conforming_strings, off",
                    "SELECT current_setting('standard_conforming_strings')",
                    "a '\\'",
                    "b",
                ],
            ),
        ],
    );
}
