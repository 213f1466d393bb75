//! What each command says on `examples/shop`, as it looks on 80 columns; files in `snapshots/example`.
//!
//! `cargo xtask pages` writes them anew.

use crate::environment::TestEnvironment;

#[test]
fn every_command_on_the_example() {
    let it = TestEnvironment::with_the_example();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/example");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // The files that `new` makes bear its time; widths of columns don't depend on what stands in them.
    settings.add_filter(r"\b202[6-9]\d{4}-\d{6}", "YYYYMMDD-HHMMSS");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "SHA256");
    let _guard = settings.bind_to_scope();
    let check = |name: &str, arguments: &[&str]| {
        insta::assert_snapshot!(name, it.run(arguments));
    };
    check("01-validate", &["validate"]);
    check("02-status-of-nothing", &["status"]);
    check("03-plan", &["plan", "--steps", "1"]);
    check("04-plan-as-json", &["plan", "--steps", "1", "--format", "json"]);
    check("05-up-some", &["up", "--to", "20240122-093000"]);
    check("06-up", &["up"]);
    check("07-up-again", &["up"]);
    check("08-status", &["status"]);
    check("09-audit", &["audit", "--limit", "2"]);
    check("10-audit-verify", &["audit", "--verify"]);
    check("11-down-without-yes", &["down", "--steps", "2"]);
    check("12-down-dry-run", &["down", "--dry-run"]);
    check("13-down", &["down", "--yes"]);
    check("14-redo", &["redo", "--yes"]);
    check("15-baseline", &["baseline", "20240527-143000", "--accept-difference", "--reason", "an example"]);
    check("16-adopt", &["adopt"]);
    check("17-manifest-write", &["manifest", "write"]);
    check("18-manifest-verify", &["manifest", "verify"]);
    check("19-new", &["new", "customer", "add phone"]);
    check("20-doctor", &["doctor"]);
    check("21-init", &["init"]);
    check("22-up-to-nowhere", &["up", "--to", "20240122"]);
    check("23-up-without-secret", &["up", "--env", "prod"]);
    let file = "migrations/sqlite/20240108-090000_customer_create_table_v1.up.sql";
    it.write(file, &format!("{}-- a late thought\n", it.read(file)));
    check("24-up-edited", &["up"]);
    check("25-status-edited", &["status"]);
    check("26-accept", &["accept", "20240108-090000", "--reason", "a comment only"]);
}
