//! How many identifiers one core turns into keys in a second.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use gs1::Key;

const RUN_TIME: Duration = Duration::from_millis(500);

fn main() {
    for (name, uri) in [
        ("SGTIN URN", "urn:epc:id:sgtin:8938505.012345.10000001"),
        (
            "SGTIN URN with escapes",
            "urn:epc:id:sgtin:8938505.012345.A%2F%26B",
        ),
        ("SSCC URN", "urn:epc:id:sscc:8938505.3000000007"),
        (
            "lot URN",
            "urn:epc:class:lgtin:8938505.000000.VN-DT-07%2F2026",
        ),
        (
            "GTIN and serial link",
            "https://id.gs1.org/01/08938505123455/21/10000001",
        ),
        (
            "lot link with stem and query",
            "https://vuon.example.vn/qr/01/8938505123455/10/L7?11=261123",
        ),
        ("other URI", "https://example.com/documents/2026/11/23"),
    ] {
        report(name, || Key::from_uri(black_box(uri)).is_ok());
    }
    let scanned = "010893850512345510L7\u{1d}2110000001";
    report("element string", || {
        Key::from_element_string(black_box(scanned)).is_ok()
    });
}

/// Runs `make` for a while and prints its rate.
fn report(name: &str, make: impl Fn() -> bool) {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < RUN_TIME {
        for _ in 0..1000 {
            assert!(black_box(make()), "{name} is read");
        }
        count += 1000;
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64() / 1e6;
    println!("{name:<30} {rate:6.2} M/s");
}
