//! Profiles: what a body of rules asks of documents beyond EPCIS.

use std::collections::HashMap;

use gs1::Key;
use serde_json::Value;

use crate::document::Document;
use crate::event::{Action, Event, Role};
use crate::master_data::VocabularyElement;
use crate::problem::{PROBLEMS_MAX, Problem, Reason};
use crate::terms::EventType;

/// A body of rules that documents can be held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Circular 02/2024/TT-BKHCN of the Ministry of Science and Technology of
    /// Viet Nam: the ten kinds of data by which a product is traced. What they
    /// are read from stands in `docs/profile-circular-02-2024.md`.
    Circular02Of2024,
}

impl Profile {
    /// Returns everything that a sound document lacks, at most
    /// [`PROBLEMS_MAX`]. Each problem names the event that lacks it.
    pub fn check(self, document: &Document) -> Vec<Problem> {
        match self {
            Profile::Circular02Of2024 => Circular::new(document).check(),
        }
    }
}

/// One kind of data, and the local names under which CBV (`cbvmda`) and the
/// GS1 Web Vocabulary (`gs1`) know it.
struct Data {
    what: &'static str,
    cbv: &'static [&'static str],
    gs1: &'static [&'static str],
    mend: &'static str,
}

static NAME: Data = Data {
    what: "the product's name",
    cbv: &[
        "descriptionShort",
        "functionalName",
        "labelDescription",
        "regulatedProductName",
        "tradeItemDescription",
    ],
    gs1: &["functionalName", "productName", "regulatedProductName"],
    mend: "give gs1:productName in ilmd, or cbvmda:descriptionShort of the product in the header",
};
static IMAGE: Data = Data {
    what: "an image of the product",
    cbv: &[],
    gs1: &["image", "referencedFile"],
    mend: "give gs1:image with its address in ilmd, or of the product in the header",
};
static PRODUCER: Data = Data {
    what: "the name of who produces or trades it",
    cbv: &["manufacturerOfTradeItemPartyName", "name"],
    gs1: &["organizationName", "partyName"],
    mend: "give cbvmda:name of a source, a destination or the location in the header, \
           or gs1:manufacturer with gs1:organizationName in ilmd",
};
static ADDRESS: Data = Data {
    what: "the address of who produces or trades it",
    cbv: &["city", "state", "streetAddressOne"],
    gs1: &["addressLocality", "addressRegion", "streetAddress"],
    mend: "give cbvmda:streetAddressOne of a source, a destination or the location in the \
           header, or gs1:address with gs1:streetAddress in ilmd",
};
static STANDARD: Data = Data {
    what: "the standard or technical regulation that applies",
    cbv: &["certificationList"],
    gs1: &["certification", "certificationStandard"],
    mend: "give certificationInfo, or gs1:certification in ilmd or of the product in the header",
};
/// The shelf life, which only some products have.
static EXPIRY: Data = Data {
    what: "the shelf life",
    cbv: &["bestBeforeDate", "itemExpirationDate", "sellByDate"],
    gs1: &["bestBeforeDate", "expirationDate", "sellByDate"],
    mend: "write a date like 2025-07-14",
};

/// The namespaces of CBV's attributes: as JSON-LD and older XML write them,
/// and as an XML namespace is put before a name.
const CBV: [&str; 3] = [
    "urn:epcglobal:cbv:mda:",
    "urn:epcglobal:cbv:mda#",
    "urn:epcglobal:cbv:mda",
];
const GS1: &str = crate::vocabulary::GS1;

impl Data {
    fn is_named(&self, name: &str) -> bool {
        let local = name.strip_prefix(GS1);
        let cbv = CBV
            .iter()
            .filter_map(|namespace| name.strip_prefix(namespace));
        local.is_some_and(|local| self.gs1.contains(&local))
            || cbv.into_iter().any(|local| self.cbv.contains(&local))
    }

    /// Looks for a value that says something, at any depth.
    fn find<'v>(&self, value: &'v Value) -> Option<(&'v str, &'v Value)> {
        match value {
            Value::Array(items) => items.iter().find_map(|item| self.find(item)),
            Value::Object(members) => members.iter().find_map(|(name, member)| {
                let found = self.is_named(name) && says_something(member);
                found
                    .then_some((name.as_str(), member))
                    .or_else(|| self.find(member))
            }),
            _ => None,
        }
    }

    fn describes(&self, element: &VocabularyElement) -> bool {
        element.attributes().iter().any(|(name, values)| {
            let said = values.iter().any(says_something);
            self.is_named(name) && said || values.iter().any(|value| self.find(value).is_some())
        })
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(members) => members.values().any(says_something),
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// A document held to the circular.
struct Circular<'d> {
    document: &'d Document,
    /// What the header says, by what it is said of.
    described: HashMap<&'d Key, Vec<&'d VocabularyElement>>,
    problems: Vec<Problem>,
}

