//! SQL files: the transaction that each runs in, and what fails with it.

use crate::Hooked;
use crate::target::{ALL, Engine, Target};

/// A table of what ran, made by hand before the first run.
const LOG: &str = "CREATE TABLE log (id integer PRIMARY KEY, what varchar(100), version varchar(100))";

/// A statement that notes what ran; the order is that of the numbers.
fn note(what: &str) -> String {
    format!("INSERT INTO log SELECT coalesce(max(id), 0) + 1, '{what}', ${{driftlock:version}} FROM log;\n")
}

fn logged(target: &Target) -> Vec<String> {
    let rows = target.query("SELECT what, version FROM log ORDER BY id");
    rows.into_iter().map(|row| row.replace("|NULL", "").trim_end_matches('|').replace('|', " ")).collect()
}

/// A migration of one transaction on every engine.
const DML: &str = "INSERT INTO log SELECT coalesce(max(id), 0) + 1, 'migration', NULL FROM log;\n";

fn with_all_hooks(engine: Engine) -> Target {
    let target = Target::new(engine);
    target.query(LOG);
    for event in ["before_migrate", "before_each", "after_each", "after_migrate"] {
        target.hook(event, &note(event));
    }
    target.hook("before_migrate_10_more", &note("before_migrate_10"));
    target.migration(1, DML);
    target.migration(2, DML);
    target
}

#[test]
fn every_event_comes_in_its_order() {
    for engine in ALL {
        let target = with_all_hooks(engine);
        target.run(&["up"]).expect(0);
        let expected = [
            "before_migrate",
            "before_migrate_10",
            "before_each 20260101-000001",
            "migration",
            "after_each 20260101-000001",
            "before_each 20260101-000002",
            "migration",
            "after_each 20260101-000002",
            "after_migrate",
        ];
        assert_eq!(logged(&target), expected, "{engine:?}");
        // Nothing pending: nothing runs.
        target.run(&["up"]).expect(0);
        assert_eq!(logged(&target).len(), expected.len(), "{engine:?}");
    }
}

#[test]
fn nothing_runs_for_a_look() {
    for engine in ALL {
        let target = with_all_hooks(engine);
        for arguments in [&["up", "--dry-run"][..], &["plan"], &["status"], &["plan", "--format", "json"]] {
            target.run(arguments).expect(0);
            assert_eq!(logged(&target), [""; 0], "{engine:?} {arguments:?}");
        }
        let ran = target.run(&["plan"]).expect(0);
        let hooks: Vec<&str> = ran.stdout.lines().filter(|line| line.contains(" hook: ")).collect();
        assert_eq!(hooks.len(), 7, "{}", ran.stdout);
        assert_eq!(hooks[0], "-- before_migrate hook: migrations/hooks/before_migrate.sql");
    }
}

#[test]
fn what_fails_around_a_migration_takes_it_back() {
    for engine in ALL {
        for (event, left) in [("before_each", 2), ("after_each", 2)] {
            let target = with_all_hooks(engine);
            target.hook(event, &format!("{}INSERT INTO no_such_table VALUES (1);\n", note(event)));
            let ran = target.run(&["up"]).expect(1);
            let place = format!("migrations/hooks/{event}.sql:2:13");
            let ran = ran.says(&[&place, "no_such_table", "is not changed by migrations/20260101-000001"]);
            assert!(!ran.stdout.contains("applied 2026"), "{}", ran.stdout);
            assert_eq!(
                logged(&target).len(),
                left,
                "{engine:?} {event}: only before_migrate stays: {:?}",
                logged(&target)
            );
            assert_eq!(target.history("state = 'done'"), "0");
            assert_eq!(target.history("state = 'failed'"), "1");
            // Put right, it goes on as if nothing had been.
            target.hook(event, &note(event));
            target.run(&["up"]).expect(0);
            assert_eq!(target.history("state = 'done'"), "2");
        }
    }
}

