//! A real PgBouncer in front of a PostgreSQL.

use std::process::Command;

use tempfile::TempDir;

use crate::fail::{Context, Failure, Result};
use crate::files::{command_for_life, folder_of, spawn_logged, unprivileged, write_for};
use crate::process::{self, Interrupt, find_program};
use crate::server::{self, Server, start_on_free_port};
use crate::servers::{Durability, Life};
use crate::setup::find_tools;

/// For how long one of its clients keeps a server connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// For as long as it is connected.
    Session,
    /// For a transaction.
    Transaction,
    /// For a statement; a transaction of several is refused.
    Statement,
}

impl Pooling {
    /// All of them.
    pub const ALL: [Pooling; 3] = [Pooling::Session, Pooling::Transaction, Pooling::Statement];

    fn word(self) -> &'static str {
        match self {
            Pooling::Session => "session",
            Pooling::Transaction => "transaction",
            Pooling::Statement => "statement",
        }
    }
}

/// The server that it stands before, on 127.0.0.1, and a login that it lets through.
#[derive(Debug, Clone)]
pub struct Behind {
    /// The server's port.
    pub port: u16,
    /// A user of it.
    pub user: String,
    /// The user's password.
    pub password: String,
}

/// A PgBouncer of its own. Dropping it ends it; it ends with the process that made it too.
pub struct PgBouncer {
    server: Server,
    behind: Behind,
    folder: TempDir,
}

impl PgBouncer {
    /// Before a server, with more settings (`["default_pool_size = 1"]`). Passwords are asked for by SCRAM.
    ///
    /// # Errors
    /// When its program isn't on this machine, or it doesn't start: with the end of its log.
    pub fn new(behind: Behind, pooling: Pooling, settings: &[&str]) -> Result<Self> {
        let program = find_program("pgbouncer")
            .ok_or_else(|| Failure::new("`pgbouncer` is in no folder of PATH; `cargo xtask setup` installs it"))?;
        let (folder, _) = server::folder(Durability::Server)?;
        // It refuses to run as root.
        let user = unprivileged("postgres")?;
        let files = folder_of(folder.path(), "pgbouncer", user)?;
        write_for(&files.join("users"), &format!("\"{}\" \"{}\"\n", behind.user, behind.password), user)?;
        let server = start_on_free_port(&Interrupt::default(), |port| {
            let mut text = format!(
                "[databases]\n* = host=127.0.0.1 port={}\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\nadmin_users = {}\npool_mode = {}\n",
                behind.port,
                files.join("users").display(),
                behind.user,
                pooling.word()
            );
            for setting in settings {
                text.push_str(setting);
                text.push('\n');
            }
            let file = files.join("pgbouncer.ini");
            write_for(&file, &text, user)?;
            let mut command = command_for_life("KILL", &program, &files, user, Life::WithUs);
            command.arg("--quiet").arg(file);
            let (child, log) = spawn_logged(command, files.join("log"))?;
            Ok((Server { name: "PgBouncer", pid: child.id(), port, stop_signal: "KILL", child: Some(child) }, log))
        })?;
        Ok(PgBouncer { server, behind, folder })
    }

    /// The URL of a database behind it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{}:{}@127.0.0.1:{}/{database}", self.behind.user, self.behind.password, self.server.port)
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// Tells it something over its own console (`PAUSE`, `RESUME`, `SHOW POOLS`). Returns what it says, columns by `|`.
    ///
    /// # Errors
    /// When it says no.
    pub fn tell(&self, command: &str) -> Result<String> {
        let mut psql = Command::new(find_tools()?.postgres_bin.join("psql"));
        let output =
            psql.args(["-XAtqc", command, "-d", &self.url("pgbouncer")]).output().context("psql can't be started")?;
        if !output.status.success() {
            return Err(Failure::new(format!("{command}: {}", String::from_utf8_lossy(&output.stderr))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        process::signal("KILL", &self.server.pid.to_string());
        self.server.end(self.folder.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private::Private;
    use crate::servers::USER;
    use crate::setup::setup;

    #[test]
    fn pools_as_it_is_told() {
        let tools = setup().unwrap();
        let postgres = Private::postgres(&[]).unwrap();
        let behind = Behind { port: postgres.port(), user: USER.to_owned(), password: postgres.password().to_owned() };
        for pooling in Pooling::ALL {
            let bouncer = PgBouncer::new(behind.clone(), pooling, &["default_pool_size = 3"]).unwrap();
            let mut psql = Command::new(tools.postgres_bin.join("psql"));
            let output = psql.args(["-XAtqc", "SELECT 1", "-d", &bouncer.url("postgres")]).output().unwrap();
            assert_eq!(output.stdout, b"1\n", "{output:?}");
            let shown = bouncer.tell("SHOW POOLS").unwrap();
            let line = shown.lines().find(|line| line.starts_with("postgres|")).unwrap();
            assert!(line.ends_with(&format!("|{}", pooling.word())), "{shown}");
            let pid = bouncer.server.pid;
            drop(bouncer);
            assert!(!process::is_running(pid));
        }
    }
}
