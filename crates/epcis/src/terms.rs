//! The fields of EPCIS 2.0 events as tables: which field may stand where,
//! what its value is, and so how it is checked and brought to canonical form.

use crate::vocabulary::{
    BIZ_STEP, BIZ_TRANSACTION_TYPE, COMPONENT, DISPOSITION, ERROR_REASON, MEASUREMENT_TYPE,
    SENSOR_ALERT_TYPE, SOURCE_DESTINATION_TYPE, Vocabulary,
};

/// What the value of a standard field is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// An RFC 3339 date-time with zone; kept as written.
    Time,
    /// A URI; a CURIE is expanded, else kept as written.
    Uri,
    /// A URI that, where its scheme is GS1's, has to be a sound identifier.
    Identifier,
    /// A word or URI; becomes the full URI.
    Word(&'static Vocabulary),
    /// Any string; kept.
    Text,
    /// A number; binary64.
    Number,
    /// A boolean.
    Boolean,
    /// Hexadecimal digits; kept as written.
    Hex,
    /// Two or three capitals or digits (UN/CEFACT Recommendation 20).
    Unit,
    /// ADD, OBSERVE or DELETE.
    Action,
    /// `±hh:mm`, up to 14:00.
    ZoneOffset,
    /// The event's own type, already known when its fields are walked.
    EventType,
    /// The time of recording: checked, then left out.
    RecordTime,
    /// A context: it has been applied and is left out.
    Context,
    /// An object of standard fields.
    Object(&'static Shape),
    /// An array.
    List(&'static List),
}

/// An array of a standard field.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) item: Kind,
    /// The standard's schema refuses an empty array here.
    pub(crate) filled: bool,
    /// The standard's schema refuses equal items.
    pub(crate) distinct: bool,
    /// One item may stand for an array of one.
    pub(crate) single: bool,
}

/// A field of a standard object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// Which members beside the standard ones an object may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extensions {
    /// None.
    Refused,
    /// Those whose written name is a URI or CURIE.
    Namespaced,
    /// Those whose name a context resolves, bare terms included.
    Resolved,
}

/// A standard object: its fields, in tables that shapes share.
#[derive(Debug)]
pub(crate) struct Shape {
    /// What the object is, for messages.
    pub(crate) title: &'static str,
    pub(crate) fields: &'static [&'static [Field]],
    pub(crate) extensions: Extensions,
    /// Bare names to which the standard's context gives another meaning
    /// anywhere below this object.
    pub(crate) scoped: &'static [&'static str],
}

impl Shape {
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .copied()
            .flatten()
            .find(|field| field.name == name)
    }

    /// Returns the names of the fields for a message.
    pub(crate) fn field_names(&self) -> String {
        let names: Vec<_> = self
            .fields
            .iter()
            .copied()
            .flatten()
            .map(|field| field.name)
            .collect();
        names.join(", ")
    }
}

/// The five event types (EPCIS 2.0 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    /// Something happened to objects (§7.4.1).
    Object,
    /// Objects were put into or taken out of a parent (§7.4.2).
    Aggregation,
    /// Objects were linked to business transactions (§7.4.3).
    Transaction,
    /// Inputs were consumed and outputs made (§7.4.4).
    Transformation,
    /// Objects were linked to or parted from a parent asset (§7.4.5).
    Association,
}

impl EventType {
    /// All five.
    pub const ALL: [EventType; 5] = [
        EventType::Object,
        EventType::Aggregation,
        EventType::Transaction,
        EventType::Transformation,
        EventType::Association,
    ];

    /// Returns the name that `type` bears.
    pub fn name(self) -> &'static str {
        match self {
            EventType::Object => "ObjectEvent",
            EventType::Aggregation => "AggregationEvent",
            EventType::Transaction => "TransactionEvent",
            EventType::Transformation => "TransformationEvent",
            EventType::Association => "AssociationEvent",
        }
    }

    /// Returns the event type of that name.
    pub fn from_name(name: &str) -> Option<EventType> {
        Self::ALL
            .into_iter()
            .find(|event_type| event_type.name() == name)
    }

    pub(crate) fn shape(self) -> &'static Shape {
        match self {
            EventType::Object => &OBJECT_EVENT,
            EventType::Aggregation => &AGGREGATION_EVENT,
            EventType::Transaction => &TRANSACTION_EVENT,
            EventType::Transformation => &TRANSFORMATION_EVENT,
            EventType::Association => &ASSOCIATION_EVENT,
        }
    }
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

