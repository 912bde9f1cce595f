//! The libp2p shell around the replication state machine: the only crate that knows libp2p.
