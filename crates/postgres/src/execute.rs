//! Statements of a script: pipelined inside a transaction, one by one outside.

use std::time::{Duration, Instant};

use driftlock_database::{CopyData, Error, Event, ExecuteError, Observer, Runnable};
use driftlock_script::{Dialect, significant};
use tokio_postgres::error::DbError;

use crate::classify::is_copy_from_client;
use crate::error::{from_db, nul_character};
use crate::session::PostgresSession;
use crate::settings::not_known_here;
use crate::wire::{CopyError, Piece};

/// See [`Session::execute`](driftlock_database::Session::execute).
pub(crate) async fn run(
    session: &mut PostgresSession,
    statements: &[Runnable<'_>],
    observer: &mut dyn Observer,
) -> Result<(), ExecuteError> {
    for (index, statement) in statements.iter().enumerate() {
        session.spare_the_lender(statement.sql).await.map_err(|error| ExecuteError { index, error })?;
    }
    let inside = session.wire.seen.in_transaction();
    run_all(session, statements, observer).await?;
    if inside && !session.wire.seen.in_transaction() {
        let error = Error::Protocol(
            "the script ended the transaction that driftlock had opened, so that its record can't be committed with it; \
             remove its COMMIT"
                .to_owned(),
        );
        return Err(ExecuteError { index: statements.len().saturating_sub(1), error });
    }
    Ok(())
}

async fn run_all(
    session: &mut PostgresSession,
    statements: &[Runnable<'_>],
    observer: &mut dyn Observer,
) -> Result<(), ExecuteError> {
    for (index, statement) in statements.iter().enumerate() {
        if let Some(at) = statement.sql.find('\0') {
            return Err(ExecuteError { index, error: nul_character(at) });
        }
    }
    session.flush().await.map_err(|error| ExecuteError { index: 0, error })?;
    session.touched = true;
    let inside = session.wire.seen.in_transaction();
    let mut at = 0;
    while at < statements.len() {
        if let Some(why) = not_known_here(statements[at].sql, session.major) {
            observer.event(Event::Notice { index: at, severity: "NOTICE".to_owned(), message: why });
            observer.event(Event::Done { index: at, rows: None, duration: Duration::ZERO });
            at += 1;
            continue;
        }
        let is_copy = |statement: &Runnable<'_>| statement.copy_data.is_some() || is_copy_from_client(statement.sql);
        if is_copy(&statements[at]) {
            copy(session, at, &statements[at], observer).await?;
            at += 1;
            continue;
        }
        // Up to the next COPY, or what isn't sent; outside of a transaction nothing is sent before the last result is read.
        let limit = if inside { statements.len() } else { at + 1 };
        let end = (at + 1..limit)
            .find(|next| is_copy(&statements[*next]) || not_known_here(statements[*next].sql, session.major).is_some())
            .unwrap_or(limit);
        let patient = !inside && waits_beside_others(statements[at].sql);
        if patient {
            session.be_patient(true).await.map_err(|error| ExecuteError { index: at, error })?;
        }
        let result = pipeline(session, at, &statements[at..end], observer).await;
        if patient && !matches!(result, Err(ExecuteError { error: Error::ConnectionLost(_), .. })) {
            session.be_patient(false).await.map_err(|error| ExecuteError { index: at, error })?;
        }
        let looked = session.wire.look_at_transaction().await;
        result?;
        looked.map_err(|error| ExecuteError { index: end - 1, error })?;
        at = end;
    }
    Ok(())
}

/// Whether a statement waits for other transactions without holding anybody up meanwhile.
fn waits_beside_others(sql: &str) -> bool {
    significant(sql, Dialect::Postgres).any(|token| token.is("CONCURRENTLY"))
}

fn notice(index: usize, db: &DbError) -> Event {
    Event::Notice { index, severity: db.severity().to_owned(), message: db.message().to_owned() }
}

async fn pipeline(
    session: &mut PostgresSession,
    first: usize,
    statements: &[Runnable<'_>],
    observer: &mut dyn Observer,
) -> Result<(), ExecuteError> {
    let mut started = Instant::now();
    let mut failed: Option<(usize, Box<DbError>)> = None;
    let mut rows = 0;
    let mut reading = 0;
    let outcome = session
        .wire
        .run(statements.iter().map(|statement| statement.sql), |index, piece| {
            reading = index;
            match piece {
                Piece::Row(_) => {}
                Piece::Complete(count) => rows = count,
                Piece::Notice(db) if failed.is_none() => observer.event(notice(first + index, &db)),
                Piece::Notice(_) => {}
                // Of those behind it the server says only that the transaction has failed.
                Piece::Failed(db) => {
                    if failed.is_none() {
                        failed = Some((index, db));
                    }
                }
                Piece::End => {
                    if failed.is_none() {
                        observer.event(Event::Done {
                            index: first + index,
                            rows: counts_rows(statements[index].sql, rows).then_some(rows),
                            duration: started.elapsed(),
                        });
                    }
                    rows = 0;
                    reading = index + 1;
                    started = Instant::now();
                }
            }
        })
        .await;
    match (failed, outcome) {
        (Some((index, db)), _) => {
            let cancelled = session.wire.take_cancelled();
            Err(ExecuteError { index: first + index, error: from_db(&db, Some(statements[index].sql), cancelled) })
        }
        (None, Err(error)) => Err(ExecuteError { index: first + reading.min(statements.len() - 1), error }),
        (None, Ok(())) => Ok(()),
    }
}

async fn copy(
    session: &mut PostgresSession,
    index: usize,
    statement: &Runnable<'_>,
    observer: &mut dyn Observer,
) -> Result<(), ExecuteError> {
    let started = Instant::now();
    let outcome = session
        .wire
        .copy(statement.sql, statement.copy_data.unwrap_or(CopyData::Held("")), |db| observer.event(notice(index, &db)))
        .await;
    match outcome {
        Ok(rows) => {
            observer.event(Event::Done { index, rows: Some(rows), duration: started.elapsed() });
            Ok(())
        }
        Err(CopyError::Lost(error)) => Err(ExecuteError { index, error }),
        Err(CopyError::Failed(db)) => {
            let cancelled = session.wire.take_cancelled();
            Err(ExecuteError { index, error: from_db(&db, Some(statement.sql), cancelled) })
        }
    }
}

/// Whether the server's count is one of rows: it gives none for DDL, where the driver makes it zero.
fn counts_rows(sql: &str, rows: u64) -> bool {
    const COUNTED: [&str; 10] =
        ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE", "FETCH", "MOVE"];
    rows > 0
        || significant(sql, Dialect::Postgres).next().is_some_and(|token| COUNTED.iter().any(|word| token.is(word)))
}
