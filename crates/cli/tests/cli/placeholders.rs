//! Values that are put into Flyway's scripts: from the file, from an option, from a variable.

use crate::environment::TestEnvironment;

#[test]
fn flyway_directories_run_with_their_values() {
    let mut it = TestEnvironment::new();
    it.write("driftlock.toml", "placeholders = { Table = \"users\" }\n[env.dev]\nurl = \"sqlite://shop.db\"\n");
    it.write("migrations/V1__users.sql", "CREATE TABLE ${table} (id integer);\n");
    it.write("migrations/U1__take back.sql", "DROP TABLE ${table};\n");
    it.write(
        "migrations/V1.1__note.sql",
        "CREATE TABLE notes AS SELECT '${flyway:filename}' f, '${note}' n, '${raw}' r;\n",
    );
    it.write("migrations/U1.1__note.sql", "DROP TABLE notes;\n");
    it.write("migrations/V2__raw.sql", "CREATE TABLE raw AS SELECT '${raw}' r;\n");
    it.write("migrations/V2__raw.sql.conf", "placeholderReplacement=false\n");
    it.write("migrations/U2__raw.sql", "DROP TABLE raw;\n");
    let says = |ran: String, part: &str| assert!(ran.contains(part), "`{part}` is missing in\n{ran}");
    let missing = "migrations/V1.1__note.sql:1:55";
    says(it.run(&["up", "--placeholder", "raw=R"]).to_string(), missing);
    it.set("FLYWAY_PLACEHOLDERS_NOTE", "N");
    says(it.run(&["up", "--placeholder", "raw"]).to_string(), "--placeholder");
    for _ in 0..2 {
        assert_eq!(it.run(&["up", "--placeholder", "raw=R", "-q"]).code, Some(0));
        let ask = |sql: &str| {
            let output =
                std::process::Command::new("sqlite3").arg(it.project().join("shop.db")).arg(sql).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(ask("SELECT f || n || r FROM notes"), "V1.1__note.sqlNR\n");
        assert_eq!(ask("SELECT r FROM raw"), "${raw}\n");
        assert_eq!(
            ask("SELECT reason FROM driftlock_history WHERE version = '1' LIMIT 1"),
            "values put in: table=users\n"
        );
        assert_eq!(it.run(&["down", "--all", "--yes"]).code, Some(0));
    }
    it.write("migrations/V2__raw.sql.conf", "executeInTransaktion=false\n");
    says(it.run(&["up", "--placeholder", "raw=R"]).to_string(), "migrations/V2__raw.sql.conf:1:1");
}
