//! Context documents that an operator adds.

use epcis::{Contexts, Document, PAYLOAD_BYTES_MAX, Problem, Reason};

const OWN: &str = "https://vuon.example.vn/context.jsonld";

fn event(context: &str, extra: &str) -> String {
    format!(
        r#"{{"@context": {context}, "type": "ObjectEvent", "action": "OBSERVE",
            "eventTime": "2025-07-14T05:40:00+07:00", "eventTimeZoneOffset": "+07:00",
            "epcList": ["urn:epc:id:sscc:8938505.0000000001"] {extra}}}"#
    )
}

fn parse(text: &str, contexts: &Contexts) -> Result<String, Vec<Problem>> {
    let document = Document::parse(text.as_bytes(), contexts)?;
    Ok(document.events[0].payload().as_str().to_owned())
}

#[test]
fn an_added_document_gives_names_their_meaning() {
    let mut contexts = Contexts::new();
    let json = br#"{"@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        {"vuon": "https://vuon.example.vn/v/", "lo": "vuon:lo"}]}"#;
    contexts.add(OWN, json).expect("the context is supported");
    let payload = parse(
        &event(&format!("\"{OWN}\""), r#","vuon:a": {"lo": 7}"#),
        &contexts,
    );
    let payload = payload.expect("the context is held");
    assert!(
        payload.contains(r#""https://vuon.example.vn/v/a":{"https://vuon.example.vn/v/lo":7}"#)
    );
}

#[test]
fn a_context_that_cannot_serve_is_refused_when_it_is_added() {
    for (json, reason) in [
        ("{", Reason::Syntax),
        ("[]", Reason::Missing),
        ("{}", Reason::Missing),
        (r#"{"@context": 5}"#, Reason::WrongType),
        (
            r#"{"@context": "https://schema.org/"}"#,
            Reason::UnknownContext,
        ),
        (r#"{"@context": {"a": "b:c"}}"#, Reason::Unresolved),
        (
            r#"{"@context": {"a": "b:c", "b": "a:c"}}"#,
            Reason::UnsupportedContext,
        ),
        (
            r#"{"@context": {"a": "https://a.vn/", "a": "https://b.vn/"}}"#,
            Reason::DuplicateMember,
        ),
        (
            r#"{"@context": {"https": "https://a.vn/"}}"#,
            Reason::UnsupportedContext,
        ),
        (
            r#"{"@context": {"@import": "https://a.vn/"}}"#,
            Reason::UnsupportedContext,
        ),
        (
            r#"{"@context": {"a": {"@reverse": "https://a.vn/"}}}"#,
            Reason::UnsupportedContext,
        ),
        (
            r#"{"@context": {"a:b": "https://c.vn/", "a": "https://a.vn/"}}"#,
            Reason::UnsupportedContext,
        ),
    ] {
        match Contexts::new().add(OWN, json.as_bytes()) {
            Err(epcis::ContextError::Unusable { problems, .. }) => {
                assert_eq!(problems[0].reason, reason, "{json}: {}", problems[0]);
            }
            other => panic!("{json}: {other:?}"),
        }
    }
    let standard = epcis::EPCIS_CONTEXT;
    let own = Contexts::new().add(standard, br#"{"@context": {}}"#);
    assert!(matches!(own, Err(epcis::ContextError::BuiltIn { .. })));
}

#[test]
fn contexts_are_bounded() {
    let terms: Vec<_> = (0..2_000)
        .map(|i| format!("\"t{i}\": \"https://a.vn/{i}\""))
        .collect();
    let json = format!("{{\"@context\": {{{}}}}}", terms.join(","));
    assert!(Contexts::new().add(OWN, json.as_bytes()).is_err());
    let chain: Vec<_> = (0..100)
        .map(|i| format!("\"t{i}\": \"t{}:x\"", i + 1))
        .collect();
    let json = format!(
        "{{\"@context\": {{{}, \"t100\": \"https://a.vn/\"}}}}",
        chain.join(",")
    );
    assert!(Contexts::new().add(OWN, json.as_bytes()).is_err());
}

#[test]
fn an_event_beyond_the_payload_limit_is_refused() {
    let context = format!(
        "[\"{}\", {{\"v\": \"https://a.vn/\"}}]",
        epcis::EPCIS_CONTEXT
    );
    let long = "x".repeat(PAYLOAD_BYTES_MAX);
    let text = event(&context, &format!(",\"v:a\": \"{long}\""));
    let problems = parse(&text, &Contexts::new()).expect_err("the event is too long");
    assert_eq!(problems[0].reason, Reason::TooLarge);
    assert_eq!(problems[0].event, Some(0));
}

#[test]
fn all_problems_of_a_document_are_told() {
    let text = r#"{"@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "two", "creationDate": "2025-07-14T05:40:00Z",
        "epcisBody": {"eventList": [
            {"type": "ObjectEvent", "action": "SEE", "epcList": ["x"], "bizStep": "nhan",
             "eventTime": "today", "eventTimeZoneOffset": "7"},
            {"type": "TransformationEvent", "eventTimeZoneOffset": "+07:00", "a:b": null}]}}"#;
    let problems = parse(text, &Contexts::new()).expect_err("nearly all is wrong");
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.event, problem.pointer.as_str(), problem.reason))
        .collect();
    let (one, two) = ("/epcisBody/eventList/0", "/epcisBody/eventList/1");
    for expected in [
        (None, "/schemaVersion".to_owned(), Reason::WrongForm),
        (Some(0), format!("{one}/action"), Reason::WrongForm),
        (Some(0), format!("{one}/epcList/0"), Reason::WrongForm),
        (Some(0), format!("{one}/bizStep"), Reason::UnknownWord),
        (Some(0), format!("{one}/eventTime"), Reason::WrongForm),
        (
            Some(0),
            format!("{one}/eventTimeZoneOffset"),
            Reason::WrongForm,
        ),
        (Some(1), format!("{two}/eventTime"), Reason::Missing),
        (Some(1), format!("{two}/a:b"), Reason::Unresolved),
        (Some(1), two.to_owned(), Reason::Rule),
    ] {
        assert!(
            told.contains(&(expected.0, &expected.1, expected.2)),
            "{expected:?} in {told:?}"
        );
    }
    assert_eq!(told.len(), 9, "{told:?}");
}
