//! The events read so far, and the life of each object that they name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use epcis::{Action, EventType, LogicalKey};
use gs1::{Ai, Key};

use crate::account;
use crate::answer::{self, Bond, Quantity, Shortfall};
use crate::reader::{Attestation, EventId, EventReader};
use crate::span::Spans;
use crate::step::{Role, Step};
use crate::timeline::Timeline;

/// Why a trace failed: its reader did.
#[derive(Debug, thiserror::Error)]
pub enum TraceError<E: std::error::Error + 'static> {
    /// The events that name something could not be listed.
    #[error("could not list the events that name {key}")]
    Naming {
        /// What they name.
        key: Key,
        /// The reader's reason.
        source: E,
    },
    /// An event that was listed could not be read.
    #[error("could not read event {}", .number.0)]
    Event {
        /// The event.
        number: EventId,
        /// The reader's reason.
        source: E,
    },
}

/// The most objects that the events read may name, each counted for each
/// event: some 150 MB.
const NAMES_MAX: usize = 1_000_000;

/// An object, by its place in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Thing(pub(crate) usize);

/// An event, by its place in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Happening(pub(crate) usize);

/// An event that was read.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) time: i64,
    pub(crate) kind: EventType,
    pub(crate) action: Option<Action>,
    pub(crate) identity: Option<LogicalKey>,
    pub(crate) transformation: Option<Thing>,
    pub(crate) parent: Option<Thing>,
    lists_children: bool,
    /// What it names, by thing, then role.
    pub(crate) parts: Vec<Named>,
    pub(crate) families: Vec<Family>,
    /// The families of an item or lot.
    families_of: BTreeMap<Thing, Vec<usize>>,
    pub(crate) account: answer::Event,
    pub(crate) attestations: Vec<Attestation>,
}

/// A thing in an event.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) thing: Thing,
    pub(crate) role: Role,
    pub(crate) class: bool,
    pub(crate) quantity: Option<Quantity>,
}

/// Items and the lots to one of which each belongs.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) items: BTreeSet<Thing>,
    pub(crate) lots: BTreeSet<Thing>,
}

impl Told {
    /// Returns how it names a thing.
    pub(crate) fn parts_of(&self, thing: Thing) -> &[Named] {
        let from = self.parts.partition_point(|part| part.thing < thing);
        let len = self.parts[from..].partition_point(|part| part.thing == thing);
        &self.parts[from..from + len]
    }

    /// Tells whether it names a thing in a role.
    pub(crate) fn has(&self, thing: Thing, role: Role) -> bool {
        self.parts_of(thing).iter().any(|part| part.role == role)
    }

    /// Steps through what it names in a role.
    pub(crate) fn in_role(&self, role: Role) -> impl Iterator<Item = &Named> {
        self.parts.iter().filter(move |part| part.role == role)
    }

    /// Returns the families of an item or lot, as places in `families`.
    pub(crate) fn families_of(&self, thing: Thing) -> &[usize] {
        self.families_of.get(&thing).map_or(&[], Vec::as_slice)
    }

    /// Returns how it ties children to a parent, if that is its kind.
    pub(crate) fn bond(&self) -> Option<Bond> {
        match self.kind {
            EventType::Aggregation => Some(Bond::Inside),
            EventType::Association => Some(Bond::Attached),
            EventType::Object | EventType::Transaction | EventType::Transformation => None,
        }
    }

    /// Tells whether it puts children in or takes listed ones out.
    pub(crate) fn changes_listed_children(&self) -> bool {
        self.bond().is_some()
            && matches!(self.action, Some(Action::Add | Action::Delete))
            && self.lists_children
    }

    /// Tells whether it makes a thing: a transformation's output, or an object
    /// that is added. A lot that is listed with its items and without an
    /// amount is only referred to.
    pub(crate) fn makes(&self, thing: Thing) -> bool {
        match (self.kind, self.action) {
            (EventType::Transformation, _) => self.has(thing, Role::Output),
            (EventType::Object, Some(Action::Add)) => {
                let is_lot = self
                    .families_of(thing)
                    .iter()
                    .any(|family| self.families[*family].lots.contains(&thing));
                self.parts_of(thing)
                    .iter()
                    .any(|part| part.role == Role::Object && !(is_lot && part.quantity.is_none()))
            }
            _ => false,
        }
    }

    /// Tells whether a thing is no more after it.
    pub(crate) fn ends(&self, thing: Thing) -> bool {
        match (self.kind, self.action) {
            (EventType::Transformation, _) => self.has(thing, Role::Input),
            (EventType::Object, Some(Action::Delete)) => self.has(thing, Role::Object),
            _ => false,
        }
    }
}

/// Reads each event once, and numbers what is named.
pub(crate) struct Book<'r, R> {
    reader: &'r R,
    events_max: usize,
    things: HashMap<Key, Thing>,
    keys: Vec<Key>,
    written: Vec<Option<Box<str>>>,
    timelines: Vec<Option<Rc<Timeline>>>,
    happenings: HashMap<EventId, Happening>,
    told: Vec<Told>,
    names: usize,
    /// The limits met.
    pub(crate) shortfalls: BTreeSet<Shortfall>,
}

impl<'r, R: EventReader> Book<'r, R> {
    pub(crate) fn new(reader: &'r R, events_max: usize) -> Self {
        Self {
            reader,
            events_max,
            things: HashMap::new(),
            keys: Vec::new(),
            written: Vec::new(),
            timelines: Vec::new(),
            happenings: HashMap::new(),
            told: Vec::new(),
            names: 0,
            shortfalls: BTreeSet::new(),
        }
    }

