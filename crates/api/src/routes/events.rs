//! Asking for events (EPCIS 2.0 §8.2.7, §12.6).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use epcis::query::{EventQuery, Namespaces, NoMasterData};
use epcis::{Answered, Written, query_document};
use ledger::{Cursor, HeldEvent, PageSize, Snapshot};

use crate::identity::Caller;
use crate::page::PageRequest;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::App;
use crate::{accept, lookup, moment};

/// The name of the query that `GET /epcis/events` is.
pub(crate) const QUERY_NAME: &str = "SimpleEventQuery";
/// The canonical bytes after which a page ends early.
const PAGE_BYTES: usize = 16 << 20;

const EPC_FORMAT: HeaderName = HeaderName::from_static("gs1-epc-format");
const EXTENSIONS: &str = "gs1-extensions";
const FRONTIER: HeaderName = HeaderName::from_static("nguon-frontier");

const OFFERED: [&str; 2] = ["application/json", "application/ld+json"];

/// Answers an event query, page by page.
pub(crate) async fn query(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let extensions = extensions(&headers)?;
    let page = PageRequest::take(
        "/epcis/events",
        extensions,
        &mut parameters,
        &app.page_secret,
    )?;
    let names = Namespaces::from_header(extensions)?;
    let query = EventQuery::from_pairs(parameters.pairs(), &names)?;
    answer(&app, &caller, &headers, query, QUERY_NAME, page).await
}

/// Answers a page of a query.
pub(crate) async fn answer(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    query: EventQuery,
    query_name: &'static str,
    page: PageRequest,
) -> Result<Response, Problem> {
    let media_type = form(headers)?;
    let from = page.from(|bytes| Cursor::from_bytes(bytes.try_into().ok()?))?;
    let size = PageSize {
        events: page.size,
        bytes: PAGE_BYTES,
    };
    let read = move |snapshot: &Snapshot<'_>| {
        let found = snapshot.query(&query, &NoMasterData, size, from.as_ref())?;
        let document = document(query_name, &found.events);
        Ok((document, found.next, snapshot.frontier()?))
    };
    let (document, next, frontier) = app.reading.snapshot(caller.sees(), read).await?;
    let mut response = ([(CONTENT_TYPE, media_type)], document).into_response();
    let headers = response.headers_mut();
    let frontier = HeaderValue::try_from(frontier.to_string());
    headers.insert(FRONTIER, frontier.map_err(|e| Problem::Internal(e.into()))?);
    if let Some(next) = next {
        page.link(&next.to_bytes(), &app.page_secret, headers)?;
    }
    Ok(response)
}

/// Answers the event of an `eventID`, given or derived, with its error
/// declarations, or that of a record.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    parameters: Parameters,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let media_type = form(&headers)?;
    parameters.finish(&[])?;
    let read =
        move |snapshot: &Snapshot<'_>| Ok(document(QUERY_NAME, &lookup::events(snapshot, &id)?));
    let document = app.reading.snapshot(caller.sees(), read).await?;
    Ok(([(CONTENT_TYPE, media_type)], document).into_response())
}

/// Returns the prefixes that a request declares for its parameters.
pub(crate) fn extensions(headers: &HeaderMap) -> Result<&str, Problem> {
    let Some(value) = headers.get(EXTENSIONS) else {
        return Ok("");
    };
    let text = value.to_str();
    text.map_err(|_| Problem::Request("GS1-Extensions holds more than ASCII.".to_owned()))
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

fn document(query_name: &str, events: &[HeldEvent]) -> String {
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
        query_name,
        subscription_id: None,
        creation_date: &moment::now(),
    };
    query_document(&answered, written)
}
