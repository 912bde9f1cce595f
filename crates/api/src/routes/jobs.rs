//! Asking for capture jobs (EPCIS 2.0 §12.5).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LINK;
use axum::response::{IntoResponse, Response};
use ledger::JobId;

use crate::identity::Caller;
use crate::job::CaptureJob;
use crate::page::{PER_PAGE, PER_PAGE_MAX, SIZE, TOKEN};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::App;

/// How many jobs are read at a time, and how often for a page.
const CHUNK: usize = 1_000;
const CHUNKS_MAX: usize = 10;

/// Answers the capture jobs that the caller may see, newest first, page by page.
/// A page's token is the last job on it: jobs that come in meanwhile are before
/// all pages.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let size = parameters.take_number(SIZE, 1..=PER_PAGE_MAX)?;
    let token = parameters.take(TOKEN).map(|token| token.parse::<JobId>());
    parameters.finish(&[SIZE, TOKEN])?;
    let before = token.transpose().map_err(|_| {
        let text = "The nextPageToken is not one of these jobs': follow the link that came with \
                    the page before, or begin without it.";
        Problem::Parameter(text.to_owned())
    })?;
    let per_page = size.unwrap_or(PER_PAGE);
    let limit = usize::try_from(per_page).unwrap_or(usize::MAX);
    let (told, next) = page(&app, &caller, before, limit).await?;
    let mut response = Json(told).into_response();
    if let Some(last) = next {
        let link =
            format!("</epcis/capture?{SIZE}={per_page}&{TOKEN}={last}>; rel=\"next\"").parse();
        let link = link.map_err(|_| Problem::Internal("a link is no header value".into()))?;
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Returns the newest jobs before another one that the caller may see, and the
/// one after which the next page begins.
async fn page(
    app: &App,
    caller: &Caller,
    mut before: Option<JobId>,
    limit: usize,
) -> Result<(Vec<CaptureJob>, Option<JobId>), Problem> {
    let mut told = Vec::new();
    for _ in 0..CHUNKS_MAX {
        let jobs = app.reading.jobs(before, CHUNK).await?;
        let is_last = jobs.len() < CHUNK;
        for (id, job) in jobs {
            if let Some(job) = CaptureJob::shown_to(caller, id, &job)? {
                if told.len() == limit {
                    return Ok((told, before));
                }
                told.push(job);
            }
            before = Some(id);
        }
        if is_last {
            return Ok((told, None));
        }
    }
    Ok((told, before))
}

/// Answers a capture job to the identity that began it, and to admins.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
    Path(id): Path<String>,
) -> Result<Json<CaptureJob>, Problem> {
    parameters.finish(&[])?;
    let none = || Problem::NotFound(format!("No capture job {id:.80} is known here."));
    let id = id.parse().map_err(|_| none())?;
    let job = app.reading.job(id).await?.ok_or_else(none)?;
    CaptureJob::shown_to(&caller, id, &job)?
        .map(Json)
        .ok_or_else(none)
}
