//! The names of parameters, and what each asks for.

use super::criterion::{
    Amounts, AttributeTest, Criterion, Measure, Moment, ObjectList, Place, SensorAttribute, Side,
    Subject, Word,
};
use super::error::QueryError;
use super::field::{Field, FieldTest, Part};
use super::literal::{Comparison, Range};
use super::values::Given;
use super::{Direction, OrderBy};
use crate::event::Action;
use crate::terms::EventType;
use crate::vocabulary::{BIZ_TRANSACTION_TYPE, EPCIS, SOURCE_DESTINATION_TYPE};

/// What one parameter says.
pub(super) enum Reading {
    Criterion(Criterion),
    /// It is given and asks for nothing, as `EXISTS_errorDeclaration=false`.
    Nothing,
    OrderBy(OrderBy),
    Direction(Direction),
    First(u64),
    AtMost(u64),
}

/// Reads a parameter.
pub(super) fn read(given: &Given<'_>) -> Result<Reading, QueryError> {
    match given.name {
        "orderBy" => return order(given).map(Reading::OrderBy),
        "orderDirection" => {
            let words = [
                (Direction::Ascending, "ASC"),
                (Direction::Descending, "DESC"),
            ];
            return given.one_of(&words).map(Reading::Direction);
        }
        "eventCountLimit" => return given.count(1).map(Reading::First),
        "maxEventCount" => return given.count(0).map(Reading::AtMost),
        "EXISTS_errorDeclaration" => return switch(given, Criterion::Declared),
        "EXISTS_sensorElementList" => return switch(given, Criterion::Sensed),
        _ => {}
    }
    let criterion = match fixed(given)? {
        Some(criterion) => criterion,
        None => match family(given)? {
            Some(reading) => return Ok(reading),
            None => {
                return Err(QueryError::Unknown {
                    name: given.name.to_owned(),
                });
            }
        },
    };
    Ok(Reading::Criterion(criterion))
}

fn switch(given: &Given<'_>, criterion: Criterion) -> Result<Reading, QueryError> {
    Ok(if given.flag()? {
        Reading::Criterion(criterion)
    } else {
        Reading::Nothing
    })
}

/// The parameters whose names are fixed.
fn fixed(given: &Given<'_>) -> Result<Option<Criterion>, QueryError> {
    if let Some(list) = given.name.strip_prefix("MATCH_") {
        return objects(list, given);
    }
    if let Some(criterion) = moment(given)? {
        return Ok(Some(criterion));
    }
    let place = |place, descendants| -> Result<Criterion, QueryError> {
        Ok(Criterion::Place {
            place,
            keys: given.keys()?,
            descendants,
        })
    };
    let word = |word: Word| -> Result<Criterion, QueryError> {
        Ok(Criterion::Word {
            word,
            values: given.words(word.vocabulary())?,
        })
    };
    Ok(Some(match given.name {
        "eventType" => event_types(given)?,
        "EQ_action" => Criterion::Action(given.all_of(&[
            (Action::Add, "ADD"),
            (Action::Observe, "OBSERVE"),
            (Action::Delete, "DELETE"),
        ])?),
        "EQ_bizStep" => word(Word::BizStep)?,
        "EQ_disposition" => word(Word::Disposition)?,
        "EQ_persistentDisposition_set" => word(Word::PersistentSet)?,
        "EQ_persistentDisposition_unset" => word(Word::PersistentUnset)?,
        "EQ_errorReason" => word(Word::ErrorReason)?,
        "EQ_type" => word(Word::Measurement)?,
        "EQ_readPoint" => place(Place::ReadPoint, false)?,
        "WD_readPoint" => place(Place::ReadPoint, true)?,
        "EQ_bizLocation" => place(Place::BizLocation, false)?,
        "WD_bizLocation" => place(Place::BizLocation, true)?,
        "EQ_transformationID" => Criterion::TransformationId(given.keys()?),
        "EQ_eventID" => Criterion::EventId(given.uris()?),
        "EQ_correctiveEventID" => Criterion::CorrectiveEventId(given.uris()?),
        "EQ_booleanValue" => Criterion::SensorFlag(given.flag()?),
        name => {
            let attribute = SensorAttribute::ALL
                .into_iter()
                .find(|attribute| name.strip_prefix("EQ_") == Some(attribute.name()));
            let Some(attribute) = attribute else {
                return Ok(None);
            };
            let texts = match attribute {
                SensorAttribute::StringValue | SensorAttribute::HexBinaryValue => given.texts()?,
                _ => given.uris()?,
            };
            let values = texts.iter().map(|text| attribute.canonical(text));
            Criterion::Sensor {
                attribute,
                values: values.collect(),
            }
        }
    }))
}

