//! Moments of this node's clock as text.

use jiff::Timestamp;

/// Returns the present moment, to the millisecond.
pub(crate) fn now() -> String {
    text(Timestamp::now().as_millisecond())
}

/// Returns a moment given in milliseconds since 1970 as a date-time in UTC,
/// `2026-10-12T07:40:00.000Z`.
pub(crate) fn text(ms: i64) -> String {
    let moment = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    format!("{moment:.3}")
}

/// Reads a date-time with zone as milliseconds since 1970.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    let moment: Timestamp = text.parse().ok()?;
    Some(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_milliseconds() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(1_751_302_800_120), "2025-06-30T17:00:00.120Z");
        assert_eq!(
            milliseconds("2025-07-01T00:00:00+07:00"),
            Some(1_751_302_800_000)
        );
        assert_eq!(milliseconds("2025-07-01"), None);
    }
}
