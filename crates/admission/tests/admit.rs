//! Every verdict and every effect, cell by cell, over a view made of a map.

use std::collections::BTreeMap;

use admission::{Contents, Effect, Fault, Standing, Verdict, View, Wait, admit, read, standing};
use charter::{Charter, Draft, Enrolment, EnrolmentTerms, MemberKind, MemberSettings, Names};
use epcis::{Contexts, Document};
use proptest::prelude::*;
use record::tree::prove_inclusion;
use record::{
    AnyHeader, Batch, CharterRef, Digest, Entry, Epoch, Flags, Header, Kind, LogId, Opening,
    Parent, Place, Record, Run, Salt, ScopeName, Sealed, SecretKey, ShownOpening, Stamp,
    UnverifiedDisclosure, UnverifiedProof,
};

struct Charters(BTreeMap<u32, Charter>);

impl View for Charters {
    fn charter(&self, version: u32) -> Option<&Charter> {
        self.0.get(&version)
    }

    fn newest_charter(&self) -> &Charter {
        self.0.values().last().expect("a charter")
    }
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn scope(name: &str) -> ScopeName {
    ScopeName::new(name).expect("a name")
}

/// A province (seed 1) and an agency (seed 2).
fn view() -> Charters {
    let governor = key(100);
    let mut draft = Draft::new("thu", [(governor.public(), "G".to_owned())], 1).expect("a draft");
    let members = [
        ("lam-dong", MemberKind::Province, 1u8),
        ("gacc", MemberKind::Agency, 2),
    ];
    for (id, kind, seed) in members {
        let terms = EnrolmentTerms {
            node_name: "a".parse().expect("a name"),
            addresses: vec!["/ip4/127.0.0.1/tcp/1".into()],
            public_url: None,
            member: Some(id.parse().expect("a name")),
            names: Some(Names {
                vi: id.to_owned(),
                en: id.to_owned(),
            }),
            kind: Some(kind),
        };
        let request = Enrolment::new(&key(seed), &key(seed + 50), &terms).expect("a request");
        let edited = draft.add_member(&request, MemberSettings::default());
        assert_eq!(edited.expect("a member").signatures_dropped, 0);
    }
    draft.sign(&governor).expect("signed");
    let file = draft.to_file();
    let charter = Charter::first(file.as_bytes(), &draft.federation()).expect("a charter");
    Charters(BTreeMap::from([(1, charter)]))
}

fn log(seed: u8, name: &str) -> LogId {
    LogId {
        author: key(seed).public().raw(),
        scope: scope(name),
        epoch: Epoch([4; 16]),
    }
}

fn event_payload() -> Vec<u8> {
    let text = r#"{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type":"ObjectEvent","eventTime":"2026-10-12T07:00:00.000+07:00","eventTimeZoneOffset":"+07:00",
        "epcList":["urn:epc:id:sgtin:8934999.900101.1"],"action":"ADD","bizStep":"commissioning"}"#;
    let document = Document::parse(text.as_bytes(), &Contexts::new()).expect("a valid event");
    document.events[0].payload().as_bytes().to_vec()
}

/// A record of the province's in `national`, as `change` makes it.
fn record(view: &Charters, payload: &[u8], change: impl FnOnce(&mut Header)) -> Record {
    let sealed = Sealed {
        salt: Salt([7; 16]),
        payload: payload.to_vec(),
    };
    let mut header = Header {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        time: Stamp::from_ms(1),
        charter: view.newest_charter().reference(),
        payload_len: u32::try_from(payload.len()).expect("short"),
        commitment: sealed.commitment(),
        subject: Vec::new(),
    };
    change(&mut header);
    Record::check(header.encode(), Some(sealed)).expect("well formed")
}

fn judge_at(view: &Charters, place: &Place, record: &Record) -> admission::Decision {
    let contents = read(record, view.newest_charter().federation());
    admit(view, place, record, contents)
}

fn place(seed: u8, name: &str, index: u64) -> Place {
    Place {
        log: log(seed, name),
        index,
    }
}

#[test]
fn logs_stand_by_the_charter() {
    let view = view();
    let granted =
        |seed, name| matches!(standing(&view, &log(seed, name)), Standing::Granted { .. });
    assert!(granted(1, "national"));
    assert!(granted(1, "with-gacc"));
    assert!(granted(2, "with-gacc"));
    assert!(!granted(2, "national"), "an agency does not write there");
    assert!(!granted(9, "national"), "no member's key");
    assert!(!granted(1, "no-such-scope"));
}

