//! Random schemas, and plans between them: what no list of cases has.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::planning::{Way, goes};

/// Names that both schemas of a pair take from, so that much is in both.
const TABLES: [&str; 4] = ["a", "b", "Odd name", "order"];
const COLUMNS: [&str; 5] = ["x", "y", "z", "Select", "w"];
const VIEWS: [&str; 2] = ["v", "w"];

#[derive(Debug, Clone, PartialEq)]
struct Column {
    kind: usize,
    not_null: bool,
    default: bool,
    check: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Table {
    columns: BTreeMap<usize, Column>,
    unique: BTreeSet<usize>,
    indexes: BTreeSet<usize>,
    /// Columns that point to tables.
    keys: BTreeMap<usize, usize>,
    trigger: bool,
}

/// A schema, as numbers that fit every engine: what points to nothing is left out when it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    tables: BTreeMap<usize, Table>,
    /// Views of a table, with the columns that they show.
    views: BTreeMap<usize, (usize, BTreeSet<usize>)>,
}

fn column() -> impl Strategy<Value = Column> {
    (0..6usize, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2))
        .prop_map(|(kind, not_null, default, check)| Column { kind, not_null, default, check })
}

fn table() -> impl Strategy<Value = Table> {
    let some = || 0..COLUMNS.len();
    (
        btree_map(some(), column(), 0..5),
        btree_set(some(), 0..2),
        btree_set(some(), 0..3),
        btree_map(some(), 0..TABLES.len(), 0..2),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(columns, unique, indexes, keys, trigger)| Table { columns, unique, indexes, keys, trigger })
}

fn model() -> impl Strategy<Value = Model> {
    let views = btree_map(0..VIEWS.len(), (0..TABLES.len(), btree_set(0..COLUMNS.len(), 0..3)), 0..3);
    (btree_map(0..TABLES.len(), table(), 0..4), views).prop_map(|(tables, views)| Model { tables, views })
}

/// A schema, and one that a few tables and views of it are other in.
fn pair() -> impl Strategy<Value = (Model, Model)> {
    (model(), vec((0..TABLES.len(), table()), 0..3), model(), 0..4usize).prop_map(|(one, changed, other, how)| {
        let mut to = one.clone();
        match how {
            0 => to = other,
            1 => to.tables.extend(changed),
            2 => {
                // Single columns of tables that stay.
                for (table, columns) in changed {
                    if let Some(there) = to.tables.get_mut(&table) {
                        there.columns.extend(columns.columns.into_iter().take(2));
                    }
                }
            }
            _ => {
                to.views = other.views;
                to.tables.retain(|at, _| at % 3 != 1);
            }
        }
        (one, to)
    })
}

fn types(engine: &str) -> [(&'static str, &'static str); 6] {
    match engine {
        "postgres" => [
            ("integer", "7"),
            ("bigint", "8"),
            ("text", "'a'"),
            ("varchar(20)", "'b'"),
            ("numeric(8,2)", "1.5"),
            ("timestamptz", "now()"),
        ],
        "mysql" => [
            ("int", "7"),
            ("bigint", "8"),
            ("varchar(40)", "'a'"),
            ("varchar(20)", "'b'"),
            ("decimal(8,2)", "1.5"),
            ("datetime", "current_timestamp()"),
        ],
        _ => [
            ("integer", "7"),
            ("bigint", "8"),
            ("text", "'a'"),
            ("varchar(20)", "'b'"),
            ("numeric", "1.5"),
            ("blob", "x'00'"),
        ],
    }
}

