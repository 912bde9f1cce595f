//! Questions to a node that holds many events.

use std::time::{Duration, Instant};

use criterion::Criterion;
use epcis::query::{EventQuery, Namespaces, NoMasterData};
use ledger::{EventFilter, Ledger, PageSize};
use trace::{Direction, Question, trace};

use crate::federation::{self, MEMBERS, folder, found_alone, open};
use crate::load::{self, Load};
use crate::report::{Report, quantile};
use crate::workload;

/// How many captures the node holds.
const CAPTURES: u32 = 100;
/// How many questions of each sort are timed for the table.
const QUESTIONS: u32 = 2_000;

/// How many times each first page is read.
const PAGES: u32 = 100;
/// A page as large as one is by default.
const PAGE: PageSize = PageSize {
    events: 30,
    bytes: 16 << 20,
};
/// Queries of one parameter: some have many matches, some have none.
const FIRST_PAGES: [&str; 18] = [
    "eventType=ObjectEvent",
    "eventType=AssociationEvent",
    "EQ_action=DELETE",
    "EQ_bizStep=shipping",
    "EQ_bizStep=void_shipping",
    "EQ_disposition=in_transit",
    "EQ_disposition=recalled",
    "GE_eventTime=2000-01-01T00:00:00Z",
    "LT_eventTime=2000-01-01T00:00:00Z",
    "GE_recordTime=2000-01-01T00:00:00Z",
    "LT_recordTime=2000-01-01T00:00:00Z",
    "MATCH_anyEPC=urn:epc:idpat:sgtin:*.*.*",
    "MATCH_anyEPC=urn:epc:idpat:sgtin:8938505.*.*",
    "MATCH_anyEPC=urn:epc:idpat:grai:*.*.*",
    "EXISTS_errorDeclaration=true",
    "GE_value_CEL=0",
    "GE_quantity=1000000",
    "orderBy=eventTime",
];

/// Measures point queries and traces, and first pages.
pub(crate) fn run(criterion: &mut Criterion, report: &mut Report) {
    let runtime = federation::runtime();
    let founded = found_alone();
    let folder = folder();
    let ledger = open(&founded, MEMBERS[0], folder.path());
    // In parts, so that not all events lie in memory at the same time.
    for part in 0..CAPTURES / 10 {
        let load = Load::prepare_from(part * 10, 10);
        runtime.block_on(load.capture(&ledger, 4));
    }
    let mut group = criterion.benchmark_group(format!("among-{}-events", load::events(CAPTURES)));
    for (what, ask) in [
        ("events by one EPC", by_epc as fn(&Ledger, u32)),
        ("trace of one case", trace_of),
    ] {
        let mut serials = scattered();
        group.bench_function(what.replace(' ', "-"), |b| {
            b.iter(|| ask(&ledger, serials.next().expect("endless")));
        });
        let mut times: Vec<Duration> = (0..QUESTIONS)
            .zip(&mut serials)
            .map(|(_, serial)| {
                let begun = Instant::now();
                ask(&ledger, serial);
                begun.elapsed()
            })
            .collect();
        for percent in [50, 99] {
            let time = quantile(&mut times, percent);
            let what = format!("{what}, of {} k events, p{percent}", CAPTURES);
            report.figure(&what, time.as_secs_f64() * 1e6, "µs");
        }
    }
    group.finish();
    for text in FIRST_PAGES {
        let (name, value) = text.split_once('=').expect("a parameter");
        let query = EventQuery::from_pairs([(name, value)], &Namespaces::default());
        let query = query.expect("a query");
        let mut times: Vec<Duration> = (0..PAGES)
            .map(|_| {
                let begun = Instant::now();
                let page = ledger
                    .snapshot()
                    .query(&query, &NoMasterData, PAGE, None)
                    .expect("an answer");
                assert!(page.events.len() <= PAGE.events);
                begun.elapsed()
            })
            .collect();
        let time = quantile(&mut times, 99);
        let what = format!("first page of {name}, of {CAPTURES} k events, p99");
        report.figure(&what, time.as_secs_f64() * 1e6, "µs");
    }
    runtime.block_on(ledger.stop());
}

/// Returns serial numbers all over the range, in no order a cache could use.
fn scattered() -> impl Iterator<Item = u32> {
    let events = CAPTURES * workload::CAPTURE;
    // A step that shares no factor with the number of events meets them all.
    (0..events).cycle().map(move |n| {
        let far = u64::from(n) * 61_803 % u64::from(events);
        u32::try_from(far).expect("below the number of events")
    })
}

fn by_epc(ledger: &Ledger, serial: u32) {
    let filter = EventFilter {
        any_epc: Some(vec![workload::first_case(serial)]),
        event_id: None,
    };
    let page = ledger.snapshot().events(&filter, 0, 10).expect("reads");
    assert_eq!(page.events.len(), 1);
}

fn trace_of(ledger: &Ledger, serial: u32) {
    let question = Question::new(workload::first_case(serial), Direction::Both);
    let answer = trace(&ledger.snapshot(), &question).expect("an answer");
    assert_eq!(answer.events.len(), 1);
}
