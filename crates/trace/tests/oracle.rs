//! Random events, against an oracle that knows no stretches of time, no queue
//! and no index: it marks points until no rule marks another.
//!
//! Event times are whole minutes. Minute `m` is point `2 m`, and the odd points
//! lie between.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Map, aggregation, association, key, object, transformation, with};
use proptest::prelude::*;
use serde_json::{Value, json};
use trace::{Bond, Direction, NoNames, Style, render};

const MINUTES: usize = 9;
const NAMES: [&str; 11] = [
    "i1.1", "i1.2", "i1.3", "i2.1", "l1.A", "l1.B", "l2.A", "p1", "p2", "c1", "s1",
];

type Name = &'static str;

/// Parents with children.
type Pairs = BTreeSet<(Name, Name)>;

#[derive(Clone, Debug)]
enum What {
    Object(Action, BTreeSet<Name>),
    Bond(Bond, Action, Name, BTreeSet<Name>),
    Make(BTreeSet<Name>, BTreeSet<Name>, Option<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Add,
    Observe,
    Delete,
}

#[derive(Clone, Debug)]
struct Event {
    minute: usize,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Aspect {
    History,
    Contents,
    Along,
}

/// Thing, upwards or not, aspect, point.
type Mark = (Name, bool, Aspect, usize);

struct Oracle<'a> {
    events: &'a [Event],
    inside: BTreeSet<(Name, Name, usize)>,
    attached: BTreeSet<(Name, Name, usize)>,
    marks: BTreeSet<Mark>,
    /// Event and way.
    found: BTreeSet<(usize, bool)>,
}

fn is_class(name: Name) -> bool {
    name.starts_with('l')
}

impl Event {
    fn names(&self) -> BTreeSet<Name> {
        match &self.what {
            What::Object(_, names) => names.clone(),
            What::Bond(_, _, parent, children) => children | &BTreeSet::from([*parent]),
            What::Make(inputs, outputs, _) => inputs | outputs,
        }
    }

    fn ends(&self, name: Name) -> bool {
        match &self.what {
            What::Object(action, names) => *action == Action::Delete && names.contains(name),
            What::Bond(..) => false,
            What::Make(inputs, ..) => inputs.contains(name),
        }
    }

    /// Lists pairs of item and lot.
    fn family(&self) -> Vec<(Name, Name)> {
        let What::Object(Action::Add, names) = &self.what else {
            return Vec::new();
        };
        let items = names.iter().filter(|name| name.starts_with('i'));
        let pairs = items.flat_map(|item| {
            let of_item = |lot: &&Name| is_class(lot) && lot[1..2] == item[1..2];
            names.iter().filter(of_item).map(|lot| (*item, *lot))
        });
        pairs.collect()
    }

    fn makes(&self, name: Name) -> bool {
        match &self.what {
            What::Object(action, names) => {
                let refers = self.family().iter().any(|(_, lot)| *lot == name);
                *action == Action::Add && names.contains(name) && !refers
            }
            What::Bond(..) => false,
            What::Make(_, outputs, _) => outputs.contains(name),
        }
    }
}

impl<'a> Oracle<'a> {
    fn new(events: &'a [Event]) -> Self {
        let mut oracle = Self {
            events,
            inside: BTreeSet::new(),
            attached: BTreeSet::new(),
            marks: BTreeSet::new(),
            found: BTreeSet::new(),
        };
        oracle.inside = oracle.stays(Bond::Inside);
        oracle.attached = oracle.stays(Bond::Attached);
        oracle
    }

    fn at(&self, minute: usize) -> impl Iterator<Item = &'a Event> {
        self.events
            .iter()
            .filter(move |event| event.minute == minute)
    }

