//! The normal form of a text that the server keeps as somebody wrote it: case of keywords, spaces, comments and quotes make no difference in it.

use driftlock_script::{Dialect, Token, TokenKind, significant};

use crate::parse::identifier;

/// Brings a text to its normal form. `sql_mode` is the one that the text is read with.
pub(crate) fn normal(sql: &str, sql_mode: &str) -> String {
    let ansi_quotes =
        sql_mode.to_ascii_uppercase().split(',').any(|mode| matches!(mode, "ANSI_QUOTES" | "ORACLE" | "ANSI"));
    let mut tokens: Vec<Token<'_>> = significant(sql, Dialect::MySql).collect();
    while tokens.last().is_some_and(|token| token.text == ";") {
        tokens.pop();
    }
    let mut text = String::with_capacity(sql.len());
    for token in tokens {
        if !text.is_empty() {
            text.push(' ');
        }
        match token.kind {
            TokenKind::Word | TokenKind::QuotedIdentifier => text.push_str(&name(&token)),
            TokenKind::String if ansi_quotes && token.text.starts_with('"') => text.push_str(&name(&token)),
            TokenKind::String => text.push_str(&string(token.text)),
            _ => text.push_str(token.text),
        }
    }
    text
}

/// Keywords in capitals, every name in backticks. A word that may be either is one.
fn name(token: &Token<'_>) -> String {
    let Some(name) = identifier(token) else { return token.text.to_owned() };
    let word = name.to_ascii_uppercase();
    let is_word = token.kind == TokenKind::Word;
    if NOT_RESERVED.binary_search(&word.as_str()).is_ok() || (is_word && RESERVED.binary_search(&word.as_str()).is_ok())
    {
        return word;
    }
    crate::parse::quote(&name)
}

/// A string in apostrophes.
fn string(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return text.to_owned() };
    let mut string = String::with_capacity(text.len());
    string.push('\'');
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if letters.peek() == Some(&'"') => {
                letters.next();
                string.push('"');
            }
            '\\' => {
                let next = letters.next();
                if next != Some('"') {
                    string.push('\\');
                }
                string.extend(next);
            }
            '\'' => string.push_str("''"),
            letter => string.push(letter),
        }
    }
    string.push('\'');
    string
}

/// Words that can't be names without quotes, and those of bodies. In order.
const RESERVED: &[&str] = &[
    "ACCESSIBLE",
    "ADD",
    "ALL",
    "ALTER",
    "ANALYZE",
    "AND",
    "AS",
    "ASC",
    "ASENSITIVE",
    "BEFORE",
    "BETWEEN",
    "BIGINT",
    "BINARY",
    "BLOB",
    "BOTH",
    "BY",
    "CALL",
    "CASCADE",
    "CASE",
    "CHANGE",
    "CHAR",
    "CHARACTER",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "CONDITION",
    "CONSTRAINT",
    "CONTINUE",
    "CONVERT",
    "CREATE",
    "CROSS",
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "CURSOR",
    "DATABASE",
    "DATABASES",
    "DAY_HOUR",
    "DAY_MICROSECOND",
    "DAY_MINUTE",
    "DAY_SECOND",
    "DEC",
    "DECIMAL",
    "DECLARE",
    "DEFAULT",
    "DELAYED",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DETERMINISTIC",
    "DISTINCT",
    "DISTINCTROW",
    "DIV",
    "DOUBLE",
    "DROP",
    "DUAL",
    "EACH",
    "ELSE",
    "ELSEIF",
    "ENCLOSED",
    "ESCAPED",
    "EXCEPT",
    "EXISTS",
    "EXIT",
    "EXPLAIN",
    "FALSE",
    "FETCH",
    "FLOAT",
    "FOR",
    "FORCE",
    "FOREIGN",
    "FROM",
    "FULLTEXT",
    "GRANT",
    "GROUP",
    "HAVING",
    "HIGH_PRIORITY",
    "HOUR_MICROSECOND",
    "HOUR_MINUTE",
    "HOUR_SECOND",
    "IF",
    "IGNORE",
    "IN",
    "INDEX",
    "INNER",
    "INOUT",
    "INSENSITIVE",
    "INSERT",
    "INT",
    "INTEGER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "ITERATE",
    "JOIN",
    "KEY",
    "KEYS",
    "KILL",
    "LEADING",
    "LEAVE",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LINEAR",
    "LINES",
    "LOAD",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "LOCK",
    "LONG",
    "LONGBLOB",
    "LONGTEXT",
    "LOOP",
    "MATCH",
    "MAXVALUE",
    "MEDIUMBLOB",
    "MEDIUMINT",
    "MEDIUMTEXT",
    "MOD",
    "MODIFIES",
    "NATURAL",
    "NOT",
    "NULL",
    "NUMERIC",
    "ON",
    "OPTION",
    "OR",
    "ORDER",
    "OUT",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECISION",
    "PRIMARY",
    "PROCEDURE",
    "RANGE",
    "READ",
    "READS",
    "REAL",
    "RECURSIVE",
    "REFERENCES",
    "REGEXP",
    "RELEASE",
    "RENAME",
    "REPEAT",
    "REPLACE",
    "REQUIRE",
    "RESIGNAL",
    "RESTRICT",
    "RETURN",
    "REVOKE",
    "RIGHT",
    "RLIKE",
    "ROWS",
    "SCHEMA",
    "SELECT",
    "SENSITIVE",
    "SEPARATOR",
    "SET",
    "SHOW",
    "SIGNAL",
    "SMALLINT",
    "SPATIAL",
    "SPECIFIC",
    "SQL",
    "SQLEXCEPTION",
    "SQLSTATE",
    "SQLWARNING",
    "STARTING",
    "STRAIGHT_JOIN",
    "TABLE",
    "TERMINATED",
    "THEN",
    "TINYBLOB",
    "TINYINT",
    "TINYTEXT",
    "TO",
    "TRAILING",
    "TRIGGER",
    "TRUE",
    "UNION",
    "UNIQUE",
    "UNLOCK",
    "UNSIGNED",
    "UPDATE",
    "USAGE",
    "USE",
    "USING",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
    "VALUES",
    "VARBINARY",
    "VARCHAR",
    "VARCHARACTER",
    "VARYING",
    "WHEN",
    "WHERE",
    "WHILE",
    "WINDOW",
    "WITH",
    "WRITE",
    "XOR",
    "YEAR_MONTH",
    "ZEROFILL",
];

