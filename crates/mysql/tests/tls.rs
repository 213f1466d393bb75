//! Connecting with TLS to a MariaDB of the test's own, held against the real `mariadb` client where it has the mode.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{TestDatabase, execute, is_mariadb};
use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, Error, Session};
use driftlock_mysql::MySql;
use driftlock_servers::certificates::{Authority, Issued, Wanted, of_version_1, self_signed, write};
use driftlock_servers::private::Private;
use driftlock_servers::setup::find_tools;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Plain,
    Encrypted,
    Refused,
}
use Outcome::{Encrypted, Plain, Refused};

/// A server, who certifies it, and files of the client's.
struct Bed {
    server: Private,
    _alone: MutexGuard<'static, ()>,
    folder: tempfile::TempDir,
    ours: Authority,
    other: Authority,
    mariadb: PathBuf,
}

impl Bed {
    async fn new() -> Self {
        // One server at a time: a small machine hasn't room for one each.
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let bed = Bed {
            _alone: alone,
            server: Private::mariadb(&[]).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            ours: Authority::new("Ours").unwrap(),
            other: Authority::new("Another").unwrap(),
            mariadb: find_tools().unwrap().mariadb,
        };
        bed.file("ours", bed.ours.root());
        bed.file("other", bed.other.root());
        write(&bed.server.data(), "clients.crt", bed.ours.root()).unwrap();
        let mut admin = bed.admin().await;
        for sql in [
            "CREATE DATABASE shop",
            "CREATE USER anyone IDENTIFIED BY 's3cret'",
            "CREATE USER only_tls IDENTIFIED BY 's3cret' REQUIRE SSL",
            "CREATE USER certified IDENTIFIED BY 's3cret' REQUIRE X509",
            "GRANT ALL ON *.* TO anyone, only_tls, certified",
        ] {
            admin.query_drop(sql).await.unwrap();
        }
        bed
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        write(self.folder.path(), name, text).unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The server shows this from now on; without one it has no TLS.
    fn show(&mut self, issued: Option<&Issued>) {
        let data = self.server.data().display().to_string();
        let arguments = match issued {
            None => vec!["--skip-ssl".to_owned()],
            Some(issued) => {
                issued.write(&self.server.data(), "server").unwrap();
                vec![
                    format!("--ssl-cert={data}/server.crt"),
                    format!("--ssl-key={data}/server.key"),
                    format!("--ssl-ca={data}/clients.crt"),
                ]
            }
        };
        self.server.set_arguments(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        self.server.stop();
        self.server.start().unwrap();
    }

    fn good(&self) -> Issued {
        self.ours.issue(&Wanted { names: &["localhost", "127.0.0.1"], ..Wanted::default() }).unwrap()
    }

    fn url(&self, user: &str, query: &str) -> DatabaseUrl {
        self.url_at(self.server.port(), user, query)
    }

    fn url_at(&self, port: u16, user: &str, query: &str) -> DatabaseUrl {
        DatabaseUrl::parse(&format!("mysql://{user}:s3cret@localhost:{port}/shop?{query}")).unwrap()
    }

    async fn admin(&self) -> Conn {
        Conn::new(Opts::from_url(&self.server.url("mysql")).unwrap()).await.unwrap()
    }

    /// What the servers' own client makes of it.
    fn judge(&self, options: &[String]) -> (Outcome, String) {
        let port = format!("-P{}", self.server.port());
        let sql = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";
        let output = Command::new(&self.mariadb)
            .args(["--no-defaults", "--protocol=tcp", "-hlocalhost", "-uanyone", "-ps3cret", "-NBe", sql, &port])
            .args(options)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match (output.status.success(), String::from_utf8_lossy(&output.stdout).trim()) {
            (false, _) => (Refused, said),
            (true, "Ssl_cipher") => (Plain, said),
            (true, _) => (Encrypted, said),
        }
    }

    async fn ours(&self, url: &DatabaseUrl) -> (Outcome, String) {
        let mut session = match connect(url).await {
            Ok(session) => session,
            Err(error) => {
                assert!(!error.to_string().contains("s3cret"), "{error}");
                return (Refused, error.to_string());
            }
        };
        let outcome = if cipher(self, &mut *session).await.is_empty() { Plain } else { Encrypted };
        session.close().await;
        (outcome, String::new())
    }
}

/// Runs for hours, and ends with an error when it is cancelled.
const SLOW: &str = "SELECT COUNT(*) FROM seq_1_to_1000000 a JOIN seq_1_to_1000000 b WHERE a.seq + b.seq = -1";

async fn connect(url: &DatabaseUrl) -> Result<Box<dyn Session>, Error> {
    MySql.connect(url, &ConnectOptions::default()).await
}

async fn run(session: &mut dyn Session, sql: &str) -> Result<(), Error> {
    execute(session, &[sql]).await.map(drop).map_err(|failed| failed.error)
}

/// What a session is encrypted by.
async fn cipher(bed: &Bed, session: &mut dyn Session) -> String {
    let sql = "CREATE OR REPLACE TABLE shop.seen AS SELECT VARIABLE_VALUE v FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'";
    run(session, sql).await.unwrap();
    bed.admin().await.query_first("SELECT v FROM shop.seen").await.unwrap().unwrap()
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn every_mode_with_every_server() {
    block_on(async {
        let mut bed = Bed::new().await;
        let names: &[&str] = &["localhost"];
        let issue = |authority: &Authority, wanted: Wanted<'_>| Some(authority.issue(&wanted).unwrap());
        let servers = [
            ("without TLS", None),
            ("good", Some(bed.good())),
            ("with another name", issue(&bed.ours, Wanted { names: &["other.example"], ..Wanted::default() })),
            // As MySQL makes them for itself.
            ("with a common name", issue(&bed.ours, Wanted { common_name: "localhost", ..Wanted::default() })),
            ("expired", issue(&bed.ours, Wanted { names, expired: true, ..Wanted::default() })),
            ("of another authority", issue(&bed.other, Wanted { names, ..Wanted::default() })),
            ("its own root", Some(self_signed(&Wanted { names, ..Wanted::default() }).unwrap())),
            ("of version 1", Some(of_version_1(&Wanted { common_name: "localhost", ..Wanted::default() }).unwrap())),
        ];
        for (server, issued) in &servers {
            if let Some(issued) = issued {
                bed.file("shown", &issued.certificate);
            }
            bed.show(issued.as_ref());
            for mode in ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] {
                for roots in ["", "ours", "other", "shown"] {
                    let verifies = mode.starts_with("VERIFY");
                    if !verifies && !roots.is_empty() {
                        continue;
                    }
                    let query = if roots.is_empty() {
                        format!("ssl-mode={mode}")
                    } else {
                        format!("ssl-mode={mode}&ssl-ca={}", bed.path(roots))
                    };
                    let case = (*server, mode, roots);
                    let (wanted, said) = match case {
                        (_, "DISABLED", _) | ("without TLS", "PREFERRED", _) => (Plain, ""),
                        ("without TLS", _, _) => (Refused, "doesn't offer TLS and `ssl-mode` demands it"),
                        (_, "PREFERRED" | "REQUIRED", _) => (Encrypted, ""),
                        ("expired", ..) => (Refused, "expired on 2002-01-01"),
                        ("with another name", "VERIFY_IDENTITY", "ours" | "shown") => {
                            (Refused, "is not for `localhost`, it is for `other.example`")
                        }
                        ("with a common name", "VERIFY_IDENTITY", "ours" | "shown")
                        | ("of version 1", "VERIFY_IDENTITY", "shown") => {
                            (Refused, "has a common name alone (`localhost`) and no subjectAltName")
                        }
                        ("its own root" | "of version 1", _, "" | "ours" | "other") => {
                            (Refused, "is self-signed and not among")
                        }
                        ("of another authority", _, "other") | (_, _, "shown") => (Encrypted, ""),
                        ("of another authority", _, "ours") => {
                            (Refused, "which `Another` issued: give that authority's root as `ssl-ca`")
                        }
                        (_, _, "other") => (Refused, "which `Ours` issued"),
                        (_, _, "") => (Refused, "nothing in the system's roots"),
                        _ => (Encrypted, ""),
                    };
                    let (ours, we_said) = bed.ours(&bed.url("anyone", &query)).await;
                    assert_eq!(ours, wanted, "{case:?}: {we_said}");
                    assert!(we_said.contains(said), "{case:?}: {we_said}");

                    // Its modes: none, encrypted, and by name. It has no TLS that is merely preferred, nor one that follows a chain alone.
                    let options = match mode {
                        "DISABLED" => vec!["--skip-ssl".to_owned()],
                        "REQUIRED" => vec!["--ssl".to_owned()],
                        "VERIFY_IDENTITY" if !roots.is_empty() => {
                            vec!["--ssl-verify-server-cert".to_owned(), format!("--ssl-ca={}", bed.path(roots))]
                        }
                        _ => continue,
                    };
                    let (theirs, they_said) = bed.judge(&options);
                    let differs = match case {
                        // It goes on in plain where it is told to encrypt and can't, and takes a common name for a host's.
                        ("without TLS", "REQUIRED", _) => Some(Plain),
                        ("with a common name", "VERIFY_IDENTITY", "ours") => Some(Encrypted),
                        ("of version 1", "VERIFY_IDENTITY", "shown") => Some(Encrypted),
                        // An issued certificate among the roots: OpenSSL wants the one that issued it.
                        ("good" | "of another authority", "VERIFY_IDENTITY", "shown") => Some(Refused),
                        _ => None,
                    };
                    assert_eq!(theirs, differs.unwrap_or(ours), "{case:?}: {they_said}");
                }
            }
        }
    });
}

#[test]
fn accounts_that_want_tls_or_a_certificate() {
    block_on(async {
        let mut bed = Bed::new().await;
        bed.show(Some(&bed.good()));
        let client = bed.ours.issue(&Wanted { common_name: "certified", ..Wanted::default() }).unwrap();
        client.write(bed.folder.path(), "client").unwrap();
        bed.other.issue(&Wanted::default()).unwrap().write(bed.folder.path(), "stranger").unwrap();
        let shown = |who: &str| {
            format!("&ssl-cert={}&ssl-key={}", bed.path(&format!("{who}.crt")), bed.path(&format!("{who}.key")))
        };
        for (user, query, wanted, said) in [
            ("only_tls", "ssl-mode=DISABLED".to_owned(), Refused, "1045"),
            ("only_tls", String::new(), Encrypted, ""),
            ("certified", "ssl-mode=REQUIRED".to_owned(), Refused, "`ssl-cert` and `ssl-key`"),
            ("certified", format!("ssl-mode=REQUIRED{}", shown("client")), Encrypted, ""),
            ("certified", format!("ssl-mode=REQUIRED{}", shown("stranger")), Refused, "didn't accept our certificate"),
            ("anyone", format!("ssl-mode=REQUIRED{}", shown("client")), Encrypted, ""),
            ("anyone", "ssl-mode=REQUIRED&tls-version=TLSv1.2".to_owned(), Encrypted, ""),
            ("anyone", "ssl-mode=REQUIRED&tls-version=TLSv1.3".to_owned(), Encrypted, ""),
            ("anyone", format!("ssl-mode=VERIFY_CA&ssl-ca={}", bed.path("missing")), Refused, "missing: can't be read"),
        ] {
            let (ours, we_said) = bed.ours(&bed.url(user, &query)).await;
            assert_eq!(ours, wanted, "{user} {query}: {we_said}");
            assert!(we_said.contains(said), "{user} {query}: {we_said}");
        }
        // Through a socket of the file system nothing is encrypted, whatever is asked for.
        let socket: String = bed.admin().await.query_first("SELECT @@socket").await.unwrap().unwrap();
        let url = bed.url("anyone", &format!("ssl-mode=VERIFY_IDENTITY&socket={socket}"));
        assert_eq!(bed.ours(&url).await.0, Plain);
    });
}

/// Hands on what a client says, and keeps it.
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
        let mut bed = Bed::new().await;
        bed.show(Some(&bed.good()));
        // The mode that may go on in plain too: a session that is encrypted is not cancelled by one that isn't.
        for query in ["", &format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", bed.path("ours"))] {
            let (port, mut heard) = tapped(bed.server.port()).await;
            let mut session = connect(&bed.url_at(port, "anyone", query)).await.unwrap();
            let canceller = session.canceller();
            let cancel = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                canceller.cancel().await.unwrap();
            });
            let error = run(&mut *session, SLOW).await.unwrap_err();
            assert!(matches!(error, Error::Cancelled(_)), "{error}");
            cancel.await.unwrap();
            session.close().await;
            for what in ["the request to cancel", "the session"] {
                let said = heard.recv().await.unwrap();
                // The request for TLS, 32 bytes behind their header, then records of TLS.
                assert_eq!(said[..4], [32, 0, 0, 1], "{what}");
                assert_eq!(said[36], 0x16, "{what}");
                for word in ["KILL", "anyone", "COUNT"] {
                    assert!(!said.windows(word.len()).any(|part| part == word.as_bytes()), "{what}: {word}");
                }
            }
        }
    });
}

