//! A connection that somebody lends: what it was like when it came, and putting that back.
//!
//! Between files a session of our own is reset as a whole. Of a lent one that would take what is the lender's, so it is compared with how it
//! came, and only what differs is put back.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use driftlock_database::{Cancel, ConnectOptions, Error, Lender, lent_in_transaction};
use driftlock_script::{Dialect, Token, TokenKind, significant};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{CancelToken, Client, NoTls, Socket};

use crate::error::words;
use crate::session::{PostgresSession, only_row};
use crate::sql::{Values, identifier, literal};
use crate::wire::{ResultSet, Wire};

/// A lent connection's state, and who gets it back.
pub(crate) struct Loan {
    state: State,
    /// Settings of names that the server knows only once they were set, by name: as they were before a script set them.
    custom: BTreeMap<String, Option<String>>,
    lender: Lender<Client>,
}

/// What a session has that a script can change.
#[derive(Debug, Default, PartialEq, Eq)]
struct State {
    /// Settings that were made in this session.
    settings: BTreeMap<String, String>,
    role: String,
    user: String,
    /// Relations of its own: what it is, and its name in quotes.
    temporary: BTreeSet<(String, String)>,
    prepared: BTreeSet<String>,
    cursors: BTreeSet<String>,
    channels: BTreeSet<String>,
    /// Advisory locks: the arguments that name it, and whether it is shared.
    locks: BTreeSet<(String, bool)>,
}

/// Reads a [`State`]: one statement a facet.
const READ: &str = "\
    SELECT s.name, pg_catalog.current_setting(s.name) FROM pg_catalog.pg_settings s \
    WHERE s.source = 'session' AND s.context IN ('user', 'superuser'); \
    SELECT pg_catalog.current_setting('role'), session_user; \
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, pg_catalog.quote_ident(c.relname) \
    FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND c.relkind IN ('r', 'p', 'v', 'S'); \
    SELECT p.name FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql; \
    SELECT c.name FROM pg_catalog.pg_cursors c WHERE c.is_holdable; \
    SELECT pg_catalog.pg_listening_channels(); \
    SELECT CASE l.objsubid WHEN 1 THEN ((l.classid::pg_catalog.int8 << 32) | l.objid::pg_catalog.int8)::pg_catalog.text \
           ELSE l.classid::pg_catalog.int8::pg_catalog.int4 || ', ' || l.objid::pg_catalog.int8::pg_catalog.int4 END, \
           l.mode = 'ShareLock' \
    FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.pid = pg_catalog.pg_backend_pid() AND l.granted";

impl State {
    fn of(results: &[ResultSet]) -> Result<Self, Error> {
        let rows = |at: usize| results.get(at).map_or(&[][..], |result| &result.rows[..]).iter().map(Values);
        let names = |at: usize| rows(at).map(|row| row.text(0)).collect::<Result<BTreeSet<_>, _>>();
        let Some(who) = rows(1).next() else {
            return Err(Error::Protocol("the server doesn't say who this session is".to_owned()));
        };
        Ok(State {
            settings: rows(0).map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<_, Error>>()?,
            role: who.text(0)?,
            user: who.text(1)?,
            temporary: rows(2).map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<_, Error>>()?,
            prepared: names(3)?,
            cursors: names(4)?,
            channels: names(5)?,
            locks: rows(6).map(|row| Ok((row.text(0)?, row.yes(1)?))).collect::<Result<_, Error>>()?,
        })
    }

