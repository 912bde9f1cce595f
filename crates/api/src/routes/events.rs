//! Asking for events (EPCIS 2.0 §8.2.7, §12.6).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, LINK};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use epcis::{Answered, Role, Written, query_document};
use gs1::Key;
use ledger::{EventFilter, HeldEvent, Snapshot};

use crate::page::PageRequest;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::App;
use crate::{accept, lookup, moment};

/// The name of the query that `GET /epcis/events` is.
const QUERY_NAME: &str = "SimpleEventQuery";
/// The identifiers that one parameter may list.
const VALUES_MAX: usize = 1_000;
/// How many events are read at a time.
const CHUNK: usize = 64;
/// How many events are looked at for one page: where few of them match, the
/// page is short, and the next goes on.
const LOOKED_AT_MAX: usize = 10_000;
/// The canonical bytes after which a page ends early.
const PAGE_BYTES: usize = 16 << 20;

const ANY_EPC: &str = "MATCH_anyEPC";
const ANY_EPC_CLASS: &str = "MATCH_anyEPCClass";
const EVENT_ID: &str = "EQ_eventID";
const PARAMETERS: [&str; 5] = [ANY_EPC, ANY_EPC_CLASS, EVENT_ID, "perPage", "nextPageToken"];

const EPC_FORMAT: HeaderName = HeaderName::from_static("gs1-epc-format");

const OFFERED: [&str; 2] = ["application/json", "application/ld+json"];

/// What events are asked for. All that is given must hold.
#[derive(Debug, Default)]
struct Wanted {
    /// Single objects, in any role.
    epcs: Option<Vec<Key>>,
    /// Classes, in any role.
    classes: Option<Vec<Key>>,
    /// Any of these `eventID`s, given or derived.
    ids: Option<Vec<String>>,
}

/// Answers an event query, page by page.
pub(crate) async fn query(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let media_type = form(&headers)?;
    let page = PageRequest::take("/epcis/events", &mut parameters)?;
    let wanted = Wanted::take(&mut parameters)?;
    parameters.finish(&PARAMETERS)?;
    let read = move |snapshot: &Snapshot<'_>| {
        let (events, next) = find(snapshot, &wanted, &page)?;
        Ok((document(&events), next.map(|after| page.next_link(after))))
    };
    let (document, next) = app.reading.snapshot(read).await?;
    let mut response = ([(CONTENT_TYPE, media_type)], document).into_response();
    if let Some(link) = next {
        let link = link.parse();
        let link = link.map_err(|_| Problem::Internal("a link is no header value".into()))?;
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Answers the event of an `eventID`, given or derived, with its error
/// declarations, or that of a record.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    parameters: Parameters,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let media_type = form(&headers)?;
    parameters.finish(&[])?;
    let read = move |snapshot: &Snapshot<'_>| Ok(document(&lookup::events(snapshot, &id)?));
    let document = app.reading.snapshot(read).await?;
    Ok(([(CONTENT_TYPE, media_type)], document).into_response())
}

/// Returns the media type of the answer, where the answer can have the form
/// that is asked for.
fn form(headers: &HeaderMap) -> Result<&'static str, Problem> {
    let format = headers.get(EPC_FORMAT).map(|value| value.as_bytes());
    if !matches!(format, None | Some(b"Never_Translates" | b"No_Preference")) {
        let text = "Identifiers are answered as their authors wrote them; \
                    GS1-EPC-Format can be Never_Translates or No_Preference.";
        return Err(Problem::NotAcceptable(text.to_owned()));
    }
    let chosen = accept::choose(headers, &OFFERED)?;
    Ok(OFFERED[chosen])
}

