//! One session: what the engine asks for, in terms of the wire.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use driftlock_database::{
    Cancel, Census, Error, Event, Examination, ExecuteError, Fence, ForeignRows, Glance, HistoryRow, Holder,
    Inspection, JournalRow, Likeness, LockAttempt, Observer, OwnTables, Pooler, Probe, Reach, Records, Runnable,
    Server, Session, Surroundings, Timeouts, Timestamp, check_format, fault,
};

use crate::beside::Beside;
use crate::connect::Product;
use crate::error::{code, number};
use crate::inspect::Known;
use crate::pulse::Pulse;
use crate::state::{Baseline, Open};
use crate::tables::{self, Sql};
use crate::traces::Traces;
use crate::wire::{TextRow, Wire, text};
use crate::{judge, lock, objects, rows, surroundings};

const IMPLICIT_COMMIT: &str = "a statement committed by itself inside the transaction, so it can't be undone together with the others: \
     put it into a file of its own, or write `-- driftlock: no-transaction` at the head of this one";

/// An open session.
pub(crate) struct MySqlSession {
    pub(crate) wire: Wire,
    server: Server,
    product: Product,
    canceller: Arc<dyn Cancel>,
    pooler: Pooler,
    /// How to make another connection like this one.
    beside: Beside,
    /// This connection's number.
    id: u64,
    /// When the server was started, by its own clock: numbers of connections begin again then.
    run: Option<String>,
    /// The longest statement that the server takes, once it was asked.
    longest: Option<usize>,
    /// Shows others that this client lives while it holds the lock.
    pulse: Option<Pulse>,
    /// The settings before the first script; read when the first one is about to run.
    baseline: Option<Baseline>,
    /// The limits that the last reset set.
    timeouts: Option<Timeouts>,
    /// What statements left since the last reset.
    pub(crate) traces: Traces,
    /// What the last reading in parts found that stays the same.
    pub(crate) known: Option<Known>,
    /// The name of the lock, while it is ours.
    lock: Option<String>,
    /// A transaction of ours is open.
    in_transaction: bool,
    /// Whose connection it is, where it is lent.
    #[cfg(feature = "mysql_async")]
    pub(crate) loan: Option<crate::lent::Loan>,
}

impl MySqlSession {
    pub(crate) fn new(
        wire: Wire,
        server: Server,
        product: Product,
        canceller: Arc<dyn Cancel>,
        pooler: Pooler,
        beside: Beside,
        id: u64,
    ) -> Self {
        MySqlSession {
            wire,
            server,
            product,
            canceller,
            pooler,
            beside,
            #[cfg(feature = "mysql_async")]
            loan: None,
            id,
            run: None,
            longest: None,
            known: None,
            pulse: None,
            baseline: None,
            timeouts: None,
            traces: Traces::default(),
            lock: None,
            in_transaction: false,
        }
    }

    pub(crate) fn product(&self) -> Product {
        self.product
    }

    pub(crate) fn database(&self) -> &str {
        &self.server.database
    }

    fn sql(&self, tables: &OwnTables) -> Sql {
        Sql::new(tables, &self.server.database)
    }

    /// What the server said of the own tables, with the way out.
    fn own_tables(&self, tables: &OwnTables, error: Error) -> Error {
        let Some(number) = number(&error) else { return error };
        let place = format!("database `{}`", tables.schema.as_deref().unwrap_or(&self.server.database));
        let advice = match number {
            code::UNKNOWN_COLUMN => {
                "the tables are there, but not as driftlock makes them: somebody changed them, or they are another program's; `tables.prefix` (`--tables-prefix`) gives driftlock's other names"
            }
            code::UNKNOWN_DATABASE => "`tables.schema` (`--tables-schema`) must name a database that exists",
            _ if code::DENIED.contains(&number) => {
                "grant the rights, or put the tables elsewhere with `tables.schema` (`--tables-schema`, another database) and `tables.prefix` (`--tables-prefix`)"
            }
            _ => return error,
        };
        Error::OwnTables { place, reason: format!("{error}; {advice}") }
    }