#[test]
fn a_failing_before_migrate_leaves_nothing_and_a_failing_after_migrate_leaves_all() {
    for engine in ALL {
        let target = with_all_hooks(engine);
        target.hook("before_migrate_10_more", &format!("{}SELECT * FROM no_such_table;\n", note("more")));
        let ran = target.run(&["up", "--format", "json"]).expect(1);
        ran.says(&["DL0308", "the database is not changed: no migration had begun", "before_migrate_10_more.sql:2:15"]);
        assert_eq!(logged(&target), ["before_migrate"], "{engine:?}: what ran before it was committed by itself");
        assert_eq!(target.history("1 = 1"), "0");

        let target = with_all_hooks(engine);
        target.hook("after_migrate", &format!("{}SELECT * FROM no_such_table;\n", note("more")));
        let ran = target.run(&["up"]).expect(1);
        ran.says(&["what had run is committed, recorded, and stays", "2 migrations were committed"]);
        assert_eq!(target.history("state = 'done'"), "2", "{engine:?}");
        assert_eq!(logged(&target).len(), 8, "{engine:?}: its own transaction was rolled back");
    }
}

/// A migration that can't be one transaction.
fn journalled(engine: Engine, fails: bool) -> String {
    let alone = match engine {
        Engine::Postgres => "CREATE INDEX CONCURRENTLY log_what ON log (what);\n",
        Engine::MySql => "CREATE INDEX log_what ON log (what);\n",
        Engine::Sqlite => "VACUUM;\n",
    };
    format!("{DML}{alone}{}", if fails { "INSERT INTO no_such_table VALUES (1);\n" } else { DML })
}

#[test]
fn around_a_journalled_migration_they_commit_with_its_ends() {
    for engine in ALL {
        let target = with_all_hooks(engine);
        target.migration(2, &journalled(engine, true));
        target.run(&["up"]).expect(1);
        let expected = [
            "before_migrate",
            "before_migrate_10",
            "before_each 20260101-000001",
            "migration",
            "after_each 20260101-000001",
            "before_each 20260101-000002",
            "migration",
        ];
        assert_eq!(logged(&target), expected, "{engine:?}");
        // What is unfinished begins with its hooks again.
        target.migration(2, &journalled(engine, false));
        target.run(&["up"]).expect(0);
        let expected = [
            &expected[..],
            &[
                "before_migrate",
                "before_migrate_10",
                "before_each 20260101-000002",
                "migration",
                "after_each 20260101-000002",
                "after_migrate",
            ],
        ]
        .concat();
        assert_eq!(logged(&target), expected, "{engine:?}");
    }
}

#[test]
fn an_after_each_that_fails_leaves_a_journalled_migration_to_be_finished() {
    for engine in ALL {
        let target = with_all_hooks(engine);
        target.migration(2, &journalled(engine, false));
        target.hook("after_each_1", "UPDATE log SET what = 'x' WHERE id = (SELECT no_such_column FROM log);\n");
        std::fs::remove_file(target.migrations().join("20260101-000001_shop_step_v1.up.sql")).unwrap();
        let ran = target.run(&["up"]).expect(1);
        ran.says(&["which can't be one transaction, 3 statements are done and stay; the next run goes on behind them"]);
        assert_eq!(target.history("state = 'done'"), "0", "{engine:?}");
        target.hook("after_each_1", &note("after_each_1"));
        target.run(&["up"]).expect(0);
        let last = [
            "before_each 20260101-000002",
            "after_each 20260101-000002",
            "after_each_1 20260101-000002",
            "after_migrate",
        ];
        assert_eq!(logged(&target)[7..], last, "{engine:?}: {:?}", logged(&target));
    }
}

#[test]
fn down_and_redo_run_them_too_and_they_are_told() {
    for engine in ALL {
        let target = Target::new(engine);
        target.query(LOG);
        let text =
            "INSERT INTO log SELECT coalesce(max(id), 0) + 1, ${driftlock:direction}, ${driftlock:version} FROM log;\n";
        target.hook("before_each", text);
        target.hook("before_migrate", text);
        target.migration(1, "INSERT INTO log SELECT coalesce(max(id), 0) + 1, 'x', NULL FROM log;");
        target.down(1, "DELETE FROM log WHERE what = 'x';");
        target.run(&["up"]).expect(0);
        target.run(&["redo", "--yes"]).expect(0);
        target.run(&["down", "--yes"]).expect(0);
        let told = logged(&target);
        let expected = [
            "up",
            "up 20260101-000001",
            "redo",
            "down 20260101-000001",
            "up 20260101-000001",
            "down",
            "down 20260101-000001",
        ];
        let told: Vec<&str> = told.iter().map(String::as_str).filter(|it| *it != "x").collect();
        assert_eq!(told, expected, "{engine:?}");
    }
}

