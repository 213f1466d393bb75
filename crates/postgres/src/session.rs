//! One open session.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use driftlock_database::{
    Cancel, ConnectOptions, Error, ExecuteError, Fence, Glance, HistoryRow, Holder, JournalRow, LockAttempt, Observer,
    OwnTables, Probe, Records, Runnable, Server, Session, Surroundings, Timeouts, Timestamp,
};

use tokio_postgres::SimpleQueryRow;

use crate::connect::{self, application_name};
use crate::error::from_db;
use crate::sql::{Names, Values, identifier, literal};
use crate::tables;
use crate::url::Target;
use crate::wire::{Answer, ResultSet, Wire};

/// How long a wait for one of the own rows may take where no file has set a limit.
const OWN_LOCK_TIMEOUT: &str = "30s";

/// What has to be sent before anything else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deferred {
    Nothing,
    /// The settings of a new session.
    Setup,
    /// Everything that a script can have changed, and whether the lock is still held.
    Reset,
}

/// A session on a PostgreSQL server.
pub(crate) struct PostgresSession {
    pub(crate) wire: Wire,
    pub(crate) server: Server,
    pub(crate) target: Target,
    pub(crate) options: ConnectOptions,
    /// The server's major version.
    pub(crate) major: u32,
    canceller: Arc<dyn Cancel>,
    deferred: Deferred,
    /// Whether the server can notice a client that died while its statement runs; unknown until it is tried.
    notices_death: Option<bool>,
    /// The name in the server's list of sessions, where it differs from the one given at login.
    renamed: Option<String>,
    timeouts: Option<Timeouts>,
    /// The key of the lock that this session holds.
    pub(crate) lock: Option<i64>,
    /// The database by the server's account, once it was asked.
    pub(crate) database: Option<String>,
    /// The INVALID indexes that were there before a statement that makes indexes without naming them all.
    pub(crate) invalid_before: HashMap<String, Vec<String>>,
    /// A script ran since the last reset: role and search path may be its.
    pub(crate) touched: bool,
}

impl PostgresSession {
    /// Opens a connection; sends nothing beyond the login.
    pub(crate) async fn open(target: Target, options: ConnectOptions) -> Result<Self, Error> {
        let opened = connect::open(&target, &options).await?;
        let version = opened.wire.parameter("server_version").unwrap_or("unknown").to_owned();
        let number = version.split_whitespace().next().unwrap_or(&version);
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        let pid = connect::backend_pid(&opened.wire.client().cancel_token()).await;
        let server = Server {
            engine: "postgres",
            version: format!("PostgreSQL {number}"),
            database: target.database.clone(),
            user: target.user.clone(),
            connection: pid.map(|pid| pid.to_string()).unwrap_or_default(),
        };
        Ok(PostgresSession {
            wire: opened.wire,
            server,
            target,
            options,
            major: digits.parse().unwrap_or(0),
            canceller: opened.canceller,
            deferred: Deferred::Setup,
            notices_death: None,
            renamed: None,
            timeouts: None,
            lock: None,
            database: None,
            invalid_before: HashMap::new(),
            touched: false,
        })
    }

    /// The settings of every session, as statements.
    fn baseline(&self) -> String {
        let mut sql = String::new();
        if let Some(name) = &self.renamed {
            sql.push_str(&format!("SET application_name = {};", literal(name)));
        }
        sql.push_str("SET idle_in_transaction_session_timeout = 0;");
        if self.major >= 14 {
            sql.push_str("SET idle_session_timeout = 0;");
        }
        if self.major >= 17 {
            sql.push_str("SET transaction_timeout = 0;");
        }
        if self.notices_death == Some(true) {
            sql.push_str(NOTICE_DEATH);
        }
        for (name, value) in &self.target.settings {
            // Not SET, which would take a list for one name.
            sql.push_str(&format!(
                "SELECT pg_catalog.set_config({}, {}, false);",
                literal(name),
                literal(value)
            ));
        }
        if let Some(timeouts) = &self.timeouts {
            sql.push_str(&format!(
                "SET lock_timeout = {}; SET statement_timeout = {};",
                milliseconds(timeouts.lock),
                milliseconds(timeouts.statement)
            ));
        }
        if let Some(role) = &self.options.set_role {
            sql.push_str(&format!("SET ROLE {};", identifier(role)));
        }
        sql
    }

