//! The gate: who calls is found out before any resource is asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, EXPECT};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;

use super::access::{Access, Identity, Known};
use super::caller::Caller;
use super::certificate::CertificatePin;
use super::file::Right;
use super::limits::{Strangers, TooEarly};
use crate::problem::Problem;
use crate::server::App;

/// How much of the body of a request that is turned away is read: who is still
/// sending when the connection closes may never see why.
const DISCARDED_MAX: usize = 1 << 20;
/// How long that may take.
const DISCARDING: Duration = Duration::from_secs(5);

/// What a resource needs of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it says of the node only that it runs.
    Nothing,
    /// The right to query, or nothing where the node's links are public.
    Link,
    /// One of these rights.
    Right(&'static [Right]),
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The key of its certificate, which the TLS handshake verified.
    pub(crate) certificate: Option<CertificatePin>,
}

/// What each resource needs, by path and method.
#[derive(Debug, Default)]
pub(crate) struct Needs(BTreeMap<String, Vec<(Method, Need)>>);

/// Decides who comes in.
#[derive(Debug)]
pub(crate) struct Gate {
    needs: Needs,
    access: RwLock<Access>,
    /// Whether links need no credentials.
    public_links: bool,
    strangers: Strangers,
}

/// What a request shows of its caller. A token is preferred to a certificate:
/// it is shown for this request alone.
#[derive(Debug, PartialEq, Eq)]
enum Credentials<'a> {
    None,
    /// An Authorization header that is no bearer token, or several.
    Unreadable,
    Token(&'a str),
    Certificate(CertificatePin),
}

impl Needs {
    /// Notes what a resource needs.
    pub(crate) fn add(&mut self, path: &str, method: Method, need: Need) {
        self.0
            .entry(path.to_owned())
            .or_default()
            .push((method, need));
    }

    /// Returns what a resource needs; `None` where there is no such resource.
    fn of(&self, path: Option<&str>, method: &Method) -> Option<Need> {
        let method = match *method {
            Method::HEAD => &Method::GET,
            _ => method,
        };
        let methods = self.0.get(path?)?;
        let found = methods.iter().find(|(each, _)| each == method);
        found.map(|(_, need)| *need)
    }
}

impl Gate {
    pub(crate) fn new(needs: Needs, access: Access, public_links: bool) -> Self {
        Self {
            needs,
            access: RwLock::new(access),
            public_links,
            strangers: Strangers::new(),
        }
    }

    /// Lets others in from now on.
    pub(crate) fn replace(&self, access: Access) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = access;
    }

    /// Returns who calls, where that is somebody who may.
    fn admit(
        &self,
        need: Option<Need>,
        headers: &HeaderMap,
        peer: &Peer,
    ) -> Result<Caller, Problem> {
        if need == Some(Need::Nothing) {
            return Ok(Caller::stranger());
        }
        let public = need == Some(Need::Link) && self.public_links;
        let caller = match Credentials::of(headers, peer) {
            Credentials::None if public => Caller::stranger(),
            credentials => self.known(&credentials)?,
        };
        let taken = caller.take(peer.address.ip(), &self.strangers);
        taken.map_err(|TooEarly { after }| Problem::TooMany(after))?;
        let may = match need {
            Some(Need::Link) => public || caller.may(Right::Query),
            Some(Need::Right(rights)) => rights.iter().any(|right| caller.may(*right)),
            Some(Need::Nothing) | None => true,
        };
        match may {
            true => Ok(caller),
            false => Err(Problem::Forbidden(
                "Your rights do not reach this resource.".to_owned(),
            )),
        }
    }

    fn known(&self, credentials: &Credentials<'_>) -> Result<Caller, Problem> {
        let access = self.access.read().unwrap_or_else(PoisonError::into_inner);
        let Access::Known(known) = &*access else {
            return Ok(Caller::operator());
        };
        let found = credentials.holder(known).cloned().map(Caller::known);
        found.ok_or(Problem::Unauthorized {
            wrong: *credentials != Credentials::None,
        })
    }
}

impl<'a> Credentials<'a> {
    fn of(headers: &'a HeaderMap, peer: &Peer) -> Self {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        match (shown.next(), shown.next()) {
            (None, _) => peer.certificate.map_or(Self::None, Self::Certificate),
            (Some(value), None) => {
                let token = value.to_str().ok().and_then(bearer);
                token.map_or(Self::Unreadable, Self::Token)
            }
            (Some(_), Some(_)) => Self::Unreadable,
        }
    }

    fn holder<'k>(&self, known: &'k Known) -> Option<&'k Arc<Identity>> {
        match self {
            Self::None | Self::Unreadable => None,
            Self::Token(token) => known.by_token(token),
            Self::Certificate(pin) => known.by_certificate(pin),
        }
    }
}

/// Takes the token out of an Authorization header (RFC 6750 §2.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}

/// Lets a request through with its caller, or turns it away.
pub(crate) async fn admit(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let extensions = request.extensions();
    let path = extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let need = app.gate.needs.of(path, request.method());
    let admitted = match extensions.get::<Peer>() {
        Some(peer) => app.gate.admit(need, request.headers(), peer),
        None => Err(Problem::Internal("a request comes from nowhere".into())),
    };
    match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => {
            discard(request).await;
            problem.into_response()
        }
    }
}

