//! Every kind of statement that stands alone, killed right before it and right behind it: what the next `up` makes of it.

use crate::bed::{Halted, dump, in_parallel};
use crate::target::{Engine, Ran, Target};
use crate::{mysql_kinds, postgres_kinds};

/// The points around a statement that stands alone.
const POINTS: [&str; 2] = ["after-intent", "before-journal"];

/// A statement, what must be there before it, and the words of exit code 7 where that may come.
struct Case {
    engine: Engine,
    needs: Vec<String>,
    sql: String,
    unknown: Option<&'static str>,
    /// Also where it never ran.
    unknown_before: bool,
}

/// A target with what a case needs and a file that is the statement, and the prefix of what belongs to the whole server.
fn prepared(case: &Case) -> (Target, String) {
    let target = Target::new(case.engine);
    let user = target.database().replace("attack", "a");
    let fill = |sql: &str| sql.replace("{u}", &user).replace("{d}", target.database());
    if case.engine == Engine::Postgres {
        // One message would be one transaction.
        let mut client = target.tool("psql", &["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", target.database()]);
        for sql in &case.needs {
            client.args(["-c", &fill(sql)]);
        }
        if !case.needs.is_empty() {
            let output = client.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    } else {
        for sql in &case.needs {
            target.query(&fill(sql));
        }
    }
    // What could be one transaction, and can't.
    let alone = ["CALL", "DO ", "REINDEX TABLE", "CLUSTER p"].iter().any(|words| case.sql.starts_with(words));
    let head = if case.engine == Engine::Postgres && alone { "-- driftlock: no-transaction\n" } else { "" };
    target.migration(1, &format!("{head}{};\n", fill(&case.sql)));
    (target, user)
}

fn clear(target: &Target, user: &str) {
    match target.engine {
        Engine::Postgres => {
            target.query(&format!("DROP SUBSCRIPTION IF EXISTS {user}_s"));
            target.query(&format!("DROP TABLESPACE IF EXISTS {user}_t"));
        }
        _ => {
            target.query(&format!(
                "DROP SERVER IF EXISTS {user}_s; DROP USER IF EXISTS '{user}1', '{user}2', '{user}3'; DROP ROLE IF EXISTS '{user}r'"
            ));
        }
    }
}

/// What is wrong with the next run, if something is.
fn strike(case: &Case, point: &str, wanted: &str) -> Result<(), String> {
    let (target, user) = prepared(case);
    let mut run = Halted::start(&target, &target.url, point, 1, "halted");
    if !run.stands() {
        return Err(format!("it never comes to {point}: {:?}", run.end()));
    }
    run.signal("KILL");
    run.end();
    let ran = target.run(&["up", "--lock-wait", "30s"]);
    let verdict = judge(case, point, &ran, || is_right(&target, wanted, &user));
    clear(&target, &user);
    verdict
}

/// That the database is as after an uninterrupted run. The file's digest isn't, as accounts are of the whole server.
fn is_right(target: &Target, wanted: &str, user: &str) -> Result<(), String> {
    if target.history("state = 'done'") != "1" {
        return Err("the history doesn't have it as done, once".to_owned());
    }
    let dump = dump(target).replace(user, "{u}");
    if dump == wanted { Ok(()) } else { Err(format!("the dump is\n{dump}\ninstead of\n{wanted}")) }
}

fn judge(case: &Case, point: &str, ran: &Ran, is_right: impl Fn() -> Result<(), String>) -> Result<(), String> {
    let unknown = case.unknown.filter(|_| point == "before-journal" || case.unknown_before);
    match (unknown, ran.code) {
        (None, 0) => is_right(),
        (Some(words), 7) if ran.stderr.contains(words) => Ok(()),
        _ => Err(format!("up ended with {}: {}", ran.code, ran.stderr)),
    }
}

fn all_end_right(server: &str, cases: Vec<Case>) {
    let count = cases.len();
    let wrong: Vec<String> = in_parallel(cases, 2, |case| {
        let (reference, user) = prepared(&case);
        reference.run(&["up"]).expect(0);
        let wanted = dump(&reference).replace(&user, "{u}");
        clear(&reference, &user);
        drop(reference);
        let strikes = POINTS.into_iter().filter_map(|point| {
            strike(&case, point, &wanted).err().map(|why| format!("{} at {point}: {why}", case.sql))
        });
        strikes.collect::<Vec<_>>()
    })
    .concat();
    println!("{count} kinds of statement on {server}, each killed at {}", POINTS.join(" and "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 15, "{count}");
}

#[test]
fn mysql_statements_killed_before_and_behind_them_end_right_or_are_named() {
    let version = Target::new(Engine::MySql).value("SELECT version()");
    let server = if version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    let password = if server == "MariaDB" { "PASSWORD('Pw-3-c4nary')" } else { "'Pw-3-c4nary'" };
    // Not: statements about a whole database, which are not run from a file of one; a table without its file, which no program dumps.
    let is_of_its_own = |sql: &str| {
        ["CREATE DATABASE", "DROP DATABASE"].iter().any(|words| sql.starts_with(words)) || sql.contains("DISCARD")
    };
    let kinds = mysql_kinds::KINDS.iter().filter(|kind| kind.on.contains(&server) && !is_of_its_own(kind.sql));
    let cases = kinds.map(|kind| Case {
        engine: Engine::MySql,
        needs: kind.needs.iter().map(|sql| (*sql).to_owned()).collect(),
        sql: kind.sql.replace("{password}", password),
        unknown: match kind.after {
            mysql_kinds::After::Unknown(words) => Some(words),
            _ => None,
        },
        // Without any account of it nobody knows that it wasn't run either.
        unknown_before: kind.sql.starts_with("CALL"),
    });
    all_end_right(server, cases.collect());
}

#[test]
fn postgres_statements_killed_before_and_behind_them_end_right_or_are_named() {
    let cases = postgres_kinds::KINDS.iter().map(|kind| Case {
        engine: Engine::Postgres,
        needs: kind.needs.iter().map(|sql| (*sql).to_owned()).collect(),
        sql: kind.sql.to_owned(),
        unknown: match kind.after {
            postgres_kinds::After::Unknown(words) => Some(words),
            _ => None,
        },
        unknown_before: true,
    });
    all_end_right("PostgreSQL", cases.collect());
}
