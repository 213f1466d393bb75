//! SQLite's statements.

use driftlock_script::Dialect::Sqlite;

use crate::check;

#[test]
fn statements() {
    check(
        Sqlite,
        &[
            ("nothing", " \n", &[]),
            ("empty statements", ";;a;;", &["a"]),
            ("no terminator", "a;\nb -- c\n", &["a", "b"]),
            ("byte order mark", "\u{feff}a;b", &["a", "b"]),
            ("quotes", "a ';''' \";\"\"\" `;``` [;]; b", &["a ';''' \";\"\"\" `;``` [;]", "b"]),
            ("a backslash is plain", r"a '\'; b", &[r"a '\'", "b"]),
            ("brackets don't nest", "a [x[;]; b", &["a [x[;]", "b"]),
            ("comments", "a -- ;\n /* ; /* ; */ b; c", &["a -- ;\n /* ; /* ; */ b", "c"]),
            ("a comment that is open", "a; b /* ; c", &["a", "b"]),
            ("lines that sqlite3 leaves out", "# it's;\na; # b\n#c\n", &["a", "# b\n#c"]),
            ("blobs", "a x'3b' X''; b", &["a x'3b' X''", "b"]),
            ("variables", "a ?1, :x, @y, $z; b", &["a ?1, :x, @y, $z", "b"]),
            (
                "transactions are plain",
                "BEGIN; a; END; BEGIN IMMEDIATE; COMMIT",
                &["BEGIN", "a", "END", "BEGIN IMMEDIATE", "COMMIT"],
            ),
        ],
    );
}

#[test]
fn triggers() {
    check(
        Sqlite,
        &[
            (
                "a body",
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN x; y; END; z",
                &["CREATE TRIGGER t AFTER INSERT ON a BEGIN x; y; END", "z"],
            ),
            (
                "no terminator",
                "create temp trigger t after insert on a begin x; end -- c",
                &["create temp trigger t after insert on a begin x; end"],
            ),
            (
                "CASE and its END",
                "CREATE TEMPORARY TRIGGER IF NOT EXISTS t UPDATE ON a WHEN CASE new.begin WHEN 1 THEN 2 END BEGIN \
                 SELECT CASE WHEN 1 THEN 2 END; SELECT CASE 1 WHEN 1 THEN 2 END AS end; END; z",
                &[
                    "CREATE TEMPORARY TRIGGER IF NOT EXISTS t UPDATE ON a WHEN CASE new.begin WHEN 1 THEN 2 END BEGIN \
                     SELECT CASE WHEN 1 THEN 2 END; SELECT CASE 1 WHEN 1 THEN 2 END AS end; END",
                    "z",
                ],
            ),
            (
                "comments in it",
                "CREATE TRIGGER t INSERT ON a BEGIN x; -- END;\n/* END; */ END; z",
                &["CREATE TRIGGER t INSERT ON a BEGIN x; -- END;\n/* END; */ END", "z"],
            ),
            (
                "explained",
                "EXPLAIN QUERY PLAN CREATE TRIGGER t INSERT ON a BEGIN x; END; z",
                &["EXPLAIN QUERY PLAN CREATE TRIGGER t INSERT ON a BEGIN x; END", "z"],
            ),
            (
                "quoted END is a name",
                "CREATE TRIGGER t INSERT ON a BEGIN x; \"END\"; END; z",
                &["CREATE TRIGGER t INSERT ON a BEGIN x; \"END\"; END", "z"],
            ),
            ("no body", "CREATE TRIGGER t; z", &["CREATE TRIGGER t", "z"]),
            ("not a trigger", "CREATE TABLE trigger (begin, end); z", &["CREATE TABLE trigger (begin, end)", "z"]),
        ],
    );
}
