//! up, status, plan, down, redo, baseline, accept.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

#[test]
fn up_says_what_it_did_and_then_that_there_is_nothing_to_do() {
    let it = TestEnvironment::with_two_migrations();
    assert_snapshot!(it.run(&["up"]), @r"
    applied 20240108-090000_customer_create_v1  1 statement  N ms
    applied 20240122-093000_order_create_v1  2 statements  N ms
    2 migrations applied in N ms, nothing is pending
    ---- exit 0
    ");
    assert_snapshot!(it.run(&["up"]), @r"
    nothing to do: 2 migrations are applied, none is pending
    ---- exit 0
    ");
    assert_snapshot!(it.run(&["status"]), @r"
    $TEST/project/shop.db (SQLite X.Y.Z), environment dev
    version          name                state    when (UTC)           by
    20240108-090000  customer_create_v1  applied  TODAY NOW  ann@box
    20240122-093000  order_create_v1     applied  TODAY NOW  ann@box
    nothing is pending
    ---- exit 0
    ");
}

#[test]
fn status_and_plan_of_a_database_that_is_not_there_yet() {
    let it = TestEnvironment::with_two_migrations();
    assert_snapshot!(it.run(&["status"]), @r"
    $TEST/project/shop.db (SQLite X.Y.Z)
    version          name                state    when (UTC)  by
    20240108-090000  customer_create_v1  pending
    20240122-093000  order_create_v1     pending
    2 are pending
    ---- exit 0
    ");
    assert_snapshot!(it.run(&["plan"]), @r"
    -- up 20240108-090000_customer_create_v1: 1 statement, one transaction
    -- migrations/20240108-090000_customer_create_v1.up.sql:1
    CREATE TABLE customer (id integer PRIMARY KEY);

    -- up 20240122-093000_order_create_v1: 2 statements, one transaction
    -- migrations/20240122-093000_order_create_v1.up.sql:1
    CREATE TABLE orders (id integer PRIMARY KEY);
    -- migrations/20240122-093000_order_create_v1.up.sql:3
    CREATE INDEX orders_by_id ON orders (id);
    ---- exit 0
    ");
    assert_eq!(it.run(&["plan", "--exit-code"]).code, Some(3));
    assert_eq!(it.run(&["status", "--exit-code"]).code, Some(3));
    assert_eq!(it.run(&["up", "--dry-run"]).stdout, it.run(&["plan"]).stdout);
    assert!(!it.project().join("shop.db").exists(), "looking writes nothing");
}

#[test]
fn plan_as_json_has_the_contracts_keys() {
    let it = TestEnvironment::with_two_migrations();
    let (code, plan) = it.json(&["plan", "--to", "20240108-090000"]);
    assert_eq!(code, Some(0));
    assert_snapshot!(serde_json::to_string_pretty(&plan).unwrap(), @r#"
    {
      "pending": [
        {
          "version": "20240108-090000",
          "name": "customer_create_v1",
          "file": "migrations/20240108-090000_customer_create_v1.up.sql",
          "direction": "up",
          "transactional": true,
          "statements": [
            {
              "number": 1,
              "sql": "CREATE TABLE customer (id integer PRIMARY KEY)",
              "line": 1,
              "column": 1,
              "transactional": true
            }
          ],
          "groups": [
            {
              "kind": "transaction",
              "statements": [
                1
              ]
            }
          ]
        }
      ],
      "hooks": [],
      "notes": []
    }
    "#);
}

#[test]
fn up_as_json() {
    let it = TestEnvironment::with_two_migrations();
    let (code, mut report) = it.json(&["up", "--steps", "1"]);
    assert_eq!(code, Some(0));
    report["applied"][0]["duration_ms"] = 0.into();
    assert_snapshot!(report.to_string(), @r#"{"applied":[{"version":"20240108-090000","name":"customer_create_v1","file":"migrations/20240108-090000_customer_create_v1.up.sql","direction":"up","statements":1,"resumed_after":0,"duration_ms":0}],"hooks":[],"pending":["20240122-093000"],"ahead":[],"notes":[]}"#);
    let (_, status) = it.json(&["status"]);
    assert_eq!(status["pending"], 1);
    assert_eq!(status["environment"], "dev");
    let first = &status["migrations"][0];
    assert_eq!((&first["state"], &first["os_user"], &first["host"]), (&"applied".into(), &"ann".into(), &"box".into()));
    assert_eq!(first["environment"], "dev");
}

#[test]
fn a_statement_that_fails_is_shown_where_it_stands() {
    let it = TestEnvironment::with_two_migrations();
    it.migration(
        "20240201-000000_bad_v1",
        "CREATE TABLE fine (id integer);\n\nINSERT INTO nowhere VALUES (1);\n",
        "SELECT 1;\n",
    );
    let said = it.run(&["up"]);
    assert_snapshot!(said, @r"
    applied 20240108-090000_customer_create_v1  1 statement  N ms
    applied 20240122-093000_order_create_v1  2 statements  N ms
    ---- stderr
    error: no such table: nowhere [1 (SQLITE_ERROR)]
     --> migrations/20240201-000000_bad_v1.up.sql:3:13
      |
    3 | INSERT INTO nowhere VALUES (1);
      |             ^^^^^^^
    hint: nothing of this file was done: it was rolled back
    hint: 2 migrations were committed before it and stay
    ---- exit 1
    ");
    let (code, error) = it.json(&["up"]);
    assert_eq!(code, Some(1));
    assert_eq!(error["error"]["file"], "migrations/20240201-000000_bad_v1.up.sql");
    assert_eq!(error["error"]["line"], 3);
    assert_eq!(error["error"]["message"], "no such table: nowhere [1 (SQLITE_ERROR)]");
    assert_eq!(error["applied"], serde_json::json!([]));
    let (_, status) = it.json(&["status"]);
    assert_eq!(status["pending"], 1);
}

#[test]
fn down_wants_a_yes_where_data_can_be_lost() {
    let it = TestEnvironment::with_two_migrations();
    it.run(&["up"]);
    assert_snapshot!(it.run(&["down"]), @r"
    ---- stderr
    error: this can lose data:
      migrations/20240122-093000_order_create_v1.down.sql:1: DROP TABLE orders
    hint: look at it with `--dry-run`; with `--yes` it is done; nothing was changed
    ---- exit 2
    ");
    assert_snapshot!(it.run(&["down", "--dry-run"]), @r"
    -- down 20240122-093000_order_create_v1: 1 statement, one transaction
    -- migrations/20240122-093000_order_create_v1.down.sql:1
    DROP TABLE orders;
    ---- exit 0
    ");
    assert_snapshot!(it.run(&["down", "--yes"]), @r"
    undone 20240122-093000_order_create_v1  1 statement  N ms
    ---- exit 0
    ");
    assert_eq!(it.run(&["down", "--all", "--yes"]).code, Some(0));
    let (_, status) = it.json(&["status"]);
    assert_eq!(status["pending"], 2);
    assert_snapshot!(it.run(&["down", "--yes"]), @r"
    nothing to do: no migration is applied that this would undo
    ---- exit 0
    ");
}

#[test]
fn redo_undoes_and_applies_again() {
    let it = TestEnvironment::with_two_migrations();
    it.run(&["up"]);
    assert_snapshot!(it.run(&["redo", "--yes"]), @r"
    undone 20240122-093000_order_create_v1  1 statement  N ms
    applied 20240122-093000_order_create_v1  2 statements  N ms
    ---- exit 0
    ");
    let planned = it.run(&["redo", "--dry-run"]);
    let heads: Vec<&str> = planned.stdout.lines().filter(|line| line.contains("order_create_v1:")).collect();
    assert_eq!(
        heads,
        [
            "-- down 20240122-093000_order_create_v1: 1 statement, one transaction",
            "-- up 20240122-093000_order_create_v1: 2 statements, one transaction",
        ]
    );
}

#[test]
fn baseline_declares_and_accept_takes_an_edited_file() {
    let it = TestEnvironment::with_two_migrations();
    let mut sqlite3 = std::process::Command::new("sqlite3");
    let made =
        sqlite3.args(["shop.db", "CREATE TABLE customer (id integer PRIMARY KEY)"]).current_dir(it.project()).status();
    assert!(made.unwrap().success());
    assert_snapshot!(it.run(&["baseline", "20240108-090000", "--reason", "was there"]), @r"
    declared 20240108-090000_customer_create_v1
    1 migration declared as applied
    ---- exit 0
    ");
    assert_eq!(it.run(&["up"]).code, Some(0));
    it.write("migrations/20240108-090000_customer_create_v1.up.sql", "CREATE TABLE customer (id integer);\n");
    let said = it.run(&["up"]);
    assert_eq!(said.code, Some(6), "{said}");
    assert!(said.stderr.contains("20240108-090000_customer_create_v1.up.sql"), "{said}");
    let said = it.run(&["status"]);
    assert_eq!(said.code, Some(6), "{said}");
    assert!(said.stdout.contains("20240122-093000"), "{said}");
    let (code, error) = it.json(&["up"]);
    assert_eq!((code, &error["error"]["kind"]), (Some(6), &"integrity".into()));
    assert_eq!(error["error"]["findings"][0]["problem"], "edited");
    assert_eq!(it.run(&["accept", "20240108-090000"]).code, Some(2));
    assert_snapshot!(it.run(&["accept", "20240108-090000", "--reason", "a type"]), @r"
    accepted 20240108-090000_customer_create_v1
    ---- exit 0
    ");
    assert_eq!(it.run(&["up"]).code, Some(0));
}

#[test]
fn an_older_release_may_start_on_a_newer_database() {
    let it = TestEnvironment::with_two_migrations();
    it.run(&["up"]);
    for part in ["up", "down"] {
        std::fs::remove_file(it.project().join(format!("migrations/20240122-093000_order_create_v1.{part}.sql")))
            .unwrap();
    }
    assert_snapshot!(it.run(&["up"]), @r"
    nothing to do: 1 migration is applied, none is pending
    ---- stderr
    note: the database is ahead of these files: it has 20240122-093000, which a newer release brought
    ---- exit 0
    ");
}

#[test]
fn works_without_a_configuration() {
    let it = TestEnvironment::new();
    it.write("sql/1_init.up.sql", "CREATE TABLE a (id integer);");
    let said = it.run(&["up", "--url", "sqlite://a.db", "--dir", "sql"]);
    assert_snapshot!(said, @r"
    applied 1_init  1 statement  N ms
    1 migration applied in N ms, nothing is pending
    ---- stderr
    note: the files fit the layouts golang-migrate and sqlx, which run the same; taken as golang-migrate
    ---- exit 0
    ");
}

/// Which layout was taken is said by what begins a history and by what looks, and not by every run after it.
#[test]
fn says_which_of_several_layouts_was_taken() {
    let it = TestEnvironment::new();
    it.write("m/1_a.up.sql", "CREATE TABLE a (id integer);\n");
    it.write("m/1_a.down.sql", "DROP TABLE a;\n");
    let on = |command: &[&str]| it.run(&[command, &["--url", "sqlite://a.db", "--dir", "m"]].concat());
    for (command, says) in [
        (&["status"][..], true),
        (&["up"], true),
        (&["up"], false),
        (&["status"], true),
        (&["plan"], true),
        (&["down", "--yes"], false),
        (&["up"], false),
        (&["up", "--layout", "sqlx"], false),
        (&["status", "--layout", "sqlx"], false),
    ] {
        let said = on(command);
        assert_eq!(said.stderr.contains("taken as golang-migrate"), says, "{command:?}\n{said}");
        assert_eq!(said.code, Some(0), "{said}");
    }
}

#[test]
fn goes_up_and_down_with_what_golang_migrate_has_in_its_urls() {
    let it = TestEnvironment::new();
    it.write("m/1_a.up.sql", "CREATE TABLE a (id integer);\n");
    it.write("m/1_a.down.sql", "DROP TABLE a;\n");
    it.write("m/2_nothing.up.sql", "");
    it.write("m/2_other_name.down.sql", "");
    let on = |command: &[&str], url: &str| it.run(&[command, &["--url", url, "--dir", "m"]].concat());
    let url = "sqlite://a.db?x-no-tx-wrap=true&x-migrations-table=schema_migrations";
    assert_snapshot!(on(&["up"], url), @r"
    applied 1_a  1 statement  N ms
    applied 2_nothing  0 statements  N ms
    2 migrations applied in N ms, nothing is pending
    ---- stderr
    note: `x-no-tx-wrap` in the database URL is golang-migrate's and changes nothing here: a script's own BEGIN and COMMIT are followed, and without them it is one transaction
    note: `x-migrations-table` in the database URL is golang-migrate's and changes nothing here: it is the default
    note: the files fit the layouts golang-migrate and sqlx, which run the same; taken as golang-migrate
    ---- exit 0
    ");
    assert_snapshot!(on(&["down", "--all", "--yes"], url), @r"
    undone 2_nothing  0 statements  N ms
    undone 1_a  1 statement  N ms
    ---- stderr
    note: `x-no-tx-wrap` in the database URL is golang-migrate's and changes nothing here: a script's own BEGIN and COMMIT are followed, and without them it is one transaction
    note: `x-migrations-table` in the database URL is golang-migrate's and changes nothing here: it is the default
    ---- exit 0
    ");
    assert_snapshot!(on(&["up"], "sqlite://a.db?x-migrations-table=versions"), @r"
    ---- stderr
    error: `x-migrations-table` in the database URL is golang-migrate's: driftlock has a history of its own, and doesn't find golang-migrate's under another name than `schema_migrations`: leave it out, and take its history over with `driftlock adopt --table TABLE`
    ---- exit 2
    ");
}

#[test]
fn runs_atlas_files_only_where_their_record_fits() {
    let it = TestEnvironment::new();
    it.write("m/1_a.sql", "-- atlas:txmode none\nCREATE TABLE a (id integer);\nCREATE TABLE b (id integer);\n");
    it.write("m/2_b.sql", "-- atlas:delimiter -- end\nINSERT INTO a VALUES (1)\n-- end\nINSERT INTO b VALUES (2)\n");
    it.write(
        "m/atlas.sum",
        "h1:+N/qJT+YKF043lss/eNwCiKhW0LsTjd3jLVuXQUvxD0=\n\
         1_a.sql h1:fWe1U/RkFC1VEcb7PqvQCRjHRQ5vUZW+lnRLxz6hvdQ=\n\
         2_b.sql h1:xUCM6kz21LDo4NAKBa1pBt+OijMvFnfL7reBcxnrxBI=\n",
    );
    let up = || it.run(&["up", "--url", "sqlite://a.db", "--dir", "m"]);
    assert_snapshot!(up(), @r"
    applied 1_a  2 statements  N ms
    applied 2_b  2 statements  N ms
    2 migrations applied in N ms, nothing is pending
    ---- exit 0
    ");
    let new = it.run(&["new", "user", "add", "--dir", "m", "--layout", "atlas"]);
    assert_eq!((new.code, up().code), (Some(0), Some(0)), "{new}");
    let file = new.stdout.trim();
    it.write(file, "CREATE TABLE c (id integer);\n");
    assert_eq!(up().code, Some(6));
    assert_snapshot!(it.run(&["manifest", "write", "--dir", "m"]), @r"
    .migrations/manifest.json: 3 files
    m/atlas.sum
    ---- exit 0
    ");
    it.write("m/1_a.sql", "CREATE TABLE a (id bigint);\n");
    assert_snapshot!(up(), @r"
    ---- stderr
    error: m/atlas.sum:2: `1_a.sql` was edited; put it back, or where that is meant, run `atlas migrate hash` or `driftlock manifest write`
    ---- exit 6
    ");
}

#[test]
fn runs_diesels_folders() {
    let it = TestEnvironment::new();
    it.write("m/00000000000000_setup/up.sql", "CREATE TABLE a (id integer);\n");
    it.write("m/00000000000000_setup/down.sql", "DROP TABLE a;\n");
    it.write("m/2024-01-01-000000_b/up.sql", "CREATE TABLE b (id integer);\nCREATE TABLE c (id integer);\n");
    it.write("m/2024-01-01-000000_b/down.sql", "DROP TABLE c;\nDROP TABLE b;\n");
    it.write("m/2024-01-01-000000_b/metadata.toml", "run_in_transaction = false\n");
    let on = |command: &[&str]| it.run(&[command, &["--url", "sqlite://a.db", "--dir", "m"]].concat());
    let plan = on(&["plan", "--format", "json"]);
    assert!(plan.stdout.contains("20240101000000"), "{plan}");
    assert_snapshot!(on(&["up"]), @r"
    applied 00000000000000_setup  1 statement  N ms
    applied 20240101000000_b  2 statements  N ms
    2 migrations applied in N ms, nothing is pending
    ---- exit 0
    ");
    assert_snapshot!(on(&["down", "--all", "--yes"]), @r"
    undone 20240101000000_b  2 statements  N ms
    undone 00000000000000_setup  1 statement  N ms
    ---- exit 0
    ");
    assert_eq!(on(&["up"]).code, Some(0));
}
