//! The engines' own programs: loading a file, and dumping what came of it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::target::{Engine, Target};

/// A client's or a dump program's answer, where it succeeded.
pub(crate) fn succeed(command: &mut Command) -> Result<Vec<u8>, String> {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    if status.success() { Ok(stdout) } else { Err(String::from_utf8_lossy(&stderr).into_owned()) }
}

/// What the client does with a statement that fails. Going on is what it does of its own accord with a file that psql is given,
/// and so with what an older server doesn't know in a newer dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnError {
    Stop,
    GoOn,
}

impl Target {
    /// Has the engine's own client run a file, as a user would; the first error ends it.
    pub(crate) fn load(&self, file: &Path) -> Result<(), String> {
        self.load_from(self.database(), file, OnError::Stop)
    }

    /// The same, beginning in any database of the server.
    pub(crate) fn load_from(&self, database: &str, file: &Path, on_error: OnError) -> Result<(), String> {
        let mut command = match self.engine {
            Engine::Postgres => {
                let mut command = self.tool("psql", &["-Xq", "-d", database]);
                if on_error == OnError::Stop {
                    command.args(["-v", "ON_ERROR_STOP=1"]);
                }
                command.arg("-f").arg(file);
                command
            }
            Engine::MySql => {
                let mut command =
                    self.tool("mariadb", &["--no-defaults", "--default-character-set=utf8mb4", "--comments"]);
                if on_error == OnError::GoOn {
                    command.arg("--force");
                }
                command.arg(database).stdin(Stdio::from(std::fs::File::open(file).unwrap()));
                command
            }
            Engine::Sqlite => {
                let mut command = self.tool("sqlite3", &["-bail", "-batch"]);
                command.arg(self.path().join("test.db")).stdin(Stdio::from(std::fs::File::open(file).unwrap()));
                command
            }
        };
        succeed(&mut command).map(drop)
    }

    /// The whole database as the engine's own dump program writes it, less driftlock's own tables and what differs between any
    /// two dumps of one database.
    pub(crate) fn dump(&self) -> String {
        match self.engine {
            Engine::Postgres => self.dump_with(&[]),
            Engine::MySql => self.dump_with(&["--routines", "--events", "--triggers", "--hex-blob", "--skip-comments"]),
            Engine::Sqlite => self.dump_with(&[]),
        }
    }

    /// The same, where databases of two names are compared that were made one after the other: they name themselves in some places, and
    /// an event of MySQL's keeps the second in which it was made.
    pub(crate) fn nameless_dump(&self) -> String {
        let dump = self.dump().replace(self.database(), "name");
        if self.engine == Engine::MySql {
            dump.split('\n').map(without_times).collect::<Vec<_>>().join("\n")
        } else {
            dump
        }
    }

    /// The same with options of one's own.
    pub(crate) fn dump_with(&self, options: &[&str]) -> String {
        let bytes = self.raw_dump(options);
        let text = String::from_utf8_lossy(&bytes);
        let is_stable = |line: &&str| {
            !line.starts_with("\\restrict ")
                && !line.starts_with("\\unrestrict ")
                && !line.starts_with("-- Dump completed")
        };
        let mut stable = text.split('\n').filter(is_stable).collect::<Vec<_>>().join("\n");
        if self.engine == Engine::Sqlite {
            // Its pragmas aren't in the dump.
            let settings = "SELECT * FROM pragma_user_version, pragma_application_id, pragma_encoding, pragma_page_size, pragma_auto_vacuum";
            stable.push_str(&self.value(settings));
        }
        stable
    }

    /// What the dump program writes, for a file of migrations.
    pub(crate) fn raw_dump(&self, options: &[&str]) -> Vec<u8> {
        const OWN: [&str; 3] = ["driftlock_history", "driftlock_journal", "driftlock_fence"];
        let mut command = match self.engine {
            Engine::Postgres => {
                let mut command = self.tool("pg_dump", options);
                command.args(OWN.map(|table| format!("--exclude-table=public.{table}")));
                command.args(["-d", self.database()]);
                command
            }
            Engine::MySql => {
                let mut command = self.tool("mariadb-dump", &["--no-defaults"]);
                let (options, tables): (Vec<&str>, Vec<&str>) = options.iter().partition(|word| word.starts_with('-'));
                command.args(options);
                command.args(OWN.map(|table| format!("--ignore-table={}.{table}", self.database())));
                command.arg(self.database()).args(tables);
                command
            }
            Engine::Sqlite => {
                // It can leave nothing out: a copy can.
                let copy = self.path().join("copy.db");
                let drop: String = OWN.iter().map(|table| format!("DROP TABLE IF EXISTS {table}; ")).collect();
                std::fs::copy(self.path().join("test.db"), &copy).unwrap();
                succeed(self.tool("sqlite3", &["-batch"]).arg(&copy).arg(drop)).unwrap();
                let mut command = self.tool("sqlite3", &["-batch"]);
                command.arg(&copy).arg(format!(".dump {}", options.join(" ")));
                command
            }
        };
        succeed(&mut command).unwrap_or_else(|error| panic!("{command:?}\n{error}"))
    }
}

/// The line of a dump that makes an event, without the times of its schedule.
fn without_times(line: &str) -> String {
    let mut line = line.to_owned();
    if line.contains(" EVENT ") && line.contains(" ON SCHEDULE ") {
        for word in [" AT '", " STARTS '", " ENDS '"] {
            if let Some(from) = line.find(word).map(|at| at + word.len())
                && let Some(length) = line[from..].find('\'')
            {
                line.replace_range(from..from + length, "time");
            }
        }
    }
    line
}

#[test]
fn an_event_of_another_second_is_the_same_event() {
    let made =
        |time| format!("CREATE EVENT `e` ON SCHEDULE AT '{time}' ON COMPLETION NOT PRESERVE ENABLE DO SELECT 'AT'");
    assert_eq!(without_times(&made("2026-11-22 10:45:12")), without_times(&made("2026-11-22 10:45:13")));
    assert_ne!(without_times(&made("2026-11-22 10:45:12")), without_times(&made("x").replace("ENABLE", "DISABLE")));
    assert_eq!(without_times("INSERT INTO t VALUES (' STARTS '2')"), "INSERT INTO t VALUES (' STARTS '2')");
}

/// The first lines in which two dumps differ, or nothing.
pub(crate) fn difference(wanted: &str, got: &str) -> Option<String> {
    if wanted == got {
        return None;
    }
    let (wanted, got): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), got.lines().collect());
    let at = wanted.iter().zip(&got).position(|(wanted, got)| wanted != got).unwrap_or(wanted.len().min(got.len()));
    let around = |lines: &[&str]| lines[at.saturating_sub(2).min(lines.len())..lines.len().min(at + 6)].join("\n    ");
    Some(format!("line {}, wanted:\n    {}\n  got:\n    {}", at + 1, around(&wanted), around(&got)))
}
