//! A generated migration that is killed at any of its points: the next `up` ends as if nothing had happened.

use crate::bed::{EndState, Halted, in_parallel};
use crate::matrix::POINTS;
use crate::target::{ALL, Engine, Target};

const FIRST: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(40), town varchar(20));
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id));
CREATE TABLE old (id integer NOT NULL PRIMARY KEY);
CREATE INDEX customer_town ON customer (town);
CREATE VIEW names AS SELECT name FROM customer;
";

const SECOND: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(60) NOT NULL, place varchar(20), points integer DEFAULT 7);
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer NOT NULL, total integer DEFAULT 0,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE);
CREATE TABLE items (id integer NOT NULL PRIMARY KEY, order_id integer NOT NULL,
    CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id));
CREATE INDEX orders_total ON orders (total);
CREATE UNIQUE INDEX customer_name ON customer (name);
CREATE VIEW names AS SELECT id, name FROM customer;
";

/// A value of an enum is committed before it is used: on PostgreSQL the migration is more than one transaction.
const MORE: [(&str, &str); 2] = [
    ("CREATE TYPE state AS ENUM ('new');\nCREATE TABLE ticket (id integer PRIMARY KEY, state state);\n", FIRST),
    (
        "CREATE TYPE state AS ENUM ('new', 'done');\nCREATE TABLE ticket (id integer PRIMARY KEY, state state DEFAULT 'done');\n",
        SECOND,
    ),
];

const ROWS: [&str; 2] = [
    "INSERT INTO customer VALUES (1, 'Ann', 'Rome'), (2, 'Bob', NULL)",
    "INSERT INTO orders VALUES (1, 1), (2, 2), (3, 1)",
];

fn wanted(engine: Engine) -> [String; 2] {
    match engine {
        Engine::Postgres => MORE.map(|(more, sql)| format!("{more}{sql}")),
        _ => [FIRST, SECOND].map(str::to_owned),
    }
}

/// Where both migrations are generated.
fn generated(engine: Engine) -> Target {
    let target = Target::new(engine);
    for (operation, sql) in ["create", "change"].into_iter().zip(wanted(engine)) {
        std::fs::write(target.path().join("want.sql"), sql).unwrap();
        let rename = ["--rename", "table:customer.town=place"];
        let arguments = ["generate", "shop", operation, "--to", "sql:want.sql", "--dir", "migrations", "--url"];
        let arguments = [&arguments[..], &[&target.url], &rename[..if operation == "change" { 2 } else { 0 }]].concat();
        let mut command = target.command(&arguments);
        command
            .args(["--engine", if engine == Engine::MySql { "mysql" } else { target.url.split(':').next().unwrap() }]);
        crate::target::Ran::new(target.with_shadow(command).output().unwrap()).expect(0);
    }
    target
}

/// A database in which the first of both has run, and rows are.
fn begun(engine: Engine, generated: &Target) -> Target {
    let target = Target::new(engine);
    for entry in std::fs::read_dir(generated.migrations()).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|it| it == "sql") {
            std::fs::copy(entry.path(), target.migrations().join(entry.file_name())).unwrap();
        }
    }
    target.run(&["up", "--steps", "1"]).expect(0);
    for sql in ROWS {
        target.query(sql);
    }
    target
}

/// Kills a run when it comes to a point for the `time`th time. `None`: it never does.
fn killed(engine: Engine, generated: &Target, point: &str, time: u32, wanted: &EndState) -> Option<Result<(), String>> {
    let target = begun(engine, generated);
    let mut run = Halted::start(&target, &target.url, point, time, "run");
    let stands = run.stands();
    if stands {
        run.child.kill().unwrap();
    }
    run.go();
    let ran = run.end();
    if !stands {
        ran.expect(0);
        return None;
    }
    let next = target.run(&["up"]);
    let place = format!("{engine:?}, {point} the {time}. time");
    if next.code != 0 {
        return Some(Err(format!("{place}: `up` ended with {}:\n{}", next.code, next.stderr)));
    }
    Some(EndState::of(&target).expect(wanted).map_err(|why| format!("{place}: {why}")))
}

#[test]
fn wherever_a_generated_migration_is_killed_the_next_run_ends_right() {
    let mut wrong = Vec::new();
    for engine in ALL {
        let generated = generated(engine);
        let reference = begun(engine, &generated);
        reference.run(&["up"]).expect(0);
        let reference = EndState::of(&reference);
        // For these somebody else has to stand in the way, or a statement has to take its time. One that such a run never comes to ends at once.
        let points = POINTS.into_iter().filter(|point| !matches!(*point, "waiting-for-lock" | "inside-statement"));
        let points: Vec<&str> = points.collect();
        let results = in_parallel(points.clone(), 4, |point| {
            // In a transaction one place is like the other.
            let most = if engine == Engine::MySql { u32::MAX } else { 3 };
            let times = (1..=most).map_while(|time| killed(engine, &generated, point, time, &reference));
            times.collect::<Vec<_>>()
        });
        let count = |results: &[Result<(), String>]| results.len();
        println!(
            "{engine:?}: {} kills",
            points
                .iter()
                .zip(&results)
                .map(|(point, it)| format!("{point} {}", count(it)))
                .collect::<Vec<_>>()
                .join(", ")
        );
        // A migration that isn't journalled comes to the points of one transaction alone.
        assert!(results.iter().flatten().count() >= 4, "{engine:?} comes to too few points");
        wrong.extend(results.into_iter().flatten().filter_map(Result::err));
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
