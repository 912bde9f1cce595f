//! What holds of a thing: the last word on each matter, and who has it.

mod common;

use common::{Map, aggregation, association, object, transformation, uri, with};
use serde_json::{Value, json};
use trace::{Bond, Level, Said, State, state};

fn ask(map: &Map, about: &str, minute: Option<i64>) -> State {
    // 2026-10-12T00:00Z.
    let at = minute.map(|minute| 1_791_763_200_000 + minute * 60_000);
    state(map, &common::key(about), at).expect("a map answers")
}

fn said(event: &Said) -> &str {
    let id = event.id.as_deref().expect("an id");
    id.strip_prefix("urn:e:").expect("short")
}

/// Returns a matter as `value by event`.
fn told(state: &State, id: &str, event: usize) -> String {
    let word = id.rsplit(['/', '-']).next().unwrap_or(id);
    format!("{word} by {}", said(&state.events[event]))
}

fn disposition(state: &State) -> Option<String> {
    let fact = state.disposition.as_ref();
    fact.map(|fact| told(state, &fact.id, fact.event))
}

fn place(state: &State) -> Option<String> {
    let place = state.place.as_ref()?;
    let by = place.by.as_ref().map(|by| format!(" in {by}"));
    let at = format!("{} by {}", place.id, said(&state.events[place.event]));
    Some(at + &by.unwrap_or_default())
}

fn lasting(state: &State) -> Vec<String> {
    let facts = state.persistent_dispositions.iter();
    facts
        .map(|fact| told(state, &fact.id, fact.event))
        .collect()
}

fn located(event: Value, place: &str) -> Value {
    with(event, "bizLocation", json!({ "id": uri(place) }))
}

fn disposed(event: Value, word: &str) -> Value {
    with(event, "disposition", json!(word))
}

#[test]
fn nothing_is_known_of_what_no_event_names() {
    let state = ask(&Map::default(), "i1.1", None);
    assert_eq!(state.about, common::key("i1.1").to_string());
    assert!(state.complete && state.events.is_empty() && state.last.is_none());
    assert_eq!(state.level, Level::Instance);
}

#[test]
fn the_last_event_that_speaks_of_a_matter_counts() {
    let map = Map::of(&[
        disposed(located(object("made", 1, "ADD", "i1.1"), "x1"), "active"),
        disposed(object("sent", 5, "OBSERVE", "i1.1"), "in_transit"),
        object("seen", 9, "OBSERVE", "i1.1"),
        located(object("other", 20, "OBSERVE", "i1.2"), "x2"),
    ]);
    let state = ask(&map, "i1.1", None);
    assert_eq!(disposition(&state).as_deref(), Some("in_transit by sent"));
    assert_eq!(place(&state), Some(format!("{} by made", uri("x1"))));
    assert_eq!(
        state.last.map(|event| said(&state.events[event])),
        Some("seen")
    );
    assert_eq!(state.events.len(), 3);
    for event in &state.events {
        assert_eq!(event.evidence.len(), 1);
        assert_eq!(state.logs[event.evidence[0].log].member, "dong-thap");
    }
    let before = ask(&map, "i1.1", Some(4));
    assert_eq!(disposition(&before).as_deref(), Some("active by made"));
    assert_eq!(before.at.as_deref(), Some("2026-10-12T00:04:00.000Z"));
    assert_eq!(ask(&map, "i1.1", Some(0)).events, []);
}

#[test]
fn what_was_declared_in_error_says_nothing() {
    let declared = |event: Value| {
        let declaration = json!({ "declarationTime": "2026-10-13T00:00:00Z" });
        with(event, "errorDeclaration", declaration)
    };
    let wrong = || disposed(object("wrong", 5, "OBSERVE", "i1.1"), "destroyed");
    let map = Map::of(&[
        disposed(object("made", 1, "ADD", "i1.1"), "active"),
        wrong(),
        declared(wrong()),
    ]);
    assert_eq!(
        disposition(&ask(&map, "i1.1", None)).as_deref(),
        Some("active by made")
    );
}

#[test]
fn persistent_dispositions_hold_until_they_are_unset() {
    let lists = |event: Value, set: &[&str], unset: &[&str]| {
        let mut lists = json!({});
        for (name, words) in [("set", set), ("unset", unset)] {
            if !words.is_empty() {
                lists[name] = json!(words);
            }
        }
        with(event, "persistentDisposition", lists)
    };
    let map = Map::of(&[
        lists(
            object("a", 1, "ADD", "i1.1"),
            &["completeness_inferred"],
            &[],
        ),
        lists(
            object("b", 5, "OBSERVE", "i1.1"),
            &["completeness_verified"],
            &["completeness_inferred"],
        ),
        lists(object("c", 9, "OBSERVE", "i1.1"), &["expired"], &[]),
        lists(object("d", 9, "OBSERVE", "i1.1"), &[], &["expired"]),
    ]);
    assert_eq!(
        lasting(&ask(&map, "i1.1", Some(1))),
        ["completeness_inferred by a"]
    );
    assert_eq!(
        lasting(&ask(&map, "i1.1", None)),
        ["completeness_verified by b", "expired by c"],
        "in one moment what is unset goes first"
    );
}

