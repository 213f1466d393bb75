//! Reads again what has changed since the last reading, and what hangs on it.
//!
//! A row of a catalog bears the number of the transaction that wrote it, so the rows that a former snapshot doesn't see are found by it; they and
//! what depends on them (`pg_depend`) tell which relations to read again. That is done for tables, views, sequences and their parts. Wherever
//! anything else changed (a row of another catalog, a row that is gone, a role) everything is read.
//!
//! It is done by a session of its own. There the questions stay prepared, and to plan them costs more than to answer them; the session that
//! migrates forgets whatever was prepared before each file.
//!
//! In the queries of [`SOURCES`] `{in x}` stands for "`x` is one of those relations", and `{of x}` for "`x` is one, or a part of one"; where a
//! catalog is named behind `x`, nothing comes of the query unless that has rows. A source with neither is of what hasn't changed. `{user x}` is
//! "`x` was made by a user", which all of them were.

use std::collections::{HashMap, HashSet};

use driftlock_database::{Error, Inspection, Reach, Session};

use super::moment::{Moment, SNAPSHOT, is_new};
use super::reading::{Reading, oid};
use super::{BEGIN, SETTINGS, SOURCES, Source, is_gone, read_rows, take_noting};
use crate::marks;
use crate::patience::NO_WAITING;
use crate::session::{PostgresSession, only_row};
use crate::sql::Values;
use crate::wire::ResultSet;

/// Who reads again.
pub(crate) struct Reader {
    session: PostgresSession,
    sources: Vec<OfSome>,
    prepared: Prepared,
    memory: Option<Box<Memory>>,
}

/// A source, and what it is asked of some relations.
struct OfSome {
    source: &'static Source,
    sql: String,
    /// The catalog without whose rows nothing comes of it.
    of: Option<String>,
}

impl OfSome {
    /// Those that are of relations or their parts.
    fn all(major: u32) -> Vec<Self> {
        let of_some = |source: &'static Source| {
            let sql = (source.sql)(major);
            let hook = ["{in ", "{of "].iter().find_map(|hook| sql.split_once(hook)).map(|(_, rest)| rest);
            let (what, _) = hook?.split_once('}')?;
            let of = what.split(' ').nth(1).map(str::to_owned);
            Some(OfSome { source, sql: restricted(&sql.replace("{users}", super::USERS), true), of })
        };
        SOURCES.iter().filter_map(of_some).collect()
    }

    fn is_asked(&self, state: &State) -> bool {
        self.of.as_ref().is_none_or(|catalog| state.has(catalog))
    }
}

/// Questions that the session has prepared, each with the number in its name.
#[derive(Default)]
struct Prepared {
    numbers: HashMap<String, usize>,
    /// How many relations there were when the first of them was.
    planned_for: u64,
    /// What the session has isn't known, or is no good.
    stale: bool,
}

impl Prepared {
    /// A plan for few rows may be a bad one for many: who plans for a database that has grown twofold begins anew.
    fn of(&mut self, relations: u64) {
        if relations > self.planned_for.saturating_mul(2) {
            self.stale = true;
        }
        if self.stale {
            self.planned_for = relations;
        }
    }

    /// The statements that prepare those of these questions that aren't yet, and those that ask all of them.
    fn statements<'q>(
        &mut self,
        questions: impl IntoIterator<Item = &'q str>,
        types: &str,
        values: &str,
    ) -> (Vec<String>, Vec<String>) {
        let mut prepare = Vec::new();
        if std::mem::take(&mut self.stale) {
            self.numbers.clear();
            prepare.push("DEALLOCATE ALL".to_owned());
        }
        let mut execute = Vec::new();
        for question in questions {
            let number = self.numbers.get(question).copied().unwrap_or_else(|| {
                let next = self.numbers.len();
                prepare.push(format!("PREPARE driftlock_{next} ({types}) AS {question}"));
                self.numbers.insert(question.to_owned(), next);
                next
            });
            execute.push(format!("EXECUTE driftlock_{number} ({values})"));
        }
        (prepare, execute)
    }
}

