//! Checks the messages of the capture and query interfaces that hold no
//! events: capture jobs, queries and their other answers (the XML schemas
//! `EPCglobal-epcis-2_0` and `EPCglobal-epcis-query-2_0`).

use super::Conversion;
use super::schema;
use super::tree::{Element, is_blank, trimmed};
use crate::problem::{Path, Reason, shown};
use crate::time;

/// What an element of a message holds.
enum Content {
    Text,
    Time,
    Boolean,
    OneOf(&'static [&'static str]),
    Anything,
    Parts(&'static [Part]),
}

/// A child element of a message.
struct Part {
    name: &'static str,
    content: Content,
    required: bool,
    repeated: bool,
}

const fn one(name: &'static str, content: Content) -> Part {
    Part {
        name,
        content,
        required: true,
        repeated: false,
    }
}

const fn may(name: &'static str, content: Content) -> Part {
    Part {
        name,
        content,
        required: false,
        repeated: false,
    }
}

const fn any(name: &'static str, content: Content) -> Part {
    Part {
        name,
        content,
        required: false,
        repeated: true,
    }
}

static PROBLEM: [Part; 5] = [
    one("type", Content::Text),
    one("title", Content::Text),
    may("status", Content::Text),
    may("detail", Content::Text),
    may("instance", Content::Text),
];

static CAPTURE_JOB: [Part; 5] = [
    one(
        "captureErrorBehaviour",
        Content::OneOf(&["rollback", "proceed"]),
    ),
    may("createdAt", Content::Time),
    may("finishedAt", Content::Time),
    may("errors", Content::Parts(&ERRORS)),
    may("errorFile", Content::Text),
];
static ERRORS: [Part; 1] = [Part {
    name: "error",
    content: Content::Parts(&PROBLEM),
    required: true,
    repeated: true,
}];

static PARAMS: [Part; 1] = [any("param", Content::Parts(&PARAM))];
static PARAM: [Part; 2] = [one("name", Content::Text), one("value", Content::Anything)];
static POLL: [Part; 2] = [
    one("queryName", Content::Text),
    one("params", Content::Parts(&PARAMS)),
];
static SUBSCRIBE: [Part; 5] = [
    one("queryName", Content::Text),
    one("params", Content::Parts(&PARAMS)),
    one("dest", Content::Text),
    one("controls", Content::Parts(&CONTROLS)),
    one("subscriptionID", Content::Text),
];
static CONTROLS: [Part; 5] = [
    may("schedule", Content::Anything),
    may("trigger", Content::Text),
    may("initialRecordTime", Content::Time),
    one("reportIfEmpty", Content::Boolean),
    may("extension", Content::Anything),
];
static QUERY_NAME: [Part; 1] = [one("queryName", Content::Text)];
static SUBSCRIPTION: [Part; 1] = [one("subscriptionID", Content::Text)];
static STRINGS: [Part; 1] = [any("string", Content::Text)];
static EXCEPTION: [Part; 5] = [
    one("reason", Content::Text),
    may("severity", Content::Text),
    may("queryName", Content::Text),
    may("subscriptionID", Content::Text),
    may("extension", Content::Anything),
];

/// Returns what a message of the query interface holds.
fn query_message(name: &str) -> Option<Content> {
    Some(match name {
        "Poll" => Content::Parts(&POLL),
        "Subscribe" => Content::Parts(&SUBSCRIBE),
        "Unsubscribe" => Content::Parts(&SUBSCRIPTION),
        "GetSubscriptionIDs" => Content::Parts(&QUERY_NAME),
        "GetQueryNames" | "GetStandardVersion" | "GetVendorVersion" | "SubscribeResult"
        | "UnsubscribeResult" => Content::Parts(&[]),
        "GetQueryNamesResult" | "GetSubscriptionIDsResult" => Content::Parts(&STRINGS),
        "GetStandardVersionResult" | "GetVendorVersionResult" => Content::Text,
        name if name.ends_with("Exception") => Content::Parts(&EXCEPTION),
        _ => return None,
    })
}

