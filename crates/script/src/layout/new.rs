//! The files of a new migration: named and begun as the layout's own tool makes them, numbered as the directory is.

use super::{FileName, Layout, Part, Role};
use crate::Version;

/// A migration that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFiles {
    /// Its version.
    pub version: Version,
    /// Names, relative to the directory, and what they are to hold. The way up comes first.
    pub files: Vec<(String, String)>,
}

/// The statements of a new migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewScripts {
    /// The way up.
    pub up: NewScript,
    /// The way down, where there is one.
    pub down: Option<NewScript>,
}

/// The statements of one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewScript {
    /// Each with the comments before it, ended as the engine's own client wants it, and with its own line's end.
    pub statements: Vec<String>,
    /// They can't run as one transaction.
    pub no_transaction: bool,
}

impl NewScript {
    fn text(&self, layout: Layout) -> String {
        let mut text = String::new();
        for statement in &self.statements {
            let body = statement.trim_end().trim_end_matches(';');
            // To goose, a line's end behind a `;` ends a statement.
            if layout == Layout::Goose && body.contains(';') {
                text.push_str(&format!("-- +goose StatementBegin\n{statement}-- +goose StatementEnd\n"));
            } else {
                text.push_str(statement);
            }
        }
        text
    }
}

/// No files can be made by these rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NewFilesError {
    /// Nothing comes behind the last version, as it is written.
    #[error(
        "no version comes after that of `{file}`, counting on from it: make the next file by hand, with a version that does"
    )]
    Last {
        /// The last file.
        file: String,
    },
    /// The layout has no such name.
    #[error("`{file}` is no name of the {layout} layout: {why}")]
    Name {
        /// The file that would be made.
        file: String,
        /// The layout.
        layout: Layout,
        /// Why not.
        why: &'static str,
    },
}

impl Layout {
    /// The files of a migration that is to come behind `there`, the files of its directory. Where these count, it counts on; else the
    /// version is `stamp`, a time as `20240520143022`. `title` is said in them, and without statements what is to be written there.
    ///
    /// # Errors
    /// See [`NewFilesError`].
    pub fn new_files(
        self,
        there: &[&str],
        stamp: &str,
        name: &str,
        title: &str,
        scripts: Option<&NewScripts>,
    ) -> Result<NewFiles, NewFilesError> {
        let there = There::of(self, there);
        let written = match &there.newest {
            None if self == Layout::GolangMigrate => "000001".to_owned(),
            None if matches!(self, Layout::Flyway | Layout::Refinery) => "1".to_owned(),
            None => stamped(self, stamp, None),
            Some((file, _)) => {
                let last = raw_version(self, file);
                let counted = if is_time(last) { None } else { counted(last) };
                counted.unwrap_or_else(|| stamped(self, stamp, Some(last)))
            }
        };
        let mut files = self.begun(&there, &format!("{written}_{name}"), &format!("{written}__{name}"), title, scripts);
        let read = |(file, _): &(String, String)| {
            self.read_name(file).map_err(|why| NewFilesError::Name { file: file.clone(), layout: self, why })
        };
        let named = files.iter().map(read).collect::<Result<Vec<FileName>, _>>()?;
        if let Some(scripts) = scripts {
            self.beside(&mut files, scripts);
        }
        let version = named.into_iter().next().map_or_else(|| Version::text(written), |name| name.version);
        if let Some((file, name)) = there.newest
            && !is_time(raw_version(self, file))
            && version <= name.version
        {
            return Err(NewFilesError::Last { file: file.to_owned() });
        }
        Ok(NewFiles { version, files })
    }

