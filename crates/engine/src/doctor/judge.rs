//! What a server's facts mean for whoever migrates it: pure.

use std::time::Duration;

use driftlock_database::{Examination, Pooler, Protection, Server, Timestamp};

use super::{Check, Health};

/// So far apart may two clocks be before it is worth a word.
const SKEW: i64 = 5_000_000;

/// From when on an open transaction is worth a word.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// What is known beside the server's own account.
pub(super) struct Seen<'a> {
    pub(super) server: &'a Server,
    /// This machine's clock before the server was asked, and when its answer was there.
    pub(super) asked: (Timestamp, Timestamp),
    /// What the configuration says of a pooler.
    pub(super) pooler: Pooler,
    /// Whether the adapter, asked as `up` asks it, finds the connection fit; else its words.
    pub(super) fit: Result<(), String>,
}

pub(super) fn judge(found: &Examination, seen: &Seen<'_>) -> Vec<Check> {
    let mut checks = vec![server(found, seen.server)];
    checks.extend(found.protection.as_ref().filter(|_| !seen.server.user.is_empty()).map(protection));
    checks.push(writable(found));
    // A file has no connections to share.
    if !seen.server.connection.is_empty() {
        checks.push(pooler(found, seen));
    }
    if let Err(reason) = &seen.fit
        && checks.iter().all(|check| check.state != Health::Problem)
    {
        checks.push(Check::problem("connection", reason.clone(), None));
    }
    checks.extend(rights(found));
    checks.extend(found.clock.map(|clock| skew(clock, seen.asked)));
    checks.extend(settings(found));
    checks.push(match &found.holder {
        None => Check::ok("lock", "nobody holds driftlock's lock"),
        Some(holder) => Check::warning(
            "lock",
            format!("another run holds driftlock's lock: {holder}"),
            "`up` waits for its end, as long as `lock_wait` says; what a killed run left on the server is ended by `up --take-over`",
        ),
    });
    for holder in &found.open {
        checks.push(Check::warning(
            "transactions",
            format!("a transaction has been open for more than {} s: {holder}", LONG.as_secs()),
            "a statement that changes a table which it has used waits for its end, up to `lock_timeout`, and is tried again `attempts` times",
        ));
    }
    checks
}

fn server(found: &Examination, server: &Server) -> Check {
    let user = if server.user.is_empty() { String::new() } else { format!(", as user {}", server.user) };
    let message = format!("{}: {}{user}", server.version, server.database);
    match &found.old {
        None => Check::ok("server", message),
        Some(why) => Check::warning("server", message, why.clone()),
    }
}

fn protection(protection: &Protection) -> Check {
    match protection {
        Protection::Encrypted(how) => Check::ok("encryption", how.clone()),
        Protection::Local => Check::ok("encryption", "none, and the way doesn't leave the server's machine"),
        Protection::Plain => Check::warning(
            "encryption",
            "none: whoever is on the way reads and changes what is sent",
            "where the way leaves this machine, demand it in the URL: `sslmode=verify-full` (PostgreSQL), `ssl-mode=VERIFY_IDENTITY` (MySQL, MariaDB)",
        ),
    }
}

fn writable(found: &Examination) -> Check {
    if let Some(sign) = &found.standby {
        return Check::problem(
            "writable",
            format!("this server is a standby ({sign})"),
            Some("connect to the primary, or name several hosts with `target_session_attrs=primary`; `status` and `plan` work here".to_owned()),
        );
    }
    match &found.read_only {
        Some(sign) => Check::problem(
            "writable",
            format!("it can only be read: {sign}"),
            Some("connect where, or as somebody who, may write; `status` and `plan` work here".to_owned()),
        ),
        None => Check::ok("writable", "neither a standby nor read-only"),
    }
}

