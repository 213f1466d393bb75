//! The three engines as the runners meet them: an empty database each time, read back by the engine's own programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::fail::{Context, Failure, Result};
use crate::process::{Interrupt, find_program};
use crate::servers::{Servers, USER};
use crate::setup::Tools;

use crate::install::output_of;

/// An engine that some runner supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    MariaDb,
    Sqlite,
}

impl Engine {
    pub(crate) const ALL: [Engine; 3] = [Engine::Postgres, Engine::MariaDb, Engine::Sqlite];

    /// Its name on the command line, and that of its folders.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Postgres => "postgres",
            Engine::MariaDb => "mariadb",
            Engine::Sqlite => "sqlite",
        }
    }
}

/// The name of every database, so that no recording differs by it.
const NAME: &str = "shop";

/// What all databases are made with.
pub(crate) struct Bed<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) servers: &'a Servers,
    pub(crate) interrupt: &'a Interrupt,
}

/// One database of an engine; there is one at a time.
pub(crate) struct Database<'a> {
    bed: &'a Bed<'a>,
    engine: Engine,
    file: PathBuf,
}

impl<'a> Database<'a> {
    /// A new, empty one in place of the last. SQLite's lies in `folder`.
    pub(crate) fn create(bed: &'a Bed<'a>, engine: Engine, folder: &Path) -> Result<Self> {
        let database = Database { bed, engine, file: folder.join(format!("{NAME}.db")) };
        match engine {
            Engine::Postgres => {
                for statement in [
                    format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"),
                    format!("CREATE DATABASE {NAME} TEMPLATE template0"),
                ] {
                    database.output(bed.servers.psql(bed.tools, "postgres").args(["-c", &statement]))?;
                }
            }
            Engine::MariaDb => {
                let statements =
                    format!("SET foreign_key_checks = 0; CREATE OR REPLACE DATABASE {NAME} CHARACTER SET utf8mb4");
                database.output(bed.servers.mariadb(bed.tools, "").args(["-e", &statements]))?;
            }
            Engine::Sqlite => {
                for end in ["", "-wal", "-shm", "-journal"] {
                    let _ = fs::remove_file(folder.join(format!("{NAME}.db{end}")));
                }
                fs::write(&database.file, "").context(database.file.display())?;
            }
        }
        Ok(database)
    }

    /// `postgres://…`, `mysql://…`, or SQLite's file as a path from the root.
    pub(crate) fn url(&self) -> String {
        match self.engine {
            Engine::Postgres => self.bed.servers.postgres_url(NAME),
            Engine::MariaDb => self.bed.servers.mysql_url(NAME),
            Engine::Sqlite => self.file.display().to_string(),
        }
    }

    /// As Go's driver for MySQL takes it: `user:password@tcp(host:port)/database`.
    pub(crate) fn go_mysql(&self) -> String {
        self.bed.servers.go_mysql(NAME)
    }

    /// As Java takes it: the URL, the user and the password.
    pub(crate) fn jdbc(&self) -> [String; 3] {
        let (scheme, option, (password, port)) = match self.engine {
            Engine::Postgres => ("postgresql", "", self.bed.servers.postgres_login()),
            // The server has no certificate.
            Engine::MariaDb => ("mariadb", "?sslMode=disable", self.bed.servers.mysql_login()),
            Engine::Sqlite => return [format!("jdbc:sqlite:{}", self.file.display()), String::new(), String::new()],
        };
        [format!("jdbc:{scheme}://127.0.0.1:{port}/{NAME}{option}"), USER.to_owned(), password.to_owned()]
    }

    /// Runs statements in the engine's own client; what it prints.
    pub(crate) fn execute(&self, sql: &str) -> Result<String> {
        let Bed { tools, servers, .. } = self.bed;
        match self.engine {
            Engine::Postgres => self.output(servers.psql(tools, NAME).args(["-c", sql])),
            Engine::MariaDb => {
                self.output(servers.mariadb(tools, NAME).args(["--raw", "--default-character-set=utf8mb4", "-e", sql]))
            }
            Engine::Sqlite => self.output(Command::new(&tools.sqlite3).arg("-bail").arg(&self.file).arg(sql)),
        }
    }

    /// The engine's version, without its distribution's.
    pub(crate) fn version(&self) -> Result<String> {
        let version = self.execute(match self.engine {
            Engine::Postgres => "SHOW server_version",
            Engine::MariaDb => "SELECT version()",
            Engine::Sqlite => "SELECT sqlite_version()",
        })?;
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        Ok(version[..end].to_owned())
    }

