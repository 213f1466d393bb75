//! A small program of its own, that is compiled by cargo.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// A package in a temporary folder. All of them share one target directory, in which driftlock is compiled once.
pub(crate) struct App {
    folder: tempfile::TempDir,
    name: String,
}

/// The line that every program of this kind has.
pub(crate) const BUILD: &str = "fn main() {\n    println!(\"cargo::rerun-if-changed=migrations\");\n}\n";

/// Prints what it carries: layout, and each file with what is in it.
pub(crate) const MAIN: &str = r#"
static MIGRATIONS: driftlock::Migrations = driftlock::migrations!("migrations");

fn main() {
    MIGRATIONS.check().expect("they can be read");
    for migration in MIGRATIONS.list() {
        println!("{} {}", MIGRATIONS.display(&migration.up), MIGRATIONS.text(&migration.up).expect("it is text").trim());
    }
}
"#;

impl App {
    /// With a build script, a program, and no migrations.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("app{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let app = App { folder: tempfile::tempdir().unwrap(), name };
        let workspace = workspace();
        let library = workspace.join("crates/driftlock");
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             driftlock = {{ path = '{}', default-features = false, features = [\"macros\"] }}\n\n[profile.dev]\ndebug = false\n",
            app.name,
            library.display()
        );
        app.write("Cargo.toml", &manifest);
        // The same versions.
        std::fs::copy(workspace.join("Cargo.lock"), app.path("Cargo.lock")).unwrap();
        app.write("build.rs", BUILD);
        app.write("src/main.rs", MAIN);
        std::fs::create_dir(app.path("migrations")).unwrap();
        app
    }

    /// With another dependency, as a line of its manifest.
    pub(crate) fn depend_on(&self, line: &str) {
        let manifest = std::fs::read_to_string(self.path("Cargo.toml")).unwrap();
        self.write("Cargo.toml", &manifest.replace("[dependencies]\n", &format!("[dependencies]\n{line}\n")));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Copies a folder's files over its own.
    pub(crate) fn copy(&self, from: &Path) {
        copy(from, self.folder.path());
    }

    /// Compiles and runs it: what it prints.
    pub(crate) fn run(&self) -> String {
        let output = self.cargo(&["run", "--quiet"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs what was compiled last, whatever became of the files since.
    pub(crate) fn run_as_it_is(&self) -> String {
        let program = target().join("debug").join(&self.name).with_extension(std::env::consts::EXE_EXTENSION);
        let output = Command::new(program).current_dir("/").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether cargo finds something to compile.
    pub(crate) fn is_compiled_again(&self) -> bool {
        let output = self.cargo(&["build", "--message-format=json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let is_app = |message: &Value| {
            message["reason"] == "compiler-artifact" && message["target"]["name"] == self.name.as_str()
        };
        let messages = messages(&output);
        let message = messages.iter().find(|message| is_app(message)).expect("cargo says what became of the program");
        message["fresh"] == false
    }

    /// The compiler's errors, each as its place in the program and its text.
    pub(crate) fn errors(&self) -> Vec<String> {
        let output = self.cargo(&["check", "--message-format=json"]);
        let mut errors = Vec::new();
        for report in messages(&output) {
            let message = &report["message"];
            let Some(mut span) = message["spans"].get(0).filter(|_| message["level"] == "error") else { continue };
            assert_eq!(
                report["target"]["src_path"].as_str().map(Path::new),
                Some(&*self.path("src/main.rs")),
                "{message}"
            );
            // To the place in the program, out of the macro's own.
            while let Some(outer) = span["expansion"].get("span").filter(|_| span["file_name"] != "src/main.rs") {
                span = outer;
            }
            let text = message["message"].as_str().unwrap().trim_end();
            errors.push(format!("{}:{}: {text}", span["file_name"].as_str().unwrap(), span["line_start"]));
        }
        assert_eq!(output.status.success(), errors.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        errors
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(self.folder.path()).args(arguments).arg("--offline");
        command.env("CARGO_TARGET_DIR", target());
        // What cargo told the test about its own package.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION", "OUT_DIR"] {
            command.env_remove(name);
        }
        command.output().unwrap()
    }
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("embedding")
}

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn messages(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}
