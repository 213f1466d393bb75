//! The connection, driven by whoever waits for an answer.
//!
//! No task runs in the background. Statements are sent ahead of each other's answers and the answers read in order;
//! because one place reads everything, a notice is known to belong to the first statement that is not complete.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{Cursor, Read};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use driftlock_database::{CopyData, Error, trace};
use driftlock_script::Dialect;
use futures_util::{FutureExt, SinkExt, Stream};
use tokio_postgres::error::DbError;
use tokio_postgres::{
    AsyncMessage, CancelToken, Client, Connection, SimpleQueryMessage, SimpleQueryRow, SimpleQueryStream,
};

use crate::error::{ends_connection, from_db, words};
use crate::link::Link;
use crate::tap::{Seen, Tap};

/// How many statements may be on their way at once.
const WINDOW: usize = 64;

/// How many bytes of statements may be on their way; one more statement may begin before they are full.
const WINDOW_BYTES: usize = 1024 * 1024;

/// How much of a COPY's data goes into one message.
const COPY_CHUNK: usize = 64 * 1024;

/// One open connection.
pub(crate) struct Wire {
    /// `None` once it was abandoned.
    line: Option<Line>,
    /// Names the session, and cancels what it runs.
    token: CancelToken,
    pub(crate) seen: Arc<Seen>,
    /// Set by the canceller: the next cancellation is our own.
    pub(crate) cancelled: Arc<AtomicBool>,
    lost: Option<String>,
    /// Something was sent whose answer nobody has read: its future was dropped.
    busy: bool,
    /// Who was logged in to, and how long they may take for their first answer.
    first_answer: Option<(String, Duration)>,
}

/// The driver's two halves.
struct Line {
    client: Client,
    /// `None` where somebody else drives it: the lender of a connection does.
    connection: Option<Connection<Tap, Link<Tap>>>,
}

/// Why nothing more comes.
enum End {
    /// The connection ended.
    Lost(String),
    /// There was no first answer in time.
    Silent,
}

/// A part of the answer to one message.
pub(crate) enum Piece {
    Row(SimpleQueryRow),
    /// One statement of the message is complete.
    Complete(u64),
    Failed(Box<DbError>),
    Notice(Box<DbError>),
    /// The whole message is answered.
    End,
}

/// What one statement of a message gave.
#[derive(Default)]
pub(crate) struct ResultSet {
    pub(crate) rows: Vec<SimpleQueryRow>,
}

/// Takes the results of one message or more as they come, by the numbers of the message and of the statement in it: `None` where it has made
/// use of one, which then is empty in the answer.
pub(crate) type Taker<'t> = &'t mut (dyn FnMut(usize, usize, ResultSet) -> Option<ResultSet> + Send);

/// The answer to one message: a result for each of its statements, up to the one that failed.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) results: Vec<ResultSet>,
    pub(crate) failed: Option<Box<DbError>>,
}

impl Answer {
    /// The results, or the error as the port's.
    pub(crate) fn ok(self, cancelled: bool) -> Result<Vec<ResultSet>, Error> {
        match self.failed {
            Some(db) => Err(from_db(&db, None, cancelled)),
            None => Ok(self.results),
        }
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.failed.as_deref().map(|db| db.code().code())
    }
}

impl Wire {
    pub(crate) fn new(client: Client, connection: Connection<Tap, Link<Tap>>, seen: Arc<Seen>) -> Self {
        Self::of(client, Some(connection), seen)
    }

    /// Over a client that is lent: its connection is driven elsewhere, and what the server says beside its answers is told there.
    pub(crate) fn lent(client: Client) -> Self {
        Self::of(client, None, Arc::new(Seen::nothing()))
    }

    fn of(client: Client, connection: Option<Connection<Tap, Link<Tap>>>, seen: Arc<Seen>) -> Self {
        Wire {
            token: client.cancel_token(),
            line: Some(Line { client, connection }),
            seen,
            cancelled: Arc::new(AtomicBool::new(false)),
            lost: None,
            busy: false,
            first_answer: None,
        }
    }

    /// Limits the wait for the first answer after the login: a pooler takes a login and has nobody yet who could answer.
    pub(crate) fn limit_first_answer(&mut self, target: String, limit: Duration) {
        self.first_answer = Some((target, limit));
    }

    pub(crate) fn token(&self) -> &CancelToken {
        &self.token
    }

