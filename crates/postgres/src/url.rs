//! What a URL and the `PG*` variables ask for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use driftlock_database::{DatabaseUrl, Error};

use crate::encryption::{self, Encryption};
use crate::pgpass::{self, Found};

/// The process's surroundings that count: `PG*` variables, the home directory, the system's user.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    pub(crate) variables: HashMap<String, String>,
    pub(crate) home: Option<PathBuf>,
    pub(crate) os_user: Option<String>,
}

impl Environment {
    /// This process's. `PGSERVICE` is not among what is looked at.
    pub(crate) fn of_process() -> Self {
        // Not `vars()`, which panics where any variable is not UTF-8.
        let variables: HashMap<String, String> = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(key, value)| key.starts_with("PG") && !value.is_empty())
            .collect();
        Environment { variables, home: std::env::var_os("HOME").map(PathBuf::from), os_user: os_user() }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// The user that this process runs as: by the system's accounts, else by `USER`.
fn os_user() -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let Ok(me) = std::fs::metadata("/proc/self") {
            let uid = me.uid().to_string();
            let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
            let named = accounts.lines().find_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next()?;
                (fields.nth(1)? == uid).then(|| name.to_owned())
            });
            if named.is_some() {
                return named;
            }
        }
    }
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty())
}

/// Where a server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A host by name, or by an address that needs no look-up.
    Tcp(String, Option<IpAddr>),
    /// The directory of a unix socket.
    Unix(PathBuf),
}

/// One server to try.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) address: Address,
    pub(crate) port: u16,
    pub(crate) password: Option<String>,
}

/// Without the password.
impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.address {
            Address::Tcp(name, _) if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Address::Tcp(name, _) => write!(f, "{name}:{}", self.port),
            Address::Unix(directory) => write!(f, "{}/.s.PGSQL.{}", directory.display(), self.port),
        }
    }
}

/// Which of several servers will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Attributes {
    #[default]
    Any,
    ReadWrite,
    Primary,
}

/// How a dead peer is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeepAlive {
    pub(crate) on: bool,
    pub(crate) idle: Duration,
    pub(crate) interval: Duration,
    pub(crate) count: u32,
    pub(crate) user_timeout: Duration,
}

impl Default for KeepAlive {
    fn default() -> Self {
        KeepAlive {
            on: true,
            idle: Duration::from_secs(15),
            interval: Duration::from_secs(5),
            count: 3,
            // Linux ends a wait by this too, once a probe is out: whichever way, a dead peer is noticed within it.
            user_timeout: Duration::from_secs(30),
        }
    }
}

/// Everything that connecting needs.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) hosts: Vec<Host>,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) attributes: Attributes,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) encryption: Encryption,
    pub(crate) shuffle: bool,
    pub(crate) application_name: Option<String>,
    /// Settings of `options`, made in every session and after every reset.
    pub(crate) settings: Vec<(String, String)>,
    /// Why a password file was not read: said when a password is missing.
    pub(crate) passfile_note: Option<String>,
}

fn wrong<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::Url(message.into()))
}

const KNOWN: &str = "host, hostaddr, port, user, password, passfile, dbname, connect_timeout, application_name, \
                     fallback_application_name, options, target_session_attrs, load_balance_hosts, keepalives, keepalives_idle, \
                     keepalives_interval, keepalives_count, tcp_user_timeout, client_encoding, gssencmode";

/// The keys above by name, from the URL's query, else from the variable that libpq reads.
pub(crate) struct Keys<'a> {
    pub(crate) url: &'a DatabaseUrl,
    environment: &'a Environment,
}

impl<'a> Keys<'a> {
    pub(crate) fn get(&self, key: &str, variable: &str) -> Option<&'a str> {
        self.url.option(key).filter(|value| !value.is_empty()).or_else(|| self.environment.get(variable))
    }

    fn number(&self, key: &str, variable: &str) -> Result<Option<u64>, Error> {
        let Some(value) = self.get(key, variable) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => wrong(format!("`{key}={value}`: a whole number is wanted")),
        }
    }

    /// A value that must be one of these.
    pub(crate) fn one_of(
        &self,
        key: &str,
        variable: &str,
        allowed: &[&str],
        why: &str,
    ) -> Result<Option<&'a str>, Error> {
        match self.get(key, variable) {
            Some(value) if !allowed.contains(&value) => {
                wrong(format!("`{key}={value}` is not supported{why}: use one of {}", allowed.join(", ")))
            }
            value => Ok(value),
        }
    }
}

