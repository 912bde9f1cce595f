//! The only crate that knows HTTP: the node's server and the command line's
//! client.
//!
//! # Reading order
//!
//! [`Server`] starts with a [`Config`], the ledger, and [`Sources`] for what
//! only other crates can say. `routes` has one module for each family of
//! resources; `guard` has what is done for every request. What goes wrong is a
//! `problem`, the only place that knows status codes and problem types.
//! [`Client`] asks the questions; [`StatusReport`], [`CaptureJob`] and the
//! other reports are what both sides speak of. `docs/http.md` shows every
//! request with its answer.
//!
//! # Invariants
//!
//! - Nobody has to say who they are yet, so only loopback addresses are
//!   listened on, and only requests that were meant for a loopback address are
//!   answered.
//! - An answer that something is stored is given after the synced write.
//! - No parameter is ignored: what is not understood is refused.
//! - Reads of the store run off the threads that serve connections, a bounded
//!   number at a time, and each has an end.
//! - What a client is told of a fault of this node is not its cause: that goes
//!   to the log.

mod server;

mod guard;
mod metrics;
mod reading;

mod routes;

mod accept;
mod lookup;
mod page;
mod parameters;

mod problem;

mod intake;
mod job;
mod moment;
mod report;

mod client;

pub use client::{CaptureAccepted, Client, ClientError, EventPage, EventQuery, TraceQuery};
pub use job::{CaptureJob, ErrorBehaviour};
pub use problem::{Fault, ProblemReport};
pub use report::{
    DisclosureReport, DisclosureRequest, LogReport, MemberNames, MemberReport, NetworkReport,
    PeerReport, PublishedReport, StatusReport,
};
pub use server::{ApiError, Config, Server, Sources};
