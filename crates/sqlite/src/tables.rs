//! driftlock's own tables in a SQLite database.

use driftlock_database::{
    Direction, Entry, Error, FORMAT, Fence, Glance, HistoryRow, JournalRow, JournalState, OwnTables, Records, State,
    Timestamp, check_format,
};
use rusqlite::{Connection, Row, ffi, params};

use crate::error::{Fault, extended_code};
use crate::settings::quote;

/// The names of the own tables, ready for SQL.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    names: OwnTables,
    history: String,
    journal: String,
    fence: String,
}

const HISTORY: &str = "sequence, attempt, version, name, direction, state, sha256, crc32, rollback_sql, expected, \
    started_at, ended_at, duration_ms, applied_by, os_user, host, environment, route, git_commit, git_author, ci_job, \
    ci_url, tool_version, reason, error, chain";

const JOURNAL: &str = "attempt, statement, sha256, line, state, object_before, session, at";

const FENCE: &str = "token, head, head_chain, environment, format";

impl Tables {
    /// Refuses what SQLite doesn't have.
    pub(crate) fn new(names: &OwnTables) -> Result<Self, Error> {
        if let Some(schema) = &names.schema {
            return Err(Error::OwnTables {
                place: format!("schema \"{schema}\""),
                reason: "SQLite has no schemas: take `tables.schema` out of the configuration; `tables.prefix` names them apart"
                    .to_owned(),
            });
        }
        let own = |name: String| format!("main.{}", quote(&name));
        Ok(Tables {
            history: own(names.history()),
            journal: own(names.journal()),
            fence: own(names.fence()),
            names: names.clone(),
        })
    }

    /// As in `sqlite_master`.
    pub(crate) fn plain_names(&self) -> [String; 3] {
        [self.names.history(), self.names.journal(), self.names.fence()]
    }

    /// Fence and narrow history in one statement, so that both are of one moment. `None` when there are no own tables.
    pub(crate) fn glance(&self, connection: &Connection) -> Result<Option<Glance>, Fault> {
        let query = format!(
            "SELECT token, head, head_chain, environment, format, NULL AS sequence, NULL AS attempt, NULL AS version, \
             NULL AS name, NULL AS direction, NULL AS state, NULL AS sha256, NULL AS crc32 FROM {} \
             UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, sequence, CASE state WHEN 'done' THEN '' ELSE attempt END, \
             version, name, direction, state, sha256, crc32 FROM {}",
            self.fence, self.history
        );
        let is_unusable = |error: &rusqlite::Error| extended_code(error) & 0xff == ffi::SQLITE_ERROR;
        match self.read_glance(connection, &query) {
            Err(Fault::Sql(error)) if is_unusable(&error) => match self.explain(connection, &error) {
                Ok(None) => Ok(None),
                // Another runner may have made them between the two looks.
                explained => match self.read_glance(connection, &query) {
                    Err(Fault::Sql(error)) if is_unusable(&error) => explained,
                    other => other.map(Some),
                },
            },
            other => other.map(Some),
        }
    }

