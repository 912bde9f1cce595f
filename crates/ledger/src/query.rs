//! Event queries over the indexes: which index to read, in which order, and
//! how to go on from page to page.
//!
//! The most selective index gives the candidates, and the query judges each:
//! `epcis::query` has the meaning, this module finds. Work and memory of a page
//! are bounded: where few candidates match, a page is short and the next goes
//! on.

use std::sync::Arc;

use epcis::Event;
use epcis::query::{
    Candidate, Direction, EventQuery, Limit, MasterData, Order, OrderBy, ResolveError,
};
use store::{TimePlace, Way};

use crate::error::LedgerError;
use crate::held::HeldEvent;
use crate::snapshot::{Parsed, Snapshot};
use crate::source::{Bounds, Source};

/// How many candidates are passed over for one page: a reading of each takes
/// some hundred microseconds, and a first page shall not take 50 ms.
const PASSED_OVER_MAX: usize = 300;
/// How many candidates are looked at to tell whether there are more than
/// `maxEventCount` events.
const COUNTED_MAX: usize = 100_000;
/// How many candidates are sorted by a field that has no index.
const SORTED_MAX: usize = 10_000;
/// The canonical bytes of the events that are sorted so.
const SORTED_BYTES_MAX: usize = 64 << 20;

/// Where the next page of an answer begins. Later arrivals do not move it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// In which order the answer goes on.
    sequence: Sequence,
    /// The arrival given last when the first page was read: what came later is
    /// no part of the answer.
    last: u64,
    /// After which place, among all candidates, it goes on.
    after: TimePlace,
    /// How many events the pages before held.
    given: u64,
}

/// The order in which candidates are met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    Arrival(Way),
    Time(Way),
    /// By a field without an index: all matches are sorted.
    Field,
}

impl Cursor {
    /// The bytes of [`Cursor::to_bytes`].
    pub const LEN: usize = 33;

    /// Returns the cursor as bytes.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0] = match self.sequence {
            Sequence::Arrival(Way::Forward) => 0,
            Sequence::Arrival(Way::Backward) => 1,
            Sequence::Time(Way::Forward) => 2,
            Sequence::Time(Way::Backward) => 3,
            Sequence::Field => 4,
        };
        bytes[1..9].copy_from_slice(&self.last.to_be_bytes());
        bytes[9..17].copy_from_slice(&self.after.0.to_be_bytes());
        bytes[17..25].copy_from_slice(&self.after.1.to_be_bytes());
        bytes[25..].copy_from_slice(&self.given.to_be_bytes());
        bytes
    }

    /// Reads a cursor back; `None` where the bytes are none.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let sequence = match bytes[0] {
            0 => Sequence::Arrival(Way::Forward),
            1 => Sequence::Arrival(Way::Backward),
            2 => Sequence::Time(Way::Forward),
            3 => Sequence::Time(Way::Backward),
            4 => Sequence::Field,
            _ => return None,
        };
        let eight = |at: usize| bytes[at..at + 8].try_into().ok().map(u64::from_be_bytes);
        Some(Self {
            sequence,
            last: eight(1)?,
            after: (eight(9)?.cast_signed(), eight(17)?),
            given: eight(25)?,
        })
    }
}

/// How much of an answer one page may hold.
#[derive(Debug, Clone, Copy)]
pub struct PageSize {
    /// Events, at least one.
    pub events: usize,
    /// Canonical bytes after which a page ends early.
    pub bytes: usize,
}

/// One page of a query's answer.
#[derive(Debug, Clone)]
pub struct QueryPage {
    /// The events, in the query's order; in none that is promised where it asks
    /// for none.
    pub events: Vec<HeldEvent>,
    /// Where the next page begins; `None` where this is the last.
    pub next: Option<Cursor>,
}

/// A query that is not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryFault {
    /// There are more events than `maxEventCount` allows.
    #[error("more than {most} events match; raise maxEventCount or ask for less")]
    TooLarge {
        /// The limit that the query set.
        most: u64,
    },
    /// The answer would take too much work or memory.
    #[error("{0}")]
    TooComplex(String),
    /// The event with which the page before ended is no longer shown.
    #[error("the page before this one ended with an event that is no longer shown; begin again")]
    Moved,
    /// The store cannot be read or is damaged.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Snapshot<'_> {
    /// Answers a query, page by page.
    ///
    /// # Errors
    ///
    /// Where more events match than the query allows, the answer would take too
    /// much, or the store cannot be read.
    pub fn query<M>(
        &self,
        query: &EventQuery,
        master_data: &M,
        size: PageSize,
        from: Option<&Cursor>,
    ) -> Result<QueryPage, QueryFault>
    where
        M: MasterData,
        LedgerError: From<M::Error>,
    {
        let resolved = query.clone().resolve(master_data).map_err(|e| match e {
            ResolveError::MasterData(error) => QueryFault::Ledger(error.into()),
            ResolveError::TooMany => QueryFault::TooComplex(e.to_string()),
        })?;
        let last = match from {
            Some(cursor) => cursor.last,
            None => self.view().last_arrival().map_err(LedgerError::Store)?,
        };
        let bounds = Bounds::of(self, &resolved, last)?;
        let (source, candidates) = Source::best(self, &resolved, &bounds)?;
        let reading = Reading {
            snapshot: self,
            query: &resolved,
            master_data,
            bounds,
            source,
            candidates,
        };
        let first = from.copied().unwrap_or_else(|| reading.begin(last));
        let page = reading.page(size, first, PASSED_OVER_MAX)?;
        if let (Some(Limit::AtMost(most)), None) = (query.limit(), from) {
            reading.count(most, &page)?;
        }
        Ok(page)
    }
}