    /// Statements that make a session as it is `now` into this one. `ours` is a lock that stays.
    fn back_from(&self, now: &State, ours: Option<i64>) -> Vec<String> {
        let mut sql = Vec::new();
        for (kind, name) in now.temporary.difference(&self.temporary) {
            // One may go with another.
            sql.push(format!("DROP {kind} IF EXISTS pg_temp.{name} CASCADE"));
        }
        sql.extend(now.cursors.difference(&self.cursors).map(|name| format!("CLOSE {}", identifier(name))));
        sql.extend(now.prepared.difference(&self.prepared).map(|name| format!("DEALLOCATE {}", identifier(name))));
        sql.extend(now.channels.difference(&self.channels).map(|name| format!("UNLISTEN {}", identifier(name))));
        let ours = ours.map(|key| (key.to_string(), false));
        for lock in now.locks.difference(&self.locks).filter(|lock| ours.as_ref() != Some(lock)) {
            let shared = if lock.1 { "_shared" } else { "" };
            // It may have been taken several times.
            sql.push(format!(
                "DO $$BEGIN WHILE pg_catalog.pg_advisory_unlock{shared}({}) LOOP END LOOP; END$$",
                lock.0
            ));
        }
        for (name, value) in &self.settings {
            if now.settings.get(name) != Some(value) {
                sql.push(set(name, value));
            }
        }
        let is_new = |name: &&String| !self.settings.contains_key(*name);
        sql.extend(now.settings.keys().filter(is_new).map(|name| format!("RESET {}", dotted(name))));
        if !sql.is_empty() || now.role != self.role || now.user != self.user {
            // Whoever logged in may do all of that, and nobody else may have to.
            sql.insert(0, format!("SET SESSION AUTHORIZATION {}", literal(&self.user)));
            sql.push(format!("SET ROLE {}", self.role()));
        }
        sql
    }

    fn role(&self) -> String {
        if self.role == "none" { "NONE".to_owned() } else { identifier(&self.role) }
    }
}

fn set(name: &str, value: &str) -> String {
    // Not SET, which would take a list for one name.
    format!("SELECT pg_catalog.set_config({}, {}, false)", literal(name), literal(value))
}

/// A setting's name, each part in quotes.
fn dotted(name: &str) -> String {
    name.split('.').map(identifier).collect::<Vec<_>>().join(".")
}

impl Loan {
    /// The statements that make the session the lender's again for the rest of a transaction, in the place of `DEFAULT` and the role.
    pub(crate) fn local_identity(&self) -> (String, String) {
        (literal(&self.state.user), self.state.role())
    }
}

/// See [`lend`](crate::lend).
pub(crate) async fn open<T>(
    client: Client,
    tls: Option<T>,
    options: ConnectOptions,
) -> Result<(PostgresSession, Lender<Client>), Error>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let mut wire = Wire::lent(client);
    wire.look_at_transaction().await?;
    if wire.seen.in_transaction() {
        return Err(lent_in_transaction());
    }
    let facts = "SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(), session_user, \
                 (SELECT s.ssl FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_catalog.pg_backend_pid())";
    let mut answers = wire.exchange(&[facts, READ]).await?.into_iter();
    let mut next = || answers.next().unwrap_or_default().ok(false);
    let (facts, state) = (next()?, State::of(&next()?)?);
    let Some(row) = only_row(&facts) else {
        return Err(Error::Protocol("the server doesn't say which one it is".to_owned()));
    };
    let is_encrypted = row.yes(3).unwrap_or(false);
    let ask: Option<Ask> = match tls {
        Some(tls) => Some(Box::new(move |token| {
            let tls = tls.clone();
            Box::pin(async move { token.cancel_query(tls).await })
        })),
        // The key that cancels a session is not sent in plain where the session isn't.
        None if is_encrypted => None,
        None => Some(Box::new(|token| Box::pin(async move { token.cancel_query(NoTls).await }))),
    };
    let canceller = Arc::new(LentCanceller { token: wire.token().clone(), ask, asked: Arc::clone(&wire.cancelled) });
    let lender = Lender::default();
    let loan = Loan { state, custom: BTreeMap::new(), lender: lender.clone() };
    let (version, database, user) = (row.text(0)?, row.text(1)?, row.text(2)?);
    let session = PostgresSession::lent(wire, loan, canceller, &version, database, user, options).await;
    Ok((session, lender))
}

