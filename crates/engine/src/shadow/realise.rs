//! A schema made in an empty database.

use driftlock_database::{ExecuteError, Runnable};
use driftlock_schema::Schema;

use super::Nobody;
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
                let together = piece[0].transactional && piece.len() > 1;
                // All in one go: a transaction that ends in another call than it began in is refused as a script's own.
                let statements = piece.iter().map(|creation| creation.sql.as_str());
                let (before, after) = if together { (Some("BEGIN"), Some("COMMIT")) } else { (None, None) };
                let runnable: Vec<Runnable<'_>> = (before.into_iter().chain(statements).chain(after))
                    .map(|sql| Runnable { sql, copy_data: None })
                    .collect();
                if let Err(ExecuteError { index, error }) = session.execute(&runnable, &mut Nobody).await {
                    let creation = &piece[index.saturating_sub(usize::from(together)).min(piece.len() - 1)];
                    if together {
                        let _ = session.rollback().await;
                    }
                    return Err(Error::Realise {
                        object: Box::new(creation.object.clone()),
                        sql: creation.sql.clone(),
                        error: Box::new(error),
                    });
                }
            }
        }
        Ok(())
    }
}

/// So many statements are one transaction while a schema is made.
const PIECE: usize = 500;
