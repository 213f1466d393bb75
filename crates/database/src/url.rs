//! Database URLs, with the password kept out of sight.

use std::fmt;

use percent_encoding::percent_decode_str;

/// A database's URL, split where all engines split it: `scheme://user:password@hosts/path?key=value`.
///
/// `Debug` and `Display` never show the password, nor the values of query keys that hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// `postgres`, `mysql`, `sqlite`, … in lower case.
    pub scheme: String,
    /// The user, percent-decoded.
    pub user: Option<String>,
    /// The password, percent-decoded.
    pub password: Option<String>,
    /// What stands between `@` and `/`, as written: hosts with ports, by commas.
    pub authority: String,
    /// What stands after the authority's `/`, percent-decoded, without it. For `sqlite://shop.db` and `sqlite:shop.db` the path is
    /// `shop.db`, for `sqlite:///var/shop.db` it is `/var/shop.db`.
    pub path: String,
    /// `key=value` pairs of the query, percent-decoded, in order.
    pub query: Vec<(String, String)>,
}

/// Why a text is no database URL. Never holds the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// No `scheme:`.
    #[error(
        "a database URL begins with a scheme, such as `sqlite://shop.db`, `postgres://user@host/shop` or `mysql://user@host/shop`"
    )]
    NoScheme,
    /// A percent sign without two hexadecimal digits, or bytes that are not UTF-8 behind it.
    #[error(
        "the {0} of the database URL has a `%` that is not followed by two hexadecimal digits of UTF-8 text; write `%25` for a percent sign"
    )]
    Percent(&'static str),
}

impl DatabaseUrl {
    /// Splits a URL. What the parts mean is the engine's business.
    ///
    /// # Errors
    /// When it has no scheme or a wrong percent escape.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::NoScheme)?;
        let is_scheme = scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if !is_scheme {
            return Err(UrlError::NoScheme);
        }
        let scheme = scheme.to_ascii_lowercase();
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, query),
            None => (rest, ""),
        };
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(key, "query")?, decode(value, "query")?))
            })
            .collect::<Result<Vec<_>, UrlError>>()?;

        if matches!(scheme.as_str(), "sqlite" | "sqlite3" | "file") {
            let path = decode(rest.strip_prefix("//").unwrap_or(rest), "path")?;
            return Ok(DatabaseUrl { scheme, user: None, password: None, authority: String::new(), path, query });
        }

        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, password, authority) = match authority.rsplit_once('@') {
            None => (None, None, authority),
            Some((login, hosts)) => match login.split_once(':') {
                None => (Some(decode(login, "user")?), None, hosts),
                Some((user, password)) => (Some(decode(user, "user")?), Some(decode(password, "password")?), hosts),
            },
        };
        Ok(DatabaseUrl {
            scheme,
            user: user.filter(|user| !user.is_empty()),
            password,
            authority: authority.to_owned(),
            path: decode(path, "path")?,
            query,
        })
    }

    /// The last value of a query key.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<&str> {
        self.query.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// Hosts with their ports, percent-decoded, in order; `[::1]` without its brackets. Empty when the URL names none.
    ///
    /// # Errors
    /// A port that is no number, as text.
    pub fn hosts(&self) -> Result<Vec<(String, Option<u16>)>, String> {
        self.authority
            .split(',')
            .filter(|host| !host.is_empty())
            .map(|host| {
                let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                    Some((name, rest)) => (name, rest.strip_prefix(':')),
                    None => match host.rsplit_once(':') {
                        Some((name, port)) => (name, Some(port)),
                        None => (host, None),
                    },
                };
                let port = match port.filter(|port| !port.is_empty()) {
                    None => None,
                    Some(port) => Some(
                        port.parse::<u16>()
                            .map_err(|_| format!("`{port}` is no port: a number from 1 to 65535 is wanted"))?,
                    ),
                };
                let name = decode(name, "host").map_err(|error| error.to_string())?;
                Ok((name, port))
            })
            .collect()
    }
}

fn decode(text: &str, part: &'static str) -> Result<String, UrlError> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let digits = rest.as_bytes().get(at + 1..at + 3).unwrap_or_default();
        if digits.len() != 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(UrlError::Percent(part));
        }
        rest = &rest[at + 3..];
    }
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| UrlError::Percent(part))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        if let Some(user) = &self.user {
            write!(f, "{user}")?;
            if self.password.is_some() {
                f.write_str(":***")?;
            }
            f.write_str("@")?;
        }
        f.write_str(&self.authority)?;
        if !self.path.is_empty() {
            let slash = if self.authority.is_empty() && self.user.is_none() { "" } else { "/" };
            write!(f, "{slash}{}", self.path)?;
        }
        let mut mark = '?';
        for (key, value) in &self.query {
            let value = if key.to_ascii_lowercase().contains("pass") { "***" } else { value };
            write!(f, "{mark}{key}={value}")?;
            mark = '&';
        }
        Ok(())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_psql_and_mysql_users_write_them() {
        let url =
            DatabaseUrl::parse("postgres://us%40er:p%3Aw%2F@a.example:5433,[::1]/shop?sslmode=disable&x=%20").unwrap();
        assert_eq!(url.user.as_deref(), Some("us@er"));
        assert_eq!(url.password.as_deref(), Some("p:w/"));
        assert_eq!(url.hosts().unwrap(), [("a.example".to_owned(), Some(5433)), ("::1".to_owned(), None)]);
        assert_eq!(url.path, "shop");
        assert_eq!(url.option("x"), Some(" "));
        let socket = DatabaseUrl::parse("postgres://%2Fvar%2Frun/shop").unwrap();
        assert_eq!(socket.hosts().unwrap(), [("/var/run".to_owned(), None)]);
        assert_eq!(DatabaseUrl::parse("postgres:///shop?host=/tmp").unwrap().path, "shop");
        for (text, path) in [
            ("sqlite://shop.db", "shop.db"),
            ("sqlite:shop.db", "shop.db"),
            ("sqlite:///var/shop.db", "/var/shop.db"),
            ("sqlite::memory:", ":memory:"),
            ("sqlite://data/shop%20one.db?mode=ro", "data/shop one.db"),
        ] {
            assert_eq!(DatabaseUrl::parse(text).unwrap().path, path, "{text}");
        }
    }

    #[test]
    fn never_shows_a_password() {
        let url = DatabaseUrl::parse("mysql://root:s3cret@h/d?password=s3cret&sslpassword=s3cret").unwrap();
        for text in [url.to_string(), format!("{url:?}")] {
            assert!(!text.contains("s3cret"), "{text}");
        }
        assert_eq!(url.to_string(), "mysql://root:***@h/d?password=***&sslpassword=***");
    }

    #[test]
    fn refuses_what_is_no_url() {
        assert_eq!(DatabaseUrl::parse("shop.db"), Err(UrlError::NoScheme));
        assert_eq!(DatabaseUrl::parse("postgres://u:100%@h/d"), Err(UrlError::Percent("password")));
        assert!(DatabaseUrl::parse("postgres://h:99999/d").unwrap().hosts().is_err());
    }
}
