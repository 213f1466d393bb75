//! The workspace, as cargo sees it.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::fail::{Context, Failure, Result};

/// Crates in the order of the house: each imports only from those before it.
const HOUSE: [&str; 20] = [
    "driftlock-schema",
    "driftlock-script",
    "driftlock-database",
    "driftlock-tls",
    "driftlock-postgres",
    "driftlock-mysql",
    "driftlock-sqlite",
    "driftlock-lint",
    "driftlock-models",
    "driftlock-engine",
    "driftlock-macros",
    "driftlock-testing",
    "driftlock",
    "driftlock-cli",
    "example-blocking",
    "example-pool",
    "example-service",
    "example-testing",
    "driftlock-servers",
    "xtask",
];

/// What is known of the checkout.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// In the order of the house; strangers last.
    pub(crate) packages: Vec<Package>,
}

/// One crate.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// As cargo's messages name it.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) manifest: PathBuf,
    pub(crate) features: Vec<String>,
    /// Whether it has a library, and so documentation with tests.
    pub(crate) has_library: bool,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .context("can't start cargo")?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Failure::new(format!("cargo metadata failed:\n{reason}")));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
        let path = |key: &str| metadata[key].as_str().map(PathBuf::from).ok_or_else(|| no(key));
        let mut packages = metadata["packages"]
            .as_array()
            .ok_or_else(|| no("packages"))?
            .iter()
            .map(package)
            .collect::<Result<Vec<_>>>()?;
        packages.sort_by_key(|package| HOUSE.iter().position(|name| *name == package.name).unwrap_or(HOUSE.len()));
        Ok(Workspace { root: path("workspace_root")?, target: path("target_directory")?, packages })
    }

    /// The packages of these names, `script` being short for `driftlock-script`; all of them for none.
    pub(crate) fn select(&self, names: &[String]) -> Result<Vec<Package>> {
        let mut selected = Vec::new();
        for name in names {
            let long = format!("driftlock-{name}");
            let named = |wanted: &str| self.packages.iter().find(|package| package.name == wanted);
            let package = named(&long).or_else(|| named(name)).ok_or_else(|| {
                let names: Vec<_> = self.packages.iter().map(Package::short_name).collect();
                Failure::new(format!("there is no crate `{name}`; there are {}", names.join(", ")))
            })?;
            selected.push(package.clone());
        }
        Ok(if names.is_empty() { self.packages.clone() } else { selected })
    }
}

impl Package {
    /// The name of its folder.
    pub(crate) fn short_name(&self) -> &str {
        self.name.strip_prefix("driftlock-").unwrap_or(&self.name)
    }
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn package(value: &Value) -> Result<Package> {
    let text = |key: &str| value[key].as_str().map(str::to_owned).ok_or_else(|| no(key));
    let kinds = value["targets"].as_array().into_iter().flatten();
    let is_library = |kind: &Value| matches!(kind.as_str(), Some("lib" | "rlib" | "proc-macro"));
    Ok(Package {
        id: text("id")?,
        name: text("name")?,
        version: text("version")?,
        manifest: text("manifest_path")?.into(),
        features: value["features"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect(),
        has_library: kinds.filter_map(|target| target["kind"].as_array()).flatten().any(is_library),
    })
}

fn no(key: &str) -> Failure {
    Failure::new(format!("cargo metadata has no `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_come_in_the_order_of_the_house() {
        let workspace = Workspace::load().unwrap();
        let names: Vec<_> = workspace.packages.iter().map(Package::short_name).collect();
        let place = |name: &str| names.iter().position(|other| *other == name).unwrap();
        assert!(place("script") < place("database") && place("engine") < place("driftlock"));
        assert_eq!(names.last(), Some(&"xtask"));
        for name in &names {
            assert!(HOUSE.iter().any(|known| known.ends_with(name)), "{name} has no place in HOUSE");
        }
    }

    #[test]
    fn selects_by_short_and_by_long_name() {
        let workspace = Workspace::load().unwrap();
        let names = |wanted: &[&str]| {
            let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
            workspace.select(&wanted).map(|packages| packages.into_iter().map(|p| p.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["script", "driftlock", "xtask"]).unwrap(), ["driftlock-script", "driftlock", "xtask"]);
        assert_eq!(names(&["driftlock-cli"]).unwrap(), ["driftlock-cli"]);
        assert!(names(&["scrpt"]).is_err());
    }
}
