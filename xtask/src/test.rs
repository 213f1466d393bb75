//! `cargo xtask test`: every suite, against throwaway servers.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fail::{Context, Failure, Result};
use crate::process::{self, Errors, Interrupt};
use crate::servers::{Durability, Life, Servers};
use crate::setup;
use crate::workspace::{Package, Workspace, cargo};

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) keep_servers: bool,
    /// A real MySQL instead of MariaDB, and only the suites that use it.
    pub(crate) mysql: bool,
    /// Other majors of PostgreSQL, one after another, and only the suites that read its catalogs.
    pub(crate) postgres: Vec<u32>,
    pub(crate) packages: Vec<String>,
    pub(crate) arguments: Vec<String>,
    /// Only test executables of this name.
    pub(crate) executable: Option<&'static str>,
    /// So much longer than usual a suite may take.
    pub(crate) longer: Duration,
    /// Settings for the tests.
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl Options {
    /// The tests that strike the program, with more kills than usual.
    pub(crate) fn fault(kills: u32, seed: Option<u64>) -> Self {
        let mut settings = vec![("FAULT_KILLS", kills.to_string())];
        settings.extend(seed.map(|seed| ("FAULT_SEED", seed.to_string())));
        Options {
            packages: vec!["cli".to_owned()],
            arguments: vec!["--nocapture".to_owned()],
            executable: Some("faults"),
            settings,
            ..Options::default()
        }
    }

    /// Plans between random schemas, for longer than usual.
    pub(crate) fn fuzz(minutes: u64, seed: Option<u64>) -> Self {
        let mut settings = vec![("FUZZ_MINUTES", minutes.to_string())];
        settings.extend(seed.map(|seed| ("FUZZ_SEED", seed.to_string())));
        Options {
            packages: vec!["driftlock".to_owned()],
            arguments: vec!["random_schemas".to_owned(), "--nocapture".to_owned()],
            // Several engines have theirs in one suite.
            longer: Duration::from_secs(4 * 60 * minutes),
            settings,
            ..Options::default()
        }
    }

    fn wants(&self, executable: &Path) -> bool {
        let name = executable.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // What runners and dumps left is MariaDB's, and its client speaks of collations that MySQL's doesn't; `tls` sets up servers and accounts in
        // MariaDB's words.
        let mariadb_alone = ["adopt-", "clients-", "tls-"].iter().any(|start| name.starts_with(start));
        if self.mysql && mariadb_alone {
            println!("left out: {name}, which needs recordings, the client or accounts of MariaDB");
            return false;
        }
        self.executable.is_none_or(|wanted| name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('-')))
    }
}

/// A suite that takes longer hangs.
const SUITE_DEADLINE: Duration = Duration::from_secs(30 * 60);
/// Who wants the tests faster begins with the executables that take longer.
const WORTH_A_LINE: Duration = Duration::from_secs(10);
const BUILD_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// Runs the suites; whether all of them passed.
pub(crate) fn run(options: &Options, interrupt: &Interrupt) -> Result<bool> {
    let start = Instant::now();
    let workspace = Workspace::load()?;
    let selected = workspace.select(&options.packages)?;
    let mut tools = setup::setup()?;
    if options.mysql {
        tools.mysql = Some(driftlock_servers::mysql::install(&workspace.target)?);
    }

    let executables = build(&workspace, &selected, options, interrupt)?;
    println!("build … ok in {}", seconds(start));

    let mut total = Counts::default();
    if options.postgres.is_empty() {
        total = suites(&workspace, &tools, &selected, &executables, options, interrupt)?;
    }
    for major in &options.postgres {
        let postgres_bin = driftlock_servers::postgres::install(&workspace.target, *major)?;
        let tools = setup::Tools { postgres_bin, ..tools.clone() };
        println!("PostgreSQL {major}");
        total.add(suites(&workspace, &tools, &selected, &executables, options, interrupt)?);
    }
    println!("all suites in {}", seconds(start));
    println!("{}", total.closing_line());
    Ok(total.failed == 0)
}

/// All suites on one pair of servers.
fn suites(
    workspace: &Workspace,
    tools: &setup::Tools,
    selected: &[Package],
    executables: &HashMap<String, Vec<PathBuf>>,
    options: &Options,
    interrupt: &Interrupt,
) -> Result<Counts> {
    let start = Instant::now();
    let servers = match options.keep_servers {
        true => kept(workspace, tools, interrupt)?,
        false => Servers::start(tools, Durability::Relaxed, Life::WithUs, interrupt)?,
    };
    println!("servers … ok in {}", seconds(start));
    let runner = Runner::new(workspace, tools, &servers, options, interrupt)?;
    let mut total = Counts::default();
    for package in selected {
        total.add(runner.suite(package, executables.get(&package.id).map(Vec::as_slice).unwrap_or_default())?);
    }
    if options.executable.is_none() {
        total.add(runner.documentation(selected)?);
    }
    Ok(total)
}

