//! XML as it is not published: the places of problems, the mapping of
//! extensions, hostile input, and laws over generated events.

use epcis::{
    CbvForm, Contexts, Document, DocumentKind, Event, Reason, Written, XML_BYTES_MAX, event_xml,
    to_json, to_xml,
};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

fn parse(text: &str) -> Result<Document, Vec<epcis::Problem>> {
    Document::parse_xml(text.as_bytes(), &Contexts::new())
}

/// Returns a document with one event that has `extra` at its end.
fn document(extra: &str) -> String {
    format!(
        r#"<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:e="https://e.vn/"
 schemaVersion="2.0" creationDate="2025-07-14T05:40:00+07:00">
<EPCISBody><EventList><ObjectEvent>
<eventTime>2025-07-14T05:40:00+07:00</eventTime>
<eventTimeZoneOffset>+07:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sscc:8938505.0000000001</epc></epcList>
<action>OBSERVE</action>
{extra}</ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"#
    )
}

/// Returns what the event of [`document`] has beyond its base.
fn extensions(extra: &str) -> Value {
    let document = parse(&document(extra)).unwrap_or_else(|problems| panic!("{problems:?}"));
    Value::Object(document.events[0].extensions())
}

#[test]
fn extensions_become_values() {
    for (xml, expected) in [
        (
            "<e:a>x &amp; <![CDATA[<y>]]>&#65;</e:a>",
            json!({"https://e.vn/a": "x & <y>A"}),
        ),
        ("<e:a>\n  x\n y </e:a>", json!({"https://e.vn/a": "x\n y"})),
        (
            "<e:a><?nguon number?>5</e:a><e:b><?nguon boolean?>true</e:b><e:c><?nguon space?> x </e:c>",
            json!({"https://e.vn/a": 5, "https://e.vn/b": true, "https://e.vn/c": " x "}),
        ),
        (
            "<e:a xml:space='preserve'> x </e:a>",
            json!({"https://e.vn/a": " x "}),
        ),
        ("<e:a/>", json!({"https://e.vn/a": ""})),
        (
            "<e:a>1</e:a><e:b>2</e:b><e:a>3</e:a>",
            json!({"https://e.vn/a": ["1", "3"], "https://e.vn/b": "2"}),
        ),
        (
            "<e:a><e:b>1</e:b><c>2</c></e:a>",
            json!({"https://e.vn/a": {"https://e.vn/b": "1", "c": "2"}}),
        ),
        (
            "<e:a e:b='1' c='2'/>",
            json!({"https://e.vn/a": {"https://e.vn/b": "1", "c": "2"}}),
        ),
        (
            "<e:a c='2'>x</e:a>",
            json!({"https://e.vn/a": {"c": "2", "#text": "x"}}),
        ),
        (
            "<e:a xml:lang='vi'>xoài</e:a>",
            json!({"https://e.vn/a": {
            "http://www.w3.org/XML/1998/namespacelang": "vi", "#text": "xoài"}}),
        ),
        (
            "<e:độ-chín>3</e:độ-chín>",
            json!({"https://e.vn/độ-chín": "3"}),
        ),
        (
            "<x:a xmlns:x='http://x.vn/epcis'>1</x:a>",
            json!({"http://x.vn/epcisa": "1"}),
        ),
        (
            "<m:lotNumber xmlns:m='urn:epcglobal:cbv:mda'>1</m:lotNumber>",
            json!({"urn:epcglobal:cbv:mda:lotNumber": "1"}),
        ),
        (
            "<extension><e:a>1</e:a></extension>",
            json!({"https://e.vn/a": "1"}),
        ),
        (
            "<e:a xmlns:e='https://other.vn/'>1</e:a><e:a>2</e:a>",
            json!({"https://other.vn/a": "1", "https://e.vn/a": "2"}),
        ),
        (
            "<e:a>1<?nguon array?></e:a>",
            json!({"https://e.vn/a": ["1"]}),
        ),
        (
            "<n:json xmlns:n='urn:nguon:epcis-xml'>{\"https://e.vn/a/\":[[1],{}]}</n:json>",
            json!({"https://e.vn/a/": [[1], {}]}),
        ),
    ] {
        assert_eq!(extensions(xml), expected, "{xml}");
    }
    let typed = |text: &str, name: &str| {
        let xml = format!(
            "<e:a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \
             xmlns:xsd='http://www.w3.org/2001/XMLSchema' xsi:type='xsd:{name}'>{text}</e:a>"
        );
        extensions(&xml)["https://e.vn/a"].clone()
    };
    for (text, name, expected) in [
        (" +05 ", "integer", json!(5)),
        ("2.50", "double", json!(2.5)),
        ("1e-7", "double", json!(1e-7)),
        ("1", "boolean", json!(true)),
        ("2025-07-14", "date", json!("2025-07-14")),
        ("5", "string", json!("5")),
    ] {
        assert_eq!(typed(text, name), expected, "{name}");
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn problems_have_their_place() {
    let list = "/epcisBody/eventList/0";
    for (extra, pointer, reason, line, column) in [
        (
            "<bizStep>nhan</bizStep>",
            "/bizStep",
            Reason::UnknownWord,
            8,
            1,
        ),
        (
            "\n <disposition>urn:epcglobal:cbv:disp:x</disposition>",
            "/disposition",
            Reason::UnknownWord,
            9,
            2,
        ),
        (
            "<readPoint><id>urn:epc:id:sgln:1</id></readPoint>",
            "/readPoint/id",
            Reason::Identifier,
            8,
            12,
        ),
        (
            "<e:đ/><bizStep>shipping</bizStep>",
            "",
            Reason::Misplaced,
            8,
            7,
        ),
        (
            "<readPoint><id>urn:x:y</id></readPoint>\n<bizStep>shipping</bizStep>",
            "",
            Reason::Misplaced,
            9,
            1,
        ),
        (
            "<action>ADD</action>",
            "/action",
            Reason::DuplicateMember,
            8,
            1,
        ),
        ("<khac/>", "", Reason::UnknownMember, 8, 1),
        ("text", "", Reason::UnknownMember, 3, 23),
        (
            "<quantityList><quantityElement><epcClass>urn:x:y</epcClass>\n<quantity>x</quantity></quantityElement></quantityList>",
            "/quantityList/0/quantity",
            Reason::WrongForm,
            9,
            1,
        ),
        ("<sourceList/>", "/sourceList", Reason::WrongForm, 8, 1),
        (
            "<sensorElementList><sensorElement>\n<sensorReport type='gs1:Temperature'\n value='1e400'/></sensorElement></sensorElementList>",
            "/sensorElementList/0/sensorReport/0/value",
            Reason::NumberPrecision,
            10,
            2,
        ),
        (
            "<sensorElementList><sensorElement>\n<sensorReport value='1'/></sensorElement></sensorElementList>",
            "/sensorElementList/0/sensorReport/0/type",
            Reason::Missing,
            9,
            1,
        ),
        ("<e:a>x<e:b/>y</e:a>", "/e:a", Reason::NoCanonicalForm, 8, 1),
        (
            "<e:a/><e:a>\n<e:b xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/></e:a>",
            "/e:a/1/e:b",
            Reason::NoCanonicalForm,
            9,
            1,
        ),
        (
            "<extension><bizStep>shipping</bizStep></extension>",
            "",
            Reason::Misplaced,
            8,
            12,
        ),
    ] {
        let problems = parse(&document(extra)).expect_err(extra);
        let first = &problems[0];
        let position = first.position.expect("a problem has a place");
        assert_eq!(
            (
                first.pointer.as_str(),
                first.reason,
                position.line,
                position.column,
                first.event
            ),
            (
                format!("{list}{pointer}").as_str(),
                reason,
                line,
                column,
                Some(0)
            ),
            "{extra}: {first}"
        );
        assert_eq!(problems.len(), 1, "{extra}: {problems:?}");
    }
}

#[test]
fn every_kind_of_document_is_read() {
    let event = "<ObjectEvent><eventTime>2025-07-14T05:40:00+07:00</eventTime>\
        <eventTimeZoneOffset>+07:00</eventTimeZoneOffset><epcList/><action>ADD</action></ObjectEvent>";
    let results = format!(
        "<q:QueryResults xmlns:q='urn:epcglobal:epcis-query:xsd:1'><queryName>n</queryName>\
         <resultsBody><EventList>{event}</EventList></resultsBody></q:QueryResults>"
    );
    for (text, kind, count) in [
        (event.to_owned(), DocumentKind::Event, 1),
        (results, DocumentKind::QueryResults, 1),
        (
            "<m:EPCISMasterDataDocument xmlns:m='urn:epcglobal:epcis-masterdata:xsd:1' \
             schemaVersion='1.2' creationDate='2025-07-14T05:40:00Z'><EPCISBody><VocabularyList>\
             <Vocabulary type='urn:epcglobal:epcis:vtype:ReadPoint'><VocabularyElementList>\
             <VocabularyElement id='urn:epc:id:sgln:0037000.00729.8201'><attribute id='urn:x:a'>1</attribute>\
             </VocabularyElement></VocabularyElementList></Vocabulary></VocabularyList></EPCISBody>\
             </m:EPCISMasterDataDocument>".to_owned(),
            DocumentKind::Events,
            0,
        ),
    ] {
        let document = parse(&text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert_eq!((document.kind, document.events.len()), (kind, count), "{text}");
        let any = Document::parse_any(format!("\u{feff} {text}").as_bytes(), &Contexts::new());
        assert_eq!(any.map(|document| document.events), Ok(document.events));
    }
}

#[test]
fn elements_may_stand_anyhow_where_that_is_asked_for() {
    let jumbled = document("").replace("<action>OBSERVE</action>", "");
    let jumbled = jumbled.replace("<eventTime>", "<action>OBSERVE</action><eventTime>");
    let contexts = Contexts::new();
    let refused = Document::parse_any(jumbled.as_bytes(), &contexts);
    assert!(refused.is_err_and(|problems| problems[0].reason == Reason::Misplaced));
    let read = Document::parse_any_order(jumbled.as_bytes(), &contexts);
    let straight = parse(&document("")).map(|document| document.events);
    assert_eq!(read.map(|document| document.events), straight);
}

#[test]
fn messages_are_checked_and_hold_no_events() {
    let query = |body: &str| {
        format!(
            "<q:EPCISQueryDocument xmlns:q='urn:epcglobal:epcis-query:xsd:1' schemaVersion='1.2' \
             creationDate='2025-07-14T05:40:00Z'><EPCISBody>{body}</EPCISBody></q:EPCISQueryDocument>"
        )
    };
    let job = |inner: &str| {
        format!(
            "<e:EPCISCaptureJob xmlns:e='urn:epcglobal:epcis:xsd:2' running='false' success='true' \
             captureID='1'>{inner}</e:EPCISCaptureJob>"
        )
    };
    for (text, reason) in [
        (
            query(
                "<q:Poll><queryName>n</queryName><params><param><name>a</name><value/></param></params></q:Poll>",
            ),
            None,
        ),
        (
            query(
                "<q:Poll><queryName>n</queryName><params><param><name>a</name></param></params></q:Poll>",
            ),
            Some(Reason::Missing),
        ),
        (
            query("<q:Poll><params/><queryName>n</queryName></q:Poll>"),
            Some(Reason::UnknownMember),
        ),
        (query("<q:GetQueryNames/>"), None),
        (
            query("<q:NoSuchNameException><reason>r</reason></q:NoSuchNameException>"),
            None,
        ),
        (query("<q:Other/>"), Some(Reason::UnknownMember)),
        (
            job("<captureErrorBehaviour>proceed</captureErrorBehaviour>"),
            None,
        ),
        (
            job("<captureErrorBehaviour>stop</captureErrorBehaviour>"),
            Some(Reason::WrongForm),
        ),
        (job(""), Some(Reason::Missing)),
        (
            job("<captureErrorBehaviour>proceed</captureErrorBehaviour><createdAt>x</createdAt>"),
            Some(Reason::WrongForm),
        ),
    ] {
        match (parse(&text), reason) {
            (Ok(document), None) => assert_eq!(document.kind, DocumentKind::Message),
            (Err(problems), Some(reason)) => {
                assert_eq!(problems[0].reason, reason, "{}", problems[0])
            }
            (other, _) => panic!("{text}: {other:?}"),
        }
        assert!(to_json(text.as_bytes(), &Contexts::new()).is_err());
    }
}

#[test]
fn every_published_name_of_the_gs1_vocabulary_goes_to_json() {
    for namespace in ["https://ref.gs1.org/voc/", "https://gs1.org/voc/"] {
        let report = format!(
            "<sensorElementList xmlns:gs1='{namespace}'><sensorElement>\
             <sensorReport type='gs1:Temperature'/></sensorElement></sensorElementList>"
        );
        let json = to_json(document(&report).as_bytes(), &Contexts::new()).expect("it is sound");
        assert!(json.contains(r#""type":"Temperature""#), "{json}");
        assert!(Document::parse(json.as_bytes(), &Contexts::new()).is_ok());
    }
}

#[test]
fn whole_documents_keep_their_master_data() {
    let json = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"e": "https://e.vn/epcis"}],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2025-07-14T05:40:00Z",
        "sender": "urn:x:s", "receiver": "urn:x:r", "instanceIdentifier": "1",
        "e:note": "n",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [{
            "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
            "vocabularyElementList": [{
                "id": "urn:epc:id:sgln:0037000.00729.0",
                "attributes": [
                    {"id": "cbvmda:name", "attribute": "Vườn & <xoài>"},
                    {"id": "urn:x:n", "attribute": 5},
                    {"id": "urn:x:o", "attribute": {"e:a": "1", "b": {"#text": "t", "id": "urn:x:y"}}}
                ],
                "children": ["urn:epc:id:sgln:0037000.00729.8201"]
            }]
        }]}},
        "epcisBody": {"eventList": []}
    });
    let contexts = Contexts::new();
    let xml = to_xml(json.to_string().as_bytes(), &contexts, CbvForm::Urn).expect("it is sound");
    let back = to_json(xml.as_bytes(), &contexts).expect("what is written is sound");
    let back: Value = serde_json::from_str(&back).expect("it is JSON");
    assert_eq!(back["sender"], "urn:x:s");
    assert_eq!(back["receiver"], "urn:x:r");
    assert_eq!(back["instanceIdentifier"], "1");
    let context = &back["@context"][1];
    let prefix = context.as_object().and_then(|terms| terms.keys().next());
    let prefix = prefix.expect("a prefix is declared");
    assert_eq!(context[prefix]["@id"], "https://e.vn/epcis", "{xml}");
    assert_eq!(back[format!("{prefix}:note")], "n");
    let mut expected = json["epcisHeader"].clone();
    let attributes = expected
        .pointer_mut("/epcisMasterData/vocabularyList/0/vocabularyElementList/0/attributes")
        .expect("there are attributes");
    attributes[0]["id"] = json!("urn:epcglobal:cbv:mda:name");
    attributes[2]["attribute"] =
        json!({format!("{prefix}:a"): "1", "b": {"#text": "t", "id": "urn:x:y"}});
    assert_eq!(back["epcisHeader"], expected, "{xml}");
    let again = to_xml(back.to_string().as_bytes(), &contexts, CbvForm::Urn);
    assert_eq!(again.as_ref(), Ok(&xml));
}

