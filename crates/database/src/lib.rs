//! What driftlock asks of a database engine: the port that every adapter implements.
//!
//! An adapter implements two traits. [`Engine`] is what is known without a connection (URL schemes, what
//! each statement is); [`Session`] is one open connection, on which the lock is held and everything runs.
//!
//! ```text
//! let mut session = engine.connect(&url, &options).await?;
//! let glance = session.glance(&tables).await?;             // one narrow query: what is applied?
//! session.ensure_fit().await?;                             // no standby, no transaction pooler
//! session.try_lock(&tables, &holder).await?;               // polled by the caller, never waited for inside
//! let (fence, now) = session.take_fence(&tables, None).await?;
//! session.reset(&timeouts).await?;
//! session.begin().await?;
//! session.execute(&statements, &mut observer).await?;      // one message a statement
//! session.commit(&tables, &records).await?;                // fence, history row and COMMIT together
//! ```
//!
//! Nothing here has an opinion on what should run: that is `driftlock-engine`, which knows no adapter.

mod census;
mod class;
mod connect;
mod create;
mod engine;
mod error;
mod examination;
#[doc(hidden)]
pub mod fault;
mod foreign;
mod golang_migrate;
mod inspection;
mod lend;
mod plan;
mod records;
mod session;
#[cfg(unix)]
mod template;
#[cfg(unix)]
pub mod throwaway;
mod time;
#[doc(hidden)]
pub mod trace;
mod url;

pub use census::{Census, CensusKey};
pub use class::{Class, Classified, DatabaseAct};
pub use connect::{ConnectOptions, Holder, Pooler, Server, shown};
pub use create::{CreateError, Creation, Throwaway};
pub use engine::Engine;
pub use error::{Error, ExecuteError, ServerError};
pub use examination::{Examination, Peculiarity, Protection, Right};
pub use foreign::{ForeignHistory, ForeignRows, foreign_tables, foreign_tool, foreign_tool_by_columns};
pub use inspection::{ChangeMarks, Inspection, Likeness, Reach, Unmodelled};
pub use lend::{Lender, lent_in_transaction};
pub use plan::{ColumnOrder, Hazard, PlanError, Rename, Step, UnknownHazard};
pub use records::{
    Direction, Entry, FORMAT, Fence, Glance, HistoryRow, JournalRow, JournalState, OwnTables, Records, State,
    check_format,
};
pub use session::{
    Cancel, CopyData, CopySource, Event, LockAttempt, Observer, Probe, Runnable, Session, Surroundings, Timeouts,
};
pub use time::Timestamp;
pub use url::{DatabaseUrl, UrlError};