const fn list(item: Kind) -> List {
    List {
        item,
        filled: false,
        distinct: false,
        single: false,
    }
}

static IDENTIFIERS: List = list(Kind::Identifier);
static DISTINCT_IDENTIFIERS: List = List {
    item: Kind::Identifier,
    filled: false,
    distinct: true,
    single: false,
};
static URIS: List = list(Kind::Uri);
static URIS_OR_ONE: List = List {
    item: Kind::Uri,
    filled: false,
    distinct: false,
    single: true,
};
static QUANTITIES: List = list(Kind::Object(&QUANTITY));
static BIZ_TRANSACTIONS: List = list(Kind::Object(&BIZ_TRANSACTION));
static BIZ_TRANSACTIONS_FILLED: List = List {
    item: Kind::Object(&BIZ_TRANSACTION),
    filled: true,
    distinct: false,
    single: false,
};
static SOURCES: List = list(Kind::Object(&SOURCE));
static DESTINATIONS: List = list(Kind::Object(&DESTINATION));
static SENSOR_ELEMENTS: List = list(Kind::Object(&SENSOR_ELEMENT));
static SENSOR_REPORTS: List = List {
    item: Kind::Object(&SENSOR_REPORT),
    filled: true,
    distinct: false,
    single: false,
};
static DISPOSITIONS: List = List {
    item: Kind::Word(&DISPOSITION),
    filled: true,
    distinct: true,
    single: false,
};

static COMMON: [Field; 8] = [
    required("type", Kind::EventType),
    required("eventTime", Kind::Time),
    required("eventTimeZoneOffset", Kind::ZoneOffset),
    field("recordTime", Kind::RecordTime),
    field("eventID", Kind::Uri),
    field("errorDeclaration", Kind::Object(&ERROR_DECLARATION)),
    field("certificationInfo", Kind::List(&URIS_OR_ONE)),
    field("@context", Kind::Context),
];

static ACTION: [Field; 1] = [required("action", Kind::Action)];

static DIMENSIONS: [Field; 8] = [
    field("bizStep", Kind::Word(&BIZ_STEP)),
    field("disposition", Kind::Word(&DISPOSITION)),
    field(
        "persistentDisposition",
        Kind::Object(&PERSISTENT_DISPOSITION),
    ),
    field("readPoint", Kind::Object(&READ_POINT)),
    field("bizLocation", Kind::Object(&BIZ_LOCATION)),
    field("sourceList", Kind::List(&SOURCES)),
    field("destinationList", Kind::List(&DESTINATIONS)),
    field("sensorElementList", Kind::List(&SENSOR_ELEMENTS)),
];

static OPTIONAL_TRANSACTIONS: [Field; 1] =
    [field("bizTransactionList", Kind::List(&BIZ_TRANSACTIONS))];

static ILMD_FIELD: [Field; 1] = [field("ilmd", Kind::Object(&ILMD))];

static OBJECTS: [Field; 2] = [
    field("epcList", Kind::List(&DISTINCT_IDENTIFIERS)),
    field("quantityList", Kind::List(&QUANTITIES)),
];

static CHILDREN: [Field; 2] = [
    field("childEPCs", Kind::List(&IDENTIFIERS)),
    field("childQuantityList", Kind::List(&QUANTITIES)),
];

static OPTIONAL_PARENT: [Field; 1] = [field("parentID", Kind::Identifier)];
static REQUIRED_PARENT: [Field; 1] = [required("parentID", Kind::Identifier)];

static TRANSACTION: [Field; 3] = [
    required("bizTransactionList", Kind::List(&BIZ_TRANSACTIONS_FILLED)),
    field("epcList", Kind::List(&IDENTIFIERS)),
    field("quantityList", Kind::List(&QUANTITIES)),
];

