//! What is done for every request.

use std::net::IpAddr;
use std::str::FromStr;
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

/// A name by which a node is called: a domain name or an address, no port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// Says that a text is no host's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no host's name: write it like nguon.example, 192.0.2.1 or [2001:db8::1], without a port"
)]
pub struct NotAHost(String);

impl HostName {
    /// Returns the name as it stands in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let authority = text.parse::<Authority>().ok();
        match authority.filter(|authority| authority.host() == text) {
            Some(_) => Ok(Self(text.to_ascii_lowercase())),
            None => Err(NotAHost(text.chars().take(80).collect())),
        }
    }
}

/// Refuses requests that were meant for another host. A web page can have its
/// own name point to this machine, and would then speak for whoever looks at
/// it; what it cannot change is the name in the request.
pub(crate) async fn known_host(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(HOST);
    let named = header.map(|host| host.to_str().unwrap_or_default());
    let in_target = request.uri().authority().map(Authority::as_str);
    let hosts = named.into_iter().chain(in_target);
    let known = |host: &str| is_loopback(host) || is_one_of(host, &app.config.hosts);
    let mut strange = hosts.filter(|host| !known(host));
    if named.is_some() && strange.next().is_none() {
        return next.run(request).await;
    }
    let more = match app.config.hosts.is_empty() {
        true => "",
        false => ", and for the names that its configuration lists",
    };
    let detail = format!(
        "This node answers requests for localhost, 127.0.0.1 and [::1]{more}; \
         the request's Host header names another host or is missing."
    );
    Problem::Misdirected(detail).into_response()
}

/// Tells which versions of the standards an answer follows.
pub(crate) async fn versions(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(EPCIS_VERSION, HeaderValue::from_static("2.0.0"));
    headers.insert(CBV_VERSION, HeaderValue::from_static("2.0.0"));
    response
}

/// Reads a host with or without a port.
fn authority(host: &str) -> Option<Authority> {
    let authority: Authority = host.parse().ok()?;
    (!authority.as_str().contains('@')).then_some(authority)
}

fn is_one_of(host: &str, names: &[HostName]) -> bool {
    let Some(authority) = authority(host) else {
        return false;
    };
    let name = authority.host();
    names.iter().any(|each| each.0.eq_ignore_ascii_case(name))
}

/// Tells whether a host, with or without a port, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let Some(authority) = authority(host) else {
        return false;
    };
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

    #[test]
    fn a_node_is_called_by_the_names_that_it_lists() {
        let names: Vec<HostName> = ["nguon.Example", "192.0.2.1", "[2001:db8::1]"]
            .map(|name| name.parse().expect(name))
            .into();
        for (host, expected) in [
            ("nguon.example", true),
            ("NGUON.example:8443", true),
            ("192.0.2.1:1", true),
            ("[2001:db8::1]:1", true),
            ("a.nguon.example", false),
            ("nguon.example.org", false),
            ("nguon.example@other.example", false),
            ("other.example@nguon.example", false),
            ("2001:db8::1", false),
            ("", false),
        ] {
            assert_eq!(is_one_of(host, &names), expected, "{host}");
        }
        for wrong in [
            "",
            "nguon.example:1",
            "a@b",
            "https://nguon.example",
            "a b",
            "a/b",
        ] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong}");
        }
    }
}
