//! Migrations that the program carries, on every engine, in every layout, with nothing of them on the disk.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use driftlock::script::{Digest, Pack, Packed};
use driftlock::{Kind, Layout, Migrations, Migrator};

use common::{ENGINES, TestDatabase};

/// As `migrations!` packs them. `line` says what the manifest has of each.
fn carried(layout: Layout, files: &[(&str, &str)], line: impl Fn(&Digest) -> Option<String>) -> Migrations {
    let mut files = files.to_vec();
    files.sort_unstable();
    let digests: Vec<Digest> = files.iter().map(|(_, sql)| Digest::of(sql.as_bytes())).collect();
    let lines: Vec<Option<String>> = digests.iter().map(line).collect();
    let packed: Vec<Packed<'_>> = files
        .iter()
        .zip(digests.iter().zip(&lines))
        .map(|((name, sql), (digest, line))| Packed {
            name,
            bytes: sql.as_bytes(),
            digest: *digest,
            line: line.as_deref(),
        })
        .collect();
    let manifest = lines.iter().any(Option::is_some).then_some("app/db/");
    let pack = Pack { root: "db", layout, manifest, files: &packed };
    Migrations::embedded(pack.to_bytes().unwrap().leak())
}

/// Two versions of a layout, as each of its tools has them: a table, and a column more.
const LAYOUTS: [(Layout, &[(&str, &str)]); 9] = [
    (
        Layout::Driftlock,
        &[
            ("20240520-143022_t_create_v1.up.sql", "CREATE TABLE t (a integer);"),
            ("20240520-143022_t_create_v1.down.sql", "DROP TABLE t;"),
            ("20240521-143022_t_add_b_v1.up.sql", "ALTER TABLE t ADD COLUMN b integer;"),
        ],
    ),
    (
        Layout::GolangMigrate,
        &[
            ("1_t.up.sql", "CREATE TABLE t (a integer);"),
            ("1_t.down.sql", "DROP TABLE t;"),
            ("2_b.up.sql", "ALTER TABLE t ADD COLUMN b integer;"),
        ],
    ),
    (
        Layout::Goose,
        &[
            ("00001_t.sql", "-- +goose Up\nCREATE TABLE t (a integer);\n-- +goose Down\nDROP TABLE t;\n"),
            ("00002_b.sql", "-- +goose Up\nALTER TABLE t ADD COLUMN b integer;\n"),
        ],
    ),
    (
        Layout::Dbmate,
        &[
            ("20240520143022_t.sql", "-- migrate:up\nCREATE TABLE t (a integer);\n-- migrate:down\nDROP TABLE t;\n"),
            ("20240521143022_b.sql", "-- migrate:up\nALTER TABLE t ADD COLUMN b integer;\n-- migrate:down\n"),
        ],
    ),
    (
        Layout::Flyway,
        &[
            ("V1__t.sql", "CREATE TABLE t (a integer);"),
            ("V2__b.sql", "ALTER TABLE t ADD COLUMN b integer;"),
            ("V2__b.sql.conf", "executeInTransaction=false"),
        ],
    ),
    (
        Layout::Refinery,
        &[("V1__t.sql", "CREATE TABLE t (a integer);"), ("V2__b.sql", "ALTER TABLE t ADD COLUMN b integer;")],
    ),
    (
        Layout::Diesel,
        &[
            ("2024-05-20-143022_t/up.sql", "CREATE TABLE t (a integer);"),
            ("2024-05-20-143022_t/down.sql", "DROP TABLE t;"),
            ("2024-05-21-143022_b/up.sql", "ALTER TABLE t ADD COLUMN b integer;"),
            ("2024-05-21-143022_b/metadata.toml", "run_in_transaction = false\n"),
        ],
    ),
    (
        Layout::Atlas,
        &[
            ("20240520143022_t.sql", "CREATE TABLE t (a integer);"),
            ("20240521143022_b.sql", "ALTER TABLE t ADD COLUMN b integer;"),
        ],
    ),
    (
        Layout::Sqlx,
        &[
            ("20240520143022_t.sql", "CREATE TABLE t (a integer);"),
            ("20240521143022_b.sql", "ALTER TABLE t ADD COLUMN b integer;"),
        ],
    ),
];

