//! How golang-migrate reads names.

use driftlock_script::{Layout, Part};

use crate::cases;

#[test]
fn reads_names() {
    for case in cases("migrate_filename.jsonl") {
        let file = case["input"].as_str().unwrap();
        let found = Layout::GolangMigrate.read_name(file);
        let Some(version) = case["expected"]["version"].as_u64() else {
            assert_eq!(case["expected"], "no match", "{file}");
            assert!(found.is_err(), "{file}: {found:?}");
            continue;
        };
        let name = found.unwrap_or_else(|why| panic!("{file}: {why}"));
        assert_eq!(name.version.as_str(), version.to_string(), "{file}");
        assert_eq!(name.name, case["expected"]["name"].as_str().unwrap(), "{file}");
        let direction = if name.part == Part::Up { "up" } else { "down" };
        assert_eq!(direction, case["expected"]["direction"].as_str().unwrap(), "{file}");
    }
}
