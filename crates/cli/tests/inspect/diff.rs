//! What differs between two sources, and the statements from one to the other.

use serde_json::Value;

use crate::engines::{load, name, shadow};
use crate::target::{ALL, Engine, Ran, Target};

const BEFORE: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(40), email varchar(99));
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer, total integer,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id));
CREATE INDEX orders_total ON orders (total);
CREATE VIEW names AS SELECT name FROM customer;
";

const AFTER: &str =
    "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, phone varchar(20));
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer, total integer, note varchar(9) DEFAULT 'x',
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id));
CREATE TABLE audit (id integer NOT NULL PRIMARY KEY);
CREATE VIEW names AS SELECT name FROM customer;
";

fn write(target: &Target, file: &str, text: &str) {
    std::fs::write(target.path().join(file), text).unwrap();
}

pub(crate) fn diff(target: &Target, arguments: &[&str]) -> Ran {
    let shadow = shadow(target);
    let mut all = vec!["diff", "--engine", name(target.engine)];
    all.extend(arguments);
    all.extend(shadow.iter().map(String::as_str));
    Ran::new(target.command(&all).output().unwrap())
}

fn json(target: &Target, arguments: &[&str]) -> Value {
    let ran = diff(target, &[arguments, &["--format", "json"]].concat()).expect(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    value.as_array().unwrap().iter().map(|it| it[key].as_str().unwrap()).collect()
}

#[test]
fn the_statements_that_are_shown_make_a_database_what_it_should_be() {
    for engine in ALL {
        let target = Target::new(engine);
        load(&target, BEFORE);
        write(&target, "after.sql", AFTER);
        let (from, to) = (["--from", target.url.as_str()], ["--to", "sql:after.sql"]);
        let found = json(&target, &[from, to].concat());
        assert_eq!(found["proved"], true);
        assert_eq!(found["engine"], name(engine));
        let steps = texts(&found["steps"], "sql");
        let losing: Vec<&Value> = found["steps"].as_array().unwrap().iter().collect();
        let losing =
            losing.iter().filter(|step| step["hazards"].as_array().unwrap().iter().any(|it| it == "data_loss"));
        assert_eq!(losing.count(), 1, "{engine:?}: one statement takes `email` away: {steps:?}");
        // As they are printed for the engine's own client, too.
        let script = diff(&target, &[&from[..], &to, &["--format", "sql"]].concat()).expect(0).stdout;
        assert!(script.contains("-- data loss"), "{script}");
        load(&target, &script);
        let found = json(&target, &[from, to].concat());
        let rest: Vec<&Value> =
            found["changes"].as_array().unwrap().iter().filter(|change| change["change"] != "reordered").collect();
        assert!(rest.is_empty() && found["steps"].as_array().unwrap().is_empty(), "{engine:?}: {found:#}");
        diff(&target, &[&from[..], &to].concat()).expect(0).says(&["note: "]);
    }
}

#[test]
fn what_differs_is_told_object_by_object() {
    let target = Target::new(Engine::Sqlite);
    write(&target, "before.sql", BEFORE);
    write(&target, "after.sql", AFTER);
    let sources = ["--from", "sql:before.sql", "--to", "sql:after.sql"];
    let said = diff(&target, &sources).expect(0);
    insta::assert_snapshot!("diff_text", said.stdout + &said.stderr);
    let said = diff(&target, &[&sources[..], &["--format", "table", "--exit-code"]].concat()).expect(3);
    insta::assert_snapshot!("diff_table", said.stdout);
    let said = diff(&target, &[&sources[..], &["--format", "sql"]].concat()).expect(0);
    insta::assert_snapshot!("diff_sql", said.stdout);
    diff(&target, &["--from", "sql:after.sql", "--to", "sql:after.sql", "--exit-code"])
        .expect(0)
        .says(&["no difference"]);
}

#[test]
fn excluded_tables_are_no_part_of_it() {
    for engine in ALL {
        let target = Target::new(engine);
        write(&target, "before.sql", "CREATE TABLE a (id integer); CREATE TABLE audit_log (id integer);");
        write(&target, "after.sql", "CREATE TABLE a (id integer); CREATE TABLE stray (id integer);");
        let sources = ["--from", "sql:before.sql", "--to", "sql:after.sql", "--exit-code"];
        diff(&target, &sources).expect(3);
        let rules = ["--exclude", "table:audit_*", "--exclude", "table:stray"];
        diff(&target, &[&sources[..], &rules].concat()).expect(0).says(&["no difference"]);
        write(&target, "driftlock.toml", "exclude_tables = [\"audit_log\", \"stray\"]\n");
        diff(&target, &sources).expect(0).says(&["no difference"]);
    }
}

#[test]
fn without_a_proof_nothing_is_said_to_be_proved() {
    let target = Target::new(Engine::Sqlite);
    write(&target, "before.sql", BEFORE);
    write(&target, "after.sql", AFTER);
    let sources = ["--from", "sql:before.sql", "--to", "sql:after.sql", "--offline"];
    diff(&target, &sources).expect(0).says(&["not proved: they were run nowhere yet"]);
    assert_eq!(json(&target, &sources)["proved"], false);
}

#[test]
fn what_has_no_place_in_a_schema_stands_in_the_way_where_a_step_would_touch_it() {
    let target = Target::new(Engine::Sqlite);
    load(
        &target,
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('table', 'odd', 'odd', 0, 'CREATE VIRTUAL TABLE odd USING nobodys(a)'); \
         PRAGMA writable_schema = OFF;",
    );
    write(&target, "after.sql", "CREATE TABLE elsewhere (id integer);");
    let from = ["--from", target.url.as_str()];
    diff(&target, &[&from[..], &["--to", "sql:after.sql"]].concat()).expect(0).says(&[
        "CREATE TABLE \"elsewhere\"",
        "odd",
        "is left out",
    ]);
    write(&target, "after.sql", "CREATE TABLE odd (id integer);");
    diff(&target, &[&from[..], &["--to", "sql:after.sql"]].concat()).expect(4).says(&["a step would touch", "odd"]);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let target = Target::new(Engine::Sqlite);
    write(&target, "a.sql", "CREATE TABLE a (id integer);");
    write(&target, "wrong.sql", "CREATE TABLE a (\n  id integer,,\n);");
    let cases: [(&[&str], i32, &str); 5] = [
        (&["--from", "sql:a.sql"], 2, "--to"),
        (&["--from", "sql:a.sql", "--to", "sql:nothing.sql"], 1, "nothing.sql: No such file"),
        (&["--from", "sql:a.sql", "--to", "sql:wrong.sql"], 1, "wrong.sql:2"),
        (&["--from", "a.sql", "--to", "sql:a.sql"], 2, "a file of statements is `sql:a.sql`"),
        (&["--from", "models:", "--to", "sql:a.sql"], 2, "`models:` can't be read by this version"),
    ];
    for (arguments, code, part) in cases {
        diff(&target, arguments).expect(code).says(&[part]);
    }
    let ran = target.command(&["diff", "--from", "sql:a.sql", "--to", "sql:a.sql"]).output().unwrap();
    Ran::new(ran).expect(2).says(&["nothing tells which engine"]);
}

#[test]
fn what_is_said_to_have_another_name_keeps_its_rows() {
    let before = "CREATE TABLE accounts (id integer NOT NULL PRIMARY KEY, mail varchar(40), n integer);
CREATE INDEX by_mail ON accounts (mail);
INSERT INTO accounts VALUES (1, 'ann@example.org', 7);
";
    let after =
        "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, email varchar(40), n integer, phone varchar(20));
CREATE INDEX by_email ON customer (email);
";
    let annotated = "-- driftlock: renamed-from accounts
CREATE TABLE customer (id integer NOT NULL PRIMARY KEY,
  -- driftlock: renamed-from mail
  email varchar(40), n integer, phone varchar(20));
-- driftlock: renamed-from by_mail
CREATE INDEX by_email ON customer (email);
";
    let options = [
        "--rename",
        "table:accounts=customer",
        "--rename",
        "table:accounts.mail=email",
        "--rename",
        "index:accounts.by_mail=by_email",
    ];
    for engine in ALL {
        for (sql, options) in [(after, &options[..]), (annotated, &[])] {
            let target = Target::new(engine);
            load(&target, before);
            write(&target, "after.sql", sql);
            let arguments = [&["--from", target.url.as_str(), "--to", "sql:after.sql"], options].concat();
            let found = json(&target, &arguments);
            assert_eq!(found["renames"].as_array().unwrap().len(), 3);
            let script = diff(&target, &[&arguments[..], &["--format", "sql"]].concat()).expect(0).stdout;
            assert!(!script.contains("data loss"), "{engine:?}: {script}");
            load(&target, &script);
            assert_eq!(target.value("SELECT email FROM customer WHERE n = 7"), "ann@example.org");
            // Done once, it is nothing any more.
            let again = json(&target, &arguments);
            let nothing = ["renames", "changes", "steps"].map(|key| again[key].as_array().unwrap().len());
            assert_eq!(nothing, [0, 0, 0], "{engine:?}: {again:#}");
        }
    }
    let target = Target::new(Engine::Sqlite);
    write(&target, "before.sql", before);
    write(&target, "after.sql", after);
    let sources = ["--from", "sql:before.sql", "--to", "sql:after.sql"];
    diff(&target, &[&sources[..], &["--rename", "table:acounts=other"]].concat()).expect(2).says(&["no table acounts"]);
    diff(&target, &[&sources[..], &["--rename", "accounts"]].concat())
        .expect(2)
        .says(&["says nothing of another name"]);
    diff(&target, &[&sources[..], &options, &["--offline"]].concat()).expect(2).says(&["without a scratch database"]);
    // Nobody said so: it stays what it is, and the hint is there.
    write(&target, "after.sql", &before.replace("accounts", "customer"));
    diff(&target, &sources).expect(0).says(&["--rename 'table:accounts=customer'", "data loss"]);
}

#[test]
fn columns_are_put_into_another_order_where_that_is_asked_for_and_can_be_done() {
    let before = "CREATE TABLE a (x integer, y varchar(9) NOT NULL, z integer DEFAULT 3);
CREATE INDEX a_z ON a (z);
CREATE VIEW v AS SELECT y FROM a;
INSERT INTO a VALUES (1, 'b', 2);
";
    let swapped = "CREATE TABLE a (z integer DEFAULT 3, x integer, y varchar(9) NOT NULL);
CREATE INDEX a_z ON a (z);
CREATE VIEW v AS SELECT y FROM a;
";
    let between = "CREATE TABLE a (x integer, n integer, y varchar(9) NOT NULL, z integer DEFAULT 3);
CREATE INDEX a_z ON a (z);
CREATE VIEW v AS SELECT y FROM a;
";
    for engine in ALL {
        for after in [swapped, between] {
            let target = Target::new(engine);
            load(&target, before);
            write(&target, "after.sql", after);
            let sources = ["--from", target.url.as_str(), "--to", "sql:after.sql"];
            let asked = [&sources[..], &["--column-order"]].concat();
            if engine == Engine::Postgres {
                diff(&target, &sources).expect(0);
                let ran = diff(&target, &asked).expect(4);
                ran.says(&["table:public.a", "no statement that puts a column into another place", "--column-order"]);
                continue;
            }
            let script = diff(&target, &[&asked[..], &["--format", "sql"]].concat()).expect(0).stdout;
            assert!(!script.contains("data loss"), "{script}");
            load(&target, &script);
            let found = json(&target, &asked);
            assert_eq!(found["changes"].as_array().unwrap().len(), 0, "{engine:?}: {found:#}");
            assert_eq!(found["steps"].as_array().unwrap().len(), 0);
            assert_eq!(target.value("SELECT y FROM a WHERE x = 1 AND z = 2"), "b");
        }
    }
    let target = Target::new(Engine::Sqlite);
    write(&target, "before.sql", before);
    write(&target, "after.sql", swapped);
    let ran = diff(&target, &["--from", "sql:before.sql", "--to", "sql:after.sql"]).expect(0);
    ran.says(&["columns come in another order, which no step changes (with `--column-order` one does): table:a"]);
}
