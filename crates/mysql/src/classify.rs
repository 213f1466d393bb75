//! What one statement is to a runner, from its text: most of MySQL's DDL commits by itself and stands alone.

use driftlock_database::{Class, Classified, DatabaseAct};
use driftlock_script::{Token, TokenKind};

use crate::parse::{Cursor, defines_routine, parts, user_variable, words};

const LOCK_TABLES: &str = "LOCK TABLES and UNLOCK TABLES are left out: they commit, hide every table that they don't name, and driftlock holds a lock of its own";

const GTID_PURGED: &str = "which transactions a replica has seen is a matter of the server, not of a database: a dump says it for a server that is to become a replica";

/// Classifies a statement.
pub(crate) fn classify(sql: &str) -> Classified {
    let tokens = words(sql);
    let mut classified = by_first_word(&tokens);
    if defines_routine(&tokens) {
        return classified;
    }
    if let Some(call) = gives_up_locks(&tokens) {
        return Classified::plain(Class::Forbidden(format!(
            "{call} would give up driftlock's own lock: release your lock by ending the statement that took it in a session of its own"
        )));
    }
    if classified.class == Class::Session {
        // What it sets is judged where it is read; that it reads variables is no matter, as all of these run again in order.
        classified.reads_state |= calls(&tokens, &["LAST_INSERT_ID", "ROW_COUNT", "FOUND_ROWS"]);
    } else if matches!(classified.class, Class::Transactional | Class::Alone | Class::Opaque) {
        let assigned = assigned_variables(&tokens);
        classified.leaves_state |= !assigned.is_empty();
        classified.reads_state |= calls(&tokens, &["LAST_INSERT_ID", "ROW_COUNT", "FOUND_ROWS"])
            || (0..tokens.len()).filter_map(|at| user_variable(&tokens, at)).any(|name| !assigned.contains(&name));
    }
    classified
}