#[test]
fn a_thing_is_where_what_holds_it_is() {
    let map = Map::of(&[
        located(object("made", 1, "ADD", "i1.1"), "x1"),
        aggregation("packed", 5, "ADD", "p1", "i1.1"),
        aggregation("loaded", 6, "ADD", "c1", "p1"),
        association("tagged", 7, "ADD", "s1", "i1.1"),
        located(object("moved", 10, "OBSERVE", "c1"), "x2"),
        located(object("before", 2, "OBSERVE", "p1"), "x9"),
        aggregation("unloaded", 20, "DELETE", "c1", "p1"),
        located(object("gone", 25, "OBSERVE", "c1"), "x3"),
        aggregation("unpacked", 30, "DELETE", "p1", "i1.1"),
    ]);
    let in_c1 = format!("{} by moved in {}", uri("x2"), common::key("c1"));
    for (minute, expected) in [
        (4, format!("{} by made", uri("x1"))),
        (9, format!("{} by made", uri("x1"))),
        (15, in_c1),
        // Once it is out, what c1 does says nothing of it.
        (27, format!("{} by made", uri("x1"))),
    ] {
        assert_eq!(
            place(&ask(&map, "i1.1", Some(minute))),
            Some(expected),
            "{minute}"
        );
    }
    let parents = |minute| -> Vec<(String, Bond, String)> {
        let state = ask(&map, "i1.1", minute);
        let holder = |holder: &trace::Holder| {
            let event = holder
                .event
                .map(|event| said(&state.events[event]).to_owned());
            (holder.key.clone(), holder.bond, event.expect("an event"))
        };
        state.parents.iter().map(holder).collect()
    };
    let key = |name| common::key(name).to_string();
    let attached = (key("s1"), Bond::Attached, "tagged".to_owned());
    let inside = (key("p1"), Bond::Inside, "packed".to_owned());
    assert_eq!(parents(Some(15)), [inside, attached.clone()]);
    assert_eq!(parents(Some(30)), std::slice::from_ref(&attached));
    assert_eq!(parents(None), [attached]);
}

#[test]
fn a_thing_that_is_no_more_has_an_end() {
    let map = Map::of(&[
        object("made", 1, "ADD", "i1.1 i1.2"),
        disposed(object("burnt", 5, "DELETE", "i1.1"), "destroyed"),
        disposed(transformation("mixed", 6, "i1.2", "l2.A:5"), "active"),
        object("again", 9, "ADD", "i1.1"),
    ]);
    let ended = |about, minute| {
        let state = ask(&map, about, minute);
        let event = state.ended?;
        Some(said(&state.events[event]).to_owned())
    };
    assert_eq!(ended("i1.1", Some(5)).as_deref(), Some("burnt"));
    assert_eq!(ended("i1.1", None), None, "the identifier is used again");
    assert_eq!(ended("i1.2", None).as_deref(), Some("mixed"));
    assert_eq!(
        disposition(&ask(&map, "i1.2", None)),
        None,
        "of outputs only"
    );
    let lot = ask(&map, "l2.A", None);
    assert_eq!(disposition(&lot).as_deref(), Some("active by mixed"));
    assert_eq!(lot.level, Level::Class);
}

#[test]
fn master_data_are_its_own_and_its_lots() {
    let ilmd = |event: Value, value: &str| {
        let lot = json!({ "cbvmda:lotNumber": "A", "cbvmda:growingMethodCode": value });
        with(event, "ilmd", lot)
    };
    let map = Map::of(&[
        ilmd(object("lot", 1, "ADD", "l1.A:5"), "of the lot"),
        ilmd(object("made", 2, "ADD", "i1.1"), "of the item"),
        ilmd(object("other", 3, "ADD", "i1.2"), "of another"),
    ]);
    let state = ask(&map, "i1.1", None);
    let told: Vec<(&str, &str)> = state
        .ilmd
        .iter()
        .map(|ilmd| {
            let value = &ilmd.members["urn:epcglobal:cbv:mda:growingMethodCode"];
            (ilmd.of.as_str(), value.as_str().expect("text"))
        })
        .collect();
    let (item, lot) = (
        common::key("i1.1").to_string(),
        common::key("l1.A").to_string(),
    );
    assert_eq!(
        told[..2],
        [(item.as_str(), "of the item"), (lot.as_str(), "of the lot")]
    );
    assert!(told[2..].iter().all(|(of, _)| *of == lot));
}
