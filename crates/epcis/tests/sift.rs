//! Documents whose events are judged one by one.

use epcis::{Contexts, Document, PROBLEMS_MAX, Reason};

const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

fn event(serial: usize, more: &str) -> String {
    format!(
        r#"{{"type":"ObjectEvent","eventTime":"2026-10-12T07:00:00+07:00","eventTimeZoneOffset":"+07:00",
        "epcList":["urn:epc:id:sgtin:8934999.900101.{serial}"],"action":"ADD"{more}}}"#
    )
}

fn document(events: &[String], frame: &str) -> String {
    let events = events.join(",");
    format!(
        r#"{{"@context":"{CONTEXT}","type":"EPCISDocument","schemaVersion":"2.0",
        "creationDate":"2026-10-12T08:00:00+07:00"{frame},"epcisBody":{{"eventList":[{events}]}}}}"#
    )
}

#[test]
fn sound_events_are_kept_beside_others() {
    let events = [
        event(0, ""),
        event(1, r#","bizStep":"comissioning""#),
        event(2, r#","ns:a":9007199254740993"#),
        event(3, r#","ilmd":{},"ilmd":{}"#),
        event(4, ""),
        "7".to_owned(),
    ];
    let text = document(&events, "");
    let sifted = Document::sift(text.as_bytes(), &Contexts::new()).expect("some are sound");
    let places: Vec<usize> = sifted.events.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 4]);
    assert_eq!(sifted.count, 6);
    let told: Vec<_> = sifted
        .problems
        .iter()
        .map(|problem| problem.event)
        .collect();
    for wrong in [1, 2, 3, 5] {
        assert!(
            told.contains(&Some(wrong)),
            "{wrong}: {:?}",
            sifted.problems
        );
    }
    let strict = Document::parse(text.as_bytes(), &Contexts::new()).expect_err("wrong");
    assert_eq!(strict, sifted.problems);
}

#[test]
fn a_sound_document_is_sifted_as_it_is_parsed() {
    let text = document(&[event(0, ""), event(1, "")], "");
    let parsed = Document::parse(text.as_bytes(), &Contexts::new()).expect("sound");
    let sifted = Document::sift(text.as_bytes(), &Contexts::new()).expect("sound");
    assert!(sifted.problems.is_empty());
    let events: Vec<_> = sifted.events.into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, parsed.events);
}

#[test]
fn what_is_wrong_around_the_events_refuses_all() {
    let events = [event(0, "")];
    for frame in [
        r#","unknown":1"#,
        r#","creationDate":"x""#,
        r#","sender":9007199254740993"#,
    ] {
        let text = document(&events, frame);
        let refused = Document::sift(text.as_bytes(), &Contexts::new()).expect_err("wrong");
        assert!(
            refused.iter().any(|problem| problem.event.is_none()),
            "{frame}"
        );
    }
    let cut = &document(&events, "")[..300];
    let refused = Document::sift(cut.as_bytes(), &Contexts::new()).expect_err("cut off");
    assert_eq!(refused[0].reason, Reason::Syntax);
}

#[test]
fn more_wrong_events_than_are_told_keep_none_that_is_wrong() {
    let wrong = r#","bizStep":"comissioning""#;
    let events: Vec<_> = (0..3_000)
        .map(|serial| event(serial, if serial % 2 == 0 { wrong } else { "" }))
        .collect();
    let text = document(&events, "");
    let sifted = Document::sift(text.as_bytes(), &Contexts::new()).expect("half are sound");
    assert_eq!(sifted.events.len(), 1_500);
    assert!(sifted.events.iter().all(|(place, _)| place % 2 == 1));
    assert_eq!(sifted.problems.len(), epcis::SIFTED_PROBLEMS_MAX);
    let strict = Document::parse(text.as_bytes(), &Contexts::new()).expect_err("wrong");
    assert_eq!(strict.len(), PROBLEMS_MAX);
}

#[test]
fn xml_is_sifted_as_well() {
    let events: String = (0..4)
        .map(|serial| {
            let step = if serial == 2 {
                "urn:epcglobal:cbv:bizstep:comissioning"
            } else {
                "urn:epcglobal:cbv:bizstep:commissioning"
            };
            format!(
                "<ObjectEvent><eventTime>2026-10-12T07:00:00+07:00</eventTime>\
                 <eventTimeZoneOffset>+07:00</eventTimeZoneOffset><epcList>\
                 <epc>urn:epc:id:sgtin:8934999.900101.{serial}</epc></epcList>\
                 <action>ADD</action><bizStep>{step}</bizStep></ObjectEvent>\n"
            )
        })
        .collect();
    let text = format!(
        "<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" schemaVersion=\"2.0\" \
         creationDate=\"2026-10-12T08:00:00+07:00\"><EPCISBody><EventList>\n{events}\
         </EventList></EPCISBody></epcis:EPCISDocument>"
    );
    let sifted = Document::sift_xml(text.as_bytes(), &Contexts::new()).expect("some are sound");
    let places: Vec<usize> = sifted.events.iter().map(|(place, _)| *place).collect();
    assert_eq!((places, sifted.count), (vec![0, 1, 3], 4));
    let position = sifted.problems[0].position.expect("XML has positions");
    assert_eq!((sifted.problems[0].event, position.line), (Some(2), 4));
    let strict = Document::parse_xml(text.as_bytes(), &Contexts::new()).expect_err("wrong");
    assert_eq!(strict, sifted.problems);
}

#[test]
fn of_two_events_with_one_id_the_first_is_kept() {
    let id = |action: &str| format!(r#","eventID":"urn:uuid:1","bizStep":"{action}""#);
    let events = [
        event(0, &id("shipping")),
        event(0, &id("shipping")),
        event(0, &id("receiving")),
    ];
    let text = document(&events, "");
    let sifted = Document::sift(text.as_bytes(), &Contexts::new()).expect("two are sound");
    let places: Vec<usize> = sifted.events.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 1]);
    assert_eq!(sifted.problems[0].event, Some(2));
}
