//! What is wrong with a query.

use crate::problem::Problem;

/// A query that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The body is no JSON object.
    #[error("the query is no JSON object: {}", first(.0))]
    Body(Vec<Problem>),
    /// There is no such parameter.
    #[error("there is no query parameter {name:.100}; there are {KNOWN}")]
    Unknown {
        /// The name given.
        name: String,
    },
    /// A parameter is given more than once.
    #[error("the parameter {name:.100} is given more than once; join its values in one list")]
    Repeated {
        /// Its name.
        name: String,
    },
    /// The value or name of a parameter is not what it must be.
    #[error("{name:.100} {what}; {mend}")]
    Value {
        /// The parameter.
        name: String,
        /// What is wrong.
        what: String,
        /// What would be right.
        mend: String,
    },
    /// More parameters than [`PARAMETERS_MAX`](super::PARAMETERS_MAX).
    #[error(
        "the query has {found} parameters; give at most {}",
        super::PARAMETERS_MAX
    )]
    TooManyParameters {
        /// How many.
        found: usize,
    },
    /// `eventCountLimit` without `orderBy`.
    #[error("eventCountLimit asks for the first events of an order; give orderBy with it")]
    NoOrder,
    /// `eventCountLimit` and `maxEventCount` together.
    #[error("eventCountLimit and maxEventCount exclude each other; give one of them")]
    BothLimits,
}

impl QueryError {
    pub(super) fn value(name: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Value {
            name: name.to_owned(),
            what: what.into(),
            mend: mend.into(),
        }
    }
}

fn first(problems: &[Problem]) -> String {
    problems.first().map(Problem::to_string).unwrap_or_default()
}

/// The parameters there are, for whoever asked for another.
const KNOWN: &str = "eventType, GE_ and LT_ of eventTime, recordTime, errorDeclarationTime, time, \
    startTime and endTime, EQ_action, EQ_bizStep, EQ_disposition, EQ_persistentDisposition_set, \
    EQ_persistentDisposition_unset, EQ_ and WD_ of readPoint and bizLocation, \
    EQ_transformationID, MATCH_ of epc, parentID, inputEPC, outputEPC, anyEPC, epcClass, \
    inputEPCClass, outputEPCClass and anyEPCClass, EQ_, GT_, GE_, LT_ and LE_ of quantity, \
    quantity_UOM, value_UOM, minValue_UOM, maxValue_UOM, meanValue_UOM, sDev_UOM, percValue_UOM \
    and percRank, EQ_eventID, EXISTS_errorDeclaration, EQ_errorReason, EQ_correctiveEventID, \
    EXISTS_sensorElementList, EQ_ of type, deviceID, dataProcessingMethod, microorganism, \
    chemicalSubstance, bizRules, stringValue, hexBinaryValue, uriValue and booleanValue, \
    EQ_bizTransaction_TYPE, EQ_source_TYPE, EQ_destination_TYPE, EXISTS_, EQ_, GT_, GE_, LT_ and \
    LE_ of prefix:name, of INNER_prefix:name, and of both after ILMD_, ERROR_DECLARATION_, \
    readPoint_, bizLocation_, SENSORELEMENT_, SENSORMETADATA_ or SENSORREPORT_, HASATTR_FIELD, \
    EQ_ATTR_FIELD_ATTRIBUTE, orderBy, orderDirection, eventCountLimit and maxEventCount";
