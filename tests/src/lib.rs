//! End-to-end tests over real nodes, hostile peers and benches against raw bounds.
//!
//! This library is what the tests share: [`federation`] makes members and their
//! charter, [`peer`] runs a member's ledger and network within the test,
//! [`nodes`] two whole nodes, [`goods`] makes events, [`patience`] waits for
//! conditions with a bound, and [`journal`] keeps what is logged.
//!
//! Everything listens on 127.0.0.1, lives in temporary folders and waits for
//! conditions, never for a time.
//!
//! The decoders that take bytes from elsewhere have their own properties (any
//! bytes, and damaged good bytes, are read without a panic and within limits)
//! beside their code: `record` (batch, header, proof, disclosure, opening),
//! `replica` (messages, frontiers), `network` (frames), `charter` (charter and
//! enrolment files), `epcis` (documents, canonical events) and `gs1` (EPC URNs,
//! Digital Links, element strings).

pub mod federation;
pub mod goods;
pub mod journal;
pub mod nodes;
pub mod patience;
pub mod peer;
