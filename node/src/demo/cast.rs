//! Who takes part in the demo.

use charter::{Alias, Day, MemberId, MemberKind, Names};
use record::ScopeName;

/// The fewest nodes: those that the goods pass.
pub(crate) const NODES_MIN: u32 = 5;
/// The most nodes: all provinces, the authority and the agency.
pub(crate) const NODES_MAX: u32 = 36;

/// The province that sees the goods leave, and discloses them.
pub(super) const BORDER: &str = "lang-son";
/// The province that is asked, far from the border.
pub(super) const INLAND: &str = "lam-dong";
/// The importing country's agency.
pub(super) const AGENCY: &str = "gacc";

/// A member of the demo's federation.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) id: &'static str,
    vi: &'static str,
    en: &'static str,
    pub(super) kind: MemberKind,
    /// The province's code since 1 July 2025, by the statistics office.
    gso: Option<&'static str>,
}

impl Actor {
    pub(super) fn id(&self) -> MemberId {
        MemberId::new(self.id).expect("the cast's ids are names")
    }

    pub(super) fn names(&self) -> Names {
        Names {
            vi: self.vi.to_owned(),
            en: self.en.to_owned(),
        }
    }

    /// Returns the member's official codes.
    pub(super) fn aliases(&self) -> Vec<Alias> {
        let from: Day = "2025-07-01".parse().expect("a day");
        let alias = |code: &str| Alias {
            scheme: "gso".to_owned(),
            code: code.to_owned(),
            from,
            until: None,
        };
        self.gso.map(alias).into_iter().collect()
    }
}

/// Returns the agency's scope.
pub(super) fn agency_scope() -> ScopeName {
    ScopeName::new(&format!("with-{AGENCY}")).expect("a name")
}

/// Returns the first `nodes` members: the three provinces that the goods pass,
/// the authority, the agency, and further provinces.
pub(super) fn cast(nodes: u32) -> Vec<Actor> {
    let (goods, others) = PROVINCES.split_at(3);
    let province =
        |(id, vi, en, gso): &(&'static str, &'static str, &'static str, &'static str)| Actor {
            id,
            vi,
            en,
            kind: MemberKind::Province,
            gso: Some(gso),
        };
    let offices = [
        Actor {
            id: "cuc-ttbvtv",
            vi: "Cục Trồng trọt và Bảo vệ thực vật",
            en: "Crop Production and Plant Protection Department",
            kind: MemberKind::NationalAuthority,
            gso: None,
        },
        Actor {
            id: AGENCY,
            vi: "Tổng cục Hải quan Trung Quốc",
            en: "General Administration of Customs of China",
            kind: MemberKind::Agency,
            gso: None,
        },
    ];
    let everyone = goods.iter().map(province).chain(offices);
    let everyone = everyone.chain(others.iter().map(province));
    everyone.take(nodes as usize).collect()
}

/// The provinces since 1 July 2025, those of the goods first, then those that
/// grow durian, then the rest.
const PROVINCES: [(&str, &str, &str, &str); 34] = [
    (INLAND, "Tỉnh Lâm Đồng", "Lâm Đồng province", "68"),
    ("dong-thap", "Tỉnh Đồng Tháp", "Đồng Tháp province", "82"),
    (BORDER, "Tỉnh Lạng Sơn", "Lạng Sơn province", "20"),
    ("dak-lak", "Tỉnh Đắk Lắk", "Đắk Lắk province", "66"),
    ("gia-lai", "Tỉnh Gia Lai", "Gia Lai province", "52"),
    ("dong-nai", "Thành phố Đồng Nai", "Đồng Nai city", "75"),
    ("vinh-long", "Tỉnh Vĩnh Long", "Vĩnh Long province", "86"),
    ("can-tho", "Thành phố Cần Thơ", "Cần Thơ city", "92"),
    ("khanh-hoa", "Tỉnh Khánh Hòa", "Khánh Hòa province", "56"),
    ("tay-ninh", "Tỉnh Tây Ninh", "Tây Ninh province", "80"),
    ("an-giang", "Tỉnh An Giang", "An Giang province", "91"),
    ("ca-mau", "Tỉnh Cà Mau", "Cà Mau province", "96"),
    (
        "ho-chi-minh",
        "Thành phố Hồ Chí Minh",
        "Hồ Chí Minh city",
        "79",
    ),
    ("quang-ngai", "Tỉnh Quảng Ngãi", "Quảng Ngãi province", "51"),
    ("da-nang", "Thành phố Đà Nẵng", "Đà Nẵng city", "48"),
    ("hue", "Thành phố Huế", "Huế city", "46"),
    ("quang-tri", "Tỉnh Quảng Trị", "Quảng Trị province", "44"),
    ("ha-tinh", "Tỉnh Hà Tĩnh", "Hà Tĩnh province", "42"),
    ("nghe-an", "Tỉnh Nghệ An", "Nghệ An province", "40"),
    ("thanh-hoa", "Tỉnh Thanh Hóa", "Thanh Hóa province", "38"),
    ("ninh-binh", "Tỉnh Ninh Bình", "Ninh Bình province", "37"),
    ("hung-yen", "Tỉnh Hưng Yên", "Hưng Yên province", "33"),
    ("hai-phong", "Thành phố Hải Phòng", "Hải Phòng city", "31"),
    ("phu-tho", "Tỉnh Phú Thọ", "Phú Thọ province", "25"),
    ("bac-ninh", "Tỉnh Bắc Ninh", "Bắc Ninh province", "24"),
    ("quang-ninh", "Tỉnh Quảng Ninh", "Quảng Ninh province", "22"),
    (
        "thai-nguyen",
        "Tỉnh Thái Nguyên",
        "Thái Nguyên province",
        "19",
    ),
    ("lao-cai", "Tỉnh Lào Cai", "Lào Cai province", "15"),
    ("son-la", "Tỉnh Sơn La", "Sơn La province", "14"),
    ("lai-chau", "Tỉnh Lai Châu", "Lai Châu province", "12"),
    ("dien-bien", "Tỉnh Điện Biên", "Điện Biên province", "11"),
    (
        "tuyen-quang",
        "Tỉnh Tuyên Quang",
        "Tuyên Quang province",
        "08",
    ),
    ("cao-bang", "Tỉnh Cao Bằng", "Cao Bằng province", "04"),
    ("ha-noi", "Thành phố Hà Nội", "Hà Nội city", "01"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_cast_is_whole_at_every_size() {
        let five: Vec<_> = cast(NODES_MIN).iter().map(|actor| actor.id).collect();
        assert_eq!(five, [INLAND, "dong-thap", BORDER, "cuc-ttbvtv", AGENCY]);
        let all = cast(NODES_MAX);
        assert_eq!(all.len(), NODES_MAX as usize);
        let ids: BTreeSet<_> = all.iter().map(Actor::id).collect();
        assert_eq!(ids.len(), all.len());
    }
}
