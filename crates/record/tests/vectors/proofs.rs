//! Proof files and disclosures.

use record::{
    CheckpointError, Cosignature, DisclosureError, ProofError, Salt, ShownOpening, Signature,
    Since, UnverifiedDisclosure, UnverifiedProof, tree,
};
use serde_json::{Value, json};

use crate::history::{History, author, federation, history, stranger};
use crate::replaced;

fn text(proof: &UnverifiedProof) -> String {
    let verified = proof.clone().verify(&author().public());
    verified.expect("an honest proof").to_text()
}

/// Returns the checkpoint of the second batch as a signed note.
pub(crate) fn note_of(history: &History) -> String {
    let text = text(&history.proof(0, &history.second));
    let (_, note) = text.split_once("\n\n").expect("a proof file");
    note.to_owned()
}

pub(crate) fn proofs() -> Value {
    let history = history();
    let told = |name: &str, proof: &UnverifiedProof| {
        let verified = proof.clone().verify(&author().public()).expect(name);
        let content = proof.content.as_ref();
        json!({
            "name": name,
            "file": verified.to_text(),
            "record_id": verified.id().to_string(),
            "index": proof.index,
            "header": hex::encode(&proof.header),
            "salt": content.map(|sealed| hex::encode(sealed.salt.0)),
            "payload": content.map(|sealed| hex::encode(&sealed.payload)),
            "size": proof.size,
            "root": proof.root.to_string(),
        })
    };
    let mut bare = history.proof(5, &history.second);
    bare.content = None;
    let mut file = text(&history.proof(1, &history.second));
    file.push_str("— witness.example/1 AAAAAAAAAAAAAAAA\n");
    let read = UnverifiedProof::from_text(&file).expect("other signatures are tolerated");
    assert!(read.verify(&author().public()).is_ok());
    json!({
        "accepted": [
            told("an event", &history.proof(1, &history.second)),
            told("the same under the first checkpoint", &history.proof(1, &history.first)),
            told("the opening", &history.proof(0, &history.first)),
            told("without its payload", &bare),
        ],
        "with_another_signature_line": file,
        "refused": refused_proofs(&history),
    })
}

fn proof_reason(error: &ProofError) -> &'static str {
    match error {
        ProofError::Malformed(_) => "malformed",
        ProofError::Record(_) => "record",
        ProofError::UnknownFormat { .. } => "unknown-format",
        ProofError::Inclusion => "inclusion",
        ProofError::Checkpoint(CheckpointError::Signature) => "signature",
        ProofError::Checkpoint(CheckpointError::OtherKey) => "other-key",
    }
}

fn refused_proofs(history: &History) -> Vec<Value> {
    let honest = text(&history.proof(1, &history.second));
    let refused = |name: &str, file: String| {
        assert_ne!(file, honest, "{name}");
        let read = UnverifiedProof::from_text(&file);
        let error = read.and_then(|proof| proof.verify(&author().public()));
        let reason = proof_reason(&error.expect_err(name));
        json!({"name": name, "file": file, "reason": reason})
    };
    let changed = |from: &str, to: &str| honest.replacen(from, to, 1);
    let other = text(&history.proof(4, &history.second));
    let line = |of: &str, at: usize| of.split('\n').nth(at).expect("a line").to_owned();
    let signature = line(&honest, honest.lines().count() - 1);
    let another = stranger().sign(&record::Statement::Checkpoint(
        history.second.checkpoint().checkpoint(),
    ));
    vec![
        refused("another first line", changed("@v1", "@v2")),
        refused(
            "no extra line",
            changed(&format!("{}\n", line(&honest, 1)), ""),
        ),
        refused("the index moved", changed("index 1\n", "index 2\n")),
        refused(
            "the index with a zero before it",
            changed("index 1\n", "index 01\n"),
        ),
        refused(
            "another record's header",
            changed(&line(&honest, 1), &line(&other, 1)),
        ),
        refused(
            "a hash of the path left out",
            changed(&format!("{}\n", line(&honest, 3)), ""),
        ),
        refused(
            "another scope's log",
            honest.replace("/national/", "/public/"),
        ),
        refused("another size", changed("\n6\n", "\n7\n")),
        refused("no signature line", changed(&format!("{signature}\n"), "")),
        refused(
            "the last line's end cut",
            honest[..honest.len() - 1].to_owned(),
        ),
        refused("signed by another key", resigned(&honest, another)),
        refused("another payload", other_payload(history)),
        refused("lines that end as on Windows", honest.replace('\n', "\r\n")),
    ]
}

/// Puts another signature into the author's line.
fn resigned(file: &str, signature: Signature) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let (head, line) = file.trim_end().rsplit_once(' ').expect("a signature line");
    let old = engine.decode(line).expect("base64");
    let new = [&old[..4], &signature.0].concat();
    format!("{head} {}\n", engine.encode(new))
}

