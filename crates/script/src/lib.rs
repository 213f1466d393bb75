//! What a SQL file says: statements with spans, directives, names, layouts, the manifest.
//!
//! Nothing here knows a driver or a server. Statements are found by each engine's lexical rules alone:
//!
//! ```
//! use driftlock_script::{Dialect, split};
//!
//! let file = "CREATE TABLE a (note text DEFAULT ';');\n\nINSERT INTO a VALUES ($$;$$);\n";
//! let statements = split(file, Dialect::Postgres)?;
//! assert_eq!(statements.len(), 2);
//! assert_eq!(statements[1].text(file), "INSERT INTO a VALUES ($$;$$)");
//! assert_eq!((statements[1].line, statements[1].column), (3, 1));
//! # Ok::<(), driftlock_script::SplitError>(())
//! ```

mod body;
mod bytes;
mod checksum;
mod convert;
mod digest;
mod directives;
mod embedded;
mod files;
mod flaw;
mod hooks;
mod layout;
mod lock_file;
mod long;
mod manifest;
mod migrations;
mod name;
mod origins;
mod pairing;
mod redact;
mod renamed;
mod split;
mod tables;
mod text;
mod token;
mod version;

pub(crate) use body::BodyError;
pub use body::{Body, Section, Values, Whereabouts};
pub use bytes::{decode_script, only_in_rows, to_bytes};
pub use checksum::sqlx_checksum;
pub use convert::{Conversion, ConvertError, Converted};
pub use digest::{Digest, raw_sha256};
pub use directives::{DirectiveError, Directives, duration};
pub use embedded::{Pack, Packed};
pub use files::{Directory, Files, FilesError, Memory};
pub use flaw::FileFlaw;
pub use hooks::{HOOKS, HookEvent, HookFile, HookValue};
pub use layout::{
    ATLAS_SUM, AtlasSum, FileName, Layout, NewFiles, NewFilesError, NewScript, NewScripts, Part, RefineryVersion, Role,
    atlas_partial_hashes, flyway_checksum, refinery_checksum,
};
pub use lock_file::{LOCK_FILE, LockFile, LockFileError, LockedMigration, Stale};
pub use long::LongScript;
pub use manifest::{Difference, MANIFEST, Manifest, ManifestError, from_root};
pub use migrations::{LoadError, Migration, Migrations, Script, Survey};
pub use name::{NameError, new_name};
pub use origins::Origins;

pub use redact::{credentials, mask, redact, redact_said, redacted_line};
pub use renamed::{Renaming, RenamingError, renamings};
pub use split::{Options, Piece, Pieces, PiecesError, SplitError, Statement, split, split_with};
pub use tables::Touched;
pub use text::{TextError, as_its_client_reads, decode, position};
pub use token::{Token, TokenKind, significant, tokens};
pub use version::Version;

/// Whose lexical rules a script follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL, as `psql` reads files.
    Postgres,
    /// MySQL and MariaDB, as their clients read files.
    MySql,
    /// SQLite, as `sqlite3` reads files.
    Sqlite,
}
