//! What it means for rows and for those who work with a table that a column is altered.

use std::collections::BTreeSet;

use driftlock_database::Hazard;
use driftlock_schema::{Object, Part};

use crate::inspect::text::string;
use crate::parse::quote;

/// What altering a column may do, and the conditions of rows on which it fails.
#[derive(Default)]
pub(super) struct Change {
    pub(super) hazards: BTreeSet<Hazard>,
    pub(super) offenders: Vec<String>,
}

/// Whether the server computes what is in a column.
pub(super) fn is_computed(column: &Part) -> bool {
    column.attributes.get("generated").is_some() || column.attributes.get("row").is_some()
}

/// Whether a column holds text that is of a charset.
pub(super) fn is_text(column: &Part) -> bool {
    matches!(
        base(column.attributes.text("type").unwrap_or_default()),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set"
    )
}

/// What has to be done about a column that stays; `None` where nothing has.
pub(super) fn change(old_table: &Object, old: &Part, new_table: &Object, new: &Part) -> Option<Change> {
    let collation = |table: &Object, column: &Part| {
        let collation = column.attributes.text("collation").or(table.attributes.text("collation"));
        collation.map(str::to_owned).filter(|_| is_text(column))
    };
    let [collation_before, collation_after] = [collation(old_table, old), collation(new_table, new)];
    let differs = |name: &str| old.attributes.get(name) != new.attributes.get(name);
    let names = old.attributes.iter().chain(new.attributes.iter()).map(|(name, _)| name);
    // A default is taken away by a statement of its own.
    let is_taken = |name: &str| new.attributes.flag("no_default") && ["default", "no_default"].contains(&name);
    let mut changed: BTreeSet<&str> =
        names.filter(|name| *name != "collation" && differs(name) && !is_taken(name)).collect();
    if collation_before != collation_after && is_text(old) == is_text(new) {
        changed.insert("collation");
    }
    if changed.is_empty() {
        return None;
    }
    let mut change = Change::default();
    let rewritten = [Hazard::Rewrite, Hazard::BlocksWrites];
    let name = quote(&old.name);
    for attribute in changed {
        match attribute {
            "type" => {
                let (before, after) = (old.attributes.text("type"), new.attributes.text("type"));
                let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
                if !is_longer(before, after) {
                    change.hazards.extend(rewritten);
                }
                if !is_computed(old) && !holds_all(before, after) {
                    change.hazards.extend([Hazard::DataLoss, Hazard::NotReversible, Hazard::CanFailOnRows]);
                    change.offenders.extend(does_not_fit(&name, before, after));
                }
            }
            "collation" => {
                change.hazards.extend(rewritten);
                let charset = |collation: &Option<String>| {
                    collation.as_deref().map(|it| it.split('_').next().unwrap_or(it).to_owned()).unwrap_or_default()
                };
                let (before, after) = (charset(&collation_before), charset(&collation_after));
                if before != after && !speaks_all(&after, &before) {
                    change.hazards.extend([Hazard::DataLoss, Hazard::NotReversible, Hazard::CanFailOnRows]);
                    // Letter by letter, whatever either collation takes for alike.
                    change.offenders.push(format!(
                        "{name} <> CONVERT(CONVERT({name} USING {after}) USING {before}) COLLATE {before}_bin"
                    ));
                }
            }
            "not_null" if new.attributes.flag("not_null") => {
                change.hazards.extend([Hazard::Rewrite, Hazard::BreaksRunningCode]);
                if !is_computed(old) {
                    change.hazards.insert(Hazard::CanFailOnRows);
                    change.offenders.push(format!("{name} IS NULL"));
                }
            }
            "check" => {
                if let Some(check) = new.attributes.text("check") {
                    change.hazards.extend(rewritten);
                    change.hazards.insert(Hazard::CanFailOnRows);
                    change.offenders.push(format!("NOT ({check})"));
                }
            }
            "generated" if !new.attributes.flag("stored") && !old.attributes.flag("stored") => {}
            "not_null" | "default" | "comment" | "invisible" | "on_update" | "unversioned" | "not_secondary"
            | "no_default" => {}
            _ => change.hazards.extend(rewritten),
        }
    }
    Some(change)
}

/// `varchar(20)`: `varchar`.
fn base(kind: &str) -> &str {
    kind.split([' ', '(']).next().unwrap_or(kind)
}

/// `decimal(10,2)`: `[10, 2]`.
fn numbers(kind: &str) -> Vec<u64> {
    let inner = kind.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inner, _)| inner);
    inner.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

/// `enum('a','b')`: `['a', 'b']`, as they are printed.
fn words(kind: &str) -> Vec<&str> {
    let inner = kind.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(inner, _)| inner);
    let (mut words, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (at, letter) in inner.char_indices() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                words.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&inner[start..]);
    words
}

