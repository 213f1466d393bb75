//! What is done about a table as a whole: its engine, options and comment, its history and periods, and its partitions.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::{Hazard, PlanError};
use driftlock_schema::{Attributes, Object, Part, Value};

use crate::create::table::{partition_definition, partitioning, period, system_time};
use crate::inspect::text::string;
use crate::parse::quote;

/// The actions, and what they may do.
#[derive(Default)]
pub(super) struct Options {
    /// Those that stand before columns and keys that come.
    pub(super) drops: Vec<String>,
    pub(super) actions: Vec<String>,
    /// What stands behind all actions.
    pub(super) partitioning: Option<String>,
    /// Partitions that come behind those that are there, in a statement of their own.
    pub(super) partitions: Option<String>,
    pub(super) hazards: BTreeSet<Hazard>,
}

impl Options {
    pub(super) fn new(old: &Object, new: &Object) -> Result<Self, PlanError> {
        let mut options = Options::default();
        let (before, after) = (&old.attributes, &new.attributes);
        let differs = |name: &str| before.get(name) != after.get(name);
        if let Some(engine) = after.text("engine").filter(|_| differs("engine")) {
            options.actions.push(format!("ENGINE={engine}"));
            options.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites]);
        }
        if let Some(collation) = after.text("collation").filter(|_| differs("collation")) {
            options.actions.push(format!("COLLATE={collation}"));
        }
        options.of_engine(old, new)?;
        if differs("comment") {
            options.actions.push(format!("COMMENT={}", string(after.text("comment").unwrap_or_default())));
        }
        if differs("period") {
            if let Some(name) = before.get("period").and_then(|period| period.get("name")) {
                options.drops.push(format!("DROP PERIOD FOR {}", quote(&name.to_string())));
            }
            if let Some(period) = period(after) {
                options.actions.push(format!("ADD {period}"));
                options.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites, Hazard::CanFailOnRows]);
            }
        }
        match (before.flag("versioned"), after.flag("versioned")) {
            (false, true) => {
                options.actions.extend(system_time(new).map(|period| format!("ADD {period}")));
                options.actions.push("ADD SYSTEM VERSIONING".to_owned());
                options.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites]);
            }
            (true, false) => {
                options.actions.push("DROP SYSTEM VERSIONING".to_owned());
                options.hazards.extend([
                    Hazard::Rewrite,
                    Hazard::BlocksWrites,
                    Hazard::DataLoss,
                    Hazard::NotReversible,
                ]);
            }
            _ => {}
        }
        options.partitions(old, new);
        Ok(options)
    }

    fn of_engine(&mut self, old: &Object, new: &Object) -> Result<(), PlanError> {
        let none = BTreeMap::new();
        let of = |said: &'_ Attributes| match said.get("options") {
            Some(Value::Map(options)) => options.clone(),
            _ => none.clone(),
        };
        let (before, after) = (of(&old.attributes), of(&new.attributes));
        // Another engine may forget what it doesn't know.
        let is_moved = old.attributes.get("engine") != new.attributes.get("engine");
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            if before.get(name) == after.get(name) && !is_moved {
                continue;
            }
            if name.ends_with("directory") {
                return Err(PlanError::new(
                    new.id(),
                    "no statement moves the files of a table that is there to another directory",
                ));
            }
            let value = after.get(name).map_or_else(|| usual(name).to_owned(), ToString::to_string);
            self.actions.push(format!("{}={value}", name.to_ascii_uppercase()));
            if !RELAXED.contains(&name.as_str()) {
                self.hazards.insert(Hazard::Rewrite);
            }
        }
        Ok(())
    }

    fn partitions(&mut self, old: &Object, new: &Object) {
        let [before, after] = [old, new].map(partitioning);
        if before == after {
            return;
        }
        if after.is_empty() {
            self.partitioning = Some(" REMOVE PARTITIONING".to_owned());
            self.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites]);
            return;
        }
        if let Some(added) = appended(old, new) {
            let added: Vec<String> = added.into_iter().map(partition_definition).collect();
            self.partitions = Some(format!("ADD PARTITION ({})", added.join(", ")));
            return;
        }
        self.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites]);
        let by = new.attributes.text("partition_by").unwrap_or_default().to_ascii_uppercase();
        if by.starts_with("RANGE") || by.starts_with("LIST") {
            // A row may have no place in any of them.
            self.hazards.insert(Hazard::CanFailOnRows);
        }
        self.partitioning = Some(after);
    }
}

