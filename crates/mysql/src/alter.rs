//! What an `ALTER TABLE` does, change by change: the names that show whether it ran, and what ends the same when it runs twice.

use driftlock_script::Token;

use crate::parse::{Cursor, identifier, parts};

/// What a definition names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Column,
    Key,
    /// A foreign key or a check. The key that the server makes for a foreign key has its name, and stays when that goes.
    Written,
    /// A constraint of some kind: one of these, or the unique key that is one.
    Constraint,
    PrimaryKey,
    Partition,
    /// `PARTITION BY` itself.
    Partitioning,
}

/// A name that is in a table's definition, or isn't, once the statement ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    part: Part,
    name: String,
    there: bool,
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.name;
        match self.part {
            Part::Column => write!(f, "column `{name}`"),
            Part::Key => write!(f, "index `{name}`"),
            Part::Written | Part::Constraint => write!(f, "constraint `{name}`"),
            Part::Partition => write!(f, "partition `{name}`"),
            Part::PrimaryKey => f.write_str("primary key"),
            Part::Partitioning => f.write_str("partitioning"),
        }
    }
}

impl Mark {
    fn new(part: Part, name: String, there: bool) -> Self {
        Mark { part, name, there }
    }

    /// An index that is made or dropped by a statement of its own.
    pub(crate) fn index(name: &str, there: bool) -> Self {
        let part = if name.eq_ignore_ascii_case("PRIMARY") { Part::PrimaryKey } else { Part::Key };
        Mark::new(part, name.to_owned(), there)
    }

    /// Whether this `SHOW CREATE TABLE` is as after the statement.
    pub(crate) fn holds(&self, definition: &str) -> bool {
        let found = match self.part {
            Part::PrimaryKey => definition.lines().any(|line| line.starts_with("  PRIMARY KEY")),
            Part::Partitioning => definition.lines().any(|line| line.contains("PARTITION BY ")),
            _ => definition.lines().any(|line| self.is_named_by(line)),
        };
        found == self.there
    }

    fn is_named_by(&self, line: &str) -> bool {
        // All of these names are the same in upper and lower case.
        let is = |name: Option<String>| name.is_some_and(|name| name.to_lowercase() == self.name.to_lowercase());
        let body = line.strip_prefix("  ").unwrap_or(line);
        let key = || {
            let kinds = ["UNIQUE ", "FULLTEXT ", "SPATIAL ", "VECTOR "];
            let bare = kinds.into_iter().find_map(|kind| body.strip_prefix(kind)).unwrap_or(body);
            bare.strip_prefix("KEY ").and_then(leading_name)
        };
        let written = || body.strip_prefix("CONSTRAINT ").and_then(leading_name);
        match self.part {
            Part::Column => is(body.starts_with('`').then(|| leading_name(body)).flatten()),
            Part::Key => is(key()),
            Part::Written => is(written()),
            Part::Constraint => is(written()) || (body.starts_with("UNIQUE ") && is(key())),
            Part::Partition => {
                let rest = line.trim_start_matches([' ', '(']).strip_prefix("PARTITION ");
                is(rest.filter(|rest| !rest.starts_with("BY ")).and_then(leading_name))
            }
            Part::PrimaryKey | Part::Partitioning => false,
        }
    }
}

/// The name at the start of a text, in backticks or, as MySQL writes those of partitions, bare.
fn leading_name(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('`') else {
        return text.split([' ', ',', ')']).next().map(str::to_owned);
    };
    let mut name = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '`' {
            name.push(c);
        } else if chars.next_if_eq(&'`').is_some() {
            name.push('`');
        } else {
            return Some(name);
        }
    }
    None
}

/// What the changes of an `ALTER TABLE` come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Changes {
    /// These names show it.
    Marked(Vec<Mark>),
    /// Running them again ends the same.
    Repeatable,
    /// Only a difference of the definition shows it.
    Unmarked,
}

/// What one change comes to.
enum Change {
    Marks(Vec<Mark>),
    Again,
    Other,
}

