use std::sync::Arc;

use super::*;
use crate::Values;

fn files(listed: &[(&str, &str)]) -> Arc<Memory> {
    Arc::new(listed.iter().fold(Memory::new(), |files, (name, text)| files.with(*name, *text)))
}

fn converted(layout: Layout, dialect: Dialect, listed: &[(&str, &str)]) -> Result<Conversion, ConvertError> {
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let values = Values {
        placeholders: [text("owner", "ada"), text("Password", "s3cret")].into(),
        environment: [text("OWNER", "ada")].into(),
        secrets: ["Password".to_owned()].into(),
    };
    Migrations::load(files(listed), Some(layout)).unwrap().with_values(values).converted(dialect)
}

fn shown(conversion: &Conversion) -> Vec<(String, String)> {
    let files = conversion.migrations.iter().flat_map(|migration| &migration.files);
    files.map(|(name, bytes)| (name.clone(), String::from_utf8(bytes.clone()).unwrap())).collect()
}

type Listed = &'static [(&'static str, &'static str)];

#[test]
fn writes_each_layout_as_our_own() {
    let cases: &[(Layout, Dialect, Listed, Listed)] = &[
        (
            Layout::Goose,
            Dialect::Postgres,
            &[(
                "00003_a.sql",
                "-- why\n-- +goose Up\n-- +goose NO TRANSACTION\n-- +goose ENVSUB ON\nSELECT '$OWNER';\n-- +goose StatementBegin\nSELECT 2\n-- +goose StatementEnd\n-- +goose Down\nSELECT 3;\n",
            )],
            &[
                ("00000000-000003_a.up.sql", "-- driftlock: no-transaction\n-- why\nSELECT 'ada';\nSELECT 2\n"),
                ("00000000-000003_a.down.sql", "-- driftlock: no-transaction\nSELECT 3;\n"),
            ],
        ),
        (
            Layout::Dbmate,
            Dialect::Sqlite,
            &[("20240520143022_a.sql", "-- migrate:up transaction:false\nA;\n\n-- migrate:down\nB;\n")],
            &[
                ("20240520-143022_a.up.sql", "-- driftlock: no-transaction\nA;\n"),
                ("20240520-143022_a.down.sql", "B;\n"),
            ],
        ),
        (
            Layout::Flyway,
            Dialect::Sqlite,
            &[
                ("V1__a.sql", "A '${owner}';"),
                ("V1.2__b.sql", "B;"),
                ("V1.2__b.sql.conf", "executeInTransaction=false"),
                ("V1.10__c.sql", "C;"),
                ("U1.10__c.sql", "D;"),
                ("R__names.sql", "R;"),
                ("B1.2__all.sql", "A; B;"),
            ],
            &[
                ("00000000-000001_a.up.sql", "A 'ada';\n"),
                ("00000000-000002_b.up.sql", "-- driftlock: no-transaction was=1.2\nB;\n"),
                ("00000000-000003_c.up.sql", "-- driftlock: was=1.10\nC;\n"),
                ("00000000-000003_c.down.sql", "D;\n"),
                ("00000000-000004_names.up.sql", "R;\n"),
            ],
        ),
        (
            Layout::Sqlx,
            Dialect::Postgres,
            &[("20240520143022_a.sql", "-- no-transaction\n\nA;\n-- no-transaction is above\nB;\n")],
            &[(
                "20240520-143022_a.up.sql",
                "-- driftlock: no-transaction\nSET TIME ZONE 'UTC';\nA;\n-- no-transaction is above\nB;\n",
            )],
        ),
        (
            Layout::Atlas,
            Dialect::Sqlite,
            &[
                ("10_b.sql", "-- atlas:txmode none\n\n-- why\nB '\n-- atlas:nolint x\n';"),
                (
                    "2_a.sql",
                    "-- atlas:delimiter -- end\n-- first\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\nSELECT 1;\nEND\n-- end\nC\n-- end\n",
                ),
            ],
            &[
                (
                    "00000000-000001_b.up.sql",
                    "-- driftlock: no-transaction was=10\n-- why\nB '\n-- atlas:nolint x\n';\n",
                ),
                (
                    "00000000-000002_a.up.sql",
                    "-- first\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\nSELECT 1;\nEND;\n\n-- end\nC;\n\n",
                ),
            ],
        ),
        (
            Layout::Diesel,
            Dialect::Sqlite,
            &[
                ("2024-05-20-143022-0000_a/up.sql", "A"),
                ("2024-05-20-143022-0000_a/down.sql", "B;"),
                ("2024-05-20-143022-0000_a/metadata.toml", "run_in_transaction = false"),
            ],
            &[
                ("20240520-143022_a.up.sql", "-- driftlock: no-transaction was=202405201430220000\nA\n"),
                ("20240520-143022_a.down.sql", "-- driftlock: no-transaction\nB;\n"),
            ],
        ),
        (
            Layout::GolangMigrate,
            Dialect::Sqlite,
            &[("1_.up.sql", ""), ("02_b.up.sql", "-- driftlock: lock-timeout=2s\nB;\r\n"), ("02_c.down.sql", "C")],
            &[
                ("00000000-000001_migration.up.sql", ""),
                ("00000000-000002_b.up.sql", "-- driftlock: lock-timeout=2s\nB;\n"),
                ("00000000-000002_b.down.sql", "C\n"),
            ],
        ),
    ];
    for (layout, dialect, from, expected) in cases {
        let conversion = converted(*layout, *dialect, from).unwrap_or_else(|error| panic!("{from:?}: {error}"));
        let expected: Vec<(String, String)> =
            expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(shown(&conversion), expected);
        // Every version is found under its old name.
        let migrations = conversion.load().unwrap();
        let origins = migrations.origins(*dialect).unwrap();
        for migration in conversion.migrations.iter().filter(|it| !it.was.as_str().starts_with('R')) {
            let found = origins.find(migration.was.as_str()).map(|found| found.version.clone());
            assert_eq!(found.as_ref(), Some(&migration.version), "{}", migration.was);
        }
    }
}

