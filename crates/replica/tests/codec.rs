//! The one encoding of every message, its size, and the published vectors.

use std::path::Path;

use proptest::prelude::*;
use record::{CharterRef, Digest, Epoch, LogId, RawKey, ScopeName};
use replica::{
    Change, Config, Head, Input, MESSAGE_BYTES_MAX, Message, Output, Replica, frontier_root,
};
use serde_json::Value;

const CHARTER: CharterRef = CharterRef {
    version: 3,
    hash: [0xc4; 8],
};

fn digest(seed: u64) -> Digest {
    Digest::of(&[&seed.to_be_bytes()])
}

fn head(author: u64, scope: &str, epoch: u64, size: u64) -> Head {
    let [mut author, epoch] = [author, epoch].map(digest).map(|d| *d.as_bytes());
    author[0] &= 0x7f;
    let log = LogId {
        author: RawKey(author),
        scope: ScopeName::new(scope).expect("a good name"),
        epoch: Epoch(*epoch.first_chunk().expect("16 of 32 bytes")),
    };
    let root = Digest::of(&[&log.to_bytes(), &size.to_be_bytes()]);
    Head { log, size, root }
}

fn sorted(mut heads: Vec<Head>) -> Vec<Head> {
    heads.sort_by(|a, b| a.log.cmp(&b.log));
    heads.dedup_by(|a, b| a.log == b.log);
    heads
}

fn root_of(heads: &[Head]) -> Digest {
    frontier_root(heads.iter().map(|head| (&head.log, head.size, &head.root)))
}

/// A frontier of 1,000 logs: 100 nodes that each ran five times in two scopes.
fn thousand_logs() -> Vec<Head> {
    let logs = (0..1_000).map(|number| {
        let scope = if number % 2 == 0 {
            "national"
        } else {
            "public"
        };
        head(number / 10, scope, 10_000 + number, 1 + number * 37)
    });
    sorted(logs.collect())
}

fn on_the_wire(message: &Message) -> usize {
    message.encode().len() + 4
}

#[test]
fn sizes_on_the_wire() {
    let root = digest(1);
    let charter = CharterRef {
        version: u32::MAX,
        hash: [1; 8],
    };
    let in_sync = on_the_wire(&Message::InSync { charter, root });
    assert!(in_sync <= 64, "{in_sync} bytes");

    let entries = thousand_logs();
    let root = Some(root_of(&entries));
    let full = on_the_wire(&Message::Full {
        charter,
        entries,
        root,
    });
    assert!(full <= 72_000, "{full} bytes for 1,000 logs");

    // The dearest shape that a federation takes: 500 authors with one log in
    // each of two scopes.
    let logs = (0..1_000).map(|number| {
        let scope = if number % 2 == 0 {
            "national"
        } else {
            "public"
        };
        head(number / 2, scope, 10_000 + number, 1 + number * 37)
    });
    let entries = sorted(logs.collect());
    let spread = on_the_wire(&Message::Full {
        charter,
        entries,
        root,
    });
    assert!(
        spread <= 72_000,
        "{spread} bytes for 1,000 logs of 500 authors"
    );

    let changed = (0..20).map(|number| Change {
        position: 17 + number * 49,
        by: 1 + u64::from(number) * 20,
    });
    let delta = on_the_wire(&Message::Delta {
        charter: CHARTER,
        keep: false,
        baseline: digest(1),
        root: digest(2),
        changed: changed.collect(),
        new: Vec::new(),
    });
    assert!(delta <= 160, "{delta} bytes for 20 of 1,000 logs");
    println!("in sync {in_sync}, full map {full} to {spread}, delta {delta} bytes with frame");
}