/// The last reading, and what the catalogs were at it.
struct Memory {
    reading: Reading,
    last: Inspection,
    state: State,
}

/// How a catalog's rows may change for the relations alone to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Not at all.
    Stay,
    /// Rows that were there are there still, by their numbers.
    Change,
    /// Rows come, and those that were there are as they were.
    Grow,
    /// As they like: whatever goes leaves a trace in another catalog.
    BeAnything,
}

/// What may happen to a catalog.
fn may(catalog: &str) -> May {
    match catalog {
        "pg_class"
        | "pg_constraint"
        | "pg_index"
        | "pg_partitioned_table"
        | "pg_policy"
        | "pg_rewrite"
        | "pg_sequence"
        | "pg_trigger"
        | "pg_type" => May::Change,
        "pg_description" | "pg_inherits" => May::Grow,
        // A column or a default that goes is one of a row of pg_attribute that is written anew.
        "pg_attrdef" | "pg_attribute" | "pg_depend" => May::BeAnything,
        _ => May::Stay,
    }
}

/// What the catalogs were at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    moment: Moment,
    /// The greatest number that anything had. What is made later has a greater one.
    greatest: u32,
    /// How many rows each catalog has of users. Of one that may be anything nothing is known.
    counts: HashMap<String, u64>,
    /// Everything else that a reading depends on.
    rest: String,
}

/// What became of a catalog's rows since a moment.
struct Rows {
    catalog: String,
    all: u64,
    /// Of what had a number before.
    of_old: u64,
    /// That the moment doesn't see.
    new: u64,
}

impl State {
    /// Asks for the state alone.
    fn question(major: u32) -> String {
        let catalogs: Vec<String> = marks::first_numbers(major)
            .map(|(name, number)| {
                format!(
                    "(SELECT pg_catalog.concat_ws('.', '{name}', count(*), 0, 0) FROM pg_catalog.{name} c WHERE {number} >= 16384)"
                )
            })
            .collect();
        format!("SELECT {}", State::columns(&format!("pg_catalog.concat_ws(' ', {})", catalogs.join(", ")), REST))
    }

    /// What a state is told by; `counts` is the part of the catalogs' rows, and `rest` everything else.
    fn columns(counts: &str, rest: &str) -> String {
        let numbered = ["pg_class", "pg_constraint", "pg_policy", "pg_rewrite", "pg_trigger", "pg_type"];
        let greatest: Vec<String> =
            numbered.iter().map(|name| format!("(SELECT max(c.oid) FROM pg_catalog.{name} c)")).collect();
        format!("pg_catalog.pg_current_snapshot()::text, GREATEST({}), {counts}, {rest}", greatest.join(", "))
    }

    /// Asks for the state, for what has come to the catalogs since this one, which is told by [`KNOWN`], and for the relations to read again:
    /// those with new rows and those that hang on them; one that is null stands for what is none. Each catalog is looked through once.
    fn question_after(&self, major: u32, reach: Reach<'_>) -> String {
        if matches!(reach, Reach::Additions(_)) {
            return State::question_of_additions(major);
        }
        let trusted = reach != Reach::Anything;
        let is_new = is_new("c", "$2", self.moment.is_anything_under_way().then_some("$3"));
        let scans = marks::first_numbers(major)
            .filter(|(name, _)| !trusted || may(name) != May::Stay || self.has(name))
            .map(|(name, number)| {
                let only_new = trusted && may(name) == May::BeAnything;
                let of_old = format!("count(*) FILTER (WHERE {number} <= $1)");
                let new = format!("count(*) FILTER (WHERE {is_new})");
                // A number that nobody looks at isn't worth a look at every row.
                let (of_old, new) = match may(name) {
                    _ if only_new => ("0", "0"),
                    May::Change if trusted => (of_old.as_str(), "0"),
                    May::Grow if trusted => ("0", new.as_str()),
                    _ => (of_old.as_str(), new.as_str()),
                };
                let (keys, also) = match stands_for(name) {
                    None => ("NULL::int8[]".to_owned(), String::new()),
                    Some(stands_for) => {
                        let changes = format!("({is_new}) AND NOT ({})", stands_for.unless);
                        match only_new {
                            true => (stands_for.keys(), format!(" AND {changes}")),
                            false => (format!("{} FILTER (WHERE {changes})", stands_for.keys()), String::new()),
                        }
                    }
                };
                let counts = format!("pg_catalog.concat_ws('.', '{name}', count(*), {of_old}, {new})");
                format!("SELECT {counts}, {keys} FROM pg_catalog.{name} c WHERE {number} >= 16384{also}")
            });
        State::with_relations(scans, REST)
    }

