//! The program over TLS, on servers of the test's own: files, variables, a home, a configuration; eight at once; Ctrl-C.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftlock_servers::certificates::{Authority, Wanted, write};
use driftlock_servers::private::Private;
use driftlock_servers::process;
use driftlock_servers::setup::find_tools;

use crate::target::Ran;

/// A server that shows a certificate for `localhost`, and a project beside a home.
struct Bed {
    server: Private,
    authority: Authority,
    folder: tempfile::TempDir,
}

impl Bed {
    fn new(mut server: Private, arguments: impl Fn(&str) -> Vec<String>) -> Self {
        let authority = Authority::new("Ours").unwrap();
        let issued = authority.issue(&Wanted { names: &["localhost"], ..Wanted::default() }).unwrap();
        issued.write(&server.data(), "server").unwrap();
        write(&server.data(), "clients.crt", authority.root()).unwrap();
        let arguments = arguments(&server.data().display().to_string());
        server.set_arguments(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        server.stop();
        server.start().unwrap();
        let bed = Bed { server, authority, folder: tempfile::tempdir().unwrap() };
        for name in ["project/migrations", "home/.postgresql", "other/.postgresql"] {
            std::fs::create_dir_all(bed.path(name)).unwrap();
        }
        bed.file("root.crt", bed.authority.root());
        bed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        write(self.folder.path(), name, text).unwrap().display().to_string()
    }

    fn migration(&self, number: u32, sql: &str) {
        self.file(&format!("project/migrations/20240520-14300{number}_shop_make_v1.up.sql"), sql);
    }

    fn url(&self, database: &str, query: &str) -> String {
        let url = self.server.url(database).replace("127.0.0.1", "localhost");
        if query.is_empty() { url } else { format!("{url}?{query}") }
    }

    fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftlock"));
        command.env_clear().env("HOME", self.path("home")).current_dir(self.path("project"));
        command.args(arguments).envs(variables.iter().copied());
        command
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let ran = Ran::new(self.command(arguments, variables).output().unwrap());
        for said in [&ran.stdout, &ran.stderr] {
            assert!(!said.contains(self.server.password()), "{said}");
        }
        ran
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn psql(&self, sql: &str) -> String {
        let psql = find_tools().unwrap().postgres_bin.join("psql");
        let url = self.server.url("postgres");
        let output = Command::new(psql).args(["-XAtqc", sql, "-d", &url]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn postgres() -> Bed {
    Bed::new(Private::postgres(&[]).unwrap(), |_| {
        ["-c", "ssl=on", "-c", "ssl_ca_file=clients.crt"].map(str::to_owned).to_vec()
    })
}

#[test]
fn postgres_takes_roots_and_certificates_from_wherever_psql_does() {
    let bed = postgres();
    let root = bed.path("root.crt").display().to_string();
    bed.migration(1, "CREATE TABLE one AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid();\n");
    let full = bed.url("postgres", &format!("sslmode=verify-full&sslrootcert={root}"));
    bed.run(&["up", "--url", &full], &[]).expect(0);
    assert_eq!(bed.psql("SELECT ssl FROM one"), "t");

    // Whoever is in the middle of this is not let in, and the program ends with what to do.
    let by_address = full.replace("localhost", "127.0.0.1");
    bed.run(&["status", "--url", &by_address], &[]).expect(1).says(&["is not for `127.0.0.1`, it is for `localhost`"]);
    let full = bed.url("postgres", "sslmode=verify-full");
    bed.run(&["status", "--url", &full], &[]).expect(1).says(&["nothing in the system's roots", "`sslrootcert`"]);
    // The system's roots, wherever the system has them.
    let system = [("SSL_CERT_FILE", root.as_str())];
    bed.run(&["status", "--url", &full], &system).expect(0);
    bed.run(&["status", "--url", &bed.url("postgres", "sslrootcert=system")], &system).expect(0);
    // They are looked at by whom needs them alone.
    let none = [("SSL_CERT_FILE", "/nowhere")];
    bed.run(&["status", "--url", &full], &none).expect(2).says(&["no certificates to trust were found"]);
    bed.run(&["status", "--url", &bed.url("postgres", "sslmode=require")], &none).expect(0);
    // By variables, and by a configuration.
    let plain = bed.url("postgres", "");
    let variables = [("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", root.as_str())];
    bed.run(&["status", "--url", &plain], &variables).expect(0);
    bed.run(&["status", "--url", &plain], &[("PGSSLMODE", "verify-full")]).expect(1);
    bed.run(&["status", "--url", &plain], &[("PGREQUIRESSL", "1"), ("PGCHANNELBINDING", "require")]).expect(0);
    bed.file("project/driftlock.toml", "[env.dev]\nurl = { env = \"SHOP_URL\" }\n");
    let by_variable = format!("{full}&sslrootcert={root}");
    bed.run(&["status"], &[("SHOP_URL", &by_variable)]).expect(0).says(&["PostgreSQL"]);
    bed.run(&["status"], &[("SHOP_URL", &full)]).expect(1);

    // A home's root counts for `require` too, and its certificate for a role that wants one.
    std::fs::copy(&root, bed.path("home/.postgresql/root.crt")).unwrap();
    bed.run(&["status", "--url", &full], &[]).expect(0);
    let require = bed.url("postgres", "sslmode=require");
    bed.run(&["status", "--url", &require], &[]).expect(0);
    let stranger = Authority::new("Another").unwrap();
    bed.file("home/.postgresql/root.crt", stranger.root());
    bed.run(&["status", "--url", &require], &[]).expect(1).says(&["home/.postgresql/root.crt"]);
    bed.psql("CREATE ROLE ann LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO ann");
    write(
        &bed.server.data(),
        "pg_hba.conf",
        "hostssl all ann 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256\n",
    )
    .unwrap();
    bed.psql("SELECT pg_reload_conf()");
    let ann = format!("postgres://ann@localhost:{}/postgres?sslmode=verify-full&sslrootcert={root}", bed.server.port());
    // The server reads its rules in its own time.
    let begun = Instant::now();
    while bed.run(&["status", "--url", &ann], &[]).code == 0 || begun.elapsed() < Duration::from_millis(500) {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
    bed.run(&["status", "--url", &ann], &[]).expect(1).says(&["none was given: `sslcert` and `sslkey`"]);
    let certificate = bed.authority.issue(&Wanted { common_name: "ann", ..Wanted::default() }).unwrap();
    certificate.write(&bed.path("home/.postgresql"), "postgresql").unwrap();
    bed.run(&["status", "--url", &ann], &[]).expect(0);
    bed.run(&["status", "--url", &ann], &[("PGSSLCERT", "nothing.crt")])
        .expect(2)
        .says(&["nothing.crt: can't be read"]);
    // Without a home nothing is found, and nothing breaks.
    bed.run(&["status", "--url", &plain], &[("HOME", "")]).expect(0);
}

#[test]
fn eight_runners_and_ctrl_c_over_tls() {
    let bed = postgres();
    let root = bed.path("root.crt").display().to_string();
    let url = bed.url("postgres", &format!("sslmode=verify-full&sslrootcert={root}"));
    bed.migration(1, "CREATE TABLE one (id int);\nINSERT INTO one VALUES (1);\n");
    let runners: Vec<Child> = (0..8).map(|_| bed.spawn(&["up", "--url", &url])).collect();
    for runner in runners {
        Ran::new(runner.wait_with_output().unwrap()).expect(0);
    }
    assert_eq!(bed.psql("SELECT count(*) FROM one"), "1");

    bed.migration(2, "CREATE TABLE two AS SELECT 1 AS id FROM pg_sleep(600);\n");
    let runner = bed.spawn(&["up", "--url", &url]);
    let sleeping = "SELECT count(*) FROM pg_stat_activity a JOIN pg_stat_ssl USING (pid) WHERE ssl AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep(600)%'";
    let begun = Instant::now();
    while bed.psql(sleeping) != "1" {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never began");
        std::thread::sleep(Duration::from_millis(50));
    }
    process::signal("INT", &runner.id().to_string());
    Ran::new(runner.wait_with_output().unwrap()).expect(130);
    assert_eq!(bed.psql(sleeping), "0");
    assert_eq!(bed.psql("SELECT count(*) FROM pg_class WHERE relname = 'two'"), "0");
}

#[test]
fn mariadb_over_tls() {
    let bed = Bed::new(Private::mariadb(&[]).unwrap(), |data| {
        vec![
            format!("--ssl-cert={data}/server.crt"),
            format!("--ssl-key={data}/server.key"),
            format!("--ssl-ca={data}/clients.crt"),
        ]
    });
    let root = bed.path("root.crt").display().to_string();
    bed.migration(1, "CREATE TABLE one AS SELECT VARIABLE_VALUE v FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_version';\n");
    bed.migration(
        2,
        "CREATE TABLE two (id int CHECK (id > 0));\nINSERT INTO two SELECT 1 FROM one WHERE v LIKE 'TLSv1.%';\n",
    );
    let full = bed.url("test", &format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={root}"));
    let made = Command::new(find_tools().unwrap().mariadb)
        .args(["--no-defaults", "-h127.0.0.1", "-e", "CREATE DATABASE IF NOT EXISTS test"])
        .arg(format!("-P{}", bed.server.port()))
        .arg(format!("-p{}", bed.server.password()))
        .arg(format!("-u{}", driftlock_servers::servers::USER))
        .status()
        .unwrap();
    assert!(made.success());
    let runners: Vec<Child> = (0..8).map(|_| bed.spawn(&["up", "--url", &full])).collect();
    for runner in runners {
        Ran::new(runner.wait_with_output().unwrap()).expect(0);
    }
    bed.migration(3, "ALTER TABLE two ADD CONSTRAINT one_row CHECK (id = 1);\n");
    bed.run(&["up", "--url", &full], &[]).expect(0);
    let by_address = full.replace("localhost", "127.0.0.1");
    bed.run(&["status", "--url", &by_address], &[]).expect(1).says(&["is not for `127.0.0.1`, it is for `localhost`"]);
    let system = bed.url("test", "ssl-mode=VERIFY_IDENTITY");
    bed.run(&["status", "--url", &system], &[]).expect(1).says(&["nothing in the system's roots", "`ssl-ca`"]);
    bed.run(&["status", "--url", &system], &[("SSL_CERT_FILE", &root)]).expect(0);
    bed.file("project/driftlock.toml", &format!("[env.dev]\nurl = \"{full}\"\n"));
    bed.run(&["status"], &[]).expect(0).says(&["MariaDB"]);
    bed.run(&["status", "--url", &bed.url("test", "tls=true")], &[]).expect(2).says(&["`ssl-mode=VERIFY_IDENTITY`"]);
}
