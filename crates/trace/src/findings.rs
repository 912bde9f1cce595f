//! What is doubtful about an answer.

use std::collections::BTreeMap;

use crate::answer::Finding;
use crate::assemble::Order;
use crate::book::{Happening, Thing};
use crate::reader::EventReader;
use crate::step::Role;
use crate::timeline::Timeline;
use crate::walk::Walk;

/// Looks through what was found.
pub(crate) fn of<R: EventReader>(walk: &Walk<'_, R>, order: &Order) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (thing, found) in &walk.things {
        let Some(life) = walk.book.known(*thing) else {
            continue;
        };
        if found.itself && !life.entries.is_empty() {
            if found.upstream && is_broken(walk, *thing, &life) {
                findings.push(Finding::BrokenChain {
                    object: order.objects[thing],
                });
            }
            findings.extend(impossible_time(walk, order, *thing, &life));
        }
    }
    findings.extend(of_one_id(walk, order));
    findings.sort();
    findings.dedup();
    findings
}

/// Tells whether nothing says how a thing came to be. A lot that nothing but
/// the master data of its items tells of came to be with them.
fn is_broken<R: EventReader>(walk: &Walk<'_, R>, thing: Thing, life: &Timeline) -> bool {
    let told_itself = |happening: Happening| {
        let parts = walk.book.told(happening).parts_of(thing);
        parts.iter().any(|part| part.role != Role::Lot)
    };
    life.makings.is_empty()
        && !life.holds()
        && life
            .entries
            .iter()
            .any(|entry| told_itself(entry.happening))
}

/// Finds the first event that a thing took part in before it was made. What
/// holds others may have been used and made again, so it is passed over.
fn impossible_time<R: EventReader>(
    walk: &Walk<'_, R>,
    order: &Order,
    thing: Thing,
    life: &Timeline,
) -> Option<Finding> {
    if life.holds() {
        return None;
    }
    let counting = life.entries.iter().filter(|entry| entry.counts);
    let told = counting.filter_map(|entry| Some((*order.places.get(&entry.happening)?, entry)));
    let making = told
        .clone()
        .filter(|(_, entry)| walk.book.told(entry.happening).makes(thing));
    let (event, first) = told.min_by_key(|(place, _)| *place)?;
    let (made_by, made) = making.min_by_key(|(place, _)| *place)?;
    (first.time < made.time).then(|| Finding::ImpossibleTime {
        object: order.objects[&thing],
        event,
        made_by,
    })
}

/// Finds events of one id that say different things, and declarations of
/// error that do not speak for all who state the event.
fn of_one_id<R: EventReader>(walk: &Walk<'_, R>, order: &Order) -> Vec<Finding> {
    let mut by_id: BTreeMap<&str, BTreeMap<Option<i64>, Vec<usize>>> = BTreeMap::new();
    for (place, happening) in order.happenings.iter().enumerate() {
        if let Some(identity) = &walk.book.told(*happening).identity {
            let same_id = by_id.entry(&identity.event_id).or_default();
            let same = same_id.entry(identity.declaration_ms).or_default();
            same.push(place);
        }
    }
    let mut findings = Vec::new();
    for mut of_id in by_id.into_values() {
        for events in of_id.values().filter(|events| events.len() > 1) {
            findings.push(Finding::Conflict {
                events: events.clone(),
            });
        }
        let originals = of_id.remove(&None).unwrap_or_default();
        let disputed = originals
            .into_iter()
            .filter(|event| !order.void.contains(&order.happenings[*event]));
        for event in disputed {
            findings.extend(of_id.values().flatten().map(|declaration| {
                Finding::DisputedDeclaration {
                    event,
                    declaration: *declaration,
                }
            }));
        }
    }
    findings
}