fn event_types(given: &Given<'_>) -> Result<Criterion, QueryError> {
    let mut types = Vec::new();
    for text in given.texts()? {
        let name = given.names.expand(&text);
        let bare = name.strip_prefix(EPCIS).unwrap_or(&name);
        match EventType::from_name(bare) {
            Some(event_type) => types.push(event_type),
            // A type of a user's own: there is no such event here.
            None if bare.contains(':') => {}
            None => {
                let known = EventType::ALL.map(EventType::name).join(", ");
                let what = format!("has the type {text:.80}");
                return Err(given.wrong(what, format!("give one of {known}, or a URI")));
            }
        }
    }
    Ok(Criterion::EventType(types))
}

fn objects(list: &str, given: &Given<'_>) -> Result<Option<Criterion>, QueryError> {
    let list = match list {
        "epc" => ObjectList::Epc,
        "parentID" => ObjectList::Parent,
        "inputEPC" => ObjectList::Input,
        "outputEPC" => ObjectList::Output,
        "anyEPC" => ObjectList::AnyEpc,
        "epcClass" => ObjectList::Class,
        "inputEPCClass" => ObjectList::InputClass,
        "outputEPCClass" => ObjectList::OutputClass,
        "anyEPCClass" => ObjectList::AnyClass,
        _ => return Ok(None),
    };
    Ok(Some(Criterion::Objects {
        list,
        patterns: given.patterns()?,
    }))
}

fn moment(given: &Given<'_>) -> Result<Option<Criterion>, QueryError> {
    let sides = [(Comparison::Ge, "GE_"), (Comparison::Lt, "LT_")];
    let side = sides.into_iter().find_map(|(comparison, word)| {
        let field = given.name.strip_prefix(word)?;
        Some((comparison, field))
    });
    let Some((comparison, field)) = side else {
        return Ok(None);
    };
    let moment = match field {
        "eventTime" => Moment::Event,
        "recordTime" => Moment::Record,
        // The query schema and the OpenAPI spell it in these two ways.
        "errorDeclarationTime" | "errorDeclaration_Time" => Moment::Declaration,
        "time" => Moment::Sensor,
        "startTime" => Moment::SensorStart,
        "endTime" => Moment::SensorEnd,
        _ => return Ok(None),
    };
    let ms = given.moment()?;
    Ok(Some(Criterion::Moment {
        moment,
        comparison,
        ms,
    }))
}

/// The parameters whose names are made after a pattern.
fn family(given: &Given<'_>) -> Result<Option<Reading>, QueryError> {
    for head in ["HASATTR_", "EQ_ATTR_", "EQATTR_"] {
        if let Some(rest) = given.name.strip_prefix(head) {
            let criterion = master_data(rest, head == "HASATTR_", given)?;
            return Ok(Some(Reading::Criterion(criterion)));
        }
    }
    if let Some(rest) = given.name.strip_prefix("EXISTS_") {
        let Some(field) = field(rest, given)? else {
            return Ok(None);
        };
        let test = FieldTest::Exists;
        return switch(given, Criterion::Field { field, test }).map(Some);
    }
    let compared = Comparison::NAMED
        .into_iter()
        .find_map(|(comparison, word)| {
            let rest = given.name.strip_prefix(word)?;
            Some((comparison, rest))
        });
    let Some((comparison, rest)) = compared else {
        return Ok(None);
    };
    if comparison == Comparison::Eq
        && let Some(criterion) = typed(rest, given)?
    {
        return Ok(Some(Reading::Criterion(criterion)));
    }
    if let Some(criterion) = amount(comparison, rest, given)? {
        return Ok(Some(Reading::Criterion(criterion)));
    }
    let Some(field) = field(rest, given)? else {
        return Ok(None);
    };
    let test = match comparison {
        Comparison::Eq => FieldTest::OneOf(given.literals()?),
        _ => FieldTest::Range(Range {
            comparison,
            bound: given.bound()?,
        }),
    };
    Ok(Some(Reading::Criterion(Criterion::Field { field, test })))
}

