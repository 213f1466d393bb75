//! The statements that make a schema.

use driftlock_database::{CreateError, Creation};
use driftlock_schema::Schema;

pub(crate) fn statements(_: &Schema) -> Result<Vec<Creation>, CreateError> {
    Ok(Vec::new())
}
