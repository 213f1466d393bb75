//! One open session.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use driftlock_database::{
    Cancel, Census, ChangeMarks, ConnectOptions, Error, Examination, ExecuteError, Fence, ForeignRows, Glance,
    HistoryRow, Holder, Inspection, JournalRow, LockAttempt, Observer, OwnTables, Probe, Reach, Records, Runnable,
    Server, Session, Surroundings, Timeouts, Timestamp,
};

use crate::connect::{self, application_name};
use crate::error::from_db;
use crate::inspect::Reader;
use crate::lent::Loan;
use crate::sql::{Names, Values, identifier, literal};
use crate::tables;
use crate::url::Target;
use crate::wire::{Answer, ResultSet, Taker, Wire};

/// What has to be sent before anything else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deferred {
    Nothing,
    /// The settings of a new session.
    Setup,
    /// The same, and not yet: a pooler is in the way, and what is set may stay with a server process that others use.
    AfterFit,
    /// Everything that a script can have changed, and whether the lock is still held.
    Reset,
}

/// A session on a PostgreSQL server.
pub(crate) struct PostgresSession {
    pub(crate) wire: Wire,
    pub(crate) server: Server,
    /// How to get another session; a lent one doesn't tell.
    pub(crate) target: Option<Target>,
    /// Whose connection it is, where it is lent.
    pub(crate) loan: Option<Loan>,
    pub(crate) options: ConnectOptions,
    /// The server's major version.
    pub(crate) major: u32,
    canceller: Arc<dyn Cancel>,
    deferred: Deferred,
    /// The server process that this session's settings go to: the one that the login named, until
    /// [`ensure_fit`](Session::ensure_fit) has found another behind a pooler. 0 where the login named none.
    process: i32,
    /// Whether the server can notice a client that died while its statement runs; unknown until it is tried.
    notices_death: Option<bool>,
    /// The name in the server's list of sessions, where it differs from the one given at login.
    renamed: Option<String>,
    pub(crate) timeouts: Option<Timeouts>,
    /// The key of the lock that this session holds.
    pub(crate) lock: Option<i64>,
    /// The database by the server's account, once it was asked.
    pub(crate) database: Option<String>,
    /// The INVALID indexes that were there before a statement that makes indexes without naming them all.
    pub(crate) invalid_before: HashMap<String, Vec<String>>,
    /// A script ran since the last reset: role and search path may be its.
    pub(crate) touched: bool,
    /// Who reads what changes, where readings follow each other.
    pub(crate) reader: Option<Box<Reader>>,
}

