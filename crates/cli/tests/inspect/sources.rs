//! What may be named as a source, and what is said where it can't be read. On SQLite, which needs no server.

use std::process::Command;

use crate::engines::inspected;
use crate::target::{Engine, Ran, Target};

fn git(target: &Target, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(target.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn tables(target: &Target, source: &str) -> Vec<String> {
    let read = inspected(target, source);
    let objects = read["schema"]["objects"].as_array().unwrap();
    objects.iter().map(|object| object["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_revision_is_read_without_being_checked_out() {
    let target = Target::new(Engine::Sqlite);
    git(&target, &["init", "-q"]);
    target.migration(1, "CREATE TABLE a (id integer);");
    std::fs::create_dir(target.migrations().join("hooks")).unwrap();
    std::fs::write(target.path().join("schema.sql"), "CREATE TABLE s (id integer);").unwrap();
    git(&target, &["add", "."]);
    git(&target, &["commit", "-qm", "one"]);
    target.migration(2, "CREATE TABLE b (id integer);");
    git(&target, &["add", "."]);
    git(&target, &["commit", "-qm", "two"]);
    target.migration(3, "CREATE TABLE c (id integer);");
    assert_eq!(tables(&target, "dir:migrations"), ["a", "b", "c"]);
    assert_eq!(tables(&target, "dir:migrations@20260101-000002"), ["a", "b"]);
    assert_eq!(tables(&target, "git:HEAD:migrations"), ["a", "b"]);
    assert_eq!(tables(&target, "git:HEAD~1:./migrations/"), ["a"]);
    assert_eq!(tables(&target, "git:main:schema.sql"), ["s"]);
    for (source, part) in [
        ("git:nowhere:migrations", "git knows no revision `nowhere`"),
        ("git:HEAD:nothing", "`HEAD` has no `nothing`"),
        ("git:--help:migrations", "git knows no revision `--help`"),
    ] {
        let ran = Ran::new(target.command(&["inspect", source, "--engine", "sqlite"]).output().unwrap());
        ran.expect(2).says(&[part]);
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let target = Target::new(Engine::Sqlite);
    let file = |name: &str, text: &str| std::fs::write(target.path().join(name), text).unwrap();
    file("wrong.sql", "CREATE TABLE a (id integer);\n\nCREATE TABLE b (\n  id integer,,\n);\n");
    file("open.sql", "CREATE TABLE a (id integer);\nSELECT 'never closed;\n");
    file("meta.sql", "\\d a\n");
    file("no.lock", "{}");
    file("attach.sql", "ATTACH 'other.db' AS other;\n");
    file("url", "no url");
    let cases: [(&str, i32, &str); 14] = [
        ("sql:wrong.sql", 1, "wrong.sql:4"),
        ("sql:open.sql", 2, "open.sql:2"),
        ("sql:nothing.sql", 1, "nothing.sql: No such file"),
        ("sql:attach.sql", 2, "attach.sql:1 works on more than its own database"),
        ("dir:nothing", 1, "dir:nothing: there is no such directory"),
        ("dir:migrations@7", 2, "7"),
        ("lock:nothing.lock", 1, "nothing.lock: No such file"),
        ("lock:no.lock", 6, "no.lock:1"),
        ("cmd:false", 1, "`false` failed (exit status: 1)"),
        ("cmd:no-such-program", 1, "`no-such-program` can't be started"),
        ("models:", 2, "`cmd:COMMAND`"),
        ("oracle://host/shop", 2, "`oracle://` is the scheme of no engine"),
        ("wrong.sql", 2, "a file of statements is `sql:wrong.sql`"),
        ("dri:migrations", 2, "did you mean `dir`?"),
    ];
    for (source, code, part) in cases {
        let ran = Ran::new(target.command(&["inspect", source, "--engine", "sqlite"]).output().unwrap());
        assert!(ran.code == code && ran.stderr.contains(part), "{source}: {ran:?}");
        assert_eq!(ran.stdout, "", "{source}");
    }
    let ran = Ran::new(target.command(&["inspect", "dir:migrations"]).output().unwrap());
    ran.expect(2).says(&["nothing tells which engine", "--engine sqlite"]);
    let ran = Ran::new(target.command(&["inspect", "sql:open.sql", "--engine", "oracle"]).output().unwrap());
    ran.expect(2).says(&["there is no engine `oracle`"]);
}

#[test]
fn one_filter_is_of_configuration_and_options() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id integer); CREATE TABLE a_old (id integer); CREATE TABLE b (id integer); CREATE VIEW v AS SELECT 1;");
    let names = |arguments: &[&str]| {
        let all = [&["inspect", "dir:migrations", "--engine", "sqlite", "--format", "json"], arguments].concat();
        let ran = Ran::new(target.command(&all).output().unwrap()).expect(0);
        let read: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let objects = read["schema"]["objects"].as_array().unwrap().clone();
        objects.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&[]), "a a_old b v");
    std::fs::write(target.path().join("driftlock.toml"), "ignore = ['*_old']\n").unwrap();
    assert_eq!(names(&[]), "a b v");
    assert_eq!(names(&["--exclude", "view:*", "--exclude", "b"]), "a");
    assert_eq!(names(&["--include", "table:*"]), "a b");
    let ran = Ran::new(target.command(&["inspect", "dir:migrations", "--exclude", "table:"]).output().unwrap());
    ran.expect(2).says(&["--exclude: `table:` names nothing"]);
    std::fs::write(target.path().join("driftlock.toml"), "ignore = ['facet:owner']\n").unwrap();
    let ran = Ran::new(target.command(&["inspect", "dir:migrations", "--engine", "sqlite"]).output().unwrap());
    ran.expect(2).says(&["driftlock.toml:1", "there is no facet `owner`"]);
}