#[test]
fn what_cannot_be_a_part_of_a_transaction_is_refused_around_each() {
    for (engine, text) in [
        (Engine::Postgres, "SELECT 1;\nVACUUM log;\n"),
        (Engine::MySql, "SELECT 1;\nCREATE TABLE x (id int);\n"),
        (Engine::Sqlite, "SELECT 1;\nVACUUM;\n"),
        (Engine::Sqlite, "SELECT 1;\nATTACH ':memory:' AS m;\nSELECT 1;\n"),
    ] {
        let target = with_all_hooks(engine);
        target.hook("after_each", text);
        let ran = target.run(&["up"]).expect(2);
        ran.says(&["after_each.sql:2:1", "`after_migrate`"]);
        assert_eq!(logged(&target), [""; 0]);
        target
            .run(&[
                "validate",
                "--engine",
                match engine {
                    Engine::Postgres => "postgres",
                    Engine::MySql => "mysql",
                    Engine::Sqlite => "sqlite",
                },
            ])
            .expect(3)
            .says(&["after_each.sql:2:1"]);
    }
}

#[test]
fn around_a_run_anything_may_stand_alone() {
    for (engine, alone) in
        [(Engine::Postgres, "VACUUM log"), (Engine::MySql, "CREATE TABLE x (id int)"), (Engine::Sqlite, "VACUUM")]
    {
        let target = with_all_hooks(engine);
        target.hook("after_migrate", &format!("{}{alone};\n{}", note("one"), note("two")));
        target.run(&["up"]).expect(0);
        assert_eq!(logged(&target)[8..], ["one", "two"], "{engine:?}");

        let target = with_all_hooks(engine);
        target.hook("before_migrate_10_more", &format!("{}{alone};\nSELECT * FROM no_such_table;\n", note("one")));
        target.run(&["up"]).expect(1).says(&[
            "of the hook itself, which can't be one transaction, the statements 1, 2 are done and stay",
            "no migration had begun",
        ]);
    }
}

#[test]
fn a_hook_leaves_nothing_on_the_session() {
    // Each hook sets what would make the migration fail, or do something else.
    for engine in [Engine::Postgres, Engine::MySql] {
        let leak = match engine {
            Engine::Postgres => {
                "SET search_path = pg_catalog;\nSELECT pg_catalog.set_config('search_path', 'pg_catalog', false);\nSET CONSTRAINTS ALL DEFERRED;\nSET standard_conforming_strings = off;\n"
            }
            _ => "SET SESSION sql_mode = 'ANSI_QUOTES', @x = 5;\nSET NAMES latin1;\nSET foreign_key_checks = 0;\n",
        };
        for event in ["before_migrate", "before_each", "after_each", "after_migrate", "before_migrate_10_more"] {
            let target = with_all_hooks(engine);
            target.hook(event, leak);
            target.migration(1, match engine {
                Engine::Postgres => "CREATE TABLE seen AS SELECT current_setting('search_path') AS path, 'a\\b' AS text;\n",
                _ => "INSERT INTO log VALUES (100, concat(@@sql_mode LIKE '%ANSI_QUOTES%', ifnull(@x, 'none'), @@foreign_key_checks), \"ä\");\n",
            });
            target.migration(2, "INSERT INTO log VALUES (200, 'after', NULL);");
            target.run(&["up"]).expect(0);
            match engine {
                Engine::Postgres => {
                    assert_eq!(
                        target.value("SELECT path || text FROM public.seen"),
                        "\"$user\", publica\\b",
                        "{event}"
                    );
                }
                _ => assert_eq!(target.query("SELECT what, version FROM log WHERE id = 100"), ["0noneON|ä"], "{event}"),
            }
            assert_eq!(target.value("SELECT count(*) FROM log WHERE id = 200"), "1");
        }
    }
}

