//! The walk: which objects and events belong to the answer.
//!
//! A visit is a thing in one of three aspects during a stretch of time:
//!
//! - **history**: the events that name it, what it was made from (upstream) or
//!   made into (downstream), and what carried it, *along* with it;
//! - **contents**: what was inside it, each thing as far as it was there;
//! - **along**: what happened to it while something of the answer was inside
//!   it, attached to it or had it attached: events that name it and what
//!   carried it in turn, but neither its origins nor its other contents.
//!
//! Each moment of each aspect is visited once a direction, nearest first.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use epcis::EventType;

use crate::answer::{Bond, Shortfall};
use crate::book::{Book, Happening, Thing, TraceError};
use crate::question::Question;
use crate::reader::EventReader;
use crate::span::{Span, Spans};
use crate::step::Role;
use crate::timeline::{Entry, Timeline};

/// The steps allowed for each event and object allowed, so that a web of many
/// short stays cannot keep a walk going.
const STEPS_EACH: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    Up,
    Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Aspect {
    History,
    Contents,
    Along,
}

#[derive(Clone, Copy, Debug)]
struct Visit {
    thing: Thing,
    way: Way,
    aspect: Aspect,
    span: Span,
    depth: u32,
}

/// What is expanded once, whoever leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Expansion {
    /// A transformation of one event.
    Event(Happening),
    /// The transformation of all events of one `transformationID`.
    Transformation(Thing),
    /// A family of items and lots.
    Family(Happening, usize),
}

/// How the walk came to an object or event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) upstream: bool,
    pub(crate) downstream: bool,
    /// Not only along with something else.
    pub(crate) itself: bool,
}

impl Found {
    fn mark(&mut self, way: Way) {
        match way {
            Way::Up => self.upstream = true,
            Way::Down => self.downstream = true,
        }
    }
}

pub(crate) struct Walk<'r, R> {
    pub(crate) book: Book<'r, R>,
    pub(crate) things: BTreeMap<Thing, Found>,
    pub(crate) happenings: BTreeMap<Happening, Found>,
    queue: VecDeque<Visit>,
    covered: HashMap<(Thing, Way, Aspect), Spans>,
    expanded: HashSet<(Way, Expansion)>,
    depth_max: u32,
    objects_max: usize,
    steps_left: usize,
}

impl<'r, R: EventReader> Walk<'r, R> {
    pub(crate) fn new(reader: &'r R, question: &Question) -> Self {
        let bounds = question.events_max.saturating_add(question.objects_max);
        Self {
            book: Book::new(reader, question.events_max),
            things: BTreeMap::new(),
            happenings: BTreeMap::new(),
            queue: VecDeque::new(),
            covered: HashMap::new(),
            expanded: HashSet::new(),
            depth_max: question.depth_max,
            objects_max: question.objects_max.max(1),
            steps_left: bounds.saturating_mul(STEPS_EACH),
        }
    }

    /// Walks from the thing asked about until there is nothing new.
    pub(crate) fn run(&mut self, question: &Question) -> Result<Thing, TraceError<R::Error>> {
        let asked = self.book.thing(question.about.identity().into_owned());
        let span = Span {
            from: question.since_ms.unwrap_or(i64::MIN),
            until: question.until_ms.unwrap_or(i64::MAX),
        };
        self.things.insert(asked, Found::default());
        for (way, wanted) in [
            (Way::Up, question.direction.is_upstream()),
            (Way::Down, question.direction.is_downstream()),
        ] {
            if wanted {
                for aspect in [Aspect::History, Aspect::Contents] {
                    self.push(asked, way, aspect, span, 0);
                }
            }
        }
        while let Some(visit) = self.queue.pop_front() {
            if !self.spend(1) {
                break;
            }
            match visit.aspect {
                Aspect::History => self.history(visit)?,
                Aspect::Contents => self.contents(visit)?,
                Aspect::Along => self.along(visit)?,
            }
        }
        Ok(asked)
    }

    fn history(&mut self, visit: Visit) -> Result<(), TraceError<R::Error>> {
        let timeline = self.book.timeline(visit.thing)?;
        for entry in timeline.during(visit.span) {
            self.include(entry.happening, visit.way);
            if entry.counts {
                self.transformation(visit, *entry)?;
                self.families(visit, *entry)?;
            }
        }
        // A lot's part in one container says nothing of its other parts.
        if !(timeline.class && visit.way == Way::Up) {
            self.company(visit, &timeline)?;
        }
        Ok(())
    }

    fn along(&mut self, visit: Visit) -> Result<(), TraceError<R::Error>> {
        let timeline = self.book.timeline(visit.thing)?;
        for entry in timeline.during(visit.span) {
            let told = self.book.told(entry.happening);
            if told.changes_listed_children() && told.parent == Some(visit.thing) {
                // Of what it tells, the children listed are the subject.
                continue;
            }
            self.include(entry.happening, visit.way);
            if entry.counts && visit.way == Way::Down {
                self.transformation(visit, *entry)?;
            }
        }
        self.company(visit, &timeline)
    }

