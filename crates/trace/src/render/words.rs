//! Plain words for identifiers, moments and business steps.

use gs1::{Ai, Key};

use crate::answer::{Event, Object};

/// Business steps (CBV 2.0 §7.1.3) as what was done.
const STEPS: [(&str, &str); 41] = [
    ("accepting", "accepted"),
    ("arriving", "arrived"),
    ("assembling", "assembled"),
    ("collecting", "collected"),
    ("commissioning", "commissioned"),
    ("consigning", "consigned"),
    ("creating_class_instance", "made a lot"),
    ("cycle_counting", "counted"),
    ("decommissioning", "decommissioned"),
    ("departing", "departed"),
    ("destroying", "destroyed"),
    ("disassembling", "taken apart"),
    ("dispensing", "dispensed"),
    ("encoding", "encoded"),
    ("entering_exiting", "passed through"),
    ("holding", "held back"),
    ("inspecting", "inspected"),
    ("installing", "installed"),
    ("killing", "tag killed"),
    ("loading", "loaded"),
    ("other", "other step"),
    ("packing", "packed"),
    ("picking", "picked"),
    ("receiving", "received"),
    ("removing", "removed"),
    ("repackaging", "repackaged"),
    ("repairing", "repaired"),
    ("replacing", "replaced"),
    ("reserving", "reserved"),
    ("retail_selling", "sold at retail"),
    ("sampling", "sampled"),
    ("sensor_reporting", "measured"),
    ("shipping", "shipped"),
    ("staging_outbound", "staged for shipping"),
    ("stock_taking", "stock taken"),
    ("stocking", "stocked"),
    ("storing", "stored"),
    ("transporting", "transported"),
    ("unloading", "unloaded"),
    ("unpacking", "unpacked"),
    ("void_shipping", "shipping voided"),
];

const STEP: &str = "https://ref.gs1.org/cbv/BizStep-";

/// Says what was done: the business step, or, where there is none, what the
/// event's type and action tell.
pub(super) fn deed(event: &Event) -> &str {
    if let Some(step) = &event.biz_step {
        let word = step.strip_prefix(STEP).unwrap_or(step);
        let known = STEPS.iter().find(|(name, _)| *name == word);
        return known.map_or_else(|| tail(word), |(_, done)| done);
    }
    match (event.event_type.as_str(), event.action.as_deref()) {
        ("ObjectEvent", Some("ADD")) => "came to be",
        ("ObjectEvent", Some("DELETE")) => "ended",
        ("AggregationEvent", Some("ADD")) => "put inside",
        ("AggregationEvent", Some("DELETE")) => "taken out",
        ("AssociationEvent", Some("ADD")) => "attached",
        ("AssociationEvent", Some("DELETE")) => "parted",
        ("TransactionEvent", Some("ADD")) => "tied to papers",
        ("TransactionEvent", Some("DELETE")) => "parted from papers",
        ("TransformationEvent", _) => "made",
        _ => "seen",
    }
}

/// Names objects of one kind.
pub(super) fn title(objects: &[&Object]) -> String {
    let Some(first) = objects.iter().min_by_key(|object| &object.first) else {
        return String::new();
    };
    let count: usize = objects.iter().map(|object| object.count).sum();
    let lasts = objects
        .iter()
        .map(|object| object.last.as_ref().unwrap_or(&object.first));
    let last = lasts.max().unwrap_or(&first.first);
    let several = count > 1;
    let value = |text: &str, ai: Ai| -> Option<String> {
        let key: Key = text.parse().ok()?;
        key.gs1()?.value(ai).map(std::borrow::Cow::into_owned)
    };
    let range = |ai: Ai| -> Option<String> {
        let from = value(&first.first, ai)?;
        let to = several.then(|| value(last, ai)).flatten();
        Some(to.map_or_else(|| from.clone(), |to| format!("{from} … {to}")))
    };
    if let Some(codes) = range(Ai::SSCC) {
        return if several {
            format!("{count} SSCCs {codes}")
        } else {
            format!("SSCC {codes}")
        };
    }
    if let Some(gtin) = value(&first.first, Ai::GTIN) {
        return match (range(Ai::SERIAL), range(Ai::LOT)) {
            (Some(serials), _) if several => {
                format!("{count} items of GTIN {gtin}, serials {serials}")
            }
            (Some(serial), _) => format!("item {serial} of GTIN {gtin}"),
            (None, Some(lots)) if several => format!("{count} lots of GTIN {gtin}: {lots}"),
            (None, Some(lot)) => format!("lot {lot} of GTIN {gtin}"),
            (None, None) => format!("GTIN {gtin}"),
        };
    }
    let shown = first.written.as_ref().unwrap_or(&first.first);
    if several {
        format!("{count} objects {shown} … {last}")
    } else {
        shown.clone()
    }
}

