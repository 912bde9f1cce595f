//! Proofs of records.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use ledger::Snapshot;

use crate::identity::Caller;
use crate::lookup;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::App;

/// Answers the proof of a record, or of the record that states the event with
/// an `eventID`: a C2SP tlog-proof, which `nguon verify` judges with no node
/// at all.
pub(crate) async fn proof(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    parameters.finish(&[])?;
    let read = move |snapshot: &Snapshot<'_>| {
        let record = lookup::record(snapshot, &name)?;
        let none = || Problem::NotFound(format!("No record {record} is held here."));
        Ok(snapshot.prove(&record)?.ok_or_else(none)?.to_text())
    };
    let text = app.reading.snapshot(caller.sees(), read).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