fn pooler(found: &Examination, seen: &Seen<'_>) -> Check {
    match (&found.pooler, seen.pooler, &seen.fit) {
        (None, Pooler::Detect, _) => Check::ok("pooler", "none is in the way"),
        (None, Pooler::Session, _) => {
            Check::ok("pooler", "none is seen in the way, and `pooler = \"session\"` is configured")
        }
        (Some(sign), Pooler::Session, Ok(())) => {
            Check::ok("pooler", format!("one is in the way ({sign}), and it keeps what a session needs, as configured"))
        }
        (Some(_), Pooler::Session, Err(reason)) => Check::problem("pooler", reason.clone(), None),
        (Some(sign), Pooler::Detect, _) => Check::problem(
            "pooler",
            format!("a pooler such as PgBouncer is in the way: {sign}"),
            Some(
                "under one that pools transactions neither the lock nor the session's settings stay with a session: let migrations connect to the \
                 server itself, with a URL of their own; or, where it pools sessions (`pool_mode = session`), say `pooler = \"session\"` in the environment"
                    .to_owned(),
            ),
        ),
    }
}

fn rights(found: &Examination) -> Vec<Check> {
    let (granted, missing): (Vec<_>, Vec<_>) = found.rights.iter().partition(|right| right.granted);
    let mut checks = Vec::new();
    if !granted.is_empty() {
        let may: Vec<&str> = granted.iter().map(|right| right.what.as_str()).collect();
        checks.push(Check::ok("rights", format!("may {}", may.join("; may "))));
    }
    for right in missing {
        let message = format!("may not {}", right.what);
        checks.push(if right.needed {
            Check::problem("rights", message, Some(right.advice.clone()))
        } else {
            Check::warning("rights", message, right.advice.clone())
        });
    }
    checks
}

fn skew(server: Timestamp, (before, after): (Timestamp, Timestamp)) -> Check {
    let (server, before, after) = (server.as_micros(), before.as_micros(), after.as_micros());
    // The server looked at its clock somewhere between the two looks at ours.
    let off = if server < before { server - before } else { (server - after).max(0) };
    if off.abs() < SKEW {
        return Check::ok("clock", "this machine's and the server's agree");
    }
    let seconds = off.abs() / 1_000_000;
    let (which, other) = if off > 0 { ("ahead of", "the server's") } else { ("behind", "this machine's") };
    Check::warning(
        "clock",
        format!("the server's clock is {seconds} s {which} this machine's"),
        format!(
            "the history has the server's time, and `new` names versions by this machine's: what is made later may sort earlier; set both by NTP ({other} is ahead)"
        ),
    )
}

fn settings(found: &Examination) -> Vec<Check> {
    let usual: Vec<String> =
        found.settings.iter().filter(|it| it.odd.is_none()).map(|it| format!("{} {}", it.name, it.value)).collect();
    let mut checks = Vec::new();
    if !usual.is_empty() {
        checks.push(Check::ok("settings", usual.join(", ")));
    }
    for odd in &found.settings {
        checks.extend(
            odd.odd
                .as_ref()
                .map(|why| Check::warning("settings", format!("{} is {}", odd.name, odd.value), why.clone())),
        );
    }
    checks
}

