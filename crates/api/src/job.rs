//! Capture jobs (EPCIS 2.0 §12.5, `CaptureJob` of GS1's OpenAPI).
//!
//! A document is checked as a whole before anything of it is signed. So a job
//! never fails once it is there: what was wrong is known when it is made, and
//! what is left is recorded, whatever happens to the process meanwhile.

use ledger::{Job, JobId};
use serde::{Deserialize, Serialize};

use crate::identity::{Caller, Owned};
use crate::moment;
use crate::problem::{Problem, ProblemReport};

/// A capture job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptureJob {
    /// Names the job.
    #[serde(rename = "captureID")]
    pub capture_id: String,
    /// When the document had arrived and was checked: a date-time with zone.
    pub created_at: String,
    /// When the last of it was handed to the disk; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Whether it still runs.
    pub running: bool,
    /// Whether all went well, so far.
    pub success: bool,
    /// What becomes of the rest where one event is wrong.
    pub capture_error_behaviour: ErrorBehaviour,
    /// What went wrong.
    #[serde(default)]
    pub errors: Vec<ProblemReport>,
}

/// What becomes of a document's good events where one is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorBehaviour {
    /// None is stored.
    Rollback,
    /// They are stored.
    Proceed,
}

/// What is kept with a job beside what the ledger knows of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Note {
    #[serde(default)]
    pub(crate) errors: Vec<ProblemReport>,
}

impl CaptureJob {
    /// Tells a job as the ledger has it, to those who may see it.
    pub(crate) fn shown_to(caller: &Caller, id: JobId, job: &Job) -> Result<Option<Self>, Problem> {
        let note: Owned<Note> =
            serde_json::from_slice(&job.note).map_err(|error| Problem::Internal(error.into()))?;
        let Some(note) = note.shown_to(caller) else {
            return Ok(None);
        };
        let moment = |ms| moment::text(i64::try_from(ms).unwrap_or(i64::MAX));
        Ok(Some(Self {
            capture_id: id.to_string(),
            created_at: moment(job.created_ms),
            finished_at: job.finished_ms.map(moment),
            running: job.finished_ms.is_none(),
            success: note.errors.is_empty(),
            capture_error_behaviour: match job.hidden {
                true => ErrorBehaviour::Rollback,
                false => ErrorBehaviour::Proceed,
            },
            errors: note.errors,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_the_members_of_the_standard() {
        let mut job = Job {
            created_ms: 0,
            finished_ms: None,
            hidden: true,
            pieces: 3,
            pieces_done: 1,
            records: 9_000,
            records_done: 4_096,
            scope: "national".parse().expect("a name"),
            note: serde_json::to_vec(&Note::default()).expect("JSON"),
        };
        let id = JobId([0x1f; 16]);
        let told = |job: &Job| {
            let told = CaptureJob::shown_to(&Caller::operator(), id, job).expect("a job");
            serde_json::to_value(told).expect("JSON")
        };
        let mut expected = serde_json::json!({
            "captureID": "1f".repeat(16), "createdAt": "1970-01-01T00:00:00.000Z",
            "running": true, "success": true, "captureErrorBehaviour": "rollback", "errors": []
        });
        assert_eq!(told(&job), expected);
        job.finished_ms = Some(1);
        expected["finishedAt"] = "1970-01-01T00:00:00.001Z".into();
        expected["running"] = false.into();
        assert_eq!(told(&job), expected);
        let report = Problem::Document(Vec::new()).report();
        let errors = vec![report.clone()];
        job.note = serde_json::to_vec(&Note { errors }).expect("JSON");
        job.hidden = false;
        expected["captureErrorBehaviour"] = "proceed".into();
        expected["success"] = false.into();
        expected["errors"] = serde_json::json!([report]);
        assert_eq!(told(&job), expected);
    }
}
