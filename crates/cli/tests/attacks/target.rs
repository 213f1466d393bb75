//! A fresh database on a real engine, a folder of migrations, and the program run on both in an empty environment.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

#[path = "canary.rs"]
pub(crate) mod canary;

use canary::Log;

/// The three engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    MySql,
}

pub(crate) const ALL: [Engine; 3] = [Engine::Sqlite, Engine::Postgres, Engine::MySql];

/// A database of its own, dropped at the end, and a folder for files.
pub(crate) struct Target {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    admin: Option<Login>,
    name: String,
    folder: tempfile::TempDir,
    /// `None` where the test has its own.
    log: Option<Log>,
}

/// Where a throwaway server is.
#[derive(Debug, Clone)]
struct Login {
    user: String,
    password: String,
    host: String,
    port: String,
}

fn login(url: &str) -> Login {
    let rest = url.split_once("://").expect("a URL").1;
    let (login, place) = rest.split_once('@').expect("user@host");
    let (user, password) = login.split_once(':').expect("user:password");
    let (host, port) = place.split('/').next().expect("host").split_once(':').expect("host:port");
    Login { user: user.into(), password: password.into(), host: host.into(), port: port.into() }
}

/// What came of running the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn new(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let code = output.status.code().unwrap_or_else(|| 1000 + output.status.signal().unwrap_or(0));
        canary::holds_none(&output.stdout, "stdout");
        canary::holds_none(&output.stderr, "stderr");
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// That everything printed holds each of these.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(
                self.stdout.contains(part) || self.stderr.contains(part),
                "`{part}` is missing in\nstdout:\n{}\nstderr:\n{}",
                self.stdout,
                self.stderr
            );
        }
        self
    }
}

