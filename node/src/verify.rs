//! Judges a proof file without any node: what was checked, and what came out.

use std::fmt;

use charter::{Charter, CharterError};
use record::{
    AnyHeader, Header, Kind, LogId, Opening, ProofError, PublicKey, RecordProof,
    UnverifiedDisclosure, UnverifiedProof,
};
use serde::Serialize;

use crate::text::wrap;

mod content;

/// The columns of a report for people, and where its further lines begin.
const WIDTH: usize = 100;
const INDENT: &str = "                 ";

pub use content::{Content, EventSummary};

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was checked and is right.
    Holds,
    /// It was checked and is wrong: the file proves nothing.
    Fails,
    /// It could not be checked, or is worth knowing; it decides nothing.
    Unknown,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked, in a word.
    pub check: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// What exactly, for people.
    pub detail: String,
}

/// Where the record stands and which checkpoint covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// The record's id.
    pub record: String,
    /// The federation.
    pub federation: String,
    /// The log's author key.
    pub author: String,
    /// The log's scope.
    pub scope: String,
    /// The log's epoch.
    pub epoch: String,
    /// The record's index in the log, from 0.
    pub index: u64,
    /// The checkpoint's size.
    pub size: u64,
    /// The checkpoint's root.
    pub root: String,
    /// The member that the author key is bound to; `None` without a charter.
    pub member: Option<String>,
}

/// All that was checked of a proof file.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether everything that was checked holds.
    pub verified: bool,
    /// The checks in their order.
    pub checks: Vec<Check>,
    /// What the file proves; `None` unless record, inclusion and signature hold.
    pub proves: Option<Proven>,
    /// What the record says, where that is shown and known.
    pub content: Option<Content>,
}

/// Judges a proof file, and against a charter file if there is one.
pub fn examine(proof: &str, charter: Option<&[u8]>) -> Report {
    let mut report = Report {
        verified: true,
        checks: Vec::new(),
        proves: None,
        content: None,
    };
    report.run(proof, charter);
    report.verified = report
        .checks
        .iter()
        .all(|check| check.outcome != Outcome::Fails);
    report
}

impl Report {
    fn run(&mut self, text: &str, charter: Option<&[u8]>) {
        let unverified = match UnverifiedProof::from_text(text) {
            Ok(proof) => proof,
            Err(error) => return self.fails("form", error),
        };
        self.holds("form", "a C2SP tlog-proof file of one record");
        let author = match PublicKey::check(unverified.log.author) {
            Ok(author) => author,
            Err(error) => return self.fails("checkpoint", format!("the log's key: {error}")),
        };
        let federation = unverified.federation;
        let proof = match unverified.verify(&author) {
            Ok(proof) => proof,
            Err(error) => return self.refused(&error),
        };
        self.proven(&proof);
        let charter = charter.map(|file| match Charter::first(file, &federation) {
            Ok(charter) => {
                self.holds("charter", describe(&charter));
                Ok(charter)
            }
            Err(error) => {
                self.fails("charter", charter_refused(&error));
                Err(())
            }
        });
        match &charter {
            None => self.unknown(
                "key",
                "the key is bound to no member: give --charter, and know whose charter it is",
            ),
            Some(Err(())) => {}
            Some(Ok(charter)) => self.bound(&proof, charter),
        }
        self.content(&proof, charter.as_ref().and_then(|c| c.as_ref().ok()));
        self.unknown(
            "witnesses",
            "unwitnessed: no other member cosigned the checkpoint",
        );
    }

    /// Notes what held before the first fault, and that fault.
    fn refused(&mut self, error: &ProofError) {
        const ORDER: [&str; 3] = ["record", "inclusion", "checkpoint"];
        let at = match error {
            ProofError::Malformed(_) | ProofError::Record(_) | ProofError::UnknownFormat { .. } => {
                0
            }
            ProofError::Inclusion => 1,
            ProofError::Checkpoint(_) => 2,
        };
        for check in &ORDER[..at] {
            self.holds(check, "holds");
        }
        self.fails(ORDER[at], with_causes(error));
    }

    fn proven(&mut self, proof: &RecordProof) {
        let place = proof.place();
        let checkpoint = proof.checkpoint().checkpoint();
        self.holds("record", describe_record(proof));
        self.holds(
            "inclusion",
            format!(
                "it is record {} of the {} in the tree with root {}",
                place.index, checkpoint.size, checkpoint.root
            ),
        );
        let LogId {
            author,
            scope,
            epoch,
        } = &place.log;
        self.holds(
            "checkpoint",
            format!("signed by the key {author} for its log of scope {scope}, epoch {epoch}"),
        );
        self.proves = Some(Proven {
            record: proof.id().to_string(),
            federation: checkpoint.federation.to_string(),
            author: author.to_string(),
            scope: scope.to_string(),
            epoch: epoch.to_string(),
            index: place.index,
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
            member: None,
        });
    }

    /// Asks the charter whose key it is, and what that member may write.
    fn bound(&mut self, proof: &RecordProof, charter: &Charter) {
        let log = &proof.place().log;
        let Some((member, node, _)) = charter.author(&log.author) else {
            return self.fails("key", "the charter lists no node with this key");
        };
        let (id, names) = (&member.id, &member.names);
        self.holds(
            "key",
            format!(
                "bound to the node {} of {id}: {} / {}",
                node.name, names.vi, names.en
            ),
        );
        if let Some(proven) = &mut self.proves {
            proven.member = Some(id.to_string());
        }
        if charter.may_write(id, &log.scope) {
            self.holds("scope", format!("{id} may write the scope {}", log.scope));
        } else {
            self.fails(
                "scope",
                format!("{id} may not write the scope {}", log.scope),
            );
        }
        if let AnyHeader::V1(Header { charter: named, .. }) = proof.record().header() {
            if *named == charter.reference() {
                self.holds("version", "written under this version of the charter");
            } else {
                let detail = format!(
                    "written under version {} of the charter, which is another than this one",
                    named.version
                );
                self.unknown("version", detail);
            }
        }
    }

