//! Every refusal of a charter file, with its exact place and reason.

mod common;

use charter::{Charter, CharterError, Draft};
use common::{at, key, signed, tree};
use record::FederationId;
use serde_json::{Value, json};

/// Spoils the signed file and expects one refusal.
fn refuses(spoil: impl FnOnce(&mut Value), reason: &str, path: &str) {
    let mut file = tree(&signed().to_file());
    spoil(&mut file);
    refuses_text(&file.to_string(), reason, path);
}

fn refuses_text(file: &str, reason: &str, path: &str) {
    let error = Charter::first(file.as_bytes(), &signed().federation())
        .expect_err("a spoilt file is refused");
    assert_eq!(error.reason(), reason, "{error}");
    match &error {
        CharterError::Form(form) => assert_eq!(form.path, path, "{error}"),
        _ => assert_eq!(path, "", "{error}"),
    }
    // A draft keeps the same form and rules.
    if matches!(error, CharterError::Form(_)) {
        let draft = Draft::read(file.as_bytes()).expect_err("a draft has the same form");
        assert_eq!(draft.to_string(), error.to_string());
    }
}

/// Sets a member of an object.
fn set(pointer: &'static str, name: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |file| {
        at(file, pointer)[name] = value;
    }
}

fn remove(pointer: &'static str, name: &'static str) -> impl FnOnce(&mut Value) {
    move |file| {
        let object = at(file, pointer).as_object_mut().expect("an object");
        object.remove(name).expect("it was there");
    }
}

const NODE: &str = "/signed/members/lam-dong-2025/nodes/0";
const MEMBER: &str = "/signed/members/lam-dong-2025";

#[test]
fn refuses_another_shape() {
    let shape = [("signed", "/signed"), ("signatures", "/signatures")];
    for (name, pointer) in shape {
        refuses(remove("", name), "missing", name);
        refuses(|file| *at(file, pointer) = json!(1), "wrong-type", name);
    }
    refuses(|file| *file = json!([]), "wrong-type", "the file");
    refuses(set("", "comment", json!("x")), "unknown-member", "comment");
    refuses_text("{", "not-json", "");
    refuses_text(&" ".repeat(charter::FILE_BYTES_MAX + 1), "too-large", "");
}

#[test]
fn refuses_missing_and_unknown_members() {
    for name in [
        "format",
        "version",
        "federation_name",
        "governors",
        "members",
        "scopes",
    ] {
        refuses(
            remove("/signed", name),
            "missing",
            &format!("signed.{name}"),
        );
    }
    refuses(
        remove("/signed/governors", "keys"),
        "missing",
        "signed.governors.keys",
    );
    for name in ["names", "kind"] {
        let path = format!("signed.members.lam-dong-2025.{name}");
        refuses(remove(MEMBER, name), "missing", &path);
    }
    for name in ["name", "author", "transport"] {
        let path = format!("signed.members.lam-dong-2025.nodes[0].{name}");
        refuses(remove(NODE, name), "missing", &path);
    }
    for (pointer, path) in [
        ("/signed", "signed"),
        ("/signed/governors", "signed.governors"),
        (MEMBER, "signed.members.lam-dong-2025"),
        (
            "/signed/members/lam-dong-2025/names",
            "signed.members.lam-dong-2025.names",
        ),
        (NODE, "signed.members.lam-dong-2025.nodes[0]"),
        (
            "/signed/members/lam-dong-2025/aliases/0",
            "signed.members.lam-dong-2025.aliases[0]",
        ),
        ("/signed/scopes/public", "signed.scopes.public"),
        ("/signatures/0", "signatures[0]"),
    ] {
        refuses(
            set(pointer, "colour", json!("red")),
            "unknown-member",
            &format!("{path}.colour"),
        );
    }
    refuses(
        set("/signed", "limits", json!({"bytes": 1})),
        "unknown-member",
        "signed.limits.bytes",
    );
    refuses(
        set("/signed", "x y", json!(1)),
        "unknown-member",
        "signed.\"x y\"",
    );
}

#[test]
fn refuses_repeated_members_and_numbers_that_are_not_whole() {
    let file = signed().to_file();
    let replace = |from: &str, to: &str| {
        assert!(file.contains(from), "{from}");
        file.replacen(from, to, 1)
    };
    refuses_text(
        &replace("\"format\": 1,", "\"format\": 1, \"format\": 1,"),
        "repeated-member",
        "signed.format",
    );
    refuses_text(
        &replace(
            "\"public\": {",
            "\"public\": {\"readers\": [], \"writers\": []}, \"public\": {",
        ),
        "repeated-member",
        "signed.scopes.public",
    );
    for number in ["2.0", "2e0", "-0", "9007199254740993", "1e400"] {
        let file = replace("\"threshold\": 2", &format!("\"threshold\": {number}"));
        if number == "1e400" {
            refuses_text(&file, "not-json", "");
        } else {
            refuses_text(&file, "not-an-integer", "signed.governors.threshold");
        }
    }
}

