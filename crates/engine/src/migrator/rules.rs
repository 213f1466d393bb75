//! What may be done: integrity first, then order, environment and other people's databases.

use driftlock_database::{Direction, Fence, ForeignHistory, Glance, HistoryRow, Session, check_format};
use driftlock_script::Version;

use super::Migrator;
use crate::manifest::ManifestCheck;
use crate::standing::{Standing, assess};
use crate::{Database, Error, Problem, chain, difference};

/// What a command found when it looked.
pub(super) struct View {
    pub(super) standing: Standing,
    /// `None` where the own tables aren't there.
    pub(super) fence: Option<Fence>,
    pub(super) notes: Vec<String>,
}

impl View {
    /// Follows the chain, and puts what it tells first. Whether it tells anything.
    pub(super) fn follow(&mut self, history: &[HistoryRow]) -> bool {
        let Some(Err(finding)) = self.fence.as_ref().map(|fence| chain::verify(history, fence)) else { return false };
        // What could be seen of it at a glance is told better now.
        self.standing.findings.retain(|other| other.problem != Problem::Tampered);
        self.standing.findings.insert(0, *finding);
        true
    }
}

/// The glance, and the rows of the history that it saw: a runner may go on between the two looks, and only ever adds rows.
pub(crate) async fn whole(
    session: &mut dyn Session,
    db: &Database,
) -> Result<(Option<Glance>, Vec<HistoryRow>), Error> {
    let glance = session.glance(&db.tables).await?;
    let Some(seen) = &glance else { return Ok((None, Vec::new())) };
    let mut history = session.history(&db.tables).await?;
    history.truncate(usize::try_from(seen.fence.head).unwrap_or(0).max(seen.entries.len()));
    Ok((glance, history))
}

impl Migrator {
    /// As [`view`](Self::view), for who asks how things stand: with what is to be known of the layout, whatever was run by it.
    pub(super) fn look(&self, glance: Option<Glance>) -> Result<View, Error> {
        let mut view = self.view(glance)?;
        if view.fence.is_some() {
            view.notes.splice(0..0, self.migrations.notes().iter().cloned());
        }
        Ok(view)
    }

    /// Holds files and manifest against what the database has.
    pub(super) fn view(&self, glance: Option<Glance>) -> Result<View, Error> {
        if let Some(glance) = &glance {
            check_format(glance.fence.format)?;
        }
        self.migrations.check()?;
        let (fence, entries) = glance.map(|glance| (glance.fence, glance.entries)).unzip();
        let manifest = self.manifest.as_ref().map(ManifestCheck::manifest);
        let upto = self.options.to.as_ref().and_then(|to| self.version(to).ok());
        let entries = entries.unwrap_or_default();
        let mut standing = assess(&self.migrations, manifest, fence.as_ref(), entries, upto.as_ref());
        self.show_differences(&mut standing);
        // How the files were taken is worth a word until something was run by it; `status` and `plan` say it whenever they are asked.
        let mut notes: Vec<String> = if fence.is_none() { self.migrations.notes().to_vec() } else { Vec::new() };
        if let Some(check) = &self.manifest {
            let is_pending = |version: &Version| standing.pending.binary_search(version).is_ok();
            let (findings, told) = check.compare(&self.migrations, is_pending, self.options.protected)?;
            standing.findings.extend(findings);
            notes.extend(told);
        }
        if !standing.ahead.is_empty() {
            let versions: Vec<&str> = standing.ahead.iter().map(Version::as_str).collect();
            notes.push(format!(
                "the database is ahead of these files: it has {}, which a newer release brought",
                versions.join(", ")
            ));
        }
        Ok(View { standing, fence, notes })
    }

    /// What was changed in edited files. Only a run that is refused takes this time.
    fn show_differences(&self, standing: &mut Standing) {
        for finding in standing.findings.iter_mut().filter(|finding| finding.problem == Problem::Edited) {
            let Some(version) = &finding.version else { continue };
            let (migration, record) = (self.migrations.find(version), standing.recorded.get(version));
            let (Some(migration), Some(sha256)) = (migration, record.and_then(|record| record.sha256.as_ref())) else {
                continue;
            };
            let path = self.migrations.files().path(&migration.up.file);
            if let (Some(path), Ok(now)) = (path, self.migrations.text(&migration.up)) {
                finding.difference = difference::from_git(&path, sha256, &now);
            }
        }
    }

    /// The same, from the whole history, whose chain is followed.
    pub(super) async fn view_whole(
        &self,
        session: &mut dyn Session,
        db: &Database,
    ) -> Result<(Vec<HistoryRow>, View), Error> {
        let (glance, history) = whole(session, db).await?;
        let mut view = self.view(glance)?;
        if view.follow(&history) {
            return Err(Error::Integrity(view.standing.findings));
        }
        Ok((history, view))
    }

    /// What the first look found to stand against a run, or, where that look was at a history that somebody changed, what was
    /// changed: nothing else that such a history says is worth telling.
    pub(super) async fn explain(&self, session: &mut dyn Session, db: &Database, error: Error) -> Error {
        match self.view_whole(session, db).await {
            Ok(_) => error,
            Err(changed) => changed,
        }
    }

