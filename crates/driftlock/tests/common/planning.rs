//! Plans held against the engines: cases from beside the project, in both directions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use driftlock::Database;
use driftlock::database::CensusKey;
use driftlock::engine::{Diff, Reading};

use super::proving::{cases, database, each, everything, roles, run, shadow};

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
    let differences = made.differences(&wanted).into_iter().filter(|(key, ..)| key.about != CensusKey::COLUMN_ORDER);
    let differences: Vec<String> =
        differences.map(|(key, made, wanted)| format!("{key}\n    made:   {made:?}\n    wanted: {wanted:?}")).collect();
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
