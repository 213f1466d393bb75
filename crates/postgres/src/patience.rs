//! How a reading waits for a lock: never while it holds one.
//!
//! `pg_get_viewdef` and its kin lock what they tell of until the transaction ends. Who waited for one such lock while holding another could
//! close a circle with a migration that locks several tables, and the server ends it on either side: a mere reading would have made the
//! migration fail. So the server gives up at once, the transaction ends, and after a while all is read anew.

use std::time::Duration;

use driftlock_database::Error;
use tokio::time::Instant;

use crate::lock;
use crate::session::PostgresSession;

/// Part of a reading's settings: nobody is waited for. (Zero would mean for ever.)
pub(crate) const NO_WAITING: &str = "SET LOCAL lock_timeout = '1ms'";

/// For how long it is tried.
const LIMIT: Duration = Duration::from_secs(10);

/// The first and the longest time between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(320)];

/// One reading's patience.
pub(crate) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    /// From now on.
    pub(crate) fn new() -> Self {
        Patience { until: Instant::now() + LIMIT, pause: PAUSES[0] }
    }

    /// Whether it is worth another try after this error. Only a lock is, and for so long; that time has been waited for then.
    pub(crate) async fn lasts(&mut self, error: &Error) -> bool {
        if !matches!(error, Error::LockTimeout(_)) || Instant::now() + self.pause > self.until {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSES[1]);
        true
    }

    /// The error in the end, with who may be in the way. The session's transaction has ended.
    pub(crate) async fn at_its_end(session: &mut PostgresSession, error: Error) -> Error {
        let Error::LockTimeout(mut server) = error else { return error };
        let holders = lock::exclusive(session).await.unwrap_or_default();
        let holders = holders.iter().map(ToString::to_string).collect::<Vec<_>>().join("; or ");
        let who = if holders.is_empty() { "somebody".to_owned() } else { holders };
        server.hint = Some(format!(
            "the schema can't be read while a table is locked in ACCESS EXCLUSIVE mode, as a migration does; it was tried for {} seconds; \
             in the way may be {who}: wait for it, or end it, and run the command again",
            LIMIT.as_secs()
        ));
        Error::LockTimeout(server)
    }
}
