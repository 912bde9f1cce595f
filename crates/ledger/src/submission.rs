//! A capture before it is signed: what of it is new, what is held already, and
//! what cannot be recorded. All judgement comes here, before the first
//! signature, so that nothing ever has to be unsaid.

use std::sync::Arc;

use admission::Contents;
use epcis::{Event, LogicalKey};
use record::{ContentId, Entry, Flags, Kind, RecordId, ScopeName};
use store::{Store, Term};

use crate::claims::{Answer, Claim, Claimed};
use crate::error::LedgerError;
use crate::ledger::{RecordAt, Shared};
use crate::own;
use crate::piece::{self, Kept};

/// How many entries of an index are looked at in one pass; where an identity
/// has more, the rest is read by itself.
const AT_ONCE: usize = 8;

/// Why a statement of a capture cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Its payload is longer than the charter allows.
    TooLong {
        /// Its length in canonical form.
        bytes: usize,
        /// What the charter allows.
        max: u32,
    },
    /// This node itself states, or is about to, other content under the same
    /// `eventID` and declaration time in this scope.
    Conflict {
        /// The record that states it, where there is one yet.
        with: Option<RecordId>,
    },
}

/// Where an event of a capture stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was recorded by this capture.
    New(RecordAt),
    /// This node had recorded it before in this scope.
    Before(RecordAt),
    /// It will be recorded by a durable job, or stands twice in the capture.
    Awaited,
}

/// A capture that was judged: its new events are claimed until this is dropped
/// or what they say is durable.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) scope: ScopeName,
    pub(crate) events: Vec<Stated>,
    pub(crate) claims: ClaimGuard,
}

/// An event of a capture, judged.
#[derive(Debug)]
pub(crate) enum Stated {
    New {
        event: Box<Event>,
        claim: Claim,
        claimed: Claimed,
    },
    Before(RecordAt),
    Awaited,
    At(Fault),
}

/// Claims that end with it.
#[derive(Debug)]
pub(crate) struct ClaimGuard {
    shared: Arc<Shared>,
    capture: u64,
    claims: Vec<Claim>,
}

impl ClaimGuard {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            capture: shared.claims.begin(),
            claims: Vec::new(),
        }
    }

    /// Ends the guard and not the claims: a job has them now.
    pub(crate) fn give_away(mut self) {
        self.claims.clear();
    }
}

impl Drop for ClaimGuard {
    fn drop(&mut self) {
        self.shared.claims.release(&self.claims);
    }
}

impl Prepared {
    /// Returns what cannot be recorded, by the event's place in the capture.
    pub fn faults(&self) -> impl Iterator<Item = (usize, &Fault)> {
        let events = self.events.iter().enumerate();
        events.filter_map(|(place, event)| match event {
            Stated::At(fault) => Some((place, fault)),
            _ => None,
        })
    }

    /// Returns how many records it will write.
    pub fn new_records(&self) -> usize {
        self.new_events().count()
    }

    fn new_events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter_map(|event| match event {
            Stated::New { event, .. } => Some(&**event),
            _ => None,
        })
    }

    /// Tells whether one synced write takes all of it.
    pub(crate) fn is_one_piece(&self) -> bool {
        let lengths = self.new_events().map(|e| e.payload().as_bytes().len());
        let count = self.new_records();
        count == 0 || piece::piece_len(lengths) == count
    }

    /// Returns what a job made of it claims.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (Claim, Claimed)> {
        let kept = self.events.iter().filter_map(Stated::kept);
        kept.map(|kept| (kept.claim, kept.claimed))
    }

    /// Returns what is new, cut into pieces of a job.
    pub(crate) fn pieces(&self) -> Vec<Vec<u8>> {
        let kept: Vec<Kept<'_>> = self.events.iter().filter_map(Stated::kept).collect();
        let mut pieces = Vec::new();
        let mut rest = kept.as_slice();
        while !rest.is_empty() {
            let (first, after) =
                rest.split_at(piece::piece_len(rest.iter().map(|kept| kept.payload.len())));
            pieces.push(piece::encode(first.iter().copied()));
            rest = after;
        }
        pieces
    }
}

impl Stated {
    fn kept(&self) -> Option<Kept<'_>> {
        match self {
            Self::New {
                event,
                claim,
                claimed,
            } => Some(Kept {
                kind: Kind::EVENT,
                claim: *claim,
                claimed: *claimed,
                payload: event.payload().as_bytes(),
            }),
            _ => None,
        }
    }
}

