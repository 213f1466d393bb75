//! Opens connections: without a query of the driver's own, within the time given, again while the server is full.

use std::sync::Arc;
use std::time::Duration;

use driftlock_database::{ConnectOptions, Error, Server};
use tokio::time::{Instant, sleep, timeout};

use crate::beside::Beside;
use crate::cancel::Canceller;
use crate::conn::{Conn, Own};
use crate::error::code;
use crate::packets::Fault;
use crate::parse::quote;
use crate::route::{Route, Trouble};
use crate::session::MySqlSession;
use crate::url::{Place, Target};
use crate::wire::{Wire, text};

/// Opens a session.
pub(crate) async fn connect(target: &Target, options: &ConnectOptions) -> Result<MySqlSession, Error> {
    let deadline = Instant::now() + target.connect_timeout;
    let (conn, route, place) = open_any(target, options, deadline).await?;
    let (id, numbers) = (conn.id, conn.version);
    let server = Server {
        engine: "mysql",
        version: version(numbers),
        database: target.database.clone(),
        user: target.user.clone(),
        connection: id.to_string(),
    };
    let beside = Beside::Route(Box::new(route));
    let canceller = Arc::new(Canceller::new(beside.clone(), id));
    let product = Product::new(numbers);
    let mut wire = Wire::new(Conn::Own(conn));
    wire.limit_first_answer(place, target.connect_timeout);
    find_processes(&mut wire, product).await?;
    take_role(&mut wire, &target.user, options).await?;
    Ok(MySqlSession::new(wire, server, product, canceller, options.pooler, beside, u64::from(id)))
}

/// Finds the list of connections. MySQL fails to copy `information_schema`'s (3854) while a statement of anybody's has a letter of four bytes. The
/// other is there since 8.0.22, and has nothing in it where the performance schema is off.
pub(crate) async fn find_processes(wire: &mut Wire, product: Product) -> Result<(), Error> {
    if product.has_performance_schemas_processes() {
        let row = wire.row("SELECT @@performance_schema LIMIT 1").await?.unwrap_or_default();
        if text(&row, 0) == "1" {
            wire.processes = "performance_schema.processlist";
        }
    }
    Ok(())
}

/// Takes the role that everything is to run as, if one is.
pub(crate) async fn take_role(wire: &mut Wire, user: &str, options: &ConnectOptions) -> Result<(), Error> {
    let Some(role) = &options.set_role else { return Ok(()) };
    let sql = format!("SET ROLE {}", role_name(role));
    wire.run(&sql).await.map(drop).map_err(|error| match error {
        Error::Server(server) => {
            Error::Login { target: user.to_owned(), reason: format!("can't take the role `{role}`: {server}") }
        }
        other => other,
    })
}

/// `role` or `role@host`, as SQL.
fn role_name(role: &str) -> String {
    match role.rsplit_once('@') {
        Some((name, host)) => format!("{}@{}", quote(name), quote(host)),
        None => quote(role),
    }
}

/// What kind of server it is, by the numbers of its handshake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    pub(crate) is_mariadb: bool,
    version: (u16, u16, u16),
}

impl Product {
    /// MariaDB's numbers went on from 5.5 with 10.0; MySQL's stand at 9.
    pub(crate) fn new(version: (u16, u16, u16)) -> Self {
        Product { is_mariadb: version.0 >= 10, version }
    }

    pub(crate) fn has_roles(self) -> bool {
        self.version >= (8, 0, 0)
    }

    /// A list of connections beside that of `information_schema`.
    fn has_performance_schemas_processes(self) -> bool {
        !self.is_mariadb && self.version >= (8, 0, 22)
    }

