//! `driftlock init`

mod ask;
mod from_database;
mod from_layout;
mod project;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use driftlock::database::Timestamp;
use driftlock::engine::{CONFIG, Ci, NewFile, NewProject, Proposal, Secret, propose, write_files};
use driftlock::{Cancellation, DatabaseUrl, Kind};
use serde_json::json;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::Output;
use crate::prompt;
use crate::session;
use project::Answers;

/// Begin a project: a driftlock.toml and a directory
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  driftlock init
  driftlock init --engine postgres --url-env DATABASE_URL --ci github",
    after_long_help = "\
Examples:
  driftlock init
  driftlock init --url postgres://shop@localhost/shop --dir db/migrations
  driftlock init --engine postgres --url-env DATABASE_URL --ci github
  driftlock init --environments dev,staging,prod --yes
  driftlock init --from postgres://me@host/shop --url-env DATABASE_URL
  driftlock init --from postgres://me@prod/shop --beside postgres://me@staging/shop
  driftlock init --from-layout goose --dir db/goose --into db/migrations

On a terminal it asks for what no option says; elsewhere it asks nothing. No
file is ever overwritten, and all are written or none.

In a project of sqlx, dbmate, Flyway, Diesel, Atlas, goose or refinery it
proposes what their files say (.env, sqlx.toml, flyway.toml, flyway.conf,
diesel.toml, atlas.hcl, refinery.toml), and says which file and line. Their
migrations run as they are; a password is never copied.

Where there is a driftlock.toml already, --ci adds its file alone.

With --from a database that is there is written down as one migration. It is run
in a scratch database (on SQLite in memory, else on the server of --shadow-url, or
one that is started for it), and all is written only if what comes of it is the
same. What is most often somebody else's (other tools' tables, a provider's
schemas) goes into `ignore`. The database itself is only read, and a password is
written nowhere.

With --from-layout the files of another tool's directory are written as
driftlock's own into a new one, and the old one stays as it is. Every statement
is read back and compared; where a scratch database is at hand (on SQLite
always), both directories are replayed and what came of them is compared too."
)]
pub(crate) struct Arguments {
    /// Where no URL tells: sqlite, postgres or mysql
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// The variable that holds the URL, with its password
    #[arg(long, value_name = "NAME", conflicts_with_all = ["url", "from_layout"])]
    url_env: Option<String>,
    /// Such as dev,prod; the first is for daily work
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "from_layout")]
    environments: Vec<String>,
    /// A file for a CI service: github or gitlab
    #[arg(long, value_name = "SERVICE", conflicts_with = "from_layout")]
    ci: Option<String>,
    /// Ask nothing, and take what is proposed
    #[arg(long, short)]
    yes: bool,
    /// Write the files of this layout in --dir as driftlock's own: goose, flyway, dbmate, sqlx, …
    #[arg(long, value_name = "LAYOUT", hide_short_help = true)]
    from_layout: Option<String>,
    /// The new directory for them [default: migrations]
    #[arg(long, value_name = "PATH", requires = "from_layout", hide_short_help = true)]
    into: Option<String>,
    /// A server on which scratch databases may be made and dropped
    #[arg(long, value_name = "URL", hide_short_help = true)]
    shadow_url: Option<String>,
    /// Begin with the database at this URL
    #[arg(long, value_name = "URL", conflicts_with_all = ["url", "from_layout", "engine"])]
    from: Option<String>,
    /// With --from: report how this database differs from that one
    #[arg(long, value_name = "URL", requires = "from", hide_short_help = true)]
    beside: Option<String>,
    /// With --from: leave out what this rule means, such as 'table:audit_*'; more than one may be given
    #[arg(long, value_name = "RULE", requires = "from", hide_short_help = true)]
    exclude: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    if let Some(layout) = &arguments.from_layout {
        return from_layout::run(arguments, layout, global, output);
    }
    let root = std::env::current_dir()
        .map_err(|error| CommandError::usage(format!("the working directory can't be found out: {error}")))?;
    if let Some(from) = &arguments.from {
        return from_database::run(arguments, from, &root, global, output);
    }
    if arguments.shadow_url.is_some() {
        return Err(CommandError::usage(
            "--shadow-url: a scratch database is needed with --from and --from-layout alone",
        ));
    }
    if root.join(CONFIG).symlink_metadata().is_ok() {
        return only_ci(arguments, global, &root, output);
    }
    let given = Answers::given(arguments, global)?;
    let proposal = propose(&root, global.dir.as_deref());
    let runtime = session::runtime()?;
    let cancellation = Cancellation::new();
    let made = runtime.block_on(async {
        session::listen(&cancellation)?;
        let answers = if !arguments.yes && prompt::may_ask(output) {
            tell_proposal(&proposal, output);
            ask::ask(given, &proposal, &root, output, &cancellation).await?
        } else {
            given
        };
        let (project, ci) = answers.project(&proposal)?;
        let mut files = project.files(&root, now()?)?;
        files.extend(ci.map(|ci| project.ci(&root, ci)));
        write(&root, &files, &cancellation)?;
        Ok((project, ci, files))
    });
    // A prompt that nobody answered must not hold the process.
    runtime.shutdown_background();
    let (project, ci, files) = made.map_err(|error: CommandError| error.after_signal(session::signal()))?;
    print(&project, ci, &files, &proposal, output);
    Ok(Done::Well)
}

