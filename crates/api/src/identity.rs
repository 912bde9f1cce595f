//! Who may call, and what for.
//!
//! [`Access`] is what a node is told: nothing, and then whoever reaches its
//! loopback address is its operator; or [`Identities`], each with its
//! credentials (`token`, `certificate`), its rights, the scopes that it may
//! write and see, and its limits. The [`gate`] stands before all resources: it
//! knows what each needs, and hands on the [`Caller`].

pub(crate) mod gate;

mod access;
mod caller;
mod certificate;
mod file;
mod limits;
mod owned;
mod token;

pub use access::{Access, AccessError, Known};
pub(crate) use caller::Caller;
pub use certificate::{CertificatePin, NotACertificate};
pub use file::{Identities, IdentityName, IdentityTerms, NotAName, Right};
pub(crate) use owned::Owned;
pub use token::{NotAHash, Token, TokenHash};
