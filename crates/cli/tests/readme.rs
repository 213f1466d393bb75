//! The transcripts in the README and in `docs`, run again in a copy of `examples/shop` and compared.
//!
//! Every block that is marked `console` is run, page by page, each page in a copy of its own. `cargo xtask pages` writes what the
//! program says now.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn the_tour_is_true() {
    assert!(is_true("README.md") > 10, "the README has lost its tour");
}

#[test]
fn the_docs_are_true() {
    let mut transcripts = 0;
    for entry in std::fs::read_dir(Path::new(ROOT).join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            transcripts += is_true(&format!("docs/{name}"));
        }
    }
    assert!(transcripts > 10, "the docs have lost their transcripts");
}

/// Whether the program says what the page says that it says; how many commands there are in it.
fn is_true(name: &str) -> usize {
    let path = Path::new(ROOT).join(name);
    let page = std::fs::read_to_string(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(ROOT).join("examples/shop"), folder.path());

    let mut real = String::new();
    let mut transcripts = 0;
    let mut rest = page.as_str();
    while let Some(at) = rest.find("```console\n") {
        let (before, block) = rest.split_at(at + "```console\n".len());
        let (block, after) = block.split_at(block.find("```\n").expect("the block ends"));
        real.push_str(before);
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            real.push_str(&format!("$ {command}\n{}", run(folder.path(), command)));
            transcripts += 1;
        }
        rest = after;
    }
    real.push_str(rest);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        // What differs by moments alone stays as it is.
        if normal_page(&page) != normal_page(&real) {
            std::fs::write(&path, real).unwrap();
        }
        return transcripts;
    }
    for (number, (said, says)) in page.lines().zip(real.lines()).enumerate() {
        assert_eq!(normal(said), normal(says), "{name}:{}; `cargo xtask pages` writes it anew", number + 1);
    }
    assert_eq!(page.lines().count(), real.lines().count(), "{name}");
    transcripts
}

fn normal_page(page: &str) -> Vec<String> {
    page.lines().map(normal).collect()
}

/// Runs a line of shell as a reader would, and returns all that it prints.
fn run(folder: &Path, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_driftlock")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(program.to_path_buf()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = Command::new("bash")
        .args(["-c", &format!("{command}\ncode=$?\n[ $code = 0 ] || echo \"exit code $code\"")])
        .current_dir(folder)
        .env_clear()
        .envs([("HOME", "/"), ("COLUMNS", "80"), ("DRIFTLOCK_OS_USER", "ann"), ("DRIFTLOCK_HOST", "box")])
        .env("PATH", path.unwrap())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    // What is data comes first; on a terminal the two would mix by time.
    let mut text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    match text.rfind("exit code ").filter(|_| !said.is_empty()) {
        Some(at) => text.insert_str(at, &said),
        None => text.push_str(&said),
    }
    text
}

/// Without what is another each time: durations, moments, the versions of new files and of SQLite.
fn normal(line: &str) -> String {
    let shape = |word: &str, mask: &str| {
        word.len() >= mask.len()
            && word
                .bytes()
                .zip(mask.bytes())
                .all(|(byte, mark)| if mark == b'0' { byte.is_ascii_digit() } else { byte == mark })
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut normal = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_unit = words.get(at + 1).is_some_and(|next| matches!(next.trim_end_matches(','), "ms" | "s"));
        let mut word = word.to_string();
        let is_duration = is_unit && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if is_duration || at > 0 && words[at - 1] == "\"duration_ms\":" {
            word = "N".to_owned();
        } else if shape(&word, "0000-00-00") || shape(&word, "00:00:00") {
            word = "WHEN".to_owned();
        } else if at > 0 && words[at - 1].ends_with("SQLite") {
            word = "X".to_owned();
        }
        // `20261122-014314_customer…` in a path or alone; the example's own files are of 2024.
        let from = word.rfind('/').map_or(0, |slash| slash + 1);
        if shape(&word[from..], "00000000-000000") && !word[from..].starts_with("2024") {
            word.replace_range(from..from + 15, "NEW");
        }
        normal.push(word);
    }
    normal.join(" ")
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().starts_with("shop.db") {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