    /// What the server said of itself at the start (`server_version`).
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.line.as_ref()?.connection.as_ref()?.parameter(name)
    }

    /// Whether we asked for a cancel since the last time that this was asked.
    pub(crate) fn take_cancelled(&self) -> bool {
        self.cancelled.swap(false, Ordering::AcqRel)
    }

    /// An error once the connection was lost.
    pub(crate) fn alive(&self) -> Result<(), Error> {
        match &self.lost {
            Some(reason) => Err(Error::ConnectionLost(reason.clone())),
            None => Ok(()),
        }
    }

    /// Whether something was sent whose answer nobody has read.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy && self.lost.is_none()
    }

    /// Closes the connection without a word.
    pub(crate) fn abandon(&mut self) {
        self.line = None;
        self.lost.get_or_insert_with(|| "its user went away in the midst of a command".to_owned());
    }

    /// Sends messages of one or more statements each, all before the first answer, and reads the answers in order.
    /// `on` hears every piece with its message's number. After a message that failed no further one is sent.
    pub(crate) async fn run<'m>(
        &mut self,
        messages: impl Iterator<Item = &'m str> + Send,
        mut on: impl FnMut(usize, Piece) + Send,
    ) -> Result<(), Error> {
        self.alive()?;
        let Wire { line, lost, busy, first_answer, .. } = self;
        let Some(Line { client, connection }) = line else { return Err(closed()) };
        *busy = true;
        let mut messages = messages.enumerate();
        let mut waiting: VecDeque<(usize, usize, Pin<Box<SimpleQueryStream>>)> = VecDeque::new();
        let mut bytes = 0;
        let mut exhausted = false;
        let mut last_words: Option<String> = None;
        let first_answer = first_answer.take();
        let quiet = || first_answer.as_ref().map(|(_, limit)| Box::pin(tokio::time::sleep(*limit)));
        let mut silence = quiet();
        let outcome = poll_fn(|cx| {
            loop {
                // Refilled by halves, so that what goes out together is one packet.
                if !exhausted && waiting.len() <= WINDOW / 2 && bytes <= WINDOW_BYTES / 2 {
                    while waiting.len() < WINDOW && bytes < WINDOW_BYTES {
                        let Some((index, sql)) = messages.next() else {
                            exhausted = true;
                            break;
                        };
                        // Sending only puts the message into a queue: it is never pending.
                        match client.simple_query_raw(sql).now_or_never() {
                            Some(Ok(stream)) => {
                                bytes += sql.len();
                                waiting.push_back((index, sql.len(), Box::pin(stream)));
                            }
                            Some(Err(error)) => return Poll::Ready(Err(End::Lost(words(&error)))),
                            None => return Poll::Ready(Err(End::Lost("the driver didn't take a message".to_owned()))),
                        }
                    }
                }
                if waiting.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                let polled = connection.as_mut().map_or(Poll::Pending, |connection| connection.poll_message(cx));
                let mut moved = false;
                while let Some((index, length, stream)) = waiting.front_mut() {
                    let index = *index;
                    match stream.as_mut().poll_next(cx) {
                        Poll::Pending => break,
                        Poll::Ready(None) => {
                            on(index, Piece::End);
                            bytes -= *length;
                            waiting.pop_front();
                        }
                        Poll::Ready(Some(Ok(SimpleQueryMessage::Row(row)))) => on(index, Piece::Row(row)),
                        Poll::Ready(Some(Ok(SimpleQueryMessage::CommandComplete(rows)))) => {
                            on(index, Piece::Complete(rows));
                        }
                        Poll::Ready(Some(Ok(_))) => {}
                        Poll::Ready(Some(Err(error))) => match error.as_db_error() {
                            Some(db) => {
                                exhausted = true;
                                if ends_connection(db) {
                                    last_words = Some(db.message().to_owned());
                                }
                                on(index, Piece::Failed(Box::new(db.clone())));
                            }
                            None => return Poll::Ready(Err(End::Lost(words(&error)))),
                        },
                    }
                    moved = true;
                }
                if moved {
                    silence = quiet();
                } else if silence.as_mut().is_some_and(|silence| silence.as_mut().poll(cx).is_ready()) {
                    return Poll::Ready(Err(End::Silent));
                }
                match polled {
                    Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => {
                        if let Some((index, ..)) = waiting.front() {
                            on(*index, Piece::Notice(Box::new(notice)));
                        }
                    }
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(End::Lost(words(&error)))),
                    Poll::Ready(None) => return Poll::Ready(Err(End::Lost("the server closed it".to_owned()))),
                    Poll::Pending if !moved => return Poll::Pending,
                    Poll::Pending => {}
                }
            }
        })
        .await;
        *busy = false;
        outcome.map_err(|end| match (end, first_answer) {
            (End::Silent, limited) => {
                let (target, limit) = limited.unwrap_or_default();
                let reason = format!(
                    "the login was taken, and then there was no answer within {:.1} s: a pooler does so while its server is away, \
                     while all of its server connections are taken, or while it is paused; and a server, while somebody has locked \
                     driftlock's own tables",
                    limit.as_secs_f64()
                );
                *lost = Some(reason.clone());
                Error::Connect { target, reason }
            }
            (End::Lost(reason), _) => {
                let reason = last_words.unwrap_or(reason);
                *lost = Some(reason.clone());
                Error::ConnectionLost(reason)
            }
        })
    }

    /// Sends messages together and collects their answers. Notices are dropped.
    pub(crate) async fn exchange<S: AsRef<str> + Sync>(&mut self, messages: &[S]) -> Result<Vec<Answer>, Error> {
        self.exchange_taking(messages, &mut |_, _, result| Some(result)).await
    }

    /// The same, with results taken while the server works on the next ones.
    pub(crate) async fn exchange_taking<S: AsRef<str> + Sync>(
        &mut self,
        messages: &[S],
        take: Taker<'_>,
    ) -> Result<Vec<Answer>, Error> {
        let answers = self.collect_taking(messages, take).await?;
        if self.seen.is_blind() {
            if answers.iter().any(|answer| answer.failed.is_some()) {
                self.look_at_transaction().await?;
            } else if let Some(is_in) = messages.iter().rev().find_map(|message| leads_into(message.as_ref())) {
                self.seen.is_in(is_in);
            }
        }
        Ok(answers)
    }

    /// Asks whether a transaction is open, where the server's messages can't be read: then two questions are asked in the same one.
    pub(crate) async fn look_at_transaction(&mut self) -> Result<(), Error> {
        if !self.seen.is_blind() {
            return Ok(());
        }
        let which = "SELECT l.virtualtransaction FROM pg_catalog.pg_locks l \
                     WHERE l.locktype = 'virtualxid' AND l.pid = pg_catalog.pg_backend_pid() AND l.granted";
        // A cancel that comes late ends the question instead of the statement.
        for _ in 0..3 {
            let answers = self.collect(&[which, which]).await?;
            if answers.iter().any(|answer| answer.code() == Some("57014")) {
                continue;
            }
            let is_failed = answers.iter().any(|answer| answer.failed.is_some());
            let value = |answer: &Answer| {
                let row = answer.results.first()?.rows.first()?;
                row.get(0).map(str::to_owned)
            };
            let same = answers.iter().map(value).collect::<Vec<_>>();
            self.seen.is_in(is_failed || (same.len() == 2 && same[0].is_some() && same[0] == same[1]));
            return Ok(());
        }
        Err(Error::Protocol("the server doesn't say whether a transaction is open".to_owned()))
    }

    async fn collect<S: AsRef<str> + Sync>(&mut self, messages: &[S]) -> Result<Vec<Answer>, Error> {
        self.collect_taking(messages, &mut |_, _, result| Some(result)).await
    }

    async fn collect_taking<S: AsRef<str> + Sync>(
        &mut self,
        messages: &[S],
        take: Taker<'_>,
    ) -> Result<Vec<Answer>, Error> {
        let mut answers: Vec<Answer> = Vec::with_capacity(messages.len());
        let mut rows = Vec::new();
        let mut count = 0;
        let began = Instant::now();
        self.run(messages.iter().map(AsRef::as_ref), |index, piece| {
            if answers.len() <= index {
                answers.resize_with(index + 1, Answer::default);
            }
            match piece {
                Piece::Row(row) => rows.push(row),
                Piece::Complete(_) => {
                    count += rows.len() as u64;
                    let result = ResultSet { rows: std::mem::take(&mut rows) };
                    let statement = answers[index].results.len();
                    answers[index].results.push(take(index, statement, result).unwrap_or_default());
                }
                Piece::Failed(db) => {
                    rows.clear();
                    answers[index].failed = Some(db);
                }
                Piece::Notice(_) => {}
                Piece::End => {
                    // They are sent together: each has taken until its own answer was there.
                    let rows = Some(std::mem::take(&mut count));
                    let sql = messages[index].as_ref();
                    trace::sent(sql, Dialect::Postgres, began.elapsed(), rows, answers[index].code());
                }
            }
        })
        .await?;
        // What wasn't sent any more has an answer without results.
        answers.resize_with(messages.len(), Answer::default);
        Ok(answers)
    }

    /// Runs a `COPY … FROM stdin` with its data. Returns the number of rows.
    pub(crate) async fn copy(
        &mut self,
        sql: &str,
        data: CopyData<'_>,
        mut notice: impl FnMut(Box<DbError>) + Send,
    ) -> Result<u64, CopyError> {
        self.alive().map_err(CopyError::Lost)?;
        let mut lines = data.open().map_err(|error| {
            CopyError::Lost(Error::Protocol(format!("the rows of this COPY can't be read: {error}")))
        })?;
        let Wire { line, lost, busy, seen, .. } = self;
        let Some(Line { client, connection }) = line else { return Err(CopyError::Lost(closed())) };
        *busy = true;
        let whole = async {
            let statement = client.prepare(sql).await?;
            // All of the answer to that is read before what is seen from here on belongs to the COPY.
            client.check_connection().await?;
            seen.begin_copy();
            let sink = client.copy_in::<_, Cursor<Vec<u8>>>(&statement).await?;
            let mut sink = pin!(sink);
            loop {
                let mut chunk = Vec::with_capacity(COPY_CHUNK);
                match lines.by_ref().take(COPY_CHUNK as u64).read_to_end(&mut chunk) {
                    Ok(0) => return sink.finish().await.map(Ok),
                    Ok(_) => sink.send(Cursor::new(chunk)).await?,
                    Err(error) => return Ok(Err(error)),
                }
            }
        };
        let outcome = drive(connection, &mut notice, whole).await;
        *busy = false;
        let reason = match outcome {
            Ok(Ok(Ok(rows))) => return Ok(rows),
            // Without its end the server never takes the rows; with the connection it gives them up.
            Ok(Ok(Err(error))) => format!("its rows can't be read: {error}"),
            Ok(Err(error)) => match error.as_db_error() {
                Some(db) => {
                    let db = Box::new(db.clone());
                    return Err(self.after_copy().await.map_or_else(CopyError::Lost, |()| CopyError::Failed(db)));
                }
                None => words(&error),
            },
            Err(reason) => reason,
        };
        *lost = Some(reason.clone());
        Err(CopyError::Lost(Error::ConnectionLost(reason)))
    }

    /// That a COPY that failed left a lent connection usable. Where the server refuses one before any data, the driver takes the answer to
    /// the data for that to the next request; on a connection of our own the tap keeps it away.
    async fn after_copy(&mut self) -> Result<(), Error> {
        if !self.seen.is_blind() {
            return Ok(());
        }
        let answers = self.collect(&["SELECT 1", "SELECT 1"]).await?;
        let answered = |answer: &Answer| answer.failed.is_some() || answer.results.iter().any(|it| !it.rows.is_empty());
        if answers.iter().all(answered) {
            return Ok(());
        }
        self.abandon();
        let reason = "the server refused a COPY before it read any of its rows, and the driver of the lent connection doesn't get over that";
        self.lost = Some(reason.to_owned());
        Err(Error::ConnectionLost(reason.to_owned()))
    }

    /// The client that was lent.
    pub(crate) fn into_client(self) -> Result<Client, Error> {
        self.alive()?;
        self.line.map(|line| line.client).ok_or_else(closed)
    }

    /// Says goodbye to the server.
    pub(crate) async fn close(self) {
        let Some(Line { client, connection: Some(mut connection) }) = self.line.filter(|_| self.lost.is_none()) else {
            return;
        };
        drop(client);
        let goodbye = poll_fn(|cx| {
            loop {
                match connection.poll_message(cx) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        // A server that doesn't answer notices the closed socket.
        let _ = tokio::time::timeout(Duration::from_secs(2), goodbye).await;
    }
}

fn closed() -> Error {
    Error::ConnectionLost("it was closed".to_owned())
}

/// Whether one of our own messages leaves a transaction open, where it is about transactions.
fn leads_into(message: &str) -> Option<bool> {
    if message.ends_with("COMMIT") || message == "ROLLBACK" {
        return Some(false);
    }
    message.starts_with("BEGIN").then_some(true)
}

/// Why a COPY didn't end well.
pub(crate) enum CopyError {
    Failed(Box<DbError>),
    Lost(Error),
}

/// Drives the connection until the future is done. The error is why the connection was lost.
async fn drive<F: Future>(
    connection: &mut Option<Connection<Tap, Link<Tap>>>,
    notice: &mut (impl FnMut(Box<DbError>) + Send),
    future: F,
) -> Result<F::Output, String> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        loop {
            let polled = connection.as_mut().map_or(Poll::Pending, |connection| connection.poll_message(cx));
            let done = future.as_mut().poll(cx);
            match polled {
                // Never polled again after this.
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(words(&error))),
                Poll::Ready(None) => return Poll::Ready(Err("the server closed it".to_owned())),
                Poll::Ready(Some(Ok(AsyncMessage::Notice(db)))) => notice(Box::new(db)),
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Pending if done.is_pending() => return Poll::Pending,
                Poll::Pending => {}
            }
            if let Poll::Ready(output) = done {
                return Poll::Ready(Ok(output));
            }
        }
    })
    .await
}
