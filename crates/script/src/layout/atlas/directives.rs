//! Atlas's directives: comments that begin with `atlas:`, at the head of a file.
//!
//! Atlas follows those of a file's first comments, where an empty line stands behind these and the line ends are LF, and the
//! delimiter's on the first line alone (ariga/atlas, `sql/migrate/dir.go`: `LocalFile.comments`, `directive`). What doesn't stand
//! so is left out in silence there. Here they are followed anywhere in the comments in front of the first statement; behind it they are an error.

use std::ops::Range;

use crate::BodyError;

/// What the head of a file says of how it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Directives {
    /// Each statement is committed on its own.
    pub(super) no_transaction: bool,
    /// The file stands for all versions up to its own.
    pub(super) checkpoint: bool,
    /// What ends statements.
    pub(super) delimiter: Option<Delimiter>,
}

/// What ends statements in place of `;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delimiter {
    /// As it stands in the file.
    pub(super) text: String,
    /// The line that says so, with its end.
    pub(super) line: Range<usize>,
}

const KNOWN: &str = "`delimiter`, `txmode`, `checkpoint`, `sum` and `nolint`";

impl Directives {
    /// Reads the directives of a file.
    ///
    /// # Errors
    /// For one that is unknown or malformed, that stands behind the first statement, that is given twice, or that belongs to Atlas's
    /// closed features.
    pub(super) fn read(text: &str) -> Result<Self, BodyError> {
        let mut directives = Directives::default();
        let mut seen: Vec<&str> = Vec::new();
        let mut in_head = true;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let span = start..start + line.len();
            start = span.end;
            let plain = line.trim_start();
            let comment = ["--", "#"].iter().find_map(|mark| plain.strip_prefix(mark));
            in_head &= comment.is_some() || plain.is_empty();
            let Some((name, value)) = comment.and_then(directive) else { continue };
            let place = span.start + (line.len() - plain.len());
            let error = |message: String| Err(BodyError::script(text, place, message));
            match name {
                // What it says is for a check that doesn't run here.
                "nolint" => continue,
                "txtar" | "import" | "assert" => {
                    return error(format!(
                        "`atlas:{name}` is a feature of Atlas's closed builds that driftlock doesn't have: write the statements into the file as they are to run"
                    ));
                }
                "delimiter" | "txmode" | "checkpoint" | "sum" if !in_head => {
                    return error(format!(
                        "`atlas:{name}` stands behind the first statement, where nothing comes of it; move it to the head of the file"
                    ));
                }
                "delimiter" | "txmode" | "checkpoint" | "sum" => {}
                _ if in_head => return error(format!("unknown directive `atlas:{name}`; there are {KNOWN}")),
                // Behind the head they are about a statement, and there is none that changes how it runs.
                _ => continue,
            }
            if seen.contains(&name) {
                return error(format!("`atlas:{name}` is given twice; take one of them out"));
            }
            seen.push(name);
            match (name, value.trim()) {
                ("checkpoint", _) => directives.checkpoint = true,
                // It is about `atlas.sum`, which knows it on the first line.
                ("sum", "ignore") if span.start == 0 => {}
                ("sum", "ignore") => {
                    return error(
                        "`atlas:sum ignore` counts on the first line of a file alone; move it there".to_owned(),
                    );
                }
                ("sum", other) => {
                    return error(format!("`atlas:sum {other}` is unknown; there is `atlas:sum ignore`"));
                }
                ("txmode", "none") => directives.no_transaction = true,
                ("txmode", "file") => {}
                ("txmode", "all") => {
                    return error(
                        "`atlas:txmode all` can't be said by a file; it is `none` (each statement on its own) or `file`"
                            .to_owned(),
                    );
                }
                ("txmode", other) => {
                    return error(format!(
                        "`atlas:txmode {other}` is unknown; it is `none` (each statement on its own) or `file`"
                    ));
                }
                (_, "") => return error("a delimiter is missing behind `atlas:delimiter`".to_owned()),
                // Spaces at its end are a part of it.
                _ => {
                    let text = value.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t");
                    directives.delimiter = Some(Delimiter { text, line: span });
                }
            }
        }
        Ok(directives)
    }
}

