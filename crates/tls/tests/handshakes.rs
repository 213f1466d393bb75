//! Handshakes with servers of every kind, in memory: who is let in, and what is said of who isn't.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftlock_servers::certificates::{Authority, Issued, Wanted, of_version_1, self_signed, write};
use driftlock_tls::{Connector, Error, Identity, Names, Roots, Settings, Trust, Versions, explain, server_end_point};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsAcceptor;

const NAMES: Names = Names { roots: "ROOTS", certificate: "CERTIFICATE", key: "KEY", without_name: "NO-NAME" };

fn settings(trust: Trust) -> Settings {
    Settings {
        trust,
        identity: None,
        revoked: None,
        versions: Versions::Any,
        send_name: true,
        protocol: None,
        names: NAMES,
    }
}

/// The server's side of a connection: it says one word once it has accepted.
fn serve(issued: &Issued, versions: Versions, clients: Option<&Authority>) -> DuplexStream {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let versions = match versions {
        Versions::Any => &[&TLS13, &TLS12][..],
        Versions::Tls12 => &[&TLS12],
        Versions::Tls13 => &[&TLS13],
    };
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.root().as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        }
    };
    // Not by `with_single_cert`, which looks at the certificate.
    let config = config.with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))));
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        if let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(far).await {
            let _ = stream.write_all(b"in").await;
            let _ = stream.shutdown().await;
        }
    });
    near
}

/// Connects as `host` and reads the server's word. The error is what a user is told.
async fn visit(settings: &Settings, host: &str, stream: DuplexStream) -> Result<usize, String> {
    let connector = Connector::new(settings).map_err(|error| error.to_string())?;
    let mut stream = connector.connect(host, stream).await.map_err(|error| error.to_string())?;
    let mut word = [0; 2];
    stream.read_exact(&mut word).await.map_err(|error| explain(&error).unwrap_or_else(|| error.to_string()))?;
    assert_eq!(&word, b"in");
    Ok(server_end_point(stream.get_ref().1).map_or(0, |hash| hash.len()))
}

/// Certificates, and files of what is trusted.
struct Bed {
    folder: tempfile::TempDir,
    authority: Authority,
    other: Authority,
}

