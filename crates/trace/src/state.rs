//! The present state of one thing: what the last event that says something of
//! it says, each with that event and its evidence.
//!
//! EPCIS presumes that a disposition and a business location hold until another
//! event says otherwise (EPCIS 2.0 §7.4), and so does a place inside another
//! thing: what happened to that happened to what it holds.

use std::collections::{BTreeMap, BTreeSet};

use gs1::Key;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::{Bond, Evidence, Level, Log, Shortfall};
use crate::assemble::{Logs, in_order};
use crate::book::{Book, Happening, Thing, Told, TraceError};
use crate::question::Question;
use crate::reader::EventReader;
use crate::step::Role;
use crate::utc;

/// How far up a thing's place is looked for: what holds it, what holds that…
const PARENTS_MAX: usize = 64;

/// The state of a thing. Events and logs are named by their place in the lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The canonical key of what was asked about.
    pub about: String,
    /// How an event writes it; absent where none names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// Whether it is one thing or a lot or kind.
    pub level: Level,
    /// The moment that was asked for, in UTC; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// No limit was met.
    pub complete: bool,
    /// The limits met, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<Shortfall>,
    /// The last event that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<usize>,
    /// The event that ended it, if it is no more: used up or decommissioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<usize>,
    /// Its disposition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Fact>,
    /// Its persistent dispositions: those that were set and not unset since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persistent_dispositions: Vec<Fact>,
    /// Where it is, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What it is inside of or attached to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Holder>,
    /// Its master data and those of its lots, as events tell them, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ilmd: Vec<Ilmd>,
    /// The events that say so, by time.
    pub events: Vec<Said>,
    /// The logs that the answer rests on.
    pub logs: Vec<Log>,
}

/// A word that holds, and the event that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its full URI.
    pub id: String,
    /// The event.
    pub event: usize,
}

/// A business location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// It, as the event writes it.
    pub id: String,
    /// The event.
    pub event: usize,
    /// The key of what holds the thing and was there, where it is known by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What holds the thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its canonical key.
    pub key: String,
    /// How an event writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// Whether the thing is inside of it, or attached.
    pub bond: Bond,
    /// Since when, in UTC.
    pub since: String,
    /// The event that put it there, or saw it there first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<usize>,
}

/// Instance or lot master data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ilmd {
    /// The key of the thing or of its lot.
    pub of: String,
    /// The members, by IRI, as signed.
    pub members: Map<String, Value>,
    /// The event.
    pub event: usize,
}

/// An event that is cited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// `eventID`, if its author gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// One of the five event types.
    #[serde(rename = "type")]
    pub event_type: String,
    /// `eventTime` as written.
    pub time: String,
    /// The business step's full URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_step: Option<String>,
    /// Who states it, and what proves that.
    pub evidence: Vec<Evidence>,
}

/// Returns the state of a thing as the events held tell it: now, or at a moment
/// in milliseconds since 1970-01-01T00:00Z.
///
/// # Errors
///
/// Where the reader fails. Meeting a limit is no error: the answer says that it
/// is not complete.
pub fn state<R: EventReader>(
    reader: &R,
    about: &Key,
    at_ms: Option<i64>,
) -> Result<State, TraceError<R::Error>> {
    let mut book = Book::new(reader, Question::EVENTS_MAX);
    let thing = book.thing(about.identity().into_owned());
    let life = book.timeline(thing)?;
    let until = at_ms.unwrap_or(i64::MAX);
    let mut looking = Looking {
        holders: Vec::new(),
        ilmd: Vec::new(),
        place: None,
        until,
    };
    let own = looking.entries(&mut book, thing, i64::MIN)?;
    looking.holders(&mut book, thing)?;
    looking.place(&mut book, thing)?;
    looking.ilmd(&mut book, thing, &own)?;
    Ok(looking.answer(&book, thing, life.class, at_ms, &own))
}

/// What is being found out.
struct Looking {
    holders: Vec<Held>,
    ilmd: Vec<(Thing, Happening)>,
    place: Option<(Happening, Thing)>,
    /// The moment asked for.
    until: i64,
}

/// A stay that is not over.
#[derive(Clone, Copy)]
struct Held {
    by: Thing,
    bond: Bond,
    since: i64,
    event: Option<Happening>,
}

impl Looking {
    /// Returns the events of a thing that count, from a moment on, in order.
    fn entries<R: EventReader>(
        &self,
        book: &mut Book<'_, R>,
        thing: Thing,
        since: i64,
    ) -> Result<Vec<Happening>, TraceError<R::Error>> {
        let life = book.timeline(thing)?;
        let entries = life
            .entries
            .iter()
            .filter(|entry| entry.counts && (since..=self.until).contains(&entry.time));
        Ok(in_order(
            book,
            entries.map(|entry| entry.happening).collect(),
        ))
    }

