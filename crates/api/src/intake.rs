//! A document on its way in: read in whatever form it has, and judged by the
//! ledger, before anything of it is signed.

use axum::http::HeaderMap;
use epcis::{Contexts, Document, DocumentKind, Event, Sifted};
use ledger::{Fault, Ledger, Prepared};
use record::ScopeName;

use crate::job::ErrorBehaviour;
use crate::problem::{self, Problem, ProblemReport};
use crate::routes::media_type;

/// The form of a document: what its media type says, and who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON-LD.
    Json,
    /// XML, of EPCIS 2.0 or older.
    Xml,
}

/// The media types that are taken, with their forms.
const TAKEN: [(&str, Form); 4] = [
    ("application/json", Form::Json),
    ("application/ld+json", Form::Json),
    ("application/xml", Form::Xml),
    ("text/xml", Form::Xml),
];

impl Form {
    /// Returns the form of a request's body.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let place = media_type(headers, &TAKEN.map(|(name, _)| name))?;
        Ok(TAKEN[place].1)
    }

    fn sift(self, bytes: &[u8], contexts: &Contexts) -> Result<Sifted, Vec<epcis::Problem>> {
        match self {
            Self::Json => Document::sift(bytes, contexts),
            Self::Xml => Document::sift_xml(bytes, contexts),
        }
    }
}

/// What is to become of a document.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) scope: ScopeName,
    /// Whether who asks may see the scope, and be told of its records.
    pub(crate) sees: bool,
    pub(crate) form: Form,
    pub(crate) behaviour: ErrorBehaviour,
    /// The events that it may hold.
    pub(crate) events_max: usize,
    /// Whether it is to be one event alone.
    pub(crate) single: bool,
}

/// A document that was judged.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) prepared: Prepared,
    /// What is wrong with events that are left out.
    pub(crate) errors: Vec<ProblemReport>,
    /// The one event, where one was asked for.
    pub(crate) event: Option<Event>,
}

/// Why a document is not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It holds so many events, too many.
    TooMany(usize),
    Other(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl Wish {
    /// Reads a document and judges it.
    pub(crate) fn judge(
        &self,
        bytes: &[u8],
        contexts: &Contexts,
        ledger: &Ledger,
    ) -> Result<Intake, Refusal> {
        let read = self.form.sift(bytes, contexts);
        let read = read.map_err(Problem::Document)?;
        if self.behaviour == ErrorBehaviour::Rollback && !read.problems.is_empty() {
            return Err(Problem::Document(read.problems).into());
        }
        self.check_kind(read.kind)?;
        if read.count > self.events_max {
            return Err(Refusal::TooMany(read.count));
        }
        if read.events.is_empty() {
            return Err(match read.problems.is_empty() {
                true => Problem::Request("The document holds no event.".to_owned()).into(),
                false => Problem::Document(read.problems).into(),
            });
        }
        let (places, events): (Vec<usize>, Vec<Event>) = read.events.into_iter().unzip();
        let event = self.single.then(|| events[0].clone());
        let prepared = ledger.prepare(&self.scope, events).map_err(Problem::from)?;
        let faults = Faults::of(&prepared, read.kind, &places, self.sees);
        let mut errors = Vec::new();
        match self.behaviour {
            ErrorBehaviour::Rollback => faults.refuse()?,
            ErrorBehaviour::Proceed => {
                let untold = read.count - places.len() - told(&read.problems);
                if !read.problems.is_empty() {
                    errors.push(problem::left_out(read.problems, untold));
                }
                errors.extend(faults.left_out());
            }
        }
        Ok(Intake {
            prepared,
            errors,
            event,
        })
    }

    fn check_kind(&self, kind: DocumentKind) -> Result<(), Problem> {
        let (what, mend) = match (self.single, kind) {
            (true, DocumentKind::Event) => return Ok(()),
            (false, DocumentKind::Events | DocumentKind::QueryResults) => return Ok(()),
            (false, DocumentKind::Event) => (
                "an event alone is no document",
                "put it into the eventList of an EPCISDocument, or send it to /epcis/events",
            ),
            (_, DocumentKind::Message) => (
                "a message of the query interface holds no event",
                "send an EPCISDocument",
            ),
            (true, _) => (
                "a document stands where one event is asked for",
                "send the event alone, with its @context, or the document to /epcis/capture",
            ),
        };
        Err(Problem::Document(vec![epcis::Problem {
            event: None,
            pointer: String::new(),
            position: None,
            reason: epcis::Reason::WrongForm,
            what: what.to_owned(),
            mend: mend.to_owned(),
        }]))
    }
}

/// How many events the problems speak of.
fn told(problems: &[epcis::Problem]) -> usize {
    let mut events: Vec<_> = problems
        .iter()
        .filter_map(|problem| problem.event)
        .collect();
    events.sort_unstable();
    events.dedup();
    events.len()
}

/// What the ledger finds at fault.
#[derive(Debug, Default)]
struct Faults {
    too_long: Vec<epcis::Problem>,
    conflicts: Vec<problem::Fault>,
}

impl Faults {
    fn of(prepared: &Prepared, kind: DocumentKind, places: &[usize], sees: bool) -> Self {
        let mut faults = Self::default();
        for (index, fault) in prepared.faults() {
            let event = places[index];
            let pointer = kind.pointer_to(event);
            match fault {
                Fault::TooLong { bytes, max } => faults.too_long.push(epcis::Problem {
                    event: Some(event),
                    pointer,
                    position: None,
                    reason: epcis::Reason::TooLarge,
                    what: format!("the event takes {bytes} bytes in canonical form"),
                    mend: format!("the federation's charter allows {max}; split the event"),
                }),
                Fault::Conflict { with } => faults.conflicts.push(problem::Fault {
                    event: Some(event),
                    pointer: format!("{pointer}/eventID"),
                    line: None,
                    column: None,
                    reason: "conflict".to_owned(),
                    what: match with {
                        Some(_) if !sees => {
                            "this node has stated another event under this eventID".to_owned()
                        }
                        Some(record) => format!(
                            "this node has stated another event under this eventID, in record {record}"
                        ),
                        None => {
                            "another event bears this eventID in the same document, or in one \
                             that is being captured"
                                .to_owned()
                        }
                    },
                    mend: "declare that event in error, or give this one an eventID of its own"
                        .to_owned(),
                }),
            }
        }
        faults
    }

    fn refuse(self) -> Result<(), Problem> {
        if !self.too_long.is_empty() {
            return Err(Problem::Document(self.too_long));
        }
        match self.conflicts.is_empty() {
            true => Ok(()),
            false => Err(Problem::Conflict(self.conflicts)),
        }
    }

    fn left_out(self) -> impl Iterator<Item = ProblemReport> {
        let too_long = (!self.too_long.is_empty()).then(|| problem::left_out(self.too_long, 0));
        let conflicts =
            (!self.conflicts.is_empty()).then(|| Problem::Conflict(self.conflicts).report());
        too_long.into_iter().chain(conflicts)
    }
}