    fn contents(&mut self, visit: Visit) -> Result<(), TraceError<R::Error>> {
        let timeline = self.book.timeline(visit.thing)?;
        for (child, stays) in timeline.children(Bond::Inside) {
            let there = stays.touching(visit.span).next().is_some();
            if !there || !self.spend(1) || !self.may_reach(*child, visit.depth + 1) {
                continue;
            }
            let stays = self.book.stays(Bond::Inside, visit.thing, *child)?;
            for stay in stays.within(visit.span) {
                match visit.way {
                    Way::Up => self.reach_source(*child, stay, visit.depth + 1)?,
                    Way::Down => self.reach_released(*child, stay, visit.depth + 1)?,
                }
            }
        }
        Ok(())
    }

    /// Follows what went along with a thing: its parents, and what was
    /// attached to it.
    fn company(&mut self, visit: Visit, timeline: &Timeline) -> Result<(), TraceError<R::Error>> {
        for bond in [Bond::Inside, Bond::Attached] {
            for (parent, been) in timeline.parents(bond) {
                if been.touching(visit.span).next().is_none() || !self.spend(1) {
                    continue;
                }
                if self.book.is_place(*parent) {
                    self.push_along(*parent, visit, been);
                } else if self.may_reach(*parent, visit.depth + 1) {
                    let stays = self.book.stays(bond, *parent, visit.thing)?;
                    self.push_along(*parent, visit, &stays);
                }
            }
        }
        for (child, held) in timeline.children(Bond::Attached) {
            if held.touching(visit.span).next().is_none() || !self.spend(1) {
                continue;
            }
            if self.may_reach(*child, visit.depth + 1) {
                let stays = self.book.stays(Bond::Attached, visit.thing, *child)?;
                self.push_along(*child, visit, &stays);
            }
        }
        Ok(())
    }

    fn push_along(&mut self, thing: Thing, visit: Visit, stays: &Spans) {
        for stay in stays.within(visit.span) {
            self.push(thing, visit.way, Aspect::Along, stay, visit.depth + 1);
        }
    }

    /// Goes from a transformation's outputs to its inputs, or on.
    fn transformation(&mut self, visit: Visit, entry: Entry) -> Result<(), TraceError<R::Error>> {
        let (here, there) = match visit.way {
            Way::Up => (Role::Output, Role::Input),
            Way::Down => (Role::Input, Role::Output),
        };
        let told = self.book.told(entry.happening);
        if told.kind != EventType::Transformation || !told.has(visit.thing, here) {
            return Ok(());
        }
        let (expansion, mut events) = match told.transformation {
            None => (Expansion::Event(entry.happening), Vec::new()),
            Some(id) => (Expansion::Transformation(id), self.events_of(id)?),
        };
        if !events
            .iter()
            .any(|event| event.happening == entry.happening)
        {
            events.push(entry);
        }
        if !self.expanded.insert((visit.way, expansion)) {
            return Ok(());
        }
        for event in events {
            self.include(event.happening, visit.way);
            let told = self.book.told(event.happening);
            let others: Vec<Thing> = told.in_role(there).map(|part| part.thing).collect();
            for other in others {
                match visit.way {
                    Way::Up => self.reach_source(other, Span::at(event.time), visit.depth + 1)?,
                    Way::Down => self.reach_made(other, event.time, visit.depth + 1)?,
                }
            }
        }
        Ok(())
    }

    /// Returns the events of one transformation that count: inputs of any may
    /// have gone into outputs of any (EPCIS 2.0 §7.4.4).
    fn events_of(&mut self, transformation: Thing) -> Result<Vec<Entry>, TraceError<R::Error>> {
        let timeline = self.book.timeline(transformation)?;
        let of_it = |entry: &&Entry| {
            entry.counts && self.book.told(entry.happening).transformation == Some(transformation)
        };
        Ok(timeline.entries.iter().filter(of_it).copied().collect())
    }

    /// Goes from an item to its lots, or from a lot to its items.
    fn families(&mut self, visit: Visit, entry: Entry) -> Result<(), TraceError<R::Error>> {
        let families = self
            .book
            .told(entry.happening)
            .families_of(visit.thing)
            .to_vec();
        for index in families {
            let family = &self.book.told(entry.happening).families[index];
            let (here, there) = match visit.way {
                Way::Up => (&family.items, &family.lots),
                Way::Down => (&family.lots, &family.items),
            };
            if !here.contains(&visit.thing) {
                continue;
            }
            let others: Vec<Thing> = there.iter().copied().collect();
            let expansion = Expansion::Family(entry.happening, index);
            if !self.expanded.insert((visit.way, expansion)) {
                continue;
            }
            for other in others {
                match visit.way {
                    Way::Up => self.reach_source(other, Span::at(entry.time), visit.depth + 1)?,
                    Way::Down => self.reach_made(other, entry.time, visit.depth + 1)?,
                }
            }
        }
        Ok(())
    }

