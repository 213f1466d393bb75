//! What a statement is, by its words.

use driftlock_database::{Class, Classified, DatabaseAct};
use driftlock_script::{Dialect, Token, TokenKind, significant};

use crate::subject::folded;

/// So many tokens tell what kind of statement it is.
const HEAD: usize = 24;

/// The first tokens of a statement.
struct Head<'a>(Vec<Token<'a>>);

impl<'a> Head<'a> {
    fn is(&self, at: usize, word: &str) -> bool {
        self.0.get(at).is_some_and(|token| token.is(word))
    }

    fn any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    fn mark(&self, at: usize, mark: &str) -> bool {
        self.0.get(at).is_some_and(|token| token.kind == TokenKind::Punctuation && token.text == mark)
    }

    fn text(&self, at: usize) -> &'a str {
        self.0.get(at).map_or("", |token| token.text)
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|token| token.is(word))
    }

    /// The position after a parenthesis that opens at `at`, or `at`.
    fn behind_parenthesis(&self, at: usize) -> usize {
        if !self.mark(at, "(") {
            return at;
        }
        let mut depth = 0;
        for (place, token) in self.0.iter().enumerate().skip(at) {
            match (token.kind, token.text) {
                (TokenKind::Punctuation, "(") => depth += 1,
                (TokenKind::Punctuation, ")") => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return place + 1;
            }
        }
        self.0.len()
    }
}

/// What a walk over all words finds.
#[derive(Default)]
struct Walk {
    /// It deletes or overwrites rows somewhere (`WITH gone AS (DELETE …)`, `ON CONFLICT DO UPDATE`).
    changes_rows: bool,
    /// Its last word is CASCADE.
    cascade: bool,
    /// It reads what `nextval` left in the session.
    reads_sequence: bool,
    /// `SELECT … INTO TEMP`.
    into_temporary: bool,
    /// `DROP` of a column or an attribute, a change of a type: inside ALTER.
    drops_part: bool,
    detaches_concurrently: bool,
    with_hold: bool,
    changes_tablespace: bool,
    /// `FROM stdin` and `TO stdout` outside of parentheses.
    from_client: bool,
    to_client: bool,
}

