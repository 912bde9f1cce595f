//! The collections of EPCIS 2.0 §12.4: what values the events here have, and
//! the events of each.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use epcis::query::{EventQuery, Namespaces, NoMasterData, Word};
use epcis::{EPCIS_CONTEXT, EventType};
use ledger::{Facet, PageSize, Snapshot};
use serde_json::json;

use crate::identity::Caller;
use crate::page::{self, PageRequest};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::routes::{events, path_below};
use crate::server::App;

/// The collections that stand at the top.
const TOP: [&str; 9] = [
    "bizLocations",
    "bizSteps",
    "capture",
    "dispositions",
    "epcs",
    "eventTypes",
    "events",
    "queries",
    "readPoints",
];

/// A collection of values that events have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    EventTypes,
    Epcs,
    BizSteps,
    BizLocations,
    ReadPoints,
    Dispositions,
}

impl Collection {
    pub(crate) const ALL: [Self; 6] = [
        Self::EventTypes,
        Self::Epcs,
        Self::BizSteps,
        Self::BizLocations,
        Self::ReadPoints,
        Self::Dispositions,
    ];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::EventTypes => "/epcis/eventTypes",
            Self::Epcs => "/epcis/epcs",
            Self::BizSteps => "/epcis/bizSteps",
            Self::BizLocations => "/epcis/bizLocations",
            Self::ReadPoints => "/epcis/readPoints",
            Self::Dispositions => "/epcis/dispositions",
        }
    }

    /// Returns the query parameter that asks for the events of a value.
    fn parameter(self) -> &'static str {
        match self {
            Self::EventTypes => "eventType",
            Self::Epcs => "MATCH_anyEPC",
            Self::BizSteps => "EQ_bizStep",
            Self::BizLocations => "EQ_bizLocation",
            Self::ReadPoints => "EQ_readPoint",
            Self::Dispositions => "EQ_disposition",
        }
    }

    /// Returns the values that the standard has, and where others are found.
    fn sources(self) -> (Vec<&'static str>, Option<Facet>) {
        let facet = match self {
            Self::EventTypes => return (EventType::ALL.map(EventType::name).to_vec(), None),
            Self::BizSteps => Facet::BizStep,
            Self::Dispositions => Facet::Disposition,
            Self::Epcs => Facet::Object,
            Self::BizLocations => Facet::BizLocation,
            Self::ReadPoints => Facet::ReadPoint,
        };
        let standard = self.word().map(Word::standard).unwrap_or_default();
        (standard.to_vec(), Some(facet))
    }

    /// Returns what its values are, where the standard has a vocabulary of them.
    fn word(self) -> Option<Word> {
        match self {
            Self::BizSteps => Some(Word::BizStep),
            Self::Dispositions => Some(Word::Disposition),
            _ => None,
        }
    }

    /// Tells whether a value is told as one of the standard's.
    fn is_standard(self, value: &str) -> bool {
        self.word().is_some_and(|word| word.bare(value).is_some())
    }
}

/// A page that shows whether there is anything.
const ONE: PageSize = PageSize {
    events: 1,
    bytes: 1,
};

/// What is asked about one value of a collection.
pub(crate) struct Asked {
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
    id: String,
}

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, app).await;
        Ok(Self {
            caller: Caller::from_request_parts(parts, app).await?,
            parameters: Parameters::from_request_parts(parts, app).await?,
            headers: parts.headers.clone(),
            id: id.map_err(|_| Problem::NoRoute)?.0,
        })
    }
}

/// Where a page of a collection begins: among the values of the standard, or
/// after a place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Standard(u16),
    Others(Option<[u8; 8]>),
}

impl Place {
    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Standard(number) => number.to_be_bytes().to_vec(),
            Self::Others(None) => Vec::new(),
            Self::Others(Some(after)) => after.to_vec(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            0 => Some(Self::Others(None)),
            2 => bytes
                .try_into()
                .ok()
                .map(u16::from_be_bytes)
                .map(Self::Standard),
            _ => bytes.try_into().ok().map(Some).map(Self::Others),
        }
    }
}

/// Answers the collections at the top.
pub(crate) async fn top(parameters: Parameters) -> Result<Response, Problem> {
    parameters.finish(&[])?;
    Ok(collection(&TOP))
}

/// Answers a page of the values of a collection.
pub(crate) async fn values(
    collected: Collection,
    app: &App,
    caller: &Caller,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let asked = PageRequest::take(collected.path(), "", &mut parameters, &app.page_secret)?;
    parameters.finish(&[page::SIZE, page::TOKEN])?;
    let from = asked.from(Place::from_bytes)?;
    let from = from.unwrap_or(Place::Standard(0));
    let size = asked.size;
    let read = move |snapshot: &Snapshot<'_>| read(snapshot, collected, from, size);
    let (members, next) = app.reading.snapshot(caller.sees(), read).await?;
    let mut response = collection(&members);
    if let Some(next) = next {
        asked.link(&next.to_bytes(), &app.page_secret, response.headers_mut())?;
    }
    Ok(response)
}

