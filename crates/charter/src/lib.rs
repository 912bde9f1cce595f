//! The charter: who is a member, which keys speak for it, and which scopes
//! they may read and write. Pure.
//!
//! Read in this order: [`Member`] and [`Node`], [`Governors`], [`Limits`],
//! [`Charter`] (a verified version and what it answers), [`Draft`] (a version
//! being made), [`Enrolment`] (how a node asks to be listed).
//!
//! Invariants:
//!
//! - A [`Charter`] was verified: every key in it is a sound key with one role
//!   and one holder, every name in it leads somewhere, and enough governors
//!   signed exactly what it says.
//! - What is signed is the canonical form (RFC 8785) of `signed` as it stands
//!   in the file: a default that is written and one that is left out are two
//!   contents with two hashes and one meaning.
//! - Whoever writes a scope reads it.
//! - No clock, no randomness, no I/O. A date in a charter is shown, or compared
//!   with other dates, never with now.

mod json;

mod form;

mod member;

mod limits;

mod body;

mod rules;

mod signatures;

mod charter;

mod enrolment;

mod draft;

mod summary;

pub use body::{Governor, Governors};
pub use charter::{Charter, CharterError, Warning};
pub use draft::{Draft, DraftError, Edited, MemberSettings};
pub use enrolment::{ENROLMENT_BYTES_MAX, Enrolment, EnrolmentError, EnrolmentTerms};
pub use form::{Fault, FormError};
pub use json::FileError;
pub use limits::Limits;
pub use member::{
    Alias, Day, GroupName, Member, MemberId, MemberKind, Names, Node, NodeName, NotADay, NotAKind,
};
pub use rules::Access;
pub use signatures::{FILE_BYTES_MAX, Tally};