#[test]
fn hostile_documents_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY a 'xxxxxxxxxx'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><a>&b;</a>";
    let outside = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>";
    let deep = "<a>".repeat(1_000_000);
    let inner = format!("<e:a>{}{}</e:a>", "<b>".repeat(64), "</b>".repeat(64));
    for (text, reason) in [
        (bomb.to_owned(), Reason::Syntax),
        (outside.to_owned(), Reason::Syntax),
        (deep, Reason::TooDeep),
        (document(&inner), Reason::TooDeep),
        (document("<e:a>&x;</e:a>"), Reason::Syntax),
        (String::new(), Reason::Syntax),
        ("<a/>".to_owned(), Reason::UnknownWord),
        (
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>".to_owned(),
            Reason::UnknownWord,
        ),
        (
            document(&format!("<e:a>{}</e:a>", "x".repeat(1 << 20))),
            Reason::TooLarge,
        ),
    ] {
        let problems = parse(&text).err().unwrap_or_default();
        let first = problems.first().expect("the document is refused");
        assert_eq!(first.reason, reason, "{first}");
        assert!(first.position.is_some(), "{first}");
    }
    let utf16: Vec<u8> = "\u{feff}<a/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let refused = Document::parse_any(&utf16, &Contexts::new());
    assert!(refused.is_err_and(|problems| problems[0].mend.contains("UTF-8")));
    let large = vec![b' '; XML_BYTES_MAX + 1];
    let refused = Document::parse_xml(&large, &Contexts::new());
    assert!(refused.is_err_and(|problems| problems[0].reason == Reason::TooLarge));
}

