//! How long GS1 company prefixes are: GS1's published table, in a compact form.
//!
//! An EPC URN sets a dot after the company prefix, and nothing in a key tells
//! where that is. GS1 publishes which prefixes its member organisations assign
//! with which length; the table built in is that of the PyPI package biip 5.2.0
//! (October 2026), and an operator can read a newer one from the file that GS1
//! offers.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::error::{PrefixTableError, Problem};

/// The lengths of GS1 company prefixes, by the digits they begin with.
#[derive(Clone, PartialEq, Eq)]
pub struct CompanyPrefixes {
    /// A tree that branches on digits. The root comes first.
    nodes: Vec<[Branch; 10]>,
    date: Option<Box<str>>,
}

/// What follows one more digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Branch {
    /// Nothing is known.
    Unknown,
    /// All company prefixes have this many digits; 0: there are none.
    Len(u8),
    /// The length hangs on further digits: the node of this number.
    Node(u32),
}

static BUILT_IN: LazyLock<CompanyPrefixes> = LazyLock::new(|| {
    let bytes = include_bytes!("../data/company_prefixes.bin");
    CompanyPrefixes::from_compact(bytes).expect("the table built in is well formed")
});

/// The longest prefix that the table may have.
const PREFIX_LEN_MAX: usize = 12;

impl CompanyPrefixes {
    /// Returns the table that is built in.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads the file that GS1 offers, in its JSON form:
    /// `{"GCPPrefixFormatList":{"date":…,"entry":[{"prefix":"893850","gcpLength":7},…]}}`.
    ///
    /// # Errors
    ///
    /// A text that is no such file, and entries that no prefix can have.
    pub fn from_json(json: &[u8]) -> Result<Self, PrefixTableError> {
        let file: File = serde_json::from_slice(json).map_err(PrefixTableError::Json)?;
        let list = file.list;
        let entries = list.entries.iter();
        let mut table = Self::from_entries(entries.map(|entry| (&*entry.prefix, entry.length)))?;
        table.date = list.date.map(String::into_boxed_str);
        Ok(table)
    }

    /// Makes a table of prefixes and the length of the company prefixes that
    /// begin with them, 0 for none; the longest prefix that fits counts.
    ///
    /// # Errors
    ///
    /// Entries that no prefix can have, and a table without entries.
    pub fn from_entries<'a>(
        entries: impl IntoIterator<Item = (&'a str, u8)>,
    ) -> Result<Self, PrefixTableError> {
        let mut entries: Vec<(&str, u8)> = entries.into_iter().collect();
        // Shorter ones first, so that longer ones refine them.
        entries.sort_by_key(|(prefix, _)| prefix.len());
        let mut table = Self {
            nodes: vec![[Branch::Unknown; 10]],
            date: None,
        };
        if entries.is_empty() {
            return Err(PrefixTableError::Empty);
        }
        for (prefix, len) in entries {
            let is_prefix = (1..=PREFIX_LEN_MAX).contains(&prefix.len())
                && prefix.bytes().all(|byte| byte.is_ascii_digit());
            if !is_prefix || !matches!(len, 0 | 4..=12) {
                let prefix = prefix.chars().take(PREFIX_LEN_MAX + 1).collect();
                return Err(PrefixTableError::Entry { prefix, len });
            }
            table.insert(prefix, len);
        }
        Ok(table)
    }

    /// Returns when the table was published, as its file says.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// Returns the length of the company prefix with which `digits` begin.
    ///
    /// ```
    /// use gs1::CompanyPrefixes;
    ///
    /// let table = CompanyPrefixes::built_in();
    /// assert_eq!(table.len_of("893850512345"), Some(10));
    /// assert_eq!(table.len_of("990"), None);
    /// ```
    pub fn len_of(&self, digits: &str) -> Option<usize> {
        match self.look_up(digits) {
            Branch::Len(len) if len > 0 => Some(usize::from(len)),
            _ => None,
        }
    }

