//! Master data: one element of a vocabulary, its canonical form, and a typed
//! view of it (EPCIS 2.0 §6.1.1, `docs/protocol.md` §10.11).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use gs1::Key;

use crate::canonical::{DEPTH_MAX, Given, PAYLOAD_BYTES_MAX, Walk};
use crate::context::Active;
use crate::event::{Identifier, PayloadError, broken_identifier};
use crate::problem::{Path, Problems, Reason, shown};
use crate::reader::{self, Value};

/// The older spelling of the master data attributes of CBV, and the canonical
/// one, to which `cbvmda` expands too.
const CBV_ATTRIBUTES: (&str, &str) = ("urn:epcglobal:cbv:mda#", "urn:epcglobal:cbv:mda:");

/// Depth of the values of attributes, the element counted as 1.
const VALUE_DEPTH: usize = 3;

/// What an author says of one place, party, product or other member of a
/// vocabulary; sound and in canonical form.
#[derive(Clone, Debug, PartialEq)]
pub struct VocabularyElement {
    payload: Box<[u8]>,
    vocabulary_type: String,
    identifier: Identifier,
    attributes: BTreeMap<String, Vec<serde_json::Value>>,
    children: Vec<Identifier>,
}

impl VocabularyElement {
    /// Takes a payload that is exactly the canonical form of a sound element.
    ///
    /// Every node judges alike: nothing but the bytes is looked at.
    ///
    /// # Errors
    ///
    /// What is too large, breaks a rule or is not canonical.
    pub fn from_payload(bytes: &[u8]) -> Result<VocabularyElement, PayloadError> {
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
            walk.element(value)
        });
        let Some(value) = walked.filter(|_| problems.is_empty()) else {
            return Err(PayloadError::Unsound {
                problems: problems.into_vec(),
            });
        };
        let canonical = crate::event::canonical_bytes(&value, bytes)?;
        match view(canonical, &value, &mut problems) {
            Some(element) if problems.is_empty() => Ok(element),
            _ => Err(PayloadError::Unsound {
                problems: problems.into_vec(),
            }),
        }
    }

    /// Returns the canonical form: the bytes that are signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Gives the canonical form away.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload.into_vec()
    }

    /// Returns the URI of the vocabulary that it belongs to, such as
    /// `urn:epcglobal:epcis:vtype:BusinessLocation`.
    pub fn vocabulary_type(&self) -> &str {
        &self.vocabulary_type
    }

    /// Returns what it describes.
    pub fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Returns its attributes: to each name, a whole IRI, the values in the
    /// author's order, at least one. Each is a number, a string or an object.
    pub fn attributes(&self) -> &BTreeMap<String, Vec<serde_json::Value>> {
        &self.attributes
    }

    /// Returns the elements below it in a hierarchy (EPCIS 2.0 §6.5).
    pub fn children(&self) -> &[Identifier] {
        &self.children
    }

    /// Returns the whole canonical form as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.payload).unwrap_or_default()
    }
}

