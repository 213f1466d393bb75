//! The session's side of the own tables: read and written past whatever a script did to the session.

use driftlock_database::{Error, Fence, Glance, Records, Timestamp, check_format};
use tokio_postgres::SimpleQueryRow;

use crate::error::from_db;
use crate::session::{PostgresSession, milliseconds, only_row};
use crate::sql::{Names, Values, identifier, literal};
use crate::tables;
use crate::wire::Answer;

/// How long a wait for one of the own rows may take where no file has set a limit.
const OWN_LOCK_TIMEOUT: &str = "30s";

/// How many statements [`PostgresSession::guards`] has.
const GUARDS: usize = 7;

impl PostgresSession {
    /// What keeps a script's session settings away from the records, for the rest of the transaction.
    fn guards(&self) -> String {
        // Of these statements there are GUARDS.
        let (user, role) = match &self.loan {
            Some(loan) => loan.local_identity(),
            None => ("DEFAULT".to_owned(), "NONE".to_owned()),
        };
        let role = self.options.set_role.as_deref().map_or(role, identifier);
        let lock = self
            .timeouts
            .map_or_else(|| format!("'{OWN_LOCK_TIMEOUT}'"), |limits| milliseconds(limits.lock).to_string());
        format!(
            "SET LOCAL SESSION AUTHORIZATION {user}; SET LOCAL ROLE {role}; SET LOCAL search_path = pg_catalog, pg_temp; \
             SET LOCAL client_encoding = 'UTF8'; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {lock}; \
             SET LOCAL row_security TO DEFAULT"
        )
    }

    /// See [`Session::commit`](driftlock_database::Session::commit).
    pub(crate) async fn write_records(&mut self, names: &Names, records: &Records<'_>) -> Result<(), Error> {
        let statements = tables::write(names, records);
        let written = format!("{}; COMMIT", statements.join("; "));
        let inside = self.wire.seen.in_transaction();
        let messages = if inside {
            vec![self.guards(), written]
        } else {
            self.flush().await?;
            // In one message the first failure keeps the rest from running, so that nothing runs outside the transaction.
            vec![format!("BEGIN READ WRITE; {}; {written}", self.guards())]
        };
        self.wire.seen.forget_end();
        let answers = self.wire.exchange(&messages).await?;
        let committed = self.wire.seen.committed();
        // How many statements of the last message go before those that write.
        let before = if inside { 0 } else { 1 + GUARDS };
        let last = answers.len() - 1;
        let failure = answers.into_iter().enumerate().find_map(|(message, answer)| {
            let db = answer.failed?;
            let at = answer.results.len().checked_sub(before).filter(|_| message == last);
            Some(match (at, db.code().code(), db.column()) {
                (Some(0), "23502", Some("token")) => Error::Fenced { token: records.token },
                (Some(_), "23502", Some("sequence" | "attempt")) => names.unusable("the fence has no row any more"),
                _ => from_db(&db, None, self.wire.take_cancelled()),
            })
        });
        let Some(failure) = failure else {
            if committed {
                return Ok(());
            }
            if self.wire.seen.in_transaction() {
                self.wire.exchange(&["ROLLBACK"]).await?;
            }
            return Err(Error::Protocol(
                "the server answered COMMIT with ROLLBACK: nothing of the transaction was committed".to_owned(),
            ));
        };
        if self.wire.seen.in_transaction() {
            self.wire.exchange(&["ROLLBACK"]).await?;
        }
        Err(failure)
    }

    /// One query of the own tables. Behind a script it has a transaction of its own in which the script's role and
    /// settings don't count, and after which they are as they were.
    async fn ask_own(&mut self, sql: &str) -> Result<Answer, Error> {
        let answer = if self.is_touched() && !self.wire.seen.in_transaction() {
            self.tell(&format!("BEGIN READ WRITE; {}; {sql}; COMMIT", self.guards())).await?
        } else {
            self.ask_raw(&[sql]).await?.pop().unwrap_or_default()
        };
        Ok(answer)
    }

    /// The rows of such a query.
    pub(crate) async fn own_rows(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
        let answer = self.ask_own(sql).await?;
        let cancelled = answer.failed.is_some() && self.wire.take_cancelled();
        Ok(answer.ok(cancelled)?.into_iter().flat_map(|result| result.rows).collect())
    }

    /// See [`Session::glance`](driftlock_database::Session::glance).
    pub(crate) async fn read_glance(&mut self, names: &Names) -> Result<Option<Glance>, Error> {
        let answer = self.ask_own(&tables::glance(names)).await?;
        match answer.code() {
            None => tables::read_glance(&rows_of(answer)).map(Some),
            Some("42P01" | "3F000") => self.glance_without_fence(names).await,
            Some("42703") => Err(self.newer_format(names, answer).await?),
            Some("42501") => Err(refused(names, answer)),
            Some(_) => {
                let cancelled = self.wire.take_cancelled();
                answer.ok(cancelled).map(|_| None)
            }
        }
    }

