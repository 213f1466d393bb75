//! A database without a history, made what a source says.

use crate::engines::{load, shadow};
use crate::target::{ALL, Engine, Ran, Target};

const FIRST: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, mail varchar(40), note varchar(9));
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer);
";

const SECOND: &str = "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, email varchar(40) NOT NULL);
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id));
";

fn sync(target: &Target, sql: &str, more: &[&str]) -> Ran {
    std::fs::write(target.path().join("want.sql"), sql).unwrap();
    let mut command = target.command(&["sync", "--to", "sql:want.sql", "--url", &target.url]);
    command.args(more).args(shadow(target));
    Ran::new(command.output().unwrap())
}

/// What is there, by the engine's own account.
fn there(target: &Target) -> Vec<String> {
    target.query(match target.engine {
        Engine::Sqlite => "SELECT sql FROM sqlite_schema ORDER BY name",
        Engine::Postgres => {
            "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
        }
        Engine::MySql => {
            "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2"
        }
    })
}

const RENAME: [&str; 2] = ["--rename", "table:customer.mail=email"];

#[test]
fn a_plan_that_would_lose_data_is_shown_and_run_only_where_that_is_allowed() {
    for engine in ALL {
        let target = Target::new(engine);
        sync(&target, FIRST, &[]).expect(0).says(&["statements run, proved before"]);
        sync(&target, FIRST, &[]).expect(0).says(&["nothing to do"]);
        load(&target, "INSERT INTO customer VALUES (1, 'ann@example.org', 'x'); INSERT INTO orders VALUES (1, 1);");
        let before = there(&target);
        let refused = sync(&target, SECOND, &RENAME).expect(4);
        assert!(
            refused.stdout.contains("data loss") && refused.stdout.contains("table customer, column note")
                || refused.stdout.contains("table public.customer, column note"),
            "{}",
            refused.stdout
        );
        refused.says(&["nothing of it was run", "--allow data_loss"]);
        let json = sync(&target, SECOND, &[&RENAME[..], &["--format", "json"]].concat()).expect(4).stdout;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["applied"], &json["not_allowed"]), (&false.into(), &serde_json::json!(["data_loss"])));
        sync(&target, SECOND, &[&RENAME[..], &["--dry-run", "--allow", "data_loss"]].concat())
            .expect(0)
            .says(&["nothing was run"]);
        assert_eq!(there(&target), before);

        sync(&target, SECOND, &[&RENAME[..], &["--allow", "data_loss"]].concat()).expect(0);
        sync(&target, SECOND, &RENAME).expect(0).says(&["nothing to do"]);
        assert_eq!(target.value("SELECT email FROM customer"), "ann@example.org");
        assert_eq!(target.value("SELECT customer_id FROM orders"), "1");
        // Nothing of ours is left there.
        assert!(!there(&target).join("\n").contains("driftlock"));
        sync(&target, FIRST, &["--allow", "rewrite"]).expect(2).says(&["only data_loss has to be allowed"]);
        sync(&target, FIRST, &["--allow", "dataloss"]).expect(2).says(&["data_loss"]);
    }
}

#[test]
fn rows_that_do_not_fit_are_told_and_nothing_is_changed() {
    for engine in ALL {
        let target = Target::new(engine);
        sync(&target, FIRST, &[]).expect(0);
        load(&target, "INSERT INTO customer VALUES (1, NULL, NULL);");
        let before = there(&target);
        let wanted = FIRST.replace("mail varchar(40)", "mail varchar(40) NOT NULL");
        sync(&target, &wanted, &[]).expect(1).says(&[
            "statement ",
            "what it fails on is found by: SELECT",
            "nothing was changed",
        ]);
        assert_eq!(there(&target), before);
        load(&target, "DELETE FROM customer; INSERT INTO orders VALUES (1, 7);");
        let wanted = FIRST
            .replace("customer_id integer", "customer_id integer, FOREIGN KEY (customer_id) REFERENCES customer (id)");
        sync(&target, &wanted, &[]).expect(1);
        assert_eq!(there(&target), before);
    }
}

#[test]
fn what_is_migrated_by_versions_or_protected_is_not_touched() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, FIRST);
        target.run(&["up"]).expect(0);
        let before = there(&target);
        sync(&target, SECOND, &["--allow", "data_loss"])
            .expect(4)
            .says(&["migrated by versions", "driftlock generate"]);
        assert_eq!(there(&target), before);

        let target = Target::new(engine);
        load(
            &target,
            "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (1, false);",
        );
        sync(&target, FIRST, &[]).expect(4).says(&["schema_migrations"]);

        let target = Target::new(engine);
        let config = format!("[env.prod]\nurl = \"{}\"\n", target.url);
        std::fs::write(target.path().join("driftlock.toml"), config).unwrap();
        std::fs::write(target.path().join("want.sql"), FIRST).unwrap();
        let mut command = target.command(&["sync", "--to", "sql:want.sql", "--env", "prod"]);
        command.args(shadow(&target));
        Ran::new(command.output().unwrap()).expect(4).says(&["protected"]);
        assert_eq!(there(&target), Vec::<String>::new());
    }
}