/// Options that are only said of a table, and change none of its rows.
const RELAXED: [&str; 8] = [
    "max_rows",
    "min_rows",
    "avg_row_length",
    "stats_persistent",
    "stats_auto_recalc",
    "stats_sample_pages",
    "delay_key_write",
    "autoextend_size",
];

/// What brings an option back to what it is where nothing is said.
fn usual(option: &str) -> &'static str {
    match option {
        "key_block_size" | "max_rows" | "min_rows" | "avg_row_length" | "checksum" | "delay_key_write"
        | "autoextend_size" => "0",
        "compression" => "''",
        "encryption" => "'N'",
        "secondary_engine" => "NULL",
        _ => "DEFAULT",
    }
}

/// The partitions behind those that are there, where that is all that came, and rows have their place by a list or a range.
fn appended<'t>(old: &Object, new: &'t Object) -> Option<Vec<&'t Part>> {
    let same = ["partition_by", "partitions", "subpartition_by", "subpartitions"];
    let by = new.attributes.text("partition_by")?.to_ascii_uppercase();
    if same.iter().any(|name| old.attributes.get(name) != new.attributes.get(name))
        || !(by.starts_with("RANGE") || by.starts_with("LIST"))
    {
        return None;
    }
    let (before, after) = (in_order(old), in_order(new));
    let stay = before.len() < after.len()
        && before.iter().zip(&after).all(|(one, other)| one.name == other.name && one.attributes == other.attributes);
    stay.then(|| after[before.len()..].to_vec())
}

fn in_order(table: &Object) -> Vec<&Part> {
    let mut partitions: Vec<&Part> = table.parts_of("partition").collect();
    partitions.sort_by_key(|part| part.attributes.number("position"));
    partitions
}

/// Whether the rows' times are kept in other columns than before, for which the history has to go first.
pub(super) fn is_kept_otherwise(old: &Object, new: &Object) -> bool {
    old.attributes.flag("versioned") && new.attributes.flag("versioned") && (system_time(old) != system_time(new))
}

/// Whether a table's history goes and its engine changes, which the server takes one after the other alone.
pub(super) fn leaves_its_history(old: &Object, new: &Object) -> bool {
    let [before, after] = [old, new].map(|table| table.attributes.text("engine"));
    old.attributes.flag("versioned") && !new.attributes.flag("versioned") && before != after
}

/// Whether a table is partitioned by its history, which goes.
pub(super) fn loses_parts_of_history(old: &Object, new: &Object) -> bool {
    let by_time = |table: &Object| {
        table.attributes.text("partition_by").is_some_and(|by| by.to_ascii_uppercase().starts_with("SYSTEM_TIME"))
    };
    old.attributes.flag("versioned")
        && by_time(old)
        && (!new.attributes.flag("versioned") || is_kept_otherwise(old, new))
}

/// A table whose history begins, with that of all of its columns: of which there shall be none can be said afterwards alone.
pub(super) fn all_versioned(old: &Object, new: &Object) -> Option<Object> {
    let begins = new.attributes.flag("versioned") && !old.attributes.flag("versioned");
    let is_without = |part: &Part| part.attributes.flag("unversioned");
    if !begins || !new.parts.iter().any(is_without) {
        return None;
    }
    let mut table = new.clone();
    for part in &mut table.parts {
        part.attributes.remove("unversioned");
    }
    Some(table)
}

/// A table without its partitions.
pub(super) fn without_partitions(table: &Object) -> Object {
    let mut table = table.clone();
    for name in ["partition_by", "partitions", "subpartition_by", "subpartitions"] {
        table.attributes.remove(name);
    }
    table.parts.retain(|part| part.kind != "partition");
    table
}

/// A table without its history, and without what lay over the columns of its times.
pub(super) fn without_history(table: &Object) -> Object {
    let mut table = without_partitions(table);
    table.attributes.remove("versioned");
    let times: Vec<String> = table
        .parts_of("column")
        .filter(|column| column.attributes.get("row").is_some())
        .map(|column| column.name.clone())
        .collect();
    let over_times = |part: &Part| super::table::key_columns(part).iter().any(|name| times.iter().any(|it| it == name));
    table.parts.retain(|part| part.attributes.get("row").is_none() && !over_times(part));
    table
}
