//! An event that is known to be canonical and sound, and what indexes and the
//! trace ask of it.

use gs1::Key;

use crate::canonical::{DEPTH_MAX, Given, PAYLOAD_BYTES_MAX, Walk};
use crate::context::Active;
use crate::jcs;
use crate::problem::{Path, Problem, Problems, Reason};
use crate::reader::{self, Value};
use crate::terms::EventType;
use crate::time;

/// A payload that is not in the canonical form of what it claims to be.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The payload is longer than [`PAYLOAD_BYTES_MAX`].
    #[error("the payload has {bytes} bytes, more than {PAYLOAD_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The payload breaks a rule.
    #[error("the payload is not sound: {}", first(.problems))]
    Unsound {
        /// Everything found, with pointers into the payload.
        problems: Vec<Problem>,
    },
    /// The payload is sound, but not in its canonical form.
    #[error("the payload is not canonical: byte {at} differs from the canonical form")]
    NotCanonical {
        /// The first byte that differs.
        at: usize,
    },
}

fn first(problems: &[Problem]) -> String {
    problems.first().map(Problem::to_string).unwrap_or_default()
}

/// The canonical form of a sound event: the bytes that are signed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CanonicalEvent(Box<[u8]>);

impl CanonicalEvent {
    /// Returns the bytes, at most [`PAYLOAD_BYTES_MAX`].
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes as the text that they are.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Gives the bytes away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }
}

impl std::fmt::Debug for CanonicalEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CanonicalEvent")
            .field(&self.as_str())
            .finish()
    }
}

/// A moment as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    /// The text, with its own zone and precision.
    pub text: String,
    /// Milliseconds since 1970-01-01T00:00Z, later digits cut off.
    pub instant_ms: i64,
}

/// A URI of an event with its canonical key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// The URI as its author wrote it.
    pub id: String,
    /// The key under which all its spellings are found.
    pub key: Key,
}

/// ADD, OBSERVE or DELETE (EPCIS 2.0 §7.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The objects or links come to be.
    Add,
    /// They were seen.
    Observe,
    /// They come to an end.
    Delete,
}

/// What an object is to an event. The class variants come with a quantity
/// list, the others with an identifier of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `epcList`.
    Epc,
    /// `quantityList`.
    EpcClass,
    /// `parentID`.
    Parent,
    /// `childEPCs`.
    Child,
    /// `childQuantityList`.
    ChildClass,
    /// `inputEPCList`.
    Input,
    /// `inputQuantityList`.
    InputClass,
    /// `outputEPCList`.
    Output,
    /// `outputQuantityList`.
    OutputClass,
}

impl Role {
    /// Tells whether objects of a class are named, in some quantity, rather than
    /// single ones.
    pub fn is_class(self) -> bool {
        matches!(
            self,
            Role::EpcClass | Role::ChildClass | Role::InputClass | Role::OutputClass
        )
    }
}

/// One object of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What it is to the event.
    pub role: Role,
    /// Its URI and key.
    pub identifier: Identifier,
    /// How much of a class; `None` for single objects and unknown amounts.
    pub quantity: Option<f64>,
    /// The unit of the quantity; `None` counts pieces.
    pub uom: Option<String>,
}

/// A source or destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The full URI of its type.
    pub party_type: String,
    /// Who or where it is.
    pub identifier: Identifier,
}

/// A business transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BizTransaction {
    /// The full URI of its type, if it has one.
    pub transaction_type: Option<String>,
    /// What it is called.
    pub identifier: Identifier,
}

/// The statement that an event was in error (EPCIS 2.0 §7.4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorDeclaration {
    /// When it was made.
    pub declaration_time: Time,
    /// The full URI of the reason.
    pub reason: Option<String>,
    /// The events that correct the wrong one.
    pub corrective_event_ids: Vec<String>,
}

/// What makes an event and its error declaration two: the same `eventID`,
/// with and without a declaration time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogicalKey {
    /// The `eventID`.
    pub event_id: String,
    /// The instant of the error declaration, in milliseconds.
    pub declaration_ms: Option<i64>,
}

