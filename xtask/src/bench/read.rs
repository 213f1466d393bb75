//! Rows of reading: a schema of many tables, beside the engine's own dump of it, and a database that didn't change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::bed::{Bed, Database, output, version, write_migrations};
use super::measure::{Judged, Outcome, in_turn, time};
use super::migrate::Engine;
use crate::fail::{Context, Failure, Result};

/// `inspect`, against the dump of the engine's own client.
pub(super) fn inspect(bed: &Bed<'_>, engine: Engine, tables: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let database = filled(bed, engine, tables)?;
    check_whole(bed, &database, tables)?;
    let times = in_turn(
        pairs,
        bed.interrupt,
        || time(&mut inspecting(bed, &database), None),
        || time(&mut database.dump(), None),
        Vec::new(),
    )?;
    let (ours, theirs) = (memory(&mut inspecting(bed, &database))?, memory(&mut database.dump())?);
    eprintln!("  memory: {ours} MiB; the dump's {theirs} MiB");
    Ok(Outcome::Times { times, judged: Judged::Medians, bar })
}

/// Comparing two that differ in so many places and planning the way between them, against `inspect` of one: by driftlock's own log, as a reading of
/// both is part of the command.
pub(super) fn diff(bed: &Bed<'_>, engine: Engine, tables: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let (from, to) = (filled(bed, engine, tables)?, filled(bed, engine, tables)?);
    let script = bed.new_path("changes.sql");
    fs::write(&script, changes(engine, tables)).context(script.display())?;
    time(&mut to.client(), Some(Path::new(&script)))?;
    let compared = || {
        let mut command = bed.driftlock();
        command.args(["diff", "--from", &from.url(), "--to", &to.url(), "--offline", "--format", "json"]);
        let log = bed.new_path("diff.log");
        command.args(["--log-level", "debug", "--log-format", "json", "--log-file"]).arg(&log);
        time(&mut command, None)?;
        compared_in(&fs::read_to_string(&log).context(log.display())?)
    };
    let inspected = || time(&mut inspecting(bed, &from), None);
    let times = in_turn(pairs, bed.interrupt, compared, inspected, Vec::new())?;
    Ok(Outcome::Times { times, judged: Judged::Medians, bar })
}

/// How long it took to compare, as a log says. What found other changes than were made must not count as fast.
fn compared_in(log: &str) -> Result<Duration> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let said = lines.into_iter().find(|line| line["event"] == "driftlock.diff.compared");
    let said = said.ok_or_else(|| Failure::new("the log doesn't say that anything was compared"))?;
    let (changes, duration) = (said["changes"].as_u64(), said["duration_ms"].as_f64());
    match (changes, duration) {
        (Some(found), Some(ms)) if found == CHANGES as u64 => Ok(Duration::from_secs_f64(ms / 1000.0)),
        _ => Err(Failure::new(format!("{CHANGES} changes were made, and this was found: {said}"))),
    }
}

const CHANGES: usize = 100;

/// Columns and indexes that come, indexes that go and new tables, a quarter each.
fn changes(engine: Engine, tables: usize) -> String {
    let change = |number: usize| {
        let name = format!("bench_{:05}", number * tables / CHANGES);
        match number % 4 {
            0 => format!("ALTER TABLE {name} ADD COLUMN extra varchar(20);\n"),
            1 => format!("CREATE INDEX {name}_price ON {name} (price);\n"),
            2 if engine == Engine::MariaDb => format!("DROP INDEX by_made ON {name};\n"),
            2 => format!("DROP INDEX {name}_made;\n"),
            _ => format!("CREATE TABLE more_{number:05} (id integer NOT NULL PRIMARY KEY, name varchar(20));\n"),
        }
    };
    (0..CHANGES).map(change).collect()
}

/// `check --database` of what is unchanged, against `inspect` of it.
pub(super) fn drift(bed: &Bed<'_>, engine: Engine, tables: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let project = bed.new_path("project");
    let folder = project.join("migrations");
    fs::create_dir_all(&folder).context(folder.display())?;
    let all: Vec<String> = statements(engine, tables).collect();
    for (number, piece) in all.chunks(AT_ONCE).enumerate() {
        let file = folder.join(format!("{}_bench_create_{number:05}_v1.up.sql", version(number)));
        let text: String = piece.iter().map(|sql| format!("{sql};\n")).collect();
        fs::write(&file, text).context(file.display())?;
    }
    let database = bed.database(engine)?;
    let cache = bed.new_path("cache");
    let with = |arguments: &[&str], url: &str| {
        let mut command = bed.driftlock();
        command.current_dir(&project).env("XDG_CACHE_HOME", &cache).args(arguments).args([
            "--url",
            url,
            "--dir",
            "migrations",
        ]);
        command
    };
    output(&mut with(&["up"], &database.url()))?;
    let shadow = bed.shadow_url(engine);
    let mut lock = with(&["lock"], &database.url());
    if let Some(shadow) = &shadow {
        lock.args(["--shadow-url", shadow]);
    }
    output(&mut lock)?;
    let times = in_turn(
        pairs,
        bed.interrupt,
        || time(&mut with(&["check", "--database"], &database.url()), None),
        || time(&mut inspecting(bed, &database), None),
        Vec::new(),
    )?;
    Ok(Outcome::Times { times, judged: Judged::Medians, bar })
}

