//! What is read from files, and the system's roots.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::certificate::Certificate;
use crate::{Error, Identity, Roots};

fn wrong(path: &Path, reason: impl Into<String>) -> Error {
    Error::File { path: path.to_owned(), reason: reason.into() }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| wrong(path, format!("can't be read: {error}")))
}

/// All certificates of a PEM file; at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if found.is_empty() => {
            Err(wrong(path, "holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(wrong(path, format!("is no PEM file of certificates: {error}"))),
    }
}

/// The certificates to trust.
pub(crate) fn roots(roots: &Roots) -> Result<Vec<CertificateDer<'static>>, Error> {
    match roots {
        Roots::File(path) => certificates(path),
        Roots::System => {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                let why = found.errors.iter().map(|error| format!(": {error}")).collect::<String>();
                return Err(Error::NoSystemRoots(why));
            }
            Ok(found.certs)
        }
    }
}

/// The revocation lists of a PEM file; at least one.
pub(crate) fn revoked(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let text = read(path)?;
    let found = CertificateRevocationListDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if found.is_empty() => {
            Err(wrong(path, "holds no revocation list in PEM (`-----BEGIN X509 CRL-----`)"))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(wrong(path, format!("is no PEM file of revocation lists: {error}"))),
    }
}

/// Our certificate with its key.
pub(crate) fn identity(identity: &Identity, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, Error> {
    let chain = certificates(&identity.certificate)?;
    let path = &identity.key;
    let text = read(path)?;
    let key = if text.starts_with(b"\x30") {
        PrivateKeyDer::try_from(text).map_err(|why| wrong(path, format!("is no private key: {why}")))?
    } else {
        let said = String::from_utf8_lossy(&text);
        if said.contains("BEGIN ENCRYPTED PRIVATE KEY") || said.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(wrong(
                path,
                "the private key is encrypted, and driftlock doesn't decrypt keys: `openssl pkey -in KEY -out PLAIN` writes it in plain",
            ));
        }
        PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
            wrong(path, format!("holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`): {error}"))
        })?
    };
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|error| wrong(path, format!("can't be used as a private key: {error}")))?;
    // Not by rustls, which takes no certificates of version 1.
    let certified = Certificate::read(&chain[0]).map(|certificate| certificate.public_key);
    if key.public_key().is_some_and(|public| Some(public.as_ref()) != certified) {
        return Err(wrong(path, format!("is not the key of the certificate in {}", identity.certificate.display())));
    }
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}
