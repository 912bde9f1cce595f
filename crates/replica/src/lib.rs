//! Replication as a pure state machine.
//!
//! `Replica::new(config, own_key, charter_ref, heads)` makes it,
//! `Replica::handle(now_ms, input) -> Vec<Output>` drives it.

mod event;
mod frontier;
mod message;

pub use event::{Counter, Discarded, Fault, Head, Input, Outcome, Output, Side, Token};
pub use frontier::{Change, Entry};
pub use message::{MESSAGE_BYTES_MAX, Message};

/// The most credit that a sender of bodies may ever have, in bytes.
pub const CREDIT_MAX: u64 = 1 << 30;
