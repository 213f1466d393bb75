//! The library prints nothing: this program runs itself as a child that uses it, and looks at what the child wrote.
#![allow(clippy::unwrap_used)]

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod common;

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn main() {
    use std::process::Command;

    use common::{ENGINES, TestDatabase};

    const CHILD: &str = "DRIFTLOCK_SILENT_CHILD";
    if let Ok(url) = std::env::var(CHILD) {
        child(&url);
        return;
    }
    for engine in ENGINES {
        let database = TestDatabase::new(engine);
        let out = Command::new(std::env::current_exe().unwrap()).env(CHILD, &database.url).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(out.status.success(), "{engine}: {}", said(&out.stderr));
        assert_eq!((said(&out.stdout), said(&out.stderr)), (String::new(), String::new()), "{engine}");
    }
    println!("silent on {}", ENGINES.join(", "));
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn main() {
    println!("not run: it wants all engines");
}

/// All that could make it talk: notices, warnings, notes, a failure, a panic of nobody.
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn child(url: &str) {
    use driftlock::{Migrator, blocking};

    let good = common::migrations(&[
        ("1_a.up.sql", "CREATE TABLE a (id integer);\nDROP TABLE IF EXISTS nowhere;"),
        ("1_a.down.sql", "DROP TABLE a;"),
    ]);
    let bad = common::migrations(&[
        ("1_a.up.sql", "CREATE TABLE a (id integer);\nDROP TABLE IF EXISTS nowhere;"),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_b.up.sql", "INSERT INTO nowhere VALUES (1);"),
    ]);
    let db = blocking::connect(url).unwrap();
    db.up(&Migrator::new(&good)).unwrap();
    db.up(&Migrator::new(&bad)).unwrap_err();
    db.redo(&Migrator::new(&good)).unwrap();
    db.down(&Migrator::new(&good)).unwrap();
    db.close();
}