impl Walk {
    fn over(sql: &str) -> Self {
        let mut walk = Walk::default();
        let mut depth = 0i32;
        // The three tokens before the one that is looked at; the nearest is last.
        let mut before: [Option<Token<'_>>; 3] = [None; 3];
        let mut detach = false;
        for token in significant(sql, Dialect::Postgres) {
            let was = |back: usize, word: &str| before[3 - back].is_some_and(|token| token.is(word));
            walk.cascade = token.is("CASCADE");
            match (token.kind, token.text) {
                (TokenKind::Punctuation, "(") => depth += 1,
                (TokenKind::Punctuation, ")") => depth -= 1,
                (TokenKind::Word, _) => {
                    let row_change = (token.is("FROM") && was(1, "DELETE"))
                        || (token.is("INTO") && was(1, "MERGE"))
                        || (token.is("UPDATE") && !was(1, "FOR") && !was(1, "KEY") && !was(1, "ON") && !was(1, "OR"));
                    walk.changes_rows |= row_change;
                    walk.reads_sequence |= token.is("currval") || token.is("lastval");
                    walk.into_temporary |= was(1, "INTO") && (token.is("TEMP") || token.is("TEMPORARY"));
                    walk.drops_part |= was(1, "DROP")
                        && !["CONSTRAINT", "DEFAULT", "NOT", "IDENTITY", "EXPRESSION"]
                            .iter()
                            .any(|word| token.is(word));
                    walk.drops_part |= token.is("TYPE")
                        && (was(1, "DATA") || was(2, "ALTER") || was(2, "COLUMN") || was(2, "ATTRIBUTE"));
                    detach |= token.is("DETACH");
                    walk.detaches_concurrently |= detach && token.is("CONCURRENTLY");
                    walk.with_hold |= token.is("HOLD") && was(1, "WITH");
                    walk.changes_tablespace |= token.is("TABLESPACE") && was(1, "SET");
                    if depth == 0 && (token.is("STDIN") || token.is("STDOUT")) {
                        walk.from_client |= was(1, "FROM");
                        walk.to_client |= was(1, "TO");
                    }
                }
                (TokenKind::QuotedIdentifier, _) => walk.drops_part |= was(1, "DROP"),
                _ => {}
            }
            before = [before[1], before[2], Some(token)];
        }
        walk
    }
}

/// Whether the server will ask for data after this statement: it must not be sent as a plain one.
pub(crate) fn is_copy_from_client(sql: &str) -> bool {
    significant(sql, Dialect::Postgres).next().is_some_and(|token| token.is("COPY")) && Walk::over(sql).from_client
}

/// See [`Engine::classify`](driftlock_database::Engine::classify).
pub(crate) fn classify(sql: &str) -> Classified {
    if sql.starts_with('\\') {
        return Classified::plain(connect(sql));
    }
    let head = Head(significant(sql, Dialect::Postgres).take(HEAD).collect());
    let walk = Walk::over(sql);
    let mut out = Classified::plain(class(&head, &walk));
    out.reads_state = walk.reads_sequence;
    out.leaves_state = leaves_state(&head, &walk);
    out.loses_data = loses_data(&head, &walk);
    out
}

fn forbidden(why: &str) -> Class {
    Class::Forbidden(why.to_owned())
}

fn alone_if(yes: bool) -> Class {
    if yes { Class::Alone } else { Class::Transactional }
}

fn class(head: &Head<'_>, walk: &Walk) -> Class {
    match head.text(0).to_ascii_uppercase().as_str() {
        "BEGIN" => Class::Begin,
        "START" if head.is(1, "TRANSACTION") => Class::Begin,
        "COMMIT" | "END" => {
            if head.is(1, "PREPARED") {
                return two_phase("COMMIT PREPARED");
            }
            if head.has("CHAIN") && !head.has("NO") {
                return forbidden(
                    "COMMIT AND CHAIN opens another transaction, which would hold the rest of the file open: write COMMIT and BEGIN",
                );
            }
            Class::Commit
        }
        "ROLLBACK" | "ABORT" => rollback(head),
        "PREPARE" if head.is(1, "TRANSACTION") => two_phase("PREPARE TRANSACTION"),
        "PREPARE" | "DEALLOCATE" | "LISTEN" | "UNLISTEN" | "LOAD" | "RESET" => Class::Session,
        "DISCARD" if head.is(1, "ALL") => forbidden(
            "DISCARD ALL gives up every advisory lock of the session, driftlock's among them: use RESET ALL, DEALLOCATE ALL or DISCARD TEMP",
        ),
        "DISCARD" => Class::Session,
        "SET" => set(head),
        "SELECT" => select(head),
        "COPY" if walk.from_client => Class::Copy,
        "COPY" if walk.to_client => {
            forbidden("COPY … TO stdout sends rows to the client, and a migration has nowhere to put them: remove it")
        }
        "VACUUM" => Class::Alone,
        "CLUSTER" => {
            let at = head.behind_parenthesis(if head.is(1, "VERBOSE") { 2 } else { 1 });
            alone_if(head.0.len() <= at)
        }
        "REINDEX" => reindex(head),
        "CREATE" => {
            let index = if head.is(1, "UNIQUE") { 2 } else { 1 };
            let concurrent_index = head.is(index, "INDEX") && head.is(index + 1, "CONCURRENTLY");
            if head.is(1, "DATABASE") {
                return Class::Database { name: folded(head.text(2)), act: DatabaseAct::Create };
            }
            alone_if(concurrent_index || head.any(1, &["TABLESPACE", "SUBSCRIPTION"]))
        }
        "DROP" => {
            if head.is(1, "DATABASE") {
                let name = folded(head.text(if head.is(2, "IF") { 4 } else { 2 }));
                return Class::Database { name, act: DatabaseAct::Drop };
            }
            let concurrent_index = head.is(1, "INDEX") && head.is(2, "CONCURRENTLY");
            alone_if(concurrent_index || head.any(1, &["TABLESPACE", "SUBSCRIPTION"]))
        }
        "ALTER" => alter(head, walk),
        _ => Class::Transactional,
    }
}

/// psql's `\connect`, the only command of it that comes here, in the forms that pg_dump writes: `name`, `"name"` and
/// `-reuse-previous=on "dbname='name'"`.
fn connect(command: &str) -> Class {
    let (_, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    // psql leaves a `;` at the end out.
    let rest = rest.trim().trim_end_matches(';').trim_end();
    let rest = rest.strip_prefix("-reuse-previous=on").map_or(rest, str::trim);
    let argument = match rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => rest.to_owned(),
    };
    let is_one = rest.starts_with('"') || !rest.contains(char::is_whitespace);
    let name = match argument.strip_prefix("dbname=") {
        Some(name) => name.trim_matches('\'').replace("\\'", "'").replace("\\\\", "\\"),
        None => argument,
    };
    if name.is_empty() || name == "-" || !is_one || name.contains('=') || name.contains("://") {
        return forbidden(
            "`\\connect` with a user, a server or none at all: a migration runs as the user and on the server that the URL names; remove it",
        );
    }
    Class::Database { name, act: DatabaseAct::Choose }
}

fn two_phase(what: &str) -> Class {
    Class::Forbidden(format!(
        "{what} takes the transaction out of driftlock's hands, so that its record can't be committed with it: remove it"
    ))
}

fn rollback(head: &Head<'_>) -> Class {
    if head.is(1, "PREPARED") {
        return two_phase("ROLLBACK PREPARED");
    }
    let at = if head.any(1, &["WORK", "TRANSACTION"]) { 2 } else { 1 };
    if head.is(at, "TO") {
        return Class::Transactional;
    }
    forbidden(
        "ROLLBACK would undo what the file did before it, while the file counts as applied: remove it, or use a SAVEPOINT and ROLLBACK TO",
    )
}

fn set(head: &Head<'_>) -> Class {
    if head.any(1, &["LOCAL", "CONSTRAINTS", "TRANSACTION"]) {
        return Class::Transactional;
    }
    let at = if head.is(1, "SESSION") { 2 } else { 1 };
    if head.any(at, &["client_encoding", "NAMES"]) {
        let at = if head.mark(at + 1, "=") || head.is(at + 1, "TO") { at + 2 } else { at + 1 };
        let name: String = head.text(at).chars().filter(char::is_ascii_alphanumeric).collect();
        if !["utf8", "unicode", "default", ""].iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return forbidden(
                "migration files are UTF-8, and so is the connection: save the file as UTF-8 and remove this, or dump with `pg_dump --encoding=UTF8`",
            );
        }
    }
    Class::Session
}

