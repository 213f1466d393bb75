//! Plans held against the engines: cases from beside the project, in both directions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use driftlock::Database;
use driftlock::database::{CensusKey, ColumnOrder, Hazard, Step};
use driftlock::engine::{Diff, Reading};

use super::TestDatabase;
use super::proving::{cases, database, each, everything, roles, run, shadow, statements};

/// What a database is, as a source says it.
pub async fn reading(db: &Database) -> Reading {
    let inspection = db.inspect(&everything()).await.unwrap();
    Reading { engine: db.engine(), version: String::new(), inspection, proof: None }
}

/// The proved plan from a database to another.
pub async fn plan(from: &Database, to: &Database) -> Result<Diff, String> {
    let (from, to) = (reading(from).await, reading(to).await);
    let mut diff = Diff::of(&from, &to, &everything(), ColumnOrder::Told).map_err(|error| error.to_string())?;
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

/// Two states of a database, and whether they differ.
pub struct Way<'a> {
    pub before: &'a [String],
    pub after: &'a [String],
    pub changes: bool,
    /// Statements that put rows into the first, and questions (`SELECT …`) whose answers stay what they are, unless the plan says that rows or
    /// values are lost: then one of them becomes another.
    pub rows: &'a [String],
}

/// Makes two databases, plans the way from one to the other, goes it, and says what is wrong with where it leads.
pub async fn goes(engine: &'static str, way: Way<'_>) -> Result<(), String> {
    let (one, other) = (database(engine, way.before).await?, database(engine, way.after).await?);
    let (questions, seeds): (Vec<&String>, Vec<&String>) = way.rows.iter().partition(|sql| sql.starts_with("SELECT"));
    let seeds: Vec<String> = seeds.into_iter().cloned().collect();
    run(&one.url, &seeds).await?;
    let mut answers = Vec::new();
    for question in &questions {
        answers.push(one.look(question).await);
    }
    let from = driftlock::connect(&one.url).await.unwrap();
    let to = driftlock::connect(&other.url).await.unwrap();
    let here = reading(&from).await;
    if let Some(step) = Diff::of(&here, &here, &everything(), ColumnOrder::Told).unwrap().steps.first() {
        return Err(format!("from itself to itself there is a step: {}", step.sql));
    }
    let diff = plan(&from, &to).await?;
    if diff.steps.is_empty() && diff.changes.len() > diff.reordered().count() {
        return Err(format!("nothing is done about {:?}", diff.changes));
    }
    if way.changes && diff.changes.is_empty() {
        return Err("both are taken for the same".to_owned());
    }
    if !way.changes && !diff.steps.is_empty() {
        return Err(format!("nothing changes, and the steps are\n{}", sql(&diff)));
    }
    // Behind the question for the rows on which it would fail, which has to be one that can be asked there.
    // Not where what has the rows is a server elsewhere.
    let question = |step: &'_ Step| step.offenders.clone().filter(|_| step.object.kind != "foreign_table");
    let statements = diff.steps.iter().flat_map(|step| question(step).into_iter().chain([step.sql.clone()]));
    let statements: Vec<String> = statements.collect();
    run(&one.url, &statements).await.map_err(|error| format!("{error}\n{}", sql(&diff)))?;
    let (made, wanted) = (from.census(&everything()).await.unwrap(), to.census(&everything()).await.unwrap());
    // MySQL's plans put columns into their order.
    let counts = |key: &CensusKey| engine == "mysql" || key.about != CensusKey::COLUMN_ORDER;
    let differences = made.differences(&wanted).into_iter().filter(|(key, ..)| counts(key));
    let differences: Vec<String> =
        differences.map(|(key, made, wanted)| format!("{key}\n    made:   {made:?}\n    wanted: {wanted:?}")).collect();
    if !differences.is_empty() {
        return Err(format!("{}\n{}", differences.join("\n"), sql(&diff)));
    }
    let again = Diff::of(&reading(&from).await, &reading(&to).await, &everything(), ColumnOrder::Told)
        .map_err(|error| error.to_string())?;
    let rest = again.changes.len() - again.reordered().count();
    if rest > 0 || !again.steps.is_empty() {
        return Err(format!("when it was gone, there still were {:?}\n{}", again.changes, sql(&again)));
    }
    let loses = diff.hazards().contains(&Hazard::DataLoss);
    let mut lost = false;
    for (question, before) in questions.iter().zip(&answers) {
        // What is asked may not be there any more.
        let after = if loses { asked(&one, question).await } else { one.look(question).await };
        if after != *before && !loses {
            return Err(format!("{question}\n    was:  {before:?}\n    is:   {after:?}\n{}", sql(&diff)));
        }
        lost |= after != *before;
    }
    if loses && !questions.is_empty() && !lost {
        return Err(format!("nothing is lost, and the plan says so\n{}", sql(&diff)));
    }
    from.close().await;
    to.close().await;
    Ok(())
}

/// The answer to a question, or nothing where it can't be asked any more.
async fn asked(database: &TestDatabase, question: &str) -> Option<String> {
    let statements = [question.to_owned()];
    match run(&database.url, &statements).await {
        Ok(()) => database.look(question).await,
        Err(_) => None,
    }
}

/// A case of the project's own: two states of a database, and rows in them.
struct Pair {
    name: String,
    from: Vec<String>,
    to: Vec<String>,
    rows: Vec<String>,
    rows_back: Vec<String>,
}