    fn read_glance(&self, connection: &Connection, query: &str) -> Result<Glance, Fault> {
        let mut statement = connection.prepare_cached(query)?;
        let mut rows = statement.raw_query();
        let mut fence = None;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            if row.get_ref(5)? != rusqlite::types::ValueRef::Null {
                entries.push(entry(row, 5).map_err(|reason| alien("history", get(row, 5).ok(), reason))?);
            } else if fence.is_none() {
                let found = fence_row(row).map_err(|reason| alien("fence", None, reason))?;
                self.check_format(connection, found.format)?;
                fence = Some(found);
            }
        }
        let fence = fence.unwrap_or_else(Fence::untaken);
        // SQLite reads them in this order already, but nothing promises it.
        entries.sort_by_key(|entry| entry.sequence);
        Ok(Glance { fence, entries })
    }

    /// Why the own tables can't be queried: they aren't there, a newer version made them, or they are someone else's.
    fn explain(&self, connection: &Connection, error: &rusqlite::Error) -> Result<Option<Glance>, Fault> {
        let mut there = Vec::new();
        let mut missing = Vec::new();
        for name in self.plain_names() {
            let found: bool = connection
                .prepare_cached("SELECT count(*) > 0 FROM main.sqlite_master WHERE name = ?1 COLLATE NOCASE")?
                .query_row([&name], |row| row.get(0))?;
            if found { there.push(name) } else { missing.push(name) }
        }
        if there.is_empty() {
            return Ok(None);
        }
        if let Ok(format) = connection.query_row(&format!("SELECT format FROM {}", self.fence), [], |row| row.get(0)) {
            self.check_format(connection, format)?;
            if missing.contains(&self.names.history()) {
                // They are made together.
                return Err(alien("history", None, format!("the table {} is gone", self.names.history())).into());
            }
        }
        let has_rows = format!("SELECT count(*) > 0 FROM {} WHERE chain <> ''", self.history);
        if missing.contains(&self.names.fence()) && connection.query_row(&has_rows, [], |row| row.get(0)) == Ok(true) {
            return Err(alien("fence", None, format!("the table {} is gone", self.names.fence())).into());
        }
        let reason = if missing.is_empty() {
            format!("{} there, but not as driftlock makes them ({error})", list(&there, "is", "are"))
        } else {
            format!("{} there, but {} missing", list(&there, "is", "are"), list(&missing, "is", "are"))
        };
        Err(self.unusable(reason).into())
    }

    /// Makes what is missing. One transaction, which is the caller's.
    pub(crate) fn make(&self, connection: &Connection) -> Result<(), Fault> {
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {history} (
                sequence INTEGER PRIMARY KEY,
                attempt TEXT NOT NULL,
                version TEXT NOT NULL,
                name TEXT NOT NULL,
                direction TEXT NOT NULL,
                state TEXT NOT NULL,
                sha256 TEXT,
                crc32 TEXT,
                rollback_sql TEXT,
                expected TEXT,
                started_at TEXT NOT NULL,
                ended_at TEXT,
                duration_ms INTEGER,
                applied_by TEXT NOT NULL,
                os_user TEXT NOT NULL,
                host TEXT NOT NULL,
                environment TEXT NOT NULL,
                route TEXT,
                git_commit TEXT NOT NULL,
                git_author TEXT NOT NULL,
                ci_job TEXT NOT NULL,
                ci_url TEXT,
                tool_version TEXT NOT NULL,
                reason TEXT,
                error TEXT,
                chain TEXT NOT NULL
            );
            CREATE TABLE IF NOT EXISTS {journal} (
                attempt TEXT NOT NULL,
                statement INTEGER NOT NULL,
                sha256 TEXT NOT NULL,
                line INTEGER NOT NULL,
                state TEXT NOT NULL,
                object_before TEXT,
                session TEXT NOT NULL,
                at TEXT NOT NULL
            );
            CREATE TABLE IF NOT EXISTS {fence} (
                token INTEGER NOT NULL,
                head INTEGER NOT NULL,
                head_chain TEXT NOT NULL,
                environment TEXT,
                format INTEGER NOT NULL
            );
            INSERT INTO {fence} (token, head, head_chain, format)
                SELECT 0, 0, '', {FORMAT} WHERE NOT EXISTS (SELECT 1 FROM {fence});",
            history = self.history,
            journal = self.journal,
            fence = self.fence,
        );
        connection.execute_batch(&sql).map_err(|error| match extended_code(&error) & 0xff {
            ffi::SQLITE_ERROR | ffi::SQLITE_AUTH => Fault::Told(self.unusable(error.to_string())),
            _ => Fault::Sql(error),
        })?;
        // A table of another's with the same name shows here.
        self.check_columns(connection)
    }

    fn check_columns(&self, connection: &Connection) -> Result<(), Fault> {
        for (columns, table) in [(HISTORY, &self.history), (JOURNAL, &self.journal), (FENCE, &self.fence)] {
            connection.prepare(&format!("SELECT {columns} FROM {table}")).map(|_| ()).map_err(|error| {
                match extended_code(&error) & 0xff {
                    ffi::SQLITE_ERROR => {
                        Fault::Told(self.unusable(format!("{table} is not as driftlock makes it ({error})")))
                    }
                    _ => Fault::Sql(error),
                }
            })?;
        }
        Ok(())
    }

    /// Whether all is there in the present format, so that nothing need be written.
    pub(crate) fn are_made(&self, connection: &Connection) -> Result<bool, Fault> {
        let names = self.plain_names();
        let (found, fence): (i64, i64) = connection
            .prepare_cached("SELECT count(*), coalesce(sum(name = ?3), 0) FROM main.sqlite_master WHERE type = 'table' AND name IN (?1, ?2, ?3)")?
            .query_row(params![names[0], names[1], names[2]], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if fence == 0 {
            return Ok(false);
        }
        let format: Option<i64> = connection
            .prepare_cached(&format!("SELECT max(format) FROM {}", self.fence))
            .and_then(|mut query| query.query_row([], |row| row.get(0)))
            .map_err(|error| self.unreadable(error))?;
        let Some(format) = format else { return Ok(false) };
        self.check_format(connection, format)?;
        if found < 3 {
            return Ok(false);
        }
        self.check_columns(connection)?;
        Ok(true)
    }

    /// That the format is one of ours; of a newer one, says with which driftlock it can be used.
    fn check_format(&self, connection: &Connection, found: i64) -> Result<(), Error> {
        check_format(found).map_err(|error| match error {
            Error::Format { found, known, .. } => {
                let sql = format!("SELECT tool_version FROM {} ORDER BY sequence DESC LIMIT 1", self.history);
                // A column may have another name by now: then nobody is named.
                let made_by = connection.query_row(&sql, [], |row| row.get(0)).ok();
                Error::Format { found, known, made_by }
            }
            other => other,
        })
    }

    /// Raises the token; the transaction is the caller's.
    pub(crate) fn take_fence(&self, connection: &Connection, environment: Option<&str>) -> Result<Fence, Fault> {
        let changed = connection
            .prepare_cached(&format!(
                "UPDATE {} SET token = token + 1, environment = coalesce(environment, ?1)",
                self.fence
            ))
            .and_then(|mut update| update.execute([environment]))
            .map_err(|error| self.unreadable(error))?;
        if changed != 1 {
            return Err(alien("fence", None, format!("it has {changed} rows instead of one")).into());
        }
        let mut query = connection
            .prepare_cached(&format!("SELECT token, head, head_chain, environment, format FROM {}", self.fence))?;
        let mut rows = query.raw_query();
        match rows.next()? {
            Some(row) => {
                let fence = fence_row(row).map_err(|reason| alien("fence", None, reason))?;
                self.check_format(connection, fence.format)?;
                Ok(fence)
            }
            None => Err(alien("fence", None, "it has no row".to_owned()).into()),
        }
    }

    /// The whole history.
    pub(crate) fn history(&self, connection: &Connection) -> Result<Vec<HistoryRow>, Fault> {
        let mut query = connection
            .prepare(&format!("SELECT {HISTORY} FROM {} ORDER BY sequence", self.history))
            .map_err(|error| self.unreadable(error))?;
        let mut rows = query.raw_query();
        let mut history = Vec::new();
        while let Some(row) = rows.next()? {
            history.push(history_row(row).map_err(|reason| alien("history", get(row, 0).ok(), reason))?);
        }
        Ok(history)
    }

    /// The journal of one attempt.
    pub(crate) fn journal(&self, connection: &Connection, attempt: &str) -> Result<Vec<JournalRow>, Fault> {
        self.journal_where(connection, "WHERE attempt = ?1", &[&attempt])
    }

    /// The whole journal.
    pub(crate) fn journals(&self, connection: &Connection) -> Result<Vec<JournalRow>, Fault> {
        self.journal_where(connection, "", &[])
    }

    fn journal_where(
        &self,
        connection: &Connection,
        condition: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<JournalRow>, Fault> {
        let mut query = connection
            .prepare(&format!("SELECT {JOURNAL} FROM {} {condition} ORDER BY rowid", self.journal))
            .map_err(|error| self.unreadable(error))?;
        let mut rows = query.query(values)?;
        let mut journal = Vec::new();
        while let Some(row) = rows.next()? {
            journal.push(journal_row(row).map_err(|reason| alien("journal", None, reason))?);
        }
        Ok(journal)
    }

    /// Writes records in the open transaction. An old token makes the UPDATE fail, not find nothing: so it can't be overlooked.
    pub(crate) fn write(&self, connection: &Connection, records: &Records<'_>) -> Result<(), Fault> {
        let token = "token = CASE WHEN token = ?1 THEN token END";
        let updated = match records.history.last() {
            Some(last) => connection
                .prepare_cached(&format!("UPDATE {} SET {token}, head = ?2, head_chain = ?3", self.fence))?
                .execute(params![records.token, last.sequence, last.chain]),
            None => connection
                .prepare_cached(&format!("UPDATE {} SET {token}", self.fence))?
                .execute(params![records.token]),
        };
        match updated {
            Ok(1) => {}
            Ok(rows) => {
                return Err(alien("fence", None, format!("it has {rows} rows instead of one")).into());
            }
            Err(error) if extended_code(&error) == ffi::SQLITE_CONSTRAINT_NOTNULL => {
                return Err(Error::Fenced { token: records.token }.into());
            }
            Err(error) => return Err(error.into()),
        }
        if !records.history.is_empty() {
            let mut insert = connection.prepare_cached(&format!(
                "INSERT INTO {} ({HISTORY}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, \
                 ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)",
                self.history
            ))?;
            for row in records.history {
                insert.execute(params![
                    row.sequence,
                    row.attempt,
                    row.version,
                    row.name,
                    row.direction.as_str(),
                    row.state.as_str(),
                    row.sha256,
                    row.crc32,
                    row.rollback_sql,
                    row.expected,
                    row.started_at.to_string(),
                    row.ended_at.map(|moment| moment.to_string()),
                    row.duration_ms,
                    row.applied_by,
                    row.os_user,
                    row.host,
                    row.environment,
                    row.route,
                    row.git_commit,
                    row.git_author,
                    row.ci_job,
                    row.ci_url,
                    row.tool_version,
                    row.reason,
                    row.error,
                    row.chain,
                ])?;
            }
        }
        if !records.journal.is_empty() {
            let mut insert = connection.prepare_cached(&format!(
                "INSERT INTO {} ({JOURNAL}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                self.journal
            ))?;
            for row in records.journal {
                insert.execute(params![
                    row.attempt,
                    row.statement,
                    row.sha256,
                    row.line,
                    row.state.as_str(),
                    row.object_before,
                    row.session,
                    row.at.to_string(),
                ])?;
            }
        }
        Ok(())
    }

    fn unusable(&self, reason: String) -> Error {
        Error::OwnTables {
            place: "this SQLite database".to_owned(),
            reason: format!("{reason}; `tables.prefix` (now `{}`) gives them other names", self.names.prefix),
        }
    }

    fn unreadable(&self, error: rusqlite::Error) -> Fault {
        if extended_code(&error) & 0xff == ffi::SQLITE_ERROR {
            Fault::Told(self.unusable(error.to_string()))
        } else {
            Fault::Sql(error)
        }
    }
}

fn alien(table: &'static str, row: Option<i64>, reason: String) -> Error {
    Error::Records { table, row, reason }
}

fn list(names: &[String], one: &str, several: &str) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { one } else { several })
}

