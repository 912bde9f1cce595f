//! EPCIS 2.0 events and documents: parsing, validation and the canonical form that is signed.
