//! `driftlock init --from`

use std::path::Path;
use std::sync::Arc;

use driftlock::engine::{CONFIG, Ci, Existing, NewFile, NewProject, Secret, Shadow, variable_of};
use driftlock::schema::{Change, Rule, compare};
use driftlock::script::LOCK_FILE;
use driftlock::{Cancellation, ConnectOptions, Database, DatabaseUrl, Engine, Kind, Layout, Settings, engine_of};
use serde_json::json;

use super::project::Answers;
use super::{Arguments, now, write};
use crate::arguments::Global;
use crate::commands::Done;
use crate::error::CommandError;
use crate::output::{Output, count, printable};
use crate::setup::{configure_with, provenance};
use crate::{changes, session};

/// A database by its URL.
struct Target {
    url: DatabaseUrl,
    engine: &'static dyn Engine,
}

/// What was written, and of what.
struct Written {
    files: Vec<NewFile>,
    existing: Existing,
    /// How the database beside it differs.
    differences: Option<Vec<Change>>,
}

pub(super) fn run(
    arguments: &Arguments,
    from: &str,
    root: &Path,
    global: &Global,
    output: &Arc<Output>,
) -> Result<Done, CommandError> {
    if root.join(CONFIG).symlink_metadata().is_ok() {
        return Err(CommandError::usage(format!("{CONFIG} is there already; nothing was changed"))
            .hint("`driftlock inspect URL --format sql` shows the statements that make a database"));
    }
    let config = configure_with(global, |overrides| {
        if let Some(url) = &arguments.shadow_url {
            overrides.set("shadow_url", "--shadow-url", url);
        }
    })?;
    let settings = config.project()?;
    let given = Answers::given(arguments, global)?;
    if given.layout.is_some_and(|layout| layout != Layout::Driftlock) {
        return Err(CommandError::usage(
            "--layout: with --from the migration has driftlock's own layout; leave it out",
        ));
    }
    let target = Target::new(from, "--from")?;
    let beside = arguments.beside.as_deref().map(|url| Target::new(url, "--beside")).transpose()?;
    if let Some(other) = beside.as_ref().filter(|other| other.engine.name() != target.engine.name()) {
        let message = format!("--beside is of {}, and --from is of {}", other.engine.name(), target.engine.name());
        return Err(CommandError::usage(message).hint("two databases of one engine can be compared"));
    }
    let exclude = arguments.exclude.iter().map(|text| text.parse::<Rule>()).collect::<Result<Vec<_>, _>>();
    let exclude = exclude.map_err(|error| CommandError::usage(format!("--exclude: {error}")))?;
    let mut project = project(arguments, from, &target, &given);
    let options = settings.connect_options(&provenance(global, &config, &settings));
    // Before anything is asked of a server: what is in the way of the files.
    let stamp: String = now()?.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    let file = format!("{}-{}_schema_baseline_v1.up.sql", &stamp[..8], &stamp[8..]);
    let empty = NewFile { path: String::new(), text: String::new() };
    project.files_of_existing(root, empty.clone(), empty)?;

    let ci = given.ci.flatten();
    let work = Work { settings: &settings, target: &target, beside: beside.as_ref(), options, exclude, file, root, ci };
    let written = session::apart(&settings, output, |cancellation| work.done(&mut project, cancellation))?;
    print(&written, arguments, &target, output);
    Ok(Done::Well)
}

/// What is to be done.
struct Work<'a> {
    settings: &'a Settings,
    target: &'a Target,
    beside: Option<&'a Target>,
    options: ConnectOptions,
    exclude: Vec<Rule>,
    file: String,
    root: &'a Path,
    ci: Option<Ci>,
}

impl Work<'_> {
    async fn done(&self, project: &mut NewProject, cancellation: Cancellation) -> Result<Written, CommandError> {
        let shadow = self.shadow(&cancellation).await?;
        let db = self.connect(self.target, &cancellation).await?;
        let existing = db.write_down(&shadow, &self.file, &self.exclude).await;
        db.close().await;
        let existing = existing.map_err(explained)?;
        let differences = match self.beside {
            Some(beside) => {
                let db = self.connect(beside, &cancellation).await?;
                let other = tokio::select! {
                    other = db.inspect(&existing.filter) => other?,
                    () = cancellation.cancelled() => return Err(session::interrupted()),
                };
                db.close().await;
                Some(compare(&existing.inspection.schema, &other.schema, existing.filter.facets()))
            }
            None => None,
        };
        let mut files = self.files(project, &existing)?;
        files.extend(self.ci.map(|ci| project.ci(self.root, ci)));
        write(self.root, &files, &cancellation)?;
        Ok(Written { files, existing, differences })
    }

    /// A URL is no licence to make databases on its server, and an environment that is only about to be is none either.
    async fn shadow(&self, cancellation: &Cancellation) -> Result<Shadow, CommandError> {
        let engine = self.target.engine;
        let search = Shadow::search(engine).no_environment("the project has none yet");
        let mut search = search.tables(self.settings.own_tables());
        if let Some(url) = self.settings.shadow_database_url()? {
            let named = engine_of(&url)?;
            if named.name() != engine.name() {
                let message = format!("the shadow is of {}, and --from is of {}", named.name(), engine.name());
                return Err(CommandError::usage(message).hint("name a server of the same engine with `--shadow-url`"));
            }
            search = search.server(url, ConnectOptions { set_role: None, ..self.options.clone() });
        }
        Ok(search.cancellation(cancellation.clone()).find().await?)
    }

    async fn connect(&self, to: &Target, cancellation: &Cancellation) -> Result<Database, CommandError> {
        tokio::select! {
            db = Database::connect(to.engine, &to.url, &self.options, self.settings.own_tables()) => Ok(db?),
            () = cancellation.cancelled() => Err(session::interrupted()),
        }
    }

    fn files(&self, project: &mut NewProject, existing: &Existing) -> Result<Vec<NewFile>, CommandError> {
        let asked = self.exclude.iter().map(|rule| (rule.to_string(), "as it was asked for".to_owned()));
        let proposed = existing.ignored.iter().map(|it| (it.rule.to_string(), it.reason.clone()));
        project.ignore = proposed.chain(asked).collect();
        let migration = NewFile { path: project.path(&self.file), text: existing.script.clone() };
        let lock =
            NewFile { path: project.path(LOCK_FILE), text: existing.lock.to_text().map_err(driftlock::Error::from)? };
        Ok(project.files_of_existing(self.root, migration, lock)?)
    }
}

