//! What the XML schemas of EPCIS say beyond the tables of `terms`: the
//! namespaces, the order of elements, and how lists name their items.

use crate::terms::EventType;

/// A generation of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// EPCIS 1.0, 1.1 and 1.2: later fields stand in `extension` elements.
    One,
    /// EPCIS 2.0: fields stand in the event, `extension` is for others.
    Two,
}

/// The namespace of documents and events of EPCIS 2.0.
pub(crate) const EPCIS_XML: &str = "urn:epcglobal:epcis:xsd:2";
/// The namespace of query documents of EPCIS 2.0.
pub(crate) const QUERY_XML: &str = "urn:epcglobal:epcis-query:xsd:2";
/// The namespace of the Standard Business Document Header.
pub(crate) const SBDH: &str =
    "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader";
/// The namespace of what this project adds where XML says too little.
pub(crate) const MARKS: &str = "urn:nguon:epcis-xml";

const STEMS: [&str; 3] = [
    "urn:epcglobal:epcis:xsd:",
    "urn:epcglobal:epcis-query:xsd:",
    "urn:epcglobal:epcis-masterdata:xsd:",
];

/// Returns the generation of one of the standard's namespaces.
pub(crate) fn version_of(namespace: &str) -> Option<Version> {
    match STEMS.iter().find_map(|stem| namespace.strip_prefix(stem))? {
        "1" => Some(Version::One),
        "2" => Some(Version::Two),
        _ => None,
    }
}

/// Says whether an element of this namespace is one of the standard's. Those
/// inside a document bear none, but many are written with the document's.
pub(crate) fn is_own(namespace: Option<&str>) -> bool {
    namespace.is_none_or(|namespace| version_of(namespace).is_some())
}

/// Says whether the element holds further members of what it stands in.
pub(crate) fn is_wrapper(element: &str) -> bool {
    matches!(element, "extension" | "baseExtension")
}

/// The elements at the beginning of every event (EPCIS 2.0 `EPCISEventType`).
const BASE: [&str; 7] = [
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "errorDeclaration",
    "certificationInfo",
    "baseExtension",
];

/// Returns the elements of an event in the order of the XML schema; after them
/// come `extension` and elements of other namespaces.
pub(crate) fn event_sequence(event_type: EventType) -> Vec<&'static str> {
    let place = ["bizStep", "disposition", "readPoint", "bizLocation"];
    let parties = ["sourceList", "destinationList"];
    let last = ["sensorElementList", "persistentDisposition"];
    let parts: &[&[&'static str]] = match event_type {
        EventType::Object => &[
            &["epcList", "action"],
            &place,
            &["bizTransactionList", "quantityList"],
            &parties,
            &last,
            &["ilmd"],
        ],
        EventType::Aggregation => &[
            &["parentID", "childEPCs", "action"],
            &place,
            &["bizTransactionList", "childQuantityList"],
            &parties,
            &last,
        ],
        EventType::Transaction => &[
            &["bizTransactionList", "parentID", "epcList", "action"],
            &place,
            &["quantityList"],
            &parties,
            &last,
        ],
        EventType::Transformation => &[
            &["inputEPCList", "inputQuantityList"],
            &["outputEPCList", "outputQuantityList", "transformationID"],
            &place,
            &["bizTransactionList"],
            &parties,
            &last,
            &["ilmd"],
        ],
        EventType::Association => &[
            &["parentID", "childEPCs", "childQuantityList", "action"],
            &place,
            &["bizTransactionList"],
            &parties,
            &last,
        ],
    };
    BASE.iter()
        .chain(parts.iter().copied().flatten())
        .copied()
        .collect()
}

/// Returns the elements of a standard object in the order of the XML schema;
/// `None` means any order.
pub(crate) fn sequence(element: &str) -> Option<&'static [&'static str]> {
    Some(match element {
        "quantityElement" => &["epcClass", "quantity", "uom"],
        "readPoint" | "bizLocation" => &["id"],
        "persistentDisposition" => &["unset", "set"],
        "sensorElement" => &["sensorMetadata", "sensorReport"],
        "ilmd" => &[],
        _ => return None,
    })
}

/// Returns the name of a list's items; `None` means that the element itself is
/// repeated.
pub(crate) fn item_of(list: &str) -> Option<&'static str> {
    Some(match list {
        "epcList" | "childEPCs" | "inputEPCList" | "outputEPCList" => "epc",
        "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
            "quantityElement"
        }
        "bizTransactionList" => "bizTransaction",
        "sourceList" => "source",
        "destinationList" => "destination",
        "sensorElementList" => "sensorElement",
        "correctiveEventIDs" => "correctiveEventID",
        _ => return None,
    })
}

/// Says whether the XML schema asks for at least one item.
pub(crate) fn is_filled(list: &str) -> bool {
    matches!(
        list,
        "bizTransactionList" | "sourceList" | "destinationList" | "sensorElementList"
    )
}

/// Says whether the fields of a standard object are attributes of its element;
/// a field of the element's own name is its text.
pub(crate) fn has_attributes(element: &str) -> bool {
    matches!(
        element,
        "bizTransaction" | "source" | "destination" | "sensorMetadata" | "sensorReport"
    )
}

/// Says whether attributes of other namespaces may stand on the element.
pub(crate) fn takes_attributes(element: &str) -> bool {
    matches!(
        element,
        "ilmd" | "errorDeclaration" | "sensorMetadata" | "sensorReport"
    ) || EventType::from_name(element).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_place_and_every_place_a_field() {
        for event_type in EventType::ALL {
            let shape = event_type.shape();
            let sequence = event_sequence(event_type);
            for name in sequence.iter().filter(|name| **name != "baseExtension") {
                assert!(shape.field(name).is_some(), "{name}");
            }
            let fields = shape.fields.iter().copied().flatten();
            for field in fields.filter(|field| !matches!(field.name, "type" | "@context")) {
                assert!(sequence.contains(&field.name), "{}", field.name);
            }
        }
    }

    #[test]
    fn namespaces() {
        for (namespace, expected) in [
            (EPCIS_XML, Some(Version::Two)),
            (QUERY_XML, Some(Version::Two)),
            ("urn:epcglobal:epcis:xsd:1", Some(Version::One)),
            ("urn:epcglobal:epcis:xsd:3", None),
            ("urn:epcglobal:xsd:1", None),
        ] {
            assert_eq!(version_of(namespace), expected, "{namespace}");
        }
        assert!(is_own(None) && is_own(Some(EPCIS_XML)) && !is_own(Some(SBDH)));
    }
}
