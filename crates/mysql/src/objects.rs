//! The server's own account of the objects that a statement names.

use driftlock_database::Error;
use sha2::{Digest, Sha256};

use crate::connect::Product;
use crate::effect::{Object, effect};
use crate::error;
use crate::parse::{Name, quote};
use crate::tables::literal;
use crate::wire::{TextRow, Wire, text};

/// So many objects have a digest of their own in the journal beside that of all of them: its column ends at 255 characters.
const MOST: usize = 11;

/// What stands for a definition that these rights don't show, where it is known that there is one.
pub(crate) const NOT_SHOWN: &str = "not shown";

/// The length of an object's own digest.
const SHORT: usize = 16;

/// What the server says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// Its definition.
    Present(String),
    Absent,
    /// These rights don't show it, or the server has no such statement.
    Hidden,
}

impl Account {
    pub(crate) fn is_present(&self) -> bool {
        matches!(self, Account::Present(_))
    }

    pub(crate) fn definition(&self) -> &str {
        match self {
            Account::Present(definition) => definition,
            Account::Absent | Account::Hidden => "",
        }
    }

    /// The digest of this account of an object.
    fn digest(&self, object: &Object) -> String {
        let mut hash = Sha256::new();
        hash.update(object.to_string());
        hash.update(b"\0");
        hash.update(if let Account::Present(definition) = self { definition } else { "absent" });
        hash.update(b"\0");
        hex(hash)
    }
}

/// The accounts of some objects at one moment.
pub(crate) struct Seen {
    pub(crate) accounts: Vec<Account>,
    /// As it goes into the journal: the digest of all, and behind it the beginning of each one's.
    pub(crate) digest: String,
}

impl Seen {
    pub(crate) fn new(objects: &[Object], accounts: Vec<Account>) -> Self {
        let each: Vec<String> = objects.iter().zip(&accounts).map(|(object, account)| account.digest(object)).collect();
        let digest = match &each[..] {
            [one] => one.clone(),
            several => {
                let mut hash = Sha256::new();
                several.iter().for_each(|digest| hash.update(digest));
                let mut text = hex(hash);
                for digest in several.iter().filter(|_| several.len() <= MOST) {
                    text.push(' ');
                    text.push_str(&digest[..SHORT]);
                }
                text
            }
        };
        Seen { accounts, digest }
    }
}

/// What the journal says of how objects were before a statement.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a>(pub(crate) Option<&'a str>);

impl Before<'_> {
    /// Whether all of them are as they were; `None` where that isn't known.
    pub(crate) fn is(self, seen: &Seen) -> Option<bool> {
        Some(self.0? == seen.digest)
    }

    /// Whether one of them was so then; `None` where that isn't known.
    pub(crate) fn had(self, objects: &[Object], at: usize, account: &Account) -> Option<bool> {
        let object = objects.get(at)?;
        let digest = account.digest(object);
        let recorded = self.0?;
        if objects.len() == 1 {
            return Some(recorded == digest);
        }
        Some(recorded.split(' ').nth(at + 1)? == &digest[..SHORT])
    }
}

/// The digest of the accounts of all objects that a statement names.
pub(crate) async fn digest(wire: &mut Wire, product: Product, sql: &str) -> Result<Option<String>, Error> {
    let objects = effect(sql).objects;
    Ok(look(wire, product, &objects).await?.ok().map(|seen| seen.digest))
}

/// The accounts of all objects, or the first one that is hidden.
pub(crate) async fn look(wire: &mut Wire, product: Product, objects: &[Object]) -> Result<Result<Seen, usize>, Error> {
    if objects.is_empty() {
        return Ok(Err(0));
    }
    let mut accounts = Vec::with_capacity(objects.len());
    for (at, object) in objects.iter().enumerate() {
        match account(wire, product, object).await? {
            Account::Hidden => return Ok(Err(at)),
            account => accounts.push(account),
        }
    }
    Ok(Ok(Seen::new(objects, accounts)))
}

