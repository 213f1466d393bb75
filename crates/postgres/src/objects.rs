//! What statements that stand alone did to their objects, and how to put right what they left half done.

use std::time::Duration;

use driftlock_database::{Error, Probe, ServerError};
use sha2::{Digest, Sha256};

use crate::session::{PostgresSession, only_row};
use crate::sql::{Values, literal};
use crate::subject::{Global, Scope, Subject, Verb};

/// How often and how long an index that somebody still builds is waited for.
const PATIENCE: (u32, Duration) = (20, Duration::from_millis(500));

/// An index as the catalogs have it.
#[derive(Debug, Clone)]
struct Index {
    /// Quoted and qualified.
    name: String,
    valid: bool,
    /// Its account: name, validity, definition.
    account: String,
    /// Another session holds the lock on its table under which an index is built.
    busy: bool,
}

/// The indexes that fulfil a condition on `i` (pg_index), `c` (its class), `n` (its schema), `t` (its table).
async fn indexes(session: &mut PostgresSession, condition: &str) -> Result<Vec<Index>, Error> {
    let results = session
        .ask(&format!(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), i.indisvalid, pg_catalog.pg_get_indexdef(c.oid), \
             EXISTS (SELECT FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
              WHERE l.relation = t.oid AND l.granted AND l.mode = 'ShareUpdateExclusiveLock' \
              AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
              AND l.pid <> pg_catalog.pg_backend_pid() AND a.backend_type IS DISTINCT FROM 'autovacuum worker') \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
             WHERE {condition} ORDER BY 1"
        ))
        .await?;
    results
        .iter()
        .flat_map(|result| &result.rows)
        .map(|row| {
            let row = Values(row);
            let (name, valid) = (row.text(0)?, row.yes(1)?);
            let account = format!("{name} {valid} {}", row.text(2)?);
            Ok(Index { name, valid, account, busy: row.yes(3)? })
        })
        .collect()
}

/// The condition for the indexes that a `CREATE INDEX CONCURRENTLY` can have made.
fn made_by(name: Option<&str>, table: &str) -> String {
    let of_table = format!("t.oid = pg_catalog.to_regclass({})", literal(table));
    match name {
        Some(name) => format!("{of_table} AND c.relname = {}", literal(name)),
        None => of_table,
    }
}

fn hash<'a>(accounts: impl Iterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for account in accounts {
        digest.update(account);
        digest.update("\n");
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn account(indexes: &[Index]) -> String {
    hash(indexes.iter().map(|index| index.account.as_str()))
}

/// The account of what has a row in a table of the whole server; `None` when it isn't there.
async fn global(session: &mut PostgresSession, kind: Global, name: &str) -> Result<Option<String>, Error> {
    let name = literal(name);
    let sql = match kind {
        // A database whose dropping was interrupted has the connection limit -2 and can only be dropped again.
        Global::Database => format!("SELECT oid, datconnlimit = -2 FROM pg_catalog.pg_database WHERE datname = {name}"),
        Global::Tablespace => format!("SELECT oid FROM pg_catalog.pg_tablespace WHERE spcname = {name}"),
        Global::Subscription => {
            format!(
                "SELECT oid, subenabled, subslotname, subpublications FROM pg_catalog.pg_subscription WHERE subname = {name}"
            )
        }
    };
    let results = session.ask(&sql).await?;
    let Some(row) = only_row(&results) else { return Ok(None) };
    let columns = (0..row.0.len()).map(|at| row.maybe(at)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(columns.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(" ")))
}

/// `attached`, `pending` or `absent`.
async fn partition(session: &mut PostgresSession, parent: &str, child: &str) -> Result<&'static str, Error> {
    let pending = if session.major >= 14 { "inhdetachpending" } else { "false" };
    let results = session
        .ask(&format!(
            "SELECT {pending} FROM pg_catalog.pg_inherits WHERE inhparent = pg_catalog.to_regclass({}) \
             AND inhrelid = pg_catalog.to_regclass({})",
            literal(parent),
            literal(child)
        ))
        .await?;
    Ok(match only_row(&results).map(|row| row.yes(0)).transpose()? {
        None => "absent",
        Some(true) => "pending",
        Some(false) => "attached",
    })
}

/// The indexes that `DROP INDEX` names.
async fn named(session: &mut PostgresSession, names: &[String]) -> Result<Vec<Index>, Error> {
    let list: Vec<String> = names.iter().map(|name| format!("pg_catalog.to_regclass({})", literal(name))).collect();
    indexes(session, &format!("c.oid IN ({})", list.join(", "))).await
}

