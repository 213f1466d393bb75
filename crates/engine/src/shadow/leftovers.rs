//! What killed processes left on a server: found by its name, and dropped when nobody uses it and its time is over.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use driftlock_database::Session;
use driftlock_script::Dialect;
use uuid::Uuid;

use super::{quoted, run};

/// What the names of scratch databases begin with; the rest is a version 7 UUID, which knows its time.
const PREFIX: &str = "driftlock_shadow_";

/// Nobody works in a scratch database for so long without being connected to it.
const AGE: Duration = Duration::from_secs(60 * 60);

/// A name that no other scratch database has.
pub(super) fn new_name() -> String {
    format!("{PREFIX}{}", Uuid::now_v7().simple())
}

/// Drops what others left here. Whoever may not look, or may not drop, leaves it to the next one.
pub(super) async fn sweep(admin: &mut dyn Session, dialect: Dialect) {
    let Ok(names) = admin.unused_databases(PREFIX).await else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    for name in names.iter().filter(|name| is_left(name, now)) {
        let _ = run(admin, &format!("DROP DATABASE {}", quoted(name, dialect))).await;
    }
}

/// Whether a database is a scratch one, made long ago.
fn is_left(name: &str, now: Duration) -> bool {
    let Some(id) = name.strip_prefix(PREFIX) else { return false };
    let is_simple = id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let Some(id) = Uuid::try_parse(id).ok().filter(|id| is_simple && id.get_version_num() == 7) else { return false };
    let Some((seconds, _)) = id.get_timestamp().map(|time| time.to_unix()) else { return false };
    Duration::from_secs(seconds) + AGE < now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_old_one_of_our_own_is_left() {
        let name = new_name();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let later = now + AGE + Duration::from_secs(2);
        assert!(!is_left(&name, now));
        assert!(is_left(&name, later));
        let id = name.strip_prefix(PREFIX).unwrap();
        for other in [
            format!("{PREFIX}mine"),
            format!("{PREFIX}{}", Uuid::nil().simple()),
            format!("{PREFIX}{id}2"),
            format!("{PREFIX}{}", id.to_uppercase()),
            format!("x{name}"),
            id.to_owned(),
        ] {
            assert!(!is_left(&other, later), "{other}");
        }
    }
}
