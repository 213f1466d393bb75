//! A second connection beside the session's: to cancel its statement, and to see whether there is anybody to wait for.

use std::io::ErrorKind;
use std::time::Duration;

use async_trait::async_trait;
use driftlock_database::{Cancel, Error};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error as Cause, IoError, Opts};
use tokio::time::{sleep, timeout};

use crate::error::reason;

/// How long an answer may take before the server is looked for on a second connection, and how long it is left alone between looks.
const QUIET: Duration = Duration::from_secs(15);

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(5);

/// So many looks in vain, one after the other, and the server is taken for gone.
const LOOKS: u32 = 3;

/// Beside one session's connection.
pub(crate) struct Beside {
    opts: Opts,
    /// The session's connection.
    id: u32,
}

impl Beside {
    pub(crate) fn new(opts: Opts, id: u32) -> Self {
        Beside { opts, id }
    }

    /// Comes back when the server can't be reached any more.
    ///
    /// The driver opens its socket itself and sets no more than the time before the first keep-alive: the rest is the system's, and
    /// on Linux makes eleven minutes. Any sign of life counts, a refusal too: it says that a machine is there, whose kernel would
    /// have said that our connection isn't.
    pub(crate) async fn gone(&self) -> String {
        let mut in_vain = 0;
        loop {
            if in_vain == 0 {
                sleep(QUIET).await;
            }
            in_vain = if self.is_silent().await { in_vain + 1 } else { 0 };
            if in_vain == LOOKS {
                return format!(
                    "there was no answer for {} s, and then {LOOKS} further connections got none either",
                    QUIET.as_secs()
                );
            }
        }
    }

    async fn is_silent(&self) -> bool {
        if self.opts.socket().is_some() {
            // On this machine no word gets lost.
            return false;
        }
        match timeout(LOOK, Conn::new(self.opts.clone())).await {
            Err(_) => true,
            Ok(Ok(conn)) => {
                let _ = timeout(LOOK, conn.disconnect()).await;
                false
            }
            Ok(Err(Cause::Io(IoError::Io(error)))) => {
                let silent = matches!(
                    error.kind(),
                    ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
                );
                if silent {
                    // Known at once; what is wrong with the network may pass.
                    sleep(LOOK).await;
                }
                silent
            }
            Ok(Err(_)) => false,
        }
    }
}

#[async_trait]
impl Cancel for Beside {
    async fn cancel(&self) -> Result<(), Error> {
        let failed =
            |reason: String| Error::Connect { target: format!("the server, to cancel connection {}", self.id), reason };
        let kill = async {
            let mut conn = Conn::new(self.opts.clone()).await?;
            let killed = conn.query_drop(format!("KILL QUERY {}", self.id)).await;
            conn.disconnect().await?;
            killed
        };
        match timeout(LOOK, kill).await {
            Err(_) => Err(failed(format!("no answer within {} s", LOOK.as_secs()))),
            // No such connection: then it runs nothing either.
            Ok(Err(Cause::Server(answer))) if answer.code == 1094 => Ok(()),
            Ok(Err(cause)) => Err(failed(reason(&cause))),
            Ok(Ok(())) => Ok(()),
        }
    }
}
