//! The life of one thing: what it took part in, what made it, what it held
//! and what held it.

use std::collections::{BTreeMap, BTreeSet};

use charter::MemberId;
use epcis::Action;
use gs1::Key;

use crate::answer::{Bond, Quantity};
use crate::book::{Happening, Named, Thing, Told};
use crate::span::{Span, Spans};
use crate::step::Role;

/// What is left of an amount after all was taken out, in any unit: less is
/// what binary fractions leave.
const NOTHING: f64 = 1e-9;

/// An event in the life of a thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) time: i64,
    pub(crate) happening: Happening,
    /// It is neither an error declaration nor declared in error.
    pub(crate) counts: bool,
}

/// The life of a thing, by time.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) entries: Vec<Entry>,
    /// It is a lot or kind: a quantity, which can be in many places.
    pub(crate) class: bool,
    /// When it was made; more than once where an identifier is used again, or
    /// a lot grows.
    pub(crate) makings: Vec<i64>,
    children: Bonds,
    parents: Bonds,
}

#[derive(Debug, Default)]
struct Bonds {
    inside: BTreeMap<Thing, Spans>,
    attached: BTreeMap<Thing, Spans>,
}

impl Bonds {
    fn of(&self, bond: Bond) -> &BTreeMap<Thing, Spans> {
        match bond {
            Bond::Inside => &self.inside,
            Bond::Attached => &self.attached,
        }
    }
}

impl Timeline {
    /// Reads a life off the events that name a thing.
    pub(crate) fn new(thing: Thing, key: &Key, happenings: &[Happening], told: &[Told]) -> Self {
        let void = void(happenings, told);
        let mut entries: Vec<Entry> = happenings
            .iter()
            .map(|happening| Entry {
                time: told[happening.0].time,
                happening: *happening,
                counts: !void.contains(happening),
            })
            .collect();
        entries.sort_by_key(|entry| entry.time);
        let of = |entry: &Entry| &told[entry.happening.0];
        let class = key.level() == gs1::Level::Class
            || entries
                .iter()
                .any(|entry| of(entry).parts_of(thing).iter().any(|part| part.class));
        let counting: Vec<(i64, &Told)> = entries
            .iter()
            .filter(|entry| entry.counts)
            .map(|entry| (entry.time, of(entry)))
            .collect();
        let makings = counting.iter().filter(|(_, told)| told.makes(thing));
        Self {
            class,
            makings: makings.map(|(time, _)| *time).collect(),
            children: Bonds {
                inside: children(thing, Bond::Inside, &counting),
                attached: children(thing, Bond::Attached, &counting),
            },
            parents: Bonds {
                inside: parents(thing, class, Bond::Inside, &counting),
                attached: parents(thing, class, Bond::Attached, &counting),
            },
            entries,
        }
    }

    /// Returns what it took part in during a stretch of time.
    pub(crate) fn during(&self, span: Span) -> &[Entry] {
        let from = self.entries.partition_point(|entry| entry.time < span.from);
        let len = self.entries[from..].partition_point(|entry| entry.time <= span.until);
        &self.entries[from..from + len]
    }

    /// Returns its children and when, by its own events, each was with it.
    pub(crate) fn children(&self, bond: Bond) -> &BTreeMap<Thing, Spans> {
        self.children.of(bond)
    }

    /// Returns its parents and when, by its own events, it was with each.
    pub(crate) fn parents(&self, bond: Bond) -> &BTreeMap<Thing, Spans> {
        self.parents.of(bond)
    }

    /// Tells whether it ever held something.
    pub(crate) fn holds(&self) -> bool {
        !self.children.inside.is_empty()
    }
}

/// Returns the error declarations, and the events that all who state them
/// declared in error.
fn void(happenings: &[Happening], told: &[Told]) -> BTreeSet<Happening> {
    let mut void = BTreeSet::new();
    let mut declarers: BTreeMap<&str, BTreeSet<&MemberId>> = BTreeMap::new();
    for happening in happenings {
        let event = &told[happening.0];
        if event.account.declaration.is_none() {
            continue;
        }
        void.insert(*happening);
        if let Some(identity) = &event.identity {
            let authors = declarers.entry(&identity.event_id).or_default();
            authors.extend(event.attestations.iter().map(|each| &each.author));
        }
    }
    for happening in happenings {
        let event = &told[happening.0];
        let identity = event.identity.as_ref();
        let declared = identity.and_then(|identity| declarers.get(identity.event_id.as_str()));
        if let Some(declarers) = declared
            && event
                .attestations
                .iter()
                .all(|each| declarers.contains(&each.author))
        {
            void.insert(*happening);
        }
    }
    void
}

/// Cuts events that are sorted by time into moments.
fn moments<'e, 't>(
    events: &'e [(i64, &'t Told)],
) -> impl Iterator<Item = (i64, &'e [(i64, &'t Told)])> {
    events
        .chunk_by(|left, right| left.0 == right.0)
        .map(|moment| (moment[0].0, moment))
}