static TRANSFORMATION: [Field; 5] = [
    field("inputEPCList", Kind::List(&DISTINCT_IDENTIFIERS)),
    field("inputQuantityList", Kind::List(&QUANTITIES)),
    field("outputEPCList", Kind::List(&DISTINCT_IDENTIFIERS)),
    field("outputQuantityList", Kind::List(&QUANTITIES)),
    field("transformationID", Kind::Uri),
];

static OBJECT_EVENT: Shape = Shape {
    title: "an ObjectEvent",
    fields: &[
        &COMMON,
        &ACTION,
        &OBJECTS,
        &DIMENSIONS,
        &OPTIONAL_TRANSACTIONS,
        &ILMD_FIELD,
    ],
    extensions: Extensions::Namespaced,
    scoped: &[],
};

static AGGREGATION_EVENT: Shape = Shape {
    title: "an AggregationEvent",
    fields: &[
        &COMMON,
        &ACTION,
        &OPTIONAL_PARENT,
        &CHILDREN,
        &DIMENSIONS,
        &OPTIONAL_TRANSACTIONS,
    ],
    extensions: Extensions::Namespaced,
    scoped: &[],
};

static TRANSACTION_EVENT: Shape = Shape {
    title: "a TransactionEvent",
    fields: &[
        &COMMON,
        &ACTION,
        &OPTIONAL_PARENT,
        &TRANSACTION,
        &DIMENSIONS,
    ],
    extensions: Extensions::Namespaced,
    scoped: &[],
};

static TRANSFORMATION_EVENT: Shape = Shape {
    title: "a TransformationEvent",
    fields: &[
        &COMMON,
        &TRANSFORMATION,
        &DIMENSIONS,
        &OPTIONAL_TRANSACTIONS,
        &ILMD_FIELD,
    ],
    extensions: Extensions::Namespaced,
    scoped: &[],
};

static ASSOCIATION_EVENT: Shape = Shape {
    title: "an AssociationEvent",
    fields: &[
        &COMMON,
        &ACTION,
        &REQUIRED_PARENT,
        &CHILDREN,
        &DIMENSIONS,
        &OPTIONAL_TRANSACTIONS,
    ],
    extensions: Extensions::Namespaced,
    scoped: &[],
};

static QUANTITY: Shape = Shape {
    title: "a quantity element",
    fields: &[&[
        required("epcClass", Kind::Identifier),
        field("quantity", Kind::Number),
        field("uom", Kind::Unit),
    ]],
    extensions: Extensions::Refused,
    scoped: &[],
};

static BIZ_TRANSACTION: Shape = Shape {
    title: "a business transaction",
    fields: &[&[
        field("type", Kind::Word(&BIZ_TRANSACTION_TYPE)),
        required("bizTransaction", Kind::Identifier),
    ]],
    extensions: Extensions::Refused,
    scoped: &[],
};

static SOURCE: Shape = Shape {
    title: "a source",
    fields: &[&[
        required("type", Kind::Word(&SOURCE_DESTINATION_TYPE)),
        required("source", Kind::Identifier),
    ]],
    extensions: Extensions::Refused,
    scoped: &[],
};

static DESTINATION: Shape = Shape {
    title: "a destination",
    fields: &[&[
        required("type", Kind::Word(&SOURCE_DESTINATION_TYPE)),
        required("destination", Kind::Identifier),
    ]],
    extensions: Extensions::Refused,
    scoped: &[],
};

static READ_POINT: Shape = Shape {
    title: "a read point",
    fields: &[&[required("id", Kind::Identifier)]],
    extensions: Extensions::Resolved,
    scoped: &[],
};

static BIZ_LOCATION: Shape = Shape {
    title: "a business location",
    fields: &[&[required("id", Kind::Identifier)]],
    extensions: Extensions::Resolved,
    scoped: &[],
};

static PERSISTENT_DISPOSITION: Shape = Shape {
    title: "a persistent disposition",
    fields: &[&[
        field("set", Kind::List(&DISPOSITIONS)),
        field("unset", Kind::List(&DISPOSITIONS)),
    ]],
    extensions: Extensions::Refused,
    scoped: &[],
};

