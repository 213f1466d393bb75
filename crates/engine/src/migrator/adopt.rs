//! `adopt`: another tool's history taken over, without running anything and without touching its table.

use std::collections::BTreeSet;
use std::time::Duration;

use driftlock_database::{Direction, ForeignHistory, HistoryRow, Session, State, foreign_tool_by_columns};
use driftlock_script::{Dialect, Layout, Migration, Origins, Role, Version};

use super::before::{Compared, More};
use super::rules::{View, refused};
use super::{Migrator, finish, report};
use crate::foreign::{Checksums, Taken, TakenEntry, Tool, Which};
use crate::record::{Record, follow};
use crate::{Applied, Database, Error, Finding, Problem, Report, events};

/// The table that is taken over, and whose it is.
struct Found {
    tool: Tool,
    table: String,
}

/// An entry of the table, and the file that it is about, where there is one.
struct Matched<'a> {
    entry: &'a TakenEntry,
    version: Version,
    name: String,
    migration: Option<&'a Migration>,
}

impl<'a> Matched<'a> {
    fn of(entry: &'a TakenEntry, migration: &'a Migration) -> Self {
        let (version, name) = (migration.version.clone(), migration.name.clone());
        Matched { entry, version, name, migration: Some(migration) }
    }

    /// Without a file.
    fn bare(entry: &'a TakenEntry, version: Version) -> Self {
        Matched { entry, version, name: entry.name.clone().unwrap_or_default(), migration: None }
    }
}

impl Database {
    /// The layouts of the tools that have migrated this database, as their tables tell: of the one that is named, of the one whose
    /// table is named, or of all whose tables are called as usual. Writes nothing.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn foreign_layouts(&self, from: Option<&str>, table: Option<&str>) -> Result<Vec<Layout>, Error> {
        let mut inner = self.in_use().await;
        let session = inner.session.as_mut();
        let layout = |tool: &str| Tool::parse(tool)?.layout();
        if let Some(from) = from {
            return Ok(layout(from).into_iter().collect());
        }
        if let Some(table) = table {
            return Ok(tool_of(session, table).await?.and_then(layout).into_iter().collect());
        }
        let around = session.surroundings(&self.tables).await?;
        Ok(around.foreign_histories.iter().filter_map(|history| layout(history.tool)).collect())
    }
}

impl Migrator {
    /// Takes over what another tool's table says was applied: versions, times, and checksums where it keeps any, which must fit the
    /// files. Its table is only read. Afterwards [`up`](Self::up) runs only what is pending. Again it takes over only what is new.
    ///
    /// `from` names the tool where several have migrated this database, `table` its table where it isn't called as usual.
    ///
    /// # Errors
    /// When there is no such table, when it says that something failed half-way, and when a file isn't what was applied, or the
    /// database isn't what these versions make.
    pub async fn adopt(&self, db: &Database, from: Option<&str>, table: Option<&str>) -> Result<Report, Error> {
        events::run(self.run_id, "adopt", self.adopt_now(db, from, table)).await
    }

    async fn adopt_now(&self, db: &Database, from: Option<&str>, table: Option<&str>) -> Result<Report, Error> {
        // All that can stand against it is known before anything is written.
        let (found, standing, declared) = {
            let mut inner = db.in_use().await;
            inner.ahead = None;
            let view = self.view(self.first_look(&mut inner, db).await?)?;
            let session = inner.session.as_mut();
            if let Err(error) = self.may_declare(&view) {
                return Err(self.explain(session, db, error).await);
            }
            let found = find(session, db, from, table).await?;
            let taken = self.read(session, &found).await?;
            let matched = self.matched(&found, &taken, &view, db.engine.dialect())?;
            let declared: BTreeSet<Version> = matched.into_iter().map(|it| it.version).collect();
            session.ensure_fit().await?;
            (found, view.standing, declared)
        };
        let compared = Box::pin(self.before_declaring(db, &standing, &declared, More::Told)).await;
        let mut inner = db.in_use().await;
        let session = inner.session.as_mut();
        let compared = match compared {
            Ok(compared) => compared,
            Err(error) => return Err(self.explain(session, db, error).await),
        };
        self.lock(session, db, |_| Ok(true)).await?;
        let result = self.adopt_locked(session, db, &found, compared).await;
        finish(session, result).await
    }

