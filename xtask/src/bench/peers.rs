//! Other runners beside us: the same statements, each in its own kind of files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bed::{Bed, Database};
use super::measure::{Work, time};
use super::migrate::Engine;
use crate::fail::{Context, Failure, Result};
use crate::install::Cache;
use crate::oracle;

/// A runner that is installed.
pub(super) struct Peer {
    pub(super) kind: &'static Kind,
    pub(super) version: &'static str,
    program: PathBuf,
}

/// What is particular about a runner.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// The name of a file, of a version of digits and a name.
    file: fn(&str, &str) -> String,
    /// What stands before the statement.
    head: &'static str,
    /// What stands behind it.
    tail: &'static str,
    /// Migrates a database by the files of a folder.
    migrate: fn(Command, &Database<'_, '_>, &Path) -> Command,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "dbmate",
        file: |version, name| format!("{version}_{name}.sql"),
        head: "-- migrate:up\n",
        tail: "-- migrate:down\n",
        migrate: |mut command, database, folder| {
            let url = match database.engine {
                Engine::Postgres => format!("{}?sslmode=disable", database.url()),
                Engine::MariaDb => database.url(),
                Engine::Sqlite => format!("sqlite:{}", database.file().display()),
            };
            command.args(["--no-dump-schema", "--url", &url, "--migrations-dir"]).arg(folder).arg("migrate");
            command
        },
    },
    Kind {
        name: "golang-migrate",
        file: |version, name| format!("{version}_{name}.up.sql"),
        head: "",
        tail: "",
        migrate: |mut command, database, folder| {
            let url = match database.engine {
                Engine::Postgres => format!("{}?sslmode=disable", database.url()),
                Engine::MariaDb => format!("mysql://{}", database.go_mysql()),
                Engine::Sqlite => format!("sqlite://{}", database.file().display()),
            };
            command.args(["-database", &url, "-path"]).arg(folder).arg("up");
            command
        },
    },
    Kind {
        name: "goose",
        file: |version, name| format!("{version}_{name}.sql"),
        head: "-- +goose Up\n",
        tail: "",
        migrate: |mut command, database, folder| {
            let (driver, url) = match database.engine {
                Engine::Postgres => ("postgres", format!("{}?sslmode=disable", database.url())),
                Engine::MariaDb => ("mysql", format!("{}?parseTime=true", database.go_mysql())),
                Engine::Sqlite => ("sqlite3", database.file().display().to_string()),
            };
            command.arg("-dir").arg(folder).args([driver, &url, "up"]);
            command
        },
    },
];

/// Those that can be had here, installed below the target directory, and why the others can't.
pub(super) fn install(cache: &Cache<'_>) -> (Vec<Peer>, Vec<String>) {
    let mut missing = Vec::new();
    let installed = KINDS.iter().filter_map(|kind| match oracle::runner(kind.name, cache) {
        Ok((program, version)) => Some(Peer { kind, version, program: itself(program) }),
        Err(failure) => {
            missing.push(format!("{} is not beside us: {failure}", kind.name));
            None
        }
    });
    let installed = installed.collect();
    (installed, missing)
}

/// A package's program may be a script that starts the real one, which costs more than the work.
fn itself(program: PathBuf) -> PathBuf {
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let package = format!("../@dbmate/{system}-{processor}/bin/dbmate");
    program.parent().map(|folder| folder.join(package)).filter(|real| real.exists()).unwrap_or(program)
}

impl Peer {
    /// Writes the statements as this runner's files.
    fn write(&self, folder: &Path, statements: &[String]) -> Result<()> {
        fs::create_dir_all(folder).context(folder.display())?;
        for (number, statement) in statements.iter().enumerate() {
            let version = super::bed::version(number).replace('-', "");
            let file = folder.join((self.kind.file)(&version, &format!("bench_create_{number:05}")));
            fs::write(&file, format!("{}{statement};\n{}", self.kind.head, self.kind.tail)).context(file.display())?;
        }
        Ok(())
    }

    fn migrate(&self, database: &Database<'_, '_>, folder: &Path) -> Command {
        (self.kind.migrate)(Command::new(&self.program), database, folder)
    }
}

/// `up` where nothing is to be done, by each peer.
pub(super) fn idle<'a>(
    bed: &'a Bed<'_>,
    engine: Engine,
    statements: &[String],
) -> Result<Vec<(&'static str, Work<'a>)>> {
    works(bed, statements, |peer, folder| {
        let database = bed.database(engine)?;
        time(&mut peer.migrate(&database, &folder), None)?;
        check(&database, statements.len())?;
        Ok(Box::new(move || time(&mut peer.migrate(&database, &folder), None)))
    })
}

/// `up` into a new database, by each peer.
pub(super) fn fresh<'a>(
    bed: &'a Bed<'_>,
    engine: Engine,
    statements: &[String],
) -> Result<Vec<(&'static str, Work<'a>)>> {
    let files = statements.len();
    works(bed, statements, |peer, folder| {
        Ok(Box::new(move || {
            let database = bed.database(engine)?;
            let elapsed = time(&mut peer.migrate(&database, &folder), None)?;
            check(&database, files)?;
            Ok(elapsed)
        }))
    })
}

fn works<'a>(
    bed: &'a Bed<'_>,
    statements: &[String],
    work: impl Fn(&'a Peer, PathBuf) -> Result<Work<'a>>,
) -> Result<Vec<(&'static str, Work<'a>)>> {
    let mut works: Vec<(&'static str, Work<'a>)> = Vec::new();
    for peer in &bed.peers {
        bed.interrupt.check()?;
        let folder = bed.new_path(peer.kind.name);
        peer.write(&folder, statements)?;
        // One that can't is told in its own place, by its first turn.
        let done = work(peer, folder).unwrap_or_else(|failure| {
            let mut failure = Some(failure);
            Box::new(move || Err(failure.take().unwrap_or_else(|| Failure::new("it failed before"))))
        });
        works.push((peer.kind.name, done));
    }
    Ok(works)
}

/// The last table is there, so all are.
fn check(database: &Database<'_, '_>, files: usize) -> Result<()> {
    let count = database.answer(&format!("select count(*) from bench_{:05}", files - 1))?;
    if count == "0" { Ok(()) } else { Err(Failure::new(format!("the last table holds {count} rows"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runner_gets_the_same_statements_in_its_own_files() {
        let folder = tempfile::tempdir().unwrap();
        let statements = ["CREATE TABLE a (b integer)".to_owned(), "CREATE TABLE c (d integer)".to_owned()];
        for kind in &KINDS {
            let peer = Peer { kind, version: "1", program: PathBuf::new() };
            let files = folder.path().join(kind.name);
            peer.write(&files, &statements).unwrap();
            let mut names: Vec<_> = fs::read_dir(&files).unwrap().map(|it| it.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names.len(), 2, "{}", kind.name);
            assert!(names[1].to_string_lossy().starts_with("20240101000001_bench_create_00001."), "{names:?}");
            let text = fs::read_to_string(files.join(&names[1])).unwrap();
            assert_eq!(text, format!("{}CREATE TABLE c (d integer);\n{}", kind.head, kind.tail));
        }
    }
}
