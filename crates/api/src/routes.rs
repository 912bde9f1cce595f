//! All resources, and what surrounds them.

mod capture;
mod disclosures;
mod discovery;
mod events;
mod health;
mod jobs;
mod proofs;
mod resources;
mod state;
mod status;
mod trace;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, Method};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, options, post};
use futures::StreamExt;
use reqwest::Url;
use tower_http::trace::TraceLayer;

use crate::guard;
use crate::identity::gate::{self, Need, Needs};
use crate::identity::{Caller, Right};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::routes::resources::Collection;
use crate::server::App;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// How much of a body that is too long is read to be thrown away: who is
/// still sending when the connection closes may never see the answer.
const DISCARDED_MAX: usize = 1 << 30;

/// A method of a resource, and what it needs of its caller.
struct Resource {
    path: String,
    method: Method,
    need: Need,
    handler: MethodRouter<Arc<App>>,
}

const QUERY: Need = Need::Right(&[Right::Query]);
const CAPTURE: Need = Need::Right(&[Right::Capture]);
const JOBS: Need = Need::Right(&[Right::Capture, Right::Admin]);
const STATUS: Need = Need::Right(&[Right::Query, Right::Admin]);
const ADMIN: Need = Need::Right(&[Right::Admin]);

/// Returns every resource. Nothing is answered that does not stand here, so
/// that nothing is answered without a word on who may ask.
fn resources() -> Vec<Resource> {
    let mut resources = epcis();
    resources.extend([
        got("/trace", QUERY, trace::trace),
        got("/state", QUERY, state::state),
        got("/status", STATUS, status::status),
        got("/proofs/{record}", QUERY, proofs::proof),
        posted("/disclosures", CAPTURE, disclosures::disclose),
        // Those who run the machine.
        got("/healthz", Need::Nothing, health::alive),
        got("/readyz", Need::Nothing, health::ready),
        got("/metrics", ADMIN, health::metrics),
    ]);
    resources
}

/// Returns the resources of EPCIS 2.0 §12, each with its OPTIONS.
fn epcis() -> Vec<Resource> {
    let mut resources = vec![
        got("/epcis", QUERY, resources::top),
        posted("/epcis/capture", CAPTURE, capture::capture),
        got("/epcis/capture", JOBS, jobs::list),
        got("/epcis/capture/{id}", JOBS, jobs::one),
        posted("/epcis/events", CAPTURE, capture::event),
        got("/epcis/events", QUERY, events::query),
        got("/epcis/events/{id}", QUERY, events::one),
    ];
    resources.extend(Collection::ALL.into_iter().flat_map(collected));
    let paths: BTreeSet<String> = resources.iter().map(|each| each.path.clone()).collect();
    for path in paths {
        let here = resources.iter().filter(|each| each.path == path);
        let (methods, needs): (Vec<Method>, Vec<Need>) =
            here.map(|each| (each.method.clone(), each.need)).unzip();
        let takes_documents = path == "/epcis/capture";
        let answer = async move |State(app): State<Arc<App>>| {
            discovery::answer(&app, &methods, takes_documents)
        };
        resources.push(Resource {
            path,
            method: Method::OPTIONS,
            need: needs[0],
            handler: options(answer),
        });
    }
    resources
}

/// Returns the resources of a collection.
fn collected(collected: Collection) -> [Resource; 3] {
    let path = collected.path();
    let values = async move |State(app): State<Arc<App>>, caller: Caller, asked: Parameters| {
        resources::values(collected, &app, &caller, asked).await
    };
    let value = async move |State(app): State<Arc<App>>, asked: resources::Asked| {
        resources::value(collected, &app, asked).await
    };
    let events = async move |State(app): State<Arc<App>>, asked: resources::Asked| {
        resources::events_of(collected, &app, asked).await
    };
    [
        got(path, QUERY, values),
        got(&format!("{path}/{{id}}"), QUERY, value),
        got(&format!("{path}/{{id}}/events"), QUERY, events),
    ]
}

fn got<H, T>(path: &str, need: Need, handler: H) -> Resource
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    Resource {
        path: path.to_owned(),
        method: Method::GET,
        need,
        handler: get(handler),
    }
}

fn posted<H, T>(path: &str, need: Need, handler: H) -> Resource
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    Resource {
        path: path.to_owned(),
        method: Method::POST,
        need,
        handler: post(handler),
    }
}

/// Returns what each resource needs of its caller.
pub(crate) fn needs() -> Needs {
    let mut needs = Needs::default();
    for resource in resources() {
        needs.add(&resource.path, resource.method, resource.need);
    }
    needs
}

pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for Resource { path, handler, .. } in resources() {
        let handler = match path.starts_with("/epcis") {
            true => handler.layer(from_fn(guard::versions)),
            false => handler,
        };
        router = router.route(&path, handler);
    }
    router
        .fallback(async || Problem::NoRoute)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(from_fn_with_state(Arc::clone(&app), gate::admit))
        .layer(from_fn_with_state(Arc::clone(&app), guard::known_host))
        .layer(TraceLayer::new_for_http().on_failure(()))
        .layer(from_fn_with_state(Arc::clone(&app), guard::count))
        .with_state(app)
}

/// Returns the path of what lies below another; each step may hold any
/// characters.
fn path_below(path: &str, steps: &[&str]) -> Result<String, Problem> {
    let mut url = Url::parse("http://localhost").map_err(|e| Problem::Internal(e.into()))?;
    url.set_path(path);
    if let Ok(mut path) = url.path_segments_mut() {
        path.extend(steps);
    }
    Ok(url.path().to_owned())
}

/// Why a body cannot be had.
enum BodyFault {
    TooLong,
    Other(Problem),
}

/// Returns which of the media types a body is of, and makes sure that it is not
/// compressed.
///
/// A web page of another site can have a browser send a body, but only of
/// other types than these without being asked first.
pub(crate) fn media_type(headers: &HeaderMap, taken: &[&str]) -> Result<usize, Problem> {
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
    let mut each = taken.iter();
    if let Some(place) = each.position(|each| each.eq_ignore_ascii_case(named)) {
        return Ok(place);
    }
    let taken = taken.join(" or ");
    Err(Problem::MediaType(format!(
        "Content-Type is {named:?}; this resource takes {taken}."
    )))
}

/// Reads a body of at most so many bytes to its end. Where the rest of the
/// request was refused already, the body is thrown away.
async fn body<T>(
    request: Request,
    rest: Result<T, Problem>,
    bytes_max: usize,
) -> Result<(T, Vec<u8>), BodyFault> {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    let too_long = length.is_some_and(|length: usize| length > bytes_max);
    if headers.contains_key(EXPECT) {
        // The client sends nothing before it hears that it may.
        match rest {
            Err(problem) => return Err(BodyFault::Other(problem)),
            Ok(_) if too_long => return Err(BodyFault::TooLong),
            Ok(_) => {}
        }
    }
    let bytes_max = if rest.is_ok() { bytes_max } else { 0 };
    let room = length.unwrap_or_default().min(bytes_max);
    let read = collect(request.into_body(), Vec::with_capacity(room), bytes_max);
    let read = tokio::time::timeout(BODY_PATIENCE, read).await;
    let rest = rest.map_err(BodyFault::Other)?;
    Ok((rest, read.unwrap_or(Err(BodyFault::Other(Problem::Slow)))?))
}

async fn collect(body: Body, mut bytes: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, BodyFault> {
    let mut stream = body.into_data_stream();
    let mut total = 0usize;
    while let Some(chunk) = stream.next().await {
        let broken = |_| Problem::Request("The body broke off before its end.".to_owned());
        let chunk = chunk.map_err(broken).map_err(BodyFault::Other)?;
        total = total.saturating_add(chunk.len());
        if total <= bytes_max {
            bytes.extend_from_slice(&chunk);
        } else if total <= DISCARDED_MAX {
            bytes = Vec::new();
        } else {
            break;
        }
    }
    if total <= bytes_max {
        Ok(bytes)
    } else {
        Err(BodyFault::TooLong)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn values_are_one_step_of_a_path() {
        let path = |value| path_below("/a", &[value, "b"]).expect("a path");
        for (value, step) in [
            ("urn:epc:id:sgtin:1.2.%2F", "urn:epc:id:sgtin:1.2.%252F"),
            ("https://a.vn/01/ä", "https:%2F%2Fa.vn%2F01%2F%C3%A4"),
        ] {
            assert_eq!(path(value), format!("/a/{step}/b"));
        }
    }

    /// What is documented, the tests over HTTP ask for with every kind of
    /// credentials.
    #[test]
    fn every_resource_is_documented_and_no_other() {
        let text = include_str!("../../../docs/http.md");
        let headings = text.lines().filter_map(|line| {
            let request = line.strip_prefix("### `")?.strip_suffix('`')?;
            Some(request.to_owned())
        });
        let documented: BTreeSet<String> = headings.collect();
        // The collections stand in a chapter of their own, and each resource
        // of EPCIS has its OPTIONS.
        let is_collected = |each: &Resource| {
            let paths = Collection::ALL.map(Collection::path);
            paths.iter().any(|path| each.path.starts_with(path))
        };
        let all = resources().into_iter();
        let all = all.filter(|each| each.method != Method::OPTIONS && !is_collected(each));
        let all = all.map(|resource| format!("{} {}", resource.method, resource.path));
        assert_eq!(all.collect::<BTreeSet<_>>(), documented);
    }
}
