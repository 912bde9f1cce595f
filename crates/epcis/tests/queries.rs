//! Queries: every parameter of the published list, every published body, and
//! what each family of parameters finds.

use std::collections::BTreeMap;

use epcis::query::{
    Candidate, Direction, EventQuery, Limit, MasterData, Namespaces, NoMasterData, OrderBy,
    QueryError,
};
use epcis::{Contexts, Document, Event};
use gs1::Key;
use serde_json::{Value, json};

/// Returns the published file of a suite, unless the folder is not there.
fn published(suite: &str) -> Option<Value> {
    let folder = conformance::folder(suite)?;
    let text = std::fs::read(folder.join(format!("{suite}.json")));
    let text = text.expect("the file is published");
    Some(serde_json::from_slice(&text).expect("JSON"))
}

fn names() -> Namespaces {
    Namespaces::from_header("ext=https://ns.example.vn/").expect("a header")
}

fn by_url(text: &str) -> Result<EventQuery, QueryError> {
    let pairs: Vec<_> = text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').expect("a pair"))
        .collect();
    EventQuery::from_pairs(pairs, &names())
}

fn by_body(body: &Value) -> Result<EventQuery, QueryError> {
    EventQuery::from_json(body.to_string().as_bytes(), &names(), &Contexts::new())
}

#[test]
fn published_bodies_are_accepted_or_refused() {
    let Some(file) = published("queries/cases") else {
        return;
    };
    let (mut passed, mut failed) = (0, Vec::new());
    for case in file["cases"].as_array().expect("cases") {
        let body = case["body"].to_string();
        let query = EventQuery::from_json(body.as_bytes(), &names(), &Contexts::new());
        if query.is_ok() == case["valid"].as_bool().expect("a verdict") {
            passed += 1;
        } else {
            failed.push(format!("{}: {query:?}", case["id"]));
        }
    }
    conformance::report("queries/cases", passed, &failed);
}

/// A value that a parameter of a published type takes: in a body, and as text
/// in a query string.
fn sample(name: &str, kind: &Value) -> (Value, String) {
    let list = |item: &str| (json!([item, item]), format!("{item}|{item}"));
    let kind = match kind {
        Value::Object(array) => array["array_of"].as_str(),
        other => other.as_str(),
    };
    match (name, kind.expect("a type")) {
        ("orderBy", _) => (json!("eventTime"), "eventTime".into()),
        ("orderDirection", _) => (json!("ASC"), "ASC".into()),
        (_, "eventType") => list("ObjectEvent"),
        (_, "action") => list("ADD"),
        (_, "bizStep") => list("shipping"),
        (_, "disposition") => list("in_transit"),
        (_, "error-reason") => list("incorrect_data"),
        (_, "measurementType") => list("Temperature"),
        (_, "uri" | "id" | "eventID") => list("urn:epc:id:sgtin:8938505.012345.1"),
        (_, "string") => list("text"),
        (_, "time") => {
            let text = "2025-07-01T00:00:00.000+07:00";
            (json!(text), text.into())
        }
        (_, "decimal" | "number") => (json!(5.5), "5.5".into()),
        (_, "integer") => (json!(1), "1".into()),
        (_, "boolean") => (json!(true), "true".into()),
        (_, "date-string-or-number") => (json!(5), "2025-07-01T00:00:00Z".into()),
        (_, "string-array-or-date-string-or-number") => (json!(["a", "b"]), "a|b".into()),
        (_, other) => panic!("a type that is not known: {other}"),
    }
}

/// Returns a name that a published pattern takes.
fn example(pattern: &str) -> String {
    let name = pattern.trim_start_matches('^').trim_end_matches('$');
    name.replace(r"[a-z][a-zA-Z0-9]*:\w+", "ext:field")
        .replace("[a-z][a-zA-Z0-9_]+", "TYPE")
        .replace("[A-Z0-9]{2,4}", "CEL")
        .replace(r"ATTR_\w+_\w+", "ATTR_bizLocation_countryCode")
        .replace("bizTransaction_TYPE", "bizTransaction_po")
        .replace("TYPE", "owning_party")
}