/// See [`Session::object_digest`](driftlock_database::Session::object_digest).
pub(crate) async fn digest(session: &mut PostgresSession, sql: &str) -> Result<Option<String>, Error> {
    Ok(match Subject::of(sql) {
        Subject::CreateIndex { name, table } => {
            let there = indexes(session, &made_by(name.as_deref(), &table)).await?;
            if name.is_none() {
                remember(session, sql, &there);
            }
            Some(account(&there))
        }
        Subject::DropIndex { names, .. } => Some(account(&named(session, &names).await?)),
        Subject::Detach { parent, child } => Some(hash([partition(session, &parent, &child).await?].into_iter())),
        Subject::Global { kind, name, .. } => {
            let there = global(session, kind, &name).await?;
            Some(hash(there.as_deref().into_iter()))
        }
        Subject::Reindex { .. } | Subject::Repeatable | Subject::Other => None,
    })
}

/// Keeps in mind which INVALID indexes are not of this statement's making.
fn remember(session: &mut PostgresSession, sql: &str, there: &[Index]) {
    let invalid = there.iter().filter(|index| !index.valid).map(|index| index.name.clone()).collect();
    session.invalid_before.insert(sql.to_owned(), invalid);
}

/// See [`Session::probe`](driftlock_database::Session::probe).
pub(crate) async fn probe(session: &mut PostgresSession, sql: &str, before: Option<&str>) -> Result<Probe, Error> {
    match Subject::of(sql) {
        Subject::CreateIndex { name, table } => probe_index(session, name.as_deref(), &table, before).await,
        Subject::DropIndex { names, if_exists } => {
            let there = named(session, &names).await?;
            let changed = before.is_some_and(|before| before != account(&there));
            Ok(match before {
                // Dropping it marks it first: one that is whole isn't the one that was to go.
                _ if changed && there.iter().any(|index| index.valid) => Probe::Unknown(format!(
                    "{} is there, but not as it was before",
                    there.iter().map(|index| index.name.as_str()).collect::<Vec<_>>().join(", ")
                )),
                _ if !there.is_empty() || if_exists => Probe::NotRun,
                Some(before) if before == account(&there) => Probe::NotRun,
                Some(_) => Probe::Done,
                None => Probe::Unknown("the index is not there, and whether it was before is not recorded".to_owned()),
            })
        }
        Subject::Reindex { scope } => {
            drop_leftovers(session, &scope).await?;
            Ok(Probe::NotRun)
        }
        Subject::Detach { parent, child } => probe_partition(session, &parent, &child, before).await,
        Subject::Global { kind, name, verb } => {
            let there = global(session, kind, &name).await?;
            let changed = before.map(|before| before != hash(there.as_deref().into_iter()));
            Ok(match (verb, there, changed) {
                // It has another number: somebody made it anew.
                (Verb::Drop, Some(_), Some(true)) if kind == Global::Tablespace => {
                    Probe::Unknown(format!("`{name}` is there, but not as it was before"))
                }
                (Verb::Create, None, _) | (Verb::Drop, Some(_), _) | (_, _, Some(false)) => Probe::NotRun,
                (_, _, Some(true)) => Probe::Done,
                (_, there, None) => Probe::Unknown(format!(
                    "`{name}` is {}there, and whether it was before is not recorded",
                    if there.is_some() { "" } else { "not " }
                )),
            })
        }
        Subject::Repeatable => Ok(Probe::NotRun),
        Subject::Other => {
            Ok(Probe::Unknown("no account of what this statement changes can be taken from the catalogs".to_owned()))
        }
    }
}

async fn probe_index(
    session: &mut PostgresSession,
    name: Option<&str>,
    table: &str,
    before: Option<&str>,
) -> Result<Probe, Error> {
    let condition = made_by(name, table);
    let mut there = indexes(session, &condition).await?;
    // The server process of a runner that died may still be building.
    for _ in 0..PATIENCE.0 {
        if !there.iter().any(|index| !index.valid && index.busy) {
            break;
        }
        tokio::time::sleep(PATIENCE.1).await;
        there = indexes(session, &condition).await?;
    }
    if before.is_some_and(|before| before == account(&there)) {
        return Ok(Probe::NotRun);
    }
    // The new one is that without which the account is the old one.
    let new = there.iter().enumerate().find(|(at, _)| {
        let rest = there.iter().enumerate().filter(|(other, _)| other != at).map(|(_, index)| index.account.as_str());
        hash(rest) == before.map_or_else(|| hash([].into_iter()), str::to_owned)
    });
    let Some((_, new)) = new else {
        // A name can be there only once: whatever it was before, it is the statement's now.
        return match (name, there.first()) {
            (Some(_), Some(index)) if !index.valid => clear(session, &index.clone()).await,
            (Some(_), Some(_)) => Ok(Probe::Done),
            (Some(_), None) => Ok(Probe::NotRun),
            (None, _) => Ok(Probe::Unknown(format!(
                "the indexes of {table} changed since the statement began, and which of them is its own can't be told"
            ))),
        };
    };
    if new.valid { Ok(Probe::Done) } else { clear(session, &new.clone()).await }
}

