//! EPCIS 2.0 events, master data and documents: reading and checking JSON-LD
//! and XML, the canonical forms that are signed, typed views of them, and
//! writing.
//!
//! # Reading order
//!
//! `document` reads a document and hands each event to `canonical`, the one
//! walk that checks an event and brings it to canonical form, along the tables
//! of `terms` and `vocabulary` and under the contexts of `context`; `rules`
//! has what spans several fields, `binding` what the JSON schema asks of the
//! text alone. `event` is the checked result. `header` reads the master data
//! of a document, of which `master_data` has form and result. `profile` holds
//! what is sound to more than EPCIS asks. `write` is the way back, `hash` the
//! id that is worked out from an event. `xml` turns XML into the JSON-LD
//! document that means the same, and writes it; `convert` brings whole
//! documents to the other binding. [`query`] is what can be asked of events.
//! Below them: `reader` (strict JSON), `number`, `jcs` (RFC 8785), `uri`,
//! `time`, `problem`.
//!
//! # Invariants
//!
//! - An [`Event`] is sound and holds exactly its canonical form; there is no
//!   other way to one than [`Event::from_payload`], which looks at nothing but
//!   the bytes, so that every node judges alike.
//! - A [`VocabularyElement`] is to master data what an [`Event`] is to events.
//! - Canonical forms never change: what today's rules refuse
//!   may be accepted one day, what they accept keeps its bytes.
//! - Whatever cannot be kept in meaning is refused with its place, never
//!   dropped in silence. Nothing is fetched.
//! - Reading what `write` wrote gives the same canonical forms, but for the id
//!   that an answer derives.
//! - No input panics, and recursion is bounded.

mod document;
mod header;

mod event;
mod master_data;

mod binding;
mod canonical;
mod profile;
mod rules;

mod terms;
mod vocabulary;

mod context;
mod definition;
mod global_terms;

mod write;

mod xml;

mod convert;

mod hash;

pub mod query;

mod jcs;
mod number;
mod reader;
mod time;
mod uri;

mod problem;

pub use canonical::{DEPTH_MAX, PAYLOAD_BYTES_MAX};
pub use context::{ContextError, Contexts, EPCIS_CONTEXT};
pub use convert::{to_json, to_xml};
pub use document::{Document, DocumentKind, SIFTED_PROBLEMS_MAX, Sifted};
pub use event::{
    Action, BizTransaction, CanonicalEvent, ErrorDeclaration, Event, Identifier, LogicalKey,
    Object, Party, PayloadError, Role, Time,
};
pub use hash::{HashVersion, PREHASH_BYTES_MAX};
pub use master_data::VocabularyElement;
pub use problem::{PROBLEMS_MAX, Position, Problem, Reason};
pub use profile::Profile;
pub use terms::EventType;
pub use write::{
    Answered, Written, capture_document, event_document, master_data_answer, master_data_document,
    query_document,
};
pub use xml::{CbvForm, XML_BYTES_MAX, capture_xml, event_xml, locate, query_xml};
