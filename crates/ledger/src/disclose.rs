//! Disclosing events to a partner's scope.

use std::collections::BTreeMap;

use admission::Contents;
use record::tree::{prove_consistency, prove_inclusion};
use record::{
    AnyHeader, Entry, Flags, Kind, LogId, RecordId, ScopeName, ShownOpening, Since,
    UnverifiedDisclosure, UnverifiedProof,
};
use store::{LogNumber, StoredCheckpoint, WriteSet};

use crate::error::LedgerError;
use crate::snapshot::{Found, Snapshot};

/// What a disclosure reveals of a log's size, to be remembered: the next one
/// of that log to that scope proves that it continues this.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disclosed {
    log: LogNumber,
    checkpoint: StoredCheckpoint,
}

impl Disclosed {
    pub(crate) fn note(&self, set: &mut WriteSet<'_>, scope: &ScopeName) {
        set.disclosed(self.log, scope.as_str(), &self.checkpoint);
    }
}

type Prepared = (Vec<(Entry, Contents)>, Vec<Disclosed>);

/// Makes the disclosures of records to a scope, one for each.
pub(crate) fn prepare(
    snapshot: &Snapshot<'_>,
    records: &[RecordId],
    scope: &ScopeName,
) -> Result<Prepared, LedgerError> {
    let mut entries = Vec::with_capacity(records.len());
    let mut shown: BTreeMap<LogId, Disclosed> = BTreeMap::new();
    for id in records {
        let found = snapshot.find(id)?.ok_or(LedgerError::NoSuchRecord(*id))?;
        let is_event = matches!(found.record.header(), AnyHeader::V1(h) if h.kind == Kind::EVENT);
        if !is_event || found.place.log.scope == *scope {
            return Err(LedgerError::NotDisclosable(*id, scope.clone()));
        }
        if snapshot.is_disclosed(id, scope)? {
            continue;
        }
        if found.record.content().is_none() {
            return Err(LedgerError::NotShowable(*id, "its payload"));
        }
        let before = shown.get(&found.place.log).copied();
        let (disclosure, note) = disclosure(snapshot, (*id, &found), scope, before)?;
        shown.insert(found.place.log.clone(), note);
        let payload = disclosure.encode();
        let max = snapshot.charter().limits().record_payload_bytes_max;
        if payload.len() > max as usize {
            return Err(LedgerError::PayloadTooLong {
                event: entries.len(),
                bytes: payload.len(),
                max,
            });
        }
        let entry = Entry {
            kind: Kind::DISCLOSURE,
            flags: Flags::NONE,
            subject: Vec::new(),
            payload,
        };
        entries.push((entry, Contents::Disclosure(Box::new(disclosure))));
    }
    Ok((entries, shown.into_values().collect()))
}

/// Makes one disclosure. All of one log in one act rest on one checkpoint;
/// `before` is what this act has shown of the log already.
fn disclosure(
    snapshot: &Snapshot<'_>,
    (id, found): (RecordId, &Found),
    scope: &ScopeName,
    before: Option<Disclosed>,
) -> Result<(UnverifiedDisclosure, Disclosed), LedgerError> {
    let view = snapshot.view();
    let checkpoint = snapshot.newest_checkpoint(found.number)?;
    let hashes = view.hashes(found.number);
    let last = match before {
        Some(shown) => Some(shown.checkpoint),
        None => view.disclosed(found.number, scope.as_str())?,
    };
    let since = last
        .map(|last| {
            let consistency = prove_consistency(&hashes, last.size, checkpoint.size)?;
            Ok::<_, LedgerError>(Since {
                size: last.size,
                root: last.root,
                consistency,
            })
        })
        .transpose()?;
    let opening = match since {
        Some(_) => None,
        None => {
            let (record, _) = snapshot
                .record_at(found.number, 0)?
                .ok_or(LedgerError::Damaged("a log lacks its opening"))?;
            let (_, header, content) = record.into_parts();
            if content.is_none() {
                let what = "what its log's opening says";
                return Err(LedgerError::NotShowable(id, what));
            }
            Some(ShownOpening {
                header,
                content,
                inclusion: prove_inclusion(&hashes, checkpoint.size, 0)?,
            })
        }
    };
    let proof = UnverifiedProof {
        federation: snapshot.charter().federation(),
        log: found.place.log.clone(),
        index: found.place.index,
        header: found.record.header_bytes().to_vec(),
        content: found.record.content().cloned(),
        inclusion: prove_inclusion(&hashes, checkpoint.size, found.place.index)?,
        size: checkpoint.size,
        root: checkpoint.root,
        signature: checkpoint.signature,
    };
    let disclosure = UnverifiedDisclosure {
        proof,
        since,
        opening,
        cosignatures: Vec::new(),
    };
    let note = Disclosed {
        log: found.number,
        checkpoint,
    };
    Ok((disclosure, note))
}
