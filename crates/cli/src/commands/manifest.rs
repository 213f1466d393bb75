//! `driftlock manifest`

use clap::{Args, Subcommand};
use driftlock::script::{ATLAS_SUM, AtlasSum, Directory, FilesError, LoadError, MANIFEST};
use driftlock::{Config, Files, Kind, Manifest};
use serde_json::json;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::setup::configure;

/// Write or verify the SHA-256 of every migration file
///
/// It is .migrations/manifest.json beside driftlock.toml; `write` writes the atlas.sum of Atlas's directories too. `verify`
/// ends with 6 when a file and its line differ.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock manifest write
  driftlock manifest verify")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write it anew, from the files as they are
    #[command(after_help = "\
Example:
  driftlock manifest write && git add .migrations")]
    Write,
    /// Hold every file against it
    #[command(after_help = "\
Example:
  driftlock manifest verify || echo 'a file was edited'")]
    Verify,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<Done, CommandError> {
    let config = configure(global)?;
    let places = config.directories();
    let directories: Vec<Directory> =
        places.iter().map(|place| Directory::new(&place.path).shown_as(&place.shown)).collect();
    let directories: Vec<&Directory> = directories.iter().collect();
    match arguments.action {
        Action::Write => write(&config, &directories, output),
        Action::Verify => verify(&config, &directories, output),
    }
}

fn write(config: &Config, directories: &[&Directory], output: &Output) -> Result<Done, CommandError> {
    let manifest = Manifest::of(config.root(), directories)?;
    manifest.write(config.root())?;
    let sums = write_atlas_sums(directories)?;
    let files = manifest.entries().count();
    if output.is_json() {
        output.json(&json!({ "manifest": MANIFEST, "files": files, "atlas_sums": sums }));
    } else {
        output.data(&format!("{MANIFEST}: {}", count(files, "file")));
        sums.iter().for_each(|sum| output.data(sum));
    }
    Ok(Done::Well)
}

/// Writes the `atlas.sum` anew of each directory that has one, so that nobody needs Atlas for it.
fn write_atlas_sums(directories: &[&Directory]) -> Result<Vec<String>, CommandError> {
    let with_sum = directories.iter().filter(|directory| directory.exists(ATLAS_SUM));
    let write = |directory: &&Directory| {
        let shown = directory.display(ATLAS_SUM);
        std::fs::write(directory.path().join(ATLAS_SUM), AtlasSum::read(*directory)?.to_string())
            .map_err(|error| FilesError { path: shown.clone(), reason: error.to_string() })?;
        Ok(shown)
    };
    with_sum.map(write).collect::<Result<_, FilesError>>().map_err(|error| LoadError::from(error).into())
}

fn verify(config: &Config, directories: &[&Directory], output: &Output) -> Result<Done, CommandError> {
    let Some(manifest) = Manifest::read(config.root())? else {
        return Err(CommandError::new(
            Kind::Integrity,
            "DL0406",
            format!("there is no manifest ({MANIFEST}) to verify"),
        )
        .hint("`driftlock manifest write` writes one; commit it beside the migrations"));
    };
    let files = manifest.entries().count();
    let differences = manifest.compare(config.root(), directories)?;
    if output.is_json() {
        let listed: Vec<_> = differences
            .iter()
            .map(|(file, difference)| json!({ "file": file, "difference": difference.as_str() }))
            .collect();
        output.json(&json!({ "manifest": MANIFEST, "files": files, "differences": listed }));
    } else {
        for (file, difference) in &differences {
            output.data(&format!("{file}: {difference}"));
        }
        if differences.is_empty() && !output.quiet {
            output.data(&format!("{MANIFEST}: {} verified", count(files, "file")));
        }
    }
    if differences.is_empty() {
        return Ok(Done::Well);
    }
    output.tell(&format!(
        "{} between the files and {MANIFEST}: restore the files from git, or, if the change is meant, `driftlock manifest write`",
        count(differences.len(), "difference")
    ));
    Ok(Done::Disagreeing)
}
