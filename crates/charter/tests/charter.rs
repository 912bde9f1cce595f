//! Signatures, queries and drafts.

mod common;

use charter::{Charter, CharterError, Draft, DraftError, MemberId, MemberKind, Warning};
use common::{at, bare_enrolment, draft, enrolment, governors, key, settings, signed, tree};
use record::{ScopeName, Statement};
use serde_json::json;

fn id(text: &str) -> MemberId {
    MemberId::new(text).expect("a name")
}

fn scope(text: &str) -> ScopeName {
    ScopeName::new(text).expect("a name")
}

fn first(draft: &Draft) -> Result<Charter, CharterError> {
    Charter::first(draft.to_file().as_bytes(), &draft.federation())
}

#[test]
fn counts_each_governor_whose_signature_holds() {
    let mut draft = draft();
    let check = |draft: &Draft, signed, invalid, strangers| {
        let error = first(draft).expect_err("too few signatures");
        let CharterError::TooFewSignatures(tally) = &error else {
            panic!("{error}");
        };
        let found = (
            tally.signed.len(),
            tally.invalid.len(),
            tally.strangers.len(),
        );
        assert_eq!(found, (signed, invalid, strangers));
    };
    check(&draft, 0, 0, 0);
    let [one, two, three] = governors();
    draft.sign(&one).expect("a governor");
    check(&draft, 1, 0, 0);
    // The same governor again is the same one signature.
    assert_eq!(draft.sign(&one).expect("a governor").signed.len(), 1);
    check(&draft, 1, 0, 0);

    // A stranger's good signature and a governor's name over another statement
    // do not count, and do not spoil the file.
    let mut file = tree(&draft.to_file());
    let canonical = draft.canonical();
    let entry = |name: &record::SecretKey, statement: &Statement<'_>| {
        let signature: String = hex_of(&name.sign(statement).0);
        json!({"key": name.public().to_string(), "signature": signature})
    };
    let list = at(&mut file, "/signatures")
        .as_array_mut()
        .expect("an array");
    list.push(entry(&key(0x77), &Statement::Charter(&canonical)));
    list.push(entry(&three, &Statement::Enrolment(&canonical)));
    let mut draft = Draft::read(file.to_string().as_bytes()).expect("the form holds");
    check(&draft, 1, 1, 1);
    draft.sign(&two).expect("a governor");
    let charter = first(&draft).expect("two of three signed");
    assert_eq!(charter.tally().strangers, [key(0x77).public().raw()]);
    assert_eq!(charter.tally().invalid, [three.public().raw()]);

    // Governor three's signature under governor two's name is nobody's.
    let mut file = tree(&draft.to_file());
    let [a, b] = [&two, &three].map(|key| entry(key, &Statement::Charter(&canonical)));
    *at(&mut file, "/signatures") = json!([
        {"key": a["key"], "signature": b["signature"]},
        {"key": b["key"], "signature": a["signature"]},
    ]);
    let draft = Draft::read(file.to_string().as_bytes()).expect("the form holds");
    check(&draft, 0, 2, 0);
    assert!(matches!(
        Draft::read(file.to_string().as_bytes())
            .expect("form")
            .sign(&key(0x77)),
        Err(DraftError::NoSuchGovernor(_))
    ));
}

