//! What a node holds of each log.

use std::collections::BTreeMap;

use api::{LogReport, StatusReport};

/// A log: author key, scope, epoch.
pub(crate) type Log = (String, String, String);

/// Size and root of every log held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heads(BTreeMap<Log, (u64, String)>);

/// Returns the log that a report is about.
pub(crate) fn log_of(report: &LogReport) -> Log {
    let LogReport {
        author,
        scope,
        epoch,
        ..
    } = report;
    (author.clone(), scope.clone(), epoch.clone())
}

impl Heads {
    /// Takes the heads out of a status.
    pub(crate) fn of(status: &StatusReport) -> Self {
        let logs = status.logs.iter();
        Self(
            logs.map(|log| (log_of(log), (log.size, log.root.clone())))
                .collect(),
        )
    }

    /// Returns the size of a log, 0 where it is not held.
    pub(crate) fn size(&self, log: &Log) -> u64 {
        self.0.get(log).map_or(0, |(size, _)| *size)
    }

    /// Returns the logs that are held here and not there.
    pub(crate) fn beyond(&self, other: &Self) -> Vec<Log> {
        let logs = self.0.keys();
        logs.filter(|log| !other.0.contains_key(*log))
            .cloned()
            .collect()
    }

    /// Expects all that is held there, and the same root at the same size.
    #[track_caller]
    pub(crate) fn hold_all_of(&self, other: &Self) {
        for (log, (size, root)) in &other.0 {
            let (held, same) = self.0.get(log).unwrap_or_else(|| panic!("{log:?} is gone"));
            assert!(held >= size, "{log:?} has shrunk from {size} to {held}");
            assert!(
                held > size || root == same,
                "{log:?} has two roots at {size}"
            );
        }
    }
}

/// All heads that were ever seen: a log has one root for one size, whoever
/// says so and whenever.
#[derive(Debug, Default)]
pub(crate) struct Roots(BTreeMap<(Log, u64), String>);

impl Roots {
    /// Notes heads, and expects that they contradict none before.
    #[track_caller]
    pub(crate) fn note(&mut self, heads: &Heads) {
        for (log, (size, root)) in &heads.0 {
            let place = (log.clone(), *size);
            let noted = self.0.entry(place).or_insert_with(|| root.clone());
            assert_eq!(noted, root, "{log:?} has two roots at {size}");
        }
    }
}