    async fn read(&self, session: &mut dyn Session, found: &Found) -> Result<Taken, Error> {
        let Found { tool, table } = found;
        let rows = session.foreign_rows(table).await?;
        let taken = tool.read(&rows).map_err(|why| {
            refused("DL0514", format!("`{table}` isn't as {} makes it: {why}; nothing was changed", tool.name()))
        })?;
        if !taken.unfinished.is_empty() {
            return Err(refused(
                "DL0512",
                format!(
                    "{}'s table `{table}` says that something is half-done: {}; then run `driftlock adopt` again; nothing was changed",
                    tool.name(),
                    taken.unfinished.join("; ")
                ),
            ));
        }
        Ok(taken)
    }

    async fn adopt_locked(
        &self,
        session: &mut dyn Session,
        db: &Database,
        found: &Found,
        compared: Compared,
    ) -> Result<Report, Error> {
        self.prepare(session, db).await?;
        let (history, view) = self.view_whole(session, db).await?;
        self.may_declare(&view)?;
        let taken = self.read(session, found).await?;
        let matched = self.matched(found, &taken, &view, db.engine.dialect())?;
        let without_file: Vec<String> =
            matched.iter().filter(|it| it.migration.is_none()).map(|it| it.version.to_string()).collect();
        let dialect = db.engine.dialect();
        let mut run = self.run(session, db, &history).await?;
        let attempt = uuid::Uuid::now_v7().simple().to_string();
        let mut rows: Vec<HistoryRow> = Vec::new();
        let mut applied = Vec::new();
        for Matched { entry, version, name, migration } in matched {
            let rollback_sql = migration.map(|migration| self.rollback_sql(migration, dialect)).transpose()?.flatten();
            let row = run.history_row(Record {
                attempt: attempt.clone(),
                version: version.to_string(),
                name: name.clone(),
                direction: Direction::Adopt,
                state: State::Done,
                sha256: migration.map(|migration| migration.up.digest.sha256()),
                crc32: migration.map(|migration| migration.up.digest.crc32()),
                rollback_sql,
                started_at: entry.at.unwrap_or_else(|| run.now()),
                duration: Some(entry.duration.unwrap_or(Duration::ZERO)),
                error: None,
                values: Vec::new(),
                note: Some(
                    std::iter::once(origin(found, entry))
                        .chain(compared.accepted.clone())
                        .collect::<Vec<_>>()
                        .join("; "),
                ),
            });
            rows.push(follow(rows.last(), row));
            applied.push(Applied {
                version,
                name,
                file: migration.map(|migration| self.migrations.display(&migration.up)).unwrap_or_default(),
                direction: Direction::Adopt,
                statements: 0,
                resumed_after: 0,
                duration: Duration::ZERO,
            });
        }
        if !rows.is_empty() {
            run.commit(rows, &[]).await?;
        }
        let mut view = self.look(session.glance(&db.tables).await?)?;
        view.notes.extend(taken.notes);
        if found.tool == Tool::Refinery && dialect == Dialect::MySql {
            view.notes.push(
                "on MySQL and MariaDB, refinery reads the answer to a file's first statement alone, and takes a version for applied although \
                 a later one failed: check that the database has what every file makes"
                    .to_owned(),
            );
        }
        if !without_file.is_empty() {
            view.notes.push(format!(
                "no file has what {} applied as {}: it is taken over by name, without checksums and without a way down",
                found.tool.name(),
                without_file.join(", ")
            ));
        }
        let has_checksums = taken.entries.iter().any(|entry| entry.checksum.is_some());
        if has_checksums && self.migrations.layout() == Layout::Driftlock && !applied.is_empty() {
            view.notes.push(format!(
                "{}'s checksums are of its own files and were not compared: these are driftlock's",
                found.tool.name()
            ));
        }
        view.notes.extend(compared.notes);
        Ok(report(applied, &view.standing, view.notes))
    }

