//! TLS with libpq's meanings: what is asked for, and how it is agreed on with a server.
//!
//! It is agreed on here and not by the driver, because what reads the server's messages in passing has to sit inside of it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use driftlock_database::Error;
use driftlock_tls::{Connector, Identity, Names, Roots, Settings, TlsStream, Trust, Versions, server_end_point};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::config::ChannelBinding;

use crate::url::Keys;

/// When to encrypt. Sockets of the file system never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Never.
    Disable,
    /// When the server doesn't let a plain connection in.
    Allow,
    /// When the server can, and lets it in.
    Prefer,
    /// Always.
    Require,
}

/// How a client says that it wants TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Negotiation {
    /// It asks, and waits for the answer.
    Postgres,
    /// It just begins, which servers take from version 17 on.
    Direct,
}

/// What `sslmode` wants verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verify {
    /// Nothing, unless there is a file of roots.
    IfRoots,
    Chain,
    Name,
}

/// Everything about TLS that a URL asks for. Its files are looked at when a server is about to use it.
#[derive(Debug, Clone)]
pub(crate) struct Encryption {
    pub(crate) mode: Mode,
    pub(crate) channel_binding: ChannelBinding,
    negotiation: Negotiation,
    verify: Verify,
    roots: Option<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    revoked: Option<PathBuf>,
    show_certificate: bool,
    send_name: bool,
    versions: Versions,
    /// `~/.postgresql`, where libpq looks for what isn't named.
    directory: Option<PathBuf>,
    connector: OnceLock<Arc<Connector>>,
}

const NAMES: Names =
    Names { roots: "sslrootcert", certificate: "sslcert", key: "sslkey", without_name: "sslmode=verify-ca" };

/// The keys that this reads.
pub(crate) const KEYS: &str = "sslmode, ssl, sslnegotiation, sslrootcert, sslcert, sslkey, sslcertmode, sslcrl, sslsni, sslcompression, \
                               ssl_min_protocol_version, ssl_max_protocol_version, channel_binding";

fn wrong<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::Url(message.into()))
}

/// Keys of libpq's that are not supported, and why.
pub(crate) fn unsupported(key: &str) -> Option<&'static str> {
    Some(match key {
        "sslpassword" => {
            "driftlock doesn't decrypt private keys: `openssl pkey -in KEY -out PLAIN` writes one in plain, for `sslkey`"
        }
        "sslcrldir" => "revocation lists are read from one file: `sslcrl`",
        "sslkeylogfile" => "driftlock doesn't write the keys of its connections down",
        _ => return None,
    })
}

impl Encryption {
    pub(crate) fn read(keys: &Keys<'_>, home: Option<&Path>) -> Result<Self, Error> {
        if let Some(crldir) = keys.get("sslcrldir", "PGSSLCRLDIR") {
            return wrong(format!("`PGSSLCRLDIR` is `{crldir}`: revocation lists are read from one file: `PGSSLCRL`"));
        }
        let roots = keys.get("sslrootcert", "PGSSLROOTCERT").map(str::to_owned);
        let system = roots.as_deref() == Some("system");
        let (mode, verify) = mode(keys, system)?;
        let direct = keys.one_of("sslnegotiation", "PGSSLNEGOTIATION", &["postgres", "direct"], "")? == Some("direct");
        if direct && mode != Mode::Require {
            return wrong("`sslnegotiation=direct` begins with TLS, so it wants `sslmode=require` or stronger");
        }
        keys.one_of("sslcompression", "PGSSLCOMPRESSION", &["0"], ", no TLS of today compresses")?;
        let certificate = keys.get("sslcert", "PGSSLCERT").map(PathBuf::from);
        let key = keys.get("sslkey", "PGSSLKEY").map(PathBuf::from);
        let certmode =
            keys.one_of("sslcertmode", "PGSSLCERTMODE", &["disable", "allow"], " (the server knows what it requires)")?;
        let channel_binding =
            keys.one_of("channel_binding", "PGCHANNELBINDING", &["disable", "prefer", "require"], "")?;
        Ok(Encryption {
            mode,
            channel_binding: match channel_binding {
                Some("disable") => ChannelBinding::Disable,
                Some("require") => ChannelBinding::Require,
                _ => ChannelBinding::Prefer,
            },
            negotiation: if direct { Negotiation::Direct } else { Negotiation::Postgres },
            verify,
            roots,
            certificate,
            key,
            revoked: keys.get("sslcrl", "PGSSLCRL").map(PathBuf::from),
            show_certificate: certmode != Some("disable"),
            send_name: keys.one_of("sslsni", "PGSSLSNI", &["0", "1"], "")? != Some("0"),
            versions: versions(keys)?,
            directory: home.map(|home| home.join(".postgresql")),
            connector: OnceLock::new(),
        })
    }

