//! `YYYYMMDD-HHMMSS_<domain>_<operation>_v<N>.up.sql` and `.down.sql`; without a direction it is an up script that has no
//! down. The timestamp is the version; the rest is one name, never split back.

use super::{FileName, Part};
use crate::Version;

const STAMP: usize = "20240520-143022".len();

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    if file.contains('/') {
        return Err("it is in a folder of its own");
    }
    let stem = file.strip_suffix(".sql").ok_or("it doesn't end in `.sql`")?;
    let (stem, part) = match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
        (Some(stem), _) => (stem, Part::Up),
        (_, Some(stem)) => (stem, Part::Down),
        _ => (stem, Part::Up),
    };
    let stamp = stem.get(..STAMP).filter(|stamp| is_stamp(stamp)).ok_or("it doesn't begin with `YYYYMMDD-HHMMSS`")?;
    let name = stem[STAMP..].strip_prefix('_').filter(|name| !name.is_empty());
    let name = name.ok_or("`_` and a name should follow the timestamp")?;
    Ok(FileName::new(Version::text(stamp), name, part))
}

fn is_stamp(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| if at == 8 { byte == b'-' } else { byte.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        let cases = [
            ("20240520-143022_user_schema_add_index_v1.up.sql", Some(("user_schema_add_index_v1", Part::Up))),
            ("20240520-143022_user_schema_add_index_v1.down.sql", Some(("user_schema_add_index_v1", Part::Down))),
            ("20240520-143022_x.sql", Some(("x", Part::Up))),
            ("20240520-143022_a.b.sql", Some(("a.b", Part::Up))),
            ("20240520-143022.sql", None),
            ("20240520-143022_.up.sql", None),
            ("20240520143022_x.up.sql", None),
            ("2024052é-14302_x.up.sql", None),
            ("sub/20240520-143022_x.up.sql", None),
            ("20240520-143022_x.SQL", None),
            ("x.sql", None),
        ];
        for (file, expected) in cases {
            let got = read_name(file).ok();
            let got = got.as_ref().map(|name| (name.name.as_str(), name.part));
            assert_eq!(got, expected, "{file}");
        }
    }
}
