//! Every point × engine × mode × fault: the next `up` ends as if nothing had happened.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use driftlock_servers::private::Private;
use driftlock_servers::proxy::{Cut, Proxy};

use crate::bed::{EndState, Halted, in_parallel, median_and_worst, port_of, private, with_port};
use crate::scripts::{MODES, Mode, add_hooks, add_slow, prepare};
use crate::target::{Engine, Ran, Target};

/// The program's own points, and one inside of a statement that takes some seconds (`CREATE INDEX CONCURRENTLY`, where there is one).
pub(crate) const POINTS: [&str; 13] = [
    "waiting-for-lock",
    "before-own-tables",
    "between-own-tables",
    "before-fence",
    "before-migration",
    "between-statements",
    "after-intent",
    "before-journal",
    "before-history",
    "after-commit",
    "while-hooks-run",
    "before-unlock",
    "inside-statement",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Kill,
    Term,
    Cut,
    Restart,
}

const FAULTS: [(Fault, &str); 4] =
    [(Fault::Kill, "kill -9"), (Fault::Term, "SIGTERM"), (Fault::Cut, "cut"), (Fault::Restart, "restart")];

#[derive(Debug, Clone, Copy)]
struct Cell {
    mode: Mode,
    point: &'static str,
    fault: Fault,
    /// The program comes to most points more than once.
    time: u32,
}

/// Cells that there can't be, and why.
fn impossible(engine: Engine, mode: Mode, point: &str, fault: Fault) -> Option<&'static str> {
    match point {
        "after-intent" | "before-journal" if mode == Mode::Transactional => Some("a transaction has no journal"),
        "between-own-tables" if engine != Engine::MySql => Some("the own tables are made in one transaction"),
        _ if engine == Engine::Sqlite && matches!(fault, Fault::Cut | Fault::Restart) => {
            Some("there is no server, and no connection to one")
        }
        _ => None,
    }
}

/// Cells whose next `up` may stop with exit 7, and why. None of them is transactional.
const MAY_BE_UNKNOWN: [(Engine, &str, &str); 0] = [];

/// What came of a cell.
enum Verdict {
    Right(Duration),
    /// It stopped with exit 7, as it may.
    Unknown(&'static str),
    /// The program never comes to this point so often.
    NotReached,
    Wrong(String),
}

struct Scene {
    cell: Cell,
    target: Target,
    proxy: Option<Proxy>,
    holder: Option<Halted>,
    run: Halted,
}

impl Scene {
    /// A database with a run that stands at the cell's point. `None`: it never came there.
    fn set(engine: Engine, server: &str, cell: Cell) -> Option<Scene> {
        let target = Target::on(engine, server);
        prepare(&target, cell.mode);
        add_hooks(&target, cell.mode);
        let mark = if cell.point == "inside-statement" { Some(add_slow(&target, cell.mode)) } else { None };
        let proxy = (cell.fault == Fault::Cut).then(|| Proxy::to(port_of(&target.url)).unwrap());
        let url = proxy.as_ref().map_or_else(|| target.url.clone(), |proxy| with_port(&target.url, proxy.port()));
        let holder = (cell.point == "waiting-for-lock").then(|| {
            let mut holder = Halted::start(&target, &target.url, "before-migration", 1, "holder");
            assert!(holder.stands());
            holder
        });
        let (point, time) = if mark.is_some() { ("before-migration", 4) } else { (cell.point, cell.time) };
        let mut run = Halted::start(&target, &url, point, time, "run");
        if !run.stands() {
            run.end().expect(0);
            return None;
        }
        if let Some(mark) = mark {
            run.go();
            await_statement(&target, mark);
        }
        Some(Scene { cell, target, proxy, holder, run })
    }

    /// The fault, but for a server that is restarted: that is done for several at once.
    fn strike(&mut self) {
        match self.cell.fault {
            Fault::Kill => {
                self.run.child.kill().unwrap();
                self.run.child.wait().unwrap();
            }
            Fault::Term => {
                self.run.signal("TERM");
                // The point is left when the signal has been seen.
                std::thread::sleep(Duration::from_millis(100));
            }
            Fault::Cut => self.proxy.as_ref().unwrap().cut(Cut::Reset),
            Fault::Restart => {}
        }
        self.run.go();
    }

