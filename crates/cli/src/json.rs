//! Results as JSON.

use driftlock::database::HistoryRow;
use driftlock::engine::{Finding, MigrationState, MigrationStatus, PlannedHook, PlannedMigration};
use driftlock::script::{Dialect, redact};
use driftlock::{Applied, Audit, Error, HookEvent, HookRun, Plan, Report, Status, Verification, Version};
use serde_json::{Map, Value, json};

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
        "row": finding.row,
        "file": finding.file,
        "message": finding.message,
        "difference": finding.difference,
    })
}

pub(crate) fn report(report: &Report) -> Value {
    json!({
        "applied": report.applied.iter().map(applied).collect::<Vec<_>>(),
        "hooks": report.hooks.iter().map(hook_run).collect::<Vec<_>>(),
        "pending": versions(&report.pending),
        "ahead": versions(&report.ahead),
        "notes": report.notes,
    })
}

fn hook_run(run: &HookRun) -> Value {
    let mut value = hook(run.event, &run.hook, run.version.as_ref());
    value["duration_ms"] = millis(run.duration).into();
    value
}

fn hook(event: HookEvent, name: &str, version: Option<&Version>) -> Value {
    json!({ "event": event.as_str(), "hook": name, "version": version.map(Version::as_str) })
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

/// The columns of the history, in the table's order, and how many statements the journal says are done.
pub(crate) const AUDIT_COLUMNS: [&str; 27] = [
    "sequence",
    "attempt",
    "version",
    "name",
    "direction",
    "state",
    "sha256",
    "crc32",
    "rollback_sql",
    "expected",
    "started_at",
    "ended_at",
    "duration_ms",
    "applied_by",
    "os_user",
    "host",
    "environment",
    "route",
    "git_commit",
    "git_author",
    "ci_job",
    "ci_url",
    "tool_version",
    "reason",
    "error",
    "chain",
    "statements",
];

/// The values of these columns. The way down is shown without credentials.
pub(crate) fn audit_values(row: &HistoryRow, statements: Option<usize>, dialect: Dialect) -> [Value; 27] {
    [
        row.sequence.into(),
        row.attempt.as_str().into(),
        row.version.as_str().into(),
        row.name.as_str().into(),
        row.direction.as_str().into(),
        row.state.as_str().into(),
        row.sha256.as_deref().into(),
        row.crc32.as_deref().into(),
        row.rollback_sql.as_deref().map(|sql| redact(sql, dialect).into_owned()).into(),
        row.expected.as_deref().into(),
        row.started_at.to_string().into(),
        row.ended_at.map(|at| at.to_string()).into(),
        row.duration_ms.into(),
        row.applied_by.as_str().into(),
        row.os_user.as_str().into(),
        row.host.as_str().into(),
        row.environment.as_str().into(),
        row.route.as_deref().into(),
        row.git_commit.as_str().into(),
        row.git_author.as_str().into(),
        row.ci_job.as_str().into(),
        row.ci_url.as_deref().into(),
        row.tool_version.as_str().into(),
        row.reason.as_deref().into(),
        row.error.as_deref().into(),
        row.chain.as_str().into(),
        statements.into(),
    ]
}

pub(crate) fn audit(audit: &Audit, dialect: Dialect) -> Value {
    let object = |row: &HistoryRow, statements| -> Value {
        let values = audit_values(row, statements, dialect);
        AUDIT_COLUMNS.iter().map(|column| (*column).to_owned()).zip(values).collect::<Map<_, _>>().into()
    };
    let rows: Vec<Value> = audit
        .attempts
        .iter()
        .flat_map(|attempt| attempt.rows.iter().map(|row| object(row, attempt.statements)))
        .collect();
    json!({
        "engine": audit.engine,
        "database": audit.database,
        "environment": audit.stamped,
        "rows": rows,
    })
}

pub(crate) fn verification(it: &Verification, whole: bool, compared: bool) -> Value {
    json!({
        "rows": it.rows,
        "journal_rows": it.journal_rows,
        "whole": whole,
        "files_compared": compared,
        "findings": it.findings.iter().map(finding).collect::<Vec<_>>(),
        "notes": it.notes,
    })
}

/// A plan. What isn't sent to the server is not listed; the groups name statements by their numbers in the file.
pub(crate) fn plan(plan: &Plan, dialect: Dialect) -> Result<Value, Error> {
    let pending = plan.pending.iter().map(|it| planned(it, dialect)).collect::<Result<Vec<_>, _>>()?;
    let hook = |it: &PlannedHook| hook(it.event, &it.hook, it.version.as_ref());
    let hooks: Vec<Value> = plan.hooks.iter().map(hook).collect();
    Ok(json!({ "pending": pending, "hooks": hooks, "notes": plan.notes }))
}

fn planned(it: &PlannedMigration, dialect: Dialect) -> Result<Value, Error> {
    let mut statements: Vec<Value> = Vec::new();
    it.each(dialect, |number, planned, statement, sql| {
        statements.push(json!({
            "number": number,
            "sql": it.shown_text(sql, dialect),
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
