//! What is kept of those who begin something.

use serde::{Deserialize, Serialize};

use super::caller::Caller;

/// Something stored, with the name of the identity that began it. Who may see
/// it is asked of the [`Caller`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Owned<T> {
    /// The identity; `None` where a local operator began it.
    #[serde(
        default,
        rename = "nguonOwner",
        skip_serializing_if = "Option::is_none"
    )]
    owner: Option<String>,
    #[serde(flatten)]
    inner: T,
}

impl<T> Owned<T> {
    pub(crate) fn by(caller: &Caller, inner: T) -> Self {
        Self {
            owner: caller.name().map(str::to_owned),
            inner,
        }
    }

    /// Returns it to those who may see it.
    pub(crate) fn shown_to(self, caller: &Caller) -> Option<T> {
        let seen = caller.oversees(self.owner.as_deref());
        seen.then_some(self.inner)
    }
}
