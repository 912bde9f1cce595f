//! `docs/vectors/charter.json` says what this build does.
//!
//! The vectors are made anew from fixed seeds and compared with the file. To
//! write the file after a deliberate change, run this test with
//! `NGUON_WRITE_VECTORS=1`.

mod common;

use std::fmt::Write as _;
use std::path::Path;

use charter::{Charter, Draft, Enrolment};
use common::{at, draft, enrolment, governors, key, signed, small, tree};
use record::{FederationId, Statement};
use serde_json::{Map, Value, json};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/vectors/charter.json"
);

#[test]
fn the_vectors_are_reproduced() {
    let made = json!({
        "about": "Charter file and enrolment request, format 1 of each, as docs/protocol.md tells them. \
                  A file is given as text; a seed is an Ed25519 secret key (RFC 8032).",
        "charter": charter_vector(),
        "enrolment": enrolment_vector(),
        "refused_charters": refused_charters(),
        "refused_enrolments": refused_enrolments(),
    });
    let path = Path::new(FILE);
    if std::env::var_os("NGUON_WRITE_VECTORS").is_some() {
        std::fs::write(path, format!("{made:#}\n")).expect("the vectors' file can be written");
    }
    let kept = std::fs::read_to_string(path).expect("the vectors' file is there");
    assert!(
        tree(&kept) == made,
        "docs/vectors/charter.json differs from what this build makes"
    );
}

fn charter_vector() -> Value {
    let draft = signed();
    let canonical = draft.canonical();
    let message = Statement::Charter(&canonical).bytes();
    let charter = Charter::first(draft.to_file().as_bytes(), &draft.federation())
        .expect("two of three signed");
    let signatures = governors()
        .into_iter()
        .enumerate()
        .map(|(index, governor)| {
            let signature = governor.sign(&Statement::Charter(&canonical));
            json!({
                "seed": hex::encode(governor.seed()),
                "key": governor.public().to_string(),
                "signature": hex::encode(signature.0),
                "in_file": index < 2,
            })
        });
    let scopes: Map<String, Value> = charter
        .scopes()
        .iter()
        .map(|(name, access)| {
            let list = |ids: &std::collections::BTreeSet<charter::MemberId>| -> Vec<String> {
                ids.iter().map(ToString::to_string).collect()
            };
            let access =
                json!({"readers": list(&access.readers), "writers": list(&access.writers)});
            (name.to_string(), access)
        })
        .collect();
    json!({
        "file": draft.to_file(),
        "same_in_another_layout": escaped(&compact(&tree(&draft.to_file()))),
        "canonical": String::from_utf8(canonical.clone()).expect("JSON is UTF-8"),
        "canonical_hex": hex::encode(&canonical),
        "message_hex": hex::encode(message),
        "hash": charter.hash().to_string(),
        "federation": charter.federation().to_string(),
        "reference": {
            "version": charter.reference().version,
            "hash": hex::encode(charter.reference().hash),
        },
        "signatures": signatures.collect::<Vec<_>>(),
        "scopes": scopes,
        "limits": charter.limits().named().map(|(name, value)| (name.to_owned(), json!(value)))
            .collect::<Map<_, _>>(),
    })
}

/// Writes a tree without blanks, in an order that no build option changes.
fn compact(tree: &Value) -> String {
    serde_json_canonicalizer::to_string(tree).expect("JSON")
}

/// Writes every character beyond ASCII as an escape.
fn escaped(json: &str) -> String {
    let mut text = String::new();
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a String takes everything");
            }
        }
    }
    text
}

fn enrolment_vector() -> Value {
    let enrolment = enrolment();
    let file = tree(&enrolment.to_file());
    let canonical = serde_json_canonicalizer::to_vec(&file["signed"]).expect("JSON");
    let message = Statement::Enrolment(&canonical).bytes();
    json!({
        "file": enrolment.to_file(),
        "same_in_another_layout": escaped(&compact(&file)),
        "canonical": String::from_utf8(canonical.clone()).expect("JSON is UTF-8"),
        "canonical_hex": hex::encode(&canonical),
        "message_hex": hex::encode(message),
        "author_seed": hex::encode(key(0x11).seed()),
        "transport_seed": hex::encode(key(0x12).seed()),
        "proofs": file["proofs"],
    })
}

/// A charter file that is refused, and why.
fn refused(name: &str, file: &str, federation: &FederationId, reason: &str) -> Value {
    let error = Charter::first(file.as_bytes(), federation).expect_err(name);
    assert_eq!(error.reason(), reason, "{name}: {error}");
    json!({"name": name, "file": file, "federation": federation.to_string(), "reason": reason})
}

