//! Connecting with TLS to a server of the test's own, held against the real `psql` with the same URL.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, Error, Runnable, Session};
use driftlock_postgres::Postgres;
use driftlock_servers::certificates::{Authority, Issued, Wanted, of_version_1, self_signed, write};
use driftlock_servers::private::Private;
use driftlock_servers::setup::find_tools;
use driftlock_tls::{Connector, Names, Settings, Trust, Versions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::Log;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Plain,
    Encrypted,
    Refused,
}
use Outcome::{Encrypted, Plain, Refused};

const RULES: &str = "
hostssl   all only_tls   127.0.0.1/32 scram-sha-256
hostnossl all only_plain 127.0.0.1/32 scram-sha-256
hostssl   all certified  127.0.0.1/32 cert
hostssl   all with_md5   127.0.0.1/32 md5
host      all driftlock  127.0.0.1/32 scram-sha-256
";

/// A server, who certifies it, and files of the client's.
struct Bed {
    server: Private,
    _alone: MutexGuard<'static, ()>,
    folder: tempfile::TempDir,
    ours: Authority,
    other: Authority,
    psql: PathBuf,
}

impl Bed {
    fn new() -> Self {
        // One server at a time: a small machine hasn't room for one each.
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let bed = Bed {
            server: Private::postgres(&[]).unwrap(),
            _alone: alone,
            folder: tempfile::tempdir().unwrap(),
            ours: Authority::new("Ours").unwrap(),
            other: Authority::new("Another").unwrap(),
            psql: find_tools().unwrap().postgres_bin.join("psql"),
        };
        bed.file("ours", bed.ours.root());
        bed.file("other", bed.other.root());
        write(&bed.server.data(), "clients.crt", bed.ours.root()).unwrap();
        write(&bed.server.data(), "pg_hba.conf", RULES).unwrap();
        bed
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        write(self.folder.path(), name, text).unwrap()
    }

    /// The server shows this from now on; without one it has no TLS.
    fn show(&mut self, issued: Option<&Issued>) {
        let mut arguments = vec!["-c", "log_connections=on"];
        if let Some(issued) = issued {
            issued.write(&self.server.data(), "server").unwrap();
            arguments.extend(["-c", "ssl=on", "-c", "ssl_ca_file=clients.crt"]);
        }
        self.server.set_arguments(&arguments);
        self.server.stop();
        self.server.start().unwrap();
    }

    fn good(&self) -> Issued {
        self.ours.issue(&Wanted { names: &["db.example", "127.0.0.1"], ..Wanted::default() }).unwrap()
    }

    fn url(&self, user: &str, query: &str) -> String {
        self.url_at(self.server.port(), user, query)
    }

    fn url_at(&self, port: u16, user: &str, query: &str) -> String {
        let password = if user == "driftlock" { self.server.password() } else { "s3cret" };
        format!("postgres://{user}:{password}@db.example:{port}/postgres?hostaddr=127.0.0.1&{query}")
    }

    async fn admin(&self) -> Client {
        let config = self.server.url("postgres").parse::<tokio_postgres::Config>().unwrap();
        // A server that has just been started may not take anyone yet.
        let mut tries = 0;
        let (client, connection) = loop {
            tries += 1;
            match config.connect(NoTls).await {
                Err(_) if tries < 100 => tokio::time::sleep(Duration::from_millis(50)).await,
                outcome => break outcome.unwrap(),
            }
        };
        tokio::spawn(connection);
        client
    }

    async fn make_roles(&self) {
        let sql = "CREATE ROLE only_tls LOGIN PASSWORD 's3cret'; CREATE ROLE only_plain LOGIN PASSWORD 's3cret';
                   CREATE ROLE certified LOGIN; SET password_encryption = 'md5'; CREATE ROLE with_md5 LOGIN PASSWORD 's3cret'";
        self.admin().await.batch_execute(sql).await.unwrap();
    }

