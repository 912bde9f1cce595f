//! Which form of an answer a client accepts (RFC 9110 §12.5.1).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

use crate::problem::Problem;

/// Returns the place of the media type that the client likes best among those
/// offered; the earlier of two that it likes alike. Without an Accept header
/// that is the first.
pub(crate) fn choose(headers: &HeaderMap, offered: &[&str]) -> Result<usize, Problem> {
    let mut ranges = Vec::new();
    for header in headers.get_all(ACCEPT) {
        let text = header.to_str().unwrap_or_default();
        ranges.extend(text.split(',').filter_map(Range::read));
    }
    if ranges.is_empty() {
        return Ok(0);
    }
    let mut best = None;
    for (place, media_type) in offered.iter().enumerate() {
        let quality = quality(&ranges, media_type);
        if quality > best.map_or(0, |(quality, _)| quality) {
            best = Some((quality, place));
        }
    }
    let refused =
        || Problem::NotAcceptable(format!("This resource offers {}.", offered.join(", ")));
    best.map(|(_, place)| place).ok_or_else(refused)
}

/// A media range with its quality in thousandths.
struct Range {
    main: String,
    sub: String,
    quality: u16,
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let (main, sub) = parts.next()?.trim().split_once('/')?;
        let mut quality = 1000;
        for parameter in parts {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                quality = thousandths(value.trim());
            }
        }
        Some(Self {
            main: main.to_ascii_lowercase(),
            sub: sub.to_ascii_lowercase(),
            quality,
        })
    }

    /// Returns how closely the range names a media type, if it does.
    fn closeness(&self, media_type: &str) -> Option<u8> {
        let (main, sub) = media_type.split_once('/')?;
        match (&*self.main, &*self.sub) {
            ("*", "*") => Some(0),
            (range, "*") if range == main => Some(1),
            (range, rest) if range == main && rest == sub => Some(2),
            _ => None,
        }
    }
}

/// Reads a quality value: 1, 0 or 0 with up to three decimals. What is none
/// counts as 1, as if it were not there.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let padded = format!("{decimals:0<3}");
    match (whole, padded.parse::<u16>()) {
        ("0", Ok(value)) if value < 1000 => value,
        _ => 1000,
    }
}

fn quality(ranges: &[Range], media_type: &str) -> u16 {
    let matching = ranges.iter().filter_map(|range| {
        let closeness = range.closeness(media_type)?;
        Some((closeness, range.quality))
    });
    matching.max().map_or(0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_best_liked_form_is_chosen() {
        const OFFERED: [&str; 2] = ["application/json", "text/plain"];
        for (accept, expected) in [
            ("", Some(0)),
            ("*/*", Some(0)),
            ("text/plain", Some(1)),
            ("text/*", Some(1)),
            ("TEXT/Plain; charset=utf-8", Some(1)),
            ("text/plain, */*", Some(0)),
            ("application/json;q=0.5, text/plain;q=0.9", Some(1)),
            ("text/plain;q=0, */*;q=0.1", Some(0)),
            ("application/json;q=0, */*;q=0.1", Some(1)),
            ("application/xml", None),
            ("text/html, application/xml;q=0.9, */*;q=0.8", Some(0)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(choose(&headers, &OFFERED).ok(), expected, "{accept}");
        }
    }
}
