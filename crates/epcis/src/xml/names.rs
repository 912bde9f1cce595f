//! Names: from XML namespaces to the prefixes of a JSON-LD context, and from
//! IRIs back to a namespace and a local name.
//!
//! The IRI of a name is its namespace with the local name after it, as JSON-LD
//! expands `prefix:local`. One namespace differs between the bindings: CBV's
//! master data attributes are `urn:epcglobal:cbv:mda` in XML and
//! `urn:epcglobal:cbv:mda:` in the JSON-LD context.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::schema::{self, MARKS, SBDH};
use super::tree::{self, Element, INSTANCE, Scope};
use crate::canonical::DEPTH_MAX;
use crate::context::EPCIS_CONTEXT;
use crate::global_terms::{PREFIXES, global_term};
use crate::problem::Problems;
use crate::reader::{self, Value};
use crate::uri;
use crate::write::split;

const CBV_MDA_XML: &str = "urn:epcglobal:cbv:mda";
const CBV_MDA: &str = "urn:epcglobal:cbv:mda:";

/// Schemes of URIs that occur as values, so no prefix may be one.
const SCHEMES: [&str; 12] = [
    "data", "did", "file", "ftp", "geo", "http", "https", "mailto", "ni", "tag", "tel", "urn",
];

/// The longest text before a colon that could be a prefix.
const HEAD_BYTES_MAX: usize = 64;

/// Says whether the text is an NCName (Namespaces in XML 1.0 §3).
pub(crate) fn is_ncname(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(begins_name) && characters.all(continues_name)
}

fn begins_name(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | '_'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn continues_name(character: char) -> bool {
    begins_name(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{b7}'
            | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Returns what stands before local names in the IRIs of an XML namespace.
pub(super) fn base(namespace: &str) -> &str {
    if namespace == CBV_MDA_XML {
        CBV_MDA
    } else {
        namespace
    }
}

/// Splits an IRI into an XML namespace and a local name, those of the document
/// it came from where they are known. `None` means that no XML name has it.
pub(crate) fn qualified<'i>(
    iri: &'i str,
    known: &BTreeMap<String, String>,
) -> Option<(&'i str, &'i str)> {
    let hinted = known
        .values()
        .filter(|namespace| {
            let local = iri.strip_prefix(namespace.as_str());
            local.is_some_and(is_ncname)
        })
        .max_by_key(|namespace| namespace.len());
    let at = match hinted {
        Some(namespace) => namespace.len(),
        None if iri.strip_prefix(tree::XML).is_some_and(is_ncname) => tree::XML.len(),
        None => {
            let from = iri.rfind(['/', '#', ':']).map_or(0, |at| at + 1);
            let mut starts = iri.char_indices().map(|(at, _)| at);
            starts.find(|at| *at >= from && is_ncname(&iri[*at..]))?
        }
    };
    let (namespace, local) = iri.split_at(at);
    let reserved = schema::is_own(Some(namespace)) || matches!(namespace, INSTANCE | MARKS | SBDH);
    if reserved || !uri::is_absolute_name(namespace) {
        return None;
    }
    let namespace = if namespace == CBV_MDA {
        CBV_MDA_XML
    } else {
        namespace
    };
    Some((namespace, local))
}

/// Says whether names of this namespace become members, rather than being
/// read by their meaning.
pub(crate) fn is_foreign(namespace: Option<&str>) -> bool {
    !schema::is_own(namespace) && !matches!(namespace, Some(INSTANCE | MARKS))
}

/// The prefixes under which the names of one document are read.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// What stands before local names, to its prefix.
    used: BTreeMap<String, String>,
}

impl Names {
    /// Gives every namespace of the document a prefix: the document's own
    /// where it can serve, and none that any text might be taken for.
    pub(crate) fn of(root: &Element<'_>) -> Names {
        let mut found = Found::default();
        found.element(root);
        let mut used: BTreeMap<String, String> = BTreeMap::new();
        let mut given: HashSet<String> = HashSet::new();
        let mut number = 0;
        for (namespace, wish) in found.namespaces {
            let standard = PREFIXES.iter().find(|(_, iri)| *iri == namespace);
            let free = |prefix: &str| !given.contains(prefix) && !found.taken.contains(prefix);
            let prefix = match (standard, wish) {
                (Some((prefix, _)), _) => (*prefix).to_owned(),
                (None, Some(wish)) if can_serve(wish) && free(wish) => wish.to_owned(),
                _ => loop {
                    number += 1;
                    let prefix = format!("ns{number}");
                    if free(&prefix) {
                        break prefix;
                    }
                },
            };
            given.insert(prefix.clone());
            used.insert(namespace, prefix);
        }
        Names { used }
    }

    /// Returns the JSON-LD name of an XML name of another namespace.
    pub(crate) fn foreign(&self, namespace: &str, local: &str) -> Cow<'static, str> {
        let (namespace, local) = place(namespace, local);
        Cow::Owned(match self.used.get(&*namespace) {
            Some(prefix) => format!("{prefix}:{local}"),
            None => format!("{namespace}{local}"),
        })
    }

    /// Returns a value with the prefix that its namespace has in the context, or
    /// expanded where that is another than in the XML document.
    pub(crate) fn value<'t>(&self, text: Cow<'t, str>, scope: &Scope<'_>) -> Cow<'t, str> {
        let Some((prefix, suffix)) = curie(&text) else {
            return text;
        };
        match scope.namespace(prefix) {
            Some(namespace) => {
                let namespace = base(namespace);
                match self.used.get(namespace) {
                    Some(given) if given == prefix => text,
                    _ => Cow::Owned(format!("{namespace}{suffix}")),
                }
            }
            None => text,
        }
    }

    /// Returns the context under which the names have their meaning.
    pub(crate) fn context(&self) -> Value<'static> {
        let own: Vec<_> = self
            .declared()
            .map(|(prefix, namespace)| {
                let iri = Value::String(Cow::Owned(namespace.to_owned()));
                // JSON-LD 1.1 takes other IRIs as prefixes only when told so.
                let delimited = namespace.ends_with([':', '/', '?', '#', '[', ']', '@']);
                let definition = if delimited {
                    iri
                } else {
                    Value::Object(vec![
                        (Cow::Borrowed("@id"), iri),
                        (Cow::Borrowed("@prefix"), Value::Bool(true)),
                    ])
                };
                (Cow::Owned(prefix.to_owned()), definition)
            })
            .collect();
        let mut contexts = vec![Value::String(Cow::Borrowed(EPCIS_CONTEXT))];
        if !own.is_empty() {
            contexts.push(Value::Object(own));
        }
        Value::Array(contexts)
    }

    fn declared(&self) -> impl Iterator<Item = (&str, &str)> {
        let standard = |namespace: &str| PREFIXES.iter().any(|(_, iri)| *iri == namespace);
        self.used
            .iter()
            .filter(move |(namespace, _)| !standard(namespace))
            .map(|(namespace, prefix)| (prefix.as_str(), namespace.as_str()))
    }
}

