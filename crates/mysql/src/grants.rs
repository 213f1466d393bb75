//! What a login may do, read from `SHOW GRANTS`.

use driftlock_script::{Dialect, Token, significant};

use crate::parse::identifier;

/// The rights of a login and of its roles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grants(Vec<Grant>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    /// Whether it takes away what another gave (MySQL's `partial_revokes`).
    revokes: bool,
    rights: Vec<String>,
    /// The pattern of databases, `None` for all.
    database: Option<String>,
    /// The table, `None` for all.
    table: Option<String>,
}

impl Grants {
    /// Reads the lines of `SHOW GRANTS`. What isn't about tables (roles, proxies, routines) is passed over.
    pub(crate) fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        Grants(lines.into_iter().filter_map(grant).collect())
    }

    /// Which of these rights are missing on a database, or on one table of it.
    pub(crate) fn missing<'a>(&self, database: &str, table: Option<&str>, wanted: &[&'a str]) -> Vec<&'a str> {
        let has = |right: &&&str| {
            let applies = |grant: &&Grant| {
                grant.database.as_deref().is_none_or(|pattern| fits(pattern, database))
                    && grant.table.as_deref().is_none_or(|name| Some(name) == table)
                    && grant.rights.iter().any(|it| it == **right || it == "ALL PRIVILEGES" || it == "ALL")
            };
            let mut found = self.0.iter().filter(applies).map(|grant| grant.revokes).peekable();
            found.peek().is_some() && !found.any(|revokes| revokes)
        };
        wanted.iter().filter(|right| !has(right)).copied().collect()
    }
}

/// `GRANT SELECT, INSERT (a) ON `shop`.* TO …`
fn grant(line: &str) -> Option<Grant> {
    let tokens: Vec<Token<'_>> = significant(line, Dialect::MySql).collect();
    let (first, rest) = tokens.split_first()?;
    let revokes = first.is("REVOKE");
    let on = rest.iter().position(|token| token.is("ON"))?;
    let (rights, place) = (&rest[..on], &rest[on + 1..]);
    if !(revokes || first.is("GRANT")) || rights.iter().any(|token| token.is("PROXY")) {
        return None;
    }
    let place = if place.first().is_some_and(|token| token.is("TABLE")) { &place[1..] } else { place };
    let (database, table) = match place {
        [database, dot, table, ..] if dot.text == "." => (name(database), name(table)),
        // Some servers' texts are one token: `*.*`.
        [whole, ..] if whole.text == "*.*" => (None, None),
        _ => return None,
    };
    // A list of columns belongs to the right before it, which is one on these columns alone.
    let mut words: Vec<(String, bool)> = vec![(String::new(), true)];
    let mut depth = 0;
    for token in rights {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => words.push((String::new(), true)),
            _ if depth > 0 => words.iter_mut().last()?.1 = false,
            word => {
                let (text, _) = words.last_mut()?;
                let gap = if text.is_empty() { "" } else { " " };
                text.push_str(&format!("{gap}{}", word.to_ascii_uppercase()));
            }
        }
    }
    let rights = words.into_iter().filter(|(_, whole)| *whole).map(|(text, _)| text).collect();
    Some(Grant { revokes, rights, database, table })
}

fn name(token: &Token<'_>) -> Option<String> {
    if token.text == "*" { None } else { identifier(token) }
}

/// Whether a name fits a pattern: `_` is any character, `%` any text, `\` takes away their meaning.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    match pattern_rest.next() {
        None => name.is_empty(),
        Some('%') => {
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| fits(pattern_rest.as_str(), &name[at..]))
        }
        Some(sign) => {
            let mut rest = name.chars();
            let Some(found) = rest.next() else { return false };
            let same = match sign {
                '_' => true,
                '\\' => pattern_rest.next() == Some(found),
                sign => sign == found,
            };
            same && fits(pattern_rest.as_str(), rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_show() {
        let wanted = ["CREATE", "INSERT", "CREATE VIEW"];
        let cases: &[(&[&str], &str, Option<&str>, &[&str])] = &[
            (
                &["GRANT ALL PRIVILEGES ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*00' WITH GRANT OPTION"],
                "shop",
                None,
                &[],
            ),
            (&["GRANT USAGE ON *.* TO `a`@`%`"], "shop", None, &wanted),
            (&["GRANT USAGE ON *.* TO `a`@`%`", "GRANT ALL PRIVILEGES ON `shop`.* TO `a`@`%`"], "shop", None, &[]),
            (&["GRANT ALL PRIVILEGES ON `shop\\_%`.* TO `a`@`%`"], "shop_1", None, &[]),
            (&["GRANT ALL PRIVILEGES ON `shop\\_%`.* TO `a`@`%`"], "shopping", None, &wanted),
            (
                &["GRANT SELECT, CREATE ON `shop`.* TO `a`@`%`", "GRANT `admin`@`%` TO `a`@`%`"],
                "shop",
                None,
                &["INSERT", "CREATE VIEW"],
            ),
            (&["GRANT INSERT (id, name), CREATE, CREATE VIEW ON `shop`.* TO `a`@`%`"], "shop", None, &["INSERT"]),
            (&["GRANT INSERT, CREATE, CREATE VIEW ON `shop`.`orders` TO `a`@`%`"], "shop", None, &wanted),
            (&["GRANT INSERT, CREATE, CREATE VIEW ON `shop`.`orders` TO `a`@`%`"], "shop", Some("orders"), &[]),
            (
                &["GRANT INSERT, CREATE, CREATE VIEW ON *.* TO `a`@`%`", "REVOKE INSERT ON `shop`.* FROM `a`@`%`"],
                "shop",
                None,
                &["INSERT"],
            ),
            (
                &[
                    "GRANT PROXY ON ''@'%' TO 'a'@'%' WITH GRANT OPTION",
                    "GRANT EXECUTE ON PROCEDURE `s`.`p` TO `a`@`%`",
                ],
                "s",
                None,
                &wanted,
            ),
        ];
        for (lines, database, table, missing) in cases {
            assert_eq!(Grants::read(lines.iter().copied()).missing(database, *table, &wanted), *missing, "{lines:?}");
        }
    }
}
