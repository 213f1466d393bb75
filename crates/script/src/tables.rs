//! Which tables a statement is about, as far as its text tells.
//!
//! Views, materialized views and foreign tables count as tables. What follows from a statement without standing in it (triggers,
//! cascading keys) is nobody's to see here. Where the text names a table's part only (`DROP INDEX i`), or runs code (`CALL`, `DO`),
//! the answer is said to be incomplete.

mod query;

use std::collections::BTreeSet;

use crate::{Dialect, Token, TokenKind, significant};

/// The tables of some statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Their names as catalogs have them, schemas before them where statements wrote any: `users`, `shop.orders`.
    pub tables: BTreeSet<String>,
    /// Whether these are all that the statements name. Where it is false there may be others.
    pub complete: bool,
}

impl Default for Touched {
    fn default() -> Self {
        Touched { tables: BTreeSet::new(), complete: true }
    }
}

impl Touched {
    /// What one statement touches.
    ///
    /// ```
    /// use driftlock_script::{Dialect, Touched};
    ///
    /// let touched = Touched::of("ALTER TABLE shop.\"Orders\" ADD user_id int REFERENCES Users", Dialect::Postgres);
    /// assert_eq!(touched.tables.iter().map(String::as_str).collect::<Vec<_>>(), ["shop.Orders", "users"]);
    /// assert!(touched.complete);
    /// assert!(!Touched::of("CALL tidy_up()", Dialect::Postgres).complete);
    /// ```
    #[must_use]
    pub fn of(sql: &str, dialect: Dialect) -> Self {
        let tokens: Vec<Token<'_>> = significant(sql, dialect).collect();
        let mut reader =
            Reader { tokens: &tokens, at: 0, dialect, touched: Touched::default(), named: BTreeSet::new() };
        reader.statement();
        let Reader { mut touched, named, .. } = reader;
        touched.tables.retain(|table| !named.contains(table));
        touched
    }

    /// With those of more statements.
    pub fn add(&mut self, other: Touched) {
        self.tables.extend(other.tables);
        self.complete &= other.complete;
    }

