//! A lock file that another major of the server has written: each prints some expressions in its own way.

use driftlock::schema::{Fingerprint, Schema, Value};
use driftlock::script::LockFile;

use crate::target::{Engine, Target};
use crate::{json, lock, lock_text, shop, with_shadow};

/// The engines that print expressions in their own way; SQLite keeps what users write.
const SERVERS: [Engine; 2] = [Engine::Postgres, Engine::MySql];

/// A shop with a check, whose lock file is of another major, which wrote the check's expression so.
fn locked_elsewhere(engine: Engine, expression: &str) -> Target {
    let target = shop(engine);
    target.migration(4, "ALTER TABLE customer ADD CONSTRAINT few CHECK (id < 1000);\n");
    lock(&target).expect(0);
    let mut lock = LockFile::parse(&lock_text(&target), "schema.lock").unwrap();
    lock.version = if engine == Engine::Postgres { "PostgreSQL 9.9" } else { "MariaDB 9.9.1" }.to_owned();
    let mut schema = Schema::new(lock.engine.as_str());
    for (id, object) in lock.schema().unwrap().clone().iter() {
        let mut object = object.clone();
        for part in object.parts.iter_mut().filter(|part| part.name == "few") {
            assert!(part.attributes.text("expression").is_some_and(|text| text.contains("1000") && text != expression));
            part.attributes.set("expression", Value::Text(expression.to_owned()));
        }
        let after = lock.migrations.last_mut().unwrap().changed.get_mut(id);
        if let Some(after) = after {
            *after = Some(Fingerprint::of_object(&object, lock.filter.facets()));
        }
        schema.insert(object);
    }
    lock.fingerprint = schema.fingerprint_of(lock.filter.facets());
    lock.schema = schema.into();
    lock.migrations.last_mut().unwrap().fingerprint = lock.fingerprint;
    std::fs::write(target.migrations().join("schema.lock"), lock.to_text().unwrap()).unwrap();
    target
}

/// As another major may write what the migration says.
fn spelled(engine: Engine) -> &'static str {
    if engine == Engine::Postgres { "((id)::integer < ((1000)))" } else { "((`id`) < (1000))" }
}

#[test]
fn expressions_of_another_major_are_compared_where_its_schema_can_be_made_again() {
    for engine in SERVERS {
        let target = locked_elsewhere(engine, spelled(engine));
        let ran = with_shadow(&target, &["check", "--migrations"]).expect(0);
        ran.says(&["the migrations make what schema.lock says", "its schema was made again on"]);
        let migrations =
            &json(&with_shadow(&target, &["check", "--migrations", "--format", "json"]).expect(0))["migrations"];
        assert_eq!(
            (migrations["other_major"].as_str(), migrations["expressions"].as_u64()),
            (Some("made_again"), Some(0))
        );

        target.run(&["up"]).expect(0);
        let ran = with_shadow(&target, &["check", "--database"]).expect(0);
        ran.says(&["is as schema.lock expects", "made again on a shadow"]);
    }
}

#[test]
fn a_real_difference_of_an_expression_is_not_left_out_as_another_majors_spelling() {
    for engine in SERVERS {
        let target = locked_elsewhere(engine, "(id < 999)");
        with_shadow(&target, &["check", "--migrations"]).expect(3).says(&["check few: expression is"]);
        target.run(&["up"]).expect(0);
        with_shadow(&target, &["check", "--database"]).expect(3).says(&["check few: expression is"]);
    }
}

#[test]
fn where_its_schema_cannot_be_made_again_expressions_are_left_out_and_counted() {
    for engine in SERVERS {
        let target = locked_elsewhere(engine, "(no_such_function(id) < 1000)");
        let ran = with_shadow(&target, &["check", "--migrations"]).expect(0);
        ran.says(&[
            "1 expression written otherwise, and not compared",
            "can't be made again on this one",
            "no_such_function",
        ]);
        target.run(&["up"]).expect(0);
        let database = &json(&with_shadow(&target, &["check", "--database", "--format", "json"]).expect(0))["database"];
        assert_eq!((database["other_major"].as_str(), database["expressions"].as_u64()), (Some("left_out"), Some(1)));
    }
}
