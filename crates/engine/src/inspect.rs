//! What a database is: read by its adapter, and put through the one filter.

use driftlock_database::{Census, Inspection};
use driftlock_schema::{Filter, Id, Name, Rule};

use crate::{Database, Error};

impl Database {
    /// Reads the schema, without driftlock's own tables and without what the filter leaves out. Writes nothing.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn inspect(&self, filter: &Filter) -> Result<Inspection, Error> {
        let inspection = self.in_use().await.session.inspect().await?;
        Ok(self.filtered(inspection, filter))
    }

    /// A reading without driftlock's own tables and without what the filter leaves out.
    pub(crate) fn filtered(&self, mut inspection: Inspection, filter: &Filter) -> Inspection {
        let filter = self.without_own(filter);
        filter.apply(&mut inspection.schema);
        inspection.unmodelled.retain(|it| filter.takes(&it.object));
        inspection
    }

    /// The engine's own account, without the same.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn census(&self, filter: &Filter) -> Result<Census, Error> {
        let mut census = self.in_use().await.session.census().await?;
        census.apply(&self.without_own(filter));
        Ok(census)
    }

    /// The filter, and driftlock's own tables.
    pub(crate) fn without_own(&self, filter: &Filter) -> Filter {
        self.own_tables().iter().fold(filter.clone(), |filter, id| filter.exclude(Rule::exactly(id)))
    }

    /// The own tables: exactly these are no part of any comparison.
    pub(crate) fn own_tables(&self) -> [Id; 3] {
        let tables = &self.tables;
        let name = |name: String| match (self.engine.name(), &tables.schema) {
            ("postgres", schema) => Name::within(schema.as_deref().unwrap_or("public"), name),
            _ => Name::new(name),
        };
        [tables.history(), tables.journal(), tables.fence()].map(|it| Id::new("table", name(it)))
    }
}
