//! Asking for capture jobs (EPCIS 2.0 §12.5).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LINK;
use axum::response::{IntoResponse, Response};
use ledger::JobId;

use crate::job::CaptureJob;
use crate::page::PER_PAGE_MAX;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::App;

/// The jobs of a page unless told otherwise.
const PER_PAGE: u32 = 30;

const SIZE: &str = "perPage";
const TOKEN: &str = "nextPageToken";

/// Answers capture jobs, newest first, page by page. A page's token is the last
/// job on it: jobs that come in meanwhile are before all pages.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
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
    let mut jobs = app.reading.jobs(before, limit + 1).await?;
    let more = jobs.len() > limit;
    jobs.truncate(limit);
    let told = jobs.iter().map(|(id, job)| CaptureJob::of(*id, job));
    let told: Vec<CaptureJob> = told.collect::<Result<_, _>>()?;
    let mut response = Json(told).into_response();
    if let Some((last, _)) = jobs.last().filter(|_| more) {
        let link =
            format!("</epcis/capture?{SIZE}={per_page}&{TOKEN}={last}>; rel=\"next\"").parse();
        let link = link.map_err(|_| Problem::Internal("a link is no header value".into()))?;
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Answers a capture job.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    parameters: Parameters,
    Path(id): Path<String>,
) -> Result<Json<CaptureJob>, Problem> {
    parameters.finish(&[])?;
    let none = || Problem::NotFound(format!("No capture job {id:.80} is known here."));
    let id = id.parse().map_err(|_| none())?;
    let job = app.reading.job(id).await?.ok_or_else(none)?;
    CaptureJob::of(id, &job).map(Json)
}
