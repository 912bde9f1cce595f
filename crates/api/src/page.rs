//! Pages of an answer: tokens and links (EPCIS 2.0 §12.7, RFC 8288).
//!
//! A token says after which arrival the next page begins, and to which query
//! it belongs. Arrivals are only ever added at the end, so pages neither skip
//! nor repeat anything while events are captured.

use record::Digest;
use reqwest::Url;

use crate::parameters::Parameters;
use crate::problem::Problem;

/// The events of a page unless told otherwise.
const PER_PAGE: u32 = 30;
/// The most events of a page.
pub(crate) const PER_PAGE_MAX: u32 = 1_000;

const SIZE: &str = "perPage";
const TOKEN: &str = "nextPageToken";

/// Which page of an answer is asked for.
#[derive(Debug)]
pub(crate) struct PageRequest {
    /// The arrival after which it begins.
    pub(crate) after: u64,
    /// How many events it may hold.
    pub(crate) size: usize,
    /// The path and query of the first page, as a base for links.
    base: Url,
    query: Digest,
}

impl PageRequest {
    /// Takes the parameters of paging out; what is left is the query.
    pub(crate) fn take(path: &str, parameters: &mut Parameters) -> Result<Self, Problem> {
        let size = parameters.take_number(SIZE, 1..=PER_PAGE_MAX)?;
        let token = parameters.take(TOKEN);
        let mut base = Url::parse("http://localhost").map_err(|e| Problem::Internal(e.into()))?;
        base.set_path(path);
        base.query_pairs_mut().extend_pairs(parameters.pairs());
        let query = Digest::of(&[base.as_str().as_bytes()]);
        if let Some(size) = size {
            base.query_pairs_mut().append_pair(SIZE, &size.to_string());
        }
        let after = match token {
            None => 0,
            Some(token) => position(&token, &query).ok_or_else(|| {
                let text = "The nextPageToken is not one of this query's: follow the link that \
                            came with the page before, or begin without it.";
                Problem::Parameter(text.to_owned())
            })?,
        };
        let size = size.unwrap_or(PER_PAGE);
        Ok(Self {
            after,
            size: usize::try_from(size).unwrap_or(usize::MAX),
            base,
            query,
        })
    }

    /// Returns the Link header's value for the page that begins after an
    /// arrival.
    pub(crate) fn next_link(&self, after: u64) -> String {
        let mut next = self.base.clone();
        let token = format!("{after:x}.{}", tag(&self.query));
        next.query_pairs_mut().append_pair(TOKEN, &token);
        let (path, query) = (next.path(), next.query().unwrap_or_default());
        format!("<{path}?{query}>; rel=\"next\"")
    }
}

/// Reads a token of a query.
fn position(token: &str, query: &Digest) -> Option<u64> {
    let (after, of) = token.split_once('.')?;
    let after = u64::from_str_radix(after, 16).ok()?;
    (of == tag(query)).then_some(after)
}

fn tag(query: &Digest) -> String {
    format!("{:016x}", u64::from_be_bytes(query.prefix8()))
}
