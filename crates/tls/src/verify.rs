//! Judges the server's certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, PeerMisbehaved, RootCertStore, SignatureScheme};

use crate::certificate::Certificate;
use crate::error::{Rejected, Why};
use crate::{Error, Names, Roots, Settings, Trust, files};

/// The verifier that these settings ask for.
pub(crate) fn verifier(
    settings: &Settings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let by_key = ByKey(provider.signature_verification_algorithms);
    let (roots, by_name) = match &settings.trust {
        Trust::Anyone => return Ok(Arc::new(Unverified(by_key))),
        Trust::Chain(roots) => (roots, false),
        Trust::Name(roots) => (roots, true),
    };
    let certificates = files::roots(roots)?;
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(certificates.iter().cloned());
    let exactly = match roots {
        Roots::File(path) if usable == 0 => {
            let reason = "its certificates can't be used as roots".to_owned();
            return Err(Error::File { path: path.clone(), reason });
        }
        Roots::File(_) => certificates,
        Roots::System => Vec::new(),
    };
    let mut chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
    if let Some(path) = &settings.revoked {
        chain = chain.with_crls(files::revoked(path)?).enforce_revocation_expiration();
    }
    let chain = chain.build().map_err(|error| match (&settings.revoked, roots) {
        (Some(path), _) => Error::File { path: path.clone(), reason: error.to_string() },
        (None, Roots::File(path)) => Error::File { path: path.clone(), reason: error.to_string() },
        (None, Roots::System) => Error::NoSystemRoots(format!(": {error}")),
    })?;
    Ok(Arc::new(Verified { chain, by_key, exactly, roots: roots.clone(), by_name, names: settings.names }))
}

/// Whether the server holds the key of the certificate that it shows.
///
/// By the key alone: rustls's own reads the whole certificate, and takes none of version 1, which `openssl x509 -req` makes
/// by default up to version 3.1 and which the guides of both servers had.
#[derive(Debug, Clone, Copy)]
struct ByKey(WebPkiSupportedAlgorithms);

impl ByKey {
    fn tls12(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let (algorithm, key) =
            Certificate::read(cert).and_then(|certificate| certificate.key()).ok_or(CertificateError::BadEncoding)?;
        let (_, candidates) = (self.0.mapping.iter())
            .find(|(scheme, _)| *scheme == dss.scheme)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        (candidates.iter())
            .filter(|candidate| *candidate.public_key_alg_id() == *algorithm)
            .any(|candidate| candidate.verify_signature(key, message, dss.signature()).is_ok())
            .then(HandshakeSignatureValid::assertion)
            .ok_or_else(|| CertificateError::BadSignature.into())
    }

    fn tls13(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let certificate = Certificate::read(cert).ok_or(CertificateError::BadEncoding)?;
        let key = SubjectPublicKeyInfoDer::from(certificate.public_key);
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.0)
    }
}

/// Encrypts with anyone who holds the key of the certificate shown.
#[derive(Debug)]
struct Unverified(ByKey);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.tls12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.tls13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.0.supported_schemes()
    }
}

/// Follows the chain to a root, and compares the name where that is asked for.
#[derive(Debug)]
struct Verified {
    chain: Arc<WebPkiServerVerifier>,
    by_key: ByKey,
    /// Certificates that are trusted themselves, not only as those of an issuer.
    exactly: Vec<CertificateDer<'static>>,
    roots: Roots,
    by_name: bool,
    names: Names,
}

impl Verified {
    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Why> {
        if self.exactly.iter().any(|known| known == end_entity) {
            // `openssl req -x509` marks what it makes as an authority's, which a chain may not end with.
            let certificate = Certificate::read(end_entity).ok_or(Why::Certificate(CertificateError::BadEncoding))?;
            let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
            if now > certificate.not_after || now < certificate.not_before {
                return Err(Why::Date);
            }
            if !self.by_name {
                return Ok(());
            }
            if certificate.version < 3 {
                let expected = server_name.to_owned();
                return Err(Why::Certificate(CertificateError::NotValidForNameContext {
                    expected,
                    presented: Vec::new(),
                }));
            }
            return ParsedCertificate::try_from(end_entity)
                .and_then(|parsed| verify_server_name(&parsed, server_name))
                .map_err(Why::of);
        }
        match self.chain.verify_server_cert(end_entity, intermediates, server_name, &[], now) {
            Ok(_) => Ok(()),
            // The name is what it looks at last.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.by_name => Ok(()),
            Err(error) => Err(Why::of(error)),
        }
    }
}

impl ServerCertVerifier for Verified {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.judge(end_entity, intermediates, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(why) => Err(Rejected::error(&why, end_entity, server_name, &self.roots, &self.names)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.by_key.tls12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.by_key.tls13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_key.0.supported_schemes()
    }
}