    /// InnoDB's own list of tables, in `information_schema`.
    pub(crate) fn innodb_tables(self) -> &'static str {
        if self.is_mariadb || self.version < (8, 0, 0) { "INNODB_SYS_TABLES" } else { "INNODB_TABLES" }
    }

    /// Whether a database may be encrypted by default.
    pub(crate) fn encrypts_databases(self) -> bool {
        !self.is_mariadb && self.version >= (8, 0, 16)
    }

    /// Whether a database may be read only, a table in a file of its own grow by a size of its own, and a second engine have words of its own:
    /// all came from 8.0.21 to 8.0.23.
    pub(crate) fn has_extensions(self) -> bool {
        !self.is_mariadb && self.version >= (8, 0, 23)
    }

    /// Whether it has libraries, of functions in other languages than SQL.
    pub(crate) fn has_libraries(self) -> bool {
        !self.is_mariadb && self.version >= (9, 2, 0)
    }

    /// Whether a session may hold more than one named lock: before, a second one would end the first.
    pub(crate) fn holds_several_locks(self) -> bool {
        if self.is_mariadb { self.version >= (10, 0, 2) } else { self.version >= (5, 7, 5) }
    }

    /// Whether a crash of the server leaves one statement of DDL whole or not done (see `judge`).
    pub(crate) fn has_atomic_ddl(self) -> bool {
        self.version >= if self.is_mariadb { (10, 6, 1) } else { (8, 0, 0) }
    }

    /// Whether `CREATE TABLE … SELECT` leaves all of its rows or no table.
    pub(crate) fn fills_atomically(self) -> bool {
        if self.is_mariadb { self.version >= (10, 6, 1) } else { self.version >= (8, 0, 21) }
    }
}

pub(crate) fn version(numbers: (u16, u16, u16)) -> String {
    let product = if Product::new(numbers).is_mariadb { "MariaDB" } else { "MySQL" };
    format!("{product} {}.{}.{}", numbers.0, numbers.1, numbers.2)
}

/// Tries the places in order, and all of them again while they say that they are full.
async fn open_any(target: &Target, options: &ConnectOptions, deadline: Instant) -> Result<(Own, Route, String), Error> {
    let mut pause = Duration::from_millis(20);
    let mut said = None;
    loop {
        let mut full = None;
        let mut unreachable: Vec<(String, String)> = Vec::new();
        for (at, place) in target.places.iter().enumerate() {
            let mut route = Route::new(target, place, options);
            // One that is silent leaves the others their share.
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(target.places.len() - at).unwrap_or(u32::MAX);
            match open(&mut route, share).await {
                Ok(conn) => return Ok((conn, route, place.to_string())),
                Err(Refusal::Settings(error)) => return Err(error),
                Err(Refusal::Login(reason)) => {
                    return Err(Error::Login { target: shown(target, place), reason });
                }
                Err(Refusal::Full(reason)) => full = Some((shown(target, place), reason)),
                Err(Refusal::Unreachable(reason)) => unreachable.push((place.to_string(), reason)),
            }
        }
        // Where the time ended in the midst of the last try, what the server said before that is the reason.
        let Some((place, reason)) = full.or_else(|| said.take().filter(|_| Instant::now() >= deadline)) else {
            let place = unreachable.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>().join(", ");
            let reason = match &unreachable[..] {
                [(_, reason)] => reason.clone(),
                several => several.iter().map(|(place, why)| format!("{place}: {why}")).collect::<Vec<_>>().join("; "),
            };
            return Err(Error::Connect { target: place, reason });
        };
        let jittered = pause.mul_f64(0.5 + fastrand::f64());
        if Instant::now() + jittered >= deadline {
            return Err(Error::Connect {
                target: place,
                reason: format!("no connection became free in {} s: {reason}", target.connect_timeout.as_secs()),
            });
        }
        said = Some((place, reason));
        sleep(jittered).await;
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}

/// Who and where, without the password.
fn shown(target: &Target, place: &Place) -> String {
    format!("{}@{place}/{}", target.user, target.database)
}

enum Refusal {
    Login(String),
    Full(String),
    Unreachable(String),
    /// What the user asked for can't be done with any server.
    Settings(Error),
}

async fn open(route: &mut Route, limit: Duration) -> Result<Own, Refusal> {
    match timeout(limit, route.open()).await {
        Err(_) => Err(Refusal::Unreachable(format!("no answer within {:.1} s", limit.as_secs_f64()))),
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(trouble)) => {
            let reason = trouble.reason();
            Err(match trouble {
                Trouble::Settings(error) => Refusal::Settings(error),
                Trouble::Fault(Fault::Answer(answer)) if code::FULL.contains(&answer.code) => Refusal::Full(reason),
                Trouble::Fault(Fault::Answer(answer)) if code::LOGIN.contains(&answer.code) => {
                    Refusal::Login(reason + route.hint())
                }
                _ => Refusal::Unreachable(reason),
            })
        }
    }
}