/// Sends a request to cancel, however the driver does it.
type Ask =
    Box<dyn Fn(CancelToken) -> Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>> + Send + Sync>;

struct LentCanceller {
    token: CancelToken,
    ask: Option<Ask>,
    asked: Arc<AtomicBool>,
}

/// How long asking for a cancel may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

#[async_trait]
impl Cancel for LentCanceller {
    async fn cancel(&self) -> Result<(), Error> {
        let failed = |reason: String| Error::Connect {
            target: "the server of the lent connection".to_owned(),
            reason: format!("the statement could not be cancelled: {reason}"),
        };
        let Some(ask) = &self.ask else {
            return Err(failed("the connection is encrypted and was lent without what encrypts another".to_owned()));
        };
        self.asked.store(true, Ordering::Release);
        match tokio::time::timeout(CANCEL_TIMEOUT, ask(self.token.clone())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(words(&error))),
            Err(_) => Err(failed(format!("no answer within {} s", CANCEL_TIMEOUT.as_secs()))),
        }
    }
}

impl PostgresSession {
    /// Puts a lent session back to how it came; the lock, if it is held, stays. No transaction is open.
    pub(crate) async fn put_lent_back(&mut self) -> Result<(), Error> {
        let Some(loan) = &self.loan else { return Ok(()) };
        let custom: Vec<&String> = loan.custom.keys().collect();
        let mut messages = vec![READ.to_owned()];
        if !custom.is_empty() {
            let values = custom.iter().map(|name| format!("pg_catalog.current_setting({}, true)", literal(name)));
            messages.push(format!("SELECT {}", values.collect::<Vec<_>>().join(", ")));
        }
        let mut answers = self.wire.exchange(&messages).await?.into_iter();
        let now = State::of(&answers.next().unwrap_or_default().ok(self.wire.take_cancelled())?)?;
        if let Some(key) = self.lock
            && !now.locks.contains(&(key.to_string(), false))
        {
            return Err(Error::LockLost("this session lost it: a script unlocked it".to_owned()));
        }
        let mut sql = loan.state.back_from(&now, self.lock);
        if let Some(answer) = answers.next() {
            let results = answer.ok(false)?;
            let row = results.first().and_then(|result| result.rows.first());
            for (at, (name, before)) in loan.custom.iter().enumerate() {
                let value = row.map(|row| Values(row).maybe(at)).transpose()?.flatten();
                if value.unwrap_or_default() != before.as_deref().unwrap_or_default() {
                    sql.push(set(name, before.as_deref().unwrap_or_default()));
                }
            }
        }
        if !sql.is_empty() {
            let answer = self.wire.exchange(&[sql.join("; ")]).await?.pop().unwrap_or_default();
            answer.ok(self.wire.take_cancelled())?;
        }
        self.touched = false;
        Ok(())
    }

    /// Sees to it that a script's statement takes nothing from the lender that can't be put back.
    pub(crate) async fn spare_the_lender(&mut self, sql: &str) -> Result<(), Error> {
        let Some(loan) = &self.loan else { return Ok(()) };
        if let Some(what) = takes_all(sql) {
            return Err(Error::Unfit(format!(
                "`{what}` is not run on a lent connection, since it would take what is its lender's too: name what the script has made, \
                 or leave it out; what a script leaves in the session is put away behind it"
            )));
        }
        let new: Vec<String> =
            custom_settings(sql).into_iter().filter(|name| !loan.custom.contains_key(name)).collect();
        for name in new {
            let question = format!("SELECT pg_catalog.current_setting({}, true)", literal(&name));
            let answer = self.wire.exchange(&[question]).await?.pop().unwrap_or_default();
            // In a transaction that has failed nothing is set any more.
            let Ok(results) = answer.ok(false) else { return Ok(()) };
            let value = only_row(&results).map(|row| row.maybe(0)).transpose()?.flatten();
            if let Some(loan) = &mut self.loan {
                loan.custom.insert(name, value);
            }
        }
        Ok(())
    }

