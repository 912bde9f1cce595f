//! What those who run the node's machine ask.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use ledger::{EventFilter, Scopes};

use crate::problem::Problem;
use crate::server::App;

/// The OpenMetrics text that Prometheus reads.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers as long as the process runs.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// Answers whether the node can do its work: its run has not ended, and its
/// store can be read.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.ledger().has_ended() {
        return Err(ledger::LedgerError::Ended.into());
    }
    let read = |snapshot: &ledger::Snapshot<'_>| {
        snapshot.events(&EventFilter::default(), 0, 1)?;
        Ok(())
    };
    app.reading.snapshot(&Scopes::All, read).await?;
    Ok("ready\n")
}

/// Answers the counters of all parts of the node.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &app.registry)
        .map_err(|error| Problem::Internal(Box::new(error)))?;
    Ok(([(CONTENT_TYPE, METRICS)], text).into_response())
}
