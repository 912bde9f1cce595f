//! Writes the string that is hashed.

use std::borrow::Cow;

use super::HashVersion;
use super::Spelling;
use super::order::{EVENT, Form, Inner, SENSOR_ELEMENTS, Slot};
use super::sorted::Buffer;
use super::text;
use crate::number;
use crate::reader::Value;
use crate::terms::EventType;

/// The namespace of `xsi:type`.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Comments, which say nothing of the event.
const COMMENTS: [&str; 2] = ["http://www.w3.org/2000/01/rdf-schema#comment", "comment"];

/// Writes an event; `None`: its string would be too long.
pub(super) fn write(
    event_type: EventType,
    event: &Value<'_>,
    version: HashVersion,
    spelling: &Spelling,
) -> Option<String> {
    let mut writer = Writer {
        out: Buffer::with_capacity(1024),
        version,
        spelling,
    };
    writer.out.push("eventType=");
    writer.out.push(event_type.name());
    writer.slots(event, &EVENT);
    writer.rest(event);
    writer.out.finish()
}

struct Writer<'s> {
    out: Buffer,
    version: HashVersion,
    spelling: &'s Spelling,
}

/// Which extensions of a standard field are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those whose namespace ends with a slash.
    Slashed,
    /// All other members that have no place in the order.
    Others,
}