    /// The same where nothing that there was is another: what came has a greater number than everything before, and each catalog is asked for
    /// that by an index. It is told how many rows came.
    fn question_of_additions(major: u32) -> String {
        let scans = marks::first_numbers(major).filter(|(name, _)| matches!(may(name), May::Change | May::Grow)).map(
            |(name, number)| {
                let keys = stands_for(name).map_or_else(
                    || "NULL::int8[]".to_owned(),
                    |stands_for| format!("{} FILTER (WHERE NOT ({}))", stands_for.keys(), stands_for.unless),
                );
                // The index is of the bare column.
                let number = number.trim_end_matches("::pg_catalog.oid");
                format!(
                    "SELECT pg_catalog.concat_ws('.', '{name}', count(*), 0, 0), {keys} FROM pg_catalog.{name} c WHERE {number} > $1"
                )
            },
        );
        State::with_relations(scans, "''")
    }

    /// The question that asks these of the catalogs, and for the relations that follow.
    fn with_relations(scans: impl Iterator<Item = String>, rest: &str) -> String {
        let scans: Vec<String> = scans.collect();
        format!(
            "WITH RECURSIVE scans (counts, keys) AS MATERIALIZED ({}), {CLOSURE} SELECT {}, ARRAY({RELATIONS})::text",
            scans.join(" UNION ALL "),
            State::columns("(SELECT pg_catalog.string_agg(s.counts, ' ') FROM scans s)", rest)
        )
    }

    /// The state after this one, where it is told what came.
    fn grown(&self, mut by: State) -> State {
        for (catalog, came) in &mut by.counts {
            *came += self.counts.get(catalog).copied().unwrap_or_default();
        }
        by.greatest = by.greatest.max(self.greatest);
        by.rest.clone_from(&self.rest);
        by
    }

    fn read(answer: Option<&ResultSet>) -> Result<(Self, Vec<Rows>), Error> {
        let row = answer.and_then(|answer| answer.rows.first()).map(Values);
        let row = row.ok_or_else(|| Error::Protocol("the server doesn't say what is in its catalogs".to_owned()))?;
        let rows = row.parsed(2, |text| {
            let catalog = |text: &str| {
                let (catalog, numbers) = text.split_once('.')?;
                let mut numbers = numbers.split('.').map(|number| number.parse().ok());
                let (all, of_old, new) = (numbers.next()??, numbers.next()??, numbers.next()??);
                Some(Rows { catalog: catalog.to_owned(), all, of_old, new })
            };
            text.split(' ').map(catalog).collect::<Option<Vec<Rows>>>()
        })?;
        let state = State {
            moment: Moment::of(row.text(0)?),
            greatest: oid(&row, 1)?,
            counts: rows.iter().map(|rows| (rows.catalog.clone(), rows.all)).collect(),
            rest: row.text(3)?,
        };
        Ok((state, rows))
    }

