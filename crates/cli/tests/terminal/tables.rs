//! Tables fit the terminal; colours are where they are wanted.

use crate::environment::TestEnvironment;
use crate::tmux::Terminal;

#[test]
fn names_are_cut_on_a_narrow_terminal_and_nowhere_else() {
    let it = TestEnvironment::with_two_migrations();
    it.migration(
        "20240301-000000_order_add_a_column_whose_name_says_all_of_it_and_more_v1",
        "SELECT 1;\n",
        "SELECT 1;\n",
    );
    assert_eq!(it.run(&["up"]).code, Some(0));
    for command in ["status", "audit"] {
        for columns in [80, 200] {
            let line = format!("{} {command}", env!("CARGO_BIN_EXE_driftlock"));
            let screen = Terminal::open((columns, 24), &it.command(&[]), &line).ended();
            let row =
                screen.lines().find(|line| line.contains("20240301-000000 ")).unwrap_or_else(|| panic!("{screen}"));
            assert!(row.chars().count() <= usize::from(columns) && row.contains("ann@"), "{screen}");
            assert_eq!(row.contains('…'), columns == 80 && command == "status", "{screen}");
        }
    }
}

#[test]
fn a_terminal_has_colours_unless_a_variable_says_no() {
    for (variables, coloured) in
        [("TERM=xterm", true), ("NO_COLOR=1", false), ("CLICOLOR=0", false), ("TERM=dumb", false)]
    {
        let it = TestEnvironment::with_two_migrations();
        // What is written to the terminal, byte by byte.
        let line = format!("script -qec 'env {variables} {} up --to nowhere' typed", env!("CARGO_BIN_EXE_driftlock"));
        Terminal::open((80, 24), &it.command(&[]), &line).ended();
        let typed = it.read("typed");
        assert!(typed.contains("there is no version"), "{typed:?}");
        assert_eq!(typed.contains("\u{1b}["), coloured, "{variables}: {typed:?}");
    }
}
