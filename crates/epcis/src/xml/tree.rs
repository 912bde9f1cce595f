//! Reads XML 1.0 with namespaces into a tree, strictly: no document type
//! that declares anything, no entity but the five of XML itself, bounded
//! nesting, bounded names in scope.

use std::borrow::Cow;
use std::rc::Rc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::names::is_ncname;
use crate::canonical::DEPTH_MAX;
use crate::problem::shown;

/// Elements around an event in the deepest document.
const AROUND_EVENT: usize = 8;

/// How deep elements may be nested.
pub(crate) const XML_DEPTH_MAX: usize = DEPTH_MAX + AROUND_EVENT;

/// The most attributes of one element, namespace declarations included.
const ATTRIBUTES_MAX: usize = 256;

/// The most namespace declarations in scope at one place.
const SCOPE_MAX: usize = 256;

/// The namespace that the prefix `xml` always stands for.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of `xsi:type` and its kin.
pub(crate) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The target of the processing instructions that are [`Marks`].
pub(crate) const MARKING: &str = "nguon";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An element with all that it holds.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) namespace: Option<Rc<str>>,
    pub(crate) local: &'a str,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) children: Vec<Element<'a>>,
    /// Its own character data, one piece after the other.
    pub(crate) text: Cow<'a, str>,
    /// Character data other than white space stands after a child.
    pub(crate) mixed: bool,
    pub(crate) scope: Scope<'a>,
    pub(crate) marks: Marks,
    /// Byte offset of its start tag.
    pub(crate) at: usize,
}

/// What processing instructions of this project say of the content of their
/// element, such as `<?nguon number?>`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// The text is a number.
    pub(crate) number: bool,
    /// The text is a truth value.
    pub(crate) boolean: bool,
    /// White space at the ends of the text counts.
    pub(crate) space: bool,
    /// The element is an array of one.
    pub(crate) array: bool,
}

/// An attribute that declares no namespace.
#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    pub(crate) namespace: Option<Rc<str>>,
    pub(crate) local: &'a str,
    pub(crate) value: Cow<'a, str>,
    /// Byte offset of its name.
    pub(crate) at: usize,
}

impl Element<'_> {
    /// Returns the value of the attribute of that name.
    pub(crate) fn attribute(&self, namespace: Option<&str>, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|other| other.local == local && other.namespace.as_deref() == namespace)
            .map(|attribute| &*attribute.value)
    }
}

/// The namespace declarations in force at an element.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope<'a>(Option<Rc<Binding<'a>>>);

#[derive(Debug)]
struct Binding<'a> {
    prefix: &'a str,
    /// `None` where a default namespace is undone.
    namespace: Option<Rc<str>>,
    outer: Scope<'a>,
    /// How many declarations lie in this one and around it.
    count: usize,
}

impl<'a> Scope<'a> {
    /// Returns what a prefix stands for here; the empty one is the default.
    pub(crate) fn namespace(&self, prefix: &str) -> Option<&Rc<str>> {
        let mut scope = self;
        while let Some(binding) = &scope.0 {
            if binding.prefix == prefix {
                return binding.namespace.as_ref();
            }
            scope = &binding.outer;
        }
        None
    }

    /// Returns a prefix that stands for the namespace here.
    pub(crate) fn prefix(&self, namespace: &str) -> Option<&'a str> {
        let mut scope = self;
        while let Some(binding) = &scope.0 {
            if !binding.prefix.is_empty() && binding.namespace.as_deref() == Some(namespace) {
                return Some(binding.prefix);
            }
            scope = &binding.outer;
        }
        None
    }

    fn with(&self, prefix: &'a str, namespace: Option<Rc<str>>) -> Scope<'a> {
        Scope(Some(Rc::new(Binding {
            prefix,
            namespace,
            outer: self.clone(),
            count: self.count() + 1,
        })))
    }

    fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |binding| binding.count)
    }
}

/// Why a text is not read as XML, and where.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) at: usize,
    pub(crate) what: String,
    pub(crate) mend: &'static str,
    /// The nesting is what is wrong.
    pub(crate) deep: bool,
}

const WELL_FORMED: &str = "write well-formed XML 1.0 with namespaces";

impl Broken {
    fn new(at: usize, what: impl Into<String>) -> Broken {
        Broken {
            at,
            what: what.into(),
            mend: WELL_FORMED,
            deep: false,
        }
    }