    /// The next `up`, and what the database is then.
    fn judge(self, reference: &BTreeMap<(Mode, bool), EndState>) -> Verdict {
        let Scene { cell, target, proxy, holder, run } = self;
        let struck = Ran::new(run.child.wait_with_output().unwrap());
        let expected: &[i32] = match cell.fault {
            Fault::Kill => &[1009],
            // It may have been done before the signal was seen.
            Fault::Term => &[143, 0],
            Fault::Cut | Fault::Restart => &[1, 0],
        };
        if !expected.contains(&struck.code) {
            return Verdict::Wrong(format!("the run ended with {}:\n{}", struck.code, struck.stderr));
        }
        if cell.fault == Fault::Cut && struck.code == 1 && !struck.stderr.contains("connect") {
            return Verdict::Wrong(format!("nothing is said of the connection:\n{}", struck.stderr));
        }
        drop(proxy);
        if let Some(holder) = holder {
            holder.go();
            let ran = holder.end();
            if ran.code != 0 && cell.fault != Fault::Restart {
                return Verdict::Wrong(format!("the holder of the lock ended with {}:\n{}", ran.code, ran.stderr));
            }
        }
        let began = Instant::now();
        let next = target.run(&["up"]);
        let took = began.elapsed();
        if next.code == 7 {
            let reason = MAY_BE_UNKNOWN
                .iter()
                .find(|(engine, point, _)| *engine == target.engine && *point == cell.point)
                .filter(|_| cell.mode == Mode::Journalled);
            return match reason {
                Some((.., reason)) => Verdict::Unknown(reason),
                None => Verdict::Wrong(format!("the next one stopped with exit 7:\n{}", next.stderr)),
            };
        }
        if next.code != 0 {
            return Verdict::Wrong(format!("the next one ended with {}:\n{}", next.code, next.stderr));
        }
        let status = target.run(&["status"]);
        if status.code != 0 {
            return Verdict::Wrong(format!("status ended with {}:\n{}", status.code, status.stderr));
        }
        match EndState::of(&target).expect(&reference[&(cell.mode, cell.point == "inside-statement")]) {
            Ok(()) => Verdict::Right(took),
            Err(why) => {
                Verdict::Wrong(format!("{why}\nstruck: {}\nnext: {}{}", struck.stderr, next.stdout, next.stderr))
            }
        }
    }
}

/// Waits until the server runs a statement like this.
fn await_statement(target: &Target, mark: &str) {
    let sql = match target.engine {
        Engine::Postgres => format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '{mark}' AND state = 'active'"
        ),
        Engine::MySql => format!(
            "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE '{mark}'",
            target.database()
        ),
        // Nobody can be asked; it takes seconds, and what is before it doesn't.
        Engine::Sqlite => return std::thread::sleep(Duration::from_millis(300)),
    };
    crate::target::until("the slow statement runs", || target.value(&sql) == "1");
}

/// What uninterrupted runs end with.
fn references(engine: Engine, server: &str) -> BTreeMap<(Mode, bool), EndState> {
    let mut references = BTreeMap::new();
    for mode in MODES {
        for slow in [false, true] {
            let target = Target::on(engine, server);
            prepare(&target, mode);
            add_hooks(&target, mode);
            if slow {
                add_slow(&target, mode);
            }
            target.run(&["up"]).expect(0);
            references.insert((mode, slow), EndState::of(&target));
        }
    }
    references
}

/// The times at which the program is at a point are known by coming there.
fn times(point: &str, fault: Fault) -> std::ops::RangeInclusive<u32> {
    match (point, fault) {
        // Each kind of statement is killed on both sides.
        (
            "after-intent" | "before-journal" | "between-statements" | "between-own-tables" | "while-hooks-run",
            Fault::Kill | Fault::Term,
        ) => 1..=40,
        ("waiting-for-lock" | "before-own-tables" | "before-fence" | "before-unlock" | "inside-statement", _) => 1..=1,
        // The middle file of three.
        _ => 2..=2,
    }
}

