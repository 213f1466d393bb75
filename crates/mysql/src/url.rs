//! What a `mysql://` URL says, with what the `mysql` client takes from the environment.

use std::path::Path;
use std::time::Duration;

use driftlock_database::{ConnectOptions, DatabaseUrl, Error};

use crate::encryption::{self, Encryption};

const DEFAULT_PORT: u16 = 3306;
const DEFAULT_SOCKETS: [&str; 3] = ["/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/tmp/mysql.sock"];
const KEYS: &str = "`socket`, `unix_socket`, `connect_timeout`, `charset`";

/// One place where a server may listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(String, u16),
    Socket(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Tcp(host, port) => write!(f, "{host}:{port}"),
            Place::Socket(path) => f.write_str(path),
        }
    }
}

/// Where to connect to, and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) places: Vec<Place>,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) database: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) encryption: Encryption,
}

impl Target {
    /// Reads a URL. `env` looks up an environment variable.
    pub(crate) fn read(
        url: &DatabaseUrl,
        options: &ConnectOptions,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        refuse_go_address(url)?;
        let settings = Settings::read(url, options.connect_timeout)?;
        let places = places(url, settings.socket, &env)?;
        let user = url
            .user
            .clone()
            .or_else(|| options.holder.user.clone())
            .or_else(|| env("USER"))
            .or_else(|| env("LOGNAME"))
            .ok_or_else(|| Error::Url(format!("name a user in the database URL: `{}://USER@host/shop`", url.scheme)))?;
        let database = url.path.trim_end_matches('/').to_owned();
        if database.is_empty() {
            return Err(Error::Url(format!(
                "the database URL names no database; add one after the host: `{}://user@host/shop`",
                url.scheme
            )));
        }
        let password = url.password.clone().or_else(|| env("MYSQL_PWD"));
        let (connect_timeout, encryption) = (settings.connect_timeout, settings.encryption);
        Ok(Target { places, user, password, database, connect_timeout, encryption })
    }
}

/// The address of Go's driver, `user:password@tcp(host:3306)/shop`, put behind a scheme.
fn refuse_go_address(url: &DatabaseUrl) -> Result<(), Error> {
    let authority = url.authority.to_ascii_lowercase();
    if let Some(address) = authority.strip_prefix("tcp(") {
        let host = address.split(')').next().unwrap_or("host:3306");
        return Err(Error::Url(format!(
            "`tcp(…)` is how Go's driver writes an address; in a URL it is `{}://user:password@{host}/shop`",
            url.scheme
        )));
    }
    if authority.starts_with("unix(") {
        return Err(Error::Url(format!(
            "`unix(…)` is how Go's driver writes a socket; in a URL it is `{}://user:password@localhost/shop?socket=/path/to.sock`",
            url.scheme
        )));
    }
    Ok(())
}

/// The query keys.
struct Settings {
    socket: Option<String>,
    connect_timeout: Duration,
    encryption: Encryption,
}

impl Settings {
    fn read(url: &DatabaseUrl, connect_timeout: Duration) -> Result<Self, Error> {
        let mut settings = Settings { socket: None, connect_timeout, encryption: Encryption::default() };
        let mut mode_given = false;
        for (key, value) in &url.query {
            let plain = key.to_ascii_lowercase().replace('_', "-");
            mode_given |= matches!(plain.as_str(), "ssl-mode" | "sslmode");
            if let Some(taken) = settings.encryption.take(&plain, value) {
                taken?;
                continue;
            }
            match plain.as_str() {
                "socket" | "unix-socket" => settings.socket = Some(value.clone()),
                "connect-timeout" => {
                    let seconds: u32 = value.parse().ok().filter(|seconds| *seconds > 0).ok_or_else(|| {
                        Error::Url(format!(
                            "`connect_timeout={value}` is no number of seconds: write `connect_timeout=15`"
                        ))
                    })?;
                    settings.connect_timeout = Duration::from_secs(u64::from(seconds));
                }
                "charset" if value.eq_ignore_ascii_case("utf8mb4") => {}
                "charset" => {
                    return Err(Error::Url(format!(
                        "`charset={value}` can't be had: files are UTF-8 and are sent as utf8mb4; leave the key out"
                    )));
                }
                _ => {
                    return Err(Error::Url(format!(
                        "the database URL has an unknown key `{key}`; known are {KEYS}, {}",
                        encryption::KEYS
                    )));
                }
            }
        }
        settings.encryption.check(mode_given)?;
        Ok(settings)
    }
}

