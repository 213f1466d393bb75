//! One file for each construct, in `corpus/<dialect>`, and for each version of a dump program, in `versions/<dialect>`: the client runs it into one database and driftlock into another,
//! then both are the same.

use std::path::{Path, PathBuf};

use crate::client::{OnError, difference};
use crate::target::{Engine, Target};

/// Where a file went differently, if it did.
fn judge(engine: Engine, file: &Path, on_error: OnError) -> Result<(), String> {
    let (by_client, by_us) = (Target::new(engine), Target::new(engine));
    let loaded = by_client.load_from(by_client.database(), file, on_error);
    loaded.map_err(|error| format!("the client can't run it: {error}"))?;
    std::fs::copy(file, by_us.migrations().join("20260101-000001_corpus_file_v1.up.sql")).unwrap();
    let ran = by_us.run(&["up"]);
    if ran.code != 0 {
        return Err(format!("driftlock ends with {}: {}", ran.code, ran.stderr));
    }
    difference(&by_client.nameless_dump(), &by_us.nameless_dump()).map_or(Ok(()), Err)
}

fn all_of(engine: Engine, folder: &str, on_error: OnError) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 1, "the corpus is gone: {}", folder.display());
    let wrong: Vec<String> = files
        .iter()
        .filter_map(|file| Some(format!("{}: {}", file.display(), judge(engine, file, on_error).err()?)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n\n"));
}

#[test]
fn psql_and_driftlock_make_the_same_of_every_construct() {
    all_of(Engine::Postgres, "corpus/postgres", OnError::Stop);
}

#[test]
fn mariadb_and_driftlock_make_the_same_of_every_construct() {
    all_of(Engine::MySql, "corpus/mysql", OnError::Stop);
}

#[test]
fn sqlite3_and_driftlock_make_the_same_of_every_construct() {
    all_of(Engine::Sqlite, "corpus/sqlite", OnError::Stop);
}

#[test]
fn dumps_of_other_versions_of_postgresql() {
    all_of(Engine::Postgres, "versions/postgres", OnError::GoOn);
}

#[test]
fn dumps_of_other_versions_of_mysql_and_mariadb() {
    all_of(Engine::MySql, "versions/mysql", OnError::GoOn);
}

#[test]
fn dumps_of_other_versions_of_sqlite() {
    all_of(Engine::Sqlite, "versions/sqlite", OnError::GoOn);
}