#[test]
fn a_script_leaves_nothing_on_the_session_for_a_hook() {
    for (engine, leak, sees) in [
        (
            Engine::Postgres,
            "SET search_path = pg_catalog;\nSELECT 1;\n",
            "SELECT coalesce(max(id), 0) + 1, current_setting('search_path'), NULL FROM log",
        ),
        (
            Engine::MySql,
            "SET @x = 5;\nINSERT INTO log VALUES (50, 'y', NULL);\n",
            "SELECT coalesce(max(id), 0) + 1, ifnull(@x, 'none'), NULL FROM log",
        ),
    ] {
        let target = with_all_hooks(engine);
        target.migration(2, leak);
        target.hook("after_each", &format!("INSERT INTO log {sees};\n"));
        target.run(&["up"]).expect(0);
        let expected = if engine == Engine::Postgres { "\"$user\", public" } else { "none" };
        assert_eq!(
            target.value(&format!("SELECT count(*) FROM log WHERE what = '{expected}'")),
            "2",
            "{:?}",
            logged(&target)
        );
    }
}

#[test]
fn a_filter_runs_one_where_its_tables_are_touched() {
    for engine in ALL {
        let target = Target::new(engine);
        target.query(LOG);
        let filtered = |tables: &str, what: &str| format!("-- driftlock: tables={tables}\n{}", note(what));
        target.hook("after_each_users", &filtered("users", "users"));
        target.hook("after_each_orders", &filtered("orders,shop.orders", "orders"));
        target.hook("before_migrate_items", &filtered("items", "items"));
        target.hook("after_migrate_orders", &filtered("Orders", "some orders"));
        target.migration(1, "CREATE TABLE users (id integer PRIMARY KEY);");
        target.migration(2, "CREATE TABLE orders (id integer PRIMARY KEY, u integer REFERENCES users (id));");
        // Its text doesn't tell.
        let opaque = match engine {
            Engine::Postgres => "DO $$ BEGIN PERFORM 1; END $$;",
            Engine::MySql => "SET @sql = 'SELECT 1';\nPREPARE s FROM @sql;\nEXECUTE s;\n",
            Engine::Sqlite => "CREATE INDEX users_id ON users (id);\nDROP INDEX users_id;\n",
        };
        target.migration(3, opaque);
        target.migration(4, &format!("-- driftlock: tables=users\n{opaque}"));
        target.run(&["up", "--steps", "2"]).expect(0);
        assert_eq!(
            logged(&target),
            ["users 20260101-000001", "orders 20260101-000002", "users 20260101-000002", "some orders"],
            "{engine:?}"
        );
        target.run(&["up"]).expect(0);
        assert_eq!(
            logged(&target)[4..],
            ["items", "orders 20260101-000003", "users 20260101-000003", "users 20260101-000004", "some orders"],
            "{engine:?}: where it can't be told, it runs"
        );
    }
}

#[test]
fn what_they_are_told_is_put_in_as_it_is() {
    for engine in ALL {
        let target = Target::new(engine);
        target.query("CREATE TABLE told (event varchar(50), version varchar(50), name varchar(99), direction varchar(9), environment varchar(99), tables varchar(500), complete integer, versions varchar(200))");
        let complete = if engine == Engine::Postgres {
            "${driftlock:tables_complete}::int"
        } else {
            "${driftlock:tables_complete}"
        };
        let text = format!(
            "INSERT INTO told VALUES (${{driftlock:event}}, ${{driftlock:version}}, ${{driftlock:name}}, ${{driftlock:direction}}, ${{driftlock:environment}}, ${{driftlock:tables}}, {complete}, ${{driftlock:versions}});\n"
        );
        target.hook("before_each", &text);
        target.hook("after_migrate", &text);
        let quote = if engine == Engine::MySql { '`' } else { '"' };
        target.migration(1, &format!("CREATE TABLE {quote}it's \\ it{quote} (id integer);\nINSERT INTO told SELECT event, version, name, direction, environment, tables, complete, versions FROM told WHERE 1 = 0;\n"));
        let name = "it's '; DROP TABLE told; -- \\' \\";
        std::fs::write(
            target.path().join("driftlock.toml"),
            format!("[env.{}]\nurl = \"{}\"\n", serde_json::Value::from(name), target.url),
        )
        .unwrap();
        target.configured(&["up"]).expect(0);
        let rows = target.query("SELECT event, version, name, direction, tables, complete, versions FROM told");
        let escaped = if engine == Engine::MySql { "\\\\\\\\" } else { "\\\\" };
        assert_eq!(
            rows,
            [
                format!(
                    "before_each|20260101-000001|shop_step_v1|up|[\"it's {escaped} it\",\"told\"]|1|[\"20260101-000001\"]"
                ),
                format!(
                    "after_migrate|{}||up|[\"it's {escaped} it\",\"told\"]|1|[\"20260101-000001\"]",
                    if engine == Engine::MySql { "NULL" } else { "" }
                )
                .replace("||up", if engine == Engine::MySql { "|NULL|up" } else { "||up" }),
            ],
            "{engine:?}"
        );
        let length = if engine == Engine::Sqlite { "length" } else { "char_length" };
        assert_eq!(
            target.value(&format!("SELECT max({length}(environment)) FROM told")),
            name.len().to_string(),
            "{engine:?}"
        );
    }
}

