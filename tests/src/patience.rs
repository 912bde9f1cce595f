//! Waiting for conditions, with a bound.

use std::time::Duration;

use tokio::time::Instant;

/// The longest that anything is waited for. It is generous: a machine that
/// builds meanwhile is no reason to fail.
pub const BOUND: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(5);

/// Waits until a condition holds.
///
/// # Panics
///
/// When it does not hold within [`BOUND`], with `what` was waited for.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    eventually_some(what, || holds().then_some(())).await;
}

/// Waits until `look` finds something, and returns it.
///
/// # Panics
///
/// When it finds nothing within [`BOUND`], with `what` was waited for.
pub async fn eventually_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + BOUND;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        tokio::time::sleep(EVERY).await;
    }
}

/// Waits for a future.
///
/// # Panics
///
/// When it is not done within [`BOUND`], with `what` was waited for.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(BOUND, future).await {
        Ok(done) => done,
        Err(_) => panic!("waited in vain for: {what}"),
    }
}