    /// A file in `~/.postgresql`, if it is there.
    fn standard(&self, name: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(name)).filter(|path| path.exists())
    }

    fn settings(&self) -> Result<Settings, Error> {
        let roots = match self.roots.as_deref() {
            Some("system") => Some(Roots::System),
            Some(path) => Some(Roots::File(PathBuf::from(path))),
            None => self.standard("root.crt").map(Roots::File),
        };
        let trust = match (self.verify, roots) {
            (Verify::IfRoots, None) => Trust::Anyone,
            (Verify::IfRoots, Some(roots)) => Trust::Chain(roots),
            (Verify::Chain, roots) => Trust::Chain(roots.unwrap_or(Roots::System)),
            (Verify::Name, roots) => Trust::Name(roots.unwrap_or(Roots::System)),
        };
        let revoked = match (&self.revoked, &trust) {
            (Some(path), Trust::Anyone) => {
                return wrong(format!(
                    "`sslcrl={}` says which certificates not to trust, but without `sslrootcert` this `sslmode` trusts any: use `sslmode=verify-full`",
                    path.display()
                ));
            }
            (Some(path), _) => Some(path.clone()),
            (None, Trust::Anyone) => None,
            (None, _) => self.standard("root.crl"),
        };
        Ok(Settings {
            trust,
            identity: self.identity()?,
            revoked,
            versions: self.versions,
            send_name: self.send_name,
            // As registered, and as libpq sends it since version 17; older servers pay no heed.
            protocol: Some(b"postgresql"),
            names: NAMES,
        })
    }

    fn identity(&self) -> Result<Option<Identity>, Error> {
        if !self.show_certificate {
            return Ok(None);
        }
        let Some(certificate) = self.certificate.clone().or_else(|| self.standard("postgresql.crt")) else {
            return match &self.key {
                None => Ok(None),
                Some(key) => wrong(format!(
                    "`sslkey={}` is the key of a certificate, and none was given: `sslcert`",
                    key.display()
                )),
            };
        };
        let key =
            self.key.clone().or_else(|| self.directory.as_ref().map(|directory| directory.join("postgresql.key")));
        let Some(key) = key else {
            return wrong(format!("`sslcert={}` wants its private key: `sslkey`", certificate.display()));
        };
        check_private(&key)?;
        Ok(Some(Identity { certificate, key }))
    }

    fn connector(&self) -> Result<Arc<Connector>, Error> {
        if let Some(connector) = self.connector.get() {
            return Ok(Arc::clone(connector));
        }
        let made = Connector::new(&self.settings()?).map_err(|error| Error::Url(error.to_string()))?;
        Ok(Arc::clone(self.connector.get_or_init(|| Arc::new(made))))
    }
}

/// `sslmode` and its older forms.
fn mode(keys: &Keys<'_>, system: bool) -> Result<(Mode, Verify), Error> {
    let asked = match (keys.url.option("sslmode"), keys.url.option("ssl")) {
        (Some(mode), _) if !mode.is_empty() => Some(mode),
        // JDBC's, which libpq takes in a URL.
        (_, Some("true")) => Some("require"),
        (_, Some(other)) => return wrong(format!("`ssl={other}` is not known, only `ssl=true`: use `sslmode`")),
        (_, None) => keys
            .get("sslmode", "PGSSLMODE")
            .or_else(|| (keys.get("", "PGREQUIRESSL") == Some("1")).then_some("require")),
    };
    if system && !matches!(asked, None | Some("verify-full")) {
        return wrong(format!(
            "`sslrootcert=system` trusts whomever the system trusts, so the name has to be verified too: `sslmode={}` doesn't, use `sslmode=verify-full`",
            asked.unwrap_or_default()
        ));
    }
    Ok(match asked {
        None if system => (Mode::Require, Verify::Name),
        None | Some("prefer") => (Mode::Prefer, Verify::IfRoots),
        Some("disable") => (Mode::Disable, Verify::IfRoots),
        Some("allow") => (Mode::Allow, Verify::IfRoots),
        Some("require") => (Mode::Require, Verify::IfRoots),
        Some("verify-ca") => (Mode::Require, Verify::Chain),
        Some("verify-full") => (Mode::Require, Verify::Name),
        Some(mode) => {
            return wrong(format!(
                "`sslmode={mode}` is none of disable, allow, prefer, require, verify-ca, verify-full"
            ));
        }
    })
}

fn versions(keys: &Keys<'_>) -> Result<Versions, Error> {
    let known = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let read = |key: &str, variable: &str| {
        let Some(value) = keys.get(key, variable) else { return Ok(None) };
        match known.iter().position(|known| known.eq_ignore_ascii_case(value)) {
            None => wrong(format!("`{key}={value}` is none of {}", known.join(", "))),
            at => Ok(at),
        }
    };
    let least = read("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION")?;
    match (least, read("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION")?) {
        (Some(least), Some(most)) if least > most => {
            wrong("`ssl_min_protocol_version` is above `ssl_max_protocol_version`")
        }
        (_, Some(0 | 1)) => wrong("`ssl_max_protocol_version`: driftlock speaks TLSv1.2 and TLSv1.3"),
        (_, Some(2)) => Ok(Versions::Tls12),
        (Some(3), _) => Ok(Versions::Tls13),
        _ => Ok(Versions::Any),
    }
}

