//! The server's own account of the objects that a statement names, and what it tells of a statement whose result nobody read.

use driftlock_database::{Error, Probe};
use sha2::{Digest, Sha256};

use crate::effect::{Effect, Kind, Object, effect};
use crate::error;
use crate::parse::{Name, quote};
use crate::wire::{TextRow, Wire, text};

/// What the server says of an object.
enum Account {
    /// Its definition.
    Present(String),
    Absent,
    /// These rights don't show it, or the server has no such statement.
    Hidden,
}

/// A digest of the accounts of all objects that a statement names.
pub(crate) async fn digest(wire: &mut Wire, sql: &str) -> Result<Option<String>, Error> {
    Ok(look(wire, &effect(sql)).await?.map(|seen| seen.digest))
}

/// What is there of a statement's objects.
struct Seen {
    digest: String,
    /// Of each object, whether it is there.
    present: Vec<bool>,
    /// Two of them are the same but for their names.
    has_twins: bool,
}

async fn look(wire: &mut Wire, effect: &Effect) -> Result<Option<Seen>, Error> {
    if effect.objects.is_empty() {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    let mut present = Vec::new();
    let mut bodies: Vec<String> = Vec::new();
    for object in &effect.objects {
        let definition = match account(wire, object).await? {
            Account::Present(definition) => Some(definition),
            Account::Absent => None,
            Account::Hidden => return Ok(None),
        };
        present.push(definition.is_some());
        // What follows `CREATE TABLE name`.
        bodies.extend(definition.as_deref().and_then(|text| Some(text[text.find('(')?..].to_owned())));
        hash.update(object.to_string());
        hash.update(b"\0");
        hash.update(definition.as_deref().unwrap_or("absent"));
        hash.update(b"\0");
    }
    let digest = hex(hash);
    let has_twins = bodies.iter().enumerate().any(|(at, body)| bodies[..at].contains(body));
    Ok(Some(Seen { digest, present, has_twins }))
}

async fn account(wire: &mut Wire, object: &Object) -> Result<Account, Error> {
    let (sql, column) = match object {
        Object::Rows(name) => (format!("SELECT COUNT(*) FROM {}", name.quoted()), 0),
        // A sequence has a table's definition too, but MySQL doesn't know the word.
        Object::Named(kind @ ("TRIGGER" | "PROCEDURE" | "FUNCTION" | "PACKAGE" | "PACKAGE BODY"), name) => {
            (show_create(kind, name), 2)
        }
        Object::Named("EVENT", name) => (show_create("EVENT", name), 3),
        Object::Named(kind, name) => (show_create(kind, name), 1),
        Object::Database(name) => (format!("SHOW CREATE DATABASE {}", quote(name)), 1),
        Object::Grants(account) => (format!("SHOW GRANTS FOR {account}"), 0),
    };
    let rows = match wire.rows(&sql).await {
        Ok(rows) => rows,
        Err(error) => return absent_or_hidden(error),
    };
    let mut definition = String::new();
    for row in &rows {
        let Some(Some(part)) = row.get(column) else {
            return Ok(Account::Hidden);
        };
        definition.push_str(part);
        definition.push('\n');
    }
    if let Object::Named("TABLE" | "SEQUENCE", _) = object {
        definition = without_counter(&definition);
    }
    if let Object::Database(name) = object {
        let tables: Vec<TextRow> = wire.rows(&format!("SHOW FULL TABLES FROM {}", quote(name))).await?;
        for table in &tables {
            definition.push_str(text(table, 0));
            definition.push('\n');
        }
    }
    Ok(Account::Present(definition))
}

fn show_create(kind: &str, name: &Name) -> String {
    format!("SHOW CREATE {kind} {}", name.quoted())
}

fn absent_or_hidden(error: Error) -> Result<Account, Error> {
    match error::number(&error) {
        // No such table, database, routine, trigger, event, account, view (it is a table), sequence.
        Some(1146 | 1049 | 1305 | 1360 | 1539 | 1141 | 1133 | 1396 | 1347 | 4089 | 4091) => Ok(Account::Absent),
        Some(_) if matches!(error, Error::Server(_)) => Ok(Account::Hidden),
        _ => Err(error),
    }
}

/// `SHOW CREATE TABLE` without the next value of its counter.
fn without_counter(definition: &str) -> String {
    const MARK: &str = " AUTO_INCREMENT=";
    let options = definition.rfind("\n) ENGINE=").unwrap_or(0);
    match definition[options..].find(MARK) {
        None => definition.to_owned(),
        Some(found) => {
            let start = options + found;
            let digits = &definition[start + MARK.len()..];
            let end = definition.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            format!("{}{}", &definition[..start], &definition[end..])
        }
    }
}

/// What became of a statement. `fills_atomically` says whether `CREATE TABLE … SELECT` is one step on this server.
pub(crate) async fn probe(
    wire: &mut Wire,
    sql: &str,
    before: Option<&str>,
    fills_atomically: bool,
) -> Result<Probe, Error> {
    let effect = effect(sql);
    match &effect.kind {
        Kind::Repeatable => return Ok(Probe::NotRun),
        Kind::Unknown(why) => return Ok(Probe::Unknown((*why).to_owned())),
        _ => {}
    }
    if let (Kind::Insert { rows }, [table]) = (&effect.kind, &effect.objects[..]) {
        return Ok(match account(wire, table).await? {
            Account::Present(now) => judge_insert(table, *rows, before, &now),
            Account::Absent | Account::Hidden => Probe::Unknown(format!("{table} isn't there to be looked at")),
        });
    }
    let Some(seen) = look(wire, &effect).await? else {
        return Ok(Probe::Unknown(format!("the server doesn't show {} with these rights", list(&effect.objects))));
    };
    let unchanged = before.map(|before| before == seen.digest);
    Ok(judge(&effect, &seen, unchanged, fills_atomically))
}

/// An INSERT into a table without transactions, by the number of rows then and now.
fn judge_insert(table: &Object, added: Option<u64>, before: Option<&str>, now: &str) -> Probe {
    let Ok(now) = now.trim().parse::<u64>() else {
        return Probe::Unknown(format!("the rows of {table} couldn't be counted"));
    };
    let was = |rows: u64| before == Some(one(table, &format!("{rows}\n")).as_str());
    if was(now) {
        return Probe::NotRun;
    }
    match added.and_then(|added| now.checked_sub(added)) {
        Some(then) if was(then) => Probe::Done,
        _ => Probe::Unknown(format!(
            "{table} knows no transactions, and has now {now} rows, of which some may be the statement's"
        )),
    }
}

/// The digest of the account of one object.
fn one(object: &Object, definition: &str) -> String {
    let mut hash = Sha256::new();
    for part in [&object.to_string(), definition] {
        hash.update(part);
        hash.update(b"\0");
    }
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn judge(effect: &Effect, seen: &Seen, unchanged: Option<bool>, fills_atomically: bool) -> Probe {
    let present = &seen.present[..];
    let all = present.iter().all(|present| *present);
    let none = !present.iter().any(|present| *present);
    if let Kind::Rename(pairs) = &effect.kind
        && swaps(pairs)
        && seen.has_twins
    {
        return Probe::Unknown(
            "tables were to change places, and their definitions don't show which is which".to_owned(),
        );
    }
    if unchanged == Some(true) {
        return Probe::NotRun;
    }
    let unknown_before = unchanged.is_none();
    match &effect.kind {
        Kind::Create { .. } if none && (unknown_before || effect.repeatable) => Probe::NotRun,
        Kind::Create { .. } if unknown_before => {
            Probe::Unknown(format!("{} is there, but whether it was before is not known", list(&effect.objects)))
        }
        Kind::Create { filled: true } if all && !fills_atomically => {
            Probe::Unknown(format!("{} is there, but whether all of its rows are is not known", list(&effect.objects)))
        }
        Kind::Create { .. } if all => Probe::Done,
        Kind::Create { .. } => Probe::Unknown(format!("{} was there before and is gone", list(&effect.objects))),
        Kind::Drop if none => Probe::Done,
        // What is left is dropped by running it again.
        Kind::Drop if effect.repeatable || matches!(effect.objects[..], [Object::Database(_)]) => Probe::NotRun,
        Kind::Drop => {
            let pick = |wanted: bool| -> Vec<Object> {
                let of = effect.objects.iter().zip(present).filter(|(_, present)| **present == wanted);
                of.map(|(object, _)| object.clone()).collect()
            };
            let (left, gone) = (pick(true), pick(false));
            if gone.is_empty() {
                Probe::Unknown(format!("{} is still there, but not as it was before", list(&left)))
            } else {
                Probe::Unknown(format!("{} is gone and {} is still there", list(&gone), list(&left)))
            }
        }
        _ if unknown_before => {
            Probe::Unknown(format!("how {} was before the statement is not known", list(&effect.objects)))
        }
        Kind::Rename(pairs) => judge_rename(effect, pairs, present),
        Kind::Alter | Kind::Insert { .. } | Kind::Repeatable | Kind::Unknown(_) => Probe::Done,
    }
}

/// After a rename each name is there if the last pair that holds it has it on the right.
fn judge_rename(effect: &Effect, pairs: &[(Name, Name)], present: &[bool]) -> Probe {
    let as_renamed = effect.objects.iter().zip(present).all(|(object, present)| {
        let Object::Named(_, name) = object else { return false };
        let last = pairs.iter().rev().find(|(old, new)| old == name || new == name);
        last.is_some_and(|(_, new)| (new == name) == *present)
    });
    if as_renamed {
        Probe::Done
    } else {
        Probe::Unknown(format!("of {} some are as after the renaming and some are not", list(&effect.objects)))
    }
}

/// Whether the same names are there before and after.
fn swaps(pairs: &[(Name, Name)]) -> bool {
    let lives_after = |name: &Name| {
        pairs.iter().rev().find(|(old, new)| old == name || new == name).is_some_and(|(_, new)| new == name)
    };
    let lives_before =
        |name: &Name| pairs.iter().find(|(old, new)| old == name || new == name).is_some_and(|(old, _)| old == name);
    pairs.iter().flat_map(|(old, new)| [old, new]).all(|name| lives_before(name) == lives_after(name))
}

fn list(objects: &[Object]) -> String {
    objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_the_counter_out() {
        let with = "CREATE TABLE `t` (\n  `a` int AUTO_INCREMENT COMMENT ' AUTO_INCREMENT=7'\n) ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COMMENT=' AUTO_INCREMENT=9'";
        let without = with.replacen(" AUTO_INCREMENT=42", "", 1);
        assert_eq!(without_counter(with), without);
        assert_eq!(without_counter("CREATE VIEW `v` AS SELECT 1"), "CREATE VIEW `v` AS SELECT 1");
    }

    #[test]
    fn counts_tell_what_became_of_an_insert() {
        let table = Object::Rows(Name { database: None, name: "a".to_owned() });
        let before = one(&table, "5\n");
        let told = |added, now: &str| judge_insert(&table, added, Some(&before), now);
        assert_eq!(told(Some(2), "5\n"), Probe::NotRun);
        assert_eq!(told(Some(2), "7\n"), Probe::Done);
        assert!(matches!(told(Some(2), "6\n"), Probe::Unknown(_)));
        assert!(matches!(told(None, "7\n"), Probe::Unknown(_)));
        assert!(matches!(judge_insert(&table, Some(2), None, "7\n"), Probe::Unknown(_)));
    }

    #[test]
    fn judges_what_cannot_be_staged() {
        let told = |sql: &str, present: &[bool], unchanged: Option<bool>| {
            let seen = Seen { digest: String::new(), present: present.to_vec(), has_twins: true };
            match judge(&effect(sql), &seen, unchanged, false) {
                Probe::NotRun => "not run".to_owned(),
                Probe::Done => "done".to_owned(),
                Probe::Unknown(why) => why,
            }
        };
        assert_eq!(
            told("CREATE TABLE a SELECT 1", &[true], Some(false)),
            "table `a` is there, but whether all of its rows are is not known"
        );
        assert_eq!(told("CREATE TABLE a (b int)", &[false], None), "not run");
        assert_eq!(
            told("CREATE TABLE a (b int)", &[true], None),
            "table `a` is there, but whether it was before is not known"
        );
        assert_eq!(
            told("DROP TABLE a, b", &[false, true], Some(false)),
            "table `a` is gone and table `b` is still there"
        );
        assert_eq!(told("DROP TABLE IF EXISTS a, b", &[false, true], Some(false)), "not run");
        assert_eq!(told("RENAME TABLE a TO b, c TO a", &[true, true, false], Some(false)), "done");
        assert!(told("RENAME TABLE a TO b, c TO a", &[false, true, true], Some(false)).contains("some are not"));
        assert!(
            told("RENAME TABLE a TO t, b TO a, t TO b", &[true, false, true], Some(true)).contains("change places")
        );
        assert!(told("ALTER TABLE a ADD b int", &[true], None).contains("is not known"));
    }
}
