//! `examples/hooks`, run as it stands: a backup of the touched tables, a check of who may, a data fill and an index rebuild.

use std::path::Path;

use crate::target::{ALL, Engine, Ran, Target};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The text of all files in the newest backup, by table.
fn newest_backup(target: &Target) -> Vec<(String, String)> {
    let mut folders: Vec<_> = std::fs::read_dir(target.path().join("backups")).unwrap().map(|it| it.unwrap()).collect();
    folders.sort_by_key(|it| it.metadata().unwrap().modified().unwrap());
    let files = std::fs::read_dir(folders.last().unwrap().path()).unwrap().map(|it| it.unwrap());
    let mut files: Vec<(String, String)> = files
        .filter(|it| it.file_name() != "tables")
        .map(|it| (it.file_name().into_string().unwrap(), std::fs::read_to_string(it.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn the_example_does_what_it_says() {
    for engine in ALL {
        let target = Target::new(engine);
        copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/hooks")), target.path());
        let up = |arguments: &[&str]| {
            let mut all = vec!["up"];
            all.extend(arguments);
            Ran::new(target.command(&all).env("DATABASE_URL", &target.url).output().unwrap())
        };
        up(&["--env", "prod", "--to", "20260302-090000"]).expect(0).says(&["saved 0 tables"]);
        assert_eq!(
            target.query("SELECT email_key FROM customers ORDER BY id"),
            ["ann@example.org", "ben@example.org"],
            "{engine:?}: the fill came after"
        );
        // Who isn't in the list may not touch contracts, and that is known before anything of it ran.
        let ran = up(&["--env", "prod"]).expect(1);
        ran.says(&["may not run 20260303-090000, which touches contracts", "the database is not changed by"]);
        let saved = newest_backup(&target);
        assert_eq!(saved.len(), 1, "{engine:?}: {saved:?}");
        assert_eq!(saved[0].0, "customers.sql");
        assert!(saved[0].1.contains("Ann@Example.org"), "{}", saved[0].1);
        let me = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
        std::fs::write(target.path().join("migrators.txt"), me).unwrap();
        up(&["--env", "prod"]).expect(0);
        // Nothing pending: no backup.
        let before = std::fs::read_dir(target.path().join("backups")).unwrap().count();
        up(&["--env", "prod"]).expect(0);
        assert_eq!(std::fs::read_dir(target.path().join("backups")).unwrap().count(), before);
    }
}

#[test]
fn a_login_without_the_right_is_stopped_by_sql() {
    let target = Target::new(Engine::Postgres);
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/hooks")), target.path());
    let role = format!("hooks_{}", std::process::id());
    target.query(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT ALL ON SCHEMA public TO {role}"));
    let (_, rest) = target.url.split_once('@').unwrap();
    let url = format!("postgres://{role}:secret@{rest}");
    let ran = Ran::new(target.command(&["up", "--env", "prod"]).env("DATABASE_URL", url).output().unwrap());
    target.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    let ran = ran.expect(1).says(&[&format!("{role} may not migrate contracts"), "20260303-090000"]);
    ran.says(&["the database is not changed: no migration had begun", "hooks/before_migrate_permission.sql:3:1"]);
}