    fn judge(&self, url: &str) -> (Outcome, String) {
        let output = Command::new(&self.psql)
            .env_clear()
            .env("HOME", self.folder.path())
            .args(["-XAtqc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "-d", url])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match String::from_utf8_lossy(&output.stdout).trim() {
            "t" => (Encrypted, said),
            "f" => (Plain, said),
            _ => (Refused, said),
        }
    }

    async fn ours(&self, admin: &Client, url: &str) -> (Outcome, String) {
        let session = match connect(url).await {
            Ok(session) => session,
            Err(error) => {
                let said = error.to_string();
                assert!(!said.contains("s3cret") && !said.contains(self.server.password()), "{said}");
                return (Refused, said);
            }
        };
        let encrypted = is_encrypted(admin, &*session).await;
        session.close().await;
        (if encrypted { Encrypted } else { Plain }, String::new())
    }
}

async fn connect(url: &str) -> Result<Box<dyn Session>, Error> {
    Postgres.connect(&DatabaseUrl::parse(url).unwrap(), &ConnectOptions::default()).await
}

async fn is_encrypted(admin: &Client, session: &dyn Session) -> bool {
    let pid = &session.server().connection;
    let rows = admin.simple_query(&format!("SELECT ssl FROM pg_stat_ssl WHERE pid = {pid}")).await.unwrap();
    rows.iter().any(|row| matches!(row, SimpleQueryMessage::Row(row) if row.get(0) == Some("t")))
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

#[test]
fn every_mode_with_every_server_ends_as_with_psql() {
    block_on(async {
        let mut bed = Bed::new();
        let names: &[&str] = &["db.example"];
        let own = self_signed(&Wanted { names, ..Wanted::default() }).unwrap();
        let version_1 = of_version_1(&Wanted { common_name: "db.example", ..Wanted::default() }).unwrap();
        let issue = |authority: &Authority, wanted: Wanted<'_>| Some(authority.issue(&wanted).unwrap());
        let servers = [
            ("without TLS", None),
            ("good", Some(bed.good())),
            ("with another name", issue(&bed.ours, Wanted { names: &["other.example"], ..Wanted::default() })),
            ("with a common name", issue(&bed.ours, Wanted { common_name: "db.example", ..Wanted::default() })),
            ("expired", issue(&bed.ours, Wanted { names, expired: true, ..Wanted::default() })),
            ("of another authority", issue(&bed.other, Wanted { names, ..Wanted::default() })),
            ("its own root", Some(own)),
            ("of version 1", Some(version_1)),
        ];
        let mut compared = 0;
        for (server, issued) in &servers {
            if let Some(issued) = issued {
                bed.file("shown", &issued.certificate);
            }
            bed.show(issued.as_ref());
            let admin = bed.admin().await;
            for mode in ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] {
                // Where it begins in plain, it ends there with each of these servers.
                let files = if matches!(mode, "disable" | "allow") { 1 } else { 5 };
                for roots in &["", "ours", "other", "shown", "missing"][..files] {
                    let mut query = format!("sslmode={mode}");
                    if !roots.is_empty() {
                        query.push_str(&format!("&sslrootcert={}", bed.folder.path().join(roots).display()));
                    }
                    let url = bed.url("driftlock", &query);
                    let (theirs, they_said) = bed.judge(&url);
                    let (ours, we_said) = bed.ours(&admin, &url).await;
                    let case = (*server, mode, *roots);
                    let wanted = match case {
                        // A common name is no name of a host (RFC 9525).
                        ("with a common name", "verify-full", "ours") | ("of version 1", "verify-full", "shown") => {
                            assert_eq!(theirs, Encrypted, "{case:?}");
                            assert!(we_said.contains("has a common name alone (`db.example`)"), "{we_said}");
                            Refused
                        }
                        // A file that is named and isn't there is a mistake.
                        (_, "prefer" | "require", "missing") if theirs == Encrypted => {
                            assert!(we_said.contains("missing: can't be read"), "{we_said}");
                            Refused
                        }
                        // An issued certificate that is among the roots is trusted; OpenSSL wants the one that issued it.
                        (_, "prefer" | "require" | "verify-ca" | "verify-full", "shown")
                            if ours == Encrypted && theirs != Encrypted =>
                        {
                            assert!(!matches!(*server, "without TLS" | "expired"), "{case:?}: {they_said}");
                            assert!(*server != "with another name" || mode != "verify-full", "{case:?}: {they_said}");
                            Encrypted
                        }
                        _ => theirs,
                    };
                    assert_eq!(ours, wanted, "{case:?}: we said {we_said}, psql said {they_said}");
                    compared += 1;
                    let said = match case {
                        ("without TLS", "require" | "verify-ca" | "verify-full", _) => {
                            "the server doesn't offer TLS and `sslmode` demands it"
                        }
                        ("with another name", "verify-full", "ours") => {
                            "is not for `db.example`, it is for `other.example`"
                        }
                        ("expired", "verify-ca", "ours") => "expired on 2002-01-01",
                        ("of another authority", "require", "ours") => "nothing in",
                        ("good", "verify-full", "") => "nothing in the system's roots",
                        ("its own root", "verify-ca", "ours") => "is self-signed and not among",
                        _ => continue,
                    };
                    assert!(we_said.contains(said), "{case:?}: {we_said}");
                }
            }
        }
        assert_eq!(compared, 176);
    });
}

#[test]
fn who_may_only_come_encrypted_or_in_plain_or_with_a_certificate() {
    block_on(async {
        let mut bed = Bed::new();
        bed.show(Some(&bed.good()));
        bed.make_roles().await;
        let client = bed.ours.issue(&Wanted { common_name: "certified", ..Wanted::default() }).unwrap();
        let (certificate, key) = client.write(bed.folder.path(), "client").unwrap();
        let shown = format!("&sslcert={}&sslkey={}", certificate.display(), key.display());
        let (stranger, its_key) = bed
            .other
            .issue(&Wanted { common_name: "certified", ..Wanted::default() })
            .unwrap()
            .write(bed.folder.path(), "x")
            .unwrap();
        let strange = format!("&sslcert={}&sslkey={}", stranger.display(), its_key.display());
        let admin = bed.admin().await;
        let cases = [
            ("only_tls", "disable", "", Refused),
            ("only_tls", "allow", "", Encrypted),
            ("only_tls", "prefer", "", Encrypted),
            ("only_tls", "require", "", Encrypted),
            ("only_plain", "disable", "", Plain),
            ("only_plain", "allow", "", Plain),
            ("only_plain", "prefer", "", Plain),
            ("only_plain", "require", "", Refused),
            ("certified", "prefer", "", Refused),
            ("certified", "require", "", Refused),
            ("certified", "require", &shown, Encrypted),
            ("certified", "allow", &shown, Encrypted),
            ("certified", "require", &strange, Refused),
            ("only_tls", "require", &shown, Encrypted),
            ("with_md5", "require", "", Encrypted),
            ("with_md5", "require", "&channel_binding=require", Refused),
            ("only_tls", "require", "&channel_binding=require", Encrypted),
            ("only_tls", "require", "&channel_binding=disable", Encrypted),
            ("only_plain", "disable", "&channel_binding=require", Refused),
            ("only_tls", "require", "&ssl_min_protocol_version=TLSv1.3", Encrypted),
            ("only_tls", "require", "&ssl_max_protocol_version=TLSv1.2", Encrypted),
            ("only_tls", "require", "&sslsni=0", Encrypted),
        ];
        for (user, mode, more, wanted) in cases {
            let url = bed.url(user, &format!("sslmode={mode}{more}"));
            let case = format!("{user} {mode} {more}");
            let (theirs, they_said) = bed.judge(&url);
            assert_eq!(theirs, wanted, "{case}: {they_said}");
            let (ours, we_said) = bed.ours(&admin, &url).await;
            assert_eq!(ours, wanted, "{case}: {we_said}");
            let said = match (user, mode) {
                ("certified", _) if more.is_empty() => "none was given: `sslcert` and `sslkey`",
                ("certified", "require") if wanted == Refused => "didn't accept our certificate",
                (_, _) if more.ends_with("g=require") && wanted == Refused => {
                    "`channel_binding=require` wants a login by SCRAM"
                }
                _ => continue,
            };
            assert!(we_said.contains(said), "{case}: {we_said}");
        }
        // As psql has it, a key is for its owner's eyes.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&key, mode).unwrap();
        let url = bed.url("certified", &format!("sslmode=require{shown}"));
        assert_eq!(bed.judge(&url).0, Refused);
        let (ours, said) = bed.ours(&admin, &url).await;
        assert!(ours == Refused && said.contains("chmod 600"), "{said}");
        let url = bed.url("certified", &format!("sslmode=require&sslkey={}", key.display()));
        assert!(bed.ours(&admin, &url).await.1.contains("none was given: `sslcert`"));
    });
}

/// Takes one connection on the client's side, and hands on what it says to the server.
async fn tapped(server: u16) -> (u16, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
            let send = send.clone();
            tokio::spawn(async move {
                let (mut from, mut to) = near.into_split();
                let (mut back, mut out) = far.into_split();
                let answers = tokio::spawn(async move { tokio::io::copy(&mut back, &mut to).await });
                let mut said = Vec::new();
                let mut buffer = [0; 4096];
                while let Ok(length) = from.read(&mut buffer).await {
                    if length == 0 {
                        break;
                    }
                    said.extend_from_slice(&buffer[..length]);
                    let _ = out.write_all(&buffer[..length]).await;
                }
                let _ = out.shutdown().await;
                let _ = answers.await;
                let _ = send.send(said);
            });
        }
    });
    (port, heard)
}

