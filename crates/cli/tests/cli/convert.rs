//! `init --from-layout`: what it writes and says, and when it writes nothing.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

fn goose(files: &[(&str, &str)]) -> TestEnvironment {
    let it = TestEnvironment::new();
    for (name, text) in files {
        it.write(&format!("goose/{name}"), text);
    }
    it
}

const ARGUMENTS: &[&str] = &["init", "--from-layout", "goose", "--dir", "goose", "--url", "sqlite://shop.db"];

#[test]
fn begins_a_project_with_another_tools_files() {
    let it = goose(&[
        (
            "00001_customer.sql",
            "-- +goose Up\nCREATE TABLE customer (id integer PRIMARY KEY);\n\n-- +goose Down\nDROP TABLE customer;\n",
        ),
        ("00002_seed.sql", "-- +goose Up\n-- +goose NO TRANSACTION\nINSERT INTO customer VALUES (1);\n"),
    ]);
    assert_snapshot!(it.run(ARGUMENTS), @r"
    driftlock.toml
    migrations/00000000-000001_customer.up.sql
    migrations/00000000-000001_customer.down.sql
    migrations/00000000-000002_seed.up.sql
    ---- stderr
    note: 2 migrations: 3 statements were read back from the new files and are the same, in the same order
    note: both directories were replayed on SQLite X.Y.Z: 1 object and the rows of 1 table are the same
    note: goose stays as it is; where its tool has migrated a database, `driftlock adopt` takes that over for the new files
    ---- exit 0
    ");
    assert_eq!(
        it.read("migrations/00000000-000002_seed.up.sql"),
        "-- driftlock: no-transaction\nINSERT INTO customer VALUES (1);\n"
    );
    assert!(it.read("goose/00002_seed.sql").contains("+goose"));
    assert!(it.run(&["up"]).stdout.contains("2 migrations applied"));
    // Never over what is there.
    assert_snapshot!(it.run(&["init", "--from-layout", "goose", "--dir", "goose", "--engine", "sqlite"]), @r"
    ---- stderr
    error: migrations: there are files in it already, and converted ones go into a directory of their own; nothing was written
    hint: name a new directory with `--into PATH`
    ---- exit 2
    ");
    let said = it.run(&["init", "--from-layout", "goose", "--dir", "goose", "--engine", "sqlite", "--into", "more"]);
    assert!(said.stderr.contains("write `migrations = \"more\"` into"), "{said}");
}

#[test]
fn writes_nothing_that_it_could_not_prove() {
    let table = ("1_a.sql", "-- +goose Up\nCREATE TABLE a (id integer);\n");
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], i32, &'a str);
    let cases: &[Case<'_>] = &[
        (&[table, ("2_b.go", "package m")], &[], 2, "goose/2_b.go` is a migration in Go"),
        (&[table, ("2_b.sql", "-- +goose Up\nINSERT INTO b VALUES (1);\n")], &[], 1, "no such table: b"),
        (&[table], &["--into", "goose"], 2, "don't go where the old ones are"),
        (&[table], &["--from-layout", "driftlock"], 2, "there is no other layout `driftlock`"),
        (&[table], &["--shadow-url", "mysql://u@h/"], 2, "the shadow is of mysql, and what it is for is of sqlite"),
        (&[], &[], 1, "goose"),
    ];
    for (files, more, code, part) in cases {
        let it = goose(files);
        let mut arguments = ARGUMENTS.to_vec();
        if more.first() == Some(&"--from-layout") {
            arguments.drain(1..3);
        }
        arguments.extend(*more);
        let said = it.run(&arguments);
        assert!(said.code == Some(*code) && said.stderr.contains(part), "{said}");
        assert!(!it.project().join("migrations").exists() && !it.project().join("driftlock.toml").exists(), "{said}");
    }
}

/// The baseline isn't what its versions make: a new database would not be what the old ones are.
#[test]
fn refuses_files_that_make_another_database() {
    let it = TestEnvironment::new();
    for (name, text) in [
        ("V1__a.sql", "CREATE TABLE a (id integer);"),
        ("V2__b.sql", "CREATE TABLE b (id integer);"),
        ("B2__all.sql", "CREATE TABLE a (id integer);"),
    ] {
        it.write(&format!("flyway/{name}"), text);
    }
    let said = it.run(&["init", "--from-layout", "flyway", "--dir", "flyway", "--engine", "sqlite"]);
    assert!(said.code == Some(4) && said.stderr.contains("(table b); nothing was written"), "{said}");
    assert!(!it.project().join("migrations").exists());
}

#[test]
fn says_why_it_replayed_nothing() {
    let it = goose(&[("1_a.sql", "-- +goose Up\nATTACH 'other.db' AS other;\nCREATE TABLE a (id integer);\n")]);
    let said = it.run(ARGUMENTS);
    assert!(
        said.code == Some(0) && said.stderr.contains("goose/1_a.sql:2 works on more than its own database"),
        "{said}"
    );
}

#[test]
fn replays_on_a_server_that_it_starts_where_none_is_named() {
    let it = goose(&[("1_a.sql", "-- +goose Up\nCREATE TABLE a (id integer);\n")]);
    let (code, said) =
        it.json(&["init", "--from-layout", "goose", "--dir", "goose", "--engine", "postgres", "--into", "m"]);
    assert_eq!((code, &said["not_replayed"]), (Some(0), &serde_json::Value::Null));
    assert!(said["replayed"]["server"].as_str().unwrap().starts_with("PostgreSQL"), "{said}");
    assert_eq!(said["replayed"]["tables"], 1);
    assert_eq!(said["files"], serde_json::json!(["m/00000000-000001_a.up.sql"]));
}

#[test]
fn placeholders_of_the_configuration_and_of_options_are_put_in_but_no_secret() {
    let it = TestEnvironment::new();
    it.write(
        "driftlock.toml",
        "placeholders = { table = 'customer', password = { env = 'NOT_SET' } }\n[env.dev]\nurl = 'sqlite://shop.db'\n",
    );
    it.write("flyway/V1__a.sql", "CREATE TABLE ${table} (${column} integer);\n");
    let convert = |into: &str| {
        it.run(&["init", "--from-layout", "flyway", "--dir", "flyway", "--into", into, "--placeholder", "column=id"])
    };
    let said = convert("new");
    assert_eq!(said.code, Some(0), "{said}");
    assert_eq!(it.read("new/00000000-000001_a.up.sql"), "CREATE TABLE customer (id integer);\n");
    it.write("flyway/V2__b.sql", "INSERT INTO customer VALUES ('${password}');\n");
    assert_snapshot!(convert("more"), @r"
    ---- stderr
    error: flyway/V2__b.sql: the value of `password` is a secret, which doesn't belong into the new file: do what needs it outside of migrations, or give it a value that may be read
    ---- exit 2
    ");
}

#[test]
fn a_table_whose_name_only_contains_ours_is_compared_like_any_other() {
    let it = goose(&[(
        "1_a.sql",
        "-- +goose Up\nCREATE TABLE old_driftlock_history (id integer);\nCREATE TABLE a (id integer);\n",
    )]);
    let said = it.run(ARGUMENTS);
    assert!(said.stderr.contains("2 objects and the rows of 2 tables are the same"), "{said}");
}
