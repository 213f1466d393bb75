//! `doctor`, a real cause for each of its judgements.

use std::process::Command;

use driftlock_servers::pgbouncer::{Behind, PgBouncer, Pooling};
use driftlock_servers::private::Private;
use serde_json::Value;

use crate::target::{ALL, Engine, Ran, Target, until};

/// What the doctor says of one thing, in the order in which it does.
struct Checks(Vec<Value>, String);

impl Checks {
    fn of(ran: Ran) -> Self {
        let said = format!("{}\n{}", ran.stdout, ran.stderr);
        let value: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        let checks = value["checks"].as_array().unwrap().clone();
        for check in &checks {
            let (state, hint) = (check["state"].as_str().unwrap(), &check["hint"]);
            assert!(["ok", "warning", "problem"].contains(&state), "{check}");
            assert!(state != "warning" || hint.is_string(), "a warning says what to do: {check}");
        }
        let has_problem = checks.iter().any(|check| check["state"] == "problem");
        assert_eq!(ran.code, if has_problem { 3 } else { 0 }, "{said}");
        Checks(checks, said)
    }

    /// That there is a check of this name and state which says all of these, in its message or hint.
    #[track_caller]
    fn has(&self, name: &str, state: &str, parts: &[&str]) -> &Self {
        let says = |check: &&Value| {
            let text = format!("{} {}", check["message"].as_str().unwrap(), check["hint"].as_str().unwrap_or_default());
            parts.iter().all(|part| text.contains(part))
        };
        let found = self.0.iter().filter(|check| check["name"] == name && check["state"] == state).find(says);
        assert!(found.is_some(), "no `{name}` is {state} with {parts:?}:\n{}", self.1);
        self
    }

    /// That nothing else is told than these.
    #[track_caller]
    fn only(&self, expected: &[&str]) -> &Self {
        let told: Vec<&str> =
            self.0.iter().filter(|it| it["state"] != "ok").map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(told, expected, "{}", self.1);
        self
    }
}

fn doctor(target: &Target, more: &[&str]) -> Checks {
    Checks::of(target.run(&[&["doctor", "--format", "json"], more].concat()))
}

fn doctor_at(target: &Target, url: &str, more: &[&str]) -> Checks {
    let first = ["doctor", "--format", "json", "--url", url, "--dir", "migrations"];
    Checks::of(Ran::new(target.command(&[&first, more].concat()).output().unwrap()))
}

/// What a throwaway server is by itself: it is fast, and it is set up by nobody.
const THROWAWAY: &[&str] = &["fsync is off", "character_set_database is latin1"];

/// Without what is so on every throwaway server.
fn without_the_servers_own(mut checks: Checks) -> Checks {
    checks.0.retain(|check| !THROWAWAY.contains(&check["message"].as_str().unwrap()));
    checks
}

#[test]
fn a_new_project_and_a_migrated_one_are_well_on_every_engine() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        let checks = without_the_servers_own(doctor(&target, &[]));
        checks.only(&[]).has("own_tables", "ok", &["none yet"]).has("migrations", "ok", &["1 migration, 1 pending"]);
        let made = |target: &Target| match engine {
            Engine::Sqlite => target.path().join("test.db").exists().to_string(),
            Engine::Postgres => target.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
            Engine::MySql => {
                target.value("SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
            }
        };
        assert!(["0", "false"].contains(&made(&target).as_str()), "looking wrote something");
        target.run(&["up"]).expect(0);
        let checks = without_the_servers_own(doctor(&target, &[]));
        checks.only(&[]).has("own_tables", "ok", &["format 1"]).has("migrations", "ok", &["none pending"]);
        checks.has("lock", "ok", &["nobody holds"]);
        if engine != Engine::Sqlite {
            checks.has("clock", "ok", &["agree"]).has("pooler", "ok", &["none is in the way"]);
            checks.has("encryption", "ok", &["none, and the way doesn't leave"]);
            checks.has("rights", "ok", &["may "]);
        }
    }
}

/// The same URL for another login.
fn as_user(url: &str, user: &str, password: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{scheme}://{user}:{password}@{place}")
}