fn select(head: &Head<'_>) -> Class {
    let at = if head.is(1, "pg_catalog") && head.mark(2, ".") { 3 } else { 1 };
    if head.is(at, "pg_advisory_unlock_all") {
        return forbidden(
            "pg_advisory_unlock_all() gives up driftlock's own lock: unlock by key with pg_advisory_unlock(key)",
        );
    }
    let literal = |place: usize| head.0.get(place).is_some_and(|token| token.kind == TokenKind::String);
    let session_wide = head.is(at + 6, "false") || matches!(head.text(at + 6), "'f'" | "'false'");
    // As pg_dump writes it, and nothing else in the statement.
    let is_setting = head.is(at, "set_config")
        && head.mark(at + 1, "(")
        && literal(at + 2)
        && head.mark(at + 3, ",")
        && literal(at + 4)
        && head.mark(at + 5, ",")
        && session_wide
        && head.mark(at + 7, ")")
        && head.0.len() == at + 8;
    if is_setting { Class::Session } else { Class::Transactional }
}

fn reindex(head: &Head<'_>) -> Class {
    let at = head.behind_parenthesis(1);
    let option = head.0[..at.min(head.0.len())].iter().position(|token| token.is("CONCURRENTLY"));
    let by_option = option.is_some_and(|place| !head.any(place + 1, &["false", "off"]) && head.text(place + 1) != "0");
    alone_if(by_option || head.any(at, &["SCHEMA", "DATABASE", "SYSTEM"]) || head.is(at + 1, "CONCURRENTLY"))
}

fn alter(head: &Head<'_>, walk: &Walk) -> Class {
    match head.text(1).to_ascii_uppercase().as_str() {
        "SYSTEM" => Class::Alone,
        "DATABASE" => alone_if(walk.changes_tablespace),
        "SUBSCRIPTION" => {
            alone_if(["REFRESH", "PUBLICATION", "two_phase", "failover"].iter().any(|word| head.has(word)))
        }
        "TABLE" => alone_if(walk.detaches_concurrently),
        _ => Class::Transactional,
    }
}

fn leaves_state(head: &Head<'_>, walk: &Walk) -> bool {
    match head.text(0).to_ascii_uppercase().as_str() {
        "CREATE" => {
            let at = if head.is(1, "OR") { 3 } else { 1 };
            let at = if head.any(at, &["LOCAL", "GLOBAL"]) { at + 1 } else { at };
            head.any(at, &["TEMP", "TEMPORARY"])
        }
        "SELECT" | "WITH" => walk.into_temporary,
        "DECLARE" => walk.with_hold,
        _ => false,
    }
}

fn loses_data(head: &Head<'_>, walk: &Walk) -> bool {
    match head.text(0).to_ascii_uppercase().as_str() {
        "TRUNCATE" | "DELETE" | "UPDATE" | "MERGE" => true,
        // What they run can't be seen here.
        "DO" | "CALL" | "EXECUTE" => true,
        "DROP" => walk.cascade || head.any(1, &["TABLE", "SCHEMA", "DATABASE", "OWNED"]),
        "ALTER" => walk.drops_part && head.any(1, &["TABLE", "TYPE"]),
        "INSERT" | "WITH" => walk.changes_rows,
        "EXPLAIN" => walk.changes_rows && (head.has("ANALYZE") || head.has("ANALYSE")),
        _ => false,
    }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