/// Returns what the writer signs of an event.
pub(crate) fn entry(event: Box<Event>) -> (Entry, Contents) {
    let entry = Entry {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        subject: Vec::new(),
        payload: event.payload().as_bytes().to_vec(),
    };
    (entry, Contents::Event(event))
}

/// Judges a capture.
pub(crate) fn prepare(
    shared: &Arc<Shared>,
    store: &Store,
    scope: &ScopeName,
    events: Vec<Event>,
) -> Result<Prepared, LedgerError> {
    let max = shared.charter.limits().record_payload_bytes_max;
    let contents: Vec<ContentId> = events
        .iter()
        .map(|event| ContentId::of(event.payload().as_bytes()))
        .collect();
    let mut prepared = Prepared {
        scope: scope.clone(),
        events: Vec::with_capacity(events.len()),
        claims: ClaimGuard::new(shared),
    };
    // Claims come before the store is looked at: what was claimed and is no
    // longer is durable, and the view taken afterwards shows it.
    for (event, content) in events.into_iter().zip(&contents) {
        let stated = claim(&mut prepared.claims, scope, event, content, max);
        prepared.events.push(stated);
    }
    let terms: Vec<Term<'_>> = prepared
        .events
        .iter()
        .zip(&contents)
        .filter_map(|(stated, content)| stated.term(content))
        .collect();
    let view = store.view();
    let found = view.find_each(&terms, AT_ONCE)?;
    let mut judged = Vec::new();
    let new = prepared.events.iter().zip(&contents).enumerate();
    let new = new.filter(|(_, (stated, _))| matches!(stated, Stated::New { .. }));
    for ((place, (stated, content)), (arrivals, term)) in new.zip(found.into_iter().zip(&terms)) {
        let Stated::New { event, .. } = stated else {
            continue;
        };
        let more = (arrivals.len() == AT_ONCE)
            .then(|| view.find(*term, arrivals.last().copied().unwrap_or(0)));
        let all = arrivals.iter().copied().map(Ok);
        let all = all.chain(more.into_iter().flatten().map(|a| Ok(a?)));
        let wanted = Wanted {
            content,
            key: event.logical_key(),
        };
        judged.extend(wanted.among(all, shared, &view, scope)?.map(|s| (place, s)));
    }
    drop(view);
    for (place, stated) in judged {
        prepared.events[place] = stated;
    }
    Ok(prepared)
}

fn claim(
    claims: &mut ClaimGuard,
    scope: &ScopeName,
    event: Event,
    content: &ContentId,
    max: u32,
) -> Stated {
    let bytes = event.payload().as_bytes().len();
    if bytes > max as usize {
        return Stated::At(Fault::TooLong { bytes, max });
    }
    let (claim, claimed) = (Claim::of(scope, &event, content), Claimed::of(content));
    match claims.shared.claims.claim(claims.capture, claim, claimed) {
        Answer::Free => claims.claims.push(claim),
        Answer::Taken => return Stated::At(Fault::Conflict { with: None }),
        Answer::Kept | Answer::Repeated => return Stated::Awaited,
        // The other capture may yet fail: this one states it too.
        Answer::Shared => {}
    }
    Stated::New {
        event: Box::new(event),
        claim,
        claimed,
    }
}

impl Stated {
    /// Returns what an event is looked up by: its identity, whichever it has.
    fn term<'e>(&'e self, content: &'e ContentId) -> Option<Term<'e>> {
        match self {
            Self::New { event, .. } => Some(match event.event_id() {
                Some(id) => Term::EventId(id),
                None => Term::Content(content),
            }),
            _ => None,
        }
    }
}

/// What this node may have stated already.
struct Wanted<'e> {
    content: &'e ContentId,
    key: Option<LogicalKey>,
}

impl Wanted<'_> {
    /// Looks for it among what this node itself stated in a scope. The same
    /// content counts before other content of the same key.
    fn among(
        &self,
        arrivals: impl Iterator<Item = Result<u64, LedgerError>>,
        shared: &Shared,
        view: &store::View<'_>,
        scope: &ScopeName,
    ) -> Result<Option<Stated>, LedgerError> {
        let mut conflict = None;
        for arrival in arrivals {
            let Some(own) = own::stated(shared, view, scope, arrival?)? else {
                continue;
            };
            if own.content == *self.content {
                return Ok(Some(Stated::Before(own.at)));
            }
            if conflict.is_none() && self.key.is_some() && own.key()? == self.key {
                conflict = Some(own.at.id);
            }
        }
        Ok(conflict.map(|id| Stated::At(Fault::Conflict { with: Some(id) })))
    }
}
