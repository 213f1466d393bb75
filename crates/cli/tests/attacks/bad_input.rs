//! Bad input: a clear error each, the right exit code, nothing half-done.

use crate::target::{ALL, Engine, Ran, Target};

#[test]
fn files_that_are_empty_or_only_comments_are_migrations_that_do_nothing() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "");
        target.migration(2, "-- nothing yet\n/* nothing */\n");
        target.migration(3, ";;\n");
        target.run(&["up"]).expect(0);
        assert_eq!(target.history("state = 'done'"), "3", "{engine:?}");
    }
}

#[test]
fn files_that_are_no_text() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        let file = target.migration(2, "");
        for (bytes, part) in [
            (&b"SELECT 1;\nSELECT '\xe9';"[..], "_shop_step_v1.up.sql:2:9: the file is not UTF-8"),
            (b"\xff\xfeS\0E\0", "UTF-16"),
            (b"SELECT 1;\0", "NUL"),
        ] {
            std::fs::write(&file, bytes).unwrap();
            target.run(&["up"]).expect(1).says(&[part]);
            assert!(!target.run(&["up"]).stdout.contains("000001"), "{engine:?}: nothing ran");
        }
    }
}

#[test]
fn names_and_directories() {
    let target = Target::new(Engine::Sqlite);
    target.file("notes.sql", "");
    target.run(&["up"]).expect(2).says(&["`migrations/notes.sql`", "driftlock layout"]);
    std::fs::remove_file(target.migrations().join("notes.sql")).unwrap();
    target.file("20260101-000001_a_b_v1.up.sql", "");
    target.file("20260101-000001_c_d_v1.up.sql", "");
    target.run(&["up"]).expect(2).says(&["20260101-000001_a_b_v1.up.sql", "20260101-000001_c_d_v1.up.sql", "twice"]);
    std::fs::remove_file(target.migrations().join("20260101-000001_c_d_v1.up.sql")).unwrap();
    target.file("20260101-000002_c_d_v1.down.sql", "");
    target.run(&["up"]).expect(2).says(&["20260101-000002_c_d_v1.down.sql", "no up script"]);

    let target = Target::new(Engine::Sqlite);
    target.file("1_a.up.sql", "");
    target.file("99999999999999999999999_b.up.sql", "");
    target.run(&["up"]).expect(2).says(&["99999999999999999999999_b.up.sql", "larger than"]);

    let target = Target::new(Engine::Sqlite);
    std::fs::remove_dir(target.migrations()).unwrap();
    target.run(&["up"]).expect(1).says(&["migrations", "No such file"]);
    assert!(!target.path().join("test.db").exists());
}

#[test]
fn links_are_followed() {
    let target = Target::new(Engine::Sqlite);
    std::fs::create_dir(target.path().join("real")).unwrap();
    std::fs::write(target.path().join("real/20260101-000001_a_b_v1.up.sql"), "CREATE TABLE a (id int);").unwrap();
    std::fs::remove_dir(target.migrations()).unwrap();
    std::os::unix::fs::symlink("real", target.migrations()).unwrap();
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT count(*) FROM a"), "0");
}

#[test]
fn golang_migrates_pairs_run_in_the_order_of_numbers() {
    for engine in ALL {
        let target = Target::new(engine);
        target.file("2_a.up.sql", "CREATE TABLE a (id int);");
        target.file("10_b.up.sql", "CREATE TABLE b AS SELECT * FROM a;");
        target.file("10_b.down.sql", "DROP TABLE b;");
        target.run(&["up"]).expect(0);
        assert_eq!(
            target.query("SELECT version FROM driftlock_history WHERE state = 'done' ORDER BY sequence"),
            ["2", "10"]
        );
        target.run(&["down", "--yes"]).expect(0);
        target.run(&["up", "--to", "010"]).expect(0);
    }
}

