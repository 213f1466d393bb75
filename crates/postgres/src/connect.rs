//! From a target to an open connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use driftlock_database::{Cancel, ConnectOptions, Error, Holder};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{CancelToken, Config, NoTls};

use crate::error::words;
use crate::tap::{Peer, Socket, Tap};
use crate::url::{Address, Attributes, Host, KeepAlive, Target};
use crate::wire::Wire;

/// PostgreSQL keeps 63 bytes of an application's name.
const NAME_LIMIT: usize = 63;

/// How long asking for a cancel may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// How this runner is called in `pg_stat_activity`: `driftlock <pid>@<host> <user>`, so that a waiting one can read it.
pub(crate) fn application_name(holder: &Holder, own: Option<&str>) -> String {
    let pid = holder.pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
    let plain = |text: &Option<String>| text.as_deref().unwrap_or("?").replace(char::is_whitespace, "_");
    let mut name = format!("driftlock {pid}@{} {}", plain(&holder.host), plain(&holder.user));
    if let Some(own) = own {
        name.push_str(" / ");
        name.push_str(own);
    }
    // The server would do both with what is not ASCII or too long, and not on character boundaries.
    name.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).take(NAME_LIMIT).collect()
}

/// Reads [`application_name`] back. `None` when the name is not one of ours.
pub(crate) fn holder_of(application_name: &str) -> Option<Holder> {
    let rest = application_name.strip_prefix("driftlock ")?;
    let (pid, rest) = rest.split_once('@')?;
    let mut words = rest.split(' ');
    let known = |word: Option<&str>| word.filter(|word| !word.is_empty() && *word != "?").map(str::to_owned);
    Some(Holder { pid: pid.parse().ok(), host: known(words.next()), user: known(words.next()), ..Holder::default() })
}

/// An open connection, where it leads, and how to cancel on it.
pub(crate) struct Opened {
    pub(crate) wire: Wire,
    pub(crate) canceller: Arc<dyn Cancel>,
}

/// Tries the hosts in order until one answers, again while servers have no connection left or are starting.
pub(crate) async fn open(target: &Target, options: &ConnectOptions) -> Result<Opened, Error> {
    let deadline = Instant::now() + options.connect_timeout;
    let mut pause = Duration::from_millis(50);
    loop {
        let error = match one_round(target, options, deadline).await {
            Ok(opened) => return Ok(opened),
            Err(Refusal::Final(error)) => return Err(error),
            Err(Refusal::Again(error)) => error,
        };
        // Jittered, so that runners that failed together don't come back together.
        let wait = pause.mul_f64(0.5 + fastrand::f64());
        if Instant::now() + wait >= deadline {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

enum Refusal {
    Final(Error),
    Again(Error),
}

async fn one_round(target: &Target, options: &ConnectOptions, deadline: Instant) -> Result<Opened, Refusal> {
    let mut order: Vec<&Host> = target.hosts.iter().collect();
    if target.shuffle {
        fastrand::shuffle(&mut order);
    }
    let mut refused: Vec<(&Host, String)> = Vec::new();
    let mut busy = false;
    for (at, host) in order.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(order.len() - at).unwrap_or(u32::MAX);
        let limit = target.attempt_timeout.map_or(share, |limit| limit.min(left));
        let reason = match tokio::time::timeout(limit, attempt(target, options, host)).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(Trouble::Login(reason))) => {
                return Err(Refusal::Final(Error::Login { target: host.to_string(), reason }));
            }
            Ok(Err(Trouble::Busy(reason))) => {
                busy = true;
                reason
            }
            Ok(Err(Trouble::Unreachable(reason))) => reason,
            Err(_) => format!("no answer within {:.1} s", limit.as_secs_f64()),
        };
        refused.push((host, reason));
    }
    let error = match refused.as_slice() {
        [(host, reason)] => Error::Connect { target: host.to_string(), reason: reason.clone() },
        several => Error::Connect {
            target: several.iter().map(|(host, _)| host.to_string()).collect::<Vec<_>>().join(", "),
            reason: several.iter().map(|(host, why)| format!("{host}: {why}")).collect::<Vec<_>>().join("; "),
        },
    };
    Err(if busy { Refusal::Again(error) } else { Refusal::Final(error) })
}