fn places(
    url: &DatabaseUrl,
    socket: Option<String>,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Vec<Place>, Error> {
    if let Some(path) = socket {
        return Ok(vec![Place::Socket(path)]);
    }
    let default_port = match env("MYSQL_TCP_PORT") {
        None => DEFAULT_PORT,
        Some(port) => port.parse().map_err(|_| Error::Url(format!("MYSQL_TCP_PORT is `{port}`, which is no port")))?,
    };
    let mut hosts = url.hosts().map_err(Error::Url)?;
    if hosts.is_empty() {
        hosts.push((env("MYSQL_HOST").unwrap_or_else(|| "localhost".to_owned()), None));
    }
    let asked_socket = env("MYSQL_UNIX_PORT");
    Ok(hosts.into_iter().map(|(host, port)| place(host, port, default_port, asked_socket.as_deref())).collect())
}

/// `localhost` without a port is the socket to every MySQL client.
fn place(host: String, port: Option<u16>, default_port: u16, asked_socket: Option<&str>) -> Place {
    if host.starts_with('/') {
        return Place::Socket(host);
    }
    if port.is_none() && host.eq_ignore_ascii_case("localhost") {
        let found = asked_socket.or_else(|| DEFAULT_SOCKETS.into_iter().find(|path| Path::new(path).exists()));
        if let Some(path) = found {
            return Place::Socket(path.to_owned());
        }
    }
    Place::Tcp(host, port.unwrap_or(default_port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encryption::Mode;

    fn read(url: &str, env: &[(&str, &str)]) -> Result<Target, String> {
        let url = DatabaseUrl::parse(url).unwrap();
        Target::read(&url, &ConnectOptions::default(), |name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    fn tcp(host: &str, port: u16) -> Place {
        Place::Tcp(host.to_owned(), port)
    }

    #[test]
    fn reads_what_users_write() {
        let target = read("mysql://us%40er:p%3Aw@db.example/shop", &[]).unwrap();
        assert_eq!(target.places, [tcp("db.example", 3306)]);
        assert_eq!((target.user.as_str(), target.password.as_deref()), ("us@er", Some("p:w")));
        assert_eq!((target.database.as_str(), target.connect_timeout), ("shop", Duration::from_secs(15)));

        let several = read("mariadb://u@a:3307,[::1],c/shop?connect_timeout=3&ssl-mode=PREFERRED&charset=utf8mb4", &[]);
        let several = several.unwrap();
        assert_eq!(several.places, [tcp("a", 3307), tcp("::1", 3306), tcp("c", 3306)]);
        assert_eq!(several.connect_timeout, Duration::from_secs(3));
    }

    #[test]
    fn reads_when_to_encrypt() {
        for (query, mode) in [
            ("", Mode::Preferred),
            ("ssl-mode=DISABLED", Mode::Disabled),
            ("sslmode=disable", Mode::Disabled),
            ("ssl_mode=required", Mode::Required),
            ("sslmode=verify-full", Mode::Required),
            ("ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem&ssl-cert=/c.pem&ssl-key=/k.pem&ssl-crl=/l.pem", Mode::Required),
            ("ssl-ca=/ca.pem", Mode::Required),
            ("tls-version=TLSv1.2,TLSv1.3", Mode::Preferred),
        ] {
            let target = read(&format!("mysql://u@h/shop?{query}"), &[]).unwrap();
            assert_eq!(target.encryption.mode, mode, "{query}");
        }
    }

    #[test]
    fn finds_the_socket() {
        let socket = [Place::Socket("/tmp/my.sock".to_owned())];
        for (url, env) in [
            ("mysql://u@localhost/shop?socket=/tmp/my.sock", &[][..]),
            ("mysql://u@h:1/shop?unix_socket=%2Ftmp%2Fmy.sock", &[]),
            ("mysql://u@%2Ftmp%2Fmy.sock/shop", &[]),
            ("mysql://u@localhost/shop", &[("MYSQL_UNIX_PORT", "/tmp/my.sock")]),
            ("mysql://u@/shop", &[("MYSQL_UNIX_PORT", "/tmp/my.sock")]),
        ] {
            assert_eq!(read(url, env).unwrap().places, socket, "{url}");
        }
        let with_port = read("mysql://u@localhost:3306/shop", &[("MYSQL_UNIX_PORT", "/tmp/my.sock")]).unwrap();
        assert_eq!(with_port.places, [tcp("localhost", 3306)]);
    }

    #[test]
    fn takes_what_is_missing_from_the_environment() {
        let env = [("USER", "ann"), ("MYSQL_PWD", "s3cret"), ("MYSQL_HOST", "h"), ("MYSQL_TCP_PORT", "3399")];
        let target = read("mysql:///shop", &env).unwrap();
        assert_eq!(target.places, [tcp("h", 3399)]);
        assert_eq!((target.user.as_str(), target.password.as_deref()), ("ann", Some("s3cret")));
        let named = read("mysql://bob:own@other:1/shop", &env).unwrap();
        assert_eq!((named.user.as_str(), named.password.as_deref()), ("bob", Some("own")));
        assert_eq!(named.places, [tcp("other", 1)]);
    }

    #[test]
    fn refuses_with_a_way_out() {
        for (url, words) in [
            ("mysql://u@h", "names no database"),
            ("mysql://u@h/", "names no database"),
            ("mysql://h/shop", "name a user"),
            ("mysql://u@h/shop?ssl-mode=maybe", "is unknown"),
            ("mysql://u@h/shop?ssl-mode=REQUIRED&ssl-ca=/ca.pem", "use VERIFY_CA"),
            ("mysql://u@h/shop?ssl_crl=/crl.pem&sslmode=prefer", "use VERIFY_CA"),
            ("mysql://u@h/shop?ssl-cert=/c.pem", "belong together"),
            ("mysql://u@h/shop?ssl-capath=/etc/ssl", "by `ssl-ca`"),
            ("mysql://u@h/shop?ssl-cipher=AES", "only ciphers that are safe"),
            ("mysql://u@h/shop?tls-version=TLSv1.1", "TLSv1.2 and TLSv1.3"),
            ("mysql://u@h/shop?tls=true", "here it is `ssl-mode=VERIFY_IDENTITY`"),
            ("mysql://u@h/shop?tls=skip-verify", "here it is `ssl-mode=REQUIRED`"),
            ("mysql://u@h/shop?tls=preferred", "here it is `ssl-mode=PREFERRED`"),
            ("mysql://u@h/shop?useSSL=true", "here it is `ssl-mode=REQUIRED`"),
            ("mysql://u@h/shop?parseTime=true", "unknown key `parseTime`"),
            ("mysql://u@h/shop?charset=latin1", "utf8mb4"),
            ("mysql://u@h/shop?connect_timeout=0", "no number of seconds"),
            ("mysql://u@h:x/shop", "is no port"),
            ("mysql://u:p@tcp(db:3306)/shop", "`mysql://user:password@db:3306/shop`"),
            ("mysql://u:p@unix(/tmp/my.sock)/shop", "socket="),
        ] {
            let error = read(url, &[]).map(|target| target.database).unwrap_err();
            assert!(error.contains(words), "{url}: {error}");
            assert!(!error.contains(":p@"), "{url}: {error}");
        }
    }
}
