//! What is read of sqlite, proved by the engine's own account.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sqlite")]

mod common;

use common::proving;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_of_the_corpus_is_proved_and_needed() {
    proving::hold("sqlite", proving::corpus("sqlite")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_proved() {
    let known = [(
        "sqldef/sqlite3def/tests/GeneratedColumnNoKeywordEquivalentToVirtual",
        "without a word a generated column is VIRTUAL: one schema, spelled in two ways",
    )];
    proving::conform("sqlite", "sqlite.jsonl", &known).await;
}

/// What may go without another schema coming of it. `.dump`, which is the statements as they are written, differs in it.
const SAY_NOTHING: &[&str] = &[
    // There between constraints or not.
    ",", // So without the word.
    "asc", "before",
];

/// `.dump` is `sqlite_schema`. So one word after another is taken out of every statement of the corpus: where SQLite still takes it, the census and
/// the fingerprint must both tell, or both not.
#[tokio::test(flavor = "multi_thread")]
async fn the_census_misses_no_word_that_a_dump_has() {
    let mut wrong = std::collections::BTreeSet::new();
    let mut told = 0;
    for file in proving::corpus("sqlite") {
        // In the former there are words without a meaning, in the latter words that others undo.
        let counts = |name: &str| !name.starts_with("same") && name != "said twice";
        for (name, statements) in file.cases.iter().filter(|(name, _)| counts(name)) {
            let Some((last, before)) = statements.split_last() else { continue };
            let whole = account(statements).await.unwrap();
            let tokens: Vec<_> = driftlock::script::significant(last, driftlock::script::Dialect::Sqlite).collect();
            for token in &tokens {
                let mut less = last.clone();
                less.replace_range(token.start..token.start + token.text.len(), " ");
                let statements = [before, &[less.clone()]].concat();
                let Some(account) = account(&statements).await else { continue };
                let (census, fingerprint) = (account.0 != whole.0, account.1 != whole.1);
                let says_nothing = SAY_NOTHING.iter().any(|word| word.eq_ignore_ascii_case(token.text));
                if census != fingerprint || (!census && !says_nothing) {
                    wrong.insert(format!(
                        "{}/{name}: without `{}` the census {} and the fingerprint {}: {less}",
                        file.name,
                        token.text,
                        if census { "differs" } else { "is the same" },
                        if fingerprint { "differs" } else { "is the same" },
                    ));
                }
                told += usize::from(census);
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(std::env::var("CASE").is_ok() || told > 200, "{told}");
}

/// The census and the fingerprint of what statements make; nothing where SQLite doesn't take them.
async fn account(statements: &[String]) -> Option<(driftlock::database::Census, String)> {
    struct Nobody;
    impl driftlock::database::Observer for Nobody {
        fn event(&mut self, _: driftlock::database::Event) {}
    }
    let mut session = proving::session("sqlite::memory:").await;
    for sql in statements {
        let runnable = driftlock::database::Runnable { sql, copy_data: None };
        session.execute(&[runnable], &mut Nobody).await.ok()?;
    }
    let census = session.census().await.unwrap();
    let inspection = session.inspect().await.unwrap();
    assert!(inspection.unmodelled.is_empty(), "{statements:?}: {:?}", inspection.unmodelled);
    Some((census, inspection.schema.fingerprint().to_string()))
}