    /// Goes back to a thing as it was during a stretch of time.
    ///
    /// Its history ends with that stretch, or where it was made, if that was
    /// later by what is told: a clock that is wrong must not hide an origin.
    /// What holds others may be used again and again: its history then begins
    /// where the first of what it held in that stretch came in, to which the
    /// moment of its own making is added.
    fn reach_source(
        &mut self,
        thing: Thing,
        span: Span,
        depth: u32,
    ) -> Result<(), TraceError<R::Error>> {
        if !self.may_go_through(thing, depth) {
            return Ok(());
        }
        let timeline = self.book.timeline(thing)?;
        let way = Way::Up;
        if timeline.class || !timeline.holds() {
            let until = timeline
                .makings
                .first()
                .map_or(span.until, |made| span.until.max(*made));
            self.push(thing, way, Aspect::History, Span::until(until), depth);
            return Ok(());
        }
        let mut from = span.from;
        for (child, held) in timeline.children(Bond::Inside) {
            if held.touching(span).next().is_some() && self.spend(1) {
                let stays = self.book.stays(Bond::Inside, thing, *child)?;
                from = stays
                    .touching(span)
                    .fold(from, |from, stay| from.min(stay.from));
            }
        }
        let use_of = Span {
            from,
            until: span.until,
        };
        self.push(thing, way, Aspect::History, use_of, depth);
        self.push(thing, way, Aspect::Contents, span, depth);
        let made = timeline.makings.iter().rev().find(|made| **made <= from);
        if let Some(made) = made {
            self.push(thing, way, Aspect::History, Span::at(*made), depth);
        }
        Ok(())
    }

    /// Goes on to a thing that was made at a time. If it was not made before,
    /// all that is told of it followed, whatever its clock says.
    fn reach_made(
        &mut self,
        thing: Thing,
        time: i64,
        depth: u32,
    ) -> Result<(), TraceError<R::Error>> {
        if !self.may_go_through(thing, depth) {
            return Ok(());
        }
        let timeline = self.book.timeline(thing)?;
        let before = timeline.makings.first().is_some_and(|made| *made < time);
        let span = if before { Span::since(time) } else { Span::ALL };
        for aspect in [Aspect::History, Aspect::Contents] {
            self.push(thing, Way::Down, aspect, span, depth);
        }
        Ok(())
    }

    /// Goes on with a thing that was inside another during a stretch of time.
    /// What holds others is followed until the last of what it held then is
    /// gone.
    fn reach_released(
        &mut self,
        thing: Thing,
        span: Span,
        depth: u32,
    ) -> Result<(), TraceError<R::Error>> {
        if !self.may_go_through(thing, depth) {
            return Ok(());
        }
        let timeline = self.book.timeline(thing)?;
        let way = Way::Down;
        if timeline.class || !timeline.holds() {
            self.push(thing, way, Aspect::History, Span::since(span.from), depth);
            return Ok(());
        }
        let mut until = span.until;
        for (child, held) in timeline.children(Bond::Inside) {
            if held.touching(span).next().is_some() && self.spend(1) {
                let stays = self.book.stays(Bond::Inside, thing, *child)?;
                until = stays
                    .touching(span)
                    .fold(until, |until, stay| until.max(stay.until));
            }
        }
        let use_of = Span {
            from: span.from,
            until,
        };
        self.push(thing, way, Aspect::History, use_of, depth);
        self.push(thing, way, Aspect::Contents, span, depth);
        Ok(())
    }

    fn include(&mut self, happening: Happening, way: Way) {
        self.happenings.entry(happening).or_default().mark(way);
    }

    /// Asks whether limits allow to go to a thing, before its life is read.
    fn may_reach(&mut self, thing: Thing, depth: u32) -> bool {
        let shortfall = if depth > self.depth_max {
            Shortfall::Depth
        } else if self.things.len() >= self.objects_max && !self.things.contains_key(&thing) {
            Shortfall::Objects
        } else {
            return true;
        };
        self.book.shortfalls.insert(shortfall);
        false
    }

    /// The same, and asks whether there is anything to go through: places and
    /// parties are not.
    fn may_go_through(&mut self, thing: Thing, depth: u32) -> bool {
        self.may_reach(thing, depth) && !self.book.is_place(thing)
    }

    /// Notes a thing, and queues what was not visited yet.
    fn push(&mut self, thing: Thing, way: Way, aspect: Aspect, span: Span, depth: u32) {
        if !self.may_reach(thing, depth) {
            return;
        }
        let found = self.things.entry(thing).or_default();
        found.mark(way);
        found.itself |= aspect != Aspect::Along;
        if self.book.is_place(thing) {
            return;
        }
        let covered = self.covered.entry((thing, way, aspect)).or_default();
        self.queue
            .extend(covered.insert(span).into_iter().map(|span| Visit {
                thing,
                way,
                aspect,
                span,
                depth,
            }));
    }

    /// Takes steps from those allowed.
    fn spend(&mut self, steps: usize) -> bool {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                true
            }
            None => {
                self.book.shortfalls.insert(Shortfall::Steps);
                false
            }
        }
    }
}
