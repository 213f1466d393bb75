//! `driftlock doctor`

use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use clap::Args;
use driftlock::engine::ShownSetting;
use driftlock::engine::doctor::{self, Check, Health};
use driftlock::{Cancellation, Config, Engine, Migrator, Settings};
use serde_json::json;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::session::{self, Look};
use crate::setup::{self, Target};

/// Say what driftlock sees, and what to do about it
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  driftlock doctor
  driftlock doctor --env staging --settings",
    after_long_help = "\
Examples:
  driftlock doctor
  driftlock doctor --env staging --settings
  driftlock doctor --url postgres://shop@localhost/shop --dir migrations

It looks at configuration, files and database, and goes on behind what fails.
Writes nothing. Exit code 3 when there is a problem, 0 when all is well or there
are warnings only."
)]
pub(crate) struct Arguments {
    /// Every setting that counts, with where it was set
    #[arg(long)]
    settings: bool,
}

/// What was looked at.
#[derive(Debug, Default)]
struct Findings {
    checks: Vec<Check>,
    settings: Vec<ShownSetting>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let findings = look(global)?;
    print(&findings, arguments.settings, output);
    let is_well = findings.checks.iter().all(|check| check.state != Health::Problem);
    Ok(if is_well { Done::Well } else { Done::Different })
}

/// From the configuration to the database, as far as it goes: what fails is a finding too.
fn look(global: &Global) -> Result<Findings, CommandError> {
    let mut findings = Findings::default();
    let config = match setup::load(global)? {
        Ok(config) => config,
        Err(error) => {
            findings.checks.push(doctor::configuration(Err(&error), None));
            return Ok(findings);
        }
    };
    let settings = match config.target() {
        Ok(settings) => settings,
        Err(error) => {
            findings.checks.push(doctor::configuration(Err(&error), None));
            // Without knowing which database, the files can be looked at all the same.
            let Ok(settings) = config.project() else { return Ok(findings) };
            findings.checks.extend(doctor::files(&config, &settings, engine_of(&settings), driftlock::ENGINES));
            return Ok(findings);
        }
    };
    findings.settings = settings.shown();
    findings.checks.push(doctor::configuration(Ok(&config), Some(&settings)));
    let target = match Target::of(global, &config, settings.clone()) {
        Ok(target) => target,
        Err(error) => {
            findings.checks.extend(doctor::files(&config, &settings, engine_of(&settings), driftlock::ENGINES));
            findings.checks.push(error.into_check("connection"));
            return Ok(findings);
        }
    };
    findings.checks.extend(doctor::files(&config, &settings, Some(target.engine), driftlock::ENGINES));
    findings.checks.extend(database(global, target, &config)?);
    Ok(findings)
}

fn engine_of(settings: &Settings) -> Option<&'static dyn Engine> {
    setup::engine_without_database(None, settings).ok().flatten()
}

fn database(global: &Global, target: Target, config: &Config) -> Result<Vec<Check>, CommandError> {
    let mut options = target.settings.options(&target.provenance);
    options.reason.clone_from(&global.reason);
    let runtime = session::runtime()?;
    let cancellation = Cancellation::new();
    let checks = runtime.block_on(async {
        session::listen(&cancellation)?;
        let work = async {
            let database = match session::connect(&target).await {
                Ok(database) => database,
                Err(error) => return vec![doctor::unreachable(&error)],
            };
            let mut checks = vec![Check::ok("connection", target.url.to_string())];
            // That they can't be read was said of the files by themselves.
            let files = session::files(&target, Look::Later, &database).await.ok();
            let migrator = files.map(|(migrations, manifest)| {
                let migrator =
                    Migrator::new(&migrations).provenance(target.provenance.clone()).options(options.clone());
                match manifest {
                    Some(manifest) => migrator.manifest(manifest, config.root().to_owned(), &target.directory),
                    None => migrator,
                }
            });
            let pooler = target.settings.pooler.value;
            checks.extend(doctor::examine(&database, migrator.as_ref(), &options, pooler).await);
            database.close().await;
            checks
        };
        tokio::select! {
            checks = work => Ok(checks),
            () = cancellation.cancelled() => Err(session::interrupted()),
        }
    });
    runtime.shutdown_background();
    checks.map_err(|error: CommandError| error.after_signal(session::signal()))
}

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

fn print(findings: &Findings, with_settings: bool, output: &Output) {
    if output.is_json() {
        let checks: Vec<_> = findings
            .checks
            .iter()
            .map(|it| json!({ "name": it.name, "state": it.state.as_str(), "message": it.message, "hint": it.hint }))
            .collect();
        let settings: Vec<_> = findings
            .settings
            .iter()
            .map(|it| json!({ "key": it.key, "value": it.value, "origin": it.origin.to_string() }))
            .collect();
        output.json(&json!({ "checks": checks, "settings": settings }));
        return;
    }
    let width = findings.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in &findings.checks {
        let style = match check.state {
            Health::Ok => crate::output::HINT,
            Health::Warning => WARNING,
            Health::Problem => crate::output::ERROR,
        };
        let state = format!("{style}{:7}{style:#}", check.state.as_str());
        // What a message has on more lines stands below its first.
        let message = check.message.replace('\n', &format!("\n{:indent$}", "", indent = width + 11));
        output.data(format!("{state}  {:width$}  {message}", check.name).trim_end());
        if let Some(hint) = &check.hint {
            output.data(&format!("{:indent$}do: {hint}", "", indent = width + 11));
        }
    }
    if with_settings {
        let width = findings.settings.iter().map(|it| it.key.len()).max().unwrap_or(0);
        output.data("");
        for setting in &findings.settings {
            output.data(&format!("{:width$} = {}  ({})", setting.key, setting.value, setting.origin));
        }
    }
    let number = |state| findings.checks.iter().filter(|check| check.state == state).count();
    if !output.quiet {
        output.data(&match (number(Health::Problem), number(Health::Warning)) {
            (0, 0) => "all is well".to_owned(),
            (0, warnings) => count(warnings, "warning"),
            (problems, 0) => count(problems, "problem"),
            (problems, warnings) => format!("{}, {}", count(problems, "problem"), count(warnings, "warning")),
        });
    }
}
