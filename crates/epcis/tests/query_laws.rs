//! Laws of queries over generated events: a second, naive reading of the same
//! demands agrees, parameters are a conjunction, the two forms of a query say
//! the same, and an index by probes misses no match.

use epcis::query::{Candidate, EventQuery, Namespaces, NoMasterData, Probe, index_terms};
use epcis::{Contexts, Document, Event};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const EXT: &str = "https://ns.example.vn/";
const ITEMS: [&str; 4] = [
    "urn:epc:id:sgtin:8938505.012345.1",
    "urn:epc:id:sgtin:8938505.012345.2",
    "urn:epc:id:sgtin:8938505.112345.1",
    "urn:epc:id:sscc:8938505.1234567890",
];
const STEPS: [&str; 3] = ["shipping", "receiving", "packing"];

prop_compose! {
    fn event()(
        step in select(&STEPS[..]),
        action in select(&["ADD", "OBSERVE"][..]),
        hour in 0_u32..4,
        items in subsequence(&ITEMS[..], 0..4),
        quantity in 0_u32..4,
        area in select(&["A", "B", "7"][..]),
        inner in prop::option::of(0_u32..3),
        size in prop::option::of(0_u32..4),
        degrees in prop::option::of((0_u32..3, select(&["CEL", "KEL"][..]))),
        declared in any::<bool>(),
    ) -> Event {
        let mut event = json!({
            "@context": [
                "https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"ext": EXT}
            ],
            "type": "ObjectEvent",
            "eventTime": format!("2025-07-01T0{hour}:00:00Z"),
            "eventTimeZoneOffset": "+00:00",
            "action": action,
            "bizStep": step,
            "epcList": items,
            "quantityList": [
                {"epcClass": "urn:epc:class:lgtin:8938505.012345.L1", "quantity": quantity}
            ],
            "ext:area": area,
        });
        if let Some(inner) = inner {
            event["ext:plot"] = json!({"ext:code": [inner, {"ext:area": area}]});
        }
        if let (Some(size), "ADD") = (size, action) {
            event["ilmd"] = json!({"ext:size": size});
        }
        if let Some((degrees, unit)) = degrees {
            let value = if unit == "CEL" { f64::from(degrees) } else { f64::from(degrees) + 273.15 };
            event["sensorElementList"] = json!([
                {"sensorReport": [{"type": "Temperature", "value": value, "uom": unit}]}
            ]);
        }
        if declared {
            event["errorDeclaration"] = json!({"declarationTime": "2025-07-02T00:00:00Z"});
        }
        let document = Document::parse(event.to_string().as_bytes(), &Contexts::new());
        document.expect("a sound event").events.remove(0)
    }
}

