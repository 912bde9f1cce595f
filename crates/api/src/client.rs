//! The client that the command line uses.

use std::fmt;
use std::time::Duration;

use record::ScopeName;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LINK, LOCATION,
};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use trace::{Answer, Direction};
use zeroize::Zeroizing;

use crate::guard::is_loopback;
use crate::job::CaptureJob;
use crate::problem::ProblemReport;
use crate::report::{DisclosureReport, DisclosureRequest, StatusReport};
use crate::tls::{self, ClientCertificate, TlsError};

/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take as a whole.
const REQUEST: Duration = Duration::from_secs(180);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 512 << 20;

/// Asks a node over HTTP. Cloning it shares its connections.
#[derive(Clone, Debug)]
pub struct Client {
    base: Url,
    http: reqwest::Client,
}

/// What a client shows of itself, and whom it trusts.
#[derive(Default)]
pub struct Credentials {
    /// A bearer token.
    pub token: Option<Zeroizing<String>>,
    /// The authorities of the node's certificate, as PEM; `None` for those
    /// that the system trusts.
    pub authorities: Option<Vec<u8>>,
    /// A certificate to show.
    pub certificate: Option<ClientCertificate>,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none of a node's.
    #[error(
        "{0:?} is no address of a node: write it like http://127.0.0.1:8080 or https://nguon.example"
    )]
    Address(String),
    /// A token would travel in the clear.
    #[error(
        "a token is shown to {0} over https alone: whoever listens on the way would have it; \
         over http it is shown to this machine only"
    )]
    InTheClear(String),
    /// A token holds what no token holds.
    #[error("the token holds characters that no token has")]
    Token,
    /// Certificates cannot be used.
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
    /// Nobody answers.
    #[error("no node answers at {base}; start it with: nguon run --config FILE")]
    NoNode {
        /// The address.
        base: String,
        /// What the system says.
        #[source]
        source: reqwest::Error,
    },
    /// The node did not answer in time, or the connection broke.
    #[error("the node at {base} did not answer to the end")]
    Broken {
        /// The address.
        base: String,
        /// What the system says.
        #[source]
        source: reqwest::Error,
    },
    /// The node refused, and says why.
    #[error("{}", told(.0))]
    Refused(Box<ProblemReport>),
    /// What answers is no node, or one of another version.
    #[error("what answers at {base} does not speak as a node: {what}")]
    Unexpected {
        /// The address.
        base: String,
        /// What is wrong.
        what: String,
    },
    /// HTTP cannot be set up in this process.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] reqwest::Error),
}

/// A capture that was taken, durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureAccepted {
    /// The job's id, for [`Client::job`].
    pub job: String,
    /// The job's path.
    pub location: String,
}

/// Which events are asked for. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// They name at least one of these single objects.
    pub any_epc: Vec<String>,
    /// They name at least one of these classes.
    pub any_epc_class: Vec<String>,
    /// They bear one of these `eventID`s.
    pub event_id: Vec<String>,
    /// How many a page may hold.
    pub per_page: Option<u32>,
}

/// One page of events.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage {
    /// An EPCISQueryDocument.
    pub document: Value,
    /// The path and query of the next page, for [`Client::next_events`].
    pub next: Option<String>,
}

/// A trace question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceQuery {
    /// The thing or lot: an EPC URI, a Digital Link or an element string.
    pub id: String,
    /// Which way to go.
    pub direction: Direction,
    /// The most links to follow.
    pub depth: Option<u32>,
    /// Leaves out what the thing went through before this date-time.
    pub since: Option<String>,
    /// Leaves out what it went through after this one.
    pub until: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("token", &self.token.is_some())
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl TraceQuery {
    /// Asks about all that a thing went through.
    pub fn new(id: impl Into<String>, direction: Direction) -> Self {
        Self {
            id: id.into(),
            direction,
            depth: None,
            since: None,
            until: None,
        }
    }
}

impl EventPage {
    /// Returns the events of the page.
    pub fn events(&self) -> &[Value] {
        let list = self
            .document
            .pointer("/epcisBody/queryResults/resultsBody/eventList");
        list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

impl Client {
    /// Makes a client of the node at an address like `http://127.0.0.1:8080`,
    /// which shows no credentials and trusts the system's authorities.
    ///
    /// # Errors
    ///
    /// When that is no such address.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        Self::with(base, Credentials::default())
    }

    /// Makes a client of the node at an address, with what it shows and whom
    /// it trusts.
    ///
    /// # Errors
    ///
    /// When that is no such address, a token would travel in the clear, or TLS
    /// cannot be set up.
    pub fn with(base: &str, credentials: Credentials) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address(base.to_owned());
        let base = Url::parse(base).map_err(|_| wrong())?;
        let secure = match base.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        if !base.has_host() || base.path() != "/" {
            return Err(wrong());
        }
        let mut headers = HeaderMap::new();
        if let Some(token) = &credentials.token {
            if !secure && !base.host_str().is_some_and(is_loopback) {
                return Err(ClientError::InTheClear(base.to_string()));
            }
            let shown = Zeroizing::new(format!("Bearer {}", token.trim()));
            let mut shown = HeaderValue::from_str(&shown).map_err(|_| ClientError::Token)?;
            shown.set_sensitive(true);
            headers.insert(AUTHORIZATION, shown);
        }
        let mut http = reqwest::Client::builder()
            .no_proxy()
            .default_headers(headers)
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .redirect(reqwest::redirect::Policy::none());
        if secure {
            let trusted = credentials.authorities.as_deref();
            http = http.tls_backend_preconfigured(tls::client(trusted, credentials.certificate)?);
        }
        let http = http.build().map_err(ClientError::Setup)?;
        Ok(Self { base, http })
    }

