//! The line that moves.

use std::path::PathBuf;
use std::process::Command;

use crate::environment::TestEnvironment;
use crate::tmux::Terminal;

const VERSION: &str = "20240219-084500_order_backfill_the_total_of_every_order_that_has_none_yet_v1";

/// A project whose second file has a name that fits no terminal of 80 columns, in a deep folder.
fn project() -> TestEnvironment {
    let it = TestEnvironment::new();
    it.write("driftlock.toml", "migrations = 'services/billing/migrations'\n[env.dev]\nurl = 'sqlite://shop.db'\n");
    let folder = "services/billing/migrations";
    it.write(&format!("{folder}/20240108-090000_order_create_v1.up.sql"), "CREATE TABLE orders (id integer);\n");
    let rows = "INSERT INTO orders VALUES (1), (2), (3);\n".repeat(400);
    it.write(&format!("{folder}/{VERSION}.up.sql"), &rows);
    it
}

/// The command stands still at this point until the file is written.
fn standing(it: &TestEnvironment, point: &str) -> (Command, PathBuf) {
    let folder = it.project().join("stand");
    std::fs::create_dir(&folder).unwrap();
    let mut command = it.command(&[]);
    command.env("FAULT_POINT", point).env("FAULT_DIR", &folder);
    (command, folder.join("go"))
}

fn line<'a>(screen: &'a str, part: &str) -> &'a str {
    screen.lines().find(|line| line.contains(part)).unwrap_or_default()
}

fn driftlock() -> &'static str {
    env!("CARGO_BIN_EXE_driftlock")
}

#[test]
fn says_file_statement_rows_and_time_at_80_and_200_columns_and_is_gone_at_the_end() {
    for (columns, name) in [
        (80, "20240219-0845"),
        (
            200,
            "services/billing/migrations/20240219-084500_order_backfill_the_total_of_every_order_that_has_none_yet_v1.up.sql",
        ),
    ] {
        let it = project();
        let (command, go) = standing(&it, "between-statements#250");
        let terminal = Terminal::open((columns, 24), &command, &format!("{} up", driftlock()));
        let screen = terminal.shows("statement 250 of 400");
        assert!(screen.starts_with("applied 20240108-090000_order_create_v1  1 statement  "), "{screen}");
        let moving = line(&screen, "statement 250");
        assert!(moving.contains("[2/2] ") && moving.contains(name), "{moving}");
        assert!(moving.contains("statement 250 of 400, 747 rows, ") && moving.ends_with(" s"), "{moving}");
        assert!(moving.chars().count() < usize::from(columns), "{moving}");
        // One line for what was applied, one that moves, nothing that was wrapped.
        assert_eq!(screen.lines().count(), 2, "{screen}");
        std::fs::write(go, "").unwrap();
        let screen = terminal.ended();
        let lines: Vec<&str> = screen.lines().collect();
        assert_eq!(lines.iter().filter(|line| line.starts_with("applied 2024")).count(), 2, "{screen}");
        assert!(!screen.contains("statement 250") && !screen.contains("[2/2]"), "the line stayed:\n{screen}");
        assert_eq!(lines.last(), Some(&"[ended with 0]"), "{screen}");
    }
}

#[test]
fn a_terminal_that_becomes_wider_or_narrower_keeps_one_line() {
    let it = project();
    let (command, go) = standing(&it, "between-statements#250");
    let terminal = Terminal::open((80, 24), &command, &format!("{} up", driftlock()));
    terminal.shows("statement 250 of 400");
    terminal.resize(120);
    terminal.until("the wider line", |screen| line(screen, "statement 250").chars().count() > 100);
    terminal.resize(60);
    // What the terminal itself made of the longer line when it became narrower may stay above it: not every terminal wraps it, and going up
    // would then wipe out what was there before.
    terminal.until("the narrower line", |screen| {
        let moving = screen.lines().last().unwrap_or_default();
        moving.contains("[2/2] 20240219-084500") && moving.chars().count() < 60 && moving.ends_with(" s")
    });
    std::fs::write(go, "").unwrap();
    let screen = terminal.ended();
    assert!(screen.contains("2 migrations applied in "), "{screen}");
}

#[test]
fn letters_of_two_columns_do_not_wrap_the_line() {
    let it = TestEnvironment::new();
    it.write("driftlock.toml", "[env.dev]\nurl = 'sqlite://shop.db'\n");
    let name = "20240108-090000_注文の合計をまだ持たないすべての注文に対して合計を埋め戻す移行_v1";
    it.write(&format!("migrations/{name}.up.sql"), "CREATE TABLE t (id integer);\nINSERT INTO t VALUES (1);\n");
    let (command, go) = standing(&it, "between-statements#1");
    let terminal = Terminal::open((80, 24), &command, &format!("{} up", driftlock()));
    let screen = terminal.shows("statement 1 of 2");
    assert_eq!(screen.lines().count(), 1, "{screen}");
    assert!(screen.contains("20240108-090000_"), "{screen}");
    std::fs::write(go, "").unwrap();
    let screen = terminal.ended().replace('\n', "");
    assert!(screen.starts_with(&format!("applied {name}")), "{screen}");
}

