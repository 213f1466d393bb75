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

/// By <https://no-color.org> and <https://bixense.com/clicolors>: an option before all, then `NO_COLOR`, then `CLICOLOR_FORCE`.
#[test]
fn variables_say_whether_there_are_colours() {
    for (variables, options, coloured) in [
        (&[][..], &[][..], false),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        (&[("CLICOLOR", "1")], &[], false),
        (&[("NO_COLOR", "1")], &["--color", "always"], true),
    ] {
        let mut it = TestEnvironment::with_two_migrations();
        variables.iter().for_each(|(name, value)| it.set(name, value));
        for arguments in [&["up", "--to", "nowhere"][..], &["-h"]] {
            let said = it.run(&[arguments, options].concat());
            let text = format!("{}{}", said.stdout, said.stderr);
            assert_eq!(text.contains('\u{1b}'), coloured, "{variables:?} {options:?} {arguments:?}: {text:?}");
        }
    }
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
