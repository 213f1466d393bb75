//! Many runners at once: all are content, and each migration ran exactly once.

use crate::target::{ALL, Engine, Ran, Target};

const FILES: u32 = 6;

fn migrations(target: &Target, concurrently: bool) {
    for number in 1..=FILES {
        let text = match (number, concurrently) {
            (1, _) => "CREATE TABLE log (id integer, note varchar(40));\nINSERT INTO log VALUES (1, 'first');\n".to_owned(),
            (4, true) => "CREATE INDEX CONCURRENTLY log_by_id ON log (id);\nCREATE INDEX CONCURRENTLY log_by_note ON log (note);\n"
                .to_owned(),
            _ => format!("CREATE TABLE t{number} (id integer PRIMARY KEY);\nINSERT INTO log VALUES ({number}, 'once');\n"),
        };
        target.migration(number, &text);
    }
}

fn race(engine: Engine, runners: usize, concurrently: bool) {
    let target = Target::new(engine);
    migrations(&target, concurrently);
    let children: Vec<_> = (0..runners).map(|_| target.start(&["up", "--connect-timeout", "60s"])).collect();
    for child in children {
        Ran::new(child.wait_with_output().expect("it ends")).expect(0);
    }
    let inserted = if concurrently { FILES - 1 } else { FILES };
    assert_eq!(target.value("SELECT count(*) FROM log"), inserted.to_string(), "{engine:?}");
    assert_eq!(target.history("state = 'done'"), FILES.to_string(), "{engine:?}");
    assert_eq!(target.history("state = 'failed'"), "0", "{engine:?}");
    target.run(&["status"]).expect(0);
    if concurrently {
        assert_eq!(target.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
        assert_eq!(target.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'log'"), "2");
    }
}

#[test]
fn eight_at_once_five_rounds() {
    for engine in ALL {
        for _ in 0..5 {
            race(engine, 8, false);
        }
    }
}

#[test]
fn sixty_four_at_once_five_rounds() {
    for engine in ALL {
        for _ in 0..5 {
            race(engine, 64, false);
        }
    }
}

#[test]
fn indexes_built_concurrently_beside_waiting_runners() {
    for _ in 0..5 {
        race(Engine::Postgres, 8, true);
    }
    race(Engine::Postgres, 64, true);
}

/// Eight first runs on one file, some of which are killed at any moment: the others go on, and nothing is there twice.
#[test]
fn first_runs_on_one_sqlite_file_with_kills_among_them() {
    for wal in [false, true] {
        let seed = fastrand::u64(..);
        println!("seed {seed}, wal {wal}");
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..5 {
            let target = Target::new(Engine::Sqlite);
            if wal {
                target.query("PRAGMA journal_mode = WAL; CREATE TABLE before (id integer)");
            }
            migrations(&target, false);
            // One that can't be a transaction, so that its journal is written beside the others.
            target.migration(
                FILES + 1,
                "-- driftlock: no-transaction\nCREATE TABLE late (id integer);\nINSERT INTO late VALUES (1);\nINSERT INTO late VALUES (2);\n",
            );
            let mut children: Vec<_> = (0..8).map(|_| target.start(&["up", "--lock-wait", "60s"])).collect();
            for _ in 0..3 {
                std::thread::sleep(std::time::Duration::from_millis(random.u64(0..60)));
                let mut killed = children.swap_remove(random.usize(..children.len()));
                // It may be done by now.
                let _ = killed.kill();
                killed.wait().expect("it ends");
            }
            for child in children {
                Ran::new(child.wait_with_output().expect("it ends")).expect(0);
            }
            target.run(&["up"]).expect(0).says(&["nothing to do"]);
            let found = "SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM late), (SELECT group_concat(version) FROM \
                         (SELECT version FROM driftlock_history WHERE state = 'done' ORDER BY sequence))";
            let versions: Vec<String> = (1..=FILES + 1).map(|number| format!("20260101-{number:06}")).collect();
            assert_eq!(target.value(found), format!("{FILES}|2|{}", versions.join(",")), "round {round}");
            assert_eq!(target.value("PRAGMA integrity_check"), "ok");
            assert_eq!(target.value("PRAGMA journal_mode"), if wal { "wal" } else { "delete" });
            target.run(&["audit", "--verify"]).expect(0);
        }
    }
}

#[test]
fn one_lock_for_a_database_by_every_name_of_it() {
    let target = Target::new(Engine::Sqlite);
    migrations(&target, false);
    let link = target.path().join("link.db");
    std::fs::write(target.path().join("test.db"), "").unwrap();
    std::os::unix::fs::symlink("test.db", &link).unwrap();
    let by_link = format!("sqlite://{}", link.display());
    let children: Vec<_> = (0..8)
        .map(|number| {
            let url = if number % 2 == 0 { &target.url } else { &by_link };
            target.command(&["up", "--url", url, "--dir", "migrations"]).spawn().expect("it starts")
        })
        .collect();
    for child in children {
        Ran::new(child.wait_with_output().expect("it ends")).expect(0);
    }
    assert_eq!(target.history("state = 'done'"), FILES.to_string());
}
