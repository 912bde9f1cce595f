//! A peer that says and sends whatever it likes.

mod bench;

use std::collections::{BTreeMap, BTreeSet};

use bench::{Bench, CHARTER, OWN, PEER, full, head, log};
use proptest::prelude::*;
use record::{Digest, LogId, RawKey};
use replica::{CREDIT_WINDOW, Change, Input, Message, Outcome, Output, Token, frontier_root};

fn any_log() -> impl Strategy<Value = LogId> {
    let scopes = prop_oneof![Just("public"), Just("national"), Just("with-gacc")];
    (1u8..5, scopes).prop_map(|(author, name)| log(RawKey([author; 32]), name))
}

fn any_message() -> impl Strategy<Value = Message> {
    let size = || prop_oneof![1u64..20, Just(u64::MAX)];
    let heads = prop::collection::vec((any_log(), size()), 0..6);
    let heads = heads.prop_map(|heads| {
        let logs: BTreeSet<LogId> = heads.iter().map(|(log, _)| log.clone()).collect();
        let sizes = heads.into_iter().map(|(_, size)| size);
        logs.iter()
            .zip(sizes)
            .map(|(log, size)| head(log, size))
            .collect::<Vec<_>>()
    });
    let root = Digest::of(&[b"some"]);
    let charter = CHARTER;
    prop_oneof![
        heads.prop_map(|heads| full(&heads)),
        Just(Message::InSync {
            charter,
            root: frontier_root(std::iter::empty())
        }),
        (any::<bool>(), 0u32..4, size()).prop_map(move |(keep, position, by)| Message::Delta {
            charter,
            keep,
            baseline: frontier_root(std::iter::empty()),
            root,
            changed: vec![Change { position, by }],
            new: vec![],
        }),
        Just(Message::NeedFull),
        Just(Message::BaselineAck { root }),
        (any_log(), size()).prop_map(|(log, from)| Message::Want { log, from }),
        size().prop_map(|bytes| Message::Credit { bytes }),
        (any_log(), size()).prop_map(|(log, size)| Message::Ack { log, size }),
    ]
}

#[derive(Debug, Clone)]
enum Act {
    Say(Message),
    Body(LogId, [u64; 2], u64),
    Judge(usize, u8),
    Durable(LogId),
    Sent(bool),
    Wait(u64),
    Connect(bool),
}

fn any_act() -> impl Strategy<Value = Act> {
    let index = || prop_oneof![0u64..20, Just(u64::MAX)];
    let bytes = prop_oneof![1u64..2_000, Just(CREDIT_WINDOW), Just(u64::MAX)];
    prop_oneof![
        6 => any_message().prop_map(Act::Say),
        3 => (any_log(), index(), index(), bytes).prop_map(|(log, a, b, n)| Act::Body(log, [a, b], n)),
        3 => (any::<usize>(), any::<u8>()).prop_map(|(at, how)| Act::Judge(at, how)),
        2 => any_log().prop_map(Act::Durable),
        2 => any::<bool>().prop_map(Act::Sent),
        2 => (0u64..40_000).prop_map(Act::Wait),
        1 => any::<bool>().prop_map(Act::Connect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a peer sends, the machine does not panic, never sends without
    /// being asked to know the scope, and stays within its bounds.
    #[test]
    fn nothing_a_peer_does_breaks_the_machine(acts in prop::collection::vec(any_act(), 1..80)) {
        let mut bench = Bench::new(vec![head(&log(OWN, "public"), 4), head(&log(OWN, "with-gacc"), 4)]);
        let mut sizes = BTreeMap::<LogId, u64>::new();
        let mut open: Vec<(Token, LogId)> = Vec::new();
        let mut order: Option<(LogId, u64)> = None;
        bench.connect(PEER);
        for act in acts {
            bench.now += 1;
            let outputs = match act {
                Act::Say(message) => bench.say(PEER, message),
                Act::Body(log, range, bytes) => {
                    let outputs = bench.body(PEER, &log, range, bytes);
                    let token = Token(bench.tokens);
                    if outputs.contains(&Output::Append { peer: PEER, token }) {
                        open.push((token, log));
                    }
                    outputs
                }
                Act::Judge(at, how) if !open.is_empty() => {
                    let (token, log) = open.swap_remove(at % open.len());
                    let outcome = match how % 9 {
                        0 => Outcome::Refused { reason: String::from("bad") },
                        1 => Outcome::PassedOver,
                        2 => Outcome::Gap { have: 1 },
                        3 => Outcome::Duplicate,
                        4 => Outcome::Bare,
                        _ => Outcome::Appended { size: 1 + u64::from(how) },
                    };
                    bench.give(Input::Judged { peer: PEER, token, log, outcome })
                }
                Act::Durable(log) => {
                    let size = sizes.entry(log.clone()).or_insert(4);
                    *size += 1;
                    bench.give(Input::Durable { head: head(&log, *size) })
                }
                Act::Sent(there) => match order.take() {
                    Some((log, from)) if there => {
                        let (to, bytes) = (from + 1, 1_000);
                        bench.give(Input::Sent { peer: PEER, log, from, to, bytes })
                    }
                    Some((log, from)) => bench.give(Input::NotSent { peer: PEER, log, from }),
                    None => Vec::new(),
                },
                Act::Wait(ms) => bench.tick_after(ms),
                Act::Connect(true) => bench.connect(PEER),
                Act::Connect(false) => bench.give(Input::Disconnected { peer: PEER }),
                Act::Judge(..) => Vec::new(),
            };
            for output in &outputs {
                if let Output::SendBody { log, from, .. } = output {
                    prop_assert_ne!(log.scope.as_str(), "with-gacc");
                    order = Some((log.clone(), *from));
                }
                if let Output::WakeAt { ms } = output {
                    prop_assert!(*ms > bench.now);
                }
            }
            let status = bench.replica.status();
            prop_assert!(status.wants_out <= 16 && status.wants_waiting <= 12);
        }
    }
}