    /// The messages that must go ahead of anything else.
    fn ahead(&self) -> Vec<String> {
        let mut messages = Vec::new();
        if self.deferred == Deferred::Nothing {
            return messages;
        }
        let mut sql = String::new();
        if self.deferred == Deferred::Reset {
            sql.push_str(
                "SET SESSION AUTHORIZATION DEFAULT; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD TEMP; \
                 DISCARD SEQUENCES;",
            );
        }
        sql.push_str(&self.baseline());
        if let Some(key) = self.lock.filter(|_| self.deferred == Deferred::Reset) {
            // Asking again for a lock that this session holds is a yes.
            sql.push_str(&format!("SELECT pg_catalog.pg_try_advisory_lock({key});"));
        }
        messages.push(sql);
        if self.notices_death.is_none() && self.major >= 14 {
            // On a message of its own: a server on a system that can't do it refuses.
            messages.push(NOTICE_DEATH.to_owned());
        }
        messages
    }

    /// Looks at the answers to [`ahead`](Self::ahead).
    fn check_ahead(&mut self, answers: Vec<Answer>) -> Result<(), Error> {
        let checks_lock = self.deferred == Deferred::Reset && self.lock.is_some();
        let mut answers = answers.into_iter();
        let Some(main) = answers.next() else { return Ok(()) };
        if let Some(answer) = answers.next() {
            self.notices_death = Some(answer.failed.is_none());
        }
        let results = match main.failed {
            None => main.results,
            Some(db) => {
                let error = from_db(&db, None, self.wire.take_cancelled());
                return Err(match (&self.options.set_role, error) {
                    (Some(role), Error::Server(server))
                        if matches!(server.code.as_str(), "22023" | "42501" | "42704") =>
                    {
                        Error::Login {
                            target: self.server.database.clone(),
                            reason: format!("`set_role` wants the role \"{role}\": {server}"),
                        }
                    }
                    (_, error) => error,
                });
            }
        };
        if checks_lock {
            let still = results
                .last()
                .and_then(|result| result.rows.first())
                .map(|row| Values(row).yes(0));
            if !still.transpose()?.unwrap_or(false) {
                self.lock = None;
                return Err(Error::LockLost(
                    "this session lost it (a script unlocked it, or the session was replaced) and another runner has it now"
                        .to_owned(),
                ));
            }
        }
        if self.deferred == Deferred::Reset {
            self.touched = false;
        }
        self.deferred = Deferred::Nothing;
        Ok(())
    }