/// The name and the value of a directive that is all that a comment says.
fn directive(comment: &str) -> Option<(&str, &str)> {
    let rest = comment.trim_start().strip_prefix("atlas:")?.trim_end_matches(['\n', '\r']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, value) = rest.split_at(end);
    (!name.is_empty()).then(|| (name, value.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Directives, (u32, u32, String)> {
        Directives::read(text).map_err(|error| match error {
            BodyError::Script(error) | BodyError::Settings(error) => (error.line, error.column, error.message),
        })
    }

    #[test]
    fn reads_the_head() {
        let cases = [
            ("-- atlas:txmode none\n\nSELECT 1;", true, false, None),
            ("-- atlas:txmode none\nSELECT 1;", true, false, None),
            ("-- what it does\n\n--atlas:txmode   none\r\n\r\nSELECT 1;", true, false, None),
            ("# atlas:txmode none", true, false, None),
            ("-- atlas:txmode file\nSELECT 1;", false, false, None),
            ("-- atlas:checkpoint\n\nSELECT 1;", false, true, None),
            ("-- atlas:checkpoint v1.2\n-- atlas:txmode none\n", true, true, None),
            ("-- atlas:sum ignore\n-- atlas:nolint destructive\nSELECT 1;", false, false, None),
            ("-- atlas:delimiter \\n\\n\\n\n\nSELECT 1", false, false, Some("\n\n\n")),
            ("-- atlas:delimiter \\n---\\n\r\nSELECT 1", false, false, Some("\n---\n")),
            ("-- atlas:delimiter -- end \nSELECT 1", false, false, Some("-- end ")),
            ("-- a\n-- atlas:delimiter \\t//\nSELECT 1", false, false, Some("\t//")),
            ("SELECT 1;\n-- atlas:nolint\nSELECT 2;\n-- atlas:pos x\n", false, false, None),
            ("-- see the docs of atlas:checkpoint\nSELECT '-- atlas:txmode none';", false, false, None),
            ("-- atlas: a note\n", false, false, None),
            ("", false, false, None),
        ];
        for (text, no_transaction, checkpoint, delimiter) in cases {
            let found = read(text).unwrap();
            let found = (found.no_transaction, found.checkpoint, found.delimiter.map(|delimiter| delimiter.text));
            assert_eq!(found, (no_transaction, checkpoint, delimiter.map(str::to_owned)), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_follow() {
        let cases = [
            ("-- atlas:txmode all\n", 1, 1, "can't be said by a file"),
            ("-- atlas:txmode\n", 1, 1, "is unknown"),
            ("\n  -- atlas:txmod none\n", 2, 3, "unknown directive `atlas:txmod`"),
            ("-- atlas:txmode none\n-- atlas:txmode none\n", 2, 1, "twice"),
            ("-- atlas:delimiter\nSELECT 1", 1, 1, "missing"),
            ("-- atlas:sum\n", 1, 1, "`atlas:sum ignore`"),
            ("-- a\n-- atlas:sum ignore\n", 2, 1, "first line"),
            ("SELECT 1;\n-- atlas:txmode none\nSELECT 2;", 2, 1, "head of the file"),
            ("-- atlas:txtar\n\n-- checks.sql --\n", 1, 1, "`atlas:txtar` is a feature"),
            ("-- atlas:import ../a.sql\n", 1, 1, "`atlas:import` is a feature"),
            ("SELECT 1;\n-- atlas:assert oneof\n", 2, 1, "`atlas:assert` is a feature"),
        ];
        for (text, line, column, part) in cases {
            let error = read(text).unwrap_err();
            assert_eq!((error.0, error.1), (line, column), "{text:?}: {}", error.2);
            assert!(error.2.contains(part), "{text:?}: {}", error.2);
        }
    }
}
