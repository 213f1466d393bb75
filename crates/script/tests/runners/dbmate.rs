//! dbmate's own cases (amacneil/dbmate, `pkg/dbmate/migration_test.go`).

use driftlock_script::{Dialect, Layout, Part, split};

use super::{body, cases};

#[test]
fn blocks_are_what_they_are_to_dbmate() {
    for case in cases("dbmate_parse.jsonl") {
        let (id, text) = (&case["id"], case["input"].as_str().unwrap());
        let way = |part| body(Layout::Dbmate, "1_a.sql", text, part, &[]);
        if !case["error"].is_null() {
            for part in [Part::Up, Part::Down] {
                let error = way(part).expect_err(text).to_string();
                assert!(error.starts_with("1_a.sql:"), "{id}: {error}");
            }
            continue;
        }
        // Of each block the statements, and whether they are in a transaction; ups and downs take turns.
        let blocks = case["expected_blocks"].as_array().unwrap().iter().zip(case["transaction"].as_array().unwrap());
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for (block, transaction) in blocks {
            let block = block.as_str().unwrap();
            let statements = split(block, Dialect::Postgres).unwrap();
            let alone = transaction[0] == "false";
            let of_block = statements.iter().map(|statement| (statement.text(block).to_owned(), alone));
            if transaction[1] == "Up" { up.extend(of_block) } else { down.extend(of_block) }
        }
        for (part, expected) in [(Part::Up, up), (Part::Down, down)] {
            let body = way(part).unwrap_or_else(|error| panic!("{id}: {error}"));
            let statements = body.statements(Dialect::Postgres).unwrap();
            let found: Vec<(String, bool)> =
                statements.iter().map(|(statement, alone)| (statement.text(body.text()).to_owned(), *alone)).collect();
            assert_eq!(found, expected, "{id}, {part:?}");
        }
    }
}