/// `RELEASE_LOCK(` or `RELEASE_ALL_LOCKS(`, if the statement calls one.
fn gives_up_locks(tokens: &[Token<'_>]) -> Option<&'static str> {
    ["RELEASE_LOCK", "RELEASE_ALL_LOCKS"].into_iter().find(|name| calls(tokens, &[name]))
}

fn calls(tokens: &[Token<'_>], functions: &[&str]) -> bool {
    tokens.windows(2).any(|pair| pair[1].text == "(" && functions.iter().any(|name| pair[0].is(name)))
}

/// User variables that a query assigns: `@x := …`, `INTO @x, @y`.
pub(crate) fn assigned_variables(tokens: &[Token<'_>]) -> Vec<String> {
    let mut names = Vec::new();
    let mut in_into = false;
    for at in 0..tokens.len() {
        let Some(name) = user_variable(tokens, at) else {
            in_into = tokens[at].is("INTO") || (in_into && tokens[at].text == ",");
            continue;
        };
        let is_assignment = tokens.get(at + 1).is_some_and(|token| token.text == ":")
            && tokens.get(at + 2).is_some_and(|token| token.text == "=");
        if in_into || is_assignment {
            names.push(name);
        }
    }
    names
}

fn transactional(loses_data: bool) -> Classified {
    Classified { loses_data, ..Classified::plain(Class::Transactional) }
}

fn alone(loses_data: bool) -> Classified {
    Classified { loses_data, ..Classified::plain(Class::Alone) }
}

fn opaque() -> Classified {
    Classified { leaves_state: true, loses_data: true, ..Classified::plain(Class::Opaque) }
}

fn forbidden(why: &str) -> Classified {
    Classified::plain(Class::Forbidden(why.to_owned()))
}

fn by_first_word(tokens: &[Token<'_>]) -> Classified {
    let mut cursor = Cursor::new(tokens);
    let Some(first) = cursor.next() else {
        return Classified::plain(Class::TakenOut("there is nothing in it but comments"));
    };
    if first.text == "(" {
        return transactional(false);
    }
    if cursor.at(":") {
        // A label of MariaDB: `loop_1: LOOP`.
        return opaque();
    }
    match first.text.to_ascii_uppercase().as_str() {
        "SELECT" => select(tokens),
        "INSERT" | "VALUES" | "TABLE" | "DO" | "SAVEPOINT" | "SHOW" | "DESCRIBE" | "DESC" | "EXPLAIN" | "HELP"
        | "CHECKSUM" | "SIGNAL" | "RESIGNAL" => transactional(false),
        "UPDATE" | "DELETE" | "REPLACE" => transactional(true),
        "WITH" => transactional(tokens.iter().any(|token| token.is("UPDATE") || token.is("DELETE"))),
        "GET" => Classified { leaves_state: true, ..transactional(false) },
        "RELEASE" => transactional(false),
        "LOAD" => load(cursor),
        "BEGIN" | "START" => begin(first, cursor),
        "COMMIT" => commit(tokens),
        "ROLLBACK" => {
            cursor.eat(&["WORK"]);
            if cursor.at("TO") {
                transactional(false)
            } else {
                forbidden(
                    "ROLLBACK in a migration would undo what was done before it and go on: take the undone statements out, or use a savepoint",
                )
            }
        }
        "XA" => forbidden(
            "XA transactions outlive their session, so nobody can say what became of a migration: take them out",
        ),
        "SET" => set(tokens, cursor),
        "USE" => database(cursor, DatabaseAct::Choose),
        "PREPARE" | "DEALLOCATE" => Classified::plain(Class::Session),
        "EXECUTE" | "CALL" | "HANDLER" | "DECLARE" | "IF" | "CASE" | "LOOP" | "REPEAT" | "WHILE" | "FOR" => opaque(),
        "LOCK" if cursor.at("INSTANCE") => keeps_others_waiting("LOCK INSTANCE FOR BACKUP"),
        "LOCK" | "UNLOCK" => Classified::plain(Class::TakenOut(LOCK_TABLES)),
        "BACKUP" => keeps_others_waiting("BACKUP STAGE"),
        "FLUSH" => flush(tokens),
        "KILL" => forbidden("KILL names a connection by a number that is another one each time: take it out"),
        "SHUTDOWN" | "RESTART" => forbidden("a migration can't end the server that it runs on: take it out"),
        "ANALYZE" => {
            cursor.eat_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
            if cursor.at("TABLE") || cursor.at("TABLES") {
                alone(false)
            } else {
                // MariaDB runs the statement behind it and shows its plan.
                transactional(
                    tokens.iter().any(|token| token.is("UPDATE") || token.is("DELETE") || token.is("REPLACE")),
                )
            }
        }
        "CREATE" => create(cursor),
        "DROP" => drop(cursor),
        "ALTER" => alone(alter_loses_data(cursor)),
        "TRUNCATE" => alone(true),
        // Everything else commits by itself: RENAME, GRANT, REVOKE, OPTIMIZE, REPAIR, CHECK, CACHE, INSTALL, CHANGE, RESET, PURGE, …
        _ => alone(false),
    }
}

fn keeps_others_waiting(what: &str) -> Classified {
    forbidden(&format!(
        "{what} keeps other sessions waiting until this one ends, and driftlock's own rows with them: take it out"
    ))
}

fn select(tokens: &[Token<'_>]) -> Classified {
    let writes_file =
        tokens.windows(2).any(|pair| pair[0].is("INTO") && (pair[1].is("OUTFILE") || pair[1].is("DUMPFILE")));
    if writes_file { Classified::plain(Class::Opaque) } else { transactional(false) }
}

fn load(mut cursor: Cursor<'_, '_>) -> Classified {
    if cursor.eat(&["INDEX"]) {
        return alone(false);
    }
    let head: Vec<_> = cursor.rest().iter().take_while(|token| !token.is("TABLE")).collect();
    if head.iter().any(|token| token.is("LOCAL")) {
        return forbidden(
            "LOAD DATA LOCAL reads a file of the machine that driftlock runs on, which is another one each time: write INSERT statements, or load the file beside the migration",
        );
    }
    transactional(head.iter().any(|token| token.is("REPLACE")))
}

fn begin(first: &Token<'_>, mut cursor: Cursor<'_, '_>) -> Classified {
    if first.is("START") {
        // START REPLICA, START SLAVE, START GROUP_REPLICATION commit by themselves.
        return if cursor.at("TRANSACTION") { Classified::plain(Class::Begin) } else { alone(false) };
    }
    cursor.eat(&["WORK"]);
    if cursor.rest().is_empty() { Classified::plain(Class::Begin) } else { opaque() }
}

fn commit(tokens: &[Token<'_>]) -> Classified {
    let says_no = |at: usize| at.checked_sub(1).is_some_and(|before| tokens[before].is("NO"));
    for (at, token) in tokens.iter().enumerate() {
        if token.is("CHAIN") && !says_no(at) {
            return forbidden("COMMIT AND CHAIN opens another transaction at once: write COMMIT and START TRANSACTION");
        }
        if token.is("RELEASE") && !says_no(at) {
            return forbidden("COMMIT RELEASE ends the connection on which driftlock holds its lock: write COMMIT");
        }
    }
    Classified::plain(Class::Commit)
}

fn flush(tokens: &[Token<'_>]) -> Classified {
    let keeps_lock = tokens
        .windows(2)
        .any(|pair| (pair[0].is("WITH") && pair[1].is("READ")) || (pair[0].is("FOR") && pair[1].is("EXPORT")));
    if keeps_lock { keeps_others_waiting("FLUSH TABLES … WITH READ LOCK") } else { alone(false) }
}

fn create(mut cursor: Cursor<'_, '_>) -> Classified {
    let replaces = cursor.eat(&["OR", "REPLACE"]);
    if cursor.eat(&["TEMPORARY"]) {
        return Classified { leaves_state: true, ..transactional(false) };
    }
    if cursor.eat_any(&["DATABASE", "SCHEMA"]) {
        cursor.eat(&["IF", "NOT", "EXISTS"]);
        return database(cursor, if replaces { DatabaseAct::Drop } else { DatabaseAct::Create });
    }
    alone(replaces && cursor.at("TABLE"))
}

/// A statement about a whole database, whose name is next.
fn database(mut cursor: Cursor<'_, '_>, act: DatabaseAct) -> Classified {
    match cursor.name() {
        Some(name) => Classified {
            loses_data: act == DatabaseAct::Drop,
            ..Classified::plain(Class::Database { name: name.name, act })
        },
        // The server will say what is wrong with it.
        None => alone(act == DatabaseAct::Drop),
    }
}

fn drop(mut cursor: Cursor<'_, '_>) -> Classified {
    if cursor.eat(&["PREPARE"]) {
        return Classified::plain(Class::Session);
    }
    if cursor.eat(&["TEMPORARY"]) {
        return Classified { leaves_state: true, ..transactional(false) };
    }
    if cursor.eat_any(&["DATABASE", "SCHEMA"]) {
        cursor.eat(&["IF", "EXISTS"]);
        return database(cursor, DatabaseAct::Drop);
    }
    alone(["TABLE", "TABLES", "TABLESPACE"].iter().any(|kind| cursor.at(kind)))
}

/// Whether an ALTER can lose columns or rows.
fn alter_loses_data(mut cursor: Cursor<'_, '_>) -> bool {
    cursor.eat_any(&["ONLINE", "OFFLINE"]);
    cursor.eat(&["IGNORE"]);
    if !cursor.eat_any(&["TABLE", "TABLES"]) {
        return cursor.at("TABLESPACE");
    }
    cursor.eat(&["IF", "EXISTS"]);
    if cursor.name().is_none() {
        return true;
    }
    parts(cursor.rest()).into_iter().any(specification_loses_data)
}

fn specification_loses_data(tokens: &[Token<'_>]) -> bool {
    let mut cursor = Cursor::new(tokens);
    let Some(verb) = cursor.next() else { return false };
    match verb.text.to_ascii_uppercase().as_str() {
        "DROP" => {
            let keeps = ["INDEX", "KEY", "PRIMARY", "FOREIGN", "CONSTRAINT", "CHECK", "PERIOD"];
            !keeps.iter().any(|word| cursor.at(word))
        }
        "MODIFY" | "CHANGE" | "CONVERT" | "TRUNCATE" | "DISCARD" | "EXCHANGE" => true,
        _ => false,
    }
}

fn set(tokens: &[Token<'_>], mut cursor: Cursor<'_, '_>) -> Classified {
    let session = Classified::plain(Class::Session);
    if cursor.eat(&["PASSWORD"]) || cursor.eat(&["DEFAULT", "ROLE"]) {
        return alone(false);
    }
    if cursor.eat(&["STATEMENT"]) && cursor.eat_until("FOR") {
        // MariaDB: `SET STATEMENT max_statement_time=1 FOR SELECT …` is the statement behind it.
        return by_first_word(cursor.rest());
    }
    let has_other_form =
        ["ROLE", "NAMES", "CHARSET", "CHARACTER", "CHAR", "RESOURCE", "TRANSACTION"].iter().any(|word| cursor.at(word));
    if has_other_form {
        return session;
    }
    if cursor.eat(&["GLOBAL"]) && cursor.at("TRANSACTION") {
        return alone(false);
    }
    let mut ahead = cursor;
    if ahead.eat_any(&["SESSION", "LOCAL"]) && ahead.at("TRANSACTION") {
        return session;
    }
    let assignments = tokens.get(1..).map(parts).unwrap_or_default();
    if assignments
        .iter()
        .any(|tokens| tokens.first().is_some_and(|name| name.text.eq_ignore_ascii_case("@@GLOBAL.GTID_PURGED")))
    {
        return Classified::plain(Class::TakenOut(GTID_PURGED));
    }
    if assignments.iter().any(|tokens| sets_server(tokens)) {
        return alone(false);
    }
    let autocommit = assignments.iter().find_map(|tokens| sets_autocommit(tokens));
    Classified { leaves_state: assignments.iter().any(|tokens| !can_be_set_again(tokens)), autocommit, ..session }
}

/// `autocommit = 0`, `SESSION autocommit = OFF`, `@@autocommit = @old`: what it is then. A variable holds what it was at first.
fn sets_autocommit(assignment: &[Token<'_>]) -> Option<bool> {
    let equals = assignment.iter().position(|token| token.text == "=")?;
    let name = assignment[..equals].iter().rfind(|token| token.text != ":")?;
    let bare = name.text.to_ascii_lowercase();
    let bare = bare.trim_start_matches('@').trim_start_matches("session.").trim_start_matches("local.");
    (bare == "autocommit" && (name.kind == TokenKind::Word || name.text.starts_with("@@"))).then(|| {
        let value = assignment.get(equals + 1).map_or("", |token| token.text.trim_matches(['\'', '"']));
        !["0", "off", "false"].iter().any(|off| value.eq_ignore_ascii_case(off))
    })
}

/// `GLOBAL x = …`, `@@GLOBAL.x = …`, `PERSIST x = …`.
fn sets_server(assignment: &[Token<'_>]) -> bool {
    let Some(first) = assignment.first() else { return false };
    if first.kind == TokenKind::Variable {
        let name = first.text.to_ascii_lowercase();
        return ["@@global.", "@@persist.", "@@persist_only."].iter().any(|scope| name.starts_with(scope));
    }
    ["GLOBAL", "PERSIST", "PERSIST_ONLY"].iter().any(|scope| first.is(scope))
}

/// Whether the value of an assignment is the same in a new session: literals, variables, and text made of them
/// (`CONCAT(@@sql_mode, ',ANSI_QUOTES')`).
fn can_be_set_again(assignment: &[Token<'_>]) -> bool {
    const PURE: [&str; 14] = [
        "CONCAT",
        "CONCAT_WS",
        "REPLACE",
        "UPPER",
        "LOWER",
        "TRIM",
        "IF",
        "IFNULL",
        "NULLIF",
        "COALESCE",
        "CAST",
        "CONVERT",
        "LEFT",
        "RIGHT",
    ];
    let Some(equals) = assignment.iter().position(|token| token.text == "=") else {
        return true;
    };
    let value = &assignment[equals + 1..];
    value.iter().enumerate().all(|(at, token)| {
        let is_call = value.get(at + 1).is_some_and(|next| next.text == "(");
        if is_call && token.kind == TokenKind::Word {
            return PURE.iter().any(|name| token.is(name));
        }
        ![
            "SELECT",
            "TABLE",
            "VALUES",
            "CURRENT_TIMESTAMP",
            "CURRENT_DATE",
            "CURRENT_TIME",
            "LOCALTIME",
            "LOCALTIMESTAMP",
            "UTC_TIMESTAMP",
            "UTC_DATE",
            "UTC_TIME",
        ]
        .iter()
        .any(|word| token.is(word))
    })
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