/// Where a project is begun already, a CI file may still be wanted.
fn only_ci(arguments: &Arguments, global: &Global, root: &Path, output: &Arc<Output>) -> Result<Done, CommandError> {
    let given = Answers::given(arguments, global)?;
    let Some(ci) = given.ci.flatten() else {
        return Err(CommandError::usage(format!("{CONFIG} is there already; nothing was changed"))
            .hint("`driftlock doctor` says how the project is; `--ci github` or `--ci gitlab` adds that file alone"));
    };
    let project = project::of_config(&given, global, root)?;
    let files = [project.ci(root, ci)];
    write(root, &files, &Cancellation::new())?;
    if output.is_json() {
        output.json(&json!({ "files": [files[0].path], "proposals": [], "notes": ci.note(&files[0]).into_iter().collect::<Vec<_>>() }));
    } else {
        output.data(&files[0].path);
        ci.note(&files[0]).iter().for_each(|note| output.note(note));
    }
    Ok(Done::Well)
}

fn write(root: &Path, files: &[NewFile], cancellation: &Cancellation) -> Result<(), CommandError> {
    write_files(root, files, || cancellation.is_cancelled()).map_err(|error| {
        let is_there = error.to_string().contains("is there already");
        let error = CommandError::from(error);
        if is_there { error.hint("move it away, or leave out the option that asks for it") } else { error }
    })
}

fn now() -> Result<Timestamp, CommandError> {
    let micros =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_micros());
    i64::try_from(micros)
        .map(Timestamp::from_micros)
        .map_err(|_| CommandError::new(Kind::Failed, "DL0101", "this machine's clock is out of any order"))
}

/// A URL that may stand in a file in git.
fn may_be_written(url: &str) -> Result<&'static str, CommandError> {
    let parsed = DatabaseUrl::parse(url).map_err(|error| CommandError::usage(format!("--url: {error}")))?;
    let engine = driftlock::engine_of(&parsed).map_err(|error| CommandError::usage(format!("--url: {error}")))?;
    if parsed.to_string().contains("***") {
        return Err(CommandError::usage("--url: this URL holds a password, which doesn't belong into a file in git")
            .hint("put it into a variable, and name that: `--url-env DATABASE_URL`"));
    }
    Ok(engine.name())
}

/// What was found, each with its file and line.
fn tell_proposal(proposal: &Proposal, output: &Output) {
    for (key, value, origin) in project::proposals(proposal) {
        output.note(&format!("{key} = {value} ({origin})"));
    }
    proposal.notes.iter().for_each(|note| output.note(note));
}

fn print(project: &NewProject, ci: Option<Ci>, files: &[NewFile], proposal: &Proposal, output: &Output) {
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut notes = next_steps(project, files, proposal);
    notes.extend(ci.and_then(|ci| ci.note(files.last()?)));
    if output.is_json() {
        let proposals: Vec<_> = project::proposals(proposal)
            .into_iter()
            .map(|(key, value, origin)| json!({ "key": key, "value": value, "origin": origin }))
            .collect();
        let notes: Vec<&String> = proposal.notes.iter().chain(&notes).collect();
        output.json(&json!({ "files": paths, "proposals": proposals, "notes": notes }));
        return;
    }
    paths.iter().for_each(|path| output.data(path));
    tell_proposal(proposal, output);
    notes.iter().for_each(|note| output.note(note));
}

fn next_steps(project: &NewProject, files: &[NewFile], proposal: &Proposal) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((_, Secret::Variable(name))) = project.environments.first() {
        let in_dotenv = project.origins.iter().any(|(_, origin)| origin.starts_with(".env:"));
        notes.push(if in_dotenv {
            format!("driftlock doesn't read .env: `set -a; . ./.env; set +a` makes `{name}` a variable of the shell")
        } else {
            format!("`{name}` is to hold the URL of the database")
        });
    }
    if let Some(tool) = proposal.tool {
        let table = proposal.table.as_ref().map(|table| format!(" --table {}", table.value)).unwrap_or_default();
        notes.push(format!(
            "where {tool} has migrated a database, `driftlock adopt{table}` takes its history over; before that `up` refuses"
        ));
        notes.push("`driftlock doctor` says what is there, `driftlock status` what is applied".to_owned());
    } else if files.iter().any(|file| file.path.ends_with(".sql")) {
        notes.push(
            "`driftlock up` applies the first migration, `driftlock new DOMAIN OPERATION` makes the next".to_owned(),
        );
    } else {
        notes.push("`driftlock new DOMAIN OPERATION` makes a migration, `driftlock up` applies it".to_owned());
    }
    notes
}

/// For `--from-layout`: a configuration alone.
fn write_config(url: &str, dir: &str) -> Result<(), CommandError> {
    let project = NewProject {
        directory: dir.to_owned(),
        layout: None,
        engine: None,
        environments: vec![("dev".to_owned(), Secret::Plain(url.to_owned()))],
        placeholders: Vec::new(),
        ignore: Vec::new(),
        origins: Vec::new(),
    };
    write(Path::new("."), &[project.configuration()], &Cancellation::new())
}

/// The folder that a relative path is from.
fn tidy(path: &str) -> String {
    let path = PathBuf::from(path).display().to_string();
    let path = path.trim_end_matches('/');
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}
