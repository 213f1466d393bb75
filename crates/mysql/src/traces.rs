//! What a statement leaves in the session that no variable shows, so that it can be put away before the next file.

use driftlock_script::{Dialect, Token, significant};
use sha2::{Digest, Sha256};

use crate::classify::assigned_variables;
use crate::parse::{Cursor, defines_routine, parts, quote, user_variable, words};

/// What the statements since the last reset left behind.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Session settings may have changed (`SET`, `USE`, or a routine that did it).
    pub(crate) settings: bool,
    /// The role may have changed.
    pub(crate) role: bool,
    /// The binary log may have been turned off.
    pub(crate) binary_log: bool,
    /// Something whose effects can't be known ran.
    pub(crate) opaque: bool,
    /// User variables that were assigned, without `@`.
    variables: Vec<String>,
    /// Temporary tables that were made, as SQL.
    tables: Vec<String>,
    /// Statements that were prepared, as SQL.
    prepared: Vec<String>,
    /// The variables' values of before are kept beside: they are a lender's.
    keeps: bool,
}

impl Traces {
    /// Nothing yet, in a session that somebody lends.
    #[cfg(feature = "mysql_async")]
    pub(crate) fn of_a_lender() -> Self {
        Traces { keeps: true, ..Traces::default() }
    }

    /// Nothing yet, in the same session.
    pub(crate) fn anew(&self) -> Self {
        Traces { keeps: self.keeps, ..Traces::default() }
    }

    /// Notes what a statement leaves.
    pub(crate) fn note(&mut self, sql: &str) {
        let Some(first) = significant(sql, Dialect::MySql).next() else {
            return;
        };
        // The rows of a dump needn't be cut into tokens to know that they leave nothing.
        if ["INSERT", "REPLACE"].iter().any(|verb| first.is(verb)) {
            return;
        }
        let tokens = words(sql);
        match first.text.to_ascii_uppercase().as_str() {
            "SET" => self.note_set(&tokens),
            "USE" => self.settings = true,
            "PREPARE" => self.prepared.extend(Cursor::new(&tokens[1..]).name().map(|name| name.quoted())),
            "CREATE" => self.note_create(&tokens),
            "UPDATE" | "DELETE" | "ALTER" | "DROP" | "TRUNCATE" | "GRANT" => {}
            "SELECT" | "WITH" | "DO" | "(" => self.variables.extend(assigned_variables(&tokens)),
            "CALL" | "EXECUTE" | "BEGIN" | "IF" | "CASE" | "LOOP" | "REPEAT" | "WHILE" | "FOR" | "GET" => {
                (self.settings, self.opaque) = (true, true);
                self.variables.extend((0..tokens.len()).filter_map(|at| user_variable(&tokens, at)));
            }
            _ => {}
        }
    }

    fn note_set(&mut self, tokens: &[Token<'_>]) {
        self.settings = true;
        self.role |= tokens.get(1).is_some_and(|token| token.is("ROLE"));
        self.binary_log |= tokens.iter().any(|token| token.text.to_ascii_lowercase().contains("sql_log_bin"));
        for assignment in tokens.get(1..).map(parts).unwrap_or_default() {
            self.variables.extend(user_variable(assignment, 0));
        }
    }

    fn note_create(&mut self, tokens: &[Token<'_>]) {
        if defines_routine(tokens) {
            return;
        }
        let mut cursor = Cursor::new(&tokens[1..]);
        cursor.eat(&["OR", "REPLACE"]);
        if cursor.eat(&["TEMPORARY", "TABLE"]) {
            cursor.eat(&["IF", "NOT", "EXISTS"]);
            self.tables.extend(cursor.name().map(|name| name.quoted()));
        }
    }

    /// Assignments that empty the user variables, or give them back what they were, for one `SET`.
    pub(crate) fn unset(&self) -> Vec<String> {
        let mut names = self.variables.clone();
        names.sort_unstable();
        names.dedup();
        let before = |name: &String| if self.keeps { format!("@{}", kept_name(name)) } else { "NULL".to_owned() };
        names.iter().map(|name| format!("@{} = {}", quote(name), before(name))).collect()
    }

    /// Statements that put away what is no setting. They may fail where the thing is gone already.
    pub(crate) fn discard(&self) -> Vec<String> {
        let mut statements = Vec::new();
        if self.opaque {
            statements.push("UNLOCK TABLES".to_owned());
        }
        if !self.tables.is_empty() {
            statements.push(format!("DROP TEMPORARY TABLE IF EXISTS {}", self.tables.join(", ")));
        }
        statements.extend(self.prepared.iter().map(|name| format!("DEALLOCATE PREPARE {name}")));
        statements
    }
}

/// Where a lender's variable is kept, without `@`. Longer than 64 characters no name may be.
pub(crate) fn kept_name(name: &str) -> String {
    let digest: String = Sha256::digest(name.to_lowercase()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("driftlock_kept_{digest}")
}

/// The user variables that a statement assigns, without `@`.
#[cfg(feature = "mysql_async")]
pub(crate) fn assigns(sql: &str) -> Vec<String> {
    let mut traces = Traces::default();
    traces.note(sql);
    traces.variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_what_has_to_be_put_away() {
        let mut traces = Traces::default();
        for sql in [
            "SET @A = 1, sql_mode = '', @`b c` = 2",
            "SELECT a INTO @d FROM t WHERE b = @unset",
            "CREATE TEMPORARY TABLE IF NOT EXISTS x.`y` (a int)",
            "PREPARE s FROM 'SELECT 1'",
            "CREATE PROCEDURE p() SET @body = 1",
        ] {
            traces.note(sql);
        }
        assert_eq!(traces.unset(), ["@`a` = NULL", "@`b c` = NULL", "@`d` = NULL"]);
        assert_eq!(traces.discard(), ["DROP TEMPORARY TABLE IF EXISTS `x`.`y`", "DEALLOCATE PREPARE `s`"]);
        assert!(traces.settings && !traces.opaque && !traces.role);
    }

    #[test]
    fn plain_statements_leave_nothing() {
        let mut traces = Traces::default();
        for sql in ["CREATE TABLE t (a int)", "INSERT INTO t VALUES (@x)", "ALTER TABLE t ADD b int"] {
            traces.note(sql);
        }
        assert!(!traces.settings && traces.unset().is_empty() && traces.discard().is_empty());
    }
}
