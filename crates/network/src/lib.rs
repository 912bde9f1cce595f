//! The libp2p shell around the replication state machine: the only crate that
//! knows libp2p.

mod config;
mod metrics;
mod transport;

mod gate;
mod streams;

mod frame;
mod link;

mod dial;
mod links;

pub use config::{Config, Limits, NetworkError, Redial};
pub use frame::{BODY_BYTES_MAX, CONTROL_BYTES_MAX, FrameError};
pub use links::LinkStatus;
pub use metrics::{Carriages, Traffic};
pub use transport::peer_id;
