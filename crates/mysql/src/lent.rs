//! A connection of `mysql_async`'s that somebody lends: what it was like when it came, and putting that back.

use std::collections::BTreeSet;
use std::sync::Arc;

use driftlock_database::{ConnectOptions, Error, Lender, Runnable, Server, lent_in_transaction};
use driftlock_script::to_bytes;
use mysql_async::consts::StatusFlags;
use mysql_async::prelude::Queryable;
use mysql_async::{OkPacket, Row, Value};

use crate::beside::Beside;
use crate::cancel::Canceller;
use crate::conn::Conn;
use crate::connect::{Product, find_processes, take_role, version};
use crate::packets::{Answer, Fault, Okay};
use crate::parse::quote;
use crate::session::MySqlSession;
use crate::state::{Baseline, Open, forget_the_script};
use crate::traces::{Traces, assigns, kept_name};
use crate::wire::{TextRow, Wire, text};

/// A lent connection's state, and who gets it back.
pub(crate) struct Loan {
    state: Baseline,
    database: String,
    /// User variables of the lender's that a script assigns: they are kept beside.
    kept: BTreeSet<String>,
    lender: Lender<mysql_async::Conn>,
}

/// See [`lend`](crate::lend).
pub(crate) async fn open(
    conn: mysql_async::Conn,
    options: &ConnectOptions,
) -> Result<(MySqlSession, Lender<mysql_async::Conn>), Error> {
    let (id, numbers, opts) = (conn.id(), conn.server_version(), conn.opts().clone());
    let product = Product::new(numbers);
    let mut wire = Wire::new(Conn::Lent(Box::new(conn)));
    // What tells whether a transaction is open is the answer.
    wire.run("DO 0").await?;
    if wire.in_transaction() != Some(false) {
        return Err(lent_in_transaction());
    }
    let row = wire.row("SELECT DATABASE(), CURRENT_USER() LIMIT 1").await?.unwrap_or_default();
    let (database, user) = (text(&row, 0).to_owned(), text(&row, 1).to_owned());
    if database.is_empty() {
        return Err(Error::Unfit(
            "no database is selected on the connection that is lent: `USE` the one to migrate before".to_owned(),
        ));
    }
    let state = Baseline::read_as_it_is(&mut wire, product.has_roles()).await?;
    // Its lender's choice of both would change what is sent.
    wire.run("SET NAMES utf8mb4").await?;
    wire.run("SET autocommit = 1").await?;
    find_processes(&mut wire, product).await?;
    take_role(&mut wire, &user, options).await?;
    let server = Server {
        engine: "mysql",
        version: version(numbers),
        database: database.clone(),
        user,
        connection: id.to_string(),
    };
    let beside = Beside::Lent(Box::new(opts));
    let canceller = Arc::new(Canceller::new(beside.clone(), id));
    let mut session = MySqlSession::new(wire, server, product, canceller, options.pooler, beside, u64::from(id));
    let lender = Lender::default();
    session.traces = Traces::of_a_lender();
    session.loan = Some(Loan { state, database, kept: BTreeSet::new(), lender: lender.clone() });
    Ok((session, lender))
}

impl MySqlSession {
    /// Keeps the lender's user variables that these statements assign.
    pub(crate) async fn keep_variables(&mut self, statements: &[Runnable<'_>]) -> Result<(), Error> {
        let Some(loan) = &mut self.loan else { return Ok(()) };
        let assigned = statements.iter().flat_map(|statement| assigns(statement.sql));
        let new: Vec<String> = assigned.filter(|name| loan.kept.insert(name.clone())).collect();
        if new.is_empty() {
            return Ok(());
        }
        let assign = |name: &String| format!("@{} = @{}", kept_name(name), quote(name));
        self.wire.run(&format!("SET {}", new.iter().map(assign).collect::<Vec<_>>().join(", "))).await.map(drop)
    }

    /// Gives a lent connection back to its lender.
    pub(crate) async fn give_back(mut self) {
        let tidied = self.tidy().await;
        let Some(loan) = self.loan else { return };
        let conn = tidied.and_then(|()| match self.wire.take() {
            Some(Conn::Lent(conn)) => Ok(*conn),
            _ => Err(Error::ConnectionLost("it was closed".to_owned())),
        });
        loan.lender.give_back(conn);
    }

    async fn tidy(&mut self) -> Result<(), Error> {
        driftlock_database::Session::unlock(self).await?;
        let Some(loan) = &self.loan else { return Ok(()) };
        loan.state.restore(&mut self.wire, &self.traces, &loan.database, None, None, Open::RolledBack).await?;
        let kept = loan.kept.iter().map(|name| format!("@{} = NULL", kept_name(name)));
        self.wire
            .run(&format!("SET {}", forget_the_script().chain(kept).collect::<Vec<_>>().join(", ")))
            .await
            .map(drop)
    }
}

/// Runs a statement on a connection of the driver's; see [`Conn::query`].
pub(crate) async fn query(
    conn: &mut mysql_async::Conn,
    sql: &str,
    mut keep: Option<&mut Vec<TextRow>>,
) -> Result<(u64, Okay), Fault> {
    let bytes = to_bytes(sql);
    let mut result = conn.query_iter(bytes.as_ref()).await.map_err(fault)?;
    let mut first = None;
    loop {
        let affected = result.affected_rows();
        let has_rows = !result.columns_ref().is_empty();
        let mut rows = 0;
        let mut wanted = keep.take();
        result
            .for_each(|row| {
                rows += 1;
                if let Some(wanted) = &mut wanted {
                    wanted.push(text_row(row));
                }
            })
            .await
            .map_err(fault)?;
        first.get_or_insert(if has_rows { rows } else { affected });
        if result.is_empty() {
            break;
        }
    }
    drop(result);
    let status = conn.last_ok_packet().map_or(StatusFlags::empty(), OkPacket::status_flags);
    let last = Okay {
        affected: conn.affected_rows(),
        status: status.bits(),
        warnings: conn.get_warnings(),
        info: conn.info().into_owned(),
    };
    Ok((first.unwrap_or_default(), last))
}

fn text_row(row: Row) -> TextRow {
    let text = |value: Value| match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        // The text protocol has nothing else.
        other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
    };
    row.unwrap().into_iter().map(text).collect()
}

/// The driver's error as the protocol's.
pub(crate) fn fault(error: mysql_async::Error) -> Fault {
    match error {
        mysql_async::Error::Server(error) => {
            Fault::Answer(Answer { code: error.code, state: error.state, message: error.message })
        }
        other => Fault::Broken(other.to_string()),
    }
}
