//! A holder that comes late: its session was ended, or its lock counted for nothing, the next run is done, and then it goes on.

use std::time::Duration;

use crate::bed::{EndState, Halted};
use crate::target::{ALL, Engine, Ran, Target, until};

/// How the second of two files runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One transaction.
    Whole,
    /// Each statement commits with its journal row.
    Pieces,
    /// With a statement that stands alone.
    Alone,
}

impl Kind {
    fn text(self, engine: Engine) -> String {
        // Rows that are there twice would show.
        let inserts = "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\n";
        match (self, engine) {
            (Kind::Whole, _) => inserts.to_owned(),
            (Kind::Pieces, _) => format!("-- driftlock: no-transaction\n{inserts}"),
            (Kind::Alone, Engine::Postgres) => {
                format!("{inserts}CREATE INDEX CONCURRENTLY a_id ON a (id);\nINSERT INTO a VALUES (3);\n")
            }
            (Kind::Alone, Engine::MySql) => {
                format!("{inserts}CREATE INDEX a_id ON a (id);\nINSERT INTO a VALUES (3);\n")
            }
            (Kind::Alone, Engine::Sqlite) => format!("{inserts}VACUUM;\nINSERT INTO a VALUES (3);\n"),
        }
    }

    /// Where a holder stands still: the point, and for the how manieth time the program comes there.
    fn points(self) -> &'static [(&'static str, u32)] {
        match self {
            Kind::Whole => &[("before-migration", 2), ("between-statements", 1), ("before-history", 2)],
            Kind::Pieces => &[("before-migration", 2), ("between-statements", 1), ("before-history", 2)],
            Kind::Alone => {
                &[("before-migration", 2), ("after-intent", 1), ("before-journal", 1), ("before-history", 2)]
            }
        }
    }
}

const KINDS: [Kind; 3] = [Kind::Whole, Kind::Pieces, Kind::Alone];

fn target(engine: Engine, kind: Kind) -> Target {
    let target = Target::new(engine);
    // On MySQL this file would be one that stands alone, and be counted at the points of the second.
    target.query("CREATE TABLE a (id integer)");
    target.migration(1, "INSERT INTO a VALUES (0);\n");
    target.migration(2, &kind.text(engine));
    target
}

fn reference(engine: Engine, kind: Kind) -> EndState {
    let target = target(engine, kind);
    target.run(&["up"]).expect(0);
    EndState::of(&target)
}

/// Ends everything that a runner has open on the server.
fn end_sessions(target: &Target) {
    let list = match target.engine {
        Engine::Postgres => {
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'driftlock%'"
                .to_owned()
        }
        _ => format!(
            "SELECT id FROM information_schema.processlist WHERE db = '{}' AND id <> connection_id()",
            target.database()
        ),
    };
    for id in target.query(&list) {
        target.query(&match target.engine {
            Engine::Postgres => format!("SELECT pg_terminate_backend({id})"),
            _ => format!("KILL {id}"),
        });
    }
    until("the sessions have ended", || target.query(&list).is_empty());
}

/// That the database is as after an undisturbed run, and that driftlock finds nothing wrong with it.
#[track_caller]
fn is_as(target: &Target, wanted: &EndState, what: &str) {
    EndState::of(target).expect(wanted).unwrap_or_else(|difference| panic!("{what}: {difference}"));
    target.run(&["status", "--exit-code"]).expect(0);
    target.run(&["up"]).expect(0);
}

#[test]
fn nothing_of_a_stopped_holder_lands_whose_session_was_ended() {
    for engine in [Engine::Postgres, Engine::MySql] {
        for kind in KINDS {
            let wanted = reference(engine, kind);
            for (point, time) in kind.points() {
                let what = format!("{engine:?} {kind:?} {point}");
                let target = target(engine, kind);
                let mut holder = Halted::start(&target, &target.url, point, *time, "holder");
                assert!(holder.stands(), "{what}");
                holder.signal("STOP");
                end_sessions(&target);
                target.run(&["up", "--lock-wait", "30s"]).expect(0);
                is_as(&target, &wanted, &what);
                holder.go();
                holder.signal("CONT");
                let late = holder.end().expect(1);
                assert!(late.stderr.contains("connection"), "{what}\n{}", late.stderr);
                is_as(&target, &wanted, &what);
            }
        }
    }
}

/// SQLite has no session that a server could end: as long as the process is there, so is its lock.
#[test]
fn a_stopped_holder_keeps_its_lock_on_sqlite() {
    for kind in KINDS {
        let wanted = reference(Engine::Sqlite, kind);
        for (point, time) in kind.points() {
            let target = target(Engine::Sqlite, kind);
            let mut holder = Halted::start(&target, &target.url, point, *time, "holder");
            assert!(holder.stands());
            holder.signal("STOP");
            for more in [&[][..], &["--take-over"][..]] {
                let arguments = [&["up", "--lock-wait", "500ms"], more].concat();
                target.run(&arguments).expect(5).says(&[&format!("pid {}", holder.child.id())]);
            }
            holder.go();
            holder.signal("CONT");
            holder.end().expect(0);
            is_as(&target, &wanted, &format!("{kind:?} {point}"));
        }
    }
}

/// A run for which the lock is as good as held.
fn past_the_lock(target: &Target) -> Ran {
    let mut command = target.driftlock(&["up", "--lock-timeout", "300ms", "--attempts", "2"]);
    command.env("FAULT_POINT", "skip-lock").env("FAULT_DIR", target.path());
    Ran::new(command.output().unwrap())
}

#[test]
fn the_fence_alone_stops_a_holder_that_was_overtaken() {
    for engine in ALL {
        for kind in KINDS {
            let wanted = reference(engine, kind);
            for (point, time) in kind.points() {
                let what = format!("{engine:?} {kind:?} {point}");
                let target = target(engine, kind);
                let mut holder = Halted::start(&target, &target.url, point, *time, "holder");
                assert!(holder.stands(), "{what}");
                let next = past_the_lock(&target);
                // SQLite lets nobody write beside an open transaction, not even raise the token.
                let in_a_transaction = kind == Kind::Whole && *point != "before-migration";
                if engine == Engine::Sqlite && in_a_transaction {
                    next.expect(1).says(&["locked"]);
                    holder.go();
                    holder.end().expect(0);
                    is_as(&target, &wanted, &what);
                    continue;
                }
                next.expect(0);
                holder.go();
                let late = holder.end();
                // A statement that stands alone can't be fenced, only locked out: its own error may come first.
                if *point == "after-intent" {
                    assert!([1, 4].contains(&late.code), "{what}: {}\n{}", late.code, late.stderr);
                } else {
                    late.expect(4).says(&["taken over"]);
                }
                is_as(&target, &wanted, &what);
            }
        }
    }
}

#[test]
fn a_lock_file_that_someone_deletes_lets_nothing_land_twice() {
    for kind in [Kind::Whole, Kind::Pieces, Kind::Alone] {
        let wanted = reference(Engine::Sqlite, kind);
        let target = target(Engine::Sqlite, kind);
        let mut holder = Halted::start(&target, &target.url, "before-migration", 2, "holder");
        assert!(holder.stands());
        std::fs::remove_file(target.path().join("test.db-driftlock-lock")).unwrap();
        target.run(&["up"]).expect(0);
        is_as(&target, &wanted, &format!("{kind:?}"));
        std::thread::sleep(Duration::from_millis(50));
        holder.go();
        holder.end().expect(4);
        is_as(&target, &wanted, &format!("{kind:?}"));
    }
}