/// A sound event in canonical form.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    payload: CanonicalEvent,
    event_type: EventType,
    event_time: Time,
    time_zone_offset: String,
    event_id: Option<String>,
    action: Option<Action>,
    biz_step: Option<String>,
    disposition: Option<String>,
    read_point: Option<Identifier>,
    biz_location: Option<Identifier>,
    transformation_id: Option<String>,
    objects: Vec<Object>,
    sources: Vec<Party>,
    destinations: Vec<Party>,
    biz_transactions: Vec<BizTransaction>,
    error_declaration: Option<ErrorDeclaration>,
    plain: bool,
}

impl Event {
    /// Takes a payload that is exactly the canonical form of a sound event.
    ///
    /// Every node runs this on every event record it holds, and every node
    /// comes to the same judgement: nothing but the bytes is looked at.
    pub fn from_payload(bytes: &[u8]) -> Result<Event, PayloadError> {
        if bytes.len() > PAYLOAD_BYTES_MAX {
            return Err(PayloadError::TooLarge { bytes: bytes.len() });
        }
        let mut problems = Problems::default();
        let value = reader::read(bytes, DEPTH_MAX, &mut problems);
        let walked = value.and_then(|value| {
            let mut walk = Walk {
                active: &Active::CANONICAL,
                given: Given::Payload,
                problems: &mut problems,
            };
            walk.event(value, &Path::ROOT)
        });
        let Some((event_type, value)) = walked.filter(|_| problems.is_empty()) else {
            return Err(PayloadError::Unsound {
                problems: problems.into_vec(),
            });
        };
        let canonical = canonical_bytes(&value, bytes)?;
        let payload = CanonicalEvent(canonical.into_boxed_slice());
        let event = View {
            problems: &mut problems,
        }
        .event(payload, event_type, value);
        match event {
            Some(event) if problems.is_empty() => Ok(event),
            _ => Err(PayloadError::Unsound {
                problems: problems.into_vec(),
            }),
        }
    }

    /// Returns the canonical form.
    pub fn payload(&self) -> &CanonicalEvent {
        &self.payload
    }

    /// Gives the canonical form away.
    pub fn into_payload(self) -> CanonicalEvent {
        self.payload
    }

    /// Returns which of the five event types it is.
    pub fn event_type(&self) -> EventType {
        self.event_type
    }

    /// Returns when it happened.
    pub fn event_time(&self) -> &Time {
        &self.event_time
    }

    /// Returns the offset from UTC in force where it happened, `±hh:mm`.
    pub fn time_zone_offset(&self) -> &str {
        &self.time_zone_offset
    }

    /// Returns its `eventID`, if its author gave one.
    pub fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    /// Returns the action; a TransformationEvent has none.
    pub fn action(&self) -> Option<Action> {
        self.action
    }

    /// Returns the full URI of the business step.
    pub fn biz_step(&self) -> Option<&str> {
        self.biz_step.as_deref()
    }

    /// Returns the full URI of the disposition.
    pub fn disposition(&self) -> Option<&str> {
        self.disposition.as_deref()
    }

    /// Returns where it was read.
    pub fn read_point(&self) -> Option<&Identifier> {
        self.read_point.as_ref()
    }

    /// Returns where the objects are after it.
    pub fn biz_location(&self) -> Option<&Identifier> {
        self.biz_location.as_ref()
    }

    /// Returns the transformation it belongs to.
    pub fn transformation_id(&self) -> Option<&str> {
        self.transformation_id.as_deref()
    }

    /// Returns the parent.
    pub fn parent(&self) -> Option<&Identifier> {
        let parent = self
            .objects
            .iter()
            .find(|object| object.role == Role::Parent);
        parent.map(|object| &object.identifier)
    }