    /// Returns the length of the company prefix with which `digits` begin, or
    /// why there is none.
    pub(crate) fn require(&self, digits: &str) -> Result<usize, Problem> {
        let told = || digits.chars().take(PREFIX_LEN_MAX).collect();
        match self.look_up(digits) {
            Branch::Len(0) => Err(Problem::NoCompanyPrefixes { digits: told() }),
            Branch::Len(len) => Ok(usize::from(len)),
            _ => Err(Problem::UnknownCompanyPrefix { digits: told() }),
        }
    }

    /// Returns the table's compact form, that of the file it is built in from:
    /// the tree from its root on, each node before its ten branches in the
    /// order of the digits, half a byte each: 15 for a node, 14 for an unknown
    /// length, else the length.
    pub fn to_compact(&self) -> Vec<u8> {
        let mut halves = Vec::new();
        self.write(self.merged(0), &mut halves);
        let pairs = halves.chunks(2);
        pairs
            .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
            .collect()
    }

    fn from_compact(bytes: &[u8]) -> Option<Self> {
        let mut halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let mut table = Self {
            nodes: Vec::new(),
            date: None,
        };
        match table.read(&mut halves, 0)? {
            Branch::Node(0) => Some(table),
            _ => None,
        }
    }

    fn read(&mut self, halves: &mut impl Iterator<Item = u8>, depth: usize) -> Option<Branch> {
        Some(match halves.next()? {
            NODE if depth < PREFIX_LEN_MAX => {
                let number = self.nodes.len();
                self.nodes.push([Branch::Unknown; 10]);
                for digit in 0..10 {
                    self.nodes[number][digit] = self.read(halves, depth + 1)?;
                }
                Branch::Node(u32::try_from(number).ok()?)
            }
            UNKNOWN => Branch::Unknown,
            len @ 0..=12 => Branch::Len(len),
            _ => return None,
        })
    }

    fn write(&self, branch: Branch, halves: &mut Vec<u8>) {
        match branch {
            Branch::Unknown => halves.push(UNKNOWN),
            Branch::Len(len) => halves.push(len),
            Branch::Node(number) => {
                halves.push(NODE);
                for digit in 0..10 {
                    self.write(self.merged_branch(number, digit), halves);
                }
            }
        }
    }

    /// Returns the node, or the length that all its branches agree on.
    fn merged(&self, number: u32) -> Branch {
        let first = self.merged_branch(number, 0);
        let agree = (1..10).all(|digit| self.merged_branch(number, digit) == first);
        match first {
            Branch::Node(_) => Branch::Node(number),
            _ if agree && number > 0 => first,
            _ => Branch::Node(number),
        }
    }

    fn merged_branch(&self, number: u32, digit: usize) -> Branch {
        match self.nodes[number as usize][digit] {
            Branch::Node(below) => self.merged(below),
            other => other,
        }
    }

    fn insert(&mut self, prefix: &str, len: u8) {
        let mut node = 0;
        let mut digits = prefix
            .bytes()
            .map(|byte| usize::from(byte - b'0'))
            .peekable();
        while let Some(digit) = digits.next() {
            if digits.peek().is_none() {
                self.nodes[node][digit] = Branch::Len(len);
                return;
            }
            node = match self.nodes[node][digit] {
                Branch::Node(below) => below as usize,
                other => {
                    let below = self.nodes.len();
                    self.nodes.push([other; 10]);
                    let number = u32::try_from(below).expect("memory ends before numbers do");
                    self.nodes[node][digit] = Branch::Node(number);
                    below
                }
            };
        }
    }

    fn look_up(&self, digits: &str) -> Branch {
        let mut node = 0;
        for byte in digits.bytes() {
            let digit = usize::from(byte.wrapping_sub(b'0'));
            match self.nodes[node].get(digit) {
                Some(Branch::Node(below)) => node = *below as usize,
                Some(other) => return *other,
                None => return Branch::Unknown,
            }
        }
        Branch::Unknown
    }
}

