//! Disclosing events to the readers of another scope.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use ledger::{LedgerError, Snapshot};
use record::{RecordId, ScopeName};
use tokio::runtime::Handle;

use crate::identity::Caller;
use crate::lookup;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::report::{DisclosureReport, DisclosureRequest};
use crate::routes::{BodyFault, body, media_type};
use crate::server::App;

/// The bytes that a request's body may take.
const BYTES_MAX: usize = 1 << 20;
/// The names of events that one request may list.
const EVENTS_MAX: usize = 10_000;

/// Discloses events, durable before the answer: 201 where anything was new to
/// the scope's readers, 200 where nothing was.
pub(crate) async fn disclose(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    request: Request,
) -> Result<(StatusCode, Json<DisclosureReport>), Problem> {
    let rest = parameters.finish(&[]);
    let rest = rest.and_then(|()| media_type(request.headers(), &["application/json"]).map(drop));
    let bytes_max = caller.body_bytes_max(BYTES_MAX);
    let read = body(request, rest, bytes_max).await;
    let ((), bytes) = read.map_err(|fault| match fault {
        BodyFault::TooLong => Problem::Request(format!(
            "The body takes more than {bytes_max} bytes: disclose in several requests."
        )),
        BodyFault::Other(problem) => problem,
    })?;
    let asked: DisclosureRequest = serde_json::from_slice(&bytes).map_err(|error| {
        Problem::Request(format!(
            "The body is not {{\"scope\": \"…\", \"events\": [\"…\"]}}: {error}."
        ))
    })?;
    let scope: ScopeName = asked
        .scope
        .parse()
        .map_err(|error| Problem::Request(format!("{error}.")))?;
    caller.may_write(&scope)?;
    if asked.events.is_empty() || asked.events.len() > EVENTS_MAX {
        let text = format!("events lists none, or more than {EVENTS_MAX}.");
        return Err(Problem::Request(text));
    }
    let target = scope.clone();
    let names = asked.events;
    let read = move |snapshot: &Snapshot<'_>| records(snapshot, &names, &target);
    let records = app.reading.snapshot(caller.sees(), read).await?;
    let (ledger, target) = (app.ledger().clone(), scope.clone());
    // Proofs are made of what is read from the disk before anything waits.
    let (runtime, write) = (Handle::current(), async move {
        ledger.disclose(&records, &target).await
    });
    let disclosed = tokio::task::spawn_blocking(move || runtime.block_on(write)).await;
    let disclosed = disclosed.map_err(|panicked| Problem::Internal(Box::new(panicked)))??;
    let status = match disclosed.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    let report = DisclosureReport {
        scope: scope.to_string(),
        records: disclosed.iter().map(|at| at.id.to_string()).collect(),
    };
    Ok((status, Json(report)))
}

/// Returns the records to disclose: of each event one that stands in a log of
/// another scope, where there is one. What is named twice is taken once.
fn records(
    snapshot: &Snapshot<'_>,
    names: &[String],
    scope: &ScopeName,
) -> Result<Vec<RecordId>, Problem> {
    let (mut records, mut seen) = (Vec::new(), BTreeSet::new());
    for name in names {
        let chosen = match name.parse() {
            Ok(record) => vec![record],
            Err(_) => {
                let events = lookup::events(snapshot, name)?;
                let elsewhere = |event| {
                    lookup::first(event, |each| {
                        each.disclosed_by.is_none() && each.log.scope != *scope
                    })
                };
                events.iter().map(elsewhere).collect::<Result<_, _>>()?
            }
        };
        for record in chosen {
            // What the caller may not see is not there to be disclosed.
            if !snapshot.holds(&record)? {
                return Err(LedgerError::NoSuchRecord(record).into());
            }
            if seen.insert(record) {
                records.push(record);
            }
        }
    }
    Ok(records)
}