/// Also where they are wider than the terminal.
#[test]
fn what_the_server_says_in_between_is_whole() {
    let it = TestEnvironment::new();
    let url = std::env::var("TEST_POSTGRES_URL").expect("`cargo xtask test` sets TEST_POSTGRES_URL");
    let schema = format!("terminal_{}", std::process::id());
    it.write("driftlock.toml", &format!("[env.dev]\nurl = '{url}'\ntables = {{ schema = '{schema}' }}\n"));
    let say = |text: &str| format!("DO $$ BEGIN RAISE NOTICE '{text}'; END $$;\n");
    let long = "word ".repeat(40);
    let text = [
        format!("CREATE TABLE {schema}.t (id integer);\nSELECT 1;\n"),
        say("the first"),
        say(long.trim_end()),
        say("with \u{1b}[31mred\u{1b}[0m and \rback in it"),
        format!("DROP TABLE {schema}.t;\n"),
    ]
    .concat();
    it.write("migrations/20240108-090000_notices_v1.up.sql", &text);
    let admin = postgres(&url);
    admin(&format!("CREATE SCHEMA {schema}"));
    let (command, go) = standing(&it, "between-statements#5");
    let terminal = Terminal::open((80, 24), &command, &format!("{} up", driftlock()));
    terminal.shows("statement 5 of 6");
    std::fs::write(go, "").unwrap();
    let screen = terminal.ended();
    admin(&format!("DROP SCHEMA {schema} CASCADE"));
    assert!(screen.contains("_notices_v1.up.sql:3: NOTICE: the first\n"), "{screen}");
    let joined = screen.replace('\n', "");
    assert!(joined.contains(&format!("_notices_v1.up.sql:4: NOTICE: {}", long.trim_end())), "{screen}");
    // What a terminal would obey is shown and not sent to it.
    assert!(joined.contains("with \\u{1b}[31mred\\u{1b}[0m and \\rback in it"), "{screen}");
    assert!(screen.contains("applied 20240108-090000_notices_v1  6 statements"), "{screen}");
    assert!(!screen.contains("statement 5 of 6"), "{screen}");
}

/// Runs a statement with PostgreSQL's own client.
fn postgres(url: &str) -> impl Fn(&str) {
    let tools = driftlock_servers::setup::find_tools().unwrap();
    let url = url.to_owned();
    move |sql| {
        let output = Command::new(tools.postgres_bin.join("psql")).args([&url, "-qc", sql]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn waiting_for_the_lock_moves_and_says_who_holds_it() {
    let it = project();
    let (mut command, go) = standing(&it, "between-statements#250");
    let holder = command.arg("up").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn();
    let mut holder = holder.unwrap();
    while !go.with_file_name("reached").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let terminal = Terminal::open((80, 24), &it.command(&[]), &format!("{} up", driftlock()));
    let screen = terminal.shows("waiting for the lock: held by ");
    assert_eq!(screen.lines().count(), 1, "{screen}");
    assert!(screen.contains("up to ") && screen.ends_with(" s"), "{screen}");
    std::fs::write(go, "").unwrap();
    assert!(holder.wait().unwrap().success());
    let screen = terminal.ended();
    assert_eq!(screen, "nothing to do: 2 migrations are applied, none is pending\n[ended with 0]");
}

/// A file gets what a pipe gets, also when the other stream is a terminal.
#[test]
fn nothing_of_it_comes_into_a_pipe() {
    let it = project();
    let terminal = Terminal::open(
        (80, 24),
        &it.command(&[]),
        &format!("{0} up --steps 1 > out 2> err; {0} up > out2; {0} status | cat > out3", driftlock()),
    );
    terminal.ended();
    for name in ["out", "err", "out2", "out3"] {
        let text = it.read(name);
        assert!(!text.contains('\u{1b}') && !text.contains('\r') && !text.contains("[1/"), "{name}: {text:?}");
    }
    assert!(it.read("out2").starts_with(&format!("applied {VERSION}  400 statements  ")));
    // Whole names, whatever the terminal's width.
    assert!(it.read("out3").contains(&VERSION[16..]), "{}", it.read("out3"));
}

#[test]
fn there_is_none_with_no_progress_quiet_or_in_ci() {
    for (option, variable) in [("--no-progress", ""), ("--quiet", ""), ("", "CI=true")] {
        let it = project();
        let (command, go) = standing(&it, "between-statements#250");
        let line = format!("env {variable} {} up {option}", driftlock());
        let terminal = Terminal::open((80, 24), &command, &line);
        while !go.with_file_name("reached").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
        let screen = terminal.screen();
        assert!(!screen.contains("statement 250"), "{screen}");
        std::fs::write(go, "").unwrap();
        terminal.ended();
    }
}

#[test]
fn an_interrupted_run_leaves_a_clean_terminal() {
    let it = project();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) FROM n;";
    let folder = "services/billing/migrations";
    it.write(&format!("{folder}/{VERSION}.up.sql"), &format!("INSERT INTO orders VALUES (1);\n{endless}\n"));
    let terminal = Terminal::open((80, 24), &it.command(&[]), &format!("{} up", driftlock()));
    terminal.shows("statement 2 of 2, 1 row, ");
    terminal.press(&["C-c"]);
    let screen = terminal.ended();
    assert!(screen.contains("[ended with 130]") && screen.contains("error: "), "{screen}");
    assert!(!screen.contains("statement 2 of 2, 1 row, "), "the line stayed:\n{screen}");
    assert!(!screen.contains("^C"), "{screen}");
}