#[test]
fn verdicts_look_at_header_place_and_charter() {
    let view = view();
    let payload = event_payload();
    let opening = Opening::new(Vec::new()).encode();
    let here = place(1, "national", 5);
    let first = place(1, "national", 0);
    let cases: Vec<(&str, Place, Record, Verdict)> = vec![
        (
            "an event",
            here.clone(),
            record(&view, &payload, |_| {}),
            Verdict::Valid,
        ),
        (
            "an opening",
            first.clone(),
            record(&view, &opening, |h| h.kind = Kind::OPENING),
            Verdict::Valid,
        ),
        (
            "no opening",
            first,
            record(&view, &payload, |_| {}),
            Verdict::Invalid(Fault::NoOpening),
        ),
        (
            "a late opening",
            here.clone(),
            record(&view, &opening, |h| h.kind = Kind::OPENING),
            Verdict::Invalid(Fault::LateOpening),
        ),
        (
            "a later charter",
            here.clone(),
            record(&view, &payload, |h| h.charter.version = 2),
            Verdict::Pending(Wait::Charter(2)),
        ),
        (
            "another charter",
            here.clone(),
            record(&view, &payload, |h| h.charter.hash = [0; 8]),
            Verdict::Invalid(Fault::OtherCharter),
        ),
        (
            "no right",
            place(2, "national", 5),
            record(&view, &payload, |_| {}),
            Verdict::Invalid(Fault::NoRight),
        ),
        (
            "a later kind",
            here.clone(),
            record(&view, &payload, |h| h.kind = Kind(5)),
            Verdict::Pending(Wait::Kind(5)),
        ),
        (
            "a flag to be understood",
            here.clone(),
            record(&view, &payload, |h| h.flags = Flags(1)),
            Verdict::Pending(Wait::Flags(1)),
        ),
        (
            "a flag to be passed over",
            here.clone(),
            record(&view, &payload, |h| h.flags = Flags(0x100)),
            Verdict::Valid,
        ),
        (
            "a subject",
            here,
            record(&view, &payload, |h| h.subject = vec![1]),
            Verdict::Invalid(Fault::Subject),
        ),
    ];
    for (name, place, record, verdict) in cases {
        let decision = judge_at(&view, &place, &record);
        assert_eq!(decision.verdict, verdict, "{name}");
        assert_eq!(
            decision.effect.is_some(),
            verdict == Verdict::Valid,
            "{name}"
        );
        // The verdict is the same without the payload, but for its absence.
        let bare = Record::check(record.header_bytes().to_vec(), None).expect("well formed");
        let without = judge_at(&view, &place, &bare).verdict;
        let expected = match verdict {
            Verdict::Valid => Verdict::PayloadMissing,
            other => other,
        };
        assert_eq!(without, expected, "{name}");
    }
}

#[test]
fn a_later_format_is_pending() {
    let view = view();
    let record = Record::check(vec![0x82, 0x02, 0x00], None).expect("kept unread");
    let decision = judge_at(&view, &place(1, "national", 3), &record);
    assert_eq!(decision.verdict, Verdict::Pending(Wait::Format(2)));
}

#[test]
fn a_payload_at_fault_leaves_a_valid_record_without_effect() {
    let view = view();
    let here = place(1, "national", 5);
    for payload in [&b"no event"[..], b"{\"type\":\"ObjectEvent\"}", b""] {
        let decision = judge_at(&view, &here, &record(&view, payload, |_| {}));
        assert_eq!(decision.verdict, Verdict::Valid);
        assert!(decision.effect.is_none() && decision.without_effect.is_some());
    }
}

#[test]
fn an_opening_names_its_parents() {
    let view = view();
    let parent = Parent {
        author: key(1).public().raw(),
        epoch: Epoch([1; 16]),
        size: 3,
        root: Digest::of(&[b"root"]),
    };
    let payload = Opening::new(vec![parent.clone()]).encode();
    let record = record(&view, &payload, |h| h.kind = Kind::OPENING);
    match judge_at(&view, &place(1, "national", 0), &record).effect {
        Some(Effect::Names(parents)) => assert_eq!(parents, [parent]),
        other => panic!("{other:?}"),
    }
}

