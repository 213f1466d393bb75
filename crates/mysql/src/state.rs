//! What a session's settings were at the start, and bringing them back. `COM_RESET_CONNECTION` would be one step, but it gives
//! up the lock.

use driftlock_database::{Error, Timeouts};

use crate::parse::quote;
use crate::traces::Traces;
use crate::wire::{TextRow, Wire};

/// The settings that a script can change and that reach what comes after it. Those that a server has are looked up.
const SETTINGS: [&str; 37] = [
    "alter_algorithm",
    "autocommit",
    "character_set_client",
    "character_set_connection",
    "character_set_results",
    "check_constraint_checks",
    "collation_connection",
    "default_storage_engine",
    "explicit_defaults_for_timestamp",
    "foreign_key_checks",
    "group_concat_max_len",
    "idle_transaction_timeout",
    "idle_write_transaction_timeout",
    "innodb_lock_wait_timeout",
    "innodb_strict_mode",
    "lc_time_names",
    "lock_wait_timeout",
    "max_execution_time",
    "max_statement_time",
    "old_mode",
    "sql_auto_is_null",
    "sql_big_selects",
    "sql_generate_invisible_primary_key",
    "sql_log_bin",
    "sql_mode",
    "sql_notes",
    "sql_quote_show_create",
    "sql_require_primary_key",
    "sql_safe_updates",
    "sql_select_limit",
    "system_versioning_alter_history",
    "system_versioning_insert_history",
    "time_zone",
    "transaction_isolation",
    "transaction_read_only",
    "unique_checks",
    "wait_timeout",
];

/// The names of two of them before MySQL 8 and MariaDB 11.1.
const OLDER_NAMES: [(&str, &str); 2] =
    [("transaction_isolation", "tx_isolation"), ("transaction_read_only", "tx_read_only")];

/// The longest that MySQL lets a session wait for a lock: a year.
const LONGEST_WAIT: u64 = 31_536_000;

/// SQL modes that change how own statements or `SHOW CREATE` read.
const CHANGING_MODES: [&str; 10] = [
    "ANSI_QUOTES",
    "EMPTY_STRING_IS_NULL",
    "NO_FIELD_OPTIONS",
    "NO_KEY_OPTIONS",
    "NO_TABLE_OPTIONS",
    "ORACLE",
    "MSSQL",
    "DB2",
    "MAXDB",
    "POSTGRESQL",
];

/// What becomes of an open transaction when everything is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    RolledBack,
    Kept,
}

/// What own statements run with.
const NEUTRAL: [(&str, &str); 8] = [
    ("sql_mode", "''"),
    ("sql_quote_show_create", "1"),
    ("sql_safe_updates", "0"),
    ("sql_select_limit", "18446744073709551615"),
    ("character_set_client", "utf8mb4"),
    ("character_set_results", "utf8mb4"),
    ("max_statement_time", "0"),
    ("max_execution_time", "0"),
];

/// Assignments that empty the variables in which a script's settings are kept meanwhile.
#[cfg(feature = "mysql_async")]
pub(crate) fn forget_the_script() -> impl Iterator<Item = String> {
    let more = ["lock_wait_timeout", "innodb_lock_wait_timeout", "sql_log_bin"];
    NEUTRAL.into_iter().map(|(name, _)| name).chain(more).map(|name| format!("@driftlock_{name} = NULL"))
}

/// The settings as they were before the first script.
pub(crate) struct Baseline {
    names: Vec<&'static str>,
    values: Vec<Option<String>>,
    role: Option<String>,
    has_roles: bool,
    /// Server and login leave nothing that own statements must be shielded from.
    harmless: bool,
}

/// The session as it is now.
struct Now {
    holds_lock: bool,
    database: Option<String>,
    role: Option<String>,
    values: Vec<Option<String>>,
}

impl Baseline {
    /// Reads the settings of a session in which nothing ran yet.
    pub(crate) async fn capture(wire: &mut Wire, has_roles: bool) -> Result<Self, Error> {
        // The handshake chose the oldest collation of utf8mb4; this is the server's own choice, as its clients make it.
        wire.run("SET NAMES utf8mb4").await?;
        Self::read_as_it_is(wire, has_roles).await
    }

