//! The next migration, written from a difference.

use std::collections::BTreeMap;

use crate::engines::{load, name, shadow};
use crate::target::{ALL, Engine, Ran, Target};

const FIRST: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(40));
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id));
";

const SECOND: &str =
    "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, phone varchar(20));
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer, total integer DEFAULT 0,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id));
CREATE INDEX orders_total ON orders (total);
CREATE VIEW names AS SELECT name FROM customer;
";

fn run(target: &Target, arguments: &[&str], more: &[String]) -> Ran {
    let mut all: Vec<&str> = arguments.to_vec();
    all.extend(more.iter().map(String::as_str));
    Ran::new(target.command(&all).output().unwrap())
}

fn generate(target: &Target, operation: &str, more: &[&str]) -> Ran {
    let arguments = ["generate", "shop", operation, "--to", "sql:want.sql", "--dir", "migrations", "--engine"];
    run(target, &[&arguments[..], &[name(target.engine), "--url", &target.url], more].concat(), &shadow(target))
}

fn want(target: &Target, sql: &str) {
    std::fs::write(target.path().join("want.sql"), sql).unwrap();
}

/// All files of the project but the database.
fn files(target: &Target) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![target.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let shown = path.strip_prefix(target.path()).unwrap().display().to_string();
            if path.is_dir() && !shown.starts_with(".cache") {
                folders.push(path);
            } else if path.is_file() && !shown.contains(".db") && !shown.contains("log") {
                files.insert(shown, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn two_generated_migrations_make_what_was_wanted_and_undo_it() {
    for engine in ALL {
        let target = Target::new(engine);
        let database = ["--url".to_owned(), target.url.clone(), "--dir".to_owned(), "migrations".to_owned()];
        want(&target, FIRST);
        generate(&target, "create", &[]).expect(0).says(&[
            "_shop_create_v1.up.sql",
            "_shop_create_v1.down.sql",
            "proved",
        ]);
        run(&target, &["up"], &database).expect(0);
        load(&target, "INSERT INTO customer VALUES (1, 'Ann'); INSERT INTO orders VALUES (1, 1);");
        want(&target, SECOND);
        generate(&target, "change", &[]).expect(0).says(&["can fail on rows"]);
        run(&target, &["up"], &database).expect(0).says(&["shop_change_v1"]);
        run(&target, &["check"], &[&database[..], &shadow(&target)].concat()).expect(0);
        let before = files(&target);
        generate(&target, "nothing", &[]).expect(0).says(&["nothing to do"]);
        assert!(files(&target) == before, "nothing is written where nothing differs");
        run(&target, &["manifest", "verify", "--dir", "migrations"], &[]).expect(0);
        run(&target, &["down", "--yes"], &database).expect(0);
        load(&target, "INSERT INTO customer VALUES (2, NULL);");
        run(&target, &["up"], &database).expect(1);
        load(&target, "UPDATE customer SET name = 'Bob' WHERE id = 2;");
        run(&target, &["up"], &database).expect(0);
        run(&target, &["down", "--all", "--yes"], &database).expect(0);
    }
}

#[test]
fn what_has_another_name_keeps_its_rows_up_and_down() {
    for engine in ALL {
        let target = Target::new(engine);
        let database = ["--url".to_owned(), target.url.clone(), "--dir".to_owned(), "migrations".to_owned()];
        want(&target, "CREATE TABLE accounts (id integer NOT NULL PRIMARY KEY, mail varchar(40));");
        generate(&target, "create", &[]).expect(0);
        run(&target, &["up"], &database).expect(0);
        load(&target, "INSERT INTO accounts VALUES (1, 'ann@example.org');");
        want(&target, "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, email varchar(40), n integer);");
        let renames = ["--rename", "table:accounts=customer", "--rename", "table:accounts.mail=email"];
        generate(&target, "rename", &renames).expect(0);
        run(&target, &["up"], &database).expect(0);
        assert_eq!(target.value("SELECT email FROM customer"), "ann@example.org");
        run(&target, &["down", "--yes"], &database).expect(0);
        assert_eq!(target.value("SELECT mail FROM accounts"), "ann@example.org");
    }
}

#[test]
fn a_dry_run_and_a_failure_write_nothing() {
    let target = Target::new(Engine::Sqlite);
    want(&target, FIRST);
    let before = files(&target);
    generate(&target, "create", &["--dry-run"]).expect(0).says(&["CREATE TABLE \"orders\"", "nothing was written"]);
    assert!(files(&target) == before);
    want(&target, "CREATE TABLE a (id integer);\nCREATE TABLE a (id integer);\n");
    let before = files(&target);
    generate(&target, "create", &[]).expect(1).says(&["want.sql:2"]);
    generate(&target, "../create", &[]).expect(2);
    assert!(files(&target) == before);
    let arguments = ["generate", "shop", "create", "--to", "sql:want.sql", "--dir", "elsewhere", "--engine", "sqlite"];
    run(&target, &arguments, &[]).expect(1);
    assert!(!target.path().join("elsewhere").exists());
}

#[test]
fn a_generated_migration_is_one_of_the_layout_that_the_directory_has() {
    for layout in ["golang-migrate", "goose", "dbmate", "sqlx", "flyway", "refinery", "diesel", "atlas"] {
        let target = Target::new(Engine::Sqlite);
        let database = ["--url", &target.url, "--dir", "migrations", "--layout", layout].map(str::to_owned);
        want(&target, FIRST);
        generate(&target, "create", &["--layout", layout]).expect(0);
        let trigger = "CREATE TRIGGER t AFTER INSERT ON orders BEGIN UPDATE customer SET name = 'a;b'; SELECT 1; END;";
        want(&target, &format!("{SECOND}{trigger}\n"));
        generate(&target, "change", &["--layout", layout]).expect(0);
        run(&target, &["up"], &database).expect(0).says(&["2 migrations applied"]);
        run(&target, &["check"], &database).expect(0);
        generate(&target, "nothing", &["--layout", layout]).expect(0).says(&["nothing to do"]);
    }
}

#[test]
fn a_mistyped_name_is_no_rename_that_is_done() {
    let target = Target::new(Engine::Sqlite);
    want(&target, "CREATE TABLE a (id integer PRIMARY KEY, mail text);");
    generate(&target, "create", &[]).expect(0);
    want(&target, "CREATE TABLE a (id integer PRIMARY KEY, email text);");
    let before = files(&target);
    generate(&target, "rename", &["--rename", "table:a.mial=email"]).expect(2).says(&["a.mial"]);
    assert!(files(&target) == before);
    generate(&target, "rename", &["--rename", "table:a.mail=email"]).expect(0);
    generate(&target, "again", &["--rename", "table:a.mail=email"]).expect(0).says(&["nothing to do"]);
}
