//! A small federation with fixed keys.

#![allow(dead_code, reason = "each test binary uses its part")]

use charter::{
    Alias, Draft, Enrolment, EnrolmentTerms, MemberId, MemberKind, MemberSettings, Names, NodeName,
};
use record::SecretKey;
use serde_json::Value;

/// The secret key whose seed is 32 times `byte`.
pub(crate) fn key(byte: u8) -> SecretKey {
    SecretKey::from_seed(&[byte; 32])
}

/// The governors' keys.
pub(crate) fn governors() -> [SecretKey; 3] {
    [key(0x01), key(0x02), key(0x03)]
}

/// Lâm Đồng's request: keys 0x11 and 0x12.
pub(crate) fn enrolment() -> Enrolment {
    let terms = EnrolmentTerms {
        node_name: NodeName::new("main").expect("a name"),
        addresses: vec![
            "/ip4/192.0.2.10/udp/4001/quic-v1".into(),
            "/dns4/nguon.lamdong.example/tcp/4001".into(),
        ],
        public_url: Some("https://nguon.lamdong.example".into()),
        member: Some(MemberId::new("lam-dong-2025").expect("a name")),
        names: Some(Names {
            vi: "Tỉnh Lâm Đồng".into(),
            en: "Lam Dong province".into(),
        }),
        kind: Some(MemberKind::Province),
    };
    Enrolment::new(&key(0x11), &key(0x12), &terms).expect("good terms")
}

/// A request with keys `first` and `first + 1`, without suggestions.
pub(crate) fn bare_enrolment(first: u8, name: &str) -> Enrolment {
    let terms = EnrolmentTerms {
        node_name: NodeName::new(name).expect("a name"),
        addresses: vec![format!("/ip4/192.0.2.{first}/udp/4001/quic-v1")],
        public_url: None,
        member: None,
        names: None,
        kind: None,
    };
    Enrolment::new(&key(first), &key(first + 1), &terms).expect("good terms")
}

pub(crate) fn settings(id: &str, vi: &str, en: &str, kind: MemberKind) -> MemberSettings {
    MemberSettings {
        id: Some(MemberId::new(id).expect("a name")),
        names: Some(Names {
            vi: vi.into(),
            en: en.into(),
        }),
        kind: Some(kind),
        ..MemberSettings::default()
    }
}

/// Three governors, two of whom must sign; a province, the national authority
/// with two nodes, an agency.
pub(crate) fn draft() -> Draft {
    let holders = ["Trần Thị An", "Lê Văn Bình", "Phạm Chi"];
    let governors = governors().into_iter().zip(holders);
    let governors = governors.map(|(key, holder)| (key.public(), holder.to_owned()));
    let mut draft = Draft::new("Nguồn Việt Nam", governors, 2).expect("good terms");
    let _ = draft
        .set_issued("2026-10-01T08:00:00+07:00")
        .expect("a text");
    let province = MemberSettings {
        aliases: vec![Alias {
            scheme: "gso".into(),
            code: "68".into(),
            from: "2004-07-08".parse().expect("a day"),
            until: None,
        }],
        ..MemberSettings::default()
    };
    let _ = draft.add_member(&enrolment(), province).expect("a member");
    let authority = settings(
        "national-authority",
        "Cơ quan quốc gia",
        "National authority",
        MemberKind::NationalAuthority,
    );
    let authority = MemberSettings {
        relay: true,
        ..authority
    };
    let _ = draft
        .add_member(&bare_enrolment(0x21, "a"), authority)
        .expect("a member");
    let id = MemberId::new("national-authority").expect("a name");
    let _ = draft
        .add_node(&id, &bare_enrolment(0x23, "b"), false)
        .expect("a node");
    let agency = settings("gacc", "Hải quan Trung Quốc", "GACC", MemberKind::Agency);
    let _ = draft
        .add_member(&bare_enrolment(0x31, "main"), agency)
        .expect("a member");
    draft
}

/// The draft, signed by its first two governors.
pub(crate) fn signed() -> Draft {
    sign(draft())
}

/// A signed charter of one governor and one member.
pub(crate) fn small() -> Draft {
    let governor = [(key(0x01).public(), "Trần Thị An".to_owned())];
    let mut draft = Draft::new("Nguồn", governor, 1).expect("good terms");
    let _ = draft
        .add_member(&enrolment(), MemberSettings::default())
        .expect("a member");
    draft.sign(&key(0x01)).expect("a governor");
    draft
}

fn sign(mut draft: Draft) -> Draft {
    for governor in &governors()[..2] {
        draft.sign(governor).expect("a governor");
    }
    draft
}

/// A file as a tree that tests may spoil.
pub(crate) fn tree(file: &str) -> Value {
    serde_json::from_str(file).expect("JSON")
}

/// The value at a JSON pointer.
pub(crate) fn at<'a>(tree: &'a mut Value, pointer: &str) -> &'a mut Value {
    tree.pointer_mut(pointer)
        .expect("the pointer leads somewhere")
}
