//! What yields a schema, as a person names it on the command line.

mod git;
mod one_file;
mod read;
mod words;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use driftlock_database::DatabaseUrl;

use crate::{Error, meant};

pub(crate) use read::Accounted;
pub use read::{Reading, Sources};

/// What yields a schema.
///
/// ```
/// use driftlock_engine::Source;
///
/// let source: Source = "dir:db/migrations@20240520-143022".parse()?;
/// assert!(matches!(source, Source::Directory { version: Some(version), .. } if version == "20240520-143022"));
/// assert!("shop.db".parse::<Source>().is_err());
/// # Ok::<(), driftlock_engine::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A database: `sqlite://…`, `postgres://…`, `mysql://…`.
    Database(DatabaseUrl),
    /// A directory of migrations, replayed: `dir:PATH`, or up to a version `dir:PATH@VERSION`.
    Directory {
        /// Where it is.
        path: PathBuf,
        /// The last version that is replayed.
        version: Option<String>,
    },
    /// A file of statements: `sql:FILE`; `sql:-` is standard input.
    Sql(PathBuf),
    /// A lock file: `lock:FILE`.
    Lock(PathBuf),
    /// The models in the code: `models:`.
    Models,
    /// A directory, a file of statements or a lock file as a revision of git has it: `git:REV:PATH`.
    Git {
        /// A commit, a branch, a tag: what git takes for a revision.
        revision: String,
        /// The path, from the working directory.
        path: String,
    },
    /// What a command prints, as statements: `cmd:PROGRAM ARGUMENT …`. No shell reads it.
    Command(Vec<String>),
}

/// What sources begin with that are no databases.
const PREFIXES: [&str; 6] = ["dir", "sql", "lock", "models", "git", "cmd"];

const FORMS: &str = "a source is a database's URL (`sqlite://shop.db`, `postgres://…`, `mysql://…`), `dir:PATH`, `dir:PATH@VERSION`, `sql:FILE`, `lock:FILE`, \
                     `git:REV:PATH` or `cmd:COMMAND`";

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |message: String| Error::Usage(format!("{message}; {FORMS}"));
        let Some((prefix, rest)) = text.split_once(':') else {
            return Err(wrong(format!("`{text}` is no source{}", proposal(text))));
        };
        let path = |what: &str| match rest {
            "" => Err(wrong(format!("`{prefix}:` names no {what}"))),
            path => Ok(PathBuf::from(path)),
        };
        match prefix {
            "dir" => {
                // A version has no slash: what has one is a folder with an `@` in its name.
                let (folder, version) = match rest.rsplit_once('@') {
                    Some((folder, version)) if !version.contains('/') => (folder, Some(version.to_owned())),
                    _ => (rest, None),
                };
                if folder.is_empty() {
                    return Err(wrong("`dir:` names no directory".to_owned()));
                }
                if version.as_deref() == Some("") {
                    return Err(wrong(format!("no version stands behind the `@` of `{text}`")));
                }
                Ok(Source::Directory { path: PathBuf::from(folder), version })
            }
            "sql" => Ok(Source::Sql(path("file")?)),
            "lock" => Ok(Source::Lock(path("file")?)),
            "models" => Ok(Source::Models),
            "git" => match rest.split_once(':') {
                Some((revision, path)) if !revision.is_empty() && !path.is_empty() => {
                    Ok(Source::Git { revision: revision.to_owned(), path: path.to_owned() })
                }
                _ => Err(wrong(format!("`{text}` wants a revision and a path: `git:main:migrations`"))),
            },
            "cmd" => {
                let words = words::split(rest).map_err(|reason| wrong(format!("`{text}`: {reason}")))?;
                if words.is_empty() {
                    Err(wrong("`cmd:` names no command".to_owned()))
                } else {
                    Ok(Source::Command(words))
                }
            }
            _ => {
                // What is no URL isn't said again: it may hold a password all the same.
                let url = DatabaseUrl::parse(text).map_err(|error| wrong(error.to_string()))?;
                if rest.starts_with("//") || matches!(url.scheme.as_str(), "sqlite" | "sqlite3" | "file") {
                    return Ok(Source::Database(url));
                }
                Err(wrong(format!("there is no source `{prefix}:`; {}", meant(prefix, PREFIXES))))
            }
        }
    }
}

/// What somebody may have meant who wrote a path alone.
fn proposal(text: &str) -> String {
    let path = std::path::Path::new(text);
    let is = |ending: &str| path.extension().is_some_and(|it| it == ending);
    match () {
        () if path.is_dir() => format!(": a directory of migrations is `dir:{text}`"),
        () if is("sql") => format!(": a file of statements is `sql:{text}`"),
        () if is("lock") => format!(": a lock file is `lock:{text}`"),
        () if is("db") || is("sqlite") || is("sqlite3") => format!(": a database of SQLite is `sqlite://{text}`"),
        () => String::new(),
    }
}

impl fmt::Display for Source {
    /// As a person writes it; a password is never shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Database(url) => write!(f, "{url}"),
            Source::Directory { path, version } => {
                write!(f, "dir:{}", path.display())?;
                version.as_ref().map_or(Ok(()), |version| write!(f, "@{version}"))
            }
            Source::Sql(path) => write!(f, "sql:{}", path.display()),
            Source::Lock(path) => write!(f, "lock:{}", path.display()),
            Source::Models => f.write_str("models:"),
            Source::Git { revision, path } => write!(f, "git:{revision}:{path}"),
            Source::Command(words) => write!(f, "cmd:{}", words.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let forms = [
            ("sqlite://shop.db", "Database"),
            ("sqlite::memory:", "Database"),
            ("postgres://ann@host/shop", "Database"),
            ("mariadb://host/shop", "Database"),
            ("dir:migrations", "version: None"),
            ("dir:db/migrations@3", "version: Some(\"3\")"),
            ("dir:a@b/migrations", "version: None"),
            ("sql:-", "Sql(\"-\")"),
            ("lock:migrations/schema.lock", "Lock"),
            ("models:", "Models"),
            ("git:HEAD~1:db/migrations", "revision: \"HEAD~1\", path: \"db/migrations\""),
            ("cmd:php artisan 'schema dump'", "[\"php\", \"artisan\", \"schema dump\"]"),
        ];
        for (text, part) in forms {
            let source: Source = text.parse().unwrap();
            assert!(format!("{source:?}").contains(part), "{source:?}");
            if !text.contains('\'') && !text.starts_with("sqlite::") {
                assert_eq!(source.to_string(), text);
            }
        }
    }

    #[test]
    fn says_what_a_source_is_where_it_is_none() {
        let wrong = [
            ("shop.db", "a database of SQLite is `sqlite://shop.db`"),
            ("schema.sql", "a file of statements is `sql:schema.sql`"),
            ("dri:migrations", "there is no source `dri:`; did you mean `dir`?"),
            ("dir:", "names no directory"),
            ("dir:a@", "no version stands behind"),
            ("sql:", "names no file"),
            ("git:main", "wants a revision and a path"),
            ("cmd: ", "names no command"),
            ("cmd:a 'b", "a quote is never closed"),
            ("", "is no source"),
        ];
        for (text, part) in wrong {
            let error = text.parse::<Source>().unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Usage);
            assert!(error.to_string().contains(part) && error.to_string().contains("`dir:PATH`"), "{error}");
        }
        let error = "postgres://ann:s3cret%@host/shop".parse::<Source>().unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
