//! A schema made in an empty database, and the steps of a plan run in one.

use driftlock_database::{Creation, ExecuteError, Runnable, Step};
use driftlock_schema::{Id, Schema};

use super::Nobody;
use crate::{Database, Error};

/// A statement, and what it is about.
struct Statement<'s> {
    object: &'s Id,
    sql: &'s str,
    transactional: bool,
}

impl<'s> From<&'s Creation> for Statement<'s> {
    fn from(it: &'s Creation) -> Self {
        Statement { object: &it.object, sql: &it.sql, transactional: it.transactional }
    }
}

impl<'s> From<&'s Step> for Statement<'s> {
    fn from(it: &'s Step) -> Self {
        Statement { object: &it.object, sql: &it.sql, transactional: it.transactional }
    }
}

impl Database {
    /// Makes a schema in this database, which is empty.
    pub(crate) async fn realise(&self, schema: &Schema) -> Result<(), Error> {
        let creations = self.engine.create(schema)?;
        // In pieces: one transaction over everything runs a server out of locks.
        self.run_all(&creations.iter().map(Statement::from).collect::<Vec<_>>(), PIECE).await
    }

    /// Runs the steps of a plan in this database, those in one transaction that can be.
    pub(crate) async fn take(&self, steps: &[Step]) -> Result<(), Error> {
        self.run_all(&steps.iter().map(Statement::from).collect::<Vec<_>>(), usize::MAX).await
    }

    async fn run_all(&self, statements: &[Statement<'_>], at_once: usize) -> Result<(), Error> {
        let mut inner = self.in_use().await;
        let session = inner.session.as_mut();
        for piece in statements.chunk_by(|one, other| one.transactional && other.transactional) {
            for piece in piece.chunks(at_once) {
                let together = piece[0].transactional && piece.len() > 1;
                // All in one go: a transaction that ends in another call than it began in is refused as a script's own.
                let (before, after) = if together { (Some("BEGIN"), Some("COMMIT")) } else { (None, None) };
                let runnable: Vec<Runnable<'_>> =
                    (before.into_iter().chain(piece.iter().map(|it| it.sql)).chain(after))
                        .map(|sql| Runnable { sql, copy_data: None })
                        .collect();
                if let Err(ExecuteError { index, error }) = session.execute(&runnable, &mut Nobody).await {
                    let failed = &piece[index.saturating_sub(usize::from(together)).min(piece.len() - 1)];
                    if together {
                        let _ = session.rollback().await;
                    }
                    return Err(Error::Realise {
                        object: Box::new(failed.object.clone()),
                        sql: failed.sql.to_owned(),
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