#[cfg(test)]
mod tests {
    use driftlock_database::{Holder, Peculiarity, Right};

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_716_215_422_000_000);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(NOW.as_micros() + seconds * 1_000_000)
    }

    fn server_of(connection: &str) -> Server {
        Server {
            engine: "postgres",
            version: "PostgreSQL 15.18".to_owned(),
            database: "shop".to_owned(),
            user: "ann".to_owned(),
            connection: connection.to_owned(),
        }
    }

    /// What isn't well, a line each.
    fn told(found: &Examination, pooler: Pooler, fit: Result<(), String>) -> Vec<String> {
        let server = server_of("7");
        let seen = Seen { server: &server, asked: (NOW, at(1)), pooler, fit };
        let checks = judge(found, &seen);
        assert!(
            checks
                .iter()
                .all(|check| (check.state == Health::Ok) != (check.hint.is_some() || check.state == Health::Problem))
        );
        checks
            .iter()
            .filter(|check| check.state != Health::Ok)
            .map(|check| format!("{} {}: {}", check.state.as_str(), check.name, check.message))
            .collect()
    }

    fn right(granted: bool, needed: bool) -> Right {
        Right { what: "make tables".to_owned(), granted, advice: "GRANT".to_owned(), needed }
    }

    #[test]
    fn each_fact_has_its_judgement() {
        let some = |text: &str| Some(text.to_owned());
        let well = || Examination { clock: Some(NOW), protection: Some(Protection::Local), ..Examination::default() };
        let odd = Peculiarity { name: "fsync", value: "off".to_owned(), odd: some("dangerous") };
        let usual = Peculiarity { name: "TimeZone", value: "UTC".to_owned(), odd: None };
        let holder = Holder { pid: Some(7), ..Holder::default() };
        let cases: Vec<(Examination, &[&str])> = vec![
            (Examination { rights: vec![right(true, true)], settings: vec![usual], ..well() }, &[]),
            (Examination { old: some("old"), ..well() }, &["warning server: PostgreSQL 15.18: shop, as user ann"]),
            (
                Examination { protection: Some(Protection::Plain), ..well() },
                &["warning encryption: none: whoever is on the way reads and changes what is sent"],
            ),
            (Examination { protection: Some(Protection::Encrypted("TLSv1.3".to_owned())), ..well() }, &[]),
            (
                Examination { standby: some("in recovery"), ..well() },
                &["problem writable: this server is a standby (in recovery)"],
            ),
            (Examination { read_only: some("mode=ro"), ..well() }, &["problem writable: it can only be read: mode=ro"]),
            (
                Examination { rights: vec![right(false, true), right(true, true)], ..well() },
                &["problem rights: may not make tables"],
            ),
            (Examination { rights: vec![right(false, false)], ..well() }, &["warning rights: may not make tables"]),
            (Examination { settings: vec![odd], ..well() }, &["warning settings: fsync is off"]),
            (
                Examination { holder: Some(holder.clone()), ..well() },
                &["warning lock: another run holds driftlock's lock: pid 7"],
            ),
            (
                Examination { open: vec![holder], ..well() },
                &["warning transactions: a transaction has been open for more than 60 s: pid 7"],
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(told(&found, Pooler::Detect, Ok(())), expected, "{found:?}");
        }
    }

    #[test]
    fn clocks_are_compared_with_room_for_the_way() {
        for (server, expected) in [
            (-4, None),
            (0, None),
            (1, None),
            (5, None),
            (6, Some("the server's clock is 5 s ahead of this machine's")),
            (-5, Some("the server's clock is 5 s behind this machine's")),
            (-3600, Some("the server's clock is 3600 s behind this machine's")),
        ] {
            let check = skew(at(server), (NOW, at(1)));
            assert_eq!(Some(check.message.as_str()).filter(|_| check.state == Health::Warning), expected, "{server}");
        }
        assert!(skew(at(100), (NOW, at(1))).hint.unwrap().contains("the server's is ahead"));
    }

    #[test]
    fn a_pooler_is_judged_by_what_is_configured_and_by_how_it_behaves() {
        let behind = Examination { pooler: Some("7 is not 9".to_owned()), ..Examination::default() };
        let unfit = || Err("it pools transactions".to_owned());
        for (found, configured, fit, expected) in [
            (
                &behind,
                Pooler::Detect,
                unfit(),
                Some("problem pooler: a pooler such as PgBouncer is in the way: 7 is not 9"),
            ),
            (&behind, Pooler::Session, Ok(()), None),
            (&behind, Pooler::Session, unfit(), Some("problem pooler: it pools transactions")),
            (&Examination::default(), Pooler::Session, Ok(()), None),
            // What no check of ours sees, the adapter's own says.
            (&Examination::default(), Pooler::Detect, unfit(), Some("problem connection: it pools transactions")),
        ] {
            let told = told(found, configured, fit);
            assert_eq!(told.first().map(String::as_str), expected);
            assert!(told.len() < 2, "{told:?}");
        }
    }

    #[test]
    fn a_file_has_neither_a_pooler_nor_a_way() {
        let server = Server { user: String::new(), ..server_of("") };
        let seen = Seen { server: &server, asked: (NOW, NOW), pooler: Pooler::Detect, fit: Ok(()) };
        let found = Examination { protection: Some(Protection::Local), ..Examination::default() };
        let names: Vec<&str> = judge(&found, &seen).iter().map(|check| check.name).collect();
        assert_eq!(names, ["server", "writable", "lock"]);
    }
}
