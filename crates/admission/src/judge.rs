//! The judgement of a log and of a record in it.

use charter::{Charter, Member};
use epcis::Event;
use record::{
    AnyHeader, CharterRef, Header, Kind, LogId, Place, PublicKey, Record, UnverifiedDisclosure,
};

use crate::contents::Contents;
use crate::decision::{Decision, Effect, Fault, Verdict, Wait};

/// What a judgement may look at: the ledger's state, or a simulator's.
pub trait View {
    /// Returns a charter version, where it is known.
    fn charter(&self, version: u32) -> Option<&Charter>;

    /// Returns the newest charter version known.
    fn newest_charter(&self) -> &Charter;
}

/// Whether a log may be kept.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'a> {
    /// A known charter version lets this key write the scope.
    Granted {
        /// The member whose key it is.
        member: &'a Member,
        /// The key, checked.
        key: &'a PublicKey,
    },
    /// No known version does: passed over, without blame on who offers it.
    Unknown,
}

/// Says whether a log's key may write its scope by a known charter version.
pub fn standing<'a>(view: &'a impl View, log: &LogId) -> Standing<'a> {
    match writer(view.newest_charter(), log) {
        Some((member, key)) => Standing::Granted { member, key },
        None => Standing::Unknown,
    }
}

fn writer<'a>(charter: &'a Charter, log: &LogId) -> Option<(&'a Member, &'a PublicKey)> {
    let (member, _, key) = charter.author(&log.author)?;
    charter
        .may_write(&member.id, &log.scope)
        .then_some((member, key))
}

/// Judges a record at its place.
pub fn admit(view: &impl View, place: &Place, record: &Record, contents: Contents) -> Decision {
    let header = match record.header() {
        AnyHeader::V1(header) => header,
        AnyHeader::Unknown { format } => {
            return Decision::verdict(Verdict::Pending(Wait::Format(*format)));
        }
    };
    match judge(view, place, header) {
        Verdict::Valid => {}
        verdict => return Decision::verdict(verdict),
    }
    match contents {
        Contents::Missing => Decision::verdict(Verdict::PayloadMissing),
        Contents::Opening(opening) => {
            let parents = opening.parents().to_vec();
            Decision::effect(Ok(Effect::Names(parents)))
        }
        Contents::Event(event) => Decision::effect(Ok(Effect::Event(event))),
        Contents::Disclosure(shown) => Decision::effect(disclosed(view, *shown)),
        Contents::Malformed(reason) => Decision::effect(Err(reason)),
        Contents::Unread => unreachable!("a known kind of a known format is read"),
    }
}

/// The verdict, from header, place and charter alone.
fn judge(view: &impl View, place: &Place, header: &Header) -> Verdict {
    let charter = match named_charter(view, header.charter) {
        Ok(charter) => charter,
        Err(verdict) => return verdict,
    };
    if writer(charter, &place.log).is_none() {
        return Verdict::Invalid(Fault::NoRight);
    }
    if header.payload_len > charter.limits().record_payload_bytes_max {
        return Verdict::Invalid(Fault::PayloadLength);
    }
    match (header.kind == Kind::OPENING, place.index == 0) {
        (false, true) => return Verdict::Invalid(Fault::NoOpening),
        (true, false) => return Verdict::Invalid(Fault::LateOpening),
        _ => {}
    }
    if !header.flags.is_understood() {
        return Verdict::Pending(Wait::Flags(header.flags.0));
    }
    if !header.kind.is_known() {
        return Verdict::Pending(Wait::Kind(header.kind.0));
    }
    if !header.subject.is_empty() {
        return Verdict::Invalid(Fault::Subject);
    }
    Verdict::Valid
}

fn named_charter(view: &impl View, named: CharterRef) -> Result<&Charter, Verdict> {
    let charter = view
        .charter(named.version)
        .ok_or(Verdict::Pending(Wait::Charter(named.version)))?;
    if charter.reference() == named {
        Ok(charter)
    } else {
        Err(Verdict::Invalid(Fault::OtherCharter))
    }
}

/// What a disclosure shows, if its first author's signature holds and that
/// author may say it.
fn disclosed(view: &impl View, shown: UnverifiedDisclosure) -> Result<Effect, String> {
    let log = shown.proof.log.clone();
    let Standing::Granted { member, key } = standing(view, &log) else {
        return Err("the disclosed record's key may not write its scope".into());
    };
    let disclosure = shown.verify(key).map_err(|e| error_chain(&e))?;
    let proof = disclosure.proof();
    let header = match proof.record().header() {
        AnyHeader::V1(header) => header,
        AnyHeader::Unknown { format } => {
            return Err(format!("the disclosed record has header format {format}"));
        }
    };
    match judge(view, proof.place(), header) {
        Verdict::Valid => {}
        verdict => {
            return Err(format!(
                "the disclosed record counts for nothing: {verdict:?}"
            ));
        }
    }
    if header.kind != Kind::EVENT {
        return Err("only events are disclosed in this format".into());
    }
    let event = proof
        .record()
        .content()
        .map(|sealed| Event::from_payload(&sealed.payload).map(Box::new))
        .transpose()
        .map_err(|e| error_chain(&e))?;
    Ok(Effect::Disclosed {
        proof: Box::new(proof.clone()),
        author: member.id.clone(),
        event,
    })
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
