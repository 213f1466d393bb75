//! `init`: what it proposes from other tools' files, and that a project so begun works on a real engine.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::target::{ALL, Engine, Ran, Target, until};

/// A folder with these files, and the program run in it.
struct Project(tempfile::TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Project(tempfile::tempdir().unwrap());
        for (path, text) in files {
            project.write(path, text.as_bytes());
        }
        project
    }

    fn write(&self, path: &str, text: &[u8]) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.path().join(path)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftlock"));
        command.args(arguments).current_dir(self.0.path()).env_clear().env("HOME", self.0.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::new(self.command(arguments).output().unwrap())
    }

    /// What counts in the configuration: the lines that are no comments.
    fn settings(&self) -> Vec<String> {
        let text = self.read("driftlock.toml");
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
    }

    /// Every file, and what is in it.
    fn all(&self) -> Vec<(String, Vec<u8>)> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<(String, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(root).unwrap().display().to_string();
                if path.is_dir() {
                    found.push((name, Vec::new()));
                    walk(&path, root, found);
                } else {
                    found.push((name, std::fs::read(&path).unwrap()));
                }
            }
        }
        let mut found = Vec::new();
        walk(self.0.path(), self.0.path(), &mut found);
        found.sort();
        found
    }
}

struct Case {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    toml: &'static [&'static str],
    says: &'static [&'static str],
}

const DBMATE: &str = "-- migrate:up\nCREATE TABLE a (id int);\n\n-- migrate:down\nDROP TABLE a;\n";
const GOOSE: &str = "-- +goose Up\nCREATE TABLE a (id int);\n\n-- +goose Down\nDROP TABLE a;\n";
const PLAIN: &str = "CREATE TABLE a (id int);\n";

