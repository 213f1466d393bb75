//! Who migrates, from where, from which commit.

use crate::config::Variables;

/// What stands in the history where nobody knows.
pub(crate) const UNKNOWN: &str = "unknown";

/// The author of a commit that nobody knows.
const CI_RUNNER: &str = "ci-runner";

/// Who migrates, from where, from which commit: what the history keeps of it.
///
/// ```
/// use driftlock_engine::{Provenance, ProvenanceOverrides, Variables};
///
/// let variables: Variables = [("GITHUB_SHA", "4b4f9d8"), ("CI_ENV", "staging")].into_iter().collect();
/// let provenance = Provenance::detect(None, &ProvenanceOverrides::default(), &variables);
/// assert_eq!(provenance.route.as_deref(), Some("4b4f9d8_staging"));
/// assert_eq!(provenance.git_author, "ci-runner");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The environment; `unknown` where nobody named it.
    pub environment: String,
    /// `<commit>_<environment>`, where both are known.
    pub route: Option<String>,
    /// The commit that the files are of, or `unknown`.
    pub git_commit: String,
    /// Its author, or `ci-runner`.
    pub git_author: String,
    /// The CI job's id, or `unknown`.
    pub ci_job: String,
    /// The CI job's address.
    pub ci_url: Option<String>,
    /// The user of the operating system.
    pub os_user: String,
    /// This machine.
    pub host: String,
    /// The version of driftlock.
    pub tool_version: String,
}

/// What the command line says of it; goes before all variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProvenanceOverrides {
    /// `--git-commit`
    pub git_commit: Option<String>,
    /// `--git-author`
    pub git_author: Option<String>,
    /// `--ci-job`
    pub ci_job: Option<String>,
    /// `--ci-url`
    pub ci_url: Option<String>,
    /// `--route`
    pub route: Option<String>,
}

// The variables that each fact is looked for in, the first that is set first: driftlock's own, the plain names that pipelines set by
// hand, then GitHub Actions, GitLab, Jenkins, Buildkite and Argo CD by their documentation.
const ENVIRONMENT: &[&str] = &["CI_ENV", "CI_ENVIRONMENT_NAME"];
const COMMIT: &[&str] =
    &["DRIFTLOCK_GIT_COMMIT", "GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "ARGOCD_APP_REVISION"];
const AUTHOR: &[&str] = &[
    "DRIFTLOCK_GIT_AUTHOR",
    "GIT_AUTHOR_NAME",
    "GITHUB_ACTOR",
    "CI_COMMIT_AUTHOR",
    "GITLAB_USER_NAME",
    "CHANGE_AUTHOR",
    "BUILDKITE_BUILD_AUTHOR",
];
const JOB: &[&str] = &["DRIFTLOCK_CI_JOB", "CI_JOB_ID"];
const JOB_AFTER_GITHUB: &[&str] = &["BUILDKITE_JOB_ID", "BUILD_TAG", "ARGOCD_APP_NAME"];
const JOB_URL: &[&str] = &["DRIFTLOCK_CI_URL", "CI_JOB_URL"];
const JOB_URL_AFTER_GITHUB: &[&str] = &["BUILDKITE_BUILD_URL", "BUILD_URL"];
const USER: &[&str] = &["DRIFTLOCK_OS_USER"];
const HOST: &[&str] = &["DRIFTLOCK_HOST"];

impl Provenance {
    /// Finds out. `environment` is the name of the one that was chosen, where one was.
    #[must_use]
    pub fn detect(environment: Option<&str>, overrides: &ProvenanceOverrides, variables: &Variables) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| variables.get(name)).map(str::to_owned);
        let environment = environment
            .map(str::to_owned)
            .or_else(|| first(&["DRIFTLOCK_ENV"]))
            .or_else(|| first(ENVIRONMENT))
            .unwrap_or_else(|| UNKNOWN.to_owned());
        // Buildkite says `HEAD` until it has looked.
        let commit = COMMIT.iter().filter_map(|name| variables.get(name)).find(|commit| *commit != "HEAD");
        let git_commit =
            overrides.git_commit.clone().or(commit.map(str::to_owned)).unwrap_or_else(|| UNKNOWN.to_owned());
        let github = variables.get("GITHUB_RUN_ID").map(|run| match variables.get("GITHUB_JOB") {
            Some(job) => format!("{run}/{job}"),
            None => run.to_owned(),
        });
        let github_url = || {
            let (server, repository) = (variables.get("GITHUB_SERVER_URL")?, variables.get("GITHUB_REPOSITORY")?);
            Some(format!("{server}/{repository}/actions/runs/{}", variables.get("GITHUB_RUN_ID")?))
        };
        let known = |text: &str| text != UNKNOWN;
        let route = overrides
            .route
            .clone()
            .or_else(|| first(&["DRIFTLOCK_ROUTE"]))
            .or_else(|| (known(&git_commit) && known(&environment)).then(|| format!("{git_commit}_{environment}")));
        Provenance {
            route,
            git_author: overrides.git_author.clone().or_else(|| first(AUTHOR)).unwrap_or_else(|| CI_RUNNER.to_owned()),
            ci_job: overrides
                .ci_job
                .clone()
                .or_else(|| first(JOB))
                .or(github)
                .or_else(|| first(JOB_AFTER_GITHUB))
                .unwrap_or_else(|| UNKNOWN.to_owned()),
            ci_url: overrides
                .ci_url
                .clone()
                .or_else(|| first(JOB_URL))
                .or_else(github_url)
                .or_else(|| first(JOB_URL_AFTER_GITHUB)),
            os_user: first(USER).or_else(user_of_system).unwrap_or_else(|| UNKNOWN.to_owned()),
            host: first(HOST).or_else(host_of_system).unwrap_or_else(|| UNKNOWN.to_owned()),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            environment,
            git_commit,
        }
    }

    /// What this process's variables say.
    #[must_use]
    pub fn from_process() -> Self {
        Provenance::detect(None, &ProvenanceOverrides::default(), &Variables::of_process())
    }

    /// The environment, where somebody named it.
    #[must_use]
    pub fn named_environment(&self) -> Option<&str> {
        Some(self.environment.as_str()).filter(|name| *name != UNKNOWN)
    }
}

