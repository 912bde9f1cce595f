//! The walk from nothing to a federation, by the commands alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::desk::Desk;

#[test]
fn two_governors_take_in_a_province_and_an_agency() {
    let desk = Desk::new();
    let (anna, binh) = (desk.governor("anna"), desk.governor("binh"));
    desk.nguon(
        "init --dir lam-dong --member-id lam-dong --kind province --name-vi Tỉnh_Lâm_Đồng \
         --name-en Lâm_Đồng_province --address /ip4/192.0.2.1/udp/4001/quic-v1 \
         /ip4/192.0.2.1/tcp/4001 --public-url https://nguon.lamdong.example",
    )
    .exits(0);
    let told = desk.nguon("init --dir gacc --http 127.0.0.1:8791").exits(0);
    assert!(told.contains("nguon join charter.json"), "{told}");

    let told = desk
        .nguon(&format!(
            "charter new --name Sầu_riêng --governor {anna}=Anna --governor {binh}=Bình \
             --threshold 2 --out charter.json --issued 2026-10-01"
        ))
        .exits(0);
    assert!(told.contains("2 of 2 must sign, 0 did"), "{told}");
    let told = desk
        .nguon(
            "member add lam-dong/enrolment.json --charter charter.json --alias gso:68@2025-07-01",
        )
        .exits(0);
    assert!(told.contains("national, public"), "{told}");
    desk.nguon("charter sign charter.json --key anna.key --yes")
        .exits(0);

    let told = desk
        .nguon(
            "member add gacc/enrolment.json --charter charter.json --id gacc --kind agency \
             --name-vi Hải_quan_Trung_Quốc --name-en China_Customs",
        )
        .exits(0);
    assert!(
        told.contains("1 signature was for the former content"),
        "{told}"
    );
    assert!(told.contains("public, with-gacc"), "{told}");

    let told = desk
        .nguon("charter sign charter.json --key anna.key --yes")
        .exits(0);
    assert!(told.contains("1 of 2 signatures are there"), "{told}");
    let hash = desk.text("charter show charter.json", "hash");
    let join = format!("join charter.json --federation {hash} --dir lam-dong");
    let told = desk.nguon(&join).exits(1);
    assert!(told.contains("1 of at least 2 governors signed"), "{told}");

    let told = desk
        .nguon("charter sign charter.json --key binh.key --yes")
        .exits(0);
    assert!(told.contains("Enough governors signed"), "{told}");
    let shown = desk.nguon("charter show charter.json --json").json();
    assert_eq!(shown["complete"], true);
    assert_eq!(shown["hash"], *hash);
    assert_eq!(shown["members"][1]["aliases"][0]["from"], "2025-07-01");
    assert_eq!(shown["scopes"]["with-gacc"]["readers"][0], "gacc");

    let told = desk.nguon(&join).exits(0);
    assert!(
        told.contains("is now pinned") && told.contains("national, public, with-gacc"),
        "{told}"
    );
    assert!(desk.nguon(&join).exits(0).contains("is pinned already"));
    let stored = format!("join lam-dong/charter.json --federation {hash} --dir lam-dong");
    desk.nguon(&stored).exits(0);
    let joined = desk
        .nguon(&format!(
            "join charter.json --federation {hash} --dir gacc --json"
        ))
        .json();
    assert_eq!(joined["member"], "gacc");
    assert_eq!(joined["again"], false);
}

#[test]
fn a_node_is_made_once() {
    let desk = Desk::new();
    desk.nguon("init --dir node").exits(0);
    let author = fs::read(desk.path("node/author.key")).expect("a key");
    let told = desk.nguon("init --dir node").exits(1);
    assert!(told.contains("never replaced"), "{told}");
    assert_eq!(
        fs::read(desk.path("node/author.key")).expect("a key"),
        author
    );
    for file in ["author.key", "transport.key"] {
        let metadata = fs::metadata(desk.path("node").join(file)).expect("a key");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
    }
    desk.governor("anna");
    let told = desk
        .nguon("charter keygen --out anna.key --holder Anna")
        .exits(1);
    assert!(told.contains("anna.key exists already"), "{told}");
}

