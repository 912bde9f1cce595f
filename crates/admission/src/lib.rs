//! What a record does: a pure decision, with its effects as data.
//!
//! [`standing`] says whether a log may be kept at all. [`read`] takes a
//! record's payload apart, which is the costly part and needs nothing but the
//! record. [`admit`] judges it where it stands.
//!
//! Invariants:
//!
//! - A **verdict** looks at header, place and charter alone, so it is the same
//!   on a node that lacks the payload.
//! - An **effect** comes of a valid record whose payload does what its kind
//!   demands, and is the same on every node that holds the payload.
//! - Nothing here depends on arrival order or on a clock.

mod contents;
mod decision;
mod judge;

pub use contents::{Contents, read};
pub use decision::{Decision, Effect, Fault, Verdict, Wait};
pub use judge::{Standing, View, admit, standing};
