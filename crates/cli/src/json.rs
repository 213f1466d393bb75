//! Results as JSON.

use driftlock::engine::{Finding, MigrationState, MigrationStatus, PlannedMigration};
use driftlock::script::{Dialect, redact};
use driftlock::{Applied, Error, Plan, Report, Status, Version};
use serde_json::{Value, json};

pub(crate) fn applied(applied: &Applied) -> Value {
    json!({
        "version": applied.version.as_str(),
        "name": applied.name,
        "file": applied.file,
        "direction": applied.direction.as_str(),
        "statements": applied.statements,
        "resumed_after": applied.resumed_after,
        "duration_ms": millis(applied.duration),
    })
}

pub(crate) fn finding(finding: &Finding) -> Value {
    json!({
        "problem": finding.problem.as_str(),
        "code": finding.problem.code(),
        "version": finding.version.as_ref().map(Version::as_str),
        "file": finding.file,
        "message": finding.message,
        "difference": finding.difference,
    })
}

pub(crate) fn report(report: &Report) -> Value {
    json!({
        "applied": report.applied.iter().map(applied).collect::<Vec<_>>(),
        "pending": versions(&report.pending),
        "ahead": versions(&report.ahead),
        "notes": report.notes,
    })
}

pub(crate) fn status(status: &Status) -> Value {
    json!({
        "engine": status.engine,
        "server": status.server,
        "database": status.database,
        "environment": status.stamped,
        "migrations": status.migrations.iter().map(migration).collect::<Vec<_>>(),
        "pending": status.pending(),
        "ahead": versions(&status.ahead),
        "findings": status.findings.iter().map(finding).collect::<Vec<_>>(),
        "notes": status.notes,
    })
}

fn migration(it: &MigrationStatus) -> Value {
    let mut value = json!({
        "version": it.version.as_str(),
        "name": it.name,
        "file": it.file,
        "state": it.state.as_str(),
        "down": it.has_down,
    });
    let more = match &it.state {
        MigrationState::Applied { how, at, by, os_user, host, environment, git_commit, duration } => json!({
            "how": how.as_str(),
            "applied_at": at.to_string(),
            "applied_by": by,
            "os_user": os_user,
            "host": host,
            "environment": environment,
            "git_commit": git_commit,
            "duration_ms": millis(*duration),
        }),
        MigrationState::Partial { direction, done, error } => json!({
            "direction": direction.as_str(),
            "statements_done": done,
            "error": error,
        }),
        MigrationState::Pending | MigrationState::NotNeeded => Value::Null,
    };
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

/// A plan. What isn't sent to the server is not listed; the groups name statements by their numbers in the file.
pub(crate) fn plan(plan: &Plan, dialect: Dialect) -> Result<Value, Error> {
    let pending = plan.pending.iter().map(|it| planned(it, dialect)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "pending": pending, "notes": plan.notes }))
}

fn planned(it: &PlannedMigration, dialect: Dialect) -> Result<Value, Error> {
    let mut statements: Vec<Value> = Vec::new();
    it.each(dialect, |number, planned, statement, sql| {
        statements.push(json!({
            "number": number,
            "sql": redact(sql, dialect),
            "line": statement.line,
            "column": statement.column,
            "transactional": planned.transactional,
        }));
    })?;
    let groups: Vec<Value> = it
        .groups
        .iter()
        .map(|group| {
            let numbers: Vec<usize> = group.statements.iter().map(|index| index + 1).collect();
            json!({ "kind": group.kind.as_str(), "statements": numbers })
        })
        .collect();
    Ok(json!({
        "version": it.version.as_str(),
        "name": it.name,
        "file": it.file,
        "direction": it.direction.as_str(),
        "transactional": it.transactional,
        "statements": statements,
        "groups": groups,
    }))
}

fn versions(versions: &[Version]) -> Vec<&str> {
    versions.iter().map(Version::as_str).collect()
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
