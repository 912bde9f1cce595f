//! What an index files events under, and where it finds what a criterion asks
//! for.
//!
//! The law between the two: an event that meets a criterion is filed under one
//! of the criterion's probes at least. What is found that way still has to be
//! judged.

use std::collections::BTreeSet;

use gs1::{Key, Pattern};

use super::criterion::{Criterion, Measure, Moment, Place, SensorAttribute, Side, Word};
use super::field::{FieldTest, Part, named, walk};
use super::literal::Atom;
use super::matching::{Candidate, any_report, transformation};
use crate::event::{Action, Event};
use crate::reader::Value;
use crate::terms::EventType;

/// The most terms of one event. One that would have more is filed under
/// [`CROWDED`] in place of its fields, and every probe of a term looks there
/// too.
const TERMS_MAX: usize = 256;

/// The term of events with too many terms.
const CROWDED: &str = "crowded";

/// One place of an index. Keys are identities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probe {
    /// Events that name an object, in any role.
    Object(Key),
    /// Events of an `eventID`.
    EventId(String),
    /// Events of a business step, by its full URI.
    BizStep(String),
    /// Events of a disposition, by its full URI.
    Disposition(String),
    /// Events at a business location.
    BizLocation(Key),
    /// Events at a read point.
    ReadPoint(Key),
    /// Events that [`index_terms`] files under a term.
    Term(String),
}

impl Criterion {
    /// Returns places of an index of which one has every event that meets the
    /// criterion; `None` where no such place is known.
    pub fn probes(&self) -> Option<Vec<Probe>> {
        Some(match self {
            Self::Objects { patterns, .. } => {
                let probe = |pattern: &Pattern| match pattern.exact() {
                    Some(key) => Some(Probe::Object(key.clone())),
                    None => pattern.shelf().map(|shelf| Probe::Term(on_shelf(&shelf))),
                };
                let probes: Option<Vec<_>> = patterns.iter().map(probe).collect();
                let mut probes = probes?;
                if probes.iter().any(|probe| matches!(probe, Probe::Term(_))) {
                    probes.push(Probe::Term(CROWDED.to_owned()));
                }
                probes
            }
            Self::EventId(ids) => ids.iter().cloned().map(Probe::EventId).collect(),
            Self::Word {
                word: Word::BizStep,
                values,
            } => values.iter().cloned().map(Probe::BizStep).collect(),
            Self::Word {
                word: Word::Disposition,
                values,
            } => values.iter().cloned().map(Probe::Disposition).collect(),
            Self::Place {
                descendants: true, ..
            } => return None,
            Self::Place { place, keys, .. } => {
                let probe = match place {
                    Place::ReadPoint => Probe::ReadPoint,
                    Place::BizLocation => Probe::BizLocation,
                };
                keys.iter().cloned().map(probe).collect()
            }
            other => {
                let mut terms = other.terms()?;
                terms.push(CROWDED.to_owned());
                terms.into_iter().map(Probe::Term).collect()
            }
        })
    }

    fn terms(&self) -> Option<Vec<String>> {
        Some(match self {
            Self::EventType(types) => types
                .iter()
                .flat_map(|event_type| ACTIONS.map(|action| kind(*event_type, action)))
                .collect(),
            Self::Action(actions) => actions
                .iter()
                .flat_map(|action| EventType::ALL.map(|each| kind(each, Some(*action))))
                .collect(),
            Self::Word { word, values } => {
                values.iter().map(|value| of_word(*word, value)).collect()
            }
            Self::TransformationId(keys) => keys.iter().map(of_transformation).collect(),
            Self::Declared => vec![DECLARED.to_owned()],
            Self::CorrectiveEventId(ids) => ids.iter().map(|id| corrected_by(id)).collect(),
            Self::Transaction {
                transaction_type,
                keys,
            } => keys
                .iter()
                .map(|key| of_transaction(transaction_type, key))
                .collect(),
            Self::Party {
                side,
                party_type,
                keys,
            } => keys
                .iter()
                .map(|key| of_party(*side, party_type, key))
                .collect(),
            Self::Moment { moment, .. } => match moment {
                Moment::Event | Moment::Record => return None,
                Moment::Declaration => vec![DECLARED.to_owned()],
                Moment::Sensor | Moment::SensorStart | Moment::SensorEnd => {
                    vec![SENSED.to_owned()]
                }
            },
            Self::Sensed => vec![SENSED.to_owned()],
            Self::Sensor { attribute, values } => values
                .iter()
                .map(|value| of_sensor(*attribute, value))
                .collect(),
            Self::SensorFlag(flag) => vec![flagged(*flag)],
            Self::Measured { measure, .. } => vec![measured(*measure)],
            Self::Field { field, test } => {
                let there = has_field(field.part, field.inner, &field.name);
                match test {
                    FieldTest::Exists | FieldTest::Range(_) => vec![there],
                    FieldTest::OneOf(literals) => literals
                        .iter()
                        .flat_map(|literal| literal.atoms())
                        .map(|atom| field_is(&there, &atom))
                        .collect(),
                }
            }
            Self::Quantity(_)
            | Self::MasterData { .. }
            | Self::Objects { .. }
            | Self::EventId(_)
            | Self::Place { .. } => return None,
        })
    }
}

