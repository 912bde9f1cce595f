//! The tree: which objects hang below which, what is folded, what was told.

use std::collections::{BTreeMap, BTreeSet};

use super::paper::Paper;
use super::teller::Teller;
use super::words;
use crate::answer::{Answer, Bond, Event, Level, Mention, Object};
use crate::step::Role;

/// How many objects told above are named in one line.
const NAMED_MAX: usize = 6;

/// What an object is to the one above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Asked,
    Held,
    OfLot,
    MadeFrom,
    MadeInto,
    Item,
    Bore,
    Inside,
    AttachedTo,
}

impl Relation {
    fn word(self) -> &'static str {
        match self {
            Self::Asked => "",
            Self::Held => "held ",
            Self::OfLot => "of ",
            Self::MadeFrom => "made from ",
            Self::MadeInto => "made into ",
            Self::Item => "as ",
            Self::Bore => "bore ",
            Self::Inside => "inside ",
            Self::AttachedTo => "attached to ",
        }
    }
}

/// Like objects that hang at one place.
struct Node {
    relation: Relation,
    objects: Vec<usize>,
    /// The node above; `None` at the root.
    above: Option<usize>,
    /// What stands before its first line, and before those after it.
    first: String,
    after: String,
}

/// One way of an answer, being written.
pub(super) struct Tree<'a> {
    answer: &'a Answer,
    teller: Teller<'a>,
    up: bool,
    /// The events of each object that belong to this way.
    events: Vec<Vec<usize>>,
    /// What each event looks like but for time, amounts and papers.
    looks: Vec<usize>,
    /// What each object looks like by its kind and events.
    faces: Vec<usize>,
    /// What each object has as contents, bears, or is the lot of.
    held: Vec<Vec<usize>>,
    bore: Vec<Vec<usize>>,
    items: Vec<Vec<usize>>,
    /// Inputs and outputs of each transformation, and those of each object.
    transformations: Vec<(BTreeSet<usize>, BTreeSet<usize>)>,
    made_by: Vec<Vec<usize>>,
    used_by: Vec<Vec<usize>>,
    told_objects: BTreeSet<usize>,
    told_events: BTreeSet<usize>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(teller: Teller<'a>, up: bool) -> Self {
        let answer = teller.answer;
        let none = || vec![Vec::new(); answer.objects.len()];
        let mut tree = Self {
            answer,
            teller,
            up,
            events: none(),
            looks: Vec::new(),
            faces: Vec::new(),
            held: none(),
            bore: none(),
            items: none(),
            transformations: Vec::new(),
            made_by: none(),
            used_by: none(),
            told_objects: BTreeSet::new(),
            told_events: BTreeSet::new(),
        };
        tree.index_events();
        tree.index_objects();
        tree
    }

    fn index_events(&mut self) {
        let mut looks = BTreeMap::new();
        let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, event) in self.answer.events.iter().enumerate() {
            let look = (
                self.teller.deed(event),
                self.teller.details(event),
                event.counts,
                event.declaration.is_some(),
            );
            let next = looks.len();
            self.looks.push(*looks.entry(look).or_insert(next));
            let belongs = if self.up {
                event.upstream
            } else {
                event.downstream
            };
            if !belongs {
                continue;
            }
            for mention in &event.objects {
                if self.is_told_elsewhere(event, mention) {
                    continue;
                }
                if let Some(events) = self.events.get_mut(mention.object)
                    && events.last() != Some(&place)
                    && !events.contains(&place)
                {
                    events.push(place);
                }
            }
            if !event.counts || event.event_type != "TransformationEvent" {
                continue;
            }
            let next = self.transformations.len();
            let at = match event.transformation.as_deref() {
                Some(id) => *by_id.entry(id).or_insert(next),
                None => next,
            };
            if at == next {
                self.transformations.push(Default::default());
            }
            for mention in &event.objects {
                match mention.role {
                    Role::Input => self.transformations[at].0.insert(mention.object),
                    Role::Output => self.transformations[at].1.insert(mention.object),
                    _ => false,
                };
            }
        }
        for (place, (inputs, outputs)) in self.transformations.iter().enumerate() {
            for (objects, of) in [(inputs, &mut self.used_by), (outputs, &mut self.made_by)] {
                for object in objects {
                    of.get_mut(*object)
                        .into_iter()
                        .for_each(|list| list.push(place));
                }
            }
        }
    }

    /// Tells whether an event belongs to another object than the one that it
    /// mentions: upstream, a transformation to its outputs.
    fn is_told_elsewhere(&self, event: &Event, mention: &Mention) -> bool {
        let is_output = |other: &Mention| other.role == Role::Output && self.belongs(other.object);
        self.up && mention.role == Role::Input && event.objects.iter().any(is_output)
    }

    /// Tells whether an object was found in the tree's direction.
    fn belongs(&self, object: usize) -> bool {
        let object = self.answer.objects.get(object);
        object.is_some_and(|object| {
            if self.up {
                object.upstream
            } else {
                object.downstream
            }
        })
    }

    fn index_objects(&mut self) {
        let mut faces = BTreeMap::new();
        for (place, object) in self.answer.objects.iter().enumerate() {
            let looks: BTreeSet<usize> = self.events[place]
                .iter()
                .map(|event| self.looks[*event])
                .collect();
            let kind = match &object.class {
                Some(class) => class.as_str(),
                None => object.first.get(..4).unwrap_or(""),
            };
            let next = faces.len();
            let face = (object.level, kind, object.along, looks);
            self.faces.push(*faces.entry(face).or_insert(next));
            for stay in &object.stays {
                let of_parent = match stay.bond {
                    Bond::Inside => &mut self.held,
                    Bond::Attached => &mut self.bore,
                };
                if let Some(children) = of_parent.get_mut(stay.parent)
                    && children.last() != Some(&place)
                {
                    children.push(place);
                }
            }
            for lot in &object.lots {
                if let Some(items) = self.items.get_mut(*lot) {
                    items.push(place);
                }
            }
        }
    }

    /// Writes the tree, nearest branch first.
    pub(super) fn write(&mut self, paper: &mut Paper) {
        let mut nodes = vec![Node {
            relation: Relation::Asked,
            objects: vec![0],
            above: None,
            first: String::new(),
            after: String::new(),
        }];
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let fresh: Vec<usize> = nodes[at]
                .objects
                .iter()
                .copied()
                .filter(|object| self.told_objects.insert(*object))
                .collect();
            if fresh.is_empty() {
                self.write_told(&nodes[at], paper);
                continue;
            }
            let below = self.below(&nodes, at, &fresh);
            self.write_node(&nodes[at], &fresh, !below.is_empty(), paper);
            let (count, indent) = (below.len(), nodes[at].after.clone());
            for (index, (relation, objects)) in below.into_iter().enumerate() {
                let (mark, rest) = if index + 1 < count {
                    ("├─ ", "│  ")
                } else {
                    ("└─ ", "   ")
                };
                nodes.push(Node {
                    relation,
                    objects,
                    above: Some(at),
                    first: format!("{indent}{mark}"),
                    after: format!("{indent}{rest}"),
                });
            }
            open.extend((nodes.len() - count..nodes.len()).rev());
        }
    }

    /// Returns what hangs below new objects, like beside like, what was told
    /// already in one.
    fn below(&self, nodes: &[Node], at: usize, fresh: &[usize]) -> Vec<(Relation, Vec<usize>)> {
        let mut above: BTreeSet<usize> = BTreeSet::new();
        let mut next = Some(at);
        while let Some(node) = next {
            above.extend(&nodes[node].objects);
            next = nodes[node].above;
        }
        let mut folds: BTreeMap<(Relation, bool, usize, Vec<usize>), BTreeSet<usize>> =
            BTreeMap::new();
        for object in fresh {
            for (relation, other) in self.relatives(*object) {
                if above.contains(&other) {
                    continue;
                }
                let told = self.told_objects.contains(&other);
                let likeness = if told {
                    (0, Vec::new())
                } else {
                    self.likeness(other)
                };
                let fold = (relation, told, likeness.0, likeness.1);
                folds.entry(fold).or_default().insert(other);
            }
        }
        let mut below: Vec<(Relation, bool, Vec<usize>)> = folds
            .into_iter()
            .map(|((relation, told, ..), objects)| (relation, told, objects.into_iter().collect()))
            .collect();
        below.sort();
        below
            .into_iter()
            .map(|(relation, _, objects)| (relation, objects))
            .collect()
    }

    /// Returns the objects next to one, in the tree's direction.
    fn relatives(&self, at: usize) -> Vec<(Relation, usize)> {
        let object = &self.answer.objects[at];
        let mut relatives = Vec::new();
        let mut add = |relation, others: &mut dyn Iterator<Item = usize>| {
            relatives.extend(others.map(|other| (relation, other)));
        };
        if !object.along {
            add(Relation::Held, &mut self.held[at].iter().copied());
        }
        add(Relation::Bore, &mut self.bore[at].iter().copied());
        if self.up {
            add(Relation::OfLot, &mut object.lots.iter().copied());
            for made in &self.made_by[at] {
                add(
                    Relation::MadeFrom,
                    &mut self.transformations[*made].0.iter().copied(),
                );
            }
        } else {
            add(Relation::Item, &mut self.items[at].iter().copied());
            for used in &self.used_by[at] {
                add(
                    Relation::MadeInto,
                    &mut self.transformations[*used].1.iter().copied(),
                );
            }
        }
        if !(self.up && object.level == Level::Class) {
            for stay in &object.stays {
                let relation = match stay.bond {
                    Bond::Inside => Relation::Inside,
                    Bond::Attached => Relation::AttachedTo,
                };
                add(relation, &mut std::iter::once(stay.parent));
            }
        }
        relatives.retain(|(_, other)| self.belongs(*other));
        relatives
    }

    /// Returns what single things have to have in common to be one branch:
    /// their face, and those of what hangs below. Each lot is its own branch.
    fn likeness(&self, at: usize) -> (usize, Vec<usize>) {
        if self.answer.objects[at].level == Level::Class {
            return (self.faces[at], vec![at]);
        }
        let relatives = self.relatives(at);
        let faces: BTreeSet<usize> = relatives
            .iter()
            .map(|(_, other)| self.faces[*other])
            .collect();
        (self.faces[at], faces.into_iter().collect())
    }

    fn objects(&self, places: &[usize]) -> Vec<&'a Object> {
        places
            .iter()
            .filter_map(|place| self.answer.objects.get(*place))
            .collect()
    }

    /// Names what the tree has told before.
    fn write_told(&self, node: &Node, paper: &mut Paper) {
        let mut titles: Vec<String> = node
            .objects
            .iter()
            .take(NAMED_MAX)
            .map(|object| words::title(&self.objects(&[*object])))
            .collect();
        if node.objects.len() > NAMED_MAX {
            titles.push(format!("{} more", node.objects.len() - NAMED_MAX));
        }
        let line = format!("{}{} (told above)", node.relation.word(), titles.join(", "));
        paper.line(&node.first, &format!("{}  ", node.after), &line);
    }

    fn write_node(&mut self, node: &Node, objects: &[usize], has_below: bool, paper: &mut Paper) {
        let title = words::title(&self.objects(objects));
        let line = format!("{}{title}", node.relation.word());
        paper.line(&node.first, &format!("{}  ", node.after), &line);
        let bar = if has_below { "│ " } else { "  " };
        let indent = format!("{}{bar}", node.after);
        for events in self.untold(objects) {
            self.teller.write(&events, objects, &indent, paper);
        }
    }

    /// Returns the events of objects that were not told, like with like, and
    /// notes them. Upstream goes back in time, downstream on.
    fn untold(&mut self, objects: &[usize]) -> Vec<Vec<usize>> {
        let mut like: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for event in objects.iter().flat_map(|object| &self.events[*object]) {
            if self.told_events.insert(*event) {
                like.entry(self.looks[*event]).or_default().insert(*event);
            }
        }
        // One thing can go through like events at different times: a line for
        // each. Of many things the like ones are one.
        let single = objects.len() == 1;
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for events in like.into_values() {
            if single {
                groups.extend(events.into_iter().map(|event| vec![event]));
            } else {
                groups.push(events.into_iter().collect());
            }
        }
        groups.sort();
        if self.up {
            groups.reverse();
        }
        groups
    }
}
