//! Flyway's own tests: the names of its files, and scripts of each engine.

use std::sync::Arc;

use driftlock_script::{Dialect, Layout, Memory, Migrations, Role};
use proptest::prelude::*;

use crate::cases;

#[test]
fn names() {
    let mut left = 0;
    for case in cases("flyway_names.jsonl") {
        let text = |key: &str| case[key].as_str().unwrap();
        let id = text("id");
        // Since then a description may be missing; and other prefixes and separators than the usual are a matter of Flyway's
        // configuration, which is no part of a directory.
        if id == "extractSchemaVersionNoDescription" || text("sep") != "__" || text("prefix") == "V_" {
            left += 1;
            continue;
        }
        let prefix = if text("prefix").is_empty() { "V" } else { "" };
        let suffix = if text("suffix").is_empty() { ".sql" } else { "" };
        let file = format!("{prefix}{}{suffix}", text("file"));
        let got = Layout::Flyway.read_name(&file).map(|name| {
            let version = if name.role == Role::Repeatable { "" } else { name.version.as_str() };
            (version.to_owned(), name.name.replace('_', " "))
        });
        let expected = case["expected"].as_array().map(|pair| {
            let text = |at: usize| pair[at].as_str().unwrap().to_owned();
            (text(0), text(1))
        });
        assert_eq!(got.as_ref().ok(), expected.as_ref(), "{id}: {file}: {got:?}");
    }
    assert!(left <= 3, "{left} cases are left out");
}

#[test]
fn scripts_of_each_engine() {
    for case in cases("flyway_dialect_scripts.jsonl") {
        let (path, input) = (case["file"].as_str().unwrap(), case["input"].as_str().unwrap());
        let dialect = match case["db"].as_str().unwrap() {
            "postgresql" => Dialect::Postgres,
            "mysql" => Dialect::MySql,
            "sqlite" => Dialect::Sqlite,
            other => panic!("{other}"),
        };
        let file = path.rsplit('/').next().unwrap();
        let migrations = Migrations::load(Arc::new(Memory::new().with(file, input)), Some(Layout::Flyway)).unwrap();
        let body = migrations.body(&migrations.list()[0].up, dialect).unwrap_or_else(|error| panic!("{path}: {error}"));
        let statements =
            body.statements(dialect).unwrap_or_else(|error| panic!("{path}:{}:{}: {error}", error.line, error.column));
        assert!(!statements.is_empty(), "{path}");
    }
}

proptest! {
    /// Any text either has each of its placeholders replaced, or is an error at a place in it; nothing panics.
    #[test]
    fn any_text_is_a_body_or_an_error(text in "(\\$|\\{|\\}|a|é|\n|\\$\\{a\\}|\\$\\{flyway:filename\\}|;|'){0,40}", conf in "(executeInTransaction|placeholderReplacement|=|:| |true|false|\n|\r|#|\\\\|é){0,12}") {
        let files = Memory::new().with("V1__a.sql", text.clone()).with("V1__a.sql.conf", conf);
        let values = driftlock_script::Values { placeholders: [("a".to_owned(), "1".to_owned())].into(), ..Default::default() };
        let migrations = Migrations::load(Arc::new(files), Some(Layout::Flyway)).unwrap().with_values(values);
        match migrations.body(&migrations.list()[0].up, Dialect::Postgres) {
            Ok(body) => {
                let _ = body.statements(Dialect::Postgres);
            }
            Err(driftlock_script::LoadError::Body { error, .. }) => prop_assert!(error.line >= 1 && error.column >= 1),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}
