//! What can go wrong with a request: status codes, problem types (RFC 9457,
//! EPCIS 2.0 §12.8) and what a client is told, apart from the cause, which is
//! logged.

use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use epcis::query::QueryError;
use ledger::{LedgerError, QueryFault};
use serde::{Deserialize, Serialize};
use trace::TraceError;

/// The events that one capture may hold.
const CAPTURE_LIMIT: HeaderName = HeaderName::from_static("gs1-epcis-capture-limit");
/// The bytes that one capture may take.
const FILE_SIZE_LIMIT: HeaderName = HeaderName::from_static("gs1-epcis-capture-file-size-limit");

/// Why a request is not answered as it asked.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A document is not what the standard asks for: all that is wrong with it.
    Document(Vec<epcis::Problem>),
    /// A header or body is not what is asked for.
    Request(String),
    /// A query parameter is unknown, missing, or has a wrong value.
    Parameter(String),
    /// An answer would hold more than the query allows.
    AnswerTooLarge(String),
    /// An answer would take too much work or memory.
    TooComplex(String),
    /// Nobody known asks.
    Unauthorized {
        /// Whether credentials were shown, and are nobody's.
        wrong: bool,
    },
    /// Rights do not reach.
    Forbidden(String),
    /// The caller asks more often than it may; it may again after this time.
    TooMany(Duration),
    /// What was asked for is not here.
    NotFound(String),
    /// The path names nothing.
    NoRoute,
    /// The resource has no such method.
    Method,
    /// No form of the answer that is offered is accepted.
    NotAcceptable(String),
    /// The body did not arrive in time.
    Slow,
    /// Several things answer to the name.
    Ambiguous(String),
    /// This node has stated other events under the same `eventID`s.
    Conflict(Vec<Fault>),
    /// The document is longer, or holds more events, than is taken at once.
    TooLarge {
        /// What it is.
        what: String,
        /// The bytes that a document may take.
        bytes_max: usize,
        /// The events that it may hold.
        events_max: usize,
    },
    /// The body's media type or coding is not read here.
    MediaType(String),
    /// The request was meant for another host.
    Misdirected(String),
    /// The node has no room or time for the request now.
    Busy(&'static str),
    /// The node is stopping, or its run has ended.
    Unavailable(&'static str),
    /// This node is at fault.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// A problem as it is told: `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemReport {
    /// The type: an EPCIS exception, or `about:blank`.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// What the type means.
    pub title: String,
    /// The HTTP status code.
    pub status: u16,
    /// What is wrong this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// All that is wrong with a document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which event, counted from 0; absent outside events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<usize>,
    /// Where, as a JSON Pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// The line in the document, counted from 1, where it is XML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The character in that line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The class of the fault, for programs.
    pub reason: String,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub mend: String,
}

/// Status, type and title of a problem.
type Kind = (StatusCode, &'static str, &'static str);

const VALIDATION: Kind = (
    StatusCode::BAD_REQUEST,
    "epcisException:ValidationException",
    "The request is not valid",
);
const BLANK: &str = "about:blank";

impl Problem {
    fn kind(&self) -> Kind {
        match self {
            Self::Document(_) | Self::Request(_) => VALIDATION,
            Self::Parameter(_) => (
                StatusCode::BAD_REQUEST,
                "epcisException:QueryParameterException",
                "A query parameter is not valid",
            ),
            Self::AnswerTooLarge(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "epcisException:QueryTooLargeException",
                "The answer is larger than allowed",
            ),
            Self::TooComplex(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "epcisException:QueryTooComplexException",
                "The answer takes too much work",
            ),
            Self::Unauthorized { .. } => (
                StatusCode::UNAUTHORIZED,
                "epcisException:SecurityException",
                "Nobody known asks",
            ),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, BLANK, "Too Many Requests"),
            Self::Forbidden(_) => (
                StatusCode::FORBIDDEN,
                "epcisException:SecurityException",
                "Rights do not reach",
            ),
            Self::NotFound(_) => (
                StatusCode::NOT_FOUND,
                "epcisException:NoSuchNameException",
                "Nothing of that name is here",
            ),
            Self::NoRoute => (StatusCode::NOT_FOUND, BLANK, "Not Found"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, BLANK, "Method Not Allowed"),
            Self::NotAcceptable(_) => (
                StatusCode::NOT_ACCEPTABLE,
                "epcisException:NotAcceptableException",
                "No acceptable form of the answer is offered",
            ),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, BLANK, "Request Timeout"),
            Self::Ambiguous(_) => (StatusCode::CONFLICT, BLANK, "Conflict"),
            Self::Conflict(_) => (
                StatusCode::CONFLICT,
                "epcisException:ResourceAlreadyExistsException",
                "Other content is held under the same name",
            ),
            Self::TooLarge { .. } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "epcisException:CaptureLimitExceededException",
                "The document is too large to be captured at once",
            ),
            Self::MediaType(_) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "epcisException:UnsupportedMediaTypeException",
                "The media type is not read here",
            ),
            Self::Misdirected(_) => (
                StatusCode::MISDIRECTED_REQUEST,
                "epcisException:SecurityException",
                "The request was meant for another host",
            ),
            Self::Busy(_) | Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "epcisException:ImplementationException",
                "The node cannot answer now",
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "epcisException:ImplementationException",
                "The node failed to answer",
            ),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Document(problems) => match problems.len() {
                1 => "One thing is wrong with the document; nothing of it was stored.".to_owned(),
                epcis::PROBLEMS_MAX.. => format!(
                    "{} things or more are wrong with the document; nothing of it was stored.",
                    problems.len()
                ),
                n => format!("{n} things are wrong with the document; nothing of it was stored."),
            },
            Self::Conflict(faults) => match faults.len() {
                1 => "One event bears an eventID that this node has used for another.".to_owned(),
                n => format!("{n} events bear eventIDs that this node has used for others."),
            },
            Self::Request(text)
            | Self::Parameter(text)
            | Self::AnswerTooLarge(text)
            | Self::TooComplex(text)
            | Self::Forbidden(text)
            | Self::NotFound(text)
            | Self::NotAcceptable(text)
            | Self::Ambiguous(text)
            | Self::MediaType(text)
            | Self::Misdirected(text)
            | Self::TooLarge { what: text, .. } => text.clone(),
            Self::Unauthorized { wrong: false } => {
                "Show a bearer token or a client certificate.".to_owned()
            }
            Self::Unauthorized { wrong: true } => {
                "The credentials shown are nobody's here.".to_owned()
            }
            Self::TooMany(_) => {
                "You ask more often than you may; Retry-After says when to come again.".to_owned()
            }
            Self::NoRoute => "No resource has this path.".to_owned(),
            Self::Method => "The resource does not offer this method.".to_owned(),
            Self::Slow => "The body did not arrive in time.".to_owned(),
            Self::Busy(text) | Self::Unavailable(text) => (*text).to_owned(),
            Self::Internal(_) => "The cause is in the node's log.".to_owned(),
        }
    }

    /// Returns what a client is told.
    pub(crate) fn report(&self) -> ProblemReport {
        let (status, problem_type, title) = self.kind();
        let errors = match self {
            Self::Document(problems) => problems.iter().map(Fault::from).collect(),
            Self::Conflict(faults) => faults.clone(),
            _ => Vec::new(),
        };
        ProblemReport {
            problem_type: problem_type.to_owned(),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: Some(self.detail()),
            errors,
        }
    }
}

