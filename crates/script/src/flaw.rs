//! What is wrong with files, each file's by itself.

use crate::{LoadError, SplitError};

/// What is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFlaw {
    /// The file, as people see it.
    pub file: String,
    /// The line, from 1; 0 where it is about the file as a whole.
    pub line: u32,
    /// The column, in characters, from 1; 0 where it is about the file as a whole.
    pub column: u32,
    /// The text of that line, where it is known.
    pub text: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl std::fmt::Display for FileFlaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.file.as_str(), self.line) {
            ("", _) => f.write_str(&self.message),
            (file, 0) => write!(f, "{file}: {}", self.message),
            (file, line) => write!(f, "{file}:{line}:{}: {}", self.column, self.message),
        }
    }
}

impl FileFlaw {
    /// About a file as a whole.
    #[must_use]
    pub fn whole(file: impl Into<String>, message: impl Into<String>) -> Self {
        FileFlaw { file: file.into(), line: 0, column: 0, text: String::new(), message: message.into() }
    }

    /// About a place in a file, whose line has this text.
    #[must_use]
    pub fn at(file: impl Into<String>, error: SplitError, text: impl Into<String>) -> Self {
        let SplitError { message, line, column, .. } = error;
        FileFlaw { file: file.into(), line, column, text: text.into(), message }
    }
}

impl LoadError {
    /// The same, told of each file by itself.
    #[must_use]
    pub fn flaws(self) -> Vec<FileFlaw> {
        let flaw = match self {
            LoadError::NoLayout { layout, files } => {
                let example = layout.example();
                let tell = |(file, why)| {
                    let message =
                        format!("it has no name of the {layout} layout, such as `{example}`: {why}; rename or move it");
                    FileFlaw::whole(file, message)
                };
                return files.into_iter().map(tell).collect();
            }
            LoadError::Duplicate { version, first, second } => FileFlaw::whole(
                second,
                format!("version {version} is there already: `{first}`; give one of them another version"),
            ),
            LoadError::DownWithoutUp { file, version } => FileFlaw::whole(
                file,
                format!("it has no up script: there is no other file of version {version}; add it or remove this one"),
            ),
            LoadError::NamesDiffer { up, down } => {
                FileFlaw::whole(down, format!("it bears another name than its up script `{up}`; rename one of them"))
            }
            LoadError::Files(error) => FileFlaw::whole(error.path, error.reason),
            LoadError::Sum { file, line, message } => FileFlaw { file, line, column: 1, text: String::new(), message },
            LoadError::Body { file, error, line } => FileFlaw::at(file, error, line),
            LoadError::Text { file, error } => {
                FileFlaw { file, line: error.line, column: error.column, text: String::new(), message: error.message }
            }
            LoadError::Code { file, language } => FileFlaw::whole(
                file,
                format!(
                    "it is a migration in {language}, which driftlock can't run: write it in SQL, or run it with its own tool and take that over with `driftlock adopt`"
                ),
            ),
            LoadError::Changed { file } => {
                FileFlaw::whole(file, "it changed while it was being read; run the command again")
            }
            LoadError::Hook { files } => {
                return files.into_iter().map(|(file, why)| FileFlaw::whole(file, why)).collect();
            }
            other @ LoadError::Ambiguous { .. } => FileFlaw::whole("", other.to_string()),
        };
        vec![flaw]
    }
}
