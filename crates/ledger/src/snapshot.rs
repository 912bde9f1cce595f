//! The one read path.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use charter::{Charter, MemberId};
use epcis::Event;
use gs1::Key;
use record::tree::prove_inclusion;
use record::{
    AnyHeader, Checkpoint, ContentId, Kind, LogId, Place, Record, RecordId, RecordProof, ScopeName,
    SignedCheckpoint, UnverifiedDisclosure, UnverifiedProof,
};
use store::{LogNumber, LogState, StoreError, StoredCheckpoint, StoredRecord, Term, View};
use trace::{Attestation, EventId, EventReader, Held};

use crate::error::LedgerError;
use crate::held::HeldEvent;
use crate::ledger::Shared;
use crate::scopes::Hidden;
use crate::unfinished::Unfinished;

/// How many events a snapshot keeps parsed.
const PARSED_MAX: usize = 4_096;

/// The ledger as it stood at one moment.
pub struct Snapshot<'a> {
    shared: &'a Shared,
    view: View<'a>,
    pub(crate) hidden: Hidden,
    /// A trace asks for an event once for each thing that the event names:
    /// parsed once, it is kept.
    parsed: RefCell<BTreeMap<u64, Option<Arc<Parsed>>>>,
    unfinished: Unfinished,
}

/// Which events are asked for. All that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// The event names at least one of these, in any role.
    pub any_epc: Option<Vec<Key>>,
    /// The event has this `eventID`, given or derived.
    pub event_id: Option<String>,
}

/// One page of an answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// The events, in order of their arrival here.
    pub events: Vec<HeldEvent>,
    /// Where the next page begins; `None` where this is the last.
    pub next: Option<u64>,
}

/// A record with its place, as it lies in the store.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) number: LogNumber,
    pub(crate) place: Place,
    pub(crate) record: Record,
}

