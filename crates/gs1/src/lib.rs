//! GS1 identifiers: parsing, check digits, EPC URNs, GS1 Digital Link URIs, and
//! one canonical key for all of them.
//!
//! The same box can be named `urn:epc:id:sgtin:8938505.012345.1`,
//! `https://id.gs1.org/01/08938505123455/21/1`, the same path on a brand's own
//! domain, or the element string a scanner reads, `(01)08938505123455(21)1`.
//! Indexes, queries, the trace and the resolver must see one thing, so all of
//! them go through [`Key`].
//!
//! ```
//! use gs1::Key;
//!
//! let urn = Key::from_uri("urn:epc:id:sgtin:8938505.012345.LO%2F7")?;
//! let link = Key::from_uri("https://vuon.example.vn/qr/01/8938505123455/21/LO%2f7?linkType=all")?;
//! let scan = Key::from_element_string("(01)08938505123455(21)LO/7")?;
//! assert_eq!(urn, link);
//! assert_eq!(urn, scan);
//! assert_eq!(urn.to_string(), "/01/08938505123455/21/LO%2F7");
//! # Ok::<(), gs1::KeyError>(())
//! ```
//!
//! # Reading order
//!
//! [`Key`] and what it can tell of itself; `ai`, the application identifiers
//! that make keys and the form of their values; `pair`, how they become a
//! canonical text; then the three readers: `urn`, `digital_link`,
//! `element_string`. [`Gtin`], [`Sscc`] and [`Gln`] are for
//! those who make identifiers, [`check_digit`] below them.
//!
//! Beside keys stand whole labels and links, read strictly by the standards:
//! [`AiFacts`], what is known of every application identifier;
//! [`ElementString`]; [`DigitalLink`], compressed ones too; and
//! [`Identifier`], which takes any of the forms, explains it and translates it
//! into the others. EPC URNs are written on [`CompanyPrefixes`], GS1's table of
//! where company prefixes end.
//!
//! # Invariants
//!
//! - A [`Key`] that exists is canonical: two spellings of one identifier give
//!   equal keys, equal text and equal bytes, and the order of keys is the byte
//!   order of their texts.
//! - The text of a key reads back as the same key.
//! - Every URI has a key. One that is no GS1 identifier keeps its exact text
//!   ([`Key::Other`]); one that claims to be a GS1 identifier and is broken is
//!   an error that says what, where, and what would be right, and whoever must
//!   have a key all the same takes [`Key::from_uri_or_verbatim`].
//! - The text of a class is a prefix of the text of what belongs to it.
//! - What an [`ElementString`] or a [`DigitalLink`] holds is valid, value by
//!   value, and its text reads back as the same.
//! - Where a company prefix ends is looked up and never guessed.
//! - No input makes a reader panic.

mod key;
mod pattern;

mod ai;
mod pair;
mod text;

mod syntax;

mod company_prefix;

mod digital_link;
mod element_string;
mod urn;

mod elements;
mod link;
pub mod percent;

mod identifier;

mod digits;
mod number;

mod error;

pub use ai::Ai;
pub use company_prefix::CompanyPrefixes;
pub use digits::check_digit;
pub use elements::{Element, ElementString};
pub use error::{KeyError, PrefixTableError, Problem};
pub use identifier::{ExplainedElement, Explanation, Form, Identifier, Notation};
pub use key::{Gs1Key, Key, Level, OtherUri, constrained_digital_link};
pub use link::{DigitalLink, LinkOptions};
pub use number::{Gln, Gtin, Sscc};
pub use pattern::Pattern;
pub use syntax::{AiFacts, AiPattern, DICTIONARY_RELEASE, Part, ValueRule};