    /// Integrity first, then what may be done.
    pub(super) fn may_run(&self, view: &View) -> Result<(), Error> {
        if !view.standing.findings.is_empty() {
            return Err(Error::Integrity(view.standing.findings.clone()));
        }
        self.is_our_environment(view.fence.as_ref())?;
        let half_undone = view
            .standing
            .recorded
            .values()
            .find(|it| it.unfinished.as_ref().is_some_and(|it| it.direction == Direction::Down));
        if let Some(record) = half_undone {
            return Err(refused(
                "DL0501",
                format!(
                    "version {} is half undone: finish that with `driftlock down`, then run `up` again",
                    record.version
                ),
            ));
        }
        if !view.standing.out_of_order.is_empty() && !self.options.out_of_order {
            let files: Vec<String> = view
                .standing
                .out_of_order
                .iter()
                .filter_map(|version| self.migrations.find(version))
                .map(|migration| format!("`{}`", self.migrations.display(&migration.up)))
                .collect();
            return Err(refused(
                "DL0502",
                format!(
                    "out of order: {} {} older than what is already applied; give {} a newer version, or apply {} all the same with `--out-of-order`",
                    files.join(", "),
                    if files.len() == 1 { "is" } else { "are" },
                    if files.len() == 1 { "it" } else { "them" },
                    if files.len() == 1 { "it" } else { "them" },
                ),
            ));
        }
        Ok(())
    }

    pub(super) fn is_our_environment(&self, fence: Option<&Fence>) -> Result<(), Error> {
        match (fence.and_then(|fence| fence.environment.as_deref()), self.options.environment.as_deref()) {
            (Some(stamped), Some(ours)) if stamped != ours => Err(refused(
                "DL0503",
                format!(
                    "this database belongs to the environment `{stamped}` and not to `{ours}`: check the URL, or name `{stamped}` with `--env`"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What `baseline` needs, and `accept` beside the edited file.
    pub(super) fn may_declare(&self, view: &View) -> Result<(), Error> {
        if !view.standing.findings.is_empty() {
            return Err(Error::Integrity(view.standing.findings.clone()));
        }
        self.is_our_environment(view.fence.as_ref())
    }

    /// Whether a database without own tables may get them.
    pub(super) async fn may_begin(
        &self,
        session: &mut dyn Session,
        db: &Database,
        notes: &mut Vec<String>,
    ) -> Result<(), Error> {
        let around = session.surroundings(&db.tables).await?;
        if (around.objects > 0 || !around.foreign_histories.is_empty()) && session.glance(&db.tables).await?.is_some() {
            // Another runner has begun between the two looks: what is here is its doing.
            return Ok(());
        }
        if let Some(ForeignHistory { tool, table }) = around.foreign_histories.first() {
            return Err(refused(
                "DL0504",
                format!(
                    "{tool} has migrated this database (its table `{table}` is here): take its history over with `driftlock adopt`, \
                     or declare what is applied with `driftlock baseline VERSION`; nothing was changed"
                ),
            ));
        }
        if around.objects == 0 {
            return Ok(());
        }
        let found = format!("this database has {} objects and no history of driftlock", around.objects);
        if self.options.protected {
            return Err(refused(
                "DL0505",
                format!(
                    "{found}, and its environment is protected: say which version it is at with `driftlock baseline VERSION`; nothing was changed"
                ),
            ));
        }
        notes.push(format!("{found}: every version is taken as pending, and nothing was compared with a replay"));
        Ok(())
    }

    pub(super) async fn foreign(
        &self,
        session: &mut dyn Session,
        db: &Database,
        notes: &mut Vec<String>,
    ) -> Result<(), Error> {
        let around = session.surroundings(&db.tables).await?;
        if let Some(ForeignHistory { tool, table }) = around.foreign_histories.first() {
            notes.push(format!("{tool} has migrated this database (its table `{table}` is here): `up` will refuse it"));
        } else if around.objects > 0 {
            notes.push(format!("this database has {} objects and no history of driftlock", around.objects));
        }
        Ok(())
    }

    /// A version as a person writes it: one that the files know.
    pub(super) fn version(&self, text: &str) -> Result<Version, Error> {
        let version = self.migrations.layout().version(text.trim());
        if self.migrations.find(&version).is_some() {
            return Ok(version);
        }
        let text = text.trim();
        let list = self.migrations.list();
        let versions = || list.iter().map(|it| it.version.as_str());
        // The beginning of versions, the name of one, or the whole name of its file.
        let begun: Vec<&str> =
            versions().filter(|version| !text.is_empty() && version.starts_with(text)).take(3).collect();
        let named = list.iter().find(|it| it.name == text || text.starts_with(&format!("{}_", it.version.as_str())));
        let near = match (begun.as_slice(), named) {
            ([], Some(named)) => Some(named.version.as_str().to_owned()),
            ([], None) => crate::nearest::near(text, versions()).map(str::to_owned),
            (begun, _) => Some(begun.join(", ")),
        };
        let hint = match near {
            Some(near) => format!("did you mean {near}?"),
            None => "`driftlock status` lists them".to_owned(),
        };
        Err(Error::Usage(format!("there is no version `{text}` in the migrations; {hint}")))
    }
}

pub(super) fn refused(code: &'static str, message: String) -> Error {
    Error::Refused { code, message }
}