#[test]
fn who_cannot_be_reached_or_logged_in_is_a_problem_and_the_files_are_looked_at() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    for (engine, scheme) in [(Engine::Postgres, "postgres"), (Engine::MySql, "mysql")] {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        let wrong = as_user(&target.url, "driftlock", "s3cret-and-wrong");
        let checks = doctor_at(&target, &wrong, &[]);
        checks.only(&["connection"]).has("connection", "problem", &["refused the login", "password"]);
        checks.has("directory", "ok", &["1 migration"]);
        assert!(!checks.1.contains("s3cret-and-wrong"), "{}", checks.1);
        let checks = doctor_at(&target, &format!("{scheme}://a:s3cret-and-wrong@127.0.0.1:{nobody}/x"), &[]);
        checks.only(&["connection"]).has("connection", "problem", &["can't connect to", "see that the server runs"]);
        assert!(!checks.1.contains("s3cret-and-wrong"), "{}", checks.1);
    }
    let target = Target::new(Engine::Sqlite);
    let checks = doctor_at(&target, "sqlite:///no/such/folder/x.db", &[]);
    checks.only(&["connection"]).has("connection", "problem", &["/no/such/folder"]);
}

#[test]
fn a_user_without_rights_is_told_which() {
    let target = Target::new(Engine::Postgres);
    let user = format!("{}_plain", target.database());
    target.query(&format!("CREATE ROLE {user} LOGIN PASSWORD 'plain'"));
    target.query("CREATE TABLE strange (id int)");
    let url = as_user(&target.url, &user, "plain");
    // As PostgreSQL 15 makes them, only the owner may make something in `public`.
    let checks = without_the_servers_own(doctor_at(&target, &url, &[]));
    checks.only(&["rights", "rights", "rights", "history"]);
    checks.has("rights", "problem", &["make driftlock's own tables in schema \"public\"", "`tables.schema`", &user]);
    checks.has("rights", "problem", &["make tables in schema \"public\"", "GRANT CREATE"]);
    checks.has("rights", "warning", &["alter or drop 1 table", "set_role = \"driftlock\""]);
    checks.has("history", "warning", &["1 objects and no history", "baseline"]);
    // The advice is good: what it says is granted, and then it is well and `up` runs.
    target.query(&format!("DROP TABLE strange; GRANT CREATE, USAGE ON SCHEMA public TO {user}"));
    without_the_servers_own(doctor_at(&target, &url, &[])).only(&[]);
    target.migration(1, "CREATE TABLE a (id int);");
    target.run(&["up"]).expect(0);
    let checks = without_the_servers_own(doctor_at(&target, &url, &[]));
    checks.has("own_tables", "problem", &["permission denied"]).has(
        "rights",
        "problem",
        &["read driftlock's own tables", "GRANT SELECT, INSERT"],
    );
    // One that is closed to it: nothing else is kept from being seen.
    target.query("CREATE SCHEMA closed");
    let checks = doctor_at(&target, &url, &["--tables-schema", "closed"]);
    checks.has("rights", "problem", &["in schema \"closed\"", "GRANT CREATE, USAGE ON SCHEMA \"closed\""]).has(
        "clock",
        "ok",
        &[],
    );
    // A schema that isn't there, and may not be made.
    let checks = doctor_at(&target, &url, &["--tables-schema", "ops"]);
    checks.has("rights", "problem", &["make the schema \"ops\"", "GRANT CREATE ON DATABASE"]);
    target.query(&format!("DROP OWNED BY {user}; DROP ROLE {user}"));
}

#[test]
fn a_user_of_mariadb_without_rights_is_told_which() {
    let target = Target::new(Engine::MySql);
    let user = format!("{}_u", target.database());
    let database = target.database();
    target.query(&format!(
        "CREATE USER {user} IDENTIFIED BY 'plain'; GRANT SELECT, INSERT, CREATE ON {database}.* TO {user}"
    ));
    target.migration(1, "CREATE TABLE a (id int);");
    let url = as_user(&target.url, &user, "plain");
    let checks = without_the_servers_own(doctor_at(&target, &url, &[]));
    checks.only(&["rights", "rights"]);
    checks.has(
        "rights",
        "problem",
        &["driftlock's own tables", &format!("`GRANT UPDATE ON `{database}`.* TO `{user}`@`%`;`")],
    );
    checks.has("rights", "warning", &["GRANT ALTER, DROP, INDEX"]);
    target.query(&format!("GRANT UPDATE, ALTER, DROP, INDEX ON {database}.* TO {user}"));
    without_the_servers_own(doctor_at(&target, &url, &[])).only(&[]);
    let ran = Ran::new(target.command(&["up", "--url", &url, "--dir", "migrations"]).output().unwrap());
    ran.expect(0);
    target.query(&format!("DROP USER {user}"));
}