#[test]
fn a_server_that_takes_tls_back_gets_no_password() {
    block_on(async {
        let bed = Bed::new().await;
        let port = bed.server.port();
        // Someone in the middle who strikes the offer of TLS out of the greeting.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let middle = listener.local_addr().unwrap().port();
        let middleman = tokio::spawn(async move {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let mut greeting = vec![0; 4096];
            let length = far.read(&mut greeting).await.unwrap();
            let version = 5 + greeting[5..].iter().position(|byte| *byte == 0).unwrap();
            // Behind the number of the connection, eight bytes of the nonce and a zero: the capabilities.
            greeting[version + 1 + 4 + 8 + 1 + 1] &= !0x08;
            near.write_all(&greeting[..length]).await.unwrap();
            let mut said = Vec::new();
            near.read_to_end(&mut said).await.unwrap();
            said
        });
        let error = connect(&bed.url_at(middle, "anyone", "ssl-mode=REQUIRED")).await.err().unwrap();
        assert!(error.to_string().contains("doesn't offer TLS"), "{error}");
        assert_eq!(middleman.await.unwrap(), b"");
    });
}

#[test]
fn what_is_slipped_in_behind_the_greeting_is_not_the_server_s() {
    block_on(async {
        let bed = Bed::new().await;
        let mut near = TcpStream::connect(("127.0.0.1", bed.server.port())).await.unwrap();
        let mut greeting = vec![0; 4096];
        let length = near.read(&mut greeting).await.unwrap();
        greeting.truncate(length);
        // It offers TLS, and says in the same breath that the login was taken.
        let version = 5 + greeting[5..].iter().position(|byte| *byte == 0).unwrap();
        greeting[version + 1 + 4 + 8 + 1 + 1] |= 0x08;
        greeting.extend_from_slice(&[7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut near, _) = listener.accept().await.unwrap();
            near.write_all(&greeting).await.unwrap();
            near.shutdown().await.unwrap();
            let mut said = Vec::new();
            let _ = near.read_to_end(&mut said).await;
            said
        });
        let error = connect(&bed.url_at(port, "anyone", "ssl-mode=REQUIRED")).await.err().unwrap();
        assert!(error.to_string().contains("is not TLS"), "{error}");
        assert!(!server.await.unwrap().windows(6).any(|part| part == b"anyone"));
    });
}