impl PostgresSession {
    /// Opens a connection; sends nothing beyond the login.
    pub(crate) async fn open(target: Target, options: ConnectOptions) -> Result<Self, Error> {
        let opened = connect::open(&target, &options).await?;
        let version = opened.wire.parameter("server_version").unwrap_or("unknown").to_owned();
        let number = version.split_whitespace().next().unwrap_or(&version);
        let pid = connect::backend_pid(opened.wire.token()).await;
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
            target: Some(target),
            loan: None,
            options,
            major: major(number),
            canceller: opened.canceller,
            deferred: Deferred::Setup,
            process: pid.unwrap_or(0),
            notices_death: None,
            renamed: None,
            timeouts: None,
            lock: None,
            database: None,
            invalid_before: HashMap::new(),
            touched: false,
            reader: None,
        })
    }

    /// Over a connection that is lent.
    pub(crate) async fn lent(
        wire: Wire,
        loan: Loan,
        canceller: Arc<dyn Cancel>,
        version: &str,
        database: String,
        user: String,
        options: ConnectOptions,
    ) -> Self {
        let number = version.split_whitespace().next().unwrap_or(version);
        let pid = connect::backend_pid(wire.token()).await;
        let server = Server {
            engine: "postgres",
            version: format!("PostgreSQL {number}"),
            database,
            user,
            connection: pid.map(|pid| pid.to_string()).unwrap_or_default(),
        };
        PostgresSession {
            wire,
            server,
            target: None,
            loan: Some(loan),
            renamed: Some(application_name(&options.holder, None)),
            options,
            major: major(number),
            canceller,
            deferred: Deferred::Setup,
            process: pid.unwrap_or(0),
            notices_death: None,
            timeouts: None,
            lock: None,
            database: None,
            invalid_before: HashMap::new(),
            touched: false,
            reader: None,
        }
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
        if self.loan.is_some() {
            // Where it is off, a text with a backslash is cut elsewhere.
            sql.push_str("SET standard_conforming_strings = on;");
        }
        for (name, value) in self.target.iter().flat_map(|target| &target.settings) {
            // Not SET, which would take a list for one name.
            sql.push_str(&format!("SELECT pg_catalog.set_config({}, {}, false);", literal(name), literal(value)));
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
        if matches!(self.deferred, Deferred::Nothing | Deferred::AfterFit) {
            return messages;
        }
        // A message is one transaction: where this fails, nothing of it stays. It costs no round trip.
        let guard = format!("SELECT 1 / (pg_catalog.pg_backend_pid() = {})::pg_catalog.int4;", self.process);
        let mut sql = guard.clone();
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
            messages.push(guard + NOTICE_DEATH);
        }
        messages
    }

    /// A pooler is in the way and keeps this server process for the session: now its settings can be made.
    pub(crate) fn settle_on(&mut self, process: i32) {
        self.process = process;
        self.deferred = Deferred::Setup;
    }

    /// Looks at the answers to [`ahead`](Self::ahead).
    fn check_ahead(&mut self, answers: Vec<Answer>) -> Result<(), Error> {
        let checks_lock = self.deferred == Deferred::Reset && self.lock.is_some();
        let mut answers = answers.into_iter();
        let Some(main) = answers.next() else { return Ok(()) };
        if main.results.is_empty() && main.code() == Some(GUARD_FAILED) {
            if self.deferred == Deferred::Setup {
                self.deferred = Deferred::AfterFit;
                return Ok(());
            }
            return Err(Error::LockLost("a pooler gave this session another server process".to_owned()));
        }
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
            let still = results.last().and_then(|result| result.rows.first()).map(|row| Values(row).yes(0));
            if !still.transpose()?.unwrap_or(false) {
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

    /// Whether a script's role and search path may be in force now.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched && self.deferred != Deferred::Reset
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
        self.ask_taking(messages, &mut |_, _, result| Some(result)).await
    }

    /// The same, with results taken while the server works on the next ones.
    pub(crate) async fn ask_taking(&mut self, messages: &[&str], take: Taker<'_>) -> Result<Vec<Answer>, Error> {
        let mut all = self.ahead();
        let before = all.len();
        all.extend(messages.iter().map(|message| (*message).to_owned()));
        // All are sent before the first answer is read: one that fails doesn't keep the others back.
        let mut of_these = |message: usize, statement, result| match message.checked_sub(before) {
            Some(message) => take(message, statement, result),
            None => Some(result),
        };
        let mut answers = self.wire.exchange_taking(&all, &mut of_these).await?;
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

    /// Puts the longer limit on waiting for locks in place, or the one that the file has.
    pub(crate) async fn be_patient(&mut self, patient: bool) -> Result<(), Error> {
        let Some(timeouts) = self.timeouts else { return Ok(()) };
        let limit = if patient { timeouts.concurrent } else { timeouts.lock };
        let answer = self.wire.exchange(&[format!("SET lock_timeout = {}", milliseconds(limit))]).await?;
        answer.into_iter().next().unwrap_or_default().ok(false).map(|_| ())
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
}

/// `16` of `16.3` and of `16beta1`; 0 where it can't be read.
fn major(number: &str) -> u32 {
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Division by zero: another server process answers than the one that is meant.
const GUARD_FAILED: &str = "22012";

/// A client that died takes its statement with it within this time.
const NOTICE_DEATH: &str = "SET client_connection_check_interval = '1s';";

/// As the server's settings want it. What is not zero stays so.
pub(crate) fn milliseconds(time: Duration) -> i64 {
    if time.is_zero() { 0 } else { i64::try_from(time.as_millis()).unwrap_or(i64::MAX).clamp(1, i64::from(i32::MAX)) }
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
        let glance = self.read_glance(&names).await;
        self.name_the_maker(&names, glance).await
    }

    async fn surroundings(&mut self, tables: &OwnTables) -> Result<Surroundings, Error> {
        crate::surroundings::look(self, tables).await
    }

    async fn foreign_rows(&mut self, table: &str) -> Result<ForeignRows, Error> {
        crate::surroundings::foreign_rows(self, table).await
    }

    async fn inspect(&mut self) -> Result<Inspection, Error> {
        crate::inspect::take(self).await
    }

    async fn inspect_again(&mut self, _: &Inspection, reach: Reach<'_>) -> Result<Inspection, Error> {
        // What was read last is remembered, and what of it has changed since then the catalogs tell better than any text.
        crate::inspect::take_again(self, reach).await
    }

    async fn census(&mut self) -> Result<Census, Error> {
        crate::census::take(self).await
    }

    async fn unused_databases(&mut self, prefix: &str) -> Result<Vec<String>, Error> {
        crate::surroundings::unused_databases(self, prefix).await
    }

    async fn change_marks(&mut self) -> Result<Option<ChangeMarks>, Error> {
        crate::marks::take(self).await.map(Some)
    }

    async fn database_like_this(&mut self, name: &str) -> Result<Vec<String>, Error> {
        crate::likeness::statements(self, name).await
    }

    async fn ensure_fit(&mut self) -> Result<(), Error> {
        crate::fit::ensure(self).await
    }

    async fn examine(&mut self, tables: &OwnTables, long: Duration) -> Result<Examination, Error> {
        crate::doctor::examine(self, tables, long).await
    }

    async fn try_lock(&mut self, tables: &OwnTables, me: &Holder) -> Result<LockAttempt, Error> {
        let own = self.target.as_ref().and_then(|target| target.application_name.as_deref());
        let name = application_name(me, own);
        let known = self.renamed.clone().unwrap_or_else(|| application_name(&self.options.holder, own));
        if name != known {
            self.ask(&format!("SET application_name = {}", literal(&name))).await?;
            self.renamed = Some(name);
        }
        crate::lock::attempt(self, tables).await
    }

    async fn unlock(&mut self) -> Result<(), Error> {
        self.rollback().await?;
        let ours = self.lock.take();
        if self.loan.is_some() {
            // The others are the lender's.
            let Some(key) = ours else { return Ok(()) };
            let unlock = format!("SELECT pg_catalog.pg_advisory_unlock({key})");
            return self.wire.exchange(&[unlock]).await?.pop().unwrap_or_default().ok(false).map(|_| ());
        }
        let answer =
            self.wire.exchange(&["SELECT pg_catalog.pg_advisory_unlock_all()"]).await?.pop().unwrap_or_default();
        answer.ok(false).map(|_| ())
    }

    async fn prepare_tables(&mut self, tables: &OwnTables) -> Result<(), Error> {
        let names = Names::of(tables);
        let made = self.make_tables(&names, &tables.prefix).await;
        self.name_the_maker(&names, made).await
    }

    async fn take_fence(&mut self, tables: &OwnTables, environment: Option<&str>) -> Result<(Fence, Timestamp), Error> {
        self.raise_fence(&Names::of(tables), environment).await
    }

    async fn history(&mut self, tables: &OwnTables) -> Result<Vec<HistoryRow>, Error> {
        self.own_rows(&tables::history(&Names::of(tables))).await?.iter().map(tables::read_history).collect()
    }

    async fn journal(&mut self, tables: &OwnTables, attempt: &str) -> Result<Vec<JournalRow>, Error> {
        self.own_rows(&tables::journal(&Names::of(tables), attempt)).await?.iter().map(tables::read_journal).collect()
    }

    async fn journals(&mut self, tables: &OwnTables) -> Result<Vec<JournalRow>, Error> {
        self.own_rows(&tables::journals(&Names::of(tables))).await?.iter().map(tables::read_journal).collect()
    }

    async fn reset(&mut self, timeouts: &Timeouts) -> Result<(), Error> {
        self.rollback().await?;
        self.wire.cancelled.store(false, Ordering::Release);
        self.timeouts = Some(*timeouts);
        self.put_back().await
    }

    async fn put_back(&mut self) -> Result<(), Error> {
        if self.loan.is_some() {
            self.put_lent_back().await?;
            self.deferred = Deferred::Setup;
            return Ok(());
        }
        // Sent with what comes next: none of it ends a transaction.
        self.deferred = Deferred::Reset;
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), Error> {
        self.wire.alive()?;
        if self.wire.seen.in_transaction() {
            return Err(Error::Protocol("a transaction is open already".to_owned()));
        }
        // A script's earlier file part may have made read-only the default of its session.
        let outcome = match self.ask_raw(&["BEGIN READ WRITE"]).await {
            Ok(mut answers) => answers.pop().unwrap_or_default().ok(self.wire.take_cancelled()).map(|_| ()),
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

    async fn commit_unrecorded(&mut self) -> Result<(), Error> {
        self.wire.seen.forget_end();
        let answer = self.wire.exchange(&["COMMIT"]).await?.pop().unwrap_or_default();
        let committed = self.wire.seen.committed();
        answer.ok(self.wire.take_cancelled())?;
        if committed {
            return Ok(());
        }
        Err(Error::Protocol(
            "the server answered COMMIT with ROLLBACK: nothing of the transaction was committed".to_owned(),
        ))
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        self.wire.alive()?;
        if !self.wire.seen.in_transaction() {
            return Ok(());
        }
        let answer = self.wire.exchange(&["ROLLBACK"]).await?.pop().unwrap_or_default();
        if answer.code() == Some("57014") {
            // A cancel that came late.
            return self.wire.exchange(&["ROLLBACK"]).await?.pop().unwrap_or_default().ok(false).map(|_| ());
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

    async fn busy(&mut self, connection: &str) -> Result<Option<Holder>, Error> {
        crate::lock::busy(self, connection).await
    }

    async fn end(&mut self, connection: &str) -> Result<(), Error> {
        crate::lock::end(self, connection).await
    }

    async fn blockers(&mut self, sql: &str) -> Vec<Holder> {
        // It is no more than a help.
        crate::lock::blockers(self, sql).await.unwrap_or_default()
    }

    fn leave(&mut self) -> bool {
        let busy = self.wire.is_busy();
        if busy || self.lock.is_some() || self.wire.seen.in_transaction() {
            self.wire.abandon();
            self.lock = None;
        }
        busy
    }

    async fn close(self: Box<Self>) {
        if self.loan.is_some() {
            return self.give_back().await;
        }
        if let Some(reader) = self.reader {
            reader.close().await;
        }
        self.wire.close().await;
    }
}
