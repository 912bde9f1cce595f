//! Where the candidates of a query come from, and between which bounds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use epcis::query::{Comparison, Criterion, EventQuery, Moment, Probe};
use store::{Term, TimePlace, View, Way};

use crate::error::LedgerError;
use crate::snapshot::Snapshot;

/// How many entries of an index are counted to tell how selective it is.
const PEEKED_MAX: usize = 1_024;

/// The arrivals and times outside of which no event meets a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Arrivals, both included; an event's record time is when it arrived, and
    /// never runs backward.
    least: u64,
    most: u64,
    /// Event times, both included.
    from_ms: i64,
    to_ms: i64,
    /// The query bounds the event time.
    timed: bool,
}

impl Bounds {
    /// Reads the bounds that a query sets.
    pub(crate) fn of(
        snapshot: &Snapshot<'_>,
        query: &EventQuery,
        last: u64,
    ) -> Result<Self, LedgerError> {
        let mut bounds = Self {
            least: 1,
            most: last,
            from_ms: i64::MIN,
            to_ms: i64::MAX,
            timed: false,
        };
        for criterion in query.criteria() {
            let Criterion::Moment {
                moment,
                comparison,
                ms,
            } = criterion
            else {
                continue;
            };
            let is_from = *comparison == Comparison::Ge;
            match moment {
                Moment::Event => {
                    bounds.timed = true;
                    if is_from {
                        bounds.from_ms = bounds.from_ms.max(*ms);
                    } else {
                        bounds.to_ms = bounds.to_ms.min(ms.saturating_sub(1));
                    }
                }
                Moment::Record => {
                    let arrival = first_stored_from(snapshot.view(), *ms, last)?;
                    if is_from {
                        bounds.least = bounds.least.max(arrival);
                    } else {
                        bounds.most = bounds.most.min(arrival - 1);
                    }
                }
                _ => {}
            }
        }
        Ok(bounds)
    }

    pub(crate) fn has(&self, arrival: u64) -> bool {
        (self.least..=self.most).contains(&arrival)
    }

    pub(crate) fn all_arrivals(&self) -> (u64, u64) {
        (self.least, self.most)
    }

    /// Returns the arrivals that come after one.
    pub(crate) fn arrivals_after(&self, after: u64, way: Way) -> (u64, u64) {
        match way {
            Way::Forward => (self.least.max(after.saturating_add(1)), self.most),
            Way::Backward => (self.least, self.most.min(after.saturating_sub(1))),
        }
    }

    /// Returns the places in the order of times that come after one.
    pub(crate) fn times_after(&self, after: TimePlace, way: Way) -> (TimePlace, TimePlace) {
        let (least, most) = ((self.from_ms, 0), (self.to_ms, u64::MAX));
        match way {
            Way::Forward => {
                let next = match after.1.checked_add(1) {
                    Some(arrival) => (after.0, arrival),
                    None => (after.0.saturating_add(1), 0),
                };
                (least.max(next), most)
            }
            Way::Backward => {
                let next = match after.1.checked_sub(1) {
                    Some(arrival) => (after.0, arrival),
                    None => (after.0.saturating_sub(1), u64::MAX),
                };
                (least, most.min(next))
            }
        }
    }
}

/// Returns the first arrival that was stored at a time or later; one after the
/// last where all were stored before.
fn first_stored_from(view: &View<'_>, ms: i64, last: u64) -> Result<u64, LedgerError> {
    let damaged = || LedgerError::Damaged("an arrival is missing");
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let (log, index) = view.arrival(middle)?.ok_or_else(damaged)?;
        let stored = view.record(log, index)?.ok_or_else(damaged)?.stored_ms;
        if i64::try_from(stored).unwrap_or(i64::MAX) < ms {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// What candidates are read from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Everything that arrived.
    Arrivals,
    /// The index of event times.
    Times,
    /// What is filed under any of these.
    Terms(Vec<Probe>),
}

impl Source {
    /// Finds the source with the fewest candidates, and how many these are, if
    /// they are fewer than [`PEEKED_MAX`].
    pub(crate) fn best(
        snapshot: &Snapshot<'_>,
        query: &EventQuery,
        bounds: &Bounds,
    ) -> Result<(Self, Option<usize>), LedgerError> {
        let held = (bounds.most + 1).saturating_sub(bounds.least);
        let mut least = usize::try_from(held).unwrap_or(usize::MAX);
        let mut best = Self::Arrivals;
        for criterion in query.criteria() {
            let Some(probes) = criterion.probes() else {
                continue;
            };
            let found = peek(snapshot.view(), &probes, bounds)?;
            if found < least {
                (least, best) = (found, Self::Terms(probes));
            }
        }
        if bounds.timed {
            let (from, to) = ((bounds.from_ms, 0), (bounds.to_ms, u64::MAX));
            let mut found = 0;
            if from <= to {
                let places = snapshot.view().timed(from, to, Way::Forward);
                for place in places.take(PEEKED_MAX.min(least)) {
                    place?;
                    found += 1;
                }
            }
            if found < least {
                (least, best) = (found, Self::Times);
            }
        }
        Ok((best, (least < PEEKED_MAX).then_some(least)))
    }

    /// Returns the arrivals within a range, each once, in their order.
    pub(crate) fn arrivals<'r>(
        &self,
        snapshot: &'r Snapshot<'_>,
        (least, most): (u64, u64),
        way: Way,
    ) -> Box<dyn Iterator<Item = Result<u64, LedgerError>> + 'r> {
        let Self::Terms(probes) = self else {
            // Times have no order of arrivals, so that all are read.
            return match way {
                Way::Forward => Box::new((least..=most).map(Ok)),
                Way::Backward => Box::new((least..=most).rev().map(Ok)),
            };
        };
        if least > most {
            return Box::new(std::iter::empty());
        }
        let view = snapshot.view();
        let filed = probes
            .iter()
            .map(|probe| view.filed(term(probe), least, most, way));
        Box::new(Union::of(filed, way))
    }
}

