//! A second connection beside the session's: to cancel its statement, and to see whether there is anybody to wait for.

use std::io::ErrorKind;
use std::time::Duration;

use async_trait::async_trait;
use driftlock_database::{Cancel, Error};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::error::{code, reason};
use crate::packets::Fault;
use crate::route::{Route, Trouble};

/// How long an answer may take before the server is looked for on a second connection, and how long it is left alone between looks.
const QUIET: Duration = Duration::from_secs(15);

/// How long a look may take: a login, and where it gets no answer, a mere connection.
const LOGIN: Duration = Duration::from_secs(3);
const KNOCK: Duration = Duration::from_secs(2);

/// So many looks in vain, one after the other, and the server is taken for gone.
const LOOKS: u32 = 3;

/// How long asking for a cancel may take.
const CANCEL: Duration = Duration::from_secs(5);

/// Beside one session's connection.
pub(crate) struct Beside {
    route: Route,
    /// The session's connection.
    id: u32,
}

impl Beside {
    pub(crate) fn new(route: Route, id: u32) -> Self {
        Beside { route, id }
    }

    /// Comes back when the server can't be reached any more.
    ///
    /// Keep-alives find out about a network, and a proxy on the way answers them for a server that is gone. Any sign of life
    /// counts, a refusal too: it says that a machine is there, whose kernel would have said that our connection isn't.
    pub(crate) async fn gone(&self) -> String {
        let mut in_vain = 0;
        loop {
            if in_vain == 0 {
                sleep(QUIET).await;
            }
            in_vain = if self.is_silent().await { in_vain + 1 } else { 0 };
            if in_vain == LOOKS {
                return format!(
                    "there was no answer for {} s, and then {LOOKS} times not even for a new connection",
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
        match timeout(LOGIN, Conn::new(self.opts.clone())).await {
            Ok(Ok(conn)) => {
                let _ = timeout(LOGIN, conn.disconnect()).await;
                false
            }
            Ok(Err(Cause::Io(IoError::Io(error)))) if is_silence(&error) => {
                // Known at once; what is wrong with the network may pass.
                sleep(LOGIN).await;
                true
            }
            Ok(Err(_)) => false,
            // It may be too busy for a login, which is no reason to give up what it works on. Not in the first place, since servers
            // lock out a machine that often connects and doesn't log in.
            Err(_) => {
                let address = (self.opts.ip_or_hostname().to_owned(), self.opts.tcp_port());
                match timeout(KNOCK, TcpStream::connect(address)).await {
                    Err(_) => true,
                    Ok(Err(error)) => is_silence(&error),
                    Ok(Ok(_)) => false,
                }
            }
        }
    }
}

/// Whether nobody said anything.
fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable)
}

#[async_trait]
impl Cancel for Beside {
    async fn cancel(&self) -> Result<(), Error> {
        let failed =
            |reason: String| Error::Connect { target: format!("the server, to cancel connection {}", self.id), reason };
        let mut route = self.route.clone();
        let kill = async {
            let mut conn = route.open().await.map_err(|trouble| failed(trouble.reason()))?;
            let killed = conn.query(&format!("KILL QUERY {}", self.id), None).await;
            conn.quit().await;
            match killed {
                // No such connection: then it runs nothing either.
                Err(Fault::Answer(answer)) if answer.code == code::NO_SUCH_THREAD => Ok(()),
                Err(fault) => Err(failed(reason(&fault))),
                Ok(_) => Ok(()),
            }
        };
        let late = || Err(failed(format!("no answer within {} s", CANCEL.as_secs())));
        timeout(LOOK, kill).await.unwrap_or_else(|_| late())
    }
}
