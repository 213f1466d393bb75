//! A dump is a migration: of a database that has one of everything, with each usual option, into an empty database; then the
//! next dump of it is the same.

use std::path::{Path, PathBuf};

use crate::client::{OnError, difference, succeed};
use crate::target::{Engine, Target, until};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/samples").join(name)
}

/// A database that is dumped, emptied and made again from its dumps.
struct Subject {
    target: Target,
    /// A user who defines things and isn't there when they are made again.
    definer: String,
}

impl Subject {
    fn new(engine: Engine) -> Self {
        let target = Target::new(engine);
        let definer = format!("nobody_{}", target.database());
        Subject { target, definer }
    }

    fn admin(&self, sql: &str) {
        succeed(&mut self.target.client_command("", sql)).unwrap();
    }

    fn definer_is_there(&self, there: bool) {
        if self.target.engine == Engine::MySql {
            let verb = if there { "CREATE USER IF NOT EXISTS" } else { "DROP USER IF EXISTS" };
            self.admin(&format!("{verb} {}@nowhere", self.definer));
        }
    }

    /// Makes the sample by the client.
    fn fill(&self) {
        let name = match self.target.engine {
            Engine::Postgres => "postgres.sql",
            Engine::MySql => "mysql.sql",
            Engine::Sqlite => "sqlite.sql",
        };
        let text = std::fs::read_to_string(sample(name)).unwrap().replace("nobody", &self.definer);
        let file = self.target.path().join("sample.sql");
        std::fs::write(&file, text).unwrap();
        self.target.load(&file).unwrap();
    }