/// Counts what is filed under probes, up to [`PEEKED_MAX`].
fn peek(view: &View<'_>, probes: &[Probe], bounds: &Bounds) -> Result<usize, LedgerError> {
    let mut found = 0;
    if bounds.least > bounds.most {
        return Ok(0);
    }
    for probe in probes {
        let filed = view.filed(term(probe), bounds.least, bounds.most, Way::Forward);
        for arrival in filed.take(PEEKED_MAX - found) {
            arrival?;
            found += 1;
        }
        if found == PEEKED_MAX {
            break;
        }
    }
    Ok(found)
}

fn term(probe: &Probe) -> Term<'_> {
    match probe {
        Probe::Object(key) => Term::Object(key.as_str()),
        Probe::EventId(id) => Term::EventId(id),
        Probe::BizStep(uri) => Term::BizStep(uri),
        Probe::Disposition(uri) => Term::Disposition(uri),
        Probe::BizLocation(key) => Term::BizLocation(key.as_str()),
        Probe::ReadPoint(key) => Term::ReadPoint(key.as_str()),
        Probe::Term(term) => Term::Field(term),
    }
}

/// Several ordered runs of arrivals as one, each arrival once.
struct Union<I> {
    runs: Vec<I>,
    /// The next arrival of each run that has one, as the rank by which the
    /// least comes first in either direction.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
    way: Way,
    last: Option<u64>,
    failed: Option<LedgerError>,
}

impl<I, E> Union<I>
where
    I: Iterator<Item = Result<u64, E>>,
    LedgerError: From<E>,
{
    fn of(runs: impl Iterator<Item = I>, way: Way) -> Self {
        let mut union = Self {
            runs: runs.collect(),
            heads: BinaryHeap::new(),
            way,
            last: None,
            failed: None,
        };
        for run in 0..union.runs.len() {
            union.advance(run);
        }
        union
    }

    fn advance(&mut self, run: usize) {
        match self.runs[run].next() {
            Some(Ok(arrival)) => self.heads.push(Reverse((self.rank(arrival), run))),
            Some(Err(error)) => self.failed = Some(error.into()),
            None => {}
        }
    }

    /// Turns an arrival into its rank, and back.
    fn rank(&self, arrival: u64) -> u64 {
        match self.way {
            Way::Forward => arrival,
            Way::Backward => u64::MAX - arrival,
        }
    }
}

impl<I, E> Iterator for Union<I>
where
    I: Iterator<Item = Result<u64, E>>,
    LedgerError: From<E>,
{
    type Item = Result<u64, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.failed.take() {
                self.heads.clear();
                return Some(Err(error));
            }
            let Reverse((rank, run)) = self.heads.pop()?;
            self.advance(run);
            let arrival = self.rank(rank);
            if self.last.replace(arrival) != Some(arrival) {
                return Some(Ok(arrival));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_one_in_either_direction() {
        let union = |runs: Vec<Vec<u64>>, way| {
            let runs = runs
                .into_iter()
                .map(|run| run.into_iter().map(Ok::<u64, LedgerError>));
            let all = Union::of(runs, way).collect::<Result<Vec<_>, _>>();
            all.expect("nothing fails")
        };
        let runs = vec![vec![1, 4, 9], vec![], vec![4, 5], vec![1]];
        assert_eq!(union(runs, Way::Forward), [1, 4, 5, 9]);
        let runs = vec![vec![9, 4, 1], vec![5, 4]];
        assert_eq!(union(runs, Way::Backward), [9, 5, 4, 1]);
    }

    #[test]
    fn a_failure_ends_the_union() {
        let runs = [
            vec![Ok(1), Err(LedgerError::Damaged("x"))],
            vec![Ok(2), Ok(3)],
        ];
        let runs = runs.into_iter().map(Vec::into_iter);
        let all: Vec<_> = Union::of(runs, Way::Forward).collect();
        assert!(
            matches!(all[..], [Err(_)]) || matches!(all[..], [Ok(1), Err(_)]),
            "{all:?}"
        );
    }
}
