//! A schema made in an empty database.

use driftlock_database::{ExecuteError, Runnable};
use driftlock_schema::Schema;

use super::{Nobody, run};
use crate::{Database, Error};

impl Database {
    /// Makes a schema in this database, which is empty.
    pub(crate) async fn realise(&self, schema: &Schema) -> Result<(), Error> {
        let creations = self.engine.create(schema)?;
        let mut inner = self.in_use().await;
        let session = inner.session.as_mut();
        // In pieces: one transaction over everything runs a server out of locks.
        for piece in creations.chunk_by(|one, other| one.transactional && other.transactional) {
            for piece in piece.chunks(PIECE) {
                let runnable: Vec<Runnable<'_>> =
                    piece.iter().map(|creation| Runnable { sql: &creation.sql, copy_data: None }).collect();
                let together = piece[0].transactional && piece.len() > 1;
                if together {
                    run(session, "BEGIN").await?;
                }
                if let Err(ExecuteError { index, error }) = session.execute(&runnable, &mut Nobody).await {
                    let creation = &piece[index.min(piece.len() - 1)];
                    if together {
                        let _ = run(session, "ROLLBACK").await;
                    }
                    return Err(Error::Realise {
                        object: creation.object.clone(),
                        sql: creation.sql.clone(),
                        error: Box::new(error),
                    });
                }
                if together {
                    run(session, "COMMIT").await?;
                }
            }
        }
        Ok(())
    }
}

/// So many statements are one transaction while a schema is made.
const PIECE: usize = 500;
