//! What goes where: colours, pipes, quiet.

use std::process::Stdio;

use crate::environment::TestEnvironment;

#[test]
fn colours_only_where_they_were_asked_for() {
    let mut it = TestEnvironment::with_two_migrations();
    let escape = '\u{1b}';
    assert!(!it.run(&["up", "--url", "nonsense"]).stderr.contains(escape));
    assert!(it.run(&["up", "--url", "nonsense", "--color", "always"]).stderr.contains(escape));
    let json = it.run(&["status", "--format", "json", "--color", "always"]);
    assert!(!json.stdout.contains(escape), "{json}");
    it.set("NO_COLOR", "1");
    assert!(!it.run(&["up", "--url", "nonsense"]).stderr.contains(escape));
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let it = TestEnvironment::with_two_migrations();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = it.command(&["up"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    let said = it.said(&output);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{said}");
    let (_, status) = it.json(&["status"]);
    assert_eq!(status["pending"], 0);
}

#[test]
fn quiet_says_nothing_but_what_was_asked_for() {
    let it = TestEnvironment::with_two_migrations();
    let said = it.run(&["up", "--quiet"]);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str(), said.code), ("", "", Some(0)));
    assert!(it.run(&["status", "--quiet"]).stdout.contains("applied"));
}
