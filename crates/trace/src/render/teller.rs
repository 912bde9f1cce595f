//! What is told of one event, or of several that look alike.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::paper::Paper;
use super::{Names, Style, member, words};
use crate::answer::{Answer, Event, Evidence, Typed};
use crate::step::Role;

/// Tells events in the caller's names and style.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a> {
    pub(super) answer: &'a Answer,
    pub(super) names: &'a dyn Names,
    pub(super) style: &'a Style<'a>,
}

impl Teller<'_> {
    /// Writes events that look alike, given by time: what was done and when,
    /// where, between whom, on which papers, and what proves it.
    pub(super) fn write(
        &self,
        places: &[usize],
        objects: &[usize],
        indent: &str,
        paper: &mut Paper,
    ) {
        let events: Vec<&Event> = places
            .iter()
            .filter_map(|place| self.answer.events.get(*place))
            .collect();
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return;
        };
        let more = format!("{indent}  ");
        let mut line = format!(
            "{}  {}",
            words::moments(&first.time, &last.time),
            self.deed(first)
        );
        if events.len() > 1 {
            line.push_str(&format!(" ({} times)", events.len()));
        }
        if let ([object], [event]) = (objects, events.as_slice()) {
            line.extend(amount(event, *object));
        }
        match (&first.declaration, first.counts) {
            (Some(_), _) => line.push_str(" – a declaration of error"),
            (None, false) => line.push_str(" – declared in error"),
            (None, true) => {}
        }
        paper.line(indent, &format!("{more}  "), &line);
        for detail in self.details(first) {
            paper.line(&more, &format!("{more}  "), &detail);
        }
        if let [event] = events.as_slice() {
            let papers = papers(event);
            if !papers.is_empty() {
                paper.line(&more, &format!("{more}  "), &papers);
            }
        }
        let evidence = events.iter().flat_map(|event| &event.evidence);
        for proof in self.proofs(evidence) {
            paper.line(&more, &format!("{more}  "), &proof);
        }
    }

    /// Says what was done, in plain words and in the event's own.
    pub(super) fn deed(&self, event: &Event) -> String {
        let own = self
            .style
            .activity
            .and_then(|iri| event.extensions.get(iri)?.as_str());
        match own {
            Some(own) => format!("{} · {own}", words::deed(event)),
            None => words::deed(event).to_owned(),
        }
    }

    /// Says where, between whom, and what the caller wants shown.
    pub(super) fn details(&self, event: &Event) -> Vec<String> {
        let mut details = Vec::new();
        let own = self
            .style
            .place
            .and_then(|iri| event.extensions.get(iri)?.as_str());
        let point = event.read_point.as_ref().or(event.biz_location.as_ref());
        details.extend(match (own, point) {
            (Some(own), _) => Some(own.to_owned()),
            (None, Some(point)) => Some(self.place(point)),
            (None, None) => None,
        });
        let moves = self.moves(event);
        details.extend(
            [self.shown(event).join(", "), moves]
                .into_iter()
                .filter(|line| !line.is_empty()),
        );
        details
    }

    /// Says what master data and extensions tell.
    fn shown(&self, event: &Event) -> Vec<String> {
        let text = |label: &str, value| format!("{label} {}", self.text(value));
        match self.style.shown {
            Some(wanted) => {
                let of = |iri: &str| event.ilmd.get(iri).or_else(|| event.extensions.get(iri));
                let wanted = wanted.iter();
                wanted
                    .filter_map(|(iri, label)| Some(text(label, of(iri)?)))
                    .collect()
            }
            None => {
                let all = event.ilmd.iter();
                all.map(|(iri, value)| text(&words::label(iri), value))
                    .collect()
            }
        }
    }

    /// Says from whom or where to whom or where.
    fn moves(&self, event: &Event) -> String {
        let mut moves = Vec::new();
        for (word, label) in [
            ("owning_party", "owner"),
            ("possessing_party", "holder"),
            ("location", "place"),
        ] {
            let of = |list: &[Typed]| {
                let is_it =
                    |each: &&Typed| each.typed.as_deref().map(words::type_word) == Some(word);
                list.iter().find(is_it).map(|each| self.place(&each.id))
            };
            match (of(&event.sources), of(&event.destinations)) {
                (Some(from), Some(to)) if from != to => {
                    moves.push(format!("{label} {from} → {to}"))
                }
                (Some(from), None) => moves.push(format!("{label} from {from}")),
                (None, Some(to)) => moves.push(format!("{label} to {to}")),
                _ => {}
            }
        }
        moves.join("; ")
    }

    fn place(&self, id: &str) -> String {
        self.names
            .place(id)
            .unwrap_or_else(|| words::tail(id).to_owned())
    }

    fn text(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.names.place(text).unwrap_or_else(|| text.clone()),
            other => other.to_string(),
        }
    }

    /// Says what proves events, a line for each log:
    /// `✓ dong-thap log 3f2a… @ 36 (unwitnessed)`.
    fn proofs<'e>(&self, evidence: impl Iterator<Item = &'e Evidence>) -> Vec<String> {
        let mut sizes: BTreeMap<(usize, String), (u64, u64)> = BTreeMap::new();
        for each in evidence {
            let size = each.checkpoint_size;
            let range = sizes
                .entry((each.log, self.marks(each)))
                .or_insert((size, size));
            *range = (range.0.min(size), range.1.max(size));
        }
        let line = |((log, marks), (least, most)): ((usize, String), (u64, u64))| {
            let log = self.answer.logs.get(log)?;
            let (member, epoch) = (member(self.names, &log.member), words::head(&log.epoch));
            let size = if least == most {
                most.to_string()
            } else {
                format!("{least} … {most}")
            };
            Some(format!("✓ {member} log {epoch} @ {size} ({marks})"))
        };
        sizes.into_iter().filter_map(line).collect()
    }

    fn marks(&self, evidence: &Evidence) -> String {
        let mut marks = match evidence.witnesses {
            0 => "unwitnessed".to_owned(),
            1 => "1 witness".to_owned(),
            witnesses => format!("{witnesses} witnesses"),
        };
        if evidence.recovered {
            marks.push_str(", recovered");
        }
        if let Some(by) = &evidence.disclosed_by {
            let _ = write!(marks, ", disclosed by {}", member(self.names, by));
        }
        marks
    }
}

/// Writes how much of an object an event is about.
fn amount(event: &Event, object: usize) -> Option<String> {
    let mention = event
        .objects
        .iter()
        .find(|mention| mention.object == object)?;
    let quantity = mention.quantity.as_ref()?;
    let unit = quantity.unit.as_deref().unwrap_or("pieces");
    let used = if mention.role == Role::Input {
        " used"
    } else {
        ""
    };
    Some(format!(", {} {unit}{used}", quantity.value))
}

fn papers(event: &Event) -> String {
    let paper = |each: &Typed| match &each.typed {
        Some(typed) => format!("{} {}", words::type_word(typed), words::tail(&each.id)),
        None => words::tail(&each.id).to_owned(),
    };
    event
        .transactions
        .iter()
        .map(paper)
        .collect::<Vec<_>>()
        .join(", ")
}