    /// The database again as if just made.
    fn empty(&self) {
        let name = self.target.database();
        match self.target.engine {
            Engine::Sqlite => {
                for file in ["test.db", "test.db-driftlock"] {
                    // Only the first is always there.
                    let _ = std::fs::remove_file(self.target.path().join(file));
                }
            }
            Engine::Postgres => {
                self.admin(&format!("DROP DATABASE {name} WITH (FORCE)"));
                self.admin(&format!("CREATE DATABASE {name}"));
            }
            Engine::MySql => self.admin(&format!("DROP DATABASE {name}; CREATE DATABASE {name}")),
        }
        for file in std::fs::read_dir(self.target.migrations()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    /// Dumps with these options, one file each; has the client make the database again from them, and then driftlock; and
    /// compares. The client doesn't always bring back all: `--disable-triggers` ends with triggers enabled that weren't.
    fn goes_round(&self, parts: &[&[&str]], compared: &[&str]) -> Result<(), String> {
        self.definer_is_there(true);
        let dumps: Vec<Vec<u8>> = parts.iter().map(|options| self.target.raw_dump(options)).collect();
        self.empty();
        self.definer_is_there(false);
        for (dump, number) in dumps.iter().zip(1..) {
            let file = self.target.path().join(format!("by_client_{number}.sql"));
            std::fs::write(&file, dump).unwrap();
            let loaded = if parts[0].contains(&"--create") {
                // It makes the database itself.
                self.admin(&format!("DROP DATABASE IF EXISTS {}", self.target.database()));
                self.target.load_from("postgres", &file, OnError::Stop)
            } else {
                self.target.load(&file)
            };
            loaded.map_err(|error| format!("the client can't load it: {error}"))?;
        }
        self.definer_is_there(true);
        let wanted = self.target.dump_with(compared);
        self.definer_is_there(false);
        self.empty();
        for (dump, number) in dumps.iter().zip(1..) {
            let name = format!("20260101-{number:06}_shop_dump_v1.up.sql");
            std::fs::write(self.target.migrations().join(name), dump).unwrap();
        }
        let ran = self.target.run(&["up"]);
        self.definer_is_there(true);
        if ran.code == 0 {
            difference(&wanted, &self.target.dump_with(compared)).map_or(Ok(()), Err)
        } else {
            Err(format!("driftlock ends with {}: {}", ran.code, ran.stderr))
        }
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.definer_is_there(false);
    }
}

/// Each case: the options of each file, and those of the dumps that are compared.
fn round(engine: Engine, cases: &[(&[&[&str]], &[&str])]) {
    let subject = Subject::new(engine);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(parts, compared)| {
            subject.definer_is_there(true);
            subject.empty();
            subject.fill();
            Some(format!("{parts:?}: {}", subject.goes_round(parts, compared).err()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

#[test]
fn a_pg_dump_is_a_migration() {
    const WHOLE: &[&str] = &["--create"];
    const SCHEMA: &[&str] = &["--schema-only"];
    round(
        Engine::Postgres,
        &[
            (&[&[]], WHOLE),
            (&[&["--inserts"]], WHOLE),
            (&[&["--column-inserts", "--rows-per-insert=3", "--on-conflict-do-nothing"]], WHOLE),
            (&[&["--clean", "--if-exists"]], WHOLE),
            (&[&["--create"]], WHOLE),
            (&[&["--create", "--clean", "--if-exists"]], WHOLE),
            (&[&["--schema-only"]], SCHEMA),
            (&[&["--schema-only"], &["--data-only", "--disable-triggers"]], WHOLE),
            (&[&["--section=pre-data"], &["--section=data"], &["--section=post-data"]], WHOLE),
            (&[&["--quote-all-identifiers", "--disable-dollar-quoting", "--no-comments"]], &["--no-comments"]),
            (&[&["--no-owner", "--no-privileges", "--verbose"]], &["--no-owner", "--no-privileges"]),
            (&[&["--use-set-session-authorization", "--serializable-deferrable"]], WHOLE),
        ],
    );
}

#[test]
fn a_mariadb_dump_is_a_migration() {
    const WHOLE: &[&str] = &["--routines", "--events", "--triggers", "--hex-blob", "--skip-comments"];
    let all = |options: &[&'static str]| -> Vec<&'static str> {
        ["--routines", "--events", "--triggers"].iter().chain(options).copied().collect()
    };
    let options: Vec<Vec<&'static str>> = [
        &[][..],
        &["--hex-blob", "--dump-date"],
        &["--databases"],
        &["--databases", "--add-drop-database"],
        &["--skip-extended-insert", "--complete-insert", "--hex-blob"],
        &["--skip-opt", "--hex-blob"],
        &[
            "--skip-quote-names",
            "--skip-routines",
            "--skip-events",
            "aria",
            "log",
            "zero",
            "parted",
            "ring_a",
            "ring_b",
        ],
        &["--compatible=ansi", "--skip-events", "--skip-routines", "--hex-blob"],
        &["--single-transaction", "--skip-tz-utc", "--hex-blob"],
        &["--no-autocommit", "--hex-blob"],
        &[
            "--skip-lock-tables",
            "--skip-add-locks",
            "--skip-disable-keys",
            "--skip-set-charset",
            "--hex-blob",
            "--default-character-set=utf8mb4",
        ],
        &[
            "--replace",
            "--add-drop-trigger",
            "--order-by-primary",
            "--skip-routines",
            "--skip-events",
            "aria",
            "zero",
            "ring_a",
        ],
        &["--skip-comments", "--skip-add-drop-table", "--insert-ignore", "--hex-blob"],
    ]
    .into_iter()
    .map(all)
    .collect();
    let mut cases: Vec<(Vec<&[&str]>, &[&str])> = options.iter().map(|options| (vec![&options[..]], WHOLE)).collect();
    cases.push((
        vec![&["--no-data", "--routines", "--events"]],
        &["--no-data", "--routines", "--events", "--skip-comments"],
    ));
    let history: &[&str] = &["--dump-history", "--hex-blob", "--skip-comments", "--routines"];
    cases.push((vec![history], history));
    let cases: Vec<(&[&[&str]], &[&str])> = cases.iter().map(|(parts, compared)| (&parts[..], *compared)).collect();
    round(Engine::MySql, &cases);
}

#[test]
fn a_sqlite3_dump_is_a_migration() {
    round(
        Engine::Sqlite,
        &[(&[&[]], &[]), (&[&["plain", "numbered", "log"], &["keyed"]], &["plain", "numbered", "log", "keyed"])],
    );
}

#[test]
fn a_dump_is_one_transaction_where_the_engine_can() {
    // A large object's own BEGIN and COMMIT would be the script's own way of committing.
    for (engine, options, transactions) in [
        (Engine::Postgres, &["--no-blobs"][..], true),
        (Engine::Postgres, &["--no-blobs", "--inserts", "--clean", "--if-exists"], true),
        (Engine::Postgres, &[], false),
        (Engine::Sqlite, &[], true),
        (Engine::MySql, &["--hex-blob"], false),
    ] {
        let subject = Subject::new(engine);
        let target = &subject.target;
        subject.definer_is_there(true);
        subject.fill();
        let dump = target.raw_dump(options);
        subject.empty();
        std::fs::write(target.file("20260101-000001_shop_dump_v1.up.sql", ""), dump).unwrap();
        target.run(&["up"]).expect(0);
        assert_eq!(target.history("state = 'done'"), "1", "{engine:?} {options:?}");
        assert_eq!(target.history("state = 'started'") == "0", transactions, "{engine:?} {options:?}");
        assert_eq!(
            target.value("SELECT count(*) FROM driftlock_journal") == "0",
            transactions,
            "{engine:?} {options:?}"
        );
    }
}

#[test]
fn a_mariadb_dump_that_is_killed_again_and_again_ends_the_same() {
    let subject = Subject::new(Engine::MySql);
    let target = &subject.target;
    subject.definer_is_there(true);
    subject.empty();
    subject.fill();
    let (dump, wanted) = (target.raw_dump(&["--routines", "--events"]), target.dump());
    subject.empty();
    let file = target.file("20260101-000001_shop_dump_v1.up.sql", "");
    std::fs::write(file, dump).unwrap();
    // Rows of the journal, of which an earlier attempt's are written again with the first of the next.
    let progress = || {
        let sql = "SELECT count(DISTINCT statement) FROM driftlock_journal WHERE state = 'done'";
        let output = target.client_command(target.database(), sql).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<u32>().unwrap_or(0)
    };
    let mut kills = 0;
    for stop in (1..).map(|step| step * 11) {
        let mut child = target.start(&["up", "--lock-wait", "30s"]);
        until("it comes further or to its end", || progress() >= stop || child.try_wait().unwrap().is_some());
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "after {kills} kills: {}", target.run(&["up"]).stderr);
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 3, "it was over too soon to be killed: {kills}");
    assert_eq!(target.history("state = 'done'"), "1");
    assert_eq!(difference(&wanted, &target.dump()), None);
}