fn matrix(engine: Engine) {
    let mut server = private(engine);
    let url = server.as_ref().map(|server| server.url("")).unwrap_or_default();
    let reference = references(engine, &url);
    let mut results: Vec<(Cell, Verdict)> = Vec::new();

    // Cells that leave the server alone, a few at once.
    let mut jobs = Vec::new();
    let mut restarts = Vec::new();
    for mode in MODES {
        for point in POINTS {
            for (fault, _) in FAULTS {
                if impossible(engine, mode, point, fault).is_some() {
                    continue;
                }
                if fault == Fault::Restart {
                    restarts.push(Cell { mode, point, fault, time: *times(point, fault).start() });
                } else {
                    jobs.push((mode, point, fault));
                }
            }
        }
    }
    let done = in_parallel(jobs, 4, |(mode, point, fault)| {
        let mut verdicts = Vec::new();
        for time in times(point, fault) {
            let cell = Cell { mode, point, fault, time };
            let Some(mut scene) = Scene::set(engine, &url, cell) else {
                if verdicts.is_empty() {
                    verdicts.push((cell, Verdict::NotReached));
                }
                break;
            };
            scene.strike();
            verdicts.push((cell, scene.judge(&reference)));
        }
        verdicts
    });
    results.extend(done.into_iter().flatten());

    // One death of the server serves several.
    for batch in restarts.chunks(6) {
        let scenes = in_parallel(batch.to_vec(), 3, |cell| (cell, Scene::set(engine, &url, cell)));
        let server: &mut Private = server.as_mut().unwrap();
        server.kill().unwrap();
        let mut struck = Vec::new();
        for (cell, scene) in scenes {
            match scene {
                None => results.push((cell, Verdict::NotReached)),
                Some(mut scene) => {
                    scene.strike();
                    if let Some(holder) = &scene.holder {
                        holder.go();
                    }
                    struck.push(scene);
                }
            }
        }
        for scene in &mut struck {
            scene.run.child.wait().unwrap();
        }
        server.start().unwrap();
        results.extend(struck.into_iter().map(|scene| (scene.cell, scene.judge(&reference))));
    }
    report(engine, results);
}

/// Prints the matrix, and fails where a cell is wrong or has no run.
fn report(engine: Engine, results: Vec<(Cell, Verdict)>) {
    let mut wrong = Vec::new();
    let mut table: BTreeMap<(&str, usize, Fault), (usize, String)> = BTreeMap::new();
    let mut times = Vec::new();
    let mut slowest = (Duration::ZERO, String::new());
    for (cell, verdict) in results {
        let mode = usize::from(cell.mode == Mode::Journalled);
        let entry = table.entry((cell.point, mode, cell.fault)).or_default();
        match verdict {
            Verdict::Right(took) => {
                entry.0 += 1;
                times.push(took);
                if took > slowest.0 {
                    slowest = (took, format!("{:?}, {}, {:?}", cell.mode, cell.point, cell.fault));
                }
            }
            Verdict::Unknown(reason) => entry.1 = format!("7: {reason}"),
            Verdict::NotReached => {}
            Verdict::Wrong(why) => {
                entry.1 = "WRONG".to_owned();
                wrong.push(format!("{cell:?}: {why}"));
            }
        }
    }
    let mut text =
        format!("{engine:?}: number of faults after which the next `up` ended right; - where there can be none\n");
    let _ = write!(text, "{:<20}", "");
    for mode in MODES {
        for (_, name) in FAULTS {
            let _ = write!(text, "{:>11}", format!("{}{name}", if mode == Mode::Transactional { "t " } else { "j " }));
        }
    }
    text.push('\n');
    for point in POINTS {
        let _ = write!(text, "{point:<20}");
        for (at, mode) in MODES.into_iter().enumerate() {
            for (fault, _) in FAULTS {
                let cell = match (impossible(engine, mode, point, fault), table.get(&(point, at, fault))) {
                    (Some(_), None) => "-".to_owned(),
                    (None, Some((runs, note))) if note.is_empty() && *runs > 0 => runs.to_string(),
                    (None, Some((_, note))) if !note.is_empty() => note.clone(),
                    _ => {
                        wrong.push(format!("{mode:?} {point} {fault:?} has no run"));
                        "NO RUN".to_owned()
                    }
                };
                let _ = write!(text, "{cell:>11}");
            }
        }
        text.push('\n');
    }
    println!("{text}time from the fault to a right end: {} ({})\n", median_and_worst(&mut times), slowest.1);
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn sqlite() {
    matrix(Engine::Sqlite);
}

#[test]
fn postgres() {
    matrix(Engine::Postgres);
}

#[test]
fn mariadb() {
    matrix(Engine::MySql);
}

#[test]
fn every_point_of_the_program_is_in_the_matrix() {
    assert_eq!(POINTS[..12], driftlock_database::fault::POINTS[..12]);
}
