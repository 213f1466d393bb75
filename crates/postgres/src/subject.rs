//! Which objects a statement that stands alone is about.

use driftlock_script::{Dialect, Token, TokenKind, significant};

/// The object of a statement. Names are as the statement writes them, ready to go into SQL again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// `CREATE INDEX CONCURRENTLY`; the name is the index's own, folded, where one is given.
    CreateIndex { name: Option<String>, table: String },
    /// `DROP INDEX CONCURRENTLY`.
    DropIndex { names: Vec<String>, if_exists: bool },
    /// `REINDEX … CONCURRENTLY`.
    Reindex { scope: Scope },
    /// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`.
    Detach { parent: String, child: String },
    /// `CREATE`, `DROP` or `ALTER` of what has a row in one of the server's own tables; the name is folded.
    Global { kind: Global, name: String, verb: Verb },
    /// Running it twice is as good as once.
    Repeatable,
    /// Something else.
    Other,
}

/// What a REINDEX goes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    Index(String),
    Table(String),
    Schema(String),
    Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Global {
    Database,
    Tablespace,
    Subscription,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Drop,
    Alter,
}

/// Reads a statement's tokens from the left.
struct Reader<'a, I: Iterator<Item = Token<'a>>>(std::iter::Peekable<I>);

impl<'a, I: Iterator<Item = Token<'a>>> Reader<'a, I> {
    fn take(&mut self, word: &str) -> bool {
        self.0.next_if(|token| token.is(word)).is_some()
    }

    fn take_all(&mut self, words: &[&str]) -> bool {
        words.iter().all(|word| self.take(word))
    }

    fn mark(&mut self, mark: &str) -> bool {
        self.0.next_if(|token| token.kind == TokenKind::Punctuation && token.text == mark).is_some()
    }

    /// An identifier with its qualifiers, as written.
    fn name(&mut self) -> Option<String> {
        let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier);
        let mut name = self.0.next_if(is_name)?.text.to_owned();
        while self.mark(".") {
            name.push('.');
            name.push_str(self.0.next_if(is_name)?.text);
        }
        Some(name)
    }

    /// The words of a parenthesis, if one opens here.
    fn parenthesis(&mut self) -> Vec<&'a str> {
        let mut words = Vec::new();
        if self.mark("(") {
            while let Some(token) = self.0.next().filter(|token| token.text != ")") {
                words.push(token.text);
            }
        }
        words
    }
}

/// An identifier as the catalogs have it.
pub(crate) fn folded(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => name.to_ascii_lowercase(),
    }
}

impl Subject {
    pub(crate) fn of(sql: &str) -> Self {
        let mut words = Reader(significant(sql, Dialect::Postgres).peekable());
        let subject = if words.take("CREATE") {
            Self::create(&mut words)
        } else if words.take("DROP") {
            Self::drop(&mut words)
        } else if words.take("ALTER") {
            Self::alter(&mut words)
        } else if words.take("REINDEX") {
            Self::reindex(&mut words)
        } else if words.take("VACUUM") || words.take("CLUSTER") {
            Some(Subject::Repeatable)
        } else {
            None
        };
        subject.unwrap_or(Subject::Other)
    }

