//! From what the walk found to the answer: order, groups, evidence.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use gs1::Ai;
use record::LogId;

use crate::answer::{Answer, Bond, Event, Evidence, Level, Log, Mention, Object, Stay};
use crate::book::{Book, Happening, Named, Thing};
use crate::findings;
use crate::question::Question;
use crate::reader::{Attestation, EventReader};
use crate::span::Spans;
use crate::step::Role;
use crate::utc;
use crate::walk::{Found, Walk};

/// How many keys of a group are listed.
const SAMPLE_LEN: usize = 5;

/// What the walk found, numbered as in the answer.
pub(crate) struct Order {
    /// The events, by time.
    pub(crate) happenings: Vec<Happening>,
    /// Each event's place in `happenings`.
    pub(crate) places: BTreeMap<Happening, usize>,
    /// Each thing's place in the answer's objects.
    pub(crate) objects: BTreeMap<Thing, usize>,
    /// The events that do not count.
    pub(crate) void: BTreeSet<Happening>,
}

/// Writes the answer.
pub(crate) fn answer<R: EventReader>(
    walk: &Walk<'_, R>,
    asked: Thing,
    question: &Question,
) -> Answer {
    let happenings = in_order(&walk.book, walk.happenings.keys().copied().collect());
    let places = happenings.iter().copied().zip(0..).collect();
    let mut order = Order {
        happenings,
        places,
        objects: BTreeMap::new(),
        void: void(walk),
    };
    let groups = groups(walk, asked, &order);
    for (index, group) in groups.iter().enumerate() {
        order
            .objects
            .extend(group.things.iter().map(|thing| (*thing, index)));
    }
    let mut logs = Logs::default();
    for happening in &order.happenings {
        logs.note(&walk.book.told(*happening).attestations);
    }
    let shortfalls: Vec<_> = walk.book.shortfalls.iter().copied().collect();
    Answer {
        about: walk.book.key(asked).to_string(),
        direction: question.direction,
        since: question.since_ms.map(utc::text),
        until: question.until_ms.map(utc::text),
        complete: shortfalls.is_empty(),
        shortfalls,
        objects: groups
            .iter()
            .map(|group| group.object(&walk.book, &order))
            .collect(),
        events: order
            .happenings
            .iter()
            .map(|each| event(walk, *each, &order, &groups, &logs))
            .collect(),
        findings: findings::of(walk, &order),
        logs: logs.list(),
    }
}

/// Sorts the events by time; those of one moment by id and then by content,
/// which do not depend on the reader.
pub(crate) fn in_order<R: EventReader>(
    book: &Book<'_, R>,
    mut happenings: Vec<Happening>,
) -> Vec<Happening> {
    let identity = |happening: &Happening| {
        let told = book.told(*happening);
        let declaration = told.account.declaration.as_ref();
        (
            told.time,
            &told.account.id,
            declaration.map(|made| &made.time),
        )
    };
    let content = |happening: &Happening| {
        let told = book.told(*happening);
        let name = |part: &Named| {
            let amount = part.quantity.as_ref().map(|amount| amount.value.to_bits());
            (part.role, book.key(part.thing).clone(), amount)
        };
        let mut names: Vec<_> = told.parts.iter().map(name).collect();
        names.sort();
        (names, serde_json::to_string(&told.account).ok())
    };
    happenings.sort_by(|left, right| {
        let order = identity(left).cmp(&identity(right));
        order.then_with(|| content(left).cmp(&content(right)))
    });
    happenings
}

fn void<R: EventReader>(walk: &Walk<'_, R>) -> BTreeSet<Happening> {
    let mut void = BTreeSet::new();
    for life in walk
        .things
        .keys()
        .filter_map(|thing| walk.book.known(*thing))
    {
        let entries = life.entries.iter().filter(|entry| !entry.counts);
        void.extend(entries.map(|entry| entry.happening));
    }
    void
}

/// What objects of one group have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Profile {
    /// The object asked about stands alone and first.
    other: bool,
    namings: Vec<Naming>,
    class: Option<String>,
    primary: Option<Ai>,
    level: Level,
    found: Found,
    lots: BTreeSet<Thing>,
    stays: Vec<Been>,
}

