//! Why there is no encrypted connection, in words that say what to do.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, OtherError, PeerIncompatible};

use crate::certificate::{Certificate, shown};
use crate::{Names, Roots};

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of certificates, keys or revocation lists.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system has no certificates to trust.
    #[error(
        "no certificates to trust were found on this system (on Debian they are the package ca-certificates; SSL_CERT_FILE names another file){0}"
    )]
    NoSystemRoots(String),
    /// The settings contradict each other.
    #[error("{0}")]
    Settings(String),
    /// The server, or we, didn't accept what the other showed.
    #[error("{0}")]
    Handshake(String),
}

/// Why a certificate is not accepted.
#[derive(Debug)]
pub(crate) enum Why {
    Certificate(CertificateError),
    /// Out of date, or not yet valid.
    Date,
}

impl Why {
    pub(crate) fn of(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => Why::Date,
            rustls::Error::InvalidCertificate(error) => Why::Certificate(error),
            other => Why::Certificate(CertificateError::Other(OtherError(Arc::new(other)))),
        }
    }
}

/// The sentence about a certificate that was not accepted, on its way through rustls.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Rejected(String);

impl Rejected {
    pub(crate) fn error(
        why: &Why,
        end_entity: &CertificateDer<'_>,
        host: &ServerName<'_>,
        roots: &Roots,
        names: &Names,
    ) -> rustls::Error {
        let sentence = sentence(why, end_entity, host, roots, names);
        CertificateError::Other(OtherError(Arc::new(Rejected(sentence)))).into()
    }
}

fn sentence(why: &Why, end_entity: &CertificateDer<'_>, host: &ServerName<'_>, roots: &Roots, names: &Names) -> String {
    let Some(certificate) = Certificate::read(end_entity) else {
        return "the server's certificate can't be read".to_owned();
    };
    let subject = shown(certificate.subject);
    let trusted = match roots {
        Roots::System => "the system's roots".to_owned(),
        Roots::File(path) => path.display().to_string(),
    };
    let host = host.to_str();
    let error = match why {
        Why::Date => return dates(&certificate, &subject),
        Why::Certificate(error) => error,
    };
    match error {
        CertificateError::UnknownIssuer if certificate.issuer != certificate.subject => format!(
            "nothing in {trusted} stands for the server's certificate (`{subject}`), which `{}` issued: give that authority's root as `{}`",
            shown(certificate.issuer),
            names.roots
        ),
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => format!(
            "the server's certificate has a common name alone (`{subject}`) and no subjectAltName, in which `{host}` would have to be: \
             have it issued with one, or don't verify the name (`{}`)",
            names.without_name
        ),
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "the server's certificate is not for `{host}`, it is for {}: connect by such a name, or don't verify it (`{}`)",
            presented.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", "),
            names.without_name
        ),
        CertificateError::NotValidForName => {
            format!("the server's certificate (`{subject}`) is not for `{host}`")
        }
        CertificateError::Revoked => format!("the server's certificate (`{subject}`) was revoked"),
        CertificateError::UnknownRevocationStatus => format!(
            "no revocation list covers the chain of the server's certificate (`{subject}`): every authority in it needs one"
        ),
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            "a revocation list for the server's certificate is out of date".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            format!("the server's certificate (`{subject}`) is not one for servers (its extended key usage says so)")
        }
        // Another error than the first one: marked as an authority's, or of version 1, it may not end a chain.
        _ if certificate.issuer == certificate.subject => format!(
            "the server's certificate (`{subject}`) is self-signed and not among {trusted}: if it is the right one, give it as `{}`",
            names.roots
        ),
        _ if certificate.version < 3 => format!(
            "the server's certificate (`{subject}`) is an X.509 certificate of version {}, which has no subjectAltName and can't be verified: \
             have it issued as version 3",
            certificate.version
        ),
        other => format!("the server's certificate (`{subject}`) can't be verified: {other}"),
    }
}

fn dates(certificate: &Certificate<'_>, subject: &str) -> String {
    let day = |seconds| Timestamp::from_second(seconds).map(|at| at.to_string()).unwrap_or_default();
    if certificate.not_before > Timestamp::now().as_second() {
        let from = day(certificate.not_before);
        return format!(
            "the server's certificate (`{subject}`) is valid from {from} on: is the clock of this machine right?"
        );
    }
    if certificate.not_after < Timestamp::now().as_second() {
        return format!("the server's certificate (`{subject}`) expired on {}", day(certificate.not_after));
    }
    format!("a certificate in the chain of the server's (`{subject}`) is out of date")
}

/// `DnsName("db.example")` as a name.
fn plain(presented: &str) -> String {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(presented);
    format!("`{}`", inner.trim_matches('"'))
}

/// Why a handshake failed.
pub(crate) fn of_handshake(error: &std::io::Error, lacks_certificate: bool, names: &Names) -> String {
    let Some(tls) = rustls_error(error) else {
        return match error.kind() {
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => {
                format!("the server ended the connection while TLS was being agreed on ({error})")
            }
            _ => format!("no TLS: {error}"),
        };
    };
    let mut text = words(tls);
    if lacks_certificate && matches!(tls, rustls::Error::AlertReceived(_)) {
        text.push_str(&format!(
            ". It asks for a client certificate, and none was given: `{}` and `{}`",
            names.certificate, names.key
        ));
    }
    text
}

/// What TLS has to do with an error of a connection that was already encrypted, if it has.
pub fn explain(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<std::io::Error>().and_then(rustls_error) {
            return Some(words(tls));
        }
        next = error.source();
    }
    None
}

fn rustls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(rejected))) => rejected.to_string(),
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            "the server doesn't hold the key of the certificate that it shows".to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a client certificate".to_owned()
        }
        rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::DecryptError,
        ) => format!("the server didn't accept our certificate ({error})"),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            format!("the server and we have no version of TLS in common; driftlock speaks 1.2 and 1.3 ({error})")
        }
        rustls::Error::InvalidMessage(_) => format!("the server's answer is not TLS ({error})"),
        other => format!("no TLS: {other}"),
    }
}
