//! Database directories: how each server's is made, and how it is started on it.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::fail::{Context, Failure, Result};
use crate::process::{find_program, spawn};
use crate::server::Server;
use crate::servers::{Durability, Life, USER};
use crate::setup::{Tools, is_root};

/// A child that makes a database directory, and where it writes.
pub(crate) type Initialising = (Child, PathBuf);

pub(crate) struct PostgresFiles {
    bin: PathBuf,
    folder: PathBuf,
    user: Option<(u32, u32)>,
    password: String,
}

impl PostgresFiles {
    pub(crate) fn new(tools: &Tools, parent: &Path, password: &str) -> Result<Self> {
        let user = unprivileged("postgres")?;
        let folder = folder_of(parent, "pg", user)?;
        Ok(PostgresFiles { bin: tools.postgres_bin.clone(), folder, user, password: password.to_owned() })
    }

    pub(crate) fn initialise(&self) -> Result<Initialising> {
        let password_file = self.folder.join("password");
        write_for(&password_file, &self.password, self.user)?;
        let mut command = command_as(&self.bin.join("initdb"), &self.folder, self.user);
        command.arg("-D").arg(self.folder.join("data")).arg("--pwfile").arg(&password_file);
        command.args(["-U", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        spawn_logged(command, self.folder.join("initdb.log"))
    }

    /// Instead of a new directory, a copy of a running server's, which follows it when it is started.
    pub(crate) fn copy(&self, url: &str) -> Result<Initialising> {
        let mut command = command_as(&self.bin.join("pg_basebackup"), &self.folder, self.user);
        command.arg("-D").arg(self.folder.join("data")).args(["--write-recovery-conf", "--checkpoint=fast"]);
        command.args(["--wal-method=stream", "--no-sync", "-d", url]);
        spawn_logged(command, self.folder.join("copy.log"))
    }

    pub(crate) fn start(
        &self,
        port: u16,
        durability: Durability,
        life: Life,
        more: &[String],
    ) -> Result<(Server, PathBuf)> {
        let mut command = command_for_life("QUIT", &self.bin.join("postgres"), &self.folder, self.user, life);
        command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "max_connections=300"]);
        command.args(match durability {
            Durability::Default => &[][..],
            Durability::Relaxed => &["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
            Durability::Server => &["-c", "fsync=off"],
        });
        command.args(more);
        let (child, log) = spawn_logged(command, self.folder.join("server.log"))?;
        Ok((Server { name: "PostgreSQL", pid: child.id(), port, stop_signal: "INT", child: Some(child) }, log))
    }
}

pub(crate) struct MysqlFiles {
    tools: Tools,
    folder: PathBuf,
    user: Option<(u32, u32)>,
    init_file: PathBuf,
}

impl MysqlFiles {
    pub(crate) fn new(tools: &Tools, parent: &Path, password: &str) -> Result<Self> {
        let user = unprivileged("mysql")?;
        let folder = folder_of(parent, "my", user)?;
        // A server that starts removes what looks like a temporary table in its folder for these, another server's too.
        folder_of(&folder, "tmp", user)?;
        let init_file = folder.join("init.sql");
        // One statement a line. Logins without a password, which the installation makes, go.
        let head = match tools.mysql {
            None => format!(
                "DELETE FROM mysql.global_priv WHERE User IN ('', 'root');\n\
                 FLUSH PRIVILEGES;\n\
                 CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{password}';\n"
            ),
            Some(_) => format!(
                "DROP USER IF EXISTS root@localhost;\n\
                 CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{password}';\n"
            ),
        };
        let statements = format!("{head}GRANT ALL PRIVILEGES ON *.* TO {USER}@'%' WITH GRANT OPTION;\n");
        write_for(&init_file, &statements, user)?;
        Ok(MysqlFiles { tools: tools.clone(), folder, user, init_file })
    }

