//! Plans between the cases of an engine's corpus, where one thing after another differs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use driftlock::database::ColumnOrder;
use driftlock::database::Hazard;
use driftlock::engine::Diff;
use driftlock::schema::{Object, Part, Schema};

use super::TestDatabase;
use super::planning::{Way, goes, reading, sql};
use super::proving::{Server, corpus, database, each, everything, run, shadow, unmodelled};

/// Goes from one database to another that has rows, and says what became of these.
async fn keeps_rows(engine: &'static str, before: &[String], after: &[String]) -> Result<(), String> {
    let (one, other) = (database(engine, before).await?, database(engine, after).await?);
    let from = driftlock::connect(&one.url).await.unwrap();
    let to = driftlock::connect(&other.url).await.unwrap();
    let (here, there) = (reading(&from).await.inspection.schema, reading(&to).await.inspection.schema);
    let diff = Diff::of(&reading(&from).await, &reading(&to).await, &everything(), ColumnOrder::Told)
        .map_err(|error| error.to_string())?;
    let again = from.engine().plan(&here, &here, ColumnOrder::Told).map_err(|error| error.to_string())?;
    if !again.is_empty() {
        return Err(format!("from a schema to itself: {again:?}"));
    }
    from.close().await;
    to.close().await;
    needs_each_step(&diff, &here, &there).await?;
    let rows = seeded(engine, &one, &here, &there).await;
    for step in &diff.steps {
        let query = step.offenders.as_ref().filter(|_| step.object.kind != "foreign_table");
        let found = match query {
            Some(query) => one.look(&format!("SELECT CAST(count(*) AS char(9)) FROM ({query}) q")).await,
            None => None,
        };
        let finds = found.as_deref().map(|count| count.trim() != "0");
        if let Err(error) = run(&one.url, &in_session(&diff, &step.sql)).await {
            return match (step.hazards.contains(&Hazard::CanFailOnRows), finds) {
                (true, None | Some(true)) => Ok(()),
                (true, Some(false)) => Err(format!("its query finds no row, and it fails: {error}\n{}", sql(&diff))),
                (false, _) => Err(format!("on rows: {error}\n{}", sql(&diff))),
            };
        }
    }
    if diff.hazards().contains(&Hazard::DataLoss) {
        return Ok(());
    }
    for (query, count) in rows {
        let left = one.look(&query).await;
        let number = |count: Option<&str>| count.and_then(|count| count.parse::<u64>().ok());
        if number(left.as_deref()) < number(Some(&count)) {
            return Err(format!("rows are gone: {query}: {count}, {left:?}\n{}", sql(&diff)));
        }
    }
    Ok(())
}

/// Takes out one step after another: without it, the plan must not lead there.
async fn needs_each_step(diff: &Diff, from: &Schema, to: &Schema) -> Result<(), String> {
    // What is said to the session, or moves rows, leaves no trace in a schema.
    let is_setting =
        |sql: &str| ["SET ", "RESET ", "PRAGMA ", "INSERT ", "DELETE "].iter().any(|word| sql.starts_with(word));
    let places: Vec<usize> = (0..diff.steps.len()).filter(|at| !is_setting(&diff.steps[*at].sql)).collect();
    // That a plan of one step leads nowhere without it needs no proof.
    if places.len() < 2 {
        return Ok(());
    }
    for at in places {
        let mut without = diff.clone();
        let step = without.steps.remove(at);
        if without.prove(from, to, &shadow(&diff.engine), &everything()).await.is_ok() {
            return Err(format!("nothing is missed without {}\n{}", step.sql, sql(diff)));
        }
    }
    Ok(())
}

/// A statement with the settings before it.
fn in_session(diff: &Diff, sql: &str) -> Vec<String> {
    let all = diff.steps.iter().map(|step| &step.sql).take_while(|it| *it != sql);
    let settings = all.filter(|it| it.starts_with("SET ") || it.starts_with("PRAGMA "));
    settings.cloned().chain([sql.to_owned()]).collect()
}

