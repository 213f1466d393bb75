//! Plans held against the engines: cases from beside the project, in both directions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use driftlock::Database;
use driftlock::database::{Census, CensusKey, Hazard};
use driftlock::engine::{Diff, Reading};
use driftlock::schema::Schema;

use super::TestDatabase;
use super::proving::{Server, cases, corpus, database, each, everything, roles, run, shadow, unmodelled};

/// What a database is, as a source says it.
pub async fn reading(db: &Database) -> Reading {
    let inspection = db.inspect(&everything()).await.unwrap();
    Reading { engine: db.engine(), version: String::new(), inspection, proof: None }
}

/// The proved plan from a database to another.
pub async fn plan(from: &Database, to: &Database) -> Result<Diff, String> {
    let (from, to) = (reading(from).await, reading(to).await);
    let mut diff = Diff::of(&from, &to, &everything()).map_err(|error| error.to_string())?;
    let proof = diff.prove(&from.inspection.schema, &to.inspection.schema, &shadow(&diff.engine), &everything()).await;
    match proof {
        Ok(()) => Ok(diff),
        Err(error) => Err(format!("{error}\n{}", sql(&diff))),
    }
}

/// Its statements, for people.
pub fn sql(diff: &Diff) -> String {
    diff.steps.iter().map(|step| format!("    {};\n", step.sql)).collect()
}

/// What differs between two accounts, but for the order of columns where no step changes that.
fn differences(engine: &str, made: &Census, wanted: &Census) -> Vec<String> {
    let counts = |key: &CensusKey| engine == "mysql" || key.about != CensusKey::COLUMN_ORDER;
    let differences = made.differences(wanted).into_iter().filter(|(key, ..)| counts(key));
    differences.map(|(key, made, wanted)| format!("{key}\n    made:   {made:?}\n    wanted: {wanted:?}")).collect()
}

/// Makes two databases, plans the way from one to the other, goes it, and says what is wrong with where it leads.
async fn goes(engine: &'static str, before: &[String], after: &[String], changes: bool) -> Result<(), String> {
    let (one, other) = (database(engine, before).await?, database(engine, after).await?);
    let from = driftlock::connect(&one.url).await.unwrap();
    let to = driftlock::connect(&other.url).await.unwrap();
    let diff = plan(&from, &to).await?;
    if diff.steps.is_empty() && diff.changes.len() > diff.reordered().count() {
        return Err(format!("nothing is done about {:?}", diff.changes));
    }
    if changes && diff.changes.is_empty() {
        return Err("both are taken for the same".to_owned());
    }
    if !changes && !diff.steps.is_empty() {
        return Err(format!("nothing changes, and the steps are\n{}", sql(&diff)));
    }
    let statements: Vec<String> = diff.steps.iter().map(|step| step.sql.clone()).collect();
    run(&one.url, &statements).await.map_err(|error| format!("{error}\n{}", sql(&diff)))?;
    let (made, wanted) = (from.census(&everything()).await.unwrap(), to.census(&everything()).await.unwrap());
    let differences = differences(engine, &made, &wanted);
    if !differences.is_empty() {
        return Err(format!("{}\n{}", differences.join("\n"), sql(&diff)));
    }
    let again =
        Diff::of(&reading(&from).await, &reading(&to).await, &everything()).map_err(|error| error.to_string())?;
    let rest = again.changes.len() - again.reordered().count();
    if rest > 0 || !again.steps.is_empty() {
        return Err(format!("when it was gone, there still were {:?}\n{}", again.changes, sql(&again)));
    }
    from.close().await;
    to.close().await;
    Ok(())
}