    /// The connection's number, when the server was started, and a digest of where its client is.
    async fn identity(&mut self) -> Result<TextRow, Error> {
        let status = if self.product.is_mariadb {
            "information_schema.GLOBAL_STATUS"
        } else {
            "performance_schema.global_status"
        };
        // Both moments are the statement's beginning: the difference is the same whenever it is asked.
        let sql = format!(
            "SELECT CONNECTION_ID(), UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS SIGNED), \
             (SELECT {} FROM {} WHERE ID = CONNECTION_ID()) \
             FROM {status} WHERE VARIABLE_NAME = 'Uptime' LIMIT 1",
            lock::CLIENT,
            self.wire.processes
        );
        let row = match self.wire.row(&sql).await {
            Ok(row) => row,
            Err(Error::Server(_)) => None,
            Err(error) => return Err(error),
        };
        match row {
            Some(row) => Ok(row),
            None => Ok(self.wire.row("SELECT CONNECTION_ID() LIMIT 1").await?.unwrap_or_default()),
        }
    }

    /// The number of another connection, what is known of it and whether it runs something, if it is the very one of this id.
    async fn other(&mut self, connection: &str) -> Result<Option<(u64, Holder, bool)>, Error> {
        let number = connection.split('@').next().and_then(|number| number.parse().ok());
        let Some(id) = number.filter(|id| *id != self.id) else { return Ok(None) };
        let (holder, busy) = lock::connection(&mut self.wire, id, self.run.as_deref()).await?;
        let same = !connection.contains('@') || holder.connection.as_deref() == Some(connection);
        Ok(same.then_some((id, holder, busy)))
    }

    /// Own statements run between a script's: its settings are put aside for them.
    async fn shielded_digest(&mut self, sql: &str) -> Result<Option<String>, Error> {
        let Some(baseline) = &self.baseline else {
            return objects::digest(&mut self.wire, self.product, sql).await;
        };
        let shield = baseline.shield(&mut self.wire, &self.traces, self.in_transaction).await?;
        let digest = objects::digest(&mut self.wire, self.product, sql).await?;
        baseline.unshield(&mut self.wire, shield).await?;
        Ok(digest)
    }

    /// Sends the server's words about a statement on. `next` is the statement that follows.
    async fn tell_warnings(
        &mut self,
        index: usize,
        warnings: u16,
        next: Option<&str>,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        if next.is_some_and(asks_for_the_last_result) {
            let message = format!(
                "{warnings} warnings; they aren't shown, since asking for them would change what the next statement reads"
            );
            observer.event(Event::Notice { index, severity: "Warning".to_owned(), message });
            return Ok(());
        }
        for row in self.wire.rows("SHOW WARNINGS").await? {
            observer.event(Event::Notice {
                index,
                severity: text(&row, 0).to_owned(),
                message: text(&row, 2).to_owned(),
            });
        }
        Ok(())
    }