#[test]
fn every_published_parameter_is_known() {
    let Some(file) = published("queries/parameters") else {
        return;
    };
    let members = |name: &str| file[name].as_object().expect("an object").clone();
    let fixed = members("fixed");
    let mut parameters: BTreeMap<String, Value> = fixed
        .iter()
        .filter(|(name, _)| *name != "@context")
        .map(|(name, kind)| (name.clone(), kind.clone()))
        .collect();
    for (pattern, kind) in members("patterns") {
        parameters.insert(example(&pattern), kind);
    }
    for name in file["in_openapi_url"].as_array().expect("a list") {
        let name = name.as_str().expect("a name");
        let kind = fixed.get(name).cloned().unwrap_or(json!("time"));
        parameters.entry(name.to_owned()).or_insert(kind);
    }
    assert_eq!(parameters.len(), 170);
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, kind) in &parameters {
        let (body, text) = sample(name, kind);
        let beside = match name.as_str() {
            "eventCountLimit" => "orderBy=eventTime&",
            _ => "",
        };
        let mut object = json!({ name.as_str(): body });
        if !beside.is_empty() {
            object["orderBy"] = json!("eventTime");
        }
        for query in [by_url(&format!("{beside}{name}={text}")), by_body(&object)] {
            match query {
                Ok(_) => passed += 1,
                Err(error) => failed.push(error.to_string()),
            }
        }
    }
    conformance::report("queries/parameters", passed, &failed);
}

#[test]
fn what_is_wrong_is_told() {
    for (query, expected) in [
        ("MATCH_anyEpc=urn:a:b", "no query parameter MATCH_anyEpc"),
        ("GE_eventDate=2025-07-01T00:00:00Z", "no query parameter"),
        ("GT_eventTime=2025-07-01T00:00:00Z", "no query parameter"),
        ("EQ_value=5", "no query parameter"),
        ("EQ_value_celsius=5", "no query parameter"),
        ("EQ_percRank_CEL=5", "no query parameter"),
        ("EXISTS_bizStep=true", "no query parameter"),
        ("GE_eventTime=yesterday", "GE_eventTime is \"yesterday\""),
        ("EQ_action=MOVE", "give ADD, OBSERVE, DELETE"),
        ("EQ_bizStep=shiping", "\"shiping\" is no business step"),
        ("EQ_bizStep=", "\"\" is no business step"),
        (
            "EQ_source_owner=urn:a:b",
            "is no source or destination type",
        ),
        ("EQ_no:field=x", "no context declares the prefix"),
        ("orderDirection=UP", "give ASC or DESC"),
        ("orderBy=bizStep", "give eventTime, recordTime, or a field"),
        ("eventCountLimit=5", "give orderBy with it"),
        ("orderBy=eventTime&eventCountLimit=0", "from 1 on"),
        (
            "orderBy=eventTime&eventCountLimit=1&maxEventCount=1",
            "exclude each other",
        ),
        ("EQ_action=ADD&EQ_action=ADD", "more than once"),
        ("MATCH_epc=no uri", "give a URI"),
        (
            "MATCH_epc=urn:epc:idpat:sgtin:8938505.*.1.*",
            "give a URI or an EPC pattern",
        ),
        ("GE_quantity=many", "give a number"),
        ("GE_quantity=1|2", "just one"),
        ("EXISTS_ext:a=maybe", "give true or false"),
        ("GE_ext:a=x", "give a number, a date"),
        ("HASATTR_epcList=x", "name one of bizStep"),
        ("EQ_ATTR_bizLocation=x", "names no attribute"),
    ] {
        let error = by_url(query).expect_err(query).to_string();
        assert!(error.contains(expected), "{query}: {error}");
    }
    for (body, expected) in [
        (json!([]), "give an object"),
        (json!({"EQ_action": []}), "lists no value"),
        (json!({"EQ_action": {"a": 1}}), "give ADD"),
        (
            json!({"@context": {"a": 5}, "EQ_action": "ADD"}),
            "@context",
        ),
        (json!({"EQ_no:field": "x"}), "no context declares"),
    ] {
        let error = by_body(&body).expect_err("wrong").to_string();
        assert!(error.contains(expected), "{body}: {error}");
    }
    let twice = EventQuery::from_json(
        br#"{"EQ_action": "ADD", "EQ_action": "ADD"}"#,
        &names(),
        &Contexts::new(),
    );
    assert!(matches!(twice, Err(QueryError::Body(_))));
    let many: String = (0..=1_000).map(|index| format!("|urn:a:{index}")).collect();
    let error = by_url(&format!("MATCH_epc=urn:a:x{many}")).expect_err("many");
    assert!(error.to_string().contains("at most 1000"), "{error}");
}

