//! A server that the program starts for itself, and what is left of it however the program ends: nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const ENGINES: [&str; 2] = ["postgres", "mysql"];

/// A project, and a place for temporary files that nobody else uses.
struct Bed {
    engine: &'static str,
    project: tempfile::TempDir,
    /// Servers run as users of their own, who must be able to come here, and to take away what is theirs.
    temporary: tempfile::TempDir,
}

impl Bed {
    fn new(engine: &'static str, sql: &str) -> Self {
        let (project, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::set_permissions(temporary.path(), Permissions::from_mode(0o1777)).unwrap();
        fs::create_dir(project.path().join("migrations")).unwrap();
        let it = Bed { engine, project, temporary };
        it.migration(1, "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(40));");
        it.migration(2, sql);
        it
    }

    fn migration(&self, number: u32, sql: &str) {
        let name = format!("migrations/20260101-00000{number}_shop_step_v1.up.sql");
        fs::write(self.project.path().join(name), sql).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftlock"));
        command.args(arguments).args(["--engine", self.engine]).current_dir(self.project.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.project.path()).env("TMPDIR", self.temporary.path());
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{} {arguments:?}: {said}", self.engine);
        self.has_left_nothing();
        said
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn folders(&self) -> Vec<PathBuf> {
        fs::read_dir(self.temporary.path()).unwrap().flatten().map(|entry| entry.path()).collect()
    }

    /// The processes that have the place of temporary files among their arguments.
    fn processes(&self) -> Vec<String> {
        let place = self.temporary.path().to_str().unwrap();
        let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            Some(String::from_utf8_lossy(&line).replace('\0', " "))
        });
        all.filter(|line| line.contains(place)).collect()
    }

    fn has_left_nothing(&self) {
        assert_eq!((self.folders(), self.processes()), (Vec::new(), Vec::new()), "{}", self.engine);
    }

    fn leaves_nothing_soon(&self) {
        until(|| self.folders().is_empty() && self.processes().is_empty(), &|| {
            format!("{} left {:?} {:?}", self.engine, self.folders(), self.processes())
        });
    }

    fn until_a_server_runs(&self) {
        let serves = |folder: PathBuf| {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            log.contains("ready to accept connections") || log.contains("ready for connections")
        };
        until(|| self.folders().into_iter().any(serves), &|| format!("no server: {:?}", self.folders()));
    }

    fn templates(&self) -> Vec<PathBuf> {
        let folder: &Path = &self.project.path().join(".cache/driftlock/servers");
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }
}

fn until(mut is_so: impl FnMut() -> bool, why: &dyn Fn() -> String) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", why());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A statement that runs until its server ends.
fn sleep(engine: &str) -> &'static str {
    if engine == "postgres" { "SELECT pg_sleep(600);" } else { "SELECT sleep(600);" }
}

#[test]
fn a_server_is_started_where_none_is_named_and_nothing_is_left_of_it() {
    for engine in ENGINES {
        let bed = Bed::new(engine, "CREATE TABLE orders (id integer NOT NULL PRIMARY KEY);");
        let said = bed.succeeds(&["lock"]);
        assert!(said.contains("2 migrations, 3 objects"), "{said}");
        let templates = bed.templates();
        assert_eq!(templates.len(), 1, "what it begins with is kept");
        bed.succeeds(&["check", "--migrations"]);
        bed.succeeds(&["inspect", "dir:migrations", "--prove"]);
        assert_eq!(bed.templates(), templates, "and taken again");
        // A server that doesn't start from what is kept starts the next time.
        fs::remove_dir_all(&templates[0]).unwrap();
        fs::create_dir_all(templates[0].join("data")).unwrap();
        fs::write(templates[0].join("password"), "x").unwrap();
        assert!(!bed.run(&["check", "--migrations"]).status.success());
        bed.has_left_nothing();
        bed.succeeds(&["check", "--migrations"]);
        bed.migration(2, "CREATE TABLE orders (id no_such_type);");
        let output = bed.run(&["lock"]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        bed.has_left_nothing();
    }
}

#[test]
fn several_that_start_at_once_do_not_mind_each_other() {
    for engine in ENGINES {
        let bed = Bed::new(engine, "SELECT 1;");
        let start = || {
            let mut command = bed.command(&["inspect", "dir:migrations"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let all: Vec<Child> = (0..3).map(|_| start()).collect();
        for child in all {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
        }
        bed.has_left_nothing();
        assert_eq!(bed.templates().len(), 1);
    }
}

#[test]
fn a_signal_or_a_kill_leaves_neither_a_process_nor_a_folder() {
    for engine in ENGINES {
        let bed = Bed::new(engine, sleep(engine));
        // While its directory is made.
        let mut child = bed.start(&["lock"]);
        until(|| !bed.folders().is_empty(), &|| "no folder".to_owned());
        child.kill().unwrap();
        child.wait().unwrap();
        bed.leaves_nothing_soon();
        // While a statement runs.
        let mut child = bed.start(&["lock"]);
        bed.until_a_server_runs();
        child.kill().unwrap();
        child.wait().unwrap();
        bed.leaves_nothing_soon();

        let mut child = bed.start(&["lock"]);
        bed.until_a_server_runs();
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(143), "{engine}");
        bed.has_left_nothing();
    }
}
