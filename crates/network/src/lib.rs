//! The libp2p shell around the replication state machine: the only crate that
//! knows libp2p.
//!
//! [`Network::start`] listens, dials the members that the charter lists, and
//! drives [`replica::Replica`] with what happens. `docs/protocol.md`,
//! "Transport and frames", is the specification of what goes over the wire.
//!
//! Read in this order: `config`; `transport` (sockets, encryption, peer ids);
//! `gate` (who may connect) and `streams` (the two streams of a connection);
//! `frame` (how messages and bodies are cut out of a stream) and `link` (the
//! tasks that read and write); `dial` (when which member is dialled) and
//! `links`, which brings all of that together; `directory` (who is who by the
//! charter), `receiving` and `serving` (bodies through the ledger, in and out)
//! and `shell`, the one task around the state machine; `network` and `status`.
//!
//! Invariants:
//!
//! - The gate is the first behaviour: who is not a member node of the charter
//!   gets no protocol handler, and hears nothing of which protocols there are.
//! - A peer has one link, on one connection, with two streams. Each stream is
//!   read by one task and written by another, so that nobody's writing keeps
//!   anybody from reading.
//! - Every queue, every number of tasks and every wait has its bound in
//!   [`Limits`] or beside the constant's name. What a peer sends is read no
//!   faster than the ledger takes it.
//! - Lengths are checked before anything is reserved for them; nothing that a
//!   peer sends makes this crate panic.
//! - Outputs of the state machine are carried out in their order; a baseline is
//!   saved, synced, before anything that speaks of it is sent.

mod config;
mod metrics;
mod transport;

mod gate;
mod streams;

mod frame;
mod link;

mod dial;
mod links;

mod directory;
mod receiving;
mod serving;
mod shell;

mod network;
mod status;

pub use config::{Config, Limits, NetworkError, Redial};
pub use frame::{BODY_BYTES_MAX, CONTROL_BYTES_MAX, FrameError};
pub use links::LinkStatus;
pub use metrics::{Carriages, Traffic};
pub use network::Network;
pub use shell::Stopped;
pub use status::{NetworkStatus, PeerStatus};
pub use transport::peer_id;
