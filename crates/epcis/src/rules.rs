//! The rules of EPCIS that span several fields of an event.

use crate::canonical::Given;
use crate::event::broken_identifier;
use crate::problem::{Path, Problems, Reason};
use crate::reader::Value;
use crate::terms::EventType;

/// What the written event states that its canonical form no longer shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stated {
    /// An `epcList` is there, if only an empty one.
    epc_list: bool,
}

impl Stated {
    pub(crate) fn of(event: &Value<'_>, given: Given) -> Stated {
        // The canonical form leaves an empty list out, so a payload without
        // one is taken to state it.
        Stated {
            epc_list: given == Given::Payload || event.member("epcList").is_some(),
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
}

/// Checks an identifier against the syntax of its GS1 scheme.
pub(crate) fn identifier(text: &str, path: &Path<'_>, problems: &mut Problems) {
    if let Err(error) = gs1::Key::from_uri(text) {
        broken_identifier(&error, path, problems);
    }
}