    fn mended(at: usize, what: impl Into<String>, mend: &'static str) -> Broken {
        Broken {
            mend,
            ..Broken::new(at, what)
        }
    }
}

/// Reads a document and returns its root element.
pub(crate) fn read(source: &str) -> Result<Element<'_>, Broken> {
    if let Some(at) = source.find(|character| !is_character(character)) {
        return Err(Broken::new(at, "a character stands here that XML forbids"));
    }
    let mut reader = Reader::from_str(source);
    reader.config_mut().check_comments = true;
    let mut building = Building {
        source,
        open: Vec::new(),
        root: None,
        doctype: false,
    };
    loop {
        let at = position(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|error| Broken::new(position(reader.error_position()), error.to_string()))?;
        match event {
            Event::Start(tag) => building.start(&tag, at)?,
            Event::Empty(tag) => {
                building.start(&tag, at)?;
                building.end();
            }
            Event::End(_) => building.end(),
            Event::Text(text) => {
                if text.contains("]]>") {
                    return Err(Broken::new(at, "]]> stands in character data"));
                }
                building.text(text.xml10_content(), at)?;
            }
            Event::CData(text) => building.text(text.xml10_content(), at)?,
            Event::GeneralRef(reference) => {
                let character = resolve(&reference, at)?;
                building.text(Cow::Owned(character.to_string()), at)?;
            }
            Event::DocType(doctype) => building.doctype(&doctype, at)?,
            Event::Decl(declaration) => {
                if at > 0 {
                    return Err(Broken::new(at, "an XML declaration may only come first"));
                }
                check_declaration(&declaration)?;
            }
            Event::PI(instruction) if instruction.target() == MARKING => {
                building.mark(instruction.content());
            }
            Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(open) = building.open.last() {
        let what = format!("the element {} is not closed", open.local);
        return Err(Broken::new(open.at, what));
    }
    let nothing = || Broken::new(source.len(), "there is no element");
    building.root.ok_or_else(nothing)
}

/// Says whether XML 1.0 lets the character stand in a document.
pub(crate) fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        || character >= '\u{10000}'
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn check_declaration(declaration: &quick_xml::events::BytesDecl<'_>) -> Result<(), Broken> {
    let version = declaration.version();
    if !matches!(version.as_deref(), Ok("1.0")) {
        return Err(Broken::mended(0, "this is not XML 1.0", "write XML 1.0"));
    }
    let Some(encoding) = declaration.encoding() else {
        return Ok(());
    };
    let known = encoding.as_deref().is_ok_and(|name| {
        name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii")
    });
    if known {
        return Ok(());
    }
    let mend = "encode the document as UTF-8 and say so";
    Err(Broken::mended(
        0,
        "the encoding declared is not UTF-8",
        mend,
    ))
}

fn resolve(reference: &BytesRef<'_>, at: usize) -> Result<char, Broken> {
    let character = match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => reference.resolve_char_ref().ok().flatten(),
    };
    character.filter(|it| is_character(*it)).ok_or_else(|| {
        let what = format!("the entity {} is not known", shown(reference));
        Broken::mended(at, what, "write the character itself")
    })
}

struct Building<'a> {
    source: &'a str,
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
    doctype: bool,
}

