//! One file for each construct, in `corpus/<dialect>`: the client runs it into one database and driftlock into another,
//! then both are the same.

use std::path::{Path, PathBuf};

use crate::client::difference;
use crate::target::{Engine, Target};

/// Where a file went differently, if it did.
pub(crate) fn judge(engine: Engine, file: &Path) -> Result<(), String> {
    let (by_client, by_us) = (Target::new(engine), Target::new(engine));
    by_client.load(file).map_err(|error| format!("the client can't run it: {error}"))?;
    std::fs::copy(file, by_us.migrations().join("20260101-000001_corpus_file_v1.up.sql")).unwrap();
    let ran = by_us.run(&["up"]);
    if ran.code != 0 {
        return Err(format!("driftlock ends with {}: {}", ran.code, ran.stderr));
    }
    difference(&by_client.dump(), &by_us.dump()).map_or(Ok(()), Err)
}

fn corpus(engine: Engine, folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/corpus").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5, "the corpus is gone: {}", folder.display());
    let wrong: Vec<String> =
        files.iter().filter_map(|file| Some(format!("{}: {}", file.display(), judge(engine, file).err()?))).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n\n"));
}

#[test]
fn psql_and_driftlock_make_the_same_of_every_construct() {
    corpus(Engine::Postgres, "postgres");
}

#[test]
fn mariadb_and_driftlock_make_the_same_of_every_construct() {
    corpus(Engine::MySql, "mysql");
}

#[test]
fn sqlite3_and_driftlock_make_the_same_of_every_construct() {
    corpus(Engine::Sqlite, "sqlite");
}
