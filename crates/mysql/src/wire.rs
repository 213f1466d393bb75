//! One connection, one statement at a time: sends it, reads every result, remembers what the server said of the transaction.

use std::future::pending;
use std::time::{Duration, Instant};

use driftlock_database::{Error, trace};
use driftlock_script::Dialect;
use tokio::time::{sleep, timeout};

use crate::conn::Conn;
use crate::error;
use crate::packets::{IN_TRANSACTION, Okay};

/// One row as text; `None` is NULL.
pub(crate) type TextRow = Vec<Option<String>>;

/// What a statement's last result said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outcome {
    /// Rows returned, or changed where none are.
    pub(crate) rows: u64,
    pub(crate) warnings: u16,
}

/// The connection.
pub(crate) struct Wire {
    conn: Option<Conn>,
    /// What the last statement ended with.
    last: Okay,
    /// Who was logged in to, and how long they may take for their first answer.
    first_answer: Option<(String, Duration)>,
    /// Why the connection can't be used any more.
    lost: Option<String>,
    /// A statement was sent and its end wasn't read: its future was dropped.
    busy: bool,
    /// Whether a transaction is open, by the last answer; an error's answer doesn't say.
    in_transaction: Option<bool>,
    /// The server's list of connections, see [`find_processes`](crate::connect::find_processes).
    pub(crate) processes: &'static str,
    /// Those of the settings that a reading fixes which the server has, once it was asked.
    pub(crate) settings: Option<Vec<&'static str>>,
}

impl Wire {
    pub(crate) fn new(conn: Conn) -> Self {
        Wire {
            conn: Some(conn),
            processes: "information_schema.PROCESSLIST",
            settings: None,
            last: Okay::default(),
            first_answer: None,
            lost: None,
            busy: false,
            in_transaction: Some(false),
        }
    }

    /// Limits the wait for the first answer after the login: a proxy may take a login and have nobody yet who could answer.
    pub(crate) fn limit_first_answer(&mut self, target: String, limit: Duration) {
        self.first_answer = Some((target, limit));
    }

    /// Whether the server has a transaction open, by the last answer. `None` after an error.
    pub(crate) fn in_transaction(&self) -> Option<bool> {
        self.in_transaction
    }

    /// The last answer's text: `Rows matched: 1  Changed: 0  Warnings: 0`.
    pub(crate) fn info(&self) -> &str {
        &self.last.info
    }

    /// Runs a statement of the user's: rows are counted, not kept. Errors carry their place in the text.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<Outcome, Error> {
        self.send(sql, None).await
    }

    /// Runs a statement of our own.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<Outcome, Error> {
        self.ask(sql, None).await
    }

    /// Runs a statement and keeps its rows.
    pub(crate) async fn rows(&mut self, sql: &str) -> Result<Vec<TextRow>, Error> {
        let mut rows = Vec::new();
        self.ask(sql, Some(&mut rows)).await?;
        Ok(rows)
    }

    /// One of our own, told to whoever listens.
    async fn ask(&mut self, sql: &str, keep: Option<&mut Vec<TextRow>>) -> Result<Outcome, Error> {
        let began = Instant::now();
        let result = self.send(sql, keep).await;
        let (rows, error) = match &result {
            Ok(outcome) => (Some(outcome.rows), None),
            Err(error) => (None, error.server().map(|server| server.code.as_str())),
        };
        trace::sent(sql, Dialect::MySql, began.elapsed(), rows, error);
        result
    }

    /// The first row of a statement.
    pub(crate) async fn row(&mut self, sql: &str) -> Result<Option<TextRow>, Error> {
        Ok(self.rows(sql).await?.into_iter().next())
    }

    async fn send(&mut self, sql: &str, keep: Option<&mut Vec<TextRow>>) -> Result<Outcome, Error> {
        if let Some(reason) = &self.lost {
            return Err(Error::ConnectionLost(reason.clone()));
        }
        if self.busy {
            return Err(self.lose("a statement was abandoned before its result was read".to_owned()));
        }
        let Some(conn) = self.conn.as_mut() else {
            return Err(Error::ConnectionLost("it was closed".to_owned()));
        };
        self.busy = true;
        let first_answer = self.first_answer.take();
        let result = tokio::select! {
            biased;
            result = conn.query(sql, keep) => result,
            error = too_late(first_answer) => {
                self.lose(error.to_string());
                return Err(error);
            }
        };
        self.busy = false;
        match result {
            Ok((rows, last)) => {
                self.in_transaction = Some(last.status & IN_TRANSACTION != 0);
                let outcome = Outcome { rows, warnings: last.warnings };
                self.last = last;
                Ok(outcome)
            }
            Err(fault) => {
                self.in_transaction = None;
                match error::of_statement(fault, sql) {
                    Error::ConnectionLost(reason) => Err(self.lose(reason)),
                    error => Err(error),
                }
            }
        }
    }

    fn lose(&mut self, reason: String) -> Error {
        self.conn = None;
        self.lost = Some(reason.clone());
        Error::ConnectionLost(reason)
    }

    /// Whether a statement was sent whose end nobody has read.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy && self.conn.is_some()
    }

    /// Closes the connection without a word.
    pub(crate) fn abandon(&mut self) {
        self.lose("its user went away in the midst of a command".to_owned());
    }

    /// Takes the connection out.
    #[cfg(feature = "mysql_async")]
    pub(crate) fn take(&mut self) -> Option<Conn> {
        self.conn.take().filter(|_| !self.busy)
    }

    /// Says goodbye. What the server answers is of no interest any more.
    pub(crate) async fn close(&mut self) {
        if let Some(conn) = self.conn.take().filter(|_| !self.busy) {
            // The connection ends in any case; an error here only says that it had ended before.
            // A server that doesn't answer notices the closed socket.
            let _ = timeout(Duration::from_secs(2), conn.quit()).await;
        }
    }
}

/// Comes back when the first answer is overdue.
async fn too_late(first_answer: Option<(String, Duration)>) -> Error {
    let Some((target, limit)) = first_answer else { return pending().await };
    sleep(limit).await;
    let reason = format!("the login was taken, and then there was no answer within {:.1} s", limit.as_secs_f64());
    Error::Connect { target, reason }
}

/// A column of a text row, empty where it is NULL or missing.
pub(crate) fn text(row: &TextRow, column: usize) -> &str {
    row.get(column).and_then(Option::as_deref).unwrap_or_default()
}
