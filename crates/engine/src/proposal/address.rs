//! Where a database is, in the words of each tool: URLs, JDBC's, Go's and libpq's.

use driftlock_database::DatabaseUrl;

use crate::{Origin, Secret};

/// What a configuration says of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// In a variable, as a URL that driftlock reads, or one that isn't known here; and what of its query driftlock refuses.
    Variable(String, Option<&'static str>, Vec<String>),
    /// Put together from what is written.
    Written(Place),
    /// In none of the ways that driftlock can use; why.
    Unusable(String),
}

/// A database's place, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) scheme: String,
    pub(super) user: Option<String>,
    /// Whether a password stands beside it. It isn't kept.
    pub(super) has_password: bool,
    /// Hosts with ports, as written in a URL.
    pub(super) authority: String,
    /// The database's name, or its file.
    pub(super) database: String,
    pub(super) query: Vec<(String, String)>,
    /// What was left out of its query.
    pub(super) left_out: Vec<String>,
    /// What of its query is called otherwise here.
    pub(super) renamed: Vec<String>,
}

/// The schemes that are an engine's.
fn engine_of(scheme: &str) -> Option<&'static str> {
    match scheme {
        "postgres" | "postgresql" => Some("postgres"),
        "mysql" | "mariadb" => Some("mysql"),
        "sqlite" | "sqlite3" | "file" => Some("sqlite"),
        _ => None,
    }
}

/// What driftlock's adapters read of a URL's query; the drivers of other languages have more.
const OF_POSTGRES: &str = "host hostaddr port user passfile dbname connect_timeout application_name fallback_application_name options \
     target_session_attrs load_balance_hosts keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout \
     client_encoding gssencmode sslmode ssl sslnegotiation sslrootcert sslcert sslkey sslcertmode sslcrl sslsni sslcompression \
     ssl_min_protocol_version ssl_max_protocol_version channel_binding";
const OF_MYSQL: &str =
    "ssl-mode sslmode ssl-ca ssl-cert ssl-key ssl-crl tls-version socket unix-socket connect-timeout";

fn is_known(engine: &str, key: &str) -> bool {
    let among = |known: &str, key: &str| known.split_whitespace().any(|known| known == key);
    match engine {
        "postgres" => among(OF_POSTGRES, key),
        "mysql" => among(OF_MYSQL, &key.to_ascii_lowercase().replace('_', "-")),
        _ => key == "mode",
    }
}

impl Address {
    /// A variable, and the text that it holds: such a text is only looked at.
    pub(super) fn in_variable(name: &str, text: &str) -> Self {
        match Place::of_url(text) {
            Ok(place) => Address::Variable(
                name.to_owned(),
                engine_of(&place.scheme),
                place.left_out.into_iter().chain(place.renamed).collect(),
            ),
            Err(why) => Address::Unusable(format!("`{name}` holds {why}")),
        }
    }

    /// A URL as it is written in a file.
    pub(super) fn written(text: &str) -> Self {
        match Place::of_url(text) {
            Ok(place) => Address::Written(place),
            Err(why) => Address::Unusable(format!("it is {why}")),
        }
    }

    /// What comes into driftlock.toml for it, and its engine. `variable` is the one to use where a password has to be hidden.
    pub(super) fn propose(
        self,
        variable: &str,
        origin: &Origin,
        notes: &mut Vec<String>,
    ) -> Option<(Secret, Option<&'static str>)> {
        let place = match self {
            Address::Variable(name, engine, refused) => {
                for key in refused {
                    let instead = match key.as_str() {
                        "search_path" => "; `options=-c%20search_path%3DNAME` says it",
                        _ => "",
                    };
                    notes.push(format!(
                        "{origin}: driftlock refuses `{key}` in a URL: take it out of `{name}`{instead}"
                    ));
                }
                return Some((Secret::Variable(name), engine));
            }
            Address::Unusable(why) => {
                notes.push(format!(
                    "{origin}: {why}; give the URL with `--url`, or the variable that holds it with `--url-env`"
                ));
                return None;
            }
            Address::Written(place) => place,
        };
        let engine = engine_of(&place.scheme);
        if !place.left_out.is_empty() {
            let keys = place.left_out.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            notes.push(format!(
                "{origin}: {keys} of the URL {} left out, driftlock has no such setting",
                if place.left_out.len() == 1 { "is" } else { "are" }
            ));
        }
        if place.has_password {
            notes.push(format!(
                "{origin}: there is a password, which was not copied: set `{variable}` to `{}`",
                place.text(Some("PASSWORD"))
            ));
            return Some((Secret::Variable(variable.to_owned()), engine));
        }
        Some((Secret::Plain(place.text(None)), engine))
    }
}

