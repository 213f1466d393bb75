//! A server for one test or a few, which may do anything to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::fail::{Failure, Result};
use crate::files::{MysqlFiles, PostgresFiles};
use crate::process::{self, Interrupt};
use crate::server::{self, Server, start_on_free_port, wait_ready};
use crate::servers::{Durability, Life, USER};
use crate::setup::find_tools;

/// Tests kill it, and count on what it had committed.
const DURABILITY: Durability = Durability::Server;

/// A PostgreSQL or a MariaDB of its own: its files, and its process while it runs. Dropping it ends and removes both.
///
/// What it has committed survives [`kill`](Self::kill). It ends with the process that made it, however that ends.
pub struct Private {
    files: Files,
    server: Option<Server>,
    port: u16,
    password: String,
    arguments: Vec<String>,
    folder: TempDir,
}

enum Files {
    Postgres(PostgresFiles),
    Mysql(MysqlFiles),
}

impl Files {
    fn start(&self, port: u16, arguments: &[String]) -> Result<(Server, PathBuf)> {
        match self {
            Files::Postgres(files) => files.start(port, DURABILITY, Life::WithUs, arguments),
            Files::Mysql(files) => files.start(port, DURABILITY, Life::WithUs, arguments),
        }
    }
}

impl Private {
    /// A PostgreSQL, with more arguments for its server (`["-c", "max_connections=20"]`).
    ///
    /// # Errors
    /// When its programs aren't on this machine, or it doesn't start: with the end of its log.
    pub fn postgres(arguments: &[&str]) -> Result<Self> {
        Self::new(arguments, |folder, password| {
            let files = PostgresFiles::new(&find_tools()?, folder, password)?;
            server::await_initialised(files.initialise()?, &Interrupt::default())?;
            Ok(Files::Postgres(files))
        })
    }

    /// A MariaDB, with more arguments for its server (`["--max-connections=20"]`). Where tests run against a real MySQL, one of these.
    ///
    /// # Errors
    /// As [`postgres`](Self::postgres).
    pub fn mariadb(arguments: &[&str]) -> Result<Self> {
        Self::new(arguments, |folder, password| {
            let files = MysqlFiles::new(&find_tools()?, folder, password)?;
            server::await_initialised(files.initialise()?, &Interrupt::default())?;
            Ok(Files::Mysql(files))
        })
    }

    /// A standby of a PostgreSQL that runs: a copy of it that follows what it does from then on.
    ///
    /// # Errors
    /// When it can't be copied, or the copy doesn't start.
    pub fn standby_of(primary: &Private) -> Result<Self> {
        let mut standby = Self::new(&[], |folder, _| {
            let files = PostgresFiles::new(&find_tools()?, folder, primary.password())?;
            server::await_initialised(files.copy(&primary.url("postgres"))?, &Interrupt::default())?;
            Ok(Files::Postgres(files))
        })?;
        standby.password.clone_from(&primary.password);
        Ok(standby)
    }

    fn new(arguments: &[&str], files: impl FnOnce(&Path, &str) -> Result<Files>) -> Result<Self> {
        let (folder, password) = server::folder(DURABILITY)?;
        let files = files(folder.path(), &password)?;
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let server = start_on_free_port(&Interrupt::default(), |port| files.start(port, &arguments))?;
        Ok(Private { files, port: server.port, server: Some(server), password, arguments, folder })
    }