    /// Returns what holds a thing at the moment.
    fn held<R: EventReader>(
        &self,
        book: &mut Book<'_, R>,
        thing: Thing,
    ) -> Result<Vec<Held>, TraceError<R::Error>> {
        let life = book.timeline(thing)?;
        let mut held = Vec::new();
        for bond in [Bond::Inside, Bond::Attached] {
            let parents: Vec<Thing> = life.parents(bond).keys().copied().collect();
            for by in parents {
                let stays = book.stays(bond, by, thing)?;
                // What leaves in a moment is gone in that moment.
                let open = |until: i64| until == i64::MAX || until > self.until;
                let mut now = stays.iter().filter(|stay| stay.from <= self.until);
                let Some(stay) = now.find(|stay| open(stay.until)) else {
                    continue;
                };
                let tie = life.entries.iter().find(|entry| {
                    let told = book.told(entry.happening);
                    entry.counts
                        && entry.time == stay.from
                        && told.bond() == Some(bond)
                        && told.parent == Some(by)
                });
                held.push(Held {
                    by,
                    bond,
                    since: stay.from,
                    event: tie.map(|entry| entry.happening),
                });
            }
        }
        Ok(held)
    }

    fn holders<R: EventReader>(
        &mut self,
        book: &mut Book<'_, R>,
        thing: Thing,
    ) -> Result<(), TraceError<R::Error>> {
        let mut held = self.held(book, thing)?;
        held.sort_by(|left, right| {
            let order = |held: &Held| (held.bond, held.since, book.key(held.by).clone());
            order(left).cmp(&order(right))
        });
        self.holders = held;
        Ok(())
    }

    /// Looks for the last business location of the thing, or of what holds it
    /// since it does. Of two at one moment the nearer thing's counts.
    fn place<R: EventReader>(
        &mut self,
        book: &mut Book<'_, R>,
        thing: Thing,
    ) -> Result<(), TraceError<R::Error>> {
        let mut seen = BTreeSet::from([thing]);
        let mut level = vec![(thing, i64::MIN)];
        let mut best: Option<(i64, Happening, Thing)> = None;
        for _ in 0..PARENTS_MAX {
            let mut above = Vec::new();
            for (each, since) in level {
                let last = self.entries(book, each, since)?.into_iter().rev();
                let mut located = last.filter(|happening| {
                    let told = book.told(*happening);
                    concerns(told, each) && told.account.biz_location.is_some()
                });
                if let Some(happening) = located.next() {
                    let time = book.told(happening).time;
                    if best.is_none_or(|(known, ..)| known < time) {
                        best = Some((time, happening, each));
                    }
                }
                for held in self.held(book, each)? {
                    if seen.insert(held.by) {
                        above.push((held.by, held.since.max(since)));
                    }
                }
            }
            above.sort_by_key(|(each, _)| book.key(*each).clone());
            level = above;
        }
        self.place = best.map(|(_, happening, by)| (happening, by));
        Ok(())
    }

    /// Looks for master data of the thing and of the lots that it belongs to.
    fn ilmd<R: EventReader>(
        &mut self,
        book: &mut Book<'_, R>,
        thing: Thing,
        own: &[Happening],
    ) -> Result<(), TraceError<R::Error>> {
        let mut lots = BTreeMap::new();
        for happening in own {
            let told = book.told(*happening);
            for family in told.families_of(thing) {
                let of = told.families[*family].lots.iter();
                lots.extend(of.map(|lot| (book.key(*lot).clone(), *lot)));
            }
        }
        let lots = lots.into_values().filter(|lot| *lot != thing);
        for each in std::iter::once(thing).chain(lots) {
            for happening in self.entries(book, each, i64::MIN)? {
                let told = book.told(happening);
                let of = [Role::Object, Role::Output, Role::Lot];
                let named = of.into_iter().any(|role| told.has(each, role));
                if named && !told.account.ilmd.is_empty() {
                    self.ilmd.push((each, happening));
                }
            }
        }
        Ok(())
    }

