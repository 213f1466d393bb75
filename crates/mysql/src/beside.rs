//! How to get another connection like a session's: to cancel what it runs, and to show that its client lives.

use crate::conn::Conn;
use crate::route::{Route, Trouble};

/// The way to another connection.
#[derive(Clone)]
pub(crate) enum Beside {
    /// As the session was opened.
    Route(Box<Route>),
    /// As its lender opened it, by the driver that it is of.
    #[cfg(feature = "mysql_async")]
    Lent(Box<mysql_async::Opts>),
}

impl Beside {
    pub(crate) async fn open(&mut self) -> Result<Conn, Trouble> {
        match self {
            Beside::Route(route) => route.open().await.map(Conn::Own),
            #[cfg(feature = "mysql_async")]
            Beside::Lent(opts) => {
                let conn = mysql_async::Conn::new(opts.as_ref().clone()).await.map_err(crate::lent::fault)?;
                Ok(Conn::Lent(Box::new(conn)))
            }
        }
    }
}