impl Target {
    fn new(url: &str, option: &str) -> Result<Self, CommandError> {
        let wrong = |error: &dyn std::fmt::Display| CommandError::usage(format!("{option}: {error}"));
        let url = DatabaseUrl::parse(url).map_err(|error| wrong(&error))?;
        let engine = engine_of(&url).map_err(|error| wrong(&error))?;
        Ok(Target { url, engine })
    }
}

/// What the configuration is to say. A URL with a password stays out of it: a variable is to hold that.
fn project(arguments: &Arguments, from: &str, target: &Target, given: &Answers) -> NewProject {
    let names = given.environments.clone().unwrap_or_else(|| vec!["dev".to_owned()]);
    let has_secret = target.url.to_string().contains("***");
    let environments = names.iter().enumerate().map(|(at, name)| {
        let url = match (at, &arguments.url_env) {
            (0, Some(variable)) => Secret::Variable(variable.clone()),
            (0, None) if !has_secret => Secret::Plain(from.to_owned()),
            _ => Secret::Variable(variable_of(name)),
        };
        (name.clone(), url)
    });
    NewProject {
        directory: given.directory.clone().unwrap_or_else(|| "migrations".to_owned()),
        layout: None,
        engine: Some(target.engine.name()),
        environments: environments.collect(),
        placeholders: Vec::new(),
        ignore: Vec::new(),
        origins: Vec::new(),
    }
}

fn explained(error: driftlock::Error) -> CommandError {
    let is_about_a_file = error.place().is_some();
    let error = CommandError::from(error);
    match error.kind() {
        Kind::Failed if is_about_a_file => {
            error.hint("this was in a scratch database, where the migration is tried; nothing was written")
        }
        Kind::Refused => error.hint("nothing was written; `--exclude RULE` leaves out what can't be taken along"),
        _ => error,
    }
}

fn print(written: &Written, arguments: &Arguments, target: &Target, output: &Output) {
    let Written { files, existing, differences } = written;
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let version = existing.lock.migrations.first().map(|it| it.version.as_str()).unwrap_or_default();
    let mut notes = vec![format!(
        "{} of {} in {}: a database that the migration made on {} is the same by the engine's own account",
        count(existing.inspection.schema.len(), "object"),
        target.url,
        paths.get(1).copied().unwrap_or_default(),
        existing.lock.version,
    )];
    if target.url.to_string().contains("***") {
        let variable = arguments.url_env.clone().unwrap_or_else(|| "DATABASE_URL".to_owned());
        notes.push(format!("the URL holds a password and is written nowhere: `{variable}` is to hold it"));
    }
    notes.push(format!(
        "`driftlock baseline {version}` marks a database that is so already; a new one is made by `driftlock up`"
    ));
    if output.is_json() {
        let ignored: Vec<_> =
            existing.ignored.iter().map(|it| json!({ "rule": it.rule.to_string(), "reason": it.reason })).collect();
        output.json(&json!({
            "files": paths,
            "version": version,
            "ignored": ignored,
            "unmodelled": existing.inspection.unmodelled,
            "differences": differences,
            "notes": notes,
        }));
        return;
    }
    paths.iter().for_each(|path| output.data(path));
    if let (Some(differences), Some(beside)) = (differences, &arguments.beside) {
        let beside = DatabaseUrl::parse(beside).map(|url| url.to_string()).unwrap_or_default();
        output.data("");
        output.data(&match differences.len() {
            0 => format!("{beside} has the same schema"),
            number => format!("{beside} differs in {}:", count(number, "thing")),
        });
        changes::lines(differences, "there").iter().for_each(|line| output.data(&format!("  {line}")));
    }
    for it in &existing.ignored {
        output.note(&format!(
            "ignored, by `ignore` in driftlock.toml: {} ({})",
            printable(&it.rule.to_string()),
            it.reason
        ));
    }
    for it in &existing.inspection.unmodelled {
        output.note(&format!("not in the migration: {}: {}", printable(&it.object.to_string()), it.reason));
    }
    notes.iter().for_each(|note| output.note(note));
}
