//! Directories of other tools that are wrong: each is refused before anything runs, with the place of what is wrong.

use crate::environment::TestEnvironment;

/// A case: its files, the exit code of `up`, and what is said.
type Case = (&'static [(&'static str, &'static str)], i32, &'static [&'static str]);

const CASES: &[Case] = &[
    (
        &[("1_a.sql", "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE a (x int);\n")],
        2,
        &["StatementBegin", "1_a.sql:2:1"],
    ),
    (&[("1_a.sql", "-- +goose Up\nCREATE TABLE a (x int)\n-- +goose Down\n")], 2, &["1_a.sql:"]),
    (&[("1_a.sql", "-- +goose Up\n-- +goose Sideways\n")], 2, &["1_a.sql:2:"]),
    (&[("1_a.sql", "-- migrate:down\n-- migrate:up\n")], 2, &["1_a.sql:2:1"]),
    (&[("1_a.up.sql", "SELECT 1"), ("001_b.up.sql", "SELECT 1")], 2, &["version 1 is there twice"]),
    (
        &[("1_a.sql", "-- migrate:up\n-- migrate:down\n"), ("001_b.sql", "-- migrate:up\n-- migrate:down\n")],
        2,
        &["twice"],
    ),
    (&[("V1__a.sql", "SELECT 1"), ("V1.0__b.sql", "SELECT 1")], 2, &["twice", "V1.0__b.sql"]),
    (&[("V1__a.sql", "SELECT 1;"), ("U1__a.sql", "SELECT 2;")], 2, &["--layout", "way down to Flyway"]),
    (&[("V1__a.sql", "SELECT '${who}';"), ("R__b.sql", "SELECT 1;")], 2, &["no value for ${who}", "V1__a.sql:1:9"]),
    (&[("V1__a.sql", "SELECT 1;"), ("V1__a.sql.conf", "executeInTransacton=false\n")], 2, &["V1__a.sql.conf:1:1"]),
    (
        &[("1_a.sql", "SELECT 1;"), ("atlas.sum", "h1:AAAA=\n1_a.sql h1:BBBB=\n")],
        6,
        &["atlas.sum:2", "atlas migrate hash"],
    ),
    (&[("1_a.sql", "-- atlas:txmode sometimes\n\nSELECT 1;")], 2, &["1_a.sql:1:"]),
    (
        &[("2024-01-01-000000_a/up.sql", "SELECT 1;"), ("2024-01-01-000000_a/metadata.toml", "run_in_transaction = 7")],
        2,
        &["metadata.toml:1:"],
    ),
    (&[("2024-01-01-000000_a/up.sql", "SELECT 1;"), ("20240101000000_b/up.sql", "SELECT 1;")], 2, &["twice"]),
    (&[("1_a.sql", "-- +goose Up\nSELECT 1;\n"), ("2_b.go", "package m\n")], 2, &["2_b.go", "Go"]),
    (&[("1_a.sql", "-- +goose Up\nSELECT 1;\n"), ("2_b.sql", "-- migrate:up\n-- migrate:down\n")], 2, &["--layout"]),
    (
        &[("1_a.sql", "SELECT 1;"), ("2_b.sql", "SELECT 1;"), ("10_c.sql", "SELECT 1;")],
        2,
        &["--layout", "sqlx and atlas"],
    ),
    (&[("1_a.up.sql", "SELECT '\u{0}';")], 1, &["1_a.up.sql:1:9", "NUL"]),
    (&[("1_a.up.sql", "SELECT 'never closed;\n")], 2, &["1_a.up.sql:1:8", "never closed"]),
];

#[test]
fn what_is_wrong_in_another_tools_directory_is_told_with_its_place() {
    for (files, code, said) in CASES {
        let it = TestEnvironment::new();
        for (name, text) in *files {
            it.write(&format!("migrations/{name}"), text);
        }
        let ran = it.run(&["up", "--url", "sqlite://shop.db", "--dir", "migrations"]);
        let text = ran.to_string();
        assert_eq!(ran.code, Some(*code), "{files:?}\n{text}");
        for part in *said {
            assert!(text.contains(part), "`{part}` is missing for {files:?} in\n{text}");
        }
        assert!(!it.project().join("shop.db").exists(), "{files:?}: something ran");
    }
}

#[test]
fn a_file_in_utf_16_is_named_as_such() {
    let it = TestEnvironment::new();
    let path = it.project().join("migrations");
    std::fs::create_dir_all(&path).unwrap();
    let text: Vec<u8> = "\u{feff}SELECT 1;".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(path.join("1_a.up.sql"), text).unwrap();
    let ran = it.run(&["up", "--url", "sqlite://shop.db", "--dir", "migrations"]);
    assert!(ran.to_string().contains("UTF-16 (little endian)"), "{ran}");
}

/// What repeats when it changes, and what stands for all before it, by the whole program.
#[test]
fn flyways_repeatables_and_baselines() {
    let it = TestEnvironment::new();
    it.write("migrations/V1__a.sql", "CREATE TABLE a (x integer);\n");
    it.write("migrations/B2__all.sql", "CREATE TABLE a (x integer, y integer);\n");
    it.write("migrations/V3__b.sql", "CREATE TABLE b (x integer);\n");
    it.write("migrations/R__views.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT x FROM a;\n");
    let up = || it.run(&["up", "--url", "sqlite://shop.db", "--dir", "migrations"]).to_string();
    let first = up();
    for part in ["B2_all", "3_b", "R__views_views", "3 migrations applied"] {
        assert!(first.contains(part), "`{part}` is missing in\n{first}");
    }
    assert!(up().contains("nothing to do"));
    it.write("migrations/R__views.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT y FROM a;\n");
    assert!(up().contains("1 migration applied"), "it runs again");
    it.write("migrations/V4__c.sql", "CREATE TABLE c (x integer);\n");
    assert!(up().contains("1 migration applied"), "one that comes behind a repeatable is in order");
    assert!(up().contains("nothing to do"));
}

/// Some applications look into their runner's table from their own scripts: nothing else says why that fails here.
#[test]
fn a_script_that_reads_its_runners_own_table_is_told_so() {
    let it = TestEnvironment::new();
    it.write(
        "migrations/1_a.sql",
        "CREATE TABLE a (x integer);\nINSERT INTO a SELECT count(*) FROM _sqlx_migrations;\n",
    );
    let ran = it.run(&["up", "--url", "sqlite://shop.db", "--dir", "migrations"]).to_string();
    for part in ["no such table", "`_sqlx_migrations` is the table of the tool", "driftlock adopt"] {
        assert!(ran.contains(part), "`{part}` is missing in\n{ran}");
    }
}
