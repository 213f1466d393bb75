//! Ends a running statement: on request from elsewhere, or when its time is over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use driftlock_database::{Cancel, Error};
use rusqlite::{Connection, InterruptHandle};

/// Shared by a session, the thread that runs its statements, and whoever wants to end one.
#[derive(Debug)]
pub(crate) struct Control {
    /// Statements run: only then is there something to end.
    running: AtomicBool,
    /// The statements that run now were asked to end.
    cancelled: AtomicBool,
    /// When the statement's time is over: microseconds after `origin`; 0 is never.
    deadline: AtomicU64,
    origin: Instant,
    handle: Mutex<Option<Interrupt>>,
}

/// [`InterruptHandle`] has no `Debug`.
struct Interrupt(InterruptHandle);

impl std::fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interrupt")
    }
}

/// How many of SQLite's instructions run between two looks at the flags: some tenths of a millisecond.
const INSTRUCTIONS: i32 = 10_000;

impl Control {
    pub(crate) fn new() -> Self {
        Control {
            running: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            deadline: AtomicU64::new(0),
            origin: Instant::now(),
            handle: Mutex::new(None),
        }
    }

    /// Watches a new connection.
    ///
    /// `sqlite3_interrupt` alone would miss a statement that is just about to begin; the progress handler doesn't.
    pub(crate) fn watch(self: &std::sync::Arc<Self>, connection: &mut Connection) {
        let handle = connection.get_interrupt_handle();
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = Some(Interrupt(handle));
        let control = std::sync::Arc::clone(self);
        // Some versions of rusqlite return nothing here; in the others it can fail for want of memory only, and then
        // the interrupt is still there.
        let _ = connection.progress_handler(INSTRUCTIONS, Some(move || control.is_cancelled() || control.is_late()));
    }

    /// Statements begin to run; an older request is none of theirs.
    pub(crate) fn start(&self) {
        self.cancelled.store(false, SeqCst);
        self.running.store(true, SeqCst);
    }

    /// They ended.
    pub(crate) fn finish(&self) {
        self.running.store(false, SeqCst);
        self.limit(Duration::ZERO);
    }

    /// From now on a statement may run so long; zero is no limit.
    pub(crate) fn limit(&self, duration: Duration) {
        let deadline = if duration.is_zero() {
            0
        } else {
            let end = self.origin.elapsed().saturating_add(duration);
            u64::try_from(end.as_micros()).unwrap_or(u64::MAX).max(1)
        };
        self.deadline.store(deadline, SeqCst);
    }

    /// Ends what runs now, if something does.
    pub(crate) fn stop(&self) {
        if self.running.load(SeqCst) {
            self.cancelled.store(true, SeqCst);
            if let Some(Interrupt(handle)) = &*self.handle.lock().unwrap_or_else(PoisonError::into_inner) {
                handle.interrupt();
            }
        }
    }

    /// Whether what runs now was asked to end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(SeqCst)
    }

    /// Whether the statement's time is over.
    pub(crate) fn is_late(&self) -> bool {
        match self.deadline.load(SeqCst) {
            0 => false,
            deadline => self.origin.elapsed().as_micros() >= u128::from(deadline),
        }
    }
}

#[async_trait]
impl Cancel for Control {
    async fn cancel(&self) -> Result<(), Error> {
        self.stop();
        Ok(())
    }
}
