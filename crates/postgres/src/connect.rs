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
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{CancelToken, Config};

use crate::encryption::{self, Agreement, Mode, Unencrypted};
use crate::error::words;
use crate::link::Settled;
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
    let mut busy: Option<Error> = None;
    loop {
        let error = match one_round(target, options, deadline).await {
            Ok(opened) => return Ok(opened),
            // The time ended in the midst of the last try: what the server said before that is the reason.
            Err(Refusal::Final(error)) => return Err(busy.filter(|_| Instant::now() >= deadline).unwrap_or(error)),
            Err(Refusal::Again(error)) => error,
        };
        busy = Some(error.clone());
        // Jittered, so that runners that failed together don't come back together.
        let wait = pause.mul_f64(0.5 + fastrand::f64());
        if Instant::now() + wait >= deadline {
            return Err(match error {
                Error::Connect { target, reason } => Error::Connect {
                    target,
                    reason: format!(
                        "{reason}; it was tried again for {} s (`--connect-timeout`)",
                        options.connect_timeout.as_secs()
                    ),
                },
                error => error,
            });
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
            Ok(Err(Trouble::Settings(error))) => return Err(Refusal::Final(error)),
            Ok(Err(Trouble::Login(reason) | Trouble::Barred(reason))) => {
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
    /// It lets nobody in this way; encrypted, or in plain, it may.
    Barred(String),
    /// What the user asked for can't be done with any server.
    Settings(Error),
}

impl Trouble {
    /// The same, with what had been tried before.
    fn after(self, before: &str) -> Self {
        let both = |reason: String| format!("{reason}; {before}");
        match self {
            Trouble::Unreachable(reason) => Trouble::Unreachable(both(reason)),
            Trouble::Busy(reason) => Trouble::Busy(both(reason)),
            Trouble::Login(reason) => Trouble::Login(both(reason)),
            Trouble::Barred(reason) => Trouble::Barred(both(reason)),
            Trouble::Settings(error) => Trouble::Settings(error),
        }
    }
}

/// One server, as its `sslmode` wants it. Where either way will do, the second is tried when the first didn't get in, as libpq does;
/// but not with a password that was wrong.
async fn attempt(target: &Target, options: &ConnectOptions, host: &Host) -> Result<Opened, Trouble> {
    let mode = match host.address {
        Address::Unix(_) => Mode::Disable,
        Address::Tcp(..) => target.encryption.mode,
    };
    match mode {
        Mode::Disable => plain(target, options, host).await,
        Mode::Allow => match plain(target, options, host).await {
            Err(Trouble::Barred(reason)) => encrypted(target, options, host, mode)
                .await
                .map_err(|trouble| trouble.after(&format!("without TLS: {reason}"))),
            other => other,
        },
        Mode::Prefer => match encrypted(target, options, host, mode).await {
            Err(Trouble::Barred(reason)) => {
                plain(target, options, host).await.map_err(|trouble| trouble.after(&format!("with TLS: {reason}")))
            }
            other => other,
        },
        Mode::Require => encrypted(target, options, host, mode).await,
    }
}

async fn plain(target: &Target, options: &ConnectOptions, host: &Host) -> Result<Opened, Trouble> {
    let (socket, peer) = dial(&host.address, host.port, &target.keep_alive)
        .await
        .map_err(|error| Trouble::Unreachable(error.to_string()))?;
    login(target, options, host, socket, peer, None, Settled::default()).await
}

async fn encrypted(target: &Target, options: &ConnectOptions, host: &Host, mode: Mode) -> Result<Opened, Trouble> {
    let Address::Tcp(name, _) = &host.address else { return plain(target, options, host).await };
    let unreachable = |error: io::Error| Trouble::Unreachable(error.to_string());
    let (socket, peer) = dial(&host.address, host.port, &target.keep_alive).await.map_err(unreachable)?;
    let Socket::Tcp(stream) = socket else { return plain(target, options, host).await };
    match encryption::agree(&target.encryption, name, stream).await {
        Ok(encrypted) => {
            let settled = Settled { end_point: encrypted.end_point };
            let socket = Socket::Tls(Box::new(encrypted.stream));
            let agreement = encrypted.agreement;
            login(target, options, host, socket, peer, Some(agreement.clone()), settled).await.map_err(|trouble| {
                match trouble {
                    Trouble::Barred(reason) => Trouble::Barred(format!("{reason}{}", agreement.hint())),
                    other => other,
                }
            })
        }
        Err(Unencrypted::NotOffered(stream)) if mode == Mode::Prefer => {
            login(target, options, host, Socket::Tcp(stream), peer, None, Settled::default()).await
        }
        Err(Unencrypted::Failed(reason)) if mode == Mode::Prefer => Err(Trouble::Barred(reason)),
        Err(Unencrypted::Failed(reason)) => Err(Trouble::Unreachable(reason)),
        Err(Unencrypted::Settings(error)) => Err(Trouble::Settings(error)),
        Err(Unencrypted::NotOffered(_)) => Err(Trouble::Unreachable(
            "the server doesn't offer TLS and `sslmode` demands it: turn `ssl` on there, or use `sslmode=prefer` where the network is safe"
                .to_owned(),
        )),
    }
}

async fn login(
    target: &Target,
    options: &ConnectOptions,
    host: &Host,
    socket: Socket,
    peer: Peer,
    agreement: Option<Agreement>,
    settled: Settled,
) -> Result<Opened, Trouble> {
    let mut config = Config::new();
    config
        .user(&target.user)
        .dbname(&target.database)
        .application_name(application_name(&options.holder, target.application_name.as_deref()))
        // Nothing is left for the driver to agree on: it takes the stream for encrypted from the start.
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct)
        .channel_binding(target.encryption.channel_binding);
    if let Some(password) = &host.password {
        config.password(password);
    }
    let (tap, seen) = Tap::new(socket);
    let (client, connection) = config
        .connect_raw(tap, settled)
        .await
        .map_err(|error| trouble(&error, host, target.passfile_note.as_deref()))?;
    seen.forget_end();
    let token = client.cancel_token();
    let mut wire = Wire::new(client, connection, seen);
    wire.limit_first_answer(host.to_string(), options.connect_timeout);
    if let Some(reason) = lacks(&mut wire, target.attributes).await.map_err(Trouble::Unreachable)? {
        wire.close().await;
        return Err(Trouble::Unreachable(reason));
    }
    let canceller = Arc::new(Canceller { token, peer, agreement, asked: Arc::clone(&wire.cancelled) });
    Ok(Opened { wire, canceller })
}

fn trouble(error: &tokio_postgres::Error, host: &Host, passfile_note: Option<&str>) -> Trouble {
    let Some(db) = error.as_db_error() else {
        if let Some(reason) = driftlock_tls::explain(error) {
            return Trouble::Unreachable(reason);
        }
        let reason = words(error);
        if reason.ends_with("password missing") {
            let note = passfile_note.map(|note| format!(" ({note})")).unwrap_or_default();
            return Trouble::Login(format!(
                "a password is wanted and none was given: put it into the URL, PGPASSWORD or ~/.pgpass{note}"
            ));
        }
        if reason.ends_with("server did not use channel binding") {
            return Trouble::Login(
                "`channel_binding=require` wants a login by SCRAM over TLS, tied to the server's certificate; this server asked for another"
                    .to_owned(),
            );
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
    if *db.code() == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        return Trouble::Barred(reason);
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
                    // The name is said already; which of its addresses it was isn't.
                    Err(error) if name.parse::<std::net::IpAddr>().is_err() => {
                        last = io::Error::new(error.kind(), format!("{error} ({address})"));
                    }
                    Err(error) => last = error,
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
    /// How the session is encrypted: the key that cancels it is not sent in plain where the session isn't.
    agreement: Option<Agreement>,
    asked: Arc<AtomicBool>,
}

#[async_trait]
impl Cancel for Canceller {
    async fn cancel(&self) -> Result<(), Error> {
        self.asked.store(true, Ordering::Release);
        let ask = async {
            let mut socket = match (&self.peer, &self.agreement) {
                (Peer::Unix(path), _) => Socket::Unix(UnixStream::connect(path).await?),
                (Peer::Tcp(address), None) => Socket::Tcp(TcpStream::connect(address).await?),
                (Peer::Tcp(address), Some(agreement)) => {
                    let stream = TcpStream::connect(address).await?;
                    Socket::Tls(Box::new(agreement.again(stream).await.map_err(unencrypted)?))
                }
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

fn unencrypted(why: Unencrypted) -> io::Error {
    io::Error::other(match why {
        Unencrypted::Settings(error) => error.to_string(),
        Unencrypted::Failed(reason) => reason,
        Unencrypted::NotOffered(_) => "the server no longer offers TLS".to_owned(),
    })
}

/// The process id that the server gave at login, which the driver shows only in a request to cancel.
pub(crate) async fn backend_pid(token: &CancelToken) -> Option<i32> {
    // Length, the request's code, process id, secret.
    let request = cancel_request(token).await?;
    Some(i32::from_be_bytes(request[8..12].try_into().ok()?))
}

/// The driver's request to cancel what a session runs.
async fn cancel_request(token: &CancelToken) -> Option<[u8; 16]> {
    /// The code of a request to encrypt: a lent client's asks for that first, where its session may be encrypted.
    const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
    let (near, mut far) = tokio::io::duplex(64);
    let overheard = async {
        let mut request = [0; 16];
        far.read_exact(&mut request[..8]).await.ok()?;
        let rest = if request[4..8] == SSL_REQUEST {
            far.write_all(b"S").await.ok()?;
            &mut request[..]
        } else {
            &mut request[8..]
        };
        far.read_exact(rest).await.ok()?;
        Some(request)
    };
    let (asked, request) = tokio::join!(token.cancel_query_raw(near, Settled::default()), overheard);
    asked.ok()?;
    request
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
