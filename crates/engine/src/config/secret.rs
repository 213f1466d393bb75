//! Values that may hold a password, and where they come from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::Wrong;
use super::{ConfigError, Origin};

/// The variables of an environment. Its `Debug` shows none of their values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// This process's variables. What is not UTF-8 in them is replaced: a URL that is set must not count as not set.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// A variable's value; one that is empty counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All of them, by name, those too that are empty.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All that are set, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all().filter(|(_, value)| !value.is_empty())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Variables(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A value that may hold a password: as it is, or where it is to be had. Its `Debug` never shows the value.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// As it is.
    Plain(String),
    /// `{ env = "STAGING_URL" }`
    Variable(String),
    /// `{ file = "/run/secrets/dsn" }`, from the folder of the configuration.
    File(String),
    /// `{ cmd = ["vault", "read", "…"] }`, run in the folder of the configuration.
    Command(Vec<String>),
}

impl Secret {
    /// Fetches the value: anew at every call.
    ///
    /// # Errors
    /// When it can't be had. The message names where it should have come from, and never what came.
    pub(super) fn fetch(&self, origin: &Origin, root: &Path, variables: &Variables) -> Result<String, ConfigError> {
        let error = |message: String| ConfigError::new(Wrong::Secret, origin.clone(), message);
        let value = match self {
            Secret::Plain(value) => value.clone(),
            Secret::Variable(name) => variables.get(name).map(str::to_owned).ok_or_else(|| {
                error(format!("the environment variable `{name}` is not set; set it, or name another source"))
            })?,
            Secret::File(path) => {
                let shown = root.join(path);
                let text = std::fs::read_to_string(&shown)
                    .map_err(|e| error(format!("the file `{}` can't be read: {e}", shown.display())))?;
                without_newline(text)
            }
            Secret::Command(words) => {
                let (program, arguments) = words.split_first().ok_or_else(|| error("`cmd` is empty".to_owned()))?;
                // What it says on stderr is for the person that waits for it; stdout is the secret.
                let output = Command::new(program)
                    .args(arguments)
                    .current_dir(root)
                    .stdin(Stdio::null())
                    .stderr(Stdio::inherit())
                    .output()
                    .map_err(|e| error(format!("the command `{program}` can't be started: {e}")))?;
                if !output.status.success() {
                    return Err(error(format!("the command `{program}` failed ({})", output.status)));
                }
                let text = String::from_utf8(output.stdout);
                without_newline(text.map_err(|_| error(format!("the command `{program}` printed what is not UTF-8")))?)
            }
        };
        if value.is_empty() {
            return Err(error(format!("{self:?} gave an empty value")));
        }
        Ok(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Plain(_) => f.write_str("the value"),
            Secret::Variable(name) => write!(f, "the environment variable `{name}`"),
            Secret::File(path) => write!(f, "the file `{path}`"),
            Secret::Command(words) => write!(f, "the command `{}`", words.first().map_or("", String::as_str)),
        }
    }
}

fn without_newline(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_from_where_it_is_said_to_be() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("dsn"), "sqlite://a.db\n\n").unwrap();
        let variables: Variables = [("DSN", "sqlite://b.db"), ("EMPTY", "")].into_iter().collect();
        let origin = Origin::File { path: "driftlock.toml".into(), line: 3, column: 7 };
        let fetch = |secret: Secret| secret.fetch(&origin, root.path(), &variables).map_err(|error| error.to_string());
        assert_eq!(fetch(Secret::Plain("x".into())).unwrap(), "x");
        assert_eq!(fetch(Secret::Variable("DSN".into())).unwrap(), "sqlite://b.db");
        assert_eq!(fetch(Secret::File("dsn".into())).unwrap(), "sqlite://a.db\n", "one line end is taken off");
        assert_eq!(fetch(Secret::Command(vec!["echo".into(), "c".into()])).unwrap(), "c");
        for (secret, part) in [
            (Secret::Variable("EMPTY".into()), "`EMPTY` is not set"),
            (Secret::File("none".into()), "can't be read"),
            (Secret::Command(vec!["sh".into(), "-c".into(), "echo s3cret; exit 3".into()]), "failed (exit status: 3)"),
            (Secret::Command(vec!["driftlock-no-such-program".into()]), "can't be started"),
            (Secret::Command(vec!["true".into()]), "the command `true` gave an empty value"),
        ] {
            let error = fetch(secret).unwrap_err();
            assert!(error.starts_with("driftlock.toml:3:7: ") && error.contains(part), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn shows_itself_to_nobody() {
        let variables: Variables = [("DSN", "s3cret")].into_iter().collect();
        assert_eq!(format!("{:?} {:?}", Secret::Plain("s3cret".into()), variables), r#"the value {"DSN"}"#);
    }
}
