//! Stretches of time and sets of them.

/// A stretch of time in milliseconds, both ends within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Span {
    /// All time.
    pub(crate) const ALL: Self = Self {
        from: i64::MIN,
        until: i64::MAX,
    };

    /// Returns the stretch that is one moment.
    pub(crate) fn at(time: i64) -> Self {
        Self {
            from: time,
            until: time,
        }
    }

    /// Returns all time up to a moment, itself included.
    pub(crate) fn until(until: i64) -> Self {
        Self { until, ..Self::ALL }
    }

    /// Returns all time since a moment, itself included.
    pub(crate) fn since(from: i64) -> Self {
        Self { from, ..Self::ALL }
    }

    /// Returns what both have in common, if anything.
    pub(crate) fn meet(self, other: Self) -> Option<Self> {
        let met = Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
        };
        (met.from <= met.until).then_some(met)
    }
}

/// A set of moments: stretches in order, none of which touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans(Vec<Span>);

impl Spans {
    /// Returns the set of all moments.
    pub(crate) fn all() -> Self {
        Self(vec![Span::ALL])
    }

    /// Steps through the stretches in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.0.iter().copied()
    }

    /// Steps through what the set has of a stretch.
    pub(crate) fn within(&self, span: Span) -> impl Iterator<Item = Span> + '_ {
        self.touching(span).filter_map(move |own| own.meet(span))
    }

    /// Steps through the whole stretches that have a moment in `span`.
    pub(crate) fn touching(&self, span: Span) -> impl Iterator<Item = Span> + '_ {
        let first = self.0.partition_point(|own| own.until < span.from);
        self.0[first..]
            .iter()
            .copied()
            .take_while(move |own| own.from <= span.until)
    }

    /// Adds a stretch and returns those parts of it that were not there.
    pub(crate) fn insert(&mut self, span: Span) -> Vec<Span> {
        let first = self
            .0
            .partition_point(|own| own.until.saturating_add(1) < span.from);
        let mut last = first;
        let mut whole = span;
        let mut fresh = Vec::new();
        let mut next = Some(span.from);
        while let Some(own) = self.0.get(last) {
            if own.from > span.until.saturating_add(1) {
                break;
            }
            if let Some(from) = next
                && from < own.from
            {
                fresh.push(Span {
                    from,
                    until: span.until.min(own.from - 1),
                });
            }
            next = own.until.checked_add(1).map(|after| after.max(span.from));
            whole.from = whole.from.min(own.from);
            whole.until = whole.until.max(own.until);
            last += 1;
        }
        if let Some(from) = next
            && from <= span.until
        {
            fresh.push(Span {
                from,
                until: span.until,
            });
        }
        self.0.splice(first..last, [whole]);
        fresh
    }

    /// Returns the moments that both sets have.
    pub(crate) fn meet(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let mut met = Self::default();
        while let (Some(a), Some(b)) = (left.peek().copied(), right.peek().copied()) {
            if let Some(common) = a.meet(b) {
                met.insert(common);
            }
            if a.until <= b.until {
                left.next();
            } else {
                right.next();
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn span() -> impl Strategy<Value = Span> {
        (0_i64..20, 0_i64..6).prop_map(|(from, len)| Span {
            from,
            until: from + len,
        })
    }

    fn moments(spans: impl IntoIterator<Item = Span>) -> BTreeSet<i64> {
        spans
            .into_iter()
            .flat_map(|span| span.from..=span.until)
            .collect()
    }

    fn of(list: &[Span]) -> Spans {
        let mut spans = Spans::default();
        for span in list {
            spans.insert(*span);
        }
        spans
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let mut spans = Spans::default();
        assert_eq!(spans.insert(Span::since(3)), [Span::since(3)]);
        assert_eq!(spans.insert(Span::ALL), [Span::until(2)]);
        assert_eq!(spans.insert(Span::at(i64::MAX)), []);
        assert_eq!(spans, Spans::all());
    }

    proptest! {
        #[test]
        fn sets_of_moments(left in prop::collection::vec(span(), 0..6), right in prop::collection::vec(span(), 0..6), probe in span()) {
            let (a, b) = (of(&left), of(&right));
            prop_assert_eq!(moments(a.iter()), moments(left.iter().copied()));
            let common: BTreeSet<i64> = &moments(left.iter().copied()) & &moments(right);
            prop_assert_eq!(moments(a.meet(&b).iter()), common);
            let within = &moments(a.iter()) & &moments([probe]);
            prop_assert_eq!(moments(a.within(probe)), within);
            let mut grown = a.clone();
            let fresh = grown.insert(probe);
            prop_assert_eq!(moments(fresh), &moments([probe]) - &moments(a.iter()));
            prop_assert_eq!(moments(grown.iter()), &moments([probe]) | &moments(a.iter()));
            prop_assert!(grown.0.windows(2).all(|pair| pair[0].until + 1 < pair[1].from));
        }
    }
}
