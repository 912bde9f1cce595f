//! What a resource offers, asked by OPTIONS (EPCIS 2.0 §12.9).

use axum::http::header::ALLOW;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::server::App;

/// What holds of every resource. The versions themselves stand on every answer.
const EVERYWHERE: [(HeaderName, &str); 6] = [
    (HeaderName::from_static("gs1-epcis-min"), "2.0.0"),
    (HeaderName::from_static("gs1-epcis-max"), "2.0.0"),
    (HeaderName::from_static("gs1-cbv-min"), "2.0.0"),
    (HeaderName::from_static("gs1-cbv-max"), "2.0.0"),
    (
        HeaderName::from_static("gs1-epc-format"),
        "Never_Translates",
    ),
    (
        HeaderName::from_static("gs1-vendor-version"),
        concat!("nguon/", env!("CARGO_PKG_VERSION")),
    ),
];

/// Answers what a resource offers.
pub(crate) fn answer(
    app: &App,
    methods: &[Method],
    takes_documents: bool,
) -> Result<Response, Problem> {
    let mut headers: HeaderMap = EVERYWHERE
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect();
    let mut allow = Method::OPTIONS.to_string();
    for method in methods {
        allow.push_str(", ");
        allow.push_str(method.as_str());
    }
    let value = |text: String| {
        HeaderValue::try_from(text).map_err(|error| Problem::Internal(Box::new(error)))
    };
    headers.insert(ALLOW, value(allow)?);
    if takes_documents {
        let config = &app.config;
        for (name, text) in [
            ("gs1-epcis-capture-limit", config.events_max.to_string()),
            (
                "gs1-epcis-capture-file-size-limit",
                config.document_bytes_max.to_string(),
            ),
            ("gs1-capture-error-behaviour", "all".to_owned()),
        ] {
            headers.insert(HeaderName::from_static(name), value(text)?);
        }
    }
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}
