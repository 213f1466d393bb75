//! Readings proved: the corpus of each engine (a file a kind), and cases from beside the project.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use driftlock::database::{Census, Event, Observer, Runnable, Session};
use driftlock::engine::{Proof, Shadow};
use driftlock::schema::{Facet, Filter, Schema};
use driftlock::script::{Options, split_with};
use driftlock::{ConnectOptions, Database, DatabaseUrl, engine_of};

use super::TestDatabase;

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: Event) {}
}

/// A session of the adapter's own.
pub async fn session(url: &str) -> Box<dyn Session> {
    let url = DatabaseUrl::parse(url).unwrap();
    engine_of(&url).unwrap().connect(&url, &ConnectOptions::default()).await.unwrap()
}

/// Runs statements, one at a time, each by itself.
pub async fn run(url: &str, statements: &[String]) -> Result<(), String> {
    let mut session = session(url).await;
    for sql in statements {
        let runnable = Runnable { sql, copy_data: None };
        if let Err(error) = session.execute(&[runnable], &mut Nobody).await {
            // Roles are the whole server's: another state or case made it.
            if sql.contains("CREATE ROLE") && error.error.to_string().contains("[42710]") {
                continue;
            }
            return Err(format!("{}\n  {sql}", error.error));
        }
    }
    session.close().await;
    Ok(())
}

/// A database of its own in which these ran.
pub async fn database(engine: &'static str, statements: &[String]) -> Result<TestDatabase, String> {
    let database = TestDatabase::new(engine);
    run(&database.url, statements).await?;
    Ok(database)
}

/// Where databases are made again.
pub fn shadow(engine: &str) -> Shadow {
    let url = match engine {
        "sqlite" => "sqlite::memory:".to_owned(),
        "postgres" => super::server("TEST_POSTGRES_URL"),
        _ => super::server("TEST_MYSQL_URL"),
    };
    let url = DatabaseUrl::parse(&url).unwrap();
    let engine = engine_of(&url).unwrap();
    Shadow::in_memory(engine).unwrap_or_else(|| Shadow::on_server(engine, url, ConnectOptions::default()))
}

/// Everything, definers too.
pub fn everything() -> Filter {
    Facet::ALL
        .into_iter()
        .fold(Filter::new(), |filter, facet| filter.include(format!("facet:{}", facet.as_str()).parse().unwrap()))
}

pub async fn prove(db: &Database, shadow: &Shadow) -> Result<Proof, String> {
    db.prove(shadow, &everything()).await.map_err(|error| error.to_string())
}

/// What is wrong with a reading, a line each.
pub fn faults(proof: &Result<Proof, String>) -> Vec<String> {
    match proof {
        Err(error) => vec![error.clone()],
        Ok(proof) => {
            let unmodelled =
                proof.inspection.unmodelled.iter().map(|it| format!("unmodelled {}: {}", it.object, it.reason));
            let incomplete = proof.inspection.incomplete.iter().map(|it| format!("incomplete: {it}"));
            let differences = proof.differences.iter().map(|it| {
                format!("{} {}\n    here: {}\n    made: {}", it.object, it.about, shown(&it.here), shown(&it.made))
            });
            unmodelled.chain(incomplete).chain(differences).collect()
        }
    }
}

fn shown(said: &Option<String>) -> &str {
    said.as_deref().unwrap_or("-")
}

/// A file of the corpus: what is there in all of its cases, and the cases. `-- case: NAME` begins one. The first is the object as it is made by
/// default; in each other one something about it is different, but where the name begins with `same`: there only the spelling is. A name that
/// ends with `(since 18)` is of a case for that major of the engine and newer ones, one with `(MariaDB)` or `(MySQL, since 9)` for that product:
/// elsewhere it is said to be left out. One that ends with `(unmodelled trigger a)` is of a case with something that a schema has no place for, and
/// that is all that is asked of it: that it is named.
pub struct Corpus {
    pub name: String,
    pub cases: Vec<(String, Vec<String>)>,
}

pub fn corpus(engine: &str) -> Vec<Corpus> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(engine);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "sql"))
        .collect();
    files.sort();
    let only = std::env::var("CASE").unwrap_or_default();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files.retain(|path| name(path).contains(&only));
    assert!(!files.is_empty(), "no file in {} has `{only}` in its name", folder.display());
    files.iter().map(|path| read(&name(path), engine, &std::fs::read_to_string(path).unwrap())).collect()
}