/// `EQ_bizTransaction_<type>` and its like.
fn typed(rest: &str, given: &Given<'_>) -> Result<Option<Criterion>, QueryError> {
    let full = |vocabulary, text: &str| {
        let word = given.names.word(vocabulary, text);
        word.map_err(|(what, mend)| given.wrong(what, mend))
    };
    let party = |side, text: &str| -> Result<Option<Criterion>, QueryError> {
        Ok(Some(Criterion::Party {
            side,
            party_type: full(&SOURCE_DESTINATION_TYPE, text)?,
            keys: given.keys()?,
        }))
    };
    if let Some(text) = rest.strip_prefix("bizTransaction_") {
        return Ok(Some(Criterion::Transaction {
            transaction_type: full(&BIZ_TRANSACTION_TYPE, text)?,
            keys: given.keys()?,
        }));
    }
    if let Some(text) = rest.strip_prefix("source_") {
        return party(Side::Source, text);
    }
    match rest.strip_prefix("destination_") {
        Some(text) => party(Side::Destination, text),
        None => Ok(None),
    }
}

/// Quantities and amounts of sensor reports, with and without a unit.
fn amount(
    comparison: Comparison,
    rest: &str,
    given: &Given<'_>,
) -> Result<Option<Criterion>, QueryError> {
    let (name, unit) = match rest.split_once('_') {
        Some((name, unit)) => (name, Some(unit)),
        None => (rest, None),
    };
    let measure = Measure::ALL
        .into_iter()
        .find(|measure| measure.name() == name);
    let fits = match measure {
        None => name == "quantity",
        Some(Measure::PercentileRank) => unit.is_none(),
        Some(_) => unit.is_some(),
    };
    let is_unit = |unit: &str| {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        (2..=4).contains(&unit.len()) && unit.bytes().all(plain)
    };
    if !fits || !unit.is_none_or(is_unit) {
        return Ok(None);
    }
    let values = match comparison {
        Comparison::Eq => given.numbers()?,
        _ => vec![given.one_number()?],
    };
    let amounts = Amounts {
        comparison,
        values,
        unit: unit.map(str::to_owned),
    };
    Ok(Some(match measure {
        Some(measure) => Criterion::Measured { measure, amounts },
        None => Criterion::Quantity(amounts),
    }))
}

/// Reads `[INNER_][PART_]prefix:name`; `None` where it has no such form.
fn field(text: &str, given: &Given<'_>) -> Result<Option<Field>, QueryError> {
    let (inner, rest) = match text.strip_prefix("INNER_") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let named = Part::NAMED.into_iter().find_map(|(part, word)| {
        let rest = rest.strip_prefix(word)?;
        Some((part, rest))
    });
    let (part, name) = named.unwrap_or((Part::Event, rest));
    if !name.contains(':') {
        return Ok(None);
    }
    let name = given.names.field(name);
    let name = name.map_err(|(what, mend)| given.wrong(what, mend))?;
    Ok(Some(Field { part, inner, name }))
}

fn order(given: &Given<'_>) -> Result<OrderBy, QueryError> {
    let text = given.one_text()?;
    match text {
        "eventTime" => Ok(OrderBy::EventTime),
        "recordTime" => Ok(OrderBy::RecordTime),
        other => match field(other, given)? {
            Some(field) => Ok(OrderBy::Field(field)),
            None => {
                let what = format!("is {other:.80}");
                let mend = "give eventTime, recordTime, or a field as prefix:name";
                Err(given.wrong(what, mend))
            }
        },
    }
}

/// `HASATTR_<field>` and `EQ_ATTR_<field>_<attribute>`.
fn master_data(rest: &str, has: bool, given: &Given<'_>) -> Result<Criterion, QueryError> {
    let attribute = |name: &str| {
        let name = given.names.attribute(name);
        name.map_err(|(what, mend)| given.wrong(what, mend))
    };
    let (name, test) = if has {
        let names = given.texts()?;
        let names = names.iter().map(|name| attribute(name));
        (rest, AttributeTest::Has(names.collect::<Result<_, _>>()?))
    } else {
        // The first underscore parts field and attribute.
        let Some((field, name)) = rest.split_once('_') else {
            let mend = "write EQ_ATTR_ with a field, an underscore and an attribute";
            return Err(given.wrong("names no attribute", mend));
        };
        let test = AttributeTest::Equals {
            name: attribute(name)?,
            values: given.literals()?,
        };
        (field, test)
    };
    let standard = Subject::NAMED.into_iter().find(|(_, word)| *word == name);
    let subject = match standard {
        Some((subject, _)) => subject,
        None => match field(name, given)? {
            Some(field) => Subject::Field(field),
            None => {
                let known = Subject::NAMED.map(|(_, word)| word).join(", ");
                let what = format!("asks for master data of {name:.80}");
                return Err(given.wrong(what, format!("name one of {known}, or prefix:name")));
            }
        },
    };
    Ok(Criterion::MasterData { subject, test })
}
