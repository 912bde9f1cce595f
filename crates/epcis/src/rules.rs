//! The rules of EPCIS that span several fields of an event.

use std::collections::HashSet;

use crate::canonical::Given;
use crate::event::{Event, Role, broken_identifier};
use crate::problem::{Path, Problems, Reason, shown};
use crate::reader::Value;
use crate::terms::EventType;
use crate::time;

/// What the written event states that its canonical form no longer shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stated {
    /// An `epcList` is there, if only an empty one.
    epc_list: bool,
    /// The event is one of a document, to be captured.
    document: bool,
}

impl Stated {
    pub(crate) fn of(event: &Value<'_>, given: Given) -> Stated {
        // The canonical form leaves an empty list out, so a payload without
        // one is taken to state it.
        Stated {
            epc_list: given == Given::Payload || event.member("epcList").is_some(),
            document: given == Given::Document,
        }
    }
}

/// Checks the rules of one event type (EPCIS 2.0 §7.4) on a walked event.
pub(crate) fn check(
    event_type: EventType,
    event: &Value<'_>,
    stated: Stated,
    path: &Path<'_>,
    problems: &mut Problems,
) {
    let has = |name: &str| event.member(name).is_some();
    let action = event.member("action").and_then(Value::as_str);
    let mut broken = |name: Option<&str>, what: &str, mend: &str| {
        let place = name.map_or(*path, |name| path.name(name));
        problems.add(&place, Reason::Rule, what, mend);
    };
    match event_type {
        EventType::Object => {
            if has("ilmd") && matches!(action, Some("OBSERVE" | "DELETE")) {
                broken(
                    Some("ilmd"),
                    "ilmd stands beside an action that is not ADD",
                    "leave ilmd out, or use the action ADD",
                );
            }
            let sensed = has("sensorElementList") && has("readPoint");
            if !stated.epc_list && !has("quantityList") && !sensed {
                broken(
                    None,
                    "the event names no objects",
                    "give epcList or quantityList, or sensorElementList with a readPoint",
                );
            }
        }
        EventType::Aggregation | EventType::Association => {
            let childless = !has("childEPCs") && !has("childQuantityList");
            if childless && action != Some("DELETE") {
                broken(
                    None,
                    "the event names no children",
                    "give childEPCs or childQuantityList; only DELETE may do without",
                );
            }
            // For an AssociationEvent the parent is a required field.
            let parted = matches!(action, Some("ADD" | "DELETE")) && !has("parentID");
            if event_type == EventType::Aggregation && parted {
                broken(
                    Some("parentID"),
                    "ADD and DELETE need the parent",
                    "give its parentID",
                );
            }
        }
        EventType::Transaction => {
            if !stated.epc_list && !has("quantityList") && action != Some("DELETE") {
                broken(
                    None,
                    "the event names no objects",
                    "give epcList or quantityList; only DELETE may do without",
                );
            }
        }
        EventType::Transformation => {
            let input = has("inputEPCList") || has("inputQuantityList");
            let output = has("outputEPCList") || has("outputQuantityList");
            let linked = has("transformationID") && (input || output);
            if !(input && output || linked) {
                broken(
                    None,
                    "inputs or outputs are missing",
                    "give both, or a transformationID with either",
                );
            }
        }
    }
    if stated.document {
        persistent_disposition(event, path, problems);
        error_declaration(event, path, problems);
        sensor_elements(event, path, problems);
    }
}

// What follows is asked of documents alone: a payload that was signed before a
// rule was made keeps its effect.

/// A persistent disposition says something, and does not contradict itself
/// (EPCIS 2.0 §7.3.4.3).
fn persistent_disposition(event: &Value<'_>, path: &Path<'_>, problems: &mut Problems) {
    let Some(value) = event.member("persistentDisposition") else {
        return;
    };
    let path = path.name("persistentDisposition");
    let set: HashSet<_> = items(value, "set")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if matches!(value, Value::Object(members) if members.is_empty()) {
        let what = "neither set nor unset is given";
        problems.add(
            &path,
            Reason::Missing,
            what,
            "give one of them, or leave it out",
        );
    }
    let list = path.name("unset");
    let unset = items(value, "unset").iter().filter_map(Value::as_str);
    for (index, disposition) in unset.enumerate() {
        if set.contains(disposition) {
            let what = "the disposition is set and unset by one event";
            let mend = "name it in one of the two lists";
            problems.add(&list.index(index), Reason::Rule, what, mend);
        }
    }
}