/// The province's log with one event, and the disclosure of that event.
fn disclosed(view: &Charters, seed: u8, name: &str) -> UnverifiedDisclosure {
    let federation = view.newest_charter().federation();
    let mut run = Run::start(key(seed), federation, Epoch([4; 16]), &[]);
    let entry = Entry {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        subject: Vec::new(),
        payload: event_payload(),
    };
    let charter = view.newest_charter().reference();
    let batch = run
        .batch(1, &scope(name), charter, vec![entry], || Salt([2; 16]))
        .expect("a batch");
    let opening = shown(&batch, 0);
    UnverifiedDisclosure {
        proof: shown(&batch, 1),
        since: None,
        opening: Some(ShownOpening {
            header: opening.header,
            content: opening.content,
            inclusion: opening.inclusion,
        }),
        cosignatures: Vec::new(),
    }
}

fn shown(batch: &Batch, index: usize) -> UnverifiedProof {
    let checkpoint = batch.checkpoint().checkpoint();
    let record = &batch.records()[index].1;
    UnverifiedProof {
        federation: checkpoint.federation,
        log: batch.log().clone(),
        index: index as u64,
        header: record.header_bytes().to_vec(),
        content: record.content().cloned(),
        inclusion: prove_inclusion(batch.hashes(), checkpoint.size, index as u64).expect("held"),
        size: checkpoint.size,
        root: checkpoint.root,
        signature: batch.checkpoint().signature(),
    }
}

#[test]
fn a_disclosure_counts_by_its_first_author() {
    let view = view();
    let effect = |disclosure: &UnverifiedDisclosure| {
        let payload = disclosure.encode();
        let record = record(&view, &payload, |h| h.kind = Kind::DISCLOSURE);
        judge_at(&view, &place(1, "with-gacc", 5), &record)
    };
    let honest = disclosed(&view, 1, "national");
    match effect(&honest).effect {
        Some(Effect::Disclosed { author, event, .. }) => {
            assert_eq!(author.as_str(), "lam-dong");
            assert!(event.is_some());
        }
        other => panic!("{other:?}"),
    }
    // The header alone, where the payload is withheld.
    let mut withheld = honest.clone();
    withheld.proof.content = None;
    assert!(matches!(
        effect(&withheld).effect,
        Some(Effect::Disclosed { event: None, .. })
    ));
    // Another author's signature, a key that is no member's, a scope that the
    // author may not write.
    let mut forged = honest.clone();
    forged.proof.signature.0[3] ^= 1;
    assert!(effect(&forged).without_effect.is_some());
    assert!(
        effect(&disclosed(&view, 9, "national"))
            .without_effect
            .is_some()
    );
    assert!(
        effect(&disclosed(&view, 2, "national"))
            .without_effect
            .is_some()
    );
}

#[test]
fn a_payload_longer_than_the_charter_allows_is_invalid() {
    let view = view();
    let max = view.newest_charter().limits().record_payload_bytes_max;
    // Withheld, so that its length is the header's word alone.
    let long = record(&view, b"x", |_| {});
    let AnyHeader::V1(mut header) = long.header().clone() else {
        panic!("version 1");
    };
    header.payload_len = max + 1;
    let bare = Record::check(header.encode(), None).expect("well formed");
    let decision = judge_at(&view, &place(1, "national", 5), &bare);
    assert_eq!(decision.verdict, Verdict::Invalid(Fault::PayloadLength));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a signed record says, judging it does not panic, and an effect
    /// comes of valid records alone.
    #[test]
    fn hostile_records_are_judged(kind in 0u16..10, flags: u16, version in 0u32..3, hash: [u8; 8],
                                  right: bool, index in 0u64..3,
                                  payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let view = view();
        let record = record(&view, &payload, |h| {
            h.kind = Kind(kind);
            h.flags = Flags(flags);
            if !right {
                h.charter = CharterRef { version, hash };
            }
        });
        let decision = judge_at(&view, &place(1, "national", index), &record);
        prop_assert!(decision.effect.is_none() || decision.verdict == Verdict::Valid);
        let missing = admit(&view, &place(1, "national", index), &record, Contents::Missing);
        prop_assert!(missing.effect.is_none());
    }
}
