//! What goes into a connection and what is known of the server at its other end.

use std::time::Duration;

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

/// Somebody who holds, or wants, the lock. What can't be known is `None`.
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
    /// The server's id of the holder's connection.
    pub connection: Option<String>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if let Some(pid) = self.pid {
            parts.push(format!("pid {pid}"));
        }
        if let Some(host) = &self.host {
            parts.push(format!("on {host}"));
        }
        if let Some(user) = &self.user {
            parts.push(format!("user {user}"));
        }
        if let Some(connection) = &self.connection {
            parts.push(format!("connection {connection}"));
        }
        if let Some(since) = &self.since {
            parts.push(format!("since {since}"));
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
    /// The server's id of this connection, never used again by the same server run; empty where there is none.
    pub connection: String,
}
