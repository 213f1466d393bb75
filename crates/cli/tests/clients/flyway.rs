//! The scripts of Flyway's own tests, where they are at hand: beside the checkout, or where `DRIFTLOCK_CONFORMANCE` says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::client::difference;
use crate::target::{Engine, Target};

fn scripts() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("DRIFTLOCK_CONFORMANCE").map_or_else(beside, PathBuf::from);
    Some(folder.join("runners/flyway_dialect_scripts.jsonl")).filter(|file| file.exists())
}

/// Runs the scripts of a folder in order, by the client and by driftlock.
fn judge(engine: Engine, scripts: &[String]) -> Result<(), String> {
    let (by_client, by_us) = (Target::new(engine), Target::new(engine));
    for (script, number) in scripts.iter().zip(1..) {
        by_us.migration(number, script);
        let file = by_client.path().join("script.sql");
        std::fs::write(&file, script).unwrap();
        if by_client.load(&file).is_err() {
            // It has an error that is meant: then driftlock has it too.
            let code = by_us.run(&["up"]).code;
            return if code == 1 {
                Ok(())
            } else {
                Err(format!("the client refuses it, and driftlock ends with {code}"))
            };
        }
    }
    let ran = by_us.run(&["up"]);
    if ran.code != 0 {
        return Err(format!("driftlock ends with {}: {}", ran.code, ran.stderr));
    }
    difference(&by_client.nameless_dump(), &by_us.nameless_dump()).map_or(Ok(()), Err)
}

#[test]
fn flyways_scripts_make_what_the_client_makes() {
    let Some(file) = scripts() else {
        println!("Flyway's scripts are not at hand: nothing was run");
        return;
    };
    let mut folders: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        let file = text("file");
        let folder = Path::new(&file).parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        folders.entry((text("db"), folder)).or_default().push(text("input"));
    }
    let mut wrong = Vec::new();
    for ((db, folder), scripts) in &folders {
        let engine = match db.as_str() {
            "postgresql" => Engine::Postgres,
            "mysql" => Engine::MySql,
            _ => Engine::Sqlite,
        };
        if let Err(why) = judge(engine, scripts) {
            wrong.push(format!("{db}/{folder}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), folders.len(), wrong.join("\n\n"));
}
