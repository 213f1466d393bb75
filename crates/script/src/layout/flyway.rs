//! Flyway's files: `V{version}__{description}.sql`, `U` for the way down, `R__` for what runs again when it changes, `B` for what
//! stands for all versions up to its own; `….sql.conf` beside one changes how it runs.
//!
//! The rules are those of Flyway 13 (flyway/flyway, `flyway-core`: `ResourceNameParser`, `MigrationVersion`, `SqlScriptMetadata`,
//! `PlaceholderReplacingReader`, `ChecksumCalculator`) with its default prefixes, separator and suffix. What Flyway is configured with
//! elsewhere (`flyway.conf`, `flyway.toml`, Maven, Spring) isn't read: it is no part of the directory, and a directory that is
//! compiled into a program must run as it does from the disk.

mod checksum;
mod placeholders;
mod settings;

pub use checksum::flyway_checksum;

use placeholders::Placeholders;
use settings::Settings;

use super::{Context, FileName, Part, Role};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    // Flyway looks into folders too.
    let file = base(file);
    let (stem, code) = match file.rsplit_once('.') {
        Some((stem, suffix)) if suffix.eq_ignore_ascii_case("sql") => (stem, None),
        Some((stem, suffix)) => (stem, Some(language(suffix).ok_or("it doesn't end in `.sql`")?)),
        None => return Err("it doesn't end in `.sql`"),
    };
    let (head, name) = stem.split_once("__").unwrap_or((stem, ""));
    if CALLBACKS.contains(&head) {
        return Err(
            "it is a callback, which driftlock doesn't run; in a folder `hooks` it is left alone, and Flyway still finds it",
        );
    }
    let (prefix, version) = head.split_at_checked(1).ok_or("it doesn't begin with `V`, `U`, `R` or `B`")?;
    let versioned = |baseline| {
        Version::numbers(&version.replace('_', "."), baseline)
            .ok_or("its version isn't numbers (below 2^64) with `.` or `_` between them, and `__` behind it")
    };
    let (version, part, role) = match prefix {
        "V" => (versioned(false)?, Part::Up, Role::Versioned),
        "U" => (versioned(false)?, Part::Down, Role::Versioned),
        "B" => (versioned(true)?, Part::Up, Role::Baseline),
        "R" if version.is_empty() => (Version::repeatable(name), Part::Up, Role::Repeatable),
        "R" => return Err("a repeatable migration has no version: `R__` and a description"),
        _ => return Err("it doesn't begin with `V`, `U`, `R` or `B`"),
    };
    Ok(FileName { role: code.map_or(role, Role::Code), ..FileName::new(version, name, part) })
}

/// What Flyway runs beside migrations, by the names of its events (`Event.java`).
const CALLBACKS: &[&str] = &[
    "beforeClean",
    "afterClean",
    "afterCleanError",
    "beforeMigrate",
    "beforeEachMigrate",
    "beforeEachMigrateStatement",
    "afterEachMigrateStatement",
    "afterEachMigrateStatementError",
    "afterEachMigrate",
    "afterEachMigrateError",
    "beforeRepeatables",
    "afterVersioned",
    "afterMigrateApplied",
    "afterMigrate",
    "afterMigrateError",
    "beforeUndo",
    "beforeEachUndo",
    "beforeEachUndoStatement",
    "afterEachUndoStatement",
    "afterEachUndoStatementError",
    "afterEachUndo",
    "afterEachUndoError",
    "afterUndo",
    "afterUndoError",
    "beforeValidate",
    "afterValidate",
    "afterValidateError",
    "beforeBaseline",
    "afterBaseline",
    "afterBaselineError",
    "beforeRepair",
    "afterRepair",
    "afterRepairError",
    "beforeInfo",
    "afterInfo",
    "afterInfoError",
    "afterMigrateOperationFinish",
    "afterInfoOperationFinish",
    "createSchema",
    "beforeCreateSchema",
    "beforeConnect",
    "afterConnect",
];

/// The language of a migration that is no SQL, by its file's suffix.
fn language(suffix: &str) -> Option<&'static str> {
    Some(match suffix {
        "java" => "Java",
        "kt" => "Kotlin",
        "groovy" => "Groovy",
        "scala" => "Scala",
        "sh" | "bash" => "shell",
        "ps1" => "PowerShell",
        "bat" | "cmd" => "batch",
        "py" => "Python",
        _ => return None,
    })
}