    /// What is to be taken over, each version once, and none that the own history has.
    fn matched<'a>(
        &'a self,
        found: &Found,
        taken: &'a Taken,
        view: &View,
        dialect: Dialect,
    ) -> Result<Vec<Matched<'a>>, Error> {
        let is_applied =
            |version: &Version| view.standing.recorded.get(version).is_some_and(|record| record.applied.is_some());
        let origins = self.migrations.origins(dialect)?;
        // A file that was written anew can't be held against a checksum of what it was written from.
        let are_theirs = self.migrations.layout() != Layout::Driftlock;
        let checksums = Checksums::of(&self.migrations, dialect);
        let mut seen = BTreeSet::new();
        let mut matched = Vec::new();
        let mut findings = Vec::new();
        for entry in &taken.entries {
            for one in self.about(entry, &origins) {
                if is_applied(&one.version) || !seen.insert(one.version.clone()) {
                    continue;
                }
                let checksum = entry.checksum.as_ref().filter(|_| are_theirs);
                let (Some(migration), Some(checksum)) = (one.migration, checksum) else {
                    matched.push(one);
                    continue;
                };
                if checksums.fit(checksum, migration)? {
                    matched.push(one);
                } else if migration.role != Role::Repeatable {
                    // One that runs again when it changes is simply pending.
                    findings.push(self.edited(found, migration));
                }
            }
        }
        if findings.is_empty() { Ok(matched) } else { Err(Error::Integrity(findings)) }
    }

    /// The migrations that an entry is about.
    fn about<'a>(&'a self, entry: &'a TakenEntry, origins: &Origins<'a>) -> Vec<Matched<'a>> {
        let layout = self.migrations.layout();
        let of = |migration: &'a Migration| Matched::of(entry, migration);
        let bare = |version: Version| Matched::bare(entry, version);
        match &entry.which {
            // What ran again whenever it changed runs once in driftlock's own layout: again here, as it was written to.
            Which::Version(text) if layout == Layout::Driftlock && text.starts_with("R__") => Vec::new(),
            Which::Version(text) => match (origins.find(text), text.strip_prefix('B')) {
                (Some(migration), _) => vec![of(migration)],
                // A file that stood for all up to its version, which driftlock's own layout has no like of.
                (None, Some(last)) if layout == Layout::Driftlock => Self::up_to(entry, last, origins),
                (None, _) => vec![bare(origins.version(text))],
            },
            Which::UpTo(text) => Self::up_to(entry, text, origins),
            Which::Named(id) => {
                let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
                let is_it = |migration: &&Migration| {
                    let version = migration.version.as_str();
                    version == id
                        || migration.name == *id
                        || format!("{version}_{}", migration.name) == *id
                        || (id.bytes().all(|byte| byte.is_ascii_digit()) && digits(version) == *id)
                };
                let migration = self.migrations.list().iter().find(is_it);
                vec![migration.map_or_else(|| bare(layout.version(id)), of)]
            }
        }
    }

    /// All versions up to one, and that one.
    fn up_to<'a>(entry: &'a TakenEntry, last: &str, origins: &Origins<'a>) -> Vec<Matched<'a>> {
        let is_versioned = |it: &&Migration| matches!(it.role, Role::Versioned | Role::Code(_));
        let up_to = origins.up_to(last).into_iter().filter(is_versioned);
        let mut all: Vec<Matched<'a>> = up_to.map(|migration| Matched::of(entry, migration)).collect();
        if origins.find(last).is_none() {
            all.push(Matched::bare(entry, origins.version(last)));
        }
        all
    }

    fn edited(&self, found: &Found, migration: &Migration) -> Finding {
        let file = self.migrations.display(&migration.up);
        Finding {
            version: Some(migration.version.clone()),
            row: None,
            message: format!(
                "{file}: it isn't what {} applied as version {}: the checksum in `{}` is of another text; put the file back as it was (git \
                 knows it), or let {} say that it is the same (as with its `repair`); nothing was changed",
                found.tool.name(),
                migration.version,
                found.table,
                found.tool.name()
            ),
            file: Some(file),
            problem: Problem::Edited,
            difference: None,
        }
    }
}