/// The effective user's name; its number where it has none, as in containers.
fn user_of_system() -> Option<String> {
    // The file first: behind the system's own way there may be a directory service that takes its time.
    user_of_file().or_else(|| whoami::username().ok().filter(|name| !name.is_empty())).or_else(|| {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        ids.split_whitespace().nth(1).map(|effective| format!("uid {effective}"))
    })
}

#[cfg(target_os = "linux")]
fn user_of_file() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let user = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().map(|line| line.split(':'));
    fields.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)? == user).then(|| name.to_owned())
    })
}

#[cfg(not(target_os = "linux"))]
fn user_of_file() -> Option<String> {
    None
}

fn host_of_system() -> Option<String> {
    whoami::hostname().ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(variables: &[(&str, &str)]) -> Provenance {
        Provenance::detect(None, &ProvenanceOverrides::default(), &variables.iter().copied().collect())
    }

    /// commit, author, job, address
    fn facts(variables: &[(&str, &str)]) -> [String; 4] {
        let it = detect(variables);
        [it.git_commit, it.git_author, it.ci_job, it.ci_url.unwrap_or_default()]
    }

    #[test]
    fn says_what_is_not_known() {
        let it = detect(&[]);
        assert_eq!(facts(&[]), ["unknown", "ci-runner", "unknown", ""]);
        assert_eq!((it.environment.as_str(), it.named_environment(), it.route.as_deref()), ("unknown", None, None));
        assert!(!it.os_user.is_empty() && !it.host.is_empty() && it.host != UNKNOWN);
    }

    #[test]
    fn knows_every_ci() {
        let github = [
            ("GITHUB_SHA", "c"),
            ("GITHUB_ACTOR", "ann"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_JOB", "deploy"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "a/b"),
        ];
        assert_eq!(facts(&github), ["c", "ann", "7/deploy", "https://github.com/a/b/actions/runs/7"]);
        let gitlab = [
            ("CI_COMMIT_SHA", "c"),
            ("CI_COMMIT_AUTHOR", "Ann <a@b>"),
            ("GITLAB_USER_NAME", "Bob"),
            ("CI_JOB_ID", "8"),
            ("CI_JOB_URL", "https://g/8"),
        ];
        assert_eq!(facts(&gitlab), ["c", "Ann <a@b>", "8", "https://g/8"]);
        assert_eq!(detect(&[("CI_ENVIRONMENT_NAME", "live")]).environment, "live");
        let jenkins =
            [("GIT_COMMIT", "c"), ("CHANGE_AUTHOR", "ann"), ("BUILD_TAG", "jenkins-a-9"), ("BUILD_URL", "https://j/9")];
        assert_eq!(facts(&jenkins), ["c", "ann", "jenkins-a-9", "https://j/9"]);
        let buildkite = [
            ("BUILDKITE_COMMIT", "c"),
            ("BUILDKITE_BUILD_AUTHOR", "Ann"),
            ("BUILDKITE_JOB_ID", "u-u"),
            ("BUILDKITE_BUILD_URL", "https://b/1"),
        ];
        assert_eq!(facts(&buildkite), ["c", "Ann", "u-u", "https://b/1"]);
        assert_eq!(facts(&[("BUILDKITE_COMMIT", "HEAD")])[0], UNKNOWN);
        assert_eq!(
            facts(&[("ARGOCD_APP_REVISION", "c"), ("ARGOCD_APP_NAME", "shop")])[..3],
            ["c", "ci-runner", "shop"]
        );
    }

    #[test]
    fn options_go_before_own_variables_and_these_before_the_ci() {
        let variables: Variables = [
            ("GIT_COMMIT", "plain"),
            ("GITHUB_SHA", "github"),
            ("GIT_AUTHOR_NAME", "plain"),
            ("DRIFTLOCK_GIT_AUTHOR", "own"),
            ("CI_ENV", "staging"),
            ("DRIFTLOCK_HOST", "box"),
            ("CI_JOB_ID", ""),
            ("BUILD_TAG", "tag"),
        ]
        .into_iter()
        .collect();
        let overrides = ProvenanceOverrides { git_commit: Some("flag".into()), ..ProvenanceOverrides::default() };
        let it = Provenance::detect(None, &overrides, &variables);
        assert_eq!([&it.git_commit, &it.git_author, &it.host, &it.ci_job], ["flag", "own", "box", "tag"]);
        assert_eq!(it.route.as_deref(), Some("flag_staging"));
        let it = Provenance::detect(Some("prod"), &ProvenanceOverrides::default(), &variables);
        assert_eq!((it.named_environment(), it.route.as_deref()), (Some("prod"), Some("plain_prod")));
    }
}