/// A value of an extension: whatever a canonical form may hold.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|number: f64| json!((number * 1e3).round() / 1e3)),
        "[ \t\n\ra-c<>&\"'\u{1}\u{fffe}ộ:]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = "(e:[a-cộ1/]{1,3}|v:x|[a-c1#./-]{1,3}|#text|xml:(lang|space))";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Returns the event of a JSON-LD document with these values at places of
/// every kind.
fn event(values: &[Value]) -> Option<Event> {
    let text = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {
            "e": "https://e.vn/", "v": "http://v.vn/epcis", "độ": "https://e.vn/độ",
            "xml": {"@id": "http://www.w3.org/XML/1998/namespace", "@prefix": true}}],
        "type": "ObjectEvent", "action": "ADD",
        "eventTime": "2025-07-14T05:40:00+07:00", "eventTimeZoneOffset": "+07:00",
        "epcList": ["urn:epc:id:sscc:8938505.0000000001"],
        "readPoint": {"id": "urn:x:y", "e:a": values[0]},
        "ilmd": {"e:b": values[1], "e:a/": values[2]},
        "sensorElementList": [{
            "sensorMetadata": {"e:m": values[3], "deviceID": "urn:x:y"},
            "sensorReport": [{"type": "Temperature", "stringValue": "\u{1} x\n", "e:r": values[4]}],
            "v:c": values[5]}],
        "e:d": values[0], "xml:lang": values[6], "v:d": values[7],
    })
    .to_string();
    let document = Document::parse(text.as_bytes(), &Contexts::new()).ok()?;
    document.events.into_iter().next()
}

