//! The row of a warm rebuild: a program that carries its migrations, after one of them was touched, against the same program without.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::bed::{Bed, write_migrations};
use super::measure::{Judged, Outcome, in_turn, time};
use crate::fail::{Context, Result};
use crate::workspace::{Workspace, cargo};

/// What the program does with its migrations: enough that they are in it.
const WITH: &str = r#"
static MIGRATIONS: driftlock::Migrations = driftlock::migrations!("migrations");

fn main() {
    println!("{}", MIGRATIONS.list().len());
}
"#;

const WITHOUT: &str = r#"
fn main() {
    println!("{:?}", driftlock::Layout::Driftlock);
}
"#;

const BUILD: &str = "fn main() {\n    println!(\"cargo::rerun-if-changed=migrations\");\n}\n";

/// Both programs are debug builds, and only what is touched is compiled again: a migration here, the program itself there.
pub(super) fn rebuild(bed: &Bed<'_>, workspace: &Workspace, files: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let (with, without) = (bed.new_path("with"), bed.new_path("without"));
    let names = write_migrations(&with.join("migrations"), files)?;
    for (folder, program) in [(&with, WITH), (&without, WITHOUT)] {
        write(workspace, folder, program)?;
    }
    write_file(&with.join("build.rs"), BUILD)?;
    let migration = fs::read_dir(with.join("migrations")).context(with.display())?.nth(names.len() / 2);
    let migration = migration.transpose().context(with.display())?.map_or(with.join("build.rs"), |entry| entry.path());

    let target = bed.new_path("target");
    let build = |folder: &Path, touched: &Path| {
        let file = File::options().append(true).open(touched).context(touched.display())?;
        file.set_modified(SystemTime::now()).context(touched.display())?;
        let mut command = cargo();
        command.current_dir(folder).env("CARGO_TARGET_DIR", &target).args(["build", "--quiet", "--offline"]);
        time(&mut command, None)
    };
    let main = without.join("src/main.rs");
    // The library itself is compiled before.
    let first: [(&Path, &Path); 2] = [(&with, &migration), (&without, &main)];
    for (folder, touched) in first {
        build(folder, touched)?;
    }
    let ours = || -> Result<Duration> { build(&with, &migration) };
    let theirs = || -> Result<Duration> { build(&without, &main) };
    let times = in_turn(pairs, bed.interrupt, ours, theirs, Vec::new())?;
    Ok(Outcome::Times { times, judged: Judged::Medians, bar })
}

fn write(workspace: &Workspace, folder: &Path, program: &str) -> Result<()> {
    let library = workspace.root.join("crates/driftlock");
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let manifest = format!(
        "[package]\nname = \"bench-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         driftlock = {{ path = '{}', default-features = false, features = [\"macros\"] }}\n",
        library.display()
    );
    write_file(&folder.join("Cargo.toml"), &manifest)?;
    write_file(&folder.join("src/main.rs"), program)?;
    // The same versions.
    let lock: PathBuf = folder.join("Cargo.lock");
    fs::copy(workspace.root.join("Cargo.lock"), &lock).context(lock.display())?;
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context(folder.display())?;
    }
    fs::write(path, text).context(path.display())
}
