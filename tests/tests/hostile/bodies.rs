//! Damage to batches and to the frames that carry them.

use record::UnverifiedBatch;
use tests::journal::Journal;
use tests::patience::eventually;

use crate::enemy::{Streams, ZSTD, bulk_body, frame, plain};
use crate::fields;
use crate::stage::{
    Author, BARE, BODIES, Blow, CUT_SHORT, FRAMES, GAPS, Outcome, PASSED_OVER, Stage, encoded,
    encoded_bare,
};

const MALFORMED: Outcome = Outcome::Refused(BODIES, "malformed-body");
const BAD_RECORD: Outcome = Outcome::Refused(BODIES, "bad-record");
const WRONG_ROOT: Outcome = Outcome::Refused(BODIES, "wrong-root");
const BAD_SIGNATURE: Outcome = Outcome::Refused(BODIES, "bad-signature");
const OUT_OF_SCOPE: Outcome = Outcome::Refused(BODIES, "out-of-scope");
const UNKNOWN_KEY: Outcome = Outcome::WithoutBlame(PASSED_OVER);
const GAP: Outcome = Outcome::WithoutBlame(GAPS);

/// Returns what a flipped bit may lead to: in the head of a field, which tells
/// its type and length and the value of a number, and in its content.
fn due(field: &str) -> (&'static [Outcome], &'static [Outcome]) {
    let words: Vec<_> = field.split(' ').collect();
    match words.as_slice() {
        ["key"] => (&[MALFORMED], &[UNKNOWN_KEY]),
        ["scope"] => (&[MALFORMED], &[MALFORMED, OUT_OF_SCOPE]),
        ["epoch" | "root"] => (&[MALFORMED], &[WRONG_ROOT]),
        ["start"] => (&[MALFORMED, GAP], &[]),
        ["signature"] => (&[MALFORMED], &[BAD_SIGNATURE]),
        ["batch" | "records"] | ["record", _] | ["record", _, "form"] => (&[MALFORMED], &[]),
        ["record", _, "salt" | "payload"] => (&[MALFORMED], &[WRONG_ROOT]),
        ["record", _, "header"] => (&[MALFORMED, BAD_RECORD], &[]),
        ["record", _, "header", "format" | "kind" | "flags" | "time"]
        | ["record", _, "header", "payload", "length"]
        | ["record", _, "header", "charter", "version"] => (&[WRONG_ROOT, BAD_RECORD], &[]),
        ["record", _, "header", ..] => (&[BAD_RECORD], &[WRONG_ROOT]),
        other => panic!("no such field: {other:?}"),
    }
}

