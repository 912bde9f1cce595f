//! Headers, salted commitments and content ids.

use record::{
    AnyHeader, CharterRef, ContentId, Digest, Flags, HEADER_BYTES_MAX, Header, HeaderError, Kind,
    Salt, Sealed, Stamp,
};
use serde_json::{Value, json};

use crate::history::{CHARTER, NOW_MS};

fn event() -> Header {
    Header {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        time: Stamp::from_ms(NOW_MS),
        charter: CHARTER,
        payload_len: 612,
        commitment: Digest::of(&[b"salt and payload"]),
        subject: Vec::new(),
    }
}

pub(crate) fn headers() -> Value {
    let greatest = Header {
        kind: Kind(u16::MAX),
        flags: Flags(u16::MAX),
        time: Stamp(u64::MAX),
        charter: CharterRef {
            version: u32::MAX,
            hash: [0xff; 8],
        },
        payload_len: u32::MAX,
        commitment: Digest::from_bytes([0xff; 32]),
        subject: vec![0xff; 300],
    };
    let least = Header {
        kind: Kind(0),
        time: Stamp(0),
        charter: CharterRef {
            version: 0,
            hash: [0; 8],
        },
        payload_len: 0,
        commitment: Digest::from_bytes([0; 32]),
        ..event()
    };
    let counted = Header {
        time: Stamp(Stamp::from_ms(NOW_MS).0 + 3),
        ..event()
    };
    let unknown_kind = Header {
        kind: Kind(9),
        flags: Flags(0x0180),
        subject: b"\x83\x01\x02\x03".to_vec(),
        ..event()
    };
    json!({
        "format_1": [
            told("an event", &event()),
            told("the fourth in a millisecond", &counted),
            told("a kind and a flag of later editions", &unknown_kind),
            told("the greatest of everything", &greatest),
            told("the least of everything", &least),
        ],
        "later_formats": later_formats(),
        "refused": refused_headers(),
    })
}

fn told(name: &str, header: &Header) -> Value {
    let bytes = header.encode();
    assert_eq!(AnyHeader::decode(&bytes), Ok(AnyHeader::V1(header.clone())));
    json!({
        "name": name,
        "kind": header.kind.0,
        "flags": header.flags.0,
        "time": {"ms": header.time.ms(), "counter": header.time.0 & 0xffff},
        "charter": {"version": header.charter.version, "hash": hex::encode(header.charter.hash)},
        "payload_len": header.payload_len,
        "commitment": header.commitment.to_string(),
        "subject": hex::encode(&header.subject),
        "header": hex::encode(&bytes),
        "elided": hex::encode(header.encode_elided()),
    })
}

fn later_formats() -> Vec<Value> {
    [
        "8102",
        "9bffffffffffffffff1bffffffffffffffff",
        "82180300",
        "8202ff",
    ]
    .map(|text| {
        let bytes = hex::decode(text).expect("hexadecimal");
        match AnyHeader::decode(&bytes) {
            Ok(AnyHeader::Unknown { format }) => {
                json!({"header": text, "format": format.to_string()})
            }
            other => panic!("{text}: {other:?}"),
        }
    })
    .to_vec()
}

fn refused_headers() -> Vec<Value> {
    let bytes = event().encode();
    let refused = |name: &str, bytes: Vec<u8>| {
        let reason = match AnyHeader::decode(&bytes).expect_err(name) {
            HeaderError::TooLong(_) => "too-long",
            HeaderError::NoFormat => "no-format",
            HeaderError::Malformed(_) => "malformed",
            HeaderError::NotCanonical => "not-canonical",
        };
        json!({"name": name, "header": hex::encode(bytes), "reason": reason})
    };
    let spliced =
        |at: usize, len: usize, with: &[u8]| [&bytes[..at], with, &bytes[at + len..]].concat();
    let too_long = [vec![0x81, 0x02], vec![0; HEADER_BYTES_MAX - 1]].concat();
    assert!(AnyHeader::decode(&too_long).is_err());
    vec![
        refused("nothing", Vec::new()),
        refused("a map", spliced(0, 1, &[0xa9])),
        refused(
            "an array of indefinite length",
            [&[0x9f], &bytes[1..], &[0xff]].concat(),
        ),
        refused("format 0", spliced(1, 1, &[0])),
        refused("format -1", spliced(1, 1, &[0x20])),
        refused("format 1.0", spliced(1, 1, &[0xf9, 0x3c, 0x00])),
        refused(
            "eight elements",
            [&[0x88], &bytes[1..bytes.len() - 1]].concat(),
        ),
        refused("ten elements", [&[0x8a], &bytes[1..], &[0x40]].concat()),
        refused("a byte left over", [&bytes[..], &[0]].concat()),
        refused("cut short", bytes[..bytes.len() - 1].to_vec()),
        refused("the format in two bytes", spliced(1, 1, &[0x18, 1])),
        refused("the kind in two bytes", spliced(2, 1, &[0x18, 1])),
        refused("a kind beyond 16 bits", spliced(2, 1, &[0x1a, 0, 1, 0, 0])),
        refused("a negative kind", spliced(2, 1, &[0x20])),
        refused("a tagged kind", spliced(2, 1, &[0xc1, 1])),
        refused("the array's head in two bytes", spliced(0, 1, &[0x98, 9])),
        refused("no commitment", event().encode_elided()),
        refused(
            "a text where the subject is due",
            spliced(bytes.len() - 1, 1, &[0x60]),
        ),
        refused(
            "the subject's length in two bytes",
            spliced(bytes.len() - 1, 1, &[0x58, 0]),
        ),
    ]
}

pub(crate) fn contents() -> Vec<Value> {
    [(0x00, ""), (0x51, "{}"), (0xff, r#"{"tên":"sầu riêng"}"#)]
        .map(|(salt, payload)| {
            let sealed = Sealed {
                salt: Salt([salt; 16]),
                payload: payload.as_bytes().to_vec(),
            };
            json!({
                "salt": hex::encode(sealed.salt.0),
                "payload": hex::encode(&sealed.payload),
                "commitment": sealed.commitment().to_string(),
                "content_id": ContentId::of(&sealed.payload).to_string(),
            })
        })
        .to_vec()
}
