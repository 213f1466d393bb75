//! What driftlock does: history, journal, up, down, resume. It knows no adapter and prints nothing.
//!
//! ```text
//! files ──► Migrations ─┐
//! manifest ─────────────┼─► standing (what is applied, pending, wrong) ─► plan (groups, as data) ─► run ─► history
//! Session::glance ──────┘                                                                  └─ resume ◄─ journal
//! ```
//!
//! [`Migrator`] is the face; everything it returns is data. What happens on the way is told to a callback ([`Progress`]), and a
//! [`Cancellation`] stops it.

mod cancellation;
mod chain;
mod config;
mod database;
mod diff;
mod difference;
pub mod doctor;
mod drift;
mod error;
mod events;
mod existing;
mod expected;
mod foreign;
mod generate;
mod hooks;
mod in_hand;
mod in_use;
mod inspect;
mod manifest;
mod marks;
mod migrator;
mod nearest;
mod options;
mod plan;
mod progress;
mod project;
mod proof;
mod proposal;
mod provenance;
mod record;
mod replay;
mod report;
mod resume;
mod rows;
mod run;
mod run_id;
mod scaffold;
mod script_of;
mod send;
mod shadow;
mod source;
mod standing;
mod tell;
mod validate;
mod versions;

pub use cancellation::Cancellation;
pub use chain::link;
pub use config::{
    Config, ConfigError, HookSetting, MigrationDirectory, OnDrift, Origin, Overrides, Secret, Setting, Settings,
    ShownSetting, Variables, is_protected_name,
};
pub use database::Database;
pub use diff::{Diff, Differing};
pub use drift::{Drift, Drifted};
pub use driftlock_script::{HookEvent, Touched};
pub use error::{Error, Kind, Outcome, Place, StatementError, UnknownOutcome};
pub use existing::{Existing, IgnoredRule, propose_ignored};
pub use generate::{Generated, Making, Writing};
pub use hooks::{Hook, HookCommand, HookContext, HookError, HookFault, HookLeft, HookMigration, HookRun, PlannedHook};
pub use marks::cache_folder;
pub use migrator::{
    Against, Attempted, Audit, AuditFilter, Check, LockCheck, Loss, Migrator, OnConfirm, OtherMajor, Synced,
    Verification,
};
pub use nearest::{meant, near};
pub use options::{Options, Rollback};
pub use plan::{Group, GroupKind, Plan, PlannedMigration, PlannedStatement};
pub use progress::{OnProgress, Progress};
pub use project::{CONFIG, Ci, NewFile, NewProject, write_files};
pub use proof::{Proof, Unproved};
pub use proposal::{Proposal, ProposedEnvironment, propose, variable_of};
pub use provenance::{Provenance, ProvenanceOverrides};
pub use replay::{Replay, reaches_past};
pub use report::{Applied, MigrationState, MigrationStatus, Report, Status};
pub use rows::Rows;
pub use run_id::RunId;
pub use scaffold::{NewMigration, new_migration, write_conversion};
pub use script_of::{step_to_script, to_script};
pub use shadow::{Shadow, ShadowSearch};
pub use source::{Reading, Source, Sources};
pub use standing::{Finding, Problem};
pub use validate::{Flaw, Validation, validate};
pub use versions::Replayed;
