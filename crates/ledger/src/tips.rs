//! Which logs no opening names: of one key and scope there is one, but where
//! a disk was put back.

use std::collections::{BTreeMap, BTreeSet};

use record::{Epoch, LogId, RawKey, ScopeName, Stamp};

/// The unnamed logs of one key and scope, by their openings' stamps. The last
/// is the one in which the author goes on; the author had lost the others when
/// it began that one, so they are *recovered* as a whole.
pub(crate) type Group = BTreeSet<(Stamp, Epoch)>;

/// The unnamed logs of every key and scope.
///
/// What is marked is a function of the logs held alone, whatever the order in
/// which they came.
#[derive(Debug, Default)]
pub(crate) struct Tips(BTreeMap<(RawKey, ScopeName), Group>);

impl Tips {
    /// Enters a log that no opening names, with its own opening's stamp.
    pub(crate) fn enter(&mut self, log: &LogId, opened: Stamp) {
        let group = self.0.entry(key(log)).or_default();
        group.insert((opened, log.epoch));
    }

    /// Takes a log out that an opening names.
    pub(crate) fn leave(&mut self, log: &LogId) {
        if let Some(group) = self.0.get_mut(&key(log)) {
            group.retain(|(_, epoch)| *epoch != log.epoch);
        }
    }

    /// Returns the unnamed logs of a log's key and scope.
    pub(crate) fn group(&self, log: &LogId) -> Group {
        self.0.get(&key(log)).cloned().unwrap_or_default()
    }

    /// Puts another state in the place of that of a log's key and scope.
    pub(crate) fn put(&mut self, log: &LogId, group: Group) {
        self.0.insert(key(log), group);
    }

    /// Tells whether no opening names a log though its author has begun a
    /// later one.
    pub(crate) fn is_left_behind(&self, log: &LogId) -> bool {
        let Some(group) = self.0.get(&key(log)) else {
            return false;
        };
        let unnamed = group.iter().any(|(_, epoch)| *epoch == log.epoch);
        unnamed && group.last().is_some_and(|(_, last)| *last != log.epoch)
    }
}

fn key(log: &LogId) -> (RawKey, ScopeName) {
    (log.author, log.scope.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(scope: &str, epoch: u8) -> LogId {
        LogId {
            author: RawKey([1; 32]),
            scope: ScopeName::new(scope).expect("a name"),
            epoch: Epoch([epoch; 16]),
        }
    }

    #[test]
    fn of_several_unnamed_logs_all_but_the_latest_are_left_behind() {
        let (first, second, elsewhere) = (log("a", 9), log("a", 1), log("b", 2));
        let mut tips = Tips::default();
        tips.enter(&second, Stamp(20));
        tips.enter(&elsewhere, Stamp(5));
        assert!(!tips.is_left_behind(&second));
        tips.enter(&first, Stamp(10));
        assert!(tips.is_left_behind(&first));
        assert!(!tips.is_left_behind(&second));
        assert!(!tips.is_left_behind(&elsewhere), "of another scope");
        tips.leave(&first);
        assert!(!tips.is_left_behind(&first), "named, at a size of its own");
        assert!(!tips.is_left_behind(&log("c", 1)), "not held");
    }
}
