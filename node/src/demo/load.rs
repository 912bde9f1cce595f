//! A generated load: harvests of durian, in documents as a province's system
//! would send them.

use record::Digest;
use serde_json::{Value, json};

/// How many events a full document holds.
pub(super) const DOCUMENT_EVENTS: usize = 100;
/// How many gardens harvest in turn in each province.
const GARDENS: usize = 40;
/// How many harvests a garden has on one day.
const HARVESTS_A_DAY: usize = 4;

/// The events of one province.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// The province's place in the cast, which tells its identifiers apart.
    province: usize,
    /// How many events there are.
    pub(super) events: usize,
}

/// Shares `events` out over `provinces`, as evenly as it goes.
pub(super) fn share(events: usize, provinces: usize) -> Vec<Load> {
    let each = |province| {
        let extra = usize::from(province < events % provinces);
        Load {
            province,
            events: events / provinces + extra,
        }
    };
    (0..provinces).map(each).collect()
}

impl Load {
    /// Returns how many documents it takes.
    pub(super) fn documents(self) -> usize {
        self.events.div_ceil(DOCUMENT_EVENTS)
    }

    /// Returns how many events a document holds.
    pub(super) fn events_in(self, document: usize) -> usize {
        let before = document * DOCUMENT_EVENTS;
        DOCUMENT_EVENTS.min(self.events.saturating_sub(before))
    }

    /// Writes a document, counted from 0.
    pub(super) fn document(self, document: usize) -> String {
        let first = document * DOCUMENT_EVENTS;
        let events = first..first + self.events_in(document);
        let events: Vec<Value> = events.map(|n| self.event(n)).collect();
        json!({
            "@context": [
                epcis::EPCIS_CONTEXT,
                { "nguon": super::goods::NAMESPACE },
            ],
            "id": uuid(&["document", &self.province.to_string(), &document.to_string()]),
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-10-31T18:00:00.000+07:00",
            "epcisBody": { "eventList": events },
        })
        .to_string()
    }

    /// Writes one harvest: a garden brings in a lot.
    fn event(self, n: usize) -> Value {
        let Self { province, .. } = self;
        let garden = n % GARDENS;
        let round = n / GARDENS;
        let (day, harvest) = (round / HARVESTS_A_DAY, round % HARVESTS_A_DAY);
        // Rounds beyond a month go on in the same month with further lots.
        let date = format!("2026-10-{:02}", day % 31 + 1);
        let time = format!("{date}T{:02}:{:02}:00.000+07:00", 6 + 2 * harvest, garden);
        let prefix = 8_938_999_910_u64 + province as u64;
        let lot = format!("G{garden:02}-{day:04}-{harvest}");
        let place = format!("urn:epc:id:sgln:{prefix}.{garden:02}.0");
        json!({
            "type": "ObjectEvent",
            "eventID": uuid(&["event", &province.to_string(), &n.to_string()]),
            "eventTime": time,
            "eventTimeZoneOffset": "+07:00",
            "quantityList": [{
                "epcClass": format!("urn:epc:class:lgtin:{prefix}.901.{lot}"),
                "quantity": 300 + 7 * (n % 400),
                "uom": "KGM",
            }],
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "readPoint": { "id": place },
            "bizLocation": { "id": place },
            "ilmd": {
                "cbvmda:lotNumber": lot,
                "cbvmda:harvestStartDate": date,
                "cbvmda:harvestEndDate": date,
                "cbvmda:countryOfOrigin": "VN",
                "nguon:plantingAreaCode": format!("VN-{:02}OR-{:04}", province, 9_000 + garden),
                "nguon:plantingAreaName": format!("Vùng trồng Mẫu {garden}"),
                "nguon:variety": if garden.is_multiple_of(3) { "Ri6" } else { "Monthong" },
            },
            "nguon:activity": "harvest",
        })
    }
}

/// Makes a UUID of a name (RFC 9562 §5.8): the same in every run.
fn uuid(name: &[&str]) -> String {
    let digest = Digest::of(&[b"nguon demo load ", name.join("/").as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    format!("urn:uuid:{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_is_sound_and_itself() {
        let mut ids = BTreeSet::new();
        for load in share(1_234, 3) {
            let mut events = 0;
            for document in 0..load.documents() {
                let text = load.document(document);
                let parsed = epcis::Document::parse(text.as_bytes(), &epcis::Contexts::new());
                let parsed = parsed.expect("a sound document").events;
                assert_eq!(parsed.len(), load.events_in(document));
                events += parsed.len();
                ids.extend(
                    parsed
                        .iter()
                        .filter_map(|e| e.event_id().map(str::to_owned)),
                );
            }
            assert_eq!(events, load.events);
        }
        assert_eq!(ids.len(), 1_234);
    }

    #[test]
    fn nothing_takes_no_document() {
        assert!(share(0, 3).into_iter().all(|load| load.documents() == 0));
    }
}