    /// The administrator's URL, for a database of it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let scheme = match self.files {
            Files::Postgres(_) => "postgres",
            Files::Mysql(_) => "mysql",
        };
        format!("{scheme}://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of its administrator, [`USER`].
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Its database directory, which belongs to the user as which it runs.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        let folder = match self.files {
            Files::Postgres(_) => "pg",
            Files::Mysql(_) => "my",
        };
        self.folder.path().join(folder).join("data")
    }

    /// The id of its process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(|server| server.pid)
    }

    /// Other arguments from the next [`start`](Self::start) on.
    pub fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    }

    /// Kills it and everything that it started, with -9, and waits until they are gone.
    ///
    /// # Errors
    /// When one of them doesn't go.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let mut pids = process::descendants(server.pid);
        pids.push(server.pid);
        for pid in &pids {
            process::signal("KILL", &pid.to_string());
        }
        let patience = Duration::from_secs(30);
        let gone = process::wait_gone(server.pid, server.child.as_mut(), patience);
        if gone && pids.iter().all(|pid| process::wait_gone(*pid, None, patience)) {
            return Ok(());
        }
        Err(Failure::new(format!("{} (pid {}) can't be killed", server.name, server.pid)))
    }

    /// Stops it in good order, without waiting for its clients.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            process::signal(server.stop_signal, &server.pid.to_string());
            server.end(self.folder.path());
        }
    }

    /// Starts it again, on the same port and the same files, and waits until it answers.
    ///
    /// # Errors
    /// When it doesn't: with the end of its log.
    pub fn start(&mut self) -> Result<()> {
        if self.server.is_some() {
            return Ok(());
        }
        let (server, log) = self.files.start(self.port, &self.arguments)?;
        let server = self.server.insert(server);
        wait_ready(server, &log, &Interrupt::default())
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Err(failure) = self.kill() {
            eprintln!("warning: {failure}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::setup::setup;

    fn run(command: &mut Command) -> String {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn a_standby_follows_its_primary() {
        let tools = setup().unwrap();
        let primary = Private::postgres(&[]).unwrap();
        let standby = Private::standby_of(&primary).unwrap();
        let psql = |server: &Private, sql: &str| {
            run(Command::new(tools.postgres_bin.join("psql")).args(["-XAtqc", sql, "-d", &server.url("postgres")]))
        };
        psql(&primary, "CREATE TABLE a AS SELECT 7 AS x");
        let began = std::time::Instant::now();
        while psql(&standby, "SELECT to_regclass('a') IS NOT NULL") != "t" {
            assert!(began.elapsed() < Duration::from_secs(60));
        }
        assert_eq!(psql(&standby, "SELECT x, pg_is_in_recovery() FROM a"), "7|t");
    }

    #[test]
    fn what_is_committed_survives_a_kill_and_nothing_is_left_behind() {
        let tools = setup().unwrap();
        let mut postgres = Private::postgres(&["-c", "work_mem=7MB"]).unwrap();
        let psql = |postgres: &Private, sql: &str| {
            run(Command::new(tools.postgres_bin.join("psql")).args(["-XAtqc", sql, "-d", &postgres.url("postgres")]))
        };
        assert_eq!(psql(&postgres, "CREATE TABLE a AS SELECT 1; SHOW work_mem"), "7MB");
        let mut mariadb = Private::mariadb(&["--max-connections=17"]).unwrap();
        let query = |mariadb: &Private, sql: &str| {
            let login = [format!("-u{USER}"), format!("-p{}", mariadb.password()), format!("-P{}", mariadb.port())];
            run(Command::new(&tools.mariadb).args(["--no-defaults", "-h127.0.0.1", "-NBe", sql]).args(login))
        };
        let made = query(&mariadb, "CREATE DATABASE d; CREATE TABLE d.a AS SELECT 1; SELECT @@max_connections");
        assert_eq!(made, "17");

        for _ in 0..2 {
            postgres.kill().unwrap();
            mariadb.kill().unwrap();
            postgres.start().unwrap();
            mariadb.start().unwrap();
            assert_eq!(psql(&postgres, "SELECT count(*) FROM a"), "1");
            assert_eq!(query(&mariadb, "SELECT count(*) FROM d.a"), "1");
        }
        let pids = [postgres.pid().unwrap(), mariadb.pid().unwrap()];
        let folders = [postgres.data(), mariadb.data()];
        drop((postgres, mariadb));
        assert!(pids.into_iter().all(|pid| !process::is_running(pid)));
        assert!(folders.iter().all(|folder| !folder.exists()));
    }
}
