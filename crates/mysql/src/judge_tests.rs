//! What can't be staged on a server: halves that only its crash leaves, other servers, other rights.

use super::*;

const MARIADB: (u16, u16, u16) = (10, 11, 0);
const MYSQL: (u16, u16, u16) = (9, 7, 0);

/// The verdict on a statement, given each object's definition before and now; an empty one is absent.
fn told_on(version: (u16, u16, u16), sql: &str, before: Option<&[&str]>, now: &[&str], is_empty: bool) -> String {
    let effect = effect(sql);
    let accounts = |definitions: &[&str]| -> Vec<Account> {
        let account = |definition: &&str| match *definition {
            "" => Account::Absent,
            text => Account::Present(text.to_owned()),
        };
        definitions.iter().map(account).collect()
    };
    let recorded = before.map(|before| Seen::new(&effect.objects, accounts(before)).digest);
    let seen = Seen::new(&effect.objects, accounts(now));
    let product = Product::new(version);
    let case = Case { effect: &effect, seen: &seen, before: Before(recorded.as_deref()), product, sql, is_empty };
    match case.judge() {
        Verdict::Probe(Probe::NotRun) => "not run".to_owned(),
        Verdict::Probe(Probe::Done) => "done".to_owned(),
        Verdict::Probe(Probe::Unknown(why)) => why,
        Verdict::Finish(rest, _) => format!("finish: {rest}"),
    }
}

fn told(sql: &str, before: Option<&[&str]>, now: &[&str]) -> String {
    told_on(MARIADB, sql, before, now, false)
}

#[test]
fn what_is_made_was_made_or_not() {
    let filled = "CREATE TABLE a SELECT 1";
    assert_eq!(told(filled, Some(&[""]), &["x"]), "done");
    assert!(told_on((10, 5, 0), filled, Some(&[""]), &["x"], false).contains("whether all of its rows are"));
    assert_eq!(told_on(MYSQL, filled, Some(&[""]), &["x\n) ENGINE=InnoDB"], false), "done");
    assert!(
        told_on(MYSQL, filled, Some(&[""]), &["x\n) ENGINE=MyISAM"], false).contains("whether all of its rows are")
    );
    assert_eq!(told("CREATE TABLE a (b int)", None, &[""]), "not run");
    assert!(told("CREATE TABLE a (b int)", None, &["x"]).contains("whether it was before is not known"));
    assert!(told("CREATE TABLE a (b int)", Some(&["x"]), &[""]).contains("was there before and is gone"));
    let once = "CREATE EVENT e ON SCHEDULE AT NOW() DO SELECT 1";
    assert_eq!(told(once, Some(&[""]), &["x"]), "done");
    assert!(told(once, Some(&[""]), &[""]).contains("runs once"));
}

#[test]
fn the_half_of_a_drop_is_finished_where_the_rest_is_as_it_was() {
    let drop = "DROP TABLE a, d.b, c";
    assert_eq!(told(drop, Some(&["x", "y", "z"]), &["", "y", "z"]), "finish: DROP TABLE `d`.`b`, `c`");
    assert_eq!(
        told(drop, Some(&["x", "y", "z"]), &["", "", "other"]),
        "table `a`, table `d.b` is gone and table `c` is still there, but not known to be as it was"
    );
    assert_eq!(told("DROP TABLE IF EXISTS a, b", Some(&["x", "y"]), &["", "y"]), "not run");
    assert_eq!(told("DROP TABLE a", Some(&["x"]), &["y"]), "table `a` is still there, but not as it was before");
    assert_eq!(
        told("DROP TABLE IF EXISTS a", Some(&["x"]), &["y"]),
        "table `a` is still there, but not as it was before"
    );
    assert_eq!(told("DROP USER ann, 'ben'@'%'", Some(&["x", "y"]), &["", "y"]), "finish: DROP USER 'ben'@'%'");
    assert_eq!(told("DROP DATABASE d", Some(&["x"]), &["y"]), "not run");
    // So many that the journal has no digest of each.
    let many: Vec<String> = (0..30).map(|number| format!("t{number}")).collect();
    let (before, mut now) = (vec!["x"; 30], vec!["x"; 30]);
    now[0] = "";
    assert!(
        told(&format!("DROP TABLE {}", many.join(", ")), Some(&before), &now).contains("not known to be as it was")
    );
}

#[test]
fn accounts_are_finished_or_named() {
    assert_eq!(
        told("CREATE USER a IDENTIFIED BY 'x', b", Some(&["", ""]), &["x", ""]),
        "finish: CREATE USER IF NOT EXISTS a IDENTIFIED BY 'x', b"
    );
    assert_eq!(told("CREATE USER a, b", Some(&["w", ""]), &["x", ""]), "account a is there and account b is not");
    let revoke = "REVOKE SELECT ON *.* FROM a, b";
    assert_eq!(told(revoke, Some(&["x", "y"]), &["x", "y"]), "not run");
    assert_eq!(told(revoke, Some(&["x", "y"]), &["w", "z"]), "done");
    assert_eq!(
        told(revoke, Some(&["x", "y"]), &["w", "y"]),
        "the rights of account a changed and those of account b did not"
    );
    assert_eq!(told_on(MYSQL, revoke, Some(&["x", "y"]), &["w", "y"], false), "done");
}

