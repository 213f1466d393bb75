//! goose's own cases (pressly/goose, `internal/sqlparser`).

use driftlock_script::{Dialect, Layout, Part, split};

use super::{body, cases, meaning};

fn part(case: &serde_json::Value) -> Part {
    if case["direction"] == "down" { Part::Down } else { Part::Up }
}

/// They are of PostgreSQL, but for some in MySQL's dialect.
fn dialect(text: &str) -> Dialect {
    if text.contains('`') || text.contains("DELIMITER") { Dialect::MySql } else { Dialect::Postgres }
}

#[test]
fn what_runs_is_what_goose_runs() {
    for case in cases("goose_golden_split.jsonl") {
        let (id, text) = (&case["id"], case["input"].as_str().unwrap());
        let environment: Vec<(&str, &str)> = case["env"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let body = body(Layout::Goose, "1_a.sql", text, part(&case), &environment)
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        // A line of two statements is one of goose's.
        let expected: Vec<String> = case["expected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap())
            .flat_map(|text| {
                let statements = split(text, dialect(text)).unwrap();
                statements.iter().map(|statement| statement.text(text).to_owned()).collect::<Vec<_>>()
            })
            .collect();
        let expected: Vec<Vec<String>> = expected
            .iter()
            .map(|text| driftlock_script::significant(text, dialect(text)).map(|token| token.text.to_owned()).collect())
            .collect();
        assert_eq!(meaning(&body, dialect(text)), expected, "{id}");
    }
}

#[test]
fn counts_what_goose_counts() {
    for case in cases("goose_split_counts.jsonl") {
        let (id, text) = (case["id"].as_str().unwrap(), case["input"].as_str().unwrap());
        let body =
            body(Layout::Goose, "1_a.sql", text, part(&case), &[]).unwrap_or_else(|error| panic!("{id}: {error}"));
        let statements = body.statements(dialect(text)).unwrap_or_else(|error| panic!("{id}: {error}"));
        let lines: std::collections::BTreeSet<u32> = statements.iter().map(|(statement, _)| statement.line).collect();
        let found = u64::try_from(lines.len()).unwrap();
        let expected = case["expected_count"].as_u64().unwrap();
        // DELIMITER lines are the client's: goose sends two of them to the server, which knows no such statement.
        let of_the_client = if text.contains("DELIMITER") && part(&case) == Part::Up { 2 } else { 0 };
        assert_eq!(found + of_the_client, expected, "{id}: {statements:?}");
    }
}

#[test]
fn what_goose_refuses_is_refused_at_its_place() {
    for case in cases("goose_must_fail.jsonl") {
        let (id, text) = (&case["id"], case["input"].as_str().unwrap());
        let error = body(Layout::Goose, "1_a.sql", text, Part::Up, &[]).expect_err(text).to_string();
        assert!(error.starts_with("1_a.sql:"), "{id}: {error}");
    }
}

#[test]
fn annotations_are_what_they_are_to_goose() {
    for case in cases("goose_annotations.jsonl") {
        let (line, expected) = (case["input"].as_str().unwrap(), case["expected"].as_str().unwrap());
        // A file in which the line does what it is expected to do: as a plain comment it would be no error.
        let file = match expected {
            "annotationUp" => format!("{line}\nA;\n"),
            "error" => format!("-- +goose Up\n{line}\nA;\n"),
            "annotationDown" => format!("-- +goose Up\nA;\n{line}\nB;\n"),
            "annotationStatementBegin" => format!("-- +goose Up\n{line}\nA\n-- +goose StatementEnd\n"),
            "annotationNoTransaction" => format!("-- +goose Up\n{line}\nA;\n"),
            _ => panic!("{expected}"),
        };
        let body = body(Layout::Goose, "1_a.sql", &file, Part::Up, &[]);
        if expected == "error" {
            assert!(body.is_err(), "{line}");
            continue;
        }
        let body = body.unwrap_or_else(|error| panic!("{line}: {error}"));
        let found = meaning(&body, Dialect::Postgres);
        assert_eq!(found, [["A"]], "{line}");
        let alone = body.sections().iter().all(|section| section.no_transaction);
        assert_eq!(alone, expected == "annotationNoTransaction", "{line}");
    }
}
