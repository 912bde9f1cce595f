//! What the profile of Circular 02/2024/TT-BKHCN asks for.

use epcis::{Contexts, Document, Problem, Profile, Reason};
use serde_json::{Value, json};

const GARDEN: &str = "urn:epc:id:sgln:8938505.00001.0";
const DURIAN: &str = "urn:epc:idpat:sgtin:8938505.012345.*";

/// A harvest of which all ten kinds of data are told.
fn harvest() -> Value {
    json!({
        "@context": "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-07-14T06:00:00.000+07:00",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [
            {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [
                {"id": GARDEN, "attributes": [
                    {"id": "urn:epcglobal:cbv:mda#name", "attribute": "Vườn số 1"},
                    {"id": "cbvmda:streetAddressOne", "attribute": "Ea Yông, Đắk Lắk"}
                ]}
            ]},
            {"type": "urn:epcglobal:epcis:vtype:EPCClass", "vocabularyElementList": [
                {"id": DURIAN, "attributes": [
                    {"id": "cbvmda:descriptionShort", "attribute": "Sầu riêng"},
                    {"id": "gs1:image", "attribute": {"gs1:referencedFileURL": "https://vuon.example.vn/a.jpg"}}
                ]}
            ]}
        ]}},
        "epcisBody": {"eventList": [{
            "type": "ObjectEvent",
            "action": "ADD",
            "eventTime": "2025-07-14T05:40:00.000+07:00",
            "eventTimeZoneOffset": "+07:00",
            "bizStep": "commissioning",
            "quantityList": [{"epcClass": "urn:epc:class:lgtin:8938505.012345.L1", "quantity": 120, "uom": "KGM"}],
            "bizLocation": {"id": GARDEN},
            "certificationInfo": "https://vuon.example.vn/tcvn-11892",
            "ilmd": {"cbvmda:lotNumber": "L1", "cbvmda:bestBeforeDate": "2025-07-24"}
        }]}
    })
}

fn check(document: &Value) -> Vec<Problem> {
    let read = Document::parse(document.to_string().as_bytes(), &Contexts::new());
    Profile::Circular02Of2024.check(&read.expect("a sound document"))
}

fn without(document: &mut Value, parent: &str, member: &str) {
    let parent = document.pointer_mut(parent).and_then(Value::as_object_mut);
    let removed = parent.expect("an object").remove(member);
    assert!(removed.is_some(), "there was {member}");
}

const EVENT: &str = "/epcisBody/eventList/0";
const ELEMENTS: &str = "/epcisHeader/epcisMasterData/vocabularyList";

#[test]
fn a_harvest_of_which_all_is_told_lacks_nothing() {
    assert_eq!(check(&harvest()), []);
}

#[test]
fn each_kind_of_data_is_missed() {
    let attribute = |vocabulary: usize, index: usize| {
        format!("{ELEMENTS}/{vocabulary}/vocabularyElementList/0/attributes/{index}")
    };
    for (parent, member, told) in [
        (
            EVENT.to_owned(),
            "bizStep",
            "the stage of production or trade",
        ),
        (
            EVENT.to_owned(),
            "certificationInfo",
            "the standard or technical regulation",
        ),
        (attribute(0, 0), "", "the name of who produces"),
        (attribute(0, 1), "", "the address of who produces"),
        (attribute(1, 0), "", "the product's name"),
        (attribute(1, 1), "", "an image of the product"),
    ] {
        let mut document = harvest();
        if member.is_empty() {
            // The attribute stays and says nothing.
            document.pointer_mut(&parent).expect("an attribute")["attribute"] = json!(" ");
        } else {
            without(&mut document, &parent, member);
        }
        let problems = check(&document);
        let [problem] = problems.as_slice() else {
            panic!("{told}: {problems:?}");
        };
        assert!(problem.what.starts_with(told), "{problem}");
        assert_eq!(problem.reason, Reason::Profile);
        assert_eq!(problem.event, Some(0));
        assert!(problem.pointer.starts_with(EVENT), "{problem}");
        assert!(!problem.mend.is_empty());
    }
}

#[test]
fn the_code_by_which_a_product_is_traced_is_missed() {
    let mut document = harvest();
    document.pointer_mut(EVENT).expect("an event")["quantityList"][0]["epcClass"] =
        json!("https://vuon.example.vn/san-pham/7");
    let problems = check(&document);
    assert!(
        problems[0].what.starts_with("no object bears a code"),
        "{problems:?}"
    );
}

#[test]
fn a_shelf_life_is_a_date_where_there_is_one() {
    let mut document = harvest();
    let event = document.pointer_mut(EVENT).expect("an event");
    event["ilmd"]["cbvmda:bestBeforeDate"] = json!("mười ngày");
    let problems = check(&document);
    assert_eq!(problems.len(), 1);
    let pointer = format!("{EVENT}/ilmd/urn:epcglobal:cbv:mda:bestBeforeDate");
    assert_eq!(problems[0].pointer, pointer);
    let event = document.pointer_mut(EVENT).expect("an event");
    event["ilmd"] = json!({});
    assert_eq!(check(&document), []);
}

#[test]
fn what_is_told_with_the_lot_counts_as_well() {
    let mut document = harvest();
    without(&mut document, "", "epcisHeader");
    assert_eq!(check(&document).len(), 4);
    let event = document.pointer_mut(EVENT).expect("an event");
    event["ilmd"] = json!({
        "gs1:productName": "Sầu riêng",
        "gs1:image": "https://vuon.example.vn/a.jpg",
        "gs1:manufacturer": {
            "gs1:organizationName": "Hợp tác xã Ea Yông",
            "gs1:address": {"gs1:streetAddress": "Ea Yông"}
        }
    });
    assert_eq!(check(&document), []);
}

#[test]
fn later_steps_need_not_say_it_again() {
    let mut document = harvest();
    without(&mut document, "", "epcisHeader");
    let event = document.pointer_mut(EVENT).expect("an event");
    event["action"] = json!("OBSERVE");
    event["bizStep"] = json!("shipping");
    without(&mut document, EVENT, "ilmd");
    without(&mut document, EVENT, "certificationInfo");
    assert_eq!(check(&document), []);
}