/// A demand: a parameter, its value, and a naive reading of it.
#[derive(Clone, Debug)]
enum Demand {
    Step(Vec<&'static str>),
    Action(&'static str),
    From(u32),
    Item(&'static str),
    Items(&'static str, &'static str),
    Quantity(&'static str, u32),
    Area(&'static str),
    InnerArea(&'static str),
    Inner(&'static str, u32),
    Size(&'static str, u32),
    HasSize,
    Celsius(&'static str, u32),
    Declared,
}

fn demand() -> impl Strategy<Value = Demand> {
    let sides = || select(&["GT", "GE", "LT", "LE"][..]);
    let area = || select(&["A", "B", "7"][..]);
    prop_oneof![
        subsequence(&STEPS[..], 1..3).prop_map(Demand::Step),
        select(&["ADD", "OBSERVE"][..]).prop_map(Demand::Action),
        (0_u32..4).prop_map(Demand::From),
        select(&ITEMS[..]).prop_map(Demand::Item),
        select(
            &[
                ("urn:epc:idpat:sgtin:8938505.012345.*", "012345."),
                ("urn:epc:idpat:sgtin:8938505.*.*", "sgtin:"),
                ("urn:epc:idpat:sgtin:*.*.*", "sgtin:"),
                ("urn:epc:idpat:sscc:8938505.*", "sscc:"),
            ][..]
        )
        .prop_map(|(pattern, part)| Demand::Items(pattern, part)),
        (sides(), 0_u32..4).prop_map(|(side, bound)| Demand::Quantity(side, bound)),
        area().prop_map(Demand::Area),
        area().prop_map(Demand::InnerArea),
        (sides(), 0_u32..3).prop_map(|(side, bound)| Demand::Inner(side, bound)),
        (sides(), 0_u32..4).prop_map(|(side, bound)| Demand::Size(side, bound)),
        Just(Demand::HasSize),
        (sides(), 0_u32..3).prop_map(|(side, bound)| Demand::Celsius(side, bound)),
        Just(Demand::Declared),
    ]
}

impl Demand {
    /// Returns the parameter, for a query string and for a body.
    fn parameter(&self) -> (String, String, Value) {
        let number = |name: String, bound: u32| (name, bound.to_string(), json!(bound));
        let text = |name: &str, text: &str| (name.to_owned(), text.to_owned(), json!([text]));
        match self {
            Self::Step(steps) => ("EQ_bizStep".to_owned(), steps.join("|"), json!(steps)),
            Self::Action(action) => text("EQ_action", action),
            Self::From(hour) => text("GE_eventTime", &format!("2025-07-01T0{hour}:00:00Z")),
            Self::Item(item) => text("MATCH_epc", item),
            Self::Items(pattern, _) => text("MATCH_anyEPC", pattern),
            Self::Quantity(side, bound) => number(format!("{side}_quantity"), *bound),
            Self::Area(area) => text("EQ_ext:area", area),
            Self::InnerArea(area) => text("EQ_INNER_ext:area", area),
            Self::Inner(side, bound) => number(format!("{side}_INNER_ext:code"), *bound),
            Self::Size(side, bound) => number(format!("{side}_ILMD_ext:size"), *bound),
            Self::HasSize => (
                "EXISTS_ILMD_ext:size".to_owned(),
                "true".to_owned(),
                json!(1),
            ),
            Self::Celsius(side, bound) => number(format!("{side}_value_CEL"), *bound),
            Self::Declared => {
                let name = "EXISTS_errorDeclaration".to_owned();
                (name, "true".to_owned(), json!(true))
            }
        }
    }

    /// Judges an event by its JSON alone.
    fn holds(&self, event: &Value) -> bool {
        let own = |name: &str| format!("{EXT}{name}");
        let list = |name: &str| event[name].as_array().cloned().unwrap_or_default();
        let side = |side: &str, found: Option<f64>, bound: u32| {
            let bound = f64::from(bound);
            found.is_some_and(|found| match side {
                "GT" => found > bound,
                "GE" => found >= bound,
                "LT" => found < bound,
                _ => found <= bound,
            })
        };
        let code = &event[own("plot")][own("code")];
        match self {
            Self::Step(steps) => {
                let found = event["bizStep"].as_str().expect("a step");
                steps.iter().any(|step| found.ends_with(step))
            }
            Self::Action(action) => event["action"] == *action,
            Self::From(hour) => {
                let found = event["eventTime"].as_str().expect("a time");
                found >= format!("2025-07-01T0{hour}:00:00Z").as_str()
            }
            Self::Item(item) => list("epcList").iter().any(|each| each == item),
            Self::Items(_, part) => list("epcList")
                .iter()
                .any(|each| each.as_str().expect("a URN").contains(part)),
            Self::Quantity(which, bound) => {
                side(which, event["quantityList"][0]["quantity"].as_f64(), *bound)
            }
            Self::Area(area) => event[own("area")] == *area,
            Self::InnerArea(area) => code[1][own("area")] == *area,
            Self::Inner(which, bound) => side(which, code[0].as_f64(), *bound),
            Self::Size(which, bound) => side(which, event["ilmd"][own("size")].as_f64(), *bound),
            Self::HasSize => !event["ilmd"][own("size")].is_null(),
            Self::Celsius(which, bound) => {
                let report = &event["sensorElementList"][0]["sensorReport"][0];
                let degrees = match report["uom"].as_str() {
                    Some("CEL") => report["value"].as_f64(),
                    _ => report["value"]
                        .as_f64()
                        .map(|kelvin| (kelvin - 273.15).round()),
                };
                side(which, degrees, *bound)
            }
            Self::Declared => !event["errorDeclaration"].is_null(),
        }
    }
}

fn names() -> Namespaces {
    Namespaces::from_header(&format!("ext={EXT}")).expect("a header")
}

fn matches(query: &EventQuery, event: &Event) -> bool {
    let candidate = Candidate::new(event, 0);
    query
        .matches(&candidate, &NoMasterData)
        .expect("nothing is read")
}

/// Tells whether an index that keeps to the law has the event under a probe.
fn is_filed(event: &Event, probe: &Probe) -> bool {
    match probe {
        Probe::Object(key) => event
            .objects()
            .any(|object| object.identifier.key.identity().as_ref() == key),
        Probe::EventId(id) => event.event_id() == Some(id),
        Probe::BizStep(step) => event.biz_step() == Some(step),
        Probe::BizLocation(key) => event
            .biz_location()
            .is_some_and(|place| place.key.identity().as_ref() == key),
        Probe::ReadPoint(key) => event
            .read_point()
            .is_some_and(|place| place.key.identity().as_ref() == key),
        Probe::Disposition(uri) => event.disposition() == Some(uri),
        Probe::Term(term) => index_terms(event).contains(term),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_naive_reading_agrees(
        event in event(),
        demands in prop::collection::vec(demand(), 1..4),
    ) {
        let mut parameters: Vec<_> = demands.iter().map(Demand::parameter).collect();
        let mut expected: Vec<_> = demands.iter().map(|each| each.holds(&event.json())).collect();
        // A parameter stands once.
        let mut kept = 0;
        while kept < parameters.len() {
            let name = parameters[kept].0.clone();
            let again = parameters[..kept].iter().any(|(other, ..)| *other == name);
            if again {
                parameters.remove(kept);
                expected.remove(kept);
            } else {
                kept += 1;
            }
        }
        let pairs = parameters.iter().map(|(name, text, _)| (&**name, &**text));
        let by_url = EventQuery::from_pairs(pairs, &names()).expect("a query");
        let members = parameters.iter().map(|(name, _, value)| (name.clone(), value.clone()));
        let body = Value::Object(members.collect()).to_string();
        let by_body = EventQuery::from_json(body.as_bytes(), &names(), &Contexts::new());
        let by_body = by_body.expect("a query");
        let all = expected.iter().all(|holds| *holds);
        prop_assert_eq!(matches(&by_url, &event), all, "{:?}", parameters);
        prop_assert_eq!(matches(&by_body, &event), all, "{}", body);
        for criterion in by_url.criteria().iter().filter(|_| all) {
            if let Some(probes) = criterion.probes() {
                let filed = probes.iter().any(|probe| is_filed(&event, probe));
                prop_assert!(filed, "{:?} under {:?}", criterion, probes);
            }
        }
    }

    #[test]
    fn no_query_panics(
        pairs in prop::collection::vec(
            ("(EQ|GE|LT|MATCH|EXISTS|WD|HASATTR)_(INNER_|ILMD_|value_)?[a-zA-Z:_]{0,12}", ".{0,20}"),
            0..5,
        ),
        body in ".{0,60}",
        header in "[a-z=:/,.]{0,30}",
    ) {
        let pairs = pairs.iter().map(|(name, value)| (&**name, &**value));
        drop(EventQuery::from_pairs(pairs, &names()));
        drop(EventQuery::from_json(body.as_bytes(), &names(), &Contexts::new()));
        drop(Namespaces::from_header(&header));
    }
}

#[test]
fn a_crowded_event_is_still_found() {
    let own: serde_json::Map<_, _> = (0..300)
        .map(|index| (format!("ext:f{index}"), json!(index)))
        .collect();
    let mut event = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"ext": EXT}],
        "type": "ObjectEvent",
        "eventTime": "2025-07-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "ADD",
        "epcList": [ITEMS[0]],
    });
    event.as_object_mut().expect("an object").extend(own);
    let document = Document::parse(event.to_string().as_bytes(), &Contexts::new());
    let event = document.expect("a sound event").events.remove(0);
    assert_eq!(index_terms(&event).len(), 1);
    for query in [
        ("EQ_ext:f299", "299"),
        ("EQ_action", "ADD"),
        ("MATCH_epc", "urn:epc:idpat:sgtin:8938505.*.*"),
    ] {
        let query = EventQuery::from_pairs([query], &names()).expect("a query");
        assert!(matches(&query, &event));
        let probes = query.criteria()[0].probes().expect("probes");
        assert!(
            probes.iter().any(|probe| is_filed(&event, probe)),
            "{probes:?}"
        );
    }
}