/// Drops an INVALID index, so that its statement can run again.
async fn clear(session: &mut PostgresSession, index: &Index) -> Result<Probe, Error> {
    if index.busy {
        return Ok(Probe::Unknown(format!(
            "another session still works on {}: run again when it has ended",
            index.name
        )));
    }
    drop_index(session, &index.name).await?;
    Ok(Probe::NotRun)
}

async fn probe_partition(
    session: &mut PostgresSession,
    parent: &str,
    child: &str,
    before: Option<&str>,
) -> Result<Probe, Error> {
    let state = partition(session, parent, child).await?;
    if state == "pending" {
        // Its first transaction is committed: all that is left is to finish it, and nothing else can be done.
        let sql = format!("ALTER TABLE {parent} DETACH PARTITION {child} FINALIZE");
        let answer = session.wire.exchange(&[sql]).await?.pop().unwrap_or_default();
        answer.ok(session.wire.take_cancelled())?;
        return Ok(Probe::Done);
    }
    Ok(match before {
        _ if state == "attached" => Probe::NotRun,
        Some(before) if before == hash([state].into_iter()) => Probe::NotRun,
        Some(_) => Probe::Done,
        None => {
            Probe::Unknown(format!("{child} is no partition of {parent}, and whether it was before is not recorded"))
        }
    })
}

/// See [`Session::settle`](driftlock_database::Session::settle).
pub(crate) async fn settle(session: &mut PostgresSession, sql: &str, succeeded: bool) -> Result<(), Error> {
    match Subject::of(sql) {
        Subject::CreateIndex { name: Some(name), table } => {
            let there = indexes(session, &made_by(Some(&name), &table)).await?;
            let Some(index) = there.into_iter().find(|index| !index.valid && !index.busy) else {
                return Ok(());
            };
            drop_index(session, &index.name).await?;
            if !succeeded {
                return Ok(());
            }
            Err(Error::Server(Box::new(ServerError {
                code: "42P17".to_owned(),
                message: format!(
                    "an INVALID index {} was there already, left by an earlier attempt, and IF NOT EXISTS took it for the one that is wanted",
                    index.name
                ),
                hint: Some("it was dropped: run again to build it".to_owned()),
                ..ServerError::default()
            })))
        }
        Subject::CreateIndex { name: None, table } => {
            let Some(known) = session.invalid_before.remove(sql) else {
                return Ok(());
            };
            if succeeded {
                return Ok(());
            }
            for index in indexes(session, &made_by(None, &table)).await? {
                if !index.valid && !index.busy && !known.contains(&index.name) {
                    drop_index(session, &index.name).await?;
                }
            }
            Ok(())
        }
        Subject::Reindex { scope } if !succeeded => drop_leftovers(session, &scope).await,
        _ => Ok(()),
    }
}

/// Drops what a REINDEX CONCURRENTLY that failed left: `…_ccnew`, not finished, or `…_ccold`, not dropped yet.
async fn drop_leftovers(session: &mut PostgresSession, scope: &Scope) -> Result<(), Error> {
    let of_scope = match scope {
        Scope::Index(name) => format!(
            "t.oid = (SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid = pg_catalog.to_regclass({}))",
            literal(name)
        ),
        Scope::Table(name) => format!("t.oid = pg_catalog.to_regclass({})", literal(name)),
        Scope::Schema(name) => format!("n.nspname = {}", literal(name)),
        Scope::Database => "true".to_owned(),
    };
    // Those of the system's own tables nobody may drop by hand.
    let condition =
        format!("{of_scope} AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND n.nspname !~ '^pg_'");
    for index in indexes(session, &condition).await? {
        if !index.busy {
            drop_index(session, &index.name).await?;
        }
    }
    Ok(())
}

/// Drops an index without blocking anybody, whatever limits the script has set.
async fn drop_index(session: &mut PostgresSession, name: &str) -> Result<(), Error> {
    let results = session
        .ask("SELECT pg_catalog.current_setting('statement_timeout'), pg_catalog.current_setting('lock_timeout')")
        .await?;
    let (statement, lock) = match only_row(&results) {
        Some(row) => (row.text(0)?, row.text(1)?),
        None => ("0".to_owned(), "0".to_owned()),
    };
    let mut answers = session
        .wire
        .exchange(&[
            "SET statement_timeout = 0; SET lock_timeout = '30s'".to_owned(),
            format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"),
            format!("SET statement_timeout = {}; SET lock_timeout = {}", literal(&statement), literal(&lock)),
        ])
        .await?;
    let dropped = answers.swap_remove(1);
    let cancelled = dropped.failed.is_some() && session.wire.take_cancelled();
    dropped.ok(cancelled).map(|_| ())
}
