//! driftlock's own tables as SQL. Every text goes out as `_utf8mb4 X'…'`, so that no SQL mode, character set or rule about
//! backslashes that a script sets can change it.

use std::fmt::Write as _;

use driftlock_database::{
    Direction, Entry, Error, Fence, HistoryRow, JournalRow, JournalState, OwnTables, Records, State, Timestamp,
};

use crate::parse::quote;
use crate::wire::{TextRow, text};

/// A LIMIT that limits nothing, but has more to say than a script's `sql_select_limit`.
const ALL: &str = "LIMIT 18446744073709551615";

const HISTORY_COLUMNS: &str = "sequence, attempt, version, name, direction, state, sha256, crc32, rollback_sql, expected, \
     started_at, ended_at, duration_ms, applied_by, os_user, host, environment, route, git_commit, git_author, ci_job, \
     ci_url, tool_version, reason, error, chain";

const JOURNAL_COLUMNS: &str = "attempt, statement, sha256, line, state, object_before, session, at";

/// What every own table ends with: InnoDB, texts compared byte by byte, long texts stored beside the row.
const OPTIONS: &str = "ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/// The own tables' names in one place, ready for SQL.
pub(crate) struct Sql {
    history: String,
    journal: String,
    fence: String,
}

impl Sql {
    /// The tables in `tables.schema`, which is another database here, or else in the connected one.
    pub(crate) fn new(tables: &OwnTables, database: &str) -> Self {
        let database = quote(tables.schema.as_deref().unwrap_or(database));
        Sql {
            history: format!("{database}.{}", quote(&tables.history())),
            journal: format!("{database}.{}", quote(&tables.journal())),
            fence: format!("{database}.{}", quote(&tables.fence())),
        }
    }

    /// Statements that make the tables and the fence's row, each safe to repeat. The fence comes last: once it is there, all is.
    pub(crate) fn create(&self) -> [String; 4] {
        [
            // Unbounded texts are LONGTEXT: a cut value would not match the chain that was computed over the whole.
            format!(
                "CREATE TABLE IF NOT EXISTS {} (sequence BIGINT NOT NULL, attempt VARCHAR(64) NOT NULL, version LONGTEXT NOT NULL, \
                 name LONGTEXT NOT NULL, direction VARCHAR(16) NOT NULL, state VARCHAR(16) NOT NULL, sha256 VARCHAR(64), \
                 crc32 VARCHAR(8), rollback_sql LONGTEXT, expected VARCHAR(255), started_at DATETIME(6) NOT NULL, \
                 ended_at DATETIME(6), duration_ms BIGINT, applied_by LONGTEXT NOT NULL, os_user LONGTEXT NOT NULL, \
                 host LONGTEXT NOT NULL, environment LONGTEXT NOT NULL, route LONGTEXT, git_commit LONGTEXT NOT NULL, \
                 git_author LONGTEXT NOT NULL, ci_job LONGTEXT NOT NULL, ci_url LONGTEXT, tool_version LONGTEXT NOT NULL, \
                 reason LONGTEXT, error LONGTEXT, chain VARCHAR(64) NOT NULL, PRIMARY KEY (sequence)) {OPTIONS}",
                self.history
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (attempt VARCHAR(64) NOT NULL, statement BIGINT NOT NULL, sha256 VARCHAR(64) NOT NULL, \
                 line BIGINT NOT NULL, state VARCHAR(16) NOT NULL, object_before VARCHAR(255), session VARCHAR(64) NOT NULL, \
                 at DATETIME(6) NOT NULL, PRIMARY KEY (attempt, at, statement, state)) {OPTIONS}",
                self.journal
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (token BIGINT UNSIGNED NOT NULL, head BIGINT NOT NULL, head_chain VARCHAR(64) NOT NULL, \
                 environment LONGTEXT, format BIGINT NOT NULL, PRIMARY KEY (token)) {OPTIONS}",
                self.fence
            ),
            format!(
                "INSERT INTO {0} (token, head, head_chain, environment, format) SELECT 0, 0, {1}, NULL, {2} FROM DUAL \
                 WHERE NOT EXISTS (SELECT 1 FROM {0})",
                self.fence,
                literal(""),
                driftlock_database::FORMAT
            ),
        ]
    }

    /// The fence's row and the narrow history, by one query: the fence's row is the one whose second column isn't NULL.
    pub(crate) fn glance(&self) -> String {
        format!(
            "SELECT token, head, head_chain, environment, format, NULL, NULL, NULL, NULL, NULL FROM {} UNION ALL \
             SELECT sequence, NULL, attempt, version, NULL, name, direction, state, sha256, crc32 FROM {} {ALL}",
            self.fence, self.history
        )
    }

    /// The format of the tables; NULL where the fence has no row.
    pub(crate) fn format(&self) -> String {
        format!("SELECT MAX(format) FROM {} LIMIT 1", self.fence)
    }

    /// Which driftlock wrote the last row of the history.
    pub(crate) fn last_tool_version(&self) -> String {
        format!("SELECT tool_version FROM {} ORDER BY sequence DESC LIMIT 1", self.history)
    }

