//! `cargo xtask oracle adopt`: databases that the real migration runners made, recorded for the tests of `driftlock adopt`.
//!
//! Each runner is installed at a fixed version, makes its own files (by its own `new`, where it has one), is run on each
//! engine that it supports, and what it leaves is dumped by the engine's own program. The tests need only what is recorded.

mod atlas;
mod dbmate;
mod diesel;
mod engine;
mod flyway;
mod golang_migrate;
mod goose;
mod gormigrate;
mod recorder;
mod refinery;
mod sqlx;
mod story;

use std::path::PathBuf;

use crate::fail::{Context, Failure, Result};
use crate::install::Cache;
use crate::process::Interrupt;
use crate::servers::{Durability, Life, Servers};
use crate::setup;
use crate::workspace::Workspace;

use engine::{Bed, Engine};
use recorder::Recorder;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) only: Vec<String>,
    pub(crate) engines: Vec<String>,
}

/// A runner: how it is installed, and what is recorded of it.
struct Tool {
    name: &'static str,
    version: &'static str,
    install: fn(&Cache<'_>, version: &str) -> Result<PathBuf>,
    record: fn(&mut Recorder<'_>) -> Result<()>,
}

const TOOLS: [Tool; 11] = [
    Tool {
        name: "golang-migrate",
        version: "v4.20.1",
        install: |cache, version| {
            let package = "github.com/golang-migrate/migrate/v4/cmd/migrate";
            cache.go("golang-migrate", version, package, "postgres mysql sqlite")
        },
        record: golang_migrate::record,
    },
    Tool {
        name: "goose",
        version: "v3.29.0",
        install: |cache, version| {
            let without = "no_clickhouse no_libsql no_mssql no_vertica no_ydb";
            cache.go("goose", version, "github.com/pressly/goose/v3/cmd/goose", without)
        },
        record: goose::record,
    },
    Tool {
        name: "goose-v2",
        version: "v2.1.0+incompatible",
        install: |cache, version| {
            let package = "github.com/pressly/goose/cmd/goose";
            cache.go_with("goose", package, &[&format!("github.com/pressly/goose {version}")], version)
        },
        record: goose::record_v2,
    },
    Tool {
        name: "dbmate",
        version: "2.36.0",
        install: |cache, version| cache.npm("dbmate", version),
        record: dbmate::record,
    },
    Tool {
        name: "sqlx",
        version: "0.9.0",
        install: |cache, version| cache.cargo("sqlx-cli", version, "postgres,mysql,sqlite", "sqlx"),
        record: sqlx::record,
    },
    Tool {
        name: "refinery",
        version: "0.10.0",
        install: |cache, version| cache.cargo("refinery_cli", version, "postgresql,mysql,sqlite-bundled", "refinery"),
        record: refinery::record,
    },
    Tool {
        name: "refinery-int8",
        version: "0.10.0",
        install: |cache, version| {
            cache.cargo("refinery_cli", version, "postgresql,mysql,sqlite-bundled,int8-versions", "refinery")
        },
        record: refinery::record_int8,
    },
    Tool {
        name: "diesel",
        version: "2.3.14",
        install: |cache, version| cache.cargo("diesel_cli", version, "postgres,mysql,sqlite", "diesel"),
        record: diesel::record,
    },
    Tool {
        name: "atlas",
        // The last version that is published as a Go module of its own; its one old library doesn't build with today's Go.
        version: "v0.13.1",
        install: |cache, version| {
            let package = "ariga.io/atlas/cmd/atlas";
            cache.go_with("atlas", package, &[&format!("{package} {version}"), "golang.org/x/tools v0.38.0"], version)
        },
        record: atlas::record,
    },
    Tool {
        name: "flyway",
        version: "13.12.0",
        install: |cache, version| {
            let own = ["flyway-core", "flyway-database-postgresql", "flyway-mysql"];
            let mut libraries = own.map(|name| format!("org.flywaydb:{name}:{version}")).to_vec();
            let drivers = [
                "org.postgresql:postgresql:42.7.13",
                "org.mariadb.jdbc:mariadb-java-client:4.0.0",
                "org.xerial:sqlite-jdbc:3.54.1.0",
            ];
            libraries.extend(drivers.map(str::to_owned));
            cache.java_program("flyway", version, include_str!("oracle/flyway.java"), &libraries)
        },
        record: flyway::record,
    },
    Tool {
        name: "gormigrate",
        version: "v2.1.7",
        install: |cache, version| {
            let modules = [
                &format!("github.com/go-gormigrate/gormigrate/v2@{version}"),
                "gorm.io/gorm@v1.31.2",
                "gorm.io/driver/postgres@v1.6.3",
                "gorm.io/driver/mysql@v1.6.0",
                "gorm.io/driver/sqlite@v1.6.0",
            ];
            cache.go_program("gormigrate", version, include_str!("oracle/gormigrate.go"), &modules)
        },
        record: gormigrate::record,
    },
];

/// Records; whether all went well.
pub(crate) fn adopt(options: &Options, interrupt: &Interrupt) -> Result<bool> {
    let wanted = |names: &[String], name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    check_names("runner", &options.only, &TOOLS.map(|tool| tool.name))?;
    check_names("engine", &options.engines, &Engine::ALL.map(Engine::name))?;

    let workspace = Workspace::load()?;
    let tools = setup::setup()?;
    let cache = Cache::new(&workspace.target, interrupt);
    let servers = Servers::start(&tools, Durability::Relaxed, Life::WithUs, interrupt)?;
    let bed = Bed { tools: &tools, servers: &servers, interrupt };
    let mut is_good = true;
    for tool in TOOLS.iter().filter(|tool| wanted(&options.only, tool.name)) {
        let program = match (tool.install)(&cache, tool.version) {
            Ok(program) => program,
            Err(failure) => {
                interrupt.check()?;
                println!("{} … FAILED: {failure}", tool.name);
                is_good = false;
                continue;
            }
        };
        for engine in Engine::ALL.into_iter().filter(|engine| wanted(&options.engines, engine.name())) {
            let output = workspace.root.join("crates/cli/tests/adopt").join(tool.name).join(engine.name());
            let folder = tempfile::tempdir().context("can't make a temporary folder")?;
            let recorded = Recorder::new(&bed, engine, program.clone(), folder.path()).and_then(|mut recorder| {
                (tool.record)(&mut recorder)?;
                recorder.finish(tool.name, tool.version, &output)
            });
            interrupt.check()?;
            match recorded {
                Ok(()) => println!("{} {} … recorded", tool.name, engine.name()),
                Err(failure) => {
                    println!("{} {} … FAILED: {failure}", tool.name, engine.name());
                    is_good = false;
                }
            }
        }
    }
    Ok(is_good)
}

/// The program of a runner, installed if it isn't, with its version.
pub(crate) fn runner(name: &str, cache: &Cache<'_>) -> Result<(PathBuf, &'static str)> {
    let tool = TOOLS.iter().find(|tool| tool.name == name);
    let tool = tool.ok_or_else(|| Failure::new(format!("there is no runner `{name}`")))?;
    Ok(((tool.install)(cache, tool.version)?, tool.version))
}

fn check_names(what: &str, wanted: &[String], known: &[&str]) -> Result<()> {
    match wanted.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!("there is no {what} `{name}`; there are {}", known.join(", ")))),
    }
}
