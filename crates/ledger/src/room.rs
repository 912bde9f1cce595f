//! How many logs are taken in.

use std::collections::BTreeMap;

use record::{LOGS_MAX, LogId, RawKey};

/// Counts the logs held, of each author key.
///
/// Whoever holds a key can open logs without end, and a frontier has an end.
/// Half of the room is for whoever comes first, the other half is divided
/// equally among the charter's author keys: so no key, and no few keys
/// together, can keep another's new logs out.
#[derive(Debug, Default)]
pub(crate) struct Room {
    of_key: BTreeMap<RawKey, usize>,
    total: usize,
}

impl Room {
    /// Counts a log.
    pub(crate) fn take(&mut self, log: &LogId) {
        *self.of_key.entry(log.author).or_default() += 1;
        self.total += 1;
    }

    /// Tells whether one more log of a key may be taken in, where the charter
    /// lists so many author keys.
    pub(crate) fn is_there_for(&self, author: &RawKey, keys: usize) -> bool {
        let of_key = self.of_key.get(author).copied().unwrap_or(0);
        let common = LOGS_MAX / 2;
        self.total < common || of_key < (LOGS_MAX - common) / keys.max(1)
    }
}

#[cfg(test)]
mod tests {
    use record::{Epoch, ScopeName};

    use super::*;

    fn log(author: u8) -> LogId {
        LogId {
            author: RawKey([author; 32]),
            scope: ScopeName::new("public").expect("a name"),
            epoch: Epoch([0; 16]),
        }
    }

    #[test]
    fn a_greedy_key_leaves_room_for_all_others() {
        const KEYS: u8 = 64;
        let mut room = Room::default();
        let mut fill = |author: u8| {
            let mut taken = 0;
            while room.is_there_for(&RawKey([author; 32]), usize::from(KEYS)) {
                room.take(&log(author));
                taken += 1;
            }
            taken
        };
        assert_eq!(
            fill(0),
            LOGS_MAX / 2,
            "all that is common, and its share in it"
        );
        for author in 1..KEYS {
            assert_eq!(fill(author), LOGS_MAX / 2 / usize::from(KEYS));
        }
        assert!(room.total <= LOGS_MAX);
    }
}
