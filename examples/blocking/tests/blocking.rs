//! The program, twice on one file.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

fn run(file: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_example-blocking")).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_file_is_made_and_brought_up_to_date_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    let (first, second) = (run(&file), run(&file));
    assert!(first.starts_with("applied 20240108-090000_customer_create_table_v1\n"), "{first}");
    assert!(!second.contains("applied") && !second.is_empty(), "{second}");
    assert!(first.ends_with(&second), "{first}\n{second}");
}