#[test]
fn refuses_what_later_builds_may_know() {
    let later = |name: &'static str, value: Value, path: &str| {
        refuses(set("/signed", name, value), "not-known-here", path);
    };
    later("format", json!(2), "signed.format");
    later("schema_floor", json!(2), "signed.schema_floor");
    later("ended_keys", json!([{}]), "signed.ended_keys[0]");
    later("successions", json!([{}]), "signed.successions[0]");
    later("siblings", json!(["x"]), "signed.siblings[0]");
    later(
        "disclosure_policies",
        json!([1]),
        "signed.disclosure_policies[0]",
    );
    later(
        "position_lists",
        json!({"public": {}}),
        "signed.position_lists.public",
    );

    let mut file = tree(&signed().to_file());
    at(&mut file, "/signed")["format"] = json!(2);
    let error = Draft::read(file.to_string().as_bytes()).expect_err("another format");
    assert!(error.may_be_known_later());
    assert_eq!(
        error.to_string(),
        "signed.format: this build does not know format 2: a later one may"
    );
}

#[test]
fn refuses_unfit_texts_names_and_keys() {
    let text = |pointer, name, value: &str, reason: &str, path: &str| {
        refuses(set(pointer, name, json!(value)), reason, path);
    };
    let long = "x".repeat(201);
    for bad in ["", " x", "x\n", "a\u{202e}b", &long] {
        text(
            "/signed",
            "federation_name",
            bad,
            "bad-text",
            "signed.federation_name",
        );
    }
    text(
        "/signed",
        "issued",
        "1 October",
        "bad-text",
        "signed.issued",
    );
    let member = "signed.members.lam-dong-2025";
    text(
        MEMBER,
        "kind",
        "city",
        "bad-text",
        &format!("{member}.kind"),
    );
    for bad in ["ftp://x", "https://", "https://a b"] {
        text(
            MEMBER,
            "public_url",
            bad,
            "bad-text",
            &format!("{member}.public_url"),
        );
    }
    text(
        NODE,
        "name",
        "Main",
        "bad-name",
        &format!("{member}.nodes[0].name"),
    );
    text(
        NODE,
        "author",
        "00",
        "bad-key",
        &format!("{member}.nodes[0].author"),
    );
    // The neutral element: of small order.
    let weak = format!("01{}", "00".repeat(31));
    text(
        NODE,
        "transport",
        &weak,
        "bad-key",
        &format!("{member}.nodes[0].transport"),
    );
    let upper = key(0x11).public().to_string().to_uppercase();
    text(
        NODE,
        "author",
        &upper,
        "bad-key",
        &format!("{member}.nodes[0].author"),
    );
    for bad in ["", "192.0.2.1:4001", "/", "/ip4/ 1"] {
        let path = format!("{member}.nodes[0].addresses[0]");
        refuses(set(NODE, "addresses", json!([bad])), "bad-text", &path);
    }
    let path = format!("{member}.nodes[0].addresses[1]");
    refuses(
        set(NODE, "addresses", json!(["/a", "/a"])),
        "listed-twice",
        &path,
    );
    let many: Vec<String> = (0..17).map(|i| format!("/{i}")).collect();
    let path = format!("{member}.nodes[0].addresses");
    refuses(set(NODE, "addresses", json!(many)), "too-many", &path);
}

#[test]
fn refuses_unfit_codes_and_member_names() {
    let member = "signed.members.lam-dong-2025";
    let alias = "/signed/members/lam-dong-2025/aliases/0";
    let text = |name, value: &str, reason: &str, path: &str| {
        refuses(set(alias, name, json!(value)), reason, path);
    };
    text(
        "from",
        "2025-02-30",
        "bad-text",
        &format!("{member}.aliases[0].from"),
    );
    text(
        "until",
        "2004-07-08",
        "date-order",
        &format!("{member}.aliases[0].until"),
    );
    refuses(
        set("/signed/members", "Lâm Đồng", json!({})),
        "bad-name",
        "signed.members.\"Lâm Đồng\"",
    );
    refuses(
        set("/signed/groups", "-a", json!([])),
        "bad-name",
        "signed.groups.-a",
    );
    refuses(
        set("/signed/governors/keys", "ab", json!("x")),
        "bad-key",
        "signed.governors.keys.ab",
    );
    refuses(
        set("/signatures/0", "signature", json!("ab")),
        "bad-text",
        "signatures[0].signature",
    );
}