/// libpq's rule for a private key: a plain file, for its owner alone, or root's and at most for its group.
fn check_private(path: &Path) -> Result<(), Error> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return wrong(format!("the private key {} can't be read: {error}", path.display())),
    };
    if !metadata.is_file() {
        return wrong(format!("the private key {} is not a plain file", path.display()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let others = if metadata.uid() == 0 { 0o037 } else { 0o077 };
        if metadata.mode() & others != 0 {
            return wrong(format!(
                "the private key {} was not used because others than its owner may read it; run `chmod 600` on it",
                path.display()
            ));
        }
    }
    Ok(())
}

/// Why a connection is not encrypted.
pub(crate) enum Unencrypted {
    /// What was asked for can't be.
    Settings(Error),
    /// The server said that it can't; the socket may go on in plain.
    NotOffered(TcpStream),
    /// It went wrong.
    Failed(String),
}

impl From<io::Error> for Unencrypted {
    fn from(error: io::Error) -> Self {
        Unencrypted::Failed(error.to_string())
    }
}

/// What makes further connections to a server that this one was encrypted with.
#[derive(Debug, Clone)]
pub(crate) struct Agreement {
    connector: Arc<Connector>,
    host: String,
    negotiation: Negotiation,
}

/// An encrypted connection, and how it came about.
pub(crate) struct Encrypted {
    pub(crate) stream: TlsStream<TcpStream>,
    /// What ties a login to this connection.
    pub(crate) end_point: Option<Vec<u8>>,
    pub(crate) agreement: Agreement,
}

/// Agrees on TLS with the server that is known as `host`.
pub(crate) async fn agree(encryption: &Encryption, host: &str, stream: TcpStream) -> Result<Encrypted, Unencrypted> {
    if encryption.negotiation == Negotiation::Postgres {
        let (stream, offered) = ask(stream).await?;
        if !offered {
            return Err(Unencrypted::NotOffered(stream));
        }
        return begin(encryption, host, stream).await;
    }
    begin(encryption, host, stream).await
}

async fn begin(encryption: &Encryption, host: &str, stream: TcpStream) -> Result<Encrypted, Unencrypted> {
    let connector = encryption.connector().map_err(Unencrypted::Settings)?;
    let agreement = Agreement { connector, host: host.to_owned(), negotiation: encryption.negotiation };
    let stream = agreement.handshake(stream).await?;
    let end_point = server_end_point(stream.get_ref().1);
    Ok(Encrypted { stream, end_point, agreement })
}

impl Agreement {
    /// What to say to a client whom the server doesn't let in, where it asked for a certificate and got none.
    pub(crate) fn hint(&self) -> &'static str {
        if self.connector.lacks_certificate() {
            ". It asks for client certificates, and none was given: `sslcert` and `sslkey`"
        } else {
            ""
        }
    }

    /// The same over another connection to the same server.
    pub(crate) async fn again(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Unencrypted> {
        let stream = match self.negotiation {
            Negotiation::Direct => stream,
            Negotiation::Postgres => match ask(stream).await? {
                (stream, true) => stream,
                (stream, false) => return Err(Unencrypted::NotOffered(stream)),
            },
        };
        self.handshake(stream).await
    }

    async fn handshake(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Unencrypted> {
        let direct = self.negotiation == Negotiation::Direct;
        let hint = "; `sslnegotiation=direct` is for servers from version 17 on";
        let stream = self
            .connector
            .connect(&self.host, stream)
            .await
            .map_err(|error| Unencrypted::Failed(format!("{error}{}", if direct { hint } else { "" })))?;
        if direct && stream.get_ref().1.alpn_protocol() != Some(b"postgresql") {
            return Err(Unencrypted::Failed(format!(
                "the server didn't agree to speak PostgreSQL inside of TLS{hint}"
            )));
        }
        Ok(stream)
    }
}

/// Asks whether the server will do it: `SSLRequest`, answered by one byte.
async fn ask(mut stream: TcpStream) -> Result<(TcpStream, bool), Unencrypted> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    stream.write_all(&SSL_REQUEST).await?;
    // Not a byte more is read: what somebody slipped in behind the answer would otherwise pass for the server's.
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    match answer[0] {
        b'S' => Ok((stream, true)),
        b'N' => Ok((stream, false)),
        // What follows came in plain from who knows whom.
        b'E' => Err(Unencrypted::Failed("the server answered the question for TLS with an error".to_owned())),
        _ => Err(Unencrypted::Failed("the server's answer to the question for TLS is not PostgreSQL's".to_owned())),
    }
}