/// A project each, as its tool's documentation has one begin, and the configuration that comes of it.
const CASES: &[Case] = &[
    Case {
        name: "dbmate by its directory and .env",
        files: &[
            (".env", "# local\nDATABASE_URL=\"postgres://ann:s3cret@127.0.0.1:5432/shop?sslmode=disable\"\n"),
            ("db/migrations/20240501090100_a.sql", DBMATE),
        ],
        toml: &[
            "migrations = \"db/migrations\"",
            "layout = \"dbmate\"",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = { env = \"DATABASE_URL\" }  # .env:2:1",
        ],
        says: &[
            "migrations = db/migrations (by the names of its files)",
            ".env:2:1",
            "set -a; . ./.env",
            "`driftlock adopt`",
        ],
    },
    Case {
        name: "dbmate by its variables",
        files: &[
            (
                ".env",
                "export DATABASE_URL='sqlite:shop.db'\nDBMATE_MIGRATIONS_DIR=./sql/steps/\nDBMATE_MIGRATIONS_TABLE=steps\n",
            ),
            ("sql/steps/20240501090100_a.sql", DBMATE),
        ],
        toml: &[
            "migrations = \"sql/steps\"  # .env:2:1",
            "layout = \"dbmate\"  # .env:2:1",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = { env = \"DATABASE_URL\" }  # .env:1:1",
        ],
        says: &["`driftlock adopt --table steps`"],
    },
    Case {
        name: "sqlx by sqlx.toml",
        files: &[
            (
                "sqlx.toml",
                "[common]\ndatabase-url-var = \"SHOP_DATABASE_URL\"\n\n[migrate]\nmigrations-dir = \"shop/migrations\"\ntable-name = \"ops._sqlx_migrations\"\n",
            ),
            (".env", "SHOP_DATABASE_URL=postgres://ann:s3cret@localhost/shop?search_path=shop\n"),
            ("shop/migrations/20240501090100_a.sql", PLAIN),
        ],
        toml: &[
            "migrations = \"shop/migrations\"  # sqlx.toml:5:18",
            "layout = \"sqlx\"  # sqlx.toml:5:18",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = { env = \"SHOP_DATABASE_URL\" }  # sqlx.toml:2:20",
        ],
        says: &["`driftlock adopt --table ops._sqlx_migrations`", "driftlock refuses `search_path` in a URL"],
    },
    Case {
        name: "sqlx without a file of its own",
        files: &[(".env", "DATABASE_URL=sqlite://todos.db\n"), ("migrations/20240501090100_a.sql", PLAIN)],
        toml: &[
            "migrations = \"migrations\"",
            "layout = \"sqlx\"",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = { env = \"DATABASE_URL\" }  # .env:1:1",
        ],
        says: &["where sqlx has migrated a database"],
    },
    Case {
        name: "Flyway's flyway.conf",
        files: &[
            (
                "flyway.conf",
                "# the shop\nflyway.url=jdbc:postgresql://db.example:5433/shop\nflyway.user=ann\nflyway.password=s3cret\n\
                 flyway.locations=filesystem:sql,\\\n  s3:bucket/sql\nflyway.table=shop_history\nflyway.schemas=shop,other\n\
                 flyway.placeholders.owner=ada\nflyway.placeholders.apiKey=s3cret-too\n",
            ),
            ("sql/V1__a.sql", PLAIN),
        ],
        toml: &[
            "migrations = \"sql\"  # flyway.conf:5:1",
            "layout = \"flyway\"  # flyway.conf:5:1",
            "default_env = \"dev\"",
            "[placeholders]",
            "owner = \"ada\"  # flyway.conf:9:1",
            "apiKey = { env = \"FLYWAY_PLACEHOLDERS_APIKEY\" }  # flyway.conf:10:1",
            "[env.dev]",
            "url = { env = \"DATABASE_URL\" }  # flyway.conf:2:1",
        ],
        says: &[
            "set `DATABASE_URL` to `postgres://ann:PASSWORD@db.example:5433/shop?options=-c%20search_path%3Dshop`",
            "a location of `s3:` can't be read",
            "`apiKey` looks like a secret",
            "`driftlock adopt --table shop_history`",
        ],
    },
    Case {
        name: "Flyway's flyway.toml, with environments",
        files: &[
            (
                "flyway.toml",
                "[flyway]\nlocations = [\"filesystem:migrations\"]\nenvironment = \"development\"\n\n[environments.development]\n\
                 url = \"jdbc:sqlite:shop.db\"\n\n[environments.prod]\nurl = \"jdbc:mariadb://db.example:3306/shop\"\nuser = \"ann\"\n\
                 password = \"${env.PROD_PASSWORD}\"\n\n[flyway.placeholders]\nowner = \"${env.SHOP_OWNER}\"\n",
            ),
            ("migrations/V1__a.sql", PLAIN),
        ],
        toml: &[
            "migrations = \"migrations\"  # flyway.toml:2:13",
            "layout = \"flyway\"  # flyway.toml:2:13",
            "default_env = \"development\"",
            "[placeholders]",
            "owner = { env = \"SHOP_OWNER\" }  # flyway.toml:14:9",
            "[env.development]",
            "url = \"sqlite://shop.db\"  # flyway.toml:6:7",
            "[env.prod]  # protected because of its name",
            "url = { env = \"PROD_URL\" }  # flyway.toml:9:7",
        ],
        says: &["set `PROD_URL` to `mariadb://ann:PASSWORD@db.example:3306/shop`"],
    },
    Case {
        name: "Flyway for an engine that there isn't",
        files: &[
            ("flyway.conf", "flyway.url=jdbc:oracle:thin:@//h:1521/shop\nflyway.password=s3cret\n"),
            ("sql/V1__a.sql", PLAIN),
        ],
        toml: &[
            "migrations = \"sql\"",
            "layout = \"flyway\"",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = \"sqlite://dev.db\"",
        ],
        says: &["flyway.conf:1:1: it is a database of `jdbc:oracle:`", "`--url`"],
    },
    Case {
        name: "Diesel",
        files: &[
            (
                "diesel.toml",
                "[print_schema]\nfile = \"src/schema.rs\"\n\n[migrations_directory]\ndir = \"db/diesel\"\n",
            ),
            (".env", "DATABASE_URL=mysql://ann:s3cret@localhost/shop\n"),
            ("db/diesel/2024-05-01-090100_a/up.sql", PLAIN),
            ("db/diesel/2024-05-01-090100_a/down.sql", "DROP TABLE a;\n"),
        ],
        toml: &[
            "migrations = \"db/diesel\"  # diesel.toml:5:7",
            "layout = \"diesel\"  # diesel.toml:5:7",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = { env = \"DATABASE_URL\" }  # .env:1:1",
        ],
        says: &["Diesel"],
    },
    Case {
        name: "Diesel with a file of SQLite's",
        files: &[
            ("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n"),
            (".env", "DATABASE_URL=shop one.sqlite\n"),
            ("migrations/2024-05-01-090100_a/up.sql", PLAIN),
        ],
        toml: &[
            "migrations = \"migrations\"",
            "layout = \"diesel\"",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = \"sqlite://shop%20one.sqlite\"  # .env:1:1",
        ],
        says: &["to Diesel it is a file of SQLite's"],
    },
    Case {
        name: "Atlas",
        files: &[
            (
                "atlas.hcl",
                "variable \"url\" {\n  type    = string\n  default = getenv(\"LOCAL_URL\")\n}\n\nenv \"prod\" {\n  url = \"postgres://ann:s3cret@db.example/shop?search_path=public\"\n}\n\n\
                 env \"local\" {\n  src = \"file://schema.hcl\"\n  url = var.url\n  dev = \"docker://postgres/17/dev\"\n  migration {\n    dir = \"file://db/atlas\"\n    revisions_schema = \"ops\"\n  }\n}\n",
            ),
            ("db/atlas/20240501090100_a.sql", PLAIN),
            ("db/atlas/atlas.sum", "h1:x\n20240501090100_a.sql h1:y\n"),
        ],
        toml: &[
            "migrations = \"db/atlas\"  # atlas.hcl:15:1",
            "layout = \"atlas\"  # atlas.hcl:15:1",
            "default_env = \"local\"",
            "[env.local]",
            "url = { env = \"LOCAL_URL\" }  # atlas.hcl:12:1",
            "[env.prod]  # protected because of its name",
            "url = { env = \"PROD_URL\" }  # atlas.hcl:7:1",
        ],
        says: &[
            "set `PROD_URL` to `postgres://ann:PASSWORD@db.example/shop?options=-c%20search_path%3Dpublic`",
            "--table ops.atlas_schema_revisions",
        ],
    },
    Case {
        name: "Atlas on another tool's directory",
        files: &[
            (
                "atlas.hcl",
                "env {\n  name = atlas.env\n  url = \"maria://ann@localhost:3306/shop\"\n  migration {\n    dir    = \"file://m?format=golang-migrate\"\n  }\n}\n",
            ),
            ("m/1_a.up.sql", PLAIN),
            ("m/1_a.down.sql", "DROP TABLE a;\n"),
        ],
        toml: &[
            "migrations = \"m\"  # atlas.hcl:5:1",
            "layout = \"golang-migrate\"  # atlas.hcl:5:1",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = \"mariadb://ann@localhost:3306/shop\"  # atlas.hcl:3:1",
        ],
        says: &[],
    },
    Case {
        name: "goose, with a keyword string",
        files: &[
            (
                ".env",
                "GOOSE_DRIVER=postgres\nGOOSE_DBSTRING=\"user=ann password=s3cret dbname=shop host=db.example sslmode=disable\"\nGOOSE_MIGRATION_DIR=./db/goose\n",
            ),
            ("db/goose/00001_a.sql", GOOSE),
        ],
        toml: &[
            "migrations = \"db/goose\"  # .env:3:1",
            "layout = \"goose\"  # .env:3:1",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = { env = \"DATABASE_URL\" }  # .env:2:1",
        ],
        says: &[
            "`GOOSE_DBSTRING` is no URL",
            "set `DATABASE_URL` to `postgres://ann:PASSWORD@db.example/shop?sslmode=disable`",
        ],
    },
    Case {
        name: "goose, with a URL and with MySQL's address",
        files: &[
            (
                ".env",
                "GOOSE_DRIVER=mysql\nGOOSE_DBSTRING=ann@tcp(localhost:3307)/shop?parseTime=true\nGOOSE_MIGRATION_DIR=migrations\nGOOSE_TABLE=steps\n",
            ),
            ("migrations/00001_a.sql", GOOSE),
        ],
        toml: &[
            "migrations = \"migrations\"  # .env:3:1",
            "layout = \"goose\"  # .env:3:1",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = \"mysql://ann@localhost:3307/shop\"  # .env:2:1",
        ],
        says: &["`driftlock adopt --table steps`"],
    },
    Case {
        name: "refinery",
        files: &[
            (
                "refinery.toml",
                "[main]\ndb_type = \"Postgres\"\ndb_host = \"localhost\"\ndb_port = \"5432\"\ndb_user = \"ann\"\ndb_pass = \"s3cret\"\ndb_name = \"shop\"\n",
            ),
            ("migrations/V1__a.sql", PLAIN),
        ],
        toml: &[
            "migrations = \"migrations\"",
            "layout = \"refinery\"",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = { env = \"DATABASE_URL\" }  # refinery.toml:2:11",
        ],
        says: &["set `DATABASE_URL` to `postgres://ann:PASSWORD@localhost:5432/shop`"],
    },
    Case {
        name: "golang-migrate, by its files alone",
        files: &[("db/migrations/000001_a.up.sql", PLAIN), ("db/migrations/000001_a.down.sql", "DROP TABLE a;\n")],
        toml: &[
            "migrations = \"db/migrations\"",
            "layout = \"golang-migrate\"",
            "default_env = \"dev\"",
            "[env.dev]",
            "url = \"sqlite://dev.db\"",
        ],
        says: &["where golang-migrate has migrated a database"],
    },
    Case {
        name: "nothing that is known, and a database of another kind",
        files: &[(".env", "DATABASE_URL=mongodb://ann:s3cret@h/shop\nSECRET=s3cret\n"), ("README.md", "a project")],
        toml: &["migrations = \"migrations\"", "default_env = \"dev\"", "[env.dev]", "url = \"sqlite://dev.db\""],
        says: &["`DATABASE_URL` holds a URL of `mongodb://`, the scheme of no engine"],
    },
    Case {
        name: "files that can't be read don't keep it from beginning",
        files: &[
            (".env", "DATABASE_URL"),
            ("sqlx.toml", "[migrate\nmigrations-dir = 's3cret"),
            ("diesel.toml", "= s3cret"),
            ("flyway.toml", "[environments.a]\nurl = 1\n"),
            ("atlas.hcl", "env \"a\" {\n  url = \"${s3cret"),
            ("refinery.toml", "[main]\n"),
        ],
        toml: &["migrations = \"migrations\"", "default_env = \"dev\"", "[env.dev]", "url = \"sqlite://dev.db\""],
        says: &["sqlx.toml:1:", "diesel.toml:1:1: this is no TOML"],
    },
];

#[test]
fn what_another_tool_says_is_proposed_with_its_line_and_no_password() {
    for Case { name, files, toml, says } in CASES {
        let project = Project::new(files);
        let before = project.all();
        let ran = project.run(&["init"]);
        let said = format!("{name}:\n{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, 0, "{said}");
        let written = project.settings();
        // Without the origin it's the same value by whoever's word.
        assert_eq!(written, *toml, "{said}");
        for part in *says {
            assert!(said.contains(part), "`{part}` is missing in {said}");
        }
        let new: Vec<(String, Vec<u8>)> = project.all().into_iter().filter(|it| !before.contains(it)).collect();
        for (path, text) in &new {
            assert!(!String::from_utf8_lossy(text).contains("s3cret"), "{name}: {path} holds a password");
        }
        assert!(!said.contains("s3cret"), "{said}");
        assert!(before.iter().all(|it| project.all().contains(it)), "{name}: a file was changed");
        // What was written is read by every other command.
        let known = ["DATABASE_URL", "SHOP_DATABASE_URL", "LOCAL_URL", "FLYWAY_PLACEHOLDERS_APIKEY", "SHOP_OWNER"];
        let mut command = project.command(&["doctor", "--format", "json", "--connect-timeout", "1s"]);
        let doctor = Ran::new(command.envs(known.map(|it| (it, "sqlite://x.db"))).output().unwrap());
        assert!(doctor.stdout.contains("\"configuration\",\n      \"state\": \"ok\""), "{name}: {}", doctor.stdout);
    }
}

#[test]
fn a_file_in_another_encoding_is_told() {
    let project = Project::new(&[]);
    project.write(".env", b"DATABASE_URL=sqlite://\xff\xfe.db\n");
    project.write("flyway.conf", b"flyway.url=\xe9\n");
    let ran = project.run(&["init"]).expect(0);
    ran.says(&[".env is no UTF-8 text", "flyway.conf is no UTF-8 text"]);
}

/// What each tool's files would be, by engine; the URL of the test's own database is put in.
fn configured(tool: &str, url: &str) -> Vec<(&'static str, String)> {
    match tool {
        "dbmate" => vec![(".env", format!("DATABASE_URL={url}\nDBMATE_MIGRATIONS_DIR=migrations\n"))],
        "sqlx" => vec![(".env", format!("DATABASE_URL={url}\n")), ("sqlx.toml", "[migrate]\nmigrations-dir = 'migrations'\n".to_owned())],
        "diesel" => vec![
            (".env", format!("DATABASE_URL={url}\n")),
            ("diesel.toml", "[migrations_directory]\ndir = \"migrations\"\n".to_owned()),
        ],
        "goose" => {
            let driver = if url.starts_with("postgres") { "postgres" } else { "" };
            vec![(".env", format!("GOOSE_DRIVER={driver}\nGOOSE_DBSTRING={url}\nGOOSE_MIGRATION_DIR=migrations\n"))]
        }
        "atlas" => vec![(
            "atlas.hcl",
            "env \"local\" {\n  url = getenv(\"DATABASE_URL\")\n  migration {\n    dir = \"file://migrations\"\n  }\n}\n".to_owned(),
        )],
        "flyway" => vec![("flyway.conf", "flyway.locations=filesystem:migrations\nflyway.placeholders.owner=ada\n".to_owned()), (".env", format!("DATABASE_URL={url}\n"))],
        "refinery" => vec![("refinery.toml", "[main]\ndb_type = \"Postgres\"\ndb_host = \"h\"\ndb_name = \"x\"\ndb_pass = \"x\"\n".to_owned())],
        _ => vec![(".env", format!("DATABASE_URL={url}\n"))],
    }
}

/// The state that the real tool left, its directory and its configuration: `init`, and then driftlock goes on where it stopped.
#[test]
fn a_project_of_another_tool_goes_on_after_init_and_adopt() {
    let tools = ["dbmate", "sqlx", "diesel", "goose", "atlas", "flyway", "refinery", "golang-migrate"];
    let mut tried = 0;
    for tool in tools {
        for engine in ALL {
            let name = match engine {
                Engine::Sqlite => "sqlite",
                Engine::Postgres => "postgres",
                Engine::MySql => "mariadb",
            };
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adopt").join(tool).join(name);
            assert!(folder.is_dir(), "{}", folder.display());
            let target = Target::new(engine);
            if engine == Engine::MySql {
                // As where it was recorded.
                target.query("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
            }
            target.load(&folder.join("applied.sql")).unwrap();
            copy(&folder.join("migrations"), &target.migrations());
            for (path, text) in configured(tool, &target.url) {
                std::fs::write(target.path().join(path), text).unwrap();
            }
            let variable = if tool == "goose" { "GOOSE_DBSTRING" } else { "DATABASE_URL" };
            let run = |arguments: &[&str]| {
                let mut command = target.command(arguments);
                command.env(variable, &target.url).env("SHOP_OWNER", "ada").env("FLYWAY_PLACEHOLDERS_OWNER", "ada");
                Ran::new(command.output().unwrap())
            };
            let context = format!("{tool} on {name}");
            let ran = run(&["init"]);
            assert_eq!(ran.code, 0, "{context}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains("`driftlock adopt`"), "{context}: {}", ran.stderr);
            assert!(!ran.stdout.contains(".sql"), "{context}: it has migrations already: {}", ran.stdout);
            let written = std::fs::read_to_string(target.path().join("driftlock.toml")).unwrap();
            let password = target.url.split_once('@').and_then(|(login, _)| login.rsplit(':').next());
            assert!(password.is_none_or(|it| !written.contains(&format!(":{it}@"))), "{context}: {written}");
            run(&["manifest", "verify"]).expect(0);
            run(&["doctor"]).expect(3).says(&["has migrated this database", "driftlock adopt"]);
            run(&["up"]).expect(4).says(&["driftlock adopt"]);
            // Flyway's own connection leaves its SQL mode in what it makes.
            let accepted = ["--accept-difference", "--reason", "as Flyway left it"];
            let accepted = if tool == "flyway" { &accepted[..] } else { &[] };
            let ran = run(&[&["adopt"], accepted].concat());
            assert_eq!(ran.code, 0, "{context}: {}{}", ran.stdout, ran.stderr);
            run(&["status", "--exit-code"]).expect(3).says(&["are pending"]);
            let ran = run(&["up"]);
            assert_eq!(ran.code, 0, "{context}: {}{}", ran.stdout, ran.stderr);
            run(&["status", "--exit-code"]).expect(0).says(&["nothing is pending"]);
            tried += 1;
        }
    }
    assert_eq!(tried, 24);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn the_first_migration_runs_and_is_undone_on_every_engine() {
    for (engine, name) in ALL.into_iter().zip(["sqlite", "postgres", "mysql"]) {
        let target = Target::new(engine);
        std::fs::remove_dir(target.migrations()).unwrap();
        let run =
            |arguments: &[&str]| Ran::new(target.command(arguments).env("DATABASE_URL", &target.url).output().unwrap());
        run(&["init", "--engine", name, "--url-env", "DATABASE_URL", "--environments", "dev,staging,prod"]).expect(0);
        run(&["validate", "--engine", name]).expect(0);
        run(&["manifest", "verify"]).expect(0);
        run(&["up"]).expect(0).says(&["1 migration applied"]);
        target.query("INSERT INTO note (body) VALUES ('hello')");
        assert_eq!(target.value("SELECT count(created_at) FROM note"), "1");
        run(&["doctor"]).expect(0).says(&["stamped with environment `dev`"]);
        run(&["redo", "--yes"]).expect(0);
        run(&["down", "--yes"]).expect(0);
        run(&["status", "--env", "staging"]).expect(1).says(&["`STAGING_URL` is not set"]);
    }
}

/// The commands of a CI file, as the service would run them, but for the one that installs.
fn commands_of(path: &str, text: &str) -> (String, Vec<String>) {
    use saphyr::{LoadableYamlNode, Yaml};
    let documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
    let document = &documents[0];
    let text = |node: &Yaml<'_>| node.as_str().unwrap().to_owned();
    if path.starts_with(".github") {
        let job = &document["jobs"]["migrations"];
        assert!(document["permissions"]["contents"].as_str() == Some("read"));
        let steps = job["steps"].as_sequence().unwrap();
        assert_eq!(steps[0]["uses"].as_str(), Some("actions/checkout@v4"));
        let runs = steps.iter().skip(1).map(|step| text(&step["run"])).collect();
        return (text(&job["env"]["DRIFTLOCK_URL"]), runs);
    }
    let job = &document["driftlock"];
    let lines = |key: &str| job[key].as_sequence().unwrap().iter().map(text).collect::<Vec<_>>();
    (text(&job["variables"]["DRIFTLOCK_URL"]), [lines("before_script"), lines("script")].concat())
}

#[test]
fn ci_files_are_yaml_whose_commands_run() {
    for (engine, name, scheme) in [
        (Engine::Sqlite, "sqlite", "sqlite:"),
        (Engine::Postgres, "postgres", "postgres:"),
        (Engine::MySql, "mysql", "mysql:"),
    ] {
        for (ci, path) in [("github", ".github/workflows/driftlock.yml"), ("gitlab", ".gitlab-ci.yml")] {
            let target = Target::new(engine);
            let init = ["init", "--engine", name, "--ci", ci, "--dir", "db/a \"b\""];
            Ran::new(target.command(&init).output().unwrap()).expect(0).says(&[path]);
            let text = std::fs::read_to_string(target.path().join(path)).unwrap();
            let (url, commands) = commands_of(path, &text);
            assert!(url.starts_with(scheme) && commands.len() == 5, "{text}");
            let version = format!("cargo install driftlock-cli --version {} --locked", env!("CARGO_PKG_VERSION"));
            assert_eq!(commands[0], version);
            let program = Path::new(env!("CARGO_BIN_EXE_driftlock")).parent().unwrap();
            for command in &commands[1..] {
                let output = Command::new("bash")
                    .args(["-euc", command])
                    .current_dir(target.path())
                    .env_clear()
                    .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
                    .env("HOME", target.path())
                    .env("CI", "true")
                    .env("DRIFTLOCK_URL", &target.url)
                    .output()
                    .unwrap();
                Ran::new(output).expect(0);
            }
            assert_eq!(target.value("SELECT count(*) FROM note"), "0");
        }
    }
}

#[test]
fn no_file_is_overwritten_and_ci_files_come_later_too() {
    let project = Project::new(&[(".gitlab-ci.yml", "stages: [test]\n")]);
    project
        .run(&["init", "--engine", "postgres", "--ci", "gitlab"])
        .expect(0)
        .says(&[".gitlab/driftlock.yml", "add `include: [{ local: .gitlab/driftlock.yml }]`"]);
    assert_eq!(project.read(".gitlab-ci.yml"), "stages: [test]\n");
    let before = project.all();
    project.run(&["init"]).expect(2).says(&["driftlock.toml is there already", "nothing was changed"]);
    project
        .run(&["init", "--ci", "gitlab", "--engine", "postgres"])
        .expect(2)
        .says(&[".gitlab/driftlock.yml is there already", "move it away"]);
    // Without a URL in the file nobody knows for which engine.
    project.run(&["init", "--ci", "github"]).expect(2).says(&["`--engine postgres`"]);
    assert_eq!(project.all(), before);
    project
        .run(&["init", "--ci", "github", "--engine", "postgres"])
        .expect(0)
        .says(&[".github/workflows/driftlock.yml"]);

    // One of the files is there: none is written.
    let project = Project::new(&[(".github/workflows/driftlock.yml", "name: mine\n")]);
    let before = project.all();
    project
        .run(&["init", "--ci", "github"])
        .expect(2)
        .says(&[".github/workflows/driftlock.yml is there already", "nothing was changed"]);
    assert_eq!(project.all(), before);
}

#[test]
fn wrong_answers_are_usage_and_write_nothing() {
    for (arguments, part) in [
        (&["--engine", "oracle"][..], "there is no engine `oracle`"),
        (&["--url", "oracle://h/x"], "the scheme of no engine"),
        (&["--url", "postgres://u:s3cret@h/d"], "`--url-env DATABASE_URL`"),
        (&["--url", "sqlite://a.db", "--engine", "mysql"], "--engine says mysql"),
        (&["--url-env", "postgres://u:s3cret@h/d"], "the name of a variable is wanted"),
        (&["--environments", "dev,dev"], "is there twice"),
        (&["--environments", "unknown"], "can't be an environment's name"),
        (&["--ci", "jenkins"], "there are github and gitlab"),
        (&["--layout", "rails"], "there is no layout `rails`"),
        (&["--config", "x.toml"], "leave it out"),
    ] {
        let project = Project::new(&[]);
        let ran = project.run(&[&["init"], arguments].concat()).expect(2);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("s3cret"), "{}", ran.stderr);
        ran.says(&[part]);
        assert_eq!(project.all(), []);
    }
}

#[test]
fn json_lists_files_proposals_and_notes() {
    let project =
        Project::new(&[(".env", "DATABASE_URL=postgres://a:s3cret@h/d\n"), ("migrations/00001_a.sql", GOOSE)]);
    let ran = project.run(&["init", "--format", "json"]).expect(0);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["files"], serde_json::json!(["driftlock.toml", ".migrations/manifest.json"]));
    assert_eq!(
        value["proposals"][2],
        serde_json::json!({ "key": "env.dev.url", "value": "the environment variable `DATABASE_URL`", "origin": ".env:1:1" })
    );
    assert!(value["notes"].as_array().unwrap().len() > 2 && !ran.stdout.contains("s3cret"));
}

/// `init` in a terminal of its own, with what a person types; `\x03` is Ctrl-C.
fn typed(project: &Project, arguments: &str, lines: &[&str], environment: &[(&str, &str)]) -> (String, Option<i32>) {
    let call = format!("{} {arguments}", env!("CARGO_BIN_EXE_driftlock"));
    let mut script = Command::new("script")
        .args(["-qefc", &call, "seen"])
        .current_dir(project.0.path())
        .env_clear()
        .envs([("HOME", "/"), ("PATH", "/usr/bin:/bin"), ("TERM", "xterm")])
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("`script` of util-linux");
    let mut stdin = script.stdin.take().unwrap();
    for (at, line) in lines.iter().enumerate() {
        // A question ends with a colon.
        until("it asks", || {
            let seen = std::fs::read_to_string(project.0.path().join("seen")).unwrap_or_default();
            seen.matches("]:").count() > at || script.try_wait().unwrap().is_some()
        });
        // Of one that ended, the rest isn't wanted.
        let _ = stdin.write_all(line.as_bytes());
        let _ = stdin.flush();
    }
    let status = script.wait().unwrap();
    let seen = std::fs::read_to_string(project.0.path().join("seen")).unwrap();
    std::fs::remove_file(project.0.path().join("seen")).unwrap();
    (seen, status.code())
}

#[test]
fn on_a_terminal_it_asks_and_takes_the_answers() {
    let project = Project::new(&[]);
    let answers = ["work,prod\n", "oracle\n", "postgres\n", "\n", "db/steps\n", "github\n"];
    let (seen, code) = typed(&project, "init", &answers, &[]);
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("there is no engine `oracle`") && seen.contains("[$WORK_URL]:"), "{seen}");
    assert_eq!(
        project.settings(),
        [
            "migrations = \"db/steps\"",
            "default_env = \"work\"",
            "[env.work]",
            "url = { env = \"WORK_URL\" }",
            "[env.prod]  # protected because of its name",
            "url = { env = \"PROD_URL\" }",
        ]
    );
    assert!(project.read(".github/workflows/driftlock.yml").contains("image: postgres"));

    // What an option says isn't asked.
    let project = Project::new(&[]);
    let (seen, code) =
        typed(&project, "init --engine sqlite --dir m --ci none --environments dev", &["sqlite://x.db\n"], &[]);
    assert_eq!((code, seen.matches("]:").count()), (Some(0), 1), "{seen}");
    assert!(project.settings().contains(&"url = \"sqlite://x.db\"".to_owned()));
}

#[test]
fn it_asks_nothing_in_ci_with_yes_or_in_a_pipe() {
    for (arguments, environment) in [("init --yes", &[][..]), ("init", &[("CI", "true")]), ("init --format json", &[])]
    {
        let project = Project::new(&[]);
        let (seen, code) = typed(&project, arguments, &[], environment);
        assert_eq!((code, seen.contains("]:")), (Some(0), false), "{seen}");
        assert!(project.settings().len() == 4);
    }
}

#[test]
fn ctrl_c_at_any_question_leaves_nothing() {
    for asked in 0..5 {
        let project = Project::new(&[]);
        let mut lines = vec!["\n"; asked];
        lines.push("\x03");
        let (seen, code) = typed(&project, "init", &lines, &[]);
        assert_eq!(code, Some(130), "{asked}: {seen}");
        assert_eq!(project.all(), [], "{asked}: {seen}");
    }
}
