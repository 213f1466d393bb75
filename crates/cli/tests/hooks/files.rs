//! Hook files as files: their names, their lines in the manifest.

use crate::Hooked;
use crate::target::{Engine, Target};

#[test]
fn a_wrong_name_is_an_error_that_names_the_nearest() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "SELECT 1;");
    target.hook("befor_migrate", "SELECT 1;");
    for arguments in [&["up"][..], &["plan"], &["status"]] {
        let ran = target.run(arguments).expect(2);
        ran.says(&["`migrations/hooks/befor_migrate.sql`", "did you mean `before_migrate.sql`"]);
    }
    target.run(&["validate", "--engine", "sqlite"]).expect(3).says(&["befor_migrate.sql", "did you mean"]);
    target.hook("before_migrate", "SELECT 1;");
    std::fs::remove_file(target.migrations().join("hooks/befor_migrate.sql")).unwrap();
    target.run(&["up"]).expect(0);
}

#[test]
fn an_edited_hook_is_told_and_refused_where_it_is_protected() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "CREATE TABLE a (id integer);");
    target.hook("before_migrate", "SELECT 1;");
    let text = format!("[env.dev]\nurl = \"{0}\"\n[env.prod]\nurl = \"{0}\"\n", target.url);
    std::fs::write(target.path().join("driftlock.toml"), text).unwrap();
    target.configured(&["manifest", "write"]).expect(0);
    target.configured(&["manifest", "verify"]).expect(0);
    target.hook("before_migrate", "SELECT 2;");
    target.configured(&["manifest", "verify"]).expect(6).says(&["hooks/before_migrate.sql"]);
    target
        .configured(&["up", "--env", "prod"])
        .expect(6)
        .says(&["hooks/before_migrate.sql: differs from its line in the manifest"]);
    target.hook("after_migrate", "SELECT 3;");
    let ran = target.configured(&["up", "--env", "dev"]).expect(0);
    ran.says(&["before_migrate.sql: differs", "after_migrate.sql: is not in the manifest"]);
    std::fs::remove_file(target.migrations().join("hooks/before_migrate.sql")).unwrap();
    target
        .configured(&["up", "--env", "dev"])
        .expect(6)
        .says(&["before_migrate.sql: is in the manifest, but there is no such file"]);
}
