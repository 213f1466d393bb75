//! What is remembered of a database on this machine never gives another answer than a look at it.

use std::path::PathBuf;

use crate::target::{ALL, Engine, Target};
use crate::{by_hand, json, lock, shop};

fn files(target: &Target) -> Vec<PathBuf> {
    let folder = target.path().join(".cache/driftlock");
    let all = std::fs::read_dir(folder).into_iter().flatten().map(|it| it.unwrap().path());
    all.filter(|path| path.is_file()).collect()
}

/// What `check --database` answers, and that the marks in the log say the same.
fn drift(target: &Target) -> usize {
    let ran = target.run(&["check", "--database", "--format", "json"]);
    let drift = json(&ran)["database"]["drift"].as_array().unwrap().len();
    assert_eq!(ran.code, if drift == 0 { 0 } else { 3 });
    drift
}

fn set_up(engine: Engine) -> Target {
    let target = shop(engine);
    lock(&target).expect(0);
    target.run(&["up"]).expect(0);
    assert_eq!(drift(&target), 0);
    target
}

#[test]
fn every_change_is_seen_although_a_reading_is_remembered() {
    for engine in ALL {
        let target = set_up(engine);
        for _ in 0..3 {
            assert_eq!(drift(&target), 0);
            by_hand(&target, "CREATE TABLE stray (id integer)");
            assert_eq!(drift(&target), 1, "{engine:?}");
            assert_eq!(drift(&target), 1);
            by_hand(&target, "DROP TABLE stray");
            assert_eq!(drift(&target), 0);
        }
    }
}

#[test]
fn a_file_from_before_or_of_nonsense_costs_a_reading_and_nothing_else() {
    for engine in ALL {
        let target = set_up(engine);
        let all = files(&target);
        // Only the engines that have change marks remember something.
        assert_eq!(all.len(), usize::from(engine != Engine::MySql), "{engine:?}: {all:?}");
        if engine == Engine::MySql {
            continue;
        }
        let good = std::fs::read(&all[0]).unwrap();
        by_hand(&target, "CREATE TABLE stray (id integer)");
        std::fs::write(&all[0], &good).unwrap();
        assert_eq!(drift(&target), 1, "a stale file");
        for nonsense in [&b""[..], b"{}", b"\xff\xfe", &good[..good.len() / 2]] {
            std::fs::write(&all[0], nonsense).unwrap();
            assert_eq!(drift(&target), 1);
        }
        std::fs::remove_file(&all[0]).unwrap();
        std::fs::create_dir(&all[0]).unwrap();
        assert_eq!(drift(&target), 1, "a folder in its place");
    }
}

#[test]
fn another_file_in_the_place_of_a_sqlite_database_is_read() {
    let target = set_up(Engine::Sqlite);
    let path = target.path().join("test.db");
    let good = std::fs::read(&path).unwrap();
    // As many statements as it would take for the same counter in the same file.
    by_hand(&target, "DROP TABLE orders");
    assert_eq!(drift(&target), 1);
    let bad = std::fs::read(&path).unwrap();
    std::fs::write(&path, &good).unwrap();
    assert_eq!(drift(&target), 0);
    // Another history that comes to the same number of changes.
    by_hand(&target, "ALTER TABLE orders RENAME TO order_lines");
    assert_eq!(drift(&target), 2);
    std::fs::write(&path, &bad).unwrap();
    assert_eq!(drift(&target), 1);
}

#[test]
fn two_at_once_and_a_folder_that_nobody_may_write_give_the_same_answer() {
    let target = set_up(Engine::Sqlite);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| assert_eq!(drift(&target), 0)));
        }
    });
    assert_eq!(files(&target).len(), 1);
    std::fs::remove_dir_all(target.path().join(".cache")).unwrap();
    std::fs::write(target.path().join(".cache"), "a file").unwrap();
    assert_eq!(drift(&target), 0);
}
