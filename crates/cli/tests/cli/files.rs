//! init, new, validate, manifest: what works on files alone.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

#[test]
fn init_begins_a_project_that_works() {
    let it = TestEnvironment::new();
    let said = it.run(&["init"]);
    let files: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(
        (said.code, files.len(), files[0], files[3]),
        (Some(0), 4, "driftlock.toml", ".migrations/manifest.json")
    );
    assert!(files[1].ends_with("_note_create_v1.up.sql") && files[2].ends_with("_note_create_v1.down.sql"), "{said}");
    assert_eq!(it.run(&["manifest", "verify"]).code, Some(0));
    assert_eq!(it.run(&["validate"]).code, Some(0));
    let said = it.run(&["up"]);
    assert!(said.stdout.contains("1 migration applied"), "{said}");
    assert_eq!(it.run(&["down", "--yes"]).code, Some(0));
    assert_snapshot!(it.run(&["init"]), @r"
    ---- stderr
    error: driftlock.toml is there already; nothing was changed
    hint: `driftlock doctor` says how the project is; `--ci github` or `--ci gitlab` adds that file alone
    ---- exit 2
    ");
    let other = TestEnvironment::new();
    let said = other.run(&["init", "--url", "postgres://u:s3cret@h/d"]);
    assert_eq!(said.code, Some(2), "{said}");
    assert!(!said.to_string().contains("s3cret"), "{said}");
}

#[test]
fn new_makes_two_files_and_their_lines_in_the_manifest() {
    let it = TestEnvironment::new();
    it.write(
        "driftlock.toml",
        "migrations = { sqlite = \"m/sqlite\", postgres = \"m/postgres\" }\n[env.dev]\nurl = \"sqlite://a.db\"\n",
    );
    let said = it.run(&["new", "user", "add email"]);
    assert_eq!(said.code, Some(0), "{said}");
    let files: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(files.len(), 4, "{said}");
    assert!(files[0].starts_with("m/postgres/20") && files[0].ends_with("_user_add_email_v1.up.sql"), "{said}");
    let manifest = it.read(".migrations/manifest.json");
    assert!(files.iter().all(|file| manifest.contains(file)), "{manifest}");
    assert_eq!(it.run(&["manifest", "verify"]).code, Some(0));
    let only = it.run(&["new", "user", "add email", "--engine", "sqlite"]);
    assert_eq!(only.stdout.lines().count(), 2, "{only}");
    assert!(only.stdout.contains("_user_add_email_v2.up.sql"), "{only}");
    assert_snapshot!(it.run(&["new", "../user", "x"]), @r"
    ---- stderr
    error: the domain `../user` can't be part of a file's name: use letters, digits and `_`, such as `user_schema`
    ---- exit 2
    ");
}

#[test]
fn validate_says_all_that_is_wrong() {
    let it = TestEnvironment::with_two_migrations();
    assert_snapshot!(it.run(&["validate"]), @r"
    2 migrations in 4 files: nothing is wrong
    ---- exit 0
    ");
    it.write("migrations/fix.sql", "SELECT 1;");
    it.write("migrations/20240108-090000_other_v1.up.sql", "SELECT 1;");
    it.write("migrations/20240301-000000_open_v1.up.sql", "SELECT 1;\nSELECT 'never closed;\n");
    it.write("migrations/20240302-000000_lost_v1.down.sql", "SELECT 1;");
    it.write("migrations/20240303-000000_mark_v1.up.sql", "-- driftlock: no-transactoin\nSELECT 1;");
    std::fs::write(it.project().join("migrations/20240304-000000_latin_v1.up.sql"), b"SELECT 'caf\xe9';").unwrap();
    let said = it.run(&["validate"]);
    assert_snapshot!(said, @r"
    migrations/20240108-090000_other_v1.up.sql: version 20240108-090000 is there already: `migrations/20240108-090000_customer_create_v1.up.sql`; give one of them another version
    migrations/20240301-000000_open_v1.up.sql:2:8: this string is never closed: add its `'` (a ' inside is written twice: '')
    migrations/20240302-000000_lost_v1.down.sql: it has no up script: there is no other file of version 20240302-000000; add it or remove this one
    migrations/20240303-000000_mark_v1.up.sql:1:15: unknown directive `no-transactoin`; there are `no-transaction`, `lock-timeout=DURATION`, `statement-timeout=DURATION`, `tables=NAME,NAME`, `was=VERSION` and `renamed-from NAME`
    migrations/20240304-000000_latin_v1.up.sql:1:12: the file is not UTF-8: byte 0xe9; save it as UTF-8
    migrations/fix.sql: it has no name of the driftlock layout, such as `20240520-143022_user_schema_add_index_v1.up.sql`: it doesn't begin with `YYYYMMDD-HHMMSS`; rename or move it
    5 migrations in 10 files: 6 problems found
    ---- stderr
    note: migrations/20240301-000000_open_v1.up.sql: it has no down script, so `down` can't undo it
    note: migrations/20240303-000000_mark_v1.up.sql: it has no down script, so `down` can't undo it
    note: migrations/20240304-000000_latin_v1.up.sql: it has no down script, so `down` can't undo it
    ---- exit 3
    ");
    let (code, json) = it.json(&["validate"]);
    assert_eq!((code, json["findings"].as_array().map(Vec::len)), (Some(3), Some(6)), "{json}");
}

#[test]
fn validate_reads_other_layouts_as_up_would() {
    let of = |files: &[(&str, &str)], layout: &[&str]| {
        let it = TestEnvironment::new();
        for (file, text) in files {
            it.write(&format!("m/{file}"), text);
        }
        it.run(&[&["validate", "--dir", "m", "--engine", "sqlite"], layout].concat())
    };
    let diesel = [
        ("2024-01-01-000000_a/up.sql", "CREATE TABLE a (id integer);"),
        ("2024-01-01-000000_a/metadata.toml", "run_in_transaction = \"no\"\n"),
        ("20240101000000_b/up.sql", "SELECT 'open;"),
        ("2024-01-02-000000_c/up.sql", ""),
        ("2024-01-02-000000_c/helper.sql", "SELECT 1;"),
    ];
    assert_snapshot!(of(&diesel, &["--layout", "diesel"]), @r#"
    m/2024-01-01-000000_a/metadata.toml:1:22: invalid type: string "no", expected a boolean; what belongs there is `run_in_transaction = false`, or true
    m/2024-01-02-000000_c/helper.sql: it has no name of the diesel layout, such as `2024-05-20-143022_create_users/up.sql`: it is neither `up.sql` nor `down.sql`; rename or move it
    m/2024-01-02-000000_c/up.sql:1:1: the file is empty, and Diesel runs no empty migration: if nothing is to be done, say so in a comment
    m/20240101000000_b/up.sql: version 20240101000000 is there already: `m/2024-01-01-000000_a/up.sql`; give one of them another version
    m/20240101000000_b/up.sql:1:8: this string is never closed: add its `'` (a ' inside is written twice: '')
    2 migrations in 4 files: 5 problems found
    ---- stderr
    note: m/2024-01-01-000000_a/up.sql: it has no down script, so `down` can't undo it
    note: m/2024-01-02-000000_c/up.sql: it has no down script, so `down` can't undo it
    ---- exit 3
    "#);
    let atlas = [
        ("1_a.sql", "-- atlas:txmode never\nCREATE TABLE a (id integer);"),
        ("2_b.sql", "-- atlas:checkpoint\n\nCREATE TABLE a (id integer);"),
        ("atlas.sum", "h1:x=\n1_a.sql h1:y=\n"),
    ];
    assert_snapshot!(of(&atlas, &[]), @r#"
    m/1_a.sql:1:1: `atlas:txmode never` is unknown; it is `none` (each statement on its own) or `file`
    m/atlas.sum:2:1: `1_a.sql` was edited; put it back, or where that is meant, run `atlas migrate hash` or `driftlock manifest write`
    2 migrations in 2 files: 2 problems found
    ---- exit 3
    "#);
    let flyway = [
        ("V1__a.sql", "CREATE TABLE a (id integer);"),
        ("V1.0__b.sql", "CREATE TABLE b (id integer);"),
        ("U2__c.sql", "DROP TABLE c;"),
        ("R__v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1;"),
        ("B1__all.sql", "CREATE TABLE a (id integer);"),
    ];
    assert_snapshot!(of(&flyway, &["--layout", "flyway"]), @r#"
    m/V1__a.sql: version 1 is there already: `m/V1.0__b.sql`; give one of them another version
    3 migrations in 5 files: 1 problem found
    ---- stderr
    note: `m/U2__c.sql` has no up script of its version, so it never runs
    note: m/V1.0__b.sql: it has no down script, so `down` can't undo it
    ---- exit 3
    "#);
    let sqlx = [
        ("1_a.up.sql", "CREATE TABLE a (id integer);"),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_b.down.sql", "DROP TABLE b;"),
    ];
    assert_snapshot!(of(&sqlx, &[]), @"
    1 migration in 3 files: nothing is wrong
    ---- stderr
    note: the files fit the layouts golang-migrate and sqlx, which run the same; taken as golang-migrate
    note: `m/2_b.down.sql` has no up script of its version, so it never runs
    ---- exit 0
    ");
    let refinery = [("V1__a.sql", "CREATE TABLE a (id integer);"), ("V2__b.rs", "fn migration() {}")];
    assert_snapshot!(of(&refinery, &[]), @r#"
    m/V2__b.rs: it is a migration in Rust, which driftlock can't run: write it in SQL, or run it with its own tool and take that over with `driftlock adopt`
    2 migrations in 2 files: 1 problem found
    ---- exit 3
    "#);
}

#[test]
fn validate_wants_to_know_the_engine() {
    let it = TestEnvironment::new();
    it.write("migrations/1_a.up.sql", "SELECT 1;");
    assert_snapshot!(it.run(&["validate"]), @r"
    ---- stderr
    error: it isn't known which engine the files in migrations are for
    hint: name it with `--engine sqlite`, `--engine postgres` or `--engine mysql`, or give a URL with `--url`
    ---- exit 2
    ");
    assert_eq!(it.run(&["validate", "--engine", "sqlite"]).code, Some(0));
    it.write("other/a.sql", "SELECT 1;");
    let said = it.run(&["validate", "--engine", "sqlite", "--dir", "other"]);
    assert_eq!(said.code, Some(2), "{said}");
}

#[test]
fn manifest_verify_lists_every_difference() {
    let it = TestEnvironment::with_two_migrations();
    assert_snapshot!(it.run(&["manifest", "verify"]), @r"
    ---- stderr
    error: there is no manifest (.migrations/manifest.json) to verify
    hint: `driftlock manifest write` writes one; commit it beside the migrations
    ---- exit 6
    ");
    assert_snapshot!(it.run(&["manifest", "write"]), @r"
    .migrations/manifest.json: 4 files
    ---- exit 0
    ");
    assert_snapshot!(it.run(&["manifest", "verify"]), @r"
    .migrations/manifest.json: 4 files verified
    ---- exit 0
    ");
    it.write("migrations/20240108-090000_customer_create_v1.down.sql", "edited");
    it.migration("20240301-000000_new_v1", "SELECT 1;", "SELECT 1;");
    std::fs::remove_file(it.project().join("migrations/20240122-093000_order_create_v1.down.sql")).unwrap();
    assert_snapshot!(it.run(&["manifest", "verify"]), @r"
    migrations/20240108-090000_customer_create_v1.down.sql: differs from its line in the manifest
    migrations/20240122-093000_order_create_v1.down.sql: is in the manifest, but there is no such file
    migrations/20240301-000000_new_v1.down.sql: is not in the manifest
    migrations/20240301-000000_new_v1.up.sql: is not in the manifest
    ---- stderr
    4 differences between the files and .migrations/manifest.json: restore the files from git, or, if the change is meant, `driftlock manifest write`
    ---- exit 6
    ");
    let (code, json) = it.json(&["manifest", "verify"]);
    assert_eq!((code, json["differences"].as_array().map(Vec::len)), (Some(6), Some(4)), "{json}");
    assert_eq!(it.run(&["validate"]).code, Some(3));
}