    /// Captures a document in a scope, or in the node's default one. It is
    /// durable when this returns.
    ///
    /// # Errors
    ///
    /// When the document is refused, with all that is wrong with it.
    pub async fn capture(
        &self,
        document: Vec<u8>,
        scope: Option<&ScopeName>,
    ) -> Result<CaptureAccepted, ClientError> {
        let request = self.http.post(self.url(&["epcis", "capture"]));
        let mut request = request.header(CONTENT_TYPE, "application/ld+json");
        if let Some(scope) = scope {
            request = request.header("Nguon-Scope", scope.as_str());
        }
        let response = self.send(request.body(document)).await?;
        let location = header(&response, LOCATION.as_str());
        let location = location.ok_or_else(|| self.unexpected("a capture has no Location"))?;
        let job = location.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(CaptureAccepted { job, location })
    }

    /// Asks how a capture job stands.
    ///
    /// # Errors
    ///
    /// When the node knows no such job.
    pub async fn job(&self, id: &str) -> Result<CaptureJob, ClientError> {
        let url = self.url(&["epcis", "capture", id]);
        self.json(self.http.get(url)).await
    }

    /// Asks for the first page of events.
    ///
    /// # Errors
    ///
    /// When the node refuses the query.
    pub async fn events(&self, query: &EventQuery) -> Result<EventPage, ClientError> {
        let mut url = self.url(&["epcis", "events"]);
        let lists = [
            ("MATCH_anyEPC", &query.any_epc),
            ("MATCH_anyEPCClass", &query.any_epc_class),
            ("EQ_eventID", &query.event_id),
        ];
        for (name, values) in lists {
            if !values.is_empty() {
                url.query_pairs_mut().append_pair(name, &values.join("|"));
            }
        }
        if let Some(size) = query.per_page {
            url.query_pairs_mut()
                .append_pair("perPage", &size.to_string());
        }
        self.event_page(url).await
    }

    /// Asks for the page after another.
    ///
    /// # Errors
    ///
    /// When the node refuses.
    pub async fn next_events(&self, next: &str) -> Result<EventPage, ClientError> {
        let url = self.base.join(next);
        let url = url.map_err(|_| self.unexpected("the link to the next page is no URL"))?;
        self.event_page(url).await
    }

    /// Asks for the event of an `eventID` with its error declarations, or of a
    /// record id.
    ///
    /// # Errors
    ///
    /// When the node holds none.
    pub async fn event(&self, id: &str) -> Result<EventPage, ClientError> {
        self.event_page(self.url(&["epcis", "events", id])).await
    }

    async fn event_page(&self, url: Url) -> Result<EventPage, ClientError> {
        let response = self.send(self.http.get(url)).await?;
        let link = header(&response, LINK.as_str());
        let next = link.as_deref().and_then(next_of).map(str::to_owned);
        let document = self.read_json(response).await?;
        Ok(EventPage { document, next })
    }

    /// Asks a trace question.
    ///
    /// # Errors
    ///
    /// When the node refuses it.
    pub async fn trace(&self, query: &TraceQuery) -> Result<Answer, ClientError> {
        self.json(self.http.get(self.trace_url(query))).await
    }

    /// Asks a trace question, to be answered as text for people.
    ///
    /// # Errors
    ///
    /// When the node refuses it.
    pub async fn trace_text(&self, query: &TraceQuery) -> Result<String, ClientError> {
        let request = self.http.get(self.trace_url(query));
        self.text(request.header(ACCEPT, "text/plain")).await
    }

    fn trace_url(&self, query: &TraceQuery) -> Url {
        let mut url = self.url(&["trace"]);
        let direction = match query.direction {
            Direction::Upstream => "upstream",
            Direction::Downstream => "downstream",
            Direction::Both => "both",
        };
        let depth = query.depth.map(|depth| depth.to_string());
        let optional = [
            ("depth", &depth),
            ("since", &query.since),
            ("until", &query.until),
        ];
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("id", &query.id);
        pairs.append_pair("direction", direction);
        for (name, value) in optional {
            if let Some(value) = value {
                pairs.append_pair(name, value);
            }
        }
        drop(pairs);
        url
    }

    /// Asks how the node stands.
    ///
    /// # Errors
    ///
    /// When nobody answers.
    pub async fn status(&self) -> Result<StatusReport, ClientError> {
        self.json(self.http.get(self.url(&["status"]))).await
    }

