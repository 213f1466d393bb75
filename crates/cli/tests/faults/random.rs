//! Kills at random moments, once or several times in a row: the next `up` ends as if nothing had happened.
//!
//! 20 an engine in every run; `cargo xtask fault` makes 200, and repeats a run by its seed.

use std::time::{Duration, Instant};

use crate::bed::{EndState, in_parallel, median_and_worst};
use crate::target::{ALL, Engine, Target};

/// How the files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Nothing in them can be run twice.
    Plain,
    /// As people write them who fear that they are: what is there already is passed over, and an UPDATE twice goes unnoticed.
    ToBeRunAgain,
}

const FILES: u32 = 20;

fn write(target: &Target, style: Style) {
    let again = style == Style::ToBeRunAgain;
    let if_missing = if again { "IF NOT EXISTS " } else { "" };
    // MySQL has no such index.
    let is_mysql = target.engine == Engine::MySql && !target.value("SELECT version()").contains("MariaDB");
    let if_no_index = if is_mysql { "" } else { if_missing };
    for number in 1..=FILES {
        let rows: Vec<String> = (1..=200).map(|row| format!("({row}, 'row {row} of table {number}', {row})")).collect();
        let insert = match (again, target.engine) {
            (false, _) => format!("INSERT INTO t{number} VALUES {}", rows.join(", ")),
            (true, Engine::MySql) => format!("INSERT IGNORE INTO t{number} VALUES {}", rows.join(", ")),
            (true, _) => format!("INSERT INTO t{number} VALUES {} ON CONFLICT DO NOTHING", rows.join(", ")),
        };
        let statements = [
            format!("CREATE TABLE {if_missing}t{number} (id integer PRIMARY KEY, note varchar(80), n integer)"),
            insert,
            format!("CREATE INDEX {if_no_index}t{number}_note ON t{number} (note)"),
            format!("UPDATE t{number} SET n = n + 1000"),
        ];
        target.migration(number, &(statements.join(";\n") + ";\n"));
    }
    if target.engine == Engine::Postgres {
        for (number, table) in [(FILES + 1, 3), (FILES + 2, 7)] {
            let sql = format!(
                "CREATE UNIQUE INDEX CONCURRENTLY {if_missing}t{table}_n ON t{table} (n, id);\nUPDATE t{table} SET n = n + 1;\n"
            );
            target.migration(number, &sql);
        }
    }
}

/// A number that looks random, from one that doesn't (Sebastiano Vigna's SplitMix64).
fn scatter(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What an uninterrupted run ends with, and how long it takes while others do the same.
fn reference(engine: Engine, style: Style) -> (EndState, Duration) {
    let target = Target::new(engine);
    write(&target, style);
    let began = Instant::now();
    target.run(&["up"]).expect(0);
    let took = began.elapsed();
    (EndState::of(&target), took)
}

/// Kills one to three runs in a row in the midst, and lets the next one end. How long that took, or what is wrong.
fn kill(engine: Engine, style: Style, seed: u64, wanted: &EndState, usual: Duration) -> Result<Duration, String> {
    let mut number = scatter(seed);
    let hits = 1 + number % 3;
    let mut usual = usual;
    let target = loop {
        let target = Target::new(engine);
        write(&target, style);
        match (0..hits).try_for_each(|_| {
            number = scatter(number);
            kill_once(&target, number, usual)
        }) {
            Ok(()) => break target,
            // It was done before its moment came: once more, with another database.
            Err(whole) => usual = whole,
        }
    };
    let began = Instant::now();
    let ran = target.run(&["up"]);
    let took = began.elapsed();
    if ran.code != 0 {
        return Err(format!("`up` ended with {}:\n{}{}", ran.code, ran.stdout, ran.stderr));
    }
    EndState::of(&target).expect(wanted).map(|()| took)
}

/// Kills a run at some moment of its usual time. The error is how long it really took, if it was done by then.
fn kill_once(target: &Target, number: u64, usual: Duration) -> Result<(), Duration> {
    #[allow(clippy::cast_precision_loss)]
    let after = usual.mul_f64((number >> 11) as f64 / (1u64 << 53) as f64);
    let began = Instant::now();
    let mut child = target.start(&["up"]);
    while began.elapsed() < after {
        if child.try_wait().unwrap().is_some() {
            return Err(began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    Ok(())
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

#[test]
fn whenever_it_is_killed_the_next_run_ends_right() {
    let kills = setting("FAULT_KILLS").unwrap_or(20);
    let seed = setting("FAULT_SEED").unwrap_or_else(|| u64::from(std::process::id()) ^ now());
    println!("seed {seed}");
    let mut wrong = Vec::new();
    for engine in ALL {
        let styles = [Style::Plain, Style::ToBeRunAgain];
        let references = styles.map(|style| reference(engine, style));
        let results = in_parallel((0..kills).collect(), 4, |number| {
            let at = usize::from(number % 2 == 1);
            let (wanted, usual) = &references[at];
            let seed = scatter(seed.wrapping_add(number));
            let result = kill(engine, styles[at], seed, wanted, *usual);
            (number, styles[at], result)
        });
        let mut times = Vec::new();
        for (number, style, result) in results {
            match result {
                Ok(took) => times.push(took),
                Err(why) => wrong.push(format!("{engine:?}, {style:?}, kill {number} of seed {seed}: {why}")),
            }
        }
        println!(
            "{engine:?}: {} of {kills} right; time from the kill to a right end: {}",
            times.len(),
            median_and_worst(&mut times)
        );
    }
    assert!(wrong.is_empty(), "seed {seed}: {} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos().into())
}
