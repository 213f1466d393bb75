//! A program is compiled again when its migrations change, and not otherwise.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::app::{App, MAIN};

#[test]
fn a_program_is_compiled_again_when_a_file_is_added_changed_renamed_or_removed() {
    let app = App::new();
    app.write("migrations/1_a.up.sql", "SELECT 1;\n");
    app.write("migrations/1_a.down.sql", "SELECT -1;\n");
    let first = "migrations/1_a.up.sql SELECT 1;\n";
    assert_eq!(app.run(), first);
    assert!(!app.is_compiled_again(), "nothing changed");

    app.write("migrations/2_b.up.sql", "SELECT 2;\n");
    assert_eq!(app.run(), format!("{first}migrations/2_b.up.sql SELECT 2;\n"), "one was added");
    app.write("migrations/2_b.up.sql", "SELECT 22;\n");
    assert_eq!(app.run(), format!("{first}migrations/2_b.up.sql SELECT 22;\n"), "one was changed");
    fs::rename(app.path("migrations/2_b.up.sql"), app.path("migrations/3_b.up.sql")).unwrap();
    assert_eq!(app.run(), format!("{first}migrations/3_b.up.sql SELECT 22;\n"), "one was renamed");
    fs::remove_file(app.path("migrations/3_b.up.sql")).unwrap();
    assert_eq!(app.run(), first, "one was removed");
    assert!(!app.is_compiled_again(), "nothing changed");
}

#[test]
fn folders_inside_of_the_directory_are_watched_too() {
    let app = App::new();
    app.write("migrations/2024-05-20-143022_a/up.sql", "SELECT 1;\n");
    let first = "migrations/2024-05-20-143022_a/up.sql SELECT 1;\n";
    assert_eq!(app.run(), first);
    app.write("migrations/2024-05-20-143022_a/up.sql", "SELECT 11;\n");
    let first = first.replace("SELECT 1", "SELECT 11");
    assert_eq!(app.run(), first);
    app.write("migrations/2024-05-21-143022_b/up.sql", "SELECT 2;\n");
    assert_eq!(app.run(), format!("{first}migrations/2024-05-21-143022_b/up.sql SELECT 2;\n"));
    fs::remove_dir_all(app.path("migrations/2024-05-21-143022_b")).unwrap();
    assert_eq!(app.run(), first);
}

#[test]
fn a_file_that_is_older_than_the_program_is_noticed() {
    let app = App::new();
    app.write("migrations/1_a.up.sql", "SELECT 1;\n");
    app.run();
    // As a file that is taken out of an archive, or moved here.
    app.write("2_b.up.sql", "SELECT 2;\n");
    let long_ago = SystemTime::now() - Duration::from_secs(100_000_000);
    fs::File::options().write(true).open(app.path("2_b.up.sql")).unwrap().set_modified(long_ago).unwrap();
    fs::rename(app.path("2_b.up.sql"), app.path("migrations/2_b.up.sql")).unwrap();
    assert!(app.run().ends_with("migrations/2_b.up.sql SELECT 2;\n"));
}

#[test]
fn an_edited_manifest_is_noticed() {
    let app = App::new();
    app.write("migrations/1_a.up.sql", "SELECT 1;\n");
    let line = |sha256: &str| format!("[{{\"file\": \"migrations/1_a.up.sql\", \"sha256\": \"{sha256}\"}}]");
    let right = "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd";
    app.write(".migrations/manifest.json", &line(right));
    app.run();
    assert!(!app.is_compiled_again());
    app.write(".migrations/manifest.json", &line(&right.replace('b', "c")));
    assert_eq!(
        app.errors(),
        [
            "src/main.rs:2: migrations/1_a.up.sql: differs from its line in the manifest; if that is meant, write the manifest anew with `driftlock manifest write`"
        ]
    );
    app.write(".migrations/manifest.json", &line(right));
    app.run();
}

#[test]
fn a_program_carries_several_directories_and_needs_none_to_run() {
    let app = App::new();
    app.write("build.rs", "fn main() {\n    println!(\"cargo::rerun-if-changed=db\");\n}\n");
    app.write("db/goose/00001_a.sql", "-- +goose Up\nSELECT 1;\n");
    app.write("db/flyway/V1__b.sql", "SELECT ${value};\n");
    let main = MAIN.replace("(\"migrations\")", "(\"db/goose\", layout = \"goose\")")
        + "#[test]\nfn others() {\n    static OTHERS: driftlock::Migrations = driftlock::migrations!(r\"db/flyway\",);\n    assert_eq!(OTHERS.list().len(), 1);\n}\n\
           mod names {\n    pub mod core {}\n    pub mod driftlock {}\n    pub fn migrations() -> &'static str { DIRECTORY.list()[0].version.as_str() }\n\
           static DIRECTORY: ::driftlock::Migrations = ::driftlock::migrations! { \"db/goose\" };\n}\n";
    app.write("src/main.rs", &main.replace("fn main() {", "fn main() {\n    assert_eq!(names::migrations(), \"1\");"));
    assert_eq!(app.run(), "db/goose/00001_a.sql -- +goose Up\nSELECT 1;\n");
    fs::remove_dir_all(app.path("db")).unwrap();
    assert_eq!(app.run_as_it_is(), "db/goose/00001_a.sql -- +goose Up\nSELECT 1;\n");
}