/// Returns namespace and local name as JSON-LD can write them: a local name
/// outside ASCII moves into the namespace as far as needed.
fn place<'n>(namespace: &'n str, local: &'n str) -> (Cow<'n, str>, Cow<'n, str>) {
    let namespace = base(namespace);
    if local.is_ascii() {
        return (Cow::Borrowed(namespace), Cow::Borrowed(local));
    }
    let iri = format!("{namespace}{local}");
    let (namespace, local) = split(&iri);
    (
        Cow::Owned(namespace.to_owned()),
        Cow::Owned(local.to_owned()),
    )
}

/// Splits a value that may be written with a prefix.
fn curie(text: &str) -> Option<(&str, &str)> {
    let (prefix, suffix) = text.split_once(':')?;
    let plain = prefix.len() <= HEAD_BYTES_MAX && is_ncname(prefix);
    (plain && !suffix.starts_with("//") && !SCHEMES.contains(&prefix)).then_some((prefix, suffix))
}

/// Says whether a prefix of XML can be one in JSON-LD too.
fn can_serve(prefix: &str) -> bool {
    !SCHEMES.contains(&prefix)
        && !PREFIXES.iter().any(|(name, _)| *name == prefix)
        && global_term(prefix).is_none()
        && uri::is_uri(&format!("{prefix}:x"))
}

/// The most namespaces that get a prefix. A context with more is refused, so the
/// rest need none.
const NAMESPACES_MAX: usize = 1_024;

/// What a document names.
#[derive(Default)]
struct Found<'t> {
    /// What stands before local names, with a prefix that the document uses.
    namespaces: BTreeMap<String, Option<&'t str>>,
    /// Bare names, and what stands before a colon where no prefix is meant.
    taken: HashSet<&'t str>,
}

impl<'t> Found<'t> {
    fn element(&mut self, element: &'t Element<'_>) {
        match element.namespace.as_deref() {
            Some(namespace) if is_foreign(Some(namespace)) && namespace != SBDH => {
                self.name(namespace, element.local, &element.scope);
            }
            _ => {
                self.taken.insert(element.local);
            }
        }
        self.text(&element.text, &element.scope);
        if element.namespace.as_deref() == Some(MARKS) {
            self.json(&element.text);
        }
        for attribute in &element.attributes {
            match attribute.namespace.as_deref() {
                Some(namespace) if is_foreign(Some(namespace)) => {
                    self.name(namespace, attribute.local, &element.scope);
                }
                Some(MARKS) => self.json(&attribute.value),
                _ => {
                    self.taken.insert(attribute.local);
                }
            }
            self.text(&attribute.value, &element.scope);
        }
        for child in &element.children {
            self.element(child);
        }
    }