impl Place {
    /// Reads a URL. The error is what it is instead, as `it is …` goes on; it never holds the text.
    fn of_url(text: &str) -> Result<Self, String> {
        let text = text.trim();
        // Atlas's word for MariaDB.
        let renamed = text.strip_prefix("maria://").map(|rest| format!("mariadb://{rest}"));
        let url = DatabaseUrl::parse(renamed.as_deref().unwrap_or(text)).map_err(|_| "no URL".to_owned())?;
        let Some(engine) = engine_of(&url.scheme) else {
            return Err(format!("a URL of `{}://`, the scheme of no engine that driftlock has", url.scheme));
        };
        let is_secret = |key: &str| key.to_ascii_lowercase().contains("pass");
        let has_password = url.password.is_some() || url.query.iter().any(|(key, _)| is_secret(key));
        let mut place = Place {
            has_password,
            scheme: url.scheme,
            user: url.user,
            authority: url.authority,
            database: url.path,
            ..Place::default()
        };
        place.keep(engine, url.query.into_iter().filter(|(key, _)| !is_secret(key)));
        Ok(place)
    }

    fn keep(&mut self, engine: &str, query: impl Iterator<Item = (String, String)>) {
        for (key, value) in query {
            if engine == "postgres" && key == "search_path" {
                // libpq's way to say it.
                self.query.push(("options".to_owned(), format!("-c search_path={value}")));
                self.renamed.push(key);
            } else if is_known(engine, &key) || key.starts_with("x-") {
                self.query.push((key, value));
            } else {
                self.left_out.push(key);
            }
        }
    }

    /// JDBC's URLs (`jdbc:postgresql://host:5432/shop?sslmode=require`), of the drivers for engines that driftlock has.
    pub(super) fn of_jdbc(text: &str) -> Result<Self, String> {
        let rest = text.trim().strip_prefix("jdbc:").ok_or("no URL of JDBC's")?;
        let (driver, rest) = rest.split_once(':').ok_or("no URL of JDBC's")?;
        let scheme = match driver {
            "postgresql" => "postgres",
            "mysql" => "mysql",
            "mariadb" => "mariadb",
            "sqlite" => "sqlite",
            other => return Err(format!("a database of `jdbc:{other}:`, which driftlock has no engine for")),
        };
        if scheme != "sqlite" && !rest.starts_with("//") && rest.contains("://") {
            return Err("a URL of JDBC's for several servers at once".to_owned());
        }
        // `jdbc:postgresql:shop` is one on this machine.
        let rest = match rest.strip_prefix("//") {
            Some(rest) => rest.to_owned(),
            None if scheme == "sqlite" => rest.to_owned(),
            None => format!("localhost/{}", rest.trim_start_matches('/')),
        };
        let mut place = Place::of_url(&format!("{scheme}://{rest}"))?;
        // JDBC has the login in the query.
        place.left_out.retain(|key| key != "user");
        place.query.retain(|(key, _)| key != "user");
        let query = rest.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let user = query.split('&').find_map(|pair| pair.strip_prefix("user=")).map(str::to_owned);
        place.user = user.or(place.user);
        Ok(place)
    }

