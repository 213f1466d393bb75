//! Throwaway PostgreSQL and MariaDB servers for tests and benches: in a temporary directory, on loopback, as an unprivileged user.
//!
//! ```no_run
//! use driftlock_servers::private::Private;
//!
//! let mut server = Private::postgres(&["-c", "max_connections=20"])?;
//! println!("{}", server.url("postgres"));
//! server.kill()?;      // with -9, and everything that it started
//! server.start()?;     // again, on the same port and the same files
//! # Ok::<(), driftlock_servers::fail::Failure>(())
//! ```

pub mod certificates;
pub mod fail;
mod files;
pub mod link;
pub mod mysql;
pub mod pgbouncer;
pub mod postgres;
pub mod private;
pub mod process;
pub mod proxy;
mod server;
pub mod servers;
pub mod setup;