    /// Whether everything but relations and their parts is as it was, and nothing that there was is gone.
    fn leads_to(&self, now: &State, rows: &[Rows]) -> bool {
        let fits = |rows: &Rows| {
            let before = self.counts.get(&rows.catalog).copied().unwrap_or(0);
            match may(&rows.catalog) {
                May::Stay => rows.new == 0 && rows.all == before,
                May::Change => rows.of_old == before,
                May::Grow => rows.all.checked_sub(rows.new) == Some(before),
                May::BeAnything => true,
            }
        };
        self.rest == now.rest && rows.iter().all(fits)
    }

    /// What [`KNOWN`] are.
    fn known(&self) -> String {
        let (next, under_way) = self.moment.unseen();
        format!("{}, {next}, {under_way}", self.greatest)
    }

    /// Whether a catalog has rows of users.
    fn has(&self, catalog: &str) -> bool {
        self.counts.get(catalog).is_none_or(|count| *count > 0)
    }
}

/// What is told of the last reading, as `$1` to `$3`: the greatest number, and the transactions that its moment doesn't see.
const KNOWN: &str = "pg_catalog.oid, pg_catalog.xid, pg_catalog.xid[]";

/// Everything else that a reading depends on.
const REST: &str = "pg_catalog.concat_ws(' ', \
     (SELECT sum(pg_catalog.hashtextextended(r.rolname::text, r.oid::int8)) FROM pg_catalog.pg_roles r), \
     (SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()), \
     (SELECT count(*) FROM pg_catalog.pg_depend d WHERE d.refclassid = 3079 AND d.deptype = 'e'), \
     (SELECT pg_catalog.string_agg(m::text, ' ' ORDER BY m.umid) FROM pg_catalog.pg_user_mappings m))";

/// What a new row of a catalog (`c`) makes known as changed.
struct StandsFor {
    /// The catalog that this is in, in SQL.
    class: &'static str,
    /// Its number there.
    number: &'static str,
    /// Of which rows nothing follows.
    unless: &'static str,
}

impl StandsFor {
    /// The keys that [`CLOSURE`] begins with.
    fn keys(&self) -> String {
        format!("pg_catalog.array_agg({}::int8 * 4294967296 + {}::int8)", self.class, self.number)
    }
}

fn stands_for(catalog: &str) -> Option<StandsFor> {
    let (class, number, unless) = match catalog {
        "pg_class" => ("1259", "c.oid", "false"),
        "pg_constraint" => ("2606", "c.oid", "false"),
        "pg_policy" => ("3256", "c.oid", "false"),
        "pg_rewrite" => ("2618", "c.oid", "false"),
        "pg_type" => ("1247", "c.oid", "false"),
        // A foreign key's own triggers are on the other table too.
        "pg_trigger" => ("2620", "c.oid", "c.tgisinternal AND c.tgconstrrelid <> 0 AND c.tgparentid = 0"),
        "pg_depend" => ("c.classid", "c.objid", "c.classid = 2620 AND c.deptype = 'i'"),
        "pg_description" => ("c.classoid", "c.objoid", "false"),
        "pg_attribute" => ("1259", "c.attrelid", "false"),
        "pg_attrdef" => ("1259", "c.adrelid", "false"),
        "pg_index" => ("1259", "c.indrelid", "false"),
        "pg_inherits" => ("1259", "c.inhrelid", "false"),
        "pg_partitioned_table" => ("1259", "c.partrelid", "false"),
        "pg_sequence" => ("1259", "c.seqrelid", "false"),
        _ => return None,
    };
    Some(StandsFor { class, number, unless })
}

