//! How values of a column become those of another type, and which of them can't.

use driftlock_schema::Part;

use crate::create::qualified;
use crate::sql::identifier;

/// Kinds of types between which PostgreSQL converts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Time,
    Json,
    Array,
    Other,
}

fn family(kind: &str) -> Family {
    if kind.ends_with("[]") {
        return Family::Array;
    }
    match bare(kind) {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => Family::Number,
        "text" | "character varying" | "character" | "name" | "citext" | "public.citext" => Family::Text,
        "date" | "timestamp" | "timestamp without time zone" | "timestamp with time zone" => Family::Time,
        "json" | "jsonb" => Family::Json,
        _ => Family::Other,
    }
}

/// A type without its length.
pub(super) fn bare(kind: &str) -> &str {
    kind.split(['(', '[']).next().unwrap_or(kind).trim_end()
}

/// The type of an array's elements.
fn element(kind: &str) -> &str {
    kind.strip_suffix("[]").unwrap_or(kind)
}

/// Whether keys between columns of both types hold.
pub(super) fn has_kin(old: &Part, new: &Part) -> bool {
    let kind = |part: &Part| part.attributes.text("type").unwrap_or_default().to_owned();
    let (old, new) = (kind(old), kind(new));
    let (one, other) = (family(element(&old)), family(element(&new)));
    old == new || (one == other && one != Family::Other)
}

/// What stands behind `USING` where a column gets another type, where something has to. `is_new_type`: the type has the same name and is another.
pub(super) fn using(column: &str, old: &str, new: &str, is_new_type: bool) -> Option<String> {
    let name = identifier(column);
    if is_new_type {
        let through = if new.ends_with("[]") { "text[]" } else { "text" };
        return Some(format!("{name}::{through}::{new}"));
    }
    let (one, other) = (family(old), family(new));
    let is_same = bare(old) == bare(new) && old.ends_with("[]") == new.ends_with("[]");
    let is_by_itself =
        other == Family::Text || (one == other && matches!(one, Family::Number | Family::Time | Family::Json));
    if is_same || is_by_itself { None } else { Some(cast(&name, old, new)) }
}

/// A value as one of another type. Text is what any type can be read from, and written as.
fn cast(value: &str, old: &str, new: &str) -> String {
    match (family(old), family(new)) {
        (Family::Array, Family::Array) if is_direct(element(old), element(new)) => format!("{value}::{new}"),
        (Family::Array, Family::Array) => format!("{value}::text[]::{new}"),
        (one, Family::Array) if one != Family::Text => {
            let first = cast(value, old, element(new));
            format!("CASE WHEN {value} IS NOT NULL THEN ARRAY[{first}]::{new} END")
        }
        // The only one that keeps what it was: text says `{a}` where JSON says `["a"]`.
        (one, Family::Json) if !matches!(one, Family::Text | Family::Json) => match bare(new) {
            "json" => format!("pg_catalog.to_json({value})"),
            _ => format!("pg_catalog.to_jsonb({value})"),
        },
        _ if is_direct(old, new) => format!("{value}::{new}"),
        _ => format!("{value}::text::{new}"),
    }
}

/// Whether there is a cast between two types that aren't arrays.
fn is_direct(old: &str, new: &str) -> bool {
    let (one, other) = (family(old), family(new));
    one == Family::Text
        || other == Family::Text
        || (one == other && one != Family::Other)
        || matches!((bare(old), bare(new)), ("integer", "boolean") | ("boolean", "integer"))
}

/// A query for the rows that have no value of another type, where one query tells.
pub(super) fn offenders(table: &driftlock_schema::Object, column: &str, old: &str, new: &str) -> Option<String> {
    let name = identifier(column);
    let length = length(new);
    let condition = match (family(old), family(new)) {
        (Family::Text, Family::Text) => format!("pg_catalog.length({name}::text) > {}", length?),
        (Family::Number, Family::Number) => out_of_range(&format!("{name}::numeric"), new)?,
        (Family::Text, Family::Number) => {
            let number = match bare(new) {
                "smallint" | "integer" | "bigint" => "^\\s*[+-]?[0-9]+\\s*$",
                _ => "^\\s*([+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?|[nN][aA][nN])\\s*$",
            };
            match out_of_range(&format!("{name}::text::numeric"), new) {
                Some(range) => {
                    format!("CASE WHEN {name}::text ~ '{number}' THEN {range} ELSE {name} IS NOT NULL END")
                }
                None => format!("{name}::text !~ '{number}'"),
            }
        }
        (Family::Text, Family::Other) => match new {
            "uuid" => format!("{name}::text !~* '^\\s*\\{{?([0-9a-f]{{4}}-?){{7}}[0-9a-f]{{4}}\\}}?\\s*$'"),
            "boolean" => format!(
                "pg_catalog.lower(pg_catalog.btrim({name}::text)) !~ '^(t|tr|tru|true|y|ye|yes|on|1|f|fa|fal|fals|false|n|no|of|off|0)$'"
            ),
            _ => return None,
        },
        _ => return None,
    };
    Some(format!("SELECT * FROM {} WHERE {condition}", qualified(&table.name)))
}

/// That a number is none of a type, where the type has bounds.
fn out_of_range(number: &str, kind: &str) -> Option<String> {
    let between = |low: &str, high: &str| format!("pg_catalog.round({number}) NOT BETWEEN {low} AND {high}");
    Some(match bare(kind) {
        "smallint" => between("-32768", "32767"),
        "integer" => between("-2147483648", "2147483647"),
        "bigint" => between("-9223372036854775808", "9223372036854775807"),
        "numeric" => {
            let (precision, scale) = kind.split_once('(')?.1.trim_end_matches(')').split_once(',')?;
            let (precision, scale) = (precision.trim().parse::<i32>().ok()?, scale.trim().parse::<i32>().ok()?);
            format!("pg_catalog.abs(pg_catalog.round({number}, {scale})) >= 1e{}", precision - scale)
        }
        _ => return None,
    })
}

/// The first number in a type's brackets.
pub(super) fn length(kind: &str) -> Option<u32> {
    kind.split_once('(')?.1.split([',', ')']).next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_can_be_asked_for_from_every_other() {
        let cases = [
            ("integer", "bigint", None),
            ("character varying(20)", "text", None),
            ("character varying(20)", "character varying(10)", None),
            ("text[]", "text", None),
            ("json", "jsonb", None),
            ("text", "integer", Some("\"a\"::integer")),
            ("text", "text[]", Some("\"a\"::text[]")),
            ("text[]", "jsonb", Some("pg_catalog.to_jsonb(\"a\")")),
            ("uuid", "json", Some("pg_catalog.to_json(\"a\")")),
            ("text[]", "uuid[]", Some("\"a\"::uuid[]")),
            ("integer[]", "jsonb[]", Some("\"a\"::text[]::jsonb[]")),
            ("integer", "bigint[]", Some("CASE WHEN \"a\" IS NOT NULL THEN ARRAY[\"a\"::bigint]::bigint[] END")),
            ("integer", "boolean", Some("\"a\"::boolean")),
            ("integer", "uuid", Some("\"a\"::text::uuid")),
            ("jsonb", "uuid[]", Some("CASE WHEN \"a\" IS NOT NULL THEN ARRAY[\"a\"::text::uuid]::uuid[] END")),
        ];
        for (old, new, said) in cases {
            assert_eq!(using("a", old, new, false).as_deref(), said, "{old} to {new}");
        }
    }
}