    /// See [`Session::glance`].
    async fn read_glance(&mut self, tables: &OwnTables) -> Result<Option<Glance>, Error> {
        let rows = match self.wire.rows(&self.sql(tables).glance()).await {
            Ok(rows) => rows,
            Err(error) if is_missing(&error) => match self.which_is_gone(tables).await? {
                None => return Ok(None),
                // Both may have been made between the looks.
                Some(table) => self.wire.rows(&self.sql(tables).glance()).await.map_err(|error| match error {
                    error if is_missing(&error) => {
                        Error::Records { table, row: None, reason: format!("the table is gone ({error})") }
                    }
                    error => self.own_tables(tables, error),
                })?,
            },
            Err(error) if number(&error) == Some(code::UNKNOWN_COLUMN) => {
                self.look_at_format(tables).await?;
                return Err(self.own_tables(tables, error));
            }
            Err(error) => return Err(self.own_tables(tables, error)),
        };
        let mut fence = None;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            if tables::is_fence(row) {
                fence = Some(known_format(tables::fence(row)?)?);
            } else {
                entries.push(row);
            }
        }
        if fence.is_none() && entries.is_empty() {
            // Made, but not finished: as good as not there.
            return Ok(None);
        }
        let fence = fence.unwrap_or_else(Fence::untaken);
        let mut entries = entries.into_iter().map(tables::entry).collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(|entry| entry.sequence);
        Ok(Some(Glance { fence, entries }))
    }

    /// That no newer driftlock made the own tables, if they are there.
    async fn look_at_format(&mut self, tables: &OwnTables) -> Result<(), Error> {
        let sql = self.sql(tables).format();
        match self.wire.row(&sql).await {
            Ok(Some(row)) if row.first().is_some_and(Option::is_some) => check_format(tables::format(&row)?),
            Ok(_) => Ok(()),
            Err(error) if matches!(number(&error), Some(code::NO_SUCH_TABLE | code::UNKNOWN_DATABASE)) => Ok(()),
            Err(error) => Err(self.own_tables(tables, error)),
        }
    }

    /// Says with which driftlock the own tables can be used, where they can't with this one.
    async fn name_the_maker<T>(&mut self, tables: &OwnTables, result: Result<T, Error>) -> Result<T, Error> {
        match result {
            Err(Error::Format { found, known, .. }) => {
                let sql = self.sql(tables).last_tool_version();
                // A column may have another name by now: then nobody is named.
                let made_by = self.wire.row(&sql).await.ok().flatten().and_then(|row| row.into_iter().next()).flatten();
                Err(Error::Format { found, known, made_by })
            }
            other => other,
        }
    }

    async fn write_records(&mut self, tables: &OwnTables, records: &Records<'_>) -> Result<(), Error> {
        let sql = self.sql(tables);
        self.wire.run(&sql.pass_fence(records)).await.map_err(|error| match number(&error) {
            Some(code::OUT_OF_RANGE) => Error::Fenced { token: records.token },
            _ => error,
        })?;
        if matched(self.wire.info()) != Some(1) {
            return Err(Error::Protocol(
                "the row of driftlock's fence is missing, so nothing was committed; somebody deleted it".to_owned(),
            ));
        }
        for statement in
            [sql.insert_history(records.history), sql.insert_journal(records.journal)].into_iter().flatten()
        {
            self.wire.run(&statement).await?;
        }
        // A server that couldn't keep the transaction open would have committed piece by piece.
        if self.wire.in_transaction() == Some(false) {
            return Err(Error::Protocol(IMPLICIT_COMMIT.to_owned()));
        }
        self.wire.run("COMMIT").await.map(drop)
    }

    /// Whether the transaction that is ours is still open on the server.
    async fn transaction_is_open(&mut self) -> Result<bool, Error> {
        if self.wire.in_transaction().is_none() {
            // An error's answer doesn't say; the answer to anything else does.
            self.wire.run("DO 0").await?;
        }
        Ok(self.wire.in_transaction() == Some(true))
    }

    /// Which of the own tables somebody dropped: the fence is made last, and no row is written without it. `None` where they aren't
    /// all made yet.
    async fn which_is_gone(&mut self, tables: &OwnTables) -> Result<Option<&'static str>, Error> {
        for (sql, gone) in [(self.sql(tables).has_fence(), "history"), (self.sql(tables).has_history(), "fence")] {
            match self.wire.rows(&sql).await {
                Ok(rows) if !rows.is_empty() => return Ok(Some(gone)),
                Ok(_) => {}
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(self.own_tables(tables, error)),
            }
        }
        Ok(None)
    }

    async fn read_fence(&mut self, tables: &OwnTables) -> Result<(Fence, Timestamp), Error> {
        let sql = self.sql(tables).read_fence();
        let rows = self.wire.rows(&sql).await.map_err(|error| self.own_tables(tables, error))?;
        let [row] = &rows[..] else {
            let has = if rows.is_empty() { "none" } else { "several" };
            return Err(Error::Records {
                table: "fence",
                row: None,
                reason: format!("it must have one row and has {has}"),
            });
        };
        let fence = known_format(tables::fence(row)?)?;
        let now = Timestamp::parse(text(row, 5))
            .ok_or_else(|| Error::Protocol(format!("the server's clock says `{}`", text(row, 5))))?;
        Ok((fence, now))
    }
}

/// Whether a table or its database isn't there.
fn is_missing(error: &Error) -> bool {
    matches!(number(error), Some(code::NO_SUCH_TABLE | code::UNKNOWN_DATABASE))
}

fn known_format(fence: Fence) -> Result<Fence, Error> {
    check_format(fence.format).map(|()| fence)
}

