//! What is tested: accounts, and a transfer between two of them.

use driftlock::Migrations;
use sqlx::PgPool;

/// The tests make their databases of these, and so does the program.
pub static MIGRATIONS: Migrations = driftlock::migrations!("migrations");

/// Moves money. Where the account hasn't so much, the database refuses, and nothing is moved.
///
/// # Errors
/// Those of the database.
pub async fn transfer(pool: &PgPool, from: &str, to: &str, cents: i64) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for (owner, change) in [(from, -cents), (to, cents)] {
        sqlx::query("UPDATE accounts SET cents = cents + $2 WHERE owner = $1")
            .bind(owner)
            .bind(change)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

/// What an account has.
///
/// # Errors
/// Those of the database; [`sqlx::Error::RowNotFound`] where nobody has that name.
pub async fn balance(pool: &PgPool, owner: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT cents FROM accounts WHERE owner = $1").bind(owner).fetch_one(pool).await
}