/// Flips every bit of every field's head, and one bit at the beginning, in the
/// middle and at the end of every content.
async fn flip_every_field(stage: &mut Stage, batch: &[u8]) -> usize {
    let mut flips = 0;
    for field in fields::of_batch(batch) {
        let (of_head, of_content) = due(&field.name);
        let heads = field
            .head
            .clone()
            .flat_map(|at| (0..8).map(move |b| (at, b)));
        let places = [
            0,
            field.content.len() / 2,
            field.content.len().wrapping_sub(1),
        ];
        let contents = places
            .into_iter()
            .filter(|place| *place < field.content.len())
            .map(|place| (field.content.start + place, place % 8));
        for (at, bit) in heads.chain(contents) {
            let mut damaged = batch.to_vec();
            damaged[at] ^= 1 << bit;
            let due = if at < field.content.start {
                of_head
            } else {
                of_content
            };
            let what = format!("bit {bit} of byte {at}, in {}", field.name);
            stage.strike(&what, &Blow::Bulk(plain(&damaged)), due).await;
            flips += 1;
        }
    }
    flips
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_any_field_of_a_batch_is_refused() {
    let journal = Journal::begin();
    let mut stage = Stage::set(true).await;
    let mut author = Author::new(&stage, stage.author(stage.enemy), "national", 7);
    let batch = author.events();
    let flips = flip_every_field(&mut stage, &encoded(&batch)).await;
    assert!(flips > 300, "only {flips} flips");
    // The same where payloads are withheld: then headers travel whole.
    let flips = flip_every_field(&mut stage, &encoded_bare(&batch)).await;
    assert!(flips > 300, "only {flips} flips");
    stage.life_goes_on().await;
    assert!(journal.says(&["passed over"]));
    // What was damaged was sound before.
    let held = stage.victim.stored();
    stage.offer(&plain(&encoded(&batch))).await;
    assert_eq!(stage.victim.stored(), held + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_without_their_content_keep_nobody_from_the_content() {
    let journal = Journal::begin();
    let mut stage = Stage::set(true).await;
    let key = stage.author(stage.enemy);
    let batch = Author::new(&stage, key, "national", 7).events();
    let bare = Blow::Bulk(plain(&encoded_bare(&batch)));
    let due = [Outcome::WithoutBlame(BARE)];
    stage.strike("bare headers", &bare, &due).await;
    // One record of three is enough.
    let mut records: Vec<_> = batch.records().iter().map(|(_, r)| r.clone()).collect();
    let header = records[1].header_bytes().to_vec();
    records[1] = record::Record::check(header, None).expect("a sound header");
    let one = UnverifiedBatch::from_stored(0, records, batch.checkpoint()).encode();
    let one = Blow::Bulk(plain(&one));
    stage.strike("one bare header", &one, &due).await;
    assert!(journal.says(&["bare-body", "without its content"]));
    // The neighbour gets the whole of it; the victim asks it, and has all.
    let log = batch.log().clone();
    let whole = UnverifiedBatch::decode(&encoded(&batch)).expect("a sound body");
    let received = stage.honest.ledger.receive(whole).await;
    let received = received.expect("a sound body");
    assert_eq!(received, ledger::Received::Appended { size: 3 });
    eventually("the content, by way of the neighbour", || {
        stage.victim.size_of(&log) == 3
    })
    .await;
    let held = stage.victim.ledger.read_batch(&log, 0, 1 << 20);
    let held = held.expect("reads").expect("holds it").bytes;
    assert_eq!(held, encoded(&batch), "with every payload");
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relayed_batch_is_the_relays_to_answer_for() {
    let mut stage = Stage::set(false).await;
    let head = stage.honest.ledger.heads().into_iter();
    let head = head.max_by_key(|head| head.size).expect("it captured");
    let batch = stage.honest.ledger.read_batch(&head.log, 0, 1 << 20);
    let batch = batch.expect("reads").expect("holds it").bytes;
    // The victim holds these records: whatever comes again is passed over
    // without a look, so the damage goes to another epoch of the same author.
    let fields = fields::of_batch(&batch);
    let epoch = fields.iter().find(|field| field.name == "epoch");
    let mut other = batch.clone();
    other[epoch.expect("a field").content.start] ^= 1;
    let blow = Blow::Bulk(plain(&other));
    stage.strike("another epoch", &blow, &[WRONG_ROOT]).await;
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_before_the_verdict_is_at_fault_all_the_same() {
    let journal = Journal::begin();
    let mut stage = Stage::set(true).await;
    let mut author = Author::new(&stage, stage.author(stage.enemy), "national", 7);
    let mut batch = encoded(&author.events());
    *batch.last_mut().expect("a signature") ^= 1;
    const BODIES_IN: &str = "network_frames_total{stream=\"bulk\",direction=\"in\"}";
    let refused = "network_refused_bodies_total{reason=\"bad-signature\"}";
    for round in 1..=10 {
        let arrived = stage.victim.counter(BODIES_IN);
        let (enemy, mut streams) = stage.connect(stage.enemy).await;
        Streams::write(&mut streams.bulk, &plain(&batch)).await;
        eventually("the body", || stage.victim.counter(BODIES_IN) > arrived).await;
        drop(streams);
        drop(enemy);
        eventually("the verdict", || stage.victim.counter(refused) == round).await;
    }
    stage.faults_were(10);
    assert!(journal.says(&["turned away", "bad-signature"]));
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_frames_are_refused() {
    let journal = Journal::begin();
    let mut stage = Stage::set(true).await;
    let mut author = Author::new(&stage, stage.author(stage.enemy), "national", 7);
    // Whatever of the frame is read: the batch in it is not sound.
    let mut batch = encoded(&author.events());
    *batch.last_mut().expect("a signature") ^= 1;
    let refused = |reason| Outcome::Refused(FRAMES, reason);
    let cut = refused(CUT_SHORT);
    let lengths = [
        "oversized-frame",
        "wrong-length",
        "no-data",
        "not-compressed",
    ];
    let mut of_length = lengths.map(refused).to_vec();
    of_length.extend([cut, MALFORMED]);
    let of_codec = ["unknown-codec", "wrong-length", "not-compressed"].map(refused);
    let of_declared = ["oversized-frame", "wrong-length", "not-compressed"].map(refused);
    let of_data = [
        refused("not-compressed"),
        MALFORMED,
        BAD_RECORD,
        WRONG_ROOT,
        BAD_SIGNATURE,
        OUT_OF_SCOPE,
        UNKNOWN_KEY,
        GAP,
    ];
    let packed = zstd::bulk::compress(&batch, 3).expect("compresses");
    let packed = frame(&bulk_body(ZSTD, batch.len(), &packed));
    for (sound, name) in [(plain(&batch), "plain"), (packed, "packed")] {
        for at in 0..sound.len() {
            let due: &[Outcome] = match at {
                0..4 => &of_length,
                4 => &of_codec,
                5..9 => &of_declared,
                // Those of a plain batch are the fields of the batch.
                _ if name == "plain" || at % 7 > 0 => continue,
                _ => &of_data,
            };
            let bits = if at < 9 { 0..8 } else { at % 8..at % 8 + 1 };
            for bit in bits {
                let mut damaged = sound.clone();
                damaged[at] ^= 1 << bit;
                let what = format!("bit {bit} of byte {at} of a {name} frame");
                stage.strike(&what, &Blow::BulkToTheEnd(damaged), due).await;
            }
        }
        for length in [1, 3, 4, 5, 8, 9, 10, sound.len() - 1] {
            let what = format!("{length} bytes of a {name} frame");
            let blow = Blow::BulkToTheEnd(sound[..length].to_vec());
            stage.strike(&what, &blow, &[cut]).await;
        }
    }
    stage.life_goes_on().await;
    for reason in [
        "oversized-frame",
        "unknown-codec",
        "wrong-length",
        "not-compressed",
    ] {
        assert!(journal.says(&["turned away", reason]), "{reason} unlogged");
    }
    assert!(journal.says(&["link over", CUT_SHORT]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_promise_or_hold_too_much_are_refused() {
    let mut stage = Stage::set(true).await;
    let refused = |reason| [Outcome::Refused(FRAMES, reason)];
    for length in [(4 << 20) + 1, 1 << 30, u32::MAX] {
        let prefix = length.to_be_bytes().to_vec();
        for blow in [Blow::Bulk(prefix.clone()), Blow::Control(prefix)] {
            let due = refused("oversized-frame");
            stage.strike("an oversized frame", &blow, &due).await;
        }
    }
    let empty = vec![0; 4];
    for blow in [Blow::Bulk(empty.clone()), Blow::Control(empty)] {
        let due = refused("empty-frame");
        stage.strike("an empty frame", &blow, &due).await;
    }
    for body in [vec![0], vec![0; 5], vec![1; 5]] {
        let blow = Blow::Bulk(frame(&body));
        stage.strike("no data", &blow, &refused("no-data")).await;
    }
    let peak_before = memory_peak_kib();
    // A gibibyte of zeros in some ten kilobytes.
    let bomb = zstd::encode_all(std::io::Read::take(std::io::repeat(0), 1 << 30), 3);
    let bomb = bomb.expect("compresses");
    for declared in [1, 1_000, (4 << 20) - 5] {
        let blow = Blow::Bulk(frame(&bulk_body(ZSTD, declared, &bomb)));
        let due = refused("not-compressed");
        stage.strike("a zstd bomb", &blow, &due).await;
    }
    let declared = Blow::Bulk(frame(&bulk_body(ZSTD, 1 << 30, &bomb)));
    let due = refused("oversized-frame");
    stage.strike("an honest zstd bomb", &declared, &due).await;
    let grown = memory_peak_kib().saturating_sub(peak_before);
    assert!(grown < 256 << 10, "the peak of memory grew by {grown} KiB");
    // One frame of zstd, and nothing else.
    let word = zstd::bulk::compress(b"word", 3).expect("compresses");
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0][..], &word].concat();
    for data in [[&word[..], &word].concat(), skippable, b"word".to_vec()] {
        let blow = Blow::Bulk(frame(&bulk_body(ZSTD, 4, &data)));
        let due = refused("not-compressed");
        stage.strike("not one frame of zstd", &blow, &due).await;
    }
    stage.life_goes_on().await;
}

/// Returns the largest memory that this process ever had, in KiB.
fn memory_peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.expect("a peak").trim().trim_end_matches(" kB");
    peak.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_credit_is_refused() {
    let mut stage = Stage::set(true).await;
    let exceeded = "network_refused_bodies_total{reason=\"credit-exceeded\"}";
    // Whether the ledger is still busy with the first body when the last comes
    // is a matter of luck, so they are sent until it is.
    for epoch in 1..=50 {
        let mut author = Author::new(&stage, stage.author(stage.enemy), "national", epoch);
        let bodies = more_than_the_credit(&mut author);
        let (mut enemy, mut streams) = stage.connect(stage.enemy).await;
        let frames: Vec<_> = bodies.iter().map(|body| plain(body)).collect();
        Streams::write(&mut streams.bulk, &frames.concat()).await;
        let last = bodies.last().expect("some");
        let last = UnverifiedBatch::decode(last).expect("a sound body");
        let (log, end) = (last.log(), last.end());
        eventually("the bodies' fate", || {
            stage.victim.size_of(log) == end || stage.victim.counter(exceeded) > 0
        })
        .await;
        if stage.victim.counter(exceeded) > 0 {
            enemy.hung_up_on().await;
            assert!(stage.victim.size_of(log) < end, "the last body counts");
            stage.faults_were(1);
            return stage.life_goes_on().await;
        }
    }
    panic!("the credit was never exceeded");
}

/// Returns sound bodies of one log: the first two together take more than the
/// credit that a connection begins with.
fn more_than_the_credit(author: &mut Author) -> Vec<Vec<u8>> {
    const PAYLOAD_BYTES: usize = (1 << 20) - 200;
    let mut records = Vec::new();
    for byte in 0..4 {
        let batch = author.batch(vec![vec![byte; PAYLOAD_BYTES]]);
        records.push(batch);
    }
    let checkpoint = records.last().expect("four").checkpoint().clone();
    let records = records.iter().flat_map(record::Batch::records);
    let records = records.map(|(_, record)| record.clone()).collect();
    let large = UnverifiedBatch::from_stored(0, records, &checkpoint).encode();
    assert!((4 << 20) - 2_000 < large.len() && large.len() <= (4 << 20) - 5);
    let mut small = || encoded(&author.batch(vec![vec![9; 2_000]]));
    vec![large, small(), small()]
}