const NODE: u8 = 15;
const UNKNOWN: u8 = 14;

impl fmt::Debug for CompanyPrefixes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompanyPrefixes")
            .field("nodes", &self.nodes.len())
            .field("date", &self.date)
            .finish()
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "GCPPrefixFormatList")]
    list: List,
}

#[derive(Deserialize)]
struct List {
    date: Option<String>,
    #[serde(rename = "entry")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    prefix: String,
    #[serde(rename = "gcpLength")]
    length: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts() {
        let entries = [("893", 7), ("89385", 9), ("8938505", 0), ("89", 10)];
        let table = CompanyPrefixes::from_entries(entries).expect("a table");
        for (digits, len) in [
            ("893000", Some(7)),
            ("8938501", Some(9)),
            ("893850", None),
            ("8938505", None),
            ("8938506", Some(9)),
            ("894", Some(10)),
            ("88", None),
            ("89", None),
            ("", None),
            ("89x", None),
        ] {
            assert_eq!(table.len_of(digits), len, "{digits}");
        }
        let unknown = table.require("880").expect_err("unknown").to_string();
        assert!(unknown.starts_with("no company prefix is known for 880…"));
        let none = table
            .require("8938505123456789")
            .expect_err("none")
            .to_string();
        assert!(none.starts_with("GS1 assigns no company prefixes under 893850512345…"));
    }

    #[test]
    fn the_compact_form_reads_back() {
        let entries = [
            ("1", 9),
            ("11", 9),
            ("12", 8),
            ("120", 8),
            ("999999999999", 12),
        ];
        let table = CompanyPrefixes::from_entries(entries).expect("a table");
        let compact = table.to_compact();
        let back = CompanyPrefixes::from_compact(&compact).expect("it is well formed");
        for digits in ["1111", "1200", "1299", "999999999999", "5"] {
            assert_eq!(back.len_of(digits), table.len_of(digits), "{digits}");
        }
        assert_eq!(back.to_compact(), compact);
        assert!(back.nodes.len() < table.nodes.len());
        for broken in [&compact[..9], b"", &[0xff; 99], &[0xd0], &[0x70]] {
            assert_eq!(CompanyPrefixes::from_compact(broken), None);
        }
    }

    #[test]
    fn files_of_gs1() {
        let json = br#"{"_disclaimer":"as is","GCPPrefixFormatList":{"date":"2026-10-20T04:00:00Z",
            "entry":[{"prefix":"893850","gcpLength":7},{"prefix":"89385","gcpLength":0}]}}"#;
        let table = CompanyPrefixes::from_json(json).expect("it is such a file");
        assert_eq!(table.date(), Some("2026-10-20T04:00:00Z"));
        assert_eq!(table.len_of("8938505"), Some(7));
        assert_eq!(table.len_of("8938515"), None);
        for (broken, told) in [
            (r#"{"entry":[]}"#, "missing field"),
            (r#"{"GCPPrefixFormatList":{"entry":[]}}"#, "no entries"),
            (
                r#"{"GCPPrefixFormatList":{"entry":[{"prefix":"8x","gcpLength":7}]}}"#,
                "\"8x\" with length 7",
            ),
            (
                r#"{"GCPPrefixFormatList":{"entry":[{"prefix":"1234567890123","gcpLength":7}]}}"#,
                "\"1234567890123\" with length 7",
            ),
            (
                r#"{"GCPPrefixFormatList":{"entry":[{"prefix":"89","gcpLength":13}]}}"#,
                "\"89\" with length 13",
            ),
        ] {
            let error = CompanyPrefixes::from_json(broken.as_bytes()).expect_err("broken");
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let all = format!("{error} {}", cause.unwrap_or_default());
            assert!(all.contains(told), "{all}");
        }
    }
}
