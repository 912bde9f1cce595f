//! `nguon epcis validate`.

use ::epcis::{Contexts, Document, PROBLEMS_MAX, Profile, locate};
use anyhow::Result;
use api::Fault;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Documents;
use crate::cli::Console;

/// Tells everything that is wrong with documents, in JSON-LD or XML, each with
/// its place and how to mend it. Exits with 1 if there is anything.
///
/// A profile is asked of documents that are sound. Warnings make no document
/// invalid.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon epcis validate harvest.jsonld
  nguon epcis validate --profile circular-02-2024 *.jsonld *.xml
  nguon epcis validate --json - < harvest.jsonld")]
pub(crate) struct Validate {
    #[command(flatten)]
    documents: Documents,
    /// Rules beyond those of EPCIS that the documents have to keep.
    #[arg(long, value_enum)]
    profile: Option<Rules>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rules {
    /// The ten kinds of data of Circular 02/2024/TT-BKHCN of Viet Nam.
    #[value(name = "circular-02-2024")]
    Circular02Of2024,
}

impl Rules {
    fn profile(self) -> Profile {
        match self {
            Self::Circular02Of2024 => Profile::Circular02Of2024,
        }
    }
}

/// What was found in one document.
#[derive(Debug, Default, Serialize)]
struct Found {
    file: String,
    valid: bool,
    /// Why the file could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// How many events and vocabulary elements a sound document has.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    master_data: Option<usize>,
    problems: Vec<Fault>,
    /// The bound of what is told was reached, so that there may be more.
    cut: bool,
    warnings: Vec<Warning>,
    #[serde(skip)]
    lines: Vec<String>,
}

/// An `eventID` that is another hash id than it claims to be.
#[derive(Debug, Serialize)]
struct Warning {
    event: usize,
    what: &'static str,
    expected: String,
}

impl Validate {
    /// Tells whether every document is valid.
    pub(crate) fn run(self, console: &Console) -> Result<bool> {
        let contexts = self.documents.contexts()?;
        let profile = self.profile.map(Rules::profile);
        let read = self.documents.read();
        let answer: Vec<Found> = read
            .map(|(file, bytes)| match bytes {
                Ok(bytes) => Found::judge(file, &bytes, &contexts, profile),
                Err(error) => Found::unread(file, &error),
            })
            .collect();
        let lines: Vec<&str> = answer
            .iter()
            .flat_map(|found| found.lines.iter().map(String::as_str))
            .collect();
        console.answer(lines.join("\n"), &answer)?;
        Ok(answer.iter().all(|found| found.valid))
    }
}

impl Found {
    /// Judges a document by EPCIS, and a sound one by the profile.
    fn judge(file: String, bytes: &[u8], contexts: &Contexts, profile: Option<Profile>) -> Self {
        let (document, problems) = match Document::parse_any(bytes, contexts) {
            Ok(document) => {
                let problems = profile.map(|profile| profile.check(&document));
                (Some(document), locate(bytes, problems.unwrap_or_default()))
            }
            Err(problems) => (None, problems),
        };
        let warnings = document.as_ref().map(warnings).unwrap_or_default();
        let mut found = Self {
            valid: problems.is_empty(),
            events: document.as_ref().map(|document| document.events.len()),
            master_data: document.as_ref().map(|document| document.master_data.len()),
            cut: problems.len() >= PROBLEMS_MAX,
            ..Self::default()
        };
        if let (true, Some(document)) = (found.valid, &document) {
            let events = counted(document.events.len(), "event");
            let elements = counted(document.master_data.len(), "vocabulary element");
            let line = format!("{file}: valid, {events}, {elements}");
            found.lines.push(line);
        }
        let told = problems.iter().map(|problem| format!("{file}: {problem}"));
        found.lines.extend(told);
        if found.cut {
            let line = format!("{file}: no more than {PROBLEMS_MAX} problems are told");
            found.lines.push(line);
        }
        found.lines.extend(warnings.iter().map(|warning| {
            let Warning {
                event,
                what,
                expected,
            } = warning;
            format!("{file}: warning: event {event}, {what}; expected {expected}")
        }));
        found.problems = problems.iter().map(Fault::from).collect();
        found.warnings = warnings;
        found.file = file;
        found
    }

    fn unread(file: String, error: &anyhow::Error) -> Self {
        // The error names the file.
        let error = format!("{error:#}");
        Self {
            file,
            lines: vec![error.clone()],
            error: Some(error),
            ..Self::default()
        }
    }
}

fn warnings(document: &Document) -> Vec<Warning> {
    let unexpected = document.unexpected_hash_ids();
    unexpected
        .map(|(event, expected)| Warning {
            event,
            what: "its eventID claims to be a hash id and is not that of the event",
            expected,
        })
        .collect()
}

fn counted(count: usize, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}
