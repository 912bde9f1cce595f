//! The order in which fields are hashed (CBV 2.0 §8.9.2), and how each is
//! written.

/// A field in its place.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: &'static str,
    pub(super) form: Form,
}

impl Slot {
    /// Says whether extensions may stand inside this field.
    pub(super) fn holds_extensions(&self) -> bool {
        match &self.form {
            Form::Text | Form::Time => false,
            Form::Object(inner) => inner.extensible,
            Form::List(item) => item.inner.is_some_and(|inner| inner.extensible),
            Form::Each(inner) => inner.is_some_and(|inner| inner.extensible),
        }
    }
}

/// How a field is written.
#[derive(Debug)]
pub(super) enum Form {
    /// `name=value`.
    Text,
    /// `name=time`, in UTC and whole milliseconds.
    Time,
    /// `name`, then the fields of the object.
    Object(&'static Inner),
    /// `name` once, then every item under its own name.
    List(Item),
    /// Every item under `name`.
    Each(Option<&'static Inner>),
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// The name that the XML binding gives it; empty where the item has none.
    pub(super) name: &'static str,
    /// What it is made of; `None`: a text.
    pub(super) inner: Option<&'static Inner>,
}

/// The fields of a standard object.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) slots: &'static [Slot],
    /// Extensions may stand beside them.
    pub(super) extensible: bool,
}

/// The list that CBV 2.0 does not name.
pub(super) const SENSOR_ELEMENTS: &str = "sensorElementList";

const fn text(name: &'static str) -> Slot {
    Slot {
        name,
        form: Form::Text,
    }
}

const fn time(name: &'static str) -> Slot {
    Slot {
        name,
        form: Form::Time,
    }
}

const fn epcs(name: &'static str) -> Slot {
    Slot {
        name,
        form: Form::List(Item {
            name: "epc",
            inner: None,
        }),
    }
}

const fn quantities(name: &'static str) -> Slot {
    Slot {
        name,
        form: Form::List(Item {
            name: "quantityElement",
            inner: Some(&QUANTITY),
        }),
    }
}

const fn pairs(name: &'static str, inner: &'static Inner) -> Slot {
    Slot {
        name,
        form: Form::List(Item {
            name: "",
            inner: Some(inner),
        }),
    }
}

const fn object(name: &'static str, inner: &'static Inner) -> Slot {
    Slot {
        name,
        form: Form::Object(inner),
    }
}

const fn each(name: &'static str, inner: Option<&'static Inner>) -> Slot {
    Slot {
        name,
        form: Form::Each(inner),
    }
}

const fn closed(slots: &'static [Slot]) -> Inner {
    Inner {
        slots,
        extensible: false,
    }
}

const fn extensible(slots: &'static [Slot]) -> Inner {
    Inner {
        slots,
        extensible: true,
    }
}

/// The fields of all events.
pub(super) static EVENT: [Slot; 22] = [
    time("eventTime"),
    text("eventTimeZoneOffset"),
    epcs("epcList"),
    text("parentID"),
    epcs("inputEPCList"),
    epcs("childEPCs"),
    quantities("quantityList"),
    quantities("childQuantityList"),
    quantities("inputQuantityList"),
    epcs("outputEPCList"),
    quantities("outputQuantityList"),
    text("action"),
    text("transformationID"),
    text("bizStep"),
    text("disposition"),
    object("persistentDisposition", &PERSISTENT_DISPOSITION),
    object("readPoint", &PLACE),
    object("bizLocation", &PLACE),
    pairs("bizTransactionList", &BIZ_TRANSACTION),
    pairs("sourceList", &SOURCE),
    pairs("destinationList", &DESTINATION),
    Slot {
        name: SENSOR_ELEMENTS,
        form: Form::List(Item {
            name: "sensorElement",
            inner: Some(&SENSOR_ELEMENT),
        }),
    },
];

static QUANTITY: Inner = closed(&[text("epcClass"), text("quantity"), text("uom")]);
static BIZ_TRANSACTION: Inner = closed(&[text("type"), text("bizTransaction")]);
static SOURCE: Inner = closed(&[text("type"), text("source")]);
static DESTINATION: Inner = closed(&[text("type"), text("destination")]);
static PERSISTENT_DISPOSITION: Inner = closed(&[each("set", None), each("unset", None)]);
static PLACE: Inner = extensible(&[text("id")]);

static SENSOR_ELEMENT: Inner = extensible(&[
    object("sensorMetadata", &SENSOR_METADATA),
    each("sensorReport", Some(&SENSOR_REPORT)),
]);

static SENSOR_METADATA: Inner = extensible(&[
    time("time"),
    time("startTime"),
    time("endTime"),
    text("deviceID"),
    text("deviceMetadata"),
    text("rawData"),
    text("dataProcessingMethod"),
    text("bizRules"),
]);

static SENSOR_REPORT: Inner = extensible(&[
    text("type"),
    text("exception"),
    text("deviceID"),
    text("deviceMetadata"),
    text("rawData"),
    text("dataProcessingMethod"),
    time("time"),
    text("microorganism"),
    text("chemicalSubstance"),
    text("value"),
    text("component"),
    text("stringValue"),
    text("booleanValue"),
    text("hexBinaryValue"),
    text("uriValue"),
    text("minValue"),
    text("maxValue"),
    text("meanValue"),
    text("sDev"),
    text("percRank"),
    text("percValue"),
    text("uom"),
    text("coordinateReferenceSystem"),
]);
