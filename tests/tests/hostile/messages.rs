//! Damage to the messages of the control stream.

use record::{Digest, Epoch, LogId};
use replica::{Change, Head, Message};
use tests::journal::Journal;
use tests::peer::name;

use crate::enemy::frame;
use crate::stage::{Blow, CUT_SHORT, FRAMES, MESSAGES, Outcome, Stage, empty_frontier};

const MALFORMED: Outcome = Outcome::Refused(MESSAGES, "malformed-message");
const BAD: Outcome = Outcome::Refused(MESSAGES, "bad-message");
const OVERFLOW: Outcome = Outcome::Refused(MESSAGES, "credit-overflow");

/// Returns one message of each kind, all such as an honest node could send
/// after the frontier of nothing.
fn one_of_each(stage: &Stage) -> Vec<Message> {
    let charter = stage.charter();
    let log = LogId {
        author: stage.author(stage.enemy).public().raw(),
        scope: name("national"),
        epoch: Epoch([3; 16]),
    };
    let head = Head {
        log: log.clone(),
        size: 5,
        root: Digest::of(&[b"a tree"]),
    };
    let root = replica::frontier_root([(&head.log, head.size, &head.root)].into_iter());
    vec![
        Message::InSync {
            charter,
            root: empty_frontier(),
        },
        Message::Full {
            charter,
            entries: vec![head.clone()],
            root: Some(root),
        },
        Message::Full {
            charter,
            entries: vec![head.clone()],
            root: None,
        },
        Message::Delta {
            charter,
            keep: true,
            baseline: empty_frontier(),
            root,
            changed: Vec::new(),
            new: vec![head],
        },
        Message::NeedFull,
        Message::BaselineAck { root },
        Message::Want {
            log: log.clone(),
            from: 1,
        },
        Message::Credit { bytes: 1 },
        Message::Ack { log, size: 1 },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_any_message_is_refused_or_says_nothing_wrong() {
    let journal = Journal::begin();
    let mut stage = Stage::set(true).await;
    let mut refused = 0;
    for message in one_of_each(&stage) {
        let sound = message.encode();
        let blow = Blow::Control(frame(&sound));
        stage
            .strike("a sound message", &blow, &[Outcome::Harmless])
            .await;
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 1 << (at % 8);
            let what = format!("byte {at} of {message:?}");
            let due = [MALFORMED, BAD, OVERFLOW, Outcome::Harmless];
            let blow = Blow::Control(frame(&damaged));
            let outcome = stage.strike(&what, &blow, &due).await;
            refused += usize::from(outcome != Outcome::Harmless);
        }
    }
    assert!(refused > 100, "only {refused} were refused");
    assert!(journal.says(&["turned away", "malformed-message"]));
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_on_the_control_stream_is_refused() {
    let mut stage = Stage::set(false).await;
    let mut state = 1u32;
    let mut noise = |length: usize| {
        let byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(byte)
            .take(length)
            .collect::<Vec<_>>()
    };
    for length in [1, 2, 7, 60, 1_000, 100_000, 4 << 20] {
        let what = format!("{length} bytes of noise");
        let blow = Blow::Control(frame(&noise(length)));
        stage.strike(&what, &blow, &[MALFORMED]).await;
    }
    let cut = [Outcome::Refused(FRAMES, CUT_SHORT)];
    let sound = frame(&Message::Credit { bytes: 9 }.encode());
    for length in 1..sound.len() {
        let what = format!("{length} bytes of a message");
        let blow = Blow::ControlToTheEnd(sound[..length].to_vec());
        stage.strike(&what, &blow, &cut).await;
    }
    for bit in 0..32 {
        let mut damaged = sound.clone();
        damaged[bit / 8] ^= 0x80 >> (bit % 8);
        let due = [
            Outcome::Refused(FRAMES, "oversized-frame"),
            Outcome::Refused(FRAMES, "empty-frame"),
            cut[0],
            MALFORMED,
        ];
        let what = format!("bit {bit} of a message's length");
        stage
            .strike(&what, &Blow::ControlToTheEnd(damaged), &due)
            .await;
    }
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_make_no_sense_are_refused() {
    let mut stage = Stage::set(true).await;
    let charter = stage.charter();
    let cases = [
        (
            "a full map under another root",
            Message::Full {
                charter,
                entries: Vec::new(),
                root: Some(Digest::of(&[b"another"])),
            },
            BAD,
        ),
        (
            "a change of a log that the baseline has not",
            Message::Delta {
                charter,
                keep: false,
                baseline: empty_frontier(),
                root: empty_frontier(),
                changed: vec![Change { position: 7, by: 1 }],
                new: Vec::new(),
            },
            BAD,
        ),
        (
            "more credit than there can be",
            Message::Credit { bytes: 1 << 30 },
            OVERFLOW,
        ),
    ];
    for (what, message, due) in cases {
        let blow = Blow::Control(frame(&message.encode()));
        stage.strike(what, &blow, &[due]).await;
    }
    stage.life_goes_on().await;
}