enum Trouble {
    /// Another host may do better.
    Unreachable(String),
    /// The same server may do better in a moment.
    Busy(String),
    /// It said no.
    Login(String),
}

async fn attempt(target: &Target, options: &ConnectOptions, host: &Host) -> Result<Opened, Trouble> {
    let (socket, peer) = dial(&host.address, host.port, &target.keep_alive)
        .await
        .map_err(|error| Trouble::Unreachable(error.to_string()))?;
    let mut config = Config::new();
    config
        .user(&target.user)
        .dbname(&target.database)
        .application_name(application_name(&options.holder, target.application_name.as_deref()))
        .ssl_mode(SslMode::Disable);
    if let Some(password) = &host.password {
        config.password(password);
    }
    let (tap, seen) = Tap::new(socket);
    let (client, connection) =
        config.connect_raw(tap, NoTls).await.map_err(|error| trouble(&error, host, target.passfile_note.as_deref()))?;
    seen.forget_end();
    let token = client.cancel_token();
    let mut wire = Wire::new(client, connection, seen);
    wire.limit_first_answer(host.to_string(), options.connect_timeout);
    if let Some(reason) = lacks(&mut wire, target.attributes).await.map_err(Trouble::Unreachable)? {
        wire.close().await;
        return Err(Trouble::Unreachable(reason));
    }
    let canceller = Arc::new(Canceller { token, peer, asked: Arc::clone(&wire.cancelled) });
    Ok(Opened { wire, canceller })
}

fn trouble(error: &tokio_postgres::Error, host: &Host, passfile_note: Option<&str>) -> Trouble {
    let Some(db) = error.as_db_error() else {
        let reason = words(error);
        if reason.ends_with("password missing") {
            let note = passfile_note.map(|note| format!(" ({note})")).unwrap_or_default();
            return Trouble::Login(format!(
                "a password is wanted and none was given: put it into the URL, PGPASSWORD or ~/.pgpass{note}"
            ));
        }
        // The driver tells its own refusals (an unknown method of authentication) by their first word only.
        if reason.starts_with("authentication error") {
            return Trouble::Login(reason);
        }
        return Trouble::Unreachable(reason);
    };
    let reason = format!("{} [{}]", with_hint(db), db.code().code());
    if matches!(*db.code(), SqlState::TOO_MANY_CONNECTIONS | SqlState::CANNOT_CONNECT_NOW) {
        return Trouble::Busy(reason);
    }
    match passfile_note.filter(|_| host.password.is_none()) {
        Some(note) => Trouble::Login(format!("{reason} ({note})")),
        None => Trouble::Login(reason),
    }
}

fn with_hint(db: &DbError) -> String {
    match db.hint() {
        Some(hint) => format!("{} ({hint})", db.message()),
        None => db.message().to_owned(),
    }
}

/// What this server lacks of what was asked for.
async fn lacks(wire: &mut Wire, attributes: Attributes) -> Result<Option<String>, String> {
    let (sql, reason) = match attributes {
        Attributes::Any => return Ok(None),
        Attributes::Primary => ("SELECT pg_catalog.pg_is_in_recovery()", "it is a standby"),
        Attributes::ReadWrite => {
            ("SELECT pg_catalog.current_setting('transaction_read_only') = 'on'", "it is read-only")
        }
    };
    let mut answers = wire.exchange(&[sql]).await.map_err(|error| error.to_string())?;
    let results = answers.remove(0).ok(false).map_err(|error| error.to_string())?;
    let yes = results.first().and_then(|result| result.rows.first()).and_then(|row| row.get(0)) == Some("t");
    Ok(yes.then(|| format!("{reason}, and `target_session_attrs` wants another")))
}