impl<'a> Building<'a> {
    fn start(&mut self, tag: &BytesStart<'_>, at: usize) -> Result<(), Broken> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(Broken::new(at, "a second root element begins here"));
        }
        if self.open.len() == XML_DEPTH_MAX {
            return Err(Broken {
                deep: true,
                what: format!("elements are nested deeper than {XML_DEPTH_MAX}"),
                mend: "flatten the data",
                at,
            });
        }
        let outer = self.open.last().map(|element| element.scope.clone());
        let (scope, raw) = self.declarations(tag, outer.unwrap_or_default(), at)?;
        let (prefix, local) = self.name(tag.name().as_ref(), at)?;
        let namespace = match prefix {
            Some(prefix) => Some(bound(&scope, prefix, at)?),
            None => scope.namespace("").cloned(),
        };
        let mut attributes: Vec<Attribute<'a>> = Vec::with_capacity(raw.len());
        for Raw {
            prefix,
            local,
            value,
            at,
        } in raw
        {
            let namespace = match prefix {
                Some(prefix) => Some(bound(&scope, prefix, at)?),
                None => None,
            };
            let twice =
                |other: &Attribute<'_>| other.local == local && other.namespace == namespace;
            if attributes.iter().any(twice) {
                let what = format!("the attribute {local} stands here twice");
                return Err(Broken::new(at, what));
            }
            attributes.push(Attribute {
                namespace,
                local,
                value,
                at,
            });
        }
        self.open.push(Element {
            namespace,
            local,
            attributes,
            children: Vec::new(),
            text: Cow::Borrowed(""),
            mixed: false,
            scope,
            marks: Marks::default(),
            at,
        });
        Ok(())
    }

    fn mark(&mut self, words: &str) {
        let Some(Element { marks, .. }) = self.open.last_mut() else {
            return;
        };
        for word in words.split_ascii_whitespace() {
            match word {
                "number" => marks.number = true,
                "boolean" => marks.boolean = true,
                "space" => marks.space = true,
                "array" => marks.array = true,
                _ => {}
            }
        }
    }

    /// Takes the namespace declarations of a tag into the scope, and returns
    /// the other attributes.
    fn declarations(
        &self,
        tag: &BytesStart<'_>,
        mut scope: Scope<'a>,
        tag_at: usize,
    ) -> Result<(Scope<'a>, Vec<Raw<'a>>), Broken> {
        let mut raw = Vec::new();
        let mut declared: Vec<&str> = Vec::new();
        let mut attributes = tag.attributes();
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|error| Broken::new(tag_at, error.to_string()))?;
            let at = self.offset(attribute.key.as_ref(), tag_at);
            if raw.len() + declared.len() == ATTRIBUTES_MAX || scope.count() == SCOPE_MAX {
                let what = format!("more than {ATTRIBUTES_MAX} attributes or namespaces are here");
                return Err(Broken::mended(at, what, "leave out what is not used"));
            }
            if attribute.value.contains('<') {
                return Err(Broken::new(at, "< stands in an attribute"));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| Broken::new(at, error.to_string()))?;
            if !value.chars().all(is_character) {
                return Err(Broken::new(at, "a character stands here that XML forbids"));
            }
            // What is borrowed still lies in the source.
            let value = match value {
                Cow::Borrowed(text) => self
                    .within(text, at)
                    .map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed),
                Cow::Owned(text) => Cow::Owned(text),
            };
            let (prefix, local) = self.name(attribute.key.as_ref(), at)?;
            let declares = match (prefix, local) {
                (None, "xmlns") => "",
                (Some("xmlns"), local) => local,
                _ => {
                    raw.push(Raw {
                        prefix,
                        local,
                        value,
                        at,
                    });
                    continue;
                }
            };
            check_binding(declares, &value, at)?;
            if declared.contains(&declares) {
                return Err(Broken::new(at, "a prefix is declared twice here"));
            }
            declared.push(declares);
            scope = scope.with(declares, (!value.is_empty()).then(|| Rc::from(&*value)));
        }
        Ok((scope, raw))
    }

    /// Splits a name into prefix and local name.
    fn name(&self, text: &str, at: usize) -> Result<(Option<&'a str>, &'a str), Broken> {
        let broken = || Broken::new(at, format!("{} is no name", shown(text)));
        let text = self.within(text, at).ok_or_else(broken)?;
        let (prefix, local) = match text.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, text),
        };
        if is_ncname(local) && prefix.is_none_or(is_ncname) {
            Ok((prefix, local))
        } else {
            Err(broken())
        }
    }

    fn offset(&self, part: &str, otherwise: usize) -> usize {
        let offset = (part.as_ptr() as usize).checked_sub(self.source.as_ptr() as usize);
        offset
            .filter(|offset| offset + part.len() <= self.source.len())
            .unwrap_or(otherwise)
    }

    /// Returns the piece of the source that a part read from it is.
    fn within(&self, part: &str, at: usize) -> Option<&'a str> {
        let offset = self.offset(part, at);
        let piece = self.source.get(offset..offset + part.len())?;
        (piece == part).then_some(piece)
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else {
            return;
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: Cow<'a, str>, at: usize) -> Result<(), Broken> {
        let Some(element) = self.open.last_mut() else {
            if is_blank(&text) {
                return Ok(());
            }
            return Err(Broken::new(at, "text stands outside the root element"));
        };
        if !element.children.is_empty() {
            element.mixed |= !is_blank(&text);
            return Ok(());
        }
        if element.text.is_empty() {
            element.text = text;
        } else {
            element.text.to_mut().push_str(&text);
        }
        Ok(())
    }

    /// Takes a document type that declares nothing.
    fn doctype(&mut self, doctype: &str, at: usize) -> Result<(), Broken> {
        let misplaced = self.doctype || self.root.is_some() || !self.open.is_empty();
        self.doctype = true;
        if misplaced || !is_ncname(doctype.trim()) {
            let what = "a document type with declarations is not read";
            return Err(Broken::mended(at, what, "leave <!DOCTYPE …> out"));
        }
        Ok(())
    }
}

