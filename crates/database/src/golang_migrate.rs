//! What golang-migrate's users have in their URLs for its drivers: parameters that begin with `x-` (golang-migrate/migrate,
//! `database/*/README.md`). What changes nothing here is taken out, and told; what would change something is an error that says
//! what to do instead.

use crate::{DatabaseUrl, Error};

/// What becomes of a parameter.
enum Meaning {
    /// Nothing, whatever its value, and why.
    Nothing(&'static str),
    /// Nothing, and why, where its value is a truth value as Go reads it.
    Switch(&'static str),
    /// It can't be had so; what to do.
    Refused(&'static str),
}

const EACH: &str = "each statement is sent by itself, and what can't run in a transaction runs outside of one";
const LOCK: &str = "driftlock takes its own lock";
const TLS: &str =
    "here they are `ssl-ca`, `ssl-cert` and `ssl-key`, and `ssl-mode=VERIFY_IDENTITY` has the certificate verified";

fn meaning(key: &str, value: &str) -> Option<Meaning> {
    Some(match key {
        "x-multi-statement" => Meaning::Switch(EACH),
        "x-no-tx-wrap" => {
            Meaning::Switch("a script's own BEGIN and COMMIT are followed, and without them it is one transaction")
        }
        "x-multi-statement-max-size" => Meaning::Nothing("a statement may be of any size"),
        "x-lock-strategy" | "x-lock-table" => Meaning::Nothing(LOCK),
        "x-no-lock" => Meaning::Switch(LOCK),
        "x-migrations-table-quoted" if is_true(value) == Some(false) => Meaning::Nothing("it is the default"),
        "x-migrations-table" if value == "schema_migrations" => Meaning::Nothing("it is the default"),
        "x-migrations-table" | "x-migrations-table-quoted" => Meaning::Refused(
            "driftlock has a history of its own, and doesn't find golang-migrate's under another name than `schema_migrations`: \
             leave it out, and take its history over with `driftlock adopt --table TABLE`",
        ),
        "x-statement-timeout" => Meaning::Refused(
            "leave it out and use `--statement-timeout 30s`, or `statement_timeout = \"30s\"` in driftlock.toml",
        ),
        "x-tls-ca" | "x-tls-cert" | "x-tls-key" => Meaning::Refused(TLS),
        "x-tls-insecure-skip-verify" => Meaning::Refused("here it is `ssl-mode=REQUIRED`: encrypted, and not verified"),
        _ => return None,
    })
}

impl DatabaseUrl {
    /// The URL without what is golang-migrate's in it, and what is to be said of that.
    ///
    /// # Errors
    /// [`Error::Url`] for what can't be followed, with what to do instead.
    pub fn without_golang_migrate(mut self) -> Result<(Self, Vec<String>), Error> {
        let mut notes = Vec::new();
        let mut rest = Vec::new();
        for (key, value) in std::mem::take(&mut self.query) {
            let why = match meaning(&key, &value) {
                None => {
                    rest.push((key, value));
                    continue;
                }
                Some(Meaning::Refused(why)) => {
                    return Err(Error::Url(format!("`{key}` in the database URL is golang-migrate's: {why}")));
                }
                Some(Meaning::Switch(_)) if is_true(&value).is_none() => {
                    return Err(Error::Url(format!("`{key}={value}` in the database URL: true or false is wanted")));
                }
                Some(Meaning::Switch(why) | Meaning::Nothing(why)) => why,
            };
            notes.push(format!("`{key}` in the database URL is golang-migrate's and changes nothing here: {why}"));
        }
        self.query = rest;
        Ok((self, notes))
    }
}

/// A truth value as Go's `strconv.ParseBool` reads it.
fn is_true(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<(Vec<String>, usize), String> {
        let url = DatabaseUrl::parse(&format!("postgres://u:s3cret@h/d?{query}")).unwrap();
        let keys = |url: DatabaseUrl| url.query.into_iter().map(|(key, _)| key).collect();
        url.without_golang_migrate().map(|(url, notes)| (keys(url), notes.len())).map_err(|error| error.to_string())
    }

    #[test]
    fn takes_out_what_changes_nothing() {
        for (query, left, notes) in [
            ("sslmode=disable&x-multi-statement=true", &["sslmode"][..], 1),
            ("x-multi-statement=true&x-multi-statement-max-size=1048576", &[], 2),
            ("x-no-tx-wrap=1&mode=rw", &["mode"], 1),
            ("x-no-lock=TRUE&x-lock-strategy=table&x-lock-table=l", &[], 3),
            ("x-migrations-table=schema_migrations&x-migrations-table-quoted=0", &[], 2),
            ("x-unknown=1", &["x-unknown"], 0),
            ("", &[], 0),
        ] {
            let left: Vec<String> = left.iter().map(|&key| key.to_owned()).collect();
            assert_eq!(of(query), Ok((left, notes)), "{query}");
        }
    }

    #[test]
    fn says_what_to_do_where_it_would_change_something() {
        for (query, part) in [
            ("x-migrations-table=versions", "`driftlock adopt --table TABLE`"),
            ("x-migrations-table-quoted=true", "`driftlock adopt --table TABLE`"),
            ("x-statement-timeout=5000", "`--statement-timeout 30s`"),
            ("x-tls-ca=ca.pem", "here they are `ssl-ca`"),
            ("x-tls-insecure-skip-verify=true", "`ssl-mode=REQUIRED`"),
            ("x-multi-statement=yes", "true or false"),
        ] {
            let error = of(query).unwrap_err();
            assert!(error.contains(part) && !error.contains("s3cret"), "{query}: {error}");
        }
    }
}