/// Whether a file is a migration in another language than SQL.
pub(crate) fn is_code(file: &str) -> bool {
    let Some((stem, suffix)) = base(file).rsplit_once('.') else { return false };
    let migration = stem.starts_with("R__")
        || stem.strip_prefix(['V', 'U', 'B']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    migration && stem.contains("__") && language(suffix).is_some()
}

/// A version as the history has it.
pub(super) fn version(text: &str) -> Version {
    if let Some(name) = text.strip_prefix("R__") {
        return Version::repeatable(name);
    }
    let (text, baseline) = text.strip_prefix('B').map_or((text, false), |text| (text, true));
    Version::numbers(&text.replace('_', "."), baseline).unwrap_or_else(|| Version::text(text))
}

pub(super) fn body(text: String, context: &Context<'_>) -> Result<Body, BodyError> {
    let placeholders = Placeholders::of(context).map_err(|message| BodyError::script(&text, 0, message))?;
    let settings = Settings::read(context, &placeholders)?;
    let values = if settings.placeholder_replacement { placeholders.find(&text)? } else { Vec::new() };
    Ok(Body::whole(text).no_transaction(!settings.execute_in_transaction).substitute(values))
}

fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Values;

    #[test]
    fn reads_the_names_that_flyway_reads() {
        // What flyway-core 13.12's own parser says of each; `U` and its kind are of its other editions.
        let cases = [
            ("V1__a.sql", Some(("1", "a", Role::Versioned))),
            ("V1__a.SQL", Some(("1", "a", Role::Versioned))),
            ("sub/folder/V1__a.sql", Some(("1", "a", Role::Versioned))),
            ("V1.sql", Some(("1", "", Role::Versioned))),
            ("V1__.sql", Some(("1", "", Role::Versioned))),
            ("V009_4__x.sql", Some(("009.4", "x", Role::Versioned))),
            ("V1_2_3__x.sql", Some(("1.2.3", "x", Role::Versioned))),
            ("V1.2__a__b.sql", Some(("1.2", "a__b", Role::Versioned))),
            ("V1__a.b.sql", Some(("1", "a.b", Role::Versioned))),
            ("V1__ä ö.sql", Some(("1", "ä ö", Role::Versioned))),
            ("B5__all.sql", Some(("B5", "all", Role::Baseline))),
            ("R__a_b.sql", Some(("R__a_b", "a_b", Role::Repeatable))),
            ("R.sql", Some(("R__", "", Role::Repeatable))),
            ("V2__b.java", Some(("2", "b", Role::Code("Java")))),
            ("R__c.ps1", Some(("R__c", "c", Role::Code("PowerShell")))),
            ("v1__x.sql", None),
            ("V1..2__x.sql", None),
            ("V1.__x.sql", None),
            ("V_1__x.sql", None),
            ("V1_a.sql", None),
            ("R1__x.sql", None),
            ("Rename.sql", None),
            ("beforeMigrate.sql", None),
            ("afterMigrate__vacuum.sql", None),
            ("beforeMigrateFoo.sql", None),
            ("V1__a.txt", None),
            ("V99999999999999999999999__x.sql", None),
        ];
        for (file, expected) in cases {
            let got = read_name(file).ok();
            let got = got.as_ref().map(|name| (name.version.as_str(), name.name.as_str(), name.role));
            assert_eq!(got, expected, "{file}");
        }
        assert_eq!(read_name("U1__x.sql").unwrap().part, Part::Down);
        assert!(read_name("afterMigrate.sql").unwrap_err().contains("callback"));
    }

    #[test]
    fn knows_code_from_what_merely_lies_beside() {
        for file in ["V1__a.java", "db/V1_2__b.kt", "R__c.sh", "U3__d.py", "B1__e.cmd"] {
            assert!(is_code(file), "{file}");
        }
        for file in ["Views.java", "V1.py", "run.sh", "R.java", "V1__a.sql", "V1__a.txt", "V__a.sh"] {
            assert!(!is_code(file), "{file}");
        }
    }

    fn read(text: &str, settings: Option<&str>, values: &Values) -> Result<Body, BodyError> {
        let context = Context { file: "db/V1__a b.sql", part: Part::Up, settings, values };
        body(text.to_owned(), &context)
    }

    fn values(placeholders: &[(&str, &str)], environment: &[(&str, &str)]) -> Values {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Values { placeholders: map(placeholders), environment: map(environment), ..Values::default() }
    }

    #[test]
    fn settings_say_how_a_script_runs() {
        let given = values(&[("x", "1")], &[]);
        let run = |settings| {
            let body = read("SELECT ${x}", settings, &given).unwrap();
            (body.sections()[0].no_transaction, body.text().to_owned())
        };
        let put_in = "SELECT 1".to_owned();
        assert_eq!(run(None), (false, put_in.clone()));
        assert_eq!(run(Some("executeInTransaction=false")), (true, put_in.clone()));
        assert_eq!(run(Some("executeInTransaction=true")), (false, put_in));
        assert_eq!(run(Some("placeholderReplacement=false")), (false, "SELECT ${x}".to_owned()));
    }

    #[test]
    fn the_environment_says_what_the_file_does_not() {
        let text = "SELECT ${x}, @x@";
        let run = |environment: &[(&str, &str)], settings| {
            let body = read(text, settings, &values(&[("x", "1")], environment)).unwrap();
            (body.sections()[0].no_transaction, body.text().to_owned())
        };
        let off = ("FLYWAY_PLACEHOLDER_REPLACEMENT", "false");
        assert_eq!(run(&[off], None).1, text);
        assert_eq!(run(&[off], Some("placeholderReplacement=true")).1, "SELECT 1, @x@");
        let at = [("FLYWAY_PLACEHOLDER_PREFIX", "@"), ("FLYWAY_PLACEHOLDER_SUFFIX", "@")];
        assert_eq!(run(&at, None).1, "SELECT ${x}, 1");
        let alone = ("FLYWAY_EXECUTE_IN_TRANSACTION", "false");
        assert!(run(&[alone], None).0 && !run(&[alone], Some("executeInTransaction=true")).0);
        for (variable, value) in [
            ("FLYWAY_PLACEHOLDER_REPLACEMENT", "no"),
            ("FLYWAY_PLACEHOLDER_PREFIX", ""),
            ("FLYWAY_EXECUTE_IN_TRANSACTION", "0"),
        ] {
            let Err(BodyError::Script(error)) = read(text, None, &values(&[("x", "1")], &[(variable, value)])) else {
                panic!("{variable}")
            };
            assert!(error.message.contains(variable), "{error}");
        }
    }

    #[test]
    fn the_files_name_is_known_without_being_told() {
        let body = read("'${flyway:filename}'", None, &values(&[("flyway:filename", "other")], &[])).unwrap();
        assert_eq!(body.text(), "'V1__a b.sql'");
    }
}