/// What one arrival says of an event.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) event: Arc<Event>,
    content: ContentId,
    names: BTreeSet<Key>,
    pub(crate) stored_ms: u64,
    attestation: Attestation,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn new(shared: &'a Shared, view: View<'a>) -> Self {
        Self {
            shared,
            view,
            hidden: Hidden::none(),
            parsed: RefCell::default(),
            unfinished: Unfinished::default(),
        }
    }

    pub(crate) fn unfinished(&self) -> &Unfinished {
        &self.unfinished
    }

    pub(crate) fn view(&self) -> &View<'a> {
        &self.view
    }

    pub(crate) fn charter(&self) -> &Charter {
        &self.shared.charter
    }

    pub(crate) fn shared(&self) -> &Shared {
        self.shared
    }

    /// Returns one page of the events that a filter asks for, after the arrival
    /// `after` (0 for the first page).
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn events(
        &self,
        filter: &EventFilter,
        after: u64,
        limit: usize,
    ) -> Result<Page, LedgerError> {
        let candidates = self.candidates(filter, after, limit)?;
        let full = candidates.len() > limit;
        let mut events = Vec::new();
        let mut last = after;
        for arrival in candidates.into_iter().take(limit) {
            last = arrival;
            let Some(parsed) = self.parsed(arrival)? else {
                continue;
            };
            if filter.holds(&parsed) && self.first_of(&parsed)? == Some(arrival) {
                events.push(self.held(arrival, &parsed)?);
            }
        }
        Ok(Page {
            events,
            next: full.then_some(last),
        })
    }

    /// Returns up to `limit` + 1 arrivals that may be what a filter asks for,
    /// by its most selective index.
    fn candidates(
        &self,
        filter: &EventFilter,
        after: u64,
        limit: usize,
    ) -> Result<BTreeSet<u64>, LedgerError> {
        let most = limit.saturating_add(1);
        if let Some(id) = &filter.event_id {
            return self.filed(Term::EventId(id), after, most);
        }
        let Some(keys) = &filter.any_epc else {
            let last = self.view.last_arrival()?;
            let all = after.saturating_add(1)..=last;
            return self.shown(all.map(Ok), most);
        };
        let mut all = BTreeSet::new();
        for key in keys {
            let key = key.identity();
            all.extend(self.filed(Term::Object(key.as_str()), after, most)?);
        }
        Ok(all.into_iter().take(most).collect())
    }

    fn filed(&self, term: Term<'_>, after: u64, most: usize) -> Result<BTreeSet<u64>, LedgerError> {
        self.shown(self.view.find(term, after), most)
    }

    /// Returns the first arrivals that are shown. Those of hidden logs count
    /// for nothing, since a page that they made short would tell of them.
    fn shown(
        &self,
        arrivals: impl Iterator<Item = Result<u64, StoreError>>,
        most: usize,
    ) -> Result<BTreeSet<u64>, LedgerError> {
        let mut shown = BTreeSet::new();
        for arrival in arrivals {
            let arrival = arrival?;
            if self.shows(arrival)? {
                shown.insert(arrival);
            }
            if shown.len() == most {
                break;
            }
        }
        Ok(shown)
    }

    /// Returns an event by its number.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn event_numbered(&self, number: u64) -> Result<Option<HeldEvent>, LedgerError> {
        let Some(parsed) = self.parsed(number)? else {
            return Ok(None);
        };
        self.held(number, &parsed).map(Some)
    }

    /// Returns the event that a record states, or that a disclosure of that
    /// record shows.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn event_of_record(&self, record: &RecordId) -> Result<Option<HeldEvent>, LedgerError> {
        for arrival in self.view.find(Term::Record(record), 0) {
            let Some(parsed) = self.parsed(arrival?)? else {
                continue;
            };
            if parsed.attestation.record == *record {
                let first = self.first_of(&parsed)?;
                return first.map(|n| self.held(n, &parsed)).transpose();
            }
        }
        Ok(None)
    }

    /// Tells whether an event of a record was disclosed in a scope.
    pub(crate) fn is_disclosed(
        &self,
        record: &RecordId,
        scope: &ScopeName,
    ) -> Result<bool, LedgerError> {
        for arrival in self.view.find(Term::Record(record), 0) {
            let arrival = arrival?;
            let Some((number, _)) = self.view.arrival(arrival)? else {
                continue;
            };
            let disclosed = self
                .parsed(arrival)?
                .is_some_and(|p| p.attestation.record == *record);
            if disclosed && self.log(number)?.log.scope == *scope {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Proves a record: one that stands in a log held here, or one that was
    /// disclosed. `None` where it is neither.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn prove(&self, id: &RecordId) -> Result<Option<RecordProof>, LedgerError> {
        if let Some(found) = self.find(id)? {
            return self.prove_found(found).map(Some);
        }
        for arrival in self.view.find(Term::Record(id), 0) {
            if let Some(disclosure) = self.disclosure(arrival?)?
                && let Some(proof) = self.verify(disclosure.proof)?
                && proof.id() == *id
            {
                return Ok(Some(proof));
            }
        }
        Ok(None)
    }

    fn prove_found(&self, found: Found) -> Result<RecordProof, LedgerError> {
        let checkpoint = self
            .view
            .checkpoint_from(found.number, found.place.index + 1)?
            .ok_or(LedgerError::Damaged("a record has no checkpoint"))?;
        let hashes = self.view.hashes(found.number);
        let inclusion = prove_inclusion(&hashes, checkpoint.size, found.place.index)?;
        let (_, header, content) = found.record.into_parts();
        let proof = UnverifiedProof {
            federation: self.shared.charter.federation(),
            log: found.place.log,
            index: found.place.index,
            header,
            content,
            inclusion,
            size: checkpoint.size,
            root: checkpoint.root,
            signature: checkpoint.signature,
        };
        let damaged = LedgerError::Damaged("a stored record's proof does not hold");
        self.verify(proof)?.ok_or(damaged)
    }

    /// Checks a stored proof again; `None` where its key is no member's or it
    /// does not hold.
    fn verify(&self, proof: UnverifiedProof) -> Result<Option<RecordProof>, LedgerError> {
        let author = self.shared.charter.author(&proof.log.author);
        Ok(author.and_then(|(_, _, key)| proof.verify(key).ok()))
    }

    /// Finds a record by its id among the logs held here.
    pub(crate) fn find(&self, id: &RecordId) -> Result<Option<Found>, LedgerError> {
        for arrival in self.view.find(Term::Record(id), 0) {
            let arrival = arrival?;
            if self.is_unfinished(arrival)? {
                continue;
            }
            let Some((number, index)) = self.place(arrival)? else {
                continue;
            };
            let Some((record, _)) = self.record_at(number, index)? else {
                continue;
            };
            let log = self.log(number)?.log;
            if record.id_at(&log.digest(), index) == *id {
                let place = Place { log, index };
                return Ok(Some(Found {
                    number,
                    place,
                    record,
                }));
            }
        }
        Ok(None)
    }

    /// Returns where the record of an arrival stands, where that is shown.
    fn place(&self, arrival: u64) -> Result<Option<(LogNumber, u64)>, LedgerError> {
        let place = self.view.arrival(arrival)?;
        Ok(place.filter(|(log, _)| !self.hidden.contains(*log)))
    }

    pub(crate) fn record_at(
        &self,
        number: LogNumber,
        index: u64,
    ) -> Result<Option<(Record, StoredRecord)>, LedgerError> {
        let Some(stored) = self.view.record(number, index)? else {
            return Ok(None);
        };
        let content = self.view.content(number, index)?;
        let record = Record::check(stored.header.clone(), content)
            .map_err(|_| LedgerError::Damaged("a record is not what its header commits to"))?;
        Ok(Some((record, stored)))
    }

    pub(crate) fn newest_checkpoint(
        &self,
        number: LogNumber,
    ) -> Result<StoredCheckpoint, LedgerError> {
        let size = self.log(number)?.size;
        let newest = self.view.checkpoint_between(number, 1, size)?;
        newest.ok_or(LedgerError::Damaged("a log has no checkpoint"))
    }

    fn log(&self, number: LogNumber) -> Result<LogState, LedgerError> {
        let state = self.view.log(number)?;
        state.ok_or(LedgerError::Damaged("a log's state is missing"))
    }

    /// Reads records for a transfer, with the checkpoint that covers them.
    pub(crate) fn transfer(
        &self,
        log: &LogId,
        from: u64,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Option<(Vec<Record>, SignedCheckpoint)>, LedgerError> {
        let Some(number) = self.shared.number(log) else {
            return Ok(None);
        };
        let Some(step) = self.view.checkpoint_from(number, from.saturating_add(1))? else {
            return Ok(None);
        };
        let least = step.size - from;
        let mut records = Vec::new();
        let mut bytes = 0;
        for read in self.view.records(number, from, limit) {
            let (stored, content) = read?;
            bytes += stored.header.len() + content.as_ref().map_or(0, |c| c.payload.len() + 24);
            if bytes > bytes_max && records.len() as u64 >= least {
                break;
            }
            let record = Record::check(stored.header, content)
                .map_err(|_| LedgerError::Damaged("a record is not what its header commits to"))?;
            records.push(record);
        }
        let read_to = from + records.len() as u64;
        let covering = self.view.checkpoint_between(number, step.size, read_to)?;
        let covering = covering.ok_or(LedgerError::Damaged("a log lacks records it has signed"))?;
        let kept = usize::try_from(covering.size - from).expect("at most what was read");
        records.truncate(kept);
        Ok(Some((records, self.signed(log, covering)?)))
    }

    fn signed(
        &self,
        log: &LogId,
        stored: StoredCheckpoint,
    ) -> Result<SignedCheckpoint, LedgerError> {
        let (_, _, key) = self
            .shared
            .charter
            .author(&log.author)
            .ok_or(LedgerError::Damaged("a log's key is no member's"))?;
        let checkpoint = Checkpoint {
            federation: self.shared.charter.federation(),
            log: log.clone(),
            size: stored.size,
            root: stored.root,
        };
        SignedCheckpoint::verify(checkpoint, stored.signature, key)
            .map_err(|_| LedgerError::Damaged("a stored checkpoint's signature does not hold"))
    }

    /// Returns the number of an event: the first arrival of its content.
    fn first_of(&self, parsed: &Parsed) -> Result<Option<u64>, LedgerError> {
        for arrival in self.view.find(Term::Content(&parsed.content), 0) {
            let arrival = arrival?;
            let same = self.parsed(arrival)?;
            if same.is_some_and(|p| p.content == parsed.content) {
                return Ok(Some(arrival));
            }
        }
        Ok(None)
    }

    /// Tells whether an arrival is the first of its content.
    pub(crate) fn is_first(&self, arrival: u64, parsed: &Parsed) -> Result<bool, LedgerError> {
        // Nearly always it is the first that is filed so, and needs no reading.
        let filed = self.view.find(Term::Content(&parsed.content), 0).next();
        if filed.transpose()? == Some(arrival) {
            return Ok(true);
        }
        Ok(self.first_of(parsed)? == Some(arrival))
    }

    pub(crate) fn held(&self, number: u64, parsed: &Parsed) -> Result<HeldEvent, LedgerError> {
        let mut attestations: Vec<Attestation> = Vec::new();
        let mut stored_ms = parsed.stored_ms;
        for arrival in self.view.find(Term::Content(&parsed.content), 0) {
            let Some(other) = self.parsed(arrival?)? else {
                continue;
            };
            if other.content == parsed.content {
                stored_ms = stored_ms.min(other.stored_ms);
                attest(&mut attestations, &other.attestation);
            }
        }
        Ok(HeldEvent {
            number,
            event: Arc::clone(&parsed.event),
            stored_ms,
            attestations,
        })
    }

    pub(crate) fn parsed(&self, arrival: u64) -> Result<Option<Arc<Parsed>>, LedgerError> {
        if let Some(known) = self.parsed.borrow().get(&arrival) {
            return Ok(known.clone());
        }
        let parsed = match self.is_unfinished(arrival)? {
            true => None,
            false => self.parse(arrival)?.map(Arc::new),
        };
        let mut kept = self.parsed.borrow_mut();
        if kept.len() >= PARSED_MAX {
            kept.clear();
        }
        kept.insert(arrival, parsed.clone());
        Ok(parsed)
    }

    fn parse(&self, arrival: u64) -> Result<Option<Parsed>, LedgerError> {
        let Some((number, index)) = self.place(arrival)? else {
            return Ok(None);
        };
        let Some((record, stored)) = self.record_at(number, index)? else {
            return Ok(None);
        };
        let AnyHeader::V1(header) = record.header() else {
            return Ok(None);
        };
        let state = self.log(number)?;
        let (payload, attestation) = match header.kind {
            Kind::EVENT => {
                let payload = record.content().map(|c| c.payload.clone());
                (
                    payload,
                    self.own_attestation(number, index, &state, &record)?,
                )
            }
            Kind::DISCLOSURE => {
                let Some(disclosure) = self.disclosure(arrival)? else {
                    return Ok(None);
                };
                let discloser = self.member_of(&state.log);
                let payload = disclosure.proof.content.as_ref().map(|c| c.payload.clone());
                (payload, self.shown_attestation(&disclosure, discloser))
            }
            _ => return Ok(None),
        };
        let (Some(payload), Some(attestation)) = (payload, attestation) else {
            return Ok(None);
        };
        // What admission gave no effect is in no index; a scan over arrivals
        // meets it here.
        let Ok(event) = Event::from_payload(&payload) else {
            return Ok(None);
        };
        Ok(Some(Parsed {
            content: ContentId::of(&payload),
            names: trace::names(&event),
            event: Arc::new(event),
            stored_ms: stored.stored_ms,
            attestation,
        }))
    }

    fn disclosure(&self, arrival: u64) -> Result<Option<UnverifiedDisclosure>, LedgerError> {
        let Some((number, index)) = self.place(arrival)? else {
            return Ok(None);
        };
        let Some((record, _)) = self.record_at(number, index)? else {
            return Ok(None);
        };
        let is_one = matches!(record.header(), AnyHeader::V1(h) if h.kind == Kind::DISCLOSURE);
        let federation = self.shared.charter.federation();
        let content = record.content().filter(|_| is_one);
        Ok(content.and_then(|c| UnverifiedDisclosure::decode(&c.payload, federation).ok()))
    }

    fn member_of(&self, log: &LogId) -> Option<MemberId> {
        let author = self.shared.charter.author(&log.author);
        author.map(|(member, _, _)| member.id.clone())
    }

    fn own_attestation(
        &self,
        number: LogNumber,
        index: u64,
        state: &LogState,
        record: &Record,
    ) -> Result<Option<Attestation>, LedgerError> {
        let Some(author) = self.member_of(&state.log) else {
            return Ok(None);
        };
        let checkpoint = self
            .view
            .checkpoint_from(number, index + 1)?
            .ok_or(LedgerError::Damaged("a record has no checkpoint"))?;
        Ok(Some(Attestation {
            record: record.id_at(&state.log.digest(), index),
            log: state.log.clone(),
            index,
            author,
            checkpoint_size: checkpoint.size,
            checkpoint_root: checkpoint.root,
            recovered: self
                .shared
                .recovered_from(state)
                .is_some_and(|from| index >= from),
            witnesses: 0,
            disclosed_by: None,
        }))
    }

    fn shown_attestation(
        &self,
        disclosure: &UnverifiedDisclosure,
        disclosed_by: Option<MemberId>,
    ) -> Option<Attestation> {
        let proof = &disclosure.proof;
        Some(Attestation {
            record: record::leaf_hash(&proof.log.digest(), proof.index, &proof.header),
            log: proof.log.clone(),
            index: proof.index,
            author: self.member_of(&proof.log)?,
            checkpoint_size: proof.size,
            checkpoint_root: proof.root,
            recovered: false,
            witnesses: 0,
            disclosed_by,
        })
    }
}

/// Adds what attests an event. One record is one attestation, however often it
/// is disclosed: where its log is held, it stands there.
fn attest(attestations: &mut Vec<Attestation>, other: &Attestation) {
    let same = attestations
        .iter_mut()
        .find(|each| each.record == other.record);
    match same {
        Some(known) if known.disclosed_by.is_some() && other.disclosed_by.is_none() => {
            *known = other.clone();
        }
        Some(_) => {}
        None => attestations.push(other.clone()),
    }
}

impl EventFilter {
    fn holds(&self, parsed: &Parsed) -> bool {
        let epc = self.any_epc.as_ref().is_none_or(|keys| {
            keys.iter()
                .any(|key| parsed.names.contains(key.identity().as_ref()))
        });
        let id = self
            .event_id
            .as_deref()
            .is_none_or(|id| parsed.event.is_called(id));
        epc && id
    }
}

impl EventReader for Snapshot<'_> {
    type Error = LedgerError;

    fn events_naming(&self, key: &Key, limit: usize) -> Result<Vec<EventId>, LedgerError> {
        let mut numbers = BTreeSet::new();
        for arrival in self.view.find(Term::Object(key.as_str()), 0) {
            if numbers.len() >= limit {
                break;
            }
            let Some(parsed) = self.parsed(arrival?)? else {
                continue;
            };
            if parsed.names.contains(key) {
                numbers.extend(self.first_of(&parsed)?);
            }
        }
        Ok(numbers.into_iter().map(EventId).collect())
    }

    fn event(&self, id: EventId) -> Result<Held, LedgerError> {
        let held = self.event_numbered(id.0)?;
        let held = held.ok_or(LedgerError::Damaged("an indexed event is missing"))?;
        Ok(Held {
            event: held.event,
            attestations: held.attestations,
        })
    }
}

impl std::fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
