//! Which database is meant, and what is said when that isn't clear.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

#[test]
fn commands_work_from_folders_below() {
    let it = TestEnvironment::with_two_migrations();
    it.write("src/deep/x", "");
    let output = it.command_in(&it.project().join("src/deep"), &["up"]).output().unwrap();
    assert_eq!(it.said(&output).code, Some(0), "{}", it.said(&output));
    assert!(it.project().join("shop.db").exists());
    assert!(!it.project().join("src/deep/shop.db").exists());
}

#[test]
fn mistakes_name_their_place_and_what_was_meant() {
    let mut it = TestEnvironment::with_two_migrations();
    it.write("driftlock.toml", "[env.dev]\nulr = \"sqlite://shop.db\"\n");
    assert_snapshot!(it.run(&["up"]), @r"
    ---- stderr
    error: driftlock.toml:2:1: unknown key `ulr`; did you mean `url`?
    ---- exit 2
    ");
    it.write("driftlock.toml", "[env.prod]\nurl = \"sqlite://shop.db\"\n");
    assert_snapshot!(it.run(&["up"]), @r"
    ---- stderr
    error: the environment `prod` is protected, and a protected one is never chosen by default; name it: `--env prod`
    ---- exit 2
    ");
    assert_eq!(it.run(&["up", "--env", "prod"]).code, Some(0));
    it.write("driftlock.toml", "[env.dev]\nurl = { env = \"SHOP_URL\" }\n");
    assert_snapshot!(it.run(&["up"]), @r"
    ---- stderr
    error: driftlock.toml:2:7: the environment variable `SHOP_URL` is not set; set it, or name another source
    ---- exit 1
    ");
    it.set("SHOP_URL", "oracle://scott:tiger@h/d");
    let said = it.run(&["up"]);
    assert_snapshot!(said, @r"
    ---- stderr
    error: driftlock.toml:2:7: `oracle://` is the scheme of no engine; there are `sqlite://`, `postgres://`, `mysql://`
    ---- exit 2
    ");
    it.set("DRIFTLOCK_LAYUOT", "driftlock");
    assert_snapshot!(it.run(&["up"]), @r"
    ---- stderr
    error: DRIFTLOCK_LAYUOT: unknown environment variable; did you mean `DRIFTLOCK_LAYOUT`?
    ---- exit 2
    ");
}

#[test]
fn without_any_database() {
    let it = TestEnvironment::new();
    assert_snapshot!(it.run(&["status"]), @r"
    ---- stderr
    error: no database is named: there is no driftlock.toml here or above, and no `--url`
    hint: `driftlock init` begins a project; `--url URL --dir DIR` works without one
    ---- exit 2
    ");
    it.write("driftlock.toml", "");
    assert_snapshot!(it.run(&["status"]), @r#"
    ---- stderr
    error: no database is named: $TEST/project/driftlock.toml has no environment, and there is no `--url`
    hint: add `[env.dev]` with `url = "sqlite://dev.db"`
    ---- exit 2
    "#);
    let (code, error) = it.json(&["status"]);
    assert_eq!((code, &error["error"]["kind"]), (Some(2), &"usage".into()));
}

#[test]
fn another_environments_database_is_refused() {
    let it = TestEnvironment::with_two_migrations();
    it.run(&["up"]);
    it.write("driftlock.toml", "[env.dev]\nurl = \"sqlite://dev.db\"\n[env.staging]\nurl = \"sqlite://shop.db\"\n");
    let said = it.run(&["up", "--env", "staging"]);
    assert_eq!(said.code, Some(4), "{said}");
    assert!(said.stderr.contains("`dev`") && said.stderr.contains("`staging`"), "{said}");
}

#[test]
fn a_directory_that_is_not_there() {
    let it = TestEnvironment::new();
    assert_snapshot!(it.run(&["up", "--url", "sqlite://a.db"]), @r"
    ---- stderr
    error: migrations: No such file or directory (os error 2)
    hint: there is no such directory: `driftlock init` makes one, `--dir PATH` names another
    ---- exit 1
    ");
}
