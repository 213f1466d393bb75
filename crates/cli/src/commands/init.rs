//! `driftlock init`

mod from_layout;

use std::io::Write;
use std::path::Path;

use clap::Args;
use driftlock::{DatabaseUrl, Kind};
use serde_json::json;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::Output;

/// Begin a project: a driftlock.toml and a directory
///
/// With --from-layout the files of another tool's directory are written as driftlock's own into a new one, and the old one
/// stays as it is. Every statement is read back and compared; where a scratch database is at hand (on SQLite always, else
/// with --shadow-url), both directories are replayed and what came of them is compared too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock init
  driftlock init --url postgres://shop@localhost/shop --dir db/migrations
  driftlock init --from-layout goose --dir db/goose --into db/migrations")]
pub(crate) struct Arguments {
    /// Write the files of this layout in --dir as driftlock's own: goose, flyway, dbmate, sqlx, …
    #[arg(long, value_name = "LAYOUT")]
    from_layout: Option<String>,
    /// The new directory for them [default: migrations]
    #[arg(long, value_name = "PATH", requires = "from_layout", hide_short_help = true)]
    into: Option<String>,
    /// The engine that they are for, where no URL tells: sqlite, postgres or mysql
    #[arg(long, value_name = "ENGINE", requires = "from_layout", hide_short_help = true)]
    engine: Option<String>,
    /// A server on which scratch databases may be made and dropped
    #[arg(long, value_name = "URL", requires = "from_layout", hide_short_help = true)]
    shadow_url: Option<String>,
}

const FILE: &str = "driftlock.toml";

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<Done, CommandError> {
    if let Some(layout) = &arguments.from_layout {
        return from_layout::run(arguments, layout, global, output);
    }
    let url = global.url.as_deref().unwrap_or("sqlite://dev.db");
    may_be_written(url)?;
    let dir = global.dir.as_deref().unwrap_or("migrations");
    write_config(url, dir)?;
    let made_dir = !Path::new(dir).is_dir();
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let mut files = vec![FILE.to_owned()];
    files.extend(made_dir.then(|| format!("{}/", dir.trim_end_matches('/'))));
    if output.is_json() {
        output.json(&json!({ "files": files }));
    } else {
        files.iter().for_each(|file| output.data(file));
        output.note("`driftlock new DOMAIN OPERATION` makes the first migration, `driftlock up` applies it");
    }
    Ok(Done::Well)
}

/// A URL that may stand in a file in git.
fn may_be_written(url: &str) -> Result<(), CommandError> {
    let parsed = DatabaseUrl::parse(url).map_err(|error| CommandError::usage(format!("--url: {error}")))?;
    driftlock::engine_of(&parsed).map_err(|error| CommandError::usage(format!("--url: {error}")))?;
    if parsed.to_string().contains("***") {
        return Err(CommandError::usage("--url: this URL holds a password, which doesn't belong into a file in git")
            .hint("leave `--url` away, and write `url = { env = \"DATABASE_URL\" }` into driftlock.toml"));
    }
    Ok(())
}

fn write_config(url: &str, dir: &str) -> Result<(), CommandError> {
    let mut file = match std::fs::OpenOptions::new().write(true).create_new(true).open(FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(CommandError::usage(format!("{FILE} is there already; nothing was changed")));
        }
        Err(error) => return Err(failed(FILE, &error)),
    };
    file.write_all(template(url, dir).as_bytes()).map_err(|error| failed(FILE, &error))
}

fn failed(path: &str, error: &std::io::Error) -> CommandError {
    CommandError::new(Kind::Failed, "DL0101", format!("{path}: {error}"))
}

fn template(url: &str, dir: &str) -> String {
    // A string of JSON is one of TOML.
    let (url, dir) = (json!(url), json!(dir));
    format!(
        r#"# driftlock finds this file from any directory below it; paths in it are from here.
# A value is overridden by DRIFTLOCK_* variables, and these by options on the command line.

# Where the migrations are; with several engines: {{ sqlite = "…", postgres = "…", mysql = "…" }}
migrations = {dir}

# The environment that is meant where none is named with --env. A protected one is never chosen this way.
default_env = "dev"

[env.dev]
url = {url}

# A URL with a password doesn't belong into a file in git: take it from the environment, from a file
# ({{ file = "/run/secrets/dsn" }}) or from what a command prints ({{ cmd = ["vault", "read", "…"] }}).
#[env.prod]                       # protected because of its name; any other with: protected = true
#url = {{ env = "PROD_URL" }}
#rollback = "approved"             # or "allow", "deny"
#lock_wait = "5min"                # for another run to end
#lock_timeout = "5s"               # for a lock of the database's, per statement
#statement_timeout = "10min"
#set_role = "shop_owner"           # whom the objects belong to
#tables = {{ schema = "public", prefix = "driftlock_" }}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let text = template("sqlite://a\"b.db", "m");
        let without_marks: String = text
            .lines()
            .map(|line| format!("{}\n", line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line)))
            .collect();
        for text in [text, without_marks] {
            std::fs::write(folder.path().join(FILE), &text).unwrap();
            let config = driftlock::Config::load(
                folder.path(),
                driftlock::Variables::default(),
                &driftlock::Overrides::default(),
            );
            let settings = config.and_then(|config| config.target()).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(settings.database_url().unwrap().unwrap().path, "a\"b.db");
        }
    }
}