async fn account(wire: &mut Wire, product: Product, object: &Object) -> Result<Account, Error> {
    let (sql, column) = match object {
        Object::Store(name) => return store(wire, product, name).await,
        Object::Content(name) => return content(wire, name).await,
        Object::Rows(name) => (format!("SELECT COUNT(*) FROM {}", name.quoted()), 0),
        Object::Value(name) => (format!("SELECT next_not_cached_value FROM {}", name.quoted()), 0),
        Object::Plugin(name) => {
            (format!("SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = {}", literal(name)), 0)
        }
        Object::Server(name) => {
            (format!("SELECT Server_name FROM mysql.servers WHERE Server_name = {}", literal(name)), 0)
        }
        // A sequence has a table's definition too, but MySQL doesn't know the word.
        Object::Named(kind @ ("TRIGGER" | "PROCEDURE" | "FUNCTION" | "PACKAGE" | "PACKAGE BODY"), name) => {
            (show_create(kind, name), 2)
        }
        Object::Named("EVENT", name) => (show_create("EVENT", name), 3),
        Object::Named(kind, name) => (show_create(kind, name), 1),
        Object::Database(name) => (format!("SHOW CREATE DATABASE {}", quote(name)), 1),
        Object::Account(_, account) => (format!("SHOW GRANTS FOR {account}"), 0),
    };
    let rows = match wire.rows(&sql).await {
        Ok(rows) => rows,
        Err(error) => match absent_or_hidden(error)? {
            Account::Hidden => return listed(wire, object).await,
            Account::Absent if matches!(object, Object::Named("FUNCTION", _)) => return loaded(wire, object).await,
            account => return Ok(account),
        },
    };
    if rows.is_empty() && matches!(object, Object::Plugin(_) | Object::Server(_)) {
        return Ok(Account::Absent);
    }
    let mut definition = String::new();
    for row in &rows {
        let Some(Some(part)) = row.get(column) else {
            // It is there, and its body is not for us to read.
            return Ok(Account::Present(NOT_SHOWN.to_owned()));
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

/// The name of a database and that of a table, for a comparison with a list's columns.
fn place(name: &Name) -> (String, String) {
    let database = name.database.as_deref().map_or_else(|| "DATABASE()".to_owned(), literal);
    (database, literal(&name.name))
}

/// Where InnoDB keeps a table's rows: the numbers of its tables and spaces, one for each partition. Other engines have none; of
/// those it is the checksum.
async fn store(wire: &mut Wire, product: Product, name: &Name) -> Result<Account, Error> {
    let database = match &name.database {
        Some(database) => database.clone(),
        None => text(&wire.row("SELECT DATABASE()").await?.unwrap_or_default(), 0).to_owned(),
    };
    let (Some(database), Some(table)) = (file_name(&database), file_name(&name.name)) else {
        return content(wire, name).await;
    };
    let sql = format!(
        "SELECT CONCAT_WS(' ', LOWER(NAME), TABLE_ID, SPACE) FROM information_schema.{} \
         WHERE SUBSTRING_INDEX(LOWER(NAME), '#p#', 1) = LOWER({}) ORDER BY 1",
        product.innodb_tables(),
        literal(&format!("{database}/{table}"))
    );
    match wire.rows(&sql).await {
        Ok(rows) if rows.is_empty() => content(wire, name).await,
        Ok(rows) => Ok(Account::Present(rows.iter().map(|row| text(row, 0)).collect::<Vec<_>>().join("\n"))),
        Err(Error::Server(_)) => Ok(Account::Present(NOT_SHOWN.to_owned())),
        Err(error) => Err(error),
    }
}

/// A name as InnoDB lists it: as the name of a file ("Mapping of Identifiers to File Names" in MySQL's manual). Letters beyond ASCII
/// have codes of their own there, which no server tells.
fn file_name(name: &str) -> Option<String> {
    let mut file = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => file.push(c),
            c if c.is_ascii() => file.push_str(&format!("@{:04x}", u32::from(c))),
            _ => return None,
        }
    }
    Some(file)
}

/// The checksum of a table's rows.
async fn content(wire: &mut Wire, name: &Name) -> Result<Account, Error> {
    match wire.rows(&format!("CHECKSUM TABLE {}", name.quoted())).await {
        // NULL: there is no such table.
        Ok(rows) => Ok(match rows.first().and_then(|row| row.get(1)).and_then(Option::as_deref) {
            Some(sum) => Account::Present(format!("checksum {sum}")),
            None => Account::Absent,
        }),
        Err(error) => absent_or_hidden(error),
    }
}

/// Whether there is a view whose definition these rights don't show: whoever may make or drop it sees it in the server's lists.
async fn listed(wire: &mut Wire, object: &Object) -> Result<Account, Error> {
    let Object::Named("VIEW", name) = object else { return Ok(Account::Hidden) };
    let (database, view) = place(name);
    let sql = format!(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {database} AND TABLE_NAME = {view} LIMIT 1"
    );
    Ok(match wire.row(&sql).await? {
        Some(_) => Account::Present(NOT_SHOWN.to_owned()),
        None => Account::Absent,
    })
}

/// A function out of a library (`CREATE FUNCTION … SONAME`), which `SHOW CREATE` doesn't know.
async fn loaded(wire: &mut Wire, object: &Object) -> Result<Account, Error> {
    let Object::Named(_, Name { database: None, name }) = object else { return Ok(Account::Absent) };
    match wire.row(&format!("SELECT dl FROM mysql.func WHERE name = {}", literal(name))).await {
        Ok(row) => Ok(row.map_or(Account::Absent, |row| Account::Present(text(&row, 0).to_owned()))),
        Err(Error::Server(_)) => Ok(Account::Absent),
        Err(error) => Err(error),
    }
}

fn show_create(kind: &str, name: &Name) -> String {
    format!("SHOW CREATE {kind} {}", name.quoted())
}

fn absent_or_hidden(error: Error) -> Result<Account, Error> {
    match error::number(&error) {
        // No such table, database, routine, trigger, event, account, view (it is a table), sequence.
        Some(1146 | 1049 | 1305 | 1360 | 1539 | 1141 | 1133 | 1396 | 1347 | 4089 | 4091 | 3523) => Ok(Account::Absent),
        Some(_) if matches!(error, Error::Server(_)) => Ok(Account::Hidden),
        _ => Err(error),
    }
}

/// The right that shows an object.
pub(crate) fn right(object: &Object, product: Product) -> &'static str {
    match object {
        Object::Named("VIEW", _) => "SHOW VIEW and SELECT on it",
        Object::Named("TRIGGER", _) => "TRIGGER on its table",
        Object::Named("EVENT", _) => "EVENT on its database",
        Object::Named("PROCEDURE" | "FUNCTION" | "PACKAGE" | "PACKAGE BODY", _) if product.is_mariadb => {
            "SELECT on `mysql`.`proc`"
        }
        Object::Named("PROCEDURE" | "FUNCTION", _) => "SHOW_ROUTINE",
        Object::Store(_) => "PROCESS",
        Object::Account(..) | Object::Server(_) => "SELECT on `mysql`.*",
        _ => "SELECT on it",
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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
    fn names_become_those_of_files() {
        assert_eq!(file_name("a_B 1-#").as_deref(), Some("a_B@00201@002d@0023"));
        assert_eq!(file_name("ü"), None);
    }

    #[test]
    fn the_journals_column_holds_the_digests_of_many() {
        let table = |number| Object::Named("TABLE", Name { database: None, name: format!("t{number}") });
        for many in [1, 2, MOST, MOST + 1, 50] {
            let objects: Vec<Object> = (0..many).map(table).collect();
            let seen = Seen::new(&objects, vec![Account::Absent; many]);
            assert!(seen.digest.len() <= 255, "{many}");
            let before = Before(Some(&seen.digest));
            assert_eq!(before.is(&seen), Some(true));
            let known = (many <= MOST).then_some(true);
            assert_eq!(before.had(&objects, many - 1, &Account::Absent), known);
            assert_eq!(before.had(&objects, many - 1, &Account::Present(String::new())), known.map(|_| false));
        }
    }
}
