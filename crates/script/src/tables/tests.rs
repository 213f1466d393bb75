use super::*;
use Dialect::{MySql, Postgres, Sqlite};

/// What is touched, by blanks; `…` behind it where there may be more.
fn told(sql: &str, dialect: Dialect) -> String {
    let touched = Touched::of(sql, dialect);
    let mut words: Vec<&str> = touched.tables.iter().map(String::as_str).collect();
    if !touched.complete {
        words.push("…");
    }
    words.join(" ")
}

#[test]
fn of_statements_that_all_engines_know() {
    for (sql, expected) in [
        ("CREATE TABLE users (id int)", "users"),
        ("create table if not exists users (id int, note text default 'FROM x')", "users"),
        (
            "CREATE TABLE o (u int REFERENCES users (id) ON DELETE CASCADE, FOREIGN KEY (a) REFERENCES s.accounts (a))",
            "o s.accounts users",
        ),
        (
            "CREATE TABLE copy AS SELECT a.id FROM users a JOIN orders o ON o.u = a.id, kinds k WHERE a.x = 1",
            "copy kinds orders users",
        ),
        ("CREATE TEMPORARY TABLE t AS SELECT * FROM users", "users"),
        (
            "CREATE VIEW v AS WITH x AS (SELECT * FROM a), y (n) AS (SELECT 1 FROM x) SELECT * FROM x, y JOIN b ON 1 = 1",
            "a b v",
        ),
        ("CREATE UNIQUE INDEX i ON orders (day)", "orders"),
        ("CREATE TRIGGER t AFTER UPDATE ON users FOR EACH ROW BEGIN UPDATE audit SET n = 1; END", "users"),
        ("ALTER TABLE users ADD COLUMN o int REFERENCES orders", "orders users"),
        ("ALTER TABLE users RENAME TO people", "people users"),
        ("ALTER TABLE users RENAME COLUMN a TO b", "users"),
        ("DROP TABLE IF EXISTS a, s.b", "a s.b"),
        ("DROP VIEW v", "v"),
        (
            "INSERT INTO users (id, at) SELECT id, extract(year FROM at) FROM old WHERE a IS DISTINCT FROM b",
            "old users",
        ),
        ("INSERT INTO users VALUES (1, 'FROM nowhere')", "users"),
        ("UPDATE users SET n = (SELECT max(n) FROM orders)", "orders users"),
        ("DELETE FROM users WHERE id IN (SELECT u FROM gone)", "gone users"),
        ("SELECT * FROM a LEFT JOIN b USING (id) WHERE EXISTS (SELECT 1 FROM c)", "a b c"),
        ("SELECT count(*), lower(x) FROM a", "a"),
        ("SELECT tidy_up(1)", "…"),
        ("SELECT * FROM tidy_up()", "…"),
        ("WITH gone AS (SELECT * FROM a) INSERT INTO b SELECT * FROM gone", "a b"),
        ("VALUES (1)", ""),
        ("GRANT SELECT ON users TO reader", "users"),
        ("SET x = 1", ""),
        ("", ""),
        (";", ""),
    ] {
        for dialect in [Postgres, MySql, Sqlite] {
            assert_eq!(told(sql, dialect), expected, "{dialect:?}: {sql}");
        }
    }
}

