//! The catalog's own change marks: other ones after each DDL, the same after everything else. And an empty database like another.
#![allow(clippy::unwrap_used)]

mod support;

use driftlock_database::{ChangeMarks, Session};
use support::with_database;

async fn marks(session: &mut dyn Session) -> ChangeMarks {
    session.change_marks().await.unwrap().unwrap()
}

const CHANGES: &[&str] = &[
    "CREATE TABLE t (a int, b text)",
    "ALTER TABLE t ADD c int",
    "ALTER TABLE t DROP c",
    "ALTER TABLE t ALTER a SET DEFAULT 1",
    "ALTER TABLE t ALTER a DROP DEFAULT",
    "ALTER TABLE t ALTER a SET STATISTICS 5",
    "ALTER TABLE t ALTER a SET NOT NULL",
    "ALTER TABLE t SET (fillfactor = 50)",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE u RENAME TO t",
    "CREATE INDEX i ON t (a)",
    "ALTER TABLE t CLUSTER ON i",
    "DROP INDEX i",
    "COMMENT ON TABLE t IS 'one'",
    "COMMENT ON TABLE t IS 'two'",
    "COMMENT ON TABLE t IS NULL",
    "GRANT SELECT ON t TO public",
    "REVOKE SELECT ON t FROM public",
    "ALTER TABLE t OWNER TO pg_monitor",
    "CREATE SEQUENCE s",
    "ALTER TABLE t OWNER TO CURRENT_USER",
    "ALTER SEQUENCE s OWNED BY t.a",
    "ALTER SEQUENCE s OWNED BY NONE",
    "ALTER SEQUENCE s CYCLE",
    "CREATE VIEW v AS SELECT 1 AS a",
    "CREATE OR REPLACE VIEW v AS SELECT 2 AS a",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "CREATE TYPE e AS ENUM ('a')",
    "ALTER TYPE e ADD VALUE 'b'",
    "ALTER TYPE e RENAME VALUE 'b' TO 'c'",
    "CREATE POLICY p ON t",
    "ALTER POLICY p ON t USING (false)",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
    "CREATE EXTENSION citext",
    "ALTER FUNCTION f DEPENDS ON EXTENSION citext",
    "ALTER EXTENSION citext ADD VIEW v",
    "ALTER EXTENSION citext DROP VIEW v",
    "CREATE FOREIGN DATA WRAPPER w",
    "CREATE SERVER s FOREIGN DATA WRAPPER w",
    "CREATE USER MAPPING FOR public SERVER s OPTIONS (user 'a')",
    "ALTER USER MAPPING FOR public SERVER s OPTIONS (SET user 'b')",
    "CREATE PUBLICATION p",
    "ALTER PUBLICATION p ADD TABLE t",
    "ALTER PUBLICATION p SET (publish = 'insert')",
    "CREATE STATISTICS x ON a, b FROM t",
    "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word",
];

const NO_CHANGES: &[&str] = &[
    "INSERT INTO t SELECT g, 'x' FROM generate_series(1, 1000) g",
    "SELECT nextval('s')",
    "BEGIN; CREATE TABLE x (a int); DROP TABLE t; ROLLBACK",
    "DELETE FROM t WHERE a < 500",
    "ANALYZE t",
    "VACUUM (FREEZE) t",
];

#[test]
fn marks_change_with_each_statement_that_changes_the_schema_and_with_no_other() {
    with_database(|database| async move {
        let client = database.client().await;
        let mut session = database.session().await;
        let mut last = marks(session.as_mut()).await;
        for sql in CHANGES {
            client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            let now = marks(session.as_mut()).await;
            // A schema that is again as it was may have the marks that it had.
            assert_ne!(now.marks, last.marks, "after {sql}");
            assert_eq!(now.database, last.database);
            last = now;
        }
        for sql in NO_CHANGES {
            client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert_eq!(marks(session.as_mut()).await, last, "after {sql}");
        }
        session.close().await;
        drop(client);

        // The same rows, to the letter, in another database.
        let copy = format!("{}_copy", database.name);
        let here = database.url_as(None, "");
        let admin = support::Database::clone(&database);
        let elsewhere = driftlock_database::DatabaseUrl { path: "postgres".to_owned(), ..here.clone() };
        let mut control = driftlock_database::Engine::connect(
            &driftlock_postgres::Postgres,
            &elsewhere,
            &driftlock_database::ConnectOptions::default(),
        )
        .await
        .unwrap();
        support::run(control.as_mut(), &[&format!("CREATE DATABASE {copy} TEMPLATE {}", admin.name)]).await.unwrap();
        let url = driftlock_database::DatabaseUrl { path: copy.clone(), ..here };
        let options = driftlock_database::ConnectOptions::default();
        let mut session =
            driftlock_database::Engine::connect(&driftlock_postgres::Postgres, &url, &options).await.unwrap();
        assert_ne!(marks(session.as_mut()).await.database, last.database);
        session.close().await;
        support::run(control.as_mut(), &[&format!("DROP DATABASE {copy} WITH (FORCE)")]).await.unwrap();
    });
}

#[test]
fn a_database_like_another_has_its_encoding_locale_and_settings() {
    with_database(|database| async move {
        let client = database.client().await;
        let name = &database.name;
        for sql in [
            format!("ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'"),
            format!("ALTER DATABASE {name} SET search_path = app, \"Odd, one\", public"),
            format!("ALTER DATABASE {name} SET work_mem = '77MB'"),
        ] {
            client.batch_execute(&sql).await.unwrap();
        }
        let mut session = database.session().await;
        let like = format!("{name}_like");
        let statements = session.database_like_this(&like).await.unwrap();
        let all: Vec<&str> = statements.iter().map(String::as_str).collect();
        assert!(all[0].contains("TEMPLATE template0 ENCODING 'UTF8'"), "{all:?}");
        support::run(session.as_mut(), &all).await.unwrap();
        let url = driftlock_database::DatabaseUrl { path: like.clone(), ..database.url_as(None, "") };
        let options = driftlock_database::ConnectOptions::default();
        let mut other =
            driftlock_database::Engine::connect(&driftlock_postgres::Postgres, &url, &options).await.unwrap();
        let again = other.database_like_this(&like).await.unwrap();
        assert_eq!(again, statements);
        other.close().await;
        support::run(session.as_mut(), &[&format!("DROP DATABASE {like} WITH (FORCE)")]).await.unwrap();
        let settings = statements[1..].join("\n");
        assert!(settings.contains("'Odd, one'") && settings.contains("Asia/Tokyo") && !settings.contains("work_mem"));
    });
}
