//! What a query can ask of an event (EPCIS 2.0 §8.2.7.1).

use gs1::{Key, Pattern};

use super::field::{Field, FieldTest};
use super::literal::{Comparison, Literal};
use crate::event::{Action, Role};
use crate::terms::EventType;
use crate::vocabulary::{BIZ_STEP, DISPOSITION, ERROR_REASON, MEASUREMENT_TYPE, Vocabulary};

/// One demand; the values of a list are alternatives.
#[derive(Clone, Debug, PartialEq)]
pub enum Criterion {
    /// The event is of one of these types. Types of users' own are not
    /// captured here, so that a list of none but such is empty.
    EventType(Vec<EventType>),
    /// A moment that it tells lies on one side of another.
    Moment {
        /// Which moment.
        moment: Moment,
        /// Which side: `GE` or `LT`.
        comparison: Comparison,
        /// The bound, in milliseconds since 1970.
        ms: i64,
    },
    /// Its action is one of these.
    Action(Vec<Action>),
    /// A vocabulary value of it is one of these full URIs.
    Word {
        /// Which value.
        word: Word,
        /// The URIs.
        values: Vec<String>,
    },
    /// It was read at, or its objects are at, one of these places.
    Place {
        /// Which place.
        place: Place,
        /// Identities of places.
        keys: Vec<Key>,
        /// Places below them count as well: see
        /// [`EventQuery::resolve`](super::EventQuery::resolve).
        descendants: bool,
    },
    /// It belongs to one of these transformations.
    TransformationId(Vec<Key>),
    /// It names such an object in one of its lists.
    Objects {
        /// Which lists.
        list: ObjectList,
        /// Identifiers or patterns.
        patterns: Vec<Pattern>,
    },
    /// It tells such a quantity of a class.
    Quantity(Amounts),
    /// Its `eventID` is one of these.
    EventId(Vec<String>),
    /// It is an error declaration.
    Declared,
    /// It is an error declaration that names one of these events as the right
    /// one.
    CorrectiveEventId(Vec<String>),
    /// It belongs to a business transaction.
    Transaction {
        /// The full URI of the transaction's type.
        transaction_type: String,
        /// Its identities.
        keys: Vec<Key>,
    },
    /// It has such a source or destination.
    Party {
        /// Which list.
        side: Side,
        /// The full URI of the type.
        party_type: String,
        /// Identities of parties or places.
        keys: Vec<Key>,
    },
    /// It has sensor data.
    Sensed,
    /// Its sensor data have an attribute with one of these values.
    Sensor {
        /// Which attribute.
        attribute: SensorAttribute,
        /// Texts in the form of [`SensorAttribute::canonical`].
        values: Vec<String>,
    },
    /// A sensor report says so.
    SensorFlag(bool),
    /// A sensor report has such an amount.
    Measured {
        /// Which amount.
        measure: Measure,
        /// What it must be.
        amounts: Amounts,
    },
    /// A field of a user's own passes a test.
    Field {
        /// Which field.
        field: Field,
        /// Which test.
        test: FieldTest,
    },
    /// Master data of something that the event names pass a test.
    MasterData {
        /// What it names.
        subject: Subject,
        /// Which test.
        test: AttributeTest,
    },
}

/// What an amount must be: it compares so with one of the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Amounts {
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub values: Vec<f64>,
    /// The unit of the values (UN/CEFACT Recommendation 20), into which the
    /// event's amount is converted; `None` compares the numbers alone.
    pub unit: Option<String>,
}

/// A moment of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// `eventTime`.
    Event,
    /// `recordTime`, when the answering node stored it.
    Record,
    /// `declarationTime` of the error declaration.
    Declaration,
    /// `time` of sensor metadata or a sensor report.
    Sensor,
    /// `startTime` of sensor metadata.
    SensorStart,
    /// `endTime` of sensor metadata.
    SensorEnd,
}

/// A vocabulary value of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// `bizStep`.
    BizStep,
    /// `disposition`.
    Disposition,
    /// One of `persistentDisposition.set`.
    PersistentSet,
    /// One of `persistentDisposition.unset`.
    PersistentUnset,
    /// `reason` of the error declaration.
    ErrorReason,
    /// `type` of a sensor report.
    Measurement,
}

impl Word {
    pub(super) fn vocabulary(self) -> &'static Vocabulary {
        match self {
            Word::BizStep => &BIZ_STEP,
            Word::Disposition | Word::PersistentSet | Word::PersistentUnset => &DISPOSITION,
            Word::ErrorReason => &ERROR_REASON,
            Word::Measurement => &MEASUREMENT_TYPE,
        }
    }

    /// Returns the words that the standard has for it, sorted by their bytes.
    pub fn standard(self) -> &'static [&'static str] {
        self.vocabulary().words
    }

    /// Returns the bare word of a canonical URI, if it is one of them.
    pub fn bare(self, uri: &str) -> Option<&str> {
        self.vocabulary().bare(uri)
    }
}

/// Where an event happened, or where its objects are after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// `readPoint`.
    ReadPoint,
    /// `bizLocation`.
    BizLocation,
}

/// `sourceList` or `destinationList`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// `sourceList`.
    Source,
    /// `destinationList`.
    Destination,
}

