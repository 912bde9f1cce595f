//! The only crate that knows HTTP: the node's server and the command line's
//! client.
//!
//! # Reading order
//!
//! [`Server`] starts with a [`Config`], the ledger, and [`Sources`] for what
//! only other crates can say; `connections` takes connections, over TLS where
//! the config says so. `identity` is who may call: its gate stands before
//! `routes`, which has one module for each family of resources; `guard` has
//! what else is done for every request. What goes wrong is a
//! `problem`, the only place that knows status codes and problem types.
//! [`Client`] asks the questions; [`StatusReport`], [`CaptureJob`] and the
//! other reports are what both sides speak of. `docs/http.md` shows every
//! request with its answer.
//!
//! # Invariants
//!
//! - Addresses that other machines reach are listened on with TLS and
//!   identities alone. Where there are no identities, on loopback, whoever
//!   calls is the node's operator.
//! - Only requests that were meant for this node are answered.
//! - Every resource says what it needs of its caller, and the gate has found
//!   the caller out before the resource is asked.
//! - What a caller may not see is to it as if this node had never held it; no
//!   refusal tells what exists.
//! - An answer that something is stored is given after the synced write.
//! - No parameter is ignored: what is not understood is refused.
//! - Reads of the store run off the threads that serve connections, a bounded
//!   number at a time, and each has an end.
//! - What a client is told of a fault of this node is not its cause: that goes
//!   to the log.

mod server;

mod connections;
mod tls;

mod identity;

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

pub use client::{
    CaptureAccepted, Client, ClientError, Credentials, EventPage, EventQuery, TraceQuery,
};
pub use guard::{HostName, NotAHost};
pub use identity::{
    Access, AccessError, CertificatePin, Identities, IdentityName, IdentityTerms, Known,
    NotACertificate, NotAHash, NotAName, Right, Token, TokenHash,
};
pub use job::{CaptureJob, ErrorBehaviour};
pub use problem::{Fault, ProblemReport};
pub use report::{
    DisclosureReport, DisclosureRequest, LogReport, MemberNames, MemberReport, NetworkReport,
    PeerReport, PublishedReport, StatusReport,
};
pub use server::{ApiError, Config, Server, Sources};
pub use tls::{ClientCertificate, Tls, TlsError};