    /// Files by the stem that they share, with one `_` behind the version or with two.
    fn begun(
        self,
        there: &There<'_>,
        stem: &str,
        stem_of_two: &str,
        title: &str,
        scripts: Option<&NewScripts>,
    ) -> Vec<(String, String)> {
        let (up, down) = match scripts {
            None => {
                let up = format!("-- {title}.\n-- Say here what changes and why; the statements follow.\n\n");
                (up, Some(String::new()))
            }
            Some(scripts) => {
                let head = self.no_transaction_mark(&scripts.up);
                let up = format!("{head}-- {title}.\n\n{}", scripts.up.text(self));
                (up, scripts.down.as_ref().map(|down| down.text(self)))
            }
        };
        let undone = scripts.and_then(|scripts| scripts.down.as_ref());
        let pair = |first: String, second: String| {
            let head = undone.map_or("", |down| self.no_transaction_mark(down));
            let undo = down.as_ref().map(|text| (second, format!("{head}-- Undoes {first}.\n\n{text}")));
            std::iter::once((first, up.clone())).chain(undo).collect()
        };
        let undo = |mark: &str| match &down {
            Some(text) => format!("{mark}-- Undoes it.\n\n{text}"),
            None => String::new(),
        };
        match self {
            Layout::Driftlock | Layout::GolangMigrate => pair(format!("{stem}.up.sql"), format!("{stem}.down.sql")),
            Layout::Sqlx if there.has_pairs => pair(format!("{stem}.up.sql"), format!("{stem}.down.sql")),
            Layout::Diesel => pair(format!("{stem}/up.sql"), format!("{stem}/down.sql")),
            Layout::Flyway if there.has_undo => {
                let folder = there.folder;
                pair(format!("{folder}V{stem_of_two}.sql"), format!("{folder}U{stem_of_two}.sql"))
            }
            Layout::Flyway | Layout::Refinery => vec![(format!("{}V{stem_of_two}.sql", there.folder), up)],
            Layout::Sqlx | Layout::Atlas => vec![(format!("{stem}.sql"), up)],
            Layout::Goose => {
                let alone =
                    scripts.is_some_and(|it| it.up.no_transaction || undone.is_some_and(|it| it.no_transaction));
                let head = if alone { "-- +goose NO TRANSACTION\n" } else { "" };
                vec![(format!("{stem}.sql"), format!("{head}-- +goose Up\n{up}{}", undo("-- +goose Down\n")))]
            }
            Layout::Dbmate => {
                let option = |script: Option<&NewScript>| {
                    if script.is_some_and(|it| it.no_transaction) { " transaction:false" } else { "" }
                };
                let (one, other) = (option(scripts.map(|it| &it.up)), option(undone));
                // Without a block for the way down the file is none.
                let undo = if down.is_some() { undo("") } else { "-- Nothing undoes it.\n".to_owned() };
                vec![(format!("{stem}.sql"), format!("-- migrate:up{one}\n{up}-- migrate:down{other}\n{undo}"))]
            }
        }
    }

    /// The line at a file's head that says that it is no transaction, in the layouts that have such a line for a whole file.
    fn no_transaction_mark(self, script: &NewScript) -> &'static str {
        match self {
            _ if !script.no_transaction => "",
            Layout::Driftlock => "-- driftlock: no-transaction\n",
            Layout::Sqlx => "-- no-transaction\n",
            Layout::Atlas => "-- atlas:txmode none\n\n",
            _ => "",
        }
    }

    /// The files that say the same beside the scripts, in the layouts that have such.
    fn beside(self, files: &mut Vec<(String, String)>, scripts: &NewScripts) {
        let ways = [Some(&scripts.up), scripts.down.as_ref()];
        let alone = |way: &Option<&NewScript>| way.is_some_and(|it| it.no_transaction);
        match self {
            Layout::Flyway => {
                let said: Vec<String> = files
                    .iter()
                    .zip(&ways)
                    .filter(|(_, way)| alone(way))
                    .map(|((file, _), _)| format!("{file}.conf"))
                    .collect();
                files.extend(said.into_iter().map(|file| (file, "executeInTransaction=false\n".to_owned())));
            }
            Layout::Diesel if ways.iter().any(alone) => {
                let folder = files.first().and_then(|(file, _)| file.split('/').next()).unwrap_or_default();
                files.push((format!("{folder}/metadata.toml"), "run_in_transaction = false\n".to_owned()));
            }
            _ => {}
        }
    }

    /// Whether its files can say that they are no transaction.
    #[must_use]
    pub fn says_no_transaction(self) -> bool {
        !matches!(self, Layout::GolangMigrate | Layout::Refinery)
    }

    /// Whether a migration that is made now has a way down.
    #[must_use]
    pub fn has_way_down(self, there: &[&str]) -> bool {
        let there = There::of(self, there);
        match self {
            Layout::Sqlx => there.has_pairs,
            Layout::Flyway => there.has_undo,
            Layout::Refinery | Layout::Atlas => false,
            _ => true,
        }
    }
}

/// What a directory's files say of how the next one is named.
struct There<'a> {
    /// The file of the highest version.
    newest: Option<(&'a str, FileName)>,
    /// The folder of that file, with its slash.
    folder: &'a str,
    /// The newest migration has a way up and a way down in files of their own.
    has_pairs: bool,
    /// Some migration has its way down in a file of its own.
    has_undo: bool,
}