    /// Returns every object that it names, parent and classes included.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter()
    }

    /// Returns its sources.
    pub fn sources(&self) -> &[Party] {
        &self.sources
    }

    /// Returns its destinations.
    pub fn destinations(&self) -> &[Party] {
        &self.destinations
    }

    /// Returns its business transactions.
    pub fn biz_transactions(&self) -> &[BizTransaction] {
        &self.biz_transactions
    }

    /// Returns the error declaration, if it is one.
    pub fn error_declaration(&self) -> Option<&ErrorDeclaration> {
        self.error_declaration.as_ref()
    }

    /// Returns what tells it from other events, if its author gave an id.
    pub fn logical_key(&self) -> Option<LogicalKey> {
        let declaration = self.error_declaration.as_ref();
        Some(LogicalKey {
            event_id: self.event_id.clone()?,
            declaration_ms: declaration.map(|made| made.declaration_time.instant_ms),
        })
    }

    /// Tells whether the typed view leaves nothing out but times and
    /// certification: no field of a user's own, ILMD, sensor data, persistent
    /// disposition, and none of these in a part.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Returns the whole canonical form as JSON: standard fields under their
    /// bare names, extensions under their IRIs.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.payload.as_bytes()).unwrap_or_default()
    }

    /// Returns the master data of instances or lots that it carries.
    pub fn ilmd(&self) -> Option<serde_json::Value> {
        self.json().get_mut("ilmd").map(serde_json::Value::take)
    }

    /// Returns the members of the event itself that are not the standard's,
    /// by IRI.
    pub fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        let shape = self.event_type.shape();
        match self.json() {
            serde_json::Value::Object(members) => members
                .into_iter()
                .filter(|(name, _)| shape.field(name).is_none())
                .collect(),
            _ => serde_json::Map::new(),
        }
    }
}

/// Writes what was read from a payload, and takes only the same bytes.
pub(crate) fn canonical_bytes(value: &Value<'_>, bytes: &[u8]) -> Result<Vec<u8>, PayloadError> {
    let mut canonical = Vec::with_capacity(bytes.len());
    jcs::write(value, &mut canonical);
    if canonical == bytes {
        return Ok(canonical);
    }
    let same = canonical.iter().zip(bytes);
    let at = same.take_while(|(left, right)| left == right).count();
    Err(PayloadError::NotCanonical { at })
}

/// Reads the typed view off a walked event.
struct View<'p> {
    problems: &'p mut Problems,
}