/// An attribute whose prefix is not resolved yet.
struct Raw<'a> {
    prefix: Option<&'a str>,
    local: &'a str,
    value: Cow<'a, str>,
    at: usize,
}

fn bound<'s>(scope: &'s Scope<'_>, prefix: &str, at: usize) -> Result<Rc<str>, Broken> {
    if prefix == "xml" {
        return Ok(Rc::from(XML));
    }
    let found: Option<&'s Rc<str>> = scope.namespace(prefix);
    found.cloned().ok_or_else(|| {
        let what = format!("no namespace is declared for the prefix {prefix}");
        Broken::new(at, what)
    })
}

/// Checks a declaration against Namespaces in XML 1.0 §3.
fn check_binding(prefix: &str, namespace: &str, at: usize) -> Result<(), Broken> {
    let sound = match prefix {
        "xmlns" => false,
        "xml" => namespace == XML,
        "" => namespace != XML && namespace != XMLNS,
        _ => !namespace.is_empty() && namespace != XML && namespace != XMLNS,
    };
    if sound {
        return Ok(());
    }
    let what = format!("the prefix {prefix} cannot stand for {}", shown(namespace));
    Err(Broken::new(at, what))
}

/// Says whether the text is XML white space alone.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| b" \t\r\n".contains(&byte))
}

/// Takes XML white space off both ends.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read() {
        let root = read(
            "<?xml version='1.0'?><!-- c --><!DOCTYPE a>\
             <a xmlns='urn:x' p:b='1&amp;2' xmlns:p='urn:p'>x&#65;&lt;<![CDATA[<y>]]>\r\n<p:c/></a>",
        )
        .expect("the document is well-formed");
        assert_eq!(
            (root.namespace.as_deref(), root.local),
            (Some("urn:x"), "a")
        );
        assert_eq!(root.attribute(Some("urn:p"), "b"), Some("1&2"));
        assert_eq!(root.text, "xA<<y>\n");
        assert_eq!(root.children[0].namespace.as_deref(), Some("urn:p"));
        assert_eq!(root.scope.prefix("urn:p"), Some("p"));
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for (text, part) in [
            ("", "no element"),
            ("x<a/>", "outside"),
            ("<a/><b/>", "second root"),
            ("<a><b></a>", "b"),
            ("<a>", "not closed"),
            ("<a b='1' b='2'/>", "twice"),
            (
                "<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
                "twice",
            ),
            ("<p:a/>", "prefix p"),
            ("<a p:b=''/>", "prefix p"),
            ("<a xmlns:p=''/>", "prefix p"),
            ("<1a/>", "no name"),
            ("<a:b:c/>", "no name"),
            ("<a>&x;</a>", "entity"),
            ("<a>&#0;</a>", "entity"),
            ("<a>&#1;</a>", "entity"),
            ("<a b='&#1;'/>", "forbids"),
            ("<a b='&x;'/>", ""),
            ("<a b='<'/>", "<"),
            ("<a>]]></a>", "]]>"),
            ("<a>\u{1}</a>", "forbids"),
            ("<a><!-- -- --></a>", ""),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "document type"),
            (
                "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
                "document type",
            ),
            ("<a/><!DOCTYPE a>", "document type"),
            ("<?xml version='1.1'?><a/>", "1.0"),
            ("<?xml version='1.0' encoding='latin-1'?><a/>", "UTF-8"),
            (" <?xml version='1.0'?><a/>", ""),
        ] {
            let broken = read(text)
                .err()
                .unwrap_or_else(|| panic!("{text} was read"));
            assert!(broken.what.contains(part), "{text}: {}", broken.what);
        }
    }

    #[test]
    fn nesting_and_names_are_bounded() {
        let deep = "<a>".repeat(100_000);
        assert!(read(&deep).is_err_and(|broken| broken.deep));
        let many: String = (0..1_000).map(|n| format!(" a{n}=''")).collect();
        assert!(read(&format!("<a{many}/>")).is_err());
        let many: String = (0..1_000).map(|n| format!(" xmlns:a{n}='urn:x'")).collect();
        assert!(read(&format!("<a{many}/>")).is_err());
    }
}