/// The statements of a text.
pub fn statements(engine: &str, text: &str) -> Vec<String> {
    let url = match engine {
        "sqlite" => "sqlite::memory:",
        "postgres" => "postgres://a/b",
        _ => "mysql://a/b",
    };
    let dialect = engine_of(&DatabaseUrl::parse(url).unwrap()).unwrap().dialect();
    let found = split_with(text, dialect, &Options::default()).unwrap();
    found.iter().map(|statement| statement.text(text).to_owned()).collect()
}

fn read(name: &str, engine: &str, text: &str) -> Corpus {
    let mut parts = text.split("\n-- case: ");
    let head = parts.next().unwrap();
    // A file may begin with its first case.
    let (setup, first) = match head.strip_prefix("-- case: ") {
        Some(first) => ("", Some(first)),
        None => (head, None),
    };
    let cases = first.into_iter().chain(parts).map(|case| {
        let (name, sql) = case.split_once('\n').unwrap_or((case, ""));
        (name.trim().to_owned(), [statements(engine, setup), statements(engine, sql)].concat())
    });
    Corpus { name: name.to_owned(), cases: cases.collect() }
}

/// Holds a corpus: every case is proved; what differs has another fingerprint, what doesn't has the same; and no attribute of the model can be
/// done without. Returns every attribute of every kind that was there.
pub async fn hold(engine: &'static str, corpus: Vec<Corpus>) -> BTreeSet<(String, String)> {
    let server = Arc::new(Server::of(engine).await);
    let shadow = shadow(engine);
    let needed: Arc<Mutex<BTreeSet<Attribute>>> = Arc::default();
    let (missed, held) = (Arc::clone(&needed), Arc::new(Mutex::new(BTreeMap::new())));
    let all = Arc::clone(&held);
    each(corpus.into_iter().enumerate(), move |(at, file)| {
        let (server, shadow) = (Arc::clone(&server), shadow.clone());
        let (missed, all) = (Arc::clone(&missed), Arc::clone(&all));
        async move {
            let file = hold_file(engine, &server, &shadow, &file, &missed).await;
            all.lock().unwrap().insert(at, file);
        }
    });
    let needed = needed.lock().unwrap();
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<Attribute, String> = BTreeMap::new();
    // In the order of the files, whichever was done first.
    for file in std::mem::take(&mut *held.lock().unwrap()).into_values() {
        wrong.extend(file.wrong);
        for (attribute, place) in file.seen {
            seen.entry(attribute).or_insert(place);
        }
    }
    for (attribute, place) in seen.iter().filter(|(attribute, _)| !needed.contains(*attribute)) {
        wrong.push(format!("{place}: nothing is missed without {} of {}", attribute.1, attribute.0));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    seen.into_keys().collect()
}

/// What the tests run on.
pub struct Server {
    pub product: String,
    pub major: u32,
}

impl Server {
    pub async fn of(engine: &'static str) -> Self {
        let database = TestDatabase::new(engine);
        let session = session(&database.url).await;
        let version = session.server().version.clone();
        session.close().await;
        let (product, number) = version.split_once(' ').unwrap();
        let major = number.split('.').next().and_then(|number| number.parse().ok());
        let major = major.unwrap_or_else(|| panic!("what version is {version}?"));
        Server { product: product.to_owned(), major }
    }

    /// Whether a case is for this server, by what stands behind its name.
    pub fn takes(&self, case: &str) -> bool {
        if unmodelled(case).is_some() {
            return true;
        }
        let Some((_, marks)) = case.strip_suffix(')').and_then(|case| case.rsplit_once('(')) else { return true };
        marks.split(", ").all(|mark| match mark.strip_prefix("since ") {
            Some(since) => self.major >= since.parse().unwrap(),
            None if mark == "MariaDB" || mark == "MySQL" => self.product == mark,
            None => panic!("{case}: what is `{mark}`?"),
        })
    }
}

/// A kind, and an attribute of it.
type Attribute = (String, String);

/// What came of a file of the corpus.
#[derive(Default)]
struct Held {
    wrong: Vec<String>,
    /// The attributes that were there, and where first.
    seen: BTreeMap<Attribute, String>,
}

/// `needed` are the attributes without which a proof has failed, in any file.
async fn hold_file(
    engine: &'static str,
    server: &Server,
    shadow: &Shadow,
    file: &Corpus,
    needed: &Mutex<BTreeSet<Attribute>>,
) -> Held {
    let mut held = Held::default();
    let mut fingerprints: BTreeMap<String, String> = BTreeMap::new();
    let mut first = None;
    for (name, statements) in &file.cases {
        let place = format!("{}/{name}", file.name);
        if !server.takes(name) {
            eprintln!("left out on {} {}: {place}", server.product, server.major);
            continue;
        }
        let database = match database(engine, statements).await {
            Ok(database) => database,
            Err(error) => {
                held.wrong.push(format!("{place}: {error}"));
                continue;
            }
        };
        let db = driftlock::connect(&database.url).await.unwrap();
        let proof = prove(&db, shadow).await;
        if let Some(named) = unmodelled(name) {
            let all = proof.iter().flat_map(|proof| &proof.inspection.unmodelled);
            let said: Vec<String> = all.map(|it| format!("{} {}", it.object.kind, it.object.name.name)).collect();
            if said != [named] {
                held.wrong.push(format!("{place}: unmodelled is {said:?}"));
            }
            db.close().await;
            continue;
        }
        held.wrong.extend(faults(&proof).iter().map(|fault| format!("{place}: {fault}")));
        let Ok(proof) = proof else { continue };
        let schema = proof.inspection.schema;
        let fingerprint = schema.fingerprint_of(everything().facets()).to_string();
        let first = first.get_or_insert_with(|| fingerprint.clone());
        if name.starts_with("same") {
            if fingerprint != *first {
                held.wrong.push(format!("{place}: only the spelling differs, and the fingerprint does too"));
            }
        } else if let Some(other) = fingerprints.insert(fingerprint, name.clone()) {
            held.wrong.push(format!("{place}: the fingerprint is that of {other}"));
        }
        let mut here = None;
        for attribute in schema.attributes() {
            held.seen.entry(attribute.clone()).or_insert_with(|| place.clone());
            if needed.lock().unwrap().contains(&attribute) {
                continue;
            }
            let here = match &here {
                Some(here) => here,
                None => here.insert(db.census(&everything()).await.unwrap()),
            };
            if is_missed(&db, here, shadow, &schema, &attribute).await {
                needed.lock().unwrap().insert(attribute);
            }
        }
        db.close().await;
    }
    held
}

/// Works through items, several at once: a thread each, as making and dropping a database holds its thread up.
pub fn each<I, W>(items: impl Iterator<Item = I> + Send + 'static, work: impl Fn(I) -> W + Clone + Send + 'static)
where
    W: Future<Output = ()>,
{
    let queue = Arc::new(Mutex::new(items));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (queue, work) = (Arc::clone(&queue), work.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async move {
                    loop {
                        let Some(item) = queue.lock().unwrap().next() else { return };
                        work(item).await;
                    }
                });
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
}

/// What a case's name says that a schema has no place for: `… (unmodelled trigger a)`.
pub fn unmodelled(name: &str) -> Option<&str> {
    name.strip_suffix(')')?.split_once("(unmodelled ").map(|(_, named)| named)
}

/// Whether the proof fails when the model doesn't know an attribute.
async fn is_missed(
    db: &Database,
    here: &Census,
    shadow: &Shadow,
    schema: &Schema,
    (kind, attribute): &Attribute,
) -> bool {
    let cut = schema.without_attribute(kind, attribute);
    match db.made(shadow, &cut, &everything()).await {
        Ok(made) => !here.differences(&made).is_empty(),
        Err(_) => true,
    }
}

/// A line of a file of cases, and what is asked of it.
pub struct Case {
    pub id: String,
    pub before: Vec<String>,
    pub after: Vec<String>,
    pub changes: bool,
    pub roles: Vec<String>,
}

/// The cases beside the project, or nothing, which is said.
pub fn cases(engine: &str, file: &str) -> Option<Vec<Case>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("not there, and not run: {}", path.display());
        return None;
    };
    let only = std::env::var("CASE").unwrap_or_default();
    let cases = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).map(|line| {
        let list = |key: &str| -> Vec<String> {
            let items = line[key].as_array().into_iter().flatten();
            items.map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        let mut setup = Vec::new();
        if let Some(path) = line["flags"]["search_path"].as_str() {
            setup.push(format!("SET search_path = {path}"));
        }
        if line["flags"]["foreign_key_checks"] == 0 {
            setup.push("SET foreign_key_checks = 0".to_owned());
        }
        setup.extend(list("setup_stmts"));
        Case {
            id: line["id"].as_str().unwrap().to_owned(),
            before: [setup.clone(), list("before_stmts")].concat(),
            after: [setup, list("after_stmts")].concat(),
            changes: line["changes"].as_bool().unwrap(),
            roles: list("roles"),
        }
    });
    let cases: Vec<Case> = cases.filter(|case| case.id.contains(&only)).collect();
    // Each case makes four databases: where that is slow, a spread of them is enough for every day. `CASES=all` runs all.
    let every =
        if engine == "postgres" && only.is_empty() && std::env::var("CASES").as_deref() != Ok("all") { 4 } else { 1 };
    if every > 1 {
        eprintln!("{file}: one in {every} of {} cases; CASES=all runs all", cases.len());
    }
    Some(cases.into_iter().step_by(every).collect())
}

