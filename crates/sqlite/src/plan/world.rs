//! What is said of tables elsewhere: in foreign keys, views and triggers.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use driftlock_schema::{Object, Pair, Schema, Value};
use driftlock_script::{Dialect, significant};

/// What two schemas say of tables, by their names in lower case. Found when it is asked for: few plans do.
pub(super) struct World<'a> {
    from: &'a Schema,
    to: &'a Schema,
    referenced: OnceCell<HashSet<String>>,
    /// With whoever speaks of them.
    spoken_of: OnceCell<HashMap<String, HashSet<String>>>,
}

impl<'a> World<'a> {
    pub(super) fn new(from: &'a Schema, to: &'a Schema) -> Self {
        World { from, to, referenced: OnceCell::new(), spoken_of: OnceCell::new() }
    }

    /// All of the first, and what is otherwise in the second.
    fn objects(&self) -> impl Iterator<Item = &'a Object> {
        let others = self.from.differing(self.to).filter_map(|pair| match pair {
            Pair::Added(new) | Pair::Altered(_, new) => Some(new),
            Pair::Removed(_) => None,
        });
        self.from.objects().chain(others)
    }

    /// Whether a foreign key of any table points to this one.
    pub(super) fn is_referenced(&self, table: &str) -> bool {
        let referenced = self.referenced.get_or_init(|| {
            let keys = self.objects().flat_map(|object| object.parts_of("foreign_key"));
            keys.filter_map(|key| key.attributes.text("references")).map(str::to_ascii_lowercase).collect()
        });
        referenced.contains(&table.to_ascii_lowercase())
    }

    /// Whether anything says this name: a view or a trigger that does could speak of a column.
    pub(super) fn is_said(&self, name: &str) -> bool {
        self.spoken_of().contains_key(&name.to_ascii_lowercase())
    }

    /// Whether a view, or a trigger of something else, names it: SQLite looks at those when a table is renamed.
    pub(super) fn is_spoken_of(&self, table: &str) -> bool {
        let table = table.to_ascii_lowercase();
        self.spoken_of().get(&table).is_some_and(|by| by.iter().any(|by| *by != table))
    }

    fn spoken_of(&self) -> &HashMap<String, HashSet<String>> {
        self.spoken_of.get_or_init(|| {
            let mut spoken_of: HashMap<String, HashSet<String>> = HashMap::new();
            for object in self.objects() {
                let mut says = |name: &str| {
                    let by = spoken_of.entry(name.to_ascii_lowercase()).or_default();
                    by.insert(object.name.name.to_ascii_lowercase());
                };
                let mut texts: Vec<&str> = object.attributes.text("definition").into_iter().collect();
                for trigger in object.parts_of("trigger") {
                    texts.extend(["body", "when"].iter().filter_map(|key| trigger.attributes.text(key)));
                    trigger.attributes.list("columns").iter().filter_map(Value::as_text).for_each(&mut says);
                }
                for text in texts {
                    for token in significant(text, Dialect::Sqlite) {
                        crate::words::name(&token).as_deref().into_iter().for_each(&mut says);
                    }
                }
            }
            spoken_of
        })
    }
}