#[test]
fn order_and_limit_are_read() {
    let query = by_url("orderBy=eventTime&eventCountLimit=7").expect("a query");
    let order = query.order().expect("an order");
    assert_eq!(order.by, OrderBy::EventTime);
    assert_eq!(order.direction, Direction::Descending);
    assert_eq!(query.limit(), Some(Limit::First(7)));
    let query = by_body(&json!({"maxEventCount": 0})).expect("a query");
    assert_eq!(query.limit(), Some(Limit::AtMost(0)));
    let query = by_url("orderBy=INNER_ILMD_ext:a&orderDirection=ASC").expect("a query");
    assert!(matches!(query.order().map(|o| &o.by), Some(OrderBy::Field(field)) if field.inner));
    assert!(
        by_url("EXISTS_errorDeclaration=false")
            .expect("a query")
            .criteria()
            .is_empty()
    );
}

/// Three events that have something of everything.
const EVENTS: &str = r#"{
    "@context": [
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        {"ext": "https://ns.example.vn/"}
    ],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2025-07-01T00:00:00Z",
    "epcisBody": {"eventList": [
        {
            "type": "ObjectEvent",
            "eventID": "urn:uuid:e1",
            "eventTime": "2025-07-01T08:00:00.000+07:00",
            "eventTimeZoneOffset": "+07:00",
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "persistentDisposition": {"set": ["completeness_verified"], "unset": ["damaged"]},
            "epcList": ["https://id.gs1.org/01/08938505123455/10/L1/21/1"],
            "quantityList": [
                {"epcClass": "urn:epc:class:lgtin:8938505.012345.L1", "quantity": 2.5, "uom": "KGM"},
                {"epcClass": "urn:epc:class:lgtin:8938505.012345.L2", "quantity": 40}
            ],
            "readPoint": {"id": "urn:epc:id:sgln:8938505.00001.A", "ext:gate": "north"},
            "bizLocation": {"id": "https://id.gs1.org/414/8938505000015"},
            "bizTransactionList": [
                {"type": "po", "bizTransaction": "urn:epc:id:gdti:8938505.00007.PO1"}
            ],
            "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:8938505.00001"}],
            "destinationList": [
                {"type": "location", "destination": "urn:epc:id:sgln:8938505.00002.0"}
            ],
            "ilmd": {
                "cbvmda:itemExpirationDate": "2025-12-31",
                "ext:area": "VN-1",
                "ext:size": 12.5,
                "ext:plot": {"ext:code": ["A", "B"], "ext:trees": {"ext:count": 30}}
            },
            "ext:season": "2025-07-01T00:00:00Z",
            "ext:organic": true,
            "ext:batch": [{"ext:number": 7}],
            "sensorElementList": [{
                "sensorMetadata": {
                    "time": "2025-07-01T01:00:00Z",
                    "startTime": "2025-07-01T00:00:00Z",
                    "endTime": "2025-07-01T02:00:00Z",
                    "deviceID": "urn:epc:id:giai:8938505.D1",
                    "dataProcessingMethod": "https://example.vn/method",
                    "bizRules": "https://example.vn/rules",
                    "ext:kind": "cold"
                },
                "sensorReport": [
                    {"type": "Temperature", "value": 5, "uom": "CEL", "minValue": 4,
                     "maxValue": 6, "meanValue": 5, "sDev": 1.8, "percRank": 50,
                     "percValue": 5.5, "ext:probe": 3},
                    {"type": "Temperature", "uom": "FAH", "sDev": 1.8},
                    {"type": "RelativeHumidity", "stringValue": "dry", "booleanValue": true,
                     "hexBinaryValue": "aF", "uriValue": "urn:epc:id:giai:8938505.U1",
                     "microorganism": "https://example.vn/m",
                     "chemicalSubstance": "https://example.vn/c"}
                ],
                "ext:place": {"ext:shelf": "top"}
            }]
        },
        {
            "type": "TransformationEvent",
            "eventID": "urn:uuid:e2",
            "eventTime": "2025-07-02T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "errorDeclaration": {
                "declarationTime": "2025-07-03T00:00:00Z",
                "reason": "incorrect_data",
                "correctiveEventIDs": ["urn:uuid:e9"],
                "ext:who": {"ext:name": "An"}
            },
            "transformationID": "urn:epc:id:gdti:8938505.00007.T1",
            "inputEPCList": ["urn:epc:id:sgtin:8938505.012345.1"],
            "inputQuantityList": [{"epcClass": "https://id.gs1.org/01/08938505123455/10/L1"}],
            "outputEPCList": ["urn:epc:id:sgtin:8938505.012345.9"],
            "outputQuantityList": [
                {"epcClass": "urn:epc:idpat:sgtin:8938505.012345.*", "quantity": 3}
            ],
            "bizStep": "https://example.vn/steps/drying"
        },
        {
            "type": "AggregationEvent",
            "eventTime": "2025-07-04T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "parentID": "urn:epc:id:sscc:8938505.1234567890",
            "childEPCs": ["urn:epc:id:sgtin:8938505.012345.1"],
            "ext:season": "2026"
        }
    ]}
}"#;

