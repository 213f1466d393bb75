//! The half of the port that needs no connection.

use async_trait::async_trait;
use driftlock_schema::{Id, Object, Schema};
use driftlock_script::Dialect;

use crate::{
    Classified, ColumnOrder, ConnectOptions, CreateError, Creation, DatabaseUrl, Error, PlanError, Rename, Session,
    Step, Throwaway,
};

/// A database engine. An adapter has one unit struct that implements this.
#[async_trait]
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// The name as in configuration and output: `postgres`, `mysql`, `sqlite`.
    fn name(&self) -> &'static str;

    /// The URL schemes that are this engine's, the preferred one first.
    fn schemes(&self) -> &'static [&'static str];

    /// By whose lexical rules scripts are split.
    fn dialect(&self) -> Dialect;

    /// What one statement is. Looks at the text alone and never fails: what it doesn't know is what the engine's
    /// documentation says of statements in general.
    fn classify(&self, sql: &str) -> Classified;

    /// Whether statements that change the session only take effect inside a transaction too. Where they don't (SQLite's
    /// `ATTACH`, most of its pragmas), those at the head of a script run before its transaction.
    fn session_in_transaction(&self) -> bool {
        true
    }

    /// Whether a statement runs code that may commit by itself (`CALL`, `DO`), which only works outside of a transaction:
    /// that is where it runs in a script that says `no-transaction`.
    fn may_commit(&self, sql: &str) -> bool {
        let _ = sql;
        false
    }

    /// A database for scratch work that needs no server and is gone with its session, where the engine has such.
    fn scratch(&self) -> Option<DatabaseUrl> {
        None
    }

    /// A database that every server has and that can be connected to, for work on the server itself.
    fn maintenance_database(&self) -> Option<&'static str> {
        None
    }

    /// Whether it shows in what scripts make in which database they run: see [`Session::likeness`].
    fn has_likeness(&self) -> bool {
        false
    }

    /// The statements that make a schema in an empty database, in an order in which each can run: each one statement that a driver can run as it
    /// stands. Statements that can't run in a transaction say so.
    ///
    /// # Errors
    /// [`CreateError`] for an object that can't be made from what its value says: the value is not of this engine, or was cut.
    fn create(&self, schema: &Schema) -> Result<Vec<Creation>, CreateError>;

    /// The steps from a schema to another, in an order in which each can run: each one statement that a driver can run as it stands. Where both are
    /// the same there are none. That they lead there is for a proof on a shadow to say. An engine whose statements have a place for
    /// it always plans the order of columns.
    ///
    /// # Errors
    /// [`PlanError`] for an object that stands in the way: the engine has no statement for what is wanted of it.
    fn plan(&self, from: &Schema, to: &Schema, order: ColumnOrder) -> Result<Vec<Step>, PlanError> {
        let _ = order;
        let differs =
            |(id, object): (&Id, &Object), other: &Schema| (other.get(id) != Some(object)).then(|| id.clone());
        let first = to.iter().find_map(|it| differs(it, from)).or_else(|| from.iter().find_map(|it| differs(it, to)));
        match first {
            Some(id) => Err(PlanError::new(id, format!("plans aren't there yet on {}", self.name()))),
            None => Ok(Vec::new()),
        }
    }

    /// The statement that gives something another name. `None` where the engine has none: then it goes under the one name and comes under the other.
    fn rename(&self, rename: &Rename) -> Option<String> {
        let _ = rename;
        None
    }

    /// Starts a server of this engine from binaries found on this machine, in a temporary folder, on loopback, for scratch work: with a random
    /// password, and gone when the value is dropped. `None` where there are no binaries, and for an engine that needs no server.
    ///
    /// # Errors
    /// When there are binaries and the server doesn't start.
    async fn throwaway(&self) -> Result<Option<Throwaway>, Error> {
        Ok(None)
    }

    /// Opens one session. The server's settings that make failure noticeable (keep-alives,
    /// `client_connection_check_interval`) are made here. Nothing is written.
    ///
    /// # Errors
    /// [`Error::Url`] for a URL that the engine can't read, [`Error::Connect`] when no server answers in time,
    /// [`Error::Login`] when it says no. No message holds a password.
    async fn connect(&self, url: &DatabaseUrl, options: &ConnectOptions) -> Result<Box<dyn Session>, Error>;
}
