//! Connections that a caller lends.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;

/// Where a lent connection is put when its session ends, and where its lender takes it from. Clones are the same place.
#[derive(Debug)]
pub struct Lender<C>(Arc<Mutex<Option<Result<C, Error>>>>);

impl<C> Default for Lender<C> {
    fn default() -> Self {
        Lender(Arc::new(Mutex::new(None)))
    }
}

impl<C> Clone for Lender<C> {
    fn clone(&self) -> Self {
        Lender(Arc::clone(&self.0))
    }
}

impl<C> Lender<C> {
    /// Gives the connection back, in the state in which it came; or says why that can't be: then it is closed.
    pub fn give_back(&self, connection: Result<C, Error>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }

    /// Takes it back.
    ///
    /// # Errors
    /// Why it can't be given back. It was closed then.
    pub fn take(&self) -> Result<C, Error> {
        let given = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        given.unwrap_or_else(|| {
            let reason = "the lent connection was closed: a command on it was dropped in the midst";
            Err(Error::ConnectionLost(reason.to_owned()))
        })
    }
}

/// Why a connection in the midst of a transaction isn't taken.
#[must_use]
pub fn lent_in_transaction() -> Error {
    Error::Unfit(
        "the connection that is lent has a transaction open, which a migration would end: commit it or roll it back before".to_owned(),
    )
}
