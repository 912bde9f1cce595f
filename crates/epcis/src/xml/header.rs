//! Writes headers: business header and master data.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::markup::{attribute, simple};
use super::schema::SBDH;
use super::values::value_element;
use crate::context::{Active, Member};
use crate::problem::{Path, Problems, Reason, shown};
use crate::reader::Value;

/// A header in the making.
pub(crate) struct Header<'h> {
    /// The contexts of the document, for the names in master data.
    pub(crate) active: &'h Active,
    /// Prefixes to be used where they fit.
    pub(crate) known: &'h BTreeMap<String, String>,
    pub(crate) problems: &'h mut Problems,
    pub(crate) text: String,
}

impl Header<'_> {
    /// Writes the header of a document, if there is anything to say in it.
    pub(crate) fn write(
        &mut self,
        business: [Option<&str>; 3],
        creation_date: &str,
        master_data: Option<&Value<'_>>,
        path: &Path<'_>,
    ) {
        if business.iter().all(Option::is_none) && master_data.is_none() {
            return;
        }
        self.text.push_str("<EPCISHeader>");
        if business.iter().any(Option::is_some) {
            self.business_header(business, creation_date);
        }
        if let Some(list) = master_data {
            self.text.push_str("<extension><EPCISMasterData>");
            self.vocabulary_list(list, path);
            self.text.push_str("</EPCISMasterData></extension>");
        }
        self.text.push_str("</EPCISHeader>");
    }

    /// Writes a Standard Business Document Header with what JSON-LD says.
    fn business_header(&mut self, business: [Option<&str>; 3], creation_date: &str) {
        let [sender, receiver, instance] = business.map(Option::unwrap_or_default);
        let out = &mut self.text;
        out.push_str("<sbdh:StandardBusinessDocumentHeader");
        attribute("xmlns:sbdh", SBDH, out);
        out.push('>');
        simple("sbdh:HeaderVersion", "1.0", out);
        for (role, identifier) in [("Sender", sender), ("Receiver", receiver)] {
            let _ = write!(out, "<sbdh:{role}>");
            simple("sbdh:Identifier", identifier, out);
            let _ = write!(out, "</sbdh:{role}>");
        }
        out.push_str("<sbdh:DocumentIdentification>");
        simple("sbdh:Standard", "EPCglobal", out);
        simple("sbdh:TypeVersion", "1.0", out);
        simple("sbdh:InstanceIdentifier", instance, out);
        simple("sbdh:Type", "Events", out);
        simple("sbdh:CreationDateAndTime", creation_date, out);
        out.push_str("</sbdh:DocumentIdentification></sbdh:StandardBusinessDocumentHeader>");
    }

    pub(crate) fn vocabulary_list(&mut self, list: &Value<'_>, path: &Path<'_>) {
        self.text.push_str("<VocabularyList>");
        for (index, vocabulary) in items(Some(list)).iter().enumerate() {
            let path = path.index(index);
            self.only(vocabulary, &path, &["type", "vocabularyElementList"]);
            self.text.push_str("<Vocabulary");
            self.uri_attribute(vocabulary, "type");
            self.text.push('>');
            let elements = items(vocabulary.member("vocabularyElementList"));
            if !elements.is_empty() {
                self.text.push_str("<VocabularyElementList>");
                let path = path.name("vocabularyElementList");
                for (index, element) in elements.iter().enumerate() {
                    self.element(element, &path.index(index));
                }
                self.text.push_str("</VocabularyElementList>");
            }
            self.text.push_str("</Vocabulary>");
        }
        self.text.push_str("</VocabularyList>");
    }

    fn element(&mut self, element: &Value<'_>, path: &Path<'_>) {
        self.only(element, path, &["id", "attributes", "children"]);
        self.text.push_str("<VocabularyElement");
        self.uri_attribute(element, "id");
        self.text.push('>');
        let list = path.name("attributes");
        for (index, item) in items(element.member("attributes")).iter().enumerate() {
            let path = list.index(index);
            self.only(item, &path, &["id", "attribute"]);
            let id = item.member("id").and_then(Value::as_str);
            let id = self.expanded(id.unwrap_or_default());
            let value = item.member("attribute").cloned();
            let value = value.unwrap_or(Value::String(Cow::Borrowed("")));
            let value = self.value(value, &path.name("attribute"));
            value_element("attribute", ("id", &id), &value, self.known, &mut self.text);
        }
        let children = items(element.member("children"));
        if !children.is_empty() {
            self.text.push_str("<children>");
            for child in children.iter().filter_map(Value::as_str) {
                let child = self.expanded(child);
                simple("id", &child, &mut self.text);
            }
            self.text.push_str("</children>");
        }
        self.text.push_str("</VocabularyElement>");
    }

    fn uri_attribute(&mut self, object: &Value<'_>, name: &str) {
        let text = object.member(name).and_then(Value::as_str);
        let text = self.expanded(text.unwrap_or_default());
        attribute(name, &text, &mut self.text);
    }

    fn expanded(&self, text: &str) -> String {
        self.active.expand_uri(Cow::Borrowed(text)).into_owned()
    }

    /// Brings the names in a value to their IRIs.
    fn value<'v>(&mut self, value: Value<'v>, path: &Path<'_>) -> Value<'v> {
        match value {
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                let items = items.map(|(index, item)| self.value(item, &path.index(index)));
                Value::Array(items.collect())
            }
            Value::Object(members) => Value::Object(self.names(members, path)),
            plain => plain,
        }
    }

    /// Brings the names of members, and those in their values, to their IRIs.
    pub(crate) fn names<'v>(
        &mut self,
        members: Vec<(Cow<'v, str>, Value<'v>)>,
        path: &Path<'_>,
    ) -> Vec<(Cow<'v, str>, Value<'v>)> {
        let mut out = Vec::with_capacity(members.len());
        for (name, value) in members {
            let written = name.clone();
            let path = &path.name(&written);
            let name = match self.active.member(name, &[]) {
                Ok(Member::Id) => Cow::Borrowed("id"),
                Ok(Member::Type) => Cow::Borrowed("type"),
                Ok(Member::Extension { iri, .. }) => iri,
                Ok(Member::Private(name)) => name,
                Err((reason, unresolved)) => {
                    let mend = unresolved.mend;
                    self.problems.add(path, reason, unresolved.what, mend);
                    continue;
                }
            };
            out.push((name, self.value(value, path)));
        }
        out
    }

    fn only(&mut self, value: &Value<'_>, path: &Path<'_>, names: &[&str]) {
        let Value::Object(members) = value else {
            return;
        };
        for (name, _) in members.iter().filter(|(name, _)| !names.contains(&&**name)) {
            let what = format!("{} is not carried over to XML here", shown(name));
            let mend = "leave it out, or make it an attribute of the master data";
            let path = path.name(name);
            self.problems.add(&path, Reason::UnknownMember, what, mend);
        }
    }
}

fn items<'v, 'a>(list: Option<&'v Value<'a>>) -> &'v [Value<'a>] {
    match list {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}