impl Target {
    /// On the server that all tests share.
    pub(crate) fn new(engine: Engine) -> Self {
        let variable = match engine {
            Engine::Sqlite => return Self::on(engine, ""),
            Engine::Postgres => "TEST_POSTGRES_URL",
            Engine::MySql => "TEST_MYSQL_URL",
        };
        let url = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test`"));
        Self::on(engine, &url)
    }

    /// On the server of this URL, which may name any database.
    pub(crate) fn on(engine: Engine, server: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("attack_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("migrations")).expect("a folder in it");
        share_templates(folder.path());
        let (admin, url) = match engine {
            Engine::Sqlite => (None, format!("sqlite://{}", folder.path().join("test.db").display())),
            Engine::Postgres | Engine::MySql => {
                let scheme = if engine == Engine::Postgres { "postgres" } else { "mysql" };
                let login = login(server);
                let Login { user, password, host, port } = &login;
                canary::nobody_says(password);
                let url = format!("{scheme}://{user}:{password}@{host}:{port}/{name}");
                (Some(login), url)
            }
        };
        let target = Target { engine, url, admin, name, folder, log: Some(Log::new()) };
        if engine != Engine::Sqlite {
            target.client("", &format!("CREATE DATABASE {}", target.name));
        }
        target
    }

    /// Without the log that every test writes beside: the test is about logs.
    #[allow(dead_code)]
    pub(crate) fn without_log(mut self) -> Self {
        self.log = None;
        self
    }

    /// From now on it is the database of this name on another server on 127.0.0.1, which knows the same login.
    #[allow(dead_code)]
    pub(crate) fn move_to(&mut self, port: u16) {
        if let Some(login) = &mut self.admin {
            self.url = self.url.replacen(&format!(":{}/", login.port), &format!(":{port}/"), 1);
            login.port = port.to_string();
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn migrations(&self) -> PathBuf {
        self.path().join("migrations")
    }

    pub(crate) fn database(&self) -> &str {
        &self.name
    }

    /// Writes a migration; `number` becomes its version.
    pub(crate) fn migration(&self, number: u32, text: &str) -> PathBuf {
        self.file(&format!("20260101-{number:06}_shop_step_v1.up.sql"), text)
    }

    pub(crate) fn down(&self, number: u32, text: &str) -> PathBuf {
        self.file(&format!("20260101-{number:06}_shop_step_v1.down.sql"), text)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.migrations().join(name);
        std::fs::write(&path, text).expect("the file is written");
        path
    }

    /// The program in an empty environment, in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftlock"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(log) = &self.log {
            log.of(&mut command);
        }
        command
    }

    /// With the server of the tests for scratch databases, where the server isn't what is tested: starting one takes seconds.
    #[allow(dead_code)]
    pub(crate) fn with_shadow(&self, mut command: Command) -> Command {
        if let Some((server, _)) = self.url.rsplit_once('/').filter(|_| self.engine != Engine::Sqlite) {
            let database = if self.engine == Engine::Postgres { "postgres" } else { "" };
            command.env("DRIFTLOCK_SHADOW_URL", format!("{server}/{database}"));
        }
        command
    }

    /// The same with this database and these migrations.
    pub(crate) fn driftlock(&self, arguments: &[&str]) -> Command {
        let mut all = arguments.to_vec();
        all.extend(["--url", &self.url, "--dir", "migrations"]);
        self.command(&all)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::new(self.driftlock(arguments).output().expect("the program starts"))
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.driftlock(arguments).spawn().expect("the program starts")
    }

    /// Rows of a query by the engine's own client: columns by `|`.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        self.client(&self.name, sql).lines().map(str::to_owned).collect()
    }

    /// The one value of a query.
    #[track_caller]
    pub(crate) fn value(&self, sql: &str) -> String {
        self.query(sql).join("\n")
    }

    /// How many history rows are of this kind.
    #[track_caller]
    pub(crate) fn history(&self, condition: &str) -> String {
        self.value(&format!("SELECT count(*) FROM driftlock_history WHERE {condition}"))
    }

    #[track_caller]
    fn client(&self, database: &str, sql: &str) -> String {
        let output = self.client_command(database, sql).output().expect("the client starts");
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("output is UTF-8").replace('\t', "|")
    }

    pub(crate) fn client_command(&self, database: &str, sql: &str) -> Command {
        let mut command;
        match self.engine {
            Engine::Postgres => {
                command = self.tool("psql", &["-XAtq", "-v", "ON_ERROR_STOP=1"]);
                command.args(["-d", if database.is_empty() { "postgres" } else { database }, "-c", sql]);
            }
            Engine::MySql => {
                command = self.tool("mariadb", &["--no-defaults", "-NB", "--default-character-set=utf8mb4", "-e", sql]);
                if !database.is_empty() {
                    command.arg(database);
                }
            }
            Engine::Sqlite => {
                command = self.tool("sqlite3", &["-batch", "-cmd", ".timeout 5000"]);
                command.arg(self.path().join("test.db")).arg(sql);
            }
        }
        command
    }

    /// One of the engine's own programs with these arguments first, told how to reach the server.
    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments);
        match (self.engine, &self.admin) {
            (Engine::Postgres, Some(login)) => {
                command.args(["-h", &login.host, "-p", &login.port, "-U", &login.user]);
                command.env("PGPASSWORD", &login.password);
            }
            (Engine::MySql, Some(login)) => {
                command.args(["-h", &login.host, "-P", &login.port, "-u", &login.user]);
                command.arg(format!("-p{}", login.password));
            }
            _ => {}
        }
        command
    }
}

/// Lets all tests start throwaway servers from one copy of what those begin with; whatever else is remembered is each test's own.
fn share_templates(home: &Path) {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers");
    let cache = home.join(".cache/driftlock");
    std::fs::create_dir_all(&shared).expect("a folder for all");
    std::fs::create_dir_all(&cache).expect("a folder of its own");
    std::os::unix::fs::symlink(shared, cache.join("servers")).expect("a link");
}

impl Drop for Target {
    fn drop(&mut self) {
        let sql = match self.engine {
            Engine::Sqlite => return,
            Engine::Postgres => format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
            Engine::MySql => format!("DROP DATABASE IF EXISTS {}", self.name),
        };
        // A test that failed says why; a database left on a throwaway server goes with it.
        let _ = self.client_command("", &sql).output();
    }
}

/// Waits until something holds, for a minute at most.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed().as_secs() < 60, "it never came to this: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
