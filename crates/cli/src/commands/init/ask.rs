//! Asks a person for what no option says.

use std::path::Path;
use std::sync::Arc;

use driftlock::Cancellation;
use driftlock::engine::{Proposal, Secret};

use super::project::{self, Answers};
use crate::error::CommandError;
use crate::output::Output;
use crate::prompt;

/// Asks; an empty line takes what stands in brackets.
pub(super) async fn ask(
    mut answers: Answers,
    proposal: &Proposal,
    root: &Path,
    output: &Arc<Output>,
    cancellation: &Cancellation,
) -> Result<Answers, CommandError> {
    let asking = Asking { output, cancellation };
    if answers.environments.is_none() {
        let default = answers.environments(proposal).join(",");
        let parse = |text: &str| project::names(&text.split(',').map(str::to_owned).collect::<Vec<_>>());
        answers.environments = Some(asking.until("Environments, that of daily work first", &default, parse).await?);
    }
    if answers.engine(proposal).is_none() && !matches!(answers.url, Some(Secret::Plain(_))) {
        let question = "Engine: sqlite, postgres or mysql";
        answers.engine = Some(asking.until(question, "sqlite", project::engine).await?);
    }
    if answers.url.is_none() {
        let name = answers.environments(proposal).swap_remove(0);
        let default = match answers.url(proposal, &name) {
            Secret::Plain(url) => url,
            Secret::Variable(variable) => format!("${variable}"),
            _ => String::new(),
        };
        let question = format!("Database of `{name}`: a URL, or $NAME for a variable that holds it");
        let engine = answers.engine;
        let url = |text: &str| {
            let mut trial = Answers { engine, ..Answers::default() };
            trial.set_url(text).map(|()| (trial.engine, trial.url))
        };
        (answers.engine, answers.url) = asking.until(&question, &default, url).await?;
    }
    if answers.directory.is_none() {
        let default = proposal.directory.as_ref().map_or("migrations", |it| it.value.as_str());
        answers.directory =
            Some(asking.until("Directory of the migrations", default, |text| Ok(super::tidy(text))).await?);
    }
    if answers.ci.is_none() {
        let default = match () {
            () if root.join(".github").is_dir() => "github",
            () if root.join(".gitlab-ci.yml").exists() => "gitlab",
            () => "none",
        };
        answers.ci = Some(asking.until("CI file: github, gitlab or none", default, project::ci).await?);
    }
    Ok(answers)
}

struct Asking<'a> {
    output: &'a Output,
    cancellation: &'a Cancellation,
}

impl Asking<'_> {
    /// Asks until the answer can be used.
    async fn until<T>(
        &self,
        question: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        loop {
            self.output.tell(&format!("{question} [{default}]:"));
            let Some(answer) = prompt::line(self.cancellation).await? else {
                return Err(CommandError::usage("nobody answers: nothing was written")
                    .hint("`--yes` takes what is proposed, and each answer has an option"));
            };
            let answer = answer.trim();
            match parse(if answer.is_empty() { default } else { answer }) {
                Ok(value) => return Ok(value),
                Err(error) => error.print(self.output),
            }
        }
    }
}
