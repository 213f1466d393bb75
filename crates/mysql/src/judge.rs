//! What became of a statement whose result nobody read: what the server says now, held against what it said before.
//!
//! Which statements are one step, by the servers' own documentation: MySQL 8.0 "Atomic Data Definition Statement Support" (all of
//! DDL and account management on InnoDB, also where it names several), MariaDB 10.6.1 "Atomic DDL" (all but `DROP` of several,
//! `CREATE OR REPLACE TABLE` and `DROP DATABASE`, which go object by object; its account tables know no transactions).

use driftlock_database::{Error, Probe};

use crate::alter::Mark;
use crate::connect::Product;
use crate::effect::{Effect, Kind, Object, effect};
use crate::objects::{Account, Before, NOT_SHOWN, Seen, look, right};
use crate::parse::words;
use crate::wire::Wire;

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Probe(Probe),
    /// Some of it is there. This statement does the rest; the words say what is there, should it fail.
    Finish(String, String),
}

fn unknown(what: impl Into<String>) -> Verdict {
    Verdict::Probe(Probe::Unknown(what.into()))
}

const NOT_RUN: Verdict = Verdict::Probe(Probe::NotRun);
const DONE: Verdict = Verdict::Probe(Probe::Done);

/// See [`Session::probe`](driftlock_database::Session::probe).
pub(crate) async fn probe(wire: &mut Wire, product: Product, sql: &str, before: Option<&str>) -> Result<Probe, Error> {
    let effect = effect(sql);
    match &effect.kind {
        Kind::Repeatable => return Ok(Probe::NotRun),
        Kind::Unknown(why) => return Ok(Probe::Unknown((*why).to_owned())),
        _ => {}
    }
    let seen = match look(wire, product, &effect.objects).await? {
        Ok(seen) => seen,
        Err(hidden) => {
            let Some(object) = effect.objects.get(hidden) else { return Ok(Probe::Unknown(String::new())) };
            return Ok(Probe::Unknown(format!(
                "the server doesn't show {object} with these rights ({} would)",
                right(object, product)
            )));
        }
    };
    let is_empty = match &effect.kind {
        Kind::Empty { whole: true } | Kind::Replace { .. } => is_empty(wire, &effect, &seen).await?,
        _ => false,
    };
    match (Case { effect: &effect, seen: &seen, before: Before(before), product, sql, is_empty }).judge() {
        Verdict::Probe(probe) => Ok(probe),
        Verdict::Finish(rest, state) => match wire.run(&rest).await {
            Ok(_) => Ok(Probe::Done),
            Err(Error::ConnectionLost(why)) => Err(Error::ConnectionLost(why)),
            // Its words may hold a part of the statement, and with it a password.
            Err(error) => Ok(Probe::Unknown(format!(
                "{state}, and the rest could not be done (error {})",
                error.server().map_or("", |server| &server.code)
            ))),
        },
    }
}