/// Words that mean something to the server in some places and are names in others: the same in any case of letters, quoted or not. In order.
const NOT_RESERVED: &[&str] = &[
    "ABS",
    "AGGREGATE",
    "BEGIN",
    "CAST",
    "CEILING",
    "CLOSE",
    "COALESCE",
    "COMMENT",
    "COMMIT",
    "COMPLETION",
    "CONCAT",
    "COUNT",
    "CURDATE",
    "CURTIME",
    "DATE",
    "DATETIME",
    "DATE_ADD",
    "DATE_FORMAT",
    "DATE_SUB",
    "DAY",
    "DIAGNOSTICS",
    "DISABLE",
    "DO",
    "ENABLE",
    "END",
    "ENDS",
    "EVENT",
    "EVERY",
    "FLOOR",
    "FOLLOWS",
    "FOUND",
    "FUNCTION",
    "GET",
    "GROUP_CONCAT",
    "HANDLER",
    "HOUR",
    "IFNULL",
    "JSON_EXTRACT",
    "JSON_OBJECT",
    "JSON_VALID",
    "LOWER",
    "MAX",
    "MESSAGE_TEXT",
    "MIN",
    "MINUTE",
    "MONTH",
    "MYSQL_ERRNO",
    "NEW",
    "NEXT",
    "NOW",
    "NULLIF",
    "OLD",
    "OPEN",
    "PRECEDES",
    "PRESERVE",
    "QUARTER",
    "RETURNS",
    "ROLLBACK",
    "ROW_COUNT",
    "SCHEDULE",
    "SECOND",
    "START",
    "STARTS",
    "SUBSTRING",
    "SUM",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "TRANSACTION",
    "TRIM",
    "UNTIL",
    "UPPER",
    "UUID",
    "VALUE",
    "WEEK",
    "WORK",
    "YEAR",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        for list in [RESERVED, NOT_RESERVED] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn spelling_makes_no_difference() {
        let cases = [
            ("begin set new.a = 1; end", "BEGIN  SET NEW.`a`=1; /* x */ END;", ""),
            ("select \"it's\"", "SELECT 'it''s'", ""),
            ("select \"a\"", "SELECT `a`", "ANSI_QUOTES"),
        ];
        for (one, other, mode) in cases {
            assert_eq!(normal(one, mode), normal(other, mode));
        }
    }

    #[test]
    fn meaning_does() {
        let cases = [
            ("select A", "select a"),
            ("select 'A'", "select 'a'"),
            ("select 1 + 2", "select 1 - 2"),
            ("select `order`", "select order"),
        ];
        for (one, other) in cases {
            assert_ne!(normal(one, ""), normal(other, ""));
        }
        assert_ne!(normal("select \"a\"", ""), normal("select `a`", ""));
    }
}