    /// go-sql-driver's `user:password@tcp(host:3306)/shop?parseTime=true`.
    pub(super) fn of_go_mysql(text: &str) -> Result<Self, String> {
        let wrong = || "no address of Go's MySQL driver".to_owned();
        // The last slash stands before the database, whatever a path or a password has.
        let (place, database) = text.rsplit_once('/').ok_or_else(wrong)?;
        let (login, address) = place.rsplit_once('@').unwrap_or(("", place));
        let (database, query) = database.split_once('?').unwrap_or((database, ""));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let authority = match address.split_once('(') {
            Some(("tcp", host)) => host.trim_end_matches(')').to_owned(),
            Some(("unix", path)) => {
                return Ok(Place::socket("mysql", user, password, database, path.trim_end_matches(')')));
            }
            None if address.is_empty() || address == "tcp" => "127.0.0.1:3306".to_owned(),
            _ => return Err(wrong()),
        };
        let mut place = Place {
            scheme: "mysql".to_owned(),
            user: Some(user.to_owned()).filter(|user| !user.is_empty()),
            has_password: !password.is_empty(),
            authority,
            database: database.to_owned(),
            ..Place::default()
        };
        place.keep("mysql", query.split('&').filter_map(pair));
        // What Go needs to read times changes nothing here.
        place.left_out.retain(|key| !matches!(key.as_str(), "parseTime" | "charset" | "multiStatements"));
        Ok(place)
    }

    fn socket(scheme: &str, user: &str, password: &str, database: &str, path: &str) -> Self {
        Place {
            scheme: scheme.to_owned(),
            user: Some(user.to_owned()).filter(|user| !user.is_empty()),
            has_password: !password.is_empty(),
            authority: "localhost".to_owned(),
            database: database.to_owned(),
            query: vec![("socket".to_owned(), path.to_owned())],
            ..Place::default()
        }
    }

    /// libpq's `host=… user=… dbname=…`. Values in quotes may hold blanks.
    pub(super) fn of_keywords(text: &str) -> Result<Self, String> {
        let mut place = Place { scheme: "postgres".to_owned(), ..Place::default() };
        let (mut host, mut port) = (String::new(), String::new());
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (key, behind) = rest.split_once('=').ok_or("neither a URL nor keywords of libpq's")?;
            let behind = behind.trim_start();
            let (value, after) = match behind.strip_prefix('\'') {
                Some(quoted) => quoted.split_once('\'').ok_or("a text with an open quote")?,
                None => behind.split_once(char::is_whitespace).unwrap_or((behind, "")),
            };
            match key.trim() {
                "host" | "hostaddr" => host = value.to_owned(),
                "port" => port = format!(":{value}"),
                "user" => place.user = Some(value.to_owned()),
                "password" => place.has_password = true,
                "dbname" | "database" => place.database = value.to_owned(),
                key => place.keep("postgres", std::iter::once((key.to_owned(), value.to_owned()))),
            }
            rest = after.trim_start();
        }
        place.authority = if host.starts_with('/') {
            place.query.push(("host".to_owned(), host));
            String::new()
        } else {
            format!("{}{port}", if host.is_empty() { "localhost" } else { &host })
        };
        Ok(place)
    }

    /// A file of SQLite's.
    pub(super) fn of_file(path: &str) -> Self {
        Place { scheme: "sqlite".to_owned(), database: path.to_owned(), ..Place::default() }
    }

    /// As a URL, with this in the place of its password.
    pub(super) fn text(&self, password: Option<&str>) -> String {
        let mut text = format!("{}:", self.scheme);
        if engine_of(&self.scheme) == Some("sqlite") {
            let slashes = if self.database == ":memory:" { "" } else { "//" };
            text.push_str(&format!("{slashes}{}", escaped(&self.database, "/:")));
        } else {
            text.push_str("//");
            if self.user.is_some() || password.is_some() {
                text.push_str(&escaped(self.user.as_deref().unwrap_or_default(), ""));
                if let Some(password) = password {
                    text.push_str(&format!(":{password}"));
                }
                text.push('@');
            }
            text.push_str(&format!("{}/{}", self.authority, escaped(&self.database, "")));
        }
        for (at, (key, value)) in self.query.iter().enumerate() {
            let mark = if at == 0 { '?' } else { '&' };
            text.push_str(&format!("{mark}{}={}", escaped(key, ""), escaped(value, "/,")));
        }
        text
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    Some((key.to_owned(), value.to_owned()))
}

