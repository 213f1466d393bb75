//! Runs hooks around and inside of what a run does.

use std::time::Instant;

use driftlock_database::{Error as DbError, ServerError, fault};
use driftlock_script::{HookEvent, Version};

use super::command::Ended;
use super::{Action, Hook, HookContext, HookError, HookFault, HookLeft, HookRun, Hooks, SqlHook};
use crate::error::Place;
use crate::events;
use crate::plan::{Group, GroupKind};
use crate::run::{Run, Trouble, pause};
use crate::standing::Unfinished;
use crate::tell::masked;
use crate::{Error, PlannedMigration, Progress};

/// A hook that failed, before it is known what is left of the migration.
#[derive(Debug)]
pub(crate) struct Failure {
    event: HookEvent,
    hook: String,
    place: Option<Place>,
    message: String,
    notes: Vec<(&'static str, String)>,
    done: Vec<usize>,
}

impl Failure {
    pub(crate) fn error(self, left: HookLeft, applied: Vec<crate::Applied>) -> Error {
        let Failure { event, hook, place, message, notes, done } = self;
        Error::Hook(Box::new(HookError { event, hook, place, message, notes, left, done, applied }))
    }
}

impl Run<'_> {
    /// All migrations of a run, with the hooks around them.
    pub(crate) async fn all<'p>(
        &mut self,
        planned: &'p [PlannedMigration],
        unfinished: impl Fn(&'p PlannedMigration) -> Option<&'p Unfinished>,
    ) -> Result<(), Error> {
        let of = planned.len();
        let mut current = None;
        let result = async {
            self.around(HookEvent::BeforeMigrate, HookLeft::NotBegun).await?;
            for (planned, number) in planned.iter().zip(1..) {
                current = Some(planned);
                self.step(planned, unfinished(planned), number, of).await?;
                if let Some(watch) = self.watch.clone() {
                    watch.lock().await.after(self.session, planned).await?;
                }
            }
            current = None;
            self.around(HookEvent::AfterMigrate, HookLeft::Committed).await
        }
        .await;
        match result {
            Err(error) => {
                self.on_error(&error, current).await;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    /// The hooks of a whole run.
    async fn around(&mut self, event: HookEvent, left: HookLeft) -> Result<(), Error> {
        if self.hooks.is_empty() {
            return Ok(());
        }
        let context = self.hooks.context(event, None);
        let result = match event {
            HookEvent::BeforeMigrate => match self.outside(&context).await {
                Ok(()) => self.apart(&context).await,
                failed => failed,
            },
            _ => match self.apart(&context).await {
                Ok(()) => self.outside(&context).await,
                failed => failed,
            },
        };
        result.map_err(|trouble| self.failed(trouble, left))
    }

    /// The commands and closures of `before_each` and `after_each`.
    pub(crate) async fn outside_of(&mut self, event: HookEvent, planned: &PlannedMigration) -> Result<(), Trouble> {
        if self.hooks.is_empty() {
            return Ok(());
        }
        let context = self.hooks.context(event, Some(planned));
        self.outside(&context).await
    }

    /// The SQL of `before_each` and `after_each`, in the transaction that is open.
    pub(crate) async fn inside_of(&mut self, event: HookEvent, planned: &PlannedMigration) -> Result<(), Trouble> {
        let Some((context, hooks)) = self.sql_of(event, planned) else { return Ok(()) };
        if event == HookEvent::AfterEach {
            // What the script said to the session isn't meant for the hook.
            self.session.put_back().await?;
        }
        for hook in hooks {
            let began = self.begins(&context, &hook.file);
            let sql = hook.plan(self.engine, &context).map_err(|error| self.unplanned(&hook, &error))?;
            fault::point("while-hooks-run").await;
            for group in &sql.groups {
                self.execute(&sql, &group.statements).await.map_err(|it| self.told(&hook, &sql, it, &[]))?;
            }
            self.go_on()?;
            // Nor what one hook says for another, or for the script.
            self.session.put_back().await?;
            self.ended(&context, &hook.file, began);
        }
        if event == HookEvent::BeforeEach {
            self.greet(planned).await?;
        }
        Ok(())
    }

    /// The SQL of `before_each` in a transaction of its own, where the migration can't be one.
    pub(crate) async fn apart_of(&mut self, event: HookEvent, planned: &PlannedMigration) -> Result<(), Trouble> {
        match self.sql_of(event, planned) {
            Some((context, _)) => self.apart(&context).await,
            None => Ok(()),
        }
    }

    /// The texts of what runs inside of a migration's transaction.
    pub(crate) fn texts_inside(&self, planned: &PlannedMigration) -> Vec<String> {
        let events = [HookEvent::BeforeEach, HookEvent::AfterEach];
        let all = events.into_iter().filter_map(|event| self.sql_of(event, planned));
        all.flat_map(|(context, hooks)| {
            let plans = hooks.into_iter().filter_map(move |hook| hook.plan(self.engine, &context).ok());
            plans.flat_map(|sql| sql.running().map(|(_, it)| sql.sql(it).to_owned()).collect::<Vec<_>>())
        })
        .collect()
    }

    pub(crate) fn has_sql_of(&self, event: HookEvent, planned: &PlannedMigration) -> bool {
        self.sql_of(event, planned).is_some()
    }

    /// The SQL hooks of an event for a migration, where there are any.
    fn sql_of(&self, event: HookEvent, planned: &PlannedMigration) -> Option<(HookContext, Vec<SqlHook>)> {
        if self.hooks.sql.iter().all(|hook| hook.event != event) {
            return None;
        }
        let context = self.hooks.context(event, Some(planned));
        let hooks = self.hooks.sql(&context);
        (!hooks.is_empty()).then_some((context, hooks))
    }

    /// The SQL hooks, each in a transaction of its own.
    async fn apart(&mut self, context: &HookContext) -> Result<(), Trouble> {
        for hook in self.hooks.sql(context) {
            let began = self.begins(context, &hook.file);
            let sql = hook.plan(self.engine, context).map_err(|error| self.unplanned(&hook, &error))?;
            let mut done = Vec::new();
            let result = self.apart_one(&sql, &mut done).await;
            if let Err(trouble) = result {
                if !matches!(trouble.error, DbError::ConnectionLost(_)) {
                    self.session.rollback().await?;
                }
                return Err(self.told(&hook, &sql, trouble, &done));
            }
            self.session.reset(&self.timeouts(&sql)).await?;
            self.ended(context, &hook.file, began);
        }
        Ok(())
    }

    /// Group by group: each is a transaction, or stands alone. `done` are the numbers of the statements that are committed.
    async fn apart_one(&mut self, sql: &PlannedMigration, done: &mut Vec<usize>) -> Result<(), Trouble> {
        self.reset(sql).await?;
        fault::point("while-hooks-run").await;
        for group in &sql.groups {
            self.go_on()?;
            let mut tries = 1;
            while let Err(trouble) = self.apart_group(sql, group).await {
                if !self.may_retry(&trouble, tries) {
                    return Err(trouble);
                }
                self.session.rollback().await?;
                tries += 1;
                let after = self.another(sql, &trouble, tries).await;
                pause(after, self.cancellation).await;
            }
            if group.kind != GroupKind::Session {
                done.extend(group.statements.iter().map(|index| index + 1));
            }
        }
        Ok(())
    }

    async fn apart_group(&mut self, sql: &PlannedMigration, group: &Group) -> Result<(), Trouble> {
        match group.kind {
            GroupKind::Session => self.execute(sql, &group.statements).await,
            GroupKind::Transaction => {
                self.session.begin().await?;
                self.execute(sql, &group.statements).await?;
                self.go_on()?;
                // With the look at the fence that every commit takes.
                Ok(self.commit(Vec::new(), &[]).await?)
            }
            GroupKind::Alone => {
                for &index in &group.statements {
                    let text = sql.sql(&sql.statements[index]);
                    if let Err(trouble) = self.execute(sql, &[index]).await {
                        if !matches!(trouble.error, DbError::ConnectionLost(_)) {
                            self.session.settle(text, false).await?;
                        }
                        return Err(trouble);
                    }
                    self.settle(index, text).await?;
                }
                Ok(())
            }
        }
    }

    /// The commands and closures.
    async fn outside(&mut self, context: &HookContext) -> Result<(), Trouble> {
        for hook in self.hooks.others(context) {
            let began = self.begins(context, &hook.name);
            fault::point("while-hooks-run").await;
            let (message, notes) = match &hook.action {
                Action::Command(command) => {
                    let progress = self.progress;
                    let tell = |line: &str| {
                        let (hook, line) = (hook.name.clone(), line.to_owned());
                        events::tell(progress, || Progress::HookOutput { event: context.event, hook, line });
                    };
                    match command.run(context, self.cancellation, tell).await {
                        Ended::Well => (None, Vec::new()),
                        Ended::Cancelled => return self.go_on(),
                        Ended::Failed(what, last) => {
                            let words = (!last.is_empty()).then(|| ("last output", last.join("\n    ")));
                            (
                                Some(format!("the {} hook `{}` {what}", context.event, hook.name)),
                                words.into_iter().collect(),
                            )
                        }
                    }
                }
                Action::Call(call) => {
                    let answer = tokio::select! {
                        answer = call(context.clone()) => answer,
                        () = self.cancellation.cancelled() => return self.go_on(),
                    };
                    let message = |error| format!("the {} hook `{}` failed: {error}", context.event, hook.name);
                    (answer.err().map(message), Vec::new())
                }
            };
            if let Some(message) = message {
                return Err(failure(context.event, &hook, message, notes));
            }
            self.ended(context, &hook.name, began);
        }
        Ok(())
    }

    /// The hooks that are told of a failure. None of theirs hides it.
    async fn on_error(&mut self, error: &Error, planned: Option<&PlannedMigration>) {
        if self.hooks.is_empty() || self.cancellation.is_cancelled() {
            return;
        }
        let mut context = self.hooks.context(HookEvent::OnError, planned);
        if planned.is_none() {
            // It failed before or behind all of them.
            context.migrations.clear();
        }
        context.error = Some(HookFault { code: error.code(), message: error.to_string() });
        // One after the other, whatever came of those before.
        let (sql, others) = (self.hooks.sql(&context), self.hooks.others(&context));
        let all = std::mem::take(&mut self.hooks.sql);
        let rest = std::mem::take(&mut self.hooks.others);
        let mut troubles = Vec::new();
        for hook in sql {
            self.hooks.sql = vec![hook];
            let result = match self.session.rollback().await {
                Ok(()) => self.apart(&context).await,
                Err(error) => Err(error.into()),
            };
            troubles.extend(result.err().map(|it| (self.hooks.sql[0].file.clone(), it)));
        }
        for hook in others {
            self.hooks.others = vec![hook];
            let result = self.outside(&context).await;
            troubles.extend(result.err().map(|it| (self.hooks.others[0].name.clone(), it)));
        }
        (self.hooks.sql, self.hooks.others) = (all, rest);
        for (hook, trouble) in troubles {
            let why = match trouble.hook {
                Some(failure) => match failure.place {
                    Some(place) => place.to_string(),
                    None => failure.message,
                },
                None => format!("the on_error hook `{hook}` could not run: {}", trouble.error),
            };
            self.tell(|| Progress::Note(why));
        }
    }

    fn begins(&self, context: &HookContext, hook: &str) -> Instant {
        let version = context.migration().map(|it| it.version.clone());
        self.tell(|| Progress::HookStarted { event: context.event, hook: hook.to_owned(), version });
        Instant::now()
    }

    fn ended(&mut self, context: &HookContext, hook: &str, began: Instant) {
        let version: Option<Version> = context.migration().map(|it| it.version.clone());
        let run = HookRun { event: context.event, hook: hook.to_owned(), version, duration: began.elapsed() };
        self.tell(|| Progress::HookDone(run.clone()));
        self.hooks_run.push(run);
    }

    /// A hook's failure, where no migration is on its way.
    pub(crate) fn failed(&mut self, trouble: Trouble, left: HookLeft) -> Error {
        let applied = std::mem::take(&mut self.applied);
        if self.cancellation.is_cancelled()
            && matches!(trouble.error, DbError::Cancelled(_) | DbError::ConnectionLost(_))
        {
            return Error::Interrupted { during: None, applied };
        }
        match trouble.hook {
            Some(failure) => failure.error(left, applied),
            None => Error::Database(trouble.error),
        }
    }

    /// The failure of a SQL hook, at its place, without its credentials.
    fn told(&self, hook: &SqlHook, sql: &PlannedMigration, trouble: Trouble, done: &[usize]) -> Trouble {
        let Trouble { index, error, place, .. } = trouble;
        let is_out = matches!(error, DbError::ConnectionLost(_) | DbError::Fenced { .. } | DbError::LockLost(_));
        let last = || sql.groups.last()?.statements.last().copied();
        let index = index.or_else(|| if matches!(error, DbError::Server(_)) { last() } else { None });
        let dialect = self.engine.dialect();
        let secrets = index.map(|index| sql.secrets(index, dialect)).unwrap_or_default();
        let error = masked(error, &secrets, dialect);
        if is_out {
            return error.into();
        }
        let mut notes = Vec::new();
        let server = error.server();
        for (label, text) in
            server.iter().flat_map(|it| [("detail", &it.detail), ("hint", &it.hint), ("context", &it.context)])
        {
            notes.extend(text.clone().map(|text| (label, text)));
        }
        let message = server.map_or_else(|| error.to_string(), ToString::to_string);
        let message = format!("{message} (in the {} hook)", hook.event);
        let offset = server.and_then(|server| server.offset);
        let place = match (place, index) {
            (Some((line, column, text)), _) => {
                Some(Place { file: hook.file.clone(), line, column, text, message: message.clone() })
            }
            (None, Some(index)) => Some(sql.place(index, offset, dialect, message.clone())),
            (None, None) => None,
        };
        let failure =
            Failure { event: hook.event, hook: hook.file.clone(), place, message, notes, done: done.to_vec() };
        Trouble { hook: Some(Box::new(failure)), ..error.into() }
    }

    /// The file was read when the run was planned; only what it is told differs.
    fn unplanned(&self, hook: &SqlHook, error: &Error) -> Trouble {
        let place = error.place().cloned();
        let message = error.to_string();
        let failure = Failure {
            event: hook.event,
            hook: hook.file.clone(),
            place,
            message: message.clone(),
            notes: Vec::new(),
            done: Vec::new(),
        };
        Trouble { hook: Some(Box::new(failure)), ..said(message).into() }
    }
}

impl Hooks {
    fn is_empty(&self) -> bool {
        self.sql.is_empty() && self.others.is_empty()
    }
}

fn failure(event: HookEvent, hook: &Hook, message: String, notes: Vec<(&'static str, String)>) -> Trouble {
    let failure =
        Failure { event, hook: hook.name.clone(), place: None, message: message.clone(), notes, done: Vec::new() };
    Trouble { hook: Some(Box::new(failure)), ..said(message).into() }
}

/// For the history, where a migration is on its way.
fn said(message: String) -> DbError {
    DbError::Server(Box::new(ServerError { message, ..ServerError::default() }))
}
