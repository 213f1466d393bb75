//! Hooks of the configuration: commands.
//!
//! ```toml
//! [[hook]]
//! on = "before_migrate"
//! command = ["./backup.sh", "--fast"]
//! tables = ["users", "shop.orders"]     # only where a migration touches one of these
//! env = ["staging", "prod"]             # only in these environments
//! timeout = "10min"
//! url = true                            # the database's URL, in DRIFTLOCK_HOOK_URL
//! ```

use std::path::Path;
use std::time::Duration;

use driftlock_script::{HookEvent, duration};
use toml::Spanned;
use toml::de::DeValue;

use crate::nearest::nearest;
use crate::{Hook, HookCommand, Origin};

/// A command of the configuration that is a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSetting {
    /// When it runs.
    pub event: HookEvent,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The tables that it is for; all where there are none.
    pub tables: Vec<String>,
    /// The environments in which it runs; in all where there are none.
    pub environments: Vec<String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Whether it is handed the database's URL, with its password.
    pub url: bool,
    /// Where it was configured.
    pub origin: Origin,
}

impl HookSetting {
    /// The hook, run in this folder. `url` is what it is handed where it asks for it, and what is masked in its output.
    #[must_use]
    pub fn hook(&self, folder: &Path, url: Option<&str>) -> Hook {
        let (program, arguments) =
            self.command.split_first().map(|(first, rest)| (first.as_str(), rest)).unwrap_or_default();
        let mut command = HookCommand::new(program, arguments.iter().cloned()).directory(folder);
        if let Some(timeout) = self.timeout {
            command = command.timeout(timeout);
        }
        if let Some(url) = url {
            // One that isn't handed it may have found it elsewhere.
            command = if self.url { command.url(url) } else { command.mask(url) };
        }
        Hook::command(self.event, command).tables(self.tables.iter().cloned())
    }

    /// Whether it runs in this environment, or without one.
    #[must_use]
    pub fn is_for(&self, environment: Option<&str>) -> bool {
        self.environments.is_empty() || environment.is_some_and(|name| self.environments.iter().any(|it| it == name))
    }
}

const KEYS: [&str; 6] = ["on", "command", "tables", "env", "timeout", "url"];

/// A fault: where in the file, whether the key is unknown, and what is wrong.
pub(super) type Wrong = (usize, bool, String);

/// Reads one `[[hook]]`.
pub(super) fn read(value: &Spanned<DeValue<'_>>, origin: Origin) -> Result<HookSetting, Wrong> {
    let start = value.span().start;
    let Some(table) = value.get_ref().as_table() else {
        return Err((start, false, "a hook is a table: write `[[hook]]` and its keys below".to_owned()));
    };
    let mut hook = HookSetting {
        event: HookEvent::BeforeMigrate,
        command: Vec::new(),
        tables: Vec::new(),
        environments: Vec::new(),
        timeout: None,
        url: false,
        origin,
    };
    let mut event = None;
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let wrong = |wants: &str| (value.span().start, false, format!("`{}`: {wants} is wanted here", key.get_ref()));
        let list = |wants: &str| {
            strings(value).filter(|list| list.iter().all(|it| !it.is_empty())).ok_or_else(|| wrong(wants))
        };
        match key.get_ref().as_ref() {
            "on" => {
                let events = HookEvent::ALL.map(|event| format!("\"{event}\"")).join(" or ");
                let name = value.get_ref().as_str().ok_or_else(|| wrong(&events))?;
                let known = || {
                    let near = HookEvent::nearest(name);
                    (value.span().start, false, format!("`on`: there is no event `{name}`; did you mean `{near}`?"))
                };
                event = Some(HookEvent::parse(name).ok_or_else(known)?);
            }
            "command" => {
                let wants = "a list of strings: the program and its arguments (no shell is between)";
                hook.command = list(wants)?;
                if hook.command.is_empty() || value.get_ref().as_str().is_some() {
                    return Err(wrong(wants));
                }
            }
            "tables" => hook.tables = list("a list of names, such as [\"users\", \"shop.orders\"]")?,
            "env" => hook.environments = list("a list of environments, such as [\"prod\"]")?,
            "timeout" => {
                let text = value.get_ref().as_str().ok_or_else(|| wrong("a duration in quotes, such as \"10min\""))?;
                let read = duration(text).map_err(|why| (value.span().start, false, format!("`timeout`: {why}")))?;
                hook.timeout = Some(read).filter(|timeout| !timeout.is_zero());
            }
            "url" => match value.get_ref() {
                DeValue::Boolean(url) => hook.url = *url,
                _ => return Err(wrong("`true` or `false`")),
            },
            unknown => {
                let near = nearest(unknown, KEYS).unwrap_or("on");
                let message = format!("unknown key `{unknown}` of a hook; did you mean `{near}`?");
                return Err((key.span().start, true, message));
            }
        }
    }
    hook.event = event.ok_or_else(|| {
        (start, false, "a hook wants to know when: add `on = \"before_migrate\"` or another event".to_owned())
    })?;
    if hook.command.is_empty() {
        return Err((start, false, "a hook wants a command: add `command = [\"PROGRAM\", \"ARGUMENT\"]`".to_owned()));
    }
    Ok(hook)
}

/// A list of strings, or one for a list of one.
fn strings(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    match value.get_ref() {
        DeValue::String(text) => Some(vec![text.to_string()]),
        DeValue::Array(array) => array.iter().map(|it| it.get_ref().as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}
