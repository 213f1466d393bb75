//! A program without async: it brings its database file up to date, and works with it through rusqlite.
//!
//! `example-blocking FILE` lists the products of the shop whose database this is; it is made where there is none.

use std::process::ExitCode;
use std::sync::Arc;

use driftlock::{Migrations, Migrator, Progress, blocking};

static MIGRATIONS: Migrations = driftlock::migrations!("../shop/migrations/sqlite");

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: example-blocking FILE");
        return ExitCode::from(2);
    };
    match run(&file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: &str) -> Result<(), Box<dyn std::error::Error>> {
    let db = blocking::connect(&format!("sqlite://{file}"))?;
    let tell = |progress: &Progress| {
        if let Progress::Applied(applied) = progress {
            println!("applied {}_{}", applied.version, applied.name);
        }
    };
    db.up(&Migrator::new(&MIGRATIONS).on_progress(Arc::new(tell)))?;
    db.close();

    let connection = rusqlite::Connection::open(file)?;
    let mut products = connection.prepare("SELECT name FROM products ORDER BY name")?;
    for name in products.query_map([], |row| row.get::<_, String>(0))? {
        println!("{}", name?);
    }
    Ok(())
}