/// Puts rows into the tables that stay, and says how many values there are in the columns that do.
async fn seeded(engine: &str, database: &TestDatabase, from: &Schema, to: &Schema) -> Vec<(String, String)> {
    let quote = |name: &str| match engine {
        "mysql" => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    };
    let named = |table: &Object| match &table.name.schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(&table.name.name)),
        None => quote(&table.name.name),
    };
    let mut rows = Vec::new();
    for table in from.of_kind("table") {
        let name = named(table);
        let is_plain =
            |column: &&Part| ["generated", "row", "identity"].iter().all(|it| column.attributes.get(it).is_none());
        let columns: Vec<String> = table.parts_of("column").filter(is_plain).map(|it| quote(&it.name)).collect();
        let ones = vec!["1"; columns.len()].join(", ");
        let filled = format!("INSERT INTO {name} ({}) VALUES ({ones})", columns.join(", "));
        let empty = match engine {
            "mysql" => format!("INSERT INTO {name} () VALUES ()"),
            _ => format!("INSERT INTO {name} DEFAULT VALUES"),
        };
        // Not every table takes such rows.
        for sql in [filled, empty.clone(), empty] {
            let _ = run(&database.url, &[sql]).await;
        }
    }
    for table in from.of_kind("table") {
        let name = named(table);
        let Some(there) = to.get(&table.id()) else { continue };
        let stay = table.parts_of("column").filter(|it| there.part("column", &it.name).is_some());
        let counts = stay.map(|column| format!("count({})", quote(&column.name)));
        let counts: Vec<String> = ["count(*)".to_owned()].into_iter().chain(counts).collect();
        for count in counts {
            let count = if engine == "mysql" { count } else { format!("CAST({count} AS text)") };
            let query = format!("SELECT {count} FROM {name}");
            if let Some(count) = database.look(&query).await {
                rows.push((query, count));
            }
        }
    }
    rows
}

/// Goes from the first case of each file of an engine's corpus to each other and back, with rows and without. With `CASES=all` from each case to one
/// of another file, too; where a database is slow to make, a spread of the ways is enough for every day.
pub async fn cross(engine: &'static str, known: &[(&str, &str)]) {
    let server = Server::of(engine).await;
    let is_all = std::env::var("CASES").as_deref() == Ok("all");
    let is_some = std::env::var("CASE").is_ok();
    let mut ways = Vec::new();
    let mut all_cases = Vec::new();
    for file in corpus(engine) {
        let mut cases = file.cases.iter().filter(|(name, _)| server.takes(name) && unmodelled(name).is_none());
        let Some((_, first)) = cases.next() else { continue };
        for (name, other) in cases {
            let changes = !name.starts_with("same");
            let name = format!("{}/{name}", file.name);
            ways.push((format!("{name} there"), first.clone(), other.clone(), changes));
            ways.push((format!("{name} back"), other.clone(), first.clone(), changes));
            all_cases.push((name, other.clone()));
        }
    }
    if is_all {
        let other = |at: usize| &all_cases[(at * 7919 + all_cases.len() / 2) % all_cases.len()];
        let strangers = all_cases.iter().enumerate().map(|(at, one)| (one, other(at)));
        let strangers = strangers.filter(|(one, other)| one.0.split('/').next() != other.0.split('/').next());
        // What doesn't hold within a file doesn't elsewhere.
        let is_known = |name: &str| known.iter().any(|(way, _)| way.starts_with(name));
        let strangers = strangers.filter(|(one, other)| !is_known(&one.0) && !is_known(&other.0));
        ways.extend(
            strangers.map(|(one, other)| (format!("{} to {}", one.0, other.0), one.1.clone(), other.1.clone(), true)),
        );
    } else if engine != "sqlite" && !is_some {
        let all = ways.len();
        // A database of PostgreSQL's is a copy of thousands of files.
        let step = if engine == "postgres" { 17 } else { 3 };
        ways = ways.into_iter().step_by(step).collect();
        eprintln!("{} of {all} ways; CASES=all goes all, and more", ways.len());
    }
    let all = ways.len();
    let ran: Vec<String> = ways.iter().map(|(name, ..)| name.clone()).collect();
    let failed: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let fails = Arc::clone(&failed);
    each(ways.into_iter(), move |(name, from, to, changes)| {
        let fails = Arc::clone(&fails);
        async move {
            let result = match goes(engine, Way { before: &from, after: &to, changes, rows: &[] }).await {
                Ok(()) => keeps_rows(engine, &from, &to).await,
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                if is_all {
                    eprintln!("{name}:\n{error}");
                }
                fails.lock().unwrap().insert(name, error);
            }
        }
    });
    let failed = failed.lock().unwrap();
    eprintln!("the corpus: {} of {all} ways hold", all - failed.len());
    let known: BTreeMap<&str, &str> = known.iter().copied().collect();
    let mut wrong: Vec<String> = failed
        .iter()
        .filter(|(name, _)| !known.contains_key(name.as_str()))
        .map(|(name, error)| format!("{name}:\n{error}"))
        .collect();
    if std::env::var("CASE").is_err() {
        let ran = |name: &&&str| ran.iter().any(|it| it == **name);
        let holds = known.keys().filter(ran).filter(|name| !failed.contains_key(**name));
        wrong.extend(holds.map(|name| format!("{name}: holds, and is named as one that doesn't")));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