impl<'a> Conversion<'_, 'a, '_> {
    /// Checks the document if it is such a message; `false` means that it is
    /// something else.
    pub(super) fn message(&mut self, root: &Element<'a>) -> bool {
        let known = root.namespace.as_deref().and_then(schema::version_of);
        match (known, root.local) {
            (Some(_), "EPCISCaptureJob") => {
                self.stated(root, &["running", "success", "captureID"]);
                for name in ["running", "success"] {
                    if let Some(value) = root.attribute(None, name) {
                        self.boolean(trimmed(value), root.at, &Path::ROOT);
                    }
                }
                self.check(root, &Content::Parts(&CAPTURE_JOB));
                true
            }
            (Some(_), "EPCISQueryDocument") => {
                let body = root
                    .children
                    .iter()
                    .find(|child| child.local == "EPCISBody");
                let Some([child]) = body.map(|body| body.children.as_slice()) else {
                    return false;
                };
                let Some(content) = query_message(child.local) else {
                    return false;
                };
                self.stated(root, &["schemaVersion", "creationDate"]);
                self.check(child, &content);
                true
            }
            _ => false,
        }
    }

    fn stated(&mut self, element: &Element<'a>, names: &[&str]) {
        for name in names {
            if element.attribute(None, name).is_none() {
                self.lacks(element, name);
            }
        }
    }

    fn check(&mut self, element: &Element<'a>, content: &Content) {
        let path = &Path::ROOT;
        let text = trimmed(&element.text);
        let sound = match content {
            Content::Anything => return,
            Content::Parts(parts) => return self.check_parts(element, parts),
            Content::Text => true,
            Content::Time => time::instant_ms(text).is_some(),
            Content::Boolean => matches!(text, "true" | "false" | "1" | "0"),
            Content::OneOf(words) => words.contains(&text),
        };
        if let Some(child) = element.children.first() {
            self.unknown(child.local, element.local, child.at, path);
        }
        if !sound {
            let what = format!(
                "{} does not have the form of {}",
                shown(text),
                element.local
            );
            let mend = match content {
                Content::OneOf(words) => format!("write one of {}", words.join(", ")),
                Content::Boolean => "write true or false".to_owned(),
                _ => "write a date-time with zone, like 2025-07-01T08:30:00+07:00".to_owned(),
            };
            self.problem_at(path, element.at, Reason::WrongForm, what, mend);
        }
    }

    fn check_parts(&mut self, element: &Element<'a>, parts: &'static [Part]) {
        if !is_blank(&element.text) || element.mixed {
            self.no_text(element, &Path::ROOT);
        }
        let mut counts = vec![0_usize; parts.len()];
        let mut from = 0;
        let own = |child: &&Element<'_>| schema::is_own(child.namespace.as_deref());
        for child in element.children.iter().filter(own) {
            let later = parts.iter().skip(from);
            let Some(place) = later
                .clone()
                .position(|part| part.name == child.local)
                .map(|place| place + from)
            else {
                self.unknown(child.local, element.local, child.at, &Path::ROOT);
                continue;
            };
            from = place;
            counts[place] += 1;
            if counts[place] > 1 && !parts[place].repeated {
                let what = format!("the element {} stands here twice", child.local);
                let mend = "keep one of them";
                self.problem_at(&Path::ROOT, child.at, Reason::DuplicateMember, what, mend);
            }
            self.check(child, &parts[place].content);
        }
        for (part, count) in parts.iter().zip(counts) {
            if part.required && count == 0 {
                self.lacks(element, part.name);
            }
        }
    }

    fn lacks(&mut self, element: &Element<'a>, name: &str) {
        let what = format!("{} has no {name}", element.local);
        let mend = format!("give its {name}");
        self.problem_at(&Path::ROOT, element.at, Reason::Missing, what, mend);
    }
}
