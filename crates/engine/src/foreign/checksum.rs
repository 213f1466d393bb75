//! Whether a file is what another tool applied, by the tool's own checksum.

use driftlock_script::{
    AtlasSum, Dialect, LoadError, Migration, Migrations, RefineryVersion, Role, flyway_checksum, refinery_checksum,
    sqlx_checksum,
};

use super::Checksum;

/// Whether the checksum is of the migration's file. Where a tool takes bytes as they are, other ends of lines make no difference:
/// what runs is the same.
pub(crate) fn fits(
    checksum: &Checksum,
    migrations: &Migrations,
    migration: &Migration,
    dialect: Dialect,
) -> Result<bool, LoadError> {
    let bytes = migrations.files().read(&migration.up.file)?;
    Ok(match checksum {
        Checksum::Sqlx(digest) => line_ends(&bytes)
            .iter()
            .any(|bytes| sqlx_checksum(bytes).iter().map(|byte| format!("{byte:02x}")).eq(pairs(digest))),
        Checksum::Atlas(hash) => fits_atlas(hash, migrations, &migration.up.file)?,
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

/// Atlas's hash of a file is over all files up to it: what came before it then must still be there.
fn fits_atlas(hash: &str, migrations: &Migrations, file: &str) -> Result<bool, LoadError> {
    let files = migrations.files();
    let names: Vec<String> = migrations.list().iter().map(|migration| migration.up.file.clone()).collect();
    let texts = names.iter().map(|name| Ok(files.read(name)?.into_owned())).collect::<Result<Vec<_>, LoadError>>()?;
    let sum = AtlasSum::of(names.iter().map(String::as_str).zip(texts.iter().map(Vec::as_slice)));
    let hash = hash.strip_prefix("h1:").unwrap_or(hash);
    Ok(sum.hash(file).is_none_or(|found| found == hash))
}