    /// Plays all events of a bond through, once as each parent and once as
    /// each child sees them.
    fn stays(&self, bond: Bond) -> BTreeSet<(Name, Name, usize)> {
        let (mut by_parent, mut by_child) = (BTreeSet::new(), BTreeSet::new());
        let (mut held, mut been): (Pairs, Pairs) = (BTreeSet::new(), BTreeSet::new());
        for minute in 0..MINUTES {
            let (held_before, been_before) = (held.clone(), been.clone());
            let (mut puts, mut adds) = (BTreeSet::new(), BTreeSet::new());
            for event in self.at(minute) {
                held.retain(|(parent, _)| !event.ends(parent));
                been.retain(|(_, child)| is_class(child) || !event.ends(child));
                let What::Bond(of, action, parent, children) = &event.what else {
                    continue;
                };
                if *of != bond {
                    continue;
                }
                if *action == Action::Delete {
                    let gone = |child: &Name| children.is_empty() || children.contains(child);
                    held.retain(|(of, child)| of != parent || !gone(child));
                    been.retain(|(of, child)| {
                        is_class(child) || of != parent || !children.contains(child)
                    });
                    continue;
                }
                for child in children.iter().filter(|child| *child != parent) {
                    puts.insert((*parent, *child));
                    if *action == Action::Add {
                        adds.insert(*child);
                    }
                }
            }
            been.retain(|pair| is_class(pair.1) || !adds.contains(pair.1) || puts.contains(pair));
            held.extend(&puts);
            been.extend(&puts);
            let mut note = |pair: &(Name, Name), by: bool, point| {
                let seen = if by { &mut by_parent } else { &mut by_child };
                seen.insert((pair.0, pair.1, point));
            };
            for point in [2 * minute, 2 * minute + 1] {
                held.iter().for_each(|pair| note(pair, true, point));
                been.iter().for_each(|pair| note(pair, false, point));
            }
            held_before
                .iter()
                .for_each(|pair| note(pair, true, 2 * minute));
            been_before
                .iter()
                .for_each(|pair| note(pair, false, 2 * minute));
        }
        let both = by_parent.into_iter().filter(|(parent, child, point)| {
            is_class(child) || by_child.contains(&(*parent, *child, *point))
        });
        both.collect()
    }

    fn makings(&self, name: Name) -> Vec<usize> {
        let made = self.events.iter().filter(|event| event.makes(name));
        let mut points: Vec<usize> = made.map(|event| 2 * event.minute).collect();
        points.sort_unstable();
        points
    }

    fn holds(&self, name: Name) -> bool {
        self.events.iter().any(|event| match &event.what {
            What::Bond(Bond::Inside, Action::Add | Action::Observe, parent, children) => {
                *parent == name && children.iter().any(|child| *child != name)
            }
            _ => false,
        })
    }

    fn mark(&mut self, name: Name, up: bool, aspect: Aspect, points: impl Iterator<Item = usize>) {
        self.marks
            .extend(points.map(|point| (name, up, aspect, point)));
    }