    /// Raises the token and stamps the environment.
    pub(crate) fn raise_token(&self, environment: Option<&str>) -> String {
        format!(
            "UPDATE {} SET token = token + 1, environment = COALESCE(environment, {}) LIMIT 1",
            self.fence,
            nullable(environment)
        )
    }

    /// The fence as it is, and the server's clock.
    pub(crate) fn read_fence(&self) -> String {
        format!("SELECT token, head, head_chain, environment, format, UTC_TIMESTAMP(6) FROM {} LIMIT 2", self.fence)
    }

    /// Moves the head, and fails in every SQL mode when the token is another one: `BIGINT UNSIGNED` overflow is error 1690.
    /// `| 1` makes it overflow for a token of 0 too; LIMIT is for `sql_safe_updates`.
    pub(crate) fn pass_fence(&self, records: &Records<'_>) -> String {
        let head = records.history.last().map_or_else(String::new, |last| {
            format!("head = {}, head_chain = {}, ", last.sequence, literal(&last.chain))
        });
        format!(
            "UPDATE {} SET {head}token = IF(token = {}, token, (token | 1) + ~0) LIMIT 1",
            self.fence, records.token
        )
    }

    /// Appends history rows.
    pub(crate) fn insert_history(&self, rows: &[HistoryRow]) -> Option<String> {
        insert(&self.history, HISTORY_COLUMNS, rows.iter().map(history_values))
    }

    /// Appends journal rows.
    pub(crate) fn insert_journal(&self, rows: &[JournalRow]) -> Option<String> {
        insert(&self.journal, JOURNAL_COLUMNS, rows.iter().map(journal_values))
    }

    /// The whole history.
    pub(crate) fn history(&self) -> String {
        format!("SELECT {HISTORY_COLUMNS} FROM {} ORDER BY sequence {ALL}", self.history)
    }

    /// One attempt's journal. Rows of one moment are in the order of their statements, `intent` before `done`.
    pub(crate) fn journal(&self, attempt: &str) -> String {
        self.journal_where(&format!("WHERE attempt = {}", literal(attempt)))
    }

    /// The whole journal.
    pub(crate) fn journals(&self) -> String {
        self.journal_where("")
    }

    fn journal_where(&self, condition: &str) -> String {
        format!(
            "SELECT {JOURNAL_COLUMNS} FROM {} {condition} ORDER BY at, statement, state = {} {ALL}",
            self.journal,
            literal("done")
        )
    }

    /// Whether there is a fence, for a database whose history is gone.
    pub(crate) fn has_fence(&self) -> String {
        format!("SELECT head FROM {} LIMIT 1", self.fence)
    }

    /// Whether the history has a row, for a database whose fence is gone.
    pub(crate) fn has_history(&self) -> String {
        format!("SELECT sequence FROM {} LIMIT 1", self.history)
    }
}

fn insert(table: &str, columns: &str, rows: impl Iterator<Item = String>) -> Option<String> {
    let rows: Vec<String> = rows.collect();
    (!rows.is_empty()).then(|| format!("INSERT INTO {table} ({columns}) VALUES {}", rows.join(", ")))
}

/// A text as SQL that no setting changes.
pub(crate) fn literal(text: &str) -> String {
    let mut sql = String::with_capacity(text.len() * 2 + 12);
    sql.push_str("_utf8mb4 X'");
    for byte in text.bytes() {
        // Writing to a String can't fail.
        let _ = write!(sql, "{byte:02x}");
    }
    sql.push('\'');
    sql
}

fn nullable(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), literal)
}

fn moment(at: Timestamp) -> String {
    format!("'{}'", at.to_sql())
}

fn history_values(row: &HistoryRow) -> String {
    let values = [
        row.sequence.to_string(),
        literal(&row.attempt),
        literal(&row.version),
        literal(&row.name),
        literal(row.direction.as_str()),
        literal(row.state.as_str()),
        nullable(row.sha256.as_deref()),
        nullable(row.crc32.as_deref()),
        nullable(row.rollback_sql.as_deref()),
        nullable(row.expected.as_deref()),
        moment(row.started_at),
        row.ended_at.map_or_else(|| "NULL".to_owned(), moment),
        row.duration_ms.map_or_else(|| "NULL".to_owned(), |duration| duration.to_string()),
        literal(&row.applied_by),
        literal(&row.os_user),
        literal(&row.host),
        literal(&row.environment),
        nullable(row.route.as_deref()),
        literal(&row.git_commit),
        literal(&row.git_author),
        literal(&row.ci_job),
        nullable(row.ci_url.as_deref()),
        literal(&row.tool_version),
        nullable(row.reason.as_deref()),
        nullable(row.error.as_deref()),
        literal(&row.chain),
    ];
    format!("({})", values.join(", "))
}

fn journal_values(row: &JournalRow) -> String {
    let values = [
        literal(&row.attempt),
        row.statement.to_string(),
        literal(&row.sha256),
        row.line.to_string(),
        literal(row.state.as_str()),
        nullable(row.object_before.as_deref()),
        literal(&row.session),
        moment(row.at),
    ];
    format!("({})", values.join(", "))
}

