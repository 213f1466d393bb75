//! What goes into a connection and what is known of the server at its other end.

use std::time::Duration;

use driftlock_script::{Dialect, redact};

/// How to connect, beside the URL.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Give up after this long; covers retries while the server has no connection left.
    pub connect_timeout: Duration,
    /// Run everything as this role, so that objects belong to it and not to the login.
    pub set_role: Option<String>,
    /// What a connection pooler between us and the server is known to do.
    pub pooler: Pooler,
    /// Who this runner is, as the server should show it to others.
    pub holder: Holder,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions {
            connect_timeout: Duration::from_secs(15),
            set_role: None,
            pooler: Pooler::Detect,
            holder: Holder::default(),
        }
    }
}

/// What the user says of a pooler in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooler {
    /// Nothing: any pooler that is detected is refused.
    #[default]
    Detect,
    /// It pools sessions (`pooler = "session"`): checked by two sessions at once, then let pass.
    Session,
}

/// Somebody at another connection: who holds, or wants, the lock; who is in the way. What can't be known is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    /// Process id on the holder's machine.
    pub pid: Option<u32>,
    /// The holder's machine: its name, or its address as the server sees it.
    pub host: Option<String>,
    /// The holder's user: of the system where known, else of the database.
    pub user: Option<String>,
    /// Since when, as the server prints it (UTC).
    pub since: Option<String>,
    /// The server's id of the holder's connection, as in [`Server::connection`].
    pub connection: Option<String>,
    /// What the program calls itself, where that is not a driftlock.
    pub application: Option<String>,
    /// What the connection runs now, see [`shown`].
    pub running: Option<String>,
    /// For how long; for how long it has been idle, where it is.
    pub running_for: Option<Duration>,
    /// It runs nothing and has a transaction open; [`running`](Self::running) is what it ran last, where the server tells.
    pub idle_in_transaction: bool,
    /// The client is known to be gone: the server only ends what it was told to do.
    pub gone: bool,
}

/// A statement as people see it in a line: on one, not too long, without credentials.
#[must_use]
pub fn shown(sql: &str, dialect: Dialect) -> String {
    const LONGEST: usize = 100;
    let shown = redact(sql, dialect);
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if let Some(pid) = self.pid {
            parts.push(format!("pid {pid}"));
        }
        if let Some(connection) = &self.connection {
            // What stands behind the sign is for machines.
            parts.push(format!("connection {}", connection.split('@').next().unwrap_or(connection)));
        }
        if let Some(host) = &self.host {
            parts.push(format!("on {host}"));
        }
        if let Some(user) = &self.user {
            parts.push(format!("user {user}"));
        }
        if let Some(application) = &self.application {
            parts.push(format!("application {application}"));
        }
        if let Some(since) = &self.since {
            parts.push(format!("since {since}"));
        }
        let time = self.running_for.map(|time| format!(" for {} s", time.as_secs())).unwrap_or_default();
        match &self.running {
            Some(last) if self.idle_in_transaction => parts.push(format!("idle in a transaction{time} after `{last}`")),
            None if self.idle_in_transaction => parts.push(format!("idle in a transaction{time}")),
            Some(running) => parts.push(format!("running `{running}`{time}")),
            None => {}
        }
        if parts.is_empty() {
            parts.push("a holder that the server doesn't name".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

/// The server at the other end, as far as connecting told. No query is spent on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// The engine's name as in URLs: `postgres`, `mysql`, `sqlite`.
    pub engine: &'static str,
    /// Product and version, as the server gives it (`PostgreSQL 15.18`, `MariaDB 10.11.19`, `SQLite 3.50.2`).
    pub version: String,
    /// The database; for SQLite the canonical path of its file, or `:memory:`.
    pub database: String,
    /// The user that logged in; empty where the engine has none.
    pub user: String,
    /// The server's id of this connection; empty where there is none. After [`Session::ensure_fit`](crate::Session::ensure_fit)
    /// it is of this connection alone, also after a restart of the server, where the server tells enough: `4711@1795329604`.
    pub connection: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_shown_on_a_line_without_its_secrets() {
        let shown = |sql| shown(sql, Dialect::Postgres);
        assert_eq!(shown("ALTER TABLE a\n    ADD b integer"), "ALTER TABLE a ADD b integer");
        assert_eq!(shown("CREATE ROLE app PASSWORD 's3cret'"), "CREATE ROLE app PASSWORD '***'");
        // As a server shows the head of a longer one.
        assert_eq!(shown("CREATE ROLE app PASSWORD 's3cr"), "CREATE ROLE app PASSWORD '***");
        let long = shown(&"é ".repeat(200));
        assert!(long.ends_with('…') && long.chars().count() < 110, "{long}");
    }

    #[test]
    fn a_holder_is_named_by_what_is_known() {
        let mut holder = Holder { connection: Some("12@1795329604".to_owned()), ..Holder::default() };
        assert_eq!(holder.to_string(), "connection 12");
        holder.running = Some("OPTIMIZE TABLE a".to_owned());
        holder.running_for = Some(Duration::from_secs(9));
        assert_eq!(holder.to_string(), "connection 12, running `OPTIMIZE TABLE a` for 9 s");
        assert_eq!(Holder::default().to_string(), "a holder that the server doesn't name");
    }
}