#[test]
fn nothing_is_said_in_plain_not_even_to_cancel() {
    block_on(async {
        let mut bed = Bed::new();
        bed.show(Some(&bed.good()));
        let (port, mut heard) = tapped(bed.server.port()).await;
        let roots = format!("sslmode=verify-full&sslrootcert={}", bed.folder.path().join("ours").display());
        let mut session = connect(&bed.url_at(port, "driftlock", &roots)).await.unwrap();
        let canceller = session.canceller();
        let cancel = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            canceller.cancel().await.unwrap();
        });
        let failed = support::run(&mut *session, &["SELECT pg_sleep(60)"]).await.unwrap_err();
        assert!(matches!(failed.error, Error::Cancelled(_)), "{}", failed.error);
        cancel.await.unwrap();
        session.close().await;
        for what in ["the request to cancel", "the session"] {
            let said = heard.recv().await.unwrap();
            // SSLRequest, then records of TLS.
            assert_eq!(said[..8], [0, 0, 0, 8, 4, 210, 22, 47], "{what}");
            assert_eq!(said[8], 0x16, "{what}");
            assert!(!said.windows(4).any(|four| four == [4, 210, 22, 46]), "{what}");
            assert!(!said.windows(8).any(|eight| eight == b"pg_sleep"), "{what}");
        }
    });
}

