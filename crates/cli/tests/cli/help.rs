//! Help is short, and says what there is.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

#[test]
fn the_whole_and_one_command() {
    let it = TestEnvironment::new();
    assert_snapshot!(it.run(&["-h"]), @r"
    Takes SQL migrations to SQLite, PostgreSQL and MySQL or MariaDB: exactly once, through any number of
    runners

    Usage: driftlock [OPTIONS] <COMMAND>

    Commands:
      init         Begin a project: a driftlock.toml and a directory for migrations
      new          Make the files of a new migration
      validate     Say all that is wrong with the files, without a database
      manifest     Write or verify the SHA-256 of every migration file
      status       Show what is applied, what is pending and what is wrong
      plan         Print what `up` would run, statement by statement
      up           Apply what is pending
      down         Undo what was applied last
      redo         Undo what was applied last and apply it again
      baseline     Declare versions as applied, without running them
      accept       Accept an edited file as what was applied, with a reason
      adopt        Take over what another tool applied, from its own table
      audit        List who changed what, when and from which commit, or verify that record
      completions  Print a script that completes commands and options in a shell

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Where:
          --url <URL>   The database, such as sqlite://shop.db or postgres://user@host/shop
          --dir <PATH>  The directory of the migrations
          --env <NAME>  The environment of driftlock.toml

    Output:
          --format <text|json>  How to print results [default: text]
      -q, --quiet               Say nothing but errors and what was asked for

    Examples:
      driftlock init                                        begin a project
      driftlock new user add_email                          make the two files of a migration
      driftlock up                                          apply what is pending
      driftlock up --url sqlite://shop.db --dir migrations  the same, without a configuration
      driftlock status --env staging                        what is applied where

    `driftlock <command> --help` says more of each, with all options that they share.
    ---- exit 0
    ");
    assert_snapshot!(it.run(&["up", "-h"]), @r"
    Apply what is pending

    Usage: driftlock up [OPTIONS]

    Options:
          --to <VERSION>  Up to this version
          --steps <N>     At most so many versions
          --dry-run       Print what would run, and run nothing
      -h, --help          Print help (see more with '--help')

    Where:
          --url <URL>   The database, such as sqlite://shop.db or postgres://user@host/shop
          --dir <PATH>  The directory of the migrations
          --env <NAME>  The environment of driftlock.toml

    Output:
          --format <text|json>  How to print results [default: text]
      -q, --quiet               Say nothing but errors and what was asked for

    Examples:
      driftlock up
      driftlock up --env staging --to 20240520-143022
      driftlock up --dry-run
      driftlock up --url sqlite://shop.db --dir migrations

    Any number of them may run at once: one works, the others wait and find nothing left to do.
    ---- exit 0
    ");
}

#[test]
fn every_command_has_an_example() {
    let it = TestEnvironment::new();
    let help = it.run(&["-h"]).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(commands.len(), 14, "{help}");
    for command in commands {
        let said = it.run(&[command, "--help"]);
        assert!(said.stdout.contains("Example") && said.stdout.contains(&format!("  driftlock {command}")), "{said}");
    }
}

#[test]
fn version_and_completions() {
    let it = TestEnvironment::new();
    assert_eq!(it.run(&["--version"]).stdout, format!("driftlock {}\n", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish"] {
        assert!(it.run(&["completions", shell]).stdout.contains("baseline"), "{shell}");
    }
    assert_eq!(it.run(&["upp"]).code, Some(2));
}
