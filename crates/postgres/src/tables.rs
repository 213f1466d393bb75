//! driftlock's own tables: made, read, written.

use driftlock_database::{
    Direction, Entry, Error, FORMAT, Fence, Glance, HistoryRow, JournalRow, JournalState, Records, State, Timestamp,
    check_format,
};
use tokio_postgres::SimpleQueryRow;

use crate::sql::{Names, Values, literal, optional};

/// The history's columns in their order, as an INSERT names them.
const HISTORY: &str = "sequence, attempt, version, name, direction, state, sha256, crc32, rollback_sql, expected, started_at, \
                       ended_at, duration_ms, applied_by, os_user, host, environment, route, git_commit, git_author, ci_job, \
                       ci_url, tool_version, reason, error, chain";

/// The journal's.
const JOURNAL: &str = "attempt, statement, sha256, line, state, object_before, session, at";

/// Microseconds since 1970, which no session setting changes the spelling of. NULL for `infinity`, which nobody wrote here.
fn micros(expression: &str) -> String {
    format!(
        "CASE WHEN pg_catalog.isfinite({expression}) \
         THEN (pg_catalog.date_part('epoch', {expression}) * 1000000)::pg_catalog.int8 END"
    )
}

/// The statements that make what is missing. Without an identity for its row, the fence could not be raised any more once somebody
/// publishes all tables.
pub(crate) fn create(names: &Names, prefix: &str, make_schema: bool) -> String {
    let Names { schema, history, journal, fence } = names;
    let schema = if make_schema {
        format!("CREATE SCHEMA IF NOT EXISTS {};\n", crate::sql::identifier(schema))
    } else {
        String::new()
    };
    let index = |name: &str| crate::sql::identifier(&format!("{prefix}{name}"));
    format!(
        "{schema}\
CREATE TABLE IF NOT EXISTS {history} (
    sequence bigint PRIMARY KEY CHECK (sequence > 0),
    attempt text NOT NULL,
    version text NOT NULL,
    name text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('up', 'down', 'baseline', 'adopt', 'accept')),
    state text NOT NULL CHECK (state IN ('started', 'done', 'failed')),
    sha256 text,
    crc32 text,
    rollback_sql text,
    expected text,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    duration_ms bigint,
    applied_by text NOT NULL,
    os_user text NOT NULL,
    host text NOT NULL,
    environment text NOT NULL,
    route text,
    git_commit text NOT NULL,
    git_author text NOT NULL,
    ci_job text NOT NULL,
    ci_url text,
    tool_version text NOT NULL,
    reason text,
    error text,
    chain text NOT NULL
);
CREATE TABLE IF NOT EXISTS {journal} (
    attempt text NOT NULL,
    statement bigint NOT NULL,
    sha256 text NOT NULL,
    line bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('intent', 'done')),
    object_before text,
    session text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS {journal_index} ON {journal} (attempt, statement, state);
CREATE TABLE IF NOT EXISTS {fence} (
    token bigint NOT NULL,
    head bigint NOT NULL,
    head_chain text NOT NULL,
    environment text,
    format bigint NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS {fence_index} ON {fence} ((true));
ALTER TABLE {fence} REPLICA IDENTITY FULL;
INSERT INTO {fence} (token, head, head_chain, environment, format)
    SELECT 0, 0, '', NULL, {FORMAT} WHERE NOT EXISTS (SELECT FROM {fence})",
        journal_index = index("journal_progress"),
        fence_index = index("fence_one_row"),
    )
}

/// The fence's row and all of the history, narrow, in one statement and so of one moment.
pub(crate) fn glance(names: &Names) -> String {
    let Names { history, fence, .. } = names;
    format!(
        "SELECT 0::int8, token::text, head::text, head_chain, environment, format::text, NULL::text, NULL::text FROM {fence} \
         UNION ALL SELECT sequence, attempt, version, name, direction, state, sha256, crc32 FROM {history} ORDER BY 1"
    )
}

/// The history alone, for a database whose fence is gone.
pub(crate) fn glance_history(names: &Names) -> String {
    format!(
        "SELECT sequence, attempt, version, name, direction, state, sha256, crc32 FROM {} ORDER BY 1",
        names.history
    )
}

