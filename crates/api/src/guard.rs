//! What is done for every request.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::server::App;

const EPCIS_VERSION: HeaderName = HeaderName::from_static("gs1-epcis-version");
const CBV_VERSION: HeaderName = HeaderName::from_static("gs1-cbv-version");

/// Counts requests by route and status.
pub(crate) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status();
    app.metrics
        .answered(&method, route, status, begun.elapsed());
    response
}

/// Refuses requests that were meant for another host. A web page can have its
/// own name point to this machine, and would then speak for whoever looks at
/// it; what it cannot change is the name in the request.
pub(crate) async fn loopback_only(request: Request, next: Next) -> Response {
    let header = request.headers().get(HOST);
    let named = header.map(|host| host.to_str().unwrap_or_default());
    let in_target = request.uri().authority().map(Authority::as_str);
    let hosts = named.into_iter().chain(in_target);
    let mut strange = hosts.filter(|host| !is_loopback(host));
    if named.is_some() && strange.next().is_none() {
        return next.run(request).await;
    }
    let detail = "This node answers requests for localhost, 127.0.0.1 and [::1] only; \
                  the request's Host header names another host or is missing.";
    Problem::Misdirected(detail.to_owned()).into_response()
}

/// Tells which versions of the standards an answer follows.
pub(crate) async fn versions(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(EPCIS_VERSION, HeaderValue::from_static("2.0.0"));
    headers.insert(CBV_VERSION, HeaderValue::from_static("2.0.0"));
    response
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    if authority.as_str().contains('@') {
        return false;
    }
    let name = authority.host();
    let address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(name);
    match address.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_known() {
        for (host, expected) in [
            ("localhost", true),
            ("LocalHost:8080", true),
            ("127.0.0.1:8080", true),
            ("127.9.9.9", true),
            ("[::1]:8080", true),
            ("[::ffff:127.0.0.1]", true),
            ("nguon.example", false),
            ("localhost.example:8080", false),
            ("127.0.0.1.example", false),
            ("192.0.2.1", false),
            ("localhost@nguon.example", false),
            ("nguon.example@localhost", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