fn nonsense(what: &str, value: &str) -> Error {
    Error::Protocol(format!("`{value}` is no {what} that driftlock writes"))
}

/// A row that can be read and makes no sense isn't ours.
fn alien(table: &'static str, row: Option<i64>, error: Error) -> Error {
    match error {
        Error::Protocol(reason) => Error::Records { table, row, reason },
        other => other,
    }
}

fn number(row: &TextRow, column: usize, what: &str) -> Result<i64, Error> {
    text(row, column).parse().map_err(|_| nonsense(what, text(row, column)))
}

fn time(row: &TextRow, column: usize, what: &str) -> Result<Timestamp, Error> {
    Timestamp::parse(text(row, column)).ok_or_else(|| nonsense(what, text(row, column)))
}

fn optional(row: &TextRow, column: usize) -> Option<String> {
    row.get(column).cloned().flatten()
}

fn direction(row: &TextRow, column: usize) -> Result<Direction, Error> {
    Direction::parse(text(row, column)).ok_or_else(|| nonsense("direction", text(row, column)))
}

fn state(row: &TextRow, column: usize) -> Result<State, Error> {
    State::parse(text(row, column)).ok_or_else(|| nonsense("state", text(row, column)))
}

/// The fence from the first five columns.
pub(crate) fn fence(row: &TextRow) -> Result<Fence, Error> {
    let read = || {
        Ok(Fence {
            token: number(row, 0, "token")?,
            head: number(row, 1, "head")?,
            head_chain: text(row, 2).to_owned(),
            environment: optional(row, 3),
            format: number(row, 4, "format")?,
        })
    };
    read().map_err(|error| alien("fence", None, error))
}

/// The format from a row of [`Sql::format`].
pub(crate) fn format(row: &TextRow) -> Result<i64, Error> {
    number(row, 0, "format")
}

/// Whether a row of [`Sql::glance`] is the fence's.
pub(crate) fn is_fence(row: &TextRow) -> bool {
    row.get(1).is_some_and(Option::is_some)
}

/// A history row of [`Sql::glance`].
pub(crate) fn entry(row: &TextRow) -> Result<Entry, Error> {
    let sequence = number(row, 0, "sequence")?;
    let read = || {
        Ok(Entry {
            sequence,
            attempt: text(row, 2).to_owned(),
            version: text(row, 3).to_owned(),
            name: text(row, 5).to_owned(),
            direction: direction(row, 6)?,
            state: state(row, 7)?,
            sha256: optional(row, 8),
            crc32: optional(row, 9),
        })
    };
    read().map_err(|error| alien("history", Some(sequence), error))
}

/// A row of [`Sql::history`].
pub(crate) fn history_row(row: &TextRow) -> Result<HistoryRow, Error> {
    read_history(row).map_err(|error| alien("history", number(row, 0, "sequence").ok(), error))
}

fn read_history(row: &TextRow) -> Result<HistoryRow, Error> {
    Ok(HistoryRow {
        sequence: number(row, 0, "sequence")?,
        attempt: text(row, 1).to_owned(),
        version: text(row, 2).to_owned(),
        name: text(row, 3).to_owned(),
        direction: direction(row, 4)?,
        state: state(row, 5)?,
        sha256: optional(row, 6),
        crc32: optional(row, 7),
        rollback_sql: optional(row, 8),
        expected: optional(row, 9),
        started_at: time(row, 10, "time")?,
        ended_at: optional(row, 11).map(|_| time(row, 11, "time")).transpose()?,
        duration_ms: optional(row, 12).map(|_| number(row, 12, "duration")).transpose()?,
        applied_by: text(row, 13).to_owned(),
        os_user: text(row, 14).to_owned(),
        host: text(row, 15).to_owned(),
        environment: text(row, 16).to_owned(),
        route: optional(row, 17),
        git_commit: text(row, 18).to_owned(),
        git_author: text(row, 19).to_owned(),
        ci_job: text(row, 20).to_owned(),
        ci_url: optional(row, 21),
        tool_version: text(row, 22).to_owned(),
        reason: optional(row, 23),
        error: optional(row, 24),
        chain: text(row, 25).to_owned(),
    })
}

/// A row of [`Sql::journal`].
pub(crate) fn journal_row(row: &TextRow) -> Result<JournalRow, Error> {
    read_journal(row).map_err(|error| alien("journal", None, error))
}

fn read_journal(row: &TextRow) -> Result<JournalRow, Error> {
    Ok(JournalRow {
        attempt: text(row, 0).to_owned(),
        statement: number(row, 1, "statement")?,
        sha256: text(row, 2).to_owned(),
        line: number(row, 3, "line")?,
        state: JournalState::parse(text(row, 4)).ok_or_else(|| nonsense("journal state", text(row, 4)))?,
        object_before: optional(row, 5),
        session: text(row, 6).to_owned(),
        at: time(row, 7, "time")?,
    })
}