fn events() -> Vec<Event> {
    let document = Document::parse(EVENTS.as_bytes(), &Contexts::new());
    document.expect("a sound document").events
}

/// Master data of a few places.
#[derive(Debug)]
struct Places;

impl MasterData for Places {
    type Error = std::convert::Infallible;

    fn children(&self, element: &Key) -> Result<Vec<Key>, Self::Error> {
        let below = match element.as_str() {
            "/414/8938505000015" => vec!["/414/8938505000015/254/A", "/414/8938505000022"],
            // A circle, as nobody can rule out.
            "/414/8938505000022" => vec!["/414/8938505000015"],
            _ => Vec::new(),
        };
        Ok(below
            .iter()
            .map(|text| text.parse().expect("a key"))
            .collect())
    }

    fn attribute(&self, element: &Key, name: &str) -> Result<Vec<String>, Self::Error> {
        let values = match (element.as_str(), name) {
            ("/414/8938505000015", "urn:epcglobal:cbv:mda:countryCode") => vec!["VN"],
            ("/01/08938505123455/10/L1", "https://ns.example.vn/kind") => vec!["dried", "sweet"],
            _ => Vec::new(),
        };
        Ok(values.into_iter().map(str::to_owned).collect())
    }
}

/// Returns which of the events a query finds.
fn found(query: &EventQuery) -> Vec<usize> {
    let query = query.clone().resolve(&Places).expect("few places");
    let events = events();
    let holds = |event: &Event| {
        let candidate = Candidate::new(event, 1_751_500_000_000);
        query.matches(&candidate, &Places).expect("master data")
    };
    (0..events.len())
        .filter(|index| holds(&events[*index]))
        .collect()
}