/// Finds a page of events, and where the next begins.
fn find(
    snapshot: &Snapshot<'_>,
    wanted: &Wanted,
    page: &PageRequest,
) -> Result<(Vec<HeldEvent>, Option<u64>), Problem> {
    let filter = wanted.filter();
    let mut found: Vec<HeldEvent> = Vec::new();
    let (mut after, mut bytes) = (page.after, 0);
    for _ in 0..LOOKED_AT_MAX / CHUNK {
        let chunk = snapshot.events(&filter, after, CHUNK)?;
        for event in chunk.events {
            if !wanted.holds(&event) {
                continue;
            }
            if found.len() == page.size || bytes >= PAGE_BYTES {
                let last = found.last().map(|event| event.number);
                return Ok((found, last));
            }
            bytes += event.event.payload().as_bytes().len();
            found.push(event);
        }
        match chunk.next {
            Some(next) => after = next,
            None => return Ok((found, None)),
        }
    }
    Ok((found, Some(after)))
}

fn document(events: &[HeldEvent]) -> String {
    let stored = |event: &HeldEvent| {
        let ms = i64::try_from(event.stored_ms).unwrap_or(i64::MAX);
        moment::text(ms)
    };
    let told: Vec<_> = events
        .iter()
        .map(|event| (event, stored(event), event.event.id()))
        .collect();
    let written = told.iter().map(|(event, time, id)| Written {
        event: &event.event,
        record_time: Some(time),
        derived_id: id.as_deref(),
    });
    let answered = Answered {
        query_name: QUERY_NAME,
        subscription_id: None,
        creation_date: &moment::now(),
    };
    query_document(&answered, written)
}

impl Wanted {
    fn take(parameters: &mut Parameters) -> Result<Self, Problem> {
        let mut keys = |name| match parameters.take(name) {
            Some(text) => keys(name, &text).map(Some),
            None => Ok(None),
        };
        let (epcs, classes) = (keys(ANY_EPC)?, keys(ANY_EPC_CLASS)?);
        let ids = parameters.take(EVENT_ID);
        let ids = ids.map(|text| text.split('|').map(str::to_owned).collect());
        Ok(Self { epcs, classes, ids })
    }

    /// Returns what the ledger can filter by; [`Wanted::holds`] has the rest.
    fn filter(&self) -> EventFilter {
        let single = match self.ids.as_deref() {
            Some([id]) => Some(id.clone()),
            _ => None,
        };
        EventFilter {
            any_epc: self.epcs.clone().or_else(|| self.classes.clone()),
            event_id: single,
        }
    }

    fn holds(&self, held: &HeldEvent) -> bool {
        let named = |keys: &Option<Vec<Key>>, class: bool| {
            keys.as_ref().is_none_or(|keys| {
                let objects = held.event.objects();
                let mut objects = objects.filter(|object| is_class(object.role) == class);
                objects.any(|object| keys.contains(&object.identifier.key.identity()))
            })
        };
        let id = self.ids.as_ref();
        let id = id.is_none_or(|ids| ids.iter().any(|id| held.event.is_called(id)));
        named(&self.epcs, false) && named(&self.classes, true) && id
    }
}

/// Reads identifiers, parted by bars, as the keys under which all their
/// spellings are found.
fn keys(name: &str, text: &str) -> Result<Vec<Key>, Problem> {
    let mut keys = Vec::new();
    for uri in text.split('|') {
        if uri.starts_with("urn:epc:idpat:") || uri.starts_with("urn:epc:pat:") {
            let text = format!("{name} takes no patterns yet: name each identifier in full.");
            return Err(Problem::Parameter(text));
        }
        let key = Key::from_uri_or_verbatim(uri);
        let key = key.map_err(|error| Problem::Parameter(format!("{name}: {error}.")))?;
        keys.push(key.identity().into_owned());
    }
    if keys.len() > VALUES_MAX {
        let text = format!(
            "{name} lists {} identifiers, more than {VALUES_MAX}.",
            keys.len()
        );
        return Err(Problem::Parameter(text));
    }
    Ok(keys)
}

fn is_class(role: Role) -> bool {
    match role {
        Role::EpcClass | Role::ChildClass | Role::InputClass | Role::OutputClass => true,
        Role::Epc | Role::Parent | Role::Child | Role::Input | Role::Output => false,
    }
}
