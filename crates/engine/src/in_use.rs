//! A session while a command uses it, and what happens when the command goes away in the midst.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use driftlock_database::Cancel;
use tokio::sync::MutexGuard;

use crate::database::Inner;

/// The session, until this is dropped: behind a command that came to its end, or in the midst of one.
pub(crate) struct InUse<'a>(MutexGuard<'a, Inner>);

impl<'a> InUse<'a> {
    pub(crate) fn new(inner: MutexGuard<'a, Inner>) -> Self {
        InUse(inner)
    }
}

impl Deref for InUse<'_> {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl DerefMut for InUse<'_> {
    fn deref_mut(&mut self) -> &mut Inner {
        &mut self.0
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        let canceller = self.0.session.canceller();
        if self.0.session.leave() {
            end(canceller);
        }
    }
}

/// How often the server is asked, and how long after each other: it may just be about to begin.
const TIMES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// Asks the server to end what a session left running. On a thread of its own: the runtime that the session had may be ending too.
fn end(canceller: Arc<dyn Cancel>) {
    let ask = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            for time in 0..TIMES {
                if time > 0 {
                    tokio::time::sleep(PAUSE).await;
                }
                // Nobody is there who could be told that it can't be asked.
                let _ = canceller.cancel().await;
            }
        });
    };
    // Without a thread the closed connection has to do.
    drop(std::thread::Builder::new().name("driftlock cancel".to_owned()).spawn(ask));
}
