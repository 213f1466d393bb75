//! Programs that don't compile, each a folder of `cases`: its files, and in `stderr` what the compiler says.
//!
//! `UPDATE_EXPECT=1` writes what it says now.

use std::path::Path;

use crate::app::App;

#[test]
fn what_is_wrong_with_migrations_is_said_by_the_compiler() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()) {
        let app = App::new();
        app.copy(&case);
        // A case without one has none.
        if case.join("no-build-script").exists() {
            std::fs::remove_file(app.path("build.rs")).unwrap();
        }
        let said = app.errors().join("\n\n") + "\n";
        let file = case.join("stderr");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{}:\n{said}\ninstead of\n{expected}", case.display()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 10, "{count} cases");
}
