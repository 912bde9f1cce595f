//! Hybrid logical time: 48 bits of Unix milliseconds, 16 bits of counter.

use std::fmt;

/// A record's time. Orders an author's records in one scope; says nothing of
/// when an event happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Returns the earliest stamp of a millisecond since 1970-01-01T00:00Z.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms << 16)
    }

    /// Returns the milliseconds since 1970-01-01T00:00Z.
    pub const fn ms(self) -> u64 {
        self.0 >> 16
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.ms(), self.0 & 0xffff)
    }
}

/// The clock of one scope, so that traffic in one scope is not felt in another.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    last: Stamp,
}

impl Clock {
    /// Returns a stamp later than every stamp told or seen before.
    pub fn tick(&mut self, now_ms: u64) -> Stamp {
        self.last = Stamp((self.last.0 + 1).max(Stamp::from_ms(now_ms).0));
        self.last
    }

    /// Takes note of another's stamp, unless it lies more than `skew_ms` ahead:
    /// a wrong clock elsewhere must not drag this one along.
    pub fn observe(&mut self, seen: Stamp, now_ms: u64, skew_ms: u64) {
        if seen.ms() <= now_ms.saturating_add(skew_ms) {
            self.last = self.last.max(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let mut clock = Clock::default();
        let first = clock.tick(1_000);
        assert_eq!(first.ms(), 1_000);
        assert!(clock.tick(900) > first);
        clock.observe(Stamp::from_ms(1_500), 1_000, 600);
        assert!(clock.tick(1_000).ms() == 1_500);
        clock.observe(Stamp::from_ms(9_000), 1_000, 600);
        assert!(clock.tick(1_000).ms() == 1_500);
    }
}