/// `lock` of so many one-table files, against `up` of them.
pub(super) fn lock(bed: &Bed<'_>, engine: Engine, files: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let project = bed.new_path("project");
    write_migrations(&project.join("migrations"), files)?;
    let command = |arguments: &[&str]| {
        let mut command = bed.driftlock();
        command.current_dir(&project).args(arguments).args(["--dir", "migrations"]);
        command
    };
    let shadow = bed.shadow_url(engine);
    let times = in_turn(
        pairs,
        bed.interrupt,
        || {
            let database = bed.database(engine)?;
            let url = database.url();
            let mut lock = command(&["lock", "--url", &url]);
            if let Some(shadow) = &shadow {
                lock.args(["--shadow-url", shadow]);
            }
            time(&mut lock, None)
        },
        || {
            let database = bed.database(engine)?;
            time(&mut command(&["up", "--url", &database.url()]), None)
        },
        Vec::new(),
    )?;
    Ok(Outcome::Times { times, judged: Judged::Minima, bar })
}

fn inspecting(bed: &Bed<'_>, database: &Database<'_, '_>) -> Command {
    let mut command = bed.driftlock();
    command.args(["inspect", &database.url(), "--format", "json"]);
    command
}

/// A reading that lacks something must not count as a fast one.
fn check_whole(bed: &Bed<'_>, database: &Database<'_, '_>, tables: usize) -> Result<()> {
    let json = output(&mut inspecting(bed, database))?;
    let value: serde_json::Value = serde_json::from_str(&json).context("what `inspect` printed")?;
    let objects = value["schema"]["objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parts = |kinds: &[&str]| {
        let parts = objects.iter().filter(|it| it["kind"] == "table").filter_map(|it| it["parts"].as_array()).flatten();
        parts.filter(|part| kinds.iter().any(|kind| part["kind"] == **kind)).count()
    };
    let found = [
        objects.iter().filter(|it| it["kind"] == "table").count(),
        parts(&["column"]),
        parts(&["index"]),
        parts(&["foreign_key"]),
    ];
    // The first table refers to itself.
    let expected = [tables, tables * COLUMNS, tables * 2, tables];
    // InnoDB's own index for a foreign key may be told or not.
    if found[..2] == expected[..2] && found[2] >= expected[2] && found[3] == expected[3] {
        return Ok(());
    }
    Err(Failure::new(format!("tables, columns, indexes and foreign keys should be {expected:?}, and are {found:?}")))
}

const COLUMNS: usize = 10;

/// So many statements are one transaction, or one file: one over everything runs PostgreSQL out of locks.
const AT_ONCE: usize = 900;

/// Wide tables: keys, checks, defaults, two indexes, a foreign key.
fn statements(engine: Engine, tables: usize) -> impl Iterator<Item = String> {
    (0..tables).flat_map(move |number| {
        let name = format!("bench_{number:05}");
        let other = format!("bench_{:05}", number.saturating_sub(1));
        let indexes = [format!("{name}_name ON {name} (name)"), format!("{name}_made ON {name} (made, amount)")];
        let inline = match engine {
            Engine::MariaDb => ", KEY by_name (name), KEY by_made (made, amount)",
            _ => "",
        };
        let table = format!(
            "CREATE TABLE {name} (id bigint NOT NULL PRIMARY KEY, name varchar(100) NOT NULL, note varchar(200), \
             amount integer NOT NULL DEFAULT 0 CHECK (amount >= 0), price numeric(12,2), made timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, \
             flag smallint NOT NULL DEFAULT 1, ratio double precision, code char(3), other_id bigint REFERENCES {other} (id){inline})"
        );
        let indexes = indexes.map(|index| format!("CREATE INDEX {index}"));
        std::iter::once(table).chain(indexes.into_iter().filter(move |_| engine != Engine::MariaDb))
    })
}

/// A database with so many tables.
fn filled<'b, 'a>(bed: &'b Bed<'a>, engine: Engine, tables: usize) -> Result<Database<'b, 'a>> {
    let database = bed.database(engine)?;
    let script: PathBuf = bed.new_path("tables.sql");
    let (begin, commit) = if engine == Engine::MariaDb { ("", "") } else { ("BEGIN;\n", "COMMIT;\n") };
    let mut text = String::new();
    let all: Vec<String> = statements(engine, tables).collect();
    for piece in all.chunks(AT_ONCE) {
        text.push_str(begin);
        piece.iter().for_each(|sql| text.push_str(&format!("{sql};\n")));
        text.push_str(commit);
    }
    fs::write(&script, text).context(script.display())?;
    time(&mut database.client(), Some(Path::new(&script)))?;
    Ok(database)
}

/// The most memory that a command held, in MiB.
fn memory(command: &mut Command) -> Result<u64> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("can't start it")?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let (began, mut most) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(600) {
        // What a process that ended had is gone with it.
        if let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            most = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(most).max(most);
        }
        if child.try_wait().context("can't wait for it")?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(most / 1024)
}
