//! Which layout a directory has: by its names, and where several fit, by what only one of them would have written.

use std::borrow::Cow;

use super::{ATLAS_SUM, Layout, Part, Role};
use crate::files::{is_settings, is_sql};
use crate::{Files, FilesError};

/// The layout taken, and what a person should know of the choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recognised {
    pub(crate) layout: Layout,
    /// Said where other layouts would have fitted too.
    pub(crate) note: Option<String>,
}

/// Two layouts fit and would run different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    pub(crate) layouts: Vec<Layout>,
    /// The file in which they differ.
    pub(crate) file: String,
    /// How they differ, in a sentence about that file.
    pub(crate) why: &'static str,
}

/// Chooses the layout of a directory from the names in it, and from its texts where the names don't tell.
pub(crate) fn recognise(files: &dyn Files, names: &[String]) -> Result<Result<Recognised, Ambiguous>, FilesError> {
    let scripts: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_sql(name)).collect();
    let look = Look { files, names, scripts };
    let fits = |layout: Layout| look.scripts.iter().all(|name| layout.read_name(name).is_ok());
    if look.names.iter().any(|name| name == ATLAS_SUM) && look.has_no_way_down() && fits(Layout::Atlas) {
        return Ok(Ok(only(Layout::Atlas)));
    }
    let fitting: Vec<Layout> = BY_NAME.iter().copied().filter(|&layout| fits(layout)).collect();
    match fitting.as_slice() {
        [Layout::Driftlock, ..] => Ok(Ok(only(Layout::Driftlock))),
        [Layout::GolangMigrate, ..] => look.pairs(),
        [Layout::Flyway, Layout::Refinery] => look.double_underscores(),
        [Layout::Sqlx] => look.numbered(),
        [layout, ..] => Ok(Ok(only(*layout))),
        [] => Ok(look.both_ways(&look.marks()?).unwrap_or_else(|| Ok(only(look.most())))),
    }
}

/// The layouts that are known by the names of files alone, in the order in which they are tried. goose's and dbmate's files bear
/// marks; Atlas's names are anybody's, and nothing but its record says that they are its.
const BY_NAME: &[Layout] =
    &[Layout::Driftlock, Layout::GolangMigrate, Layout::Flyway, Layout::Refinery, Layout::Diesel, Layout::Sqlx];

fn only(layout: Layout) -> Recognised {
    Recognised { layout, note: None }
}

fn taken(layout: Layout, other: Layout) -> Recognised {
    let note = format!("the files fit the layouts {layout} and {other}, which run the same; taken as {layout}");
    Recognised { layout, note: Some(note) }
}

/// So much of a file is looked at: marks stand in front of what they are about.
const HEAD: usize = 1 << 20;

struct Look<'a> {
    files: &'a dyn Files,
    names: &'a [String],
    scripts: Vec<&'a str>,
}