fn check(query: &str, expected: &[usize]) {
    let parsed = by_url(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    assert_eq!(found(&parsed), expected, "{query}");
}

#[test]
fn types_times_and_words() {
    check("", &[0, 1, 2]);
    check("eventType=ObjectEvent|AggregationEvent", &[0, 2]);
    check("eventType=epcis:TransformationEvent", &[1]);
    check("eventType=https://example.vn/OwnEvent", &[]);
    check("EQ_action=ADD", &[0]);
    check("EQ_action=OBSERVE|DELETE", &[2]);
    check("GE_eventTime=2025-07-01T01:00:00Z", &[0, 1, 2]);
    check("GE_eventTime=2025-07-01T01:00:00.001Z", &[1, 2]);
    check("LT_eventTime=2025-07-01T01:00:00Z", &[]);
    check("LT_eventTime=2025-07-01T08:00:01 07:00", &[0]);
    check("GE_recordTime=2025-07-02T23:46:40Z", &[0, 1, 2]);
    check("LT_recordTime=2025-07-02T23:46:40Z", &[]);
    check("EQ_bizStep=commissioning|shipping", &[0]);
    check("EQ_bizStep=urn:epcglobal:cbv:bizstep:commissioning", &[0]);
    check("EQ_bizStep=https://example.vn/steps/drying", &[1]);
    check("EQ_bizStep=cbv:BizStep-commissioning", &[0]);
    check("EQ_disposition=active", &[0]);
    check("EQ_persistentDisposition_set=completeness_verified", &[0]);
    check("EQ_persistentDisposition_unset=completeness_verified", &[]);
    check("EQ_persistentDisposition_unset=damaged", &[0]);
    check("EQ_eventID=urn:uuid:e2|urn:uuid:e3", &[1]);
    check("EQ_action=ADD&eventType=AggregationEvent", &[]);
}

#[test]
fn places_and_parties() {
    check(
        "EQ_readPoint=https://id.gs1.org/414/8938505000015/254/A",
        &[0],
    );
    check("EQ_readPoint=urn:epc:id:sgln:8938505.00001.0", &[]);
    check("EQ_bizLocation=urn:epc:id:sgln:8938505.00001.0", &[0]);
    check("WD_readPoint=urn:epc:id:sgln:8938505.00001.0", &[0]);
    check("WD_bizLocation=urn:epc:id:sgln:8938505.00002.0", &[0]);
    check("WD_bizLocation=urn:epc:id:sgln:8938505.00003.0", &[]);
    check(
        "EQ_bizTransaction_po=https://id.gs1.org/253/8938505000077PO1",
        &[0],
    );
    check(
        "EQ_bizTransaction_po=urn:epc:id:gdti:8938505.00007.PO1",
        &[0],
    );
    check(
        "EQ_bizTransaction_inv=urn:epc:id:gdti:8938505.00007.PO1",
        &[],
    );
    check("EQ_source_owning_party=urn:epc:id:pgln:8938505.00001", &[0]);
    check("EQ_source_location=urn:epc:id:pgln:8938505.00001", &[]);
    check(
        "EQ_destination_location=https://id.gs1.org/414/8938505000022",
        &[0],
    );
    check("EQ_transformationID=urn:epc:id:gdti:8938505.00007.T1", &[1]);
    check("HASATTR_bizLocation=countryCode", &[0]);
    check("HASATTR_bizLocation=cbvmda:latitude", &[]);
    check("EQ_ATTR_bizLocation_cbvmda:countryCode=VN|TH", &[0]);
    check("EQATTR_bizLocation_countryCode=TH", &[]);
    check("EQ_ATTR_epcClass_ext:kind=sweet", &[0, 1]);
}

#[test]
fn objects_and_quantities() {
    const ITEM: &str = "urn:epc:id:sgtin:8938505.012345.1";
    const LOT: &str = "urn:epc:class:lgtin:8938505.012345.L1";
    for (name, value, expected) in [
        ("epc", ITEM, &[0, 2][..]),
        (
            "epc",
            "https://vuon.example.vn/01/08938505123455/21/1",
            &[0, 2],
        ),
        ("epc", "urn:epc:idpat:sgtin:8938505.012345.*", &[0, 2]),
        ("epc", "urn:epc:idpat:sgtin:8938506.*.*", &[]),
        ("inputEPC", ITEM, &[1]),
        ("outputEPC", ITEM, &[]),
        ("outputEPC", "urn:epc:idpat:sgtin:8938505.*.*", &[1]),
        ("parentID", "urn:epc:id:sscc:8938505.1234567890", &[2]),
        ("parentID", "urn:epc:idpat:sscc:*.*", &[2]),
        ("anyEPC", ITEM, &[0, 1, 2]),
        ("anyEPC", "urn:epc:id:sscc:8938505.1234567890", &[2]),
        ("anyEPC", LOT, &[]),
        ("epcClass", LOT, &[0]),
        ("epcClass", "urn:epc:class:lgtin:8938505.012345.*", &[0]),
        ("inputEPCClass", LOT, &[1]),
        ("outputEPCClass", LOT, &[]),
        (
            "outputEPCClass",
            "https://id.gs1.org/01/8938505123455",
            &[1],
        ),
        ("anyEPCClass", LOT, &[0, 1]),
    ] {
        check(&format!("MATCH_{name}={value}"), expected);
    }
    check("EQ_quantity=3|40", &[0, 1]);
    check("GT_quantity=40", &[]);
    check("GE_quantity=40", &[0]);
    check("LT_quantity=2.5", &[]);
    check("LE_quantity=2.5", &[0]);
    check("EQ_quantity_GRM=2500", &[0]);
    check("GT_quantity_LBR=5.6", &[]);
    check("LT_quantity_LBR=5.6", &[0]);
    check("GE_quantity_H87=3", &[0, 1]);
}

#[test]
fn error_declarations() {
    check("EXISTS_errorDeclaration=true", &[1]);
    check("EXISTS_errorDeclaration=false", &[0, 1, 2]);
    check("GE_errorDeclarationTime=2025-07-03T00:00:00Z", &[1]);
    check("LT_errorDeclaration_Time=2025-07-03T00:00:00Z", &[]);
    check("EQ_errorReason=incorrect_data", &[1]);
    check("EQ_errorReason=did_not_occur", &[]);
    check("EQ_correctiveEventID=urn:uuid:e9", &[1]);
    check("EXISTS_ERROR_DECLARATION_ext:who=true", &[1]);
    check("EQ_INNER_ERROR_DECLARATION_ext:name=An", &[1]);
}

#[test]
fn sensor_data() {
    check("EXISTS_sensorElementList=1", &[0]);
    check("EQ_type=Temperature", &[0]);
    check("EQ_type=gs1:Temperature", &[0]);
    check("EQ_type=Speed", &[]);
    check("GE_time=2025-07-01T01:00:00Z", &[0]);
    check("LT_time=2025-07-01T01:00:00Z", &[]);
    check("LT_startTime=2025-07-01T00:00:01Z", &[0]);
    check("GE_endTime=2025-07-01T02:00:01Z", &[]);
    check("EQ_deviceID=https://id.gs1.org/8004/8938505D1", &[0]);
    check("EQ_dataProcessingMethod=https://example.vn/method", &[0]);
    check("EQ_bizRules=https://example.vn/rules", &[0]);
    check("EQ_microorganism=https://example.vn/m", &[0]);
    check("EQ_chemicalSubstance=https://example.vn/x", &[]);
    check("EQ_stringValue=wet|dry", &[0]);
    check("EQ_hexBinaryValue=AF", &[0]);
    check("EQ_uriValue=urn:epc:id:giai:8938505.U1", &[0]);
    check("EQ_booleanValue=true", &[0]);
    check("EQ_booleanValue=false", &[]);
    check("EQ_value_CEL=4|5", &[0]);
    check("EQ_value_KEL=278.15", &[0]);
    check("GE_value_FAH=41", &[0]);
    check("GT_value_FAH=41", &[]);
    check("GE_value_KGM=0", &[]);
    check("LT_minValue_CEL=4", &[]);
    check("LE_maxValue_CEL=6", &[0]);
    check("GT_meanValue_CEL=4.9", &[0]);
    // A deviation of 1.8 °F is one of 1 K.
    check("LE_sDev_KEL=1", &[0]);
    check("LT_sDev_KEL=1", &[]);
    check("GE_percRank=50", &[0]);
    check("LT_percValue_CEL=5.5", &[]);
}

#[test]
fn fields_of_users_own() {
    check("EXISTS_ext:season=true", &[0, 2]);
    check("EQ_ext:season=2026", &[2]);
    check("EQ_ext:season=2025-07-01T07:00:00+07:00", &[0]);
    check("GE_ext:season=2025-07-01", &[0]);
    check("EQ_ext:organic=true", &[0]);
    check("EQ_ext:area=VN-1", &[]);
    check("EQ_ILMD_ext:area=VN-0|VN-1", &[0]);
    check("GT_ILMD_ext:size=12", &[0]);
    check("LE_ILMD_ext:size=12", &[]);
    check("EQ_ILMD_ext:size=12.50", &[0]);
    check("LT_ILMD_cbvmda:itemExpirationDate=2026-01-01", &[0]);
    check("GE_ILMD_cbvmda:itemExpirationDate=2026-01-01", &[]);
    check("EQ_ILMD_ext:code=A", &[]);
    check("EQ_INNER_ILMD_ext:code=B", &[0]);
    check("EQ_INNER_ILMD_ext:count=30", &[0]);
    check("EXISTS_INNER_ILMD_ext:area=true", &[]);
    check("EQ_INNER_ext:number=7", &[0]);
    check("GT_INNER_ext:number=7", &[]);
    check("EQ_ext:number=7", &[]);
    check("EQ_readPoint_ext:gate=north", &[0]);
    check("EQ_bizLocation_ext:gate=north", &[]);
    check("EQ_SENSORMETADATA_ext:kind=cold", &[0]);
    check("GE_SENSORREPORT_ext:probe=3", &[0]);
    check("EXISTS_SENSORELEMENT_ext:place=true", &[0]);
    check("EQ_INNER_SENSORELEMENT_ext:shelf=top", &[0]);
    check("EQ_SENSORELEMENT_ext:shelf=top", &[]);
    check("EQ_https://ns.example.vn/season=2026", &[2]);
    let body = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/query-schema.json",
                     {"own": "https://ns.example.vn/"}],
        "EQ_ILMD_own:size": 12.5,
        "EXISTS_own:batch": null
    });
    assert_eq!(found(&by_body(&body).expect("a query")), [0]);
}