/// The file with a payload that the header does not commit to.
fn other_payload(history: &History) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let file = text(&history.proof(1, &history.second));
    let line = file.split('\n').nth(1).expect("the line extra");
    let shown = engine.decode(&line["extra ".len()..]).expect("base64");
    let shown = replaced(&shown, b"durian", b"eurian");
    file.replacen(line, &format!("extra {}", engine.encode(shown)), 1)
}

fn first(history: &History) -> UnverifiedDisclosure {
    let opening = history.proof(0, &history.first);
    UnverifiedDisclosure {
        proof: history.proof(1, &history.first),
        since: None,
        opening: Some(ShownOpening {
            header: opening.header,
            content: opening.content,
            inclusion: opening.inclusion,
        }),
        cosignatures: Vec::new(),
    }
}

fn later(history: &History) -> UnverifiedDisclosure {
    let (old, new) = (history.first.edge(), history.second.edge());
    let consistency = tree::prove_consistency(history.hashes.as_slice(), old.size(), new.size());
    UnverifiedDisclosure {
        proof: history.proof(5, &history.second),
        since: Some(Since {
            size: old.size(),
            root: old.root(),
            consistency: consistency.expect("in range"),
        }),
        opening: None,
        cosignatures: vec![Cosignature {
            key: stranger().public().raw(),
            seconds: 1_790_000_060,
            signature: Signature([0x55; 64]),
        }],
    }
}

pub(crate) fn disclosures() -> Value {
    let history = history();
    let told = |name: &str, shown: &UnverifiedDisclosure| {
        let payload = shown.encode();
        let read = UnverifiedDisclosure::decode(&payload, federation()).expect(name);
        let verified = read.verify(&author().public()).expect(name);
        json!({
            "name": name,
            "payload": hex::encode(payload),
            "record_id": verified.proof().id().to_string(),
            "source": verified.proof().place().log.origin(&federation()),
            "index": verified.proof().place().index,
            "size": shown.proof.size,
            "since_size": shown.since.as_ref().map(|since| since.size),
            "cosignatures": shown.cosignatures.len(),
        })
    };
    json!({
        "accepted": [
            told("the first of a log", &first(&history)),
            told("a later one, with a cosignature that is not judged", &later(&history)),
        ],
        "refused": refused_disclosures(&history),
    })
}

fn refused_disclosures(history: &History) -> Vec<Value> {
    let refused = |name: &str, payload: Vec<u8>| {
        let read = UnverifiedDisclosure::decode(&payload, federation());
        let error = read.and_then(|shown| shown.verify(&author().public()));
        let reason = match error.expect_err(name) {
            DisclosureError::Malformed(_) => "malformed",
            DisclosureError::Proof(_) => "proof",
            DisclosureError::Since => "since",
            DisclosureError::Opening => "opening",
            DisclosureError::Unanchored => "unanchored",
        };
        json!({"name": name, "payload": hex::encode(payload), "reason": reason})
    };
    let of = |of: &UnverifiedDisclosure, change: &dyn Fn(&mut UnverifiedDisclosure)| {
        let mut changed = of.clone();
        change(&mut changed);
        changed.encode()
    };
    let (first, later) = (first(history), later(history));
    let bytes = first.encode();
    vec![
        refused("a byte left over", [&bytes[..], &[0]].concat()),
        refused(
            "another form's number",
            replaced(&bytes[..2], &[0x85, 1], &[0x85, 2])
                .into_iter()
                .chain(bytes[2..].iter().copied())
                .collect(),
        ),
        refused("the index moved", of(&first, &|d| d.proof.index = 2)),
        refused(
            "another epoch",
            of(&first, &|d| d.proof.log.epoch.0[0] ^= 1),
        ),
        refused(
            "a bit of the signature flipped",
            of(&first, &|d| d.proof.signature.0[9] ^= 1),
        ),
        refused(
            "another salt",
            of(&first, &|d| {
                d.proof.content.as_mut().expect("shown").salt = Salt([0; 16]);
            }),
        ),
        refused("tied to nothing", of(&first, &|d| d.opening = None)),
        refused(
            "tied to two things",
            of(&later, &|d| d.opening = first.opening.clone()),
        ),
        refused(
            "since an empty log",
            of(&later, &|d| {
                d.since = Some(Since {
                    size: 0,
                    root: record::Digest::of(&[]),
                    consistency: Vec::new(),
                });
            }),
        ),
        refused(
            "since another root",
            of(&later, &|d| {
                d.since.as_mut().expect("shown").root = record::Digest::of(&[]);
            }),
        ),
        refused(
            "another record as the opening",
            of(&first, &|d| {
                let other = history.proof(1, &history.first);
                d.opening = Some(ShownOpening {
                    header: other.header,
                    content: other.content,
                    inclusion: other.inclusion,
                });
            }),
        ),
        refused(
            "the opening without its content",
            of(&first, &|d| {
                d.opening.as_mut().expect("shown").content = None;
            }),
        ),
    ]
}