#[test]
fn megabytes_and_eight_at_once() {
    block_on(async {
        let mut bed = Bed::new().await;
        bed.show(Some(&bed.good()));
        bed.admin().await.query_drop("CREATE TABLE shop.t (who int, line longtext) CHARSET utf8mb4").await.unwrap();
        let url = bed.url("anyone", "ssl-mode=REQUIRED");
        let runners: Vec<_> = (0..8)
            .map(|who| {
                let url = url.clone();
                tokio::spawn(async move {
                    let mut session = connect(&url).await.unwrap();
                    let line = "žluťoučký kůň ".repeat(200_000);
                    run(&mut *session, &format!("INSERT INTO t VALUES ({who}, '{line}')")).await.unwrap();
                    session.close().await;
                })
            })
            .collect();
        for runner in runners {
            runner.await.unwrap();
        }
        let counted: (u64, u64) = bed
            .admin()
            .await
            .query_first("SELECT COUNT(DISTINCT who), SUM(CHAR_LENGTH(line)) FROM shop.t")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(counted, (8, 8 * 14 * 200_000));
    });
}

#[test]
fn passwords_of_every_kind_in_plain_and_over_tls() {
    block_on(async {
        let mut bed = Bed::new().await;
        let mut admin = bed.admin().await;
        admin.query_drop("INSTALL SONAME 'auth_ed25519'").await.unwrap();
        for sql in [
            "CREATE USER by_native IDENTIFIED VIA mysql_native_password USING PASSWORD('s3cret')",
            "CREATE USER by_ed25519 IDENTIFIED VIA ed25519 USING PASSWORD('s3cret')",
            // A way that a client can't go, then one that it can.
            "CREATE USER by_either IDENTIFIED VIA mysql_native_password USING PASSWORD('other') OR ed25519 USING PASSWORD('s3cret')",
            "GRANT ALL ON *.* TO by_native, by_ed25519, by_either",
        ] {
            admin.query_drop(sql).await.unwrap();
        }
        bed.show(Some(&bed.good()));
        for user in ["by_native", "by_ed25519", "by_either"] {
            for (query, wanted) in [("ssl-mode=DISABLED", Plain), ("ssl-mode=REQUIRED", Encrypted)] {
                let (ours, said) = bed.ours(&bed.url(user, query)).await;
                assert_eq!(ours, wanted, "{user} {query}: {said}");
                let mut wrong = bed.url(user, query);
                wrong.password = Some("wrong".to_owned());
                let error = connect(&wrong).await.err().unwrap();
                assert!(matches!(error, Error::Login { .. }), "{error}");
            }
        }
    });
}