#[test]
fn a_node_joins_only_the_charter_that_was_meant() {
    let desk = Desk::new();
    let hash = desk.federation();
    let other = hash.replace(|c: char| c.is_ascii_digit(), "0");
    let told = desk
        .nguon(&format!(
            "join charter.json --federation {other} --dir lam-dong"
        ))
        .exits(1);
    assert!(told.contains(&hash) && told.contains(&other), "{told}");
    let told = desk
        .nguon("join charter.json --federation 12ab --dir lam-dong")
        .exits(2);
    assert!(told.contains("64 lowercase hexadecimal digits"), "{told}");

    desk.nguon("init --dir stranger").exits(0);
    let told = desk
        .nguon(&format!(
            "join charter.json --federation {hash} --dir stranger"
        ))
        .exits(1);
    assert!(
        told.contains("lists no node with this node's author key"),
        "{told}"
    );
    assert!(!desk.path("stranger/federation").exists());

    desk.nguon(&format!(
        "join charter.json --federation {hash} --dir lam-dong"
    ))
    .exits(0);
    let second = Desk::new();
    let elsewhere = second.federation();
    let charter = second.path("charter.json");
    let told = desk
        .nguon(&format!(
            "join {} --federation {elsewhere} --dir lam-dong",
            charter.display()
        ))
        .exits(1);
    assert!(told.contains("can belong to no other"), "{told}");
}

#[test]
fn a_changed_charter_is_refused() {
    let desk = Desk::new();
    let hash = desk.federation();
    let path = desk.path("charter.json");
    let text = fs::read_to_string(&path).expect("the charter");
    fs::write(&path, text.replace("tcp/4001", "tcp/4002")).expect("a change");
    let told = desk
        .nguon(&format!(
            "join charter.json --federation {hash} --dir lam-dong"
        ))
        .exits(1);
    assert!(told.contains("the charter's hash is"), "{told}");
    let told = desk.nguon("charter show charter.json").exits(0);
    assert!(told.contains("DOES NOT HOLD"), "{told}");
}

#[test]
fn a_changed_request_is_refused() {
    let desk = Desk::new();
    desk.federation();
    desk.nguon("init --dir gacc --member-id gacc --kind agency --name-vi a --name-en b")
        .exits(0);
    let path = desk.path("gacc/enrolment.json");
    let text = fs::read_to_string(&path).expect("the request");
    fs::write(&path, text.replace("agency", "province")).expect("a change");
    let told = desk
        .nguon("member add gacc/enrolment.json --charter charter.json")
        .exits(1);
    assert!(
        told.contains("the author key's proof does not hold"),
        "{told}"
    );
    let told = desk
        .nguon("member add lam-dong/enrolment.json --charter charter.json")
        .exits(1);
    assert!(told.contains("lists the member lam-dong already"), "{told}");
}

#[test]
fn a_key_open_to_others_is_not_used() {
    let desk = Desk::new();
    let hash = desk.federation();
    let key = desk.path("lam-dong/author.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("chmod");
    let join = format!("join charter.json --federation {hash} --dir lam-dong");
    let told = desk.nguon(&join).exits(1);
    assert!(told.contains("chmod 600 lam-dong/author.key"), "{told}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("chmod");
    desk.nguon(&join).exits(0);

    fs::set_permissions(desk.path("anna.key"), fs::Permissions::from_mode(0o604)).expect("chmod");
    let told = desk
        .nguon("charter sign charter.json --key anna.key --yes")
        .exits(1);
    assert!(told.contains("chmod 600 anna.key"), "{told}");
}

#[test]
fn only_a_governor_signs_and_only_when_told_to() {
    let desk = Desk::new();
    desk.federation();
    desk.governor("mallory");
    let told = desk
        .nguon("charter sign charter.json --key mallory.key --yes")
        .exits(1);
    assert!(told.contains("no governor's key of this charter"), "{told}");
    let told = desk
        .nguon("charter sign charter.json --key lam-dong/author.key --yes")
        .exits(1);
    assert!(
        told.contains("the key for another role, \"author\""),
        "{told}"
    );
    let told = desk
        .nguon("charter sign charter.json --key anna.key")
        .exits(1);
    assert!(
        told.contains("Lâm Đồng") && told.contains("add --yes"),
        "{told}"
    );
}

#[test]
fn errors_are_json_for_programs() {
    let desk = Desk::new();
    let ran = desk.nguon("charter show absent.json --json");
    assert_eq!(ran.code, Some(1));
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).expect("JSON");
    assert_eq!(error["error"], "cannot read absent.json");
    assert_eq!(error["causes"].as_array().map(Vec::len), Some(1));
}
