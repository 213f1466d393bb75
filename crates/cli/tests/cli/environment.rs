//! A folder, a home and an environment that know nothing of the machine that runs the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "../attacks/canary.rs"]
pub(crate) mod canary;

use canary::Log;

pub(crate) struct TestEnvironment {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    log: Log,
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl TestEnvironment {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "project"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        TestEnvironment { folder, variables: Vec::new(), log: Log::new() }
    }

    /// A project on SQLite with a customer and an order table.
    pub(crate) fn with_two_migrations() -> Self {
        let it = Self::new();
        it.write("driftlock.toml", "[env.dev]\nurl = \"sqlite://shop.db\"\n");
        it.migration(
            "20240108-090000_customer_create_v1",
            "CREATE TABLE customer (id integer PRIMARY KEY);\n",
            "DROP TABLE customer;\n",
        );
        it.migration(
            "20240122-093000_order_create_v1",
            "CREATE TABLE orders (id integer PRIMARY KEY);\n\nCREATE INDEX orders_by_id ON orders (id);\n",
            "DROP TABLE orders;\n",
        );
        it
    }

    /// A copy of `examples/shop`.
    pub(crate) fn with_the_example() -> Self {
        fn copy(from: &Path, to: &Path) {
            std::fs::create_dir_all(to).unwrap();
            for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
                let target = to.join(entry.file_name());
                if entry.file_type().unwrap().is_dir() {
                    copy(&entry.path(), &target);
                } else if !entry.file_name().to_string_lossy().starts_with("shop.db") {
                    std::fs::copy(entry.path(), &target).unwrap();
                }
            }
        }
        let it = Self::new();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop"), &it.project());
        it
    }

    pub(crate) fn migration(&self, name: &str, up: &str, down: &str) {
        self.write(&format!("migrations/{name}.up.sql"), up);
        self.write(&format!("migrations/{name}.down.sql"), down);
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.project().join(path)).unwrap()
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The command, ready to be started in the project's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_in(&self.project(), arguments)
    }

    pub(crate) fn command_in(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftlock"));
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("COLUMNS", "80")
            .env("TZ", "Pacific/Kiritimati")
            .env("DRIFTLOCK_OS_USER", "ann")
            .env("DRIFTLOCK_HOST", "box")
            .stdin(std::process::Stdio::null())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        self.log.of(&mut command);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.said(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn said(&self, output: &Output) -> Said {
        canary::holds_none(&output.stdout, "stdout");
        canary::holds_none(&output.stderr, "stderr");
        let text = |bytes: &[u8]| self.normal(std::str::from_utf8(bytes).unwrap());
        Said { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Without what is another each time: the folder, times, the version of SQLite.
    fn normal(&self, text: &str) -> String {
        let real = self.folder.path().canonicalize().unwrap();
        let text =
            text.replace(&*real.to_string_lossy(), "$TEST").replace(&*self.folder.path().to_string_lossy(), "$TEST");
        let mut lines: Vec<String> = Vec::new();
        for line in text.split('\n') {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let mut normal: Vec<String> = Vec::new();
            for (at, word) in words.iter().enumerate() {
                let next = words.get(at + 1).map(|next| next.trim_end_matches(','));
                let is_number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
                let after_sqlite =
                    at > 0 && words[at - 1].ends_with("SQLite") && word.starts_with(|c: char| c.is_ascii_digit());
                normal.push(if is_number && matches!(next, Some("ms" | "s")) {
                    "N".to_owned()
                } else if after_sqlite {
                    format!("X.Y.Z{}", word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'))
                } else {
                    without_moment(word)
                });
            }
            lines.push(normal.join(" "));
        }
        lines.join("\n")
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
        let arguments = [arguments, &["--format", "json"]].concat();
        let said = self.run(&arguments);
        let value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}\n{said}"));
        (said.code, value)
    }
}

/// A date or time of these tests' own days becomes `TODAY` or `NOW`; those of the fixtures stay.
fn without_moment(word: &str) -> String {
    let mask = |pattern: &str| {
        word.len() >= pattern.len()
            && word
                .bytes()
                .zip(pattern.bytes())
                .all(|(byte, mark)| if mark == b'0' { byte.is_ascii_digit() } else { byte == mark })
    };
    if mask("0000-00-00") {
        "TODAY".to_owned()
    } else if mask("00:00:00") {
        "NOW".to_owned()
    } else {
        word.to_owned()
    }
}

/// For snapshots: both streams and the code.
impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "---- stderr\n{}", self.stderr)?;
        }
        match self.code {
            Some(code) => write!(f, "---- exit {code}"),
            None => write!(f, "---- killed"),
        }
    }
}