/// What has changed, by the keys in `scans`, and what hangs on it; the relations that all this is of.
///
/// How few these are is not known to who plans it, who would rather look through all of `pg_depend` once: `OFFSET 0` keeps them from that.
const CLOSURE: &str = "changed (classid, objid) AS (SELECT (k.key >> 32)::oid, (k.key & 4294967295)::oid \
     FROM scans s, LATERAL pg_catalog.unnest(s.keys) k (key) \
     UNION SELECT d.classid, d.objid FROM changed s JOIN pg_catalog.pg_depend d ON d.refclassid = s.classid AND d.refobjid = s.objid), \
     owners (oid) AS (SELECT DISTINCT CASE s.classid WHEN 1259 THEN s.objid \
     WHEN 2606 THEN (SELECT nullif(k.conrelid, 0) FROM pg_catalog.pg_constraint k WHERE k.oid = s.objid) \
     WHEN 2604 THEN (SELECT f.adrelid FROM pg_catalog.pg_attrdef f WHERE f.oid = s.objid) \
     WHEN 2618 THEN (SELECT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.oid = s.objid) \
     WHEN 2620 THEN (SELECT t.tgrelid FROM pg_catalog.pg_trigger t WHERE t.oid = s.objid) \
     WHEN 3256 THEN (SELECT p.polrelid FROM pg_catalog.pg_policy p WHERE p.oid = s.objid) \
     WHEN 1247 THEN (SELECT nullif(coalesce(nullif(t.typrelid, 0), e.typrelid), 0) FROM pg_catalog.pg_type t \
     LEFT JOIN pg_catalog.pg_type e ON e.oid = nullif(t.typelem, 0) WHERE t.oid = s.objid) END FROM changed s), \
     relations (oid) AS (SELECT CASE WHEN c.relkind IN ('i', 'I') THEN (SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid) \
     WHEN c.relkind = 't' THEN (SELECT d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid = 1259 AND d.objid = c.oid \
     AND d.refclassid = 1259 AND d.deptype = 'i') WHEN c.relkind <> 'c' THEN c.oid END \
     FROM owners o LEFT JOIN pg_catalog.pg_class c ON c.oid = o.oid), \
     both_ways (oid) AS (SELECT r.oid FROM relations r UNION SELECT d.refobjid FROM relations r, LATERAL (SELECT d.refobjid \
     FROM pg_catalog.pg_depend d WHERE d.classid = 1259 AND d.objid = r.oid AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype = 'i' \
     OFFSET 0) d)";

/// The relations of [`CLOSURE`].
const RELATIONS: &str = "SELECT b.oid FROM both_ways b UNION SELECT d.objid FROM both_ways b, LATERAL (SELECT d.objid \
     FROM pg_catalog.pg_depend d WHERE d.refclassid = 1259 AND d.refobjid = b.oid AND d.refobjsubid > 0 AND d.classid = 1259 AND d.deptype = 'i' \
     OFFSET 0) d";

/// A query of a source, of all relations or of those in `$1`, where that makes a difference.
pub(super) fn restricted(sql: &str, to_some: bool) -> String {
    let mut rest = sql;
    let mut all = String::with_capacity(sql.len());
    while let Some((before, after)) = rest.split_once('{') {
        let (what, after) = after.split_once('}').unwrap_or((after, ""));
        all.push_str(before);
        match what.split_once(' ') {
            Some(("in" | "of", _)) if !to_some => all.push_str("true"),
            // Goes without saying of some that are users', and might mislead who plans the query.
            Some(("user", _)) if to_some => all.push_str("true"),
            Some(("user", what)) => all.push_str(&format!("{what} >= 16384")),
            Some(("in", what)) => all.push_str(&format!("{} = ANY ($1)", column(what))),
            // There is an index that begins with the catalog.
            Some(("of", what @ "d.objid")) => all.push_str(&format!(
                "d.classid IN (1247, 1259, 2604, 2606, 2618, 2620, 3256) AND {what} = ANY (ARRAY({PARTS}))"
            )),
            Some(("of", what)) => all.push_str(&format!("{} = ANY (ARRAY({PARTS}))", column(what))),
            _ => all.push_str(&format!("{{{what}}}")),
        }
        rest = after;
    }
    all.push_str(rest);
    all
}

