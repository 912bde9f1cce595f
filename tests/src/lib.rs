//! End-to-end tests over real nodes, hostile peers and benches against raw bounds.

pub mod conformance;
