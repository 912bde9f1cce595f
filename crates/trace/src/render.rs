//! Answers as plain text: a tree from the thing asked about to where it came
//! from, or to what came of it.
//!
//! Each event and each branch is told once. Like things beside each other are
//! one branch: twenty pallets that were packed, loaded and shipped alike, with
//! what they hold. The caller can say, by IRI, which texts of the events are
//! shown; the trace knows no vocabulary but the standard's.

use crate::answer::{Answer, Finding, Shortfall};

mod tree;

mod teller;
mod words;

mod paper;

use paper::Paper;
use teller::Teller;
use tree::Tree;

/// What people call what the answer names by ids.
pub trait Names {
    /// Returns the name of a member, by its id.
    fn member(&self, id: &str) -> Option<String> {
        let _ = id;
        None
    }

    /// Returns the name of a place or party, by its identifier as written.
    fn place(&self, id: &str) -> Option<String> {
        let _ = id;
        None
    }
}

/// Knows no names: ids stand for themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {}

/// What is shown, and how wide.
#[derive(Clone, Debug)]
pub struct Style<'a> {
    /// The columns of the page; what does not fit goes on in the next line.
    pub width: usize,
    /// The extension whose text says what was done.
    pub activity: Option<&'a str>,
    /// The extension whose text says where.
    pub place: Option<&'a str>,
    /// Which further extensions and master data are shown, by IRI and label.
    /// Without it, all master data that an event gives its instances or lots
    /// (`ilmd`), each under the last part of its name.
    pub shown: Option<&'a [(&'a str, &'a str)]>,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self {
            width: 100,
            activity: None,
            place: None,
            shown: None,
        }
    }
}

/// Writes an answer for people to read: UTF-8, lines ended by line feeds. What
/// could steer a terminal or turn its writing direction is replaced. Equal
/// answers give equal texts.
pub fn render(answer: &Answer, names: &dyn Names, style: &Style<'_>) -> String {
    let mut paper = Paper::new(style.width);
    let Some(asked) = answer.objects.first() else {
        return String::new();
    };
    let title = words::title(std::slice::from_ref(&asked));
    if answer.events.is_empty() {
        paper.line("", "", &format!("Nothing is held here about {title}."));
    }
    let teller = Teller {
        answer,
        names,
        style,
    };
    for (up, wanted, question) in [
        (true, answer.direction.is_upstream(), "came from"),
        (false, answer.direction.is_downstream(), "went"),
    ] {
        if wanted && !answer.events.is_empty() {
            paper.line("", "", &format!("Where {title} {question}"));
            paper.blank();
            Tree::new(teller, up).write(&mut paper);
            paper.blank();
        }
    }
    for log in &answer.logs {
        let member = member(names, &log.member);
        let (epoch, root) = (words::head(&log.epoch), words::head(&log.root));
        let line = format!(
            "rests on {member}, scope {}, log {epoch} @ {}, root {root}",
            log.scope, log.size
        );
        paper.line("  ", "    ", &line);
    }
    for finding in &answer.findings {
        paper.line("  ", "    ", &format!("! {}", sentence(answer, finding)));
    }
    if !answer.complete {
        let limits: Vec<&str> = answer.shortfalls.iter().map(limit).collect();
        let line = format!(
            "! There may be more: a limit on {} was met.",
            limits.join(", ")
        );
        paper.line("  ", "    ", &line);
    }
    paper.into_text()
}

fn member(names: &dyn Names, id: &str) -> String {
    names.member(id).unwrap_or_else(|| id.to_owned())
}

fn limit(shortfall: &Shortfall) -> &'static str {
    match shortfall {
        Shortfall::Depth => "links followed",
        Shortfall::Events => "events read",
        Shortfall::Objects => "objects",
        Shortfall::Names => "names kept",
        Shortfall::Steps => "steps taken",
    }
}

fn sentence(answer: &Answer, finding: &Finding) -> String {
    let object = |place: usize| match answer.objects.get(place) {
        Some(object) => words::title(&[object]),
        None => String::new(),
    };
    let event = |place: usize| match answer.events.get(place) {
        Some(event) => format!("{} {}", words::moment(&event.time), words::deed(event)),
        None => String::new(),
    };
    match finding {
        Finding::BrokenChain { object: place } => {
            format!(
                "broken chain: nothing held here tells how {} came to be",
                object(*place)
            )
        }
        Finding::ImpossibleTime {
            object: place,
            event: first,
            made_by,
        } => format!(
            "impossible time: {} took part in \"{}\" before \"{}\" made it",
            object(*place),
            event(*first),
            event(*made_by)
        ),
        Finding::Conflict { events } => {
            let id = events
                .first()
                .and_then(|place| answer.events.get(*place)?.id.clone());
            let told: Vec<String> = events.iter().map(|place| event(*place)).collect();
            let id = id.unwrap_or_default();
            format!(
                "conflict: event {id} is told in {} ways: {}",
                told.len(),
                told.join("; ")
            )
        }
        Finding::DisputedDeclaration { event: place, .. } => {
            format!(
                "disputed: \"{}\" is declared in error, but not by all who state it",
                event(*place)
            )
        }
    }
}
