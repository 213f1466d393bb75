//! The way to a session on one server: the socket, TLS, the login.

use std::io;
use std::time::Duration;

use driftlock_database::{ConnectOptions, Error};
use driftlock_tls::Duplex;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use crate::conn::Own;
use crate::encryption::{Encryption, Mode};
use crate::error::reason;
use crate::login::{Greeting, Login};
use crate::packets::Fault;
use crate::url::{Place, Target};

/// How soon a half-open connection is noticed: asked for a sign of life after so long a silence, and so often again.
const KEEPALIVE: Duration = Duration::from_secs(15);
const INTERVAL: Duration = Duration::from_secs(5);
const TRIES: u32 = 3;

/// How long what was sent may stay unacknowledged.
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// How to get a session on one server.
#[derive(Clone)]
pub(crate) struct Route {
    place: Place,
    user: String,
    password: String,
    database: String,
    attributes: Vec<(String, String)>,
    encryption: Encryption,
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server's word, or none.
    Fault(Fault),
    /// No connection.
    Io(io::Error),
    /// The server can't do what is demanded.
    Lacks(String),
    /// What the user asked for can't be done with any server.
    Settings(Error),
}

impl Trouble {
    /// In words.
    pub(crate) fn reason(&self) -> String {
        match self {
            Trouble::Fault(fault) => reason(fault),
            Trouble::Io(error) => error.to_string(),
            Trouble::Lacks(what) => what.clone(),
            Trouble::Settings(error) => error.to_string(),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Trouble::Fault(fault)
    }
}

impl Route {
    pub(crate) fn new(target: &Target, place: &Place, options: &ConnectOptions) -> Self {
        let mut attributes = vec![
            ("program_name".to_owned(), "driftlock".to_owned()),
            ("_client_name".to_owned(), "driftlock".to_owned()),
            ("_client_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("_pid".to_owned(), options.holder.pid.unwrap_or_else(std::process::id).to_string()),
        ];
        for (key, value) in [("driftlock_host", &options.holder.host), ("driftlock_user", &options.holder.user)] {
            attributes.extend(value.iter().map(|value| (key.to_owned(), value.clone())));
        }
        Route {
            place: place.clone(),
            user: target.user.clone(),
            password: target.password.clone().unwrap_or_default(),
            database: target.database.clone(),
            attributes,
            encryption: target.encryption.clone(),
        }
    }

    /// Opens a session. Once there was one in TLS, those after it are too.
    pub(crate) async fn open(&mut self) -> Result<Own, Trouble> {
        let login = Login {
            user: &self.user,
            password: &self.password,
            database: &self.database,
            attributes: &self.attributes,
        };
        let (host, port) = match &self.place {
            Place::Socket(path) => {
                let mut socket = UnixStream::connect(path).await.map_err(Trouble::Io)?;
                let greeting = Greeting::receive(&mut socket).await?;
                return Ok(greeting.log_in(Box::new(socket), false, true, &login).await?);
            }
            Place::Tcp(host, port) => (host, *port),
        };
        let mut socket = tcp(host, port).await.map_err(Trouble::Io)?;
        let mut greeting = Greeting::receive(&mut socket).await?;
        if self.encryption.mode == Mode::Disabled {
            return Ok(greeting.log_in(Box::new(socket), false, false, &login).await?);
        }
        let preferred = self.encryption.mode == Mode::Preferred;
        if greeting.offers_tls() {
            let connector = self.encryption.connector().map_err(Trouble::Settings)?;
            match greeting.encrypt(&connector, host, socket).await {
                Ok(stream) => {
                    let admitted = greeting.log_in(stream, true, true, &login).await?;
                    self.encryption.mode = Mode::Required;
                    return Ok(admitted);
                }
                // "Falling back … if an encrypted connection cannot be established."
                Err(Fault::Broken(_)) if preferred => {
                    socket = tcp(host, port).await.map_err(Trouble::Io)?;
                    greeting = Greeting::receive(&mut socket).await?;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        if !preferred {
            return Err(Trouble::Lacks(
                "the server doesn't offer TLS and `ssl-mode` demands it: give it a certificate, or use `ssl-mode=PREFERRED` where the network is safe"
                    .to_owned(),
            ));
        }
        Ok(greeting.log_in(Box::new(socket) as Box<dyn Duplex>, false, false, &login).await?)
    }

    /// What may be missing where the server refuses a login.
    pub(crate) fn hint(&self) -> &'static str {
        if self.encryption.lacks_certificate() {
            ". If the account wants a client certificate: `ssl-cert` and `ssl-key`"
        } else {
            ""
        }
    }
}

/// Opens a socket to the first of the host's addresses that answers.
async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(INTERVAL).with_retries(TRIES))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(stream)
}
