//! Runners are installed below the target directory, at the version that their name carries, and never anywhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::fail::{Context, Failure, Result};
use crate::process::{self, Errors, Interrupt, find_program};
use crate::setup::{self, Need};
use crate::workspace::cargo;

/// A build from nothing may take long on a small machine.
const BUILD_DEADLINE: Duration = Duration::from_secs(60 * 60);
const RUN_DEADLINE: Duration = Duration::from_secs(5 * 60);

/// Where runners are kept.
pub(crate) struct Cache<'a> {
    folder: PathBuf,
    interrupt: &'a Interrupt,
}

/// Client libraries that runners in Rust are linked with.
const LIBRARIES: [Need; 4] = [
    Need {
        name: "libpq's headers",
        packages: &["libpq-dev"],
        is_there: || Path::new("/usr/include/postgresql/libpq-fe.h").exists(),
    },
    Need {
        name: "MariaDB's client library under MySQL's name",
        packages: &["libmariadb-dev", "libmariadb-dev-compat"],
        is_there: || find_program("mysql_config").is_some() || find_program("mariadb_config").is_some(),
    },
    Need {
        name: "SQLite's headers",
        packages: &["libsqlite3-dev"],
        is_there: || Path::new("/usr/include/sqlite3.h").exists(),
    },
    Need { name: "pkg-config", packages: &["pkg-config"], is_there: || find_program("pkg-config").is_some() },
];

const NPM: Need = Need { name: "npm", packages: &["npm"], is_there: || find_program("npm").is_some() };

const JAVA: [Need; 2] = [
    Need { name: "Maven", packages: &["maven"], is_there: || find_program("mvn").is_some() },
    Need {
        name: "a Java compiler",
        packages: &["default-jdk-headless"],
        is_there: || find_program("javac").is_some() && find_program("java").is_some(),
    },
];

impl<'a> Cache<'a> {
    pub(crate) fn new(target: &Path, interrupt: &'a Interrupt) -> Self {
        Cache { folder: target.join("oracle"), interrupt }
    }

    /// A crate's program, built without optimisation: it runs for a second, and builds for minutes.
    pub(crate) fn cargo(&self, package: &str, version: &str, features: &str, program: &str) -> Result<PathBuf> {
        // The same version with other features is another program.
        let folder = self.folder.join(format!("{package}-{version}-{}", features.replace(',', "+")));
        self.installed(folder.join("bin").join(program), || {
            setup::ensure(&LIBRARIES)?;
            let mut command = cargo();
            command.args(["install", "--locked", "--debug", "--no-default-features", "--features", features]);
            command.arg("--root").arg(&folder).args(["--version", &format!("={version}"), package]);
            self.build(&mut command)
        })
    }

    /// A program of a Go module.
    pub(crate) fn go(&self, name: &str, version: &str, package: &str, tags: &str) -> Result<PathBuf> {
        let bin = self.folder.join(format!("{name}-{version}/bin"));
        let program = bin.join(package.rsplit('/').next().unwrap_or(package));
        self.installed(program, || {
            let mut command = go()?;
            command.current_dir(&self.folder).env("GOBIN", &bin);
            self.build(command.args(["install", "-tags", tags, &format!("{package}@{version}")]))
        })
    }

    /// The same for a module that doesn't build as it was published: with these versions, each as `module version`.
    pub(crate) fn go_with(&self, name: &str, package: &str, modules: &[&str], version: &str) -> Result<PathBuf> {
        let folder = self.folder.join(format!("{name}-{version}"));
        let program = folder.join("bin").join(name);
        self.installed(program.clone(), || {
            let requires: String = modules.iter().map(|module| format!("require {module}\n")).collect();
            write_if_new(&folder.join("go.mod"), &format!("module oracle\n\ngo 1.21\n\n{requires}"))?;
            let mut command = go()?;
            command.current_dir(&folder).args(["build", "-mod=mod", "-o"]).arg(&program).arg(package);
            self.build(&mut command)
        })
    }

    /// A program of our own in Go that uses a module: made of its source and its `go.mod`.
    pub(crate) fn go_program(&self, name: &str, version: &str, source: &str, modules: &[&str]) -> Result<PathBuf> {
        let folder = self.folder.join(format!("{name}-{version}"));
        let program = folder.join(name);
        write_if_new(&folder.join("main.go"), source)?;
        self.installed_newer(program, &folder.join("main.go"), || {
            let _ = fs::remove_file(folder.join("go.mod"));
            let _ = fs::remove_file(folder.join("go.sum"));
            self.build(go()?.current_dir(&folder).args(["mod", "init", name]))?;
            self.build(go()?.current_dir(&folder).arg("get").args(modules))?;
            self.build(go()?.current_dir(&folder).args(["build", "-o", name, "."]))
        })
    }

