//! What is said while the forge is asked: how far the work is, and what it waits for.

use std::pin::pin;

use crate::{cli::console::Terminal, forge::Governor};

/// Does `work`, and says so whenever the pace that `governor` keeps makes it wait.
pub(super) async fn watched<T>(
    governor: &Governor,
    terminal: &Terminal,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let mut waiting = governor.waiting();
    let mut is_told = true;
    loop {
        tokio::select! {
            done = &mut work => {
                terminal.progress_finished();
                return done;
            }
            changed = waiting.changed(), if is_told => {
                is_told = changed.is_ok();
                if let Some(wait) = *waiting.borrow_and_update() {
                    terminal.progress(&wait.to_string(), 0, 0);
                }
            }
        }
    }
}