/// Goes from one database to another that has rows, and says what became of these.
async fn keeps_rows(engine: &'static str, before: &[String], after: &[String]) -> Result<(), String> {
    let (one, other) = (database(engine, before).await?, database(engine, after).await?);
    let from = driftlock::connect(&one.url).await.unwrap();
    let to = driftlock::connect(&other.url).await.unwrap();
    let (here, there) = (reading(&from).await.inspection.schema, reading(&to).await.inspection.schema);
    let diff = plan(&from, &to).await?;
    from.close().await;
    to.close().await;
    let rows = seeded(engine, &one, &here, &there).await;
    for step in &diff.steps {
        if let Err(error) = run(&one.url, &in_session(&diff, &step.sql)).await {
            let told = step.hazards.contains(&Hazard::CanFailOnRows);
            return if told { Ok(()) } else { Err(format!("on rows: {error}\n{}", sql(&diff))) };
        }
    }
    if diff.hazards().contains(&Hazard::DataLoss) {
        return Ok(());
    }
    for (query, count) in rows {
        let left = one.look(&query).await;
        if left.as_deref() != Some(count.as_str()) {
            return Err(format!("rows are gone: {query}: {count}, {left:?}\n{}", sql(&diff)));
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
    let mut rows = Vec::new();
    for table in from.of_kind("table") {
        let name = match &table.name.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&table.name.name)),
            None => quote(&table.name.name),
        };
        let is_plain = |column: &&driftlock::schema::Part| {
            ["generated", "row", "identity"].iter().all(|it| column.attributes.get(it).is_none())
        };
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
        let Some(there) = to.get(&table.id()) else { continue };
        let stay = table.parts_of("column").filter(|it| there.part("column", &it.name).is_some());
        let counts = stay.map(|column| format!("count({})", quote(&column.name)));
        let counts: Vec<String> = ["count(*)".to_owned()].into_iter().chain(counts).collect();
        for count in counts {
            let query = format!("SELECT {count} FROM {name}");
            if let Some(count) = database.look(&query).await {
                rows.push((query, count));
            }
        }
    }
    rows
}

/// Goes from the first case of each file of an engine's corpus to each other and back, with rows and without.
pub async fn cross(engine: &'static str, known: &[(&str, &str)]) {
    let server = Server::of(engine).await;
    let mut ways = Vec::new();
    for file in corpus(engine) {
        let mut cases = file.cases.iter().filter(|(name, _)| server.takes(name) && unmodelled(name).is_none());
        let Some((_, first)) = cases.next() else { continue };
        for (name, other) in cases {
            let changes = !name.starts_with("same");
            ways.push((format!("{}/{name} there", file.name), first.clone(), other.clone(), changes));
            ways.push((format!("{}/{name} back", file.name), other.clone(), first.clone(), changes));
        }
    }
    let all = ways.len();
    let failed: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let fails = Arc::clone(&failed);
    each(ways.into_iter(), move |(name, from, to, changes)| {
        let fails = Arc::clone(&fails);
        async move {
            let result = match goes(engine, &from, &to, changes).await {
                Ok(()) => keeps_rows(engine, &from, &to).await,
                Err(error) => Err(error),
            };
            if let Err(error) = result {
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
        let holds = known.keys().filter(|name| !failed.contains_key(**name));
        wrong.extend(holds.map(|name| format!("{name}: holds, and is named as one that doesn't")));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Holds all cases of a file in both directions, several at once. `known` names those that don't hold, each with its reason.
pub async fn conform(engine: &'static str, file: &str, known: &[(&str, &str)]) {
    let Some(cases) = cases(engine, file) else { return };
    if engine == "postgres" {
        roles(&["postgres".to_owned()]).await;
    }
    let all = cases.len() * 2;
    let results: Arc<Mutex<BTreeMap<String, Result<(), String>>>> = Arc::default();
    let found = Arc::clone(&results);
    each(cases.into_iter(), move |case| {
        let found = Arc::clone(&found);
        async move {
            if engine == "postgres" {
                roles(&case.roles).await;
            }
            for (way, from, to) in [("there", &case.before, &case.after), ("back", &case.after, &case.before)] {
                let result = goes(engine, from, to, case.changes).await;
                found.lock().unwrap().insert(format!("{} {way}", case.id), result);
            }
        }
    });
    let results = results.lock().unwrap();
    let known: BTreeMap<&str, &str> = known.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, result) in results.iter() {
        match (result, known.contains_key(name.as_str())) {
            (Err(error), false) => wrong.push(format!("{name}:\n{error}")),
            (Ok(()), true) if std::env::var("CASE").is_err() => {
                wrong.push(format!("{name}: holds, and is named as one that doesn't"));
            }
            _ => {}
        }
    }
    let held = results.values().filter(|result| result.is_ok()).count();
    eprintln!("{file}: {held} of {all} hold");
    assert!(wrong.is_empty() && results.len() == all, "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