    /// Sends what was put off and sees that it worked.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        let ahead = self.ahead();
        if ahead.is_empty() {
            return Ok(());
        }
        let answers = self.wire.exchange(&ahead).await?;
        self.check_ahead(answers)
    }

    /// Sends messages that only read, together with what was put off.
    pub(crate) async fn ask_raw(&mut self, messages: &[&str]) -> Result<Vec<Answer>, Error> {
        let mut all = self.ahead();
        let before = all.len();
        all.extend(messages.iter().map(|message| (*message).to_owned()));
        // All are sent before the first answer is read: one that fails doesn't keep the others back.
        let mut answers = self.wire.exchange(&all).await?;
        let rest = answers.split_off(before);
        self.check_ahead(answers)?;
        Ok(rest)
    }

    /// One reading message: its results.
    pub(crate) async fn ask(&mut self, sql: &str) -> Result<Vec<ResultSet>, Error> {
        let answer = self.ask_raw(&[sql]).await?.pop().unwrap_or_default();
        let cancelled = answer.failed.is_some() && self.wire.take_cancelled();
        answer.ok(cancelled)
    }

    /// One query of the own tables. Behind a script it has a transaction of its own in which the script's role and
    /// settings don't count, and after which they are as they were.
    async fn ask_own(&mut self, sql: &str) -> Result<Answer, Error> {
        let answer = if self.touched && self.deferred == Deferred::Nothing && !self.wire.seen.in_transaction() {
            self.tell(&format!("BEGIN; {}; {sql}; COMMIT", self.guards())).await?
        } else {
            self.ask_raw(&[sql]).await?.pop().unwrap_or_default()
        };
        Ok(answer)
    }

    /// The rows of such a query.
    async fn own_rows(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
        let answer = self.ask_own(sql).await?;
        let cancelled = answer.failed.is_some() && self.wire.take_cancelled();
        Ok(answer
            .ok(cancelled)?
            .into_iter()
            .flat_map(|result| result.rows)
            .collect())
    }

    /// One writing message, sent when all that was put off has worked. When it fails inside a transaction that it
    /// opened, that is rolled back.
    pub(crate) async fn tell(&mut self, sql: &str) -> Result<Answer, Error> {
        self.flush().await?;
        let answer = self.wire.exchange(&[sql]).await?.pop().unwrap_or_default();
        if answer.failed.is_some() && self.wire.seen.in_transaction() {
            self.wire.exchange(&["ROLLBACK"]).await?;
        }
        Ok(answer)
    }

    /// What keeps a script's session settings away from the records, for the rest of the transaction.
    fn guards(&self) -> String {
        // Of these statements there are GUARDS.
        let role = self
            .options
            .set_role
            .as_deref()
            .map_or_else(|| "NONE".to_owned(), identifier);
        let lock = self.timeouts.map_or_else(
            || format!("'{OWN_LOCK_TIMEOUT}'"),
            |limits| milliseconds(limits.lock).to_string(),
        );
        format!(
            "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE {role}; SET LOCAL search_path = pg_catalog, pg_temp; \
             SET LOCAL client_encoding = 'UTF8'; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {lock}; \
             SET LOCAL row_security TO DEFAULT"
        )
    }

    /// Writes records and commits; see [`Session::commit`].
    async fn write_records(&mut self, names: &Names, records: &Records<'_>) -> Result<(), Error> {
        let statements = tables::write(names, records);
        let written = format!("{}; COMMIT", statements.join("; "));
        let inside = self.wire.seen.in_transaction();
        let messages = if inside {
            vec![self.guards(), written]
        } else {
            self.flush().await?;
            // In one message the first failure keeps the rest from running, so that nothing runs outside the transaction.
            vec![format!("BEGIN; {}; {written}", self.guards())]
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
}

/// How many statements [`PostgresSession::guards`] has.
const GUARDS: usize = 7;

/// A client that died takes its statement with it within this time.
const NOTICE_DEATH: &str = "SET client_connection_check_interval = '1s';";

/// As the server's settings want it. What is not zero stays so.
fn milliseconds(time: Duration) -> i64 {
    if time.is_zero() {
        0
    } else {
        i64::try_from(time.as_millis())
            .unwrap_or(i64::MAX)
            .clamp(1, i64::from(i32::MAX))
    }
}

/// A result's only row.
pub(crate) fn only_row(results: &[ResultSet]) -> Option<Values<'_>> {
    results.iter().find_map(|result| result.rows.first()).map(Values)
}

#[async_trait]
impl Session for PostgresSession {
    fn server(&self) -> &Server {
        &self.server
    }

