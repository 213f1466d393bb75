//! A PostgreSQL and a MariaDB for a whole run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::fail::{Failure, Result};
use crate::files::{MysqlFiles, PostgresFiles};
use crate::process::{self, Interrupt};
use crate::server::{self, Half, Server, start_on_free_port};
use crate::setup::Tools;

/// The administrator of both servers.
pub const USER: &str = "driftlock";

/// How the servers treat the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As installed: what benches measure.
    Default,
    /// Nothing is flushed: these databases needn't survive a power cut, nor, for their last second, their server's death.
    Relaxed,
    /// What is committed survives the server's death, and not the machine's.
    Server,
}

/// How long the servers live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// They end with this process, however it ends.
    WithUs,
    /// They stay for the next run, until [`Servers::stop`].
    Kept,
}

/// A PostgreSQL and a MariaDB that run. Dropping stops them, unless they are kept.
pub struct Servers {
    folder: PathBuf,
    password: String,
    postgres: Server,
    mysql: Server,
    life: Life,
}

impl Servers {
    /// Makes both and starts them.
    pub fn start(tools: &Tools, durability: Durability, life: Life, interrupt: &Interrupt) -> Result<Self> {
        let (folder, password) = server::folder(durability)?;
        let postgres = PostgresFiles::new(tools, folder.path(), &password)?;
        let mysql = MysqlFiles::new(tools, folder.path(), &password)?;
        for initialising in [postgres.initialise()?, mysql.initialise()?] {
            server::await_initialised(initialising, interrupt)?;
        }

        let postgres = start_on_free_port(interrupt, |port| postgres.start(port, durability, life, &[]))?;
        let mut half = Half(Some(postgres));
        let mysql = start_on_free_port(interrupt, |port| mysql.start(port, durability, life, &[]))?;
        let postgres = half.0.take().ok_or_else(|| Failure::new("the server is gone"))?;
        Ok(Servers { folder: folder.keep(), password, postgres, mysql, life })
    }

    /// The administrator's URL of PostgreSQL, for a database of it.
    pub fn postgres_url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.postgres.port)
    }

    /// The administrator's URL of MariaDB, for a database of it.
    pub fn mysql_url(&self, database: &str) -> String {
        format!("mysql://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.mysql.port)
    }

    /// MariaDB as Go's driver for MySQL takes it: `user:password@tcp(host:port)/database`.
    pub fn go_mysql(&self, database: &str) -> String {
        format!("{USER}:{}@tcp(127.0.0.1:{})/{database}", self.password, self.mysql.port)
    }

    /// What others need to log in to PostgreSQL: the password and the port on 127.0.0.1.
    pub fn postgres_login(&self) -> (&str, u16) {
        (&self.password, self.postgres.port)
    }

    /// The same for MariaDB.
    pub fn mysql_login(&self) -> (&str, u16) {
        (&self.password, self.mysql.port)
    }

    /// The command of MariaDB's own client, logged in.
    pub fn mariadb(&self, tools: &Tools, database: &str) -> Command {
        let mut command = Command::new(&tools.mariadb);
        let port = format!("--port={}", self.mysql.port);
        let login = [&format!("--user={USER}"), &format!("--password={}", self.password), database];
        command.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", &port, "--batch", "--skip-column-names"]);
        command.args(login.into_iter().filter(|argument| !argument.is_empty()));
        command
    }

    /// The command of MariaDB's own dump of a database, logged in.
    pub fn mariadb_dump(&self, database: &str) -> Command {
        let mut command = Command::new("mariadb-dump");
        let (user, password) = (format!("--user={USER}"), format!("--password={}", self.password));
        let port = format!("--port={}", self.mysql.port);
        command.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", &port, &user, &password, database]);
        command
    }

    /// The command of PostgreSQL's own client, logged in.
    pub fn psql(&self, tools: &Tools, database: &str) -> Command {
        let mut command = Command::new(tools.postgres_bin.join("psql"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.postgres_url(database)]);
        command
    }

    /// For the file that remembers kept servers.
    pub fn to_json(&self) -> Value {
        json!({
            "folder": self.folder,
            "password": self.password,
            "postgres": { "pid": self.postgres.pid, "port": self.postgres.port },
            "mysql": { "pid": self.mysql.pid, "port": self.mysql.port },
        })
    }

    /// Kept servers of an earlier run. `None` when what is remembered makes no sense.
    pub fn from_json(value: &Value) -> Option<Self> {
        let number = |server: &str, key: &str| value.get(server)?.get(key)?.as_u64();
        let server = |name: &'static str, key: &str, stop_signal| {
            Some(Server {
                name,
                pid: u32::try_from(number(key, "pid")?).ok()?,
                port: u16::try_from(number(key, "port")?).ok()?,
                stop_signal,
                child: None,
            })
        };
        Some(Servers {
            folder: PathBuf::from(value.get("folder")?.as_str()?),
            password: value.get("password")?.as_str()?.to_owned(),
            postgres: server("PostgreSQL", "postgres", "INT")?,
            mysql: server("MariaDB", "mysql", "TERM")?,
            life: Life::Kept,
        })
    }

    /// Whether both still run. A process id alone says nothing: it may be somebody else's by now.
    pub fn are_running(&self) -> bool {
        [&self.postgres, &self.mysql].into_iter().all(|server| server.is_ours(&self.folder))
    }

    /// Stops both, whatever their life was to be, and removes their files.
    pub fn stop(mut self) {
        self.life = Life::WithUs;
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if self.life == Life::Kept {
            return;
        }
        let folder = self.folder.clone();
        for server in [&mut self.postgres, &mut self.mysql] {
            if server.child.is_some() || server.is_ours(&folder) {
                process::signal(server.stop_signal, &server.pid.to_string());
            }
        }
        for server in [&mut self.postgres, &mut self.mysql] {
            server.end(&folder);
        }
        if let Err(error) = fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            eprintln!("warning: {} could not be removed: {error}", folder.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::setup;

    #[test]
    fn start_answer_and_leave_nothing() {
        let tools = setup().unwrap();
        let servers = Servers::start(&tools, Durability::Relaxed, Life::WithUs, &Interrupt::default()).unwrap();
        let psql = servers.psql(&tools, "postgres").args(["-c", "show fsync"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&psql.stdout).trim(), "off", "{psql:?}");
        let query = "select count(*), max(user) from mysql.user where is_role = 'N' and user <> 'mariadb.sys' and user <> 'mysql'";
        let mariadb = servers.mariadb(&tools, "mysql").args(["-e", query]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&mariadb.stdout).trim(), "1\tdriftlock", "{mariadb:?}");
        assert!(servers.are_running());

        let remembered = Servers::from_json(&servers.to_json()).unwrap();
        assert_eq!(remembered.mysql_url("x"), servers.mysql_url("x"));
        assert!(remembered.are_running());
        let (pids, folder) = ([servers.postgres.pid, servers.mysql.pid], servers.folder.clone());
        drop(remembered);
        assert!(servers.are_running(), "what is kept outlives who remembers it");
        drop(servers);
        assert!(pids.into_iter().all(|pid| !process::is_running(pid)));
        assert!(!folder.exists());
    }
}
