//! Pages of an answer: tokens and links (EPCIS 2.0 §12.7, RFC 8288).
//!
//! A token holds where the next page begins, until when it serves, and a code
//! over both and its query that only this node's run can make. What arrives
//! after the first page was read is no part of the answer, so pages neither
//! skip nor repeat anything while events are captured.

use std::fmt;

use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use record::Digest;
use reqwest::Url;
use sha2::Sha256;

use crate::moment;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// The items of a page unless told otherwise.
pub(crate) const PER_PAGE: u32 = 30;
/// The most items of a page.
pub(crate) const PER_PAGE_MAX: u32 = 1_000;
/// How long a token serves, in milliseconds.
const TOKEN_LIFE_MS: i64 = 60 * 60 * 1_000;
/// The bytes of a token's code.
const CODE_LEN: usize = 16;

pub(crate) const SIZE: &str = "perPage";
pub(crate) const TOKEN: &str = "nextPageToken";
const EXPIRES: HeaderName = HeaderName::from_static("gs1-next-page-token-expires");

/// The secret of one run of the server, by which it knows its own tokens.
pub(crate) struct PageSecret([u8; 32]);

impl PageSecret {
    /// Draws a secret.
    pub(crate) fn fresh() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(secret))
    }

    fn mac(&self, query: &Digest, place: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        let mut mac = mac.expect("a key may have any length");
        mac.update(query.as_bytes());
        mac.update(place);
        mac
    }
}

impl fmt::Debug for PageSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageSecret")
    }
}

/// Which page of an answer is asked for.
#[derive(Debug)]
pub(crate) struct PageRequest {
    /// Where it begins, in the form of whoever answers; `None` is the first.
    from: Option<Vec<u8>>,
    /// How many items it may hold.
    pub(crate) size: usize,
    /// The path and query of the first page, as a base for links.
    base: Url,
    query: Digest,
}

impl PageRequest {
    /// Takes the parameters of paging out; what is left is the query. `kind`
    /// is whatever else decides what is asked for.
    pub(crate) fn take(
        path: &str,
        kind: &str,
        parameters: &mut Parameters,
        secret: &PageSecret,
    ) -> Result<Self, Problem> {
        let size = parameters.take_number(SIZE, 1..=PER_PAGE_MAX)?;
        let token = parameters.take(TOKEN);
        let mut base = Url::parse("http://localhost").map_err(|e| Problem::Internal(e.into()))?;
        base.set_path(path);
        base.query_pairs_mut().extend_pairs(parameters.pairs());
        let query = Digest::of(&[base.as_str().as_bytes(), b"\n", kind.as_bytes()]);
        if let Some(size) = size {
            base.query_pairs_mut().append_pair(SIZE, &size.to_string());
        }
        let now = Timestamp::now().as_millisecond();
        let from = match token {
            None => None,
            Some(token) => Some(read(&token, &query, secret, now)?),
        };
        let size = size.unwrap_or(PER_PAGE);
        Ok(Self {
            from,
            size: usize::try_from(size).unwrap_or(usize::MAX),
            base,
            query,
        })
    }

    /// Returns where it begins, as whoever answers reads it; `None` is the first.
    pub(crate) fn from<T>(
        &self,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let foreign = || Problem::Parameter("The nextPageToken is of another resource.".into());
        let from = self.from.as_deref();
        from.map(|bytes| read(bytes).ok_or_else(foreign))
            .transpose()
    }

    /// Tells the page that begins at a place in the headers of this one.
    pub(crate) fn link(
        &self,
        place: &[u8],
        secret: &PageSecret,
        headers: &mut HeaderMap,
    ) -> Result<(), Problem> {
        let expires = Timestamp::now().as_millisecond() + TOKEN_LIFE_MS;
        let token = write(place, expires, &self.query, secret);
        let mut next = self.base.clone();
        next.query_pairs_mut().append_pair(TOKEN, &token);
        let (path, query) = (next.path(), next.query().unwrap_or_default());
        let value = |text: String| {
            HeaderValue::try_from(text).map_err(|error| Problem::Internal(Box::new(error)))
        };
        headers.insert(LINK, value(format!("<{path}?{query}>; rel=\"next\""))?);
        headers.insert(EXPIRES, value(moment::text(expires))?);
        Ok(())
    }
}

/// Returns place, expiry and code as one token.
fn write(place: &[u8], expires: i64, query: &Digest, secret: &PageSecret) -> String {
    let mut bytes = place.to_vec();
    bytes.extend(expires.to_be_bytes());
    let code = secret.mac(query, &bytes).finalize().into_bytes();
    bytes.extend(&code[..CODE_LEN]);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the place of a token that this run made for the query.
fn read(token: &str, query: &Digest, secret: &PageSecret, now: i64) -> Result<Vec<u8>, Problem> {
    let wrong = || {
        let text = "The nextPageToken is not one of this query's, or of before this node was \
                    started: follow the link that came with the page before, or begin without it.";
        Problem::Parameter(text.to_owned())
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    let (place, code) = bytes.split_last_chunk::<CODE_LEN>().ok_or_else(wrong)?;
    let known = secret.mac(query, place).verify_truncated_left(code);
    known.map_err(|_| wrong())?;
    let (place, expires) = place.split_last_chunk::<8>().ok_or_else(wrong)?;
    if i64::from_be_bytes(*expires) < now {
        let text = "The nextPageToken has expired: begin without it.";
        return Err(Problem::Parameter(text.to_owned()));
    }
    Ok(place.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_whole_or_not_at_all() {
        let (secret, other) = (PageSecret([1; 32]), PageSecret([2; 32]));
        let (query, foreign) = (Digest::of(&[b"a"]), Digest::of(&[b"b"]));
        let token = write(b"place", 1_000, &query, &secret);
        let at = |token: &str, query, secret, now| read(token, query, secret, now).ok();
        assert_eq!(
            at(&token, &query, &secret, 1_000).as_deref(),
            Some(&b"place"[..])
        );
        assert_eq!(at(&token, &query, &secret, 1_001), None, "expired");
        assert_eq!(at(&token, &foreign, &secret, 0), None, "another query");
        assert_eq!(at(&token, &query, &other, 0), None, "another run");
        for place in 0..token.len() {
            let mut turned = token.clone().into_bytes();
            turned[place] = if turned[place] == b'A' { b'B' } else { b'A' };
            let turned = String::from_utf8(turned).expect("ASCII");
            assert_eq!(at(&turned, &query, &secret, 0), None, "byte {place}");
        }
        for short in ["", "A", "AAAA", &token[..20]] {
            assert_eq!(at(short, &query, &secret, 0), None, "{short}");
        }
    }
}