/// One query under way.
struct Reading<'r, 's, M> {
    snapshot: &'r Snapshot<'s>,
    query: &'r EventQuery,
    master_data: &'r M,
    bounds: Bounds,
    source: Source,
    /// How many candidates the source has, if they are few; else `None`.
    candidates: Option<usize>,
}

impl<M> Reading<'_, '_, M>
where
    M: MasterData,
    LedgerError: From<M::Error>,
{
    /// Chooses the order of an answer, and its beginning.
    fn begin(&self, last: u64) -> Cursor {
        let way = |order: &Order| match order.direction {
            Direction::Ascending => Way::Forward,
            Direction::Descending => Way::Backward,
        };
        let sequence = match self.query.order() {
            Some(order) => match order.by {
                OrderBy::EventTime => Sequence::Time(way(order)),
                OrderBy::RecordTime => Sequence::Arrival(way(order)),
                OrderBy::Field(_) => Sequence::Field,
            },
            None if matches!(self.source, Source::Times) => Sequence::Time(Way::Forward),
            None => Sequence::Arrival(Way::Forward),
        };
        let after = match sequence {
            Sequence::Arrival(Way::Backward) | Sequence::Time(Way::Backward) => {
                (i64::MAX, u64::MAX)
            }
            _ => (i64::MIN, 0),
        };
        Cursor {
            sequence,
            last,
            after,
            given: 0,
        }
    }

    fn page(&self, size: PageSize, from: Cursor, budget: usize) -> Result<QueryPage, QueryFault> {
        let wanted = match self.query.limit() {
            Some(Limit::First(count)) => count.saturating_sub(from.given),
            _ => u64::MAX,
        };
        let mut filling = Filling {
            page: QueryPage {
                events: Vec::new(),
                next: None,
            },
            size,
            wanted: usize::try_from(wanted).unwrap_or(usize::MAX),
            bytes: 0,
            cursor: from,
        };
        if filling.wanted == 0 {
            return Ok(filling.page);
        }
        match from.sequence {
            Sequence::Arrival(way) => {
                let range = self.bounds.arrivals_after(from.after.1, way);
                let arrivals = self.source.arrivals(self.snapshot, range, way);
                let places = arrivals.map(|arrival| arrival.map(|arrival| (0, arrival)));
                self.stream(places, &mut filling, budget)?;
            }
            Sequence::Time(way) => match self.candidates {
                Some(_) if matches!(self.source, Source::Terms(_)) => {
                    let places = self.sorted_by_time(from.after, way)?;
                    self.stream(places.into_iter().map(Ok), &mut filling, usize::MAX)?;
                }
                _ => {
                    let (least, most) = self.bounds.times_after(from.after, way);
                    let places = self.snapshot.view().timed(least, most, way);
                    let places = places.map(|place| place.map_err(LedgerError::Store));
                    self.stream(places, &mut filling, budget)?;
                }
            },
            Sequence::Field => self.sorted_by_field(from, &mut filling)?,
        }
        Ok(filling.page)
    }

    /// Fills a page with the matches among candidates, in their order.
    fn stream(
        &self,
        places: impl Iterator<Item = Result<TimePlace, LedgerError>>,
        filling: &mut Filling,
        budget: usize,
    ) -> Result<(), QueryFault> {
        let mut passed_over = 0;
        for place in places {
            let place = place?;
            if !self.bounds.has(place.1) {
                continue;
            }
            // What is not shown counts for nothing: a page that it made short
            // would tell of it.
            let Some(parsed) = self.snapshot.parsed(place.1)? else {
                continue;
            };
            if passed_over == budget {
                filling.go_on();
                return Ok(());
            }
            if self.matches(&parsed)? && self.snapshot.is_first(place.1, &parsed)? {
                if filling.is_full() {
                    filling.go_on();
                    return Ok(());
                }
                filling.add(self.snapshot.held(place.1, &parsed)?);
            } else {
                passed_over += 1;
            }
            filling.cursor.after = place;
            if filling.is_done() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn matches(&self, parsed: &Parsed) -> Result<bool, LedgerError> {
        let candidate = candidate(&parsed.event, parsed.stored_ms);
        Ok(self.query.matches(&candidate, self.master_data)?)
    }

    /// Returns the places of the few matches of a term, after one of them, by
    /// their times.
    fn sorted_by_time(&self, after: TimePlace, way: Way) -> Result<Vec<TimePlace>, QueryFault> {
        let mut places = Vec::new();
        let range = self.bounds.all_arrivals();
        for arrival in self.source.arrivals(self.snapshot, range, Way::Forward) {
            let arrival = arrival?;
            if let Some(parsed) = self.snapshot.parsed(arrival)?
                && self.matches(&parsed)?
            {
                places.push((parsed.event.event_time().instant_ms, arrival));
            }
        }
        places.sort_unstable();
        match way {
            Way::Forward => places.retain(|place| *place > after),
            Way::Backward => {
                places.retain(|place| *place < after);
                places.reverse();
            }
        }
        Ok(places)
    }

    /// Sorts all matches by the query's order, and fills a page from where the
    /// one before ended.
    fn sorted_by_field(&self, from: Cursor, filling: &mut Filling) -> Result<(), QueryFault> {
        let Some(order) = self.query.order() else {
            return Ok(());
        };
        let too_much = || {
            QueryFault::TooComplex(format!(
                "more than {SORTED_MAX} events, or {SORTED_BYTES_MAX} bytes of them, would have \
                 to be sorted by a field that has no order here; ask for fewer, or order by \
                 eventTime or recordTime"
            ))
        };
        let mut matches: Vec<(u64, Arc<Parsed>)> = Vec::new();
        let (mut looked_at, mut bytes) = (0, 0);
        let range = self.bounds.all_arrivals();
        for arrival in self.source.arrivals(self.snapshot, range, Way::Forward) {
            let arrival = arrival?;
            let Some(parsed) = self.snapshot.parsed(arrival)? else {
                continue;
            };
            looked_at += 1;
            if looked_at > SORTED_MAX {
                return Err(too_much());
            }
            if self.matches(&parsed)? && self.snapshot.is_first(arrival, &parsed)? {
                bytes += parsed.event.payload().as_bytes().len();
                if bytes > SORTED_BYTES_MAX {
                    return Err(too_much());
                }
                matches.push((arrival, parsed));
            }
        }
        let read = |(_, parsed): &(u64, Arc<Parsed>)| parsed.stored_ms;
        matches.sort_by(|left, right| {
            let compared = order.compare(
                &candidate(&left.1.event, read(left)),
                &candidate(&right.1.event, read(right)),
            );
            compared.then(left.0.cmp(&right.0))
        });
        let start = match from.given {
            0 => 0,
            _ => {
                let ended = matches
                    .iter()
                    .position(|(number, _)| *number == from.after.1);
                ended.ok_or(QueryFault::Moved)? + 1
            }
        };
        for (number, parsed) in matches.drain(start..) {
            if filling.is_done() {
                break;
            }
            if filling.is_full() {
                filling.go_on();
                break;
            }
            filling.add(self.snapshot.held(number, &parsed)?);
            filling.cursor.after = (0, number);
        }
        Ok(())
    }

    /// Makes sure that no more events match than the query allows.
    fn count(&self, most: u64, page: &QueryPage) -> Result<(), QueryFault> {
        let size = PageSize {
            events: 1_000,
            bytes: usize::MAX,
        };
        let mut found = page.events.len() as u64;
        let mut next = page.next;
        let mut looked_at = page.events.len() + PASSED_OVER_MAX;
        loop {
            if found > most {
                return Err(QueryFault::TooLarge { most });
            }
            let Some(cursor) = next else { return Ok(()) };
            if looked_at > COUNTED_MAX {
                return Err(QueryFault::TooComplex(format!(
                    "telling whether more than {most} events match takes too long; ask for \
                     fewer, or without maxEventCount"
                )));
            }
            let page = self.page(size, cursor, PASSED_OVER_MAX)?;
            looked_at += page.events.len() + PASSED_OVER_MAX;
            found += page.events.len() as u64;
            next = page.next;
        }
    }
}

fn candidate(event: &Event, stored_ms: u64) -> Candidate<'_> {
    Candidate::new(event, i64::try_from(stored_ms).unwrap_or(i64::MAX))
}

/// A page in the making.
struct Filling {
    page: QueryPage,
    size: PageSize,
    /// How many events the whole answer may still hold.
    wanted: usize,
    bytes: usize,
    cursor: Cursor,
}

impl Filling {
    fn is_full(&self) -> bool {
        self.page.events.len() >= self.size.events || self.bytes >= self.size.bytes
    }

    fn is_done(&self) -> bool {
        self.page.events.len() >= self.wanted
    }

    fn add(&mut self, event: HeldEvent) {
        self.bytes += event.event.payload().as_bytes().len();
        self.page.events.push(event);
        self.cursor.given += 1;
    }

    fn go_on(&mut self) {
        self.page.next = Some(self.cursor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip() {
        for sequence in [
            Sequence::Arrival(Way::Forward),
            Sequence::Arrival(Way::Backward),
            Sequence::Time(Way::Forward),
            Sequence::Time(Way::Backward),
            Sequence::Field,
        ] {
            let cursor = Cursor {
                sequence,
                last: 7,
                after: (-3, u64::MAX),
                given: 1 << 40,
            };
            assert_eq!(Cursor::from_bytes(&cursor.to_bytes()), Some(cursor));
        }
        assert_eq!(Cursor::from_bytes(&[5; Cursor::LEN]), None);
    }
}
