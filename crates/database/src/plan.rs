//! The way from a schema to another: its steps, what each may do to rows and running code, and why there may be none.

use std::fmt;
use std::str::FromStr;

use driftlock_schema::{Id, Kind};
use serde::{Deserialize, Serialize};

/// One statement of the way from a schema to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The statement, without terminator, as a driver runs it.
    pub sql: String,
    /// What it is about.
    pub object: Id,
    /// Whether it can run in a transaction with others.
    pub transactional: bool,
    /// The locks that it holds until its transaction ends, in the engine's own words. Empty where they weren't measured.
    #[serde(default)]
    pub locks: Vec<String>,
    /// Whether all rows of a table are written anew.
    #[serde(default)]
    pub rewrites: bool,
    /// What it may do, sorted, each once.
    #[serde(default)]
    pub hazards: Vec<Hazard>,
    /// The statement that undoes it, where there is one that does.
    #[serde(default)]
    pub inverse: Option<String>,
    /// A query for the rows on which it fails, where it can fail on rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offenders: Option<String>,
}

/// What becomes of columns that come in another order, on engines where that takes more than a word in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnOrder {
    /// It is told, and no step changes it.
    #[default]
    Told,
    /// Steps put them into the other order.
    Planned,
}

impl Step {
    /// A statement that can run in a transaction with others, and of which nothing else is to be said.
    pub fn new(object: Id, sql: impl Into<String>) -> Self {
        Step {
            sql: sql.into(),
            object,
            transactional: true,
            locks: Vec::new(),
            rewrites: false,
            hazards: Vec::new(),
            inverse: None,
            offenders: None,
        }
    }

    /// With these hazards beside those that it has.
    #[must_use]
    pub fn hazards(mut self, hazards: impl IntoIterator<Item = Hazard>) -> Self {
        self.hazards.extend(hazards);
        self.hazards.sort();
        self.hazards.dedup();
        self.rewrites |= self.hazards.contains(&Hazard::Rewrite);
        self
    }

    /// With the statement that undoes it.
    #[must_use]
    pub fn inverse(mut self, sql: impl Into<String>) -> Self {
        self.inverse = Some(sql.into());
        self
    }

    /// It fails on the rows that this query finds.
    #[must_use]
    pub fn offenders(self, query: impl Into<String>) -> Self {
        let mut step = self.hazards([Hazard::CanFailOnRows]);
        step.offenders = Some(query.into());
        step
    }
}

/// Another name for an object, or for a part of one, in the place where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// The object, by its name before.
    pub object: Id,
    /// The part, by its kind and its name before, where it is about one. A label of PostgreSQL's enums is an `enum_value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<(Kind, String)>,
    /// The name after.
    pub to: String,
}

impl Rename {
    /// What undoes it.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut inverse = self.clone();
        match &mut inverse.part {
            Some((_, name)) => inverse.to = std::mem::replace(name, self.to.clone()),
            None => inverse.to = std::mem::replace(&mut inverse.object.name.name, self.to.clone()),
        }
        inverse
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.object)?;
        if let Some((kind, name)) = &self.part {
            write!(f, ", {} {name}", kind.words())?;
        }
        write!(f, " is {}", self.to)
    }
}

/// What a step may do to rows, to those who work with the database meanwhile, and to those who come after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    /// Rows or values are gone after it.
    DataLoss,
    /// All rows of a table are written anew.
    Rewrite,
    /// All rows of a table are read.
    Scan,
    /// Nobody reads from a table meanwhile.
    BlocksReads,
    /// Nobody writes to a table meanwhile.
    BlocksWrites,
    /// Whether it succeeds depends on the rows that are there.
    CanFailOnRows,
    /// Code that was written for what was there before fails after it.
    BreaksRunningCode,
    /// No statement brings back what was there.
    NotReversible,
    /// Who runs it needs more rights than most have.
    NeedsPrivileges,
}

impl Hazard {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Hazard::DataLoss,
        Hazard::Rewrite,
        Hazard::Scan,
        Hazard::BlocksReads,
        Hazard::BlocksWrites,
        Hazard::CanFailOnRows,
        Hazard::BreaksRunningCode,
        Hazard::NotReversible,
        Hazard::NeedsPrivileges,
    ];

    /// As in JSON and in options: `data_loss`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Hazard::DataLoss => "data_loss",
            Hazard::Rewrite => "rewrite",
            Hazard::Scan => "scan",
            Hazard::BlocksReads => "blocks_reads",
            Hazard::BlocksWrites => "blocks_writes",
            Hazard::CanFailOnRows => "can_fail_on_rows",
            Hazard::BreaksRunningCode => "breaks_running_code",
            Hazard::NotReversible => "not_reversible",
            Hazard::NeedsPrivileges => "needs_privileges",
        }
    }

    /// As people read it: `data loss`.
    #[must_use]
    pub fn words(self) -> String {
        self.as_str().replace('_', " ")
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Hazard {
    type Err = UnknownHazard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Hazard::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(|| UnknownHazard(text.to_owned()))
    }
}

/// No hazard has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no hazard: there are {list}", list = Hazard::ALL.map(Hazard::as_str).join(", "))]
pub struct UnknownHazard(String);

/// Why there is no way from a schema to another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no way to the other schema: {object}: {reason}")]
pub struct PlanError {
    /// The object that stands in the way.
    pub object: Id,
    /// Why.
    pub reason: String,
}

impl PlanError {
    /// For an object, with the reason.
    pub fn new(object: Id, reason: impl Into<String>) -> Self {
        PlanError { object, reason: reason.into() }
    }
}

impl From<crate::CreateError> for PlanError {
    fn from(error: crate::CreateError) -> Self {
        PlanError { object: error.object, reason: error.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hazard_is_one_word_in_json_and_in_options() {
        for hazard in Hazard::ALL {
            let json = serde_json::to_string(&hazard).unwrap();
            assert_eq!(json, format!("\"{hazard}\""));
            assert_eq!(hazard.as_str().parse(), Ok(hazard));
        }
        let error = "loss".parse::<Hazard>().unwrap_err();
        assert!(error.to_string().contains("data_loss, rewrite"), "{error}");
    }

    #[test]
    fn hazards_are_sorted_and_said_once() {
        let step = Step::new("table:a".parse().unwrap(), "DROP TABLE a")
            .hazards([Hazard::NotReversible, Hazard::DataLoss])
            .hazards([Hazard::DataLoss]);
        assert_eq!(step.hazards, [Hazard::DataLoss, Hazard::NotReversible]);
    }
}
