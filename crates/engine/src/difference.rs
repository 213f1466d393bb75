//! What was changed in an applied file, as far as git still knows the text that was applied.
//!
//! The history keeps digests of scripts, not their texts. Where the directory is in a git repository, the text with the
//! recorded digest is usually the last committed one, or one of the few before it.

use std::path::Path;
use std::process::{Command, Stdio};

use driftlock_script::{Digest, decode};
use similar::TextDiff;

/// So many versions of the file are looked at, the last first.
const VERSIONS: usize = 20;

/// The difference between the text with this SHA-256 and the text now, as a unified diff. `None` where git doesn't know
/// the former, or isn't there.
pub(crate) fn from_git(file: &Path, sha256: &str, now: &str) -> Option<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name()?.to_str()?;
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output.status.success().then_some(output.stdout)
    };
    let most = format!("-{VERSIONS}");
    let commits = git(&["log", &most, "--format=%H", "--", name])?;
    for commit in String::from_utf8(commits).ok()?.lines() {
        let Some(bytes) = git(&["show", &format!("{commit}:./{name}")]) else { continue };
        if Digest::of(&bytes).sha256() == sha256 {
            let then = decode(&bytes).ok()?;
            let (then, now) = (then.replace("\r\n", "\n"), now.replace("\r\n", "\n"));
            let short = commit.get(..12).unwrap_or(commit);
            let difference = TextDiff::from_lines(&then, &now)
                .unified_diff()
                .context_radius(2)
                .header(&format!("{name} as applied (commit {short})"), &format!("{name} now"))
                .to_string();
            return Some(difference);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-C"])
            .arg(folder)
            .args(arguments)
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{arguments:?}");
    }

    #[test]
    fn finds_the_applied_text_among_the_committed_ones() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1_a.up.sql");
        git(folder.path(), &["init", "-q"]);
        for text in ["SELECT 1;\n", "SELECT 2;\n", "SELECT 3;\n"] {
            std::fs::write(&file, text).unwrap();
            git(folder.path(), &["add", "."]);
            git(folder.path(), &["commit", "-qm", text]);
        }
        let difference = from_git(&file, &Digest::of(b"SELECT 2;\n").sha256(), "SELECT 4;\n").unwrap();
        assert!(difference.contains("-SELECT 2;\n+SELECT 4;\n"), "{difference}");
        assert_eq!(from_git(&file, &Digest::of(b"SELECT 9;\n").sha256(), "SELECT 4;\n"), None);
        assert_eq!(from_git(&folder.path().join("nowhere/x.sql"), "", ""), None);
    }
}
