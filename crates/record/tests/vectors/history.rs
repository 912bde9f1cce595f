//! The history that the vectors tell: one run of one author, in two batches.

use record::tree;
use record::{
    Batch, CharterRef, Digest, Entry, Epoch, FederationId, Flags, Kind, Parent, PastLog, Run, Salt,
    ScopeName, SecretKey, UnverifiedProof,
};

pub(crate) const NOW_MS: u64 = 1_790_000_000_000;

pub(crate) const CHARTER: CharterRef = CharterRef {
    version: 1,
    hash: [0xc1, 2, 3, 4, 5, 6, 7, 8],
};

pub(crate) fn federation() -> FederationId {
    FederationId(Digest::of(&[b"the vectors' federation"]))
}

pub(crate) fn author() -> SecretKey {
    SecretKey::from_seed(&[0x21; 32])
}

pub(crate) fn stranger() -> SecretKey {
    SecretKey::from_seed(&[0x22; 32])
}

pub(crate) fn scope() -> ScopeName {
    ScopeName::new("national").expect("a name")
}

/// Returns the salts in their order.
pub(crate) fn salts() -> impl FnMut() -> Salt {
    let mut drawn = 0u8;
    move || {
        drawn += 1;
        let digest = Digest::of(&[b"salt", &[drawn]]);
        let salt = digest.as_bytes().first_chunk().expect("16 of 32 bytes");
        Salt(*salt)
    }
}

/// Two earlier runs of the author, of which neither names the other.
pub(crate) fn parents() -> Vec<Parent> {
    let parent = |epoch: u8, size: u64| Parent {
        author: author().public().raw(),
        epoch: Epoch([epoch; 16]),
        size,
        root: Digest::of(&[b"an earlier root", &[epoch]]),
    };
    vec![parent(0xa1, 7), parent(0xb2, 1_000)]
}

/// One run of the author: two batches of one log.
pub(crate) struct History {
    pub(crate) first: Batch,
    pub(crate) second: Batch,
    /// The log's stored tree hashes.
    pub(crate) hashes: Vec<Digest>,
}

pub(crate) fn history() -> History {
    let mut run = run(0xe1);
    let mut salt = salts();
    let entry = |kind: u16, subject: &[u8], payload: &str| Entry {
        kind: Kind(kind),
        flags: Flags::NONE,
        subject: subject.to_vec(),
        payload: payload.as_bytes().to_vec(),
    };
    let first = vec![
        entry(1, b"", r#"{"durian":"Ri6","kg":950}"#),
        entry(5, b"\x01\x02", "of a kind that format 1 reserves"),
        entry(1, b"", ""),
    ];
    let second = vec![entry(1, b"", "sầu riêng"), entry(1, b"", "một lô nữa")];
    let mut write = |entries| {
        run.batch(NOW_MS, &scope(), CHARTER, entries, &mut salt)
            .expect("the run goes on")
    };
    let (first, second) = (write(first), write(second));
    let hashes = [first.hashes(), second.hashes()].concat();
    History {
        first,
        second,
        hashes,
    }
}

fn run(epoch: u8) -> Run {
    let past: Vec<PastLog> = parents()
        .into_iter()
        .map(|parent| PastLog {
            log: record::LogId {
                author: parent.author,
                scope: scope(),
                epoch: parent.epoch,
            },
            size: parent.size,
            root: parent.root,
            parents: Vec::new(),
        })
        .collect();
    Run::start(author(), federation(), Epoch([epoch; 16]), &past)
}

impl History {
    /// Proves the record at `index` under the checkpoint of `batch`.
    pub(crate) fn proof(&self, index: usize, batch: &Batch) -> UnverifiedProof {
        let records = self.first.records().iter().chain(self.second.records());
        let (_, record) = records.clone().nth(index).expect("so many records");
        let checkpoint = batch.checkpoint().checkpoint();
        let place = index as u64;
        UnverifiedProof {
            federation: federation(),
            log: batch.log().clone(),
            index: place,
            header: record.header_bytes().to_vec(),
            content: record.content().cloned(),
            inclusion: tree::prove_inclusion(self.hashes.as_slice(), checkpoint.size, place)
                .expect("within the tree"),
            size: checkpoint.size,
            root: checkpoint.root,
            signature: batch.checkpoint().signature(),
        }
    }
}