/// Changes that set something to a value, or do work that nobody sees: a second time ends as the first.
const AGAIN: [&str; 51] = [
    "MODIFY",
    "ALTER",
    "FORCE",
    "ENGINE",
    "COMMENT",
    "ORDER",
    "ENABLE",
    "DISABLE",
    "DEFAULT",
    "CHARACTER",
    "CHARSET",
    "COLLATE",
    "ROW_FORMAT",
    "AUTO_INCREMENT",
    "ALGORITHM",
    "LOCK",
    "WITH",
    "WITHOUT",
    "ANALYZE",
    "CHECK",
    "OPTIMIZE",
    "REBUILD",
    "REPAIR",
    "PARTITION",
    "ENCRYPTION",
    "ENCRYPTED",
    "ENCRYPTION_KEY_ID",
    "COMPRESSION",
    "KEY_BLOCK_SIZE",
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "PAGE_CHECKSUM",
    "AVG_ROW_LENGTH",
    "CHECKSUM",
    "TABLE_CHECKSUM",
    "DELAY_KEY_WRITE",
    "INSERT_METHOD",
    "MAX_ROWS",
    "MIN_ROWS",
    "PACK_KEYS",
    "STATS_AUTO_RECALC",
    "STATS_PERSISTENT",
    "STATS_SAMPLE_PAGES",
    "TABLESPACE",
    "TRANSACTIONAL",
    "UNION",
    "AUTOEXTEND_SIZE",
    "ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE",
    "CONNECTION",
];

/// Reads what stands behind the table's name.
pub(crate) fn changes(rest: &[Token<'_>]) -> Changes {
    let whole = Cursor::new(rest);
    // Lists of partitions have commas of their own, and stand alone.
    let found: Vec<Change> = match partitions(whole) {
        Some(change) => vec![change],
        None => parts(rest).into_iter().map(|part| change(Cursor::new(part)).unwrap_or(Change::Other)).collect(),
    };
    let mut marks: Vec<Mark> = Vec::new();
    let mut is_repeatable = true;
    for change in found {
        match change {
            Change::Marks(more) => {
                is_repeatable = false;
                marks.extend(more);
            }
            Change::Again => {}
            Change::Other => is_repeatable = false,
        }
    }
    // What is dropped and made again under its name shows nothing.
    let is_kind = |one: Part, other: Part| {
        one == other || (one == Part::Constraint && matches!(other, Part::Written | Part::Key))
    };
    let same = |one: &Mark, other: &Mark| {
        let kinds = is_kind(one.part, other.part) || is_kind(other.part, one.part);
        kinds && one.name.eq_ignore_ascii_case(&other.name)
    };
    let kept: Vec<Mark> = marks
        .iter()
        .filter(|mark| !marks.iter().any(|other| same(mark, other) && mark.there != other.there))
        .cloned()
        .collect();
    match (kept.is_empty(), is_repeatable) {
        (false, _) => Changes::Marked(kept),
        (true, true) => Changes::Repeatable,
        (true, false) => Changes::Unmarked,
    }
}

fn partitions(mut cursor: Cursor<'_, '_>) -> Option<Change> {
    let marks = |names: Vec<String>, there| {
        names.into_iter().map(|name| Mark::new(Part::Partition, name, there)).collect::<Vec<_>>()
    };
    if cursor.eat(&["DROP", "PARTITION"]) {
        if cursor.eat(&["IF", "EXISTS"]) {
            return Some(Change::Again);
        }
        return Some(Change::Marks(marks(plain(cursor.names()?), false)));
    }
    if cursor.eat(&["ADD", "PARTITION"]) {
        cursor.eat_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
        if cursor.eat(&["IF", "NOT", "EXISTS"]) {
            return Some(Change::Again);
        }
        return Some(named_partitions(cursor).map_or(Change::Other, |names| Change::Marks(marks(names, true))));
    }
    if cursor.eat(&["REORGANIZE", "PARTITION"]) {
        cursor.eat_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
        if cursor.rest().is_empty() {
            return Some(Change::Again);
        }
        let old = plain(cursor.names()?);
        cursor.eat(&["INTO"]).then_some(())?;
        let mut all = marks(old, false);
        all.extend(marks(named_partitions(cursor)?, true));
        return Some(Change::Marks(all));
    }
    None
}

fn plain(names: Vec<crate::parse::Name>) -> Vec<String> {
    names.into_iter().map(|name| name.name).collect()
}

/// `(PARTITION p …, PARTITION q …)`.
fn named_partitions(cursor: Cursor<'_, '_>) -> Option<Vec<String>> {
    let names = inside(cursor)?.into_iter().map(|part| {
        let mut part = Cursor::new(part);
        part.eat(&["PARTITION"]).then_some(())?;
        Some(part.name()?.name)
    });
    names.collect()
}

/// The parts between the commas of the parenthesis that stands next.
fn inside<'s, 'a>(cursor: Cursor<'s, 'a>) -> Option<Vec<&'s [Token<'a>]>> {
    let tokens = cursor.rest();
    if tokens.first()?.text != "(" {
        return None;
    }
    let mut depth = 0usize;
    let end = tokens.iter().position(|token| {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })?;
    Some(parts(&tokens[1..end]))
}