    /// Whether a hook for these tables matters here: one of them is touched, or it isn't known that none is. Without a schema a name
    /// stands for that table in any; case of letters makes no difference, since it does on some servers only.
    #[must_use]
    pub fn matters_to(&self, filter: &[String]) -> bool {
        let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_lowercase();
        let is = |table: &String, wanted: &String| {
            if table.contains('.') && wanted.contains('.') {
                table.to_lowercase() == wanted.to_lowercase()
            } else {
                last(table) == last(wanted)
            }
        };
        filter.is_empty() || !self.complete || filter.iter().any(|wanted| self.tables.iter().any(|it| is(it, wanted)))
    }
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    dialect: Dialect,
    touched: Touched,
    /// Names that the statement itself gives to subqueries (`WITH x AS (…)`).
    named: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at)
    }

    fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is(word))
    }

    fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.is(word);
        self.at += usize::from(is);
        is
    }

    fn take_any(&mut self, words: &[&str]) -> bool {
        let is = self.is_any(words);
        self.at += usize::from(is);
        is
    }

    fn mark(&mut self, mark: &str) -> bool {
        let is = self.peek().is_some_and(|token| is_mark(token, mark));
        self.at += usize::from(is);
        is
    }

    fn unknown(&mut self) {
        self.touched.complete = false;
    }

    /// An identifier with its qualifiers.
    fn name(&mut self) -> Option<String> {
        let mut name = self.part()?;
        while self.peek().is_some_and(|token| is_mark(token, ".")) {
            self.at += 1;
            name.push('.');
            name.push_str(&self.part()?);
        }
        Some(name)
    }

    fn part(&mut self) -> Option<String> {
        let token = self.peek()?;
        let part = match token.kind {
            TokenKind::QuotedIdentifier => unquoted(token.text),
            TokenKind::Word if self.dialect == Dialect::Postgres => token.text.to_ascii_lowercase(),
            TokenKind::Word => token.text.to_owned(),
            // SQLite takes a string for a name where nothing else can stand, as does MySQL with ANSI_QUOTES.
            TokenKind::String if token.text.starts_with('"') => unquoted(token.text),
            _ => return None,
        };
        self.at += 1;
        Some(part)
    }

    fn if_exists(&mut self) {
        if self.take("IF") {
            self.take("NOT");
            self.take("EXISTS");
        }
    }

    /// A table must stand here.
    fn table(&mut self) {
        self.if_exists();
        self.take("ONLY");
        match self.name() {
            Some(name) => {
                self.touched.tables.insert(name);
                self.mark("*");
            }
            None => self.unknown(),
        }
    }

    /// Tables by commas.
    fn tables(&mut self) {
        self.table();
        while self.mark(",") {
            self.table();
        }
    }

    /// The objects of a DROP: not knowing what hangs on them.
    fn dropped(&mut self) {
        self.tables();
        if self.tokens[self.at.min(self.tokens.len())..].iter().any(|token| token.is("CASCADE"))
            && self.dialect != Dialect::MySql
        {
            self.unknown();
        }
    }

    fn statement(&mut self) {
        let Some(first) = self.peek() else { return };
        if first.kind != TokenKind::Word {
            // `(SELECT …) UNION …`
            return self.rest();
        }
        self.at += 1;
        match first.text.to_ascii_uppercase().as_str() {
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop(),
            "INSERT" | "REPLACE" => {
                self.skip_to(&["INTO"]);
                self.written();
            }
            "UPDATE" => {
                self.take_any(&["LOW_PRIORITY"]);
                if self.take("OR") {
                    self.at += 1;
                }
                self.take("IGNORE");
                self.list_of_from();
                self.rest();
            }
            "DELETE" => {
                // MySQL's `DELETE a, b FROM a JOIN b`: what is deleted stands in the FROM too, maybe by another name.
                self.skip_to(&["FROM"]);
                self.list_of_from();
                self.rest();
            }
            "MERGE" => {
                self.take("INTO");
                self.table();
                self.rest();
            }
            "TRUNCATE" => {
                self.take("TABLE");
                self.dropped();
            }
            "RENAME" => {
                self.take_any(&["TABLE", "TABLES"]);
                self.renamed();
            }
            "COPY" => match self.peek() {
                Some(token) if is_mark(token, "(") => self.rest(),
                _ => self.table(),
            },
            "LOAD" => {
                self.skip_to(&["TABLE"]);
                self.table();
            }
            "LOCK" => {
                self.take_any(&["TABLE", "TABLES"]);
                loop {
                    self.table();
                    self.skip_while_not(",", &["IN"]);
                    if !self.mark(",") {
                        break;
                    }
                }
            }
            "ANALYZE" | "VACUUM" | "OPTIMIZE" | "REPAIR" | "CHECK" | "CLUSTER" | "ANALYSE" => self.maintained(),
            "REINDEX" => {
                self.parenthesis();
                if self.take("TABLE") {
                    self.take("CONCURRENTLY");
                    self.table();
                } else {
                    self.unknown();
                }
            }
            "REFRESH" => {
                self.skip_to(&["VIEW"]);
                self.take("CONCURRENTLY");
                self.table();
            }
            "COMMENT" => self.commented(),
            "GRANT" | "REVOKE" => self.granted(),
            "IMPORT" | "CALL" | "DO" | "EXECUTE" | "PREPARE" | "HANDLER" | "ATTACH" | "DETACH" => self.unknown(),
            // MariaDB's compound statements, and what else runs code.
            "BEGIN" if self.peek().is_some_and(|token| token.is("NOT")) => self.unknown(),
            "SELECT" | "WITH" | "VALUES" | "TABLE" | "EXPLAIN" | "DECLARE" => {
                self.at -= 1;
                if self.is("TABLE") {
                    self.at += 1;
                    self.table();
                }
                self.calls();
                self.rest();
            }
            // Of the session, of transactions, of the server: no table.
            _ => {}
        }
    }

    /// `a TO b, c TO d`
    fn renamed(&mut self) {
        loop {
            self.table();
            if self.skip_while_not(",", &["TO"]) && self.take("TO") {
                self.table();
            }
            if !self.mark(",") {
                break;
            }
        }
    }

    fn create(&mut self) {
        if self.take("OR") {
            self.take("REPLACE");
        }
        let mut temporary = false;
        loop {
            if self.take_any(&["TEMP", "TEMPORARY"]) {
                temporary = true;
            } else if self.take_any(&["DEFINER", "ALGORITHM"]) {
                // `= user@host`, `= MERGE`
                self.skip_to_before(&[
                    "SQL",
                    "VIEW",
                    "TRIGGER",
                    "PROCEDURE",
                    "FUNCTION",
                    "EVENT",
                    "DEFINER",
                    "AGGREGATE",
                ]);
            } else if self.take("SQL") {
                self.take("SECURITY");
                self.at += 1;
            } else if !self.take_any(&[
                "GLOBAL",
                "LOCAL",
                "UNLOGGED",
                "UNIQUE",
                "FULLTEXT",
                "SPATIAL",
                "RECURSIVE",
                "MATERIALIZED",
                "FOREIGN",
                "VIRTUAL",
                "CONSTRAINT",
                "VECTOR",
            ]) {
                break;
            }
        }
        let Some(kind) = self.peek().filter(|token| token.kind == TokenKind::Word) else { return };
        self.at += 1;
        match kind.text.to_ascii_uppercase().as_str() {
            "TABLE" | "VIEW" => {
                let before = self.touched.tables.clone();
                self.table();
                if temporary {
                    // It goes with the session, and nobody else sees it.
                    self.named.extend(self.touched.tables.difference(&before).cloned());
                }
                self.defined();
            }
            "INDEX" | "STATISTICS" | "RULE" | "POLICY" => {
                let on: &[&str] = match kind.text.to_ascii_uppercase().as_str() {
                    "STATISTICS" => &["FROM"],
                    "RULE" => &["TO"],
                    _ => &["ON"],
                };
                self.skip_to(on);
                self.table();
            }
            "TRIGGER" => {
                // `… UPDATE OF a, b ON t`, `… ON t FROM u`; its body runs later.
                self.skip_to(&["ON"]);
                self.table();
                if self.take("FROM") {
                    self.table();
                }
            }
            "DATABASE" | "EVENT" | "EXTENSION" => self.unknown(),
            // `CREATE SCHEMA s CREATE TABLE t …`
            "SCHEMA" if self.tokens[self.at..].iter().any(|token| token.is("CREATE")) => self.unknown(),
            _ => {}
        }
    }

    fn alter(&mut self) {
        self.take_any(&["ONLINE", "IGNORE", "FOREIGN", "MATERIALIZED"]);
        if self.take("DEFAULT") || self.take_any(&["INDEX", "EXTENSION", "DATABASE"]) {
            return self.unknown();
        }
        if self.take_any(&["POLICY", "RULE", "TRIGGER"]) {
            self.skip_to(&["ON"]);
            return self.table();
        }
        if self.take("TABLE") || self.take("VIEW") {
            if self.take("ALL") {
                return self.unknown();
            }
            self.table();
            let name = self.at;
            // Its new name, and the other tables that are named: keys, partitions, parents.
            while self.at < self.tokens.len() {
                if self.take("RENAME") {
                    if self.take_any(&["TO", "AS"]) {
                        self.table();
                    }
                } else if self.take_any(&["REFERENCES", "INHERIT"]) {
                    self.table();
                } else if self.take_any(&["ATTACH", "DETACH", "EXCHANGE"]) {
                    self.take("PARTITION");
                    if self.dialect == Dialect::Postgres {
                        self.table();
                    } else {
                        self.skip_to(&["TABLE"]);
                        self.table();
                    }
                } else if self.is("CASCADE") && self.dialect == Dialect::Postgres && !self.follows_on_delete() {
                    self.unknown();
                    self.at += 1;
                } else {
                    self.at += 1;
                }
            }
            debug_assert!(self.at >= name);
        }
    }

    /// `ON DELETE CASCADE` is a key's, and no order to drop what hangs on something.
    fn follows_on_delete(&self) -> bool {
        self.at > 0 && (self.tokens[self.at - 1].is("DELETE") || self.tokens[self.at - 1].is("UPDATE"))
    }

    fn drop(&mut self) {
        self.take_any(&["TEMPORARY", "FOREIGN", "MATERIALIZED", "ONLINE"]);
        let Some(kind) = self.peek().filter(|token| token.kind == TokenKind::Word) else { return };
        self.at += 1;
        let has_on = self.tokens[self.at..].iter().any(|token| token.is("ON"));
        match kind.text.to_ascii_uppercase().as_str() {
            "TABLE" | "TABLES" | "VIEW" => self.dropped(),
            "INDEX" | "TRIGGER" | "POLICY" | "RULE" if has_on => {
                self.skip_to(&["ON"]);
                self.table();
            }
            "INDEX" | "TRIGGER" | "SCHEMA" | "DATABASE" | "OWNED" | "EXTENSION" | "STATISTICS" => self.unknown(),
            _ if self.tokens[self.at..].iter().any(|token| token.is("CASCADE")) => self.unknown(),
            _ => {}
        }
    }

    /// `ANALYZE t, u (a, b)`, `VACUUM (FULL) t`, `OPTIMIZE TABLE t`: without a name, all tables.
    fn maintained(&mut self) {
        self.parenthesis();
        while self.take_any(&["FULL", "FREEZE", "VERBOSE", "ANALYZE", "NO_WRITE_TO_BINLOG", "LOCAL", "TABLE", "TABLES"])
        {
        }
        if self.at >= self.tokens.len() {
            return self.unknown();
        }
        loop {
            self.table();
            self.skip_while_not(",", &[]);
            if !self.mark(",") {
                break;
            }
        }
    }

    fn commented(&mut self) {
        self.take("ON");
        if self.take_any(&["TABLE", "VIEW"])
            || (self.take_any(&["MATERIALIZED", "FOREIGN"]) && self.take_any(&["VIEW", "TABLE"]))
        {
            self.table();
        } else if self.take("COLUMN") {
            if let Some((table, _)) = self.name().as_deref().and_then(|name| name.rsplit_once('.')) {
                self.touched.tables.insert(table.to_owned());
            }
        } else if self.take_any(&["CONSTRAINT", "TRIGGER", "POLICY", "RULE"]) {
            self.skip_to(&["ON"]);
            self.take("DOMAIN");
            self.table();
        } else if self.is("INDEX") {
            self.unknown();
        }
    }

    /// `GRANT … ON t TO r`. Roles are granted without ON.
    fn granted(&mut self) {
        if !self.skip_to(&["ON"]) {
            return;
        }
        if self.take("ALL") || self.mark("*") {
            return self.unknown();
        }
        let others = [
            "SEQUENCE",
            "DATABASE",
            "DOMAIN",
            "FUNCTION",
            "PROCEDURE",
            "ROUTINE",
            "SCHEMA",
            "LANGUAGE",
            "LARGE",
            "PARAMETER",
            "TABLESPACE",
            "TYPE",
            "FOREIGN",
            "PACKAGE",
        ];
        if self.is_any(&others) {
            return;
        }
        self.take("TABLE");
        // MySQL's `shop.*`
        let ends_in_star = self.tokens[self.at..].iter().take(3).any(|token| is_mark(token, "*"));
        if ends_in_star { self.unknown() } else { self.tables() }
    }

    /// What is written to, and what it is filled from.
    fn written(&mut self) {
        self.take("TABLE");
        self.table();
        self.rest();
    }

    /// Behind the name of a new table or view: keys, parents, what it is filled from.
    fn defined(&mut self) {
        while self.at < self.tokens.len() {
            if self.take("REFERENCES") {
                self.table();
            } else if self.take("LIKE") {
                // Not `CHECK (a LIKE 'x')`.
                if self.peek().is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier))
                {
                    self.table();
                }
            } else if self.take("INHERITS") {
                self.mark("(");
                self.tables();
            } else if self.take("PARTITION") {
                if self.take("OF") {
                    self.table();
                }
            } else if self.is_any(&["SELECT", "WITH", "TABLE"]) {
                return self.rest();
            } else {
                self.at += 1;
            }
        }
    }

    /// Passes a parenthesis by, if one opens here.
    fn parenthesis(&mut self) {
        if !self.mark("(") {
            return;
        }
        let mut depth = 1;
        while let Some(token) = self.peek().filter(|_| depth > 0) {
            depth += i32::from(is_mark(token, "(")) - i32::from(is_mark(token, ")"));
            self.at += 1;
        }
    }

    /// Passes by everything up to one of these words, and that. `false` where none comes: then nothing was passed by.
    fn skip_to(&mut self, words: &[&str]) -> bool {
        let found = self.tokens[self.at.min(self.tokens.len())..]
            .iter()
            .position(|token| words.iter().any(|word| token.is(word)));
        match found {
            Some(by) => self.at += by + 1,
            None => return false,
        }
        true
    }

    fn skip_to_before(&mut self, words: &[&str]) {
        if self.skip_to(words) {
            self.at -= 1;
        } else {
            self.at = self.tokens.len();
        }
    }

    /// Passes by everything up to a mark outside of parentheses, or one of these words. Whether it is a word.
    fn skip_while_not(&mut self, mark: &str, words: &[&str]) -> bool {
        while let Some(token) = self.peek() {
            if is_mark(token, "(") {
                self.parenthesis();
                continue;
            }
            if is_mark(token, mark) {
                return false;
            }
            if self.is_any(words) {
                return true;
            }
            self.at += 1;
        }
        false
    }
}

fn is_mark(token: &Token<'_>, mark: &str) -> bool {
    token.kind == TokenKind::Punctuation && token.text == mark
}

/// A quoted identifier's own text.
fn unquoted(text: &str) -> String {
    let (quote, inner) = match (text.chars().next(), text.get(1..text.len().saturating_sub(1))) {
        (Some(quote), Some(inner)) => (if quote == '[' { ']' } else { quote }, inner),
        _ => return text.to_owned(),
    };
    inner.replace(&format!("{quote}{quote}"), &quote.to_string())
}

#[cfg(test)]
mod tests;