/// The server's side of TLS.
fn acceptor(issued: &Issued, protocols: &[&[u8]]) -> tokio_rustls::TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Arc::new(config).into()
}

/// Someone in the middle who has a certificate of his own, and hands everything on.
async fn middleman(server: u16, issued: &Issued) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor(issued, &[]);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                near.read_exact(&mut [0; 8]).await.unwrap();
                near.write_all(b"S").await.unwrap();
                let Ok(mut near) = acceptor.accept(near).await else { return };
                let mut far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                far.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await.unwrap();
                far.read_exact(&mut [0]).await.unwrap();
                let names = Names { roots: "", certificate: "", key: "", without_name: "" };
                let settings = Settings {
                    trust: Trust::Anyone,
                    identity: None,
                    revoked: None,
                    versions: Versions::Any,
                    send_name: false,
                    protocol: None,
                    names,
                };
                let mut far = Connector::new(&settings).unwrap().connect("db", far).await.unwrap();
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    port
}

#[test]
fn a_middleman_does_not_get_a_login_that_is_tied_to_the_server_s_certificate() {
    block_on(async {
        let mut bed = Bed::new();
        bed.show(Some(&bed.good()));
        let his = bed.other.issue(&Wanted { names: &["db.example"], ..Wanted::default() }).unwrap();
        let port = middleman(bed.server.port(), &his).await;
        // Not verified, so he may answer; and is found out by the login.
        for binding in ["prefer", "require", "disable"] {
            let url = bed.url_at(port, "driftlock", &format!("sslmode=require&channel_binding={binding}"));
            match (binding, connect(&url).await) {
                ("disable", Ok(session)) => session.close().await,
                ("prefer" | "require", Err(Error::Login { reason, .. })) => {
                    assert!(reason.contains("channel binding check failed"), "{reason}");
                }
                (_, outcome) => panic!("{binding}: {:?}", outcome.err()),
            }
        }
        let roots = format!("sslmode=verify-ca&sslrootcert={}", bed.folder.path().join("ours").display());
        let error = connect(&bed.url_at(port, "driftlock", &roots)).await.err().unwrap().to_string();
        assert!(error.contains("`Another` issued"), "{error}");
    });
}

