//! Capture jobs (EPCIS 2.0 §12.5, `CaptureJob` of GS1's OpenAPI).
//!
//! A document is checked as a whole before anything of it is signed, and its
//! job is written in the write that holds its events. So a job that exists has
//! succeeded; what was refused was answered at once and has none.

use serde::{Deserialize, Serialize};

use crate::problem::ProblemReport;

/// A capture job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptureJob {
    /// Names the job.
    #[serde(rename = "captureID")]
    pub capture_id: String,
    /// When the document had arrived: a date-time with zone.
    pub created_at: String,
    /// When the job was handed to the disk; absent while it runs.
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

impl CaptureJob {
    /// Returns the state of a job that is durable together with its events.
    pub(crate) fn succeeded(id: &str, created_at: String, finished_at: String) -> Self {
        Self {
            capture_id: id.to_owned(),
            created_at,
            finished_at: Some(finished_at),
            running: false,
            success: true,
            capture_error_behaviour: ErrorBehaviour::Rollback,
            errors: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_the_members_of_the_standard() {
        let job = CaptureJob::succeeded("1f", "A".into(), "B".into());
        assert_eq!(
            serde_json::to_value(&job).expect("JSON"),
            serde_json::json!({
                "captureID": "1f", "createdAt": "A", "finishedAt": "B", "running": false,
                "success": true, "captureErrorBehaviour": "rollback", "errors": []
            })
        );
    }
}