    fn content(&mut self, proof: &RecordProof, charter: Option<&Charter>) {
        let AnyHeader::V1(header) = proof.record().header() else {
            return self.unknown(
                "content",
                "the record's format is a later one than this build's",
            );
        };
        let Some(sealed) = proof.record().content() else {
            return self.unknown("content", "the payload is withheld or erased");
        };
        match header.kind {
            Kind::EVENT => match epcis::Event::from_payload(&sealed.payload) {
                Ok(event) => {
                    self.holds("content", "a sound EPCIS event in its canonical form");
                    self.content = Some(Content::Event(EventSummary::of(&event)));
                }
                Err(error) => self.fails("content", error),
            },
            Kind::OPENING => match Opening::decode(&sealed.payload) {
                Ok(opening) => {
                    let parents = opening.parents().len();
                    self.holds(
                        "content",
                        format!("opens the log, after {parents} earlier ones"),
                    );
                    self.content = Some(Content::Opening { parents });
                }
                Err(error) => self.fails("content", error),
            },
            Kind::DISCLOSURE => self.disclosed(proof, &sealed.payload, charter),
            Kind(kind) => self.unknown(
                "content",
                format!("records of kind {kind} are not known to this build"),
            ),
        }
    }

    /// Judges the record inside a disclosure by its own author's key.
    fn disclosed(&mut self, proof: &RecordProof, payload: &[u8], charter: Option<&Charter>) {
        let federation = proof.checkpoint().checkpoint().federation;
        let verified = UnverifiedDisclosure::decode(payload, federation).and_then(|shown| {
            let author = PublicKey::check(shown.proof.log.author)
                .map_err(|error| record::DisclosureError::Malformed(error.to_string()))?;
            shown.verify(&author)
        });
        let inner = match verified {
            Ok(disclosure) => disclosure,
            Err(error) => return self.fails("content", with_causes(&error)),
        };
        let inner = inner.proof();
        let author = inner.place().log.author;
        self.holds(
            "content",
            format!(
                "discloses the record {}, signed by the key {author}",
                inner.id()
            ),
        );
        let member = charter.map(|charter| charter.author(&author));
        match member {
            None => {}
            Some(Some((member, _, _))) => {
                self.holds(
                    "first author",
                    format!("that key is bound to {}", member.id),
                );
            }
            Some(None) => self.fails("first author", "the charter lists no node with that key"),
        }
        let event = inner
            .record()
            .content()
            .and_then(|sealed| epcis::Event::from_payload(&sealed.payload).ok());
        self.content = Some(Content::Disclosure {
            record: inner.id().to_string(),
            author: author.to_string(),
            member: member.flatten().map(|(member, _, _)| member.id.to_string()),
            event: event.as_ref().map(EventSummary::of),
        });
    }

    fn holds(&mut self, check: &'static str, detail: impl fmt::Display) {
        self.note(check, Outcome::Holds, detail);
    }

    fn fails(&mut self, check: &'static str, detail: impl fmt::Display) {
        self.note(check, Outcome::Fails, detail);
    }

    fn unknown(&mut self, check: &'static str, detail: impl fmt::Display) {
        self.note(check, Outcome::Unknown, detail);
    }

    fn note(&mut self, check: &'static str, outcome: Outcome, detail: impl fmt::Display) {
        self.checks.push(Check {
            check,
            outcome,
            detail: detail.to_string(),
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = match check.outcome {
                Outcome::Holds => '✓',
                Outcome::Fails => '✗',
                Outcome::Unknown => '–',
            };
            let line = format!("  {mark} {:<12} {}", check.check, check.detail);
            writeln!(f, "{}", wrap(&line, WIDTH, INDENT))?;
        }
        if let Some(content) = &self.content {
            write!(f, "\n{content}")?;
        }
        Ok(())
    }
}

fn describe(charter: &Charter) -> String {
    format!(
        "{}, version {}, signed by {} of {} governors; its hash is the federation that the proof \
         names, {}",
        charter.federation_name(),
        charter.version(),
        charter.tally().signed.len(),
        charter.governors().keys.len(),
        charter.federation()
    )
}

fn charter_refused(error: &CharterError) -> String {
    match error {
        CharterError::OtherFederation { pinned, found } => format!(
            "the proof speaks of the federation {pinned}, and this charter is that of {found}"
        ),
        _ => with_causes(error),
    }
}

fn describe_record(proof: &RecordProof) -> String {
    let id = proof.id();
    match proof.record().header() {
        AnyHeader::V1(header) => {
            let shown = match proof.record().content() {
                Some(_) => format!(
                    "its commitment is that of the {} bytes shown",
                    header.payload_len
                ),
                None => "its payload is not shown".to_owned(),
            };
            let kind = content::kind_name(header.kind);
            format!(
                "{id}: {kind}, written {}; {shown}",
                content::utc(header.time.ms())
            )
        }
        AnyHeader::Unknown { format } => format!("{id}: a header of format {format}"),
    }
}

/// Returns an error with its causes in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