#[test]
fn a_role_of_mariadb_brings_its_rights() {
    let target = Target::new(Engine::MySql);
    let (user, role, database) =
        (format!("{}_m", target.database()), format!("{}_r", target.database()), target.database());
    target.query(&format!(
        "CREATE ROLE {role}; GRANT ALL ON {database}.* TO {role}; CREATE USER {user} IDENTIFIED BY 'plain'; GRANT {role} TO {user}; \
         SET DEFAULT ROLE {role} FOR {user}"
    ));
    let url = as_user(&target.url, &user, "plain");
    without_the_servers_own(doctor_at(&target, &url, &[])).only(&[]);
    target.query(&format!("DROP USER {user}; DROP ROLE {role}"));
}

fn behind(url: &str) -> Behind {
    let (_, rest) = url.split_once("://").unwrap();
    let (login, place) = rest.split_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let port = place.split(['/', ':']).nth(1).unwrap().parse().unwrap();
    Behind { port, user: user.to_owned(), password: password.to_owned() }
}

#[test]
fn a_pooler_is_seen_and_told_how_to_configure() {
    for (pooling, as_sessions) in
        [(Pooling::Transaction, "problem"), (Pooling::Statement, "problem"), (Pooling::Session, "ok")]
    {
        let target = Target::new(Engine::Postgres);
        let bouncer = PgBouncer::new(behind(&target.url), pooling, &["default_pool_size = 5"]).unwrap();
        let url = bouncer.url(target.database());
        let checks = without_the_servers_own(doctor_at(&target, &url, &[]));
        checks.has("pooler", "problem", &["a pooler such as PgBouncer is in the way", "`pooler = \"session\"`"]);
        let checks = without_the_servers_own(doctor_at(&target, &url, &["--pooler", "session"]));
        checks.has("pooler", as_sessions, &[]);
    }
}

#[test]
fn a_standby_and_a_server_that_only_reads_are_problems() {
    let primary = Private::postgres(&[]).unwrap();
    let standby = Private::standby_of(&primary).unwrap();
    let target = Target::on(Engine::Postgres, &primary.url("postgres"));
    target.migration(1, "CREATE TABLE a (id int);");
    target.run(&["up"]).expect(0);
    let url = standby.url(target.database());
    until("the standby has caught up", || {
        let output =
            Command::new("psql").args(["-XAtqc", "SELECT count(*) FROM driftlock_history", "-d", &url]).output();
        output.unwrap().stdout == b"1\n"
    });
    let checks = doctor_at(&target, &url, &[]);
    checks.has("writable", "problem", &["is a standby", "primary"]).has(
        "migrations",
        "ok",
        &["1 migration, none pending"],
    );
    target.query(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", target.database()));
    doctor(&target, &[]).has("writable", "problem", &["default_transaction_read_only"]);

    let mariadb = Private::mariadb(&["--read-only=1", "--sql-mode="]).unwrap();
    let target = Target::on(Engine::MySql, &mariadb.url(""));
    let checks = doctor(&target, &[]);
    checks.has("writable", "problem", &["`read_only` is ON"]).has(
        "settings",
        "warning",
        &["sql_mode is empty", "STRICT_TRANS_TABLES"],
    );
}

#[test]
fn an_encrypted_connection_is_told_and_a_plain_one_over_the_network_warned_of() {
    // The server's machine has no other network: only that it is encrypted can be tried.
    let target = Target::new(Engine::Postgres);
    let is_on = target.value("SHOW ssl");
    let checks = doctor(&target, &[]);
    let expected = if is_on == "on" { "TLSv1" } else { "none, and the way doesn't leave" };
    checks.has("encryption", "ok", &[expected]);
}

#[test]
fn who_holds_the_lock_is_named() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        target.run(&["up"]).expect(0);
        let slow = match engine {
            Engine::Postgres => "SELECT pg_sleep(30);",
            Engine::MySql => "SELECT SLEEP(30);",
            Engine::Sqlite => {
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) SELECT count(*) FROM n;"
            }
        };
        target.migration(2, slow);
        let mut run = target.start(&["up"]);
        // MariaDB tells a connection's process where its performance schema is on.
        let who = if engine == Engine::MySql { "connection ".to_owned() } else { format!("pid {}", run.id()) };
        until("the doctor sees the holder", || {
            let ran = target.run(&["doctor", "--format", "json"]);
            ran.stdout.contains("another run holds driftlock's lock") && ran.stdout.contains(&who)
        });
        run.kill().unwrap();
        run.wait().unwrap();
    }
}