#[test]
fn twenty_thousand_files() {
    let target = Target::new(Engine::Sqlite);
    for number in 0..20_000 {
        target.migration(number, "SELECT 1;");
    }
    target.run(&["validate"]).expect(0);
    target.run(&["up", "--to", "20260101-000010"]).expect(0);
    target.run(&["status", "--format", "json"]).expect(0).says(&["\"pending\": 19989"]);
}

#[test]
fn urls_and_logins() {
    let run = |target: &Target, url: &str| {
        Ran::new(
            target.command(&["up", "--url", url, "--dir", "migrations", "--connect-timeout", "3s"]).output().unwrap(),
        )
    };
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id int);");
    run(&target, "shop.db").expect(2).says(&["scheme"]);
    run(&target, "oracle://h/d").expect(2).says(&["oracle", "postgres"]);
    run(&target, "postgres://u:p%zz@h/d").expect(2).says(&["password", "%25"]);
    run(&target, "postgres://u:s3cr3t-c4nary@127.0.0.1:99999/d").expect(2).says(&["99999"]);
    run(&target, "postgres://u:s3cr3t-c4nary@127.0.0.1:1/d?nonsense=1").expect(2).says(&["nonsense"]);
    run(&target, "postgres://u:s3cr3t-c4nary@127.0.0.1:1/d").expect(1).says(&["127.0.0.1"]);
    run(&target, "mysql://u:s3cr3t-c4nary@127.0.0.1:1/d").expect(1).says(&["127.0.0.1"]);
    run(&target, "sqlite:///nowhere/at/all.db").expect(1).says(&["/nowhere/at"]);
    std::fs::write(target.path().join("text.db"), "this is no database, only a text that is long enough to look at")
        .unwrap();
    run(&target, "sqlite://text.db").expect(1).says(&["text.db"]);
    for engine in [Engine::Postgres, Engine::MySql] {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        // What the program says is looked through for it.
        let wrong = target.url.replacen("@127", "-c4nary@127", 1);
        let ran = run(&target, &wrong).expect(1);
        assert!(ran.stderr.contains("login"), "{}", ran.stderr);
        let missing = target.url.replace(target.database(), "no_such_database");
        run(&target, &missing).expect(1).says(&["no_such_database"]);
    }
}

#[test]
fn scripts_that_can_not_run() {
    for (engine, text, part) in [
        (Engine::Postgres, "SELECT 1;\nROLLBACK;", ":2:1"),
        (Engine::Postgres, "BEGIN;\nSELECT 1;", ":1:1"),
        (Engine::Postgres, "SELECT 'open;\n", ":1:8"),
        (Engine::Postgres, "\\connect - somebody\n", "connect"),
        (Engine::MySql, "SELECT 1;\n/* open", ":2:1"),
        (Engine::Sqlite, "SELECT 1;\n.read x.sql\n", ".read"),
        (Engine::Sqlite, "-- driftlock: no-transactions\nSELECT 1;", "no-transactions"),
        (Engine::Sqlite, "-- driftlock: lock-timeout=soon\nSELECT 1;", "soon"),
    ] {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        target.migration(2, text);
        target.run(&["up"]).expect(2).says(&[part]);
        target.run(&["validate"]).expect(3).says(&[part]);
        if engine != Engine::Sqlite {
            target.run(&["status"]).expect(0).says(&["pending"]);
        }
    }
}

#[test]
fn manifests_that_do_not_fit() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id int);");
    let second = target.migration(2, "CREATE TABLE b (id int);");
    target.run(&["manifest", "verify"]).expect(6).says(&["manifest write"]);
    target.run(&["manifest", "write"]).expect(0);
    target.run(&["manifest", "verify"]).expect(0);
    let path = target.path().join(".migrations/manifest.json");
    let whole = std::fs::read_to_string(&path).unwrap();

    let extra = whole.replacen(
        "[\n",
        &format!("[\n  {{\"file\": \"migrations/x.sql\", \"sha256\": \"{}\"}},\n", "0".repeat(64)),
        1,
    );
    std::fs::write(&path, extra).unwrap();
    target.run(&["up"]).expect(6).says(&["migrations/x.sql"]);
    target.run(&["manifest", "verify"]).expect(6).says(&["migrations/x.sql"]);

    let missing: String = whole
        .lines()
        .filter(|line| !line.contains("000002"))
        .map(|line| line.trim_end_matches(',').to_owned() + "\n")
        .collect();
    std::fs::write(&path, missing).unwrap();
    target.run(&["manifest", "verify"]).expect(6).says(&["000002"]);
    target.run(&["up"]).expect(0).says(&["000002", "not in the manifest"]);

    std::fs::write(&path, &whole).unwrap();
    std::fs::write(second, "CREATE TABLE b (id bigint);").unwrap();
    target.run(&["up"]).expect(6);
    std::fs::write(&path, "{").unwrap();
    target.run(&["up"]).expect(6).says(&["manifest.json"]);
}

