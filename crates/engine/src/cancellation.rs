//! Stopping a run from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A token that stops a run: the running statement is cancelled on the server, its transaction rolled back, the lock given back
/// and the attempt recorded. Clones are the same token.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    state: Arc<(AtomicBool, Notify)>,
}

impl Cancellation {
    /// A token that nobody has used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop. More than once is as good as once.
    pub fn cancel(&self) {
        self.state.0.store(true, Ordering::SeqCst);
        self.state.1.notify_waiters();
    }

    /// Whether stopping was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.0.load(Ordering::SeqCst)
    }

    /// Waits until stopping is asked for.
    pub async fn cancelled(&self) {
        let mut notified = std::pin::pin!(self.state.1.notified());
        // Registered before the look: a call in between is not missed.
        notified.as_mut().enable();
        if !self.is_cancelled() {
            notified.await;
        }
    }
}