/// What is compared: the catalog may be named behind it.
fn column(what: &str) -> &str {
    what.split(' ').next().unwrap_or(what)
}

/// A plan is made once, for any numbers. What has changed is little and hangs on little, in catalogs that are large: a plan for any numbers
/// doesn't know that.
const BY_CLOSURE: &str =
    "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// And what is read by a few numbers is, too.
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";

/// The numbers of the relations in `$1` and of their parts.
const PARTS: &str = "SELECT pg_catalog.unnest($1) \
     UNION ALL SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = ANY ($1) \
     UNION ALL SELECT k.oid FROM pg_catalog.pg_constraint k WHERE k.conrelid = ANY ($1) \
     UNION ALL SELECT f.oid FROM pg_catalog.pg_attrdef f WHERE f.adrelid = ANY ($1) \
     UNION ALL SELECT r.oid FROM pg_catalog.pg_rewrite r WHERE r.ev_class = ANY ($1) \
     UNION ALL SELECT t.oid FROM pg_catalog.pg_trigger t WHERE t.tgrelid = ANY ($1) \
     UNION ALL SELECT p.oid FROM pg_catalog.pg_policy p WHERE p.polrelid = ANY ($1) \
     UNION ALL SELECT y.reltype FROM pg_catalog.pg_class y WHERE y.oid = ANY ($1)";

/// The numbers in the list of relations to read again; nothing where one stands for what is none.
fn relations(list: &str) -> Option<Vec<u32>> {
    let list = list.strip_prefix('{')?.strip_suffix('}')?;
    list.split(',').filter(|number| !number.is_empty()).map(|number| number.parse().ok()).collect()
}

/// See [`Session::inspect_again`](driftlock_database::Session::inspect_again).
pub(crate) async fn take(session: &mut PostgresSession, reach: Reach<'_>) -> Result<Inspection, Error> {
    let reader = match (session.reader.take(), &session.target) {
        (Some(reader), _) => Some(reader),
        (None, Some(target)) => PostgresSession::open(target.clone(), session.options.clone())
            .await
            .ok()
            .map(|session| Box::new(Reader::new(session))),
        (None, None) => None,
    };
    // There may be room for no other session, or nobody says how to get one.
    let Some(mut reader) = reader else { return super::take(session).await };
    // One that fails is not asked again.
    let inspection = reader.take(reach).await?;
    session.reader = Some(reader);
    Ok(inspection)
}

impl Reader {
    fn new(session: PostgresSession) -> Self {
        let sources = OfSome::all(session.major);
        Reader { session, sources, prepared: Prepared::default(), memory: None }
    }

    async fn take(&mut self, reach: Reach<'_>) -> Result<Inspection, Error> {
        if let Some(memory) = self.memory.take() {
            // What acts on statements by itself may do anything.
            let reach = if memory.state.has("pg_event_trigger") { Reach::Anything } else { reach };
            let known = self.renewed(memory, reach).await;
            if self.session.wire.seen.in_transaction() {
                self.session.rollback().await?;
            }
            match known {
                Ok(Some(memory)) => return Ok(self.memory.insert(memory).last.clone()),
                Ok(None) => {}
                // Which of the questions were prepared before isn't known.
                Err(error) if is_gone(&error) || matches!(error, Error::LockTimeout(_)) => self.prepared.stale = true,
                Err(error) => return Err(error),
            }
        }
        let noted = State::question(self.session.major);
        let (reading, answer, changes) = take_noting(&mut self.session, &noted).await?;
        let last = reading.clone().done();
        if changes.is_some() {
            return Ok(Inspection { incomplete: last.incomplete.into_iter().chain(changes).collect(), ..last });
        }
        let (state, _) = State::read(answer.as_ref())?;
        self.memory = Some(Box::new(Memory { reading, last: last.clone(), state }));
        Ok(last)
    }

