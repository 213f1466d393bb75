//! Settings as people see them: each with its value and where it was set, and never a secret.

use std::time::Duration;

use driftlock_database::{ConnectOptions, DatabaseUrl, Pooler};

use super::{OnDrift, Origin, Secret, Setting, Settings};
use crate::{Options, Rollback};

/// One setting, ready to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSetting {
    /// As `driftlock.toml` calls it.
    pub key: String,
    /// Its value; of one that may hold a password, where it comes from.
    pub value: String,
    /// Where it was set.
    pub origin: Origin,
}

impl Settings {
    /// Every setting that counts, those that nobody set with what driftlock does then.
    #[must_use]
    pub fn shown(&self) -> Vec<ShownSetting> {
        let (options, connect) = (Options::default(), ConnectOptions::default());
        let mut all = Vec::new();
        let mut add = |key: &str, value: String, origin: &Origin| {
            all.push(ShownSetting { key: key.to_owned(), value, origin: origin.clone() });
        };
        if let Some(name) = &self.environment {
            add("environment", name.value.clone(), &name.origin);
        }
        for (key, secret) in [("url", &self.url), ("shadow_url", &self.shadow_url)] {
            if let Some(Setting { value, origin }) = secret {
                add(key, shown_url(value), origin);
            }
        }
        for directory in &self.migrations {
            let key = directory.engine.map_or_else(|| "migrations".to_owned(), |engine| format!("migrations.{engine}"));
            add(&key, directory.shown.clone(), &directory.origin);
        }
        if let Some(layout) = &self.layout {
            add("layout", layout.value.to_string(), &layout.origin);
        }
        add("protected", self.protected.value.to_string(), &self.protected.origin);
        let rollback = match self.rollback.value {
            Rollback::Allow => "allow",
            Rollback::Approved => "approved",
            Rollback::Deny => "deny",
        };
        add("rollback", rollback.to_owned(), &self.rollback.origin);
        if let Some(role) = &self.set_role {
            add("set_role", role.value.clone(), &role.origin);
        }
        if self.pooler.value == Pooler::Session {
            add("pooler", "session".to_owned(), &self.pooler.origin);
        }
        let tables = [("tables.schema", &self.tables_schema), ("tables.prefix", &self.tables_prefix)];
        for (key, setting) in tables {
            if let Some(setting) = setting {
                add(key, setting.value.clone(), &setting.origin);
            }
        }
        let durations = [
            ("lock_wait", &self.lock_wait, options.lock_wait),
            ("lock_timeout", &self.lock_timeout, options.lock_timeout),
            ("concurrent_timeout", &self.concurrent_timeout, options.concurrent_timeout),
            ("statement_timeout", &self.statement_timeout, options.statement_timeout),
            ("connect_timeout", &self.connect_timeout, connect.connect_timeout),
        ];
        for (key, setting, default) in durations {
            let setting = setting.clone().unwrap_or(Setting::default(default));
            add(key, time(setting.value), &setting.origin);
        }
        let attempts = self.attempts.clone().unwrap_or(Setting::default(options.attempts));
        add("attempts", attempts.value.to_string(), &attempts.origin);
        let log_file = self.log_file.clone().map(|it| it.map(|path| path.display().to_string()));
        for (key, setting) in
            [("log_level", &self.log_level), ("log_format", &self.log_format), ("log_file", &log_file)]
        {
            if let Some(setting) = setting {
                add(key, setting.value.clone(), &setting.origin);
            }
        }
        if let Some(slow) = &self.slow {
            add("slow", time(slow.value), &slow.origin);
        }
        let flags = [
            ("out_of_order", &self.out_of_order),
            ("comment_statements", &self.comment_statements),
            ("auto_migrate", &self.auto_migrate),
        ];
        for (key, flag) in flags {
            // What nobody turned on is nobody's business.
            if flag.origin != Origin::Default {
                add(key, flag.value.to_string(), &flag.origin);
            }
        }
        if self.on_drift.origin != Origin::Default {
            let word = match self.on_drift.value {
                OnDrift::WarnOnly => "warn-only",
                OnDrift::Abort => "abort",
                OnDrift::AutoRepair => "auto-repair",
            };
            add("on_drift", word.to_owned(), &self.on_drift.origin);
        }
        if !self.ignore.value.is_empty() {
            add("ignore", self.ignore.value.join(", "), &self.ignore.origin);
        }
        if !self.exclude_tables.value.is_empty() {
            add("exclude_tables", self.exclude_tables.value.join(", "), &self.exclude_tables.origin);
        }
        for hook in &self.hooks {
            // Its arguments may hold what isn't for everybody.
            let program = hook.command.first().map_or("", String::as_str);
            add(&format!("hook.{}", hook.event), format!("the command `{program}`"), &hook.origin);
        }
        for (name, Setting { value, origin }) in &self.placeholders {
            // One in plain text may be a password all the same.
            add(&format!("placeholders.{name}"), format!("{value:?}"), origin);
        }
        all
    }
}

