//! Scans of the index in either direction, between two places.

use rocksdb::{Direction, IteratorMode, ReadOptions};

use crate::column::Column;
use crate::error::StoreError;
use crate::key::{self, Facet, Term};
use crate::view::{View, damaged};

/// Which way entries are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The least first.
    Forward,
    /// The greatest first.
    Backward,
}

/// A place among events in the order of their times: a time in milliseconds
/// since 1970, then an arrival.
pub type TimePlace = (i64, u64);

/// Eight bytes under which terms of one kind are filed, and the arrivals there.
pub type Filing<'s> = (
    [u8; 8],
    Box<dyn Iterator<Item = Result<u64, StoreError>> + 's>,
);

impl<'a> View<'a> {
    /// Returns the arrivals from `least` to `most` that are filed under a term.
    ///
    /// Terms are filed by eight bytes of their hash: whoever asks checks that
    /// what is found is what was meant.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn filed<'s>(
        &'s self,
        term: Term<'_>,
        least: u64,
        most: u64,
        way: Way,
    ) -> impl Iterator<Item = Result<u64, StoreError>> + use<'s, 'a> {
        let keys = self.between(term.key(least), term.key(most), way);
        keys.map(|key| arrival_of(&key?))
    }

    /// Returns the next filing of a kind of terms after one, or the first, with
    /// the arrivals under it in their order.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn next_filing(
        &self,
        facet: Facet,
        after: Option<[u8; 8]>,
    ) -> Result<Option<Filing<'_>>, StoreError> {
        let Some(from) = after.map_or(Some(0), |after| u64::from_be_bytes(after).checked_add(1))
        else {
            return Ok(None);
        };
        let key = |filing: u64, arrival| key::index_key(facet.tag(), filing.to_be_bytes(), arrival);
        let mut keys = self.between(key(from, 0), key(u64::MAX, u64::MAX), Way::Forward);
        let Some(first) = keys.next().transpose()? else {
            return Ok(None);
        };
        let filing = first.get(1..9).and_then(key::read_u64);
        let filing = filing.ok_or_else(|| damaged("an index entry"))?;
        let under = self.between(key(filing, 0), key(filing, u64::MAX), Way::Forward);
        let arrivals = under.map(|key| arrival_of(&key?));
        Ok(Some((filing.to_be_bytes(), Box::new(arrivals))))
    }

    /// Returns the events from one place to another in the order of their
    /// times, each with its time.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn timed<'s>(
        &'s self,
        least: TimePlace,
        most: TimePlace,
        way: Way,
    ) -> impl Iterator<Item = Result<TimePlace, StoreError>> + use<'s, 'a> {
        let key = |(ms, arrival)| Term::EventTime(ms).key(arrival);
        let keys = self.between(key(least), key(most), way);
        keys.map(|key| {
            let key = key?;
            let time = key.get(1..9).and_then(key::read_u64);
            let arrival = key.get(9..).and_then(key::read_u64);
            match (time, arrival) {
                (Some(time), Some(arrival)) => Ok(((time ^ (1 << 63)).cast_signed(), arrival)),
                _ => Err(damaged("an index entry")),
            }
        })
    }

    /// Returns the keys of the index from one to another, both included.
    fn between<'s>(
        &'s self,
        least: [u8; key::INDEX_KEY_LEN],
        most: [u8; key::INDEX_KEY_LEN],
        way: Way,
    ) -> impl Iterator<Item = Result<Box<[u8]>, StoreError>> + use<'s, 'a> {
        let mut options = ReadOptions::default();
        if least[..9] == most[..9] && way == Way::Forward {
            // Within one term the filter of terms spares files.
            options.set_prefix_same_as_start(true);
        } else {
            options.set_total_order_seek(true);
        }
        options.set_iterate_lower_bound(least);
        // The bound is the first key that is left out.
        let mut bound = most.to_vec();
        bound.push(0);
        options.set_iterate_upper_bound(bound);
        let mode = match way {
            Way::Forward => IteratorMode::From(&least, Direction::Forward),
            Way::Backward => IteratorMode::From(&most, Direction::Reverse),
        };
        let pairs = self.scan(Column::Index, mode, options);
        pairs.map(|pair| pair.map(|(key, _)| key))
    }
}

/// Reads the arrival of a key of the index.
pub(crate) fn arrival_of(key: &[u8]) -> Result<u64, StoreError> {
    let arrival = key.get(9..).and_then(key::read_u64);
    arrival.ok_or_else(|| damaged("an index entry"))
}