/// The lists that one `MATCH_…` parameter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectList {
    /// `epcList` and `childEPCs`.
    Epc,
    /// `parentID`.
    Parent,
    /// `inputEPCList`.
    Input,
    /// `outputEPCList`.
    Output,
    /// All of the above.
    AnyEpc,
    /// `quantityList` and `childQuantityList`.
    Class,
    /// `inputQuantityList`.
    InputClass,
    /// `outputQuantityList`.
    OutputClass,
    /// All quantity lists.
    AnyClass,
}

impl ObjectList {
    pub(super) fn has(self, role: Role) -> bool {
        match self {
            ObjectList::Epc => matches!(role, Role::Epc | Role::Child),
            ObjectList::Parent => role == Role::Parent,
            ObjectList::Input => role == Role::Input,
            ObjectList::Output => role == Role::Output,
            ObjectList::AnyEpc => !role.is_class(),
            ObjectList::Class => matches!(role, Role::EpcClass | Role::ChildClass),
            ObjectList::InputClass => role == Role::InputClass,
            ObjectList::OutputClass => role == Role::OutputClass,
            ObjectList::AnyClass => role.is_class(),
        }
    }
}

/// An attribute of sensor metadata or of a sensor report, compared as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SensorAttribute {
    /// `deviceID`, of metadata or report.
    DeviceId,
    /// `dataProcessingMethod`, of metadata or report.
    DataProcessingMethod,
    /// `bizRules`, of metadata or report.
    BizRules,
    /// `microorganism` of a report.
    Microorganism,
    /// `chemicalSubstance` of a report.
    ChemicalSubstance,
    /// `stringValue` of a report.
    StringValue,
    /// `hexBinaryValue` of a report.
    HexBinaryValue,
    /// `uriValue` of a report.
    UriValue,
}

impl SensorAttribute {
    pub(super) const ALL: [SensorAttribute; 8] = [
        SensorAttribute::DeviceId,
        SensorAttribute::DataProcessingMethod,
        SensorAttribute::BizRules,
        SensorAttribute::Microorganism,
        SensorAttribute::ChemicalSubstance,
        SensorAttribute::StringValue,
        SensorAttribute::HexBinaryValue,
        SensorAttribute::UriValue,
    ];

    /// Returns the name that it has in events.
    pub fn name(self) -> &'static str {
        match self {
            SensorAttribute::DeviceId => "deviceID",
            SensorAttribute::DataProcessingMethod => "dataProcessingMethod",
            SensorAttribute::BizRules => "bizRules",
            SensorAttribute::Microorganism => "microorganism",
            SensorAttribute::ChemicalSubstance => "chemicalSubstance",
            SensorAttribute::StringValue => "stringValue",
            SensorAttribute::HexBinaryValue => "hexBinaryValue",
            SensorAttribute::UriValue => "uriValue",
        }
    }

    /// Returns a value in the one form in which it is compared: identifiers by
    /// their canonical key, hexadecimal digits as capitals.
    pub fn canonical(self, text: &str) -> String {
        match self {
            SensorAttribute::StringValue => text.to_owned(),
            SensorAttribute::HexBinaryValue => text.to_ascii_uppercase(),
            _ => match Key::from_uri_or_verbatim(text) {
                Ok(key) => key.identity().as_str().to_owned(),
                Err(_) => text.to_owned(),
            },
        }
    }
}

/// An amount of a sensor report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// `value`.
    Value,
    /// `minValue`.
    Min,
    /// `maxValue`.
    Max,
    /// `meanValue`.
    Mean,
    /// `sDev`.
    Deviation,
    /// `percValue`.
    Percentile,
    /// `percRank`, which has no unit.
    PercentileRank,
}

impl Measure {
    pub(super) const ALL: [Measure; 7] = [
        Measure::Value,
        Measure::Min,
        Measure::Max,
        Measure::Mean,
        Measure::Deviation,
        Measure::Percentile,
        Measure::PercentileRank,
    ];

    /// Returns the name that it has in events.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Value => "value",
            Measure::Min => "minValue",
            Measure::Max => "maxValue",
            Measure::Mean => "meanValue",
            Measure::Deviation => "sDev",
            Measure::Percentile => "percValue",
            Measure::PercentileRank => "percRank",
        }
    }
}

/// What an event names, of which master data may tell more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// `bizStep`.
    BizStep,
    /// `disposition`.
    Disposition,
    /// `readPoint`.
    ReadPoint,
    /// `bizLocation`.
    BizLocation,
    /// `epcClass` of any quantity list.
    EpcClass,
    /// A business transaction.
    BizTransaction,
    /// A source.
    Source,
    /// A destination.
    Destination,
    /// The value of a field of a user's own.
    Field(Field),
}

impl Subject {
    pub(super) const NAMED: [(Subject, &'static str); 8] = [
        (Subject::BizStep, "bizStep"),
        (Subject::Disposition, "disposition"),
        (Subject::ReadPoint, "readPoint"),
        (Subject::BizLocation, "bizLocation"),
        (Subject::EpcClass, "epcClass"),
        (Subject::BizTransaction, "bizTransaction"),
        (Subject::Source, "source"),
        (Subject::Destination, "destination"),
    ];
}

/// What an attribute of master data must be.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeTest {
    /// One of these attributes is there.
    Has(Vec<String>),
    /// This attribute equals one of the values.
    Equals {
        /// The attribute's name as an absolute IRI.
        name: String,
        /// The values.
        values: Vec<Literal>,
    },
}