impl Writer<'_> {
    fn slots(&mut self, object: &Value<'_>, slots: &[Slot]) {
        for slot in slots {
            if let Some(value) = object.member(slot.name) {
                self.slot(slot, value);
            }
        }
    }

    fn slot(&mut self, slot: &Slot, value: &Value<'_>) {
        match &slot.form {
            Form::Text => self.text(slot.name, value),
            Form::Time => self.time(slot.name, value),
            Form::Each(inner) => self.items(slot.name, *inner, value),
            Form::Object(inner) => self.headed(slot.name, |writer| writer.object(value, inner)),
            Form::List(item) => {
                let unnamed = slot.name == SENSOR_ELEMENTS && self.version == HashVersion::Cbv20;
                let name = if unnamed { "" } else { slot.name };
                self.headed(name, |writer| writer.items(item.name, item.inner, value));
            }
        }
    }

    /// Writes a name and what follows it, or nothing where nothing follows.
    fn headed(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        let begin = self.out.len();
        self.out.push(name);
        let named = self.out.len();
        write(self);
        if self.out.len() == named {
            self.out.truncate(begin);
        }
    }

    /// Writes the items of a list, each under the same name, in order.
    fn items(&mut self, name: &'static str, inner: Option<&'static Inner>, list: &Value<'_>) {
        let pieces = self.out.pieces();
        for item in array(list) {
            match inner {
                None => self.text(name, item),
                Some(inner) => self.headed(name, |writer| writer.object(item, inner)),
            }
            self.out.end_piece();
        }
        self.out.sort(pieces);
    }

    fn object(&mut self, object: &Value<'_>, inner: &Inner) {
        self.slots(object, inner.slots);
        if inner.extensible && self.version == HashVersion::Cbv21 {
            self.extensions(object, inner, Which::Slashed);
        }
    }

    fn text(&mut self, name: &str, value: &Value<'_>) {
        self.headed(name, |writer| writer.scalar(value));
    }

    fn time(&mut self, name: &str, value: &Value<'_>) {
        let time = value.as_str().and_then(text::utc);
        self.out.push(name);
        self.out.push("=");
        self.out.push(&time.unwrap_or_default());
    }

    /// Writes `=value`, unless the value is empty.
    fn scalar(&mut self, value: &Value<'_>) {
        let mut digits = Vec::new();
        let text = canonical(value, self.spelling, &mut digits);
        if !text.is_empty() {
            self.out.push("=");
            self.out.push(&text);
        }
    }

    /// Writes what has no place in the order: the master data of instances and
    /// lots, and extensions.
    fn rest(&mut self, event: &Value<'_>) {
        let ilmd = event.member("ilmd");
        if self.version == HashVersion::Cbv20 {
            if let Some(ilmd) = ilmd {
                self.generic("ilmd", ilmd);
            }
            for slot in EVENT.iter().filter(|slot| slot.holds_extensions()) {
                if let Some(value) = event.member(slot.name) {
                    self.beside(slot, value, Which::Slashed);
                }
            }
        }
        let pieces = self.out.pieces();
        if let (Some(ilmd), HashVersion::Cbv21) = (ilmd, self.version) {
            self.generic("ilmd", ilmd);
            self.out.end_piece();
        }
        for (name, value) in members(event) {
            if self.spelling.split(name).is_some() {
                self.generic_pieces(name, value);
                continue;
            }
            let mut slots = EVENT.iter().filter(|slot| slot.holds_extensions());
            if let Some(slot) = slots.find(|slot| slot.name == name) {
                self.beside(slot, value, Which::Others);
                self.out.end_piece();
            }
        }
        self.out.sort(pieces);
    }

    /// Writes the extensions inside a standard field, under the names of the
    /// fields in which they stand; nothing where there are none.
    fn beside(&mut self, slot: &Slot, value: &Value<'_>, which: Which) {
        match &slot.form {
            Form::Text | Form::Time => {}
            Form::Object(inner) => self.named(slot.name, value, inner, which),
            Form::Each(inner) => self.named_items(slot.name, *inner, value, which),
            Form::List(item) => {
                let name = match which {
                    Which::Slashed => "",
                    Which::Others => slot.name,
                };
                self.headed(name, |writer| {
                    writer.named_items(item.name, item.inner, value, which);
                });
            }
        }
    }

    fn named_items(
        &mut self,
        name: &'static str,
        inner: Option<&'static Inner>,
        list: &Value<'_>,
        which: Which,
    ) {
        let Some(inner) = inner else { return };
        let pieces = self.out.pieces();
        for item in array(list) {
            self.named(name, item, inner, which);
            self.out.end_piece();
        }
        self.out.sort(pieces);
    }

    fn named(&mut self, name: &str, object: &Value<'_>, inner: &Inner, which: Which) {
        self.headed(name, |writer| {
            for slot in inner.slots {
                if let Some(value) = object.member(slot.name) {
                    writer.beside(slot, value, which);
                }
            }
            if inner.extensible {
                writer.extensions(object, inner, which);
            }
        });
    }

    fn extensions(&mut self, object: &Value<'_>, inner: &Inner, which: Which) {
        let pieces = self.out.pieces();
        for (name, value) in members(object) {
            let namespace = self.spelling.split(name).map(|(namespace, _)| namespace);
            let slashed = namespace.is_some_and(|namespace| namespace.ends_with('/'));
            let has_place = || inner.slots.iter().any(|slot| slot.name == name);
            if match which {
                Which::Slashed => slashed,
                Which::Others => !slashed && !has_place(),
            } {
                self.generic_pieces(name, value);
            }
        }
        self.out.sort(pieces);
    }

    /// Writes a member of an extension as pieces of the list begun last: the
    /// items of an array are so many members of one name.
    fn generic_pieces(&mut self, name: &str, value: &Value<'_>) {
        if COMMENTS.contains(&name) {
            return;
        }
        match value {
            Value::Array(items) => {
                for item in items {
                    if self.out.is_full() {
                        return;
                    }
                    self.generic(name, item);
                    self.out.end_piece();
                }
            }
            single => {
                self.generic(name, single);
                self.out.end_piece();
            }
        }
    }

    fn generic(&mut self, name: &str, value: &Value<'_>) {
        match self.spelling.split(name) {
            Some((namespace, local)) => {
                for part in ["{", namespace, "}", local] {
                    self.out.push(part);
                }
            }
            None => self.out.push(name),
        }
        match value {
            Value::Object(members) => {
                let pieces = self.out.pieces();
                for (name, value) in members {
                    self.generic_pieces(name, value);
                }
                self.out.sort(pieces);
            }
            Value::Array(_) => {
                let pieces = self.out.pieces();
                self.generic_pieces("", value);
                self.out.sort(pieces);
            }
            scalar => {
                self.scalar(scalar);
                self.xsi_type(name, scalar);
            }
        }
    }

    /// Writes the attribute `xsi:type` that an element of XML had.
    fn xsi_type(&mut self, name: &str, value: &Value<'_>) {
        if !self.spelling.has_types() {
            return;
        }
        let mut digits = Vec::new();
        let text = canonical(value, self.spelling, &mut digits);
        if let Some(stated) = self.spelling.type_of(name, &text) {
            for part in ["{", XSI, "}type=", stated] {
                self.out.push(part);
            }
        }
    }
}

/// Returns the text of a value in its canonical form; of lists and objects,
/// nothing.
fn canonical<'v>(
    value: &'v Value<'_>,
    spelling: &'v Spelling,
    digits: &'v mut Vec<u8>,
) -> Cow<'v, str> {
    text::value(match value {
        Value::String(text) => spelling.value(text),
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(number) => {
            number::write(*number, digits);
            std::str::from_utf8(digits).unwrap_or_default()
        }
        Value::Null | Value::Array(_) | Value::Object(_) => "",
    })
}

fn array<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}

fn members<'v, 'a>(value: &'v Value<'a>) -> impl Iterator<Item = (&'v str, &'v Value<'a>)> {
    let members = match value {
        Value::Object(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().map(|(name, value)| (&**name, value))
}