#[test]
fn of_postgres() {
    for (sql, expected) in [
        ("ALTER TABLE ONLY Shop.\"Or\"\"ders\" VALIDATE CONSTRAINT c", "shop.Or\"ders"),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY orders (day)", "orders"),
        ("DROP INDEX CONCURRENTLY i", "…"),
        ("DROP TABLE users CASCADE", "users …"),
        ("ALTER TABLE users DROP COLUMN a CASCADE", "users …"),
        ("DROP TYPE mood", ""),
        ("DROP TYPE mood CASCADE", "…"),
        ("DROP SCHEMA shop", "…"),
        ("TRUNCATE a, ONLY b RESTART IDENTITY", "a b"),
        ("COPY shop.users (id) FROM stdin", "shop.users"),
        ("COPY (SELECT * FROM a) TO STDOUT", "a"),
        ("DELETE FROM a USING b, c WHERE a.x = b.x", "a b c"),
        ("UPDATE a SET x = 1 FROM b", "a b"),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = 1", "a b"),
        (
            "WITH moved AS (DELETE FROM a RETURNING *), n AS (UPDATE c SET x = 1 RETURNING x) INSERT INTO b SELECT * FROM moved",
            "a b c",
        ),
        ("INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 2", "a"),
        ("SELECT * FROM a FOR UPDATE", "a"),
        ("DO $$ BEGIN DELETE FROM a; END $$", "…"),
        ("CALL p()", "…"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM a'", ""),
        ("CREATE SEQUENCE s", ""),
        ("CREATE POLICY p ON users USING (true)", "users"),
        ("CREATE TABLE part PARTITION OF whole FOR VALUES FROM (1) TO (2)", "part whole"),
        ("ALTER TABLE whole ATTACH PARTITION part FOR VALUES FROM (1) TO (2)", "part whole"),
        ("CREATE TABLE a (LIKE b INCLUDING ALL) INHERITS (c, d)", "a b c d"),
        ("CREATE TABLE a (x text CHECK (x LIKE 'y%'))", "a"),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY totals", "totals"),
        ("REINDEX TABLE CONCURRENTLY orders", "orders"),
        ("REINDEX INDEX i", "…"),
        ("VACUUM (FULL, ANALYZE) a, b (x)", "a b"),
        ("VACUUM", "…"),
        ("ANALYZE users", "users"),
        ("COMMENT ON COLUMN shop.users.name IS 'x'", "shop.users"),
        ("COMMENT ON INDEX i IS 'x'", "…"),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO r", "…"),
        ("GRANT USAGE ON SCHEMA shop TO r", ""),
        ("GRANT reader TO writer", ""),
        ("LOCK TABLE a, b IN ACCESS EXCLUSIVE MODE", "a b"),
        ("CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING", "v"),
        ("SELECT pg_catalog.set_config('search_path', '', false)", "…"),
        ("SELECT n FROM generate_series(1, 3) n", "…"),
    ] {
        assert_eq!(told(sql, Postgres), expected, "{sql}");
    }
}

#[test]
fn of_mysql_and_sqlite() {
    for (sql, expected) in [
        ("DROP INDEX i ON orders", "orders"),
        ("DROP TABLE a CASCADE", "a"),
        ("RENAME TABLE a TO b, shop.c TO shop.d", "a b shop.c shop.d"),
        ("ALTER TABLE `my ``table` ADD INDEX i (x)", "my `table"),
        ("INSERT IGNORE INTO Users VALUES (1)", "Users"),
        ("REPLACE INTO a SELECT * FROM b", "a b"),
        ("INSERT INTO a VALUES (1) ON DUPLICATE KEY UPDATE n = 2", "a"),
        ("DELETE a, b FROM a JOIN b ON a.id = b.id", "a b"),
        ("UPDATE a JOIN b ON a.id = b.id SET a.x = 1", "a b"),
        ("LOAD DATA LOCAL INFILE 'x' INTO TABLE a", "a"),
        ("CREATE DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW v AS SELECT * FROM a", "a v"),
        ("CREATE ALGORITHM=MERGE DEFINER=`r`@`h` TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @x = 1", "a"),
        ("CREATE TABLE a LIKE b", "a b"),
        ("LOCK TABLES a WRITE, b READ", "a b"),
        ("OPTIMIZE TABLE a, b", "a b"),
        ("EXECUTE s", "…"),
        ("DROP TRIGGER t", "…"),
        ("GRANT ALL ON shop.* TO 'x'@'%'", "…"),
        ("BEGIN NOT ATOMIC DELETE FROM a; END", "…"),
    ] {
        assert_eq!(told(sql, MySql), expected, "{sql}");
    }
    for (sql, expected) in [
        ("CREATE VIRTUAL TABLE a USING fts5(x)", "a"),
        ("INSERT OR REPLACE INTO main.a VALUES (1)", "main.a"),
        ("UPDATE OR IGNORE a SET x = 1", "a"),
        ("DROP INDEX i", "…"),
        ("PRAGMA foreign_keys = ON", ""),
        ("ALTER TABLE [my table] RENAME TO \"b\"", "b my table"),
        ("ATTACH 'x.db' AS x", "…"),
    ] {
        assert_eq!(told(sql, Sqlite), expected, "{sql}");
    }
}

#[test]
fn a_filter_runs_where_it_can_matter() {
    let touched =
        |tables: &[&str], complete| Touched { tables: tables.iter().map(|it| (*it).to_owned()).collect(), complete };
    let matters = |touched: &Touched, filter: &str| {
        touched.matters_to(&filter.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    let known = touched(&["users", "shop.Orders"], true);
    for (filter, expected) in [
        ("", true),
        ("users", true),
        ("USERS", true),
        ("orders", true),
        ("shop.orders", true),
        ("other.orders", false),
        ("public.users", true),
        ("x", false),
    ] {
        assert_eq!(matters(&known, filter), expected, "{filter}");
    }
    assert!(matters(&touched(&[], false), "x"), "where it isn't known, it runs");
    assert!(!matters(&touched(&[], true), "x"));
}

proptest::proptest! {
    /// Any text at all has an answer.
    #[test]
    fn nothing_panics(words in proptest::collection::vec("(?i)CREATE|TABLE|DROP|FROM|WITH|AS|\\(|\\)|,|ON|a|\"b\"|\\.|DELETE|UPDATE|USING|'x'|GRANT|COMMENT|INDEX|RENAME|TO|\\*|LOCK|MERGE|INTO|ALTER|COPY|VACUUM", 0..20)) {
        let sql = words.join(" ");
        for dialect in [Postgres, MySql, Sqlite] {
            let _ = Touched::of(&sql, dialect);
        }
    }
}