fn change(mut cursor: Cursor<'_, '_>) -> Option<Change> {
    let verb = cursor.next()?;
    match verb.text.to_ascii_uppercase().as_str() {
        "ADD" => add(cursor),
        "DROP" => drop(cursor),
        "CHANGE" => {
            cursor.eat(&["COLUMN"]);
            renamed(cursor, Part::Column, "")
        }
        "RENAME" if cursor.eat(&["COLUMN"]) => renamed(cursor, Part::Column, "TO"),
        "RENAME" if cursor.eat_any(&["INDEX", "KEY"]) => renamed(cursor, Part::Key, "TO"),
        "CONVERT" if cursor.eat(&["TO"]) => Some(Change::Again),
        "CONVERT" if cursor.eat(&["PARTITION"]) => {
            Some(Change::Marks(vec![Mark::new(Part::Partition, cursor.name()?.name, false)]))
        }
        "CONVERT" => {
            cursor.eat_until("PARTITION").then_some(())?;
            Some(Change::Marks(vec![Mark::new(Part::Partition, cursor.name()?.name, true)]))
        }
        "REMOVE" => Some(Change::Marks(vec![Mark::new(Part::Partitioning, String::new(), false)])),
        word if AGAIN.contains(&word) => Some(Change::Again),
        _ => Some(Change::Other),
    }
}

/// `old new`, `old TO new`.
fn renamed(mut cursor: Cursor<'_, '_>, part: Part, between: &str) -> Option<Change> {
    if cursor.eat(&["IF", "EXISTS"]) {
        return Some(Change::Again);
    }
    let old = cursor.name()?.name;
    if !between.is_empty() {
        cursor.eat(&[between]).then_some(())?;
    }
    let new = cursor.name()?.name;
    if old.to_lowercase() == new.to_lowercase() {
        return Some(Change::Again);
    }
    Some(Change::Marks(vec![Mark::new(part, old, false), Mark::new(part, new, true)]))
}

fn add(mut cursor: Cursor<'_, '_>) -> Option<Change> {
    let one = |part, name| Some(Change::Marks(vec![Mark::new(part, name, true)]));
    let is_column = cursor.eat(&["COLUMN"]);
    if cursor.at("(") {
        let mut marks = Vec::new();
        for part in inside(cursor)? {
            // A list may hold keys too, which start with a keyword.
            let first = part.first()?;
            if ["INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL", "PRIMARY", "CONSTRAINT", "FOREIGN", "CHECK"]
                .iter()
                .any(|word| first.is(word))
            {
                return Some(Change::Other);
            }
            marks.push(Mark::new(Part::Column, identifier(first)?, true));
        }
        return Some(Change::Marks(marks));
    }
    if !is_column {
        if cursor.eat(&["CONSTRAINT"]) {
            return constraint(cursor);
        }
        if cursor.eat(&["PRIMARY", "KEY"]) {
            return one(Part::PrimaryKey, String::new());
        }
        let is_kind = cursor.eat_any(&["UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"]);
        if cursor.eat_any(&["INDEX", "KEY"]) || is_kind {
            if cursor.eat(&["IF", "NOT", "EXISTS"]) {
                return Some(Change::Again);
            }
            // Without a name the server finds one, another one each time.
            return if cursor.at("(") || cursor.at("USING") {
                Some(Change::Other)
            } else {
                one(Part::Key, cursor.name()?.name)
            };
        }
        if ["FOREIGN", "CHECK", "PERIOD", "SYSTEM", "PARTITION"].iter().any(|word| cursor.at(word)) {
            return Some(Change::Other);
        }
    }
    if cursor.eat(&["IF", "NOT", "EXISTS"]) {
        return Some(Change::Again);
    }
    one(Part::Column, cursor.name()?.name)
}

