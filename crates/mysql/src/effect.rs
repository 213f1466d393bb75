//! Which objects a statement that stands alone names, and what it does to them, from its text.

use driftlock_script::Token;

use crate::accounts;
use crate::alter::{Changes, Mark, changes};
use crate::parse::{Cursor, Name, words};

/// Something of which the server gives an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object {
    /// `SHOW CREATE TABLE`, `… VIEW` and so on: the keyword and the name.
    Named(&'static str, Name),
    /// The number of a table's rows.
    Rows(Name),
    /// The checksum of a table's rows.
    Content(Name),
    /// Where the storage engine keeps a table's rows: other numbers once they were thrown away or exchanged.
    Store(Name),
    /// The next value of a sequence.
    Value(Name),
    /// `SHOW CREATE DATABASE` and the tables in it.
    Database(String),
    /// `SHOW GRANTS` of an account, as written; `ROLE` or `USER`.
    Account(&'static str, String),
    /// A row of the server's list of plugins.
    Plugin(String),
    /// A row of the server's list of foreign servers.
    Server(String),
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Object::Named(kind, name) => write!(f, "{} `{name}`", kind.to_ascii_lowercase()),
            Object::Rows(name) | Object::Content(name) | Object::Store(name) => write!(f, "table `{name}`"),
            Object::Value(name) => write!(f, "sequence `{name}`"),
            Object::Database(name) => write!(f, "database `{name}`"),
            Object::Account(kind, account) => {
                write!(f, "{} {account}", if *kind == "ROLE" { "role" } else { "account" })
            }
            Object::Plugin(name) => write!(f, "plugin `{name}`"),
            Object::Server(name) => write!(f, "server `{name}`"),
        }
    }
}

/// What a statement does to the objects that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They are there afterwards.
    Create {
        /// Filled from a query, which isn't one step on every server.
        filled: bool,
        /// Gone again by itself: an event that runs once.
        once: bool,
    },
    /// A table or a sequence that takes the place of what was there, rows and all: its definition, then its store.
    Replace {
        /// As for `Create`.
        filled: bool,
    },
    /// They are gone afterwards.
    Drop {
        /// `IF EXISTS`: what isn't there is no error.
        if_exists: bool,
    },
    /// These names show it; where there are none, any difference does.
    Alter(Vec<Mark>),
    /// Of each pair of objects the first is gone and the second is there. Stores follow behind where names change places.
    Rename(Vec<(usize, usize)>),
    /// Rows are added to it, so many where the statement says so.
    Insert {
        /// How many, where they are written out and none can be left out.
        rows: Option<u64>,
    },
    /// Rows of a table without transactions are changed one by one.
    Change,
    /// A table's rows are gone; `false`: those of some partitions.
    Empty {
        /// All of them.
        whole: bool,
    },
    /// Rows change places with those of another table, or their files are taken away or brought.
    Exchange,
    /// A sequence goes on from another value.
    Restart,
    /// Running it again ends the same; nothing needs to be known.
    Repeatable,
    /// Nobody can tell, and why.
    Unknown(&'static str),
}

/// A statement's effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) kind: Kind,
    pub(crate) objects: Vec<Object>,
}

impl Effect {
    fn new(kind: Kind, objects: Vec<Object>) -> Self {
        Effect { kind, objects }
    }

    fn repeatable() -> Self {
        Effect::new(Kind::Repeatable, Vec::new())
    }

    fn unknown(why: &'static str) -> Self {
        Effect::new(Kind::Unknown(why), Vec::new())
    }
}

const NO_ACCOUNT: &str = "the server gives no account of what this statement changes";
const ROUTINE: &str = "what a routine or a prepared statement does, and how far it came, nobody can tell";
const SECOND_PASSWORD: &str =
    "a password that is set twice leaves no old one to retain, and the server doesn't show which ones it has";
const COMPUTED: &str = "the value that it sets is computed, and may be another one the second time";

/// Reads a statement's effect.
pub(crate) fn effect(sql: &str) -> Effect {
    let tokens = words(sql);
    read(sql, &tokens).unwrap_or_else(|| Effect::unknown(NO_ACCOUNT))
}