/// Tells what is wrong with events that were left out of a capture, and that so
/// many more are wrong.
pub(crate) fn left_out(problems: Vec<epcis::Problem>, untold: usize) -> ProblemReport {
    let mut report = Problem::Document(problems).report();
    let more = match untold {
        0 => String::new(),
        n => format!(", and {n} more events, of which nothing further is told"),
    };
    report.detail = Some(format!(
        "The events told of here are wrong and were left out{more}; the others are stored."
    ));
    report
}

impl From<&epcis::Problem> for Fault {
    fn from(problem: &epcis::Problem) -> Self {
        Self {
            event: problem.event,
            pointer: problem.pointer.clone(),
            line: problem.position.map(|position| position.line),
            column: problem.position.map(|position| position.column),
            reason: problem.reason.name().to_owned(),
            what: problem.what.clone(),
            mend: problem.mend.clone(),
        }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Ended => Self::Unavailable(
                "A write failed, so the node's run has ended: free the disk and start it again.",
            ),
            LedgerError::Full => {
                Self::Busy("Too many large captures wait to be recorded; try again later.")
            }
            LedgerError::Stopping => Self::Unavailable("The node is stopping."),
            LedgerError::NoRight { .. } => Self::Forbidden(sentence(&error)),
            LedgerError::NoSuchRecord(_) => Self::NotFound(sentence(&error)),
            LedgerError::Nothing
            | LedgerError::PayloadTooLong { .. }
            | LedgerError::NotDisclosable(..)
            | LedgerError::NotShowable(..) => Self::Request(sentence(&error)),
            LedgerError::Store(_)
            | LedgerError::NotAMember(_)
            | LedgerError::TooManyLogs(_)
            | LedgerError::Randomness(_)
            | LedgerError::Run(_)
            | LedgerError::Tree(_)
            | LedgerError::Damaged(_)
            | LedgerError::Thread(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<QueryFault> for Problem {
    fn from(fault: QueryFault) -> Self {
        match fault {
            QueryFault::TooLarge { .. } => Self::AnswerTooLarge(sentence(&fault)),
            QueryFault::TooComplex(_) => Self::TooComplex(sentence(&fault)),
            QueryFault::Moved => Self::Parameter(sentence(&fault)),
            QueryFault::Ledger(error) => error.into(),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Body(problems) => Self::Document(problems),
            other => Self::Parameter(sentence(&other)),
        }
    }
}

impl From<TraceError<LedgerError>> for Problem {
    fn from(error: TraceError<LedgerError>) -> Self {
        match error {
            TraceError::Naming { source, .. } | TraceError::Event { source, .. } => source.into(),
        }
    }
}

/// Returns an error's text as a sentence.
fn sentence(error: &dyn std::error::Error) -> String {
    format!("{error}.")
}

/// Returns an error with all its causes, for the log.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let report = self.report();
        match &self {
            Self::Internal(cause) => {
                tracing::error!(cause = causes(&**cause), "a request failed");
            }
            Self::Busy(_) | Self::Unavailable(_) => {
                tracing::warn!(detail = self.detail(), "a request was turned away");
            }
            _ => tracing::debug!(
                status = report.status,
                detail = self.detail(),
                "a request was refused"
            ),
        }
        let (status, _, _) = self.kind();
        let mut response = (status, Json(report)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match self {
            Self::TooLarge {
                bytes_max,
                events_max,
                ..
            } => {
                headers.insert(CAPTURE_LIMIT, HeaderValue::from(events_max));
                headers.insert(FILE_SIZE_LIMIT, HeaderValue::from(bytes_max));
            }
            Self::Busy(_) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::TooMany(after) => {
                // Whole seconds (RFC 9110 §10.2.3), none of them too early.
                let seconds = after.as_secs() + 1;
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Unauthorized { wrong } => {
                // RFC 6750 §3: no error code where nothing was shown.
                let challenge = match wrong {
                    false => r#"Bearer realm="nguon""#,
                    true => r#"Bearer realm="nguon", error="invalid_token""#,
                };
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_node_is_not_told() {
        let damaged = LedgerError::Damaged("page 7 of /var/lib is torn");
        let report = Problem::from(damaged).report();
        assert_eq!(report.status, 500);
        let told = serde_json::to_string(&report).expect("JSON");
        assert!(!told.contains("page 7"), "{told}");
    }

    #[test]
    fn causes_are_joined_for_the_log() {
        let io = std::io::Error::other("no space left");
        assert_eq!(
            causes(&LedgerError::Thread(io)),
            "the writing thread cannot be started: no space left"
        );
    }
}