#[test]
fn a_placeholder_that_is_none_stops_before_anything_runs() {
    for engine in ALL {
        let target = with_all_hooks(engine);
        target.hook("after_migrate", "SELECT 1,\n  ${driftlock:vershion};\n");
        target.run(&["up"]).expect(2).says(&["after_migrate.sql:2:3", "told no `vershion`"]);
        assert_eq!(logged(&target), [""; 0]);
    }
}

#[test]
fn on_error_is_told_and_hides_nothing() {
    for engine in ALL {
        let target = with_all_hooks(engine);
        target.hook(
            "on_error",
            "INSERT INTO log SELECT coalesce(max(id), 0) + 1, ${driftlock:error_code}, ${driftlock:version} FROM log;\n",
        );
        target.hook("on_error_2", "INSERT INTO no_such_table_2 VALUES (1);\n");
        target.hook("on_error_3", &note("third"));
        target.migration(
            2,
            "INSERT INTO log SELECT coalesce(max(id), 0) + 1, 'x', NULL FROM log;\nINSERT INTO no_such_table VALUES (1);\n",
        );
        let ran = target.run(&["up"]).expect(1);
        let ran = ran.says(&["step_v1.up.sql:2:13", "no_such_table", "on_error_2.sql:1:13", "no_such_table_2"]);
        assert!(
            ran.stderr.find("no_such_table_2").unwrap() < ran.stderr.find("step_v1.up.sql:2:13").unwrap(),
            "the first error is the last word"
        );
        assert_eq!(
            logged(&target)[5..],
            ["DL0205 20260101-000002", "third 20260101-000002"],
            "{engine:?}: {:?}",
            logged(&target)
        );
        assert_eq!(target.history("state = 'done'"), "1");
    }
}

#[test]
fn a_hooks_credentials_are_never_shown() {
    let canary = "c4n4ry-s3cr3t";
    for (engine, text) in [
        (Engine::Postgres, format!("CREATE ROLE driftlock_hook_canary PASSWORD '{canary}' NO_SUCH_OPTION;\n")),
        (Engine::Postgres, format!("DO $$ BEGIN RAISE EXCEPTION 'it is %', 'password={canary}'; END $$;\n")),
        (Engine::MySql, format!("ALTER USER no_such_user_of_ours@localhost IDENTIFIED BY '{canary}';\n")),
        (Engine::MySql, format!("SET PASSWORD FOR no_such_user_of_ours = PASSWORD('{canary}');\n")),
    ] {
        for event in ["before_migrate", "after_migrate", "on_error"] {
            let target = with_all_hooks(engine);
            target.hook(event, &text);
            if event == "on_error" {
                target.migration(2, "SELECT * FROM no_such_table;");
            }
            for format in ["text", "json"] {
                let ran = target.run(&["up", "--format", format]);
                let history = target.query("SELECT error FROM driftlock_history WHERE error IS NOT NULL").join("\n");
                for (place, shown) in [("stdout", &ran.stdout), ("stderr", &ran.stderr), ("history", &history)] {
                    assert!(!shown.contains(canary), "{engine:?} {event} {place}: {shown}");
                }
                if event != "after_migrate" || format == "text" {
                    assert_eq!(ran.code, 1, "{}", ran.stderr);
                }
            }
        }
    }
}