/// The pairs of an engine, a file a kind in `tests/corpus/plans/ENGINE`. What stands before the first `-- case: NAME` is there in all of its
/// cases. In a case, what stands before the first section is in both states; `-- from:` and `-- to:` are one each. `-- rows:` puts rows into the
/// first, and `-- rows back:` into the second: see [`Way::rows`]. A case named `same: …` has the same in both states, only spelled otherwise.
fn pairs(engine: &'static str) -> Vec<Pair> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/plans").join(engine);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let only = std::env::var("CASE").unwrap_or_default();
    let mut pairs = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut parts = text.split("-- case: ");
        let setup = statements(engine, parts.next().unwrap());
        for case in parts {
            let (name, text) = case.split_once('\n').unwrap();
            let mut sections: BTreeMap<&str, String> = BTreeMap::new();
            let mut section = "both";
            for line in text.lines() {
                match line {
                    "-- from:" | "-- to:" | "-- rows:" | "-- rows back:" => section = line,
                    line => {
                        let text = sections.entry(section).or_default();
                        text.push_str(line);
                        text.push('\n');
                    }
                }
            }
            let of = |section: &str| statements(engine, sections.get(section).map_or("", String::as_str));
            let state = |section: &str| [setup.clone(), of("both"), of(section)].concat();
            pairs.push(Pair {
                name: format!("{stem}/{}", name.trim()),
                from: state("-- from:"),
                to: state("-- to:"),
                rows: of("-- rows:"),
                rows_back: of("-- rows back:"),
            });
        }
    }
    pairs.retain(|pair| pair.name.contains(&only));
    assert!(!pairs.is_empty(), "no case in {} has `{only}` in its name", folder.display());
    pairs
}

/// Holds all pairs of the corpus in both directions.
pub async fn hold(engine: &'static str) {
    let wrong: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let found = Arc::clone(&wrong);
    let pairs = pairs(engine);
    let all = pairs.len() * 2;
    each(pairs.into_iter(), move |pair| {
        let found = Arc::clone(&found);
        async move {
            let changes = !pair.name.contains("/same");
            let there = Way { before: &pair.from, after: &pair.to, changes, rows: &pair.rows };
            let back = Way { before: &pair.to, after: &pair.from, changes, rows: &pair.rows_back };
            for (direction, way) in [("there", there), ("back", back)] {
                if let Err(error) = goes(engine, way).await {
                    found.lock().unwrap().insert(format!("{} {direction}", pair.name), error);
                }
            }
        }
    });
    let wrong = wrong.lock().unwrap();
    let wrong: Vec<String> = wrong.iter().map(|(name, error)| format!("{name}:\n{error}")).collect();
    assert!(wrong.is_empty(), "{} of {all} wrong:\n{}", wrong.len(), wrong.join("\n"));
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
                let changes = case.changes;
                let result = goes(engine, Way { before: from, after: to, changes, rows: &[] }).await;
                found.lock().unwrap().insert(format!("{} {way}", case.id), result);
            }
        }
    });
    let results = results.lock().unwrap();
    let known: BTreeMap<&str, &str> = known.iter().copied().collect();
    let mut wrong = Vec::new();
    // Some that are known may not be among those that ran.
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

/// Plans the way between two small schemas, alone and among many tables that have nothing to do with it: it is the same way, and proved there, too, where no
/// more is made than what it touches.
pub async fn is_the_same_among_many(engine: &'static str) {
    const BOTH: &str = "CREATE TABLE other (id integer NOT NULL PRIMARY KEY, a integer);";
    let from = format!(
        "{BOTH} CREATE TABLE parent (id integer NOT NULL PRIMARY KEY, a integer);
        CREATE TABLE child (id integer NOT NULL PRIMARY KEY, p integer, CONSTRAINT c FOREIGN KEY (p) REFERENCES parent (id));
        CREATE VIEW names AS SELECT id FROM child;"
    );
    let to = format!(
        "{BOTH} CREATE TABLE parent (id integer NOT NULL PRIMARY KEY, a integer NOT NULL, b integer);
        CREATE TABLE child (id integer NOT NULL PRIMARY KEY, p integer, n integer, CONSTRAINT c FOREIGN KEY (p) REFERENCES parent (id));
        CREATE INDEX child_n ON child (n);
        CREATE VIEW names AS SELECT id, n FROM child;"
    );
    let mut ends = Vec::new();
    for sql in [from, to] {
        let made = database(engine, &statements(engine, &sql)).await.unwrap();
        let db = driftlock::connect(&made.url).await.unwrap();
        ends.push(reading(&db).await);
        db.close().await;
    }
    let plan = async |ends: &[Reading]| {
        let mut diff = Diff::of(&ends[0], &ends[1], &everything(), ColumnOrder::Told).unwrap();
        let schema = |at: usize| &ends[at].inspection.schema;
        diff.prove(schema(0), schema(1), &shadow(engine), &everything()).await.unwrap();
        diff
    };
    let small = plan(&ends).await;
    assert!(small.steps.len() > 2, "{}", sql(&small));
    for end in &mut ends {
        let schema = &mut end.inspection.schema;
        let other = schema.of_kind("table").find(|table| table.name.name == "other").unwrap().clone();
        schema.extend((0..10_000).map(|at| {
            let mut table = other.clone();
            table.name.name = format!("many_{at}");
            table
        }));
    }
    let large = plan(&ends).await;
    assert_eq!(large.steps, small.steps);
    assert_eq!(large.changes, small.changes);
}