/// A server that takes TLS without being asked first, as PostgreSQL does from version 17 on.
async fn direct(server: u16, issued: &Issued, protocols: &[&[u8]]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor(issued, protocols);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut near) = acceptor.accept(near).await else { return };
                let mut far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    port
}

#[test]
fn tls_from_the_first_byte_where_the_server_takes_it() {
    block_on(async {
        let bed = Bed::new();
        let issued = bed.good();
        let roots = format!(
            "sslmode=verify-full&sslnegotiation=direct&sslrootcert={}",
            bed.folder.path().join("ours").display()
        );
        let port = direct(bed.server.port(), &issued, &[b"postgresql"]).await;
        // Unlike PostgreSQL itself this one is no end of the binding.
        let mut session =
            connect(&bed.url_at(port, "driftlock", &format!("{roots}&channel_binding=disable"))).await.unwrap();
        let canceller = session.canceller();
        let cancel = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            canceller.cancel().await.unwrap();
        });
        let failed = support::run(&mut *session, &["SELECT pg_sleep(60)"]).await.unwrap_err();
        assert!(matches!(failed.error, Error::Cancelled(_)), "{}", failed.error);
        cancel.await.unwrap();
        session.close().await;
        // One that speaks another protocol, and one of version 15.
        let other = direct(bed.server.port(), &issued, &[]).await;
        for port in [other, bed.server.port()] {
            let error = connect(&bed.url_at(port, "driftlock", &roots)).await.err().unwrap().to_string();
            assert!(error.contains("`sslnegotiation=direct` is for servers from version 17 on"), "{error}");
        }
    });
}

#[test]
fn what_is_slipped_in_behind_the_answer_is_not_the_server_s() {
    block_on(async {
        for (answer, said) in [
            (&b"SZ\0\0\0\x05I"[..], "the server's answer is not TLS"),
            (b"S", "the server ended the connection while TLS was being agreed on"),
            (b"E\0\0\0\x10SFATAL\0Mlies\0\0", "answered the question for TLS with an error"),
            (b"H", "is not PostgreSQL's"),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::spawn(async move {
                let (mut near, _) = listener.accept().await.unwrap();
                near.read_exact(&mut [0; 8]).await.unwrap();
                near.write_all(answer).await.unwrap();
                near.shutdown().await.unwrap();
                let _ = near.read_to_end(&mut Vec::new()).await;
            });
            let error =
                connect(&format!("postgres://u:s3cret@127.0.0.1:{port}/d?sslmode=require")).await.err().unwrap();
            let error = error.to_string();
            assert!(error.contains(said) && !error.contains("lies") && !error.contains("s3cret"), "{error}");
        }
    });
}

#[test]
fn megabytes_and_eight_at_once() {
    block_on(async {
        let mut bed = Bed::new();
        bed.show(Some(&bed.good()));
        let url = bed.url("driftlock", "sslmode=require");
        let admin = bed.admin().await;
        admin.batch_execute("CREATE TABLE rows (who int, line text)").await.unwrap();
        let runners: Vec<_> = (0..8)
            .map(|who| {
                let url = url.clone();
                tokio::spawn(async move {
                    let mut session = connect(&url).await.unwrap();
                    let rows = (0..20_000).map(|at| format!("{who}\t{at} žluťoučký kůň\n")).collect::<String>();
                    let sql = Runnable {
                        sql: "COPY rows FROM stdin",
                        copy_data: Some(driftlock_database::CopyData::Held(&rows)),
                    };
                    session.execute(&[sql], &mut Log::default()).await.unwrap();
                    session.close().await;
                })
            })
            .collect();
        for runner in runners {
            runner.await.unwrap();
        }
        let counted = admin.simple_query("SELECT count(*), count(DISTINCT who) FROM rows").await.unwrap();
        let row = counted.iter().find_map(|row| match row {
            SimpleQueryMessage::Row(row) => Some((row.get(0).unwrap().to_owned(), row.get(1).unwrap().to_owned())),
            _ => None,
        });
        assert_eq!(row, Some(("160000".to_owned(), "8".to_owned())));
    });
}