/// How one event names a thing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Naming {
    event: usize,
    role: Role,
    /// The bits of the value, and the unit.
    quantity: Option<(u64, Option<String>)>,
}

/// A time with a parent.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Been {
    from: i64,
    parent: Thing,
    bond: Bond,
    until: i64,
}

struct Group {
    profile: Profile,
    /// By key.
    things: Vec<Thing>,
}

fn groups<R: EventReader>(walk: &Walk<'_, R>, asked: Thing, order: &Order) -> Vec<Group> {
    let mut namings: BTreeMap<Thing, Vec<Naming>> = BTreeMap::new();
    let mut lots: BTreeMap<Thing, BTreeSet<Thing>> = BTreeMap::new();
    for (event, happening) in order.happenings.iter().enumerate() {
        let told = walk.book.told(*happening);
        for part in told
            .parts
            .iter()
            .filter(|part| walk.things.contains_key(&part.thing))
        {
            namings.entry(part.thing).or_default().push(Naming {
                event,
                role: part.role,
                quantity: part
                    .quantity
                    .as_ref()
                    .map(|amount| (amount.value.to_bits(), amount.unit.clone())),
            });
        }
        if order.void.contains(happening) {
            continue;
        }
        for family in &told.families {
            let told_of = |thing: &&Thing| walk.things.contains_key(thing);
            let of: BTreeSet<Thing> = family.lots.iter().filter(told_of).copied().collect();
            for item in family.items.iter().filter(told_of) {
                lots.entry(*item).or_default().extend(&of);
            }
        }
    }
    let mut groups: BTreeMap<Profile, Vec<Thing>> = BTreeMap::new();
    for (thing, found) in &walk.things {
        let mut namings = namings.remove(thing).unwrap_or_default();
        namings.sort();
        let key = walk.book.key(*thing);
        let profile = Profile {
            other: *thing != asked,
            namings,
            class: key.class().map(|class| class.to_string()),
            primary: key.primary(),
            level: level(&walk.book, *thing),
            found: *found,
            lots: lots.remove(thing).unwrap_or_default(),
            stays: stays(walk, *thing),
        };
        groups.entry(profile).or_default().push(*thing);
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(profile, mut things)| {
            things.sort_by_key(|thing| walk.book.key(*thing));
            Group { profile, things }
        })
        .collect();
    groups.sort_by_cached_key(|group| {
        let first = group.profile.namings.first().map(|naming| naming.event);
        let key = walk.book.key(group.things[0]).to_string();
        (group.profile.other, first.is_none(), first, key)
    });
    groups
}

fn level<R: EventReader>(book: &Book<'_, R>, thing: Thing) -> Level {
    let class = match book.known(thing) {
        Some(life) => life.class,
        None => book.key(thing).level() == gs1::Level::Class,
    };
    if class { Level::Class } else { Level::Instance }
}

/// Returns when a thing was with parents that the answer tells of.
fn stays<R: EventReader>(walk: &Walk<'_, R>, thing: Thing) -> Vec<Been> {
    let Some(life) = walk.book.known(thing) else {
        return Vec::new();
    };
    let mut stays = Vec::new();
    for bond in [Bond::Inside, Bond::Attached] {
        for (parent, been) in life.parents(bond) {
            if !walk.things.contains_key(parent) {
                continue;
            }
            let spans = match walk.book.known(*parent) {
                Some(of_parent) => match of_parent.children(bond).get(&thing) {
                    Some(held) => held.meet(been),
                    None => Spans::default(),
                },
                None => been.clone(),
            };
            stays.extend(spans.iter().map(|span| Been {
                from: span.from,
                parent: *parent,
                bond,
                until: span.until,
            }));
        }
    }
    stays.sort();
    stays
}