#[test]
fn a_pending_file_that_does_not_fit_the_manifest_stops_a_protected_environment() {
    let target = Target::new(Engine::Sqlite);
    let file = target.migration(1, "CREATE TABLE a (id int);");
    std::fs::write(
        target.path().join("driftlock.toml"),
        "[env.prod]\nurl = \"sqlite://test.db\"\n\n[env.dev]\nurl = \"sqlite://dev.db\"\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| Ran::new(target.command(arguments).output().unwrap());
    run(&["manifest", "write"]).expect(0);
    std::fs::write(file, "CREATE TABLE a (id bigint);").unwrap();
    run(&["up", "--env", "prod"]).expect(6).says(&["manifest"]);
    assert!(!target.path().join("test.db").exists());
    run(&["up", "--env", "dev"]).expect(0).says(&["manifest"]);
}

#[test]
fn configuration_that_says_what_is_unknown() {
    let target = Target::new(Engine::Sqlite);
    for (text, parts) in [
        ("[env.dev]\nurl = \"sqlite://a.db\"\nprotectd = true\n", &["driftlock.toml:3:1", "protectd", "protected"][..]),
        ("migration = \"x\"\n", &["driftlock.toml:1:1", "migrations"]),
        ("[env.dev]\nurl = 5\n", &["driftlock.toml:2:7"]),
        ("[env.dev\n", &["driftlock.toml:1:"]),
    ] {
        std::fs::write(target.path().join("driftlock.toml"), text).unwrap();
        Ran::new(target.command(&["status"]).output().unwrap()).expect(2).says(parts);
    }
}

#[test]
fn a_directory_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id int);");
    std::fs::set_permissions(target.migrations(), std::fs::Permissions::from_mode(0o000)).unwrap();
    let locked_out = std::fs::read_dir(target.migrations()).is_err();
    let ran = if locked_out {
        target.run(&["up"])
    } else {
        // As root nothing is forbidden: run as nobody, who must be able to get there and to run the program.
        std::fs::set_permissions(target.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let program = target.path().join("driftlock");
        std::fs::copy(env!("CARGO_BIN_EXE_driftlock"), &program).unwrap();
        let mut command = std::process::Command::new(program);
        command.args(["up", "--url", &target.url, "--dir", "migrations"]).current_dir(target.path()).env_clear();
        std::os::unix::process::CommandExt::uid(&mut command, 65534);
        Ran::new(command.output().unwrap())
    };
    ran.expect(1).says(&["migrations", "Permission denied"]);
    assert!(!target.path().join("test.db").exists());
    std::fs::set_permissions(target.migrations(), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_read_only_server_is_refused_before_anything_runs() {
    let target = Target::new(Engine::Postgres);
    target.migration(1, "CREATE TABLE a (id int);");
    target.query(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", target.database()));
    target.run(&["up"]).expect(4).says(&["read-only"]);

    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id int);");
    target.run(&["up"]).expect(0);
    target.migration(2, "CREATE TABLE b (id int);");
    let url = format!("{}?mode=ro", target.url);
    Ran::new(target.command(&["up", "--url", &url, "--dir", "migrations"]).output().unwrap())
        .expect(4)
        .says(&["mode=ro"]);
}