/// What stands behind `ADD CONSTRAINT`.
fn constraint(mut cursor: Cursor<'_, '_>) -> Option<Change> {
    if cursor.eat(&["IF", "NOT", "EXISTS"]) {
        return Some(Change::Again);
    }
    const KINDS: [&str; 4] = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"];
    let name = if KINDS.iter().any(|kind| cursor.at(kind)) { None } else { Some(cursor.name()?.name) };
    Some(match name {
        _ if cursor.at("PRIMARY") => Change::Marks(vec![Mark::new(Part::PrimaryKey, String::new(), true)]),
        Some(name) if cursor.at("UNIQUE") => Change::Marks(vec![Mark::new(Part::Key, name, true)]),
        Some(name) => Change::Marks(vec![Mark::new(Part::Written, name, true)]),
        None => Change::Other,
    })
}

fn drop(mut cursor: Cursor<'_, '_>) -> Option<Change> {
    let part = if cursor.eat(&["COLUMN"]) {
        Part::Column
    } else if cursor.eat_any(&["INDEX", "KEY"]) {
        Part::Key
    } else if cursor.eat(&["PRIMARY", "KEY"]) {
        return Some(Change::Marks(vec![Mark::new(Part::PrimaryKey, String::new(), false)]));
    } else if cursor.eat(&["FOREIGN", "KEY"]) || cursor.eat_any(&["CHECK"]) {
        Part::Written
    } else if cursor.eat_any(&["CONSTRAINT"]) {
        Part::Constraint
    } else if cursor.at("SYSTEM") || cursor.at("PERIOD") {
        return Some(Change::Other);
    } else {
        Part::Column
    };
    if cursor.eat(&["IF", "EXISTS"]) {
        return Some(Change::Again);
    }
    Some(Change::Marks(vec![Mark::new(part, cursor.name()?.name, false)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::words;

    const TABLE: &str = "CREATE TABLE `t` (\n  `a` int(11) NOT NULL COMMENT 'KEY `x` (`a`)',\n  `b``c` int(11),\n  PRIMARY KEY (`a`),\n  UNIQUE KEY `u` (`b``c`),\n  KEY `k` (`a`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `s` (`a`)\n) ENGINE=InnoDB\n PARTITION BY RANGE (`a`)\n(PARTITION `p0` VALUES LESS THAN (10) ENGINE = InnoDB,\n PARTITION `p1` VALUES LESS THAN (20) ENGINE = InnoDB)";

    fn told(sql: &str) -> String {
        match changes(&words(sql)) {
            Changes::Marked(marks) => marks
                .iter()
                .map(|mark| format!("{}{mark}", if mark.there { "+" } else { "-" }))
                .collect::<Vec<_>>()
                .join(" "),
            Changes::Repeatable => "again".to_owned(),
            Changes::Unmarked => "unmarked".to_owned(),
        }
    }

    #[test]
    fn tells_what_shows_that_a_change_was_made() {
        for (sql, expected) in [
            ("ADD c int", "+column `c`"),
            ("ADD COLUMN c int AFTER a, DROP b", "+column `c` -column `b`"),
            ("ADD (c int, d decimal(5, 2))", "+column `c` +column `d`"),
            ("ADD (c int, KEY (c))", "unmarked"),
            ("ADD COLUMN IF NOT EXISTS c int", "again"),
            ("ADD COLUMN IF NOT EXISTS c int, ADD d int", "+column `d`"),
            ("ADD INDEX i (a)", "+index `i`"),
            ("ADD INDEX (a)", "unmarked"),
            ("ADD UNIQUE u (a)", "+index `u`"),
            ("ADD UNIQUE (a)", "unmarked"),
            ("ADD FULLTEXT KEY k (a)", "+index `k`"),
            ("ADD PRIMARY KEY (a)", "+primary key"),
            ("ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b (c)", "+constraint `f`"),
            ("ADD CONSTRAINT UNIQUE (a)", "unmarked"),
            ("ADD FOREIGN KEY (a) REFERENCES b (c)", "unmarked"),
            ("ADD CHECK (a > 1)", "unmarked"),
            (
                "ADD PARTITION (PARTITION p VALUES LESS THAN (5), PARTITION q VALUES LESS THAN (6))",
                "+partition `p` +partition `q`",
            ),
            ("ADD PARTITION PARTITIONS 4", "unmarked"),
            ("DROP PARTITION p, q", "-partition `p` -partition `q`"),
            ("REORGANIZE PARTITION p, q INTO (PARTITION p VALUES LESS THAN (9))", "-partition `q`"),
            ("REMOVE PARTITIONING", "-partitioning"),
            ("COALESCE PARTITION 2", "unmarked"),
            ("CONVERT PARTITION p TO TABLE x", "-partition `p`"),
            ("CONVERT TO CHARACTER SET utf8mb4", "again"),
            ("CHANGE a b int", "-column `a` +column `b`"),
            ("CHANGE COLUMN a A bigint", "again"),
            ("RENAME COLUMN a TO b, RENAME INDEX i TO j", "-column `a` +column `b` -index `i` +index `j`"),
            ("DROP INDEX i, ADD INDEX i (b)", "unmarked"),
            ("DROP PRIMARY KEY, ADD PRIMARY KEY (b)", "unmarked"),
            ("DROP FOREIGN KEY f, DROP KEY k", "-constraint `f` -index `k`"),
            ("DROP FOREIGN KEY f, DROP KEY f", "-constraint `f` -index `f`"),
            ("DROP CONSTRAINT f, ADD CONSTRAINT f UNIQUE (a)", "unmarked"),
            ("DROP CONSTRAINT f, ADD CONSTRAINT f CHECK (a > 1)", "unmarked"),
            ("ADD CONSTRAINT u UNIQUE (a)", "+index `u`"),
            ("DROP COLUMN IF EXISTS a", "again"),
            ("MODIFY a bigint, COMMENT = 'x'", "again"),
            ("ENGINE = InnoDB, FORCE", "again"),
            ("ORDER BY a", "again"),
            ("AUTO_INCREMENT = 100", "again"),
            ("ANALYZE PARTITION p", "again"),
            ("ADD SYSTEM VERSIONING", "unmarked"),
            ("SOMETHING NEW", "unmarked"),
        ] {
            assert_eq!(told(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_foreign_key_is_gone_when_the_key_that_was_made_for_it_stays() {
        let with = "CREATE TABLE `t` (\n  `a` int(11),\n  KEY `f` (`a`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `s` (`a`)\n)";
        let without = "CREATE TABLE `t` (\n  `a` int(11),\n  KEY `f` (`a`)\n)";
        for sql in ["DROP FOREIGN KEY f", "DROP CONSTRAINT f"] {
            let tokens: Vec<_> = driftlock_script::significant(sql, driftlock_script::Dialect::MySql).collect();
            let Changes::Marked(marks) = changes(&tokens) else { panic!("{sql}") };
            assert!(
                marks.iter().all(|mark| mark.holds(without)) && !marks.iter().all(|mark| mark.holds(with)),
                "{sql}"
            );
        }
    }

    #[test]
    fn finds_names_in_a_definition() {
        for (part, name, found) in [
            (Part::Column, "A", true),
            (Part::Column, "b`c", true),
            (Part::Column, "k", false),
            (Part::Key, "k", true),
            (Part::Key, "u", true),
            (Part::Key, "x", false),
            (Part::Constraint, "f", true),
            (Part::Constraint, "u", true),
            (Part::Constraint, "k", false),
            (Part::Written, "f", true),
            (Part::Written, "u", false),
            (Part::PrimaryKey, "", true),
            (Part::Partition, "p1", true),
            (Part::Partition, "p2", false),
            (Part::Partition, "BY", false),
            (Part::Partitioning, "", true),
        ] {
            assert_eq!(Mark::new(part, name.to_owned(), true).holds(TABLE), found, "{part:?} {name}");
            assert_eq!(Mark::new(part, name.to_owned(), false).holds(TABLE), !found, "{part:?} {name}");
        }
        let bare = "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB\n/*!50100 PARTITION BY RANGE (`a`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */";
        assert!(Mark::new(Part::Partition, "P0".to_owned(), true).holds(bare));
    }
}