fn refused_charters() -> Vec<Value> {
    let draft = small();
    let pin = draft.federation();
    let text = compact(&tree(&draft.to_file()));
    let spoilt = |name: &str, reason: &str, spoil: &dyn Fn(&mut Value)| {
        let mut file = tree(&text);
        spoil(&mut file);
        refused(name, &compact(&file), &pin, reason)
    };
    let replaced = |name: &str, reason: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        refused(name, &text.replacen(from, to, 1), &pin, reason)
    };
    let member = "/signed/members/lam-dong-2025";
    let node = "/signed/members/lam-dong-2025/nodes/0";
    let mut list = vec![
        replaced(
            "a member repeated",
            "repeated-member",
            "\"format\":1",
            "\"format\":1,\"format\":1",
        ),
        replaced(
            "a number with a point",
            "not-an-integer",
            "\"version\":1",
            "\"version\":1.0",
        ),
        replaced(
            "a number with an exponent",
            "not-an-integer",
            "\"version\":1",
            "\"version\":1e0",
        ),
        replaced("cut short", "not-json", "]}", "]"),
        spoilt("an unknown member", "unknown-member", &|file| {
            at(file, member)["colour"] = json!("red");
        }),
        spoilt("another format", "not-known-here", &|file| {
            at(file, "/signed")["format"] = json!(2);
        }),
        spoilt("an ended key", "not-known-here", &|file| {
            at(file, "/signed")["ended_keys"] = json!([{}]);
        }),
        spoilt(
            "a threshold of two with one governor",
            "bad-threshold",
            &|file| {
                at(file, "/signed/governors")["threshold"] = json!(2);
            },
        ),
        spoilt("the author key is the governor's", "key-reused", &|file| {
            at(file, node)["author"] = json!(key(0x01).public().to_string());
        }),
        spoilt("a transport key of small order", "bad-key", &|file| {
            at(file, node)["transport"] = json!(format!("01{}", "00".repeat(31)));
        }),
        spoilt(
            "a writer that may not read",
            "writer-cannot-read",
            &|file| {
                at(file, "/signed/scopes/national")["readers"] = json!([]);
            },
        ),
        spoilt(
            "a partner's scope without the partner",
            "no-such-member",
            &|file| {
                at(file, "/signed/scopes")["with-gacc"] = json!({"readers": [], "writers": []});
            },
        ),
        spoilt("one governor's signature twice", "listed-twice", &|file| {
            let list = at(file, "/signatures").as_array_mut().expect("an array");
            list.push(list[0].clone());
        }),
        spoilt(
            "a name changed after signing",
            "other-federation",
            &|file| {
                at(file, "/signed")["federation_name"] = json!("Ngọn");
            },
        ),
    ];
    list.extend(badly_signed());
    list
}

fn badly_signed() -> [Value; 2] {
    let mut one = draft();
    one.sign(&key(0x01)).expect("a governor");
    let pin = one.federation();
    let one = refused(
        "one of two signatures",
        &one.to_file(),
        &pin,
        "too-few-signatures",
    );

    // Content and pin agree, and the signature is over other content.
    let mut file = tree(&small().to_file());
    at(&mut file, "/signed")["federation_name"] = json!("Ngọn");
    let file = compact(&file);
    let pin = Draft::read(file.as_bytes())
        .expect("the form holds")
        .federation();
    [
        one,
        refused(
            "a signature over other content",
            &file,
            &pin,
            "too-few-signatures",
        ),
    ]
}

fn refused_enrolments() -> Vec<Value> {
    let refused = |name: &str, reason: &str, spoil: &dyn Fn(&mut Value)| {
        let mut file = tree(&enrolment().to_file());
        spoil(&mut file);
        let file = compact(&file);
        let error = Enrolment::verify(file.as_bytes()).expect_err(name);
        assert_eq!(error.reason(), reason, "{name}: {error}");
        json!({"name": name, "file": file, "reason": reason})
    };
    vec![
        refused("another member's id", "bad-proof", &|file| {
            at(file, "/signed")["member"] = json!("gacc");
        }),
        refused("the author's proof in both places", "bad-proof", &|file| {
            let proof = at(file, "/proofs")["author"].clone();
            at(file, "/proofs")["transport"] = proof;
        }),
        refused("one key in both roles", "key-reused", &|file| {
            let author = at(file, "/signed")["author"].clone();
            at(file, "/signed")["transport"] = author;
        }),
        refused("a key in a second spelling", "bad-key", &|file| {
            at(file, "/signed")["author"] = json!(format!("ee{}7f", "ff".repeat(30)));
        }),
        refused("an unknown member", "unknown-member", &|file| {
            at(file, "/signed")["port"] = json!(1);
        }),
    ]
}

#[test]
fn the_other_layouts_mean_the_same() {
    let vectors = tree(&std::fs::read_to_string(FILE).expect("the vectors' file is there"));
    let text = |pointer: &str| {
        let value = vectors.pointer(pointer).and_then(Value::as_str);
        value.expect("a text").to_owned()
    };
    let pin = text("/charter/federation").parse().expect("a digest");
    for file in ["/charter/file", "/charter/same_in_another_layout"] {
        let charter = Charter::first(text(file).as_bytes(), &pin).expect("it is signed");
        assert_eq!(charter.hash().to_string(), text("/charter/hash"));
    }
    for file in ["/enrolment/file", "/enrolment/same_in_another_layout"] {
        Enrolment::verify(text(file).as_bytes()).expect("it is signed");
    }
}