/// `Rows matched: 1  Changed: 0  Warnings: 0`.
fn matched(info: &str) -> Option<u64> {
    let (_, rest) = info.split_once(':')?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Whether a statement reads what any statement before it, ours too, would change.
fn asks_for_the_last_result(sql: &str) -> bool {
    let sql = sql.to_ascii_uppercase();
    ["ROW_COUNT", "FOUND_ROWS", "WARNING", "DIAGNOSTICS", "SHOW ERRORS", "@@ERROR_COUNT"]
        .iter()
        .any(|word| sql.contains(word))
}

#[async_trait]
impl Session for MySqlSession {
    fn server(&self) -> &Server {
        &self.server
    }

    fn canceller(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.canceller)
    }

    async fn glance(&mut self, tables: &OwnTables) -> Result<Option<Glance>, Error> {
        let glance = self.read_glance(tables).await;
        self.name_the_maker(tables, glance).await
    }

    async fn surroundings(&mut self, tables: &OwnTables) -> Result<Surroundings, Error> {
        surroundings::look(&mut self.wire, &self.server.database, tables).await
    }

    async fn foreign_rows(&mut self, table: &str) -> Result<ForeignRows, Error> {
        surroundings::foreign_rows(&mut self.wire, &self.server.database, table).await
    }

    async fn inspect(&mut self) -> Result<Inspection, Error> {
        crate::inspect::take(self).await
    }

    async fn inspect_again(&mut self, before: &Inspection, reach: Reach<'_>) -> Result<Inspection, Error> {
        crate::inspect::again(self, before, reach).await
    }

    async fn census(&mut self) -> Result<Census, Error> {
        crate::census::take(self).await
    }

    async fn database_like_this(&mut self, name: &str) -> Result<Vec<String>, Error> {
        crate::like::statements(&mut self.wire, &self.server.database, name).await
    }

    async fn likeness(&mut self) -> Result<Likeness, Error> {
        crate::like::likeness(&mut self.wire, &self.server.database).await
    }

    fn database_like(&self, name: &str, likeness: &Likeness) -> Vec<String> {
        crate::like::made(name, likeness)
    }

    async fn unused_databases(&mut self, prefix: &str) -> Result<Vec<String>, Error> {
        surroundings::unused_databases(&mut self.wire, prefix).await
    }

    async fn ensure_fit(&mut self) -> Result<(), Error> {
        let row = self.identity().await?;
        let id = text(&row, 0);
        if id != self.id.to_string() && self.pooler == Pooler::Detect {
            return Err(Error::Unfit(format!(
                "something between here and the server shares its connections (ours should be {} and is {id}): a lock and a transaction need a connection of their own. \
                 Connect to the server itself, or set `pooler = \"session\"` if it keeps one connection for each session",
                self.id,
            )));
        }
        self.id = id.parse().unwrap_or(self.id);
        self.run = row.get(1).cloned().flatten();
        self.server.connection = lock::unique(self.id, self.run.as_deref(), text(&row, 2));
        match crate::doctor::read_only(&mut self.wire).await? {
            None => Ok(()),
            Some(sign) => Err(Error::Unfit(format!(
                "the server is read-only ({sign}): it is a replica, or is being maintained. Connect to the primary"
            ))),
        }
    }

    async fn examine(&mut self, tables: &OwnTables, long: Duration) -> Result<Examination, Error> {
        let known = crate::doctor::Known {
            database: &self.server.database,
            product: self.product,
            id: self.id,
            run: self.run.as_deref(),
        };
        crate::doctor::examine(&mut self.wire, known, tables, long).await
    }

    // The holder's name went with the connection's attributes, which the server shows to others.
    async fn try_lock(&mut self, tables: &OwnTables, _me: &Holder) -> Result<LockAttempt, Error> {
        let name = lock::name(&self.server.database, tables);
        let attempt = lock::attempt(&mut self.wire, &name, self.run.as_deref()).await?;
        self.lock = None;
        if attempt == LockAttempt::Held {
            if self.pulse.is_none() && self.product.holds_several_locks() {
                self.pulse = Pulse::start(&mut self.wire, &self.beside, &name, self.id).await?;
            }
            self.lock = Some(name);
        }
        Ok(attempt)
    }

    async fn unlock(&mut self) -> Result<(), Error> {
        self.rollback().await?;
        let released = match self.lock.take() {
            None => Ok(()),
            Some(name) => lock::release(&mut self.wire, &name).await,
        };
        if let Some(pulse) = self.pulse.take() {
            pulse.stop(&mut self.wire).await?;
        }
        released
    }

    async fn prepare_tables(&mut self, tables: &OwnTables) -> Result<(), Error> {
        let format = self.look_at_format(tables).await;
        self.name_the_maker(tables, format).await?;
        for statement in self.sql(tables).create() {
            self.wire.run(&statement).await.map_err(|error| self.own_tables(tables, error))?;
            fault::point("between-own-tables").await;
        }
        self.read_fence(tables).await.map(drop)
    }

    async fn take_fence(&mut self, tables: &OwnTables, environment: Option<&str>) -> Result<(Fence, Timestamp), Error> {
        self.wire.run("START TRANSACTION READ WRITE").await?;
        let raise = self.sql(tables).raise_token(environment);
        let taken = async {
            self.wire.run(&raise).await.map_err(|error| self.own_tables(tables, error))?;
            let taken = self.read_fence(tables).await?;
            self.wire.run("COMMIT").await?;
            Ok(taken)
        }
        .await;
        if taken.is_err() {
            // The first error is the one to tell; a rollback that fails means that the server does it.
            let _ = self.wire.run("ROLLBACK").await;
        }
        taken
    }

    async fn history(&mut self, tables: &OwnTables) -> Result<Vec<HistoryRow>, Error> {
        let rows = self.wire.rows(&self.sql(tables).history()).await.map_err(|error| self.own_tables(tables, error))?;
        rows.iter().map(tables::history_row).collect()
    }

    async fn journal(&mut self, tables: &OwnTables, attempt: &str) -> Result<Vec<JournalRow>, Error> {
        let sql = self.sql(tables).journal(attempt);
        let rows = self.wire.rows(&sql).await.map_err(|error| self.own_tables(tables, error))?;
        rows.iter().map(tables::journal_row).collect()
    }

    async fn journals(&mut self, tables: &OwnTables) -> Result<Vec<JournalRow>, Error> {
        let sql = self.sql(tables).journals();
        let rows = self.wire.rows(&sql).await.map_err(|error| self.own_tables(tables, error))?;
        rows.iter().map(tables::journal_row).collect()
    }

    async fn reset(&mut self, timeouts: &Timeouts) -> Result<(), Error> {
        let baseline = match self.baseline.take() {
            Some(baseline) => baseline,
            None => Baseline::capture(&mut self.wire, self.product.has_roles()).await?,
        };
        let baseline = self.baseline.insert(baseline);
        let database = &self.server.database;
        baseline
            .restore(&mut self.wire, &self.traces, database, self.lock.as_deref(), Some(timeouts), Open::RolledBack)
            .await?;
        self.in_transaction = false;
        self.timeouts = Some(*timeouts);
        self.traces = self.traces.anew();
        Ok(())
    }

    async fn put_back(&mut self) -> Result<(), Error> {
        if let (Some(baseline), Some(timeouts)) = (&self.baseline, &self.timeouts) {
            let (database, lock) = (&self.server.database, self.lock.as_deref());
            baseline.restore(&mut self.wire, &self.traces, database, lock, Some(timeouts), Open::Kept).await?;
            self.traces = self.traces.anew();
        }
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), Error> {
        self.wire.run("START TRANSACTION READ WRITE").await?;
        self.in_transaction = true;
        Ok(())
    }

    async fn execute(&mut self, statements: &[Runnable<'_>], observer: &mut dyn Observer) -> Result<(), ExecuteError> {
        #[cfg(feature = "mysql_async")]
        self.keep_variables(statements).await.map_err(|error| ExecuteError { index: 0, error })?;
        for (index, statement) in statements.iter().enumerate() {
            let failed = |error| ExecuteError { index, error };
            // Before it runs: one that fails halfway leaves traces too.
            self.traces.note(statement.sql);
            let started = Instant::now();
            let outcome = self.wire.script(statement.sql).await.map_err(failed)?;
            let duration = started.elapsed();
            let committed = self.in_transaction && self.wire.in_transaction() == Some(false);
            observer.event(Event::Done { index, rows: Some(outcome.rows), duration });
            if outcome.warnings > 0 {
                let next = statements.get(index + 1).map(|next| next.sql);
                match self.tell_warnings(index, outcome.warnings, next, observer).await {
                    // The statement is done: that a late cancel hit the question after its warnings doesn't make it fail.
                    Err(Error::Cancelled(_) | Error::Server(_)) | Ok(()) => {}
                    Err(error) => return Err(failed(error)),
                }
            }
            if committed {
                self.in_transaction = false;
                return Err(failed(Error::Protocol(IMPLICIT_COMMIT.to_owned())));
            }
        }
        Ok(())
    }

    async fn commit_unrecorded(&mut self) -> Result<(), Error> {
        if !self.transaction_is_open().await? {
            self.in_transaction = false;
            return Err(Error::Protocol(IMPLICIT_COMMIT.to_owned()));
        }
        self.wire.run("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    async fn commit(&mut self, tables: &OwnTables, records: &Records<'_>) -> Result<(), Error> {
        let joined = self.in_transaction;
        if joined && !self.transaction_is_open().await? {
            self.in_transaction = false;
            return Err(Error::Protocol(IMPLICIT_COMMIT.to_owned()));
        }
        let shield = match &self.baseline {
            Some(baseline) => baseline.shield(&mut self.wire, &self.traces, joined).await?,
            None => None,
        };
        if !joined {
            self.wire.run("START TRANSACTION READ WRITE").await?;
        }
        let written = self.write_records(tables, records).await;
        match written {
            Ok(()) => {
                self.in_transaction = false;
                if let Some(baseline) = &self.baseline {
                    baseline.unshield(&mut self.wire, shield).await?;
                }
                Ok(())
            }
            Err(error) => {
                if !joined {
                    // The first error is the one to tell; a rollback that fails means that the server does it.
                    let _ = self.wire.run("ROLLBACK").await;
                }
                Err(error)
            }
        }
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        if self.in_transaction {
            self.in_transaction = false;
            self.wire.run("ROLLBACK").await?;
        }
        Ok(())
    }

    async fn can_roll_back(&mut self, statements: &[&str]) -> Result<bool, Error> {
        let Some(sql) = rows::without_transactions(statements) else { return Ok(true) };
        let Some(baseline) = &self.baseline else {
            return Ok(self.wire.row(&sql).await?.is_none());
        };
        let shield = baseline.shield(&mut self.wire, &self.traces, self.in_transaction).await?;
        let found = self.wire.row(&sql).await?;
        baseline.unshield(&mut self.wire, shield).await?;
        Ok(found.is_none())
    }

    async fn object_digest(&mut self, sql: &str) -> Result<Option<String>, Error> {
        self.shielded_digest(sql).await
    }

    async fn probe(&mut self, sql: &str, before: Option<&str>) -> Result<Probe, Error> {
        let Some(baseline) = &self.baseline else {
            return judge::probe(&mut self.wire, self.product, sql, before).await;
        };
        let shield = baseline.shield(&mut self.wire, &self.traces, self.in_transaction).await?;
        let probe = judge::probe(&mut self.wire, self.product, sql, before).await?;
        baseline.unshield(&mut self.wire, shield).await?;
        Ok(probe)
    }

    // DDL is one step on these servers: a statement that failed leaves nothing that needs putting right.
    async fn settle(&mut self, _sql: &str, _succeeded: bool) -> Result<(), Error> {
        Ok(())
    }

    async fn busy(&mut self, connection: &str) -> Result<Option<Holder>, Error> {
        // An idle connection runs nothing that could still end.
        Ok(self.other(connection).await?.filter(|(_, _, busy)| *busy).map(|(_, holder, _)| holder))
    }

    async fn end(&mut self, connection: &str) -> Result<(), Error> {
        let Some((id, ..)) = self.other(connection).await? else { return Ok(()) };
        if !connection.contains('@') {
            return Err(Error::Unfit(format!(
                "connection {id} isn't ended: this login can't see enough of it to know that it isn't somebody else's; grant it PROCESS, or \
                 log in as the user of the run that was killed"
            )));
        }
        lock::end(&mut self.wire, id, self.product.is_mariadb).await
    }

    async fn longest_statement(&mut self) -> Result<Option<usize>, Error> {
        if self.longest.is_none() {
            let row = self.wire.row("SELECT @@max_allowed_packet LIMIT 1").await?.unwrap_or_default();
            // One byte says that it is a statement, and the server takes less than its limit, not as much.
            self.longest = text(&row, 0).parse().ok().map(|limit: usize| limit.saturating_sub(2));
        }
        Ok(self.longest)
    }

    async fn blockers(&mut self, sql: &str) -> Vec<Holder> {
        let run = self.run.as_deref();
        // It is no more than a help.
        lock::blockers(&mut self.wire, sql, self.product.is_mariadb, run).await.unwrap_or_default()
    }

    fn leave(&mut self) -> bool {
        let busy = self.wire.is_busy();
        if busy || self.lock.is_some() || self.in_transaction {
            self.wire.abandon();
            (self.pulse, self.lock, self.in_transaction) = (None, None, false);
        }
        busy
    }

    async fn close(mut self: Box<Self>) {
        #[cfg(feature = "mysql_async")]
        if self.loan.is_some() {
            return self.give_back().await;
        }
        self.wire.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_many_rows_matched() {
        assert_eq!(matched("Rows matched: 1  Changed: 0  Warnings: 0"), Some(1));
        assert_eq!(matched(""), None);
    }

    #[test]
    fn knows_what_a_question_of_ours_would_change() {
        assert!(asks_for_the_last_result("SELECT row_count()"));
        assert!(asks_for_the_last_result("SHOW WARNINGS"));
        assert!(!asks_for_the_last_result("INSERT INTO t VALUES (1)"));
    }
}
