//! Files that were compiled into the program: a whole directory in one run of bytes.
//!
//! An index of names, digests and places stands in front; the contents follow in blocks, each compressed by itself. So a program with nothing to do
//! unpacks the index alone, and never more than one block of contents is held.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::{Deserialize, Serialize};

use crate::files::{hooks, listed, missing};
use crate::{Digest, Files, FilesError, Layout, Manifest};

/// Contents are put together until they have so many bytes. Larger blocks are hardly smaller compressed: deflate looks 32 KiB back.
const BLOCK: usize = 256 * 1024;

/// Deflate's level. Compilers run macros unoptimised: from here on, each level takes much more time for little.
const LEVEL: u8 = 3;

/// The first byte: how what follows is written.
const FORMAT: u8 = 1;

/// A file that goes into a program.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    /// Its name, relative to the root.
    pub name: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
    /// The digest of that.
    pub digest: Digest,
    /// Its SHA-256 by the manifest, where that has a line of it.
    pub line: Option<&'a str>,
}

/// A directory as a program carries it.
#[derive(Debug, Clone, Copy)]
pub struct Pack<'a> {
    /// The root, as messages show it.
    pub root: &'a str,
    /// The layout of the files.
    pub layout: Layout,
    /// Where there is a manifest: what it puts before the names of this directory, such as `migrations/`.
    pub manifest: Option<&'a str>,
    /// The files, sorted by name.
    pub files: &'a [Packed<'a>],
}

/// Files that were compiled into the program.
#[derive(Debug)]
pub(crate) struct Embedded {
    index: Index,
    /// Behind the index.
    blocks: &'static [u8],
    /// The block that was read last: scripts are read in the order in which they lie.
    last: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Index {
    root: String,
    layout: String,
    manifest: Option<String>,
    /// Where each block ends, and how long it is unpacked.
    blocks: Vec<(usize, usize)>,
    files: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: String,
    sha256: String,
    line: Option<String>,
    crc32: String,
    /// The block's number, where in it the file begins and where it ends.
    at: (usize, usize, usize),
}

impl Pack<'_> {
    /// The bytes that [`Migrations::embedded`](crate::Migrations::embedded) takes. The same files always give the same.
    ///
    /// # Errors
    /// When the index is longer than any can be.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let mut index = Index {
            root: self.root.to_owned(),
            layout: self.layout.name().to_owned(),
            manifest: self.manifest.map(str::to_owned),
            blocks: Vec::new(),
            files: Vec::new(),
        };
        let mut blocks = Vec::new();
        let mut block = Vec::new();
        for file in self.files {
            let start = block.len();
            block.extend_from_slice(file.bytes);
            index.files.push(Entry {
                name: file.name.to_owned(),
                sha256: file.digest.sha256(),
                line: file.line.map(str::to_owned),
                crc32: file.digest.crc32(),
                at: (index.blocks.len(), start, block.len()),
            });
            if block.len() >= BLOCK {
                blocks.extend(compress_to_vec_zlib(&block, LEVEL));
                index.blocks.push((blocks.len(), block.len()));
                block.clear();
            }
        }
        if !block.is_empty() {
            blocks.extend(compress_to_vec_zlib(&block, LEVEL));
            index.blocks.push((blocks.len(), block.len()));
        } else if index.files.iter().any(|file| file.at.0 == index.blocks.len()) {
            // Nothing but empty files stand behind the last block.
            index.blocks.push((blocks.len(), 0));
        }
        let index = serde_json::to_vec(&index).map_err(|error| error.to_string())?;
        let packed = compress_to_vec_zlib(&index, LEVEL);
        let length = |length: usize| u32::try_from(length).map_err(|_| "these are too many files".to_owned());
        let mut bytes = vec![FORMAT];
        bytes.extend(length(index.len())?.to_le_bytes());
        bytes.extend(length(packed.len())?.to_le_bytes());
        bytes.extend(packed);
        bytes.extend(blocks);
        Ok(bytes)
    }
}

