//! Changes to documents: some break what the schema demands, some only look
//! as if they did.

use serde_json::{Value, json};

use crate::draw::Draw;

/// One kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mutation {
    DropMember,
    RenameBare,
    RenameNamespaced,
    AddBare,
    AddNamespaced,
    ChangeType,
    MakeNull,
    BreakUri,
    OtherUri,
    BreakTime,
    OtherOffset,
    SwapWord,
    SpellWord,
    SwapAction,
    SwapType,
    RepeatItem,
    DropItem,
    EmptyArray,
    EmptyObject,
    Wrap,
    Graft,
}

impl Mutation {
    pub(crate) const ALL: [Mutation; 21] = [
        Mutation::DropMember,
        Mutation::RenameBare,
        Mutation::RenameNamespaced,
        Mutation::AddBare,
        Mutation::AddNamespaced,
        Mutation::ChangeType,
        Mutation::MakeNull,
        Mutation::BreakUri,
        Mutation::OtherUri,
        Mutation::BreakTime,
        Mutation::OtherOffset,
        Mutation::SwapWord,
        Mutation::SpellWord,
        Mutation::SwapAction,
        Mutation::SwapType,
        Mutation::RepeatItem,
        Mutation::DropItem,
        Mutation::EmptyArray,
        Mutation::EmptyObject,
        Mutation::Wrap,
        Mutation::Graft,
    ];

    /// Changes the document at one place; says whether there was one.
    pub(crate) fn apply(self, document: &mut Value, donor: &Value, draw: &mut Draw) -> bool {
        match self {
            Mutation::DropMember => at_member(document, draw, |members, name, _| {
                members.remove(name);
            }),
            Mutation::RenameBare => rename(document, draw, &["extra", "note", "EPCList", "ID"]),
            Mutation::RenameNamespaced => rename(
                document,
                draw,
                &["example:extra", "urn:x:y", "epcis:extra", "a b:c"],
            ),
            Mutation::AddBare => add(document, draw, &["extra", "children", "action", "parentID"]),
            Mutation::AddNamespaced => add(
                document,
                draw,
                &["example:extra", "https://a.example/b", "cbvmda:lotNumber"],
            ),
            Mutation::ChangeType => change(document, draw, any, |value, draw| {
                let others = [json!(true), json!(7), json!("seven"), json!([]), json!({})];
                let kind = std::mem::discriminant(value);
                let others = others.iter();
                let others: Vec<_> = others
                    .filter(|other| std::mem::discriminant(*other) != kind)
                    .collect();
                draw.of(&others).map(|other| (*other).clone())
            }),
            Mutation::MakeNull => change(document, draw, any, |_, _| Some(Value::Null)),
            Mutation::BreakUri => texts(document, draw, &is_uri, &BROKEN_URIS),
            Mutation::OtherUri => texts(document, draw, &is_uri, &OTHER_URIS),
            Mutation::BreakTime => texts(document, draw, &is_time, &TIMES),
            Mutation::OtherOffset => texts(document, draw, &is_offset, &OFFSETS),
            Mutation::SwapWord => texts(document, draw, &is_word, &WORDS),
            Mutation::SpellWord => spell(document, draw),
            Mutation::SwapAction => texts(document, draw, &is_action, &ACTIONS),
            Mutation::SwapType => texts(document, draw, &is_type, &TYPES),
            Mutation::RepeatItem => at_array(document, draw, |items, at, to| {
                let item = items[at].clone();
                items.insert(to, item);
            }),
            Mutation::DropItem => at_array(document, draw, |items, at, _| {
                items.remove(at);
            }),
            Mutation::EmptyArray => change(document, draw, Value::is_array, |_, _| Some(json!([]))),
            Mutation::EmptyObject => {
                change(document, draw, Value::is_object, |_, _| Some(json!({})))
            }
            Mutation::Wrap => change(document, draw, any, |value, draw| {
                Some(match value {
                    Value::Array(items) if draw.below(2) == 0 => items.first()?.clone(),
                    other => json!([other.clone()]),
                })
            }),
            Mutation::Graft => graft(document, donor, draw),
        }
    }
}

