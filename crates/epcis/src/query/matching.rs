//! Whether an event is what a query asks for: a pure predicate.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;

use gs1::Key;

use super::criterion::{
    Amounts, AttributeTest, Criterion, Measure, Moment, Place, SensorAttribute, Side, Subject, Word,
};
use super::field::{Members, Part, named};
use super::literal::Atom;
use super::master_data::MasterData;
use super::unit::{self, Amount};
use super::{Direction, EventQuery, Order, OrderBy};
use crate::canonical::DEPTH_MAX;
use crate::event::{Event, Identifier};
use crate::problem::Problems;
use crate::reader::{self, Value};
use crate::time;

/// An event that a query may ask for, as the answering node holds it.
#[derive(Debug)]
pub struct Candidate<'e> {
    event: &'e Event,
    record_time_ms: i64,
    /// The canonical form, read at the first criterion that needs it.
    json: OnceCell<Value<'e>>,
}

impl<'e> Candidate<'e> {
    /// Takes an event with the moment at which the node stored it, in
    /// milliseconds since 1970.
    pub fn new(event: &'e Event, record_time_ms: i64) -> Self {
        Self {
            event,
            record_time_ms,
            json: OnceCell::new(),
        }
    }

    /// Returns the event.
    pub fn event(&self) -> &'e Event {
        self.event
    }

    pub(super) fn json(&self) -> &Value<'e> {
        self.json.get_or_init(|| {
            let bytes = self.event.payload().as_bytes();
            let value = reader::read(bytes, DEPTH_MAX, &mut Problems::default());
            value.unwrap_or(Value::Null)
        })
    }
}

