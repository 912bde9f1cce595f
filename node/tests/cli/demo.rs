//! `nguon demo`, small.

use crate::desk::Desk;

#[test]
fn the_demo_holds_and_says_so_to_programs() {
    let desk = Desk::new();
    let report = desk
        .nguon("demo --once --json --nodes 6 --events 250")
        .json();
    assert_eq!(report["ok"], true);
    assert_eq!(report["nodes"].as_array().map(Vec::len), Some(6));
    assert_eq!(report["chain"]["events"], 48);
    assert_eq!(report["chain"]["disclosed"], 48);
    assert_eq!(report["load"]["events"], 250);
    // Each harvest went to the three other provinces and the authority.
    let deliveries = report["load"]["latency"]["deliveries"].as_u64();
    assert!(deliveries.is_some_and(|n| n >= 4 * 250), "{report:#}");
    assert_eq!(report["traces"][0]["member"], "gacc");
    assert_eq!(report["traces"][0]["events"], 48);
    assert_eq!(report["proof"]["signed_by"], "lam-dong");
    assert_eq!(report["proof"]["report"]["verified"], true);
}

#[test]
fn the_demo_without_a_load_shows_the_tree() {
    let desk = Desk::new();
    let told = desk.nguon("demo --once --events 0").exits(0);
    for part in [
        "Where SSCC 389349992610120013 came from",
        "VN-TGOR-9901",
        "disclosed by Tỉnh Lạng Sơn",
        "Everything held.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn the_demo_takes_five_nodes_at_least() {
    Desk::new().nguon("demo --nodes 4").exits(2);
    Desk::new().nguon("demo --nodes 37").exits(2);
}