impl Bed {
    fn new() -> Self {
        let bed = Bed {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new("Ours").unwrap(),
            other: Authority::new("Another").unwrap(),
        };
        bed.file("ours", bed.authority.root());
        bed.file("other", bed.other.root());
        bed
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        write(self.folder.path(), name, text).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn issue(&self, wanted: Wanted<'_>) -> Issued {
        self.authority.issue(&wanted).unwrap()
    }
}

#[tokio::test]
async fn who_is_trusted_and_what_is_said_of_who_is_not() {
    let bed = Bed::new();
    let good = bed.issue(Wanted { names: &["db.example", "127.0.0.1", "*.svc.example"], ..Wanted::default() });
    let common_name = bed.issue(Wanted { common_name: "db.example", ..Wanted::default() });
    let expired = bed.issue(Wanted { names: &["db.example"], expired: true, ..Wanted::default() });
    let own = self_signed(&Wanted { common_name: "own", names: &["db.example"], ..Wanted::default() }).unwrap();
    let old = self_signed(&Wanted { names: &["db.example"], expired: true, ..Wanted::default() }).unwrap();
    let ancient = of_version_1(&Wanted { common_name: "ancient", ..Wanted::default() }).unwrap();
    for (name, issued) in [("own", &own), ("old", &old), ("ancient", &ancient)] {
        bed.file(name, &issued.certificate);
    }
    bed.file("both", &format!("{}{}", bed.other.root(), bed.authority.root()));

    // Certificate, trust by chain, trust by name too, host; what is said, and nothing where it is let in.
    let cases: &[(&Issued, &str, &str, &str)] = &[
        (&good, "any", "db.example", ""),
        (&good, "chain ours", "db.example", ""),
        (&good, "name ours", "db.example", ""),
        (&good, "name both", "db.example", ""),
        (&good, "name ours", "127.0.0.1", ""),
        (&good, "name ours", "a.svc.example", ""),
        (&good, "name ours", "svc.example", "it is for `db.example`, `127.0.0.1`, `*.svc.example`"),
        (&good, "name ours", "10.0.0.1", "is not for `10.0.0.1`"),
        (&good, "chain ours", "wrong.example", ""),
        (&good, "name ours", "wrong.example", "connect by such a name, or don't verify it (`NO-NAME`)"),
        (&good, "name ours", "no name", "`no name` is no name that a certificate can be for"),
        (&good, "chain ours", "no name", ""),
        (&good, "chain other", "db.example", "stands for the server's certificate (`a test`), which `Ours` issued"),
        (&good, "name other", "db.example", "give that authority's root as `ROOTS`"),
        (&common_name, "any", "db.example", ""),
        (&common_name, "chain ours", "db.example", ""),
        (&common_name, "name ours", "db.example", "has a common name alone (`db.example`) and no subjectAltName"),
        (&expired, "any", "db.example", ""),
        (&expired, "chain ours", "db.example", "expired on 2002-01-01"),
        (&own, "any", "db.example", ""),
        (&own, "chain ours", "db.example", "(`own`) is self-signed and not among"),
        (&own, "chain own", "wrong.example", ""),
        (&own, "name own", "db.example", ""),
        (&own, "name own", "wrong.example", "is not for `wrong.example`, it is for `db.example`"),
        (&old, "chain old", "db.example", "expired on 2002-01-01"),
        (&ancient, "any", "db.example", ""),
        (&ancient, "chain ours", "db.example", "(`ancient`) is self-signed and not among"),
        (&ancient, "chain ancient", "db.example", ""),
        (&ancient, "name ancient", "db.example", "has a common name alone (`ancient`) and no subjectAltName"),
    ];
    for (issued, trust, host, said) in cases {
        for versions in [Versions::Tls12, Versions::Tls13] {
            let what = format!("{trust} as {host} with {versions:?}, {said}");
            let file = |name| Roots::File(bed.path(name));
            let trust = match trust.split_once(' ') {
                None => Trust::Anyone,
                Some(("chain", name)) => Trust::Chain(file(name)),
                Some((_, name)) => Trust::Name(file(name)),
            };
            let outcome = visit(&settings(trust), host, serve(issued, versions, None)).await;
            match outcome {
                Ok(length) => assert_eq!((*said, length), ("", 32), "{what}"),
                Err(error) => assert!(!said.is_empty() && error.contains(said), "{what}: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_shows_another_s_certificate_is_found_out() {
    let bed = Bed::new();
    let good = bed.issue(Wanted { names: &["db.example"], ..Wanted::default() });
    let thief = Issued { certificate: good.certificate, key: bed.issue(Wanted::default()).key };
    for versions in [Versions::Tls12, Versions::Tls13] {
        for trust in [Trust::Anyone, Trust::Name(Roots::File(bed.path("ours")))] {
            let error = visit(&settings(trust), "db.example", serve(&thief, versions, None)).await.unwrap_err();
            assert!(error.contains("doesn't hold the key"), "{versions:?}: {error}");
        }
    }
}

#[tokio::test]
async fn revoked_certificates_are_refused() {
    let bed = Bed::new();
    let issued = bed.issue(Wanted { serial: 7, ..Wanted::default() });
    let with = |list: &str| Settings {
        revoked: Some(bed.file("list", list)),
        ..settings(Trust::Chain(Roots::File(bed.path("ours"))))
    };
    for (list, said) in [
        (bed.authority.revoke(&[8]).unwrap(), ""),
        (bed.authority.revoke(&[8, 7]).unwrap(), "was revoked"),
        (bed.other.revoke(&[7]).unwrap(), "no revocation list covers the chain"),
        ("nothing".to_owned(), "holds no revocation list"),
    ] {
        let outcome = visit(&with(&list), "db", serve(&issued, Versions::Any, None)).await;
        match outcome {
            Ok(_) => assert_eq!(said, ""),
            Err(error) => assert!(!said.is_empty() && error.contains(said), "{said}: {error}"),
        }
    }
}

#[tokio::test]
async fn clients_show_who_they_are() {
    let bed = Bed::new();
    let server = bed.issue(Wanted::default());
    let identity = |issued: &Issued, name: &str| {
        let (certificate, key) = issued.write(bed.folder.path(), name).unwrap();
        Some(Identity { certificate, key })
    };
    let known = identity(&bed.issue(Wanted { common_name: "ann", ..Wanted::default() }), "ann");
    let stranger = identity(&bed.other.issue(&Wanted::default()).unwrap(), "stranger");
    for versions in [Versions::Tls12, Versions::Tls13] {
        let visit = async |identity| {
            let settings = Settings { identity, ..settings(Trust::Anyone) };
            visit(&settings, "db", serve(&server, versions, Some(&bed.authority))).await
        };
        visit(known.clone()).await.unwrap();
        let error = visit(stranger.clone()).await.unwrap_err();
        assert!(error.contains("didn't accept our certificate"), "{error}");
        let error = visit(None).await.unwrap_err();
        match versions {
            // Before the handshake is over, and after it.
            Versions::Tls12 => assert!(error.contains("none was given: `CERTIFICATE` and `KEY`"), "{error}"),
            _ => assert!(error.contains("wants a client certificate"), "{error}"),
        }
    }
}

#[tokio::test]
async fn versions_are_kept_to() {
    let bed = Bed::new();
    let issued = bed.issue(Wanted::default());
    for (ours, theirs, meets) in [
        (Versions::Tls12, Versions::Tls12, true),
        (Versions::Tls12, Versions::Tls13, false),
        (Versions::Tls13, Versions::Tls12, false),
        (Versions::Tls13, Versions::Any, true),
    ] {
        let settings = Settings { versions: ours, ..settings(Trust::Anyone) };
        let outcome = visit(&settings, "db", serve(&issued, theirs, None)).await;
        assert_eq!(outcome.is_ok(), meets, "{ours:?} {theirs:?}: {outcome:?}");
        assert!(outcome.is_ok() || outcome.unwrap_err().contains("no version of TLS in common"));
    }
}

#[test]
fn files_that_will_not_do_are_named() {
    let bed = Bed::new();
    let (certificate, key) = bed.issue(Wanted::default()).write(bed.folder.path(), "one").unwrap();
    let (_, another) = bed.issue(Wanted::default()).write(bed.folder.path(), "two").unwrap();
    let encrypted =
        bed.file("encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let missing = bed.path("missing");
    let roots = |path: &Path| settings(Trust::Chain(Roots::File(path.to_owned())));
    let identity = |certificate: &Path, key: &Path| Settings {
        identity: Some(Identity { certificate: certificate.to_owned(), key: key.to_owned() }),
        ..settings(Trust::Anyone)
    };
    let ancient = of_version_1(&Wanted::default()).unwrap().write(bed.folder.path(), "ancient").unwrap();
    for (settings, said) in [
        (roots(&missing), "missing: can't be read"),
        (roots(&key), "holds no certificate in PEM"),
        (roots(bed.folder.path()), "can't be read"),
        (roots(&bed.path("ours")), ""),
        (identity(&certificate, &key), ""),
        (identity(&ancient.0, &ancient.1), ""),
        (identity(&certificate, &another), "two.key: is not the key of the certificate in"),
        (identity(&certificate, &encrypted), "is encrypted, and driftlock doesn't decrypt keys"),
        (identity(&certificate, &certificate), "holds no private key"),
        (identity(&key, &key), "holds no certificate"),
        (identity(&certificate, &missing), "missing: can't be read"),
    ] {
        match Connector::new(&settings) {
            Ok(_) => assert_eq!(said, ""),
            Err(error) => {
                assert!(matches!(error, Error::File { .. }), "{error:?}");
                assert!(!said.is_empty() && error.to_string().contains(said), "{said}: {error}");
            }
        }
    }
}