fn read(sql: &str, tokens: &[Token<'_>]) -> Option<Effect> {
    let mut cursor = Cursor::new(tokens);
    let first = cursor.next()?;
    Some(match first.text.to_ascii_uppercase().as_str() {
        "CREATE" => return create(sql, tokens, cursor),
        "ALTER" => return alter(cursor),
        "DROP" => return drop(sql, cursor),
        "RENAME" => return rename(sql, cursor),
        "TRUNCATE" => {
            cursor.eat(&["TABLE"]);
            Effect::new(Kind::Empty { whole: true }, vec![Object::Store(cursor.name()?)])
        }
        "INSERT" => {
            let (table, rows) = crate::rows::insert(tokens)?;
            // A row that is there is changed, and no count shows it.
            match tokens.iter().any(|token| token.is("DUPLICATE")) {
                true => Effect::new(Kind::Change, vec![Object::Content(table)]),
                false => Effect::new(Kind::Insert { rows }, vec![Object::Rows(table)]),
            }
        }
        "LOAD" if cursor.at("INDEX") => Effect::repeatable(),
        "UPDATE" | "DELETE" | "REPLACE" | "LOAD" => {
            Effect::new(Kind::Change, vec![Object::Content(crate::rows::only_changed(tokens)?)])
        }
        // MariaDB runs the statement behind it and shows its plan.
        "ANALYZE" if !["TABLE", "TABLES", "NO_WRITE_TO_BINLOG", "LOCAL"].iter().any(|word| cursor.at(word)) => {
            return read(sql, cursor.rest());
        }
        "ANALYZE" | "OPTIMIZE" | "CHECK" | "REPAIR" | "FLUSH" | "CACHE" | "GRANT" | "START" | "STOP" | "PURGE" => {
            Effect::repeatable()
        }
        // MariaDB: `SET STATEMENT lock_wait_timeout=1 FOR ALTER TABLE …` is the statement behind it.
        "SET" if cursor.eat(&["STATEMENT"]) => {
            cursor.eat_until("FOR").then_some(())?;
            return read(sql, cursor.rest());
        }
        "SET" => set(tokens, cursor),
        "REVOKE" => {
            let is_repeatable = cursor.eat(&["IF", "EXISTS"]);
            cursor.eat_until("FROM").then_some(())?;
            if is_repeatable {
                return Some(Effect::repeatable());
            }
            Effect::new(Kind::Alter(Vec::new()), accounts::all(sql, cursor, "USER")?)
        }
        "INSTALL" | "UNINSTALL" => return plugin(first, cursor),
        "CALL" | "EXECUTE" | "BEGIN" | "IF" | "CASE" | "LOOP" | "REPEAT" | "WHILE" | "FOR" => Effect::unknown(ROUTINE),
        _ => return None,
    })
}

/// The keyword after `CREATE`, `ALTER` and `DROP`, as `SHOW CREATE` wants it.
fn kind_of(cursor: &mut Cursor<'_, '_>) -> Option<&'static str> {
    const KINDS: [&str; 8] = ["TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "PACKAGE"];
    let kind = KINDS.into_iter().find(|kind| cursor.at(kind));
    if kind.is_some() {
        cursor.next();
        if kind == Some("PACKAGE") && cursor.eat(&["BODY"]) {
            return Some("PACKAGE BODY");
        }
    } else if cursor.eat(&["TABLES"]) {
        return Some("TABLE");
    }
    kind
}

/// `USER` or `ROLE`, if one of them is next.
fn account_kind(cursor: &mut Cursor<'_, '_>) -> Option<&'static str> {
    ["USER", "ROLE"].into_iter().find(|kind| cursor.eat(&[kind]))
}