static ERROR_DECLARATION: Shape = Shape {
    title: "an error declaration",
    fields: &[&[
        required("declarationTime", Kind::Time),
        field("reason", Kind::Word(&ERROR_REASON)),
        field("correctiveEventIDs", Kind::List(&URIS)),
    ]],
    extensions: Extensions::Namespaced,
    scoped: &["declarationTime", "reason", "correctiveEventIDs"],
};

static ILMD: Shape = Shape {
    title: "ilmd",
    fields: &[],
    extensions: Extensions::Namespaced,
    scoped: &[],
};

static SENSOR_ELEMENT: Shape = Shape {
    title: "a sensor element",
    fields: &[&[
        field("sensorMetadata", Kind::Object(&SENSOR_METADATA)),
        required("sensorReport", Kind::List(&SENSOR_REPORTS)),
    ]],
    extensions: Extensions::Namespaced,
    scoped: &SENSOR_SCOPED,
};

static SENSOR_SCOPED: [&str; 7] = [
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "time",
    "sensorMetadata",
    "sensorReport",
];

static SENSOR_METADATA: Shape = Shape {
    title: "sensor metadata",
    fields: &[&[
        field("time", Kind::Time),
        field("startTime", Kind::Time),
        field("endTime", Kind::Time),
        field("deviceID", Kind::Uri),
        field("deviceMetadata", Kind::Uri),
        field("rawData", Kind::Uri),
        field("dataProcessingMethod", Kind::Uri),
        field("bizRules", Kind::Uri),
    ]],
    extensions: Extensions::Namespaced,
    scoped: &[
        "deviceID",
        "deviceMetadata",
        "rawData",
        "dataProcessingMethod",
        "time",
        "sensorMetadata",
        "sensorReport",
        "startTime",
        "endTime",
        "bizRules",
    ],
};

static SENSOR_REPORT: Shape = Shape {
    title: "a sensor report",
    fields: &[&SENSOR_REPORT_FIELDS],
    extensions: Extensions::Namespaced,
    scoped: &[
        "deviceID",
        "deviceMetadata",
        "rawData",
        "dataProcessingMethod",
        "time",
        "sensorMetadata",
        "sensorReport",
        "type",
        "exception",
        "coordinateReferenceSystem",
        "microorganism",
        "chemicalSubstance",
        "value",
        "component",
        "stringValue",
        "booleanValue",
        "hexBinaryValue",
        "uriValue",
        "minValue",
        "maxValue",
        "meanValue",
        "sDev",
        "percRank",
        "percValue",
    ],
};

static SENSOR_REPORT_FIELDS: [Field; 24] = [
    required("type", Kind::Word(&MEASUREMENT_TYPE)),
    field("exception", Kind::Word(&SENSOR_ALERT_TYPE)),
    field("component", Kind::Word(&COMPONENT)),
    field("time", Kind::Time),
    field("value", Kind::Number),
    field("uom", Kind::Text),
    field("minValue", Kind::Number),
    field("maxValue", Kind::Number),
    field("meanValue", Kind::Number),
    field("sDev", Kind::Number),
    field("percRank", Kind::Number),
    field("percValue", Kind::Number),
    field("stringValue", Kind::Text),
    field("booleanValue", Kind::Boolean),
    field("hexBinaryValue", Kind::Hex),
    field("uriValue", Kind::Uri),
    field("deviceID", Kind::Uri),
    field("deviceMetadata", Kind::Uri),
    field("rawData", Kind::Uri),
    field("dataProcessingMethod", Kind::Uri),
    field("bizRules", Kind::Uri),
    field("microorganism", Kind::Uri),
    field("chemicalSubstance", Kind::Uri),
    field("coordinateReferenceSystem", Kind::Uri),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_types_are_found_by_name() {
        for event_type in EventType::ALL {
            assert_eq!(EventType::from_name(event_type.name()), Some(event_type));
            assert!(event_type.shape().field("eventTime").is_some());
        }
        assert_eq!(EventType::from_name("objectEvent"), None);
        assert!(EventType::Association.shape().field("ilmd").is_none());
    }
}