/// Stops the servers that an earlier run kept.
pub(crate) fn stop_kept() -> Result<()> {
    let workspace = Workspace::load()?;
    let state = State::lock(&workspace)?;
    match state.read() {
        Some(servers) => {
            servers.stop();
            println!("the servers are stopped");
        }
        None => println!("no servers were kept"),
    }
    state.clear()
}

/// Builds all test executables at once, so that every crate sees the same features and nothing is compiled twice. By package id.
fn build(
    workspace: &Workspace,
    selected: &[Package],
    options: &Options,
    interrupt: &Interrupt,
) -> Result<HashMap<String, Vec<PathBuf>>> {
    let mut command = cargo();
    command.current_dir(&workspace.root).args(["test", "--no-run", "--message-format=json-render-diagnostics"]);
    command.args(package_arguments(selected, options));
    let built = process::run(&mut command, Errors::Shown, BUILD_DEADLINE, interrupt)?;
    if !built.status.success() {
        return Err(Failure::new("the tests don't build; cargo's messages are above"));
    }
    let mut executables: HashMap<String, Vec<PathBuf>> = HashMap::new();
    for line in built.output.lines() {
        if let Some((package, executable)) = test_executable(line).filter(|(_, executable)| options.wants(executable)) {
            executables.entry(package).or_default().push(executable);
        }
    }
    Ok(executables)
}

fn package_arguments(selected: &[Package], options: &Options) -> Vec<String> {
    if options.packages.is_empty() {
        // The command line tool asks for SQLite's own source, and features are unified over the workspace.
        // The points at which tests stop it are in no build that anybody runs.
        return ["--workspace", "--features", "driftlock-cli/faults,driftlock/mysql_async"].map(str::to_owned).to_vec();
    }
    let mut arguments = Vec::new();
    for package in selected {
        arguments.extend(["--package".to_owned(), package.name.clone()]);
        for feature in
            package.features.iter().filter(|feature| ["bundled", "faults", "mysql_async"].contains(&feature.as_str()))
        {
            arguments.extend(["--features".to_owned(), format!("{}/{feature}", package.name)]);
        }
    }
    arguments
}

/// From one of cargo's messages: the package's id and the test executable that was built.
fn test_executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
    let executable = message["executable"].as_str().filter(|_| is_test)?;
    Some((message["package_id"].as_str()?.to_owned(), executable.into()))
}

/// Runs executables as cargo would.
struct Runner<'a> {
    workspace: &'a Workspace,
    options: &'a Options,
    interrupt: &'a Interrupt,
    variables: Vec<(&'static str, String)>,
    /// The servers' password, which nothing may say.
    password: String,
}

impl<'a> Runner<'a> {
    fn new(
        workspace: &'a Workspace,
        tools: &setup::Tools,
        servers: &Servers,
        options: &'a Options,
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
        let rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--print", "sysroot"])
            .output()
            .context("can't start rustc")?;
        let sysroot = String::from_utf8_lossy(&rustc.stdout).trim().to_owned();
        // Tests of procedural macros link the compiler's own libraries.
        let mut libraries = vec![PathBuf::from(sysroot).join("lib"), workspace.target.join("debug/deps")];
        libraries.extend(std::env::split_paths(&std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default()));
        let libraries = std::env::join_paths(libraries).context("LD_LIBRARY_PATH")?;
        let mut variables = vec![
            ("TEST_POSTGRES_URL", servers.postgres_url("postgres")),
            ("TEST_MYSQL_URL", servers.mysql_url("")),
            ("LD_LIBRARY_PATH", libraries.to_string_lossy().into_owned()),
        ];
        if let Some(root) = &tools.mysql {
            variables.push((driftlock_servers::mysql::ROOT, root.display().to_string()));
        }
        variables.extend(options.settings.iter().cloned());
        let password = servers.postgres_login().0.to_owned();
        Ok(Runner { workspace, options, interrupt, variables, password })
    }

    /// All executables of one crate.
    fn suite(&self, package: &Package, executables: &[PathBuf]) -> Result<Counts> {
        let commands = executables.iter().map(|executable| {
            let mut command = Command::new(executable);
            let folder = package.manifest.parent().unwrap_or(&self.workspace.root);
            command.current_dir(folder).args(&self.options.arguments);
            command.env("CARGO", cargo().get_program());
            command.env("CARGO_MANIFEST_DIR", folder).env("CARGO_MANIFEST_PATH", &package.manifest);
            command.env("CARGO_PKG_NAME", &package.name).env("CARGO_PKG_VERSION", &package.version);
            command
        });
        self.timed(package.short_name(), commands)
    }

    /// The examples in the documentation of all libraries.
    fn documentation(&self, selected: &[Package]) -> Result<Counts> {
        let libraries: Vec<Package> = selected.iter().filter(|package| package.has_library).cloned().collect();
        let command = (!libraries.is_empty()).then(|| {
            let mut command = cargo();
            command.current_dir(&self.workspace.root).args(["test", "--quiet", "--doc"]);
            command.args(package_arguments(&libraries, self.options)).arg("--").args(&self.options.arguments);
            command
        });
        self.timed("documentation", command)
    }

