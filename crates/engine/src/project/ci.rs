//! What a CI service runs: the files are held against their rules and the manifest, and applied to a scratch database of their engine.

use std::path::Path;

use super::NewFile;

/// A CI service that files can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions: `.github/workflows/driftlock.yml`.
    GitHub,
    /// GitLab CI/CD: `.gitlab-ci.yml`; where there is one, `.gitlab/driftlock.yml`, to be included from it.
    GitLab,
}

/// Where GitLab's own file is.
const GITLAB: &str = ".gitlab-ci.yml";

/// A throwaway server beside the job. Its password is none: nobody else reaches it, and it ends with the job.
struct Service {
    name: &'static str,
    image: &'static str,
    port: u16,
    variables: &'static [(&'static str, &'static str)],
    /// Ends well when the server takes connections.
    health: &'static str,
    /// The URL on this host.
    url: fn(&str) -> String,
}

const POSTGRES: Service = Service {
    name: "postgres",
    image: "postgres:17",
    port: 5432,
    variables: &[("POSTGRES_PASSWORD", "scratch"), ("POSTGRES_DB", "scratch")],
    health: "pg_isready",
    url: |host| format!("postgres://postgres:scratch@{host}:5432/scratch"),
};

const MYSQL: Service = Service {
    name: "mysql",
    image: "mysql:8.4",
    port: 3306,
    variables: &[("MYSQL_ROOT_PASSWORD", "scratch"), ("MYSQL_DATABASE", "scratch")],
    health: "mysqladmin ping -h 127.0.0.1",
    url: |host| format!("mysql://root:scratch@{host}:3306/scratch"),
};

const MARIADB: Service = Service {
    name: "mariadb",
    image: "mariadb:11.4",
    port: 3306,
    variables: &[("MARIADB_ROOT_PASSWORD", "scratch"), ("MARIADB_DATABASE", "scratch")],
    health: "healthcheck.sh --connect --innodb_initialized",
    url: |host| format!("mysql://root:scratch@{host}:3306/scratch"),
};

/// In this order; what fails ends the job.
const COMMANDS: &[(&str, &str)] = &[
    ("What the files say is right", "driftlock validate"),
    ("The manifest fits them", "driftlock manifest verify"),
    ("They run on a scratch database", "driftlock up"),
    ("Nothing is left to do", "driftlock status --exit-code"),
];

impl Ci {
    /// As the option names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Ci::GitHub => "github",
            Ci::GitLab => "gitlab",
        }
    }

    /// Reads what [`name`](Self::name) gives.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Ci::GitHub, Ci::GitLab].into_iter().find(|ci| ci.name() == name)
    }

    /// What a person has to do with the file, if anything.
    #[must_use]
    pub fn note(self, file: &NewFile) -> Option<String> {
        (self == Ci::GitLab && file.path != GITLAB).then(|| {
            format!("{GITLAB} is there already and stays as it is: add `include: [{{ local: {} }}]` to it", file.path)
        })
    }

    pub(super) fn file(self, root: &Path, engine: &str, is_mariadb: bool, directory: &str) -> NewFile {
        let service = match engine {
            "postgres" => Some(&POSTGRES),
            "mysql" if is_mariadb => Some(&MARIADB),
            "mysql" => Some(&MYSQL),
            _ => None,
        };
        match self {
            Ci::GitHub => {
                NewFile { path: ".github/workflows/driftlock.yml".to_owned(), text: github(service, directory) }
            }
            Ci::GitLab => {
                let is_free = root.join(GITLAB).symlink_metadata().is_err();
                let path = if is_free { GITLAB } else { ".gitlab/driftlock.yml" };
                NewFile { path: path.to_owned(), text: gitlab(service, directory, path) }
            }
        }
    }
}

fn install() -> String {
    format!("cargo install driftlock-cli --version {} --locked", env!("CARGO_PKG_VERSION"))
}

/// A text in YAML, whatever it holds: a string of JSON is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The files whose change is worth a run.
fn paths(directory: &str, own: &str) -> Vec<String> {
    let all = if directory == "." { "**/*.sql".to_owned() } else { format!("{directory}/**") };
    vec![all, ".migrations/**".to_owned(), "driftlock.toml".to_owned(), own.to_owned()]
}

fn github(service: Option<&Service>, directory: &str) -> String {
    let paths = paths(directory, ".github/workflows/driftlock.yml");
    let paths = paths.iter().map(|path| quoted(path)).collect::<Vec<_>>().join(", ");
    let mut text = format!(
        "# Holds every change of the migrations against their rules, and runs them on a scratch database.\n\
         name: driftlock\n\
         on:\n\
         \x20 pull_request:\n\
         \x20   paths: [{paths}]\n\
         \x20 push:\n\
         \x20   branches: [main]\n\
         \x20   paths: [{paths}]\n\
         permissions:\n\
         \x20 contents: read\n\
         concurrency:\n\
         \x20 group: driftlock-${{{{ github.ref }}}}\n\
         \x20 cancel-in-progress: true\n\
         jobs:\n\
         \x20 migrations:\n\
         \x20   runs-on: ubuntu-24.04\n\
         \x20   timeout-minutes: 20\n"
    );
    let mut url = "sqlite://scratch.db".to_owned();
    if let Some(service) = service {
        url = (service.url)("127.0.0.1");
        text.push_str(&format!(
            "    services:\n      {}:\n        image: {}\n        env:\n",
            service.name, service.image
        ));
        for (name, value) in service.variables {
            text.push_str(&format!("          {name}: {value}\n"));
        }
        text.push_str(&format!(
            "        ports: [\"{0}:{0}\"]\n        options: >-\n          --health-cmd {1}\n          --health-interval 2s\n          --health-retries 30\n",
            service.port,
            quoted(service.health)
        ));
    }
    text.push_str(&format!(
        "    env:\n      # The scratch database, instead of the environments of driftlock.toml.\n      DRIFTLOCK_URL: {url}\n    steps:\n      - uses: actions/checkout@v4\n"
    ));
    for (name, command) in std::iter::once(("Install driftlock", install().as_str())).chain(COMMANDS.iter().copied()) {
        text.push_str(&format!("      - name: {name}\n        run: {command}\n"));
    }
    text
}

fn gitlab(service: Option<&Service>, directory: &str, own: &str) -> String {
    let mut text = String::from(
        "# Holds every change of the migrations against their rules, and runs them on a scratch database.\n\
         driftlock:\n  stage: test\n  image: rust:1.95-slim-bookworm\n",
    );
    let mut url = "sqlite://scratch.db".to_owned();
    let mut variables = String::new();
    if let Some(service) = service {
        url = (service.url)(service.name);
        text.push_str(&format!("  services:\n    - name: {}\n      alias: {}\n", service.image, service.name));
        for (name, value) in service.variables {
            variables.push_str(&format!("    {name}: {value}\n"));
        }
    }
    text.push_str(&format!(
        "  variables:\n{variables}    # The scratch database, instead of the environments of driftlock.toml.\n    DRIFTLOCK_URL: {url}\n"
    ));
    let changes = paths(directory, own).iter().map(|path| format!("        - {}\n", quoted(path))).collect::<String>();
    text.push_str(&format!(
        "  rules:\n    - if: $CI_PIPELINE_SOURCE == \"merge_request_event\" || $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n      changes:\n{changes}"
    ));
    text.push_str(&format!("  before_script:\n    - {}\n  script:\n", install()));
    for (_, command) in COMMANDS {
        text.push_str(&format!("    - {command}\n"));
    }
    text
}