/// Percent-escapes all but what a URL's part may hold as it is, and these signs.
fn escaped(text: &str, plain: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let sign = char::from(byte);
        if sign.is_ascii_alphanumeric() || "-._~".contains(sign) || plain.contains(sign) {
            out.push(sign);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tongue_becomes_a_url_without_its_password() {
        let jdbc = |text: &str| Place::of_jdbc(text);
        let cases: Vec<(Result<Place, String>, &str, bool)> = vec![
            (jdbc("jdbc:postgresql://db:5433/shop?sslmode=require"), "postgres://db:5433/shop?sslmode=require", false),
            (jdbc("jdbc:postgresql://db/shop?user=ann&password=s3cret"), "postgres://ann@db/shop", true),
            (jdbc("jdbc:postgresql:shop"), "postgres://localhost/shop", false),
            (jdbc("jdbc:mysql://db:3306/shop?useSSL=false"), "mysql://db:3306/shop", false),
            (jdbc("jdbc:mariadb://db/shop"), "mariadb://db/shop", false),
            (jdbc("jdbc:sqlite:data/shop one.db"), "sqlite://data/shop%20one.db", false),
            (jdbc("jdbc:sqlite:/var/shop.db"), "sqlite:///var/shop.db", false),
            (jdbc("jdbc:sqlite::memory:"), "sqlite::memory:", false),
            (Place::of_go_mysql("ann:s3cret@tcp(db:3307)/shop?parseTime=true"), "mysql://ann@db:3307/shop", true),
            (Place::of_go_mysql("ann@/shop"), "mysql://ann@127.0.0.1:3306/shop", false),
            (
                Place::of_go_mysql("ann:s3cret@unix(/run/my.sock)/shop"),
                "mysql://ann@localhost/shop?socket=/run/my.sock",
                true,
            ),
            (
                Place::of_keywords("host=db port=5433 user='ann lee' password=s3cret dbname=shop sslmode=disable"),
                "postgres://ann%20lee@db:5433/shop?sslmode=disable",
                true,
            ),
            (Place::of_keywords("user=ann dbname=shop"), "postgres://ann@localhost/shop", false),
            (Place::of_url("maria://root:s3cret@db:3306/shop"), "mariadb://root@db:3306/shop", true),
            (Place::of_url("sqlite://dev.db?_fk=1&mode=rw"), "sqlite://dev.db?mode=rw", false),
        ];
        for (place, expected, has_password) in cases {
            let place = place.unwrap();
            assert_eq!((place.text(None).as_str(), place.has_password), (expected, has_password));
            assert!(!format!("{place:?}").contains("s3cret"), "{place:?}");
            // What comes of it is a URL to driftlock too.
            assert_eq!(Place::of_url(&place.text(None)).unwrap().text(None), expected);
        }
        for wrong in ["jdbc:h2:mem:x", "jdbc:oracle:thin:@h:1521:x", "postgres://h/x", "jdbc:mysql:replication://a,b/x"]
        {
            assert!(jdbc(wrong).is_err(), "{wrong}");
        }
        assert!(Place::of_url("shop.db").is_err() && Place::of_url("mongodb://u:s3cret@h/x").is_err());
        assert!(!Place::of_url("mongodb://u:s3cret@h/x").unwrap_err().contains("s3cret"));
        assert!(Place::of_keywords("nothing").is_err() && Place::of_go_mysql("nothing").is_err());
    }
}