impl Embedded {
    /// From what [`Pack::to_bytes`] made.
    pub(crate) fn new(bytes: &'static [u8]) -> Result<Self, FilesError> {
        let broken =
            |reason: &str| FilesError { path: "the migrations in this program".to_owned(), reason: reason.to_owned() };
        let (Some((&FORMAT, rest)), true) = (bytes.split_first(), bytes.len() > 9) else {
            return Err(broken("another version of driftlock packed them: build it anew"));
        };
        let number = |at: usize| rest[at..at + 4].iter().rev().fold(0, |all, byte| all << 8 | usize::from(*byte));
        let (unpacked, packed, rest) = (number(0), number(4), &rest[8..]);
        let (Some(index), Some(blocks)) = (rest.get(..packed), rest.get(packed..)) else {
            return Err(broken("they are cut off"));
        };
        let index = unpack(index, unpacked).ok_or_else(|| broken("their index is damaged"))?;
        let index: Index =
            serde_json::from_slice(&index).map_err(|error| broken(&format!("their index is damaged: {error}")))?;
        Ok(Embedded { index, blocks, last: Mutex::default() })
    }

    /// The layout that they were taken to have.
    pub(crate) fn layout(&self) -> Option<Layout> {
        Layout::parse(&self.index.layout)
    }

    /// The lines that the manifest has of these files, and what it puts before their names.
    pub(crate) fn manifest(&self) -> Option<(Manifest, String)> {
        let prefix = self.index.manifest.clone()?;
        let lines =
            self.index.files.iter().filter_map(|file| Some((format!("{prefix}{}", file.name), file.line.clone()?)));
        Some((Manifest::of_lines(lines), prefix))
    }

    fn find(&self, name: &str) -> Result<&Entry, FilesError> {
        let files = &self.index.files;
        let found = files.binary_search_by(|file| file.name.as_str().cmp(name)).ok().map(|at| &files[at]);
        found.ok_or_else(|| missing(&self.display(name)))
    }

    fn block(&self, number: usize) -> Option<Arc<Vec<u8>>> {
        // What is behind the lock is whole or isn't there, whoever panicked.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, block)) = last.as_ref().filter(|(held, _)| *held == number) {
            return Some(Arc::clone(block));
        }
        let start =
            number.checked_sub(1).map_or(Some(0), |before| self.index.blocks.get(before).map(|block| block.0))?;
        let (end, length) = *self.index.blocks.get(number)?;
        let block = if length == 0 { Vec::new() } else { unpack(self.blocks.get(start..end)?, length)? };
        let block = Arc::new(block);
        *last = Some((number, Arc::clone(&block)));
        Some(block)
    }
}

/// What was compressed, which has this many bytes.
fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(packed, length).ok().filter(|bytes| bytes.len() == length)
}

impl Files for Embedded {
    fn root(&self) -> &str {
        &self.index.root
    }

    fn list(&self) -> Result<Vec<String>, FilesError> {
        Ok(listed(self.index.files.iter().map(|file| file.name.as_str())))
    }

    fn hooks(&self) -> Result<Vec<String>, FilesError> {
        Ok(hooks(self.index.files.iter().map(|file| file.name.as_str())))
    }

    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, FilesError> {
        let (block, start, end) = self.find(name)?.at;
        let bytes = self.block(block).and_then(|block| Some(block.get(start..end)?.to_vec()));
        let damaged = || FilesError { path: self.display(name), reason: "it is damaged in this program".to_owned() };
        bytes.map(Cow::Owned).ok_or_else(damaged)
    }

    fn digest(&self, name: &str) -> Result<Digest, FilesError> {
        let file = self.find(name)?;
        let damaged =
            || FilesError { path: self.display(name), reason: "its digest is damaged in this program".to_owned() };
        Digest::from_hex(&file.sha256, &file.crc32).ok_or_else(damaged)
    }

