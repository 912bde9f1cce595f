//! The nguon binary: command line, configuration, start and stop.
//!
//! Read in this order: [`Home`] (a node's folder), [`keys`] (its secret keys
//! on disk), [`Config`], [`forming`] (making a node and pinning it to a
//! federation), [`start()`] (a whole node), [`verify`] (judging a proof file
//! without any node), [`cli`] and, behind `nguon demo`, `demo`.
//!
//! Invariants:
//!
//! - A secret key is written once, to a file that only its owner reads, and
//!   never replaced.
//! - A node is pinned to one federation for as long as its folder lives.
//! - The HTTP interface listens on loopback only, or with TLS and identities.

mod config;
mod files;
pub mod forming;
mod home;
mod http;
pub mod keys;
mod start;
mod text;
pub mod verify;

mod demo;

pub mod cli;

pub use config::{
    CaptureConfig, Config, HttpConfig, LogConfig, LogFormat, Loopback, NetworkConfig, StoreConfig,
    TlsConfig,
};
pub use home::Home;
pub use start::{RunningNode, start, start_sharing};
