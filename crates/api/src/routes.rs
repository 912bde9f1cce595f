//! All resources, and what surrounds them.

mod capture;
mod disclosures;
mod events;
mod health;
mod proofs;
mod status;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::trace::TraceLayer;

use crate::guard;
use crate::problem::Problem;
use crate::server::App;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// The bytes that the body of a disclosure may take.
const DISCLOSURE_BYTES_MAX: usize = 1 << 20;

pub(crate) fn router(app: Arc<App>) -> Router {
    let documents = DefaultBodyLimit::max(app.config.document_bytes_max);
    let disclosures = DefaultBodyLimit::max(DISCLOSURE_BYTES_MAX);
    let epcis = Router::new()
        .route("/capture", post(capture::capture).layer(documents))
        .route("/capture/{id}", get(capture::job))
        .route("/events", get(events::query))
        .route("/events/{id}", get(events::one))
        .layer(from_fn(guard::versions));
    Router::new()
        .nest("/epcis", epcis)
        .route("/trace", get(trace::trace))
        .route("/status", get(status::status))
        .route("/proofs/{record}", get(proofs::proof))
        .route(
            "/disclosures",
            post(disclosures::disclose).layer(disclosures),
        )
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(async || Problem::NoRoute)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(from_fn(guard::loopback_only))
        .layer(TraceLayer::new_for_http().on_failure(()))
        .layer(from_fn_with_state(Arc::clone(&app), guard::count))
        .with_state(app)
}

/// Why a body cannot be had.
enum BodyFault {
    TooLong,
    Other(Problem),
}

/// Makes sure that a body is of one of the media types, and not compressed.
///
/// A web page of another site can have a browser send a body, but only of
/// other types than these without being asked first.
fn media_type(headers: &HeaderMap, taken: &[&str]) -> Result<(), Problem> {
    let text = |name| {
        let value = headers.get(name)?;
        value.to_str().ok()
    };
    if headers.contains_key(CONTENT_ENCODING) && text(CONTENT_ENCODING) != Some("identity") {
        let detail = "Content-Encoding is not read here: send the body uncompressed.";
        return Err(Problem::MediaType(detail.to_owned()));
    }
    let named = text(CONTENT_TYPE).and_then(|value| value.split(';').next());
    let named = named.unwrap_or_default().trim();
    if taken.iter().any(|each| each.eq_ignore_ascii_case(named)) {
        return Ok(());
    }
    let taken = taken.join(" or ");
    Err(Problem::MediaType(format!(
        "Content-Type is {named:?}; this resource takes {taken}."
    )))
}

/// Reads a body to its end, within the limit of its route.
async fn body(request: Request) -> Result<Bytes, BodyFault> {
    let read = Bytes::from_request(request, &());
    match tokio::time::timeout(BODY_PATIENCE, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)))) => {
            Err(BodyFault::TooLong)
        }
        Ok(Err(_)) => Err(BodyFault::Other(Problem::Request(
            "The body broke off before its end.".to_owned(),
        ))),
        Err(_) => Err(BodyFault::Other(Problem::Slow)),
    }
}
