//! Whole nodes as processes of their own that end as processes do: killed in
//! the middle, stopped by a full disk, put back from an old copy.
//!
//! [`office`] forms a federation with what the commands use and runs `nguon`
//! as a child, [`post`] captures while the node may die at any moment,
//! [`heads`] compares what two nodes hold, and [`trees`] recomputes what one has
//! on its disk. `cargo xtask test` builds `nguon` before the tests.

mod heads;
mod office;
mod post;
mod trees;

mod full_disk;
mod kills;
mod old_copy;

use std::time::Duration;

use tokio::time::Instant;

/// The longest that anything is waited for: processes start and link anew
/// while the machine may do other work.
const BOUND: Duration = Duration::from_secs(40);
/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(10);

/// Waits until `look`, which asks a node, finds something, and returns it.
#[track_caller]
fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    let mut look = look;
    async move {
        let deadline = Instant::now() + BOUND;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(
                Instant::now() < deadline,
                "{place}: waited in vain for: {what}"
            );
            tokio::time::sleep(EVERY).await;
        }
    }
}