fn create(sql: &str, tokens: &[Token<'_>], mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    let replaces = cursor.eat(&["OR", "REPLACE"]);
    // Over `ALGORITHM = MERGE DEFINER = ann@'%' SQL SECURITY INVOKER`, `AGGREGATE`, `UNIQUE`, …
    const KINDS: [&str; 14] = [
        "TABLE",
        "VIEW",
        "TRIGGER",
        "PROCEDURE",
        "FUNCTION",
        "EVENT",
        "SEQUENCE",
        "PACKAGE",
        "DATABASE",
        "SCHEMA",
        "INDEX",
        "USER",
        "ROLE",
        "SERVER",
    ];
    while cursor.peek().is_some() && !KINDS.iter().any(|kind| cursor.at(kind)) {
        cursor.next();
    }
    const PLAIN: Kind = Kind::Create { filled: false, once: false };
    if cursor.eat(&["INDEX"]) {
        if cursor.eat(&["IF", "NOT", "EXISTS"]) || replaces {
            return Some(Effect::repeatable());
        }
        let index = cursor.name()?;
        cursor.eat_until("ON").then_some(())?;
        let table = Object::Named("TABLE", cursor.name()?);
        return Some(Effect::new(Kind::Alter(vec![Mark::index(&index.name, true)]), vec![table]));
    }
    if cursor.eat_any(&["DATABASE", "SCHEMA"]) {
        if cursor.eat(&["IF", "NOT", "EXISTS"]) {
            return Some(Effect::repeatable());
        }
        return Some(Effect::new(PLAIN, vec![Object::Database(cursor.name()?.name)]));
    }
    if let Some(kind) = account_kind(&mut cursor) {
        if cursor.eat(&["IF", "NOT", "EXISTS"]) || replaces {
            return Some(Effect::repeatable());
        }
        return Some(Effect::new(PLAIN, accounts::all(sql, cursor, kind)?));
    }
    if cursor.eat(&["SERVER"]) {
        if cursor.eat(&["IF", "NOT", "EXISTS"]) || replaces {
            return Some(Effect::repeatable());
        }
        return Some(Effect::new(PLAIN, vec![Object::Server(cursor.name()?.name)]));
    }
    let kind = kind_of(&mut cursor)?;
    let is_repeatable = cursor.eat(&["IF", "NOT", "EXISTS"]) || replaces;
    let name = cursor.name()?;
    let object = Object::Named(kind, name.clone());
    if kind == "EVENT" && runs_once(cursor) {
        // Made again after it ran, it runs again.
        return Some(Effect::new(Kind::Create { filled: false, once: true }, vec![object]));
    }
    let filled = kind == "TABLE"
        && tokens.iter().any(|token| token.is("SELECT") || token.is("VALUES") && !is_partition_bound(tokens, token));
    if replaces && matches!(kind, "TABLE" | "SEQUENCE") {
        return Some(Effect::new(Kind::Replace { filled }, vec![object, Object::Store(name)]));
    }
    if is_repeatable {
        return Some(Effect::repeatable());
    }
    Some(Effect::new(Kind::Create { filled, once: false }, vec![object]))
}

/// `VALUES LESS THAN (…)`, `VALUES IN (…)` of a partition.
fn is_partition_bound(tokens: &[Token<'_>], values: &Token<'_>) -> bool {
    let next = tokens.iter().find(|token| token.start > values.start);
    next.is_some_and(|token| token.is("LESS") || token.is("IN"))
}

/// `ON SCHEDULE AT …` without `ON COMPLETION PRESERVE` or `DISABLE`: the event drops itself when it has run.
fn runs_once(mut cursor: Cursor<'_, '_>) -> bool {
    if !cursor.eat(&["ON", "SCHEDULE", "AT"]) {
        return false;
    }
    let head: Vec<_> = cursor.rest().iter().take_while(|token| !token.is("DO")).collect();
    let preserve = head.iter().position(|token| token.is("PRESERVE"));
    let is_kept = preserve.is_some_and(|at| at.checked_sub(1).is_none_or(|before| !head[before].is("NOT")));
    !is_kept && !head.iter().any(|token| token.is("DISABLE"))
}

fn alter(mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    cursor.eat_any(&["ONLINE", "OFFLINE"]);
    cursor.eat(&["IGNORE"]);
    if cursor.eat(&["USER"]) {
        let tokens = cursor.rest();
        return Some(if keeps_old_password(tokens) { Effect::unknown(SECOND_PASSWORD) } else { Effect::repeatable() });
    }
    // They set properties, so that a second time is as good as the first; the name may be missing.
    if cursor.eat_any(&["INSTANCE", "DATABASE", "SCHEMA", "SERVER"]) {
        return Some(Effect::repeatable());
    }
    while cursor.peek().is_some()
        && !["TABLE", "VIEW", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE"].iter().any(|kind| cursor.at(kind))
    {
        cursor.next();
    }
    let kind = kind_of(&mut cursor)?;
    cursor.eat(&["IF", "EXISTS"]);
    let name = cursor.name()?;
    if cursor.eat(&["WAIT"]) {
        cursor.next();
    } else {
        cursor.eat(&["NOWAIT"]);
    }
    let object = Object::Named(kind, name.clone());
    match kind {
        "TABLE" => alter_table(cursor, name),
        "EVENT" => Some(match renamed_to(cursor.rest()) {
            Some(new) => Effect::new(Kind::Rename(vec![(0, 1)]), vec![object, Object::Named(kind, new)]),
            None => Effect::new(Kind::Alter(Vec::new()), vec![object]),
        }),
        "SEQUENCE" if cursor.rest().iter().any(|token| token.is("RESTART")) => {
            Some(Effect::new(Kind::Restart, vec![Object::Value(name)]))
        }
        // The whole of it is written out, or values are set.
        _ => Some(Effect::repeatable()),
    }
}

fn alter_table(cursor: Cursor<'_, '_>, name: Name) -> Option<Effect> {
    let parts = crate::parse::parts(cursor.rest());
    for part in &parts {
        let mut part = Cursor::new(part);
        if part.eat(&["TRUNCATE", "PARTITION"]) {
            return Some(Effect::new(Kind::Empty { whole: false }, vec![Object::Store(name)]));
        }
        if part.eat(&["EXCHANGE", "PARTITION"]) {
            part.eat_until("TABLE").then_some(())?;
            return Some(Effect::new(Kind::Exchange, vec![Object::Store(name), Object::Store(part.name()?)]));
        }
        if part.eat_any(&["DISCARD", "IMPORT"]) {
            return Some(Effect::new(Kind::Exchange, vec![Object::Store(name)]));
        }
    }
    let object = Object::Named("TABLE", name);
    if let Some(new) = parts.into_iter().find_map(renamed_to) {
        let objects = vec![object, Object::Named("TABLE", new)];
        return Some(Effect::new(Kind::Rename(vec![(0, 1)]), objects));
    }
    Some(match changes(cursor.rest()) {
        Changes::Marked(marks) => Effect::new(Kind::Alter(marks), vec![object]),
        Changes::Repeatable => Effect::repeatable(),
        Changes::Unmarked => Effect::new(Kind::Alter(Vec::new()), vec![object]),
    })
}

/// `RENAME [TO | AS | =] name` among the changes of an ALTER.
fn renamed_to(part: &[Token<'_>]) -> Option<Name> {
    let at = part.iter().position(|token| token.is("RENAME"))?;
    let mut change = Cursor::new(&part[at + 1..]);
    if ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|word| change.at(word)) {
        return None;
    }
    if !change.eat_any(&["TO", "AS"]) {
        change.eat(&["="]);
    }
    change.name()
}

fn drop(sql: &str, mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    if cursor.eat(&["INDEX"]) {
        if cursor.eat(&["IF", "EXISTS"]) {
            return Some(Effect::repeatable());
        }
        let index = cursor.name()?;
        cursor.eat_until("ON").then_some(())?;
        let table = Object::Named("TABLE", cursor.name()?);
        return Some(Effect::new(Kind::Alter(vec![Mark::index(&index.name, false)]), vec![table]));
    }
    let is_database = cursor.eat_any(&["DATABASE", "SCHEMA"]);
    let account = account_kind(&mut cursor);
    let is_server = cursor.eat(&["SERVER"]);
    let kind = if is_database || account.is_some() || is_server { None } else { Some(kind_of(&mut cursor)?) };
    let if_exists = cursor.eat(&["IF", "EXISTS"]);
    let objects = match (kind, account) {
        (Some(kind), _) => cursor.names()?.into_iter().map(|name| Object::Named(kind, name)).collect(),
        (None, Some(account)) => accounts::all(sql, cursor, account)?,
        (None, None) if is_server => vec![Object::Server(cursor.name()?.name)],
        (None, None) => vec![Object::Database(cursor.name()?.name)],
    };
    Some(Effect::new(Kind::Drop { if_exists }, objects))
}

fn rename(sql: &str, mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    let mut objects: Vec<Object> = Vec::new();
    let mut pairs = Vec::new();
    let mut place = |object: Object| {
        objects.iter().position(|known| *known == object).unwrap_or_else(|| {
            objects.push(object);
            objects.len() - 1
        })
    };
    if cursor.eat(&["USER"]) {
        for pair in accounts::renamed(sql, cursor)? {
            pairs.push((place(Object::Account("USER", pair.0)), place(Object::Account("USER", pair.1))));
        }
        return Some(Effect::new(Kind::Rename(pairs), objects));
    }
    cursor.eat_any(&["TABLE", "TABLES"]).then_some(())?;
    cursor.eat(&["IF", "EXISTS"]);
    let mut names = Vec::new();
    loop {
        let old = cursor.name()?;
        if cursor.eat(&["WAIT"]) || cursor.eat(&["NOWAIT"]) {
            cursor.eat_until("TO").then_some(())?;
        } else if !cursor.eat(&["TO"]) {
            return None;
        }
        names.push((old, cursor.name()?));
        if !cursor.eat(&[","]) {
            break;
        }
    }
    for (old, new) in names {
        pairs.push((place(Object::Named("TABLE", old)), place(Object::Named("TABLE", new))));
    }
    if change_places(&pairs) {
        let stores: Vec<Object> = objects
            .iter()
            .filter_map(|object| match object {
                Object::Named(_, name) => Some(Object::Store(name.clone())),
                _ => None,
            })
            .collect();
        objects.extend(stores);
    }
    Some(Effect::new(Kind::Rename(pairs), objects))
}

/// Whether the same names are there before and after.
fn change_places(pairs: &[(usize, usize)]) -> bool {
    let lives_after = |name: usize| {
        pairs.iter().rev().find(|(old, new)| *old == name || *new == name).is_some_and(|(_, new)| *new == name)
    };
    let lives_before =
        |name: usize| pairs.iter().find(|(old, new)| *old == name || *new == name).is_some_and(|(old, _)| *old == name);
    pairs.iter().flat_map(|(old, new)| [*old, *new]).all(|name| lives_before(name) == lives_after(name))
}

fn plugin(verb: &Token<'_>, mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    cursor.eat(&["PLUGIN"]).then_some(())?;
    if cursor.eat(&["IF", "NOT", "EXISTS"]) {
        return Some(Effect::repeatable());
    }
    let if_exists = cursor.eat(&["IF", "EXISTS"]);
    let objects = vec![Object::Plugin(cursor.name()?.name)];
    Some(if verb.is("INSTALL") {
        Effect::new(Kind::Create { filled: false, once: false }, objects)
    } else {
        Effect::new(Kind::Drop { if_exists }, objects)
    })
}

/// `SET PASSWORD`, `SET DEFAULT ROLE` and settings of the whole server.
fn set(tokens: &[Token<'_>], mut cursor: Cursor<'_, '_>) -> Effect {
    if cursor.eat(&["PASSWORD"]) {
        return if keeps_old_password(tokens) { Effect::unknown(SECOND_PASSWORD) } else { Effect::repeatable() };
    }
    if cursor.at("DEFAULT") {
        return Effect::repeatable();
    }
    let is_computed = crate::parse::parts(cursor.rest()).into_iter().any(|assignment| {
        let value = assignment.iter().skip_while(|token| token.text != "=").skip(1);
        value.into_iter().any(|token| token.text == "(" || token.text.starts_with('@'))
    });
    if is_computed { Effect::unknown(COMPUTED) } else { Effect::repeatable() }
}

/// `RETAIN CURRENT PASSWORD`, `IDENTIFIED BY RANDOM PASSWORD`.
fn keeps_old_password(tokens: &[Token<'_>]) -> bool {
    tokens
        .windows(2)
        .any(|pair| (pair[0].is("RETAIN") && pair[1].is("CURRENT")) || (pair[0].is("RANDOM") && pair[1].is("PASSWORD")))
        || tokens.windows(2).any(|pair| pair[0].is("TO") && pair[1].is("RANDOM"))
}

#[cfg(test)]
#[path = "effect_tests.rs"]
mod tests;