impl Target {
    /// Reads a URL as psql does, with the `PG*` variables and the password file for what it leaves out.
    pub(crate) fn read(url: &DatabaseUrl, environment: &Environment) -> Result<Self, Error> {
        let keys = Keys { url, environment };
        for (key, _) in &url.query {
            check_key(key)?;
        }
        check_plain(&keys)?;

        let user = url
            .user
            .clone()
            .or_else(|| keys.get("user", "PGUSER").map(str::to_owned))
            .or_else(|| environment.os_user.clone());
        let Some(user) = user else {
            return wrong(
                "the database URL names no user and the system's user has no name: write postgres://USER@HOST/DATABASE",
            );
        };
        let database = Some(url.path.clone())
            .filter(|path| !path.is_empty())
            .or_else(|| keys.get("dbname", "PGDATABASE").map(str::to_owned))
            .unwrap_or_else(|| user.clone());
        if [&user, &database].iter().any(|text| text.contains('\0')) {
            return wrong("the user or database of the URL holds a NUL character");
        }

        let mut hosts = hosts(&keys)?;
        let password = url.password.clone().or_else(|| keys.get("password", "PGPASSWORD").map(str::to_owned));
        let mut passfile_note = None;
        match password {
            Some(password) => hosts.iter_mut().for_each(|host| host.password = Some(password.clone())),
            None => {
                let file = keys
                    .get("passfile", "PGPASSFILE")
                    .map(PathBuf::from)
                    .or_else(|| environment.home.as_ref().map(|home| home.join(".pgpass")));
                for (host, file) in hosts.iter_mut().zip(std::iter::repeat(file)) {
                    let Some(file) = file else { break };
                    let name = match &host.address {
                        Address::Tcp(name, _) => name.as_str(),
                        Address::Unix(_) => "localhost",
                    };
                    match pgpass::look_up(&file, name, host.port, &database, &user) {
                        Found::Password(password) => host.password = Some(password),
                        Found::Nothing => {}
                        Found::Refused(why) => passfile_note = Some(why),
                    }
                }
            }
        }

        let attributes = match keys.one_of(
            "target_session_attrs",
            "PGTARGETSESSIONATTRS",
            &["any", "read-write", "primary"],
            " (a migration needs a server that can be written to)",
        )? {
            Some("read-write") => Attributes::ReadWrite,
            Some("primary") => Attributes::Primary,
            _ => Attributes::Any,
        };
        let shuffle =
            keys.one_of("load_balance_hosts", "PGLOADBALANCEHOSTS", &["disable", "random"], "")? == Some("random");
        Ok(Target {
            hosts,
            user,
            database,
            // libpq: zero is no limit, and less than two seconds are taken for two.
            attempt_timeout: keys
                .number("connect_timeout", "PGCONNECT_TIMEOUT")?
                .filter(|seconds| *seconds > 0)
                .map(|seconds| Duration::from_secs(seconds.max(2))),
            attributes,
            keep_alive: keep_alive(&keys)?,
            encryption: Encryption::read(&keys, environment.home.as_deref())?,
            shuffle,
            application_name: keys
                .get("application_name", "PGAPPNAME")
                .or_else(|| url.option("fallback_application_name"))
                .map(str::to_owned),
            settings: settings(keys.get("options", "PGOPTIONS").unwrap_or_default())?,
            passfile_note,
        })
    }
}

fn check_key(key: &str) -> Result<(), Error> {
    if [KNOWN, encryption::KEYS].iter().any(|known| known.split(", ").any(|known| known == key)) {
        return Ok(());
    }
    if let Some(why) = encryption::unsupported(key) {
        return wrong(format!("`{key}` in the database URL is not supported: {why}"));
    }
    wrong(format!(
        "`{key}` in the database URL is not a parameter that driftlock knows; it knows {KNOWN}, {}",
        encryption::KEYS
    ))
}

/// What can only be answered by a connection in UTF-8 without Kerberos.
fn check_plain(keys: &Keys<'_>) -> Result<(), Error> {
    let no_kerberos = ": driftlock doesn't encrypt by Kerberos";
    keys.one_of("gssencmode", "PGGSSENCMODE", &["disable", "prefer"], no_kerberos)?;
    if let Some(encoding) = keys.get("client_encoding", "PGCLIENTENCODING") {
        let plain: String =
            encoding.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        if !matches!(plain.as_str(), "utf8" | "unicode" | "auto") {
            return wrong(format!("`client_encoding={encoding}`: migration files are UTF-8, and so is the connection"));
        }
    }
    Ok(())
}

