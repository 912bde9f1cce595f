//! Reads the master data of a document: the header of an EPCISDocument, and
//! what a master data query answers (EPCIS 2.0 §8.2.7.2).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::canonical::{Given, PAYLOAD_BYTES_MAX, Walk};
use crate::context::Active;
use crate::document::{Reading, take};
use crate::event::PayloadError;
use crate::jcs;
use crate::master_data::{VocabularyElement, Written};
use crate::problem::{Path, Problems, Reason, shown};
use crate::reader::Value;

type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

impl Reading<'_> {
    /// Reads `epcisHeader`. What it holds beside master data has a namespace
    /// of its own, and is passed over.
    pub(crate) fn header(&mut self, header: Value<'_>, active: &Active, path: &Path<'_>) {
        let Some(mut members) = self.inner(Some(header), path, &["epcisMasterData"]) else {
            return;
        };
        let Some(master_data) = take(&mut members, "epcisMasterData") else {
            return;
        };
        let path = path.name("epcisMasterData");
        let Some(mut members) = self.object(master_data, &path) else {
            return;
        };
        if let Some(list) = take(&mut members, "vocabularyList") {
            self.vocabulary_list(list, active, &path.name("vocabularyList"));
        }
        self.nothing_else(&members, "vocabularyList", active, &path);
    }

    pub(crate) fn vocabulary_list(&mut self, list: Value<'_>, active: &Active, path: &Path<'_>) {
        let vocabularies = self.array(list, path);
        if !vocabularies.is_empty() && !active.epcis {
            self.no_epcis_context(&Path::ROOT);
        }
        let mut seen = HashSet::new();
        for (index, vocabulary) in vocabularies.into_iter().enumerate() {
            let path = path.index(index);
            let before = self.master_data.len();
            self.vocabulary(vocabulary, active, &path);
            for element in &self.master_data[before..] {
                let described = (
                    element.vocabulary_type().to_owned(),
                    element.identifier().id.clone(),
                );
                if !seen.insert(described) {
                    let what = format!("{} is described twice", shown(&element.identifier().id));
                    let mend = "join what is said of it in one vocabulary";
                    self.problems.add(&path, Reason::Rule, what, mend);
                }
            }
        }
    }

    fn vocabulary(&mut self, vocabulary: Value<'_>, active: &Active, path: &Path<'_>) {
        let Some(mut members) = self.object(vocabulary, path) else {
            return;
        };
        let vocabulary_type = match take(&mut members, "type") {
            Some(value) => walk(active, self.problems).element_uri(value, &path.name("type")),
            None => {
                self.missing(path, "type");
                None
            }
        };
        let list = take(&mut members, "vocabularyElementList");
        self.nothing_else(&members, "type and vocabularyElementList", active, path);
        // Elements are looked at even where their vocabulary's type is wrong.
        let vocabulary_type = vocabulary_type.as_ref().and_then(Value::as_str);
        let Some(list) = list else {
            return;
        };
        let path = path.name("vocabularyElementList");
        for (index, element) in self.array(list, &path).into_iter().enumerate() {
            self.element(
                element,
                vocabulary_type.unwrap_or_default(),
                active,
                &path.index(index),
            );
        }
    }

    fn element(&mut self, element: Value<'_>, kind: &str, active: &Active, path: &Path<'_>) {
        let before = self.problems.found();
        let Some(members) = self.object(element, path) else {
            return;
        };
        let written = Written {
            vocabulary_type: kind,
            members,
        };
        let element = walk(active, self.problems).written_element(written, path);
        let sound = self.problems.found() == before;
        if !sound || !self.kept || kind.is_empty() {
            return;
        }
        let mut bytes = Vec::new();
        jcs::write(&element, &mut bytes);
        match VocabularyElement::from_payload(&bytes) {
            Ok(element) => self.master_data.push(element),
            Err(PayloadError::TooLarge { bytes }) => self.problems.add(
                path,
                Reason::TooLarge,
                format!("the element takes {bytes} bytes, more than {PAYLOAD_BYTES_MAX}"),
                "keep bulky data elsewhere and name it by URI",
            ),
            Err(PayloadError::Unsound { problems }) => self.problems.add_under(path, problems),
            Err(error @ PayloadError::NotCanonical { .. }) => self.problems.add(
                path,
                Reason::NoCanonicalForm,
                error.to_string(),
                "write prefixes and terms out as whole IRIs",
            ),
        }
    }

    fn object<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Option<Members<'a>> {
        match value {
            Value::Object(members) => Some(members),
            other => {
                self.wrong_type(path, &other, "an object");
                None
            }
        }
    }

    fn array<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Vec<Value<'a>> {
        match value {
            Value::Array(items) => items,
            other => {
                self.wrong_type(path, &other, "an array");
                Vec::new()
            }
        }
    }

    /// Refuses what would be lost, since no element holds it.
    fn nothing_else(
        &mut self,
        members: &Members<'_>,
        names: &str,
        active: &Active,
        path: &Path<'_>,
    ) {
        for (name, _) in members {
            walk(active, self.problems).unknown_member(name, names, &path.name(name));
        }
    }
}

fn walk<'w>(active: &'w Active, problems: &'w mut Problems) -> Walk<'w> {
    Walk {
        active,
        given: Given::Document,
        problems,
    }
}
