//! Date-times and zone offsets as EPCIS writes them.

/// Returns the instant of a date-time in milliseconds since 1970-01-01T00:00Z,
/// later digits cut off.
///
/// The form is what RFC 3339 and the `dateTimeStamp` of XML Schema 1.1 share:
/// four-digit year, `T`, seconds below 60, an optional fraction, and `Z` or an
/// offset up to ±14:00. So the same text serves in JSON and in XML.
pub(crate) fn instant_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let fixed = bytes.get(..19)?;
    for (index, byte) in fixed.iter().enumerate() {
        let expected = match index {
            4 | 7 => *byte == b'-',
            10 => *byte == b'T',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        };
        if !expected {
            return None;
        }
    }
    let (year, month, day) = (
        digits(&fixed[..4]),
        digits(&fixed[5..7]),
        digits(&fixed[8..10]),
    );
    let (hour, minute, second) = (
        digits(&fixed[11..13]),
        digits(&fixed[14..16]),
        digits(&fixed[17..19]),
    );
    if !(1..=12).contains(&month)
        || day < 1
        || day > days_of_month(year, month)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let (millisecond, zone) = fraction(&bytes[19..])?;
    let offset_minutes = if zone == b"Z" {
        0
    } else {
        offset_minutes(zone)?
    };
    let minutes = (days_from_epoch(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    Some((minutes * 60 + second) * 1000 + millisecond)
}

/// Returns the minutes of a zone offset `±hh:mm`, at most 14:00 away.
pub(crate) fn offset_minutes(bytes: &[u8]) -> Option<i64> {
    let &[sign, h1, h2, b':', m1, m2] = bytes else {
        return None;
    };
    if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (hours, minutes) = (digits(&[h1, h2]), digits(&[m1, m2]));
    if minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return None;
    }
    match sign {
        b'+' => Some(hours * 60 + minutes),
        b'-' => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

/// Reads an optional fraction: its milliseconds, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', after)) = bytes.split_first() else {
        return Some((0, bytes));
    };
    let count = after
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 {
        return None;
    }
    let (fraction, zone) = after.split_at(count);
    let mut milliseconds = 0;
    for index in 0..3 {
        let digit = fraction.get(index).map_or(0, |byte| i64::from(byte - b'0'));
        milliseconds = milliseconds * 10 + digit;
    }
    Some((milliseconds, zone))
}

/// Writes an instant in UTC with three digits after the second.
pub(crate) fn utc_text(instant_ms: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    let (year, month, day) = date_of(instant_ms.div_euclid(DAY_MS));
    let ms = instant_ms.rem_euclid(DAY_MS);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        ms % 1000
    )
}

fn digits(bytes: &[u8]) -> i64 {
    bytes
        .iter()
        .fold(0, |value, byte| value * 10 + i64::from(byte - b'0'))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Counts days from 1970-01-01 in the proleptic Gregorian calendar, with years
/// that begin in March so that the leap day comes last.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + leap_days + day_of_year - 719_468
}

/// Returns year, month and day of a day counted from 1970-01-01, the inverse of
/// [`days_from_epoch`].
fn date_of(days: i64) -> (i64, i64, i64) {
    const ERA_DAYS: i64 = 146_097;
    let days = days + 719_468;
    let era = days.div_euclid(ERA_DAYS);
    let day_of_era = days.rem_euclid(ERA_DAYS);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era + i64::from(month >= 10);
    (year, (month + 2) % 12 + 1, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2025-07-01T00:00:00.000+07:00", Some(1_751_302_800_000)),
            ("2025-07-01T00:00:00.1239-07:00", Some(1_751_353_200_123)),
            ("2024-02-29T23:59:59.5Z", Some(1_709_251_199_500)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("0000-01-01T00:00:00Z", Some(-62_167_219_200_000)),
            ("2025-02-29T00:00:00Z", None),
            ("2025-13-01T00:00:00Z", None),
            ("2025-01-00T00:00:00Z", None),
            ("2025-01-01T24:00:00Z", None),
            ("2025-01-01T00:00:60Z", None),
            ("2025-01-01T00:00:00", None),
            ("2025-01-01t00:00:00Z", None),
            ("2025-01-01T00:00:00z", None),
            ("2025-01-01 00:00:00Z", None),
            ("2025-01-01T00:00:00.Z", None),
            ("2025-01-01T00:00:00+14:01", None),
            ("2025-01-01T00:00:00+07", None),
            ("22-07-2026", None),
            ("", None),
        ] {
            assert_eq!(instant_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_counted_both_ways() {
        for days in (-719_528..3_000_000).step_by(17).chain(-1..800) {
            let (year, month, day) = date_of(days);
            assert!((1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day));
            assert_eq!(
                days_from_epoch(year, month, day),
                days,
                "{year}-{month}-{day}"
            );
        }
    }

    #[test]
    fn offsets() {
        for (text, expected) in [
            ("+07:00", Some(420)),
            ("-05:30", Some(-330)),
            ("+14:00", Some(840)),
            ("-00:00", Some(0)),
            ("+14:30", None),
            ("07:00", None),
            ("+7:00", None),
            ("Z", None),
        ] {
            assert_eq!(offset_minutes(text.as_bytes()), expected, "{text}");
        }
    }
}