impl Look<'_> {
    fn has_no_way_down(&self) -> bool {
        self.scripts.iter().all(|name| !name.ends_with(".down.sql"))
    }

    /// The layout that most names fit; the first of those that fit equally many.
    fn most(&self) -> Layout {
        let count = |layout: &Layout| self.scripts.iter().filter(|name| layout.read_name(name).is_ok()).count();
        BY_NAME.iter().copied().rev().max_by_key(count).unwrap_or(Layout::Driftlock)
    }

    /// The first script whose text a test holds for; of long ones, the head of it.
    fn first(&self, test: impl Fn(&[u8]) -> bool) -> Result<Option<&str>, FilesError> {
        for name in &self.scripts {
            let text: Cow<'_, [u8]> = self.files.head(name, HEAD)?;
            if test(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// The marks that the texts bear, in one look at each; at the head of long ones.
    fn marks(&self) -> Result<Marks<'_>, FilesError> {
        let mut marks = Marks::default();
        for name in &self.scripts {
            let text: Cow<'_, [u8]> = self.files.head(name, HEAD)?;
            marks.look(name, text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text));
        }
        Ok(marks)
    }

    /// `1_a.up.sql` and `1_a.down.sql` are golang-migrate's and sqlx's. One with both ways in it must never run whole.
    fn pairs(&self) -> Result<Result<Recognised, Ambiguous>, FilesError> {
        let marks = self.marks()?;
        if let Some(marked) = self.both_ways(&marks) {
            return Ok(marked);
        }
        Ok(Ok(match marks.sqlx {
            Some(_) => only(Layout::Sqlx),
            None => taken(Layout::GolangMigrate, Layout::Sqlx),
        }))
    }

    /// `V1__a.sql` is Flyway's and refinery's.
    fn double_underscores(&self) -> Result<Result<Recognised, Ambiguous>, FilesError> {
        if self.names.iter().any(|name| is_settings(name)) {
            return Ok(Ok(only(Layout::Flyway)));
        }
        let has_code = |layout: Layout| {
            let is_code = |name: &String| matches!(layout.read_name(name).map(|name| name.role), Ok(Role::Code(_)));
            self.names.iter().any(is_code)
        };
        match (has_code(Layout::Flyway), has_code(Layout::Refinery)) {
            (true, false) => return Ok(Ok(only(Layout::Flyway))),
            (false, true) => return Ok(Ok(only(Layout::Refinery))),
            _ => {}
        }
        let ambiguous = |file: &str, why| {
            Ok(Err(Ambiguous { layouts: vec![Layout::Flyway, Layout::Refinery], file: self.files.display(file), why }))
        };
        let is_down = |name: &&&str| Layout::Flyway.read_name(name).is_ok_and(|name| name.part == Part::Down);
        if let Some(file) = self.scripts.iter().find(is_down) {
            return ambiguous(file, "is the way down to Flyway, and a version of its own to refinery");
        }
        if let Some(file) = self.first(|text| text.windows(2).any(|pair| pair == b"${"))? {
            return ambiguous(file, "has a `${…}` that Flyway puts a value in for, and refinery leaves as it is");
        }
        Ok(Ok(taken(Layout::Flyway, Layout::Refinery)))
    }

    /// The layout with both ways in one file whose marks the files bear.
    fn both_ways(&self, marks: &Marks<'_>) -> Option<Result<Recognised, Ambiguous>> {
        match (marks.goose, marks.dbmate) {
            (Some(file), Some(_)) => Some(Err(Ambiguous {
                layouts: vec![Layout::Goose, Layout::Dbmate],
                file: self.files.display(file),
                why: "has marks of goose, and others have marks of dbmate",
            })),
            (Some(_), None) => Some(Ok(only(Layout::Goose))),
            (None, Some(_)) => Some(Ok(only(Layout::Dbmate))),
            (None, None) => None,
        }
    }

    /// `1_a.sql` is what goose, dbmate, Atlas and sqlx write, all but the last two with marks of their own.
    fn numbered(&self) -> Result<Result<Recognised, Ambiguous>, FilesError> {
        let marks = self.marks()?;
        if let Some(marked) = self.both_ways(&marks) {
            return Ok(marked);
        }
        if marks.sqlx.is_some() || !self.has_no_way_down() {
            return Ok(Ok(only(Layout::Sqlx)));
        }
        if marks.atlas.is_some() {
            return Ok(Ok(only(Layout::Atlas)));
        }
        let order = |layout: Layout| {
            let mut order: Vec<&str> = self.scripts.clone();
            order.sort_by_key(|name| layout.read_name(name).ok().map(|name| name.version));
            order
        };
        let (by_number, by_name) = (order(Layout::Sqlx), order(Layout::Atlas));
        match by_number.iter().zip(&by_name).find(|(a, b)| a != b) {
            Some((file, _)) => Ok(Err(Ambiguous {
                layouts: vec![Layout::Sqlx, Layout::Atlas],
                file: self.files.display(file),
                why: "comes at another place by its number, as sqlx has it, than by its name, as Atlas has it",
            })),
            None => Ok(Ok(taken(Layout::Sqlx, Layout::Atlas))),
        }
    }
}

/// What only one runner's files say, and the first file that says it.
#[derive(Debug, Default)]
struct Marks<'a> {
    goose: Option<&'a str>,
    dbmate: Option<&'a str>,
    sqlx: Option<&'a str>,
    atlas: Option<&'a str>,
}