/// A URL without its password, or where it is to be had.
fn shown_url(secret: &Secret) -> String {
    match secret {
        Secret::Plain(text) => DatabaseUrl::parse(text).map_or_else(|_| "no URL".to_owned(), |url| url.to_string()),
        elsewhere => format!("{elsewhere:?}"),
    }
}

/// As it is written in the configuration.
fn time(duration: Duration) -> String {
    match duration.as_millis() {
        0 => "0".to_owned(),
        millis if millis % 60_000 == 0 => format!("{}min", millis / 60_000),
        millis if millis % 1_000 == 0 => format!("{}s", millis / 1_000),
        millis => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::ShownSetting;
    use crate::config::keys::{KEYS, Shape};
    use crate::{Config, Origin, Overrides, Variables};

    /// A key that is new must be shown too.
    #[test]
    fn no_key_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let settings = |text: &str| {
            std::fs::write(folder.path().join("driftlock.toml"), text).unwrap();
            let named = Overrides { environment: Some("dev".to_owned()), ..Overrides::default() };
            let config = Config::load(folder.path(), Variables::default(), &named);
            config.and_then(|config| config.target()).unwrap_or_else(|error| panic!("{error}\n{text}"))
        };
        for key in KEYS.iter().filter(|key| key.name != "default_env") {
            let value = match key.shape {
                Shape::Text | Shape::Secret | Shape::Directories => "'x'".to_owned(),
                Shape::Flag => "true".to_owned(),
                Shape::Duration => "'7s'".to_owned(),
                Shape::Count => "7".to_owned(),
                Shape::List => "['x']".to_owned(),
                Shape::OneOf(words) => format!("'{}'", words[0]),
                Shape::Layout => "'goose'".to_owned(),
                Shape::Texts => "{ x = 'y' }".to_owned(),
            };
            let shown = settings(&format!("[env.dev]\n{} = {value}\n", key.name)).shown();
            let is_it = |it: &ShownSetting| it.key == key.name || it.key == format!("{}.x", key.name);
            let found = shown.iter().find(|it| is_it(it) && matches!(it.origin, Origin::File { .. }));
            assert!(found.is_some(), "`{}` isn't shown: {shown:?}", key.name);
        }
        let hook = settings("[[hook]]\non = 'before_migrate'\ncommand = ['backup', 's3cret']\n[env.dev]\n").shown();
        let hook = hook.iter().find(|it| it.key == "hook.before_migrate").expect("hooks are shown");
        assert_eq!(hook.value, "the command `backup`");
    }

    #[test]
    fn every_setting_is_shown_with_its_origin_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let text = "migrations = 'm'\n[placeholders]\nkey = 's3cret'\n[env.dev]\nurl = 'postgres://ann:s3cret@h/shop?sslpassword=s3cret'\n\
                    shadow_url = { env = 'SHADOW' }\npooler = 'session'\nlock_wait = '90s'\n";
        std::fs::write(folder.path().join("driftlock.toml"), text).unwrap();
        let variables: Variables = [("DRIFTLOCK_ATTEMPTS", "3"), ("SHADOW", "postgres://s3cret")].into_iter().collect();
        let mut overrides = Overrides::default();
        overrides.set("lock_timeout", "--lock-timeout", "250ms");
        let settings = Config::load(folder.path(), variables, &overrides).unwrap().target().unwrap();
        let shown: Vec<String> =
            settings.shown().iter().map(|it| format!("{} = {} ({})", it.key, it.value, it.origin)).collect();
        let all = shown.join("\n");
        for line in [
            "environment = dev (the default)",
            "url = postgres://ann:***@h/shop?sslpassword=*** (driftlock.toml:5:7)",
            "shadow_url = the environment variable `SHADOW` (driftlock.toml:6:14)",
            "migrations = m (driftlock.toml:1:14)",
            "protected = false (the default)",
            "pooler = session (driftlock.toml:7:10)",
            "lock_wait = 90s (driftlock.toml:8:13)",
            "lock_timeout = 250ms (--lock-timeout)",
            "concurrent_timeout = 30min (the default)",
            "attempts = 3 (DRIFTLOCK_ATTEMPTS)",
            "placeholders.key = the value (driftlock.toml:2:1)",
        ] {
            assert!(shown.iter().any(|it| it == line), "`{line}` is missing in\n{all}");
        }
        assert!(!all.contains("s3cret"), "{all}");
    }
}
