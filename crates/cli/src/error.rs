//! A command that failed: its exit code, and how it is shown.

use driftlock::engine::doctor::Check;
use driftlock::engine::{ConfigError, Finding, Outcome};
use driftlock::script::{ConvertError, FilesError, LoadError, ManifestError};
use driftlock::{Applied, Error, Kind};
use serde_json::{Value, json};

use crate::json;
use crate::output::{ERROR, HINT, Output, count};
use crate::snippet;

/// A command failed. Behind a pointer, so that what goes well stays small.
#[derive(Debug)]
pub(crate) struct CommandError(Box<Failure>);

#[derive(Debug)]
struct Failure {
    kind: Kind,
    code: &'static str,
    /// One line for each thing that is wrong.
    messages: Vec<String>,
    place: Option<driftlock::engine::Place>,
    /// The server's detail, hint and context, each with its label.
    details: Vec<(&'static str, String)>,
    findings: Vec<Finding>,
    applied: Vec<Applied>,
    /// What else to know, and what to do next.
    hints: Vec<String>,
    /// After a signal: which.
    signal: Option<i32>,
}

impl CommandError {
    pub(crate) fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        CommandError(Box::new(Failure {
            kind,
            code,
            messages: vec![message.into()],
            place: None,
            details: Vec::new(),
            findings: Vec::new(),
            applied: Vec::new(),
            hints: Vec::new(),
            signal: None,
        }))
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "DL0305", message)
    }

    /// Whether nobody said yes to what can lose data.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.0.code == "DL0307"
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// As a finding of the doctor's.
    pub(crate) fn into_check(self, name: &'static str) -> Check {
        let hints = (!self.0.hints.is_empty()).then(|| self.0.hints.join("; "));
        Check::problem(name, self.0.messages.join("; "), hints)
    }

    pub(crate) fn after_signal(mut self, signal: Option<i32>) -> Self {
        self.0.signal = signal;
        self
    }

    /// The one place where a kind of failure becomes an exit code.
    pub(crate) fn exit_code(&self) -> i32 {
        match self.0.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Refused => 4,
            Kind::Locked => 5,
            Kind::Integrity => 6,
            Kind::Unknown => 7,
            Kind::Interrupted => 128 + self.0.signal.unwrap_or(2),
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(crate) fn messages(&self) -> String {
        self.0.messages.join("\n")
    }

    /// Text to stderr, and with `--format json` the same as data to stdout.
    pub(crate) fn print(&self, output: &Output) {
        output.show(None);
        if output.is_json() {
            output.json(&self.to_json());
        }
        self.tell(output);
    }

    /// The text alone.
    pub(crate) fn tell(&self, output: &Output) {
        match &self.0.place {
            Some(place) => output.tell(snippet::render(place, &self.0.details).trim_end()),
            None => {
                for message in &self.0.messages {
                    output.tell(&format!("{ERROR}error:{ERROR:#} {message}"));
                }
                for (label, text) in &self.0.details {
                    output.tell(&format!("  {label}: {text}"));
                }
            }
        }
        for hint in &self.0.hints {
            output.tell(&format!("{HINT}hint:{HINT:#} {hint}"));
        }
    }

    fn to_json(&self) -> Value {
        let place = self.0.place.as_ref();
        json!({
            "error": {
                "code": self.0.code,
                "kind": self.0.kind.as_str(),
                "message": self.0.messages.join("\n"),
                "file": place.map(|place| place.file.as_str()),
                "line": place.map(|place| place.line),
                "column": place.map(|place| place.column),
                "details": self.0.details.iter().map(|(label, text)| ((*label).to_owned(), Value::from(text.as_str())))
                    .collect::<serde_json::Map<_, _>>(),
                "findings": self.0.findings.iter().map(json::finding).collect::<Vec<_>>(),
                "hints": self.0.hints,
            },
            "applied": self.0.applied.iter().map(json::applied).collect::<Vec<_>>(),
        })
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let mut it = CommandError::new(error.kind(), error.code(), error.to_string());
        if let Some(place) = error.place() {
            // The place is said beside it.
            it.0.messages = vec![place.message.clone()];
            it.0.place = Some(place.clone());
        }
        it.0.applied = error.applied().to_vec();
        it.0.hints.extend(error.hint().map(str::to_owned));
        match error {
            Error::Integrity(findings) => {
                it.0.messages = findings.iter().map(ToString::to_string).collect();
                it.0.findings = findings;
            }
            Error::Database(error) => {
                let server = error.server();
                let texts = server.map(|it| [("detail", &it.detail), ("hint", &it.hint), ("context", &it.context)]);
                it.0.details = texts
                    .into_iter()
                    .flatten()
                    .filter_map(|(label, text)| text.clone().map(|text| (label, text)))
                    .collect();
            }
            Error::Statement(error) => {
                it.0.details = error.notes;
                let rest = match &error.outcome {
                    Outcome::RolledBack => "nothing of this file was done: it was rolled back".to_owned(),
                    Outcome::Partial { done } if done.is_empty() => {
                        "no statement of this file was done; correct it and run the command again".to_owned()
                    }
                    Outcome::Partial { done } => {
                        let numbers = done.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
                        format!(
                            "this file can't be one transaction: of its {} {numbers} {} done and stay{}; correct the rest of the file \
                             and run the command again, it goes on behind them",
                            count(error.of, "statement"),
                            if done.len() == 1 { "is" } else { "are" },
                            if done.len() == 1 { "s" } else { "" },
                        )
                    }
                    Outcome::Scratch => "it ran in a scratch database: no other one was changed".to_owned(),
                    Outcome::NotKnown => {
                        "the connection is gone, and with it the answer: run the command again, it finds out what was done".to_owned()
                    }
                };
                it.0.hints.push(rest);
            }
            Error::Hook(error) => {
                it.0.hints.push(error.database());
                it.0.details = error.notes;
            }
            _ => {}
        }
        if !it.0.applied.is_empty() {
            let (was, stay) = if it.0.applied.len() == 1 { ("was", "stays") } else { ("were", "stay") };
            let done = count(it.0.applied.len(), "migration");
            it.0.hints.push(format!("{done} {was} committed before it and {stay}"));
        }
        it
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        CommandError::new(error.kind(), error.code(), error.to_string())
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        Error::from(error).into()
    }
}

impl From<ConvertError> for CommandError {
    fn from(error: ConvertError) -> Self {
        match error {
            ConvertError::Load(error) => error.into(),
            other => CommandError::usage(other.to_string()),
        }
    }
}

impl From<FilesError> for CommandError {
    fn from(error: FilesError) -> Self {
        Error::from(LoadError::from(error)).into()
    }
}

impl From<ManifestError> for CommandError {
    fn from(error: ManifestError) -> Self {
        Error::from(error).into()
    }
}