#[tokio::test]
async fn every_layout_runs_on_every_engine_out_of_the_program() {
    for engine in ENGINES {
        for (layout, files) in LAYOUTS {
            let database = TestDatabase::new(engine);
            let migrations = carried(layout, files, |digest| Some(digest.sha256()));
            let db = driftlock::connect(&database.url).await.unwrap();
            let migrator = Migrator::new(&migrations);
            let report = migrator.up(&db).await.unwrap();
            assert_eq!(report.applied.len(), 2, "{engine} {layout}");
            assert!(report.applied[0].file.starts_with("db/"), "{}", report.applied[0].file);
            assert!(migrator.up(&db).await.unwrap().applied.is_empty(), "{engine} {layout}");
            let status = migrator.status(&db).await.unwrap();
            assert_eq!((status.pending(), status.findings.len()), (0, 0), "{engine} {layout}");
            let ways_back = migrations.list().iter().filter(|migration| migration.down.is_some()).count();
            assert_eq!(
                ways_back,
                files.iter().filter(|(name, sql)| name.contains("down") || sql.contains("own\n")).count()
            );
            db.close().await;
            assert_eq!(database.look("SELECT CAST(count(b) AS char(9)) FROM t").await.unwrap().trim(), "0");
        }
    }
}

#[tokio::test]
async fn a_statement_that_fails_is_shown_at_its_place_in_the_file_that_is_not_there() {
    let database = TestDatabase::new("postgres");
    let files = [("20240520-143022_t_create_v1.up.sql", "CREATE TABLE t (a integer);\nCREATE TABLE t (a integer);\n")];
    let migrations = carried(Layout::Driftlock, &files, |_| None);
    let db = driftlock::connect(&database.url).await.unwrap();
    let error = Migrator::new(&migrations).up(&db).await.unwrap_err();
    let place = error.place().unwrap();
    assert_eq!((place.file.as_str(), place.line), ("db/20240520-143022_t_create_v1.up.sql", 2), "{error}");
}

#[tokio::test]
async fn what_the_manifest_said_is_held_against_the_files_as_those_of_a_directory_are() {
    let database = TestDatabase::new("sqlite");
    let db = driftlock::connect(&database.url).await.unwrap();
    let (layout, files) = LAYOUTS[0];
    let edited = carried(layout, files, |_| Some("0".repeat(64)));
    // A pending file that was edited is told, and refused where it counts.
    let plan = Migrator::new(&edited).plan(&db).await.unwrap();
    let what = "db/20240520-143022_t_create_v1.up.sql: differs from its line in the manifest";
    assert!(plan.notes.iter().any(|note| note.starts_with(what)), "{:?}", plan.notes);
    let error = Migrator::new(&edited).protected(true).up(&db).await.unwrap_err();
    assert!(error.kind() == Kind::Integrity && error.to_string().contains(what), "{error}");
    // One that was applied always is.
    let whole = carried(layout, files, |digest| Some(digest.sha256()));
    Migrator::new(&whole).protected(true).up(&db).await.unwrap();
    assert_eq!(Migrator::new(&edited).up(&db).await.unwrap_err().kind(), Kind::Integrity);
}

#[tokio::test]
async fn what_is_damaged_in_the_program_stops_every_run() {
    let database = TestDatabase::new("sqlite");
    let db = driftlock::connect(&database.url).await.unwrap();
    static DAMAGED: Migrations = Migrations::embedded(&[1, 2, 3]);
    let migrator = Migrator::new(&DAMAGED);
    for error in [migrator.up(&db).await.unwrap_err(), migrator.plan(&db).await.unwrap_err()] {
        assert!(error.to_string().starts_with("the migrations in this program: "), "{error}");
    }
}