#[test]
fn a_configuration_that_is_broken_or_missing_is_told() {
    let target = Target::new(Engine::Sqlite);
    let run = |target: &Target, more: &[&str]| {
        Checks::of(Ran::new(target.command(&[&["doctor", "--format", "json"], more].concat()).output().unwrap()))
    };
    run(&target, &[]).has("connection", "problem", &["no database is named", "`driftlock init`"]);
    let write = |text: &str| std::fs::write(target.path().join("driftlock.toml"), text).unwrap();
    write("migrations = \"migrations\"\n[env.dev\n");
    run(&target, &[]).only(&["configuration"]).has("configuration", "problem", &["driftlock.toml:2:"]);
    write("migration = \"migrations\"\n");
    run(&target, &[]).has("configuration", "problem", &["driftlock.toml:1:1", "did you mean `migrations`?"]);
    write("[env.prod]\nurl = \"sqlite://a.db\"\n");
    let checks = run(&target, &[]);
    checks.has("configuration", "problem", &["protected", "--env prod"]).has("directory", "ok", &["migrations"]);
    write("[env.dev]\nurl = { env = \"NOT_SET_ANYWHERE\" }\n");
    let checks = run(&target, &[]);
    checks.has("connection", "problem", &["driftlock.toml:2:7", "`NOT_SET_ANYWHERE` is not set"]);
    write("[env.dev]\nurl = \"oracle://h/x\"\n");
    run(&target, &[]).has("connection", "problem", &["`oracle://` is the scheme of no engine"]);
    write("migrations = \"elsewhere\"\n[env.dev]\nurl = \"sqlite://test.db\"\n");
    run(&target, &[]).has("directory", "problem", &["elsewhere (driftlock.toml:1:14)", "`driftlock init`"]);
}

#[test]
fn flaws_in_files_and_another_environment_are_problems() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id int);");
    let write = |env: &str| {
        let text = format!("default_env = \"{env}\"\n[env.{env}]\nurl = \"sqlite://test.db\"\n");
        std::fs::write(target.path().join("driftlock.toml"), text).unwrap();
    };
    let run = |arguments: &[&str]| Ran::new(target.command(arguments).output().unwrap());
    write("dev");
    run(&["up"]).expect(0);
    run(&["manifest", "write"]).expect(0);
    write("staging");
    let checks = Checks::of(run(&["doctor", "--format", "json"]));
    checks.has("own_tables", "problem", &["belongs to the environment `dev`", "--env dev"]);
    write("dev");
    target.migration(1, "CREATE TABLE b (id int);");
    target.migration(2, "CREATE TABLE c (id int");
    let checks = Checks::of(run(&["doctor", "--format", "json"]));
    checks.has("manifest", "problem", &["`driftlock manifest write`"]).has("agreement", "problem", &["exit code 6"]);
    target.file("notes.sql", "SELECT 1;");
    let checks = Checks::of(run(&["doctor", "--format", "json"]));
    checks.has("files", "problem", &["notes.sql", "`driftlock validate`"]);
    // People read the same.
    let ran = run(&["doctor"]).expect(3);
    ran.says(&["problem  files", "do: `driftlock validate` says all", "problems"]);
    run(&["doctor", "--settings"]).expect(3).says(&["url", "sqlite://test.db  (driftlock.toml:3:7)", "lock_wait"]);
}

#[test]
fn what_another_tool_did_is_found_and_adopt_is_named() {
    for engine in ALL {
        let target = Target::new(engine);
        target.query("CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)");
        let checks = doctor(&target, &[]);
        checks.has("history", "problem", &["dbmate has migrated this database", "`driftlock adopt`"]);
        target.query("DROP TABLE schema_migrations");
        target.query("CREATE TABLE alembic_version (version_num varchar(32))");
        doctor(&target, &[]).has("history", "problem", &["Alembic", "`driftlock baseline VERSION`"]);
    }
}

#[test]
fn an_attempt_that_failed_half_way_says_what_comes_next() {
    let target = Target::new(Engine::MySql);
    target.migration(1, "CREATE TABLE a (id int);\nCREATE TABLE a (id int);");
    target.run(&["up"]).expect(1);
    let checks = doctor(&target, &[]);
    checks.has(
        "unfinished",
        "warning",
        &["20260101-000001 up failed after 1 statement", "the next `up` goes on behind them"],
    );
}
