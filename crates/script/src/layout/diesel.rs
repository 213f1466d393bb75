//! Diesel's folders: `{version}_{name}/up.sql` and `down.sql`, with a `metadata.toml` where it doesn't run as a transaction. The
//! version is what stands before the first `_`, without dashes, and is compared as text (diesel-rs/diesel,
//! `migrations_internals`: `version_from_string`, and `diesel_migrations`: `file_based_migrations.rs`).

use serde::Deserialize;

use super::{Context, FileName, Part};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let (folder, file) = file.rsplit_once('/').ok_or("it is in no folder of its own")?;
    if folder.contains('/') {
        return Err("its folder is inside another one");
    }
    let part = match file {
        "up.sql" => Part::Up,
        "down.sql" => Part::Down,
        _ => return Err("it is neither `up.sql` nor `down.sql`"),
    };
    let (version, name) = folder.split_once('_').unwrap_or((folder, ""));
    let version = version.replace('-', "");
    if version.is_empty() {
        return Err("its folder's name has no version before `_`");
    }
    Ok(FileName::new(Version::text(version), name, part))
}

pub(super) fn body(text: String, context: &Context<'_>) -> Result<Body, BodyError> {
    if text.is_empty() && context.part == Part::Up {
        let message =
            "the file is empty, and Diesel runs no empty migration: if nothing is to be done, say so in a comment";
        return Err(BodyError::script(&text, 0, message));
    }
    let run_in_transaction = context.settings.map_or(Ok(true), run_in_transaction)?;
    Ok(Body::whole(text).no_transaction(!run_in_transaction))
}

/// Of a `metadata.toml`, what Diesel reads. Other keys are somebody else's.
#[derive(Deserialize)]
struct Metadata {
    /// Diesel takes a file without this key for one that says `false`, against its own documentation; that is no opt-out that
    /// anybody wrote.
    #[serde(default = "yes")]
    run_in_transaction: bool,
}

fn yes() -> bool {
    true
}

fn run_in_transaction(settings: &str) -> Result<bool, BodyError> {
    // Diesel takes a file that it can't read for none.
    toml::from_str::<Metadata>(settings).map(|metadata| metadata.run_in_transaction).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let message = format!("{}; what belongs there is `run_in_transaction = false`, or true", error.message());
        BodyError::settings(settings, offset, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Values;

    #[test]
    fn reads_names() {
        let cases = [
            ("2024-05-20-143022_create_users/up.sql", Some(("20240520143022", "create_users", Part::Up))),
            ("2024-05-20-143022-0000_create_users/up.sql", Some(("202405201430220000", "create_users", Part::Up))),
            ("20240520143022_create_users/down.sql", Some(("20240520143022", "create_users", Part::Down))),
            ("00000000000000_diesel_initial_setup/up.sql", Some(("00000000000000", "diesel_initial_setup", Part::Up))),
            ("v1-2_a_b/up.sql", Some(("v12", "a_b", Part::Up))),
            ("12/up.sql", Some(("12", "", Part::Up))),
            ("_a/up.sql", None),
            ("--_a/up.sql", None),
            ("up.sql", None),
            ("2024_a.sql", None),
            ("2024_a/UP.sql", None),
            ("2024_a/up.sql.sql", None),
            ("2024_a/other.sql", None),
            ("old/2024_a/up.sql", None),
        ];
        for (file, expected) in cases {
            let got = read_name(file).ok();
            let got = got.as_ref().map(|name| (name.version.as_str(), name.name.as_str(), name.part));
            assert_eq!(got, expected, "{file}");
        }
    }

    #[test]
    fn compares_versions_as_text_without_dashes() {
        let version = |folder: &str| read_name(&format!("{folder}/up.sql")).unwrap().version;
        assert_eq!(version("2024-01-01-000000_a"), version("20240101000000_b"));
        assert!(version("2024-01-01-000000_a") < version("2024-01-01-000000-0001_a"));
        assert!(version("10_a") < version("9_a"));
        assert!(version("00000000000000_diesel_initial_setup") < version("1_a"));
    }

    fn of(text: &str, part: Part, settings: Option<&str>) -> Result<bool, (bool, u32, u32, String)> {
        let values = Values::default();
        let context = Context { file: "1_a/up.sql", part, settings, values: &values };
        let body = body(text.to_owned(), &context);
        body.map(|body| body.sections()[0].no_transaction).map_err(|error| match error {
            BodyError::Script(error) => (true, error.line, error.column, error.message),
            BodyError::Settings(error) => (false, error.line, error.column, error.message),
        })
    }

    #[test]
    fn opts_out_of_the_transaction_by_metadata_both_ways() {
        for part in [Part::Up, Part::Down] {
            assert_eq!(of("SELECT 1", part, None), Ok(false));
            assert_eq!(of("SELECT 1", part, Some("run_in_transaction = false\n")), Ok(true));
            assert_eq!(of("SELECT 1", part, Some("# why\nrun_in_transaction = true")), Ok(false));
            assert_eq!(of("SELECT 1", part, Some("")), Ok(false), "nobody opted out");
            assert_eq!(of("SELECT 1", part, Some("owner = 'me'\n[other]\nkey = 1")), Ok(false));
        }
        for (settings, line, column, part) in [
            ("run_in_transaction = \"no\"", 1, 22, "boolean"),
            ("a = 1\nrun_in_transaction =", 2, 21, "run_in_transaction = false"),
            ("\nrun_in_transaction = false\nrun_in_transaction = true", 3, 1, "duplicate"),
        ] {
            let error = of("SELECT 1", Part::Up, Some(settings)).unwrap_err();
            assert_eq!((error.0, error.1, error.2), (false, line, column), "{settings}: {}", error.3);
            assert!(error.3.contains(part), "{settings}: {}", error.3);
        }
    }

    #[test]
    fn refuses_an_empty_way_up_as_diesel_does() {
        assert!(of("", Part::Up, None).unwrap_err().3.contains("is empty"));
        assert_eq!(of("", Part::Down, None), Ok(false), "nothing is to be undone");
        assert_eq!(of("-- nothing\n", Part::Up, None), Ok(false));
    }
}
