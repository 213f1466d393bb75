//! What rows are measured on: the binary, servers, a folder for files, databases that come and go.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::migrate::Engine;
use super::peers::Peer;
use crate::fail::{Context, Failure, Result};
use crate::process::Interrupt;
use crate::servers::Servers;
use crate::setup::Tools;

/// Everything that the rows share.
pub(super) struct Bed<'a> {
    pub(super) binary: PathBuf,
    pub(super) interrupt: &'a Interrupt,
    pub(super) peers: Vec<Peer>,
    tools: &'a Tools,
    servers: &'a Servers,
    folder: TempDir,
    next: Cell<usize>,
}

impl<'a> Bed<'a> {
    pub(super) fn new(
        tools: &'a Tools,
        servers: &'a Servers,
        binary: PathBuf,
        peers: Vec<Peer>,
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("driftlock-bench-").tempdir().context("no temporary directory")?;
        Ok(Bed { binary, interrupt, peers, tools, servers, folder, next: Cell::new(0) })
    }

    /// The binary, away from any configuration and with nothing of our environment that it would read.
    pub(super) fn driftlock(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().into_owned();
            if text.starts_with("DRIFTLOCK_") || text.starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.current_dir(self.folder.path());
        command
    }

    /// A path that nothing has yet.
    pub(super) fn new_path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}{}", self.number()))
    }

    fn number(&self) -> usize {
        self.next.replace(self.next.get() + 1)
    }

    /// A server on which databases may be made, for engines that need one.
    pub(super) fn shadow_url(&self, engine: Engine) -> Option<String> {
        match engine {
            Engine::Postgres => Some(self.servers.postgres_url("postgres")),
            Engine::MariaDb => Some(self.servers.mysql_url("")),
            Engine::Sqlite => None,
        }
    }

    /// A new, empty database. It goes when it is dropped.
    pub(super) fn database(&self, engine: Engine) -> Result<Database<'_, 'a>> {
        let name = format!("bench{}", self.number());
        let database = Database { bed: self, engine, name };
        match engine {
            Engine::Postgres | Engine::MariaDb => database.administer(&format!("CREATE DATABASE {}", database.name))?,
            Engine::Sqlite => {}
        }
        Ok(database)
    }
}

/// A database for one measurement.
pub(super) struct Database<'b, 'a> {
    bed: &'b Bed<'a>,
    pub(super) engine: Engine,
    name: String,
}

impl Database<'_, '_> {
    /// Its URL for driftlock.
    pub(super) fn url(&self) -> String {
        match self.engine {
            Engine::Postgres => self.bed.servers.postgres_url(&self.name),
            Engine::MariaDb => self.bed.servers.mysql_url(&self.name),
            Engine::Sqlite => format!("sqlite://{}", self.file().display()),
        }
    }

    /// As Go's driver for MySQL takes it: `user:password@tcp(host:port)/database`.
    pub(super) fn go_mysql(&self) -> String {
        self.bed.servers.go_mysql(&self.name)
    }

    /// The engine's own client on it, which reads statements from its input unless told otherwise.
    pub(super) fn client(&self) -> Command {
        match self.engine {
            Engine::Postgres => self.bed.servers.psql(self.bed.tools, &self.name),
            Engine::MariaDb => self.bed.servers.mariadb(self.bed.tools, &self.name),
            Engine::Sqlite => {
                let mut command = Command::new(&self.bed.tools.sqlite3);
                command.arg("-bail").arg("-batch").arg(self.file());
                command
            }
        }
    }

    /// The client's command for one query.
    pub(super) fn query(&self, sql: &str) -> Command {
        let mut command = self.client();
        match self.engine {
            Engine::Postgres => command.args(["-c", sql]),
            Engine::MariaDb => command.args(["-e", sql]),
            Engine::Sqlite => command.arg(sql),
        };
        command
    }

    /// The engine's own dump of the schema.
    pub(super) fn dump(&self) -> Command {
        match self.engine {
            Engine::Postgres => {
                let mut command = Command::new(self.bed.tools.postgres_bin.join("pg_dump"));
                command.args(["--schema-only", "-d", &self.url()]);
                command
            }
            Engine::MariaDb => {
                let mut command = self.bed.servers.mariadb_dump(&self.name);
                command.args(["--no-data", "--skip-lock-tables"]);
                command
            }
            Engine::Sqlite => {
                let mut command = Command::new(&self.bed.tools.sqlite3);
                command.arg(self.file()).arg(".schema");
                command
            }
        }
    }

    /// What one query answers.
    pub(super) fn answer(&self, sql: &str) -> Result<String> {
        output(&mut self.query(sql))
    }

    /// The file of a database of SQLite's.
    pub(super) fn file(&self) -> PathBuf {
        self.bed.folder.path().join(format!("{}.db", self.name))
    }

    fn administer(&self, sql: &str) -> Result<()> {
        let mut command = match self.engine {
            Engine::Postgres => self.bed.servers.psql(self.bed.tools, "postgres"),
            Engine::MariaDb => self.bed.servers.mariadb(self.bed.tools, ""),
            Engine::Sqlite => return Ok(()),
        };
        output(command.args([if self.engine == Engine::Postgres { "-c" } else { "-e" }, sql])).map(drop)
    }
}

impl Drop for Database<'_, '_> {
    fn drop(&mut self) {
        // The whole server, or folder, goes soon; this only keeps the disk from filling up.
        match self.engine {
            Engine::Postgres => drop(self.administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))),
            Engine::MariaDb => drop(self.administer(&format!("DROP DATABASE IF EXISTS {}", self.name))),
            Engine::Sqlite => {
                for rest in ["", "-journal", "-wal", "-shm"] {
                    let _ = fs::remove_file(format!("{}{rest}", self.file().display()));
                }
            }
        }
    }
}

/// What a command writes. One that fails is an error.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().context(format_args!("can't start {program}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::new(format!("{program} ended with {}: {words}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Writes so many migrations of one table each; gives their statements.
pub(super) fn write_migrations(folder: &Path, files: usize) -> Result<Vec<String>> {
    fs::create_dir_all(folder).context(folder.display())?;
    let statement = |file: usize| {
        format!(
            "CREATE TABLE bench_{file:05} (\n    id integer NOT NULL PRIMARY KEY,\n    name varchar(100) NOT NULL,\n    \
             note varchar(200),\n    amount integer NOT NULL DEFAULT 0\n)"
        )
    };
    let mut statements = Vec::with_capacity(files);
    for file in 0..files {
        let path = folder.join(format!("{}_bench_create_{file:05}_v1.up.sql", version(file)));
        fs::write(&path, format!("{};\n", statement(file))).context(path.display())?;
        statements.push(statement(file));
    }
    Ok(statements)
}

/// The version of a file: one second later for each.
pub(super) fn version(file: usize) -> String {
    format!("202401{:02}-{:02}{:02}{:02}", 1 + file / 86_400, file / 3600 % 24, file / 60 % 60, file % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_times_that_rise() {
        assert_eq!(version(0), "20240101-000000");
        assert_eq!(version(9_999), "20240101-024639");
        assert_eq!(version(86_400), "20240102-000000");
        let versions: Vec<_> = (0..100_000).map(version).collect();
        assert!(versions.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn writes_one_table_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let statements = write_migrations(folder.path(), 3).unwrap();
        assert_eq!(statements.len(), 3);
        let file = folder.path().join("20240101-000002_bench_create_00002_v1.up.sql");
        assert_eq!(fs::read_to_string(file).unwrap(), format!("{};\n", statements[2]));
    }
}
