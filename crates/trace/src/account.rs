//! What the answer tells of an event beside the objects that it names.

use epcis::{Action, BizTransaction, Identifier, Party};
use serde_json::{Map, Value};

use crate::answer::{Declaration, Event, Typed};

/// Tells an event; its objects and its evidence are filled in later.
pub(crate) fn of(event: &epcis::Event) -> Event {
    let mut json = match event.json() {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let ilmd = match json.remove("ilmd") {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let certifications = json.remove("certificationInfo");
    let persistent_disposition = json.remove("persistentDisposition");
    let sensors = json.remove("sensorElementList");
    // In the canonical form the standard's own members have bare names, all
    // others are IRIs.
    json.retain(|name, _| name.contains(':'));
    Event {
        id: event.id(),
        event_type: event.event_type().name().to_owned(),
        time: event.event_time().text.clone(),
        offset: event.time_zone_offset().to_owned(),
        action: event.action().map(|action| word(action).to_owned()),
        biz_step: event.biz_step().map(str::to_owned),
        disposition: event.disposition().map(str::to_owned),
        transformation: event.transformation_id().map(str::to_owned),
        read_point: event.read_point().map(written),
        biz_location: event.biz_location().map(written),
        sources: event.sources().iter().map(party).collect(),
        destinations: event.destinations().iter().map(party).collect(),
        transactions: event.biz_transactions().iter().map(transaction).collect(),
        persistent_disposition,
        certifications,
        sensors,
        ilmd,
        extensions: json,
        declaration: event.error_declaration().map(|made| Declaration {
            time: made.declaration_time.text.clone(),
            reason: made.reason.clone(),
            corrective_events: made.corrective_event_ids.clone(),
        }),
        counts: true,
        objects: Vec::new(),
        others: 0,
        upstream: false,
        downstream: false,
        evidence: Vec::new(),
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Add => "ADD",
        Action::Observe => "OBSERVE",
        Action::Delete => "DELETE",
    }
}

fn written(identifier: &Identifier) -> String {
    identifier.id.clone()
}

fn party(party: &Party) -> Typed {
    Typed {
        typed: Some(party.party_type.clone()),
        id: written(&party.identifier),
    }
}

fn transaction(transaction: &BizTransaction) -> Typed {
    Typed {
        typed: transaction.transaction_type.clone(),
        id: written(&transaction.identifier),
    }
}
