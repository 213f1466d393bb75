//! A server of a test's own, looked at with the engine's own client.

use std::process::Command;
use std::time::{Duration, Instant};

use driftlock_servers::private::Private;

use crate::target::canary;

pub(crate) struct Server(Private);

impl Server {
    pub(crate) fn new(server: Private) -> Self {
        canary::nobody_says(server.password());
        Server(server)
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.0.url("").starts_with("postgres")
    }

    /// The administrator's URL, for a database of it.
    pub(crate) fn url(&self, database: &str) -> String {
        self.0.url(database)
    }

    /// Runs SQL in a database, and returns the rows.
    pub(crate) fn run(&self, database: &str, sql: &str) -> Vec<String> {
        let url = self.0.url("");
        let user = url.split_once("://").unwrap().1.split_once(':').unwrap().0.to_owned();
        let port = self.0.port().to_string();
        let mut command;
        if self.is_postgres() {
            command = Command::new("psql");
            command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port, "-U", &user, "-c", sql]);
            command.args(["-d", if database.is_empty() { "postgres" } else { database }]);
            command.env("PGPASSWORD", self.0.password());
        } else {
            command = Command::new("mariadb");
            command.args(["--no-defaults", "-NB", "-h", "127.0.0.1", "-P", &port, "-u", &user, "-e", sql]);
            command.arg(format!("-p{}", self.0.password()));
            if !database.is_empty() {
                command.arg(database);
            }
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// The databases that look like scratch ones, by name.
    pub(crate) fn shadows(&self) -> Vec<String> {
        let sql = if self.is_postgres() {
            "SELECT datname FROM pg_database WHERE datname LIKE 'driftlock\\_shadow\\_%' ORDER BY 1"
        } else {
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'driftlock\\_shadow\\_%' ORDER BY 1"
        };
        self.run("", sql)
    }

    /// Waits until so many of them are there.
    pub(crate) async fn comes_to(&self, what: &str, is_so: impl Fn(usize) -> bool) {
        let began = Instant::now();
        while !is_so(self.shadows().len()) {
            assert!(began.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a scratch database that is being made now would be called by.
    pub(crate) fn young_id(&self) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        format!("{now:012x}70008000000000000003")
    }
}