fn keep_alive(keys: &Keys<'_>) -> Result<KeepAlive, Error> {
    let standard = KeepAlive::default();
    let seconds = |key, or: Duration| -> Result<Duration, Error> {
        Ok(keys.number(key, "")?.filter(|number| *number > 0).map_or(or, Duration::from_secs))
    };
    let count = match keys.number("keepalives_count", "")?.filter(|number| *number > 0) {
        None => standard.count,
        Some(count) => u32::try_from(count).unwrap_or(u32::MAX),
    };
    Ok(KeepAlive {
        on: keys.number("keepalives", "")? != Some(0),
        idle: seconds("keepalives_idle", standard.idle)?,
        interval: seconds("keepalives_interval", standard.interval)?,
        count,
        user_timeout: keys
            .number("tcp_user_timeout", "")?
            .filter(|number| *number > 0)
            .map_or(standard.user_timeout, Duration::from_millis),
    })
}

fn hosts(keys: &Keys<'_>) -> Result<Vec<Host>, Error> {
    let list = |text: Option<&str>| -> Vec<String> {
        text.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
    };
    let named = keys.url.hosts().map_err(Error::Url)?;
    let (mut names, mut ports): (Vec<String>, Vec<Option<String>>) =
        named.into_iter().map(|(name, port)| (name, port.map(|port| port.to_string()))).unzip();
    if names.is_empty() {
        names = list(keys.get("host", "PGHOST"));
        ports = Vec::new();
    } else if keys.url.option("host").is_some() {
        return wrong("the database URL names a host before its path and again as `host=`: keep one of them");
    }
    let addresses = list(keys.get("hostaddr", "PGHOSTADDR"));
    if names.is_empty() {
        names.clone_from(&addresses);
    }
    if !addresses.is_empty() && addresses.len() != names.len() {
        return wrong(format!("`hostaddr` has {} addresses for {} hosts", addresses.len(), names.len()));
    }
    if names.is_empty() {
        // Debian's directory, then the one that PostgreSQL's own sources name.
        names = ["/var/run/postgresql", "/tmp"].map(str::to_owned).to_vec();
    }
    let given = list(keys.get("port", "PGPORT"));
    if given.len() > 1 && given.len() != names.len() {
        return wrong(format!("`port` has {} ports for {} hosts", given.len(), names.len()));
    }
    ports.resize(names.len(), None);
    let mut hosts = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let port =
            ports[at].as_ref().or_else(|| given.get(at)).or_else(|| given.first()).filter(|port| !port.is_empty());
        let port = match port {
            None => 5432,
            Some(text) => match text.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return wrong(format!("`{text}` is no port: a number from 1 to 65535 is wanted")),
            },
        };
        let ip = match addresses.get(at).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => match text.parse::<IpAddr>() {
                Ok(ip) => Some(ip),
                Err(_) => return wrong(format!("`hostaddr={text}` is no IP address")),
            },
        };
        let address = if name.starts_with('/') {
            Address::Unix(PathBuf::from(name))
        } else if name.starts_with('@') {
            return wrong(format!("`{name}`: sockets in the abstract namespace are not supported"));
        } else {
            Address::Tcp(if name.is_empty() { "localhost".to_owned() } else { name.clone() }, ip)
        };
        hosts.push(Host { address, port, password: None });
    }
    Ok(hosts)
}

/// `-c a=b --c-d=e` as settings; anything else can't be given to a session that is already open.
fn settings(options: &str) -> Result<Vec<(String, String)>, Error> {
    let mut words: Vec<String> = Vec::new();
    let mut word = None::<String>;
    let mut chars = options.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let mut out = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (pair, long) = match word.strip_prefix("--") {
            Some(pair) => (Some(pair.to_owned()), true),
            None => match word.strip_prefix("-c") {
                Some("") => (words.next(), false),
                pair => (pair.map(str::to_owned), false),
            },
        };
        let Some((name, value)) = pair.as_deref().and_then(|pair| pair.split_once('=')) else {
            return wrong(format!("`{word}` in `options`: only settings are understood, as in `-c search_path=shop`"));
        };
        // In the long form the server takes dashes for underscores.
        let name = if long { name.replace('-', "_") } else { name.to_owned() };
        if name == "client_encoding" {
            return wrong("`client_encoding` in `options`: migration files are UTF-8, and so is the connection");
        }
        out.push((name, value.to_owned()));
    }
    Ok(out)
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
