//! `check --migrations`: a replay held against the lock file.

use crate::target::ALL;
use crate::{json, lock, shop, with_shadow};

#[test]
fn migrations_that_make_what_the_lock_says_agree() {
    for engine in ALL {
        let target = shop(engine);
        with_shadow(&target, &["check", "--migrations"]).expect(2).says(&["there is no schema.lock"]);
        lock(&target).expect(0);
        let ran = with_shadow(&target, &["check", "--migrations"]).expect(0);
        ran.says(&["the migrations make what schema.lock says: 3 migrations"]);
    }
}

#[test]
fn an_edited_migration_makes_something_else_than_the_lock_says() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.migration(1, "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, email varchar(60) NOT NULL);\n");
        let ran = with_shadow(&target, &["check", "--migrations"]).expect(3);
        ran.says(&[
            "customer, column email: type is",
            "schema.lock is stale",
            "version 20260101-000001: changes otherwise",
        ]);
        let value = json(&with_shadow(&target, &["check", "--migrations", "--format", "json"]).expect(3));
        let drift = &value["migrations"]["drift"][0];
        assert_eq!((drift["attribute"].as_str(), drift["difference"].as_str()), (Some("type"), Some("altered")));
        assert_eq!(value["migrations"]["agrees"], false);
    }
}

#[test]
fn an_edit_that_changes_nothing_makes_the_lock_stale_all_the_same() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.migration(2, "-- a remark\nCREATE TABLE orders (id integer NOT NULL PRIMARY KEY, total integer);\n");
        let ran = with_shadow(&target, &["check", "--migrations"]).expect(3);
        ran.says(&["schema.lock is stale", "and make the same"]);
        lock(&target).expect(0).says(&["written anew"]);
        with_shadow(&target, &["check", "--migrations"]).expect(0);
    }
}

#[test]
fn two_versions_that_undo_each_other_are_not_taken_for_agreement() {
    for engine in ALL {
        let target = shop(engine);
        target.migration(4, "CREATE TABLE passing (id integer);\n");
        target.migration(5, "DROP TABLE passing;\n");
        lock(&target).expect(0);
        target.migration(4, "CREATE TABLE passing (id bigint);\n");
        let value = json(&with_shadow(&target, &["check", "--migrations", "--format", "json"]).expect(3));
        assert_eq!(value["migrations"]["drift"].as_array().unwrap().len(), 0, "the end is the same");
        assert_eq!(value["migrations"]["versions"][0]["version"], "20260101-000004");
    }
}
