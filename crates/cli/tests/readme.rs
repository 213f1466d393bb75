//! The transcripts in the README and in `docs`, run again in a copy of `examples/shop` and compared.
//!
//! Every block that is marked `console` is run, page by page, each page in a copy of its own. `cargo xtask pages` writes what the
//! program says now.

#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, VecDeque};
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
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("shop");
    copy(&Path::new(ROOT).join("examples/shop"), &folder);

    let mut real = String::new();
    let mut transcripts = 0;
    let mut rest = page.as_str();
    while let Some(at) = rest.find("```console\n") {
        let (before, block) = rest.split_at(at + "```console\n".len());
        let (block, after) = block.split_at(block.find("```\n").expect("the block ends"));
        real.push_str(before);
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            real.push_str(&format!("$ {command}\n{}", run(home.path(), command)));
            transcripts += 1;
        }
        rest = after;
    }
    real.push_str(rest);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        // What differs by moments alone stays as it is.
        if normal_page(&page) != normal_page(&real) {
            std::fs::write(&path, keeping(&page, &real)).unwrap();
        }
        return transcripts;
    }
    for (number, (said, says)) in page.lines().zip(real.lines()).enumerate() {
        assert_eq!(normal(said), normal(says), "{name}:{}; `cargo xtask pages` writes it anew", number + 1);
    }
    assert_eq!(page.lines().count(), real.lines().count(), "{name}");
    transcripts
}

/// What is said now, with the moments of a page: a change of the page is what was changed.
fn keeping(page: &str, real: &str) -> String {
    let mut real = real.to_owned();
    for (was, is) in stamps(page).iter().zip(stamps(&real)) {
        real = real.replace(&is, was);
    }
    let mut old: HashMap<String, VecDeque<&str>> = HashMap::new();
    for line in page.split('\n') {
        old.entry(normal(line)).or_default().push_back(line);
    }
    let kept = |line| old.get_mut(&normal(line)).and_then(VecDeque::pop_front).unwrap_or(line);
    real.split('\n').map(kept).collect::<Vec<_>>().join("\n")
}

/// The versions of new files, in order.
fn stamps(page: &str) -> Vec<String> {
    let mut stamps: Vec<String> = Vec::new();
    for word in page.split(|c: char| !c.is_ascii_digit() && c != '-') {
        if shape(word, "00000000-000000") && !word.starts_with("2024") && !stamps.iter().any(|it| it == word) {
            stamps.push(word.to_owned());
        }
    }
    stamps
}

fn normal_page(page: &str) -> Vec<String> {
    page.lines().map(normal).collect()
}

/// Runs a line of shell as a reader would, and returns all that it prints.
fn run(home: &Path, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_driftlock")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(program.to_path_buf()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = Command::new("bash")
        .args(["-c", &format!("{command}\ncode=$?\n[ $code = 0 ] || echo \"exit code $code\"")])
        .current_dir(home.join("shop"))
        .env_clear()
        .envs([("COLUMNS", "80"), ("DRIFTLOCK_OS_USER", "ann"), ("DRIFTLOCK_HOST", "box")])
        .env("HOME", home)
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
    // On readers' machines it is somewhere else.
    text.replace(home.to_str().unwrap(), "/home/ann")
}

/// Without what is another each time: durations, moments, the versions of new files and of SQLite.
fn normal(line: &str) -> String {
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

/// Whether a word begins as this mask does, `0` being any digit.
fn shape(word: &str, mask: &str) -> bool {
    let fits = |(byte, mark): (u8, u8)| if mark == b'0' { byte.is_ascii_digit() } else { byte == mark };
    word.len() >= mask.len() && word.bytes().zip(mask.bytes()).all(fits)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().starts_with("shop.db") {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
