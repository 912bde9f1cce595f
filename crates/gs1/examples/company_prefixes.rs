//! Makes `data/company_prefixes.bin` of GS1's table of company-prefix lengths,
//! in its JSON form or as lines of a prefix, a comma and a length:
//!
//! ```text
//! cargo run -p gs1 --example company_prefixes -- FILE > crates/gs1/data/company_prefixes.bin
//! ```

use std::error::Error;
use std::io::Write as _;

use gs1::CompanyPrefixes;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the file")?;
    let text = std::fs::read_to_string(path)?;
    let table = if text.trim_start().starts_with('{') {
        CompanyPrefixes::from_json(text.as_bytes())?
    } else {
        let lines = text.lines().filter_map(|line| line.split_once(','));
        let entries = lines.filter_map(|(prefix, len)| Some((prefix, len.parse().ok()?)));
        CompanyPrefixes::from_entries(entries)?
    };
    std::io::stdout().write_all(&table.to_compact())?;
    Ok(())
}