/// Where an entry comes from, for the history.
fn origin(found: &Found, entry: &TakenEntry) -> String {
    let by = entry.by.as_ref().map(|by| format!(" (applied by {by})")).unwrap_or_default();
    format!("from {}'s table {}{by}", found.tool.name(), found.table)
}

/// The tool whose table has such columns.
async fn tool_of(session: &mut dyn Session, table: &str) -> Result<Option<&'static str>, Error> {
    let rows = session.foreign_rows(table).await?;
    Ok(foreign_tool_by_columns(&rows.columns.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// The table to take over.
async fn find(
    session: &mut dyn Session,
    db: &Database,
    from: Option<&str>,
    table: Option<&str>,
) -> Result<Found, Error> {
    let names = || Tool::ALL.iter().map(|tool| tool.name()).collect::<Vec<_>>().join(", ");
    let known = |name: &str| {
        Tool::parse(name).ok_or_else(|| {
            refused(
                "DL0513",
                format!(
                    "driftlock can't take over what {name} keeps, only what these do: {}; say which version the database is at with \
                     `driftlock baseline VERSION`",
                    names()
                ),
            )
        })
    };
    let from = match from {
        Some(name) => {
            let unknown = || {
                let meant = crate::nearest::meant(name, Tool::ALL.iter().map(|tool| tool.name()));
                Error::Usage(format!("there is no tool `{name}` to take over from; {meant}"))
            };
            Some(Tool::parse(name).ok_or_else(unknown)?)
        }
        None => None,
    };
    if let Some(table) = table {
        let tool = match from {
            Some(tool) => tool,
            None => {
                let tool = tool_of(session, table).await?.ok_or_else(|| {
                    Error::Usage(format!(
                        "the columns of `{table}` don't tell which tool it belongs to; name it with `--from`"
                    ))
                })?;
                known(tool)?
            }
        };
        return Ok(Found { tool, table: table.to_owned() });
    }
    let histories = session.surroundings(&db.tables).await?.foreign_histories;
    let wanted: Vec<&ForeignHistory> =
        histories.iter().filter(|it| from.is_none_or(|tool| tool.name() == it.tool)).collect();
    // A copy in another schema is an application's own; the tool keeps its table where things are made that name no schema.
    let here: Vec<&ForeignHistory> = wanted.iter().copied().filter(|it| !it.table.contains('.')).collect();
    let one_tool = wanted.windows(2).all(|pair| pair[0].tool == pair[1].tool);
    let wanted = if one_tool && here.len() == 1 { here } else { wanted };
    match wanted.as_slice() {
        [ForeignHistory { tool, table }] => Ok(Found { tool: known(tool)?, table: table.clone() }),
        [] => Err(Error::Usage(format!(
            "no table of {} is in this database; name the table with `--table`, or say which version the database is at with \
             `driftlock baseline VERSION`",
            from.map_or_else(|| "another tool".to_owned(), |tool| tool.name().to_owned())
        ))),
        several => {
            let all: Vec<String> = several.iter().map(|it| format!("{} (`{}`)", it.tool, it.table)).collect();
            Err(Error::Usage(format!(
                "several tools have migrated this database: {}; name one with `--from`, or its table with `--table`",
                all.join(", ")
            )))
        }
    }
}