    fn global<'a>(words: &mut Reader<'a, impl Iterator<Item = Token<'a>>>) -> Option<Global> {
        let kinds = [
            ("DATABASE", Global::Database),
            ("TABLESPACE", Global::Tablespace),
            ("SUBSCRIPTION", Global::Subscription),
        ];
        kinds.into_iter().find(|(word, _)| words.take(word)).map(|(_, kind)| kind)
    }

    fn create<'a>(words: &mut Reader<'a, impl Iterator<Item = Token<'a>>>) -> Option<Self> {
        if let Some(kind) = Self::global(words) {
            return Some(Subject::Global { kind, name: folded(&words.name()?), verb: Verb::Create });
        }
        words.take("UNIQUE");
        if !words.take_all(&["INDEX", "CONCURRENTLY"]) {
            return None;
        }
        if words.take("IF") {
            words.take_all(&["NOT", "EXISTS"]);
        }
        let name = if words.take("ON") {
            None
        } else {
            let name = words.name()?;
            words.take("ON").then_some(())?;
            Some(folded(&name))
        };
        words.take("ONLY");
        Some(Subject::CreateIndex { name, table: words.name()? })
    }

    fn drop<'a>(words: &mut Reader<'a, impl Iterator<Item = Token<'a>>>) -> Option<Self> {
        let kind = Self::global(words);
        if kind.is_none() && !words.take_all(&["INDEX", "CONCURRENTLY"]) {
            return None;
        }
        let if_exists = words.take("IF") && words.take("EXISTS");
        if let Some(kind) = kind {
            return Some(Subject::Global { kind, name: folded(&words.name()?), verb: Verb::Drop });
        }
        let mut names = vec![words.name()?];
        while words.mark(",") {
            names.push(words.name()?);
        }
        Some(Subject::DropIndex { names, if_exists })
    }

    fn alter<'a>(words: &mut Reader<'a, impl Iterator<Item = Token<'a>>>) -> Option<Self> {
        if words.take("SYSTEM") {
            return Some(Subject::Repeatable);
        }
        if let Some(kind) = Self::global(words) {
            let name = folded(&words.name()?);
            return Some(match kind {
                Global::Subscription if !words.take("REFRESH") => Subject::Global { kind, name, verb: Verb::Alter },
                // To where it is already is no error.
                _ => Subject::Repeatable,
            });
        }
        if !words.take("TABLE") {
            return None;
        }
        if words.take("IF") {
            words.take("EXISTS");
        }
        words.take("ONLY");
        let parent = words.name()?;
        words.mark("*");
        if !words.take_all(&["DETACH", "PARTITION"]) {
            return None;
        }
        let child = words.name()?;
        words.take("CONCURRENTLY").then_some(Subject::Detach { parent, child })
    }

    fn reindex<'a>(words: &mut Reader<'a, impl Iterator<Item = Token<'a>>>) -> Option<Self> {
        let options = words.parenthesis();
        let kind = words.0.next()?;
        let concurrently =
            words.take("CONCURRENTLY") || options.iter().any(|option| option.eq_ignore_ascii_case("CONCURRENTLY"));
        if !concurrently {
            return Some(Subject::Repeatable);
        }
        let scope = if kind.is("INDEX") {
            Scope::Index(words.name()?)
        } else if kind.is("TABLE") {
            Scope::Table(words.name()?)
        } else if kind.is("SCHEMA") {
            Scope::Schema(folded(&words.name()?))
        } else {
            Scope::Database
        };
        Some(Subject::Reindex { scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_statements() {
        let index = |name: Option<&str>, table: &str| Subject::CreateIndex {
            name: name.map(str::to_owned),
            table: table.to_owned(),
        };
        let global = |kind, name: &str, verb| Subject::Global { kind, name: name.to_owned(), verb };
        for (sql, subject) in [
            ("CREATE INDEX CONCURRENTLY I ON t (x)", index(Some("i"), "t")),
            (
                "create unique index concurrently if not exists \"I x\" on only s.\"T\" (x)",
                index(Some("I x"), "s.\"T\""),
            ),
            ("CREATE INDEX CONCURRENTLY ON t (x)", index(None, "t")),
            ("CREATE INDEX i ON t (x)", Subject::Other),
            (
                "DROP INDEX CONCURRENTLY IF EXISTS s.i",
                Subject::DropIndex { names: vec!["s.i".to_owned()], if_exists: true },
            ),
            ("REINDEX (CONCURRENTLY, VERBOSE) TABLE s.t", Subject::Reindex { scope: Scope::Table("s.t".to_owned()) }),
            ("REINDEX INDEX CONCURRENTLY i", Subject::Reindex { scope: Scope::Index("i".to_owned()) }),
            ("REINDEX DATABASE d", Subject::Repeatable),
            (
                "ALTER TABLE p DETACH PARTITION s.c CONCURRENTLY",
                Subject::Detach { parent: "p".to_owned(), child: "s.c".to_owned() },
            ),
            ("ALTER TABLE p DETACH PARTITION c", Subject::Other),
            ("CREATE DATABASE Shop", global(Global::Database, "shop", Verb::Create)),
            ("DROP DATABASE IF EXISTS \"Shop\"", global(Global::Database, "Shop", Verb::Drop)),
            ("ALTER SUBSCRIPTION s ADD PUBLICATION p", global(Global::Subscription, "s", Verb::Alter)),
            ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", Subject::Repeatable),
            ("ALTER SYSTEM SET x = 1", Subject::Repeatable),
            ("VACUUM t", Subject::Repeatable),
            ("SELECT 1", Subject::Other),
        ] {
            assert_eq!(Subject::of(sql), subject, "{sql}");
        }
    }
}
