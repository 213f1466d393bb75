//! A reading is the same whoever reads, whenever, and by whatever settings; and it is never of two times at once.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "postgres")]

mod common;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{TestDatabase, postgres, proving};
use driftlock::schema::{Filter, Fingerprint};
use driftlock_servers::private::Private;
use driftlock_servers::setup::find_tools;

/// Something of everything whose text a setting could change.
const SCHEMA: &str = "
    CREATE SCHEMA shop;
    CREATE TYPE shop.mood AS ENUM ('fine', 'not so');
    CREATE FUNCTION shop.twice(n integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';
    CREATE TABLE shop.\"Order\" (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        made timestamptz NOT NULL DEFAULT '2024-02-03 04:05:06+00',
        day date DEFAULT '2024-02-03',
        lasts interval DEFAULT '1 year 2 months 3 days 04:05:06',
        ratio double precision DEFAULT 0.1 CHECK (ratio > 0.30000000000000004),
        bytes bytea DEFAULT '\\x00ff',
        mood shop.mood DEFAULT 'fine',
        words text DEFAULT E'it''s a \\\\ and \"quotes\"',
        price money DEFAULT 12.5,
        number integer DEFAULT shop.twice(4)
    ) PARTITION BY RANGE (id);
    CREATE TABLE shop.orders_1 PARTITION OF shop.\"Order\" FOR VALUES FROM (1) TO (1000);
    CREATE TABLE shop.log (at timestamptz, said text) PARTITION BY RANGE (at);
    CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
    CREATE INDEX ON shop.log (lower(said), at DESC) WHERE at > '2024-05-06 07:08:09+00';
    CREATE VIEW shop.late AS SELECT id, made FROM shop.\"Order\" WHERE made > '2024-02-03 04:05:06+00' AND lasts > interval '1 day';
    CREATE TABLE public.words (id serial PRIMARY KEY, said text COLLATE \"C\" UNIQUE, other shop.mood[]);
    ALTER TABLE public.words ENABLE ROW LEVEL SECURITY;
    CREATE POLICY mine ON public.words TO PUBLIC USING (said <> 'it''s');
    COMMENT ON TABLE public.words IS 'they''re \"words\" \\ too';
    GRANT SELECT ON public.words TO PUBLIC;
    CREATE FUNCTION shop.noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER noted BEFORE UPDATE OF said ON public.words FOR EACH ROW WHEN (NEW.said <> OLD.said) EXECUTE FUNCTION shop.noted('a', '\\');
";

async fn fingerprint(url: &str) -> Fingerprint {
    let db = driftlock::connect(url).await.unwrap();
    let inspection = db.inspect(&Filter::new()).await.unwrap();
    db.close().await;
    assert_eq!((inspection.unmodelled, inspection.incomplete), (Vec::new(), Vec::new()));
    assert!(inspection.schema.len() > 5, "{}", inspection.schema.len());
    inspection.schema.fingerprint()
}

/// With another login, or another database.
fn url_with(url: &str, login: Option<&str>, database: &str) -> String {
    let (head, _) = url.rsplit_once('/').unwrap();
    let head = match login {
        Some(login) => format!("postgres://{login}@{}", head.rsplit_once('@').unwrap().1),
        None => head.to_owned(),
    };
    format!("{head}/{database}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fingerprint_is_the_same_by_every_setting() {
    let database = TestDatabase::new("postgres");
    let client = postgres(&database.url).await;
    client.batch_execute(SCHEMA).await.unwrap();
    let expected = fingerprint(&database.url).await;
    let settings = [
        ("search_path", "shop, public"),
        ("search_path", "'nowhere'"),
        ("TimeZone", "'Asia/Kolkata'"),
        ("DateStyle", "'German, DMY'"),
        ("IntervalStyle", "'iso_8601'"),
        ("extra_float_digits", "-5"),
        ("bytea_output", "'escape'"),
        ("standard_conforming_strings", "off"),
        ("quote_all_identifiers", "on"),
        ("lc_monetary", "'C'"),
        ("lc_messages", "'C'"),
        ("client_encoding", "'LATIN1'"),
        ("default_transaction_isolation", "'serializable'"),
        ("row_security", "off"),
        ("check_function_bodies", "off"),
        ("enable_seqscan", "off"),
        ("statement_timeout", "'10min'"),
    ];
    for (name, value) in settings {
        client.batch_execute(&format!("ALTER DATABASE {} SET {name} = {value}", database.name)).await.unwrap();
        assert_eq!(fingerprint(&database.url).await, expected, "{name} = {value}");
        client.batch_execute(&format!("ALTER DATABASE {} RESET {name}", database.name)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fingerprint_is_the_same_for_every_login_after_a_dump_and_after_a_vacuum() {
    let database = TestDatabase::new("postgres");
    let client = postgres(&database.url).await;
    client.batch_execute(SCHEMA).await.unwrap();
    let expected = fingerprint(&database.url).await;

    // One that may do everything and owns nothing, and one that may do nothing: what may be read by all is enough.
    for (role, rights) in [("super", "SUPERUSER"), ("nobody", "NOSUPERUSER")] {
        let role = format!("{}_{role}", database.name);
        client.batch_execute(&format!("CREATE ROLE {role} LOGIN {rights} PASSWORD 'as-it-is'")).await.unwrap();
        let url = url_with(&database.url, Some(&format!("{role}:as-it-is")), &database.name);
        let read = fingerprint(&url).await;
        client.batch_execute(&format!("DROP ROLE {role}")).await.unwrap();
        assert_eq!(read, expected, "{role}");
    }

    client.batch_execute("VACUUM FULL").await.unwrap();
    client.batch_execute("INSERT INTO public.words (said) VALUES ('a'), ('b'); ANALYZE").await.unwrap();
    client
        .batch_execute("ALTER TABLE public.words ADD COLUMN hole integer; ALTER TABLE public.words DROP COLUMN hole")
        .await
        .unwrap();
    assert_eq!(fingerprint(&database.url).await, expected, "after VACUUM FULL, rows, and a column that came and went");

    let bin = find_tools().unwrap().postgres_bin;
    if !bin.join("pg_dump").exists() {
        eprintln!("left out: a dump, for there is no pg_dump beside {}", bin.display());
        return;
    }
    let dump = Command::new(bin.join("pg_dump")).args(["-d", &database.url]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let restored = TestDatabase::new("postgres");
    let file = restored.path().with_extension("sql");
    std::fs::write(&file, &dump.stdout).unwrap();
    let psql = Command::new(bin.join("psql"))
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &restored.url, "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(psql.status.success(), "{}", String::from_utf8_lossy(&psql.stderr));
    assert_eq!(fingerprint(&restored.url).await, expected, "after a dump and a restore");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fingerprint_is_the_same_after_a_restart() {
    let mut server = tokio::task::spawn_blocking(|| Private::postgres(&[]).unwrap()).await.unwrap();
    let url = server.url("postgres");
    postgres(&url).await.batch_execute(SCHEMA).await.unwrap();
    let expected = fingerprint(&url).await;
    let server = tokio::task::spawn_blocking(move || {
        server.kill().unwrap();
        server.start().unwrap();
        server
    });
    let server = server.await.unwrap();
    assert_eq!(fingerprint(&url).await, expected);
    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
}

/// Two tables are renamed into each other's place, again and again, in one transaction each: who reads sees one of two states and never a third.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_changes_while_it_is_read_is_read_as_it_was_at_one_time() {
    let database = TestDatabase::new("postgres");
    let statements: Vec<String> = (0..40)
        .map(|number| format!("CREATE TABLE t{number} (id integer PRIMARY KEY, a text)"))
        .chain(["CREATE VIEW v AS SELECT id, a FROM t1".to_owned()])
        .collect();
    proving::run(&database.url, &statements).await.unwrap();
    let there = [
        "BEGIN; ALTER TABLE t1 ADD COLUMN b text DEFAULT 'x'; ALTER TABLE t30 ADD COLUMN b text; \
         CREATE OR REPLACE VIEW v AS SELECT id, a, b FROM t1; COMMIT",
        "BEGIN; DROP VIEW v; CREATE VIEW v AS SELECT id, a FROM t1; ALTER TABLE t1 DROP COLUMN b; ALTER TABLE t30 DROP COLUMN b; COMMIT",
    ];
    let one = fingerprint(&database.url).await;
    let client = postgres(&database.url).await;
    client.batch_execute(there[0]).await.unwrap();
    let other = fingerprint(&database.url).await;
    assert_ne!(one, other);

    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let changing = tokio::spawn(async move {
        let mut changes = 0;
        for sql in there.iter().cycle().skip(1) {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            client.batch_execute(sql).await.unwrap();
            changes += 1;
            // As often as somebody could mean it.
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        }
        changes
    });
    let mut whole = 0;
    for _ in 0..25 {
        let db = driftlock::connect(&database.url).await.unwrap();
        let read = db.inspect(&Filter::new()).await.unwrap();
        db.close().await;
        // A reading that was overtaken each time it was tried says so.
        if read.incomplete.is_empty() {
            whole += 1;
            let read = read.schema.fingerprint();
            assert!(read == one || read == other, "a state that never was");
        }
    }
    assert!(whole > 3, "{whole}");
    stop.store(true, Ordering::Relaxed);
    assert!(changing.await.unwrap() > 1);
}

/// A migration holds one table and comes to another, whose view the reading has told of by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_reading_never_makes_a_migration_fail_by_a_deadlock() {
    let database = TestDatabase::new("postgres");
    let statements = [
        "CREATE TABLE a (id integer)",
        "CREATE TABLE b (id integer)",
        // Whichever is asked about first, one is behind the other.
        "CREATE VIEW v1 AS SELECT id FROM b",
        "CREATE VIEW v2 AS SELECT id FROM a",
        "CREATE VIEW v3 AS SELECT id FROM b",
    ];
    proving::run(&database.url, &statements.map(str::to_owned)).await.unwrap();
    let migration = postgres(&database.url).await;
    for _ in 0..2 {
        migration.batch_execute("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let url = database.url.clone();
        let reading = tokio::spawn(async move {
            let db = driftlock::connect(&url).await.unwrap();
            let read = (db.inspect(&Filter::new()).await, db.census(&Filter::new()).await);
            db.close().await;
            read
        });
        // Who waits looks for a circle once, after a second: the reading found none, so it would be the migration that does.
        tokio::time::sleep(std::time::Duration::from_millis(1300)).await;
        assert!(!reading.is_finished());
        migration.batch_execute("LOCK TABLE b IN ACCESS EXCLUSIVE MODE").await.unwrap();
        migration.batch_execute("COMMIT").await.unwrap();
        let (schema, census) = reading.await.unwrap();
        assert_eq!(schema.unwrap().schema.iter().filter(|(id, _)| id.kind == "view").count(), 3);
        census.unwrap();
    }
}
