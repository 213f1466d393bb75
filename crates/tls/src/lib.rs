//! TLS for the adapters whose servers are at the other end of a network: whom to trust, who we are, and errors that say what to do.
//!
//! It is rustls with ring. What it does differently from rustls's own verifier is what users of database servers have:
//! a mode that encrypts without looking at the certificate, one that follows the chain and not the name, a certificate
//! that is its own root, and version 1 certificates where nothing is verified. See [`Trust`].
//!
//! Files are read by [`Connector::new`], so a connection that doesn't use TLS reads none.
//!
//! # Limitations
//!
//! TLS 1.2 and 1.3 only. RSA keys from 2048 to 8192 bits. No encrypted private keys, no tokens or engines. A name is looked for in
//! the certificate's subjectAltName alone, never in its common name (RFC 9525, section 2).

mod binding;
mod certificate;
mod error;
mod files;
mod verify;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::{ClientConfig, ResolvesClientCert};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{SignatureScheme, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

pub use binding::server_end_point;
pub use error::{Error, explain};
pub use tokio_rustls::client::TlsStream;

/// Whose word is taken for who the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Nobody's: encrypted, with whoever answers. The server still has to hold the key of the certificate that it shows.
    Anyone,
    /// Whoever has a certificate that one of these roots stands for, whatever name is in it.
    Chain(Roots),
    /// The same, and the certificate is for the host that we connect to.
    Name(Roots),
}

/// The certificates that others are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// The operating system's; on Unix those of the file and directory in `SSL_CERT_FILE` and `SSL_CERT_DIR` where they are set.
    System,
    /// A PEM file of one or more certificates. A server that shows one of exactly these is trusted too.
    File(PathBuf),
}

/// The certificate that we show when a server asks for one: files in PEM, the key also in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, then those between it and a root of the server's.
    pub certificate: PathBuf,
    /// Its private key, without a password.
    pub key: PathBuf,
}

/// The versions of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// 1.2 and 1.3.
    #[default]
    Any,
    /// 1.2 alone.
    Tls12,
    /// 1.3 alone.
    Tls13,
}

/// How the options are called where the user writes them, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// The file of roots: `sslrootcert`.
    pub roots: &'static str,
    /// The client's certificate: `sslcert`.
    pub certificate: &'static str,
    /// Its key: `sslkey`.
    pub key: &'static str,
    /// The mode that doesn't look at the server's name: `sslmode=verify-ca`.
    pub without_name: &'static str,
}

/// How to speak TLS with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who may answer.
    pub trust: Trust,
    /// Who we are.
    pub identity: Option<Identity>,
    /// A PEM file of revocation lists. Every certificate of the chain must then be covered by a list that is not out of date.
    pub revoked: Option<PathBuf>,
    /// What to speak.
    pub versions: Versions,
    /// Whether the server is told in plain text which host is wanted.
    pub send_name: bool,
    /// The protocol inside, by its registered name (ALPN).
    pub protocol: Option<&'static [u8]>,
    /// What to call all this.
    pub names: Names,
}

/// Makes encrypted connections. Made once, used for every connection to the same servers.
pub struct Connector {
    config: Arc<ClientConfig>,
    by_name: bool,
    me: Arc<Me>,
    names: Names,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("by_name", &self.by_name).finish_non_exhaustive()
    }
}

impl Connector {
    /// Reads the files that the settings name, and the system's roots where those are wanted.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions: &[&SupportedProtocolVersion] = match settings.versions {
            Versions::Any => &[&TLS13, &TLS12],
            Versions::Tls12 => &[&TLS12],
            Versions::Tls13 => &[&TLS13],
        };
        let key = match &settings.identity {
            Some(identity) => Some(files::identity(identity, &provider)?),
            None => None,
        };
        let me = Arc::new(Me { key, asked: AtomicBool::new(false) });
        let verifier = verify::verifier(settings, &provider)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| Error::Settings(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::clone(&me) as Arc<dyn ResolvesClientCert>);
        config.enable_sni = settings.send_name;
        config.alpn_protocols = settings.protocol.iter().map(|protocol| protocol.to_vec()).collect();
        let by_name = matches!(settings.trust, Trust::Name(_));
        Ok(Connector { config: Arc::new(config), by_name, me, names: settings.names })
    }

    /// Speaks TLS over a connected stream with the server that is known as `host`.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<S>, Error> {
        let name = match ServerName::try_from(host.to_owned()) {
            Ok(name) => name,
            Err(_) if self.by_name => {
                return Err(Error::Handshake(format!(
                    "`{host}` is no name that a certificate can be for, so it can't be verified"
                )));
            }
            // Nobody looks at it, and an address is not sent.
            Err(_) => ServerName::IpAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into()),
        };
        self.me.asked.store(false, Ordering::Relaxed);
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
            .map_err(|error| Error::Handshake(error::of_handshake(&error, self.lacks_certificate(), &self.names)))
    }

    /// Whether the server asked for a certificate of ours and we had none to show.
    pub fn lacks_certificate(&self) -> bool {
        self.me.key.is_none() && self.me.asked.load(Ordering::Relaxed)
    }
}

/// A connection of any kind, encrypted or not.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync> Duplex for S {}

/// Our certificate, and whether a server asked for it.
#[derive(Debug)]
struct Me {
    key: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl ResolvesClientCert for Me {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        // Also where there is none: else nobody tells us that the server asks.
        true
    }
}