impl EventQuery {
    /// Tells whether an event meets every criterion.
    ///
    /// Each parameter is judged for itself: `GE_value_CEL=2` and
    /// `LT_value_CEL=8` may be met by two reports of one event.
    ///
    /// # Errors
    ///
    /// When master data cannot be read.
    pub fn matches<M: MasterData>(
        &self,
        candidate: &Candidate<'_>,
        master_data: &M,
    ) -> Result<bool, M::Error> {
        for criterion in &self.criteria {
            if !criterion.holds(candidate, master_data)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Order {
    /// Compares two events that both meet the query. Events without the field
    /// come last in either direction.
    pub fn compare(&self, left: &Candidate<'_>, right: &Candidate<'_>) -> Ordering {
        let ascending = match &self.by {
            OrderBy::EventTime => {
                let time = |c: &Candidate<'_>| c.event.event_time().instant_ms;
                time(left).cmp(&time(right))
            }
            OrderBy::RecordTime => left.record_time_ms.cmp(&right.record_time_ms),
            OrderBy::Field(field) => {
                let key = |c: &Candidate<'_>| {
                    let mut first = None;
                    field.values(c.json(), &mut |value| {
                        first = SortKey::of(value);
                        first.is_some()
                    });
                    first
                };
                return match (key(left), key(right)) {
                    (Some(left), Some(right)) => self.direction.turn(left.compare(&right)),
                    (left, right) => right.is_some().cmp(&left.is_some()),
                };
            }
        };
        self.direction.turn(ascending)
    }
}

impl Direction {
    fn turn(self, order: Ordering) -> Ordering {
        match self {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    }
}

/// What a field's value is sorted by: numbers, then moments, then texts.
#[derive(Debug)]
enum SortKey {
    Number(f64),
    Instant(i64),
    Text(String),
}

impl SortKey {
    fn of(value: &Value<'_>) -> Option<Self> {
        Some(match Atom::of(value)? {
            Atom::Number(_) => match value {
                Value::Number(number) => Self::Number(*number),
                _ => return None,
            },
            Atom::Instant(ms) => Self::Instant(ms),
            Atom::Text(text) => Self::Text(text),
            Atom::Bool(flag) => Self::Text(flag.to_string()),
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right),
            (Self::Instant(left), Self::Instant(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Instant(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

impl Criterion {
    fn holds<M: MasterData>(
        &self,
        candidate: &Candidate<'_>,
        master_data: &M,
    ) -> Result<bool, M::Error> {
        let event = candidate.event;
        Ok(match self {
            Self::EventType(types) => types.contains(&event.event_type()),
            Self::Moment {
                moment,
                comparison,
                ms,
            } => moment.any(candidate, |found| comparison.takes(found.cmp(ms))),
            Self::Action(actions) => event.action().is_some_and(|each| actions.contains(&each)),
            Self::Word { word, values } => {
                word.any(candidate, |found| values.iter().any(|value| value == found))
            }
            Self::Place { place, keys, .. } => place
                .of(event)
                .is_some_and(|found| keys.contains(found.key.identity().as_ref())),
            Self::TransformationId(keys) => {
                transformation(event).is_some_and(|key| keys.contains(&key))
            }
            Self::Objects { list, patterns } => {
                let mut objects = event.objects().filter(|object| list.has(object.role));
                objects.any(|object| {
                    let key = &object.identifier.key;
                    patterns.iter().any(|pattern| pattern.matches(key))
                })
            }
            Self::Quantity(amounts) => event.objects().any(|object| {
                let uom = object.uom.as_deref().unwrap_or(PIECES);
                let quantity = object.quantity;
                quantity.is_some_and(|value| amounts.take(value, Some(uom), Amount::Point))
            }),
            Self::EventId(ids) => ids.iter().any(|id| event.is_called(id)),
            Self::Declared => event.error_declaration().is_some(),
            Self::CorrectiveEventId(ids) => event.error_declaration().is_some_and(|made| {
                let mut named = made.corrective_event_ids.iter();
                named.any(|id| holds(ids, id))
            }),
            Self::Transaction {
                transaction_type,
                keys,
            } => event.biz_transactions().iter().any(|each| {
                each.transaction_type.as_ref() == Some(transaction_type)
                    && keys.contains(each.identifier.key.identity().as_ref())
            }),
            Self::Party {
                side,
                party_type,
                keys,
            } => side.of(event).iter().any(|each| {
                each.party_type == *party_type
                    && keys.contains(each.identifier.key.identity().as_ref())
            }),
            Self::MasterData { subject, test } => {
                return subject.passes(candidate, test, master_data);
            }
            Self::Sensed
            | Self::Sensor { .. }
            | Self::SensorFlag(_)
            | Self::Measured { .. }
            | Self::Field { .. } => self.holds_within(candidate),
        })
    }

    /// Judges what only the whole canonical form tells.
    fn holds_within(&self, candidate: &Candidate<'_>) -> bool {
        match self {
            Self::Sensed => candidate.json().member("sensorElementList").is_some(),
            Self::Sensor { attribute, values } => {
                attribute.any(candidate, |found| values.iter().any(|value| value == found))
            }
            Self::SensorFlag(flag) => any_report(
                candidate,
                |report| matches!(named(report, "booleanValue"), Some(Value::Bool(found)) if found == flag),
            ),
            Self::Measured { measure, amounts } => any_report(candidate, |report| {
                let uom = named(report, "uom").and_then(Value::as_str);
                let amount = match measure {
                    Measure::Deviation => Amount::Span,
                    _ => Amount::Point,
                };
                match named(report, measure.name()) {
                    Some(Value::Number(found)) => amounts.take(*found, uom, amount),
                    _ => false,
                }
            }),
            Self::Field { field, test } => {
                let mut passes = false;
                field.values(candidate.json(), &mut |value| {
                    passes = passes || test.holds(value);
                    passes
                });
                passes
            }
            _ => false,
        }
    }
}

/// The unit of a quantity that tells none.
const PIECES: &str = "C62";

fn holds(texts: &[String], text: &str) -> bool {
    texts.iter().any(|each| each == text)
}

/// Returns the key of the transformation that an event belongs to.
pub(super) fn transformation(event: &Event) -> Option<Key> {
    let key = Key::from_uri_or_verbatim(event.transformation_id()?).ok()?;
    Some(key.identity().into_owned())
}

impl Amounts {
    fn take(&self, found: f64, uom: Option<&str>, amount: Amount) -> bool {
        self.values.iter().any(|value| {
            let order = match &self.unit {
                None => found.partial_cmp(value),
                Some(unit) => {
                    uom.and_then(|uom| unit::compare((found, uom), (*value, unit), amount))
                }
            };
            order.is_some_and(|order| self.comparison.takes(order))
        })
    }
}

impl Moment {
    fn any(self, candidate: &Candidate<'_>, test: impl Fn(i64) -> bool) -> bool {
        let sensed = |name, parts: &[Part]| {
            let mut passes = false;
            for part in parts {
                part.each(candidate.json(), &mut |members| {
                    let text = named(members, name).and_then(Value::as_str);
                    passes = passes || text.and_then(time::instant_ms).is_some_and(&test);
                });
            }
            passes
        };
        match self {
            Moment::Event => test(candidate.event.event_time().instant_ms),
            Moment::Record => test(candidate.record_time_ms),
            Moment::Declaration => candidate
                .event
                .error_declaration()
                .is_some_and(|made| test(made.declaration_time.instant_ms)),
            Moment::Sensor => sensed("time", &[Part::SensorMetadata, Part::SensorReport]),
            Moment::SensorStart => sensed("startTime", &[Part::SensorMetadata]),
            Moment::SensorEnd => sensed("endTime", &[Part::SensorMetadata]),
        }
    }
}

impl Word {
    /// Tells whether one of the event's values passes.
    pub(super) fn any(self, candidate: &Candidate<'_>, mut test: impl FnMut(&str) -> bool) -> bool {
        let event = candidate.event;
        match self {
            Word::BizStep => event.biz_step().is_some_and(test),
            Word::Disposition => event.disposition().is_some_and(test),
            Word::PersistentSet | Word::PersistentUnset => {
                let name = if self == Word::PersistentSet {
                    "set"
                } else {
                    "unset"
                };
                let both = candidate.json().member("persistentDisposition");
                match both.and_then(|both| both.member(name)) {
                    Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).any(test),
                    _ => false,
                }
            }
            Word::ErrorReason => event
                .error_declaration()
                .and_then(|made| made.reason.as_deref())
                .is_some_and(test),
            Word::Measurement => any_report(candidate, |report| {
                named(report, "type")
                    .and_then(Value::as_str)
                    .is_some_and(&mut test)
            }),
        }
    }
}

impl Place {
    pub(super) fn of(self, event: &Event) -> Option<&Identifier> {
        match self {
            Place::ReadPoint => event.read_point(),
            Place::BizLocation => event.biz_location(),
        }
    }
}

impl Side {
    pub(super) fn of(self, event: &Event) -> &[crate::event::Party] {
        match self {
            Side::Source => event.sources(),
            Side::Destination => event.destinations(),
        }
    }
}

impl SensorAttribute {
    /// Tells whether one of the event's values, in canonical form, passes.
    pub(super) fn any(self, candidate: &Candidate<'_>, mut test: impl FnMut(&str) -> bool) -> bool {
        let parts: &[Part] = match self {
            SensorAttribute::DeviceId
            | SensorAttribute::DataProcessingMethod
            | SensorAttribute::BizRules => &[Part::SensorMetadata, Part::SensorReport],
            _ => &[Part::SensorReport],
        };
        let mut passes = false;
        for part in parts {
            part.each(candidate.json(), &mut |members| {
                let text = named(members, self.name()).and_then(Value::as_str);
                let text = text.map(|text| self.canonical(text));
                passes = passes || text.is_some_and(|text| test(&text));
            });
        }
        passes
    }
}

pub(super) fn any_report(
    candidate: &Candidate<'_>,
    mut test: impl FnMut(Members<'_, '_>) -> bool,
) -> bool {
    let mut passes = false;
    Part::SensorReport.each(candidate.json(), &mut |report| {
        passes = passes || test(report);
    });
    passes
}

impl Subject {
    fn passes<M: MasterData>(
        &self,
        candidate: &Candidate<'_>,
        test: &AttributeTest,
        master_data: &M,
    ) -> Result<bool, M::Error> {
        for key in self.keys(candidate) {
            let passes = match test {
                AttributeTest::Has(names) => {
                    let mut has = false;
                    for name in names {
                        has = has || !master_data.attribute(&key, name)?.is_empty();
                    }
                    has
                }
                AttributeTest::Equals { name, values } => {
                    let found = master_data.attribute(&key, name)?;
                    found.into_iter().any(|text| {
                        let atom = Atom::of(&Value::String(Cow::Owned(text)));
                        atom.is_some_and(|atom| values.iter().any(|value| value.is(&atom)))
                    })
                }
            };
            if passes {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the identities of what the event names there.
    fn keys(&self, candidate: &Candidate<'_>) -> Vec<Key> {
        let event = candidate.event;
        let word = |text: Option<&str>| text.and_then(|text| Key::from_uri_or_verbatim(text).ok());
        let identity = |found: &Identifier| found.key.identity().into_owned();
        match self {
            Subject::BizStep => word(event.biz_step()).into_iter().collect(),
            Subject::Disposition => word(event.disposition()).into_iter().collect(),
            Subject::ReadPoint => event.read_point().map(identity).into_iter().collect(),
            Subject::BizLocation => event.biz_location().map(identity).into_iter().collect(),
            Subject::EpcClass => {
                let classes = event
                    .objects()
                    .filter(|object| super::ObjectList::AnyClass.has(object.role));
                classes.map(|object| identity(&object.identifier)).collect()
            }
            Subject::BizTransaction => {
                let all = event.biz_transactions().iter();
                all.map(|each| identity(&each.identifier)).collect()
            }
            Subject::Source | Subject::Destination => {
                let side = if *self == Subject::Source {
                    Side::Source
                } else {
                    Side::Destination
                };
                let all = side.of(event).iter();
                all.map(|each| identity(&each.identifier)).collect()
            }
            Subject::Field(field) => {
                let mut keys = Vec::new();
                field.values(candidate.json(), &mut |value| {
                    // A reference is a text, or an object with an id.
                    let text = value.as_str().or_else(|| value.member("id")?.as_str());
                    keys.extend(word(text).map(|key| key.identity().into_owned()));
                    false
                });
                keys
            }
        }
    }
}
