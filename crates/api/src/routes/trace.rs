//! The trace question.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use charter::{Charter, MemberId};
use gs1::Key;
use ledger::Snapshot;
use trace::{Direction, Names, Question, Style};

use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::App;
use crate::{accept, moment};

/// The most links that can be asked for.
const DEPTH_MAX: u32 = 1_024;

const PARAMETERS: [&str; 5] = ["id", "direction", "depth", "since", "until"];
const OFFERED: [&str; 2] = ["application/json", "text/plain"];

/// Answers where a thing came from and what came of it, as far as the caller
/// may see: as JSON, or as text for people.
pub(crate) async fn trace(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let as_text = accept::choose(&headers, &OFFERED)? == 1;
    let question = question(&mut parameters)?;
    parameters.finish(&PARAMETERS)?;
    let read = move |snapshot: &Snapshot<'_>| Ok(trace::trace(snapshot, &question)?);
    let answer = app.reading.snapshot(caller.sees(), read).await?;
    if !as_text {
        return Ok(Json(answer).into_response());
    }
    let names = CharterNames(app.ledger().charter());
    let text = trace::render(&answer, &names, &Style::default());
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// Takes out what a question is about: a thing or lot in any spelling.
pub(super) fn about(parameters: &mut Parameters) -> Result<Key, Problem> {
    let id = parameters.take("id").ok_or_else(|| {
        let text = "The parameter id is missing: the EPC URI, Digital Link or element string \
                    of the thing or lot that is asked about.";
        Problem::Parameter(text.to_owned())
    })?;
    let key = match id.starts_with('(') {
        true => Key::from_element_string(&id),
        false => Key::from_uri_or_verbatim(&id),
    };
    key.map_err(|error| Problem::Parameter(format!("id: {error}.")))
}

fn question(parameters: &mut Parameters) -> Result<Question, Problem> {
    let about = about(parameters)?;
    let direction = match parameters.take("direction").as_deref() {
        None | Some("both") => Direction::Both,
        Some("upstream") => Direction::Upstream,
        Some("downstream") => Direction::Downstream,
        Some(other) => {
            return Err(Problem::Parameter(format!(
                "direction={other:.40} is none of upstream, downstream and both."
            )));
        }
    };
    let mut question = Question::new(about, direction);
    if let Some(depth) = parameters.take_number("depth", 0..=DEPTH_MAX)? {
        question.depth_max = depth;
    }
    question.since_ms = instant(parameters, "since")?;
    question.until_ms = instant(parameters, "until")?;
    Ok(question)
}

/// Takes out a date-time, in milliseconds since 1970.
pub(super) fn instant(parameters: &mut Parameters, name: &str) -> Result<Option<i64>, Problem> {
    let Some(text) = parameters.take(name) else {
        return Ok(None);
    };
    let ms = moment::milliseconds(&text);
    ms.map(Some).ok_or_else(|| {
        Problem::Parameter(format!(
            "{name}={text:.40} is no date-time with zone, like 2026-10-12T07:00:00+07:00; \
             a plus sign is written %2B."
        ))
    })
}

/// The members' Vietnamese names, as the charter tells them.
struct CharterNames(Arc<Charter>);

impl Names for CharterNames {
    fn member(&self, id: &str) -> Option<String> {
        let id = MemberId::new(id).ok()?;
        let member = self.0.member(&id)?;
        Some(member.names.vi.clone())
    }
}