/// Reads [`glance`]'s rows. The fence's row comes first; without one, all of it is zero.
pub(crate) fn read_glance(rows: &[SimpleQueryRow]) -> Result<Glance, Error> {
    let mut fence = Fence::untaken();
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let row = Values(row);
        let sequence = row.number(0)?;
        if sequence == 0 {
            fence = read_fence_at(&row, 1)?;
        } else {
            entries.push(read_entry(&row).map_err(|error| alien("history", Some(sequence), error))?);
        }
    }
    Ok(Glance { fence, entries })
}

fn read_entry(row: &Values<'_>) -> Result<Entry, Error> {
    Ok(Entry {
        sequence: row.number(0)?,
        attempt: row.text(1)?,
        version: row.text(2)?,
        name: row.text(3)?,
        direction: row.parsed(4, Direction::parse)?,
        state: row.parsed(5, State::parse)?,
        sha256: row.maybe(6)?,
        crc32: row.maybe(7)?,
    })
}

fn read_fence_at(row: &Values<'_>, first: usize) -> Result<Fence, Error> {
    let read = || {
        Ok(Fence {
            token: row.number(first)?,
            head: row.number(first + 1)?,
            head_chain: row.text(first + 2)?,
            environment: row.maybe(first + 3)?,
            format: row.number(first + 4)?,
        })
    };
    let fence = read().map_err(|error| alien("fence", None, error))?;
    check_format(fence.format)?;
    Ok(fence)
}

/// A row that can be read and makes no sense isn't ours.
fn alien(table: &'static str, row: Option<i64>, error: Error) -> Error {
    match error {
        Error::Protocol(reason) => Error::Records { table, row, reason },
        other => other,
    }
}

/// The fence's row alone, for a database whose history is gone.
pub(crate) fn fence_head(names: &Names) -> String {
    format!("SELECT head FROM {}", names.fence)
}

/// Which driftlock wrote the last row of the history.
pub(crate) fn last_tool_version(names: &Names) -> String {
    format!("SELECT tool_version FROM {} ORDER BY sequence DESC LIMIT 1", names.history)
}

/// Raises the token and stamps the database.
pub(crate) fn take_fence(names: &Names, environment: Option<&str>) -> String {
    format!(
        "UPDATE {} SET token = token + 1, environment = coalesce(environment, {}) \
         RETURNING token, head, head_chain, environment, format, {}",
        names.fence,
        optional(environment),
        micros("pg_catalog.clock_timestamp()")
    )
}

/// Reads [`take_fence`]'s row.
pub(crate) fn read_fence(row: &SimpleQueryRow) -> Result<(Fence, Timestamp), Error> {
    let row = Values(row);
    let fence = read_fence_at(&row, 0)?;
    Ok((fence, Timestamp::from_micros(row.number(5)?)))
}

/// The whole history.
pub(crate) fn history(names: &Names) -> String {
    let named = |column: &str| format!("{} AS {column}", micros(column));
    let columns = HISTORY.replace("started_at", &named("started_at")).replace("ended_at", &named("ended_at"));
    format!("SELECT {columns} FROM {} ORDER BY sequence", names.history)
}

/// Reads one of [`history`]'s rows.
pub(crate) fn read_history(row: &SimpleQueryRow) -> Result<HistoryRow, Error> {
    let row = Values(row);
    history_row(&row).map_err(|error| alien("history", row.number(0).ok(), error))
}

fn history_row(row: &Values<'_>) -> Result<HistoryRow, Error> {
    Ok(HistoryRow {
        sequence: row.number(0)?,
        attempt: row.text(1)?,
        version: row.text(2)?,
        name: row.text(3)?,
        direction: row.parsed(4, Direction::parse)?,
        state: row.parsed(5, State::parse)?,
        sha256: row.maybe(6)?,
        crc32: row.maybe(7)?,
        rollback_sql: row.maybe(8)?,
        expected: row.maybe(9)?,
        started_at: Timestamp::from_micros(row.number(10)?),
        ended_at: row.maybe_number(11)?.map(Timestamp::from_micros),
        duration_ms: row.maybe_number(12)?,
        applied_by: row.text(13)?,
        os_user: row.text(14)?,
        host: row.text(15)?,
        environment: row.text(16)?,
        route: row.maybe(17)?,
        git_commit: row.text(18)?,
        git_author: row.text(19)?,
        ci_job: row.text(20)?,
        ci_url: row.maybe(21)?,
        tool_version: row.text(22)?,
        reason: row.maybe(23)?,
        error: row.maybe(24)?,
        chain: row.text(25)?,
    })
}