    /// All rows of a table, each as an object; bytes are hexadecimal digits.
    pub(crate) fn rows(&self, table: &str, order: &str) -> Result<Vec<Value>> {
        let sql = match self.engine {
            Engine::Postgres => format!("SELECT to_json(t) FROM {table} t ORDER BY {order}"),
            Engine::MariaDb => {
                let fields = self.execute(&format!(
                    "SELECT group_concat(concat('''', column_name, ''', ', IF(data_type LIKE '%blob' OR data_type LIKE '%binary', \
                     concat('hex(`', column_name, '`)'), concat('`', column_name, '`'))) ORDER BY ordinal_position) \
                     FROM information_schema.columns WHERE table_schema = database() AND table_name = '{table}'"
                ))?;
                format!("SELECT json_object({}) FROM {table} ORDER BY {order}", fields.trim())
            }
            Engine::Sqlite => {
                let fields = self.execute(&format!(
                    "SELECT group_concat('''' || name || ''', CASE typeof(\"' || name || '\") WHEN ''blob'' THEN hex(\"' || name || '\") \
                     ELSE \"' || name || '\" END') FROM pragma_table_info('{table}')"
                ))?;
                format!("SELECT json_object({}) FROM {table} ORDER BY {order}", fields.trim())
            }
        };
        let lines = self.execute(&sql)?;
        lines.lines().map(|line| serde_json::from_str(line).context(format_args!("{table}: {line}"))).collect()
    }

    /// Everything in it, as a file that the engine's own client loads into an empty database.
    pub(crate) fn dump(&self) -> Result<String> {
        match self.engine {
            Engine::Postgres => {
                let mut command = Command::new(self.bed.tools.postgres_bin.join("pg_dump"));
                command.args(["--no-owner", "--no-privileges", "--column-inserts", "--dbname", &self.url()]);
                self.output(&mut command).map(|dump| without_noise(&dump, is_noise_of_pg_dump))
            }
            Engine::MariaDb => {
                let (password, port) = self.bed.servers.mysql_login();
                let program = find_program("mariadb-dump").ok_or_else(|| {
                    Failure::new("`mariadb-dump` is in no folder of PATH; Debian's package mariadb-client has it")
                })?;
                let mut command = Command::new(program);
                command.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", &format!("--port={port}")]);
                command.args([&format!("--user={USER}"), &format!("--password={password}")]);
                command.args(["--routines", "--hex-blob", "--skip-comments", "--skip-tz-utc", NAME]);
                self.output(&mut command).map(|dump| without_noise(&without_definer(&dump), is_noise_of_mariadb_dump))
            }
            Engine::Sqlite => self.output(Command::new(&self.bed.tools.sqlite3).arg(&self.file).arg(".dump")),
        }
    }

    /// Loads a dump with the engine's own client.
    pub(crate) fn load(&self, file: &Path) -> Result<()> {
        let Bed { tools, servers, .. } = self.bed;
        let loaded = match self.engine {
            Engine::Postgres => self.output(servers.psql(tools, NAME).arg("-f").arg(file)),
            Engine::MariaDb => {
                let source = format!("source {}", file.display());
                self.output(servers.mariadb(tools, NAME).args(["--default-character-set=utf8mb4", "-e", &source]))
            }
            Engine::Sqlite => {
                let read = format!(".read {}", file.display());
                self.output(Command::new(&tools.sqlite3).arg("-bail").arg(&self.file).arg(&read))
            }
        };
        loaded.map(|_| ())
    }

    fn output(&self, command: &mut Command) -> Result<String> {
        output_of(command, self.bed.interrupt)
    }
}

/// Lines that differ from run to run or from version to version, and say nothing of the database.
fn is_noise_of_pg_dump(line: &str) -> bool {
    ["\\restrict ", "\\unrestrict ", "-- Dumped ", "SET transaction_timeout"]
        .iter()
        .any(|start| line.starts_with(start))
}

/// The sandbox mode's line, whose form other versions' clients don't know.
fn is_noise_of_mariadb_dump(line: &str) -> bool {
    line.starts_with("/*!999999") || line.starts_with("/*M!999999")
}

/// Without some lines, and without the runs of empty lines that they leave.
fn without_noise(dump: &str, is_noise: fn(&str) -> bool) -> String {
    let mut text = String::new();
    for line in dump.lines().filter(|line| !is_noise(line)) {
        if !(line.is_empty() && (text.is_empty() || text.ends_with("\n\n"))) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Whoever loads the dump shall be the definer: ours is no user elsewhere.
fn without_definer(dump: &str) -> String {
    dump.replace(&format!("DEFINER=`{USER}`@`%` "), "").replace(&format!("DEFINER=`{USER}`@`%`"), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_only_noise() {
        let dump = "-- PostgreSQL\n\n\\restrict x\n\n-- Dumped by 15\n\nSET a = 1;\n\n\nSELECT 1;\n";
        assert_eq!(without_noise(dump, is_noise_of_pg_dump), "-- PostgreSQL\n\nSET a = 1;\n\nSELECT 1;\n");
        let view = "/*!50013 DEFINER=`driftlock`@`%` SQL SECURITY DEFINER */\n/*!50017 DEFINER=`driftlock`@`%`*/ x";
        assert_eq!(without_definer(view), "/*!50013 SQL SECURITY DEFINER */\n/*!50017 */ x");
    }
}