    /// Reads the settings of a session.
    pub(crate) async fn read_as_it_is(wire: &mut Wire, has_roles: bool) -> Result<Self, Error> {
        let wanted: Vec<&'static str> =
            SETTINGS.into_iter().chain(OLDER_NAMES.into_iter().map(|(_, older)| older)).collect();
        let quoted: Vec<String> = wanted.iter().map(|name| format!("'{name}'")).collect();
        let found: Vec<TextRow> =
            wire.rows(&format!("SHOW SESSION VARIABLES WHERE Variable_name IN ({})", quoted.join(", "))).await?;
        let has = |name: &str| found.iter().any(|row| crate::wire::text(row, 0).eq_ignore_ascii_case(name));
        let is_doubled = |name: &str| OLDER_NAMES.iter().any(|(newer, older)| *older == name && has(newer));
        let names = wanted.into_iter().filter(|name| has(name) && !is_doubled(name)).collect();
        let mut baseline = Baseline { names, values: Vec::new(), role: None, has_roles, harmless: false };
        let now = baseline.read(wire, None).await?;
        baseline.values = now.values;
        baseline.role = now.role;
        let mode = baseline.value("sql_mode").unwrap_or_default().to_ascii_uppercase();
        baseline.harmless = !mode.split(',').any(|word| CHANGING_MODES.contains(&word))
            && baseline.value("sql_quote_show_create") != Some("0")
            && baseline.value("sql_safe_updates") != Some("1");
        Ok(baseline)
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let at = self.names.iter().position(|known| *known == name)?;
        self.values.get(at)?.as_deref()
    }

    /// The whole state by one query. The LIMIT is for a script's `sql_select_limit`.
    async fn read(&self, wire: &mut Wire, lock: Option<&str>) -> Result<Now, Error> {
        let lock = lock.map_or_else(|| "1".to_owned(), |name| format!("IS_USED_LOCK('{name}') = CONNECTION_ID()"));
        let role = if self.has_roles { "CURRENT_ROLE()" } else { "NULL" };
        let settings: String = self.names.iter().map(|name| format!(", @@session.{name}")).collect();
        let sql = format!("SELECT {lock}, DATABASE(), {role}{settings} LIMIT 1");
        let Some(row) = wire.row(&sql).await? else {
            return Err(Error::Protocol("the server answered a question about the session with nothing".to_owned()));
        };
        let mut values = row.into_iter();
        Ok(Now {
            holds_lock: values.next().flatten().as_deref() == Some("1"),
            database: values.next().flatten(),
            role: values.next().flatten(),
            values: values.collect(),
        })
    }

    /// Puts everything back, sets the limits if there are any, and looks whether the lock is still held.
    pub(crate) async fn restore(
        &self,
        wire: &mut Wire,
        traces: &Traces,
        database: &str,
        lock: Option<&str>,
        timeouts: Option<&Timeouts>,
        open: Open,
    ) -> Result<(), Error> {
        if traces.settings {
            // The answer to what follows has to be readable.
            wire.run("SET character_set_results = utf8mb4").await?;
        }
        let now = self.read(wire, lock).await?;
        if open == Open::RolledBack && wire.in_transaction() != Some(false) {
            // Before autocommit is turned on, which would commit.
            wire.run("ROLLBACK").await?;
        }
        if let Some(name) = lock.filter(|_| !now.holds_lock) {
            return Err(Error::LockLost(format!(
                "the server's lock `{name}` isn't this session's any more; a script may have released it, or the server was restarted"
            )));
        }
        // In a transaction it would be the one thing that commits: a hook that locked tables has ended it already.
        let commits = |statement: &String| open == Open::Kept && statement == "UNLOCK TABLES";
        for statement in traces.discard().into_iter().filter(|statement| !commits(statement)) {
            // What isn't there any more needs no putting away.
            if let Err(error @ Error::ConnectionLost(_)) = wire.run(&statement).await {
                return Err(error);
            }
        }
        let mut assignments = traces.unset();
        for (at, name) in self.names.iter().enumerate() {
            let wanted = timeouts.and_then(|timeouts| limit(name, timeouts)).or_else(|| self.values[at].clone());
            if open == Open::Kept && *name == "autocommit" {
                // Turning it on would commit.
                continue;
            }
            if now.values.get(at) != Some(&wanted) {
                assignments.push(format!("SESSION {name} = {}", value(wanted.as_deref())));
            }
        }
        if !assignments.is_empty() {
            wire.run(&format!("SET {}", assignments.join(", "))).await?;
        }
        if now.role != self.role {
            self.set_role(wire, self.role.as_deref()).await?;
        }
        if now.database.as_deref() != Some(database) {
            wire.run(&format!("USE {}", quote(database))).await?;
        }
        Ok(())
    }

    async fn set_role(&self, wire: &mut Wire, role: Option<&str>) -> Result<(), Error> {
        let role = match role {
            None => "NONE".to_owned(),
            Some(role) if role.eq_ignore_ascii_case("NONE") => "NONE".to_owned(),
            // MySQL gives them as SQL, several by commas; MariaDB gives one bare name.
            Some(role) if role.starts_with('`') => role.to_owned(),
            Some(role) => quote(role),
        };
        wire.run(&format!("SET ROLE {role}")).await.map(drop)
    }

