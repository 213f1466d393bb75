//! A `sync` that is killed, disturbed, stopped, or one of eight.

use crate::bed::{Halted, dump, in_parallel};
use crate::target::{ALL, Engine, Ran, Target};

const FIRST: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(40), town varchar(20));
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id));
CREATE TABLE gone (id integer NOT NULL PRIMARY KEY);
CREATE VIEW names AS SELECT name FROM customer;
";

const SECOND: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(60) NOT NULL, place varchar(20), points integer DEFAULT 7);
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer NOT NULL, total integer DEFAULT 0,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE);
CREATE INDEX orders_total ON orders (total);
CREATE VIEW names AS SELECT id, name FROM customer;
";

/// A value of an enum is committed before it is used.
const MORE: [&str; 2] = [
    "CREATE TYPE state AS ENUM ('new');\nCREATE TABLE ticket (id integer PRIMARY KEY, state state);\n",
    "CREATE TYPE state AS ENUM ('new', 'done');\nCREATE TABLE ticket (id integer PRIMARY KEY, state state DEFAULT 'done');\n",
];

const ROWS: [&str; 2] = [
    "INSERT INTO customer VALUES (1, 'Ann', 'Rome'), (2, 'Bob', NULL)",
    "INSERT INTO orders VALUES (1, 1), (2, 2), (3, 1)",
];

fn command(target: &Target, file: &str) -> std::process::Command {
    let arguments =
        ["sync", "--to", file, "--allow", "data_loss", "--rename", "table:customer.town=place", "--url", &target.url];
    target.with_shadow(target.command(&arguments))
}

fn synced(target: &Target, file: &str) -> Ran {
    Ran::new(command(target, file).output().unwrap())
}

/// A database that is as the first says, with rows.
fn begun(engine: Engine) -> Target {
    let target = Target::new(engine);
    for (file, sql, more) in [("first.sql", FIRST, MORE[0]), ("second.sql", SECOND, MORE[1])] {
        let more = if engine == Engine::Postgres { more } else { "" };
        std::fs::write(target.path().join(file), format!("{more}{sql}")).unwrap();
    }
    let first = target.command(&["sync", "--to", "sql:first.sql", "--url", &target.url]);
    Ran::new(target.with_shadow(first).output().unwrap()).expect(0);
    for sql in ROWS {
        target.query(sql);
    }
    target
}

/// Kills a run when it comes to a point for the `time`th time. `None`: it never does.
fn killed(engine: Engine, point: &str, time: u32, wanted: &str) -> Option<Result<(), String>> {
    let target = begun(engine);
    let mut run = Halted::of(command(&target, "sql:second.sql"), target.path().join("run"), point, time);
    if !run.stands() {
        run.end().expect(0);
        return None;
    }
    run.child.kill().unwrap();
    run.end();
    let place = format!("{engine:?}, {point} the {time}. time");
    let next = synced(&target, "sql:second.sql");
    if next.code != 0 {
        return Some(Err(format!("{place}: the next one ended with {}:\n{}", next.code, next.stderr)));
    }
    let dump = dump(&target);
    Some(if dump == wanted { Ok(()) } else { Err(format!("{place}: the dump is\n{dump}\nand not\n{wanted}")) })
}

#[test]
fn wherever_a_sync_is_killed_the_next_one_ends_right() {
    let mut wrong = Vec::new();
    for engine in ALL {
        let reference = begun(engine);
        synced(&reference, "sql:second.sql").expect(0);
        let reference = dump(&reference);
        let points = ["before-steps", "between-steps"];
        assert_eq!(points, driftlock_database::fault::POINTS[12..]);
        let results = in_parallel(points.to_vec(), 2, |point| {
            (1..).map_while(|time| killed(engine, point, time, &reference)).collect::<Vec<_>>()
        });
        let counts: Vec<usize> = results.iter().map(Vec::len).collect();
        println!("{engine:?}: {counts:?} kills");
        assert!(counts.iter().all(|count| *count > 0), "{engine:?}: {counts:?}");
        wrong.extend(results.into_iter().flatten().filter_map(Result::err));
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_somebody_changes_while_the_steps_are_proved_is_not_run_over() {
    for engine in ALL {
        let target = begun(engine);
        let mut run = Halted::of(command(&target, "sql:second.sql"), target.path().join("run"), "before-steps", 1);
        assert!(run.stands());
        target.query("ALTER TABLE customer ADD COLUMN hotfix integer");
        let before = dump(&target);
        run.go();
        run.end().expect(4).says(&["somebody else changed the database", "nothing was changed"]);
        assert_eq!(dump(&target), before);
    }
}

#[test]
fn a_sync_that_is_told_to_stop_stops_between_statements_and_frees_the_lock() {
    for engine in ALL {
        let target = begun(engine);
        let before = dump(&target);
        let mut run = Halted::of(command(&target, "sql:second.sql"), target.path().join("run"), "between-steps", 1);
        assert!(run.stands());
        run.signal("INT");
        run.end().expect(130);
        assert_eq!(dump(&target), before);
        synced(&target, "sql:second.sql").expect(0);
    }
}

#[test]
fn eight_syncs_at_once_are_one_behind_the_other() {
    for engine in ALL {
        let target = begun(engine);
        let runs: Vec<_> = (0..8).map(|_| command(&target, "sql:second.sql").spawn().unwrap()).collect();
        let ran: Vec<Ran> = runs.into_iter().map(|run| Ran::new(run.wait_with_output().unwrap()).expect(0)).collect();
        let did = ran.iter().filter(|ran| ran.stdout.contains("proved before") || ran.stderr.contains("proved before"));
        assert_eq!(did.count(), 1);
        assert_eq!(ran.iter().filter(|ran| ran.stderr.contains("nothing to do")).count(), 7);
    }
}
