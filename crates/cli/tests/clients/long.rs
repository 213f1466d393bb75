//! Scripts that are too long to be held: what comes of them, in how much memory, and what is said where they are wrong.

use std::fmt::Write as _;
use std::path::Path;

use crate::client::difference;
use crate::target::{Engine, Ran, Target, until};

/// A dump of one table, longer than what is held in memory, in the way of the engine's dump program; `rows` may add what it likes.
fn dump(engine: Engine, megabytes: usize) -> String {
    let words = "it's one; of \"many\" words -- and /* no */ comment; ".repeat(2);
    let mut text = String::new();
    let mut number = 0;
    match engine {
        Engine::Postgres => {
            text.push_str(
                "SET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\n",
            );
            text.push_str(
                "CREATE TABLE public.long (id integer, words text);\n\nCOPY public.long (id, words) FROM stdin;\n",
            );
            while text.len() < megabytes << 20 {
                number += 1;
                writeln!(text, "{number}\t{words}").unwrap();
            }
            text.push_str("\\.\n\n");
            for number in 0..1_000 {
                writeln!(text, "INSERT INTO public.long VALUES (-{number}, 'as rows');").unwrap();
            }
        }
        Engine::MySql => {
            text.push_str("CREATE TABLE `long` (`id` int, `words` text) ENGINE=InnoDB;\nLOCK TABLES `long` WRITE;\n");
            let words = words.replace('\'', "\\'");
            while text.len() < megabytes << 20 {
                text.push_str("INSERT INTO `long` VALUES (0,'')");
                for _ in 0..5_000 {
                    number += 1;
                    write!(text, ",({number},'{words}')").unwrap();
                }
                text.push_str(";\n");
            }
            text.push_str("UNLOCK TABLES;\n");
        }
        Engine::Sqlite => {
            text.push_str(
                "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE long (id integer, words text);\n",
            );
            let words = words.replace('\'', "''");
            while text.len() < megabytes << 20 {
                number += 1;
                writeln!(text, "INSERT INTO long VALUES({number},'{words}');").unwrap();
            }
            text.push_str("COMMIT;\n");
        }
    }
    text
}

const INDEX: &str = "CREATE INDEX long_id ON long (id);\n";

fn index(engine: Engine) -> String {
    match engine {
        Engine::Postgres => INDEX.replace("ON long", "ON public.long"),
        Engine::MySql => INDEX.replace("ON long", "ON `long`"),
        Engine::Sqlite => INDEX.replace("COMMIT;\n", ""),
    }
}

fn with_index(engine: Engine, text: &str) -> String {
    let index = index(engine);
    match engine {
        Engine::Sqlite => text.replace("COMMIT;\n", &format!("{index}COMMIT;\n")),
        _ => format!("{text}{index}"),
    }
}

/// The most memory that a process had, in KiB, once it has ended.
fn memory(pid: u32, ended: impl Fn() -> bool) -> u64 {
    let mut most = 0;
    while !ended() {
        let status =
            std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap_or_default();
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    most
}

fn stays_in_its_file(engine: Engine) {
    let text = with_index(engine, &dump(engine, 40));
    let target = Target::new(engine);
    let file = target.migration(1, &text);
    let judge = Target::new(engine);
    judge.load(&file).unwrap();

    let mut child = target.start(&["up"]);
    let pid = child.id();
    let child = std::sync::Mutex::new(&mut child);
    let most = memory(pid, || child.lock().unwrap().try_wait().unwrap().is_some());
    assert!(most > 1_000, "its memory was seen: {most} KiB");
    assert!(most < 64 << 10, "{engine:?}: {most} KiB for a file of {} KiB", text.len() >> 10);
    if let Some(difference) = difference(&judge.nameless_dump(), &target.nameless_dump()) {
        panic!("{engine:?}: {difference}");
    }
    target.run(&["up"]).expect(0).says(&["nothing to do"]);
}

#[test]
fn a_long_dump_of_postgresql_runs_in_little_memory() {
    stays_in_its_file(Engine::Postgres);
}

#[test]
fn a_long_dump_of_mariadb_runs_in_little_memory() {
    stays_in_its_file(Engine::MySql);
}

#[test]
fn a_long_dump_of_sqlite_runs_in_little_memory() {
    stays_in_its_file(Engine::Sqlite);
}

/// What is wrong deep in a long file is told with its line, and nothing of it is left where the engine can undo it; the corrected
/// file goes on.
#[test]
fn a_wrong_row_in_a_long_script_is_told_with_its_place() {
    for engine in [Engine::Postgres, Engine::MySql, Engine::Sqlite] {
        let text = dump(engine, 9);
        let good = "INSERT INTO long VALUES (7, 'seven');\n"
            .replace("long", if engine == Engine::MySql { "`long`" } else { "long" });
        let good = if engine == Engine::Postgres { good.replace("long", "public.long") } else { good };
        let bad = good.replace("'seven'", "'seven', 8");
        let (before, after) = match engine {
            Engine::Sqlite => text.split_once("COMMIT;\n").map(|(text, _)| (text.to_owned(), "COMMIT;\n")).unwrap(),
            _ => (text, ""),
        };
        let target = Target::new(engine);
        target.migration(1, &format!("{before}{good}{good}{bad}{good}{after}"));
        let line = before.lines().count() + 3;
        let ran: Ran = target.run(&["up"]).expect(1);
        ran.says(&[&format!("up.sql:{line}:")]);
        target.migration(1, &format!("{before}{good}{good}{good}{good}{after}"));
        target.run(&["up"]).expect(0);
        let table = if engine == Engine::MySql { "`long`" } else { "long" };
        assert_eq!(target.value(&format!("SELECT count(*) FROM {table} WHERE words = 'seven'")), "4", "{engine:?}");
        assert_eq!(target.value(&format!("SELECT count(*) FROM {table} WHERE id = 1")), "1", "{engine:?}: once");
    }
}

/// What is copied from a file that somebody writes to meanwhile is undone: it is not what was planned, or what will be on record.
#[test]
fn a_long_script_that_changes_while_it_runs_is_undone() {
    let target = Target::new(Engine::Postgres);
    let text = dump(Engine::Postgres, 9).replacen("CREATE TABLE", "SELECT pg_sleep(4);\nCREATE TABLE", 1);
    let file = target.migration(1, &text);
    let child = target.start(&["up"]);
    until("the script sleeps", || {
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'";
        target.value(sleeping) == "1"
    });
    // As long as it was: what was planned still stands where it stood.
    std::fs::write(&file, text.replacen("it's one", "it's two", 1)).unwrap();
    let ran = Ran::new(child.wait_with_output().unwrap()).expect(1);
    ran.says(&["changed while it ran"]);
    assert_eq!(target.value("SELECT count(*) FROM pg_class WHERE relname = 'long'"), "0");
    target.run(&["up"]).expect(0);
}

/// `plan` prints every statement as a driver can run it, those too that stay in the file.
#[test]
fn the_plan_of_a_long_script_has_every_statement() {
    let target = Target::new(Engine::Sqlite);
    let text = dump(Engine::Sqlite, 9);
    target.migration(1, &text);
    let ran = target.run(&["plan", "--format", "json"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let statements = plan["pending"][0]["statements"].as_array().unwrap();
    assert_eq!(statements.len(), text.lines().count() - 3, "all but the PRAGMA, BEGIN and COMMIT");
    let (last, line) = (statements.last().unwrap(), text.lines().count() - 1);
    assert_eq!(last["line"], line);
    assert_eq!(last["sql"].as_str().unwrap(), text.lines().nth(line - 1).unwrap().trim_end_matches(';'));
}
