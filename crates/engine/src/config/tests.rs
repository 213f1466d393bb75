use std::path::Path;
use std::time::Duration;

use super::*;
use crate::{Kind, Rollback};

const SHOP: &str = r#"
migrations  = { sqlite = "migrations/sqlite", postgres = "migrations/postgres" }
default_env = "dev"
lock_wait   = "10s"
tables      = { prefix = "dl_" }

[env.dev]
url = "sqlite://shop.db"
auto_migrate = true

[env.staging]
url = { env = "STAGING_URL" }
on_drift = "warn-only"
lock_wait = "20s"
migrations = "other"

[env.prod]
url = { file = "dsn" }
on_drift = "abort"

[env.careless]
url = "sqlite::memory:"
protected = true
rollback = "deny"
"#;

fn project(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("driftlock.toml"), text).unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    folder
}

fn load(
    folder: &Path,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &str, &str)],
) -> Result<Config, ConfigError> {
    let mut overrides = Overrides::default();
    for (key, flag, text) in flags {
        match *key {
            "env" => overrides.environment = Some((*text).to_owned()),
            "config" => overrides.config = Some((*text).into()),
            key => overrides.set(key, flag, *text),
        }
    }
    Config::load(folder, variables.iter().copied().collect(), &overrides)
}

fn error(folder: &Path, variables: &[(&str, &str)], flags: &[(&'static str, &str, &str)]) -> String {
    let error = load(folder, variables, flags).and_then(|config| config.target()).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage, "{error}");
    error.to_string()
}

#[test]
fn flags_go_before_variables_and_these_before_the_file() {
    let folder = project(SHOP);
    let wait = |variables: &[(&str, &str)], flags: &[(&'static str, &str, &str)]| {
        let settings = load(folder.path(), variables, flags).unwrap().target().unwrap();
        let wait = settings.lock_wait.unwrap();
        (wait.value.as_secs(), wait.origin.to_string())
    };
    assert_eq!(wait(&[], &[]), (10, "driftlock.toml:4:15".to_owned()));
    assert_eq!(wait(&[("DRIFTLOCK_ENV", "staging")], &[]), (20, "driftlock.toml:14:13".to_owned()));
    assert_eq!(wait(&[("DRIFTLOCK_LOCK_WAIT", "30s")], &[]), (30, "DRIFTLOCK_LOCK_WAIT".to_owned()));
    assert_eq!(
        wait(&[("DRIFTLOCK_LOCK_WAIT", "30s")], &[("lock_wait", "--lock-wait", "40s")]),
        (40, "--lock-wait".to_owned())
    );
    assert_eq!(wait(&[("DRIFTLOCK_LOCK_WAIT", "")], &[]).0, 10, "an empty variable says nothing");
    let settings = load(folder.path(), &[("DRIFTLOCK_TABLES_SCHEMA", "ops")], &[]).unwrap().target().unwrap();
    let tables = settings.own_tables();
    assert_eq!((tables.schema.as_deref(), tables.prefix.as_str()), (Some("ops"), "dl_"));
    assert!(settings.auto_migrate.value && settings.lock_timeout.is_none());
}

#[test]
fn a_protected_environment_is_never_chosen_by_default() {
    let folder = project(SHOP);
    let chosen = |variables: &[(&str, &str)], flags: &[(&'static str, &str, &str)]| {
        let settings = load(folder.path(), variables, flags).unwrap().target().unwrap();
        (settings.environment.map(|name| name.value), settings.protected.value, settings.rollback.value)
    };
    assert_eq!(chosen(&[], &[]), (Some("dev".into()), false, Rollback::Allow));
    assert_eq!(chosen(&[("DRIFTLOCK_ENV", "prod")], &[]), (Some("prod".into()), true, Rollback::Approved));
    assert_eq!(
        chosen(&[("DRIFTLOCK_ENV", "prod")], &[("env", "", "careless")]),
        (Some("careless".into()), true, Rollback::Deny)
    );
    assert_eq!(
        error(folder.path(), &[("DRIFTLOCK_DEFAULT_ENV", "careless")], &[]),
        "DRIFTLOCK_DEFAULT_ENV: the environment `careless` is protected, and a protected one is never chosen by default; name it: `--env careless`"
    );
    let only = project("[env.prod]\nurl = 'sqlite://a.db'");
    assert!(error(only.path(), &[], &[]).contains("never chosen by default; name it: `--env prod`"));
    assert!(load(only.path(), &[], &[]).unwrap().project().unwrap().environment.is_none());
    let open = project("[env.production]\nurl = 'sqlite://a.db'\nprotected = false");
    assert_eq!(load(open.path(), &[], &[]).unwrap().target().unwrap().environment.unwrap().value, "production");
}

#[test]
fn names_that_are_wrong_are_told_with_the_nearest() {
    let folder = project(SHOP);
    assert_eq!(
        error(folder.path(), &[], &[("env", "", "stagin")]),
        "--env: there is no environment `stagin` in driftlock.toml; did you mean `staging`?"
    );
    assert_eq!(
        error(folder.path(), &[("DRIFTLOCK_LOCKWAIT", "5s")], &[]),
        "DRIFTLOCK_LOCKWAIT: unknown environment variable; did you mean `DRIFTLOCK_LOCK_WAIT`?"
    );
    assert_eq!(
        error(folder.path(), &[("DRIFTLOCK_POOLER", "statement")], &[]),
        "DRIFTLOCK_POOLER: `statement` is not what is wanted here: \"session\""
    );
    assert!(
        error(folder.path(), &[("DRIFTLOCK_TABLES_PREFIX", "a-b")], &[])
            .starts_with("DRIFTLOCK_TABLES_PREFIX: the prefix")
    );
    assert!(error(&folder.path().join("sub"), &[], &[("env", "", "x")]).contains("in ../driftlock.toml"));
    let several = project("[env.a]\n[env.b]\n");
    assert_eq!(
        error(several.path(), &[], &[]),
        "driftlock.toml has several environments and no `default_env`; name one with `--env`: a, b"
    );
    let default = project("default_env = 'x'\n[env.xy]");
    assert_eq!(
        error(default.path(), &[], &[]),
        "driftlock.toml:1:15: there is no environment `x` in driftlock.toml; did you mean `xy`?"
    );
    let missing = load(folder.path(), &[], &[("config", "", "none.toml")]).unwrap_err();
    assert_eq!((missing.kind(), missing.code()), (Kind::Failed, "DL0601"));
}

#[test]
fn paths_of_the_file_are_from_its_folder_and_all_others_from_here() {
    let folder = project(SHOP);
    let root = folder.path();
    let sub = root.join("sub");
    let settings = load(&sub, &[], &[]).unwrap().target().unwrap();
    let url = settings.database_url().unwrap().unwrap();
    assert_eq!(Path::new(&url.path), root.join("shop.db"));
    let directory = settings.directory("sqlite").unwrap();
    assert_eq!(
        (directory.path.as_path(), directory.shown.as_str()),
        (root.join("migrations/sqlite").as_path(), "../migrations/sqlite")
    );
    assert_eq!(
        settings.directory("mysql").unwrap_err().to_string(),
        "../driftlock.toml:2:15: `migrations` has no directory for mysql, only for postgres, sqlite; add `mysql = \"…\"`"
    );
    let here = load(root, &[], &[]).unwrap().target().unwrap();
    assert_eq!(here.database_url().unwrap().unwrap().path, "shop.db");
    let given = load(&sub, &[("DRIFTLOCK_DIR", "m")], &[("url", "--url", "sqlite://x.db")]).unwrap();
    assert!(given.file().is_none(), "URL and directory stand in for a configuration");
    let given = given.target().unwrap();
    assert_eq!(given.database_url().unwrap().unwrap().path, "x.db");
    assert_eq!(given.directory("postgres").unwrap().path, sub.join("m"));
    let other = load(root, &[], &[("url", "--url", "sqlite://x.db")]).unwrap().target().unwrap();
    assert!(other.environment.is_none(), "another URL is another database than that of the default environment");
    let named = [("url", "--url", "sqlite://x.db"), ("migrations", "--dir", "m"), ("env", "", "prod")];
    assert!(load(root, &[], &named).unwrap().target().unwrap().protected.value);
    let all: Vec<String> = load(root, &[], &[]).unwrap().directories().into_iter().map(|it| it.shown).collect();
    assert_eq!(all, ["migrations/postgres", "migrations/sqlite", "other"]);
    let none = tempfile::tempdir().unwrap();
    assert_eq!(load(none.path(), &[], &[]).unwrap().directories()[0].path, none.path().join("migrations"));
    let named = load(none.path(), &[], &[("env", "", "prod")]).unwrap().target().unwrap();
    assert!(named.protected.value, "a name is enough to be protected");
}

#[test]
fn secrets_are_fetched_when_they_are_needed_and_every_time() {
    let folder = project(SHOP);
    let prod = load(folder.path(), &[], &[("env", "", "prod")]).unwrap().target().unwrap();
    let missing = prod.database_url().unwrap_err();
    assert!(missing.to_string().starts_with("driftlock.toml:18:7: the file `"), "{missing}");
    assert_eq!(missing.kind(), Kind::Failed);
    let dsn = folder.path().join("dsn");
    std::fs::write(&dsn, "postgres://u:one@h/d\n").unwrap();
    assert_eq!(prod.database_url().unwrap().unwrap().password.as_deref(), Some("one"));
    std::fs::write(&dsn, "postgres://u:two@h/d\n").unwrap();
    assert_eq!(prod.database_url().unwrap().unwrap().password.as_deref(), Some("two"));
    std::fs::write(&dsn, "s3cret").unwrap();
    let error = prod.database_url().unwrap_err();
    assert!(error.to_string().contains("begins with a scheme") && !error.to_string().contains("s3cret"), "{error}");
    let staging = load(folder.path(), &[("STAGING_URL", "mysql://u:s3cret@h/d")], &[("env", "", "staging")]).unwrap();
    let staging = staging.target().unwrap();
    assert_eq!(staging.database_url().unwrap().unwrap().to_string(), "mysql://u:***@h/d");
    assert!(!format!("{staging:?}").contains("s3cret"));
    assert_eq!(staging.lock_wait.as_ref().unwrap().value, Duration::from_secs(20));
}

#[test]
fn options_come_from_settings_and_a_pipelines_environment_counts() {
    let folder = project(SHOP);
    let options = |variables: &[(&str, &str)], flags: &[(&'static str, &str, &str)]| {
        let config = load(folder.path(), variables, flags).unwrap();
        let settings = config.target().unwrap();
        let name = settings.environment.as_ref().map(|name| name.value.as_str());
        settings.options(&crate::Provenance::detect(name, &crate::ProvenanceOverrides::default(), config.variables()))
    };
    let dev = options(&[("CI_ENV", "prod")], &[("out_of_order", "--out-of-order", "true")]);
    assert_eq!((dev.environment.as_deref(), dev.protected, dev.rollback), (Some("dev"), false, Rollback::Allow));
    assert_eq!((dev.lock_wait, dev.out_of_order), (Duration::from_secs(10), true));
    assert_eq!(dev.attempts, crate::Options::default().attempts);
    let elsewhere = [("url", "--url", "sqlite://x.db"), ("migrations", "--dir", "m")];
    let piped = options(&[("CI_ENV", "prod")], &elsewhere);
    assert_eq!(
        (piped.environment.as_deref(), piped.protected, piped.rollback),
        (Some("prod"), true, Rollback::Approved)
    );
    let told = options(&[("CI_ENV", "prod"), ("DRIFTLOCK_PROTECTED", "false")], &elsewhere);
    assert_eq!((told.protected, told.rollback), (false, Rollback::Allow));
    assert_eq!(options(&[], &elsewhere).environment, None);
}

#[test]
fn placeholders_of_an_environment_come_on_top_name_by_name_and_flags_on_these() {
    let folder = project(
        "placeholders = { schema = 'shop', owner = 'app', Note = '' }\n[env.dev]\n[env.dev.placeholders]\nowner = 'me'\npassword = { env = 'PW' }\n",
    );
    let values = |variables: &[(&str, &str)], flags: &[(&'static str, &str, &str)]| {
        let settings = load(folder.path(), variables, flags).unwrap().target().unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
        settings.values()
    };
    let flag = |text| ("placeholders", "--placeholder", text);
    let given = values(&[("PW", "s3cret"), ("EMPTY", "")], &[flag("owner=you=me"), flag("x=")]).unwrap();
    let found: Vec<(&str, &str)> = given.placeholders.iter().map(|(name, text)| (&**name, &**text)).collect();
    assert_eq!(found, [("Note", ""), ("owner", "you=me"), ("password", "s3cret"), ("schema", "shop"), ("x", "")]);
    assert_eq!(given.environment["EMPTY"], "");
    assert!(!format!("{given:?}").contains("s3cret"), "{given:?}");
    let missing = values(&[], &[]).unwrap_err().to_string();
    assert_eq!(missing, "driftlock.toml:3:1: the environment variable `PW` is not set; set it, or name another source");
    let wrong = error(folder.path(), &[], &[flag("s3cret")]);
    assert_eq!(wrong, "--placeholder: a name and its value are wanted here, with `=` between them: NAME=VALUE");
    let number = project("[env.dev]\nplaceholders = { port = 5432 }");
    assert!(
        error(number.path(), &[], &[])
            .starts_with("driftlock.toml:2:25: `placeholders`: a string, or { env = \"NAME\" }"),
        "{}",
        error(number.path(), &[], &[])
    );
}

#[test]
fn tables_are_left_out_by_name_beside_what_is_ignored() {
    let folder = project(
        "ignore = ['view:old_*']\nexclude_tables = ['audit_*', 'public.notes']\n[env.dev]\nurl = 'sqlite://a.db'",
    );
    let filter = load(folder.path(), &[], &[]).unwrap().target().unwrap().filter().unwrap();
    let takes = |id: &str| filter.takes(&id.parse().unwrap());
    assert_eq!(filter.excluded(), ["table:audit_*", "table:public.notes", "view:old_*"]);
    assert!(!takes("table:audit_2024") && !takes("table:public.notes") && !takes("view:old_one"));
    assert!(takes("view:audit_2024") && takes("table:other.notes"), "tables alone, and of this schema");
    let folder = project("exclude_tables = ['']\n[env.dev]\nurl = 'sqlite://a.db'");
    let error = load(folder.path(), &[], &[]).unwrap().target().unwrap().filter().unwrap_err().to_string();
    assert!(error.starts_with("driftlock.toml:1:18: `exclude_tables`: "), "{error}");
}