    /// Follows how long, before or after a point, something that a parent
    /// holds there was inside.
    fn held_from(&self, parent: Name, point: usize, step: isize) -> usize {
        let mut last = point;
        for child in NAMES {
            let mut at = point;
            while self.inside.contains(&(parent, child, at)) {
                last = if step < 0 { last.min(at) } else { last.max(at) };
                match at.checked_add_signed(step) {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
        last
    }

    fn source(&mut self, name: Name, point: usize) {
        let makings = self.makings(name);
        if is_class(name) || !self.holds(name) {
            let until = makings.first().map_or(point, |made| point.max(*made));
            self.mark(name, true, Aspect::History, 0..=until);
            return;
        }
        let from = self.held_from(name, point, -1);
        self.mark(name, true, Aspect::History, from..=point);
        self.mark(name, true, Aspect::Contents, point..=point);
        let made = makings.into_iter().rfind(|made| *made <= from);
        self.mark(name, true, Aspect::History, made.into_iter());
    }

    fn released(&mut self, name: Name, point: usize) {
        let until = if is_class(name) || !self.holds(name) {
            2 * MINUTES - 1
        } else {
            self.held_from(name, point, 1)
        };
        self.mark(name, false, Aspect::History, point..=until);
        if self.holds(name) && !is_class(name) {
            self.mark(name, false, Aspect::Contents, point..=point);
        }
    }

    fn made(&mut self, name: Name, point: usize) {
        let before = self.makings(name).first().is_some_and(|made| *made < point);
        let from = if before { point } else { 0 };
        for aspect in [Aspect::History, Aspect::Contents] {
            self.mark(name, false, aspect, from..2 * MINUTES);
        }
    }

    fn run(&mut self, asked: Name, up: bool) {
        for aspect in [Aspect::History, Aspect::Contents] {
            self.mark(asked, up, aspect, 0..2 * MINUTES);
        }
        loop {
            let before = (self.marks.len(), self.found.len());
            for mark in self.marks.clone() {
                self.apply(mark);
            }
            if (self.marks.len(), self.found.len()) == before {
                return;
            }
        }
    }

    fn apply(&mut self, (name, up, aspect, point): Mark) {
        if aspect == Aspect::Contents {
            for child in NAMES {
                if self.inside.contains(&(name, child, point)) {
                    if up {
                        self.source(child, point);
                    } else {
                        self.released(child, point);
                    }
                }
            }
            return;
        }
        if !(up && is_class(name) && aspect == Aspect::History) {
            for other in NAMES {
                let along = self.inside.contains(&(other, name, point))
                    || self.attached.contains(&(other, name, point))
                    || self.attached.contains(&(name, other, point));
                if along {
                    self.mark(other, up, Aspect::Along, point..=point);
                }
            }
        }
        for (index, event) in self.events.iter().enumerate() {
            if 2 * event.minute == point && event.names().contains(name) {
                self.event(index, name, up, aspect);
            }
        }
    }

    fn event(&mut self, index: usize, name: Name, up: bool, aspect: Aspect) {
        let event = &self.events[index];
        if let What::Bond(_, Action::Add | Action::Delete, parent, children) = &event.what
            && *parent == name
            && !children.is_empty()
            && aspect == Aspect::Along
        {
            return;
        }
        self.found.insert((index, up));
        if aspect == Aspect::History {
            for (item, lot) in event.family() {
                if up && item == name {
                    self.source(lot, 2 * event.minute);
                } else if !up && lot == name {
                    self.made(item, 2 * event.minute);
                }
            }
        }
        let What::Make(inputs, outputs, id) = &event.what else {
            return;
        };
        let here = if up { outputs } else { inputs };
        if !here.contains(name) || up && aspect == Aspect::Along {
            return;
        }
        for (other, sibling) in self.events.iter().enumerate() {
            let What::Make(inputs, outputs, of) = &sibling.what else {
                continue;
            };
            if other != index && (id.is_none() || of != id) {
                continue;
            }
            self.found.insert((other, up));
            for there in if up { inputs } else { outputs } {
                if up {
                    self.source(there, 2 * sibling.minute);
                } else {
                    self.made(there, 2 * sibling.minute);
                }
            }
        }
    }
}

fn json_of(index: usize, event: &Event) -> Value {
    let join = |names: &BTreeSet<Name>| names.iter().copied().collect::<Vec<_>>().join(" ");
    let word = |action: &Action| match action {
        Action::Add => "ADD",
        Action::Observe => "OBSERVE",
        Action::Delete => "DELETE",
    };
    let name = index.to_string();
    let minute = i64::try_from(event.minute).expect("few");
    match &event.what {
        What::Object(action, names) => object(&name, minute, word(action), &join(names)),
        What::Bond(Bond::Inside, action, parent, children) => {
            aggregation(&name, minute, word(action), parent, &join(children))
        }
        What::Bond(Bond::Attached, action, parent, children) => {
            association(&name, minute, word(action), parent, &join(children))
        }
        What::Make(inputs, outputs, id) => {
            let event = transformation(&name, minute, &join(inputs), &join(outputs));
            match id {
                Some(id) => with(event, "transformationID", json!(format!("urn:t:{id}"))),
                None => event,
            }
        }
    }
}

fn names(len: std::ops::Range<usize>) -> impl Strategy<Value = BTreeSet<Name>> {
    prop::collection::btree_set(prop::sample::select(&NAMES[..]), len)
}

fn event() -> impl Strategy<Value = Event> {
    let action = prop_oneof![
        3 => Just(Action::Add),
        1 => Just(Action::Observe),
        1 => Just(Action::Delete),
    ];
    let parent = prop::sample::select(&["p1", "p2", "c1", "s1", "i1.1"][..]);
    let bond = prop_oneof![3 => Just(Bond::Inside), 1 => Just(Bond::Attached)];
    let id = prop_oneof![2 => Just(None), 1 => Just(Some(1))];
    let what = prop_oneof![
        3 => (action.clone(), names(1..4)).prop_map(|(action, names)| What::Object(action, names)),
        4 => (bond.clone(), action, parent.clone(), names(1..4))
            .prop_map(|(bond, action, parent, names)| What::Bond(bond, action, parent, names)),
        1 => (bond, parent)
            .prop_map(|(bond, parent)| What::Bond(bond, Action::Delete, parent, BTreeSet::new())),
        2 => (names(1..3), names(1..3), id)
            .prop_map(|(inputs, outputs, id)| What::Make(inputs, outputs, id)),
    ];
    (0..MINUTES, what).prop_map(|(minute, what)| Event { minute, what })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn finds_what_the_oracle_finds(
        events in prop::collection::vec(event(), 1..14),
        asked in prop::sample::select(&NAMES[..]),
    ) {
        let json: Vec<Value> = events.iter().enumerate().map(|(index, event)| json_of(index, event)).collect();
        let answer = Map::of(&json).ask(asked, Direction::Both);
        prop_assert!(answer.complete);
        let backwards: Vec<Value> = json.iter().rev().cloned().collect();
        let mut again = Map::of(&backwards).ask(asked, Direction::Both);
        let mut here = answer.clone();
        for answer in [&mut again, &mut here] {
            answer.logs.clear();
            answer.events.iter_mut().for_each(|event| event.evidence.clear());
        }
        prop_assert_eq!(again, here);
        let text = render(&answer, &NoNames, &Style::default());
        prop_assert_eq!(text.contains("Where"), !answer.events.is_empty());

        let mut oracle = Oracle::new(&events);
        oracle.run(asked, true);
        oracle.run(asked, false);
        let mut things: BTreeMap<String, (bool, bool, bool)> = BTreeMap::new();
        for (name, up, aspect, _) in &oracle.marks {
            let found = things.entry(key(name).to_string()).or_insert((false, false, true));
            found.0 |= *up;
            found.1 |= !*up;
            found.2 &= *aspect == Aspect::Along;
        }
        let mut told = BTreeMap::new();
        for object in &answer.objects {
            let sample = object.sample.iter().chain(object.sample.is_empty().then_some(&object.first));
            let sample: Vec<_> = sample.collect();
            prop_assert_eq!(sample.len(), object.count);
            told.extend(sample.into_iter().map(|key| {
                (key.clone(), (object.upstream, object.downstream, object.along))
            }));
        }
        prop_assert_eq!(told, things);

        let told: BTreeSet<(String, bool, bool)> = answer.events.iter().map(|event| {
            (event.id.clone().unwrap_or_default(), event.upstream, event.downstream)
        }).collect();
        let found: BTreeSet<(String, bool, bool)> = (0..events.len()).map(|index| {
            let is = |up| oracle.found.contains(&(index, up));
            (format!("urn:e:{index}"), is(true), is(false))
        }).filter(|(_, up, down)| *up || *down).collect();
        prop_assert_eq!(told, found);
    }
}
