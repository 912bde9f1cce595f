//! `nguon gs1` as people run it.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::desk::Desk;

/// Runs `nguon` with text on standard input and gives its code and output.
fn piped(desk: &Desk, line: &str, input: &str) -> (Option<i32>, String, String) {
    let arguments: Vec<String> = line.split_whitespace().map(String::from).collect();
    let mut child = desk
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("nguon starts");
    let mut stdin = child.stdin.take().expect("it has standard input");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("it writes text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn translations_are_one_a_line() {
    let desk = Desk::new();
    for (line, result) in [
        (
            "gs1 translate urn:epc:id:sgtin:8938505123.045.1",
            "https://id.gs1.org/01/08938505123455/21/1\n",
        ),
        (
            "gs1 translate https://vuon.example.vn/gtin/8938505123455/lot/L%2F7?17=261123",
            "urn:epc:class:lgtin:8938505123.045.L%2F7\n",
        ),
        (
            "gs1 translate --to element-string https://id.gs1.org/01/08938505123455/10/L7?17=261123",
            "(01)08938505123455(10)L7(17)261123\n",
        ),
        (
            "gs1 translate --to dl 8938505123455 389385051234000001",
            "https://id.gs1.org/01/08938505123455\nhttps://id.gs1.org/00/389385051234000001\n",
        ),
    ] {
        let ran = desk.nguon(line);
        assert_eq!((ran.code, &*ran.stdout), (Some(0), result), "{ran:?}");
    }
    let lines = "(01)08938505123455(21)1\n\nurn:epc:id:sgtin:8938505123.045.2\r\nnothing\n";
    let (code, stdout, stderr) = piped(&desk, "gs1 translate --to dl", lines);
    assert_eq!(code, Some(1));
    let links =
        "https://id.gs1.org/01/08938505123455/21/1\nhttps://id.gs1.org/01/08938505123455/21/2\n";
    assert_eq!(stdout, links);
    assert!(
        stderr.contains("\"nothing\" is no valid identifier"),
        "{stderr}"
    );
}

#[test]
fn programs_get_an_array() {
    let desk = Desk::new();
    let line = "gs1 translate --json (01)08938505123455(21)1 (01)08938505123454";
    let ran = desk.nguon(line);
    assert_eq!((ran.code, &*ran.stderr), (Some(1), ""), "{ran:?}");
    let array: Value = serde_json::from_str(&ran.stdout).expect("one array");
    assert_eq!(
        array[0]["result"],
        "https://id.gs1.org/01/08938505123455/21/1"
    );
    assert_eq!(array[1]["offset"], 17);
    let (code, stdout, _) = piped(&desk, "gs1 parse --json", "8938505123455\n");
    assert_eq!(code, Some(0));
    let array: Value = serde_json::from_str(&stdout).expect("one array");
    assert_eq!(array[0]["kind"], "GTIN");
    assert_eq!(array[0]["companyPrefix"], "8938505123");
}

#[test]
fn explanations_name_every_part() {
    let told = Desk::new()
        .nguon("gs1 parse (01)08938505123455(10)L7(17)261123")
        .exits(0);
    for words in [
        "LGTIN",
        "BATCH/LOT",
        "USE BY or EXPIRY",
        "(check 5)",
        "company prefix",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_table_of_ones_own() {
    let desk = Desk::new();
    let table = r#"{"GCPPrefixFormatList":{"entry":[{"prefix":"893","gcpLength":7}]}}"#;
    std::fs::write(desk.path("prefixes.json"), table).expect("the table is written");
    let line = "gs1 translate --prefixes prefixes.json --to urn (01)08938505123455(21)1";
    assert_eq!(
        desk.nguon(line).exits(0),
        "urn:epc:id:sgtin:8938505.012345.1\n"
    );
    let told = desk
        .nguon("gs1 translate --prefixes prefixes.json --to urn (01)04012345111118(21)1")
        .exits(1);
    assert!(
        told.contains("no company prefix is known for 401234511111"),
        "{told}"
    );
    std::fs::write(desk.path("prefixes.json"), "{}").expect("the table is written");
    let told = desk.nguon(line).exits(1);
    assert!(told.contains("cannot use prefixes.json"), "{told}");
}