#[test]
fn a_large_frontier_travels_in_parts() {
    let heads = (0..40_000).map(|number| head(number, "public", number, 1 + number));
    let heads = sorted(heads.collect());
    let keys = [RawKey([1; 32]), RawKey([2; 32])];
    let mut replicas = [heads.clone(), heads]
        .map(|heads| Replica::new(Config::default(), keys[0], CHARTER, heads));
    let said = [0, 1].map(|at| {
        let connected = Input::Connected {
            peer: keys[1 - at],
            scopes: [ScopeName::new("public").expect("a good name")].into(),
            own_member: false,
            sent: None,
            received: None,
        };
        replicas[at].handle(1, connected)
    });
    let sizes = said[0].iter().filter_map(|output| match output {
        Output::Send { message, .. } => Some(message.encode().len()),
        _ => None,
    });
    let sizes: Vec<usize> = sizes.collect();
    assert_eq!(sizes.len(), 3);
    assert!(
        sizes.iter().all(|size| *size <= MESSAGE_BYTES_MAX),
        "{sizes:?}"
    );
    for output in &said[0] {
        if let Output::Send { message, .. } = output {
            let (peer, message) = (keys[0], message.clone());
            replicas[1].handle(2, Input::Message { peer, message });
        }
    }
    assert!(replicas[1].in_sync(&keys[0]));
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn any_heads() -> impl Strategy<Value = Vec<Head>> {
    let scope = prop_oneof![Just("public"), Just("national"), Just("a")];
    let one = (
        0u64..5,
        scope,
        0u64..9,
        prop_oneof![1u64..300, Just(u64::MAX)],
    );
    let one = one.prop_map(|(author, scope, epoch, size)| head(author, scope, epoch, size));
    prop::collection::vec(one, 0..20).prop_map(sorted)
}

fn any_changes() -> impl Strategy<Value = Vec<Change>> {
    let positions = prop::collection::btree_map(any::<u32>(), 1..u64::MAX, 0..9);
    positions.prop_map(|positions| {
        let changes = positions
            .into_iter()
            .map(|(position, by)| Change { position, by });
        changes.collect()
    })
}

fn any_message() -> impl Strategy<Value = Message> {
    let charter = || {
        (any::<u32>(), any::<[u8; 8]>()).prop_map(|(version, hash)| CharterRef { version, hash })
    };
    let log =
        || (0u64..9, 0u64..9).prop_map(|(author, epoch)| head(author, "public", epoch, 1).log);
    prop_oneof![
        (charter(), any_digest()).prop_map(|(charter, root)| Message::InSync { charter, root }),
        (charter(), any_heads(), prop::option::of(any_digest())).prop_map(
            |(charter, entries, root)| Message::Full {
                charter,
                entries,
                root
            }
        ),
        (
            charter(),
            any::<bool>(),
            any_digest(),
            any_digest(),
            any_changes(),
            any_heads()
        )
            .prop_map(
                |(charter, keep, baseline, root, changed, new)| Message::Delta {
                    charter,
                    keep,
                    baseline,
                    root,
                    changed,
                    new
                }
            ),
        Just(Message::NeedFull),
        any_digest().prop_map(|root| Message::BaselineAck { root }),
        (log(), any::<u64>()).prop_map(|(log, from)| Message::Want { log, from }),
        (1..=u64::MAX).prop_map(|bytes| Message::Credit { bytes }),
        (log(), 1..=u64::MAX).prop_map(|(log, size)| Message::Ack { log, size }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_round_trip(message in any_message()) {
        prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn a_flipped_bit_is_refused_or_another_message(message in any_message(), bit: prop::sample::Index) {
        let mut bytes = message.encode();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Message::decode(&bytes) {
            prop_assert_ne!(&other, &message);
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_refused(message in any_message(), at: prop::sample::Index, more: u8) {
        let mut bytes = message.encode();
        prop_assert!(Message::decode(&bytes[..at.index(bytes.len())]).is_err());
        bytes.push(more);
        prop_assert!(Message::decode(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>, kind in 0u8..9) {
        let _ = Message::decode(&bytes);
        let _ = Message::decode(&[&[0x80 + kind, kind], &bytes[..]].concat());
    }
}

#[test]
fn other_encodings_are_refused() {
    let credit = Message::Credit { bytes: 5 }.encode();
    assert_eq!(credit, [0x82, 0x06, 0x05]);
    let others: [&[u8]; 6] = [
        &[0x82, 0x06, 0x18, 0x05],
        &[0x82, 0x18, 0x06, 0x05],
        &[0x98, 0x02, 0x06, 0x05],
        &[0x9f, 0x06, 0x05, 0xff],
        &[0x83, 0x06, 0x05, 0x00],
        &[0x82, 0x06, 0x00],
    ];
    for other in others {
        assert!(Message::decode(other).is_err(), "{other:02x?}");
    }
    let long = vec![0; MESSAGE_BYTES_MAX + 1];
    assert!(Message::decode(&long).is_err());
}

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/frontier.json");
    let text = std::fs::read_to_string(&path).expect("the vectors are part of the repository");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("\"{name}\" is a text in {value}"))
}

fn bytes<const N: usize>(value: &Value, name: &str) -> [u8; N] {
    let mut bytes = [0; N];
    hex::decode_to_slice(text(value, name), &mut bytes).expect("as many hexadecimal digits");
    bytes
}

fn logs(value: &Value) -> Vec<Head> {
    let logs = value["logs"].as_array().expect("a list of logs").iter();
    let heads = logs.map(|log| Head {
        log: LogId {
            author: RawKey(bytes(log, "author")),
            scope: ScopeName::new(text(log, "scope")).expect("a good name"),
            epoch: Epoch(bytes(log, "epoch")),
        },
        size: log["size"].as_u64().expect("a size"),
        root: Digest::from_bytes(bytes(log, "root")),
    });
    heads.collect()
}

/// What each vector's message is, built from the vectors' own frontiers.
fn meant(vectors: &Value) -> Vec<(&'static str, Message)> {
    let (baseline, frontier) = (logs(&vectors["baseline"]), logs(&vectors["frontier"]));
    let charter = CharterRef {
        version: 3,
        hash: bytes(&vectors["charter"], "hash"),
    };
    let root = root_of(&frontier);
    let grown = baseline.iter().enumerate().filter_map(|(position, old)| {
        let new = frontier.iter().find(|new| new.log == old.log)?;
        let position = u32::try_from(position).expect("few");
        let by = new.size - old.size;
        (by > 0).then_some(Change { position, by })
    });
    let known = |head: &&Head| !baseline.iter().any(|old| old.log == head.log);
    let delta = Message::Delta {
        charter,
        keep: true,
        baseline: root_of(&baseline),
        root,
        changed: grown.collect(),
        new: frontier.iter().filter(known).cloned().collect(),
    };
    let part = |entries: &[Head], root| Message::Full {
        charter,
        entries: entries.to_vec(),
        root,
    };
    let log = frontier[0].log.clone();
    vec![
        ("in sync", Message::InSync { charter, root }),
        ("full map", part(&frontier, Some(root))),
        ("full map, first part", part(&frontier[..2], None)),
        ("full map, last part", part(&frontier[2..], Some(root))),
        ("full map of nothing", part(&[], Some(root_of(&[])))),
        ("delta", delta),
        ("need full", Message::NeedFull),
        ("baseline acknowledged", Message::BaselineAck { root }),
        (
            "want",
            Message::Want {
                log: log.clone(),
                from: 300,
            },
        ),
        ("credit", Message::Credit { bytes: 1 << 20 }),
        ("acknowledgement", Message::Ack { log, size: 300 }),
    ]
}

#[test]
fn the_published_vectors_hold() {
    let vectors = vectors();
    for name in ["baseline", "frontier"] {
        let of = &vectors[name];
        assert_eq!(text(of, "root"), root_of(&logs(of)).to_string(), "{name}");
    }
    let meant = meant(&vectors);
    let published = vectors["messages"].as_array().expect("a list of messages");
    let names: Vec<&str> = published.iter().map(|one| text(one, "name")).collect();
    assert_eq!(
        names,
        meant.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    for ((name, message), one) in meant.iter().zip(published) {
        assert_eq!(hex::encode(message.encode()), text(one, "hex"), "{name}");
        let bytes = hex::decode(text(one, "hex")).expect("hexadecimal digits");
        assert_eq!(Message::decode(&bytes).as_ref(), Ok(message), "{name}");
    }
    for one in vectors["refused"].as_array().expect("a list of refusals") {
        let bytes = hex::decode(text(one, "hex")).expect("hexadecimal digits");
        assert!(Message::decode(&bytes).is_err(), "{}", text(one, "why"));
    }
}