/// Whether the table has no rows. What can't be read counts as having some.
async fn is_empty(wire: &mut Wire, effect: &Effect, seen: &Seen) -> Result<bool, Error> {
    let Some((Object::Store(name), Account::Present(_))) = effect.objects.iter().zip(&seen.accounts).next_back() else {
        return Ok(false);
    };
    match wire.row(&format!("SELECT 1 FROM {} LIMIT 1", name.quoted())).await {
        Ok(row) => Ok(row.is_none()),
        Err(Error::Server(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A statement with all that is known of it.
struct Case<'a> {
    effect: &'a Effect,
    seen: &'a Seen,
    before: Before<'a>,
    product: Product,
    sql: &'a str,
    /// For statements that throw all rows of a table away: there are none now.
    is_empty: bool,
}

impl Case<'_> {
    fn judge(&self) -> Verdict {
        let unchanged = self.before.is(self.seen);
        match &self.effect.kind {
            Kind::Repeatable => NOT_RUN,
            Kind::Unknown(why) => unknown(*why),
            Kind::Create { filled, once } => self.create(unchanged, *filled, *once),
            Kind::Replace { filled } => self.replace(*filled),
            Kind::Drop { if_exists } => self.drop(unchanged, *if_exists),
            Kind::Alter(marks) => self.alter(unchanged, marks),
            Kind::Rename(pairs) => self.rename(unchanged, pairs),
            Kind::Insert { rows } => self.insert(*rows),
            Kind::Change if unchanged == Some(true) => NOT_RUN,
            Kind::Change => unknown(format!(
                "{} knows no transactions, and its rows are not as they were before: all of the statement's effect may be there, or some",
                self.list()
            )),
            // To empty what is empty does no harm.
            Kind::Empty { .. } if self.is_empty => NOT_RUN,
            Kind::Empty { .. } => self.stores("emptied it and others filled it since"),
            Kind::Exchange => self.stores("moved its rows"),
            Kind::Restart if unchanged == Some(true) => NOT_RUN,
            Kind::Restart => unknown(format!(
                "the next value of {} isn't what it was before: the statement set it, or somebody took some",
                self.list()
            )),
        }
    }

    fn create(&self, unchanged: Option<bool>, filled: bool, once: bool) -> Verdict {
        let (there, missing) = self.there_and_missing();
        if there.is_empty() {
            return match unchanged {
                _ if once => unknown(format!(
                    "{} isn't there, and as it runs once and then drops itself, it may have been",
                    self.list()
                )),
                Some(false) => unknown(format!("{} was there before and is gone", self.list())),
                _ => NOT_RUN,
            };
        }
        match unchanged {
            Some(true) => NOT_RUN,
            None => unknown(format!("{} is there, but whether it was before is not known", list(&there))),
            Some(false) if !missing.is_empty() => {
                let state = format!("{} is there and {} is not", list(&there), list(&missing));
                match self.if_not_exists().filter(|_| self.all_were(&Account::Absent)) {
                    Some(rest) => Verdict::Finish(rest, state),
                    None => unknown(state),
                }
            }
            Some(false) if filled && !self.fills_at_once() => {
                unknown(format!("{} is there, but whether all of its rows are is not known", self.list()))
            }
            Some(false) => DONE,
        }
    }

    /// Whether a table that is filled from a query is there with all of its rows or not at all.
    fn fills_at_once(&self) -> bool {
        let definition = self.seen.accounts.first().map_or("", Account::definition);
        self.product.fills_atomically() && (self.product.is_mariadb || definition.contains("\n) ENGINE=InnoDB"))
    }

    fn replace(&self, filled: bool) -> Verdict {
        let Some(definition) = self.seen.accounts.first() else { return NOT_RUN };
        if !definition.is_present() {
            return NOT_RUN;
        }
        let by_store = self.stores("made it anew and others filled it since");
        let same = self.was(0, definition);
        match by_store {
            DONE if filled && !self.fills_at_once() => {
                unknown(format!("{} is there, but whether all of its rows are is not known", self.object(0)))
            }
            NOT_RUN if same == Some(false) => {
                unknown(format!("{} isn't as it was before, nor made anew", self.object(0)))
            }
            // Where the store tells nothing, another definition does.
            Verdict::Probe(Probe::Unknown(_)) if same == Some(false) && !filled => DONE,
            Verdict::Probe(Probe::Unknown(_)) if self.is_empty => NOT_RUN,
            told => told,
        }
    }

    /// By where the rows of a table are kept. `other` says what the statement may have done.
    fn stores(&self, other: &str) -> Verdict {
        let objects = &self.effect.objects;
        let mut changed = Vec::new();
        for (at, account) in self.seen.accounts.iter().enumerate() {
            let Some(object @ Object::Store(_)) = objects.get(at) else { continue };
            let hidden = Account::Present(NOT_SHOWN.to_owned());
            let is_hidden = *account == hidden || self.was(at, &hidden) == Some(true);
            // A checksum is that of the rows, which others change too.
            let is_sum = account.definition().starts_with("checksum ");
            match self.was(at, account) {
                // A name between two that change places.
                Some(true) if !account.is_present() => {}
                Some(_) if !account.is_present() => return unknown(format!("{object} is gone")),
                Some(true) if !is_hidden => changed.push(false),
                Some(false) if !is_hidden && !is_sum => changed.push(true),
                None => return unknown(format!("how {object} was before the statement is not known")),
                _ => {
                    let why = if is_hidden { " (with the right PROCESS driftlock can tell)" } else { "" };
                    return unknown(format!("either the statement was never run on {object}, or it {other}{why}"));
                }
            }
        }
        match (changed.contains(&true), changed.contains(&false)) {
            (true, false) => DONE,
            (true, true) => unknown(format!("of {} some are as before and some are not", self.list())),
            (false, _) => NOT_RUN,
        }
    }

    fn drop(&self, unchanged: Option<bool>, if_exists: bool) -> Verdict {
        let (left, gone) = self.there_and_missing();
        if unchanged == Some(true) {
            return NOT_RUN;
        }
        if left.is_empty() {
            return DONE;
        }
        // Table by table: what is left over is dropped by running it again.
        if matches!(self.effect.objects[..], [Object::Database(_)]) || (if_exists && unchanged.is_none()) {
            return NOT_RUN;
        }
        let as_before = self.seen.accounts.iter().enumerate().filter(|(_, account)| account.is_present());
        if !as_before.map(|(at, account)| self.was(at, account)).all(|was| was == Some(true)) {
            return unknown(if gone.is_empty() {
                format!("{} is still there, but not as it was before", list(&left))
            } else {
                format!("{} is gone and {} is still there, but not known to be as it was", list(&gone), list(&left))
            });
        }
        if if_exists {
            return NOT_RUN;
        }
        match rest_of_drop(&left) {
            Some(rest) => Verdict::Finish(rest, format!("{} is gone and {} is still there", list(&gone), list(&left))),
            None => unknown(format!("{} is gone and {} is still there", list(&gone), list(&left))),
        }
    }

    fn alter(&self, unchanged: Option<bool>, marks: &[Mark]) -> Verdict {
        if unchanged == Some(true) {
            return NOT_RUN;
        }
        let (_, missing) = self.there_and_missing();
        if !missing.is_empty() {
            return unknown(format!("{} is gone", list(&missing)));
        }
        let definition = self.seen.accounts.first().map_or("", Account::definition);
        let (made, not_made): (Vec<&Mark>, Vec<&Mark>) = marks.iter().partition(|mark| mark.holds(definition));
        match (unchanged, &made[..], &not_made[..]) {
            // Somebody else changed it; of the statement there is nothing.
            (_, [], [_, ..]) => NOT_RUN,
            (None, ..) => unknown(format!("how {} was before the statement is not known", self.list())),
            (_, _, []) if self.effect.objects.len() == 1 => DONE,
            (_, _, []) => self.accounts(),
            (_, made, not_made) => {
                let names = |marks: &[&Mark]| marks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                unknown(format!(
                    "of {}, {} is as after the statement and {} is not",
                    self.list(),
                    names(made),
                    names(not_made)
                ))
            }
        }
    }

    /// Rights taken from several accounts, one of which at least isn't as it was.
    fn accounts(&self) -> Verdict {
        let (same, other): (Vec<usize>, Vec<usize>) =
            (0..self.seen.accounts.len()).partition(|&at| self.was(at, &self.seen.accounts[at]) != Some(false));
        if same.is_empty() || !self.product.is_mariadb {
            return DONE;
        }
        let names =
            |which: &[usize]| list(&which.iter().map(|&at| self.effect.objects[at].clone()).collect::<Vec<_>>());
        unknown(format!("the rights of {} changed and those of {} did not", names(&other), names(&same)))
    }

    /// After a rename each name is there if the last pair that holds it has it on the right.
    fn rename(&self, unchanged: Option<bool>, pairs: &[(usize, usize)]) -> Verdict {
        let objects = &self.effect.objects;
        let names = objects.iter().take_while(|object| !matches!(object, Object::Store(_))).count();
        if names < objects.len() {
            return self.stores("moved it");
        }
        match unchanged {
            Some(true) => return NOT_RUN,
            None => return unknown(format!("how {} was before the statement is not known", self.list())),
            Some(false) => {}
        }
        let lives =
            |at: usize| pairs.iter().rev().find(|(old, new)| *old == at || *new == at).map(|(_, new)| *new == at);
        let present: Vec<bool> = self.seen.accounts.iter().map(Account::is_present).collect();
        if present.iter().enumerate().all(|(at, present)| lives(at) == Some(*present)) {
            DONE
        } else {
            unknown(format!("of {} some are as after the renaming and some are not", self.list()))
        }
    }

    /// An INSERT into a table without transactions, by the number of rows then and now.
    fn insert(&self, added: Option<u64>) -> Verdict {
        let now = self.seen.accounts.first().map_or("", Account::definition);
        let Ok(now) = now.trim().parse::<u64>() else {
            return unknown(format!("{} isn't there to be looked at", self.list()));
        };
        let was = |rows: u64| self.was(0, &Account::Present(format!("{rows}\n"))) == Some(true);
        if was(now) {
            return NOT_RUN;
        }
        match added.and_then(|added| now.checked_sub(added)) {
            Some(then) if was(then) => DONE,
            _ => unknown(format!(
                "{} knows no transactions, and has now {now} rows, of which some may be the statement's",
                self.list()
            )),
        }
    }

    fn was(&self, at: usize, account: &Account) -> Option<bool> {
        self.before.had(&self.effect.objects, at, account)
    }

    fn all_were(&self, account: &Account) -> bool {
        (0..self.effect.objects.len()).all(|at| self.was(at, account) == Some(true))
    }

    fn there_and_missing(&self) -> (Vec<Object>, Vec<Object>) {
        let pick = |wanted: bool| {
            let of = self.effect.objects.iter().zip(&self.seen.accounts);
            of.filter(|(_, account)| account.is_present() == wanted).map(|(object, _)| object.clone()).collect()
        };
        (pick(true), pick(false))
    }

    /// The statement so that what is there already is no error.
    fn if_not_exists(&self) -> Option<String> {
        let tokens = words(self.sql);
        let kind = tokens.get(1).filter(|token| token.is("USER") || token.is("ROLE"))?;
        let at = kind.start + kind.text.len();
        Some(format!("{} IF NOT EXISTS{}", &self.sql[..at], &self.sql[at..]))
    }

    fn object(&self, at: usize) -> String {
        self.effect.objects.get(at).map(ToString::to_string).unwrap_or_default()
    }

    fn list(&self) -> String {
        list(&self.effect.objects)
    }
}

/// The statement that drops these, all of one kind.
fn rest_of_drop(left: &[Object]) -> Option<String> {
    let (kind, names): (Vec<&str>, Vec<String>) = left
        .iter()
        .map(|object| match object {
            Object::Named(kind, name) => Some((*kind, name.quoted())),
            Object::Account(kind, account) => Some((*kind, account.clone())),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .unzip();
    Some(format!("DROP {} {}", kind.first()?, names.join(", ")))
}

fn list(objects: &[Object]) -> String {
    let mut names: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let mut known = std::collections::BTreeSet::new();
    names.retain(|name| known.insert(name.clone()));
    names.join(", ")
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
