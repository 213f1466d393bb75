//! The row of the cold build: all of driftlock against a small program of the three drivers alone.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::measure::{Judged, Outcome, Times};
use crate::fail::{Context, Failure, Result};
use crate::process::{self, Errors, Interrupt};
use crate::workspace::{Workspace, cargo};

/// What the small program does with the drivers: enough that none of them is optimised away.
const PROGRAM: &str = r#"
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).unwrap_or_default();
    if url.starts_with("postgres:") {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("connect");
        tokio::spawn(connection);
        println!("{:?}", client.simple_query("select 1").await.expect("query").len());
    } else if url.starts_with("mysql:") {
        use mysql_async::prelude::Queryable;
        let mut client = mysql_async::Conn::from_url(&url).await.expect("connect");
        println!("{:?}", client.query_first::<i64, _>("select 1").await.expect("query"));
    } else {
        let client = rusqlite::Connection::open(&url).expect("open");
        println!("{:?}", client.query_row("select 1", [], |row| row.get::<_, i64>(0)).expect("query"));
    }
}
"#;

/// One build of each, ours first: minutes, so there are no pairs to take a median of.
pub(super) fn build(workspace: &Workspace, bar: f64, interrupt: &Interrupt) -> Result<Outcome> {
    let folder = tempfile::Builder::new().prefix("driftlock-cold-").tempdir().context("no temporary directory")?;
    let program = folder.path().join("drivers");
    let manifest = workspace.root.join("Cargo.toml");
    let manifest = fs::read_to_string(&manifest).context(manifest.display())?;
    fs::create_dir_all(program.join("src")).context(program.display())?;
    fs::write(program.join("Cargo.toml"), manifest_of_drivers(&manifest)?).context(program.display())?;
    fs::write(program.join("src/main.rs"), PROGRAM).context(program.display())?;
    // The same versions.
    fs::copy(workspace.root.join("Cargo.lock"), program.join("Cargo.lock")).context("Cargo.lock")?;

    let mut fetch = cargo();
    fetch.current_dir(&program).args(["fetch", "--quiet"]);
    finish(&mut fetch, interrupt)?;
    let ours = timed(&workspace.root, &["--package", "driftlock-cli"], &folder.path().join("ours"), interrupt)?;
    let theirs = timed(&program, &[], &folder.path().join("theirs"), interrupt)?;
    Ok(Outcome::Times {
        times: Times { ours: vec![ours], theirs: vec![theirs], peers: Vec::new() },
        judged: Judged::Medians,
        bar,
    })
}

fn timed(folder: &Path, arguments: &[&str], target: &Path, interrupt: &Interrupt) -> Result<Duration> {
    let mut command = cargo();
    command.current_dir(folder).env("CARGO_TARGET_DIR", target);
    command.args(["build", "--release", "--quiet", "--offline"]).args(arguments);
    let start = Instant::now();
    finish(&mut command, interrupt)?;
    Ok(start.elapsed())
}

fn finish(command: &mut Command, interrupt: &Interrupt) -> Result<()> {
    let finished = process::run(command, Errors::WithOutput, Duration::from_secs(60 * 60), interrupt)?;
    if finished.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("a cold build failed:\n{}", finished.output.trim())))
}

/// The manifest of a program with our drivers, our features of them and our profile.
fn manifest_of_drivers(ours: &str) -> Result<String> {
    let section = |name: &str| {
        let rest = ours.split_once(&format!("\n{name}\n")).map(|(_, rest)| rest);
        let body = rest.map(|rest| rest.split_once("\n[").map_or(rest, |(body, _)| body));
        body.ok_or_else(|| Failure::new(format!("Cargo.toml has no section {name}")))
    };
    let dependencies = section("[workspace.dependencies]")?;
    let mut lines = String::new();
    for name in ["mysql_async", "tokio", "tokio-postgres", "rusqlite"] {
        let line = dependencies.lines().find(|line| line.split(['=', ' ']).next() == Some(name));
        let line = line.ok_or_else(|| Failure::new(format!("Cargo.toml's workspace has no dependency {name}")))?;
        let line = match name {
            // As the command line tool has it: SQLite's own source.
            "rusqlite" => line.replacen("features = [", "features = [\"bundled\", ", 1),
            _ => line.to_owned(),
        };
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(format!(
        "[package]\nname = \"drivers\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{lines}\n[profile.release]\n{}\n",
        section("[profile.release]")?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_are_ours_with_our_profile() {
        let ours = Workspace::load().unwrap().root.join("Cargo.toml");
        let manifest = manifest_of_drivers(&fs::read_to_string(ours).unwrap()).unwrap();
        for part in ["\nmysql_async = {", "\ntokio = {", "\ntokio-postgres = ", "\"bundled\"", "lto = ", "strip = "] {
            assert!(manifest.contains(part), "{part} in:\n{manifest}");
        }
        assert!(!manifest.contains("clap"), "{manifest}");
    }
}