impl<'a> There<'a> {
    fn of(layout: Layout, files: &[&'a str]) -> Self {
        let named = files.iter().filter_map(|&file| Some((file, layout.read_name(file).ok()?)));
        let named: Vec<(&str, FileName)> = named.filter(|(_, name)| name.role != Role::Repeatable).collect();
        let newest = named.iter().max_by(|a, b| a.1.version.cmp(&b.1.version)).cloned();
        let is_down = |name: &FileName| name.part == Part::Down;
        let has_pairs = newest.as_ref().is_some_and(|(_, newest)| {
            named
                .iter()
                .any(|(file, name)| name.version == newest.version && (is_down(name) || file.ends_with(".up.sql")))
        });
        let has_undo = named.iter().any(|(_, name)| is_down(name));
        let folder = newest.as_ref().and_then(|(file, _)| Some(&file[..=file.rfind('/')?])).unwrap_or_default();
        There { newest, folder, has_pairs, has_undo }
    }
}

/// A version as its file writes it.
fn raw_version(layout: Layout, file: &str) -> &str {
    match layout {
        Layout::Flyway | Layout::Refinery => {
            let stem = file.rsplit('/').next().unwrap_or(file).split("__").next().unwrap_or_default();
            stem.get(1..).unwrap_or_default()
        }
        Layout::Driftlock | Layout::Dbmate => {
            let is_part = |c: char| c.is_ascii_digit() || (c == '-' && layout == Layout::Driftlock);
            &file[..file.find(|c| !is_part(c)).unwrap_or(file.len())]
        }
        _ => file.split(['_', '/']).next().unwrap_or_default().trim_end_matches(".sql"),
    }
}

/// Whether a version is a time and no count.
fn is_time(version: &str) -> bool {
    let plain = version.replace('-', "");
    plain.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(plain.len(), 12 | 14 | 18)
        && (plain.starts_with("19") || plain.starts_with("20"))
}

/// The version behind one that is a count: its last number, and one more, written as wide.
fn counted(last: &str) -> Option<String> {
    let start = last.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (before, digits) = last.split_at(start);
    let next = digits.parse::<u64>().ok()?.checked_add(1)?;
    Some(format!("{before}{next:0width$}", width = digits.len()))
}

/// A time as the layout writes it: as the last version does, where that is one.
fn stamped(layout: Layout, stamp: &str, last: Option<&str>) -> String {
    let (date, time) = stamp.split_at_checked("20240520".len()).unwrap_or((stamp, ""));
    match layout {
        Layout::Driftlock => format!("{date}-{time}"),
        Layout::Diesel => {
            let dashed = last.is_none_or(|last| last.contains('-'));
            // Its own tool (diesel_cli 2.3) counts those of one second; older ones don't, nor do their directories.
            let counts = last.is_none_or(|last| last.replace('-', "").len() != stamp.len());
            let (year, rest) = date.split_at_checked(4).unwrap_or((date, ""));
            let (month, day) = rest.split_at_checked(2).unwrap_or((rest, ""));
            match (dashed, counts) {
                (true, true) => format!("{year}-{month}-{day}-{time}-0000"),
                (true, false) => format!("{year}-{month}-{day}-{time}"),
                (false, true) => format!("{stamp}0000"),
                (false, false) => stamp.to_owned(),
            }
        }
        // To the minute, where that is how far the last one goes.
        _ => last
            .map_or(stamp, |last| if last.len() == 12 { stamp.get(..12).unwrap_or(stamp) } else { stamp })
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: &str = "20240520143022";

    fn names(layout: Layout, there: &[&str]) -> Result<Vec<String>, String> {
        let new = layout.new_files(there, STAMP, "user_add", "user: add", None).map_err(|error| error.to_string())?;
        for (file, _) in &new.files {
            assert_eq!(layout.read_name(file).unwrap().version, new.version, "{file}");
        }
        Ok(new.files.into_iter().map(|(file, _)| file).collect())
    }

    #[test]
    fn names_as_the_directory_does() {
        use Layout::*;
        let cases: &[(Layout, &[&str], &[&str])] = &[
            (Driftlock, &[], &["20240520-143022_user_add.up.sql", "20240520-143022_user_add.down.sql"]),
            (
                Driftlock,
                &["20240101-000000_a.up.sql"],
                &["20240520-143022_user_add.up.sql", "20240520-143022_user_add.down.sql"],
            ),
            (GolangMigrate, &[], &["000001_user_add.up.sql", "000001_user_add.down.sql"]),
            (GolangMigrate, &["0009_a.up.sql", "0002_b.up.sql"], &["0010_user_add.up.sql", "0010_user_add.down.sql"]),
            (GolangMigrate, &["9_a.up.sql", "9_a.down.sql"], &["10_user_add.up.sql", "10_user_add.down.sql"]),
            (
                GolangMigrate,
                &["20230101000000_a.up.sql"],
                &["20240520143022_user_add.up.sql", "20240520143022_user_add.down.sql"],
            ),
            (Goose, &[], &["20240520143022_user_add.sql"]),
            (Goose, &["00001_a.sql", "00002_b.go"], &["00003_user_add.sql"]),
            (Goose, &["20230101000000_a.sql", "00002_b.sql"], &["20240520143022_user_add.sql"]),
            (Dbmate, &[], &["20240520143022_user_add.sql"]),
            (Dbmate, &["20230101000000_a.sql"], &["20240520143022_user_add.sql"]),
            (Dbmate, &["001a.sql"], &["002_user_add.sql"]),
            (Flyway, &[], &["V1__user_add.sql"]),
            (Flyway, &["V9__a.sql", "V10__b.sql", "R__views.sql"], &["V11__user_add.sql"]),
            (Flyway, &["V1.2__a.sql", "V1.10__b.sql"], &["V1.11__user_add.sql"]),
            (Flyway, &["sub/V1_2__a.sql", "B1_2__b.sql"], &["V1_3__user_add.sql"]),
            (Flyway, &["sub/V003__a.sql", "U003__a.sql"], &["V004__user_add.sql", "U004__user_add.sql"]),
            (Flyway, &["V1__a.sql", "sub/V2__a.sql"], &["sub/V3__user_add.sql"]),
            (Flyway, &["V20230101000000__a.sql"], &["V20240520143022__user_add.sql"]),
            (Flyway, &["V202301010000__a.sql"], &["V202405201430__user_add.sql"]),
            (Refinery, &[], &["V1__user_add.sql"]),
            (Refinery, &["V1__a.sql", "U2__b.rs"], &["V3__user_add.sql"]),
            (Diesel, &[], &["2024-05-20-143022-0000_user_add/up.sql", "2024-05-20-143022-0000_user_add/down.sql"]),
            (
                Diesel,
                &["00000000000000_diesel_initial_setup/up.sql", "2023-01-01-000000_a/up.sql"],
                &["2024-05-20-143022_user_add/up.sql", "2024-05-20-143022_user_add/down.sql"],
            ),
            (
                Diesel,
                &["2023-01-01-000000-0000_a/up.sql"],
                &["2024-05-20-143022-0000_user_add/up.sql", "2024-05-20-143022-0000_user_add/down.sql"],
            ),
            (
                Diesel,
                &["20230101000000_a/up.sql"],
                &["20240520143022_user_add/up.sql", "20240520143022_user_add/down.sql"],
            ),
            (Diesel, &["0001_a/up.sql"], &["0002_user_add/up.sql", "0002_user_add/down.sql"]),
            (Atlas, &[], &["20240520143022_user_add.sql"]),
            (Atlas, &["20230101000000.sql"], &["20240520143022_user_add.sql"]),
            (Atlas, &["v1_a.sql"], &["v2_user_add.sql"]),
            (Sqlx, &[], &["20240520143022_user_add.sql"]),
            (Sqlx, &["0001_a.sql"], &["0002_user_add.sql"]),
            (Sqlx, &["1_a.up.sql", "1_a.down.sql"], &["2_user_add.up.sql", "2_user_add.down.sql"]),
            (Sqlx, &["1_a.up.sql", "1_a.down.sql", "2_b.sql"], &["3_user_add.sql"]),
            (
                Sqlx,
                &["20230101000000_a.up.sql"],
                &["20240520143022_user_add.up.sql", "20240520143022_user_add.down.sql"],
            ),
        ];
        for (layout, there, expected) in cases {
            assert_eq!(names(*layout, there).unwrap(), *expected, "{layout}: {there:?}");
        }
    }

    #[test]
    fn stops_where_no_version_comes_behind_the_last() {
        for (layout, file) in [
            (Layout::Dbmate, "9_a.sql"),
            (Layout::Atlas, "v9_a.sql"),
            (Layout::Diesel, "999_a/up.sql"),
            (Layout::GolangMigrate, "18446744073709551615_a.up.sql"),
            (Layout::Sqlx, "9223372036854775807_a.sql"),
        ] {
            let error = names(layout, &[file]).unwrap_err();
            assert!(error.contains(file) || error.contains("larger than"), "{layout}: {error}");
        }
        assert!(
            Layout::Refinery
                .new_files(&[], STAMP, "a.b", "t", None)
                .unwrap_err()
                .to_string()
                .contains("refinery layout")
        );
    }

    #[test]
    fn begins_files_of_both_ways_with_their_marks() {
        let text = |layout: Layout| layout.new_files(&[], STAMP, "a", "user: add", None).unwrap().files[0].1.clone();
        assert!(text(Layout::Goose).starts_with("-- +goose Up\n-- user: add.\n"), "{}", text(Layout::Goose));
        assert!(text(Layout::Goose).contains("\n\n-- +goose Down\n"));
        assert!(
            text(Layout::Dbmate).starts_with("-- migrate:up\n") && text(Layout::Dbmate).contains("\n-- migrate:down\n")
        );
    }
}
