//! Ending a session's statement from outside.

use std::time::Duration;

use async_trait::async_trait;
use driftlock_database::{Cancel, Error};
use tokio::time::timeout;

use crate::beside::Beside;
use crate::error::{code, reason};
use crate::packets::Fault;

/// How long asking may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ends a session's statement through a second connection.
pub(crate) struct Canceller {
    beside: Beside,
    /// The session's connection.
    id: u32,
}

impl Canceller {
    pub(crate) fn new(beside: Beside, id: u32) -> Self {
        Canceller { beside, id }
    }
}

#[async_trait]
impl Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Error> {
        let failed =
            |reason: String| Error::Connect { target: format!("the server, to cancel connection {}", self.id), reason };
        let mut beside = self.beside.clone();
        let kill = async {
            let mut conn = beside.open().await.map_err(|trouble| failed(trouble.reason()))?;
            let killed = conn.query(&format!("KILL QUERY {}", self.id), None).await;
            conn.quit().await;
            match killed {
                // No such connection: then it runs nothing either.
                Err(Fault::Answer(answer)) if answer.code == code::NO_SUCH_THREAD => Ok(()),
                Err(fault) => Err(failed(reason(&fault))),
                Ok(_) => Ok(()),
            }
        };
        let late = || Err(failed(format!("no answer within {} s", PATIENCE.as_secs())));
        timeout(PATIENCE, kill).await.unwrap_or_else(|_| late())
    }
}
