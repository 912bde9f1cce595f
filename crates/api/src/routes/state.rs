//! The present state of one thing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ledger::Snapshot;

use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::routes::trace as trace_route;
use crate::server::App;

const PARAMETERS: [&str; 2] = ["id", "at"];

/// Answers what holds of a thing now, or held at a moment, with the event that
/// says each.
pub(crate) async fn state(
    State(app): State<Arc<App>>,
    caller: Caller,
    mut parameters: Parameters,
) -> Result<Json<trace::State>, Problem> {
    let about = trace_route::about(&mut parameters)?;
    let at = trace_route::instant(&mut parameters, "at")?;
    parameters.finish(&PARAMETERS)?;
    let read = move |snapshot: &Snapshot<'_>| Ok(trace::state(snapshot, &about, at)?);
    app.reading.snapshot(caller.sees(), read).await.map(Json)
}
