//! Completion in the shells themselves: a person types and presses Tab.

use crate::environment::TestEnvironment;
use crate::tmux::Terminal;

/// A shell that knows how to complete, in a project with three environments.
struct Shell {
    terminal: Terminal,
    environment: TestEnvironment,
}

const PROMPT: &str = "ready>";

impl Shell {
    fn start(start: &str, learn: &str) -> Self {
        let mut environment = TestEnvironment::with_two_migrations();
        // A secret that is fetched would leave a file.
        environment.write(
            "driftlock.toml",
            "default_env = 'dev'\n[env.dev]\nurl = 'sqlite://shop.db'\n\
             [env.staging]\nurl = { cmd = ['touch', 'secret-was-fetched'] }\n[env.prod]\nurl = { env = 'PROD_URL' }\n",
        );
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_driftlock")).parent().unwrap();
        let path = std::env::join_paths(
            std::iter::once(program.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        environment.set("PATH", path.unwrap().to_str().unwrap());
        let terminal = Terminal::open((100, 40), &environment.command(&[]), &format!("PS1='{PROMPT} ' {start}"));
        terminal.shows(PROMPT);
        let shell = Shell { terminal, environment };
        shell.line(learn);
        shell
    }

    /// Runs a line and clears the screen.
    fn line(&self, line: &str) {
        self.terminal.press(&["-l", line]);
        self.terminal.press(&["Enter"]);
        self.terminal.press(&["-l", "clear; echo do''ne"]);
        self.terminal.press(&["Enter"]);
        self.terminal.until("the clear screen", |screen| screen.starts_with("done") && screen.contains(PROMPT));
    }

    /// Types this and presses Tab; waits until the line is so, and takes it back.
    fn completes(&self, typed: &str, becomes: &str) {
        self.terminal.press(&["-l", typed]);
        self.terminal.press(&["Tab"]);
        let wanted = format!("{PROMPT} {becomes}");
        self.terminal.until(&format!("{typed:?} + Tab: {becomes:?}"), |screen| {
            screen.lines().any(|line| line.trim_end() == wanted.trim_end())
        });
        self.give_up();
    }

    /// Types this and presses Tab until they are listed; waits until all of these are on the screen.
    fn lists(&self, typed: &str, listed: &[&str]) {
        self.terminal.press(&["-l", typed]);
        // The first may complete what all have in common.
        self.terminal.press(&["Tab", "Tab", "Tab"]);
        self.terminal.until(&format!("{typed:?} + Tab Tab: {listed:?}"), |screen| {
            listed.iter().all(|word| screen.matches(word).count() > typed.matches(word).count())
        });
        self.give_up();
    }

    fn give_up(&self) {
        // The first may close a list alone, and what is typed while a shell takes it in gets lost: once the line is empty, it goes on.
        let is_empty = |screen: &str| screen.lines().any(|line| line.trim_end() == PROMPT);
        for _ in 0..100 {
            self.terminal.press(&["C-c"]);
            std::thread::sleep(std::time::Duration::from_millis(150));
            if is_empty(&self.terminal.screen()) {
                break;
            }
        }
        self.line("");
    }

    fn all(&self) {
        for (typed, becomes) in [
            ("driftlock stat", "driftlock status"),
            ("driftlock manifest ver", "driftlock manifest verify"),
            ("driftlock up --lock-w", "driftlock up --lock-wait"),
            ("driftlock up --env st", "driftlock up --env staging"),
            ("driftlock --env st", "driftlock --env staging"),
            ("driftlock up --env=st", "driftlock up --env=staging"),
            ("driftlock up --to 202401080", "driftlock up --to 20240108-090000"),
            ("driftlock down --env dev --to 20240122", "driftlock down --env dev --to 20240122-093000"),
            ("driftlock accept 20240122", "driftlock accept 20240122-093000"),
            ("driftlock up --layout gol", "driftlock up --layout golang-migrate"),
            ("driftlock audit --format c", "driftlock audit --format csv"),
            ("driftlock status --dir migra", "driftlock status --dir migrations/"),
            ("driftlock status --config drift", "driftlock status --config driftlock.toml"),
            ("driftlock completions powe", "driftlock completions powershell"),
        ] {
            let typed = typed.replace("202401080", "20240108");
            self.completes(&typed, becomes);
        }
        self.lists("driftlock up --env ", &["dev", "staging", "prod"]);
        self.lists("driftlock down --to ", &["20240108-090000", "20240122-093000"]);
        self.lists("driftlock ", &["init", "baseline", "completions"]);
        assert!(!self.environment.project().join("secret-was-fetched").exists());
        assert!(!self.environment.project().join("shop.db").exists(), "a database was opened");
        // Nothing is offered, and nothing is said, where the project can't be read.
        self.environment.write("driftlock.toml", "[env.dev\n");
        self.terminal.press(&["-l", "driftlock up --env d"]);
        self.terminal.press(&["Tab"]);
        self.terminal.press(&["-l", "one"]);
        let screen = self.terminal.shows(&format!("{PROMPT} driftlock up --env done"));
        assert!(!screen.contains("error"), "{screen}");
    }
}

#[test]
fn bash() {
    Shell::start("exec bash --norc --noprofile -i", "source <(driftlock completions bash)").all();
}

#[test]
fn zsh() {
    let learn = "autoload -U compinit && compinit -u -D && source <(driftlock completions zsh)";
    Shell::start("exec zsh -f -i", learn).all();
}

/// As a file in a folder of `$fpath`, which is how packages bring it.
#[test]
fn zsh_by_fpath() {
    let learn = "mkdir zfunc && driftlock completions zsh > zfunc/_driftlock && fpath=($PWD/zfunc $fpath) && \
                 autoload -U compinit && compinit -u -D";
    let shell = Shell::start("exec zsh -f -i", learn);
    shell.completes("driftlock up --env st", "driftlock up --env staging");
    shell.completes("driftlock up --env st", "driftlock up --env staging");
}

#[test]
fn fish() {
    let start = format!("exec fish --no-config -C 'function fish_prompt; echo -n \"{PROMPT} \"; end'");
    Shell::start(&start, "driftlock completions fish | source").all();
}

/// PowerShell isn't to be had as a package: what its script asks, and what it gets.
#[test]
fn powershell_gets_words_and_what_to_say_of_them() {
    let it = TestEnvironment::with_two_migrations();
    let script = it.run(&["completions", "powershell"]).stdout;
    assert!(script.contains("Register-ArgumentCompleter -Native -CommandName driftlock"), "{script}");
    assert!(script.contains(r#"& driftlock completions powershell -- @before "$wordToComplete.""#), "{script}");
    let ask = |words: &[&str]| it.run(&[&["completions", "powershell", "--", "driftlock"], words].concat()).stdout;
    assert_eq!(ask(&["up", "--env", "."]), "dev\n");
    assert_eq!(ask(&["up", "--env=d."]), "--env=dev\n");
    assert_eq!(
        ask(&["up", "--to", "2024."]),
        "20240108-090000\tcustomer_create_v1\n20240122-093000\torder_create_v1\n"
    );
    assert_eq!(ask(&["stat."]), "status\tShow what is applied, what is pending and what is wrong\n");
    // Paths are its own.
    assert_eq!(ask(&["up", "--dir", "."]), "");
}