const BROKEN_URIS: [&str; 10] = [
    "",
    "no-uri",
    "http://a b",
    "http://a/%2",
    "http://[::g]/",
    "http://a/[x]",
    "urn:a:<b>",
    "1a:b",
    "https://ví-dụ.vn/",
    "a\u{0}:b",
];
const OTHER_URIS: [&str; 12] = [
    "urn:epc:id:sgtin:8938505.012345.1",
    "urn:epc:id:sgtin:8938505.12345.1",
    "urn:epc:id:sgln:8938505.00001.0",
    "https://id.gs1.org/01/08938505123457/21/1",
    "https://id.gs1.org/01/08938505123458/21/1",
    "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    "example:thing",
    "geo:10.7,106.6",
    "http://a#b",
    "http://a/?q=1&r='()*+,;=",
    "http://user@host:/x",
    "a.b+c-d:",
];
const TIMES: [&str; 14] = [
    "",
    "2025-07-14",
    "2025-07-14T05:40:00",
    "2025-07-14 05:40:00Z",
    "2025-07-14T05:40:00Z",
    "2025-07-14T05:40:00.123456789012+07:00",
    "2025-07-14t05:40:00z",
    "2025-02-29T05:40:00Z",
    "2025-13-14T05:40:00Z",
    "2025-07-14T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2025-07-14T05:40:00+23:59",
    "2025-07-14T05:40:00+0700",
    "14-07-2025T05:40:00Z",
];
const OFFSETS: [&str; 9] = [
    "+07:00", "-00:00", "+14:00", "+14:01", "+13:59", "07:00", "+7:00", "Z", "+07:60",
];
const WORDS: [&str; 12] = [
    "receiving",
    "in_transit",
    "po",
    "owning_party",
    "did_not_occur",
    "x",
    "Temperature",
    "ALARM_CONDITION",
    "Receiving",
    "unknown_word",
    "",
    "KGM",
];
const ACTIONS: [&str; 5] = ["ADD", "OBSERVE", "DELETE", "add", "CHANGE"];
const TYPES: [&str; 10] = [
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
    "objectEvent",
    "QuantityEvent",
    "example:OwnEvent",
    "EPCISDocument",
    "EPCISQueryDocument",
];
/// What may stand before the bare word of a vocabulary.
const SPELLINGS: [&str; 12] = [
    "https://ref.gs1.org/cbv/BizStep-",
    "https://ref.gs1.org/cbv/Disp-",
    "cbv:BizStep-",
    "cbv:Disp-",
    "urn:epcglobal:cbv:bizstep:",
    "urn:epcglobal:cbv:disp:",
    "https://ns.gs1.org/cbv/BizStep-",
    "http://ref.gs1.org/cbv/Disp-",
    "https://gs1.org/voc/",
    "http://www.gs1.org/voc/",
    "https://ref.gs1.org/voc/",
    "gs1:",
];

fn any(_: &Value) -> bool {
    true
}

fn is_uri(text: &str) -> bool {
    text.contains(':') && !is_time(text) && !is_offset(text)
}

fn is_time(text: &str) -> bool {
    text.len() >= 19
        && text.as_bytes()[10] == b'T'
        && text.starts_with(|c: char| c.is_ascii_digit())
}

fn is_offset(text: &str) -> bool {
    text.len() == 6 && text.as_bytes()[3] == b':' && text.starts_with(['+', '-'])
}

fn is_word(text: &str) -> bool {
    !text.contains([':', ' ']) && !text.ends_with("Event") && !text.ends_with("Document")
}

fn is_action(text: &str) -> bool {
    ACTIONS[..3].contains(&text)
}

fn is_type(text: &str) -> bool {
    TYPES.contains(&text)
}

