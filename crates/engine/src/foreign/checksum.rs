//! Whether a file is what another tool applied, by the tool's own checksum.

use std::cell::OnceCell;

use driftlock_script::{
    AtlasSum, Dialect, LoadError, Migration, Migrations, RefineryVersion, Role, flyway_checksum, refinery_checksum,
    sqlx_checksum,
};

use super::Checksum;

/// Migrations to be held against what tools keep of them.
pub(crate) struct Checksums<'a> {
    migrations: &'a Migrations,
    dialect: Dialect,
    /// What Atlas would keep: of each file it is over all files up to it, so that they are read once for all.
    atlas: OnceCell<AtlasSum>,
}

impl<'a> Checksums<'a> {
    pub(crate) fn of(migrations: &'a Migrations, dialect: Dialect) -> Self {
        Checksums { migrations, dialect, atlas: OnceCell::new() }
    }

    /// Whether the checksum is of the migration's file. Where a tool takes bytes as they are, other ends of lines make no difference:
    /// what runs is the same.
    pub(crate) fn fit(&self, checksum: &Checksum, migration: &Migration) -> Result<bool, LoadError> {
        let Checksums { migrations, dialect, .. } = *self;
        if let Checksum::Atlas(hash) = checksum {
            return self.fits_atlas(hash, &migration.up.file);
        }
        let bytes = migrations.files().read(&migration.up.file)?;
        Ok(match checksum {
            Checksum::Atlas(_) => false,
            Checksum::Sqlx(digest) => line_ends(&bytes)
                .iter()
                .any(|bytes| sqlx_checksum(bytes).iter().map(|byte| format!("{byte:02x}")).eq(pairs(digest))),
            Checksum::Flyway(number) => {
                // Of what runs again it is over what ran, with the values put in.
                let text = match migration.role {
                    Role::Repeatable => migrations.body(&migration.up, dialect)?.into_text(),
                    _ => String::from_utf8_lossy(&bytes).into_owned(),
                };
                flyway_checksum(&text) == *number
            }
            Checksum::Refinery(number) => {
                let version: i64 = migration.version.as_str().parse().unwrap_or_default();
                let versions = i32::try_from(version).ok().map(RefineryVersion::Int4);
                let versions: Vec<_> = versions.into_iter().chain([RefineryVersion::Int8(version)]).collect();
                line_ends(&bytes).iter().any(|bytes| {
                    let text = String::from_utf8_lossy(bytes);
                    versions.iter().any(|&version| refinery_checksum(&migration.name, version, &text) == *number)
                })
            }
        })
    }

    fn fits_atlas(&self, hash: &str, file: &str) -> Result<bool, LoadError> {
        let sum = match self.atlas.get() {
            Some(sum) => sum,
            None => {
                let sum = atlas_sum(self.migrations)?;
                self.atlas.get_or_init(|| sum)
            }
        };
        let hash = hash.strip_prefix("h1:").unwrap_or(hash);
        Ok(sum.hash(file).is_none_or(|found| found == hash))
    }
}

fn pairs(hex: &str) -> impl Iterator<Item = String> + '_ {
    hex.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned())
}

/// The same text as it is, with LF and with CRLF.
fn line_ends(bytes: &[u8]) -> [Vec<u8>; 3] {
    let mut lf = Vec::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        if byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            lf.push(byte);
        }
    }
    let crlf = lf.iter().flat_map(|&byte| if byte == b'\n' { vec![b'\r', b'\n'] } else { vec![byte] }).collect();
    [bytes.to_vec(), lf, crlf]
}

/// What came before a file then must still be there.
fn atlas_sum(migrations: &Migrations) -> Result<AtlasSum, LoadError> {
    let files = migrations.files();
    let names: Vec<&str> = migrations.list().iter().map(|migration| migration.up.file.as_str()).collect();
    let texts = names.iter().map(|name| Ok(files.read(name)?)).collect::<Result<Vec<_>, LoadError>>()?;
    Ok(AtlasSum::of(names.into_iter().zip(texts.iter().map(AsRef::as_ref))))
}