impl<'a> Marks<'a> {
    /// Looks at the comments that stand on lines of their own.
    fn look(&mut self, file: &'a str, text: &[u8]) {
        if text.starts_with(b"-- no-transaction") {
            self.sqlx.get_or_insert(file);
        }
        for line in text.split(|&byte| byte == b'\n') {
            let Some(comment) = line.trim_ascii_start().strip_prefix(b"--") else { continue };
            let comment = comment.trim_ascii_start();
            let mark =
                [(&b"+goose"[..], &mut self.goose), (b"migrate:up", &mut self.dbmate), (b"atlas:", &mut self.atlas)];
            if let Some((_, found)) = mark.into_iter().find(|(mark, _)| comment.starts_with(mark)) {
                found.get_or_insert(file);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn look(listed: &[(&str, &str)]) -> Result<(Layout, bool), String> {
        let files = listed.iter().fold(Memory::new(), |files, (name, text)| files.with(*name, *text));
        let names = files.list().unwrap();
        recognise(&files, &names)
            .unwrap()
            .map(|found| (found.layout, found.note.is_some()))
            .map_err(|ambiguous| ambiguous.file)
    }

    #[test]
    fn knows_each_layout() {
        type Files = &'static [(&'static str, &'static str)];
        let cases: &[(Files, Layout, bool)] = &[
            (&[("20240520-143022_a.up.sql", ""), ("20240520-143022_a.down.sql", "")], Layout::Driftlock, false),
            (&[("1_a.up.sql", ""), ("1_a.down.sql", "")], Layout::GolangMigrate, true),
            (&[("1_a.up.sql", "-- no-transaction\n"), ("1_a.down.sql", "")], Layout::Sqlx, false),
            (&[("1_a.sql", "-- +goose Up\n")], Layout::Goose, false),
            (&[("1_a.sql", "-- +goose Up\n"), ("2_b.go", "package m")], Layout::Goose, false),
            (&[("1_a.sql", "\n--migrate:up\n")], Layout::Dbmate, false),
            (&[("1.sql", "-- migrate:up\n"), ("2a.sql", "-- migrate:up\n")], Layout::Dbmate, false),
            (&[("1_a.up.sql", "-- +goose Up\n"), ("2_b.up.sql", "")], Layout::Goose, false),
            (&[("V1__a.sql", ""), ("R__b.sql", "")], Layout::Flyway, false),
            (&[("V1__a.sql", ""), ("V1.2__b.sql", "${x}")], Layout::Flyway, false),
            (&[("V1__a.sql", ""), ("V1__a.sql.conf", "")], Layout::Flyway, false),
            (&[("V1__a.sql", ""), ("V2__b.sql", "")], Layout::Flyway, true),
            (&[("V1__a.sql", ""), ("V2__b.java", "")], Layout::Flyway, false),
            (&[("V1__a.sql", ""), ("afterMigrate.sql", "")], Layout::Flyway, false),
            (&[("V1__a.sql", ""), ("V2__b.rs", "")], Layout::Refinery, false),
            (&[("2024-01-01-000000_a/up.sql", ""), ("2024-01-01-000000_a/down.sql", "")], Layout::Diesel, false),
            (&[("1_a.sql", ""), ("atlas.sum", "h1:=\n")], Layout::Atlas, false),
            (&[("init.sql", ""), ("atlas.sum", "h1:=\n")], Layout::Atlas, false),
            (&[("1_a.sql", "-- atlas:txmode none\n")], Layout::Atlas, false),
            (&[("1_a.sql", ""), ("2_b.sql", "")], Layout::Sqlx, true),
            (&[("1_a.sql", ""), ("2_b.up.sql", ""), ("2_b.down.sql", "")], Layout::Sqlx, false),
            (&[], Layout::Driftlock, false),
        ];
        for (files, layout, said) in cases {
            assert_eq!(look(files), Ok((*layout, *said)), "{files:?}");
        }
    }

    #[test]
    fn asks_where_readings_would_run_different_things() {
        assert_eq!(look(&[("V1__a.sql", ""), ("U2__b.sql", "")]), Err("U2__b.sql".to_owned()));
        assert_eq!(look(&[("V1__a.sql", "SELECT ${x}")]), Err("V1__a.sql".to_owned()));
        assert_eq!(look(&[("1_a.sql", ""), ("2_b.sql", ""), ("10_c.sql", "")]), Err("1_a.sql".to_owned()));
        assert!(look(&[("1_a.sql", "-- +goose Up"), ("2_b.sql", "-- migrate:up")]).is_err());
    }
}
