//! Why the node may refuse what the schema accepts. The same list, with what
//! speaks for each, is in `docs/conformance.md`; a test holds them equal.

use epcis::{Problem, Reason};
use serde_json::Value;

/// Says of a problem in a document whether it belongs to a reason.
type Belongs = fn(&Problem, &Value) -> bool;

/// The reasons by name.
pub(crate) const LISTED: [(&str, Belongs); 26] = [
    ("duplicate-member", |problem, _| {
        problem.reason == Reason::DuplicateMember
    }),
    ("number-precision", |problem, _| {
        problem.reason == Reason::NumberPrecision
    }),
    ("depth", |problem, _| problem.reason == Reason::TooDeep),
    ("context-not-held", |problem, _| {
        problem.reason == Reason::UnknownContext
    }),
    ("context-feature", in_context),
    ("no-epcis-context", |problem, document| {
        problem.reason == Reason::Unresolved
            && problem.pointer.ends_with("/@context")
            && document
                .pointer(&problem.pointer)
                .is_none_or(|context| !context.to_string().contains("epcis-context.jsonld"))
    }),
    ("unresolved-name", |problem, _| {
        problem.reason == Reason::Unresolved && !problem.pointer.ends_with("/@context")
    }),
    ("name-collision", |problem, _| {
        problem.reason == Reason::NameCollision
    }),
    ("no-canonical-form", |problem, _| {
        problem.reason == Reason::NoCanonicalForm
    }),
    ("extension-value", extension_value),
    ("epcis-name", |problem, _| {
        problem.reason == Reason::UnknownMember && name(problem).contains(':')
    }),
    ("place-member", |problem, _| {
        let parent = parent(problem);
        problem.reason == Reason::UnknownMember
            && (parent.ends_with("/readPoint") || parent.ends_with("/bizLocation"))
    }),
    ("body-keyword", |problem, _| {
        problem.reason == Reason::UnsupportedContext && problem.pointer.starts_with("/epcisBody/@")
    }),
    ("event-type", |problem, document| {
        problem.reason == Reason::UnknownWord
            && (problem.pointer == "/type" || is_event(parent(problem)))
            && name(problem) == "type"
            && text(problem, document).contains(':')
    }),
    ("cbv-name", |problem, document| {
        let text = text(problem, document);
        problem.reason == Reason::UnknownWord
            && (text.contains("/cbv/") || text.contains("epcglobal:cbv:"))
    }),
    ("expansion", |problem, document| {
        let text = text(problem, document);
        problem.reason == Reason::WrongForm && text.contains(':') && !problem.what.contains(text)
    }),
    ("time-form", |problem, document| {
        problem.reason == Reason::WrongForm && is_date_time(text(problem, document))
    }),
    ("identifier", |problem, _| {
        problem.reason == Reason::Identifier
    }),
    ("said-twice", |problem, _| {
        problem.reason == Reason::Rule && problem.what.ends_with("in the list twice")
    }),
    ("sensor-figures", |problem, _| {
        problem.reason == Reason::Rule && problem.pointer.contains("/sensorElementList/")
    }),
    ("own-child", |problem, _| {
        problem.reason == Reason::Rule && problem.what.ends_with("own child")
    }),
    ("own-correction", |problem, _| {
        problem.reason == Reason::Rule && problem.what.ends_with("own correction")
    }),
    ("conflicting-events", |problem, _| {
        problem.reason == Reason::Rule && name(problem) == "eventID"
    }),
    ("aggregation-parent", |problem, _| {
        problem.reason == Reason::Rule && name(problem) == "parentID"
    }),
    ("persistent-disposition", |problem, _| {
        problem.pointer.contains("/persistentDisposition")
            && matches!(
                problem.reason,
                Reason::WrongType
                    | Reason::WrongForm
                    | Reason::UnknownWord
                    | Reason::UnknownMember
                    | Reason::Rule
                    | Reason::Missing
            )
    }),
    ("master-data", |problem, _| {
        problem.pointer.contains("/vocabularyList") || problem.pointer.contains("/epcisMasterData")
    }),
];

/// Returns the name of the reason for which a problem is one only here.
pub(crate) fn listed(problem: &Problem, document: &Value) -> Option<&'static str> {
    let found = LISTED
        .iter()
        .find(|(_, belongs)| belongs(problem, document));
    found.map(|(name, _)| *name)
}

fn name(problem: &Problem) -> &str {
    problem.pointer.rsplit('/').next().unwrap_or_default()
}

fn parent(problem: &Problem) -> &str {
    problem
        .pointer
        .rsplit_once('/')
        .map_or("", |(parent, _)| parent)
}

fn is_event(pointer: &str) -> bool {
    let event = pointer.rsplit_once("/eventList/");
    pointer.is_empty() || event.is_some_and(|(_, index)| index.parse::<usize>().is_ok())
}

fn text<'d>(problem: &Problem, document: &'d Value) -> &'d str {
    let value = document.pointer(&problem.pointer);
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Below a context, which the schema takes for any object.
fn in_context(problem: &Problem, _: &Value) -> bool {
    let (_, below) = problem.pointer.split_once("/@context").unwrap_or_default();
    below.matches('/').count() >= 2
        || problem.reason == Reason::UnsupportedContext && problem.pointer.contains("/@context")
}

/// Inside the value of an extension, which the schema does not look into.
fn extension_value(problem: &Problem, _: &Value) -> bool {
    let mut steps: Vec<_> = problem.pointer.split('/').collect();
    steps.pop();
    let extended = |step: &&str| step.contains(':') || step.contains("~1");
    let typed = matches!(
        problem.reason,
        Reason::WrongType | Reason::WrongForm | Reason::UnknownWord
    );
    typed && (steps.iter().any(extended) || name(problem).contains(':'))
}

/// A date-time of RFC 3339, in either case, that XML Schema does not have.
fn is_date_time(text: &str) -> bool {
    let shape = |(index, byte): (usize, u8)| match index {
        4 | 7 => byte == b'-',
        10 => byte == b'T' || byte == b't',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    text.len() > 19 && text.bytes().take(19).enumerate().all(shape)
}