/// An element of a document, its list of attributes not yet gathered by name.
pub(crate) struct Written<'v, 'a> {
    pub(crate) vocabulary_type: &'v str,
    pub(crate) members: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl Walk<'_> {
    /// Brings an element of a document to the shape of the canonical form.
    pub(crate) fn written_element<'a>(
        &mut self,
        written: Written<'_, 'a>,
        path: &Path<'_>,
    ) -> Value<'a> {
        let mut out = vec![(
            Cow::Borrowed("type"),
            Value::String(Cow::Owned(written.vocabulary_type.to_owned())),
        )];
        if !written.members.iter().any(|(name, _)| name == "id") {
            self.missing(path, "id", "a vocabulary element");
        }
        for (name, value) in written.members {
            let at = &path.name(&name);
            let value = match &*name {
                "id" => self.element_uri(value, at),
                "attributes" => self.gathered(value, at),
                "children" => self.element_children(value, at),
                _ => {
                    self.unknown_member(&name, "id, attributes or children", at);
                    None
                }
            };
            out.extend(value.map(|value| (name.clone(), value)));
        }
        self.sorted(out, path)
    }

    /// Walks a payload that claims to be an element.
    fn element<'a>(&mut self, value: Value<'a>) -> Option<Value<'a>> {
        let root = &Path::ROOT;
        let Value::Object(members) = value else {
            self.wrong_type(root, &value, "an object");
            return None;
        };
        for name in ["id", "type"] {
            if !members.iter().any(|(other, _)| other == name) {
                self.missing(root, name, "a vocabulary element");
            }
        }
        let mut out = Vec::with_capacity(members.len());
        for (name, value) in members {
            let at = &root.name(&name);
            let value = match &*name {
                "id" | "type" => self.element_uri(value, at),
                "attributes" => self.attributes(value, at),
                "children" => self.element_children(value, at),
                _ => {
                    self.unknown_member(&name, "id, type, attributes or children", at);
                    None
                }
            };
            out.extend(value.map(|value| (name.clone(), value)));
        }
        Some(self.sorted(out, root))
    }

    pub(crate) fn element_uri<'a>(
        &mut self,
        value: Value<'a>,
        path: &Path<'_>,
    ) -> Option<Value<'a>> {
        match value {
            Value::String(text) => self.uri(text, path).map(Value::String),
            other => {
                self.wrong_type(path, &other, "a string");
                None
            }
        }
    }

    fn element_children<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Option<Value<'a>> {
        let items = self.array(value, path)?;
        let mut out = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            out.extend(self.element_uri(item, &path.index(index)));
        }
        (!out.is_empty()).then_some(Value::Array(out))
    }

    /// Gathers `[{"id": name, "attribute": value}, …]` by name.
    fn gathered<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Option<Value<'a>> {
        let items = self.array(value, path)?;
        let mut by_name: BTreeMap<String, Vec<Value<'a>>> = BTreeMap::new();
        for (index, item) in items.into_iter().enumerate() {
            if let Some((name, value)) = self.written_attribute(item, &path.index(index)) {
                by_name.entry(name).or_default().push(value);
            }
        }
        let members = by_name.into_iter();
        let members = members.map(|(name, values)| (Cow::Owned(name), Value::Array(values)));
        let members: Vec<_> = members.collect();
        (!members.is_empty()).then(|| self.sorted(members, path))
    }

    fn written_attribute<'a>(
        &mut self,
        item: Value<'a>,
        path: &Path<'_>,
    ) -> Option<(String, Value<'a>)> {
        let Value::Object(members) = item else {
            self.wrong_type(path, &item, "an object with id and attribute");
            return None;
        };
        let (mut id, mut attribute) = (None, None);
        for needed in ["id", "attribute"] {
            if !members.iter().any(|(name, _)| name == needed) {
                self.missing(path, needed, "an attribute");
            }
        }
        for (name, value) in members {
            let at = &path.name(&name);
            match (&*name, value) {
                ("id", Value::String(text)) => id = self.attribute_name(text, at),
                ("id", other) => self.wrong_type(at, &other, "a string"),
                ("attribute", value) => attribute = self.attribute_value(value, at),
                _ => self.unknown_member(&name, "id and attribute", at),
            }
        }
        Some((id?, attribute?))
    }

    /// Walks the attributes of a payload: arrays of values by name.
    fn attributes<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Option<Value<'a>> {
        let Value::Object(members) = value else {
            self.wrong_type(path, &value, "an object");
            return None;
        };
        let mut out = Vec::with_capacity(members.len());
        for (name, values) in members {
            let at = &path.name(&name);
            let canonical = self.attribute_name(name.clone(), at);
            let items = self.array(values, at).unwrap_or_default();
            let mut values = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                values.extend(self.attribute_value(item, &at.index(index)));
            }
            // An attribute without values is left out, as lists of events are.
            if let (Some(name), false) = (canonical, values.is_empty()) {
                out.push((Cow::Owned(name), Value::Array(values)));
            }
        }
        (!out.is_empty()).then(|| self.sorted(out, path))
    }

    /// Brings the name of an attribute to the whole IRI that is signed.
    fn attribute_name(&mut self, text: Cow<'_, str>, path: &Path<'_>) -> Option<String> {
        if !self.is_uri(&text, path) {
            return None;
        }
        let name = match self.active.expand_vocab(text) {
            Ok(name) => name,
            Err(unresolved) => {
                self.problems
                    .add(path, Reason::Unresolved, unresolved.what, unresolved.mend);
                return None;
            }
        };
        if !self.is_uri(&name, path) {
            return None;
        }
        let (older, canonical) = CBV_ATTRIBUTES;
        Some(match name.strip_prefix(older) {
            Some(local) => format!("{canonical}{local}"),
            None => name.into_owned(),
        })
    }

    fn attribute_value<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Option<Value<'a>> {
        if matches!(value, Value::Null | Value::Bool(_) | Value::Array(_)) {
            self.wrong_type(path, &value, "a number, string or object");
            return None;
        }
        self.plain_extension(value, path, VALUE_DEPTH)
    }

    fn array<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Option<Vec<Value<'a>>> {
        match value {
            Value::Array(items) => Some(items),
            other => {
                self.wrong_type(path, &other, "an array");
                None
            }
        }
    }

    pub(crate) fn unknown_member(&mut self, name: &str, names: &str, path: &Path<'_>) {
        let what = format!("{} is not known in master data", shown(name));
        let mend = format!("use only {names}; put what is your own into an attribute");
        self.problems.add(path, Reason::UnknownMember, what, mend);
    }
}

/// Reads the typed view off a canonical element.
fn view(payload: Vec<u8>, value: &Value<'_>, problems: &mut Problems) -> Option<VocabularyElement> {
    let root = &Path::ROOT;
    let vocabulary_type = value.member("type")?.as_str()?;
    let identifier = identifier(value.member("id")?.as_str()?, &root.name("id"), problems)?;
    let path = &root.name("children");
    let mut children = Vec::new();
    if let Some(Value::Array(items)) = value.member("children") {
        let mut seen = HashSet::with_capacity(items.len());
        for (index, text) in items.iter().filter_map(Value::as_str).enumerate() {
            let at = &path.index(index);
            let Some(child) = self::identifier(text, at, problems) else {
                continue;
            };
            if child.id == identifier.id {
                let what = "the element is named as its own child";
                problems.add(at, Reason::Rule, what, "leave it out");
            } else if !seen.insert(text) {
                let what = format!("{} stands in the list twice", shown(text));
                problems.add(at, Reason::Rule, what, "name it once");
            }
            children.push(child);
        }
    }
    let json: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let attributes = match json {
        serde_json::Value::Object(mut members) => members.remove("attributes"),
        _ => None,
    };
    Some(VocabularyElement {
        payload: payload.into_boxed_slice(),
        vocabulary_type: vocabulary_type.to_owned(),
        identifier,
        attributes: attributes
            .and_then(|attributes| serde_json::from_value(attributes).ok())
            .unwrap_or_default(),
        children,
    })
}

fn identifier(text: &str, path: &Path<'_>, problems: &mut Problems) -> Option<Identifier> {
    match Key::from_uri(text) {
        Ok(key) => Some(Identifier {
            id: text.to_owned(),
            key,
        }),
        Err(error) => {
            broken_identifier(&error, path, problems);
            None
        }
    }
}
