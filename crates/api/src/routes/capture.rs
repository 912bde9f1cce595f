//! Capturing documents and single events (EPCIS 2.0 §12.5).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use epcis::{Event, Written, event_document};
use ledger::{JobDraft, Recorded, Snapshot};
use record::{RecordId, ScopeName};

use crate::identity::{Caller, Owned};
use crate::intake::{Form, Intake, Refusal, Wish};
use crate::job::{ErrorBehaviour, Note};
use crate::moment;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::routes::{BodyFault, body, path_below};
use crate::server::{App, kibibytes};

/// The scope of a capture.
const SCOPE: HeaderName = HeaderName::from_static("nguon-scope");
/// What becomes of a document's good events where one is wrong.
const ERROR_BEHAVIOUR: HeaderName = HeaderName::from_static("gs1-capture-error-behaviour");
/// How long a capture waits for those before it.
const PATIENCE: Duration = Duration::from_secs(30);

const BUSY: &str = "Too many captures are under way; try again.";

/// Takes a document: durable, as events or as a job that makes them, before the
/// answer.
pub(crate) async fn capture(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    let wish = wish(&app, &caller, parameters, request.headers(), false);
    let (intake, behaviour) = take(&app, &caller, wish, request).await?;
    let id = app.ledger().new_job_id()?;
    let errors = intake.errors;
    let note = serde_json::to_vec(&Owned::by(&caller, Note { errors }));
    let draft = JobDraft {
        id,
        hidden: behaviour == ErrorBehaviour::Rollback,
        note: note.map_err(|error| Problem::Internal(error.into()))?,
    };
    let count = intake.prepared.new_records();
    app.ledger().submit(intake.prepared, draft).await?;
    count_captured(&app, count);
    let location = format!("/epcis/capture/{id}");
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)]).into_response())
}

/// Takes one event alone, and answers it as it is stored.
pub(crate) async fn event(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    let wish = wish(&app, &caller, parameters, request.headers(), true);
    let (intake, _) = take(&app, &caller, wish, request).await?;
    let event = intake
        .event
        .ok_or_else(|| Problem::Internal("one event was asked for and none is here".into()))?;
    let count = intake.prepared.new_records();
    let recorded = app.ledger().record(intake.prepared).await?;
    count_captured(&app, count);
    let record = match recorded.into_iter().next() {
        Some(Recorded::New(at) | Recorded::Before(at)) => at.id,
        Some(Recorded::Awaited) | None => {
            let busy = "The event is part of a capture that is not finished; try again.";
            return Err(Problem::Busy(busy));
        }
    };
    let location = location(&event, record)?;
    let read = move |snapshot: &Snapshot<'_>| stored(snapshot, &event, record);
    let body = app.reading.snapshot(caller.sees(), read).await?;
    let headers = [
        (LOCATION, location),
        (CONTENT_TYPE, "application/json".to_owned()),
    ];
    Ok((StatusCode::CREATED, headers, body).into_response())
}

/// Reads a body within the bounds of this node, and has it judged.
async fn take(
    app: &Arc<App>,
    caller: &Caller,
    wish: Result<Wish, Problem>,
    request: Request,
) -> Result<(Intake, ErrorBehaviour), Problem> {
    let bytes_max = caller.body_bytes_max(app.config.document_bytes_max);
    let room = u32::try_from(room(request.headers(), bytes_max)).unwrap_or(u32::MAX);
    let turn = async {
        (
            app.captures.acquire().await,
            app.capture_room.acquire_many(room).await,
        )
    };
    let turn = tokio::time::timeout(PATIENCE, turn).await;
    let _turn = turn.map_err(|_| Problem::Busy(BUSY))?;
    let read = body(request, wish, bytes_max).await;
    let (wish, bytes) = read.map_err(|fault| match fault {
        BodyFault::TooLong => too_large(app, bytes_max, "The document takes more bytes than that"),
        BodyFault::Other(problem) => problem,
    })?;
    let behaviour = wish.behaviour;
    let judging = Arc::clone(app);
    let judged = app
        .parsers
        .run(move || Ok(wish.judge(&bytes, &judging.config.contexts, judging.ledger())));
    match judged.await? {
        Ok(intake) => Ok((intake, behaviour)),
        Err(Refusal::TooMany(count)) => {
            let what =
                format!("The document holds {count} events, more than can be captured at once");
            Err(too_large(app, bytes_max, &what))
        }
        Err(Refusal::Other(problem)) => Err(problem),
    }
}

/// Returns the KiB that a body will take up at most.
fn room(headers: &HeaderMap, bytes_max: usize) -> usize {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    kibibytes(length.unwrap_or(bytes_max).min(bytes_max))
}

/// Checks all of a capture but its body.
fn wish(
    app: &App,
    caller: &Caller,
    parameters: Parameters,
    headers: &HeaderMap,
    single: bool,
) -> Result<Wish, Problem> {
    parameters.finish(&[])?;
    let scope = scope(headers, &app.config.default_scope)?;
    caller.may_write(&scope)?;
    Ok(Wish {
        form: Form::of(headers)?,
        behaviour: match single {
            true => ErrorBehaviour::Rollback,
            false => behaviour(headers)?,
        },
        sees: caller.sees().contains(&scope),
        scope,
        events_max: app.config.events_max,
        single,
    })
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

fn behaviour(headers: &HeaderMap) -> Result<ErrorBehaviour, Problem> {
    let asked = headers.get(ERROR_BEHAVIOUR).map(HeaderValue::as_bytes);
    match asked {
        None | Some(b"rollback") => Ok(ErrorBehaviour::Rollback),
        Some(b"proceed") => Ok(ErrorBehaviour::Proceed),
        Some(_) => {
            let text = "The header GS1-Capture-Error-Behaviour is neither rollback, which stores \
                        a document as a whole or not at all, nor proceed, which stores its good \
                        events.";
            Err(Problem::Request(text.to_owned()))
        }
    }
}

fn too_large(app: &App, bytes_max: usize, what: &str) -> Problem {
    let events_max = app.config.events_max;
    Problem::TooLarge {
        what: format!("{what}; at most {bytes_max} bytes and {events_max} events are taken."),
        bytes_max,
        events_max,
    }
}

fn count_captured(app: &App, count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    app.metrics.captured_events.inc_by(count);
}

/// Returns the path of an event: by its `eventID`, given or derived, or, where
/// it is too long for that, by its record.
fn location(event: &Event, record: RecordId) -> Result<String, Problem> {
    let name = event.id().map_or_else(|| record.to_string(), String::from);
    path_below("/epcis/events", &[&name])
}

/// Writes an event as it is stored.
fn stored(snapshot: &Snapshot<'_>, event: &Event, record: RecordId) -> Result<String, Problem> {
    let held = snapshot.event_of_record(&record)?;
    let ms = held.map(|held| i64::try_from(held.stored_ms).unwrap_or(i64::MAX));
    let time = ms.map(moment::text);
    Ok(event_document(Written {
        event,
        record_time: time.as_deref(),
        derived_id: event.id().as_deref(),
    }))
}
