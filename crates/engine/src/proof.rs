//! That a value holds a whole database: it is made again from the value alone, and the engine's own accounts of both are compared.

use driftlock_database::{Census, Inspection};
use driftlock_schema::{Filter, Id, Schema};

use crate::{Database, Error, Shadow};

/// What came of proving a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The reading.
    pub inspection: Inspection,
    /// What differs between the database and the one that was made from the reading alone. Nothing: it is proved.
    pub differences: Vec<Unproved>,
}

/// An entry of the engine's account in which the database differs from the one that was made from its reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproved {
    /// The object.
    pub object: Id,
    /// What of it: empty for the object itself.
    pub about: String,
    /// What the engine says of the database.
    pub here: Option<String>,
    /// What it says of the one made from the reading.
    pub made: Option<String>,
}

impl std::fmt::Display for Unproved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let about = if self.about.is_empty() { String::new() } else { format!(" {}", self.about) };
        let said =
            |said: &Option<String>| said.as_ref().map_or_else(|| "nothing".to_owned(), |said| format!("`{said}`"));
        write!(f, "{}{about} is {}, and what was made {}", self.object, said(&self.here), said(&self.made))
    }
}

impl Database {
    /// Reads the schema and proves the reading: a database is made from it on the shadow, and its census compared with this one's. What has no
    /// place in a schema is no part of the comparison, and is named in the reading.
    ///
    /// # Errors
    /// When the catalog can't be read, and when the shadow can't be made or doesn't take a statement.
    pub async fn prove(&self, shadow: &Shadow, filter: &Filter) -> Result<Proof, Error> {
        let inspection = shadow.unless_cancelled(self.inspect(filter)).await?;
        let here = shadow.unless_cancelled(self.census(filter)).await?;
        let made = self.made(shadow, &inspection.schema, filter).await?;
        let differences = differences(here, &made, &inspection);
        Ok(Proof { inspection, differences })
    }

    /// The census of what is made from a schema on a shadow of this database's kind.
    ///
    /// # Errors
    /// As [`prove`](Self::prove).
    pub async fn made(&self, shadow: &Shadow, schema: &Schema, filter: &Filter) -> Result<Census, Error> {
        let scratch = shadow.database(Some(self)).await?;
        let made = async {
            scratch.database.realise(schema).await?;
            scratch.database.census(filter).await
        };
        let made = shadow.unless_cancelled(made).await;
        scratch.end(made).await
    }
}

/// What differs between a database's account and that of one that was made like it, but for what has no place in the reading of the first.
pub(crate) fn differences(mut here: Census, made: &Census, inspection: &Inspection) -> Vec<Unproved> {
    let unmodelled = |id: &Id| inspection.unmodelled.iter().any(|it| it.object == *id);
    here.entries.retain(|key, _| !unmodelled(&key.object));
    let differences = here.differences(made).into_iter().map(|(key, here, made)| Unproved {
        object: key.object.clone(),
        about: key.about.clone(),
        here: here.map(str::to_owned),
        made: made.map(str::to_owned),
    });
    differences.collect()
}