#[test]
fn a_change_by_somebody_else_is_not_taken_for_the_statement() {
    let table = |columns: &str| format!("CREATE TABLE `a` (\n{columns}) ENGINE=InnoDB");
    let (bare, with_b) = (table("  `x` int,\n"), table("  `x` int,\n  `b` int,\n"));
    let (other, both) = (table("  `x` int,\n  `o` int,\n"), table("  `x` int,\n  `b` int,\n  `c` int,\n"));
    let add = "ALTER TABLE a ADD b int, ADD c int";
    assert_eq!(told(add, Some(&[&bare]), &[&bare]), "not run");
    assert_eq!(told(add, Some(&[&bare]), &[&both]), "done");
    assert_eq!(told(add, Some(&[&bare]), &[&other]), "not run");
    assert_eq!(told(add, None, &[&bare]), "not run");
    assert!(told(add, None, &[&both]).contains("is not known"));
    assert_eq!(
        told(add, Some(&[&bare]), &[&with_b]),
        "of table `a`, column `b` is as after the statement and column `c` is not"
    );
    assert_eq!(told(add, Some(&[&bare]), &[""]), "table `a` is gone");
    // What nothing marks is judged by any difference.
    assert_eq!(told("ALTER TABLE a ADD INDEX (x)", Some(&[&bare]), &[&other]), "done");
}

#[test]
fn rows_thrown_away_are_not_thrown_away_twice() {
    let truncate = "TRUNCATE a";
    assert_eq!(told(truncate, Some(&["t 1 1"]), &["t 1 1"]), "not run");
    assert_eq!(told(truncate, Some(&["t 1 1"]), &["t 2 2"]), "done");
    assert!(told(truncate, None, &["t 2 2"]).contains("is not known"));
    assert_eq!(told_on(MARIADB, truncate, None, &["t 2 2"], true), "not run");
    assert!(told(truncate, Some(&[NOT_SHOWN]), &[NOT_SHOWN]).contains("the right PROCESS"));
    assert!(told(truncate, Some(&[NOT_SHOWN]), &["t 2 2"]).contains("the right PROCESS"));
    assert_eq!(told(truncate, Some(&["checksum 5"]), &["checksum 5"]), "not run");
    assert!(told(truncate, Some(&["checksum 5"]), &["checksum 6"]).contains("emptied it"));
    let replace = "CREATE OR REPLACE TABLE a (b int)";
    assert_eq!(told(replace, Some(&["x", "t 1"]), &["x", "t 1"]), "not run");
    assert_eq!(told(replace, Some(&["x", "t 1"]), &["", ""]), "not run");
    assert_eq!(told(replace, Some(&["", ""]), &["x", "t 1"]), "done");
    assert_eq!(told(replace, Some(&["x", "t 1"]), &["x", "t 2"]), "done");
    assert_eq!(told(replace, Some(&["x", NOT_SHOWN]), &["y", NOT_SHOWN]), "done");
    assert!(told(replace, Some(&["x", NOT_SHOWN]), &["x", NOT_SHOWN]).contains("the right PROCESS"));
    assert_eq!(told_on(MARIADB, replace, Some(&["x", NOT_SHOWN]), &["x", NOT_SHOWN], true), "not run");
    assert!(told(replace, Some(&["x", "t 1"]), &["y", "t 1"]).contains("nor made anew"));
}

#[test]
fn names_and_rows_that_change_places() {
    let pairs = "RENAME TABLE a TO b, c TO a";
    assert_eq!(told(pairs, Some(&["x", "", "z"]), &["z", "x", ""]), "done");
    assert!(told(pairs, Some(&["x", "", "z"]), &["", "x", "z"]).contains("some are not"));
    let swap = "RENAME TABLE a TO t, b TO a, t TO b";
    let names = ["x", "", "x"];
    let with = |stores: [&'static str; 3]| [names[0], names[1], names[2], stores[0], stores[1], stores[2]];
    assert_eq!(told(swap, Some(&with(["a 1", "", "b 2"])), &with(["a 1", "", "b 2"])), "not run");
    assert_eq!(told(swap, Some(&with(["a 1", "", "b 2"])), &with(["a 2", "", "b 1"])), "done");
    let hidden = with([NOT_SHOWN, NOT_SHOWN, NOT_SHOWN]);
    assert!(told(swap, Some(&hidden), &hidden).contains("the right PROCESS"));
    let exchange = "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b";
    assert_eq!(told(exchange, Some(&["a#p 1", "b 2"]), &["a#p 1", "b 2"]), "not run");
    assert_eq!(told(exchange, Some(&["a#p 1", "b 2"]), &["a#p 2", "b 1"]), "done");
    assert!(told(exchange, Some(&["a#p 1", "b 2"]), &["a#p 2", "b 2"]).contains("some are as before"));
}

#[test]
fn counts_and_checksums_tell_of_tables_without_transactions() {
    let insert = "INSERT INTO a VALUES (1), (2)";
    assert_eq!(told(insert, Some(&["5\n"]), &["5\n"]), "not run");
    assert_eq!(told(insert, Some(&["5\n"]), &["7\n"]), "done");
    assert!(told(insert, Some(&["5\n"]), &["6\n"]).contains("has now 6 rows"));
    assert!(told(insert, None, &["7\n"]).contains("has now 7 rows"));
    assert!(told("INSERT IGNORE INTO a VALUES (1)", Some(&["5\n"]), &["6\n"]).contains("has now 6 rows"));
    let update = "UPDATE a SET b = b + 1";
    assert_eq!(told(update, Some(&["checksum 1"]), &["checksum 1"]), "not run");
    assert!(told(update, Some(&["checksum 1"]), &["checksum 2"]).contains("not as they were before"));
    let restart = "ALTER SEQUENCE s RESTART 5";
    assert_eq!(told(restart, Some(&["1001\n"]), &["1001\n"]), "not run");
    assert!(told(restart, Some(&["1001\n"]), &["5\n"]).contains("the next value"));
}