#[test]
fn events_are_ordered() {
    let events = events();
    let sorted = |query: &str| {
        let query = by_url(query).expect("a query");
        let order = query.order().expect("an order");
        let candidate = |index: &usize| {
            let ms = i64::try_from(10 - index).expect("few");
            Candidate::new(&events[*index], ms)
        };
        let mut places = vec![0, 1, 2];
        places.sort_by(|left, right| order.compare(&candidate(left), &candidate(right)));
        places
    };
    assert_eq!(sorted("orderBy=eventTime"), [2, 1, 0]);
    assert_eq!(sorted("orderBy=eventTime&orderDirection=ASC"), [0, 1, 2]);
    assert_eq!(sorted("orderBy=recordTime&orderDirection=DESC"), [0, 1, 2]);
    assert_eq!(sorted("orderBy=ext:season&orderDirection=ASC"), [0, 2, 1]);
    assert_eq!(sorted("orderBy=ext:season&orderDirection=DESC"), [2, 0, 1]);
}

#[test]
fn master_data_need_not_be_there() {
    let query = by_url("HASATTR_bizLocation=countryCode").expect("a query");
    let events = events();
    let candidate = Candidate::new(&events[0], 0);
    assert_eq!(query.matches(&candidate, &NoMasterData), Ok(false));
}
