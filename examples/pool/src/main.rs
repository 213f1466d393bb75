//! sqlx's pool beside driftlock: driftlock migrates through a connection of its own and closes it, then the program works with its pool.
//!
//! `DATABASE_URL` says which database of PostgreSQL.

use driftlock::{Migrations, Migrator};
use sqlx::PgPool;

static MIGRATIONS: Migrations = driftlock::migrations!("migrations");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;

    let db = driftlock::connect(&url).await?;
    let report = Migrator::new(&MIGRATIONS).up(&db).await?;
    println!("{} applied", report.applied.len());
    db.close().await;

    let pool = PgPool::connect(&url).await?;
    sqlx::query("INSERT INTO visits DEFAULT VALUES").execute(&pool).await?;
    let visits: i64 = sqlx::query_scalar("SELECT count(*) FROM visits").fetch_one(&pool).await?;
    println!("visit {visits}");
    Ok(())
}
