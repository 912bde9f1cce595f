//! Fields of users' own in the parts of an event, and how their values are
//! compared (EPCIS 2.0 §8.2.7.1, `EQ_fieldname` and its kin).

use crate::reader::Value;

use super::literal::{Atom, Literal, Range};

/// The members of an object.
pub(super) type Members<'e, 'a> = &'e [(std::borrow::Cow<'a, str>, Value<'a>)];

/// The part of an event in which a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The event itself.
    Event,
    /// `ilmd`.
    Ilmd,
    /// `errorDeclaration`.
    ErrorDeclaration,
    /// `readPoint`.
    ReadPoint,
    /// `bizLocation`.
    BizLocation,
    /// An item of `sensorElementList`.
    SensorElement,
    /// `sensorMetadata` of a sensor element.
    SensorMetadata,
    /// An item of `sensorReport` of a sensor element.
    SensorReport,
}

impl Part {
    /// All parts with the words by which parameters name them.
    pub(super) const NAMED: [(Part, &'static str); 7] = [
        (Part::Ilmd, "ILMD_"),
        (Part::ErrorDeclaration, "ERROR_DECLARATION_"),
        (Part::ReadPoint, "readPoint_"),
        (Part::BizLocation, "bizLocation_"),
        (Part::SensorElement, "SENSORELEMENT_"),
        (Part::SensorMetadata, "SENSORMETADATA_"),
        (Part::SensorReport, "SENSORREPORT_"),
    ];

    /// Every part, the event first.
    pub(super) const ALL: [Part; 8] = [
        Part::Event,
        Part::Ilmd,
        Part::ErrorDeclaration,
        Part::ReadPoint,
        Part::BizLocation,
        Part::SensorElement,
        Part::SensorMetadata,
        Part::SensorReport,
    ];

    /// Calls `visit` with each object that is this part of an event.
    pub(super) fn each<'e, 'a>(self, event: &'e Value<'a>, visit: &mut dyn FnMut(Members<'e, 'a>)) {
        let mut member = |name: &str| {
            if let Some(Value::Object(members)) = event.member(name) {
                visit(members);
            }
        };
        match self {
            Part::Event => {
                if let Value::Object(members) = event {
                    visit(members);
                }
            }
            Part::Ilmd => member("ilmd"),
            Part::ErrorDeclaration => member("errorDeclaration"),
            Part::ReadPoint => member("readPoint"),
            Part::BizLocation => member("bizLocation"),
            Part::SensorElement => objects(event.member("sensorElementList"), visit),
            Part::SensorMetadata => objects(event.member("sensorElementList"), &mut |element| {
                if let Some(Value::Object(members)) = named(element, "sensorMetadata") {
                    visit(members);
                }
            }),
            Part::SensorReport => objects(event.member("sensorElementList"), &mut |element| {
                objects(named(element, "sensorReport"), visit);
            }),
        }
    }
}

/// Returns the value of a member.
pub(super) fn named<'e, 'a>(members: Members<'e, 'a>, name: &str) -> Option<&'e Value<'a>> {
    let found = members.iter().find(|(each, _)| each == name);
    found.map(|(_, value)| value)
}

fn objects<'e, 'a>(list: Option<&'e Value<'a>>, visit: &mut dyn FnMut(Members<'e, 'a>)) {
    let Some(Value::Array(items)) = list else {
        return;
    };
    for item in items {
        if let Value::Object(members) = item {
            visit(members);
        }
    }
}

/// A field of a user's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Where it stands.
    pub part: Part,
    /// It stands at any depth below the top of that part, instead of at the
    /// top.
    pub inner: bool,
    /// Its name as an absolute IRI.
    pub name: String,
}

impl Field {
    /// Calls `visit` with each value that the field has in an event; `visit`
    /// says whether it has seen enough. Items of an array are values of the
    /// field each.
    pub(super) fn values<'e, 'a>(
        &self,
        event: &'e Value<'a>,
        visit: &mut dyn FnMut(&'e Value<'a>) -> bool,
    ) {
        let mut enough = false;
        self.part.each(event, &mut |members| {
            walk(members, self.inner, &mut |name, value| {
                enough = enough || name == self.name && visit(value);
                enough
            });
        });
    }
}

/// Visits the fields of users' own in a part: those at its top, or those below.
/// The standard's own members, which bear bare names, are passed over, save
/// inside a user's field.
pub(super) fn walk<'e, 'a>(
    members: Members<'e, 'a>,
    inner: bool,
    visit: &mut dyn FnMut(&'e str, &'e Value<'a>) -> bool,
) {
    let own = members.iter().filter(|(name, _)| name.contains(':'));
    for (name, value) in own {
        if inner {
            below(value, visit);
        } else {
            each_item(name, value, visit);
        }
    }
}

/// Visits the members of all objects at and below a value.
fn below<'e, 'a>(value: &'e Value<'a>, visit: &mut dyn FnMut(&'e str, &'e Value<'a>) -> bool) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| below(item, visit)),
        Value::Object(members) => {
            for (name, value) in members {
                each_item(name, value, visit);
                below(value, visit);
            }
        }
        _ => {}
    }
}

fn each_item<'e, 'a>(
    name: &'e str,
    value: &'e Value<'a>,
    visit: &mut dyn FnMut(&'e str, &'e Value<'a>) -> bool,
) {
    match value {
        Value::Array(items) => {
            for item in items {
                each_item(name, item, visit);
            }
        }
        single => {
            visit(name, single);
        }
    }
}

/// What a field's value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// It is there.
    Exists,
    /// It equals one of these.
    OneOf(Vec<Literal>),
    /// It lies on one side of a bound.
    Range(Range),
}

impl FieldTest {
    pub(super) fn holds(&self, value: &Value<'_>) -> bool {
        match self {
            FieldTest::Exists => true,
            FieldTest::OneOf(literals) => {
                Atom::of(value).is_some_and(|atom| literals.iter().any(|literal| literal.is(&atom)))
            }
            FieldTest::Range(range) => range.holds(value),
        }
    }
}
