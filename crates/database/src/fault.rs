//! Named points at which tests stop the program, to kill it or what it talks to.
//!
//! ```text
//! FAULT_POINT=before-history#2  FAULT_DIR=/tmp/x
//! ```
//!
//! The second time that the program comes to `before-history` it makes the file `reached` in that folder and stands still until there
//! is a file `go`. Only a build with the feature `faults` looks at the two variables; in any other these functions are empty.

/// The points. A test goes through all of them, so that none is forgotten.
pub const POINTS: [&str; 14] = [
    // The lock is held by another runner, and was asked for in vain.
    "waiting-for-lock",
    // The lock is held; the own tables are about to be made.
    "before-own-tables",
    // One of several statements that make the own tables is done (MySQL: each commits by itself).
    "between-own-tables",
    // The own tables are there, and the fence isn't taken.
    "before-fence",
    // The transaction or the journalled attempt begins.
    "before-migration",
    // A statement's result was read, and another statement is to come.
    "between-statements",
    // The intent of a statement that stands alone is written.
    "after-intent",
    // A statement that stands alone is done, and its journal row isn't written.
    "before-journal",
    // All statements are done; the history row isn't written.
    "before-history",
    // The history row is committed.
    "after-commit",
    // A hook is about to run: of SQL in each migration, in its transaction.
    "while-hooks-run",
    // Everything is done; the lock is about to be given back.
    "before-unlock",
    // The steps of a plan are proved, and are about to be run on a database.
    "before-steps",
    // One of them, or several in one transaction, are about to be run.
    "between-steps",
];

#[cfg(feature = "faults")]
mod armed {
    use std::path::PathBuf;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    struct Plan {
        point: String,
        time: u32,
        folder: PathBuf,
    }

    static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| {
        let wanted = std::env::var("FAULT_POINT").ok()?;
        let (point, time) = wanted.split_once('#').unwrap_or((&wanted, "1"));
        assert!(point == "skip-lock" || super::POINTS.contains(&point), "FAULT_POINT names no point: {point}");
        Some(Plan {
            point: point.to_owned(),
            time: time.parse().expect("FAULT_POINT=POINT#NUMBER"),
            folder: std::env::var_os("FAULT_DIR").unwrap_or_default().into(),
        })
    });

    /// The file to wait for, where this is the point and the time.
    pub(super) fn hit(point: &'static str) -> Option<PathBuf> {
        static TIMES: AtomicU32 = AtomicU32::new(0);
        debug_assert!(super::POINTS.contains(&point), "{point} is missing in the list of points");
        let plan = PLAN.as_ref().filter(|plan| plan.point == point)?;
        if TIMES.fetch_add(1, Ordering::SeqCst) + 1 != plan.time {
            return None;
        }
        std::fs::write(plan.folder.join("reached"), point).expect("FAULT_DIR can be written to");
        Some(plan.folder.join("go"))
    }

    pub(super) fn is_armed(point: &str) -> bool {
        PLAN.as_ref().is_some_and(|plan| plan.point == point)
    }

    pub(super) const STEP: Duration = Duration::from_millis(2);
}

/// Stands still here if a test says so; what else is to be done (signals) goes on.
#[cfg_attr(not(feature = "faults"), allow(unused_variables, clippy::unused_async))]
pub async fn point(name: &'static str) {
    #[cfg(feature = "faults")]
    if let Some(go) = armed::hit(name) {
        while !go.exists() {
            tokio::time::sleep(armed::STEP).await;
        }
    }
}

/// The same where nothing can be awaited: the whole thread stands still.
#[cfg_attr(not(feature = "faults"), allow(unused_variables))]
pub fn point_blocking(name: &'static str) {
    #[cfg(feature = "faults")]
    if let Some(go) = armed::hit(name) {
        while !go.exists() {
            std::thread::sleep(armed::STEP);
        }
    }
}

/// Whether a test wants the lock to be taken for held without asking for it (`FAULT_POINT=skip-lock`), to see the fence alone.
#[must_use]
pub fn skips_lock() -> bool {
    #[cfg(feature = "faults")]
    return armed::is_armed("skip-lock");
    #[cfg(not(feature = "faults"))]
    false
}
