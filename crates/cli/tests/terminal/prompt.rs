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