impl View<'_> {
    fn event(
        &mut self,
        payload: CanonicalEvent,
        event_type: EventType,
        value: Value<'_>,
    ) -> Option<Event> {
        let text = |name: &str| {
            value
                .member(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Some(Event {
            event_type,
            event_time: moment(&value, "eventTime")?,
            time_zone_offset: text("eventTimeZoneOffset")?,
            event_id: text("eventID"),
            action: match value.member("action").and_then(Value::as_str) {
                Some("ADD") => Some(Action::Add),
                Some("OBSERVE") => Some(Action::Observe),
                Some("DELETE") => Some(Action::Delete),
                _ => None,
            },
            biz_step: text("bizStep"),
            disposition: text("disposition"),
            read_point: self.place(&value, "readPoint"),
            biz_location: self.place(&value, "bizLocation"),
            transformation_id: text("transformationID"),
            objects: self.objects(&value),
            sources: self.parties(&value, "sourceList", "source"),
            destinations: self.parties(&value, "destinationList", "destination"),
            biz_transactions: self.biz_transactions(&value),
            error_declaration: error_declaration(&value),
            plain: is_plain(&value),
            payload,
        })
    }

    fn objects(&mut self, event: &Value<'_>) -> Vec<Object> {
        let mut objects = Vec::new();
        if let Some(id) = event.member("parentID").and_then(Value::as_str) {
            let identifier = self.identifier(id, &Path::ROOT.name("parentID"));
            objects.extend(identifier.map(|identifier| single(Role::Parent, identifier)));
        }
        for (name, role) in [
            ("epcList", Role::Epc),
            ("childEPCs", Role::Child),
            ("inputEPCList", Role::Input),
            ("outputEPCList", Role::Output),
        ] {
            let list = Path::ROOT.name(name);
            let items = items(event, name);
            objects.reserve(items.len());
            for (index, id) in items.iter().filter_map(Value::as_str).enumerate() {
                let identifier = self.identifier(id, &list.index(index));
                objects.extend(identifier.map(|identifier| single(role, identifier)));
            }
        }
        for (name, role) in [
            ("quantityList", Role::EpcClass),
            ("childQuantityList", Role::ChildClass),
            ("inputQuantityList", Role::InputClass),
            ("outputQuantityList", Role::OutputClass),
        ] {
            let list = Path::ROOT.name(name);
            for (index, element) in items(event, name).iter().enumerate() {
                let Some(identifier) = self.named(element, "epcClass", &list.index(index)) else {
                    continue;
                };
                let quantity = match element.member("quantity") {
                    Some(Value::Number(quantity)) => Some(*quantity),
                    _ => None,
                };
                let uom = element
                    .member("uom")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                objects.push(Object {
                    role,
                    identifier,
                    quantity,
                    uom,
                });
            }
        }
        objects
    }

    fn parties(&mut self, event: &Value<'_>, list: &str, name: &str) -> Vec<Party> {
        let path = Path::ROOT.name(list);
        let mut parties = Vec::new();
        for (index, item) in items(event, list).iter().enumerate() {
            let party_type = item.member("type").and_then(Value::as_str);
            let identifier = self.named(item, name, &path.index(index));
            if let (Some(party_type), Some(identifier)) = (party_type, identifier) {
                parties.push(Party {
                    party_type: party_type.to_owned(),
                    identifier,
                });
            }
        }
        parties
    }

    fn biz_transactions(&mut self, event: &Value<'_>) -> Vec<BizTransaction> {
        let path = Path::ROOT.name("bizTransactionList");
        let mut transactions = Vec::new();
        for (index, item) in items(event, "bizTransactionList").iter().enumerate() {
            let transaction_type = item
                .member("type")
                .and_then(Value::as_str)
                .map(str::to_owned);
            let identifier = self.named(item, "bizTransaction", &path.index(index));
            transactions.extend(identifier.map(|identifier| BizTransaction {
                transaction_type,
                identifier,
            }));
        }
        transactions
    }

    fn place(&mut self, event: &Value<'_>, name: &str) -> Option<Identifier> {
        self.named(event.member(name)?, "id", &Path::ROOT.name(name))
    }

    fn named(&mut self, object: &Value<'_>, name: &str, path: &Path<'_>) -> Option<Identifier> {
        let id = object.member(name)?.as_str()?;
        self.identifier(id, &path.name(name))
    }

    fn identifier(&mut self, id: &str, path: &Path<'_>) -> Option<Identifier> {
        match Key::from_uri(id) {
            Ok(key) => Some(Identifier {
                id: id.to_owned(),
                key,
            }),
            Err(error) => {
                broken_identifier(&error, path, self.problems);
                None
            }
        }
    }
}

/// Tells whether a walked event has none of what only its whole form shows.
fn is_plain(event: &Value<'_>) -> bool {
    let own = |value: &Value<'_>| match value {
        Value::Object(members) => members.iter().any(|(name, _)| name.contains(':')),
        _ => false,
    };
    let whole = ["ilmd", "sensorElementList", "persistentDisposition"];
    let parts = ["readPoint", "bizLocation", "errorDeclaration"];
    !own(event)
        && whole.iter().all(|name| event.member(name).is_none())
        && !parts.iter().filter_map(|name| event.member(name)).any(own)
}

/// Notes that an identifier breaks the syntax of its GS1 scheme.
pub(crate) fn broken_identifier(error: &gs1::KeyError, path: &Path<'_>, problems: &mut Problems) {
    let mend = "write the identifier as the GS1 Tag Data Standard or Digital Link tells";
    problems.add(path, Reason::Identifier, error.to_string(), mend);
}

fn single(role: Role, identifier: Identifier) -> Object {
    Object {
        role,
        identifier,
        quantity: None,
        uom: None,
    }
}

fn items<'v, 'a>(event: &'v Value<'a>, name: &str) -> &'v [Value<'a>] {
    match event.member(name) {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

fn moment(object: &Value<'_>, name: &str) -> Option<Time> {
    let text = object.member(name)?.as_str()?;
    Some(Time {
        text: text.to_owned(),
        instant_ms: time::instant_ms(text)?,
    })
}

fn error_declaration(event: &Value<'_>) -> Option<ErrorDeclaration> {
    let declaration = event.member("errorDeclaration")?;
    let ids = items(declaration, "correctiveEventIDs");
    Some(ErrorDeclaration {
        declaration_time: moment(declaration, "declarationTime")?,
        reason: declaration
            .member("reason")
            .and_then(Value::as_str)
            .map(str::to_owned),
        corrective_event_ids: ids
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    })
}
