//! Eight of the service start at once on one empty database: each migration runs once, and all eight serve.
#![allow(clippy::unwrap_used)]

#[path = "../../testing/tests/database/mod.rs"]
mod database;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use database::TestDatabase;
use driftlock::{AuditFilter, Migrations, Migrator};

const REPLICAS: usize = 8;

static MIGRATIONS: Migrations = driftlock::migrations!("migrations");

#[test]
fn eight_replicas_migrate_a_server_once_and_all_serve() {
    let database = TestDatabase::new();
    start_at_once(&database.url);
}

#[test]
fn eight_replicas_migrate_a_file_once_and_all_serve() {
    let folder = tempfile::tempdir().unwrap();
    start_at_once(&format!("sqlite://{}", folder.path().join("notes.db").display()));
}

fn start_at_once(url: &str) {
    // All of them are started before the first is waited for.
    let mut services: Vec<Service> = (0..REPLICAS).map(|_| Service::start(url)).collect();
    let mut applied: Vec<String> = services.iter_mut().flat_map(Service::wait).collect();
    applied.sort();
    let all: Vec<String> = MIGRATIONS.list().iter().map(|it| format!("applied {}_{}", it.version, it.name)).collect();
    assert_eq!(applied, all, "each was applied by one of them");

    for (number, service) in services.iter().enumerate() {
        assert!(service.ask("POST", &format!("note {number}")).starts_with("HTTP/1.1 201"), "{number}");
    }
    for service in &services {
        let listed = service.ask("GET", "");
        assert!(listed.starts_with("HTTP/1.1 200"), "{listed}");
        assert!(listed.contains("the house: hello (1)"), "what a migration adds to was added once: {listed}");
        assert_eq!(listed.matches("a guest: note ").count(), REPLICAS, "{listed}");
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let recorded = runtime.block_on(async {
        let db = driftlock::connect(url).await.unwrap();
        let migrator = Migrator::new(&MIGRATIONS);
        assert_eq!(migrator.status(&db).await.unwrap().pending(), 0);
        let recorded = migrator.audit(&db, &AuditFilter::default()).await.unwrap().attempts.len();
        db.close().await;
        recorded
    });
    assert_eq!(recorded, all.len(), "one attempt each");
}

/// A running service, ended with this.
struct Service {
    process: Child,
    said: BufReader<ChildStdout>,
    address: String,
}

impl Service {
    fn start(url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_example-service"));
        // Nothing of the package is there where it runs.
        command.env("DATABASE_URL", url).current_dir("/").stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        Service { process, said, address: String::new() }
    }

    /// Until it serves. What it applied.
    fn wait(&mut self) -> Vec<String> {
        let mut applied = Vec::new();
        for line in self.said.by_ref().lines().map(Result::unwrap) {
            if let Some(address) = line.strip_prefix("listening on ") {
                address.clone_into(&mut self.address);
                return applied;
            }
            applied.push(line);
        }
        panic!("it ended before it served; what it said is above")
    }

    fn ask(&self, method: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = "HTTP/1.1\r\nhost: notes\r\nconnection: close";
        let request = format!("{method} /notes {head}\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