/// An event in error is corrected by others (EPCIS 2.0 §7.4.1.3).
fn error_declaration(event: &Value<'_>, path: &Path<'_>, problems: &mut Problems) {
    let Some(own) = event.member("eventID") else {
        return;
    };
    let Some(declaration) = event.member("errorDeclaration") else {
        return;
    };
    let path = path.name("errorDeclaration");
    let list = path.name("correctiveEventIDs");
    let corrective = items(declaration, "correctiveEventIDs");
    for (index, _) in corrective.iter().enumerate().filter(|(_, id)| *id == own) {
        let what = "the event is named as its own correction";
        let mend = "name the events that say it right";
        problems.add(&list.index(index), Reason::Rule, what, mend);
    }
}

/// Times and figures of sensors that cannot be (EPCIS 2.0 §7.3.7).
fn sensor_elements(event: &Value<'_>, path: &Path<'_>, problems: &mut Problems) {
    let list = path.name("sensorElementList");
    for (index, element) in items(event, "sensorElementList").iter().enumerate() {
        let path = list.index(index);
        if let Some(metadata) = element.member("sensorMetadata") {
            let instant = |name| metadata.member(name)?.as_str().and_then(time::instant_ms);
            if let (Some(start), Some(end)) = (instant("startTime"), instant("endTime"))
                && start > end
            {
                let path = path.name("sensorMetadata");
                let what = "the end of the interval lies before its start";
                problems.add(
                    &path.name("endTime"),
                    Reason::Rule,
                    what,
                    "swap the two times",
                );
            }
        }
        let reports = path.name("sensorReport");
        for (index, report) in items(element, "sensorReport").iter().enumerate() {
            sensor_report(report, &reports.index(index), problems);
        }
    }
}

fn sensor_report(report: &Value<'_>, path: &Path<'_>, problems: &mut Problems) {
    let number = |name: &str| match report.member(name) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    let mut refuse = |name: &str, wrong: bool, what: &str, mend: &str| {
        if wrong {
            problems.add(&path.name(name), Reason::Rule, what, mend);
        }
    };
    let above = |low: &str, high: &str| matches!((number(low), number(high)), (Some(low), Some(high)) if low > high);
    let swap = "see whether the two were swapped";
    refuse(
        "maxValue",
        above("minValue", "maxValue"),
        "maxValue is below minValue",
        swap,
    );
    let negative = number("sDev").is_some_and(|deviation| deviation < 0.0);
    let mend = "give the deviation without a sign";
    refuse("sDev", negative, "a standard deviation is negative", mend);
    let rank = number("percRank").is_some_and(|rank| !(0.0..=100.0).contains(&rank));
    let mend = "give a percentage from 0 to 100";
    refuse(
        "percRank",
        rank,
        "a percentile rank lies outside 0 to 100",
        mend,
    );
    let uom = report.member("uom").and_then(Value::as_str);
    let code = uom.is_none_or(|code| {
        matches!(code.len(), 2 | 3)
            && code
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    });
    let mend = "write a unit code of UN/CEFACT Recommendation 20, like CEL";
    refuse("uom", !code, "this is no unit code", mend);
}

/// Checks an event of a document for objects that it names twice in one
/// spelling, and for a parent among its own children. (Published examples name
/// one object by URN and by Digital Link in one list.)
pub(crate) fn check_identities(event: &Event, path: &Path<'_>, problems: &mut Problems) {
    let lists = [
        (Role::Epc, "epcList"),
        (Role::Child, "childEPCs"),
        (Role::Input, "inputEPCList"),
        (Role::Output, "outputEPCList"),
    ];
    for (role, name) in lists {
        let list = path.name(name);
        let objects = event.objects().filter(|object| object.role == role);
        let mut seen = HashSet::new();
        for (index, object) in objects.enumerate() {
            let identifier = &object.identifier;
            if !seen.insert(&identifier.id) {
                let what = format!("{} stands in the list twice", shown(&identifier.id));
                problems.add(&list.index(index), Reason::Rule, what, "name it once");
            }
            let own = event.parent().filter(|_| role == Role::Child);
            if own.is_some_and(|parent| parent.id == identifier.id) {
                let what = "the parent is named as its own child";
                problems.add(&list.index(index), Reason::Rule, what, "leave it out");
            }
        }
    }
}

fn items<'v, 'a>(object: &'v Value<'a>, name: &str) -> &'v [Value<'a>] {
    match object.member(name) {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

/// Checks an identifier against the syntax of its GS1 scheme.
pub(crate) fn identifier(text: &str, path: &Path<'_>, problems: &mut Problems) {
    if let Err(error) = gs1::Key::from_uri(text) {
        broken_identifier(&error, path, problems);
    }
}