    fn canceller(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.canceller)
    }

    async fn glance(&mut self, tables: &OwnTables) -> Result<Option<Glance>, Error> {
        let names = Names::of(tables);
        let answer = self.ask_own(&tables::glance(&names)).await?;
        match answer.code() {
            None => tables::read_glance(&rows_of(answer)).map(Some),
            Some("42P01" | "3F000") => self.glance_without_fence(&names).await,
            Some("42703") => Err(self.newer_format(&names, answer).await?),
            Some("42501") => Err(refused(&names, answer)),
            Some(_) => {
                let cancelled = self.wire.take_cancelled();
                answer.ok(cancelled).map(|_| None)
            }
        }
    }

    async fn surroundings(&mut self, tables: &OwnTables) -> Result<Surroundings, Error> {
        crate::surroundings::look(self, tables).await
    }

    async fn ensure_fit(&mut self) -> Result<(), Error> {
        crate::fit::ensure(self).await
    }

    async fn try_lock(&mut self, tables: &OwnTables, me: &Holder) -> Result<LockAttempt, Error> {
        let name = application_name(me, self.target.application_name.as_deref());
        let known = self
            .renamed
            .clone()
            .unwrap_or_else(|| application_name(&self.options.holder, self.target.application_name.as_deref()));
        if name != known {
            self.ask(&format!("SET application_name = {}", literal(&name))).await?;
            self.renamed = Some(name);
        }
        crate::lock::attempt(self, tables).await
    }

    async fn unlock(&mut self) -> Result<(), Error> {
        self.rollback().await?;
        self.lock = None;
        let answer = self
            .wire
            .exchange(&["SELECT pg_catalog.pg_advisory_unlock_all()"])
            .await?
            .pop()
            .unwrap_or_default();
        answer.ok(false).map(|_| ())
    }

    async fn prepare_tables(&mut self, tables: &OwnTables) -> Result<(), Error> {
        let names = Names::of(tables);
        let there = |name: &str| format!("pg_catalog.to_regclass({}) IS NOT NULL", literal(name));
        let results = self
            .ask(&format!(
                "SELECT pg_catalog.to_regnamespace({}) IS NOT NULL, {} AND {} AND {}, {}",
                literal(&identifier(&names.schema)),
                there(&names.history),
                there(&names.journal),
                there(&names.fence),
                there(&names.fence),
            ))
            .await?;
        let (schema, all, fence) = match only_row(&results) {
            Some(row) => (row.yes(0)?, row.yes(1)?, row.yes(2)?),
            None => return Err(Error::Protocol("the catalog gave no answer".to_owned())),
        };
        if fence {
            let rows = self
                .own_rows(&format!("SELECT max(format), count(*) FROM {}", names.fence))
                .await?;
            if let Some(row) = rows.first().map(Values) {
                tables::check_format(row.maybe_number(0)?.unwrap_or(0))?;
                if all && row.number(1)? == 1 {
                    return Ok(());
                }
            }
        }
        let sql = format!(
            "BEGIN; {}; {}; COMMIT",
            self.guards(),
            tables::create(&names, &tables.prefix, !schema)
        );
        let answer = self.tell(&sql).await?;
        match &answer.failed {
            Some(db) if !matches!(db.code().code(), "57014" | "55P03" | "40P01") => Err(refused(&names, answer)),
            _ => answer.ok(self.wire.take_cancelled()).map(|_| ()),
        }
    }

    async fn take_fence(&mut self, tables: &OwnTables, environment: Option<&str>) -> Result<(Fence, Timestamp), Error> {
        let names = Names::of(tables);
        let sql = format!(
            "BEGIN; {}; {}; COMMIT",
            self.guards(),
            tables::take_fence(&names, environment)
        );
        let answer = self.tell(&sql).await?;
        if let Some("42501" | "42P01" | "3F000") = answer.code() {
            return Err(refused(&names, answer));
        }
        let results = answer.ok(self.wire.take_cancelled())?;
        match results.iter().find_map(|result| result.rows.first()) {
            Some(row) => tables::read_fence(row),
            None => Err(names.unusable("the fence has no row any more")),
        }
    }

    async fn history(&mut self, tables: &OwnTables) -> Result<Vec<HistoryRow>, Error> {
        self.own_rows(&tables::history(&Names::of(tables)))
            .await?
            .iter()
            .map(tables::read_history)
            .collect()
    }

    async fn journal(&mut self, tables: &OwnTables, attempt: &str) -> Result<Vec<JournalRow>, Error> {
        self.own_rows(&tables::journal(&Names::of(tables), attempt))
            .await?
            .iter()
            .map(tables::read_journal)
            .collect()
    }

    async fn reset(&mut self, timeouts: &Timeouts) -> Result<(), Error> {
        self.rollback().await?;
        self.wire.cancelled.store(false, Ordering::Release);
        self.timeouts = Some(*timeouts);
        self.deferred = Deferred::Reset;
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), Error> {
        self.wire.alive()?;
        if self.wire.seen.in_transaction() {
            return Err(Error::Protocol("a transaction is open already".to_owned()));
        }
        let outcome = match self.ask_raw(&["BEGIN"]).await {
            Ok(mut answers) => answers
                .pop()
                .unwrap_or_default()
                .ok(self.wire.take_cancelled())
                .map(|_| ()),
            Err(error) => Err(error),
        };
        if outcome.is_err() && !matches!(outcome, Err(Error::ConnectionLost(_))) {
            self.rollback().await?;
        }
        outcome
    }

    async fn execute(&mut self, statements: &[Runnable<'_>], observer: &mut dyn Observer) -> Result<(), ExecuteError> {
        crate::execute::run(self, statements, observer).await
    }

    async fn commit(&mut self, tables: &OwnTables, records: &Records<'_>) -> Result<(), Error> {
        self.write_records(&Names::of(tables), records).await
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        self.wire.alive()?;
        if !self.wire.seen.in_transaction() {
            return Ok(());
        }
        let answer = self.wire.exchange(&["ROLLBACK"]).await?.pop().unwrap_or_default();
        if answer.code() == Some("57014") {
            // A cancel that came late.
            return self
                .wire
                .exchange(&["ROLLBACK"])
                .await?
                .pop()
                .unwrap_or_default()
                .ok(false)
                .map(|_| ());
        }
        answer.ok(false).map(|_| ())
    }

    async fn object_digest(&mut self, sql: &str) -> Result<Option<String>, Error> {
        crate::objects::digest(self, sql).await
    }

    async fn probe(&mut self, sql: &str, before: Option<&str>) -> Result<Probe, Error> {
        crate::objects::probe(self, sql, before).await
    }

    async fn settle(&mut self, sql: &str, succeeded: bool) -> Result<(), Error> {
        crate::objects::settle(self, sql, succeeded).await
    }

    async fn is_alive(&mut self, connection: &str) -> Result<bool, Error> {
        crate::lock::is_alive(self, connection).await
    }

    async fn close(self: Box<Self>) {
        self.wire.close().await;
    }
}