/// Writes an event's time with the zone it was written in, to the minute.
pub(super) fn moment(time: &str) -> String {
    let (clock, zone) = clock_and_zone(time);
    format!("{clock} {zone}")
}

/// Writes the time from one event to another.
pub(super) fn moments(first: &str, last: &str) -> String {
    let (from, from_zone) = clock_and_zone(first);
    let (to, to_zone) = clock_and_zone(last);
    if from == to && from_zone == to_zone {
        return moment(first);
    }
    if from_zone != to_zone {
        return format!("{from} {from_zone} – {to} {to_zone}");
    }
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((day, _)), Some((same, clock))) if day == same => {
            format!("{from} – {clock} {from_zone}")
        }
        _ => format!("{from} – {to} {from_zone}"),
    }
}

fn clock_and_zone(time: &str) -> (String, &str) {
    let clock = time.get(..16).unwrap_or(time).replace('T', " ");
    let rest = time.get(19..).unwrap_or("");
    let zone = rest.find(['+', '-', 'Z']).map_or("", |at| &rest[at..]);
    (clock, if zone == "Z" { "UTC" } else { zone })
}

/// Returns the last part of a URI or URN.
pub(super) fn tail(uri: &str) -> &str {
    let end = uri.trim_end_matches(['/', '#']);
    end.rsplit(['/', '#', ':']).next().unwrap_or(uri)
}

/// Returns the last part of a name as words: `…/plantingAreaCode` → `planting
/// area code`.
pub(super) fn label(iri: &str) -> String {
    let mut label = String::new();
    let mut characters = tail(iri).chars().peekable();
    while let Some(character) = characters.next() {
        let begins = characters.peek().is_some_and(|next| next.is_lowercase());
        if character.is_uppercase() && label.ends_with(char::is_lowercase) {
            label.push(' ');
        }
        match character.is_uppercase() && begins {
            true => label.extend(character.to_lowercase()),
            false => label.push(character),
        }
    }
    label
}

/// Returns the word of a standard type: `…/BTT-po` → `po`.
pub(super) fn type_word(uri: &str) -> &str {
    let word = tail(uri);
    word.split_once('-')
        .filter(|(vocabulary, _)| matches!(*vocabulary, "BTT" | "SDT" | "Disp" | "ER"))
        .map_or(word, |(_, word)| word)
}

/// Returns the first digits of a hexadecimal text.
pub(super) fn head(hex: &str) -> String {
    format!("{}…", hex.get(..4).unwrap_or(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_words() {
        for (first, last, expected) in [
            (
                "2026-10-12T15:00:00.000+07:00",
                "2026-10-12T15:00:59+07:00",
                "2026-10-12 15:00 +07:00",
            ),
            (
                "2026-10-12T15:00:00+07:00",
                "2026-10-12T18:48:00+07:00",
                "2026-10-12 15:00 – 18:48 +07:00",
            ),
            (
                "2026-10-12T15:00:00Z",
                "2026-10-13T01:00:00Z",
                "2026-10-12 15:00 – 2026-10-13 01:00 UTC",
            ),
            (
                "2026-10-12T15:00:00Z",
                "2026-10-12T23:00:00+07:00",
                "2026-10-12 15:00 UTC – 2026-10-12 23:00 +07:00",
            ),
        ] {
            assert_eq!(moments(first, last), expected);
        }
    }

    #[test]
    fn names_are_labels() {
        for (iri, expected) in [
            (
                "https://nguon.vn.example/epcis/plantingAreaCode",
                "planting area code",
            ),
            ("urn:epcglobal:cbv:mda#lotNumber", "lot number"),
            (
                "https://ref.gs1.org/cbv/countryOfOrigin",
                "country of origin",
            ),
            ("https://nguon.vn.example/epcis/Variety", "variety"),
            ("urn:example:parentGTIN", "parent GTIN"),
            ("", ""),
        ] {
            assert_eq!(label(iri), expected);
        }
    }

    #[test]
    fn types_and_tails() {
        for (uri, expected) in [
            ("https://ref.gs1.org/cbv/BTT-po", "po"),
            ("https://ref.gs1.org/cbv/SDT-owning_party", "owning_party"),
            (
                "https://nguon.vn.example/epcis/customs_declaration",
                "customs_declaration",
            ),
            ("urn:epc:id:gdti:8934999.00101.PO-1", "8934999.00101.PO-1"),
            ("", ""),
        ] {
            assert_eq!(type_word(uri), expected);
        }
    }
}
