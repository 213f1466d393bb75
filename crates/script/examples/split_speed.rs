//! How fast a file is split: `split_speed DIALECT FILE…`, with the dialects `postgres`, `mysql` and `sqlite`.
//!
//! For each file: its megabytes, how many statements it has, the seconds that splitting took and the megabytes a second.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use driftlock_script::{Dialect, Options, Pieces};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dialect = match arguments.next().as_deref() {
        Some("postgres") => Dialect::Postgres,
        Some("mysql") => Dialect::MySql,
        Some("sqlite") => Dialect::Sqlite,
        other => return Err(format!("{other:?} is no dialect: say postgres, mysql or sqlite").into()),
    };
    for path in arguments {
        let file = File::open(&path)?;
        #[expect(clippy::cast_precision_loss, reason = "a few digits are enough")]
        let megabytes = file.metadata()?.len() as f64 / 1e6;
        let started = Instant::now();
        let mut pieces = Pieces::new(file, dialect, &Options::default());
        let mut statements = 0;
        while let Some(piece) = pieces.next()? {
            statements += piece.statements.len();
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{path}: {megabytes:.1} MB, {statements} statements, {seconds:.3} s, {:.0} MB/s", megabytes / seconds);
    }
    Ok(())
}
