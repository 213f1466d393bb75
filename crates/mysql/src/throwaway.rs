//! A server for scratch work, from binaries that are on this machine: in a folder of its own, reached by a socket in it, and gone with both when it is
//! dropped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use driftlock_database::throwaway::{Place, last_lines, random};
use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, Error, Throwaway};

/// So long a server may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where servers are beside the folders of `PATH`.
const FOLDERS: [&str; 6] =
    ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/bin", "/usr/local/bin"];

/// How the server runs and its directory is made: nothing has to reach the disk, and its log may be small. What a server doesn't know it leaves out.
const CARELESS: [&str; 7] = [
    "--no-defaults",
    "--loose-innodb-log-file-size=8M",
    "--loose-innodb-redo-log-capacity=16M",
    "--loose-innodb-flush-method=nosync",
    "--loose-innodb-flush-log-at-trx-commit=0",
    "--loose-skip-innodb-doublewrite",
    "--loose-innodb-buffer-pool-size=64M",
];

/// Starts one. `None` where there are no binaries.
pub(crate) async fn start(engine: &dyn Engine) -> Result<Option<Throwaway>, Error> {
    let Some(program) = ["mariadbd", "mysqld"].into_iter().find_map(find) else { return Ok(None) };
    let failed = |reason: String| Error::Connect { target: "a throwaway server".to_owned(), reason };
    let made = tokio::task::spawn_blocking(move || Starting::new(&program)).await;
    let Starting { url, place } = made.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    if let Err(reason) = reached(engine, &url, &place).await {
        place.discard();
        return Err(failed(reason));
    }
    Ok(Some(Throwaway { url, guard: Box::new(place) }))
}

/// Waits until it answers.
async fn reached(engine: &dyn Engine, url: &DatabaseUrl, place: &Place) -> Result<(), String> {
    let url = DatabaseUrl { path: "information_schema".to_owned(), ..url.clone() };
    let until = Instant::now() + PATIENCE;
    loop {
        let error = match engine.connect(&url, &ConnectOptions::default()).await {
            Ok(session) => {
                session.close().await;
                return Ok(());
            }
            Err(error) => error,
        };
        if place.has_ended() || Instant::now() > until {
            return Err(format!("{error}; it says: {}", last_lines(&place.log())));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A server that was told to start.
struct Starting {
    url: DatabaseUrl,
    place: Place,
}

impl Starting {
    fn new(program: &Path) -> Result<Self, String> {
        let io = |error: std::io::Error| error.to_string();
        let is_mariadb = is_mariadb(program)?;
        let mut place = Place::new("mysql", &["mysql", "nobody"]).map_err(io)?;
        let mut arguments: Vec<String> = CARELESS.map(str::to_owned).to_vec();
        arguments.extend(
            ["--skip-networking", "--max-connections=100", "--character-set-server=utf8mb4", "--skip-log-bin"]
                .map(str::to_owned),
        );
        arguments.push(if is_mariadb { "--sync-frm=0" } else { "--mysqlx=OFF" }.to_owned());
        for (option, name) in [
            ("datadir", "data"),
            ("tmpdir", "tmp"),
            ("socket", "socket"),
            ("pid-file", "pid"),
            ("init-file", "init.sql"),
        ] {
            arguments.push(format!("--{option}={}", place.folder().join(name).display()));
        }
        // There is nothing in it that has to be brought into order.
        place.watch("KILL", program, &arguments).map_err(io)?;
        place.own(&place.folder().join("tmp")).map_err(io)?;
        let data = place.folder().join("data");
        let installer = Installer { program, is_mariadb };
        place.install(&data, program, &CARELESS.join(" "), |place| installer.run(place, &data))?;
        let password = random().map_err(io)?;
        let init = place.folder().join("init.sql");
        fs::write(&init, logins(&password)).map_err(io)?;
        place.own(&init).map_err(io)?;
        place.start().map_err(io)?;
        let socket = place.folder().join("socket").display().to_string();
        let url = DatabaseUrl {
            scheme: "mysql".to_owned(),
            user: Some(USER.to_owned()),
            password: Some(password),
            authority: "localhost".to_owned(),
            path: String::new(),
            query: vec![("socket".to_owned(), socket)],
        };
        Ok(Starting { url, place })
    }
}

const USER: &str = "driftlock";

/// One statement a line, run by the server before it lets anybody in: one login, and none without a password.
fn logins(password: &str) -> String {
    format!(
        "CREATE USER {USER}@'%' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO {USER}@'%' WITH GRANT OPTION;\n\
         DROP USER IF EXISTS root@localhost;\n"
    )
}

fn is_mariadb(program: &Path) -> Result<bool, String> {
    let version =
        Command::new(program).arg("--version").output().map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(String::from_utf8_lossy(&version.stdout).contains("MariaDB"))
}

/// What makes a server's directory.
struct Installer<'a> {
    program: &'a Path,
    is_mariadb: bool,
}

impl Installer<'_> {
    fn run(&self, place: &Place, data: &Path) -> Result<(), String> {
        let mut command = if self.is_mariadb {
            let missing = "there is a MariaDB server and no mariadb-install-db beside it";
            let installer = ["mariadb-install-db", "mysql_install_db"].into_iter().find_map(find).ok_or(missing)?;
            let mut command = place.command(&installer);
            command.args(CARELESS).args([
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ]);
            command
        } else {
            let mut command = place.command(self.program);
            command.args(CARELESS).arg("--initialize-insecure");
            command
        };
        let failed = |reason: String| format!("its data directory can't be made: {reason}");
        let log = place.folder().join("install.log");
        let file = File::create(&log).map_err(|error| failed(error.to_string()))?;
        let errors = file.try_clone().map_err(|error| failed(error.to_string()))?;
        // A server that begins removes the temporary tables that it finds, those of another one in the same place too.
        command.arg(format!("--tmpdir={}", place.folder().join("tmp").display()));
        command.arg(format!("--datadir={}", data.display())).stdout(file).stderr(errors);
        let status = command.status().map_err(|error| failed(error.to_string()))?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        Err(failed(format!("{status}: {}", last_lines(&said))))
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MySql;

    #[tokio::test]
    async fn a_throwaway_server_is_gone_when_it_is_dropped() {
        let Some(throwaway) = start(&MySql).await.unwrap() else {
            // Said aloud: without binaries there is nothing to start.
            eprintln!("no server's binaries are on this machine");
            return;
        };
        let url = DatabaseUrl { path: "information_schema".to_owned(), ..throwaway.url.clone() };
        let socket = PathBuf::from(&url.query[0].1);
        let mut session = MySql.connect(&url, &ConnectOptions::default()).await.unwrap();
        assert_eq!(session.inspect().await.unwrap().incomplete, [""; 0]);
        session.close().await;
        assert!(socket.exists());
        drop(throwaway);
        assert!(!socket.exists() && !socket.parent().unwrap().exists());
        assert!(MySql.connect(&url, &ConnectOptions::default()).await.is_err());
    }
}
