//! Statements that bring rows into tables, some of which know no transactions.

use driftlock_script::{Dialect, Token, significant};

use crate::parse::{Cursor, Name};
use crate::tables::literal;

/// So many tokens tell the table of a statement that changes rows.
const HEAD: usize = 12;

/// A query that has a row if one of the tables that these statements change is of an engine without transactions. `None` where
/// they change none.
pub(crate) fn without_transactions(statements: &[&str]) -> Option<String> {
    let mut tables: Vec<String> = statements
        .iter()
        .filter_map(|sql| {
            let head: Vec<Token<'_>> = significant(sql, Dialect::MySql).take(HEAD).collect();
            let name = changed(&head)?;
            let schema = name.database.as_deref().map_or_else(|| "DATABASE()".to_owned(), literal);
            Some(format!("({schema}, {})", literal(&name.name)))
        })
        .collect();
    tables.sort_unstable();
    tables.dedup();
    (!tables.is_empty()).then(|| {
        format!(
            "SELECT 1 FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE \
             WHERE (t.TABLE_SCHEMA, t.TABLE_NAME) IN ({}) AND e.TRANSACTIONS = 'NO' LIMIT 1",
            tables.join(", ")
        )
    })
}

/// The first table that a statement changes rows of.
fn changed(tokens: &[Token<'_>]) -> Option<Name> {
    let mut cursor = Cursor::new(tokens);
    let first = cursor.next()?;
    if !["INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD"].iter().any(|verb| first.is(verb)) {
        return None;
    }
    if first.is("LOAD") {
        return cursor.eat_until("TABLE").then(|| cursor.name())?;
    }
    while cursor.eat_any(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK", "IGNORE", "INTO", "FROM"]) {}
    cursor.name()
}

/// The table of a statement that changes rows of it and of no other.
pub(crate) fn only_changed(tokens: &[Token<'_>]) -> Option<Name> {
    let first = tokens.first()?;
    let is_other = |token: &Token<'_>| ["JOIN", "USING"].iter().any(|word| token.is(word));
    let is_row_change = first.is("UPDATE") || first.is("DELETE");
    if is_row_change {
        // `UPDATE a, b SET …`, `DELETE a, b FROM …`: the head ends where the values or the condition begin.
        let head: Vec<&Token<'_>> = tokens.iter().take_while(|token| !token.is("SET") && !token.is("WHERE")).collect();
        let direct = first.is("UPDATE")
            || head
                .iter()
                .skip(1)
                .find(|token| !["LOW_PRIORITY", "QUICK", "IGNORE"].iter().any(|word| token.is(word)))?
                .is("FROM");
        if !direct || head.iter().any(|token| token.text == "," || is_other(token)) {
            return None;
        }
    }
    changed(tokens)
}

/// The table of an INSERT and how many rows it adds, where they are written out and none can be left out or be another's.
pub(crate) fn insert(tokens: &[Token<'_>]) -> Option<(Name, Option<u64>)> {
    let table = changed(tokens)?;
    let mut rows = 0u64;
    let mut depth = 0usize;
    let mut values = false;
    for token in tokens {
        match token.text {
            "(" => {
                rows += u64::from(values && depth == 0);
                depth += 1;
            }
            ")" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if token.is("VALUES") || token.is("VALUE") => values = true,
            _ if ["IGNORE", "ON", "SELECT", "SET", "TABLE"].iter().any(|word| token.is(word)) => {
                return Some((table, None));
            }
            _ => {}
        }
    }
    Some((table, values.then_some(rows)))
}
