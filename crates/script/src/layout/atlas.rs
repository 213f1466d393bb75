//! Atlas's files: `{version}_{name}.sql` or `{version}.sql`, in the order of their names, with `atlas.sum` beside them. There is no
//! way down.

mod directives;
mod sum;

pub use sum::{AtlasSum, atlas_partial_hashes};
pub(super) use sum::{NAME as SUM, verify};

use super::numbered::stem;
use super::{Context, Facts, FileName, Part};
use crate::body::Section;
use crate::{Body, BodyError, Version};
use directives::Directives;

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let stem = stem(file)?;
    let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
    if version.is_empty() {
        return Err("it has no version before `_`");
    }
    Ok(FileName::new(Version::by_file(version), name, Part::Up))
}

/// A checkpoint stands for all versions up to its own. What is wrong with the file's directives is said when it is to run.
pub(super) fn facts(text: &[u8]) -> Facts {
    let is_baseline = std::str::from_utf8(text)
        .ok()
        .is_some_and(|text| Directives::read(text).is_ok_and(|directives| directives.checkpoint));
    Facts { has_down: false, is_baseline }
}

pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    let directives = Directives::read(&text)?;
    let Some(delimiter) = directives.delimiter else {
        return Ok(Body::whole(text).no_transaction(directives.no_transaction));
    };
    // Its line isn't searched for the delimiter that it names.
    let around = [0..delimiter.line.start, delimiter.line.end..text.len()];
    let section = |span| Section { span, no_transaction: directives.no_transaction };
    let sections = around.into_iter().filter(|span| !span.is_empty()).map(section).collect();
    Ok(Body::of_sections(text, sections).delimiter(Some(delimiter.text)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Dialect, Layout, LoadError, Memory, Migrations, Role, Values};

    fn of(text: &str) -> Result<Body, (u32, u32, String)> {
        let values = Values::default();
        let context = Context { file: "1.sql", part: Part::Up, settings: None, values: &values };
        body(text.to_owned(), &context).map_err(|error| match error {
            BodyError::Script(error) | BodyError::Settings(error) => (error.line, error.column, error.message),
        })
    }

    #[test]
    fn reads_names() {
        let cases = [
            ("20240520143022_create_users.sql", Some(("20240520143022", "create_users"))),
            ("20240520143022.sql", Some(("20240520143022", ""))),
            ("v1.2_a.b.sql", Some(("v1.2", "a.b"))),
            ("init.sql", Some(("init", ""))),
            ("_a.sql", None),
            ("old/1_a.sql", None),
            ("1_a.SQL", None),
        ];
        for (file, expected) in cases {
            let got = read_name(file).ok();
            assert_eq!(got.as_ref().map(|name| (name.version.as_str(), name.name.as_str())), expected, "{file}");
        }
        let version = |file| read_name(file).unwrap().version;
        assert!(version("10_a.sql") < version("2_a.sql"), "files run in the order of their names");
    }

    #[test]
    fn follows_the_directives() {
        let whole = of("-- atlas:nolint\nCREATE TABLE a (id int);").unwrap();
        assert_eq!((whole.sections().len(), whole.sections()[0].no_transaction), (1, false));
        let alone = of("-- atlas:txmode none\n\nCREATE INDEX CONCURRENTLY i ON a (id);").unwrap();
        assert!(alone.sections()[0].no_transaction);
        assert_eq!(alone.head_start(), 0, "driftlock's own directives may stand at the head");
        assert!(facts(b"-- atlas:checkpoint v1\n\nCREATE TABLE a (id int);").is_baseline);
        for text in ["CREATE TABLE a (id int);", "-- atlas:checkpoint\n-- atlas:txmode all\n", "-- checkpoint\n"] {
            assert!(!facts(text.as_bytes()).is_baseline, "{text}");
        }
        assert!(!facts(b"\xff-- atlas:checkpoint\n\n").is_baseline);
    }

    #[test]
    fn loads_what_fits_its_record_and_nothing_else() {
        let (one, two) = ("CREATE TABLE a (id int);\n", "-- atlas:checkpoint\n\nCREATE TABLE a (id int);\n");
        let sum = AtlasSum::of([("1_a.sql", one.as_bytes()), ("2_b.sql", two.as_bytes())]).to_string();
        let files = Memory::new().with("1_a.sql", one).with("2_b.sql", two).with("atlas.sum", sum);
        let migrations = Migrations::load(Arc::new(files.clone()), None).unwrap();
        assert_eq!(migrations.layout(), Layout::Atlas);
        let roles: Vec<Role> = migrations.list().iter().map(|migration| migration.role).collect();
        assert_eq!(roles, [Role::Versioned, Role::Baseline]);
        let edited = files.with("1_a.sql", "CREATE TABLE a (id bigint);\n");
        let error = Migrations::load(Arc::new(edited), None).unwrap_err();
        assert!(matches!(error, LoadError::Sum { line: 2, .. }), "{error}");
        assert!(error.to_string().starts_with("atlas.sum:2: `1_a.sql` was edited"), "{error}");
    }

    #[test]
    fn leaves_the_line_of_the_delimiter_out() {
        let body = of("-- driftlock: no-transaction\n-- atlas:delimiter -- end\nSELECT 1\n-- end\nSELECT 2").unwrap();
        let sections: Vec<&str> = body.sections().iter().map(|section| &body.text()[section.span.clone()]).collect();
        assert_eq!(sections, ["-- driftlock: no-transaction\n", "SELECT 1\n-- end\nSELECT 2"]);
        assert!(body.head().starts_with("-- driftlock:"));
        let first = of("-- atlas:delimiter \\n\\n\nSELECT 1;").unwrap();
        assert_eq!(first.statements(Dialect::Sqlite).unwrap()[0].0.line, 2);
    }
}