/// On the server that all tests share, which may be a MySQL: its own ways to keep passwords.
#[tokio::test]
async fn passwords_of_the_server_at_hand() {
    let mut database = TestDatabase::new("passwords").await;
    let session = database.session().await;
    let mariadb = is_mariadb(&*session);
    session.close().await;
    let plugins: &[&str] =
        if mariadb { &["mysql_native_password"] } else { &["caching_sha2_password", "sha256_password"] };
    for plugin in plugins {
        let user = format!("dl_pw_{}", std::process::id());
        let how =
            if mariadb { "VIA mysql_native_password USING PASSWORD('s3cretß')" } else { "WITH PLUGIN BY 's3cretß'" };
        database.run(&format!("CREATE USER {user} IDENTIFIED {}", how.replace("PLUGIN", plugin))).await;
        database.run(&format!("GRANT ALL ON {}.* TO {user}", database.name)).await;
        // Twice each: the first time a server has to see the password itself, later it may know it by a hash.
        for mode in ["DISABLED", "DISABLED", "PREFERRED", "PREFERRED"] {
            let mut url = database.url();
            (url.user, url.password) = (Some(user.clone()), Some("s3cretß".to_owned()));
            url.query.push(("ssl-mode".to_owned(), mode.to_owned()));
            match connect(&url).await {
                Ok(session) => session.close().await,
                Err(error) => {
                    assert_eq!((*plugin, mode), ("sha256_password", "DISABLED"), "{error}");
                    assert!(error.to_string().contains("needs TLS"), "{error}");
                }
            }
            url.password = Some("wrong".to_owned());
            let error = connect(&url).await.err().unwrap();
            assert!(matches!(error, Error::Login { .. }), "{plugin} {mode}: {error}");
        }
        database.run(&format!("DROP USER {user}")).await;
    }
    database.drop().await;
}