    fn exists(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::Migrations;

    /// Files of these names, which hold their names.
    pub(crate) fn embed(names: &[&str]) -> Embedded {
        let mut names = names.to_vec();
        names.sort_unstable();
        let files: Vec<Packed<'_>> = names
            .iter()
            .map(|name| Packed { name, bytes: name.as_bytes(), digest: Digest::of(name.as_bytes()), line: None })
            .collect();
        let pack = Pack { root: "", layout: Layout::GolangMigrate, manifest: None, files: &files };
        Embedded::new(pack.to_bytes().unwrap().leak()).unwrap()
    }

    fn pack(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let packed: Vec<Packed<'_>> = files
            .iter()
            .map(|(name, bytes)| Packed { name, bytes, digest: Digest::of(bytes), line: Some("line") })
            .collect();
        let pack = Pack { root: "db", layout: Layout::GolangMigrate, manifest: Some("app/db/"), files: &packed };
        pack.to_bytes().unwrap()
    }

    #[test]
    fn gives_back_what_was_packed_whatever_the_order() {
        let long = |byte: u8, length: usize| (0..length).map(|at| byte ^ u8::try_from(at % 251).unwrap()).collect();
        let files: Vec<(&str, Vec<u8>)> = vec![
            ("1_a.up.sql", b"SELECT 1;".to_vec()),
            ("2_empty.up.sql", Vec::new()),
            ("3_long.up.sql", long(3, BLOCK + 17)),
            ("4_next.up.sql", long(4, 1000)),
            ("5_longer.up.sql", long(5, 3 * BLOCK)),
            ("6_empty.up.sql", Vec::new()),
            ("hooks/after_migrate.sql", b"ANALYZE;".to_vec()),
            ("schema.lock", b"{}".to_vec()),
        ];
        for count in 0..=files.len() {
            let files = &files[..count];
            let bytes = pack(files);
            assert_eq!(bytes, pack(files), "the same files give the same bytes");
            let embedded = Embedded::new(bytes.leak()).unwrap();
            for (name, bytes) in files.iter().chain(files.iter().rev()) {
                assert_eq!(&*embedded.read(name).unwrap(), bytes, "{name}");
                assert_eq!(embedded.digest(name).unwrap(), Digest::of(bytes));
                assert_eq!(&*embedded.head(name, 5).unwrap(), &bytes[..bytes.len().min(5)]);
                assert!(embedded.exists(name));
            }
            assert_eq!(embedded.list().unwrap().len(), count.min(6), "hooks and the lock are no migrations");
            assert_eq!(embedded.read("nowhere.sql").unwrap_err().path, "db/nowhere.sql");
            let (manifest, prefix) = embedded.manifest().unwrap();
            assert_eq!((manifest.entries().count(), prefix.as_str()), (count, "app/db/"));
            assert!(files.iter().all(|(name, _)| manifest.get(&format!("app/db/{name}")) == Some("line")));
        }
    }

    #[test]
    fn who_has_nothing_to_run_unpacks_no_contents() {
        let files = Arc::new(embed(&["1_a.up.sql", "1_a.down.sql", "2_b.up.sql"]));
        let is_unpacked = || files.last.lock().unwrap().is_some();
        let migrations = Migrations::load(Arc::clone(&files) as Arc<dyn Files>, files.layout()).unwrap();
        assert_eq!(migrations.list().len(), 2);
        assert!(!is_unpacked());
        migrations.text(&migrations.list()[1].up).unwrap();
        assert!(is_unpacked());
    }

    #[test]
    fn damage_is_an_error_and_never_other_files() {
        let files = [("1_a.up.sql", b"SELECT 1;".to_vec()), ("2_b.up.sql", vec![b'x'; BLOCK + 1])];
        let whole = pack(&files);
        let judge = |bytes: Vec<u8>| {
            let Ok(embedded) = Embedded::new(bytes.leak()) else { return };
            for (name, bytes) in &files {
                assert!(embedded.read(name).is_err() || *embedded.read(name).unwrap() == *bytes, "{name}");
            }
        };
        for at in 0..whole.len() {
            judge(whole[..at].to_vec());
            let mut bytes = whole.clone();
            bytes[at] ^= 0x41;
            judge(bytes);
        }
        let migrations = Migrations::embedded(&[]);
        assert_eq!(migrations.list().len(), 0);
        let error = migrations.check().unwrap_err().to_string();
        assert_eq!(error, "the migrations in this program: another version of driftlock packed them: build it anew");
    }

    #[test]
    fn migrations_are_the_same_as_from_a_directory() {
        static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let down = b"-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n".to_vec();
            let files = [("00001_a.sql", down), ("00002_b.sql", b"-- +goose Up\nSELECT 1;\n".to_vec())];
            let packed =
                files.each_ref().map(|(name, bytes)| Packed { name, bytes, digest: Digest::of(bytes), line: None });
            Pack { root: "db", layout: Layout::Goose, manifest: None, files: &packed }.to_bytes().unwrap()
        });
        let embedded = Migrations::embedded(&BYTES);
        let copy = embedded.clone();
        for migrations in [&embedded, &copy] {
            migrations.check().unwrap();
            assert_eq!(migrations.layout(), Layout::Goose);
            assert_eq!(migrations.manifest(), None);
            let downs: Vec<_> = migrations.list().iter().map(|it| it.down.is_some()).collect();
            assert_eq!(downs, [true, false]);
            assert_eq!(migrations.display(&migrations.list()[1].up), "db/00002_b.sql");
        }
    }
}
