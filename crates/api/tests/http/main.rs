//! A server over a real ledger, asked by the client and by hand.

mod support;

mod access;
mod capture;
mod capture_jobs;
mod capture_one;
mod events;
mod proofs;
mod refusals;
mod resources;
mod sight;
mod status;
mod tls;
mod trace;