/// Returns the terms under which an index files an event, beside its objects,
/// `eventID`, business step, disposition and places.
pub fn index_terms(event: &Event) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for object in event.objects() {
        let shelves = Pattern::shelves(&object.identifier.key)
            .into_iter()
            .flatten();
        terms.extend(shelves.map(|shelf| on_shelf(&shelf)));
    }
    terms.insert(kind(event.event_type(), event.action()));
    terms.extend(transformation(event).as_ref().map(of_transformation));
    for each in event.biz_transactions() {
        if let Some(transaction_type) = &each.transaction_type {
            let key = each.identifier.key.identity();
            terms.insert(of_transaction(transaction_type, &key));
        }
    }
    for side in [Side::Source, Side::Destination] {
        for each in side.of(event) {
            let key = each.identifier.key.identity();
            terms.insert(of_party(side, &each.party_type, &key));
        }
    }
    if let Some(declaration) = event.error_declaration() {
        terms.insert(DECLARED.to_owned());
        let reason = declaration.reason.as_deref();
        terms.extend(reason.map(|reason| of_word(Word::ErrorReason, reason)));
        let ids = declaration.corrective_event_ids.iter();
        terms.extend(ids.map(|id| corrected_by(id)));
    }
    if event.is_plain() {
        return bounded(terms);
    }
    let candidate = Candidate::new(event, 0);
    for word in [Word::PersistentSet, Word::PersistentUnset] {
        word.any(&candidate, |value| {
            terms.insert(of_word(word, value));
            false
        });
    }
    sensors(&candidate, &mut terms);
    fields(&candidate, &mut terms);
    bounded(terms)
}

fn bounded(terms: BTreeSet<String>) -> BTreeSet<String> {
    if terms.len() <= TERMS_MAX {
        return terms;
    }
    BTreeSet::from([CROWDED.to_owned()])
}

fn sensors(candidate: &Candidate<'_>, terms: &mut BTreeSet<String>) {
    if candidate.json().member("sensorElementList").is_none() {
        return;
    }
    terms.insert(SENSED.to_owned());
    Word::Measurement.any(candidate, |value| {
        terms.insert(of_word(Word::Measurement, value));
        false
    });
    for attribute in SensorAttribute::ALL {
        attribute.any(candidate, |value| {
            terms.insert(of_sensor(attribute, value));
            false
        });
    }
    any_report(candidate, |report| {
        if let Some(Value::Bool(flag)) = named(report, "booleanValue") {
            terms.insert(flagged(*flag));
        }
        for measure in Measure::ALL {
            if named(report, measure.name()).is_some() {
                terms.insert(measured(measure));
            }
        }
        false
    });
}

fn fields(candidate: &Candidate<'_>, terms: &mut BTreeSet<String>) {
    for part in Part::ALL {
        part.each(candidate.json(), &mut |members| {
            for inner in [false, true] {
                walk(members, inner, &mut |name, value| {
                    let there = has_field(part, inner, name);
                    if let Some(atom) = Atom::of(value) {
                        terms.insert(field_is(&there, &atom));
                    }
                    terms.insert(there);
                    false
                });
            }
        });
    }
}

const DECLARED: &str = "declared";
const SENSED: &str = "sensed";

/// The actions that an event may have, none included.
const ACTIONS: [Option<Action>; 4] = [
    None,
    Some(Action::Add),
    Some(Action::Observe),
    Some(Action::Delete),
];

/// Event type and action share a term: few values each, and one entry for
/// both.
fn kind(event_type: EventType, action: Option<Action>) -> String {
    format!("kind {} {action:?}", event_type.name())
}

fn on_shelf(shelf: &str) -> String {
    format!("shelf {shelf}")
}

fn of_word(word: Word, value: &str) -> String {
    format!("word {word:?} {value}")
}

fn of_transformation(key: &Key) -> String {
    format!("transformation {key}")
}

fn corrected_by(id: &str) -> String {
    format!("corrected {id}")
}

fn of_transaction(transaction_type: &str, key: &Key) -> String {
    format!("transaction {transaction_type} {key}")
}

fn of_party(side: Side, party_type: &str, key: &Key) -> String {
    format!("party {side:?} {party_type} {key}")
}

fn of_sensor(attribute: SensorAttribute, value: &str) -> String {
    format!("sensor {} {value}", attribute.name())
}

fn flagged(flag: bool) -> String {
    format!("flag {flag}")
}

fn measured(measure: Measure) -> String {
    format!("measure {}", measure.name())
}

fn has_field(part: Part, inner: bool, name: &str) -> String {
    format!("field {part:?} {inner} {name}")
}

fn field_is(there: &str, atom: &Atom) -> String {
    format!("{there} = {}", atom.term())
}