/// What is with a parent.
struct Load<'t> {
    since: i64,
    amount: Option<&'t Quantity>,
    /// How much beyond `amount`, in its unit; negative when some was taken.
    change: f64,
}

/// Returns when children were with a parent, by the parent's events. In one
/// moment what leaves goes first.
fn children(parent: Thing, bond: Bond, events: &[(i64, &Told)]) -> BTreeMap<Thing, Spans> {
    let mut past: BTreeMap<Thing, Spans> = BTreeMap::new();
    let mut now: BTreeMap<Thing, Load<'_>> = BTreeMap::new();
    for (time, moment) in moments(events) {
        for (_, told) in moment {
            let takes = told.bond() == Some(bond)
                && told.action == Some(Action::Delete)
                && told.parent == Some(parent);
            if told.ends(parent) || takes && !told.changes_listed_children() {
                close_all(&mut now, &mut past, time);
            } else if takes {
                for part in told.in_role(Role::Child) {
                    let gone = now.get_mut(&part.thing).is_some_and(|load| load.lose(part));
                    if gone && let Some(load) = now.remove(&part.thing) {
                        let stay = Span {
                            from: load.since,
                            until: time,
                        };
                        past.entry(part.thing).or_default().insert(stay);
                    }
                }
            }
        }
        for (_, told) in moment {
            let Some(action @ (Action::Add | Action::Observe)) = told.action else {
                continue;
            };
            if told.bond() != Some(bond) || told.parent != Some(parent) {
                continue;
            }
            for part in told
                .in_role(Role::Child)
                .filter(|part| part.thing != parent)
            {
                match now.get_mut(&part.thing) {
                    Some(load) if action == Action::Add => load.gain(part),
                    Some(_) => {}
                    None => {
                        let load = Load {
                            since: time,
                            amount: part.quantity.as_ref(),
                            change: 0.0,
                        };
                        now.insert(part.thing, load);
                    }
                }
            }
        }
    }
    close_all(&mut now, &mut past, i64::MAX);
    past
}

fn close_all(now: &mut BTreeMap<Thing, Load<'_>>, past: &mut BTreeMap<Thing, Spans>, until: i64) {
    for (thing, load) in std::mem::take(now) {
        let stay = Span {
            from: load.since,
            until,
        };
        past.entry(thing).or_default().insert(stay);
    }
}

impl Load<'_> {
    fn gain(&mut self, part: &Named) {
        match (self.amount, &part.quantity) {
            (Some(amount), Some(more)) if amount.unit == more.unit => self.change += more.value,
            _ => self.amount = None,
        }
    }

    /// Takes some out, and tells whether nothing is left: all of it goes where
    /// the event names no amount, and where only amounts of other units or of
    /// an unknown whole are known to have gone, some may be left.
    fn lose(&mut self, part: &Named) -> bool {
        match (self.amount, &part.quantity) {
            (_, None) => true,
            (Some(amount), Some(less)) if amount.unit == less.unit => {
                self.change -= less.value;
                amount.value + self.change <= NOTHING
            }
            _ => false,
        }
    }
}

/// Returns when a child was with parents, by the child's events. In one moment
/// what it leaves goes first. A thing is put into one parent only: whoever adds
/// it elsewhere took it out before, which mere sight of it does not say. A
/// quantity can be in many, and only those know how long.
fn parents(
    child: Thing,
    class: bool,
    bond: Bond,
    events: &[(i64, &Told)],
) -> BTreeMap<Thing, Spans> {
    let mut past: BTreeMap<Thing, Spans> = BTreeMap::new();
    let mut now: BTreeMap<Thing, i64> = BTreeMap::new();
    let mut close = |now: &mut BTreeMap<Thing, i64>, until, goes: &dyn Fn(&Thing) -> bool| {
        now.retain(|parent, since| {
            if goes(parent) {
                let stay = Span {
                    from: *since,
                    until,
                };
                past.entry(*parent).or_default().insert(stay);
            }
            !goes(parent)
        });
    };
    for (time, moment) in moments(events) {
        let mut goes_to = BTreeSet::new();
        let mut moves = false;
        for (_, told) in moment {
            if told.ends(child) {
                close(&mut now, time, &|_| true);
            }
            if told.bond() != Some(bond) || !told.has(child, Role::Child) {
                continue;
            }
            match (told.action, told.parent) {
                (Some(Action::Delete), of_event) => {
                    close(&mut now, time, &|parent| {
                        of_event.is_none_or(|of| of == *parent)
                    });
                }
                (action, Some(parent)) if parent != child => {
                    moves |= action == Some(Action::Add);
                    goes_to.insert(parent);
                }
                _ => {}
            }
        }
        if moves && !class {
            close(&mut now, time, &|parent| !goes_to.contains(parent));
        }
        for parent in goes_to {
            now.entry(parent).or_insert(time);
        }
    }
    if class {
        let ever = now.into_keys().chain(past.into_keys());
        return ever.map(|parent| (parent, Spans::all())).collect();
    }
    close(&mut now, i64::MAX, &|_| true);
    past
}