    pub(crate) fn initialise(&self) -> Result<Initialising> {
        if let Some(root) = &self.tools.mysql {
            let (loader, arguments) = crate::mysql::server(root)?;
            let mut command = command_as(&loader, &self.folder, self.user);
            command.args(arguments).arg("--initialize-insecure");
            command.arg(format!("--datadir={}", self.folder.join("data").display()));
            return spawn_logged(command, self.folder.join("install.log"));
        }
        let mut command = command_as(&self.tools.mariadb_install_db, &self.folder, self.user);
        command.arg("--no-defaults").arg(format!("--datadir={}", self.folder.join("data").display()));
        command.args(["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]);
        // Not in the place of other servers: each removes the temporary tables that it finds when it begins.
        command.arg(format!("--tmpdir={}", self.folder.display()));
        spawn_logged(command, self.folder.join("install.log"))
    }

    pub(crate) fn start(
        &self,
        port: u16,
        durability: Durability,
        life: Life,
        more: &[String],
    ) -> Result<(Server, PathBuf)> {
        let (name, program, head) = match &self.tools.mysql {
            None => ("MariaDB", self.tools.mariadbd.clone(), vec!["--no-defaults".into()]),
            Some(root) => {
                let (loader, arguments) = crate::mysql::server(root)?;
                ("MySQL", loader, arguments)
            }
        };
        if self.tools.mysql.is_some() {
            // One that was killed leaves its number, which may be another process's by now.
            let _ = fs::remove_file(self.folder.join("socket.lock"));
        }
        let mut command = command_for_life("KILL", &program, &self.folder, self.user, life);
        let path = |name: &str| self.folder.join(name).display().to_string();
        command.args(head).args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=300"]);
        command.arg(format!("--port={port}")).arg(format!("--datadir={}", path("data")));
        command
            .arg(format!("--tmpdir={}", path("tmp")))
            .arg(format!("--socket={}", path("socket")))
            .arg(format!("--pid-file={}", path("pid")));
        command.arg(format!("--init-file={}", self.init_file.display())).arg("--character-set-server=utf8mb4");
        command.args(match durability {
            Durability::Default => &[][..],
            Durability::Relaxed => &["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"],
            Durability::Server => &["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync"],
        });
        if durability == Durability::Relaxed {
            // MariaDB's definitions lie beside InnoDB; MySQL has its binary log on.
            command.arg(if name == "MariaDB" { "--sync-frm=0" } else { "--sync-binlog=0" });
        }
        if self.tools.mysql.is_some() {
            // As on servers of MariaDB, whose log of changes is off, functions needn't say whether they are deterministic.
            command.arg("--log-bin-trust-function-creators=1");
        }
        command.args(more);
        let (child, log) = spawn_logged(command, self.folder.join("server.log"))?;
        Ok((Server { name, pid: child.id(), port, stop_signal: "TERM", child: Some(child) }, log))
    }
}

/// A user that a server may run as, by Debian's name for it. `None`: we are unprivileged ourselves.
pub(crate) fn unprivileged(name: &str) -> Result<Option<(u32, u32)>> {
    if !is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("/etc/passwd")?;
    let find = |name: &str| find_user(&users, name);
    find(name).or_else(|| find("nobody")).map(Some).ok_or_else(|| {
        Failure::new(format!("root may not run database servers, and there is neither a user {name} nor nobody"))
    })
}

fn find_user(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

pub(crate) fn folder_of(parent: &Path, name: &str, user: Option<(u32, u32)>) -> Result<PathBuf> {
    let folder = parent.join(name);
    fs::create_dir(&folder).context(folder.display())?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).context(folder.display())?;
    give(&folder, user)?;
    Ok(folder)
}

pub(crate) fn write_for(file: &Path, text: &str, user: Option<(u32, u32)>) -> Result<()> {
    fs::write(file, text).context(file.display())?;
    give(file, user)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).context(file.display())
}

fn give(path: &Path, user: Option<(u32, u32)>) -> Result<()> {
    match user {
        None => Ok(()),
        Some((user, group)) => chown(path, Some(user), Some(group)).context(path.display()),
    }
}

fn command_as(program: &Path, folder: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    // Neither our directory nor our settings are theirs.
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
    command.current_dir(folder).env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", folder);
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    // Ctrl-C on the terminal is for us; we stop them in order.
    command.process_group(0);
    command
}

/// A command that is sent `signal` when we die, if that is its life: even kill -9 leaves no server behind.
pub(crate) fn command_for_life(
    signal: &str,
    program: &Path,
    folder: &Path,
    user: Option<(u32, u32)>,
    life: Life,
) -> Command {
    match find_program("setpriv").filter(|_| life == Life::WithUs) {
        None => command_as(program, folder, user),
        Some(setpriv) => {
            let mut command = command_as(&setpriv, folder, user);
            command.args(["--pdeathsig", signal, "--"]).arg(program);
            command
        }
    }
}

pub(crate) fn spawn_logged(mut command: Command, log: PathBuf) -> Result<(Child, PathBuf)> {
    let file = File::options().create(true).append(true).open(&log).context(log.display())?;
    let program = command.get_program().to_string_lossy().into_owned();
    let errors = file.try_clone().context(log.display())?;
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    Ok((spawn(command).context(format_args!("can't start {program}"))?, log))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_users() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104:PG:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(find_user(users, "postgres"), Some((101, 104)));
        assert_eq!(find_user(users, "post"), None);
    }
}
