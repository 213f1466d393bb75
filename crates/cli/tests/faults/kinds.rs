//! Every kind of statement that stands alone, killed right before it and right behind it: what the next `up` makes of it.

use crate::bed::{Halted, dump, in_parallel};
use crate::mysql_kinds::{After, KINDS, Kind};
use crate::target::{Engine, Ran, Target};

/// The points around a statement that stands alone.
const POINTS: [&str; 2] = ["after-intent", "before-journal"];

fn server() -> &'static str {
    let target = Target::new(Engine::MySql);
    if target.value("SELECT version()").contains("MariaDB") { "MariaDB" } else { "MySQL" }
}

/// A target with what the kind needs and a file that is the statement, and the prefix of its accounts.
fn prepared(kind: &Kind, server: &str) -> (Target, String) {
    let target = Target::new(Engine::MySql);
    let user = target.database().replace("attack", "a");
    let password = if server == "MariaDB" { "PASSWORD('Pw-3-long')" } else { "'Pw-3-long'" };
    let fill = |sql: &str| sql.replace("{u}", &user).replace("{d}", target.database()).replace("{password}", password);
    for sql in kind.needs {
        target.query(&fill(sql));
    }
    target.migration(1, &format!("{};\n", fill(kind.sql)));
    (target, user)
}

fn clear(target: &Target, user: &str) {
    target.query(&format!(
        "DROP SERVER IF EXISTS {user}_s; DROP USER IF EXISTS '{user}1', '{user}2', '{user}3'; DROP ROLE IF EXISTS '{user}r'"
    ));
}

/// What is wrong with the next run, if something is.
fn strike(kind: &Kind, server: &str, point: &str, wanted: &str) -> Result<(), String> {
    let (target, user) = prepared(kind, server);
    let mut run = Halted::start(&target, &target.url, point, 1, "halted");
    if !run.stands() {
        return Err(format!("it never comes to {point}: {:?}", run.end()));
    }
    run.signal("KILL");
    run.end();
    let ran = target.run(&["up", "--lock-wait", "30s"]);
    let verdict = judge(kind, point, &ran, || is_right(&target, wanted));
    clear(&target, &user);
    verdict
}

/// That the database is as after an uninterrupted run. The file's digest isn't, as accounts are of the whole server.
fn is_right(target: &Target, wanted: &str) -> Result<(), String> {
    if target.history("state = 'done'") != "1" {
        return Err("the history doesn't have it as done, once".to_owned());
    }
    let dump = dump(target);
    if dump == wanted { Ok(()) } else { Err(format!("the dump is\n{dump}\ninstead of\n{wanted}")) }
}

fn judge(kind: &Kind, point: &str, ran: &Ran, is_right: impl Fn() -> Result<(), String>) -> Result<(), String> {
    let may_be_unknown = match kind.after {
        // Without any account of it nobody knows that it wasn't run either.
        After::Unknown(words) => Some(words).filter(|_| point == "before-journal" || kind.sql.starts_with("CALL")),
        After::Done | After::Again => None,
    };
    match (may_be_unknown, ran.code) {
        (None, 0) => is_right(),
        (Some(words), 7) if ran.stderr.contains(words) => Ok(()),
        _ => Err(format!("up ended with {}: {}", ran.code, ran.stderr)),
    }
}

#[test]
fn mysql_statements_killed_before_and_behind_them_end_right_or_are_named() {
    let server = server();
    let kinds: Vec<&Kind> =
        KINDS.iter().filter(|kind| kind.on.contains(&server)).filter(|kind| !is_of_its_own(kind)).collect();
    let count = kinds.len();
    let wrong: Vec<String> = in_parallel(kinds, 2, |kind| {
        let (reference, user) = prepared(kind, server);
        reference.run(&["up"]).expect(0);
        let wanted = dump(&reference);
        clear(&reference, &user);
        let strikes = POINTS.into_iter().filter_map(|point| {
            strike(kind, server, point, &wanted).err().map(|why| format!("{} at {point}: {why}", kind.sql))
        });
        strikes.collect::<Vec<_>>()
    })
    .concat();
    println!("{count} kinds of statement on {server}, each killed at {}", POINTS.join(" and "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "{count}");
}

/// Statements about a whole database, which are not run from a file of one; and a table without its file, which no program dumps.
fn is_of_its_own(kind: &Kind) -> bool {
    ["CREATE DATABASE", "DROP DATABASE"].iter().any(|words| kind.sql.starts_with(words)) || kind.sql.contains("DISCARD")
}