    /// Gives a lent connection back to its lender.
    pub(crate) async fn give_back(mut self) {
        let tidy = async {
            driftlock_database::Session::unlock(&mut self).await?;
            self.put_lent_back().await
        };
        let tidied = tidy.await;
        let Some(loan) = self.loan else { return };
        let client = tidied.and_then(|()| self.wire.into_client());
        loan.lender.give_back(client);
    }
}

/// What a statement would take all of.
fn takes_all(sql: &str) -> Option<String> {
    let words: Vec<Token<'_>> = significant(sql, Dialect::Postgres).take(3).collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
    let all = |at: usize| is(at, "ALL") || (is(at, "PREPARE") && is(at + 1, "ALL"));
    let takes = is(0, "DISCARD")
        || (is(0, "DEALLOCATE") && all(1))
        || (is(0, "RESET") && is(1, "ALL"))
        || (is(0, "CLOSE") && is(1, "ALL"))
        || (is(0, "UNLISTEN") && words.get(1).is_some_and(|token| token.text == "*"));
    takes.then(|| words.iter().map(|token| token.text).collect::<Vec<_>>().join(" "))
}

/// Settings with a dot in their names that a statement makes or takes back: by `SET`, `RESET` or `set_config`.
fn custom_settings(sql: &str) -> Vec<String> {
    let plain = |token: &Token<'_>| token.text.trim_matches(|c| c == '\'' || c == '"').to_owned();
    let tokens: Vec<Token<'_>> = significant(sql, Dialect::Postgres).collect();
    let mut names = Vec::new();
    let mut at = 0;
    if tokens.first().is_some_and(|first| first.is("SET") || first.is("RESET")) {
        at = 1 + usize::from(tokens.get(1).is_some_and(|token| token.is("SESSION")));
        let parts: Vec<String> = tokens[at.min(tokens.len())..]
            .iter()
            .step_by(2)
            .take_while(|it| it.kind != TokenKind::String)
            .map(plain)
            .collect();
        let dots = tokens[at.min(tokens.len())..].iter().skip(1).step_by(2).take_while(|it| it.text == ".").count();
        if dots > 0 && parts.len() > dots {
            names.push(parts[..=dots].join("."));
        }
    }
    while let Some(token) = tokens.get(at) {
        if token.is("set_config")
            && let Some(name) = tokens.get(at + 2).filter(|name| name.kind == TokenKind::String)
        {
            let name = plain(name);
            if name.contains('.') {
                names.push(name);
            }
        }
        at += 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_takes_all() {
        for (sql, takes) in [
            ("DISCARD TEMP", true),
            ("deallocate all", true),
            ("DEALLOCATE PREPARE ALL", true),
            ("DEALLOCATE mine", false),
            ("RESET ALL", true),
            ("RESET work_mem", false),
            ("CLOSE ALL", true),
            ("CLOSE c", false),
            ("UNLISTEN *", true),
            ("UNLISTEN shop", false),
            ("SELECT 'DISCARD ALL'", false),
        ] {
            assert_eq!(takes_all(sql).is_some(), takes, "{sql}");
        }
    }

    #[test]
    fn knows_settings_that_the_server_doesnt() {
        for (sql, names) in [
            ("SET app.tenant = 'a'", vec!["app.tenant"]),
            ("SET SESSION app.tenant TO 'a.b'", vec!["app.tenant"]),
            ("SET work_mem = '1MB'", vec![]),
            ("RESET app.tenant", vec!["app.tenant"]),
            (
                "SELECT set_config('app.tenant', 'x', false), pg_catalog.set_config('search_path', '', false)",
                vec!["app.tenant"],
            ),
            ("INSERT INTO app.tenant VALUES (1)", vec![]),
        ] {
            assert_eq!(custom_settings(sql), names, "{sql}");
        }
    }
}