impl<'d> Circular<'d> {
    fn new(document: &'d Document) -> Circular<'d> {
        let mut described: HashMap<_, Vec<_>> = HashMap::new();
        for element in &document.master_data {
            let key = &element.identifier().key;
            described.entry(key).or_default().push(element);
        }
        Circular {
            document,
            described,
            problems: Vec::new(),
        }
    }

    fn check(mut self) -> Vec<Problem> {
        for (index, event) in self.document.events.iter().enumerate() {
            // An error declaration states nothing new of a product.
            if event.error_declaration().is_none() && self.problems.len() < PROBLEMS_MAX {
                self.event(index, event);
            }
        }
        self.problems.truncate(PROBLEMS_MAX);
        self.problems
    }

    fn event(&mut self, index: usize, event: &Event) {
        if event.biz_step().is_none() {
            let mend = "give bizStep: a step of CBV, or the URI of your own";
            self.add(
                index,
                "/bizStep",
                "the stage of production or trade is missing",
                mend,
            );
        }
        if !event
            .objects()
            .any(|object| object.identifier.key.gs1().is_some())
        {
            let what = "no object bears a code by which products are traced";
            let mend = "name the objects by GTIN, lot or serial number, or SSCC";
            self.add(index, "", what, mend);
        }
        let ilmd = event.ilmd();
        if let Some((name, value)) = ilmd.as_ref().and_then(|ilmd| EXPIRY.find(ilmd))
            && !value.as_str().is_some_and(is_date)
        {
            let what = format!("{} is no date", EXPIRY.what);
            let pointer = format!("/ilmd/{}", name.replace('~', "~0").replace('/', "~1"));
            self.add(index, &pointer, &what, EXPIRY.mend);
        }
        if makes_products(event) {
            self.products(index, event, ilmd.as_ref());
        }
    }

    /// Looks for the data of the products that an event brings into being.
    fn products(&mut self, index: usize, event: &Event, ilmd: Option<&Value>) {
        let products = event
            .objects()
            .filter(|object| !matches!(object.role, Role::Input | Role::InputClass | Role::Parent));
        let products: Vec<_> = products.map(|object| &object.identifier.key).collect();
        let parties = event.sources().iter().chain(event.destinations());
        let places = event.read_point().into_iter().chain(event.biz_location());
        let actors: Vec<_> = parties
            .map(|party| &party.identifier.key)
            .chain(places.map(|place| &place.key))
            .collect();
        let told = |data: &Data| ilmd.is_some_and(|ilmd| data.find(ilmd).is_some());
        for data in [&NAME, &IMAGE] {
            if !told(data) && !self.all_described(&products, data) {
                self.lacks(index, data);
            }
        }
        let certified = event.json().get("certificationInfo").is_some();
        if !certified && !told(&STANDARD) && !self.all_described(&products, &STANDARD) {
            self.lacks(index, &STANDARD);
        }
        for data in [&PRODUCER, &ADDRESS] {
            let described = actors.iter().any(|actor| self.describes(actor, data));
            if !told(data) && !described && !self.all_described(&products, data) {
                self.lacks(index, data);
            }
        }
    }

    fn all_described(&self, products: &[&Key], data: &Data) -> bool {
        !products.is_empty() && products.iter().all(|key| self.describes(key, data))
    }

    /// Says whether the header tells this of a thing, or of its class or trade
    /// item.
    fn describes(&self, key: &Key, data: &Data) -> bool {
        let of = |key: &Key| {
            let elements = self.described.get(key);
            elements.is_some_and(|elements| elements.iter().any(|one| data.describes(one)))
        };
        let mut wider = std::iter::successors(Some(key.clone()), Key::class);
        wider.any(|key| of(&key))
    }

    fn lacks(&mut self, index: usize, data: &Data) {
        let what = format!("{} is missing", data.what);
        self.add(index, "", &what, data.mend);
    }

    fn add(&mut self, index: usize, below: &str, what: &str, mend: &str) {
        let event = self.document.kind.pointer_to(index);
        self.problems.push(Problem {
            position: None,
            event: Some(index),
            pointer: format!("{event}{below}"),
            reason: Reason::Profile,
            what: what.to_owned(),
            mend: mend.to_owned(),
        });
    }
}

fn makes_products(event: &Event) -> bool {
    match event.event_type() {
        EventType::Object => event.action() == Some(Action::Add),
        EventType::Transformation => event
            .objects()
            .any(|object| matches!(object.role, Role::Output | Role::OutputClass)),
        _ => false,
    }
}

fn is_date(text: &str) -> bool {
    let day = text.split_once('T').map_or(text, |(day, _)| day);
    crate::time::instant_ms(&format!("{day}T00:00:00Z")).is_some()
}
