//! Peers that are no members, and members that send what no honest node sends:
//! each is refused as `docs/protocol.md`, "What leads to what", tells, with its
//! reason counted; nothing is stored, and the node lives on.
//!
//! `enemy` speaks the protocol by its own, `fields` finds the fields of a batch
//! in its bytes, `stage` sets a victim beside an honest neighbour and judges
//! what a blow led to.

mod enemy;
mod fields;
mod stage;

mod bodies;
mod forgeries;
mod messages;
mod strangers;
