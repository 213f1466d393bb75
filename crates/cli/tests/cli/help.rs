//! Help: every page is a file in `snapshots/help`, as it looks on a screen of 80 columns.
//!
//! `cargo xtask pages` writes them anew.

use crate::environment::TestEnvironment;

/// All commands, those of commands too, as words; the program itself is none.
pub(crate) fn commands(it: &TestEnvironment) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let help = it.run(&["-h"]).stdout;
    let listed = help.lines().skip_while(|line| !line.is_empty()).skip(3).take_while(|line| !line.is_empty());
    // `lock, check  …`: some share a line.
    let names = |line: &str| -> Vec<String> {
        let words = line.get(10..).unwrap_or_default().split_whitespace();
        let mut shares = true;
        let names = words.take_while(|word| std::mem::replace(&mut shares, word.ends_with(',')));
        names.map(|word| word.trim_end_matches(',').to_owned()).collect()
    };
    for name in listed.flat_map(names) {
        let name = name.as_str();
        all.push(vec![name.to_owned()]);
        let help = it.run(&[name, "-h"]).stdout;
        let below = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        all.extend(below.filter_map(|line| Some(vec![name.to_owned(), line.split_whitespace().next()?.to_owned()])));
    }
    assert!(all.len() > 16 && all.contains(&vec!["manifest".to_owned(), "verify".to_owned()]), "{all:?}");
    all
}

#[test]
fn every_page_is_as_committed_and_fits_a_screen() {
    let it = TestEnvironment::new();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/help");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();
    for command in commands(&it) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let name = std::iter::once("driftlock").chain(words.iter().copied()).collect::<Vec<_>>().join("-");
        for (option, name, lines) in [("-h", name.clone(), 24), ("--help", format!("{name}.long"), 130)] {
            let said = it.run(&[&words, &[option][..]].concat());
            assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{said}");
            assert!(said.stdout.lines().count() <= lines, "`{name}` doesn't fit {lines} lines:\n{said}");
            for line in said.stdout.lines() {
                assert!(
                    line.chars().count() <= 80 && line.trim_end() == line,
                    "too wide, or blank at its end: {line:?}"
                );
            }
            insta::assert_snapshot!(name, said.stdout);
        }
    }
}

#[test]
fn every_command_has_an_example() {
    let it = TestEnvironment::new();
    for command in commands(&it) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        for option in ["-h", "--help"] {
            let said = it.run(&[&words, &[option][..]].concat());
            let call = format!("driftlock {}", words.join(" "));
            assert!(said.stdout.contains("Example") && said.stdout.contains(call.trim_end()), "{said}");
        }
    }
}

/// What `-h` leaves out, `--help` has, and says so.
#[test]
fn the_long_help_has_every_option() {
    let it = TestEnvironment::new();
    let (short, long) = (it.run(&["up", "-h"]).stdout, it.run(&["up", "--help"]).stdout);
    assert!(short.contains("see more with '--help'") && !short.contains("--lock-wait"), "{short}");
    assert!(long.contains("--lock-wait") && long.contains("Any number of them may run at once"), "{long}");
    // Behind `--` it is a value of the command's.
    let said = it.run(&["accept", "--", "--help"]);
    assert_ne!(said.code, Some(0), "{said}");
}

#[test]
fn help_is_coloured_where_that_is_asked_for() {
    let it = TestEnvironment::new();
    for (arguments, coloured) in [
        (&["-h", "--color", "always"][..], true),
        (&["--color=always", "up", "-h"], true),
        (&["up", "-h"], false),
        (&["up", "--color=always", "-h", "--color=never"], false),
    ] {
        assert_eq!(it.run(arguments).stdout.contains('\u{1b}'), coloured, "{arguments:?}");
    }
}

#[test]
fn mistyped_words_get_the_right_one() {
    let it = TestEnvironment::with_two_migrations();
    for (arguments, right) in [
        (&["upp"][..], "a similar subcommand exists: 'up'"),
        (&["stauts"], "'status'"),
        (&["up", "--step", "1"], "a similar argument exists: '--steps'"),
        (&["up", "--lockwait", "1s"], "a similar argument exists: '--lock-wait'"),
    ] {
        let said = it.run(arguments);
        assert_eq!(said.code, Some(2), "{said}");
        assert!(said.stderr.contains(right), "{said}");
    }
}

#[test]
fn version() {
    let it = TestEnvironment::new();
    assert_eq!(it.run(&["--version"]).stdout, format!("driftlock {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn names_that_are_not_known_get_the_right_one_or_all() {
    let it = TestEnvironment::with_the_example();
    for (arguments, said) in [
        (
            &["up", "--env", "stagign"][..],
            "--env: there is no environment `stagign` in driftlock.toml; did you mean `staging`?",
        ),
        (
            &["up", "--env", "zzz"],
            "--env: there is no environment `zzz` in driftlock.toml; there are dev, prod, staging",
        ),
        (
            &["up", "--to", "2024010-090000"],
            "there is no version `2024010-090000` in the migrations; did you mean 20240108-090000?",
        ),
        (
            &["up", "--to", "20240108"],
            "there is no version `20240108` in the migrations; did you mean 20240108-090000, 20240108-091500?",
        ),
        (
            &["up", "--to", "customer_create_table_v1"],
            "there is no version `customer_create_table_v1` in the migrations; did you mean 20240108-090000?",
        ),
        (&["up", "--to", "x"], "there is no version `x` in the migrations; `driftlock status` lists them"),
        (&["up", "--layout", "goos"], "--layout: there is no layout `goos`; did you mean `goose`?"),
        (&["validate", "--engine", "postgre"], "there is no engine `postgre`; did you mean `postgres`?"),
        (&["validate", "--engine", "oracle"], "there is no engine `oracle`; there are sqlite, postgres, mysql"),
        (&["adopt", "--from", "gose"], "there is no tool `gose` to take over from; did you mean `goose`?"),
        (
            &["init", "--from-layout", "dbmat"],
            "--from-layout: there is no other layout `dbmat`; did you mean `dbmate`?",
        ),
    ] {
        let ended = it.run(arguments);
        assert_eq!(ended.code, Some(2), "{ended}");
        assert_eq!(ended.stderr.lines().next(), Some(format!("error: {said}").as_str()), "{ended}");
    }
}
