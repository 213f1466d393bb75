//! What a dump may ask for that can't be had: said with its place and the way out, before or instead of anything else.

use crate::client::succeed;
use crate::target::{Engine, Target};

#[test]
fn a_dump_of_another_database_is_refused_and_one_of_this_runs() {
    for (engine, head) in [
        (Engine::MySql, "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `{}` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;"),
        (Engine::MySql, "/*!40000 DROP DATABASE IF EXISTS `{}`*/;\n\nCREATE DATABASE `{}`;\n\nUSE `{}`;"),
        (Engine::MySql, "USE `{}`;"),
        (Engine::Postgres, "CREATE DATABASE \"{}\" WITH TEMPLATE = template0 ENCODING = 'UTF8';"),
        (Engine::Postgres, "DROP DATABASE IF EXISTS {};\nCREATE DATABASE {};\n\n\\connect {}\n"),
        (Engine::Postgres, "\\connect {}\n"),
        (Engine::Postgres, "\\connect -reuse-previous=on \"dbname='{}'\"\n"),
    ] {
        let target = Target::new(engine);
        let text = |name: &str| format!("-- a dump\n\n{}\nCREATE TABLE t (a int);\n", head.replace("{}", name));
        target.migration(1, &text("quite_another"));
        let ran = target.run(&["up"]).expect(2);
        let ran = ran.says(&["migrations/20260101-000001_shop_step_v1.up.sql:3:1", "quite_another", target.database()]);
        assert!(!ran.stderr.contains("not run"), "{}", ran.stderr);
        target.run(&["plan"]).expect(2).says(&["quite_another"]);
        // Without a database in hand nothing can be said against it.
        target.run(&["validate"]).expect(0);
        target.migration(1, &text(target.database()));
        target.run(&["plan"]).expect(0);
        target.run(&["up"]).expect(0).says(&["up.sql:3: not run", "the database in hand"]);
        assert_eq!(target.value("SELECT count(*) FROM t"), "0", "{head}");
        assert_eq!(target.history("state = 'done'"), "1", "{head}");
    }
}

#[test]
fn dropping_the_database_in_hand_is_refused() {
    for engine in [Engine::MySql, Engine::Postgres] {
        let target = Target::new(engine);
        target.migration(1, &format!("CREATE TABLE t (a int);\nDROP DATABASE {};\n", target.database()));
        target.run(&["up"]).expect(2).says(&["up.sql:2:1", "history"]);
        assert_eq!(target.run(&["status"]).expect(0).code, 0);
    }
}

#[test]
fn a_role_that_is_not_there_is_named_with_the_way_out() {
    let target = Target::new(Engine::Postgres);
    for (sql, way_out) in [
        ("ALTER TABLE public.t OWNER TO nobody_here", "--no-owner"),
        ("ALTER FUNCTION public.f(int) OWNER TO \"nobody_here\"", "--no-owner"),
        ("SET SESSION AUTHORIZATION 'nobody_here'", "--no-owner"),
        ("GRANT SELECT ON TABLE public.t TO nobody_here", "--no-privileges"),
        ("ALTER DEFAULT PRIVILEGES FOR ROLE nobody_here GRANT SELECT ON TABLES TO PUBLIC", "--no-privileges"),
    ] {
        let make =
            "CREATE TABLE public.t (a int);\nCREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';";
        target.migration(1, &format!("{make}\n\n{sql};\n"));
        target.run(&["up"]).expect(1).says(&["up.sql:4:", "nobody_here", "create the role first", way_out]);
    }
}

#[test]
fn the_schema_of_the_own_tables_is_not_dropped_and_cascade_is_not_proposed() {
    let target = Target::new(Engine::Postgres);
    target.migration(1, "DROP SCHEMA public;\nCREATE SCHEMA public;\nCREATE TABLE public.t (a int);\n");
    let ran = target.run(&["up"]).expect(1).says(&["up.sql:1:1", "driftlock_history", "--tables-schema"]);
    assert!(!ran.stderr.contains("CASCADE"), "{}", ran.stderr);
    let other = Target::new(Engine::Postgres);
    other.migration(1, "DROP SCHEMA public;\nCREATE SCHEMA public;\nCREATE TABLE public.t (a int);\n");
    other.run(&["up", "--tables-schema", "elsewhere"]).expect(0);
}

#[test]
fn a_definer_that_one_may_not_act_for_is_named_with_the_way_out() {
    let target = Target::new(Engine::MySql);
    let user = format!("plain_{}", target.database());
    let admin = |sql: String| succeed(&mut target.client_command("", &sql)).unwrap();
    admin(format!("CREATE USER {user} IDENTIFIED BY 'c4nary'; GRANT ALL ON {}.* TO {user}", target.database()));
    let place = target.url.split_once('@').unwrap().1;
    let url = format!("mysql://{user}:c4nary@{place}");
    target.migration(
        1,
        "CREATE TABLE t (a int);\n/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`nobody`@`nowhere` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 AS `a` */;\n",
    );
    let output = target.command(&["up", "--url", &url, "--dir", "migrations"]).output();
    admin(format!("DROP USER {user}"));
    let ran = crate::target::Ran::new(output.unwrap());
    ran.expect(1).says(&["up.sql:2:", "DEFINER", "take the DEFINER clauses out"]);
}

#[test]
fn a_publication_of_all_tables_does_not_keep_the_history_from_being_written() {
    let target = Target::new(Engine::Postgres);
    target.migration(1, "CREATE PUBLICATION everything FOR ALL TABLES;\nCREATE TABLE t (a int PRIMARY KEY);\n");
    target.migration(2, "CREATE INDEX CONCURRENTLY i ON t (a);\nINSERT INTO t VALUES (1);\n");
    target.run(&["up"]).expect(0);
    target.migration(3, "INSERT INTO t VALUES (2);\n");
    target.run(&["up"]).expect(0);
    assert_eq!(target.history("state = 'done'"), "3");
}
