//! Capturing documents (EPCIS 2.0 §12.5).

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use epcis::{Document, DocumentKind};
use ledger::{Job, LedgerError};
use record::ScopeName;

use crate::job::CaptureJob;
use crate::moment;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::routes::{BodyFault, body, media_type};
use crate::server::App;

/// The scope of a capture.
const SCOPE: HeaderName = HeaderName::from_static("nguon-scope");
/// What becomes of a document's good events where one is wrong.
const ERROR_BEHAVIOUR: HeaderName = HeaderName::from_static("gs1-capture-error-behaviour");
/// How long a capture waits for those before it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest text that names a job.
const ID_LEN_MAX: usize = 64;

/// Takes a document: all its events or none, durable before the answer.
pub(crate) async fn capture(
    State(app): State<Arc<App>>,
    parameters: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    let scope = heading(&app, parameters, request.headers());
    let turn = tokio::time::timeout(PATIENCE, app.captures.acquire()).await;
    let busy = "Too many captures are under way; try again.";
    let _turn = turn.map_err(|_| Problem::Busy(busy))?;
    let read = body(request, scope, app.config.document_bytes_max).await;
    let (scope, bytes) = read.map_err(|fault| match fault {
        BodyFault::TooLong => too_large(&app, "The document takes more bytes than that".into()),
        BodyFault::Other(problem) => problem,
    })?;
    let created_at = moment::now();
    let document = parse(&app, bytes).await?;
    let count = document.events.len();
    if count > app.config.events_max {
        let what = format!("The document holds {count} events, more than can be captured at once");
        return Err(too_large(&app, what));
    }
    let id = app.ledger().new_job_id()?;
    let job = CaptureJob::succeeded(&id, created_at, moment::now());
    let state = serde_json::to_vec(&job).map_err(|error| Problem::Internal(error.into()))?;
    let location = format!("/epcis/capture/{id}");
    let captured = app
        .ledger()
        .capture(&scope, document.events, Some(Job { id, state }))
        .await
        .map_err(|error| refused(error, document.kind))?;
    let count = u64::try_from(captured.records.len()).unwrap_or(u64::MAX);
    app.metrics.captured_events.inc_by(count);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)]).into_response())
}

/// Answers a capture job.
pub(crate) async fn job(
    State(app): State<Arc<App>>,
    parameters: Parameters,
    Path(id): Path<String>,
) -> Result<Json<CaptureJob>, Problem> {
    parameters.finish(&[])?;
    let none = || Problem::NotFound(format!("No capture job {id:.80} is known here."));
    if id.len() > ID_LEN_MAX {
        return Err(none());
    }
    let state = app.reading.job(id.clone()).await?.ok_or_else(none)?;
    let job = serde_json::from_slice(&state).map_err(|error| Problem::Internal(error.into()))?;
    Ok(Json(job))
}

/// Checks all of a capture but its body, and returns its scope.
fn heading(app: &App, parameters: Parameters, headers: &HeaderMap) -> Result<ScopeName, Problem> {
    parameters.finish(&[])?;
    media_type(headers, &["application/json", "application/ld+json"])?;
    rollback_only(headers)?;
    scope(headers, &app.config.default_scope)
}

async fn parse(app: &Arc<App>, bytes: Vec<u8>) -> Result<Document, Problem> {
    let parsing = Arc::clone(app);
    let document = app
        .parsers
        .run(move || Document::parse(&bytes, &parsing.config.contexts).map_err(Problem::Document));
    let document = document.await?;
    match document.kind {
        DocumentKind::Events | DocumentKind::QueryResults => Ok(document),
        DocumentKind::Event | DocumentKind::Message => {
            Err(Problem::Document(vec![epcis::Problem {
                event: None,
                pointer: String::new(),
                position: None,
                reason: epcis::Reason::WrongForm,
                what: "this is no document of events".to_owned(),
                mend: "put the events into the eventList of an EPCISDocument".to_owned(),
            }]))
        }
    }
}

fn scope(headers: &HeaderMap, default: &ScopeName) -> Result<ScopeName, Problem> {
    let Some(text) = headers.get(SCOPE) else {
        return Ok(default.clone());
    };
    let name = text.to_str().ok().and_then(|text| text.parse().ok());
    name.ok_or_else(|| {
        let text = "The header Nguon-Scope names no scope: lower-case letters, digits and \
                    hyphens, at most 63 of them, such as national.";
        Problem::Request(text.to_owned())
    })
}

fn rollback_only(headers: &HeaderMap) -> Result<(), Problem> {
    let asked = headers.get(ERROR_BEHAVIOUR).map(HeaderValue::as_bytes);
    match asked {
        None | Some(b"rollback") => Ok(()),
        Some(_) => {
            let text = "The header GS1-Capture-Error-Behaviour has a value other than rollback, \
                        which alone is offered here: a document is stored as a whole or not at all.";
            Err(Problem::Request(text.to_owned()))
        }
    }
}

fn too_large(app: &App, what: String) -> Problem {
    let (bytes_max, events_max) = (app.config.document_bytes_max, app.config.events_max);
    Problem::TooLarge {
        what: format!("{what}; at most {bytes_max} bytes and {events_max} events are taken."),
        bytes_max,
        events_max,
    }
}

/// Says of an event that the ledger refused where it stands in the document.
fn refused(error: LedgerError, kind: DocumentKind) -> Problem {
    let LedgerError::PayloadTooLong { event, bytes, max } = error else {
        return error.into();
    };
    let list = match kind {
        DocumentKind::Events => "/epcisBody/eventList",
        DocumentKind::QueryResults => "/epcisBody/queryResults/resultsBody/eventList",
        DocumentKind::Event | DocumentKind::Message => "",
    };
    Problem::Document(vec![epcis::Problem {
        event: Some(event),
        pointer: format!("{list}/{event}"),
        position: None,
        reason: epcis::Reason::TooLarge,
        what: format!("the event takes {bytes} bytes in canonical form"),
        mend: format!("the federation's charter allows {max}; split the event"),
    }])
}