impl PostgresSession {
    /// What a database without a fence has: nothing, or a history that somebody took the fence from.
    async fn glance_without_fence(&mut self, names: &Names) -> Result<Option<Glance>, Error> {
        let answer = self.ask_own(&tables::glance_history(names)).await?;
        match answer.code() {
            Some("42P01" | "3F000") => Ok(None),
            Some("42501") => Err(refused(names, answer)),
            None => {
                let rows = rows_of(answer);
                if rows.is_empty() {
                    Ok(None)
                } else {
                    tables::read_glance(&rows).map(Some)
                }
            }
            Some(_) => {
                let cancelled = self.wire.take_cancelled();
                answer.ok(cancelled).map(|_| None)
            }
        }
    }

    /// A column is missing: by the fence's own word a newer format, else not our table.
    async fn newer_format(&mut self, names: &Names, answer: Answer) -> Result<Error, Error> {
        let rows = self
            .own_rows(&format!("SELECT max(format) FROM {}", names.fence))
            .await?;
        if let Some(found) = rows
            .first()
            .map(|row| Values(row).maybe_number(0))
            .transpose()?
            .flatten()
        {
            tables::check_format(found)?;
        }
        Ok(refused(names, answer))
    }
}

fn rows_of(answer: Answer) -> Vec<SimpleQueryRow> {
    answer.results.into_iter().flat_map(|result| result.rows).collect()
}

/// The own tables can't be made or used, in the server's words.
fn refused(names: &Names, answer: Answer) -> Error {
    let reason = answer
        .failed
        .map_or_else(|| "no answer".to_owned(), |db| db.message().to_owned());
    names.unusable(&reason)
}