#[test]
fn refuses_parts_that_do_not_agree() {
    let threshold = |value: Value, reason: &str| {
        let spoil = set("/signed/governors", "threshold", value);
        refuses(spoil, reason, "signed.governors.threshold");
    };
    threshold(json!(0), "out-of-range");
    threshold(json!(-1), "out-of-range");
    threshold(json!(4), "bad-threshold");
    threshold(json!("2"), "wrong-type");
    refuses(
        set("/signed", "version", json!(0)),
        "out-of-range",
        "signed.version",
    );
    refuses(
        set("/signed", "limits", json!({"log_witnesses": 101})),
        "out-of-range",
        "signed.limits.log_witnesses",
    );
    for name in ["federation", "previous"] {
        let hash = json!("00".repeat(32));
        refuses(
            set("/signed", name, hash),
            "misplaced",
            &format!("signed.{name}"),
        );
        let path = if name == "federation" {
            "signed.previous"
        } else {
            "signed.federation"
        };
        let later = move |file: &mut Value| {
            at(file, "/signed")["version"] = json!(2);
            at(file, "/signed")[name] = json!("00".repeat(32));
        };
        refuses(later, "missing", path);
    }

    let nodes = "signed.members.national-authority.nodes";
    let authority = "/signed/members/national-authority/nodes/1";
    let reuse = |byte: u8, role: &'static str| {
        let spoil = set(authority, role, json!(key(byte).public().to_string()));
        refuses(spoil, "key-reused", &format!("{nodes}[1].{role}"));
    };
    reuse(0x01, "author");
    reuse(0x02, "transport");
    reuse(0x11, "author");
    reuse(0x12, "author");
    reuse(0x21, "transport");
    reuse(0x23, "transport");
    refuses(
        set(authority, "name", json!("a")),
        "listed-twice",
        &format!("{nodes}[1].name"),
    );

    let alias = json!([{"scheme": "gso", "code": "68", "from": "2025-07-01"}]);
    refuses(
        set("/signed/members/national-authority", "aliases", alias),
        "alias-overlap",
        "signed.members.national-authority.aliases[0]",
    );
}

#[test]
fn refuses_scopes_that_lead_nowhere() {
    let readers = |value: Value| set("/signed/scopes/national", "readers", value);
    let path = "signed.scopes.national.readers";
    refuses(
        readers(json!(["nobody"])),
        "no-such-member",
        &format!("{path}[0]"),
    );
    refuses(
        readers(json!(["gacc", "group:none"])),
        "no-such-group",
        &format!("{path}[1]"),
    );
    refuses(
        readers(json!(["gacc", "gacc"])),
        "listed-twice",
        &format!("{path}[1]"),
    );
    refuses(
        readers(json!(["group:A"])),
        "bad-name",
        &format!("{path}[0]"),
    );
    refuses(
        readers(json!(["gacc"])),
        "writer-cannot-read",
        "signed.scopes.national.writers[0]",
    );
    refuses(
        remove("/signed/scopes", "public"),
        "no-public-scope",
        "signed.scopes",
    );
    refuses(
        set(
            "/signed/groups",
            "domestic",
            json!(["lam-dong-2025", "nobody"]),
        ),
        "no-such-member",
        "signed.groups.domestic[1]",
    );
    let empty = json!({"readers": [], "writers": []});
    refuses(
        set("/signed/scopes", "with-usda", empty.clone()),
        "no-such-member",
        "signed.scopes.with-usda",
    );
    refuses(
        set("/signed/scopes", "with-", empty),
        "bad-name",
        "signed.scopes.with-",
    );
    refuses(
        set(
            "/signed/scopes",
            "with-gacc",
            json!({"readers": [], "writers": []}),
        ),
        "partner-cannot-read",
        "signed.scopes.with-gacc.readers",
    );
}

#[test]
fn refuses_later_versions_other_federations_and_repeated_signers() {
    let later = |file: &mut Value| {
        let signed = at(file, "/signed");
        signed["version"] = json!(2);
        signed["federation"] = json!("11".repeat(32));
        signed["previous"] = json!("22".repeat(32));
    };
    refuses(later, "not-the-first", "");
    let twice = |file: &mut Value| {
        let list = at(file, "/signatures").as_array_mut().expect("an array");
        list.push(list[0].clone());
    };
    refuses(twice, "listed-twice", "signatures[2].key");

    let pin: FederationId = "00".repeat(32).parse().expect("a digest");
    let error = Charter::first(signed().to_file().as_bytes(), &pin).expect_err("another pin");
    assert_eq!(error.reason(), "other-federation");
}
