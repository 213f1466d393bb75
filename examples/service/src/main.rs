//! A web service that migrates its database when it starts, however many of it start at once.
//!
//! `DATABASE_URL` says which database: `postgres://…` or `sqlite://…`. `POST /notes` keeps a note, `GET /notes` lists them.

mod store;

use std::process::ExitCode;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Router, serve};
use driftlock::{Migrations, Migrator};
use store::Store;
use tokio::net::TcpListener;

/// The files are in the program; there is nothing to copy beside it.
static MIGRATIONS: Migrations = driftlock::migrations!("migrations");

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let url = std::env::var("DATABASE_URL")?;
    migrate(&url).await?;
    let notes = Router::new().route("/notes", get(list).post(keep)).with_state(Store::open(&url).await?);
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    serve(listener, notes).await?;
    Ok(())
}

/// One of those that start at once does it; the others wait for that one, see that nothing is left to do, and go on.
async fn migrate(url: &str) -> Result<(), driftlock::Error> {
    let db = driftlock::connect(url).await?;
    let report = Migrator::new(&MIGRATIONS).up(&db).await?;
    for applied in &report.applied {
        println!("applied {}_{}", applied.version, applied.name);
    }
    db.close().await;
    Ok(())
}

async fn list(State(store): State<Store>) -> Result<String, (StatusCode, String)> {
    store.list().await.map_err(failed)
}

async fn keep(State(store): State<Store>, body: String) -> Result<StatusCode, (StatusCode, String)> {
    store.keep(body).await.map_err(failed)?;
    Ok(StatusCode::CREATED)
}

fn failed(error: Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
