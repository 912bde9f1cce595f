//! Every value that some field of the events held here has.

use epcis::{Event, Identifier};
use store::Facet;

use crate::error::LedgerError;
use crate::snapshot::Snapshot;

/// Some values of a facet, and where the next begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Each value as the first event that names it wrote it; words as URIs.
    pub values: Vec<String>,
    /// The place after which there may be more; `None` where there is none.
    pub next: Option<[u8; 8]>,
}

impl Snapshot<'_> {
    /// Returns values of a facet after a place, at most so many, in an order
    /// that only stays the same. Values of which the shown events have none
    /// are passed over as if they had never come here.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn values(
        &self,
        facet: Facet,
        mut after: Option<[u8; 8]>,
        most: usize,
    ) -> Result<Values, LedgerError> {
        let mut values = Vec::new();
        while let Some((filing, arrivals)) = self.view().next_filing(facet, after)? {
            if values.len() >= most {
                return Ok(Values {
                    values,
                    next: after,
                });
            }
            for arrival in arrivals {
                let Some(parsed) = self.parsed(arrival?)? else {
                    continue;
                };
                let of_this = values_of(&parsed.event, facet);
                let of_this = of_this.into_iter();
                let mut of_this = of_this.filter(|(text, _)| facet.term(text).filing() == filing);
                if let Some((_, written)) = of_this.next() {
                    values.push(written);
                    break;
                }
            }
            after = Some(filing);
        }
        Ok(Values { values, next: None })
    }
}

/// Returns what an event has of a facet: the text that is filed, and what the
/// author wrote.
fn values_of(event: &Event, facet: Facet) -> Vec<(String, String)> {
    let place = |place: Option<&Identifier>| {
        let pair = |place: &Identifier| (place.key.identity().to_string(), place.id.clone());
        place.map(pair).into_iter().collect()
    };
    let word = |uri: Option<&str>| {
        let uri = uri.map(str::to_owned);
        uri.map(|uri| (uri.clone(), uri)).into_iter().collect()
    };
    match facet {
        Facet::BizStep => word(event.biz_step()),
        Facet::Disposition => word(event.disposition()),
        Facet::BizLocation => place(event.biz_location()),
        Facet::ReadPoint => place(event.read_point()),
        Facet::Object => {
            let single = event.objects().filter(|object| !object.role.is_class());
            single
                .flat_map(|object| place(Some(&object.identifier)))
                .collect()
        }
    }
}
