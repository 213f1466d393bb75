//! What is built for which feature, as cargo's own tree of dependencies says it.
#![allow(clippy::unwrap_used)]

use std::process::Command;

/// The names of all crates that a build of the library has, without its build's own.
fn crates(features: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{lib}"])
        .args(["--package", "driftlock", "--no-default-features", "--features", features])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_program_of_one_engine_has_no_other_ones_driver() {
    let of = [
        ("sqlite", ["driftlock_sqlite", "rusqlite"].as_slice()),
        ("postgres", &["driftlock_postgres", "driftlock_tls", "tokio_postgres", "rustls"]),
        ("mysql", &["driftlock_mysql", "driftlock_tls", "rustls"]),
    ];
    for (engine, own) in of {
        let crates = crates(&format!("{engine},macros"));
        for (_, names) in of {
            for name in names {
                assert_eq!(crates.iter().any(|it| it == name), own.contains(name), "`{name}` with `{engine}`");
            }
        }
        // What is the command line's alone.
        for name in ["clap", "indicatif", "annotate_snippets", "tracing_subscriber"] {
            assert!(!crates.iter().any(|it| it == name), "`{name}` with `{engine}`");
        }
    }
}

#[test]
fn the_engines_are_told_by_the_scheme_whether_they_are_there_or_not() {
    let crates = crates("macros");
    assert!(crates.iter().any(|it| it == "driftlock_script"));
    assert!(!crates.iter().any(|it| it == "rustls" || it == "rusqlite"), "{crates:?}");
}
