//! Each test has its own database, with all migrations; they run at the same time and don't see each other.
#![allow(clippy::unwrap_used)]

mod database;

use database::TestDatabase;
use example_testing::{MIGRATIONS, balance, transfer};
use sqlx::PgPool;

async fn bank() -> (TestDatabase, PgPool) {
    let (database, pool) = TestDatabase::migrated(&MIGRATIONS).await;
    sqlx::query("INSERT INTO accounts VALUES ('ann', 100), ('bob', 0)").execute(&pool).await.unwrap();
    (database, pool)
}

#[tokio::test]
async fn money_moves() {
    let (_database, pool) = bank().await;
    transfer(&pool, "ann", "bob", 30).await.unwrap();
    assert_eq!((balance(&pool, "ann").await.unwrap(), balance(&pool, "bob").await.unwrap()), (70, 30));
}

#[tokio::test]
async fn nobody_gets_into_debt() {
    let (_database, pool) = bank().await;
    let error = transfer(&pool, "ann", "bob", 130).await.unwrap_err();
    assert!(error.to_string().contains("no_debts"), "{error}");
    assert_eq!((balance(&pool, "ann").await.unwrap(), balance(&pool, "bob").await.unwrap()), (100, 0));
}
