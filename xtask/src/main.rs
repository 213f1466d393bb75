//! The project's chores: `cargo xtask try`, `cargo xtask setup`, `cargo xtask test`, `cargo xtask bench`, `cargo xtask pages`,
//! `cargo xtask oracle`.

mod arguments;
mod bench;
mod install;
mod oracle;
mod pages;
mod shop;
mod test;
mod workspace;

use std::process::ExitCode;

use arguments::Chore;
use driftlock_servers::{fail, process, servers, setup};

fn main() -> ExitCode {
    let chore = match arguments::parse(std::env::args().skip(1)) {
        Ok(chore) => chore,
        Err(failure) => {
            eprintln!("error: {failure}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    let interrupt = match process::Interrupt::install() {
        Ok(interrupt) => interrupt,
        Err(failure) => return report(&failure),
    };
    let done = match chore {
        Chore::Help => {
            print!("{}", arguments::HELP);
            Ok(true)
        }
        Chore::Try => shop::migrate_and_check(),
        Chore::Setup => setup::setup().map(|tools| {
            println!("{tools}");
            true
        }),
        Chore::StopServers => test::stop_kept().map(|()| true),
        Chore::Test(options) => test::run(&options, &interrupt),
        Chore::Fault { kills, seed } => test::run(&test::Options::fault(kills, seed), &interrupt),
        Chore::Fuzz { minutes, seed } => test::run(&test::Options::fuzz(minutes, seed), &interrupt),
        Chore::Pages => pages::write(),
        Chore::OracleAdopt(options) => oracle::adopt(&options, &interrupt),
        Chore::Bench(options) => bench::run(&options, &interrupt),
    };
    match done {
        _ if interrupt.signal().is_some() => ExitCode::from(128 + interrupt.signal().unwrap_or_default()),
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => report(&failure),
    }
}

fn report(failure: &fail::Failure) -> ExitCode {
    eprintln!("error: {failure}");
    ExitCode::FAILURE
}
