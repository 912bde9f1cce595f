//! What a document of 5 MiB takes beside one of 1 MiB: less than eight times as
//! long, whatever its shape. A machine's clock proves little, so the shortest of
//! several readings count, and there are more of them before anything fails.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use epcis::{CbvForm, Contexts, Document, HashVersion, to_json, to_xml};

const MEBIBYTE: usize = 1 << 20;

/// The most that five times the length may take.
const FACTOR_MAX: u32 = 8;
/// What takes less is refused at its beginning, and has no growth to measure.
const AT_ONCE: Duration = Duration::from_millis(20);
/// How often both are read before it is believed that they take longer.
const READINGS_MAX: usize = 20;

/// A JSON-LD document of at least this many bytes: a place with many children,
/// and events of many objects each.
fn document(bytes: usize) -> String {
    let mut text = r#"{"@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        {"vuon": "https://vuon.example.vn/tu-vung/"}],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2025-07-14T06:00:00Z",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [
        {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": ["#
        .to_owned();
    let mut place = 0;
    while text.len() < bytes / 4 {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"id": "urn:epc:id:sgln:8938505.00001.{place}", "attributes": [
            {{"id": "cbvmda:name", "attribute": "Vườn {place}"}}],
            "children": ["vuon:lo-{place}-1", "vuon:lo-{place}-2"]}}"#
        );
        place += 1;
    }
    text.push_str(r#"]}]}}, "epcisBody": {"eventList": ["#);
    let mut event = 0;
    while text.len() < bytes {
        let comma = if event == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"type": "ObjectEvent", "action": "ADD", "eventID": "urn:uuid:{event}",
            "eventTime": "2025-07-14T05:40:00.000+07:00", "eventTimeZoneOffset": "+07:00",
            "bizStep": "commissioning", "ilmd": {{"vuon:lo": {{"giong": "Ri6", "so": {event}}}}},
            "epcList": ["urn:epc:id:sgtin:8938505.012345.{event}""#
        );
        for serial in 0..200 {
            let _ = write!(
                text,
                r#","urn:epc:id:sgtin:8938505.012345.{event}-{serial}""#
            );
        }
        text.push_str("]}");
        event += 1;
    }
    text.push_str("]}}");
    text
}

/// A JSON-LD document of one event with these members besides its own.
fn json(members: &str) -> String {
    format!(
        r#"{{"@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        {{"e": "https://e.vn/"}}], "type": "ObjectEvent", "action": "OBSERVE",
        "eventTime": "2025-07-14T05:40:00.000+07:00", "eventTimeZoneOffset": "+07:00",
        "epcList": ["urn:epc:id:sscc:8938505.0000000001"]{members}}}"#
    )
}

/// An XML document of these events.
fn xml(events: &str) -> String {
    format!(
        r#"<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:e="https://e.vn/"
        schemaVersion="2.0" creationDate="2025-07-14T05:40:00+07:00">
        <EPCISBody><EventList>{events}</EventList></EPCISBody></epcis:EPCISDocument>"#
    )
}

/// An event in XML with these elements besides its own.
fn xml_event(extra: &str) -> String {
    format!(
        "<ObjectEvent><eventTime>2025-07-14T05:40:00+07:00</eventTime>\
         <eventTimeZoneOffset>+07:00</eventTimeZoneOffset>\
         <epcList><epc>urn:epc:id:sscc:8938505.0000000001</epc></epcList>\
         <action>OBSERVE</action>{extra}</ObjectEvent>"
    )
}

/// Repeats pieces, told apart by their number, up to a length.
fn many(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 64);
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&piece(number));
    }
    text
}