    /// The memory as it is now; nothing where everything has to be read.
    async fn renewed(&mut self, mut memory: Box<Memory>, reach: Reach<'_>) -> Result<Option<Box<Memory>>, Error> {
        let Reader { session, sources, prepared, .. } = self;
        let major = session.major;
        prepared.of(memory.state.counts.get("pg_class").copied().unwrap_or_default());
        let question = memory.state.question_after(major, reach);
        let (prepare, execute) = prepared.statements([question.as_str()], KNOWN, &memory.state.known());
        let by_index = matches!(reach, Reach::Additions(_)).then_some(BY_INDEX);
        let begin = [BEGIN, SETTINGS, NO_WAITING, BY_CLOSURE].into_iter().chain(by_index).map(str::to_owned);
        let all: Vec<String> = begin.chain(prepare).chain(execute).collect();
        let answers = session.ask(&all.join("; ")).await?;
        let (mut state, rows) = State::read(answers.last())?;
        match reach {
            Reach::Additions(_) => state = memory.state.grown(state),
            _ if !memory.state.leads_to(&state, &rows) => return Ok(None),
            _ => {}
        }
        for (catalog, count) in &memory.state.counts {
            state.counts.entry(catalog.clone()).or_insert(*count);
        }
        let Some(these) = only_row(&answers).map(|row| row.text(4)).transpose()?.as_deref().and_then(relations) else {
            return Ok(None);
        };
        memory.state = state;
        if these.is_empty() {
            return Ok(Some(memory));
        }
        let list = these.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let sources: Vec<&OfSome> = sources.iter().filter(|source| source.is_asked(&memory.state)).collect();
        let queries = sources.iter().map(|source| source.sql.as_str());
        let (prepare, execute) = prepared.statements(queries, "pg_catalog.oid[]", &format!("'{{{list}}}'"));
        let before = BY_INDEX.matches("SET LOCAL").count() + prepare.len();
        let by_index = std::iter::once(BY_INDEX.to_owned());
        let all: Vec<String> = by_index.chain(prepare).chain(execute).chain(["COMMIT".to_owned()]).collect();
        let mut answers = session.ask_raw(&[&all.join("; "), SNAPSHOT]).await?.into_iter();
        let results = answers.next().unwrap_or_default().ok(session.wire.take_cancelled())?;
        let after = answers.next().unwrap_or_default().ok(false)?;
        let is_still = match only_row(&after) {
            Some(row) => memory.state.moment.is_still(&row.text(0)?),
            None => false,
        };
        if !is_still {
            let question = memory.state.question_after(major, Reach::Anything);
            let (prepare, execute) = prepared.statements([question.as_str()], KNOWN, &memory.state.known());
            let answers = session.ask(&[prepare, execute].concat().join("; ")).await?;
            let (now, rows) = State::read(answers.last())?;
            let is_same = |rows: &Rows| {
                let before = memory.state.counts.get(&rows.catalog).copied().unwrap_or(0);
                rows.new == 0 && (may(&rows.catalog) == May::BeAnything || rows.all == before)
            };
            if now.rest != memory.state.rest || !rows.iter().all(is_same) {
                return Ok(None);
            }
        }
        let gone = memory.reading.forget(&these.into_iter().collect::<HashSet<_>>());
        let Some(gone) = gone else { return Ok(None) };
        let from = memory.reading.len();
        for (source, result) in sources.iter().zip(results.iter().skip(before)) {
            read_rows(&mut memory.reading, source.source, result)?;
        }
        for id in gone {
            memory.last.schema.remove(&id);
        }
        let Some(objects) = memory.reading.settled_from(from, &memory.last) else { return Ok(None) };
        memory.last.schema.extend(objects);
        Ok(Some(memory))
    }

    /// Says goodbye to the server.
    pub(crate) async fn close(self) {
        self.session.wire.close().await;
    }
}
