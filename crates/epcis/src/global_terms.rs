//! The terms and prefixes that the EPCIS 2.0 JSON-LD context defines
//! everywhere, as they are read inside extensions.

use crate::vocabulary::{BIZ_STEP, CBV, DISPOSITION, EPCIS, GS1, Vocabulary};

/// How the value of a term is read inside an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coercion {
    /// A literal; kept.
    None,
    /// An IRI (`"@type": "@id"`).
    Id,
    /// A term or IRI (`"@type": "@vocab"`).
    Vocab,
    /// A word of a standard vocabulary, or IRI.
    Word(&'static Vocabulary),
}

/// A term that the standard's context defines everywhere.
#[derive(Debug)]
pub(crate) struct GlobalTerm {
    pub(crate) name: &'static str,
    /// Its IRI; `None` for aliases of JSON-LD keywords.
    pub(crate) iri: Option<&'static str>,
    pub(crate) coercion: Coercion,
    /// A single value stands for an array of one (`@container: @set`).
    pub(crate) set: bool,
    /// The context gives the term's objects terms of their own, so that it
    /// cannot stand inside an extension here.
    pub(crate) scoped: bool,
}

/// Returns the term that the standard's context defines under this name.
pub(crate) fn global_term(name: &str) -> Option<&'static GlobalTerm> {
    GLOBAL_TERMS.iter().find(|term| term.name == name)
}

macro_rules! global_terms {
    ($($name:literal = $iri:expr, $coercion:expr, $set:literal, $scoped:literal;)*) => {
        static GLOBAL_TERMS: &[GlobalTerm] = &[$(GlobalTerm {
            name: $name,
            iri: $iri,
            coercion: $coercion,
            set: $set,
            scoped: $scoped,
        },)*];
    };
}

macro_rules! epcis {
    ($name:literal) => {
        Some(concat!("https://ref.gs1.org/epcis/", $name))
    };
}

global_terms! {
    "id" = None, Coercion::Id, false, false;
    "type" = None, Coercion::Vocab, false, false;
    "eventID" = None, Coercion::Id, false, true;
    "baseURL" = None, Coercion::None, false, true;
    "ObjectEvent" = epcis!("ObjectEvent"), Coercion::None, false, false;
    "AggregationEvent" = epcis!("AggregationEvent"), Coercion::None, false, false;
    "TransactionEvent" = epcis!("TransactionEvent"), Coercion::None, false, false;
    "TransformationEvent" = epcis!("TransformationEvent"), Coercion::None, false, false;
    "AssociationEvent" = epcis!("AssociationEvent"), Coercion::None, false, false;
    "EPCISDocument" = epcis!("EPCISDocument"), Coercion::None, false, false;
    "EPCISQueryDocument" = epcis!("EPCISQueryDocument"), Coercion::None, false, false;
    "Collection" = epcis!("Collection"), Coercion::None, false, false;
    "member" = Some("http://www.w3.org/2000/01/rdf-schema#member"), Coercion::Id, true, false;
    "eventTime" = epcis!("eventTime"), Coercion::None, false, false;
    "recordTime" = epcis!("recordTime"), Coercion::None, false, false;
    "eventTimeZoneOffset" = epcis!("eventTimeZoneOffset"), Coercion::None, false, false;
    "action" = epcis!("action"), Coercion::None, false, false;
    "certificationInfo" = epcis!("certificationInfo"), Coercion::Id, true, false;
    "bizStep" = epcis!("bizStep"), Coercion::Word(&BIZ_STEP), false, false;
    "disposition" = epcis!("disposition"), Coercion::Word(&DISPOSITION), false, false;
    "bizLocation" = epcis!("bizLocation"), Coercion::Id, false, false;
    "readPoint" = epcis!("readPoint"), Coercion::Id, false, false;
    "transformationID" = epcis!("transformationID"), Coercion::Id, false, false;
    "epcList" = epcis!("epcList"), Coercion::Id, true, false;
    "sourceList" = epcis!("sourceList"), Coercion::None, true, true;
    "destinationList" = epcis!("destinationList"), Coercion::None, true, true;
    "persistentDisposition" = epcis!("persistentDisposition"), Coercion::None, true, true;
    "quantity" = epcis!("quantity"), Coercion::None, false, false;
    "epcClass" = epcis!("epcClass"), Coercion::Id, false, false;
    "uom" = epcis!("uom"), Coercion::None, false, false;
    "quantityList" = epcis!("quantityList"), Coercion::None, true, false;
    "bizTransactionList" = epcis!("bizTransactionList"), Coercion::None, true, true;
    "parentID" = epcis!("parentID"), Coercion::Id, false, false;
    "childEPCs" = epcis!("childEPCs"), Coercion::Id, true, false;
    "childQuantityList" = epcis!("childQuantityList"), Coercion::None, true, false;
    "inputEPCList" = epcis!("inputEPCList"), Coercion::Id, true, false;
    "outputEPCList" = epcis!("outputEPCList"), Coercion::Id, true, false;
    "inputQuantityList" = epcis!("inputQuantityList"), Coercion::None, true, false;
    "outputQuantityList" = epcis!("outputQuantityList"), Coercion::None, true, false;
    "sensorElementList" = epcis!("sensorElementList"), Coercion::None, true, true;
    "errorDeclaration" = epcis!("errorDeclaration"), Coercion::None, false, true;
    "creationDate" = Some("http://purl.org/dc/terms/created"), Coercion::None, false, false;
    "sender" = epcis!("sender"), Coercion::None, false, false;
    "receiver" = epcis!("receiver"), Coercion::None, false, false;
    "instanceIdentifier" = epcis!("instanceIdentifier"), Coercion::None, false, false;
    "schemaVersion" = Some("http://www.w3.org/2002/07/owl#versionInfo"), Coercion::None, false, false;
    "ilmd" = epcis!("ilmd"), Coercion::None, false, false;
    "epcisHeader" = epcis!("epcisHeader"), Coercion::None, false, false;
    "masterData" = epcis!("masterData"), Coercion::None, false, false;
    "vocabularyList" = epcis!("vocabularyList"), Coercion::None, false, false;
    "epcisBody" = epcis!("epcisBody"), Coercion::None, false, false;
    "queryResults" = epcis!("queryResults"), Coercion::None, false, false;
    "subscriptionID" = epcis!("subscriptionID"), Coercion::None, false, false;
    "queryName" = epcis!("queryName"), Coercion::None, false, false;
    "resultsBody" = epcis!("resultsBody"), Coercion::None, false, false;
    "eventList" = epcis!("eventList"), Coercion::None, false, false;
    "children" = epcis!("children"), Coercion::Id, true, false;
}

/// The prefixes of the standard's context. Those of EPCIS, CBV and GS1 cannot
/// be given another meaning; documents in use redefine the others.
pub(crate) const PREFIXES: [(&str, &str); 8] = [
    ("epcis", EPCIS),
    ("cbv", CBV),
    ("gs1", GS1),
    ("cbvmda", "urn:epcglobal:cbv:mda:"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("dcterms", "http://purl.org/dc/terms/"),
];

/// How many of [`PREFIXES`] are fixed, counted from the first.
pub(crate) const PREFIXES_FIXED: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_defined_once() {
        for (index, term) in GLOBAL_TERMS.iter().enumerate() {
            assert!(
                GLOBAL_TERMS[index + 1..]
                    .iter()
                    .all(|other| other.name != term.name),
                "{}",
                term.name
            );
        }
    }
}