    fn timed(&self, name: &str, commands: impl IntoIterator<Item = Command>) -> Result<Counts> {
        let start = Instant::now();
        let mut counts = Counts::default();
        for mut command in commands {
            command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
            let began = Instant::now();
            let deadline = SUITE_DEADLINE + self.options.longer;
            let finished = process::run(&mut command, Errors::WithOutput, deadline, self.interrupt)?;
            let mut these = Counts::read(&finished.output);
            if !finished.status.success() && these.failed == 0 {
                // It didn't come as far as its result.
                these.failed = 1;
            }
            if these.failed > 0 || self.options.arguments.iter().any(|argument| argument == "--nocapture") {
                println!("{}", finished.output.trim_end());
            }
            if finished.output.contains(&self.password) {
                println!("{} said the servers' password", show(&command));
                these.failed += 1;
            }
            if finished.timed_out {
                println!("{} was ended after {} minutes", show(&command), deadline.as_secs() / 60);
            } else if !finished.status.success() {
                println!("{} ended with {}", show(&command), finished.status);
            }
            if began.elapsed() >= WORTH_A_LINE {
                println!("  {} took {}", show(&command), seconds(began));
            }
            counts.add(these);
        }
        let verdict = if counts.failed > 0 { "FAILED" } else { "ok" };
        println!("suite {name} … {verdict} in {} ({})", seconds(start), counts.closing_line());
        Ok(counts)
    }
}

fn show(command: &Command) -> String {
    process::file_name(&command.get_program().to_string_lossy()).to_owned()
}

fn seconds(start: Instant) -> String {
    format!("{:.1} s", start.elapsed().as_secs_f64())
}

/// How many tests ended how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// From the lines `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn read(output: &str) -> Self {
        let mut counts = Counts::default();
        for result in output.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
            for part in result.split(['.', ';']) {
                let Some((number, what)) = part.trim().split_once(' ') else {
                    continue;
                };
                let Ok(number) = number.parse::<u64>() else { continue };
                match what {
                    "passed" => counts.passed += number,
                    "failed" => counts.failed += number,
                    "ignored" => counts.skipped += number,
                    _ => {}
                }
            }
        }
        counts
    }

    fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    fn closing_line(self) -> String {
        let Counts { passed, failed, skipped } = self;
        match skipped {
            0 => format!("{passed} passed, {failed} failed"),
            _ => format!("{passed} passed, {failed} failed, {skipped} skipped"),
        }
    }
}

/// The servers of an earlier run, else new ones that stay.
fn kept(workspace: &Workspace, tools: &setup::Tools, interrupt: &Interrupt) -> Result<Servers> {
    let state = State::lock(workspace)?;
    match state.read() {
        Some(servers) if servers.are_running() => return Ok(servers),
        // One of the two may be left.
        Some(servers) => servers.stop(),
        None => {}
    }
    let servers = Servers::start(tools, Durability::Relaxed, Life::Kept, interrupt)?;
    state.write(&servers)?;
    Ok(servers)
}

/// The file that remembers kept servers; held against other runs while this lives.
struct State {
    file: PathBuf,
    _lock: File,
}

impl State {
    fn lock(workspace: &Workspace) -> Result<Self> {
        fs::create_dir_all(&workspace.target).context(workspace.target.display())?;
        let path = workspace.target.join("xtask-servers.lock");
        let lock = File::create(&path).context(path.display())?;
        lock.lock().context(path.display())?;
        Ok(State { file: workspace.target.join("xtask-servers.json"), _lock: lock })
    }

    fn read(&self) -> Option<Servers> {
        Servers::from_json(&serde_json::from_slice(&fs::read(&self.file).ok()?).ok()?)
    }

    fn write(&self, servers: &Servers) -> Result<()> {
        use std::os::unix::fs::OpenOptionsExt;
        let _ = fs::remove_file(&self.file);
        // It holds the password.
        let options = File::options().write(true).create_new(true).mode(0o600).open(&self.file);
        let text = servers.to_json().to_string();
        options.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes())).context(self.file.display())
    }

    fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context(self.file.display()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_results() {
        let output = "\nrunning 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s\n\
                      test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let counts = Counts::read(output);
        assert_eq!(counts, Counts { passed: 7, failed: 2, skipped: 1 });
        assert_eq!(counts.closing_line(), "7 passed, 2 failed, 1 skipped");
        assert_eq!(Counts::read("thread main panicked").closing_line(), "0 passed, 0 failed");
    }

    #[test]
    fn finds_test_executables_in_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","package_id":"p#1","profile":{"test":true},"executable":"/t/a"}"#;
        assert_eq!(test_executable(line), Some(("p#1".to_owned(), "/t/a".into())));
        assert_eq!(test_executable(&line.replace("true", "false")), None);
        assert_eq!(test_executable(&line.replace("\"/t/a\"", "null")), None);
        assert_eq!(test_executable("warning: x"), None);
    }
}
