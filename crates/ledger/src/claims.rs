//! What captures that are not durable yet are about to state, so that two of
//! them never state different things of one event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use epcis::Event;
use record::{ContentId, Digest, ScopeName};

/// The identity of an event in a scope: that of its `eventID` and declaration
/// time, or, where it has no `eventID`, that of its content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Claim([u8; 16]);

/// The first bytes of a content id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Claimed([u8; 16]);

/// What an earlier claim says to a new one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Nobody claims it: it is claimed now.
    Free,
    /// The same content is in a job that is durable, and will be recorded.
    Kept,
    /// The same content stands twice in one capture.
    Repeated,
    /// The same content is in another capture, which may yet fail.
    Shared,
    /// Other content claims the identity.
    Taken,
}

#[derive(Clone, Copy, Debug)]
struct Holding {
    claimed: Claimed,
    by: Claimant,
}

/// Who claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Claimant {
    /// A capture under way.
    Capture(u64),
    /// A durable job.
    Job,
}

/// All claims. As many as the events of the captures under way and of the jobs
/// that are not finished, both of which are bounded.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    held: Mutex<HashMap<Claim, Holding>>,
    captures: AtomicU64,
}

impl Claim {
    /// Returns the identity of an event in a scope.
    pub(crate) fn of(scope: &ScopeName, event: &Event, content: &ContentId) -> Self {
        let scope = scope.as_str().as_bytes();
        let digest = match event.logical_key() {
            Some(key) => {
                let (tag, ms) = match key.declaration_ms {
                    Some(ms) => (b"declaration", ms),
                    None => (b"first event", 0),
                };
                let id = key.event_id.as_bytes();
                Digest::of(&[tag.as_slice(), &ms.to_be_bytes(), scope, b"/", id])
            }
            None => Digest::of(&[b"content".as_slice(), scope, b"/", content.0.as_bytes()]),
        };
        Self(half(&digest))
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl Claimed {
    pub(crate) fn of(content: &ContentId) -> Self {
        Self(half(&content.0))
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

fn half(digest: &Digest) -> [u8; 16] {
    let (half, _) = digest.as_bytes().split_at(16);
    half.try_into().expect("half of 32 bytes")
}

impl Claims {
    /// Numbers a capture that is going to claim.
    pub(crate) fn begin(&self) -> u64 {
        self.captures.fetch_add(1, Ordering::Relaxed)
    }

    /// Claims an identity for a capture, or says why that cannot be.
    pub(crate) fn claim(&self, capture: u64, claim: Claim, claimed: Claimed) -> Answer {
        let by = Claimant::Capture(capture);
        let mut all = self.all();
        match all.get(&claim) {
            None => {
                all.insert(claim, Holding { claimed, by });
                Answer::Free
            }
            Some(held) if held.claimed != claimed => Answer::Taken,
            Some(held) if held.by == Claimant::Job => Answer::Kept,
            Some(held) if held.by == by => Answer::Repeated,
            Some(_) => Answer::Shared,
        }
    }

    /// Notes that what was claimed is in a durable job.
    pub(crate) fn keep(&self, claim: Claim, claimed: Claimed) {
        let by = Claimant::Job;
        self.all().insert(claim, Holding { claimed, by });
    }

    /// Ends claims: what they were for can be found in the store, or failed.
    pub(crate) fn release(&self, claims: &[Claim]) {
        let mut all = self.all();
        for claim in claims {
            all.remove(claim);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Claim, Holding>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_answers_those_after_it() {
        let claims = Claims::default();
        let (claim, one, other) = (Claim([1; 16]), Claimed([1; 16]), Claimed([2; 16]));
        let (first, second) = (claims.begin(), claims.begin());
        assert_eq!(claims.claim(first, claim, one), Answer::Free);
        assert_eq!(claims.claim(first, claim, one), Answer::Repeated);
        assert_eq!(claims.claim(second, claim, one), Answer::Shared);
        assert_eq!(claims.claim(second, claim, other), Answer::Taken);
        claims.keep(claim, one);
        assert_eq!(claims.claim(second, claim, one), Answer::Kept);
        assert_eq!(claims.claim(first, claim, other), Answer::Taken);
        claims.release(&[claim]);
        assert_eq!(claims.claim(second, claim, other), Answer::Free);
    }
}