impl Group {
    fn object<R: EventReader>(&self, book: &Book<'_, R>, order: &Order) -> Object {
        let text = |thing: &Thing| book.key(*thing).to_string();
        let several = self.things.len() > 1;
        let sample = self.things.iter().take(SAMPLE_LEN);
        let Found {
            upstream,
            downstream,
            itself,
        } = self.profile.found;
        let stay = |been: &Been| Stay {
            parent: order.objects[&been.parent],
            bond: been.bond,
            since: utc::text(been.from),
            until: (been.until < i64::MAX).then(|| utc::text(been.until)),
        };
        let mut stays: Vec<Stay> = self.profile.stays.iter().map(stay).collect();
        stays.sort_by(|left, right| (&left.since, left).cmp(&(&right.since, right)));
        let lots: BTreeSet<usize> = self
            .profile
            .lots
            .iter()
            .map(|lot| order.objects[lot])
            .collect();
        Object {
            level: self.profile.level,
            count: self.things.len(),
            first: text(&self.things[0]),
            last: self.things.last().filter(|_| several).map(text),
            written: book.written(self.things[0]).map(str::to_owned),
            sample: if several {
                sample.map(text).collect()
            } else {
                Vec::new()
            },
            class: self.profile.class.clone(),
            lots: lots.into_iter().collect(),
            stays,
            upstream,
            downstream,
            along: !itself,
        }
    }
}

fn event<R: EventReader>(
    walk: &Walk<'_, R>,
    happening: Happening,
    order: &Order,
    groups: &[Group],
    logs: &Logs<'_>,
) -> Event {
    let told = walk.book.told(happening);
    let found = walk.happenings[&happening];
    let mut objects: Vec<(usize, &Named)> = Vec::new();
    let mut others = 0;
    for part in &told.parts {
        match order.objects.get(&part.thing) {
            // The others of a group are named in the same way.
            Some(object) if groups[*object].things[0] == part.thing => {
                objects.push((*object, part))
            }
            Some(_) => {}
            None => others += 1,
        }
    }
    objects.sort_by_key(|(object, part)| (part.role, *object));
    let mention = |(object, part): (usize, &Named)| Mention {
        object,
        role: part.role,
        quantity: part.quantity.clone(),
    };
    Event {
        counts: !order.void.contains(&happening),
        objects: objects.into_iter().map(mention).collect(),
        others,
        upstream: found.upstream,
        downstream: found.downstream,
        evidence: logs.evidence(&told.attestations),
        ..told.account.clone()
    }
}

/// The logs cited, each with its largest checkpoint.
#[derive(Default)]
pub(crate) struct Logs<'a> {
    largest: BTreeMap<(&'a str, &'a LogId), &'a Attestation>,
}

impl<'a> Logs<'a> {
    pub(crate) fn note(&mut self, attestations: &'a [Attestation]) {
        for each in attestations {
            let key = (each.author.as_str(), &each.log);
            let known = self.largest.entry(key).or_insert(each);
            if known.checkpoint_size < each.checkpoint_size {
                *known = each;
            }
        }
    }

    pub(crate) fn evidence(&self, attestations: &[Attestation]) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = attestations
            .iter()
            .map(|each| Evidence {
                record: each.record.to_string(),
                log: self.place(each),
                index: each.index,
                checkpoint_size: each.checkpoint_size,
                checkpoint_root: each.checkpoint_root.to_string(),
                recovered: each.recovered,
                witnesses: each.witnesses,
                disclosed_by: each.disclosed_by.as_ref().map(ToString::to_string),
            })
            .collect();
        evidence.sort_by_key(|each| (each.log, each.index, Reverse(each.checkpoint_size)));
        evidence
    }

    fn place(&self, of: &Attestation) -> usize {
        let key = (of.author.as_str(), &of.log);
        self.largest.range(..key).count()
    }

    pub(crate) fn list(&self) -> Vec<Log> {
        let log = |each: &&Attestation| Log {
            member: each.author.to_string(),
            author: each.log.author.to_string(),
            scope: each.log.scope.to_string(),
            epoch: each.log.epoch.to_string(),
            size: each.checkpoint_size,
            root: each.checkpoint_root.to_string(),
        };
        self.largest.values().map(log).collect()
    }
}