fn seeds() -> Vec<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/vectors/canonical-event.json"
    );
    let text = std::fs::read_to_string(path).expect("the vectors are part of the repository");
    let file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let cases = file["cases"].as_array().expect("cases is a list");
    let documents = cases.iter().filter_map(|case| case["document"].as_str());
    let events = documents
        .filter_map(|text| Document::parse(text.as_bytes(), &Contexts::new()).ok())
        .flat_map(|document| document.events);
    events.map(|event| xml_of(&event, CbvForm::Urn)).collect()
}

fn xml_of(event: &Event, form: CbvForm) -> String {
    event_xml(Written::from(event), form)
}

fn check_way(event: &Event) -> Result<(), TestCaseError> {
    for form in [CbvForm::Urn, CbvForm::WebUri] {
        let text = xml_of(event, form);
        let read = parse(&text).map(|document| document.events);
        prop_assert_eq!(read.as_deref(), Ok(std::slice::from_ref(event)), "{}", text);
    }
    Ok(())
}

#[test]
fn vectors_are_kept_in_xml() {
    assert!(seeds().len() >= 25);
    for text in seeds() {
        let document = parse(&text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        check_way(&document.events[0]).unwrap_or_else(|error| panic!("{error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_canonical_is_kept_in_xml(values in prop::collection::vec(value(), 8)) {
        let event = event(&values);
        prop_assume!(event.is_some());
        if let Some(event) = event {
            check_way(&event)?;
        }
    }

    #[test]
    fn changed_bytes_never_panic(
        seed in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..6),
        piece in prop::option::of((any::<Index>(), "(<a|</|/>|xmlns:|=''|&|;|<!|-->|]]>|:|<extension>|nguon:json)")),
        cut in any::<Option<Index>>(),
    ) {
        let seeds = seeds();
        let mut bytes = seed.get(&seeds).clone().into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some((place, piece)) = piece {
            let place = place.index(bytes.len());
            bytes.splice(place..place, piece.bytes());
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match Document::parse_xml(&bytes, &Contexts::new()) {
            Ok(document) => {
                for event in &document.events {
                    check_way(event)?;
                }
            }
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