fn read(
    snapshot: &Snapshot<'_>,
    collected: Collection,
    from: Place,
    size: usize,
) -> Result<(Vec<String>, Option<Place>), Problem> {
    let (standard, facet) = collected.sources();
    let mut members = Vec::new();
    let mut after = match from {
        Place::Others(after) => after,
        Place::Standard(number) => {
            let from = usize::from(number);
            let rest = standard.get(from..).unwrap_or_default();
            members.extend(rest.iter().take(size).map(|word| (*word).to_owned()));
            if members.len() < rest.len() {
                let next = u16::try_from(from + members.len()).unwrap_or(u16::MAX);
                return Ok((members, Some(Place::Standard(next))));
            }
            None
        }
    };
    let Some(facet) = facet else {
        return Ok((members, None));
    };
    loop {
        if members.len() == size {
            // A page that ends a collection links to none.
            let more = snapshot.values(facet, after, 1)?;
            let next = (!more.values.is_empty()).then_some(Place::Others(after));
            return Ok((members, next));
        }
        let found = snapshot.values(facet, after, size - members.len())?;
        let others = found.values.into_iter();
        members.extend(others.filter(|value| !collected.is_standard(value)));
        match found.next {
            Some(next) => after = Some(next),
            None => return Ok((members, None)),
        }
    }
}

/// Answers what there is of one value.
pub(crate) async fn value(
    collected: Collection,
    app: &App,
    asked: Asked,
) -> Result<Response, Problem> {
    let Asked {
        caller,
        parameters,
        headers,
        id,
    } = asked;
    parameters.finish(&[])?;
    let query = EventQuery::from_pairs([(collected.parameter(), one(&id)?)], &names(&headers)?)?;
    let is_here = match collected.sources() {
        (standard, _) if standard.contains(&id.as_str()) => true,
        _ => {
            let read = move |snapshot: &Snapshot<'_>| {
                let found = snapshot.query(&query, &NoMasterData, ONE, None)?;
                Ok(!found.events.is_empty() || found.next.is_some())
            };
            app.reading.snapshot(caller.sees(), read).await?
        }
    };
    match is_here {
        true => Ok(collection(&["events"])),
        false => Err(Problem::NotFound(format!(
            "No event that you may see has {id:.200}."
        ))),
    }
}

/// Answers a page of the events of one value, among which a query asks.
pub(crate) async fn events_of(
    collected: Collection,
    app: &App,
    asked: Asked,
) -> Result<Response, Problem> {
    let Asked {
        caller,
        mut parameters,
        headers,
        id,
    } = asked;
    let extensions = events::extensions(&headers)?;
    let path = path_below(collected.path(), &[&id, "events"])?;
    let page = PageRequest::take(&path, extensions, &mut parameters, &app.page_secret)?;
    let fixed = collected.parameter();
    // The standard leaves EQ_disposition beside the path.
    if fixed != "EQ_disposition" && parameters.pairs().any(|(name, _)| name == fixed) {
        return Err(Problem::Parameter(format!(
            "{fixed} stands in the path already: ask /epcis/events to name several."
        )));
    }
    let pairs = parameters.pairs().chain([(fixed, one(&id)?)]);
    let query = EventQuery::from_pairs(pairs, &names(&headers)?)?;
    events::answer(app, &caller, &headers, query, events::QUERY_NAME, page).await
}

fn names(headers: &HeaderMap) -> Result<Namespaces, Problem> {
    Ok(Namespaces::from_header(events::extensions(headers)?)?)
}

/// Makes sure that a path names one value: a bar would part several.
fn one(id: &str) -> Result<&str, Problem> {
    match id.contains('|') {
        true => Err(Problem::NotFound("No value has a bar in it.".to_owned())),
        false => Ok(id),
    }
}

fn collection<S: AsRef<str>>(members: &[S]) -> Response {
    let members: Vec<&str> = members.iter().map(AsRef::as_ref).collect();
    Json(json!({ "@context": EPCIS_CONTEXT, "type": "Collection", "member": members }))
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_round_trip() {
        for place in [
            Place::Standard(0),
            Place::Standard(40),
            Place::Others(None),
            Place::Others(Some([7; 8])),
        ] {
            assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
        }
        assert_eq!(Place::from_bytes(&[0; 3]), None);
    }
}
