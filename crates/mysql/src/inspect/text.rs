//! Texts that the server prints, brought to a form that is the same in every database.

use std::borrow::Cow;
use std::collections::BTreeSet;

use driftlock_script::{Dialect, Token, TokenKind, significant};

use crate::parse::identifier;

/// A text of the server's in which names stand with their database: without this one, wherever it is one.
///
/// `Err` where it can't be told apart from a table that goes by the same name in the text (`` FROM `shop`.`orders` `shop` ``).
pub(crate) fn without_database<'t>(sql: &'t str, database: &str) -> Result<Cow<'t, str>, ()> {
    let tokens: Vec<Token<'_>> = significant(sql, Dialect::MySql).collect();
    let mut cuts = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !is_name(token, database) || (at > 0 && tokens[at - 1].text == ".") {
            continue;
        }
        let dot = tokens.get(at + 1).filter(|next| next.text == ".");
        match dot.zip(tokens.get(at + 2)) {
            Some((_, name)) => cuts.push(token.start..name.start),
            // Behind a name or a derived table it is another name of it.
            None if at > 0 && (tokens[at - 1].kind == TokenKind::QuotedIdentifier || tokens[at - 1].text == ")") => {
                return Err(());
            }
            None => {}
        }
    }
    Ok(cut(sql, &cuts))
}

fn is_name(token: &Token<'_>, name: &str) -> bool {
    token.kind == TokenKind::QuotedIdentifier && identifier(token).as_deref() == Some(name)
}

/// The text without these ranges, which are in order.
fn cut<'t>(sql: &'t str, cuts: &[std::ops::Range<usize>]) -> Cow<'t, str> {
    if cuts.is_empty() {
        return Cow::Borrowed(sql);
    }
    let mut rest = String::with_capacity(sql.len());
    let mut from = 0;
    for range in cuts {
        rest.push_str(&sql[from..range.start]);
        from = range.end;
    }
    rest.push_str(&sql[from..]);
    Cow::Owned(rest)
}

/// What a text of the server's names: objects of its database, functions apart from others, and whether it names another database's.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) relations: BTreeSet<String>,
    pub(crate) functions: BTreeSet<String>,
    pub(crate) elsewhere: Option<String>,
}

/// Reads the names in the definition of a view, as the server prints it.
pub(crate) fn named(sql: &str, database: &str) -> Named {
    let tokens: Vec<Token<'_>> = significant(sql, Dialect::MySql).collect();
    let mut named = Named::default();
    for (at, token) in tokens.iter().enumerate() {
        let begins = token.kind == TokenKind::QuotedIdentifier && (at == 0 || tokens[at - 1].text != ".");
        let name = tokens.get(at + 2).filter(|name| name.kind == TokenKind::QuotedIdentifier);
        let (true, Some(name)) = (begins && tokens.get(at + 1).is_some_and(|dot| dot.text == "."), name) else {
            continue;
        };
        let (Some(first), Some(second)) = (identifier(token), identifier(name)) else { continue };
        let is_call = tokens.get(at + 3).is_some_and(|next| next.text == "(");
        // A table stands behind these words; elsewhere two names are a column of something that has another name here.
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let is_table = tokens.get(at + 3).is_some_and(|next| next.text == ".")
            || before.is_some_and(|before| before.is("FROM") || before.is("JOIN") || before.is("STRAIGHT_JOIN"));
        if first == database {
            let names = if is_call { &mut named.functions } else { &mut named.relations };
            names.insert(second);
        } else if is_call || is_table {
            named.elsewhere.get_or_insert(first);
        }
    }
    named
}

/// Options as `information_schema.TABLES` prints them: `max_rows=100 row_format=DYNAMIC` `` `encrypted`='no' DATA DIRECTORY='/tmp/' ``. By their
/// names in lower case, with the values as SQL.
pub(crate) fn options(text: &str) -> Vec<(String, String)> {
    let tokens: Vec<Token<'_>> = significant(text, Dialect::MySql).collect();
    let mut options = Vec::new();
    let mut name: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].text == "=" {
            if let Some(value) = tokens.get(at + 1) {
                // What stands without `=` before the name (`partitioned`) is another option.
                let name = name.join(" ");
                let name = name.strip_prefix("partitioned ").unwrap_or(&name);
                options.push((name.replace('`', "").to_ascii_lowercase(), value.text.to_owned()));
            }
            name.clear();
            at += 2;
        } else {
            name.push(tokens[at].text);
            at += 1;
        }
    }
    options
}

/// A string of SQL that no SQL mode reads otherwise but `NO_BACKSLASH_ESCAPES`, which the statements that make a schema turn off.
pub(crate) fn string(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_own_database_and_keeps_others() {
        let cases = [
            ("select `a`.`t`.`x` AS `a` from `a`.`t`", Ok("select `t`.`x` AS `a` from `t`")),
            ("select `a`.`a`.`a` from (`a`.`a` join `b`.`a`)", Ok("select `a`.`a` from (`a` join `b`.`a`)")),
            ("select nextval(`a`.`s`), 'a.`a`.b'", Ok("select nextval(`s`), 'a.`a`.b'")),
            ("select `a`.`x` from `a`.`t` `a`", Err(())),
            ("(1 + 2)", Ok("(1 + 2)")),
        ];
        for (sql, expected) in cases {
            assert_eq!(without_database(sql, "a").as_deref(), expected.as_ref().map(|it| *it), "{sql}");
        }
    }

    #[test]
    fn what_a_view_names_is_found() {
        let named = named("select `a`.`f`(`x`.`c`) from ((`a`.`t` join `a`.`v`) join `a`.`t2` `x`)", "a");
        assert_eq!(named.relations.into_iter().collect::<Vec<_>>(), ["t", "t2", "v"]);
        assert_eq!(named.functions.into_iter().collect::<Vec<_>>(), ["f"]);
        assert_eq!(named.elsewhere, None);
        assert_eq!(super::named("select 1 from `b`.`t`", "a").elsewhere.as_deref(), Some("b"));
    }

    #[test]
    fn options_are_read_as_the_server_prints_them() {
        let text = "partitioned max_rows=100 row_format=DYNAMIC `page_compressed`='1' DATA DIRECTORY='/tmp/'";
        let expected =
            [("max_rows", "100"), ("row_format", "DYNAMIC"), ("page_compressed", "'1'"), ("data directory", "'/tmp/'")];
        let found = options(text);
        assert_eq!(found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
        assert_eq!(options("partitioned"), []);
    }
}