/// Whether one type is the other with more room at its end, for which no row is written anew.
fn is_longer(old: &str, new: &str) -> bool {
    match (base(old), base(new)) {
        ("varchar", "varchar") | ("varbinary", "varbinary") => {
            let (old, new) = (numbers(old), numbers(new));
            // Of how many bytes the length is, decides; a letter has up to four.
            old <= new && (new.first().is_some_and(|new| *new < 64) || old.first().is_some_and(|old| *old > 255))
        }
        ("enum", "enum") | ("set", "set") => words(new).starts_with(&words(old)),
        // How wide a number is shown.
        (one, other) => one == other && integer(old).is_some_and(|it| Some(it) == integer(new)),
    }
}

/// Whether the server turns no value of one type into one of the other.
pub(super) fn is_foreign(old: &str, new: &str) -> bool {
    #[derive(PartialEq)]
    enum Family {
        /// A type that stands for itself.
        Own(&'static str),
        Texts,
        Others,
    }
    let family = |kind: &str| match base(kind) {
        "uuid" => Family::Own("uuid"),
        "inet4" => Family::Own("inet4"),
        "inet6" => Family::Own("inet6"),
        "vector" => Family::Own("vector"),
        base if GEOMETRY.contains(&base) => Family::Own("geometry"),
        // Texts become JSON, and JSON texts; a vector is made of texts alone.
        "json" => Family::Others,
        "enum" | "set" => Family::Texts,
        _ if room(kind).is_some() => Family::Texts,
        _ => Family::Others,
    };
    let (one, other) = (family(old), family(new));
    let is_own = |family: &Family| matches!(family, Family::Own(_));
    (is_own(&one) || is_own(&other)) && one != other && one != Family::Texts && other != Family::Texts
}

const GEOMETRY: [&str; 9] = [
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
];

/// Whether a column that is never NULL has nothing that the rows that are there could be given.
pub(super) fn has_nothing_to_begin_with(column: &Part) -> bool {
    let kind = base(column.attributes.text("type").unwrap_or_default());
    let said = &column.attributes;
    said.flag("not_null")
        && said.get("default").is_none()
        && !is_computed(column)
        && (kind == "json" || GEOMETRY.contains(&kind))
}

/// The range of a type of whole numbers.
fn integer(kind: &str) -> Option<(i128, i128)> {
    let bits = match base(kind) {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "int" => 32,
        "bigint" => 64,
        "year" => return Some((0, 2155)),
        _ => return None,
    };
    let all = 1i128 << bits;
    Some(if kind.contains("unsigned") { (0, all - 1) } else { (-all / 2, all / 2 - 1) })
}

/// How many letters or bytes a type of texts takes.
fn room(kind: &str) -> Option<u64> {
    match base(kind) {
        "char" | "varchar" | "binary" | "varbinary" => Some(numbers(kind).first().copied().unwrap_or(1)),
        // A letter has up to four bytes.
        "tinytext" => Some(63),
        "tinyblob" => Some(255),
        "text" => Some(16_383),
        "blob" => Some(65_535),
        "mediumtext" | "mediumblob" => Some(4_194_303),
        "longtext" | "longblob" | "json" => Some(u64::MAX),
        _ => None,
    }
}

fn is_binary(kind: &str) -> bool {
    base(kind).ends_with("binary") || base(kind).ends_with("blob")
}

/// The longest text that a value of another type is printed as.
fn printed(kind: &str) -> Option<u64> {
    match base(kind) {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => Some(20),
        "decimal" => Some(numbers(kind).first()? + 3),
        "date" => Some(10),
        "time" => Some(17),
        "datetime" | "timestamp" => Some(26),
        "enum" => words(kind).iter().map(|word| word.chars().count() as u64).max(),
        "set" => Some(words(kind).iter().map(|word| word.chars().count() as u64 + 1).sum()),
        "uuid" => Some(36),
        "inet4" => Some(15),
        "inet6" => Some(45),
        _ => None,
    }
}

/// Whether every value of one type is one of the other.
fn holds_all(old: &str, new: &str) -> bool {
    let (one, other) = (base(old), base(new));
    if let (Some((low, high)), Some((new_low, new_high))) = (integer(old), integer(new)) {
        return new_low <= low && high <= new_high;
    }
    let digits = |kind: &str| {
        let numbers = numbers(kind);
        let (all, behind) = (numbers.first().copied().unwrap_or(10), numbers.get(1).copied().unwrap_or(0));
        (all.saturating_sub(behind), behind)
    };
    let fits = |kind: &str| !kind.contains("unsigned") || old.contains("unsigned");
    let precision = |kind: &str| numbers(kind).first().copied().unwrap_or(0);
    match (one, other) {
        ("enum", "enum") | ("set", "set") => {
            let new = words(new);
            words(old).iter().all(|word| new.contains(word))
        }
        ("decimal", "decimal") => {
            let ((before, behind), (new_before, new_behind)) = (digits(old), digits(new));
            before <= new_before && behind <= new_behind && fits(new)
        }
        (_, "decimal") if integer(old).is_some() => {
            let (low, high) = integer(old).unwrap_or_default();
            let most = 10i128.checked_pow(u32::try_from(digits(new).0).unwrap_or(38).min(38)).unwrap_or(i128::MAX);
            high < most && (low >= 0 || (-low < most && !new.contains("unsigned")))
        }
        ("float", "double") | ("double", "double") | ("float", "float") => numbers(new).is_empty() && fits(new),
        (_, "double") => integer(old).is_some_and(|(low, high)| high <= 1 << 53 && (low >= 0 || fits(new))),
        (_, "float") => integer(old).is_some_and(|(low, high)| high <= 1 << 24 && (low >= 0 || fits(new))),
        ("bit", "bit") | ("time", "time") | ("datetime", "datetime") | ("timestamp", "timestamp" | "datetime") => {
            precision(old) <= precision(new)
        }
        ("date", "datetime") => true,
        ("bit", _) if integer(new).is_some() => {
            let (_, high) = integer(new).unwrap_or_default();
            (1i128 << precision(old).min(64)) - 1 <= high
        }
        _ => match (room(old), room(new)) {
            (Some(was), Some(is)) if is_binary(old) == is_binary(new) => was <= is,
            // Bytes of letters: each has up to four.
            (Some(was), Some(is)) if is_binary(new) => was.saturating_mul(4) <= is,
            (None, Some(is)) if !is_binary(new) && other != "json" => printed(old).is_some_and(|was| was <= is),
            _ => one == other && numbers(old) == numbers(new),
        },
    }
}

/// The condition of values that have no place in a type, where one tells.
fn does_not_fit(name: &str, old: &str, new: &str) -> Option<String> {
    if let (Some(_), Some((low, high))) = (integer(old), integer(new)) {
        return Some(format!("{name} NOT BETWEEN {low} AND {high}"));
    }
    match base(new) {
        "char" | "varchar" if !is_binary(old) => Some(format!("CHAR_LENGTH({name}) > {}", room(new)?)),
        "binary" | "varbinary" => Some(format!("LENGTH({name}) > {}", room(new)?)),
        "tinytext" | "tinyblob" => Some(format!("LENGTH({name}) > 255")),
        "text" | "blob" => Some(format!("LENGTH({name}) > 65535")),
        "enum" => Some(format!("{name} NOT IN ({})", words(new).join(", "))),
        "json" => Some(format!("NOT JSON_VALID({name})")),
        _ if integer(new).is_some() && room(old).is_some() => {
            // MySQL holds no bytes against a pattern.
            let letters = if is_binary(old) { format!("CONVERT({name} USING utf8mb4)") } else { name.to_owned() };
            Some(format!("{letters} NOT REGEXP {}", string("^[-+]?[0-9]+$")))
        }
        _ => None,
    }
}

/// Whether every letter of one charset is one of another.
fn speaks_all(charset: &str, other: &str) -> bool {
    let unicode = ["utf8mb4", "utf16", "utf16le", "utf32", "gb18030"];
    let plane = ["utf8", "utf8mb3", "ucs2"];
    charset == other
        || unicode.contains(&charset)
        || (plane.contains(&charset) && !unicode.contains(&other))
        || other == "ascii"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_holds_all_values_of_another_loses_none() {
        let holds = [
            ("int(11)", "bigint(20)"),
            ("int(10) unsigned", "bigint(20)"),
            ("varchar(20)", "varchar(30)"),
            ("varchar(20)", "text"),
            ("enum('a','b')", "enum('b','c','a')"),
            ("enum('a,b')", "varchar(5)"),
            ("decimal(10,2)", "decimal(12,2)"),
            ("int(11)", "decimal(12,2)"),
            ("int(11)", "double"),
            ("datetime", "datetime(6)"),
            ("int(11)", "varchar(20)"),
            ("json", "longtext"),
            ("varbinary(20)", "blob"),
        ];
        for (old, new) in holds {
            assert!(holds_all(old, new), "{old} to {new}");
        }
        let lacks = [
            ("bigint(20)", "int(11)"),
            ("int(11)", "int(10) unsigned"),
            ("int(10) unsigned", "int(11)"),
            ("varchar(30)", "varchar(20)"),
            ("text", "varchar(255)"),
            ("enum('a','b')", "enum('a')"),
            ("decimal(12,2)", "decimal(12,3)"),
            ("datetime(6)", "datetime"),
            ("datetime", "date"),
            ("double", "int(11)"),
            ("bigint(20)", "double"),
            ("varchar(20)", "int(11)"),
            ("blob", "text"),
            ("point", "int(11)"),
        ];
        for (old, new) in lacks {
            assert!(!holds_all(old, new), "{old} to {new}");
        }
    }
}
