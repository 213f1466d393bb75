//! Holds loaded migrations against a manifest, without hashing a file twice.

use std::collections::BTreeSet;
use std::path::PathBuf;

use driftlock_script::{Directory, Manifest, Migrations, Script, Version, from_root};

use crate::{Error, Finding, Problem};

/// A manifest, and where its paths are from.
#[derive(Debug, Clone)]
pub(crate) struct ManifestCheck {
    manifest: Manifest,
    /// `None` where the program carries the files: then it's about these alone.
    root: Option<PathBuf>,
    /// The migrations' folder as the manifest writes it, with a slash behind it.
    prefix: String,
}

impl ManifestCheck {
    pub(crate) fn new(manifest: Manifest, root: PathBuf, directory: &Directory) -> Self {
        let prefix = from_root(&root, directory, "");
        ManifestCheck { manifest, root: Some(root), prefix }
    }

    /// With what a program carries of the manifest of its migrations, where it does.
    pub(crate) fn carried(migrations: &Migrations) -> Option<Self> {
        let (manifest, prefix) = migrations.manifest()?;
        Some(ManifestCheck { manifest: manifest.clone(), root: None, prefix: prefix.to_owned() })
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Findings, and what is only told: a pending file that was edited or has no line, where the environment isn't protected.
    pub(crate) fn compare(
        &self,
        migrations: &Migrations,
        is_pending: impl Fn(&Version) -> bool,
        protected: bool,
    ) -> Result<(Vec<Finding>, Vec<String>), Error> {
        let mut findings = Vec::new();
        let mut told = Vec::new();
        let mut seen = BTreeSet::new();
        for migration in migrations.list() {
            for script in std::iter::once(&migration.up).chain(&migration.down) {
                let path = format!("{}{}", self.prefix, script.file);
                let (what, tolerable) = match self.manifest.get(&path) {
                    Some(line) if self.fits(line, migrations, script) => (None, true),
                    // A file that was never in it: told, so that work goes on, and refused where it counts.
                    None => (Some("is not in the manifest"), true),
                    Some(_) => (Some("differs from its line in the manifest"), is_pending(&migration.version)),
                };
                seen.insert(path);
                let Some(what) = what else { continue };
                let file = migrations.display(script);
                let message = format!(
                    "{file}: {what}; if that is meant, write it anew with `driftlock manifest write` and commit it"
                );
                if tolerable && !protected {
                    told.push(message);
                } else {
                    findings.push(Finding {
                        version: Some(migration.version.clone()),
                        row: None,
                        file: Some(file),
                        problem: Problem::Manifest,
                        message,
                        difference: None,
                    });
                }
            }
        }
        for hook in migrations.hooks() {
            let path = format!("{}{}", self.prefix, hook.file);
            let bytes = || migrations.files().read(&hook.file).ok().map(std::borrow::Cow::into_owned);
            let what = match self.manifest.get(&path) {
                Some(line) if Manifest::fits(line, &hook.digest, bytes) => None,
                None => Some("is not in the manifest"),
                // It runs again and again: what it was before is nowhere applied.
                Some(_) => Some("differs from its line in the manifest"),
            };
            seen.insert(path);
            let Some(what) = what else { continue };
            let file = migrations.files().display(&hook.file);
            let message = format!(
                "{file}: {what}; if that is meant, write it anew with `driftlock manifest write` and commit it"
            );
            if protected {
                let (problem, file) = (Problem::Manifest, Some(file));
                findings.push(Finding { version: None, row: None, file, problem, message, difference: None });
            } else {
                told.push(message);
            }
        }
        for (path, _) in self.manifest.entries().filter(|(path, _)| !seen.contains(*path)) {
            let is_there = match &self.root {
                Some(root) => root.join(path).exists(),
                None => path.strip_prefix(&self.prefix).is_some_and(|name| migrations.files().exists(name)),
            };
            if !is_there {
                findings.push(Finding {
                    version: None,
                    row: None,
                    file: Some(path.to_owned()),
                    problem: Problem::Manifest,
                    message: format!(
                        "{path}: is in the manifest, but there is no such file; restore it from git, or, if it was never applied, write the \
                         manifest anew with `driftlock manifest write`"
                    ),
                    difference: None,
                });
            }
        }
        Ok((findings, told))
    }

    fn fits(&self, line: &str, migrations: &Migrations, script: &Script) -> bool {
        let bytes = || migrations.files().read(&script.file).ok().map(std::borrow::Cow::into_owned);
        Manifest::fits(line, &script.digest, bytes)
    }
}