    fn answer<R: EventReader>(
        &self,
        book: &Book<'_, R>,
        thing: Thing,
        class: bool,
        at_ms: Option<i64>,
        own: &[Happening],
    ) -> State {
        let told = |happening: &&Happening| book.told(**happening);
        let concerning = || own.iter().rev().filter(|each| concerns(told(each), thing));
        let disposition = concerning().find(|each| told(each).account.disposition.is_some());
        let lasting = lasting(book, thing, own);
        let ended = ended(book, thing, own);
        let cited = own.last().into_iter().chain(ended).chain(disposition);
        let cited = cited.chain(lasting.values());
        let cited = cited.chain(self.place.as_ref().map(|(happening, _)| happening));
        let cited = cited.chain(self.holders.iter().filter_map(|held| held.event.as_ref()));
        let cited = cited.chain(self.ilmd.iter().map(|(_, happening)| happening));
        let cited: BTreeSet<Happening> = cited.copied().collect();
        let cited = Cited::new(book, cited);
        let holder = |held: &Held| Holder {
            key: book.key(held.by).to_string(),
            written: book.written(held.by).map(str::to_owned),
            bond: held.bond,
            since: utc::text(held.since),
            event: held.event.map(|event| cited.place(event)),
        };
        let shortfalls: Vec<_> = book.shortfalls.iter().copied().collect();
        State {
            about: book.key(thing).to_string(),
            written: book.written(thing).map(str::to_owned),
            level: if class { Level::Class } else { Level::Instance },
            at: at_ms.map(utc::text),
            complete: shortfalls.is_empty(),
            shortfalls,
            last: own.last().map(|event| cited.place(*event)),
            ended: ended.map(|event| cited.place(*event)),
            disposition: disposition.and_then(|event| {
                let id = book.told(*event).account.disposition.clone()?;
                let event = cited.place(*event);
                Some(Fact { id, event })
            }),
            persistent_dispositions: lasting
                .iter()
                .map(|(id, event)| Fact {
                    id: id.clone(),
                    event: cited.place(*event),
                })
                .collect(),
            place: self.place.and_then(|(event, by)| {
                Some(Place {
                    id: book.told(event).account.biz_location.clone()?,
                    event: cited.place(event),
                    by: (by != thing).then(|| book.key(by).to_string()),
                })
            }),
            parents: self.holders.iter().map(holder).collect(),
            ilmd: self
                .ilmd
                .iter()
                .map(|(of, event)| Ilmd {
                    of: book.key(*of).to_string(),
                    members: book.told(*event).account.ilmd.clone(),
                    event: cited.place(*event),
                })
                .collect(),
            events: cited.events,
            logs: cited.logs,
        }
    }
}

/// Tells whether what an event says of its objects is said of a thing: of what
/// a transformation uses up it says nothing, and nothing of a lot that it only
/// refers to.
fn concerns(told: &Told, thing: Thing) -> bool {
    let roles = [Role::Object, Role::Parent, Role::Child, Role::Output];
    roles.into_iter().any(|role| told.has(thing, role))
}

/// Returns the event that ended a thing, unless it was made again later: its
/// identifier is in use for another.
fn ended<'h, R: EventReader>(
    book: &Book<'_, R>,
    thing: Thing,
    own: &'h [Happening],
) -> Option<&'h Happening> {
    let end = own.iter().rfind(|each| book.told(**each).ends(thing))?;
    let time = book.told(*end).time;
    let mut later = own.iter().map(|each| book.told(*each));
    let again = later.any(|told| told.time > time && told.makes(thing));
    (!again).then_some(end)
}

/// Returns the persistent dispositions in force with the events that set them.
/// In one moment what is unset goes first.
fn lasting<R: EventReader>(
    book: &Book<'_, R>,
    thing: Thing,
    own: &[Happening],
) -> BTreeMap<String, Happening> {
    let mut lasting = BTreeMap::new();
    let concerning: Vec<Happening> = own
        .iter()
        .copied()
        .filter(|each| concerns(book.told(*each), thing))
        .collect();
    for moment in concerning.chunk_by(|a, b| book.told(*a).time == book.told(*b).time) {
        let words = |happening: &Happening, name: &str| -> Vec<String> {
            let account = &book.told(*happening).account;
            let list = account.persistent_disposition.as_ref();
            let list = list.and_then(|lists| lists.get(name)?.as_array());
            let words = list.into_iter().flatten().filter_map(Value::as_str);
            words.map(str::to_owned).collect()
        };
        for happening in moment {
            for word in words(happening, "unset") {
                lasting.remove(&word);
            }
        }
        for happening in moment {
            for word in words(happening, "set") {
                lasting.insert(word, *happening);
            }
        }
    }
    lasting
}

/// The events that are cited, numbered.
struct Cited {
    places: BTreeMap<Happening, usize>,
    events: Vec<Said>,
    logs: Vec<Log>,
}

impl Cited {
    fn new<R: EventReader>(book: &Book<'_, R>, cited: BTreeSet<Happening>) -> Self {
        let order = in_order(book, cited.into_iter().collect());
        let mut logs = Logs::default();
        for happening in &order {
            logs.note(&book.told(*happening).attestations);
        }
        let said = |happening: &Happening| {
            let told = book.told(*happening);
            Said {
                id: told.account.id.clone(),
                event_type: told.account.event_type.clone(),
                time: told.account.time.clone(),
                biz_step: told.account.biz_step.clone(),
                evidence: logs.evidence(&told.attestations),
            }
        };
        Self {
            events: order.iter().map(said).collect(),
            logs: logs.list(),
            places: order.into_iter().zip(0..).collect(),
        }
    }

    fn place(&self, happening: Happening) -> usize {
        self.places[&happening]
    }
}
