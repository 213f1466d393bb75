//! Statements that are longer than the server takes.

use driftlock_database::{Error as DbError, ServerError};
use driftlock_script::to_bytes;

use super::{Run, Trouble};
use crate::plan::PlannedMigration;

/// What is shorter fits every server; so many bytes are left for the rest of a record.
const LONG: usize = 64 * 1024;

fn too_long(what: String, most: usize) -> DbError {
    DbError::Server(Box::new(ServerError {
        code: "max_allowed_packet".to_owned(),
        message: format!("{what}, and the server takes {most} at most"),
        hint: Some("split it, or raise `max_allowed_packet` on the server".to_owned()),
        ..ServerError::default()
    }))
}

impl Run<'_> {
    /// That no statement of it is longer than the server takes, which would end the connection in the middle of it.
    pub(super) async fn fits(&mut self, planned: &PlannedMigration) -> Result<(), Trouble> {
        for (number, statement) in planned.running() {
            let fits = self.takes(planned.sql(statement)).await;
            fits.map_err(|error| Trouble::at(number - 1, error))?;
        }
        // The record has two digits for each byte of it.
        let down = planned.rollback_sql.as_ref().map_or(0, |sql| 2 * sql.len());
        let most = if down > LONG { self.session.longest_statement().await? } else { None };
        match most.filter(|most| down + LONG > *most) {
            None => Ok(()),
            Some(most) => Err(too_long(
                format!("the way down has {} bytes, and recording it takes twice that and some more", down / 2),
                most,
            )
            .into()),
        }
    }

    /// That the server takes a statement of this length.
    pub(crate) async fn takes(&mut self, sql: &str) -> Result<(), DbError> {
        // Characters that stand for bytes count as these.
        if sql.len() <= LONG {
            return Ok(());
        }
        let length = to_bytes(sql).len();
        match self.session.longest_statement().await?.filter(|most| length > *most) {
            None => Ok(()),
            Some(most) => Err(too_long(format!("this statement has {length} bytes"), most)),
        }
    }
}
