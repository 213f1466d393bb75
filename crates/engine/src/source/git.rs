//! Files as a revision of git has them. git is run with its arguments as they are; no shell reads them, and nothing is checked out.

use std::path::Path;
use std::process::Stdio;

use driftlock_script::Memory;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::Error;

/// What a path is in a revision.
pub(super) enum Found {
    /// A file, by its bytes.
    File(Vec<u8>),
    /// The files of a directory.
    Directory(Memory),
}

/// Reads a path, which is one from `folder`, from a revision.
pub(super) async fn read(folder: &Path, revision: &str, path: &str) -> Result<Found, Error> {
    let commit = format!("{revision}^{{commit}}");
    let commit = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).await;
    let commit = commit.map_err(|error| match error {
        Error::Usage(_) => Error::Usage(format!(
            "git:{revision}:{path}: git knows no revision `{revision}` here; `git fetch` gets what is elsewhere"
        )),
        other => other,
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let tidy = path.trim_end_matches('/').trim_start_matches("./");
    let object = format!("{commit}:./{}", if tidy == "." { "" } else { tidy });
    let kind = git(folder, &["cat-file", "-t", &object]).await.map_err(|error| match error {
        Error::Usage(reason) => Error::Usage(format!(
            "git:{revision}:{path}: `{revision}` has no `{path}`, seen from this folder ({reason})"
        )),
        other => other,
    })?;
    match String::from_utf8_lossy(&kind).trim() {
        "blob" => Ok(Found::File(git(folder, &["cat-file", "blob", &object]).await?)),
        "tree" => directory(folder, &object).await.map(Found::Directory),
        other => Err(Error::Usage(format!("git:{revision}:{path} is no file and no directory, but a {other}"))),
    }
}

/// All files of a tree: one question for their names, one for what they hold.
async fn directory(folder: &Path, tree: &str) -> Result<Memory, Error> {
    let listed = git(folder, &["ls-tree", "-r", "-z", tree]).await?;
    let mut names = Vec::new();
    let mut blobs = String::new();
    for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        let entry = std::str::from_utf8(entry)
            .map_err(|_| Error::Usage("a file's name in that revision is not UTF-8".to_owned()))?;
        let Some((about, name)) = entry.split_once('\t') else { continue };
        let mut about = about.split(' ');
        let (mode, kind, id) = (about.next(), about.next(), about.next());
        // Not links, not other repositories.
        if let (Some("100644" | "100755"), Some("blob"), Some(id)) = (mode, kind, id) {
            names.push(name.to_owned());
            blobs.push_str(id);
            blobs.push('\n');
        }
    }
    let contents = run(folder, &["cat-file", "--batch"], Some(blobs.into_bytes())).await?;
    let mut rest = contents.as_slice();
    let mut files = Memory::new();
    for name in names {
        let broken = || Error::Usage("git answered what isn't understood to `git cat-file --batch`".to_owned());
        let line = rest.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
        let head = std::str::from_utf8(&rest[..line]).map_err(|_| broken())?;
        let length: usize = head.rsplit(' ').next().and_then(|length| length.parse().ok()).ok_or_else(broken)?;
        let content = rest.get(line + 1..line + 1 + length).ok_or_else(broken)?;
        files = files.with(name, content);
        rest = rest.get(line + 2 + length..).unwrap_or_default();
    }
    Ok(files)
}

async fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Error> {
    run(folder, arguments, None).await
}

async fn run(folder: &Path, arguments: &[&str], input: Option<Vec<u8>>) -> Result<Vec<u8>, Error> {
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::Source { place: "git".to_owned(), reason: format!("it can't be started: {error}") })?;
    // Written beside what is read: neither side waits for the other.
    let mut stdin = child.stdin.take();
    let write = async move {
        if let (Some(stdin), Some(input)) = (&mut stdin, input) {
            // That nobody reads it shows in what comes back.
            let _ = stdin.write_all(&input).await;
        }
        drop(stdin);
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), write);
    let output = output.map_err(|error| Error::Source { place: "git".to_owned(), reason: error.to_string() })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Usage(said.lines().next().unwrap_or("git said nothing").trim().to_owned()))
}