/// The journal of one attempt. Rows are only ever inserted, so `ctid` tells apart what one moment wrote.
pub(crate) fn journal(names: &Names, attempt: &str) -> String {
    journal_where(names, &format!("WHERE attempt = {}", literal(attempt)))
}

/// The whole journal.
pub(crate) fn journals(names: &Names) -> String {
    journal_where(names, "")
}

fn journal_where(names: &Names, condition: &str) -> String {
    format!(
        "SELECT {} FROM {} {condition} ORDER BY at, statement, state DESC, ctid",
        JOURNAL.replace(", at", &format!(", {} AS at", micros("at"))),
        names.journal,
    )
}

/// Reads one of [`journal`]'s rows.
pub(crate) fn read_journal(row: &SimpleQueryRow) -> Result<JournalRow, Error> {
    let row = Values(row);
    journal_row(&row).map_err(|error| alien("journal", None, error))
}

fn journal_row(row: &Values<'_>) -> Result<JournalRow, Error> {
    Ok(JournalRow {
        attempt: row.text(0)?,
        statement: row.number(1)?,
        sha256: row.text(2)?,
        line: row.number(3)?,
        state: row.parsed(4, JournalState::parse)?,
        object_before: row.maybe(5)?,
        session: row.text(6)?,
        at: Timestamp::from_micros(row.number(7)?),
    })
}

/// The statements that write records, in one message so that the first that fails keeps the rest from running.
///
/// The first makes the token NULL, which its column refuses, when the token is old. What is inserted first reads its
/// first value through the fence, so that it is refused as NULL when the fence has no row.
pub(crate) fn write(names: &Names, records: &Records<'_>) -> Vec<String> {
    let fence = &names.fence;
    let head = records
        .history
        .last()
        .map_or_else(String::new, |row| format!(", head = {}, head_chain = {}", row.sequence, literal(&row.chain)));
    let mut statements =
        vec![format!("UPDATE {fence} SET token = CASE WHEN token = {} THEN token END{head}", records.token)];
    let mut checked = false;
    let mut through_fence = |value: String| {
        if std::mem::replace(&mut checked, true) { value } else { format!("(SELECT {value} FROM {fence})") }
    };
    if !records.history.is_empty() {
        let rows: Vec<String> = records
            .history
            .iter()
            .map(|row| format!("({}, {})", through_fence(row.sequence.to_string()), history_values(row)))
            .collect();
        statements.push(format!("INSERT INTO {} ({HISTORY}) VALUES {}", names.history, rows.join(",")));
    }
    if !records.journal.is_empty() {
        let rows: Vec<String> = records
            .journal
            .iter()
            .map(|row| {
                format!("({}, {})", through_fence(format!("{}::text", literal(&row.attempt))), journal_values(row))
            })
            .collect();
        statements.push(format!("INSERT INTO {} ({JOURNAL}) VALUES {}", names.journal, rows.join(",")));
    }
    statements
}

fn time(moment: Timestamp) -> String {
    format!("'{}+00'", moment.to_sql())
}

fn history_values(row: &HistoryRow) -> String {
    let number = |number: Option<i64>| number.map_or_else(|| "NULL".to_owned(), |number| number.to_string());
    [
        literal(&row.attempt),
        literal(&row.version),
        literal(&row.name),
        literal(row.direction.as_str()),
        literal(row.state.as_str()),
        optional(row.sha256.as_deref()),
        optional(row.crc32.as_deref()),
        optional(row.rollback_sql.as_deref()),
        optional(row.expected.as_deref()),
        time(row.started_at),
        row.ended_at.map_or_else(|| "NULL".to_owned(), time),
        number(row.duration_ms),
        literal(&row.applied_by),
        literal(&row.os_user),
        literal(&row.host),
        literal(&row.environment),
        optional(row.route.as_deref()),
        literal(&row.git_commit),
        literal(&row.git_author),
        literal(&row.ci_job),
        optional(row.ci_url.as_deref()),
        literal(&row.tool_version),
        optional(row.reason.as_deref()),
        optional(row.error.as_deref()),
        literal(&row.chain),
    ]
    .join(", ")
}

fn journal_values(row: &JournalRow) -> String {
    [
        row.statement.to_string(),
        literal(&row.sha256),
        row.line.to_string(),
        literal(row.state.as_str()),
        optional(row.object_before.as_deref()),
        literal(&row.session),
        time(row.at),
    ]
    .join(", ")
}