/// Opens a socket.
async fn dial(address: &Address, port: u16, keep_alive: &KeepAlive) -> io::Result<(Socket, Peer)> {
    match address {
        Address::Unix(directory) => {
            let path = directory.join(format!(".s.PGSQL.{port}"));
            let socket = UnixStream::connect(&path).await?;
            Ok((Socket::Unix(socket), Peer::Unix(path)))
        }
        Address::Tcp(_, Some(ip)) => tcp((*ip, port).into(), keep_alive).await,
        Address::Tcp(name, None) => {
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            for address in tokio::net::lookup_host((name.as_str(), port)).await? {
                match tcp(address, keep_alive).await {
                    Ok(connected) => return Ok(connected),
                    Err(error) => last = io::Error::new(error.kind(), format!("{error} ({address})")),
                }
            }
            Err(last)
        }
    }
}

async fn tcp(address: std::net::SocketAddr, keep_alive: &KeepAlive) -> io::Result<(Socket, Peer)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    if keep_alive.on {
        let settings = TcpKeepalive::new()
            .with_time(keep_alive.idle)
            .with_interval(keep_alive.interval)
            .with_retries(keep_alive.count);
        socket.set_tcp_keepalive(&settings)?;
    }
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(keep_alive.user_timeout))?;
    Ok((Socket::Tcp(stream), Peer::Tcp(address)))
}

/// Cancels through a connection of its own, as PostgreSQL wants it.
struct Canceller {
    token: CancelToken,
    peer: Peer,
    asked: Arc<AtomicBool>,
}

#[async_trait]
impl Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Error> {
        self.asked.store(true, Ordering::Release);
        let ask = async {
            let mut socket = match &self.peer {
                Peer::Tcp(address) => Socket::Tcp(TcpStream::connect(address).await?),
                Peer::Unix(path) => Socket::Unix(UnixStream::connect(path).await?),
            };
            let request =
                cancel_request(&self.token).await.ok_or_else(|| io::Error::other("the driver gives no request"))?;
            socket.write_all(&request).await?;
            socket.flush().await?;
            // Whoever got it hangs up when it has passed it on. Where the asker does first, as the driver would, PgBouncer drops
            // the request, and 1.18 may even die of it.
            let mut rest = [0; 64];
            while socket.read(&mut rest).await.is_ok_and(|read| read > 0) {}
            Ok::<_, io::Error>(())
        };
        let reason = match tokio::time::timeout(CANCEL_TIMEOUT, ask).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => words(&error),
            Err(_) => format!("no answer within {} s", CANCEL_TIMEOUT.as_secs()),
        };
        let target = match &self.peer {
            Peer::Tcp(address) => address.to_string(),
            Peer::Unix(path) => path.display().to_string(),
        };
        Err(Error::Connect { target, reason: format!("the statement could not be cancelled: {reason}") })
    }
}

/// The process id that the server gave at login, which the driver shows only in a request to cancel.
pub(crate) async fn backend_pid(token: &CancelToken) -> Option<i32> {
    // Length, the request's code, process id, secret.
    let request = cancel_request(token).await?;
    Some(i32::from_be_bytes(request[8..12].try_into().ok()?))
}

/// The driver's request to cancel what a session runs.
async fn cancel_request(token: &CancelToken) -> Option<[u8; 16]> {
    let (near, mut far) = tokio::io::duplex(64);
    token.cancel_query_raw(near, NoTls).await.ok()?;
    let mut request = [0; 16];
    far.read_exact(&mut request).await.ok()?;
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_survives_the_name() {
        let me =
            Holder { pid: Some(42), host: Some("ci-7".to_owned()), user: Some("ann".to_owned()), ..Holder::default() };
        let name = application_name(&me, None);
        assert_eq!(name, "driftlock 42@ci-7 ann");
        assert_eq!(holder_of(&name), Some(me.clone()));
        assert_eq!(holder_of(&application_name(&me, Some("billing"))), Some(me));
        let long = Holder { host: Some("h".repeat(80)), ..Holder::default() };
        assert_eq!(application_name(&long, None).len(), 63);
        assert_eq!(holder_of("psql"), None);
        assert_eq!(holder_of("driftlock ?@? ?"), Some(Holder::default()));
        assert_eq!(
            application_name(&Holder { user: Some("žofie b".to_owned()), ..Holder::default() }, None),
            "driftlock ?@? ?ofie_b"
        );
    }
}
