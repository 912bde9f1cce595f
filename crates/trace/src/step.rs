//! What an event does to objects: the only place that knows how EPCIS tells
//! it. The walk works on steps.

use std::collections::{BTreeMap, HashMap};

use epcis::{Action, EventType, LogicalKey};
use gs1::{Ai, Gtin, Key, Level};
use serde::{Deserialize, Serialize};

use crate::answer::Quantity;

/// ILMD members that hold the lot number of the event's objects: CBV 2.0
/// §9.1 and the GS1 Web Vocabulary.
const LOT_NUMBERS: [&str; 2] = [
    "urn:epcglobal:cbv:mda:lotNumber",
    "https://ref.gs1.org/voc/hasBatchLotNumber",
];

/// What an object is to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What an object or transaction event is about: `epcList`,
    /// `quantityList`.
    Object,
    /// What holds the children: `parentID`.
    Parent,
    /// What is put in or taken out, attached or parted: `childEPCs`,
    /// `childQuantityList`.
    Child,
    /// What a transformation uses up: `inputEPCList`, `inputQuantityList`.
    Input,
    /// What a transformation makes: `outputEPCList`, `outputQuantityList`.
    Output,
    /// The lot of the event's items, told by `ilmd` or by their Digital Links.
    Lot,
}

/// One object of an event.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its identity.
    pub(crate) key: Key,
    /// The URI as the event has it; a lot told by `ilmd` has none.
    pub(crate) written: Option<Box<str>>,
    pub(crate) role: Role,
    /// It stands for a kind of things.
    pub(crate) class: bool,
    pub(crate) quantity: Option<Quantity>,
}

/// Items and the lots to which the event ties each of them, as indices of
/// parts. Of several lots an item belongs to one; which, is not known.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) items: Vec<usize>,
    pub(crate) lots: Vec<usize>,
}

/// An event, reduced to what it does to objects.
#[derive(Debug)]
pub(crate) struct Step {
    /// When, in milliseconds since 1970-01-01T00:00Z.
    pub(crate) time: i64,
    pub(crate) kind: EventType,
    pub(crate) action: Option<Action>,
    pub(crate) parts: Vec<Part>,
    pub(crate) families: Vec<Family>,
    /// The key of the `transformationID`.
    pub(crate) transformation: Option<Key>,
    pub(crate) identity: Option<LogicalKey>,
}

impl Step {
    /// Reads an event.
    pub(crate) fn of(event: &epcis::Event) -> Self {
        let parts = event.objects().map(Part::of).collect();
        let transformation = event.transformation_id();
        let mut step = Self {
            time: event.event_time().instant_ms,
            kind: event.event_type(),
            action: event.action(),
            parts,
            families: Vec::new(),
            transformation: transformation.and_then(|uri| Key::from_uri(uri).ok()),
            identity: event.logical_key(),
        };
        step.tie(event);
        step
    }

    /// Ties items to their lots.
    ///
    /// An item that comes to be (ObjectEvent with ADD, or output of a
    /// transformation) belongs to the lot whose number `ilmd` gives; in an
    /// ObjectEvent with ADD also to the lots of its GTIN in `quantityList`.
    /// An item whose Digital Link tells its lot belongs to that.
    fn tie(&mut self, event: &epcis::Event) {
        let making = match (self.kind, self.action) {
            (EventType::Object, Some(Action::Add)) => Some(Role::Object),
            (EventType::Transformation, _) => Some(Role::Output),
            _ => None,
        };
        let mut by_lot: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        let mut by_gtin: BTreeMap<Gtin, Family> = BTreeMap::new();
        for (index, object) in event.objects().enumerate() {
            let Some(key) = object.identifier.key.gs1() else {
                continue;
            };
            let Some(gtin) = key.gtin() else { continue };
            let part = &self.parts[index];
            let is_item = !part.class && key.value(Ai::SERIAL).is_some();
            if is_item
                && let Some(lot) = key.value(Ai::LOT)
                && let Ok(lot) = Key::lot(gtin, &lot)
            {
                by_lot.entry(lot).or_default().push(index);
            }
            if Some(part.role) != making {
                continue;
            }
            if is_item {
                by_gtin.entry(gtin).or_default().items.push(index);
            } else if part.role == Role::Object && key.value(Ai::LOT).is_some() {
                by_gtin.entry(gtin).or_default().lots.push(index);
            }
        }
        by_gtin.retain(|_, family| !family.items.is_empty());
        if !by_gtin.is_empty()
            && let Some(number) = lot_number(event)
        {
            for (gtin, family) in &by_gtin {
                if let Ok(lot) = Key::lot(*gtin, &number) {
                    by_lot.entry(lot).or_default().extend(&family.items);
                }
            }
        }
        self.families.extend(
            by_gtin
                .into_values()
                .filter(|family| !family.lots.is_empty()),
        );
        self.tie_told(by_lot);
    }

    /// Adds the lots that no list of the event may have named.
    fn tie_told(&mut self, by_lot: BTreeMap<Key, Vec<usize>>) {
        if by_lot.is_empty() {
            return;
        }
        let named: HashMap<Key, usize> = self
            .parts
            .iter()
            .enumerate()
            .filter(|(_, part)| part.class)
            .map(|(index, part)| (part.key.clone(), index))
            .collect();
        for (key, mut items) in by_lot {
            let lot = named.get(&key).copied().unwrap_or_else(|| {
                self.parts.push(Part {
                    key,
                    written: None,
                    role: Role::Lot,
                    class: true,
                    quantity: None,
                });
                self.parts.len() - 1
            });
            items.sort_unstable();
            items.dedup();
            self.families.push(Family {
                items,
                lots: vec![lot],
            });
        }
    }
}

impl Part {
    fn of(object: &epcis::Object) -> Self {
        use epcis::Role as Told;
        let (role, class) = match object.role {
            Told::Epc => (Role::Object, false),
            Told::EpcClass => (Role::Object, true),
            Told::Parent => (Role::Parent, false),
            Told::Child => (Role::Child, false),
            Told::ChildClass => (Role::Child, true),
            Told::Input => (Role::Input, false),
            Told::InputClass => (Role::Input, true),
            Told::Output => (Role::Output, false),
            Told::OutputClass => (Role::Output, true),
        };
        let key = object.identifier.key.identity().into_owned();
        Self {
            class: class || key.level() == Level::Class,
            key,
            written: Some(object.identifier.id.as_str().into()),
            role,
            quantity: object.quantity.map(|value| Quantity {
                value,
                unit: object.uom.clone(),
            }),
        }
    }
}

fn lot_number(event: &epcis::Event) -> Option<String> {
    let ilmd = event.ilmd()?;
    LOT_NUMBERS
        .iter()
        .find_map(|name| ilmd.get(name)?.as_str().map(str::to_owned))
}