/// Returns the pointers of all values of which `fits` holds.
fn places(document: &Value, fits: impl Fn(&Value) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    let mut rest = vec![(String::new(), document)];
    while let Some((pointer, value)) = rest.pop() {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    rest.push((format!("{pointer}/{index}"), item));
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    rest.push((format!("{pointer}/{name}"), member));
                }
            }
            _ => {}
        }
        if fits(value) {
            places.push(pointer);
        }
    }
    places
}

fn pick<'d>(
    document: &'d mut Value,
    draw: &mut Draw,
    fits: impl Fn(&Value) -> bool,
) -> Option<&'d mut Value> {
    let places = places(document, fits);
    let pointer = draw.of(&places)?;
    document.pointer_mut(pointer)
}

fn change(
    document: &mut Value,
    draw: &mut Draw,
    fits: impl Fn(&Value) -> bool,
    make: impl FnOnce(&Value, &mut Draw) -> Option<Value>,
) -> bool {
    let Some(value) = pick(document, draw, fits) else {
        return false;
    };
    match make(value, draw) {
        Some(made) => {
            *value = made;
            true
        }
        None => false,
    }
}

fn texts(
    document: &mut Value,
    draw: &mut Draw,
    fits: &dyn Fn(&str) -> bool,
    others: &[&str],
) -> bool {
    let fits = |value: &Value| value.as_str().is_some_and(fits);
    change(document, draw, fits, |_, draw| {
        draw.of(others).map(|text| json!(text))
    })
}

fn spell(document: &mut Value, draw: &mut Draw) -> bool {
    let fits = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| is_word(text) && !text.is_empty())
    };
    change(document, draw, fits, |value, draw| {
        let before = draw.of(&SPELLINGS)?;
        value.as_str().map(|word| json!(format!("{before}{word}")))
    })
}

fn at_member(
    document: &mut Value,
    draw: &mut Draw,
    act: impl FnOnce(&mut serde_json::Map<String, Value>, &str, &mut Draw),
) -> bool {
    let filled = |value: &Value| value.as_object().is_some_and(|members| !members.is_empty());
    let Some(Value::Object(members)) = pick(document, draw, filled) else {
        return false;
    };
    let names: Vec<_> = members.keys().cloned().collect();
    let Some(name) = draw.of(&names) else {
        return false;
    };
    act(members, name, draw);
    true
}

fn rename(document: &mut Value, draw: &mut Draw, names: &[&str]) -> bool {
    at_member(document, draw, |members, name, draw| {
        let value = members.remove(name);
        if let (Some(value), Some(other)) = (value, draw.of(names)) {
            members.insert((*other).to_owned(), value);
        }
    })
}

fn add(document: &mut Value, draw: &mut Draw, names: &[&str]) -> bool {
    change(document, draw, Value::is_object, |value, draw| {
        let mut value = value.clone();
        let values = [
            json!("text"),
            json!(1.5),
            json!({"a": [1, "b"]}),
            json!(["urn:a:b"]),
        ];
        value[*draw.of(names)?] = draw.of(&values)?.clone();
        Some(value)
    })
}

fn at_array(
    document: &mut Value,
    draw: &mut Draw,
    act: impl FnOnce(&mut Vec<Value>, usize, usize),
) -> bool {
    let filled = |value: &Value| value.as_array().is_some_and(|items| !items.is_empty());
    let Some(Value::Array(items)) = pick(document, draw, filled) else {
        return false;
    };
    let (at, to) = (draw.below(items.len()), draw.below(items.len() + 1));
    act(items, at, to);
    true
}

/// Puts a member of another document's object into one of this document's.
fn graft(document: &mut Value, donor: &Value, draw: &mut Draw) -> bool {
    let filled = |value: &Value| value.as_object().is_some_and(|members| !members.is_empty());
    let givers = places(donor, filled);
    let giver = draw.of(&givers).and_then(|pointer| donor.pointer(pointer));
    let Some(Value::Object(given)) = giver else {
        return false;
    };
    let members: Vec<_> = given.iter().collect();
    change(document, draw, Value::is_object, |value, draw| {
        let (name, member) = draw.of(&members)?;
        let mut value = value.clone();
        value[name.as_str()] = (*member).clone();
        Some(value)
    })
}