/// Reads the body of a request that is turned away, within bounds.
async fn discard(request: Request) {
    if request.headers().contains_key(EXPECT) {
        // The client sends nothing before it hears that it may.
        return;
    }
    let mut body = request.into_body().into_data_stream();
    let read = async {
        let mut total = 0;
        while let Some(Ok(chunk)) = body.next().await {
            total += chunk.len();
            if total > DISCARDED_MAX {
                return;
            }
        }
    };
    // Whoever takes longer is cut off.
    drop(tokio::time::timeout(DISCARDING, read).await);
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use ledger::Scopes;

    use super::super::file::{Identities, IdentityTerms};
    use super::super::token::Token;
    use super::*;

    const LOCAL: &str = "127.0.0.1:1";

    fn peer() -> Peer {
        Peer {
            address: LOCAL.parse().expect("an address"),
            certificate: None,
        }
    }

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_str(value).expect("a header");
            headers.append(AUTHORIZATION, value);
        }
        headers
    }

    fn known(token: &Token, rights: &[Right]) -> Access {
        let terms = IdentityTerms {
            tokens: vec![token.hash()],
            certificates: Vec::new(),
            rights: rights.iter().copied().collect(),
            write: Scopes::NONE,
            see: Scopes::NONE,
            requests_per_minute: 1_000.try_into().expect("not zero"),
            document_mib: None,
        };
        let identity = [("someone".parse().expect("a name"), terms)].into();
        Access::known(Identities { identity }).expect("sound")
    }

    #[test]
    fn only_one_bearer_token_is_read() {
        for (values, expected) in [
            (&[][..], Credentials::None),
            (&["Bearer abc"], Credentials::Token("abc")),
            (&["bearer  abc "], Credentials::Token("abc")),
            (&["Bearer"], Credentials::Unreadable),
            (&["Bearer "], Credentials::Unreadable),
            (&["Basic YTpi"], Credentials::Unreadable),
            (&["abc"], Credentials::Unreadable),
            (&["Bearer abc", "Bearer abc"], Credentials::Unreadable),
        ] {
            assert_eq!(Credentials::of(&headers(values), &peer()), expected);
        }
        let pin: CertificatePin = format!("sha256:{}", "1".repeat(64)).parse().expect("a pin");
        let peer = Peer {
            certificate: Some(pin),
            ..peer()
        };
        let none = HeaderMap::new();
        assert_eq!(Credentials::of(&none, &peer), Credentials::Certificate(pin));
        let token = headers(&["Bearer abc"]);
        assert_eq!(Credentials::of(&token, &peer), Credentials::Token("abc"));
    }

    /// What becomes of a request: the status of the refusal, or 200.
    fn status(gate: &Gate, need: Option<Need>, headers: &HeaderMap) -> u16 {
        match gate.admit(need, headers, &peer()) {
            Ok(_) => 200,
            Err(problem) => problem.report().status,
        }
    }

    #[test]
    fn links_are_public_where_the_node_says_so() {
        let token = Token::draw().expect("randomness");
        let right = headers(&[&format!("Bearer {}", token.as_str())]);
        let wrong = headers(&["Bearer nguon_0"]);
        for (public, rights, expected) in [
            (false, &[Right::Query][..], [401, 200, 401]),
            (false, &[Right::Capture], [401, 403, 401]),
            (true, &[Right::Query], [200, 200, 401]),
            (true, &[Right::Capture], [200, 200, 401]),
        ] {
            let gate = Gate::new(Needs::default(), known(&token, rights), public);
            let link = Some(Need::Link);
            let none = HeaderMap::new();
            let found = [&none, &right, &wrong].map(|headers| status(&gate, link, headers));
            assert_eq!(found, expected, "{public} {rights:?}");
            // Whatever the switch says, nothing else is public.
            let query = Some(Need::Right(&[Right::Query]));
            assert_eq!(status(&gate, query, &none), 401);
            assert_eq!(status(&gate, None, &none), 401);
        }
    }

    #[test]
    fn strangers_at_public_links_see_what_is_public_alone() {
        let token = Token::draw().expect("randomness");
        let gate = Gate::new(Needs::default(), known(&token, &[]), true);
        let caller = gate.admit(Some(Need::Link), &HeaderMap::new(), &peer());
        let caller = caller.expect("a public link");
        for (scope, seen) in [("public", true), ("national", false)] {
            let scope = scope.parse().expect("a name");
            assert_eq!(caller.sees().contains(&scope), seen, "{scope}");
            assert!(caller.may_write(&scope).is_err(), "{scope}");
        }
        let many = (0..1_000).map(|_| status(&gate, Some(Need::Link), &HeaderMap::new()));
        assert!(many.last() == Some(429), "strangers have no end");
    }

    #[test]
    fn without_identities_everybody_is_the_operator() {
        let gate = Gate::new(Needs::default(), Access::Operator, false);
        for need in [None, Some(Need::Link), Some(Need::Right(&[Right::Admin]))] {
            assert_eq!(status(&gate, need, &HeaderMap::new()), 200, "{need:?}");
        }
        gate.replace(known(&Token::draw().expect("randomness"), &[]));
        let admin = Some(Need::Right(&[Right::Admin]));
        assert_eq!(status(&gate, admin, &HeaderMap::new()), 401);
    }
}
