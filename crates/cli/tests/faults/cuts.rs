//! A connection that breaks behind any byte of a run, in either direction: the next `up` ends as if nothing had happened.
//!
//! Some thirty places an engine and mode in every run; `cargo xtask fault` takes six times as many.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use driftlock_servers::proxy::{Cut, Proxy, Way};

use crate::bed::{EndState, in_parallel, median_and_worst, port_of};
use crate::network::{ENGINES, end, up};
use crate::scripts::{MODES, Mode, prepare};
use crate::target::{Engine, Target};

const COMMIT: &[u8] = b"COMMIT";

#[derive(Debug, Clone, Copy)]
struct Cell {
    place: Place,
    how: Cut,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Behind(Way, u64),
    /// The server has it; the answer doesn't come back.
    AnswerToCommit(u32),
}

/// What came of a cell that ended right.
struct Right {
    /// From the cut to the end of the run.
    noticed: Duration,
    /// From then to the end of the next one.
    mended: Duration,
    /// Something was committed, and the run could not know it.
    unheard: bool,
}

fn strike(engine: Engine, mode: Mode, wanted: &EndState, cell: Cell) -> Result<Right, String> {
    let context = format!("{engine:?}, {mode:?}, {cell:?}");
    let target = Target::new(engine);
    prepare(&target, mode);
    let proxy = Proxy::to(port_of(&target.url)).unwrap();
    match cell.place {
        Place::Behind(way, bytes) => proxy.cut_after(way, bytes, cell.how),
        Place::AnswerToCommit(time) => {
            proxy.cut_after(Way::ToClient, u64::MAX, Cut::Close);
            proxy.cut_answer_to(COMMIT, time, cell.how);
        }
    }
    let child = up(&target, proxy.port(), &["--connect-timeout", "5s"]).spawn().unwrap();
    let cut = loop {
        if proxy.has_cut() {
            break Instant::now();
        }
        // The run was a few bytes shorter than the one that was measured.
        if std::fs::read_to_string(format!("/proc/{}/stat", child.id())).is_ok_and(|stat| stat.contains(") Z ")) {
            break Instant::now();
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    if cell.how == Cut::Silence {
        // Its machine says that all arrived: no protocol of the network's finds that out, so that a human must.
        let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    }
    let struck = end(child, &context);
    let noticed = cut.elapsed();
    let allowed: &[i32] = if cell.how == Cut::Silence { &[143, 1, 0] } else { &[1, 0] };
    if !allowed.contains(&struck.code) {
        return Err(format!("{context}: the run ended with {}: {}{}", struck.code, struck.stdout, struck.stderr));
    }
    if struck.code == 1 && !struck.stderr.contains("connect") {
        return Err(format!("{context}: nothing is said of the connection: {}", struck.stderr));
    }
    drop(proxy);
    let told = struck.stdout.matches("20260101-").count();
    let began = Instant::now();
    let next = target.run(&["up", "--lock-wait", "60s"]);
    let mended = began.elapsed();
    if next.code != 0 {
        return Err(format!(
            "{context}: the next one ended with {}: {}\nstruck: {}",
            next.code, next.stderr, struck.stderr
        ));
    }
    let end = EndState::of(&target);
    end.expect(wanted).map_err(|why| format!("{context}: {why}\nstruck: {}\nnext: {}", struck.stderr, next.stdout))?;
    let done_then = next.stdout.matches("20260101-").count();
    Ok(Right { noticed, mended, unheard: told + done_then < end.done.len() })
}

/// About so many of them, evenly spread, with the first and the last.
fn spread(places: &BTreeSet<u64>, wanted: usize) -> BTreeSet<u64> {
    let places: Vec<u64> = places.iter().copied().collect();
    let last = places.len().saturating_sub(1);
    let steps = wanted.clamp(2, places.len().max(2)) - 1;
    (0..=steps).filter_map(|step| places.get(step * last / steps).copied()).collect()
}

fn cells(engine: Engine, mode: Mode, density: usize) -> (Vec<Cell>, EndState) {
    let target = Target::new(engine);
    prepare(&target, mode);
    let proxy = Proxy::to(port_of(&target.url)).unwrap();
    proxy.cut_after(Way::ToServer, u64::MAX, Cut::Silence);
    proxy.cut_answer_to(COMMIT, u32::MAX, Cut::Close);
    end(up(&target, proxy.port(), &[]).spawn().unwrap(), "a good network").expect(0);
    let (to_server, to_client) = proxy.passed();
    let mut cells = Vec::new();
    for (way, bytes) in [(Way::ToServer, to_server), (Way::ToClient, to_client)] {
        // Between messages, where everything before was understood; and anywhere.
        let between = spread(&proxy.pieces(way).into_iter().collect(), 6 * density);
        let anywhere = spread(&(0..bytes).collect(), 3 * density);
        let silent = spread(&between, density);
        cells.extend(between.iter().map(|&bytes| Cell { place: Place::Behind(way, bytes), how: Cut::Reset }));
        cells.extend(anywhere.iter().map(|&bytes| Cell { place: Place::Behind(way, bytes), how: Cut::Close }));
        cells.extend(silent.iter().map(|&bytes| Cell { place: Place::Behind(way, bytes), how: Cut::Silence }));
    }
    let commits = u32::MAX - proxy.answers_left();
    for time in spread(&(1..=u64::from(commits)).collect(), 6 * density) {
        let place = Place::AnswerToCommit(u32::try_from(time).unwrap());
        cells.push(Cell { place, how: if time % 2 == 0 { Cut::Reset } else { Cut::Close } });
    }
    println!(
        "{engine:?}, {mode:?}: {commits} commits, {to_server} bytes in {} pieces to the server, {to_client} in {} back; cut in {} places",
        proxy.pieces(Way::ToServer).len(),
        proxy.pieces(Way::ToClient).len(),
        cells.len()
    );
    (cells, EndState::of(&target))
}

#[test]
fn wherever_a_connection_breaks_the_next_run_ends_right() {
    let density = if std::env::var_os("FAULT_KILLS").is_some() { 6 } else { 1 };
    for engine in ENGINES {
        for mode in MODES {
            let (cells, wanted) = cells(engine, mode, density);
            let hows: Vec<Cut> = cells.iter().map(|cell| cell.how).collect();
            let results = in_parallel(cells, 6, |cell| strike(engine, mode, &wanted, cell));
            let wrong: Vec<&String> = results.iter().filter_map(|result| result.as_ref().err()).collect();
            assert!(wrong.is_empty(), "{} cells went wrong: {wrong:#?}", wrong.len());
            let right: Vec<(Cut, Right)> = hows.into_iter().zip(results.into_iter().flatten()).collect();
            for how in [Cut::Reset, Cut::Close] {
                let mut times: Vec<Duration> =
                    right.iter().filter(|(it, _)| *it == how).map(|(_, right)| right.noticed).collect();
                println!("  {how:?}: noticed after {}", median_and_worst(&mut times));
            }
            let mut times: Vec<Duration> = right.iter().map(|(_, right)| right.mended).collect();
            let unheard = right.iter().filter(|(_, right)| right.unheard).count();
            println!(
                "  the next run took {}; {unheard} had committed what they could not know",
                median_and_worst(&mut times)
            );
            assert!(unheard > 0, "{engine:?}, {mode:?}: no cut came between a commit and its answer");
        }
    }
}