/// Reads both lengths until the larger one took little enough.
#[track_caller]
#[allow(clippy::print_stdout, reason = "the figure is worth reading")]
fn check(name: &str, shape: impl Fn(usize) -> String, read: impl Fn(&[u8])) {
    let time = |text: &str| {
        let begun = Instant::now();
        read(text.as_bytes());
        begun.elapsed()
    };
    let (small, large) = (shape(MEBIBYTE), shape(5 * MEBIBYTE));
    let (mut one, mut five) = (Duration::MAX, Duration::MAX);
    for _ in 0..READINGS_MAX {
        one = one.min(time(&small));
        five = five.min(time(&large));
        if five < AT_ONCE || five < one * FACTOR_MAX {
            let factor = five.as_secs_f64() / one.as_secs_f64();
            return println!("growth: {name}: {one:?} and {five:?}, {factor:.1} times");
        }
    }
    panic!("{name}: {one:?} for 1 MiB, {five:?} for 5 MiB");
}

fn read_any(bytes: &[u8]) {
    let _ = Document::parse_any(bytes, &Contexts::new());
}

#[test]
fn json_takes_its_share() {
    let sound = |bytes: &[u8]| {
        let read = Document::parse(bytes, &Contexts::new());
        let document = read.unwrap_or_else(|problems| panic!("{}", problems[0]));
        assert!(!document.events.is_empty() && !document.master_data.is_empty());
    };
    check("json, events", document, sound);
    check("json, to XML", document, |bytes| {
        to_xml(bytes, &Contexts::new(), CbvForm::Urn).expect("sound");
    });
    check("json, hash", document, |bytes| {
        let document = Document::parse(bytes, &Contexts::new()).expect("sound");
        assert!(document.hash_ids(HashVersion::Cbv20).all(|id| id.is_some()));
    });
    let members = |bytes| json(&many(bytes, |n| format!(r#","e:a{n}":{n}"#)));
    check("json, members", members, read_any);
    let same = |bytes| json(&many(bytes, |_| r#","e:a":1"#.to_owned()));
    check("json, one member", same, read_any);
    let wrong = |bytes| json(&many(bytes, |n| format!(r#","khac{n}":1"#)));
    check("json, wrong", wrong, read_any);
    let items = |bytes| {
        json(&format!(
            r#","e:a":[0{}]"#,
            many(bytes, |_| ",1".to_owned())
        ))
    };
    check("json, items", items, read_any);
    let escapes = |bytes| {
        let text = many(bytes, |_| r"\u1ed9".to_owned());
        json(&format!(r#","e:a":"{text}""#))
    };
    check("json, escapes", escapes, read_any);
    let deep = |bytes| json(&format!(r#","e:a":{}"#, many(bytes, |_| "[".to_owned())));
    check("json, deep", deep, read_any);
}

#[test]
fn xml_takes_its_share() {
    let events = |bytes| xml(&many(bytes, |_| xml_event("<e:a>1</e:a>")));
    check("xml, events", events, read_any);
    check("xml, to JSON", events, |bytes| {
        to_json(bytes, &Contexts::new()).expect("sound");
    });
    let members = |bytes| xml(&xml_event(&many(bytes, |n| format!("<e:a{n}/>"))));
    check("xml, members", members, read_any);
    let siblings = |bytes| xml(&xml_event(&many(bytes, |_| "<e:a/>".to_owned())));
    check("xml, siblings", siblings, read_any);
    let namespaces = |bytes| {
        let piece = |n| format!("<x:a xmlns:x='urn:{n}:'/>");
        xml(&xml_event(&many(bytes, piece)))
    };
    check("xml, namespaces", namespaces, read_any);
    let wrong = |bytes| xml(&xml_event(&many(bytes, |_| "<khac/>".to_owned())));
    check("xml, wrong", wrong, read_any);
    let references = |bytes| {
        let text = many(bytes, |_| "&lt;".to_owned());
        xml(&xml_event(&format!("<e:a>{text}</e:a>")))
    };
    check("xml, references", references, read_any);
    let deep = |bytes| xml(&many(bytes, |_| "<e:a>".to_owned()));
    check("xml, deep", deep, read_any);
}
