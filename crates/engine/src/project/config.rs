//! A new `driftlock.toml`.

use super::NewProject;
use crate::{Secret, is_protected_name};

/// Its text, with comments that say what else could stand there.
pub(super) fn render(project: &NewProject) -> String {
    let mut text = String::from(
        "# driftlock finds this file from any directory below it; paths in it are from here.\n\
         # A value is overridden by DRIFTLOCK_* variables, and these by options on the command line.\n\n\
         # Where the migrations are; with several engines: { sqlite = \"…\", postgres = \"…\", mysql = \"…\" }\n",
    );
    let origin = |key: &str| {
        let found = project.origins.iter().find(|(of, _)| of == key);
        found.map(|(_, origin)| format!("  # {}", origin.replace('\n', " "))).unwrap_or_default()
    };
    text.push_str(&format!("migrations = {}{}\n", string(&project.directory), origin("migrations")));
    if let Some(layout) = project.layout {
        text.push_str(&format!(
            "\n# Whose layout they have; they run as they are.\nlayout = \"{layout}\"{}\n",
            origin("layout")
        ));
    }
    let default = project.environments.first().map(|(name, _)| name).filter(|name| !is_protected_name(name));
    if let Some(name) = default {
        text.push_str(&format!(
            "\n# The environment that is meant where none is named with --env. A protected one is never chosen this way.\ndefault_env = {}\n",
            string(name)
        ));
    }
    if !project.ignore.is_empty() {
        text.push_str("\n# What is no part of the schema: KIND:NAME or NAME, with * for any letters.\nignore = [\n");
        for (rule, reason) in &project.ignore {
            text.push_str(&format!("    {},  # {}\n", string(rule), reason.replace('\n', " ")));
        }
        text.push_str("]\n");
    }
    if !project.placeholders.is_empty() {
        text.push_str("\n# What is put into scripts at the places of these names.\n[placeholders]\n");
        for (name, value) in &project.placeholders {
            let key = format!("placeholders.{name}");
            text.push_str(&format!("{} = {}{}\n", self::key(name), secret(value), origin(&key)));
        }
    }
    for (name, url) in &project.environments {
        let protected = if is_protected_name(name) { "  # protected because of its name" } else { "" };
        text.push_str(&format!("\n[env.{}]{protected}\n", key(name)));
        text.push_str(&format!("url = {}{}\n", secret(url), origin(&format!("env.{name}"))));
        if is_protected_name(name) {
            text.push_str(SETTINGS);
        }
    }
    text.push_str(
        "\n# A URL with a password doesn't belong into a file in git: take it from the environment, from a file\n\
         # ({ file = \"/run/secrets/dsn\" }) or from what a command prints ({ cmd = [\"vault\", \"read\", \"…\"] }).\n",
    );
    if !project.environments.iter().any(|(name, _)| is_protected_name(name)) {
        text.push_str("#[env.prod]                       # protected because of its name; any other with: protected = true\n#url = { env = \"PROD_URL\" }\n");
        text.push_str(SETTINGS);
    }
    text
}

/// What may stand in an environment. The marks are taken off where one of them is wanted.
const SETTINGS: &str = "\
#rollback = \"approved\"             # or \"allow\", \"deny\"
#lock_wait = \"5min\"                # for another run to end
#lock_timeout = \"5s\"               # for a lock of the database's, per statement
#statement_timeout = \"10min\"
#set_role = \"shop_owner\"           # whom the objects belong to
#tables = { schema = \"public\", prefix = \"driftlock_\" }
";

fn secret(secret: &Secret) -> String {
    match secret {
        Secret::Plain(text) => string(text),
        Secret::Variable(name) => format!("{{ env = {} }}", string(name)),
        Secret::File(path) => format!("{{ file = {} }}", string(path)),
        Secret::Command(words) => {
            let words: Vec<String> = words.iter().map(|word| string(word)).collect();
            format!("{{ cmd = [{}] }}", words.join(", "))
        }
    }
}

/// A string of JSON is one of TOML, but for one sign that JSON leaves as it is.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { name.to_owned() } else { string(name) }
}

#[cfg(test)]
mod tests {
    use driftlock_script::Layout;

    use super::*;
    use crate::{Config, Overrides, Variables};

    #[test]
    fn what_is_written_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut project = NewProject {
            directory: "a \"b\"".to_owned(),
            layout: Some(Layout::Goose),
            engine: None,
            environments: vec![
                ("dev 1".to_owned(), Secret::Plain("sqlite://a\"b\u{7f}.db".to_owned())),
                ("staging".to_owned(), Secret::Variable("STAGING_URL".to_owned())),
            ],
            placeholders: vec![
                ("a.b".to_owned(), Secret::Plain("x".to_owned())),
                ("key".to_owned(), Secret::Variable("KEY".to_owned())),
            ],
            ignore: vec![("table:a\"b".to_owned(), "somebody's\nelse".to_owned())],
            origins: vec![("migrations".to_owned(), "from\n.env:1".to_owned())],
        };
        for with_prod in [false, true] {
            if with_prod {
                project.environments.push(("prod".to_owned(), Secret::File("/run/dsn".to_owned())));
            }
            let text = render(&project);
            let without_marks: String = text
                .lines()
                .map(|line| {
                    format!("{}\n", line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
                })
                .collect();
            for text in [text, without_marks] {
                std::fs::write(folder.path().join("driftlock.toml"), &text).unwrap();
                let config = Config::load(folder.path(), Variables::default(), &Overrides::default());
                let settings = config.and_then(|it| it.target()).unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert_eq!(settings.database_url().unwrap().unwrap().path, "a\"b\u{7f}.db");
                assert_eq!(settings.environment.as_ref().map(|it| it.value.as_str()), Some("dev 1"));
                assert_eq!(settings.placeholders.len(), 2);
                assert_eq!(settings.ignore.value, ["table:a\"b"]);
            }
        }
    }
}