    /// Asks whether the node can do its work.
    ///
    /// # Errors
    ///
    /// When it cannot, or nobody answers.
    pub async fn ready(&self) -> Result<(), ClientError> {
        let asked = self.send(self.http.get(self.url(&["readyz"])));
        asked.await.map(drop)
    }

    /// Asks for the counters, as OpenMetrics text.
    ///
    /// # Errors
    ///
    /// When nobody answers.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        self.text(self.http.get(self.url(&["metrics"]))).await
    }

    /// Asks for the proof of a record, by its id or the `eventID` of its
    /// event: the text of a proof file.
    ///
    /// # Errors
    ///
    /// When the node holds no such record.
    pub async fn prove(&self, record: &str) -> Result<String, ClientError> {
        let url = self.url(&["proofs", record]);
        self.text(self.http.get(url)).await
    }

    /// Discloses events, by `eventID` or record id, to a scope's readers.
    ///
    /// # Errors
    ///
    /// When an event is not held, or the node's member may not write there.
    pub async fn disclose(
        &self,
        scope: &ScopeName,
        events: Vec<String>,
    ) -> Result<DisclosureReport, ClientError> {
        let body = DisclosureRequest {
            scope: scope.to_string(),
            events,
        };
        let request = self.http.post(self.url(&["disclosures"]));
        self.json(request.json(&body)).await
    }

    /// Returns the URL of a path; each step may hold any characters.
    fn url(&self, steps: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(steps);
        }
        url
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        self.read_json(response).await
    }

    async fn text(&self, request: RequestBuilder) -> Result<String, ClientError> {
        let response = self.send(request).await?;
        let bytes = self.read(response).await?;
        String::from_utf8(bytes).map_err(|_| self.unexpected("a text is not UTF-8"))
    }

    /// Sends a request, and returns the answer where it is no refusal.
    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|source| self.fault(source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let bytes = self.read(response).await?;
        match serde_json::from_slice::<ProblemReport>(&bytes) {
            Ok(report) => Err(ClientError::Refused(Box::new(report))),
            Err(_) => Err(self.unexpected(&status_text(status))),
        }
    }

    async fn read_json<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        let bytes = self.read(response).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.unexpected(&error.to_string()))
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|source| self.fault(source))?
        {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(self.unexpected("the answer has no end"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn fault(&self, source: reqwest::Error) -> ClientError {
        let base = self.shown();
        match source.is_connect() {
            true => ClientError::NoNode { base, source },
            false => ClientError::Broken { base, source },
        }
    }

    fn unexpected(&self, what: &str) -> ClientError {
        ClientError::Unexpected {
            base: self.shown(),
            what: what.to_owned(),
        }
    }

    fn shown(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

/// Returns the target of a Link header's `next`.
fn next_of(link: &str) -> Option<&str> {
    let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("rel=\"next\"").then_some(target)
}

fn status_text(status: StatusCode) -> String {
    format!("it answers {status} without saying why")
}

/// Returns a problem for people: what is wrong, and each thing of a document.
fn told(problem: &ProblemReport) -> String {
    let mut text = problem
        .detail
        .clone()
        .unwrap_or_else(|| problem.title.clone());
    for fault in &problem.errors {
        text.push_str("\n  ");
        if let Some(event) = fault.event {
            text.push_str(&format!("event {event}, "));
        }
        let place = match fault.pointer.as_str() {
            "" => "the whole",
            pointer => pointer,
        };
        text.push_str(&format!("{place}: {}; {}", fault.what, fault.mend));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_nodes_are_taken() {
        for right in [
            "http://127.0.0.1:8080",
            "https://a.vn",
            "https://a.vn:8443/",
        ] {
            assert!(Client::new(right).is_ok(), "{right}");
        }
        for wrong in [
            "127.0.0.1:8080",
            "https://a.vn/x",
            "http://a.vn/x",
            "file:///",
        ] {
            let refused = Client::new(wrong);
            assert!(matches!(refused, Err(ClientError::Address(_))), "{wrong}");
        }
    }

    #[test]
    fn no_token_travels_in_the_clear() {
        for (base, expected) in [
            ("https://nguon.example", true),
            ("http://127.0.0.1:8790", true),
            ("http://[::1]:8790", true),
            ("http://localhost", true),
            ("http://nguon.example", false),
            ("http://192.0.2.1", false),
        ] {
            let credentials = Credentials {
                token: Some(Zeroizing::new("nguon_0\n".to_owned())),
                ..Credentials::default()
            };
            let made = Client::with(base, credentials);
            assert_eq!(made.is_ok(), expected, "{base}: {made:?}");
            assert!(!format!("{made:?}").contains("nguon_0"), "{made:?}");
        }
    }

    #[test]
    fn ids_are_one_step_of_a_path() {
        let client = Client::new("http://127.0.0.1:8080").expect("an address");
        let url = client.url(&["epcis", "events", "ni:///sha-256;a?ver=CBV2.0#%"]);
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:8080/epcis/events/ni:%2F%2F%2Fsha-256;a%3Fver=CBV2.0%23%25"
        );
    }
}
