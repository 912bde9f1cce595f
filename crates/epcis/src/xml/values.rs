//! Writes extensions: names, values, and what plain XML cannot say.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use super::extensions::TEXT;
use super::markup::{attribute, escaped, simple};
use super::names::{is_ncname, qualified};
use super::schema::MARKS;
use super::tree::{self, MARKING, is_character, trimmed};
use super::write::CbvForm;
use crate::global_terms::PREFIXES;
use crate::jcs;
use crate::number;
use crate::reader::Value;

/// Appends an element with an attribute and a value whose names are IRIs; it
/// declares the namespaces that it uses.
pub(super) fn value_element(
    name: &str,
    (key, id): (&str, &str),
    value: &Value<'_>,
    known: &BTreeMap<String, String>,
    text: &mut String,
) {
    let mut writer = Writer::new(CbvForm::Urn, known);
    writer.reserved = key;
    writer.avoid(value);
    let mut body = String::new();
    match value {
        Value::Object(_) => writer.object(value, &mut body),
        value if is_plain(value) => writer.text(value, &mut body),
        // The check of documents lets no other value through.
        _ => body.push('>'),
    }
    let _ = write!(text, "<{name}");
    attribute(key, id, text);
    for (namespace, prefix) in &writer.declared {
        attribute(&format!("xmlns:{prefix}"), namespace, text);
    }
    let _ = write!(text, "{body}</{name}>");
}
pub(super) type Member<'v, 'e> = (&'v str, &'v Value<'e>);

/// The writing of one element that declares what it uses.
pub(super) struct Writer<'w> {
    pub(super) form: CbvForm,
    pub(super) known: &'w BTreeMap<String, String>,
    /// An attribute that the element of a value has besides it, or nothing.
    pub(super) reserved: &'w str,
    /// What stands before a colon in values, so that no prefix may be it.
    taken: HashSet<String>,
    /// Namespace to prefix.
    pub(super) declared: BTreeMap<String, String>,
}
impl<'w> Writer<'w> {
    pub(super) fn new(form: CbvForm, known: &'w BTreeMap<String, String>) -> Writer<'w> {
        Writer {
            form,
            known,
            reserved: "",
            taken: HashSet::new(),
            declared: BTreeMap::new(),
        }
    }

    pub(super) fn avoid(&mut self, value: &Value<'_>) {
        match value {
            Value::String(text) => {
                if let Some((head, _)) = text.split_once(':') {
                    self.taken.insert(head.to_owned());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.avoid(item)),
            Value::Object(members) => members.iter().for_each(|(_, value)| self.avoid(value)),
            _ => {}
        }
    }
    /// Writes the members of an object that has none of the standard's.
    pub(super) fn loose(&mut self, value: &Value<'_>, out: &mut String) {
        self.each(members(value), out);
    }

    pub(super) fn each<'v, 'e: 'v>(
        &mut self,
        members: impl Iterator<Item = Member<'v, 'e>>,
        out: &mut String,
    ) {
        let mut rest = Vec::new();
        for (name, value) in members {
            if !self.member(name, value, out) {
                rest.push((name, value));
            }
        }
        self.json(&rest, out);
    }

    /// Writes one member of an extension; `false` if no XML can express it.
    fn member(&mut self, name: &str, value: &Value<'_>, out: &mut String) -> bool {
        let Some(name) = self.element_name(name) else {
            return false;
        };
        match value {
            Value::Array(items) if items.is_empty() || !items.iter().all(is_plain) => {
                return false;
            }
            Value::Array(items) if items.len() == 1 => {
                self.element(&name, "array", &items[0], out);
            }
            Value::Array(items) => {
                for item in items {
                    self.element(&name, "", item, out);
                }
            }
            value if is_plain(value) => self.element(&name, "", value, out),
            _ => return false,
        }
        true
    }

    /// Writes an element of an extension with a plain value.
    fn element(&mut self, name: &str, mark: &str, value: &Value<'_>, out: &mut String) {
        let _ = write!(out, "<{name}");
        if let Value::Object(_) = value {
            self.object(value, out);
        } else {
            self.text(value, out);
        }
        marked(mark, out);
        let _ = write!(out, "</{name}>");
    }

    /// Writes attributes and content of an element that is an object.
    fn object(&mut self, value: &Value<'_>, out: &mut String) {
        let text = value.member(TEXT).filter(|text| match text {
            Value::String(text) => !text.is_empty() && text.chars().all(is_character),
            Value::Number(_) | Value::Bool(_) => true,
            _ => false,
        });
        let text = text.filter(|_| members(value).count() > 1);
        let mut later: Vec<Member<'_, '_>> = Vec::new();
        for (name, value) in members(value) {
            if name == TEXT && text.is_some() {
                continue;
            }
            let attribute_name = match value {
                Value::String(_) if text.is_some() || name.starts_with(tree::XML) => {
                    self.attribute_name(name)
                }
                _ => None,
            };
            match (attribute_name, value.as_str()) {
                (Some(name), Some(text)) if text.chars().all(is_character) => {
                    attribute(&name, text, out);
                }
                _ => later.push((name, value)),
            }
        }
        match text {
            Some(text) => self.text(text, out),
            None => out.push('>'),
        }
        if members(value).count() == 0 {
            self.empty(out);
        }
        self.each(later.into_iter(), out);
    }

    /// Ends a start tag and writes the text of the element.
    ///
    /// What it is beside text is said by a processing instruction, which, other
    /// than `xsi:type`, no event hash and no schema takes notice of.
    fn text(&self, value: &Value<'_>, out: &mut String) {
        out.push('>');
        match value {
            Value::String(text) => {
                if trimmed(text) != text {
                    marked("space", out);
                }
                escaped(text, out);
            }
            Value::Number(number) => {
                marked("number", out);
                out.push_str(&number::text(*number));
            }
            Value::Bool(flag) => {
                marked("boolean", out);
                out.push_str(if *flag { "true" } else { "false" });
            }
            Value::Null | Value::Array(_) | Value::Object(_) => {}
        }
    }

    fn json(&mut self, rest: &[Member<'_, '_>], out: &mut String) {
        if !rest.is_empty() {
            let name = format!("{}:json", self.prefix(MARKS, "nguon"));
            simple(&name, &json(rest), out);
        }
    }

    /// Tells an object without members from an empty text.
    fn empty(&mut self, out: &mut String) {
        let name = format!("{}:json", self.prefix(MARKS, "nguon"));
        simple(&name, "{}", out);
    }

    fn element_name(&mut self, name: &str) -> Option<String> {
        if !name.contains(':') {
            return is_ncname(name).then(|| name.to_owned());
        }
        let (namespace, local) = qualified(name, self.known)?;
        (namespace != tree::XML).then(|| format!("{}:{local}", self.prefix(namespace, "")))
    }

    pub(super) fn attribute_name(&mut self, name: &str) -> Option<String> {
        if !name.contains(':') {
            let free = !["xmlns", self.reserved].contains(&name);
            return (free && is_ncname(name)).then(|| name.to_owned());
        }
        let (namespace, local) = qualified(name, self.known)?;
        match (namespace, local) {
            (tree::XML, "space") => None,
            (tree::XML, local) => Some(format!("xml:{local}")),
            (namespace, local) => Some(format!("{}:{local}", self.prefix(namespace, ""))),
        }
    }

    /// Returns the prefix of a namespace, which it declares when first used.
    pub(super) fn prefix(&mut self, namespace: &str, wish: &str) -> String {
        if let Some(prefix) = self.declared.get(namespace) {
            return prefix.clone();
        }
        let standard = PREFIXES
            .iter()
            .find(|(_, iri)| iri.trim_end_matches(':') == namespace.trim_end_matches(':'));
        let known = self.known.iter().find(|(_, iri)| *iri == namespace);
        let wish = match (standard, known) {
            (Some((prefix, _)), _) => prefix,
            (None, Some((prefix, _))) if may_be_prefix(prefix) => prefix.as_str(),
            _ => wish,
        };
        let free = |prefix: &str| {
            !self.taken.contains(prefix) && !self.declared.values().any(|other| other == prefix)
        };
        let numbered = || {
            let stem = if wish.is_empty() { "ns" } else { wish };
            (1..).map(move |number| format!("{stem}{number}"))
        };
        let prefix = match wish {
            wish if !wish.is_empty() && free(wish) => wish.to_owned(),
            _ => numbered().find(|prefix| free(prefix)).unwrap_or_default(),
        };
        self.declared.insert(namespace.to_owned(), prefix.clone());
        prefix
    }
}

/// Says whether a prefix of a JSON-LD context can be declared in XML.
fn may_be_prefix(prefix: &str) -> bool {
    is_ncname(prefix) && !prefix.to_ascii_lowercase().starts_with("xml") && prefix != "nguon"
}

/// Says whether a value can be the content of one element.
fn is_plain(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Array(_) => false,
        Value::String(text) => text.chars().all(is_character),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    }
}

pub(super) fn members<'v, 'e>(value: &'v Value<'e>) -> impl Iterator<Item = Member<'v, 'e>> {
    let members = match value {
        Value::Object(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().map(|(name, value)| (&**name, value))
}

/// Appends a mark of the element that is open, if there is anything to say.
fn marked(mark: &str, out: &mut String) {
    if !mark.is_empty() {
        let _ = write!(out, "<?{MARKING} {mark}?>");
    }
}

/// Returns members as the text of a JSON object that XML can hold.
pub(super) fn json(members: &[Member<'_, '_>]) -> String {
    let members = members.iter().map(|(name, value)| {
        let name = Cow::Borrowed(*name);
        (name, (*value).clone())
    });
    let mut text = Vec::new();
    jcs::write(&Value::Object(members.collect()), &mut text);
    let text = String::from_utf8(text).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_character(character) {
            out.push(character);
        } else {
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        }
    }
    out
}