    /// See [`Session::prepare_tables`](driftlock_database::Session::prepare_tables).
    pub(crate) async fn make_tables(&mut self, names: &Names, prefix: &str) -> Result<(), Error> {
        let there = |name: &str| format!("pg_catalog.to_regclass({}) IS NOT NULL", literal(name));
        let sql = format!(
            "SELECT pg_catalog.to_regnamespace({}) IS NOT NULL, {} AND {} AND {}, {}",
            literal(&identifier(&names.schema)),
            there(&names.history),
            there(&names.journal),
            there(&names.fence),
            there(&names.fence),
        );
        let answer = self.ask_own(&sql).await?;
        if answer.code() == Some("42501") {
            return Err(refused(names, answer));
        }
        let cancelled = answer.failed.is_some() && self.wire.take_cancelled();
        let results = answer.ok(cancelled)?;
        let (schema, all, fence) = match only_row(&results) {
            Some(row) => (row.yes(0)?, row.yes(1)?, row.yes(2)?),
            None => return Err(Error::Protocol("the catalog gave no answer".to_owned())),
        };
        if fence {
            let rows = self.own_rows(&format!("SELECT max(format), count(*) FROM {}", names.fence)).await?;
            if let Some(row) = rows.first().map(Values) {
                // A fence without a row has no format to be of.
                if let Some(format) = row.maybe_number(0)? {
                    check_format(format)?;
                }
                if all && row.number(1)? == 1 {
                    return Ok(());
                }
            }
        }
        let sql = format!("BEGIN READ WRITE; {}; {}; COMMIT", self.guards(), tables::create(names, prefix, !schema));
        let answer = self.tell(&sql).await?;
        match &answer.failed {
            Some(db) if !matches!(db.code().code(), "57014" | "55P03" | "40P01") => Err(refused(names, answer)),
            _ => answer.ok(self.wire.take_cancelled()).map(|_| ()),
        }
    }

    /// See [`Session::take_fence`](driftlock_database::Session::take_fence).
    pub(crate) async fn raise_fence(
        &mut self,
        names: &Names,
        environment: Option<&str>,
    ) -> Result<(Fence, Timestamp), Error> {
        let sql = format!("BEGIN READ WRITE; {}; {}; COMMIT", self.guards(), tables::take_fence(names, environment));
        let answer = self.tell(&sql).await?;
        if let Some("42501" | "42P01" | "3F000") = answer.code() {
            return Err(refused(names, answer));
        }
        let results = answer.ok(self.wire.take_cancelled())?;
        match results.iter().find_map(|result| result.rows.first()) {
            Some(row) => tables::read_fence(row),
            None => Err(names.unusable("the fence has no row any more")),
        }
    }

    /// What a database without a fence has: nothing, or a history that somebody took the fence from.
    async fn glance_without_fence(&mut self, names: &Names) -> Result<Option<Glance>, Error> {
        let answer = self.ask_own(&tables::glance_history(names)).await?;
        match answer.code() {
            Some("42P01" | "3F000") => self.nothing_without_history(names).await,
            Some("42501") => Err(refused(names, answer)),
            None => {
                let rows = rows_of(answer);
                if rows.is_empty() {
                    return Ok(None);
                }
                // Another runner may have made both tables between the two looks: then there is a fence by now.
                let again = self.ask_own(&tables::glance(names)).await?;
                let rows = if again.code().is_none() { rows_of(again) } else { rows };
                tables::read_glance(&rows).map(Some)
            }
            Some(_) => {
                let cancelled = self.wire.take_cancelled();
                answer.ok(cancelled).map(|_| None)
            }
        }
    }

    /// That nothing is there where there is no history: a fence that was made with it would tell.
    async fn nothing_without_history(&mut self, names: &Names) -> Result<Option<Glance>, Error> {
        let answer = self.ask_own(&tables::fence_head(names)).await?;
        if matches!(answer.code(), Some("42P01" | "3F000")) {
            return Ok(None);
        }
        // Both may have been made between the looks.
        let again = self.ask_own(&tables::glance(names)).await?;
        if again.code().is_none() {
            return tables::read_glance(&rows_of(again)).map(Some);
        }
        Err(Error::Records { table: "history", row: None, reason: format!("the table {} is gone", names.history) })
    }

    /// Says with which driftlock the own tables can be used, where they can't with this one.
    pub(crate) async fn name_the_maker<T>(&mut self, names: &Names, result: Result<T, Error>) -> Result<T, Error> {
        match result {
            Err(Error::Format { found, known, .. }) => {
                // A column may have another name by now: then nobody is named.
                let rows = self.own_rows(&tables::last_tool_version(names)).await.unwrap_or_default();
                let made_by = rows.first().and_then(|row| Values(row).maybe(0).ok().flatten());
                Err(Error::Format { found, known, made_by })
            }
            other => other,
        }
    }

    /// A column is missing: by the fence's own word a newer format, else not our table.
    async fn newer_format(&mut self, names: &Names, answer: Answer) -> Result<Error, Error> {
        let rows = self.own_rows(&format!("SELECT max(format) FROM {}", names.fence)).await?;
        if let Some(found) = rows.first().map(|row| Values(row).maybe_number(0)).transpose()?.flatten() {
            check_format(found)?;
        }
        Ok(refused(names, answer))
    }
}

fn rows_of(answer: Answer) -> Vec<SimpleQueryRow> {
    answer.results.into_iter().flat_map(|result| result.rows).collect()
}

/// The own tables can't be made or used, in the server's words.
fn refused(names: &Names, answer: Answer) -> Error {
    let reason = answer.failed.map_or_else(|| "no answer".to_owned(), |db| db.message().to_owned());
    names.unusable(&reason)
}
