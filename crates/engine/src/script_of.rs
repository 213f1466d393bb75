//! Statements as a file that the engine's own client reads, and driftlock too.

use driftlock_database::{Creation, Step};
use driftlock_script::{Dialect, TokenKind, significant, tokens};

/// The statements that make a schema, in order, each ended as the engine's client wants it.
#[must_use]
pub fn to_script(creations: &[Creation], dialect: Dialect) -> String {
    let mut script = String::new();
    for (at, creation) in creations.iter().enumerate() {
        // What makes one object stays together.
        if at > 0 && creations[at - 1].object != creation.object {
            script.push('\n');
        }
        script.push_str(&terminated(&creation.sql, dialect));
    }
    script
}

/// A step of a plan as a script has it: what it may do is said in comments before it.
#[must_use]
pub fn step_to_script(step: &Step, dialect: Dialect) -> String {
    format!("{}{}", remarks(step), terminated(&step.sql, dialect))
}

/// What a step may do, a comment each line.
pub(crate) fn remarks(step: &Step) -> String {
    let words: Vec<String> = step.hazards.iter().map(|hazard| hazard.words()).collect();
    let mut remarks = String::new();
    if !words.is_empty() {
        remarks.push_str(&format!("-- {}\n", words.join(", ")));
    }
    if let Some(query) = &step.offenders {
        let query: Vec<&str> = query.lines().map(str::trim).collect();
        remarks.push_str(&format!("-- fails on what this finds: {}\n", query.join(" ")));
    }
    remarks
}

fn terminated(sql: &str, dialect: Dialect) -> String {
    // Behind a comment that ends with its line a terminator would be part of it.
    let ends_in_comment = tokens(sql, dialect).last().is_some_and(|token| token.kind == TokenKind::Comment);
    let line = if ends_in_comment { "\n" } else { "" };
    let has_semicolon = || significant(sql, dialect).any(|token| token.text == ";");
    if dialect != Dialect::MySql || !has_semicolon() {
        return format!("{sql}{line};\n");
    }
    let delimiter = ["//", "$$", ";;", "//;;//"].into_iter().find(|it| !sql.contains(it)).unwrap_or("//;;$$//");
    format!("DELIMITER {delimiter}\n{sql}\n{delimiter}\nDELIMITER ;\n")
}

#[cfg(test)]
mod tests {
    use driftlock_schema::{Id, Name};
    use driftlock_script::{Options, split_with};

    use super::*;

    #[test]
    fn every_statement_comes_back_from_its_script() {
        let body = "CREATE PROCEDURE p()\nBEGIN\n  SELECT 'a//b';\n  SELECT 2;\nEND";
        let cases: [(Dialect, &[&str]); 3] = [
            (Dialect::MySql, &["CREATE TABLE a (id int)", body, "CREATE TABLE b (id int) -- last", "SELECT ';'"]),
            (
                Dialect::Postgres,
                &["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1; SELECT 2$$", "SELECT 1 -- one"],
            ),
            (
                Dialect::Sqlite,
                &["CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END", "CREATE TABLE b (id int)"],
            ),
        ];
        for (dialect, statements) in cases {
            let creation = |sql: &&str| Creation::new(Id::new("table", Name::new(*sql)), *sql);
            let script = to_script(&statements.iter().map(creation).collect::<Vec<_>>(), dialect);
            let found = split_with(&script, dialect, &Options::default()).unwrap();
            let found: Vec<&str> = found.iter().map(|statement| statement.text(&script).trim()).collect();
            for (said, read) in statements.iter().zip(&found) {
                // A comment at its end is none of the statement's.
                let said = said.split(" -- ").next().unwrap();
                assert_eq!(*read, said, "{dialect:?}");
            }
            assert_eq!(found.len(), statements.len(), "{script}");
        }
    }
}
