//! Credentials in migrations, well and badly written: all that is said of them passes through the canary's check.

use crate::target::{Engine, Target};

/// `{c}` is a password, `{db}` the database's name. What is behind the first statement of each need not run.
const POSTGRES: &[&str] = &[
    "CREATE ROLE {db}_r LOGIN PASSWORD '{c}-one';\nALTER ROLE {db}_r PASSWORD E'{c}\\'two';\nALTER ROLE {db}_r PASSWORD $p${c}$p$;\nDROP ROLE {db}_r;",
    "CREATE ROLE {db}_r LOGIN PASSWORD '{c}' NONSENSE;",
    "CREATE ROLE {db}_r LOGIN PASSWROD '{c}';",
    "CREATE ROLE {db}_r LOGIN PASSWORD '{c}",
    "CREATE TABLE a (id integer);\nCREATE ROLE {db}_r LOGIN PASSWORD '{c}; SELECT 'x';",
    "CREATE USER MAPPING FOR CURRENT_USER SERVER nowhere OPTIONS (user 'u', password '{c}');",
    "CREATE SERVER s FOREIGN DATA WRAPPER nowhere OPTIONS (host 'h', password '{c}');",
    "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 user=u password={c} dbname=x' PUBLICATION p;",
    "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 password {c}' PUBLICATION p;",
    "SELECT dblink_connect('host=127.0.0.1 port=1 password={c}');",
    "SELECT * FROM dblink('postgres://u:{c}@127.0.0.1:1/x', 'SELECT 1') AS t (a integer);",
    "DO $$ BEGIN EXECUTE 'CREATE ROLE {db}_r PASSWORD ''{c}'' NONSENSE'; END $$;",
    "DO $$ BEGIN EXECUTE format('ALTER ROLE {db}_r PASSWORD %L', '{c}'); END $$;",
    "DO $x$ BEGIN RAISE NOTICE 'done: %', 'CREATE ROLE r PASSWORD ''{c}'''; END $x$;",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE {db}_r PASSWORD '{c}'; END $$;\nSELECT f();",
    "-- driftlock: no-transaction\nCREATE ROLE {db}_r PASSWORD '{c}';\nDROP ROLE {db}_r;\nCREATE ROLE {db}_r PASSWORD '{c}' NONSENSE;",
    "ALTER SYSTEM SET primary_conninfo = 'host=h password={c}' nonsense;",
];

const MYSQL: &[&str] = &[
    "CREATE USER {db}_r IDENTIFIED BY '{c}-one';\nALTER USER {db}_r IDENTIFIED BY \"{c}-two\";\nSET PASSWORD FOR {db}_r = PASSWORD('{c}');\nDROP USER {db}_r;",
    "CREATE USER {db}_r IDENTIFIED BY '{c}' NONSENSE;",
    "CREATE USER {db}_r IDENTIFIED '{c}';",
    "CREATE USER {db}_r IDENTIFEID BY '{c}';",
    "CREATE USER {db}_r IDENTIFIED BY '{c}",
    "CREATE USER {db}_r IDENTIFIED BY 'it''s-{c}' NONSENSE '{c}';",
    "SET PASSWORD FOR nobody@nowhere = PASSWORD('{c}');",
    "GRANT SELECT ON nowhere.* TO {db}_r IDENTIFIED BY '{c}';",
    "CREATE SERVER {db}_s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h', PASSWORD '{c}');\nDROP SERVER {db}_s;",
    "CREATE TABLE f (a integer) ENGINE=FEDERATED CONNECTION='mysql://u:{c}@127.0.0.1:1/d/t';",
    "CHANGE MASTER 'driftlock_none' TO MASTER_HOST='127.0.0.1', MASTER_PASSWORD='{c}', NONSENSE=1;",
    "CREATE PROCEDURE p() BEGIN ALTER USER {db}_r IDENTIFIED BY '{c}'; END;\nCALL p();",
    "PREPARE s FROM 'ALTER USER {db}_r IDENTIFIED BY ''{c}''';\nEXECUTE s;",
];

const SQLITE: &[&str] = &[
    "CREATE TABLE a (id integer);\nATTACH 'a.db' AS other KEY '{c}';",
    "PRAGMA key = '{c}';\nSELECT nowhere;",
    "ATTACH 'a.db' AS other KEY '{c}",
    "SELECT load('postgres://u:{c}@h/d');",
];

/// Every way to look at it and to run it, with both logs on stderr as well as the one beside the test.
const COMMANDS: &[&[&str]] = &[
    &["validate"],
    &["validate", "--format", "json"],
    &["plan", "--log-format", "json"],
    &["plan", "--format", "json"],
    &["up", "--dry-run"],
    &["up", "--slow", "0s", "--comment-statements", "--log-format", "json"],
    &["up", "--slow", "0s", "--log-format", "text"],
    &["up", "--format", "json"],
    &["status"],
    &["status", "--format", "json"],
    &["audit", "--log-format", "json"],
    &["audit", "--format", "json"],
    &["audit", "--format", "csv"],
    &["audit", "--verify"],
    &["down", "--yes", "--log-format", "text"],
    &["redo", "--yes", "--format", "json"],
];

fn try_all(engine: Engine, scripts: &[&str]) {
    let mut said = Vec::new();
    for script in scripts {
        let target = Target::new(engine);
        let script = script.replace("{c}", "c4nary-p4ssw0rd").replace("{db}", target.database());
        target.migration(1, &script);
        // The way back holds it too, and the history keeps the way back.
        target.down(1, &script);
        for command in COMMANDS {
            let debug: &[&str] = if command.contains(&"--log-format") {
                &["--log-level", "debug", "--log-file", "/dev/stderr"]
            } else {
                &[]
            };
            let run = || target.run(&[command, debug].concat());
            // All that is wrong is told at once.
            if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                said.push(format!("{script}\n{command:?}: {why}"));
            }
        }
        let _ = match engine {
            Engine::Sqlite => continue,
            Engine::Postgres => target.client_command("", &format!("DROP ROLE IF EXISTS {}_r", target.database())),
            Engine::MySql => target.client_command("", &format!("DROP USER IF EXISTS {}_r", target.database())),
        }
        .output();
    }
    assert!(said.is_empty(), "{}", said.join("\n\n"));
}

#[test]
fn no_password_of_a_migration_is_said_on_postgres() {
    try_all(Engine::Postgres, POSTGRES);
}

#[test]
fn no_password_of_a_migration_is_said_on_mysql() {
    try_all(Engine::MySql, MYSQL);
}

#[test]
fn no_password_of_a_migration_is_said_on_sqlite() {
    try_all(Engine::Sqlite, SQLITE);
}

/// Values that come from outside of the configuration are secrets wherever they stand.
#[test]
fn no_secret_placeholder_is_said() {
    for engine in crate::target::ALL {
        let target = Target::new(engine);
        target.file("V1__a.sql", "CREATE TABLE a (t varchar(50));\nINSERT INTO a VALUES ('${token}');");
        target.file("V2__b.sql", "INSERT INTO a VALUES ('${token}') NONSENSE '${token}';");
        let text = format!(
            "layout = \"flyway\"\nplaceholders = {{ token = {{ env = \"TOKEN\" }} }}\n[env.dev]\nurl = \"{}\"\n",
            target.url
        );
        std::fs::write(target.path().join("driftlock.toml"), text).unwrap();
        for command in COMMANDS {
            let output = target.command(command).env("TOKEN", "c4nary-t0ken").output().unwrap();
            crate::target::Ran::new(output);
        }
        assert_eq!(target.value("SELECT t FROM a"), "c4nary-t0ken", "{engine:?}");
    }
}
