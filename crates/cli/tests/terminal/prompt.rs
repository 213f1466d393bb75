//! The question before what can lose data.

use crate::environment::TestEnvironment;
use crate::tmux::Terminal;

fn applied() -> TestEnvironment {
    let it = TestEnvironment::with_two_migrations();
    assert_eq!(it.run(&["up"]).code, Some(0));
    it
}

fn down(it: &TestEnvironment) -> Terminal {
    let line = format!("{} down", env!("CARGO_BIN_EXE_driftlock"));
    let terminal = Terminal::open((80, 24), &it.command(&[]), &line);
    let screen = terminal.shows("Type `yes` to go on: ".trim_end());
    assert!(screen.contains("DROP TABLE orders"), "{screen}");
    terminal
}

fn is_applied(it: &TestEnvironment) -> bool {
    it.json(&["status"]).1["pending"] == 0
}

#[test]
fn yes_goes_on() {
    let it = applied();
    let terminal = down(&it);
    terminal.press(&["yes", "Enter"]);
    let screen = terminal.ended();
    assert!(screen.contains("undone 20240122-093000_order_create_v1") && screen.contains("[ended with 0]"), "{screen}");
    assert!(!is_applied(&it));
}

#[test]
fn anything_else_changes_nothing() {
    for (keys, code) in [(&["no", "Enter"][..], 2), (&["Enter"], 2), (&["C-d"], 2), (&["C-c"], 130)] {
        let it = applied();
        let terminal = down(&it);
        terminal.press(keys);
        let screen = terminal.ended();
        assert!(screen.contains(&format!("[ended with {code}]")), "{keys:?}:\n{screen}");
        assert!(screen.lines().any(|line| line.starts_with("error: ")), "{keys:?}:\n{screen}");
        assert!(is_applied(&it), "{keys:?}");
    }
}

/// Nobody is there to answer: it says what to write instead.
#[test]
fn a_pipe_is_not_asked() {
    let it = applied();
    let line = format!("echo yes | {} down", env!("CARGO_BIN_EXE_driftlock"));
    let screen = Terminal::open((80, 24), &it.command(&[]), &line).ended();
    assert!(screen.contains("[ended with 2]") && screen.contains("--yes"), "{screen}");
    assert!(is_applied(&it));
}

/// What `generate` is answered decides whether a column is renamed, or dropped and another added.
#[test]
fn generate_asks_whether_what_goes_and_what_comes_are_the_same() {
    for (keys, wanted) in [
        (&["yes", "Enter"][..], Some("RENAME COLUMN \"mail\" TO \"email\"")),
        (&["Enter"], Some("DROP COLUMN \"mail\"")),
        (&["C-d"], None),
    ] {
        let it = TestEnvironment::new();
        it.write("driftlock.toml", "[env.dev]\nurl = \"sqlite://shop.db\"\n");
        it.migration("20240108-090000_a_create_v1", "CREATE TABLE a (id integer PRIMARY KEY, mail text);\n", "");
        it.write("want.sql", "CREATE TABLE a (id integer PRIMARY KEY, email text);\n");
        let line = format!("{} generate a rename --to sql:want.sql", env!("CARGO_BIN_EXE_driftlock"));
        let terminal = Terminal::open((80, 24), &it.command(&[]), &line);
        terminal.shows("mail goes, and email comes");
        terminal.press(keys);
        let screen = terminal.ended();
        let written: String = std::fs::read_dir(it.project().join("migrations"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with("a_rename_v1.up.sql"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        match wanted {
            Some(sql) => assert!(written.contains(sql) && screen.contains("[ended with 0]"), "{written}\n{screen}"),
            None => assert!(written.is_empty() && screen.contains("[ended with 2]"), "{written}\n{screen}"),
        }
    }
}