/// Proves both states of all cases of a file, several at once, and that their fingerprints differ exactly where they should. `known` names cases
/// that don't hold, each with its reason: one that holds has no place there.
pub async fn conform(engine: &'static str, file: &str, known: &[(&str, &str)]) {
    let Some(cases) = cases(engine, file) else { return };
    let server = Server::of(engine).await;
    if file.starts_with("mariadb") && server.product != "MariaDB" {
        eprintln!("left out on {}: the cases of {file} are in MariaDB's SQL", server.product);
        return;
    }
    if engine == "postgres" {
        // Their dumps name the usual administrator.
        roles(&["postgres".to_owned()]).await;
    }
    let (all, major) = (cases.len(), server.major);
    let ran: BTreeSet<String> = cases.iter().map(|case| case.id.clone()).collect();
    let failed: Arc<Mutex<BTreeMap<String, Vec<String>>>> = Arc::default();
    let fails = Arc::clone(&failed);
    each(cases.into_iter(), move |case| {
        let fails = Arc::clone(&fails);
        async move {
            let faults = conforms(engine, &case).await;
            if !faults.is_empty() && !is_of_newer_major(engine, major, &faults) {
                fails.lock().unwrap().insert(case.id, faults);
            }
        }
    });
    let failed = failed.lock().unwrap();
    eprintln!("{file}: {} of {all} hold", all - failed.len());
    let known: BTreeMap<&str, &str> = known.iter().copied().collect();
    let mut wrong: Vec<String> = failed
        .iter()
        .filter(|(id, _)| !known.contains_key(id.as_str()))
        .map(|(id, faults)| format!("{id}:\n  {}", faults.join("\n  ")))
        .collect();
    if std::env::var("CASE").is_err() {
        let holds = known.keys().filter(|id| ran.contains(**id) && !failed.contains_key(**id));
        wrong.extend(holds.map(|id| format!("{id}: holds, and is named as one that doesn't")));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Makes roles of the test server's. They may be there.
pub async fn roles(roles: &[String]) {
    if roles.is_empty() {
        return;
    }
    let mut session = session(&super::server("TEST_POSTGRES_URL")).await;
    for role in roles {
        let sql = format!("CREATE ROLE \"{}\"", role.replace('"', "\"\""));
        let _ = session.execute(&[Runnable { sql: &sql, copy_data: None }], &mut Nobody).await;
    }
    session.close().await;
}

/// What stands before an error of a case's own statements; what driftlock makes of them is another matter.
const NOT_TAKEN: &str = " isn't taken by the server: ";

/// Whether all that is wrong with a case is that a server of this major doesn't know its words. The cases are PostgreSQL 15's.
fn is_of_newer_major(engine: &str, major: u32, faults: &[String]) -> bool {
    // syntax_error, invalid_parameter_value
    let is_unknown = |fault: &String| {
        let line = fault.split_once(NOT_TAKEN).and_then(|(_, error)| error.lines().next());
        line.is_some_and(|line| line.ends_with("[42601]") || line.ends_with("[22023]"))
    };
    let is_older = engine == "postgres" && major < 15 && faults.iter().all(is_unknown);
    if is_older {
        eprintln!("not in the SQL of PostgreSQL {major}: {}", faults[0]);
    }
    is_older
}

async fn conforms(engine: &'static str, case: &Case) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fingerprints = Vec::new();
    if engine == "postgres" {
        roles(&case.roles).await;
    }
    for (which, statements) in [("before", &case.before), ("after", &case.after)] {
        let database = match database(engine, statements).await {
            Ok(database) => database,
            Err(error) => {
                faults.push(format!("{which}{NOT_TAKEN}{error}"));
                continue;
            }
        };
        let db = driftlock::connect(&database.url).await.unwrap();
        let proof = prove(&db, &shadow(engine)).await;
        faults.extend(self::faults(&proof).iter().map(|fault| format!("{which}: {fault}")));
        if let Ok(proof) = proof {
            fingerprints.push(proof.inspection.schema.fingerprint());
        }
        db.close().await;
    }
    if let [before, after] = fingerprints[..]
        && (before != after) != case.changes
    {
        faults.push(format!("the fingerprints are {}", if case.changes { "equal" } else { "different" }));
    }
    faults
}