/// A value of a column, or which column holds something else.
fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: usize) -> Result<T, String> {
    row.get(column).map_err(|error| {
        let name = row.as_ref().column_name(column).unwrap_or("?").to_owned();
        format!("column {name}: {error}")
    })
}

fn parsed<T>(row: &Row<'_>, column: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    let text: String = get(row, column)?;
    parse(&text).ok_or_else(|| {
        let name = row.as_ref().column_name(column).unwrap_or("?").to_owned();
        format!("column {name} has `{text}`")
    })
}

fn fence_row(row: &Row<'_>) -> Result<Fence, String> {
    Ok(Fence {
        token: get(row, 0)?,
        head: get(row, 1)?,
        head_chain: get(row, 2)?,
        environment: get(row, 3)?,
        format: get(row, 4)?,
    })
}

fn entry(row: &Row<'_>, first: usize) -> Result<Entry, String> {
    Ok(Entry {
        sequence: get(row, first)?,
        attempt: get(row, first + 1)?,
        version: get(row, first + 2)?,
        name: get(row, first + 3)?,
        direction: parsed(row, first + 4, Direction::parse)?,
        state: parsed(row, first + 5, State::parse)?,
        sha256: get(row, first + 6)?,
        crc32: get(row, first + 7)?,
    })
}

