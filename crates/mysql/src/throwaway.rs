//! A server for scratch work, from binaries that are on this machine: in a folder of its own, reached by a socket in it, and gone with both when it is
//! dropped.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, Error, Throwaway};
use tempfile::TempDir;

/// So long a server may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where servers are beside the folders of `PATH`.
const FOLDERS: [&str; 6] =
    ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/bin", "/usr/local/bin"];

/// Starts one. `None` where there are no binaries.
pub(crate) async fn start(engine: &dyn Engine) -> Result<Option<Throwaway>, Error> {
    let Some(program) = ["mariadbd", "mysqld"].into_iter().find_map(find) else { return Ok(None) };
    let failed = |reason: String| Error::Connect { target: "a throwaway server".to_owned(), reason };
    let made = tokio::task::spawn_blocking(move || Server::start(&program)).await;
    let server = made.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    let server = reached(engine, server).await.map_err(failed)?;
    Ok(Some(Throwaway { url: server.url.clone(), guard: Box::new(server) }))
}

/// Waits until it answers.
async fn reached(engine: &dyn Engine, mut server: Server) -> Result<Server, String> {
    let url = DatabaseUrl { path: "information_schema".to_owned(), ..server.url.clone() };
    let until = Instant::now() + PATIENCE;
    loop {
        let error = match engine.connect(&url, &ConnectOptions::default()).await {
            Ok(session) => {
                session.close().await;
                return Ok(server);
            }
            Err(error) => error,
        };
        let ended = server.process.try_wait().ok().flatten();
        if ended.is_some() || Instant::now() > until {
            let how = ended.map_or_else(|| "doesn't answer".to_owned(), |status| format!("ended with {status}"));
            return Err(format!("the server {how}: {error}; it says: {}", server.last_words()));
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

struct Server {
    process: Child,
    url: DatabaseUrl,
    /// Removed after the process is gone.
    folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // There is nothing in it that has to be brought into order.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(program: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("driftlock-").tempdir().map_err(|error| error.to_string())?;
        let user = unprivileged(folder.path())?;
        let place = Place { folder: folder.path(), user };
        for name in ["", "tmp", "data"] {
            place.own(&place.folder.join(name))?;
        }
        let password: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
        let is_mariadb = install(program, &place)?;
        let init = place.folder.join("init.sql");
        fs::write(&init, logins(&password)).map_err(|error| error.to_string())?;
        place.own(&init)?;
        let socket = place.folder.join("socket").display().to_string();
        let mut command = place.command(program, "server.log")?;
        command.args(["--no-defaults", "--skip-networking", "--max-connections=100", "--character-set-server=utf8mb4"]);
        command.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--skip-log-bin"]);
        command.arg(if is_mariadb { "--sync-frm=0" } else { "--mysqlx=OFF" });
        for (option, name) in [
            ("datadir", "data"),
            ("tmpdir", "tmp"),
            ("socket", "socket"),
            ("pid-file", "pid"),
            ("init-file", "init.sql"),
        ] {
            command.arg(format!("--{option}={}", place.folder.join(name).display()));
        }
        let process = command.spawn().map_err(|error| format!("{} can't be started: {error}", program.display()))?;
        let url = DatabaseUrl {
            scheme: "mysql".to_owned(),
            user: Some(USER.to_owned()),
            password: Some(password),
            authority: "localhost".to_owned(),
            path: String::new(),
            query: vec![("socket".to_owned(), socket)],
        };
        Ok(Server { process, url, folder })
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        last_lines(&self.folder.path().join("server.log"))
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

/// Makes the directory of a server. Whether it is MariaDB's.
fn install(program: &Path, place: &Place<'_>) -> Result<bool, String> {
    let version =
        Command::new(program).arg("--version").output().map_err(|error| format!("{}: {error}", program.display()))?;
    let is_mariadb = String::from_utf8_lossy(&version.stdout).contains("MariaDB");
    let data = format!("--datadir={}", place.folder.join("data").display());
    let mut command = if is_mariadb {
        let missing = "there is a MariaDB server and no mariadb-install-db beside it";
        let installer = ["mariadb-install-db", "mysql_install_db"].into_iter().find_map(find).ok_or(missing)?;
        let mut command = place.command(&installer, "install.log")?;
        command.args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]);
        command
    } else {
        let mut command = place.command(program, "install.log")?;
        command.args(["--no-defaults", "--initialize-insecure"]);
        command
    };
    let status = command.arg(data).status().map_err(|error| format!("its data directory can't be made: {error}"))?;
    if !status.success() {
        let words = last_lines(&place.folder.join("install.log"));
        return Err(format!("its data directory can't be made ({status}): {words}"));
    }
    Ok(is_mariadb)
}

fn last_lines(file: &Path) -> String {
    let text = fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

/// Where it lives, and as whom it runs.
struct Place<'a> {
    folder: &'a Path,
    user: Option<(u32, u32)>,
}

impl Place<'_> {
    /// Makes a folder where there is nothing, and gives it to the server's user alone.
    fn own(&self, path: &Path) -> Result<(), String> {
        let act = || {
            let is_file = path.is_file();
            if !is_file {
                fs::create_dir_all(path)?;
            }
            if let Some((user, group)) = self.user {
                chown(path, Some(user), Some(group))?;
            }
            fs::set_permissions(path, Permissions::from_mode(if is_file { 0o600 } else { 0o700 }))
        };
        act().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))
    }

    /// A command of the server's user, which writes into a log and knows nothing of our settings.
    fn command(&self, program: &Path, log: &str) -> Result<Command, String> {
        let file = File::create(self.folder.join(log)).map_err(|error| error.to_string())?;
        let errors = file.try_clone().map_err(|error| error.to_string())?;
        let dies_with_us = find("setpriv").filter(|_| cfg!(target_os = "linux"));
        let mut command = match dies_with_us {
            // Even when we are killed no server stays behind.
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
        command.current_dir(self.folder).env_clear().env("PATH", path).env("LC_ALL", "C").env("HOME", self.folder);
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        // Ctrl-C on the terminal is for us, who stop it in order.
        command.process_group(0);
        Ok(command)
    }
}

/// A user that a server may run as; `None` where we are none that it minds.
fn unprivileged(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    if fs::metadata(folder).map_err(|error| error.to_string())?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let user = find("mysql").or_else(|| find("nobody"));
    user.map(Some).ok_or_else(|| "root may not run a server, and there is neither a user mysql nor nobody".to_owned())
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