fn hex_of(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

#[test]
fn layout_and_order_do_not_matter() {
    let draft = signed();
    let pretty = draft.to_file();
    // serde_json's tree sorts the members by name and drops the blanks.
    let compact = tree(&pretty).to_string();
    assert_ne!(pretty, compact);
    let charter = Charter::first(compact.as_bytes(), &draft.federation()).expect("the same");
    assert_eq!(charter.hash(), draft.hash());
    // A default that is written is another content, and means the same.
    let mut file = tree(&pretty);
    at(&mut file, "/signed")["ended_keys"] = json!([]);
    at(&mut file, "/signed")["limits"] = json!({});
    let mut explicit = Draft::read(file.to_string().as_bytes()).expect("the form holds");
    assert_ne!(explicit.hash(), draft.hash());
    for governor in governors() {
        explicit.sign(&governor).expect("a governor");
    }
    // Signing did not rewrite what was signed.
    assert!(explicit.to_file().contains("ended_keys"));
    assert_eq!(
        first(&explicit).expect("signed by all").limits(),
        charter.limits()
    );
}

#[test]
fn answers_who_is_who_and_may_what() {
    let charter = first(&signed()).expect("two of three signed");
    assert_eq!(charter.version(), 1);
    assert_eq!(charter.federation().0, charter.hash());
    assert_eq!(charter.reference().hash, charter.hash().prefix8());
    let ids: Vec<_> = charter.members().iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids, ["gacc", "lam-dong-2025", "national-authority"]);

    let (member, node, public) = charter.author(&key(0x23).public().raw()).expect("a node");
    assert_eq!(
        (member.id.as_str(), node.name.as_str()),
        ("national-authority", "b")
    );
    assert_eq!(public.raw(), key(0x23).public().raw());
    let (member, _) = charter
        .transport(&key(0x12).public().raw())
        .expect("a node");
    assert_eq!(member.id.as_str(), "lam-dong-2025");
    for (role, wrong) in [("transport", 0x24), ("governor", 0x01), ("stranger", 0x77)] {
        assert!(
            charter.author(&key(wrong).public().raw()).is_none(),
            "{role}"
        );
    }
    assert!(charter.transport(&key(0x11).public().raw()).is_none());

    let table = [
        // member, scope, reads, writes
        ("lam-dong-2025", "public", true, true),
        ("lam-dong-2025", "national", true, true),
        ("lam-dong-2025", "with-gacc", true, true),
        ("gacc", "public", true, false),
        ("gacc", "national", false, false),
        ("gacc", "with-gacc", true, true),
        ("gacc", "with-usda", false, false),
        ("nobody", "public", false, false),
    ];
    for (member, name, reads, writes) in table {
        let (member, name) = (id(member), scope(name));
        assert_eq!(
            charter.may_read(&member, &name),
            reads,
            "{member} reads {name}"
        );
        assert_eq!(
            charter.may_write(&member, &name),
            writes,
            "{member} writes {name}"
        );
    }
    let both = charter.scopes_both_read(&id("gacc"), &id("lam-dong-2025"));
    assert_eq!(both, [scope("public"), scope("with-gacc")].into());
    assert!(
        charter
            .scopes_both_read(&id("gacc"), &id("nobody"))
            .is_empty()
    );
}

#[test]
fn edits_drop_signatures_and_keep_the_rules() {
    let mut draft = signed();
    assert!(draft.tally().suffices());
    let before = draft.to_file();
    // A refused edit changes nothing.
    let reused = settings(
        "lang-son-2025",
        "Lạng Sơn",
        "Lang Son",
        MemberKind::Province,
    );
    let refused = draft.add_member(&bare_enrolment(0x22, "x"), reused.clone());
    assert!(
        matches!(refused, Err(DraftError::Refused(_))),
        "{refused:?}"
    );
    assert!(matches!(
        draft.add_member(&enrolment(), Default::default()),
        Err(DraftError::MemberThere(_))
    ));
    assert!(matches!(
        draft.add_member(&bare_enrolment(0x41, "x"), Default::default()),
        Err(DraftError::Untold("id"))
    ));
    let long = "x".repeat(60);
    let agency = settings(&long, "Dài", "Long", MemberKind::Agency);
    assert!(matches!(
        draft.add_member(&bare_enrolment(0x41, "x"), agency),
        Err(DraftError::Refused(_))
    ));
    assert!(draft.set_threshold(4).is_err());
    assert!(matches!(
        draft.add_governor(key(0x01).public(), "again"),
        Err(DraftError::GovernorThere(_))
    ));
    assert!(
        draft
            .add_governor(key(0x11).public(), "a node's key")
            .is_err()
    );
    assert!(matches!(
        draft.add_node(&id("nobody"), &bare_enrolment(0x41, "x"), false),
        Err(DraftError::NoSuchMember(_))
    ));
    assert_eq!(draft.to_file(), before);

    let edited = draft
        .add_member(&bare_enrolment(0x41, "main"), reused)
        .expect("a member");
    assert_eq!(edited.signatures_dropped, 2);
    assert!(edited.to_string().contains("2 signatures"));
    assert_eq!(draft.tally().signed, []);
    assert!(
        draft.scopes()[&scope("with-gacc")]
            .writers
            .contains(&id("lang-son-2025"))
    );
    assert!(first(&draft).is_err());

    let limits = charter::Limits {
        log_witnesses: 7,
        ..Default::default()
    };
    let edited = draft.set_limits(limits.clone()).expect("in range");
    assert_eq!(edited.signatures_dropped, 0);
    for governor in governors() {
        draft.sign(&governor).expect("a governor");
    }
    assert_eq!(*first(&draft).expect("signed").limits(), limits);
}