/// What ended a statement in the other layout may be nothing to the client that reads ours.
#[test]
fn what_a_runner_says_to_its_session_is_in_the_converted_file_and_in_the_kept_way_down() {
    let listed = [("1_a.up.sql", "-- no-transaction\nSELECT '1' || '2';\n"), ("1_a.down.sql", "SELECT 3;\n")];
    let written = |dialect| shown(&converted(Layout::Sqlx, dialect, &listed).unwrap()).remove(0).1;
    assert_eq!(written(Dialect::Postgres), "-- driftlock: no-transaction\nSET TIME ZONE 'UTC';\nSELECT '1' || '2';\n");
    assert!(written(Dialect::MySql).contains("PIPES_AS_CONCAT"));
    assert!(!written(Dialect::Sqlite).contains("SET"));
    let migrations = Migrations::load(files(&listed), Some(Layout::Sqlx)).unwrap();
    let down = migrations.list()[0].down.clone().unwrap();
    assert_eq!(migrations.body(&down, Dialect::Postgres).unwrap().standalone(), "SET TIME ZONE 'UTC';\nSELECT 3;\n");
}

#[test]
fn mysql_bodies_keep_their_ends() {
    let body = "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END";
    let delimited = "DELIMITER //\nCREATE PACKAGE p AS\nPROCEDURE q();\nEND\n//\nDELIMITER ;\nSELECT 3;\n";
    let atlas = format!("-- atlas:delimiter \\n//\n{body};\n//\nSELECT 3\n//\n");
    for (layout, name, text) in [
        (Layout::GolangMigrate, "1_a.up.sql", delimited),
        (Layout::Atlas, "1_a.sql", atlas.as_str()),
        (
            Layout::Goose,
            "1_a.sql",
            "-- +goose Up\n-- +goose StatementBegin\nCREATE PROCEDURE p() BEGIN SELECT 1; END\n-- +goose StatementEnd\nSELECT 3;\n",
        ),
    ] {
        let conversion = converted(layout, Dialect::MySql, &[(name, text)]).unwrap();
        assert_eq!(conversion.statements, 2, "{:?}", shown(&conversion));
    }
}

#[test]
fn says_what_becomes_of_what_has_no_like() {
    let flyway = |listed: &[(&str, &str)]| converted(Layout::Flyway, Dialect::Sqlite, listed);
    let notes = |listed: &[(&str, &str)]| flyway(listed).unwrap().notes.join("\n");
    let said = notes(&[("V1__a.sql", "A '${owner}'"), ("R__r.sql", "R"), ("B1__b.sql", "A")]);
    for part in ["R__r.sql: now the version 00000000-000002", "B1__b.sql: left out", "the values of `owner`"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(notes(&[("B1__b.sql", "A"), ("V2__a.sql", "B")]).contains("now a version like any other"));
    let dbmate =
        [("1_a.sql", "-- migrate:up\nA;\n-- migrate:down\n-- migrate:up transaction:false\nB;\n-- migrate:down\n")];
    let mixed = converted(Layout::Dbmate, Dialect::Sqlite, &dbmate).unwrap();
    assert!(mixed.notes[0].contains("a part of its way up"), "{:?}", mixed.notes);
}

#[test]
fn a_secret_is_written_into_no_file() {
    let text = "CREATE USER ada IDENTIFIED BY '${PASSWORD}'";
    let error = converted(Layout::Flyway, Dialect::MySql, &[("V1__a.sql", text)]).unwrap_err().to_string();
    assert!(error.starts_with("V1__a.sql: the value of `PASSWORD` is a secret"), "{error}");
}

#[test]
fn refuses_by_name() {
    let said =
        |layout: Layout, listed: &[(&str, &str)]| converted(layout, Dialect::Sqlite, listed).unwrap_err().to_string();
    let cases: &[(Layout, Listed, &str)] = &[
        (Layout::Goose, &[("1_a.sql", "-- +goose Up\nA;"), ("2_b.go", "")], "`2_b.go` is a migration in Go"),
        (Layout::Refinery, &[("V1__a.rs", "")], "`V1__a.rs` is a migration in Rust"),
        (Layout::Flyway, &[("B1__a.sql", "A"), ("B2__b.sql", "B")], "`B1__a.sql` and `B2__b.sql` each stand for"),
        (Layout::Flyway, &[("V1__a.sql", "${nobody}")], "nobody"),
        (Layout::Atlas, &[("v 1_a.sql", "A")], "its version `v 1` has blanks"),
        (Layout::GolangMigrate, &[("1_a.up.sql", "SELECT '")], "1_a.up.sql:1:8"),
        (Layout::GolangMigrate, &[], "no migrations"),
        (Layout::Driftlock, &[("20240520-143022_a.sql", "A")], "already"),
    ];
    for (layout, listed, part) in cases {
        let said = said(*layout, listed);
        assert!(said.contains(part), "{said}");
    }
}