    /// A package's program.
    pub(crate) fn npm(&self, package: &str, version: &str) -> Result<PathBuf> {
        let folder = self.folder.join(format!("{package}-{version}"));
        self.installed(folder.join("node_modules/.bin").join(package), || {
            setup::ensure(&[NPM])?;
            let mut command = Command::new("npm");
            command.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
            self.build(command.arg(format!("{package}@{version}")))
        })
    }

    /// A program of our own in Java with its libraries, each as `group:name:version`: the folder that is its class path.
    pub(crate) fn java_program(
        &self,
        name: &str,
        version: &str,
        source: &str,
        libraries: &[String],
    ) -> Result<PathBuf> {
        let folder = self.folder.join(format!("{name}-{version}"));
        let file = folder.join("Main.java");
        write_if_new(&file, source)?;
        self.installed_newer(folder.join("Main.class"), &file, || {
            setup::ensure(&JAVA)?;
            write_if_new(&folder.join("pom.xml"), &pom(libraries))?;
            let jars = format!("-DoutputDirectory={}", folder.display());
            let mut maven = Command::new("mvn");
            maven.current_dir(&folder).args(["-q", "-B", "dependency:copy-dependencies", &jars]);
            self.build(&mut maven)?;
            let mut javac = Command::new("javac");
            javac.current_dir(&folder).args(["-cp", "*", "Main.java"]);
            self.build(&mut javac)
        })?;
        Ok(folder)
    }

    fn installed(&self, program: PathBuf, install: impl FnOnce() -> Result<()>) -> Result<PathBuf> {
        if !program.exists() {
            fs::create_dir_all(&self.folder).context(self.folder.display())?;
            eprintln!("installing {} …", process::file_name(&program.to_string_lossy()));
            install()?;
        }
        match program.exists() {
            true => Ok(program),
            false => Err(Failure::new(format!("{} was not made by its installation", program.display()))),
        }
    }

    fn installed_newer(
        &self,
        program: PathBuf,
        source: &Path,
        install: impl FnOnce() -> Result<()>,
    ) -> Result<PathBuf> {
        let time = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
        if time(&program) < time(source) {
            let _ = fs::remove_file(&program);
        }
        self.installed(program, install)
    }

    fn build(&self, command: &mut Command) -> Result<()> {
        finish(command, BUILD_DEADLINE, self.interrupt).map(|_| ())
    }
}

fn go() -> Result<Command> {
    // Debian's is older than what the runners ask for.
    let found =
        find_program("go").or_else(|| Some("/usr/local/go/bin/go".into()).filter(|file: &PathBuf| file.exists()));
    found
        .map(Command::new)
        .ok_or_else(|| Failure::new("Go (1.25 or newer) is in no folder of PATH: install it yourself"))
}

/// Only the names of what is wanted: where it comes from is Maven's own setting.
fn pom(libraries: &[String]) -> String {
    let mut text =
        "<project><modelVersion>4.0.0</modelVersion><groupId>driftlock</groupId><artifactId>oracle</artifactId>\
                    <version>1</version><dependencies>\n"
            .to_owned();
    for library in libraries {
        let mut parts = library.split(':');
        text.push_str("<dependency>");
        for element in ["groupId", "artifactId", "version"] {
            text.push_str(&format!("<{element}>{}</{element}>", parts.next().unwrap_or_default()));
        }
        text.push_str("</dependency>\n");
    }
    text + "</dependencies></project>\n"
}

fn write_if_new(file: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(file).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).and_then(|()| fs::write(file, text)).context(file.display())
}

/// What a program prints; an error with all of it where it fails.
pub(crate) fn output_of(command: &mut Command, interrupt: &Interrupt) -> Result<String> {
    finish(command, RUN_DEADLINE, interrupt)
}

/// What a program prints that has to fail.
pub(crate) fn failure_of(command: &mut Command, interrupt: &Interrupt) -> Result<String> {
    let finished = process::run(command, Errors::WithOutput, RUN_DEADLINE, interrupt)?;
    match finished.status.success() || finished.timed_out {
        false => Ok(finished.output),
        true => Err(Failure::new(format!("{command:?} should have failed:\n{}", finished.output))),
    }
}

fn finish(command: &mut Command, deadline: Duration, interrupt: &Interrupt) -> Result<String> {
    let finished = process::run(command, Errors::WithOutput, deadline, interrupt)?;
    match finished.status.success() {
        true => Ok(finished.output),
        false => Err(Failure::new(format!("{command:?} ended with {}:\n{}", finished.status, finished.output))),
    }
}