#[test]
fn warns_of_a_low_threshold() {
    let check = |governors: u8, threshold, warned| {
        let keys = (1..=governors).map(|n| (key(n).public(), format!("holder {n}")));
        let draft = Draft::new("x", keys, threshold).expect("good terms");
        let low = matches!(draft.warnings()[..], [Warning::LowThreshold { .. }]);
        assert_eq!(low, warned, "{threshold} of {governors}");
    };
    for (governors, threshold, warned) in [
        (1, 1, false),
        (2, 1, true),
        (2, 2, false),
        (3, 2, true),
        (3, 3, false),
        (4, 2, true),
        (4, 3, false),
        (6, 4, true),
        (7, 5, false),
    ] {
        check(governors, threshold, warned);
    }
    assert!(Draft::new("x", [], 1).is_err());
}

#[test]
fn a_thousand_members_are_read_quickly_and_found() {
    let mut draft = tree(&signed().to_file());
    let members = at(&mut draft, "/signed/members")
        .as_object_mut()
        .expect("an object");
    for n in 0..1_000_u16 {
        let seed = |role: u8| {
            let mut seed = [role; 32];
            seed[..2].copy_from_slice(&n.to_be_bytes());
            record::SecretKey::from_seed(&seed).public().to_string()
        };
        let member = json!({
            "names": {"vi": format!("Thành viên {n}"), "en": format!("Member {n}")},
            "kind": "other",
            "nodes": [{"name": "main", "author": seed(200), "transport": seed(201)}],
        });
        members.insert(format!("member-{n}"), member);
    }
    let mut draft = Draft::read(draft.to_string().as_bytes()).expect("the form holds");
    for governor in governors() {
        draft.sign(&governor).expect("a governor");
    }
    let charter = first(&draft).expect("signed");
    assert_eq!(charter.members().len(), 1_003);
    for member in charter.members() {
        for node in &member.nodes {
            let (found, ..) = charter.author(&node.author.raw()).expect("it is listed");
            assert_eq!(found.id, member.id);
        }
    }
}

#[test]
fn tells_a_charter_in_plain_words() {
    let charter = first(&signed()).expect("two of three signed");
    let text = charter.to_string();
    for part in [
        "Charter of Nguồn Việt Nam, version 1",
        &format!("hash {} (the federation's id", charter.hash()),
        "Governors: 2 of 3 must sign, 2 did",
        "Phạm Chi: not signed",
        "warning: 2 of 3 governors can sign",
        "lam-dong-2025  Tỉnh Lâm Đồng / Lam Dong province (province)",
        "code gso 68 from 2004-07-08",
        "node a (relays for others)",
        "read by    all members: gacc, lam-dong-2025, national-authority",
        "written by lam-dong-2025, national-authority",
        "log_witnesses 5 (default)",
    ] {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
    assert!(
        draft()
            .to_string()
            .contains("Governors: 2 of 3 must sign, 0 did")
    );
}