    fn name(&mut self, namespace: &str, local: &str, scope: &Scope<'t>) {
        let (before, _) = place(namespace, local);
        let room = self.namespaces.len() < NAMESPACES_MAX;
        if room && !self.namespaces.contains_key(&*before) {
            let wish = match namespace {
                tree::XML => Some("xml"),
                _ if before == base(namespace) => scope.prefix(namespace),
                _ => None,
            };
            self.namespaces.insert(before.into_owned(), wish);
        }
    }

    /// Takes up names that are written as JSON and that need a prefix.
    fn json(&mut self, text: &str) {
        let value = reader::read(text.as_bytes(), DEPTH_MAX, &mut Problems::default());
        let Some(Value::Object(members)) = value else {
            return;
        };
        for (name, _) in &members {
            if name.contains(':') && !uri::is_uri(name) {
                self.namespaces
                    .entry(split(name).0.to_owned())
                    .or_insert(None);
            }
        }
    }

    /// Takes up the prefix that a value is written with, or what must not be
    /// taken for one.
    fn text(&mut self, text: &'t str, scope: &Scope<'t>) {
        let text = tree::trimmed(text);
        let mut head = text.bytes().take(HEAD_BYTES_MAX + 1);
        if !head.any(|byte| byte == b':') {
            return;
        }
        match (curie(text), text.split_once(':')) {
            (Some((prefix, _)), _) if scope.namespace(prefix).is_some() => {
                if let Some(namespace) = scope.namespace(prefix)
                    && self.namespaces.len() < NAMESPACES_MAX
                    && is_foreign(Some(namespace))
                    && uri::is_absolute_name(base(namespace))
                {
                    self.namespaces
                        .entry(base(namespace).to_owned())
                        .or_insert(scope.prefix(namespace));
                }
            }
            (_, Some((head, _))) => {
                self.taken.insert(head);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ncnames() {
        for (text, expected) in [
            ("a", true),
            ("_a-1.b", true),
            ("độ-chín", true),
            ("", false),
            ("1a", false),
            ("-a", false),
            ("a:b", false),
            ("a b", false),
            ("#text", false),
        ] {
            assert_eq!(is_ncname(text), expected, "{text}");
        }
    }

    #[test]
    fn iris_become_xml_names() {
        let known = BTreeMap::from([("e".to_owned(), "http://e.vn/epcis".to_owned())]);
        for (iri, expected) in [
            ("https://a.vn/x/y", Some(("https://a.vn/x/", "y"))),
            ("https://a.vn/x#độ", Some(("https://a.vn/x#", "độ"))),
            ("https://a.vn/1x", Some(("https://a.vn/1", "x"))),
            ("https://a.vn/x/", None),
            ("https://a.vn/12", None),
            (
                "http://e.vn/epcisField",
                Some(("http://e.vn/epcis", "Field")),
            ),
            (
                "urn:epcglobal:cbv:mda:lotNumber",
                Some((CBV_MDA_XML, "lotNumber")),
            ),
            (
                "http://www.w3.org/XML/1998/namespacelang",
                Some((tree::XML, "lang")),
            ),
            (
                "urn:nguon:epcis-xmljson",
                Some(("urn:nguon:", "epcis-xmljson")),
            ),
            ("urn:x", None),
        ] {
            assert_eq!(qualified(iri, &known), expected, "{iri}");
        }
    }

    #[test]
    fn prefixes_are_kept_unless_they_mislead() {
        let root = tree::read(
            "<a xmlns:e='http://e.vn/' xmlns:id='urn:a:' xmlns:geo='http://g.vn#' \
                xmlns:f='http://f.vn' xmlns:gs1='https://gs1.org/voc/' xmlns:my_p='http://m.vn/'>\
             <e:x/><id:x/><geo:x/><f:x/><gs1:x/><my_p:x/><b>f:y</b>\
             <c xmlns:e='http://other.vn/'><e:x/><f/></c></a>",
        )
        .expect("the document is well-formed");
        let names = Names::of(&root);
        let declared: BTreeMap<_, _> = names.declared().collect();
        assert_eq!(
            declared,
            BTreeMap::from([
                ("e", "http://e.vn/"),
                ("ns1", "http://f.vn"),
                ("ns2", "http://g.vn#"),
                ("ns3", "http://m.vn/"),
                ("ns4", "http://other.vn/"),
                ("ns5", "https://gs1.org/voc/"),
                ("ns6", "urn:a:"),
            ])
        );
        assert_eq!(names.foreign("http://f.vn", "x"), "ns1:x");
    }
}
