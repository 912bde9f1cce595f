//! The goods: one container of durian, told in 48 events by three provinces.

use super::cast::{BORDER, INLAND};

/// The container that everybody asks about, by its SSCC.
pub(super) const CONTAINER: &str = "urn:epc:id:sscc:8934999.3261012001";
/// How many events tell its story.
pub(super) const EVENTS: usize = 48;
/// Of how many gardens the fruit in it is.
pub(super) const GARDENS: usize = 5;

/// The namespace of the documents' extensions.
pub(super) const NAMESPACE: &str = "https://nguon.vn.example/epcis/";

/// What one province captures.
pub(super) struct Story {
    /// The province.
    pub(super) member: &'static str,
    /// An EPCIS 2.0 document in JSON-LD.
    pub(super) document: &'static str,
    /// How many events it holds.
    pub(super) events: usize,
}

/// The documents, in the order in which the goods move.
pub(super) const STORIES: [Story; 3] = [
    Story {
        member: INLAND,
        document: include_str!("../../../configs/demo/lam-dong.jsonld"),
        events: 6,
    },
    Story {
        member: "dong-thap",
        document: include_str!("../../../configs/demo/dong-thap.jsonld"),
        events: 35,
    },
    Story {
        member: BORDER,
        document: include_str!("../../../configs/demo/lang-son.jsonld"),
        events: 7,
    },
];

/// Names the parties and places of the story.
pub(super) fn place_name(id: &str) -> Option<&'static str> {
    let names = [
        (
            "urn:epc:id:pgln:8938999901.00",
            "HTX trồng sầu riêng Lâm Đồng",
        ),
        (
            "urn:epc:id:pgln:8938999902.00",
            "HTX trồng sầu riêng Đồng Tháp",
        ),
        ("urn:epc:id:pgln:8934999.00000", "nhà đóng gói Mẫu"),
        ("urn:epc:id:pgln:8938999903.00", "nhà vận tải Mẫu"),
        ("urn:epc:id:pgln:893809994.000", "trạm kiểm dịch thực vật"),
        ("urn:epc:id:pgln:893809993.000", "hải quan cửa khẩu"),
        ("urn:epc:id:pgln:697999991.000", "nhà nhập khẩu Mẫu"),
        ("urn:epc:id:sgln:8938999901.11.0", "vườn Di Linh"),
        ("urn:epc:id:sgln:8938999901.12.0", "vườn Bảo Lộc"),
        ("urn:epc:id:sgln:8938999901.13.0", "vườn Đạ Huoai"),
        ("urn:epc:id:sgln:8938999902.11.0", "vườn Long Tiên"),
        ("urn:epc:id:sgln:8938999902.12.0", "vườn Ngũ Hiệp"),
        ("urn:epc:id:sgln:8934999.00010.0", "cơ sở đóng gói Mẫu"),
        ("urn:epc:id:sgln:893809992.002.0", "bãi kiểm hóa Hữu Nghị"),
        ("urn:epc:id:sgln:697999991.001.0", "Bằng Tường"),
    ];
    let found = names.into_iter().find(|(known, _)| *known == id);
    found.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_hold_what_is_told_of_them() {
        let mut all = 0;
        for story in STORIES {
            let parsed = epcis::Document::parse(story.document.as_bytes(), &epcis::Contexts::new());
            let events = parsed.expect("a sound document").events;
            assert_eq!(events.len(), story.events, "{}", story.member);
            all += events.len();
        }
        assert_eq!(all, EVENTS);
    }
}
