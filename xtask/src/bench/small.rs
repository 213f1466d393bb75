//! Rows that need no server.

use std::fs;
use std::process::Command;

use super::bed::{Bed, output, write_migrations};
use super::measure::{Judged, Outcome, in_turn, median, time};
use crate::fail::{Context, Result};

/// `manifest verify`, against `sha256sum` of the same files.
pub(super) fn hash(bed: &Bed<'_>, files: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let project = bed.new_path("project");
    write_migrations(&project.join("migrations"), files)?;
    let manifest = |verb: &str| {
        let mut command = bed.driftlock();
        command.current_dir(&project).args(["manifest", verb, "--dir", "migrations"]);
        command
    };
    output(&mut manifest("write"))?;
    let times = in_turn(
        pairs,
        bed.interrupt,
        || time(&mut manifest("verify"), None),
        || {
            let mut command = Command::new("find");
            command.current_dir(&project).args(["migrations", "-name", "*.sql", "-exec", "sha256sum", "{}", "+"]);
            time(&mut command, None)
        },
        Vec::new(),
    )?;
    Ok(Outcome::Times { times, judged: Judged::Medians, bar })
}

/// `--version`, the median of fifty.
pub(super) fn version(bed: &Bed<'_>, bar: f64) -> Result<Outcome> {
    let mut times = Vec::new();
    for _ in 0..50 {
        bed.interrupt.check()?;
        times.push(time(bed.driftlock().arg("--version"), None)?.as_secs_f64() * 1000.0);
    }
    Ok(Outcome::Plain { value: median(times), unit: "ms", bar })
}

/// The binary's size in millions of bytes.
pub(super) fn size(bed: &Bed<'_>, bar: f64) -> Result<Outcome> {
    let bytes = fs::metadata(&bed.binary).context(bed.binary.display())?.len();
    // Exact far beyond any size that a binary has.
    #[allow(clippy::cast_precision_loss)]
    let value = bytes as f64 / 1e6;
    Ok(Outcome::Plain { value, unit: "MB", bar })
}