    /// Returns the thing of an identity.
    pub(crate) fn thing(&mut self, key: Key) -> Thing {
        if let Some(thing) = self.things.get(&key) {
            return *thing;
        }
        let thing = Thing(self.keys.len());
        self.keys.push(key.clone());
        self.written.push(None);
        self.timelines.push(None);
        self.things.insert(key, thing);
        thing
    }

    pub(crate) fn key(&self, thing: Thing) -> &Key {
        &self.keys[thing.0]
    }

    /// Returns how events write a thing: the first spelling in byte order.
    pub(crate) fn written(&self, thing: Thing) -> Option<&str> {
        self.written[thing.0].as_deref()
    }

    /// Tells whether it is a place or party, which no walk goes through.
    pub(crate) fn is_place(&self, thing: Thing) -> bool {
        matches!(
            self.key(thing).primary(),
            Some(Ai::GLN | Ai::PARTY | Ai::PAY_TO)
        )
    }

    pub(crate) fn told(&self, happening: Happening) -> &Told {
        &self.told[happening.0]
    }

    /// Returns a thing's life, reading the events that name it at first.
    pub(crate) fn timeline(&mut self, thing: Thing) -> Result<Rc<Timeline>, TraceError<R::Error>> {
        if let Some(timeline) = &self.timelines[thing.0] {
            return Ok(Rc::clone(timeline));
        }
        let happenings = self.read_naming(thing)?;
        let timeline = Rc::new(Timeline::new(
            thing,
            self.key(thing),
            &happenings,
            &self.told,
        ));
        self.timelines[thing.0] = Some(Rc::clone(&timeline));
        Ok(timeline)
    }

    /// Returns a thing's life if it was read.
    pub(crate) fn known(&self, thing: Thing) -> Option<Rc<Timeline>> {
        self.timelines[thing.0].clone()
    }

    /// Returns when a child was with a parent, as both their lives tell.
    pub(crate) fn stays(
        &mut self,
        bond: Bond,
        parent: Thing,
        child: Thing,
    ) -> Result<Spans, TraceError<R::Error>> {
        let of_parent = self.timeline(parent)?;
        let of_child = self.timeline(child)?;
        let pair = (
            of_parent.children(bond).get(&child),
            of_child.parents(bond).get(&parent),
        );
        Ok(match pair {
            (Some(held), Some(been)) => held.meet(been),
            _ => Spans::default(),
        })
    }

    fn read_naming(&mut self, thing: Thing) -> Result<Vec<Happening>, TraceError<R::Error>> {
        let key = self.keys[thing.0].clone();
        let limit = self.events_max.saturating_add(1);
        let mut numbers = match self.reader.events_naming(&key, limit) {
            Ok(numbers) => numbers,
            Err(source) => return Err(TraceError::Naming { key, source }),
        };
        numbers.sort_unstable();
        numbers.dedup();
        let mut happenings = Vec::with_capacity(numbers.len());
        for number in numbers {
            happenings.extend(self.read(number)?);
        }
        Ok(happenings)
    }

    fn read(&mut self, number: EventId) -> Result<Option<Happening>, TraceError<R::Error>> {
        if let Some(happening) = self.happenings.get(&number) {
            return Ok(Some(*happening));
        }
        if self.told.len() >= self.events_max {
            self.shortfalls.insert(Shortfall::Events);
            return Ok(None);
        }
        if self.names >= NAMES_MAX {
            self.shortfalls.insert(Shortfall::Names);
            return Ok(None);
        }
        let held = match self.reader.event(number) {
            Ok(held) => held,
            Err(source) => return Err(TraceError::Event { number, source }),
        };
        let told = self.tell(
            Step::of(&held.event),
            account::of(&held.event),
            held.attestations,
        );
        let happening = Happening(self.told.len());
        self.told.push(told);
        self.happenings.insert(number, happening);
        Ok(Some(happening))
    }

    fn tell(&mut self, step: Step, account: answer::Event, attestations: Vec<Attestation>) -> Told {
        self.names += step.parts.len();
        let mut parts = Vec::with_capacity(step.parts.len());
        for part in step.parts {
            let thing = self.thing(part.key);
            let known = &mut self.written[thing.0];
            if known.is_none() || part.written.is_some() && part.written < *known {
                *known = part.written;
            }
            parts.push(Named {
                thing,
                role: part.role,
                class: part.class,
                quantity: part.quantity,
            });
        }
        let mut families = Vec::with_capacity(step.families.len());
        let mut families_of: BTreeMap<Thing, Vec<usize>> = BTreeMap::new();
        for (index, family) in step.families.iter().enumerate() {
            let of = |indices: &[usize]| indices.iter().map(|at| parts[*at].thing).collect();
            let family = Family {
                items: of(&family.items),
                lots: of(&family.lots),
            };
            for thing in family.items.union(&family.lots) {
                families_of.entry(*thing).or_default().push(index);
            }
            families.push(family);
        }
        parts.sort_by_key(|part| (part.thing, part.role));
        let parent = parts.iter().find(|part| part.role == Role::Parent);
        Told {
            parent: parent.map(|part| part.thing),
            lists_children: parts.iter().any(|part| part.role == Role::Child),
            time: step.time,
            kind: step.kind,
            action: step.action,
            identity: step.identity,
            transformation: step.transformation.map(|key| self.thing(key)),
            parts,
            families,
            families_of,
            account,
            attestations,
        }
    }
}
