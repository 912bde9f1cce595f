//! What the JSON schema of EPCIS 2.0 asks of an event's text and the canonical
//! form no longer shows. The XML binding spells these things another way.

use crate::problem::{Path, Problems, Reason, shown};
use crate::reader::Value;
use crate::terms::{EventType, Kind, Shape};
use crate::vocabulary::{GS1, Vocabulary};

/// What no value of a CBV vocabulary may begin with (`vocab-other-uri` of the
/// schema; its other prefixes are refused in every binding).
const CBV_URN: &str = "urn:epcglobal:cbv";

/// What no value of the GS1 Web Vocabulary may begin with
/// (`vocab-nonGS1WebVoc-uri` of the schema).
const GS1_VOCABULARY: [&str; 4] = [
    "http://gs1.org/voc/",
    "https://gs1.org/voc/",
    "http://www.gs1.org/voc/",
    "https://www.gs1.org/voc/",
];

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// In JSON-LD.
    Json,
    /// In XML, read as the JSON-LD document that means the same.
    Xml,
}

/// Checks the spelling of the words of an event as it was written.
pub(crate) fn check(binding: Binding, event: &Value<'_>, path: &Path<'_>, problems: &mut Problems) {
    if binding == Binding::Xml {
        return;
    }
    let name = event.member("type").and_then(Value::as_str);
    if let Some(event_type) = name.and_then(EventType::from_name) {
        object(event_type.shape(), event, path, problems);
    }
}

fn object(shape: &'static Shape, value: &Value<'_>, path: &Path<'_>, problems: &mut Problems) {
    let Value::Object(members) = value else {
        return;
    };
    for (name, member) in members {
        if let Some(found) = shape.field(name) {
            field(&found.kind, member, &path.name(name), problems);
        }
    }
}

fn field(kind: &'static Kind, value: &Value<'_>, path: &Path<'_>, problems: &mut Problems) {
    match (kind, value) {
        (Kind::Object(shape), value) => object(shape, value, path, problems),
        (Kind::List(list), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                field(&list.item, item, &path.index(index), problems);
            }
        }
        (Kind::Word(vocabulary), Value::String(text)) => word(vocabulary, text, path, problems),
        _ => {}
    }
}

fn word(vocabulary: &Vocabulary, text: &str, path: &Path<'_>, problems: &mut Problems) {
    let foreign = if vocabulary.iri == GS1 {
        GS1_VOCABULARY.iter().any(|prefix| text.starts_with(prefix))
    } else {
        // Where it names no word at all, the walk says so.
        let urn_word = vocabulary.urn.and_then(|urn| text.strip_prefix(urn));
        text.starts_with(CBV_URN)
            && (urn_word.is_some_and(|word| vocabulary.has(word))
                || !text[CBV_URN.len()..].starts_with(':'))
    };
    if foreign {
        let what = format!("{} is no spelling of the JSON binding", shown(text));
        let mend = format!(
            "write the bare word of the {}, or the URI of your own",
            vocabulary.title
        );
        problems.add(path, Reason::UnknownWord, what, mend);
    }
}