    /// Makes sure that what a script set doesn't reach own statements. `None`: there is nothing to keep out.
    pub(crate) async fn shield(
        &self,
        wire: &mut Wire,
        traces: &Traces,
        in_transaction: bool,
    ) -> Result<Option<Shield>, Error> {
        if self.harmless && !traces.settings {
            return Ok(None);
        }
        let mut neutral: Vec<(&str, String)> =
            NEUTRAL.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        for name in ["lock_wait_timeout", "innodb_lock_wait_timeout"] {
            neutral.push((name, value(self.value(name))));
        }
        if traces.binary_log && !in_transaction {
            neutral.push(("sql_log_bin", value(self.value("sql_log_bin"))));
        }
        neutral.retain(|(name, _)| self.has(name));
        // All values are read before any is assigned, as in the head of every dump.
        let keep = neutral.iter().map(|(name, _)| format!("@driftlock_{name} = @@session.{name}"));
        let assign = neutral.iter().map(|(name, value)| format!("SESSION {name} = {value}"));
        wire.run(&format!("SET {}", keep.chain(assign).collect::<Vec<_>>().join(", "))).await?;
        let back = neutral.iter().map(|(name, _)| format!("SESSION {name} = @driftlock_{name}"));
        let mut shield = Shield { back: vec![format!("SET {}", back.collect::<Vec<_>>().join(", "))], role: None };
        if traces.role && self.has_roles {
            let now = wire.row("SELECT CURRENT_ROLE() LIMIT 1").await?;
            let now = now.and_then(|row| row.into_iter().next()).flatten();
            if now != self.role {
                self.set_role(wire, self.role.as_deref()).await?;
                shield.role = Some(now);
            }
        }
        Ok(Some(shield))
    }

    /// Gives the script its own settings back.
    pub(crate) async fn unshield(&self, wire: &mut Wire, shield: Option<Shield>) -> Result<(), Error> {
        let Some(shield) = shield else { return Ok(()) };
        for statement in &shield.back {
            wire.run(statement).await?;
        }
        if let Some(role) = shield.role {
            self.set_role(wire, role.as_deref()).await?;
        }
        Ok(())
    }
}

/// What [`Baseline::shield`] put aside.
pub(crate) struct Shield {
    back: Vec<String>,
    /// The script's role, where it had another one.
    role: Option<Option<String>>,
}

/// The value of a setting that is a limit, as the server prints it.
fn limit(name: &str, timeouts: &Timeouts) -> Option<String> {
    let seconds = |wait: std::time::Duration| {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        if wait.is_zero() { LONGEST_WAIT } else { whole.min(LONGEST_WAIT) }
    };
    match name {
        "lock_wait_timeout" | "innodb_lock_wait_timeout" => Some(seconds(timeouts.lock).to_string()),
        // What ends a session that does nothing for a while, as between two tries.
        "idle_transaction_timeout" | "idle_write_transaction_timeout" => Some("0".to_owned()),
        "wait_timeout" => Some("28800".to_owned()),
        // MariaDB: seconds, for every statement; MySQL: milliseconds, for SELECT alone.
        "max_statement_time" => Some(format!("{:.6}", timeouts.statement.as_secs_f64())),
        "max_execution_time" => Some(timeouts.statement.as_millis().min(u128::from(u32::MAX)).to_string()),
        _ => None,
    }
}

/// A setting's value as SQL: numbers bare, since numeric settings take no strings.
pub(crate) fn value(value: Option<&str>) -> String {
    match value {
        None => "NULL".to_owned(),
        Some(number) if !number.is_empty() && number.parse::<f64>().is_ok() => number.to_owned(),
        // No setting's value has a quote or a backslash in it; doubling is right in every SQL mode.
        Some(text) => format!("'{}'", text.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn limits_are_printed_as_the_server_prints_them() {
        let timeouts = Timeouts {
            lock: Duration::from_millis(300),
            concurrent: Duration::from_millis(300),
            statement: Duration::from_millis(1500),
        };
        for (name, expected) in [
            ("lock_wait_timeout", Some("1")),
            ("innodb_lock_wait_timeout", Some("1")),
            ("max_statement_time", Some("1.500000")),
            ("max_execution_time", Some("1500")),
            ("sql_mode", None),
        ] {
            assert_eq!(limit(name, &timeouts).as_deref(), expected, "{name}");
        }
        let unlimited = Timeouts { lock: Duration::ZERO, concurrent: Duration::ZERO, statement: Duration::ZERO };
        assert_eq!(limit("lock_wait_timeout", &unlimited).as_deref(), Some("31536000"));
        assert_eq!(limit("max_statement_time", &unlimited).as_deref(), Some("0.000000"));
    }

    #[test]
    fn values_become_sql() {
        for (given, expected) in [
            (None, "NULL"),
            (Some("50"), "50"),
            (Some(""), "''"),
            (Some("+00:00"), "'+00:00'"),
            (Some("a'b"), "'a''b'"),
        ] {
            assert_eq!(value(given), expected);
        }
    }
}