fn history_row(row: &Row<'_>) -> Result<HistoryRow, String> {
    let ended_at = match get::<Option<String>>(row, 11)? {
        None => None,
        Some(_) => Some(parsed(row, 11, Timestamp::parse)?),
    };
    Ok(HistoryRow {
        sequence: get(row, 0)?,
        attempt: get(row, 1)?,
        version: get(row, 2)?,
        name: get(row, 3)?,
        direction: parsed(row, 4, Direction::parse)?,
        state: parsed(row, 5, State::parse)?,
        sha256: get(row, 6)?,
        crc32: get(row, 7)?,
        rollback_sql: get(row, 8)?,
        expected: get(row, 9)?,
        started_at: parsed(row, 10, Timestamp::parse)?,
        ended_at,
        duration_ms: get(row, 12)?,
        applied_by: get(row, 13)?,
        os_user: get(row, 14)?,
        host: get(row, 15)?,
        environment: get(row, 16)?,
        route: get(row, 17)?,
        git_commit: get(row, 18)?,
        git_author: get(row, 19)?,
        ci_job: get(row, 20)?,
        ci_url: get(row, 21)?,
        tool_version: get(row, 22)?,
        reason: get(row, 23)?,
        error: get(row, 24)?,
        chain: get(row, 25)?,
    })
}

fn journal_row(row: &Row<'_>) -> Result<JournalRow, String> {
    Ok(JournalRow {
        attempt: get(row, 0)?,
        statement: get(row, 1)?,
        sha256: get(row, 2)?,
        line: get(row, 3)?,
        state: parsed(row, 4, JournalState::parse)?,
        object_before: get(row, 5)?,
        session: get(row, 6)?,
        at: parsed(row, 7, Timestamp::parse)?,
    })
}
