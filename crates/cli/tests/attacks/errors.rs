//! Server errors are shown on the user's file: path, line, column, the line, a caret, the server's own words.

use crate::target::{ALL, Engine, Target};

#[test]
fn a_wrong_name_is_shown_where_it_stands() {
    for engine in ALL {
        let target = Target::new(engine);
        let text = "CREATE TABLE a (id integer, größe integer);\n\n/* ä */ INSERT INTO a (id,\n  größe, nope) VALUES (1, 2, 3);\n";
        target.migration(1, text);
        let ran = target.run(&["up"]).expect(1);
        let place = "migrations/20260101-000001_shop_step_v1.up.sql:4:10";
        assert!(ran.stderr.contains(place), "{engine:?}\n{}", ran.stderr);
        assert!(ran.stderr.contains("größe, nope) VALUES"), "{engine:?}: the line\n{}", ran.stderr);
        assert!(ran.stderr.contains("^"), "{engine:?}: the caret\n{}", ran.stderr);
        assert!(ran.stderr.contains("nope"), "{engine:?}\n{}", ran.stderr);
        let ran = target.run(&["up", "--format", "json"]).expect(1);
        assert!(
            ran.stdout.contains("\"line\": 4") && ran.stdout.contains("\"column\": 10"),
            "{engine:?}\n{}",
            ran.stdout
        );
    }
}

#[test]
fn a_syntax_error_is_shown_where_it_stands() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);\n\nINSERT INTO a\n  VALEUS (1);\n");
        let ran = target.run(&["up"]).expect(1);
        assert!(ran.stderr.contains("_shop_step_v1.up.sql:4:3"), "{engine:?}\n{}", ran.stderr);
    }
}

#[test]
fn detail_hint_and_notices_are_passed_on() {
    let target = Target::new(Engine::Postgres);
    target.migration(
        1,
        "CREATE TABLE a (id int PRIMARY KEY);\nDROP TABLE IF EXISTS nothing_here;\nDO $$ BEGIN RAISE WARNING 'mind the gap'; END $$;\n",
    );
    target.run(&["up"]).expect(0).says(&[
        "20260101-000001_shop_step_v1.up.sql:2: NOTICE: table \"nothing_here\" does not exist, skipping",
        "20260101-000001_shop_step_v1.up.sql:3: WARNING: mind the gap",
    ]);
    target.migration(2, "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (1);\n");
    target.run(&["up"]).expect(1).says(&["duplicate key value", "Key (id)=(1) already exists", "up.sql:2:1"]);

    let target = Target::new(Engine::MySql);
    target.migration(1, "DROP TABLE IF EXISTS nothing_here;\n");
    target.run(&["up"]).expect(0).says(&["20260101-000001_shop_step_v1.up.sql:1: Note: Unknown table"]);
}

#[test]
fn a_deferred_constraint_fails_at_the_commit_and_nothing_is_kept() {
    let target = Target::new(Engine::Postgres);
    target.migration(
        1,
        "CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1, 2);\n",
    );
    target.run(&["up"]).expect(1).says(&["violates foreign key constraint", "rolled back"]);
    assert_eq!(target.value("SELECT count(*) FROM pg_class WHERE relname = 'a'"), "0");
    assert_eq!(target.history("state = 'done'"), "0");
}

#[test]
fn a_new_violation_of_a_foreign_key_is_refused_on_sqlite() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE p (id integer PRIMARY KEY);\nCREATE TABLE c (p integer REFERENCES p);\nINSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);");
    // A rebuild: with foreign keys on, DROP TABLE would take the children with it or fail.
    target.migration(2, "CREATE TABLE p2 (id integer PRIMARY KEY, note text);\nINSERT INTO p2 SELECT id, '' FROM p;\nDROP TABLE p;\nALTER TABLE p2 RENAME TO p;");
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT count(*) FROM c"), "1");
    target.migration(3, "INSERT INTO c VALUES (7);");
    target.run(&["up"]).expect(1).says(&["foreign key"]);
    assert_eq!(target.value("SELECT count(*) FROM c"), "1");
    // One that was there before is none of the file's doing.
    target.query("INSERT INTO c VALUES (8)");
    target.migration(3, "INSERT INTO c VALUES (1);");
    target.run(&["up"]).expect(0);
}

#[test]
fn credentials_in_a_script_are_never_shown() {
    // What the program says is looked through for it, and so is the log.
    const CANARY: &str = "c4nary-p4ssw0rd";
    let cases: [(Engine, String); 4] = [
        (Engine::Postgres, format!("CREATE ROLE {{db}}_r PASSWORD '{CANARY}' NONSENSE;")),
        (Engine::Postgres, format!("CREATE ROLE {{db}}_r LOGIN PASSWORD '{CANARY}';\nSELECT * FROM nowhere;")),
        (Engine::MySql, format!("CREATE USER {{db}}_r IDENTIFIED BY '{CANARY}' NONSENSE;")),
        (Engine::MySql, format!("CREATE USER {{db}}_r@nowhere IDENTIFIED WITH nonsense AS '{CANARY}';")),
    ];
    for (engine, text) in cases {
        let target = Target::new(engine);
        target.migration(1, &text.replace("{db}", target.database()));
        for arguments in [
            &["plan"][..],
            &["plan", "--format", "json"],
            &["up", "--dry-run"],
            &["up"],
            &["up", "--format", "json"],
            &["status"],
            &["status", "--format", "json"],
            &["validate"],
        ] {
            target.run(arguments);
        }
        assert!(!target.value("SELECT error FROM driftlock_history").contains(CANARY));
    }
}