impl Model {
    /// The statements that make it.
    pub fn statements(&self, engine: &str) -> Vec<String> {
        let quote = |name: &str| if engine == "mysql" { format!("`{name}`") } else { format!("\"{name}\"") };
        let (mut tables, mut later) = (Vec::new(), Vec::new());
        for (at, table) in &self.tables {
            let bare = TABLES[*at];
            let name = quote(bare);
            let mut lines = vec!["id integer NOT NULL PRIMARY KEY".to_owned()];
            let mut constraints = Vec::new();
            for (at, column) in &table.columns {
                let (kind, default) = types(engine)[column.kind];
                let mut line = format!("{} {kind}", quote(COLUMNS[*at]));
                line.push_str(if column.not_null { " NOT NULL" } else { "" });
                if column.default {
                    line.push_str(&format!(" DEFAULT {default}"));
                }
                if column.check && column.kind < 2 {
                    let check = quote(&format!("{bare}_{at}_check"));
                    constraints.push(format!("CONSTRAINT {check} CHECK ({} > 0)", quote(COLUMNS[*at])));
                }
                lines.push(line);
            }
            lines.extend(constraints);
            let is_there = |at: &&usize| table.columns.contains_key(*at);
            for at in table.unique.iter().filter(is_there) {
                let unique = quote(&format!("{bare}_{at}_key"));
                lines.push(format!("CONSTRAINT {unique} UNIQUE ({})", quote(COLUMNS[*at])));
            }
            for at in table.indexes.iter().filter(is_there) {
                let index = quote(&format!("{bare}_{at}_idx"));
                later.push(format!("CREATE INDEX {index} ON {name} ({})", quote(COLUMNS[*at])));
            }
            for (at, other) in &table.keys {
                let is_number = table.columns.get(at).is_some_and(|column| column.kind == 0);
                if !is_number || !self.tables.contains_key(other) {
                    continue;
                }
                let key = format!(
                    "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} (id)",
                    quote(&format!("{bare}_{at}_fkey")),
                    quote(COLUMNS[*at]),
                    quote(TABLES[*other])
                );
                match engine {
                    "sqlite" => lines.push(key),
                    _ => later.push(format!("ALTER TABLE {name} ADD {key}")),
                }
            }
            if table.trigger {
                later.extend(trigger(engine, &quote(&format!("{bare}_t")), &name));
            }
            tables.push(format!("CREATE TABLE {name} (\n  {}\n)", lines.join(",\n  ")));
        }
        for (at, (table, columns)) in &self.views {
            let Some(there) = self.tables.get(table) else { continue };
            let shown = columns.iter().filter(|at| there.columns.contains_key(at)).map(|at| quote(COLUMNS[*at]));
            let shown: Vec<String> = ["id".to_owned()].into_iter().chain(shown).collect();
            later.push(format!(
                "CREATE VIEW {} AS SELECT {} FROM {}",
                quote(VIEWS[*at]),
                shown.join(", "),
                quote(TABLES[*table])
            ));
        }
        tables.into_iter().chain(later).collect()
    }
}

fn trigger(engine: &str, name: &str, table: &str) -> Vec<String> {
    match engine {
        "postgres" => {
            let function =
                "CREATE OR REPLACE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'";
            let trigger =
                format!("CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION nothing()");
            vec![function.to_owned(), trigger]
        }
        "mysql" => vec![format!("CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW SET @x = NEW.id")],
        _ => vec![format!("CREATE TRIGGER {name} AFTER INSERT ON {table} BEGIN SELECT NEW.id; END")],
    }
}

/// Plans between so many random pairs, there and back: always the same ones, but where `FUZZ_MINUTES` says for how long others are tried. Their seed is
/// said, and `FUZZ_SEED` takes one.
pub fn hold(engine: &'static str, pairs: u32) {
    let setting = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let until = setting("FUZZ_MINUTES").map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let others = until.map(|_| u64::try_from(now.as_micros()).unwrap());
    let seed = setting("FUZZ_SEED").or(others).unwrap_or(1);
    eprintln!("{engine}: FUZZ_SEED={seed}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Counted where they are gone, and nowhere else.
    let held = Cell::new(0_u64);
    for round in 0_u64.. {
        // One of its own each time: a runner that has had its cases runs no more of them.
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&round.to_le_bytes());
        let config = Config { cases: pairs, failure_persistence: None, max_shrink_iters: 150, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let before = held.get();
        let result = runner.run(&pair(), |(one, other)| {
            let (before, after) = (one.statements(engine), other.statements(engine));
            for (before, after) in [(&before, &after), (&after, &before)] {
                let way = Way { before, after, changes: before != after, rows: &[] };
                runtime.block_on(goes(engine, way)).map_err(|error| {
                    let shown = |sql: &[String]| sql.join(";\n");
                    TestCaseError::fail(format!("from\n{}\nto\n{}\n{error}", shown(before), shown(after)))
                })?;
            }
            held.set(held.get() + 1);
            Ok(())
        });
        if let Err(error) = result {
            panic!("FUZZ_SEED={seed}, after {} pairs: {error}", held.get());
        }
        assert_eq!(held.get() - before, u64::from(pairs), "a round went through fewer pairs than it has");
        if until.is_none_or(|until| Instant::now() > until) {
            break;
        }
    }
    eprintln!("{engine}: {} pairs hold, in both directions", held.get());
}
