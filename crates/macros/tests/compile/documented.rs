//! The programs of the documentation compile.

use crate::app::{App, workspace};

/// The blocks of a text that begin with this line and are whole programs, without what stands before each line of them.
fn programs(text: &str, fence: &str, margin: &str) -> Vec<String> {
    let mut programs = Vec::new();
    let mut lines = text.lines().map(|line| {
        let line = line.strip_prefix(margin).unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line)
    });
    while lines.any(|line| line == fence) {
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        programs.push(block.join("\n") + "\n");
    }
    programs.into_iter().filter(|program| program.contains("fn main")).collect()
}

#[test]
fn the_programs_of_the_front_page_and_of_the_manual_compile() {
    let read = |name: &str| std::fs::read_to_string(workspace().join(name)).unwrap();
    let front = read("crates/driftlock/src/lib.rs");
    let front = front.split_once("\npub mod ").unwrap().0;
    for (name, programs) in [
        ("the front page", programs(front, "```ignore", "//!")),
        ("docs/library.md", programs(&read("docs/library.md"), "```rust", "")),
    ] {
        let (scripts, programs): (Vec<String>, Vec<String>) =
            programs.into_iter().partition(|program| program.contains("rerun-if-changed"));
        assert_eq!((scripts.len(), programs.len()), (1, 1), "{name}");
        let app = App::new();
        app.depend_on("tokio = { version = \"1\", features = [\"rt-multi-thread\", \"macros\"] }");
        app.write("migrations/20240520-143022_a_v1.up.sql", "SELECT 1;\n");
        app.write("build.rs", &scripts[0]);
        app.write("src/main.rs", &programs[0]);
        assert_eq!(app.errors(), Vec::<String>::new(), "{name}");
    }
}
