//! What the machine does about peers that break the rules, or just stop.

mod bench;

use bench::{Bench, CHARTER, OWN, PEER, full, head, log, scope};
use record::{CharterRef, Digest, LogId, RawKey};
use replica::{
    BODY_BYTES_MAX, CREDIT_MAX, CREDIT_WINDOW, Change, Counter, Discarded, Fault, Head, Input,
    Message, Outcome, Output, Token, frontier_root,
};

const OTHER: RawKey = RawKey([3; 32]);

impl Bench {
    /// Connects a peer that tells this frontier.
    fn meet(&mut self, peer: RawKey, frontier: &[Head]) -> Vec<Output> {
        self.connect(peer);
        self.say(peer, full(frontier))
    }

    /// Answers for the newest body.
    fn judge(&mut self, peer: RawKey, log: &LogId, outcome: Outcome) -> Vec<Output> {
        let (token, log) = (Token(self.tokens), log.clone());
        self.give(Input::Judged {
            peer,
            token,
            log,
            outcome,
        })
    }
}

fn fault(outputs: &[Output]) -> Option<&Fault> {
    outputs.iter().find_map(|output| match output {
        Output::Disconnect { reason, .. } => Some(reason),
        _ => None,
    })
}

fn said(outputs: &[Output]) -> Vec<(RawKey, &Message)> {
    let said = outputs.iter().filter_map(|output| match output {
        Output::Send { peer, message } => Some((*peer, message)),
        _ => None,
    });
    said.collect()
}

fn wants(outputs: &[Output]) -> Vec<(RawKey, u64)> {
    let wants = said(outputs)
        .into_iter()
        .filter_map(|(peer, message)| match message {
            Message::Want { from, .. } => Some((peer, *from)),
            _ => None,
        });
    wants.collect()
}

fn counted(outputs: &[Output], counter: Counter) -> u64 {
    let by = outputs.iter().map(|output| match output {
        Output::Count { counter: c, by } if *c == counter => *by,
        _ => 0,
    });
    by.sum()
}

#[test]
fn an_acknowledgement_waits_for_durability() {
    let theirs = log(PEER, "public");
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[]);
    let appended = bench.body(PEER, &theirs, [0, 5], 900);
    assert!(appended.contains(&Output::Append {
        peer: PEER,
        token: Token(1)
    }));
    bench.judge(PEER, &theirs, Outcome::Appended { size: 5 });
    let early = bench.tick_after(100_000);
    assert_eq!(said(&early), [], "appended is not durable");
    bench.give(Input::Durable {
        head: head(&theirs, 5),
    });
    let acks = bench.tick_after(20);
    let ack = Message::Ack {
        log: theirs,
        size: 5,
    };
    assert_eq!(said(&acks), [(PEER, &ack)]);
}

#[test]
fn published_needs_another_member() {
    let ours = log(OWN, "public");
    let published = |own_member| {
        let mut bench = Bench::new(vec![head(&ours, 5)]);
        bench.give(Input::Connected {
            peer: PEER,
            scopes: [scope("public")].into(),
            own_member,
            sent: None,
            received: None,
        });
        bench.say(PEER, full(&[]));
        let ack = Message::Ack {
            log: ours.clone(),
            size: 9,
        };
        bench.say(PEER, ack)
    };
    let expect = Output::Published {
        log: ours.clone(),
        size: 5,
    };
    assert!(
        published(false).contains(&expect),
        "and never beyond what is ours"
    );
    assert!(!published(true).contains(&expect));
}

#[test]
fn a_refused_body_ends_the_connection() {
    let theirs = log(OTHER, "public");
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[]);
    bench.body(PEER, &theirs, [0, 5], 900);
    let reason = String::from("the signature fails");
    let outputs = bench.judge(
        PEER,
        &theirs,
        Outcome::Refused {
            reason: reason.clone(),
        },
    );
    assert_eq!(fault(&outputs), Some(&Fault::Refused(reason)));
    assert_eq!(counted(&outputs, Counter::RefusedBodies), 1);
    let after = bench.body(PEER, &theirs, [0, 5], 900);
    let reason = Discarded::NotConnected;
    let token = Token(2);
    assert_eq!(
        after,
        [Output::Discard {
            peer: PEER,
            token,
            reason
        }]
    );
}

#[test]
fn a_log_that_is_passed_over_is_not_asked_for_again() {
    let unknown = log(RawKey([9; 32]), "public");
    let mut bench = Bench::new(Vec::new());
    let met = bench.meet(PEER, &[head(&unknown, 5)]);
    assert_eq!(wants(&met), [(PEER, 0)]);
    bench.body(PEER, &unknown, [0, 5], 900);
    let outputs = bench.judge(PEER, &unknown, Outcome::PassedOver);
    assert_eq!((fault(&outputs), wants(&outputs)), (None, vec![]));
    assert_eq!(counted(&outputs, Counter::PassedOverBodies), 1);
    assert_eq!(wants(&bench.tick_after(100_000)), []);
    assert!(
        bench.replica.in_sync(&PEER),
        "it lacks nothing that it may hold"
    );
    bench.give(Input::Disconnected { peer: PEER });
    let again = bench.meet(PEER, &[head(&unknown, 5)]);
    assert_eq!(wants(&again), [(PEER, 0)], "on the next connection it is");
}

#[test]
fn a_body_without_its_content_is_asked_of_another() {
    let wanted = log(RawKey([9; 32]), "public");
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[head(&wanted, 5)]);
    bench.meet(OTHER, &[head(&wanted, 5)]);
    bench.body(PEER, &wanted, [0, 5], 900);
    let outputs = bench.judge(PEER, &wanted, Outcome::Bare);
    assert_eq!((fault(&outputs), wants(&outputs)), (None, vec![(OTHER, 0)]));
    assert_eq!(counted(&outputs, Counter::BareBodies), 1);
    assert!(!said(&bench.tick_after(100)).iter().any(is_ack));
    // Nobody asked for this one: it makes nobody a source that is asked first.
    let mut bench = Bench::new(Vec::new());
    bench.meet(OTHER, &[]);
    bench.body(OTHER, &wanted, [0, 5], 900);
    let outputs = bench.judge(OTHER, &wanted, Outcome::Bare);
    assert_eq!((fault(&outputs), wants(&outputs)), (None, vec![]));
    assert_eq!(wants(&bench.meet(PEER, &[head(&wanted, 5)])), [(PEER, 0)]);
    let gone = bench.give(Input::Disconnected { peer: PEER });
    assert_eq!(wants(&gone), [], "not so soon");
}

fn is_ack((_, message): &(RawKey, &Message)) -> bool {
    matches!(message, Message::Ack { .. })
}

#[test]
fn credit_is_enforced_and_given_back() {
    let theirs = log(PEER, "public");
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[]);
    let first = bench.body(PEER, &theirs, [0, 1], CREDIT_WINDOW - 1);
    assert_eq!(fault(&first), None);
    let granted = bench.judge(PEER, &theirs, Outcome::Appended { size: 1 });
    let bytes = CREDIT_WINDOW - 1;
    assert_eq!(said(&granted), [(PEER, &Message::Credit { bytes })]);
    bench.body(PEER, &theirs, [1, 2], CREDIT_WINDOW - 1);
    assert_eq!(
        fault(&bench.body(PEER, &theirs, [2, 3], BODY_BYTES_MAX)),
        None
    );
    let beyond = bench.body(PEER, &theirs, [3, 4], 1);
    assert_eq!(fault(&beyond), Some(&Fault::CreditExceeded));
}

#[test]
fn nonsense_is_the_peers_fault() {
    let theirs = log(PEER, "public");
    let entry = head(&theirs, 5);
    let root = Digest::of(&[b"another"]);
    let delta = |changed: Vec<Change>, new: Vec<Head>| Message::Delta {
        charter: CHARTER,
        keep: false,
        baseline: frontier_root([(&entry.log, 5, &entry.root)].into_iter()),
        root,
        changed,
        new,
    };
    let bad = [
        Message::Full {
            charter: CHARTER,
            entries: vec![entry.clone()],
            root: Some(root),
        },
        delta(vec![Change { position: 1, by: 1 }], vec![]),
        delta(
            vec![Change {
                position: 0,
                by: u64::MAX,
            }],
            vec![],
        ),
        delta(vec![], vec![entry.clone()]),
        Message::Credit { bytes: CREDIT_MAX },
    ];
    for message in bad {
        let mut bench = Bench::new(Vec::new());
        bench.meet(PEER, std::slice::from_ref(&entry));
        let outputs = bench.say(PEER, message.clone());
        assert!(fault(&outputs).is_some(), "{message:?}");
        assert_eq!(bench.replica.status().peers, []);
    }
    for (range, bytes) in [
        ([5, 5], 1),
        ([5, 4], 1),
        ([0, 1], 0),
        ([0, 1], BODY_BYTES_MAX + 1),
    ] {
        let mut bench = Bench::new(Vec::new());
        bench.meet(PEER, &[]);
        let outputs = bench.body(PEER, &theirs, range, bytes);
        assert!(
            matches!(fault(&outputs), Some(Fault::BadBody { .. })),
            "{range:?} {bytes}"
        );
    }
}

#[test]
fn nothing_comes_between_the_parts_of_a_full_map() {
    let entry = head(&log(PEER, "public"), 5);
    let nothing = frontier_root(std::iter::empty());
    let charter = CHARTER;
    let delta = Message::Delta {
        charter,
        keep: false,
        baseline: nothing,
        root: nothing,
        changed: vec![],
        new: vec![],
    };
    let root = nothing;
    for between in [delta, Message::InSync { charter, root }] {
        for entries in [vec![entry.clone()], vec![]] {
            let mut bench = Bench::new(Vec::new());
            bench.meet(PEER, &[]);
            assert_eq!(fault(&bench.say(PEER, between.clone())), None);
            let root = None;
            let part = Message::Full {
                charter,
                entries,
                root,
            };
            assert_eq!(fault(&bench.say(PEER, part)), None);
            let outputs = bench.say(PEER, between.clone());
            assert!(matches!(fault(&outputs), Some(Fault::BadMessage(_))));
        }
    }
}

#[test]
fn a_foreign_scope_is_a_fault_only_under_one_charter() {
    let foreign = log(PEER, "with-gacc");
    for (version, is_fault) in [(1, true), (2, false)] {
        let mut bench = Bench::new(Vec::new());
        bench.connect(PEER);
        let charter = CharterRef {
            version,
            hash: [1; 8],
        };
        let root = frontier_root(std::iter::empty());
        let entries = Vec::new();
        let root = Some(root);
        bench.say(
            PEER,
            Message::Full {
                charter,
                entries,
                root,
            },
        );
        let outputs = bench.body(PEER, &foreign, [0, 1], 900);
        assert_eq!(fault(&outputs).is_some(), is_fault);
        let reason = Discarded::OutOfScope;
        let token = Token(1);
        assert!(outputs.contains(&Output::Discard {
            peer: PEER,
            token,
            reason
        }));
    }
}

#[test]
fn unknown_and_forbidden_logs_get_the_same_silence() {
    let secret = log(OWN, "with-gacc");
    let answer = |heads: Vec<Head>| {
        let mut bench = Bench::new(heads);
        let mut outputs = bench.connect(PEER);
        outputs.extend(bench.say(PEER, full(&[])));
        outputs.extend(bench.say(
            PEER,
            Message::Want {
                log: secret.clone(),
                from: 0,
            },
        ));
        outputs.extend(bench.say(
            PEER,
            Message::Ack {
                log: secret.clone(),
                size: 3,
            },
        ));
        outputs.extend(bench.say(PEER, full(&[head(&secret, 9)])));
        outputs.extend(bench.tick_after(100_000));
        outputs
    };
    assert_eq!(answer(vec![head(&secret, 5)]), answer(vec![]));
}

#[test]
fn how_many_claims_are_noted_tells_nothing_of_other_scopes() {
    let numbered = |author: u8, scope_name, number: u16| {
        let mut log = log(RawKey([author; 32]), scope_name);
        log.epoch.0[..2].copy_from_slice(&number.to_be_bytes());
        log
    };
    let noted = |secrets: u16, public: u16| {
        let secrets = (0..secrets).map(|n| head(&numbered(9, "with-gacc", n), 1));
        let public = (0..public).map(|n| head(&numbered(8, "public", n), 1));
        let mut bench = Bench::new(secrets.chain(public).collect());
        bench.meet(PEER, &[]);
        for number in 0..1_500 {
            bench.body(PEER, &numbered(9, "public", number), [1, 2], 9);
        }
        // What comes to be held makes room.
        let held = numbered(9, "public", 0);
        bench.give(Input::Durable {
            head: head(&held, 2),
        });
        bench.body(PEER, &numbered(9, "public", 2_000), [1, 2], 9);
        let status = bench.replica.status();
        (status.wants_out, status.wants_waiting)
    };
    assert_eq!(noted(0, 0), (16, 1_024 - 16));
    assert_eq!(noted(2_000, 0), noted(0, 0));
    assert_eq!(noted(0, 2_000), noted(0, 0));
}

#[test]
fn a_stalled_want_goes_to_another_peer() {
    let wanted = log(RawKey([9; 32]), "public");
    let mut bench = Bench::new(Vec::new());
    assert_eq!(wants(&bench.meet(PEER, &[head(&wanted, 5)])), [(PEER, 0)]);
    assert_eq!(
        wants(&bench.meet(OTHER, &[head(&wanted, 5)])),
        [],
        "one peer a log"
    );
    bench.now += 4_000;
    bench.give(Input::Arriving { peer: PEER });
    assert_eq!(wants(&bench.tick_after(4_000)), [], "it is slow, not stuck");
    let outputs = bench.tick_after(1_000);
    assert_eq!(wants(&outputs), [(OTHER, 0)]);
    assert_eq!(counted(&outputs, Counter::StalledWants), 1);
    let gone = bench.give(Input::Disconnected { peer: OTHER });
    assert_eq!(wants(&gone), [], "the first is not asked again so soon");
    assert_eq!(wants(&bench.tick_after(30_000)), [(PEER, 0)]);
    bench.connect(OTHER);
    bench.say(OTHER, full(&[head(&wanted, 5)]));
    let gone = bench.give(Input::Disconnected { peer: PEER });
    assert_eq!(wants(&gone), [(OTHER, 0)], "asked of another at once");
}

#[test]
fn bodies_that_bring_nothing_are_no_service() {
    let [wanted, held] = ["public", "national"].map(|name| log(RawKey([9; 32]), name));
    let mut bench = Bench::new(vec![head(&held, 5)]);
    bench.meet(PEER, &[head(&wanted, 5), head(&held, 5)]);
    bench.meet(OTHER, &[head(&wanted, 5)]);
    let mut asked = Vec::new();
    for second in 0..119 {
        bench.now += 1_000;
        let outputs = bench.body(PEER, &held, [second % 5, 5], 9);
        asked.extend(wants(&outputs));
    }
    assert_eq!(asked, [], "for as long as a slow line may take");
    bench.now += 1_000;
    let outputs = bench.body(PEER, &held, [0, 5], 9);
    assert_eq!(wants(&outputs), [(OTHER, 0)]);
}

#[test]
fn a_want_behind_others_has_its_time_too() {
    let [served, waits] = ["national", "public"].map(|name| log(RawKey([9; 32]), name));
    let both = [head(&served, 1_000), head(&waits, 5)];
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &both);
    bench.meet(OTHER, &both);
    for minute in 1..=10 {
        let mut asked = Vec::new();
        for _ in 0..15 {
            bench.now += 4_000;
            asked.extend(wants(&bench.give(Input::Arriving { peer: PEER })));
        }
        let due = if minute < 10 {
            vec![]
        } else {
            vec![(OTHER, 0)]
        };
        assert_eq!(asked, due, "minute {minute}");
        let size = minute * 10;
        bench.body(PEER, &served, [size - 10, size], 900);
        bench.judge(PEER, &served, Outcome::Appended { size });
        bench.give(Input::Durable {
            head: head(&served, size),
        });
    }
    let peers = bench.replica.status().peers;
    assert!(peers.iter().all(|peer| peer.wants_out == 1), "{peers:#?}");
}

#[test]
fn the_author_is_asked_first_and_its_push_is_waited_for() {
    let theirs = log(PEER, "public");
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[]);
    bench.meet(OTHER, &[]);
    let heard = bench.say(OTHER, full(&[head(&theirs, 5)]));
    assert_eq!(
        wants(&heard),
        [],
        "its author is connected and will push it"
    );
    let late = bench.tick_after(1_000);
    assert_eq!(wants(&late), [(OTHER, 0)], "but it did not");
    let mut bench = Bench::new(Vec::new());
    bench.connect(PEER);
    bench.meet(OTHER, &[head(&theirs, 5)]);
    let met = bench.say(PEER, full(&[head(&theirs, 5)]));
    assert_eq!(wants(&met), [], "it is asked for already");
    bench.give(Input::Disconnected { peer: OTHER });
    let mut bench = Bench::new(Vec::new());
    bench.meet(OTHER, &[]);
    bench.connect(PEER);
    let met = bench.say(PEER, full(&[head(&theirs, 5)]));
    assert_eq!(
        wants(&met),
        [(PEER, 0)],
        "what it told at first, it does not push"
    );
}

#[test]
fn a_gap_is_asked_for_once() {
    let theirs = log(PEER, "public");
    let mut bench = Bench::new(vec![head(&theirs, 3)]);
    bench.meet(PEER, &[head(&theirs, 3)]);
    let outputs = bench.body(PEER, &theirs, [7, 9], 900);
    assert_eq!(wants(&outputs), [(PEER, 3)]);
    assert_eq!(counted(&outputs, Counter::GapBodies), 1);
    let again = bench.body(PEER, &theirs, [9, 12], 900);
    assert_eq!(wants(&again), [], "it is asked for already");
}

#[test]
fn equal_sizes_under_another_root_are_counted_as_diverged() {
    let theirs = log(OTHER, "public");
    let mut forked = head(&theirs, 5);
    forked.root = Digest::of(&[b"another history"]);
    let mut bench = Bench::new(vec![head(&theirs, 5)]);
    let outputs = bench.meet(PEER, &[forked]);
    assert_eq!(counted(&outputs, Counter::DivergedLogs), 1);
    assert_eq!(fault(&outputs), None, "the author's doing, not the peer's");
}

#[test]
fn full_maps_are_not_to_be_had_in_any_number() {
    let mut bench = Bench::new(vec![head(&log(OTHER, "public"), 5)]);
    bench.meet(PEER, &[]);
    let mut fulls = 0;
    for _ in 0..100 {
        let outputs = bench.say(PEER, Message::NeedFull);
        fulls += counted(&outputs, Counter::FullFrontiers);
        fulls += counted(&bench.tick_after(10), Counter::FullFrontiers);
    }
    assert!(fulls <= 1, "{fulls} within a second");
}

/// Returns the bodies ordered: log and first index.
fn orders(outputs: &[Output]) -> Vec<(&LogId, u64)> {
    let orders = outputs.iter().filter_map(|output| match output {
        Output::SendBody { log, from, .. } => Some((log, *from)),
        _ => None,
    });
    orders.collect()
}

#[test]
fn the_author_pushes_to_whoever_holds_what_it_told() {
    let ours = log(OWN, "public");
    let grown = |size| Input::Durable {
        head: head(&ours, size),
    };
    let mut bench = Bench::new(vec![head(&ours, 5)]);
    let met = bench.meet(PEER, &[head(&ours, 3)]);
    assert_eq!(orders(&met), [], "the peer will ask for what it was told");
    assert_eq!(orders(&bench.give(grown(6))), []);
    let log = ours.clone();
    let wanted = bench.say(PEER, Message::Want { log, from: 3 });
    assert_eq!(orders(&wanted), [(&ours, 3)]);
    let (peer, log) = (PEER, ours.clone());
    bench.give(Input::Sent {
        peer,
        log,
        from: 3,
        to: 6,
        bytes: 900,
    });
    assert_eq!(
        orders(&bench.give(grown(7))),
        [(&ours, 6)],
        "and then it pushes"
    );

    let mut bench = Bench::new(vec![head(&ours, 5)]);
    bench.meet(PEER, &[head(&ours, 3)]);
    let log = ours.clone();
    bench.say(PEER, Message::Ack { log, size: 5 });
    assert_eq!(
        orders(&bench.give(grown(6))),
        [(&ours, 5)],
        "it got the rest elsewhere"
    );

    let mut bench = Bench::new(vec![head(&ours, 5)]);
    bench.meet(PEER, &[head(&ours, 5)]);
    assert_eq!(orders(&bench.give(grown(6))), [(&ours, 5)]);
    let theirs = log_of_other();
    let relayed = bench.give(Input::Durable {
        head: head(&theirs, 5),
    });
    assert_eq!(orders(&relayed), [], "a relay announces instead");
    let announced = bench.tick_after(150);
    assert!(matches!(
        said(&announced)[..],
        [(PEER, Message::Delta { .. })]
    ));
}

fn log_of_other() -> LogId {
    log(OTHER, "public")
}

#[test]
fn what_was_kept_under_wider_rights_is_not_used() {
    let logs = [log(OTHER, "public"), log(OTHER, "national")];
    let heads = || logs.iter().map(|log| head(log, 5)).collect::<Vec<_>>();
    let mut bench = Bench::new(heads());
    bench.connect(PEER);
    let mut entries = heads();
    entries.sort_by(|a, b| a.log.cmp(&b.log));
    let root = frontier_root(entries.iter().map(|e| (&e.log, e.size, &e.root)));
    let kept = bench.say(PEER, Message::BaselineAck { root });
    let kept = kept.into_iter().find_map(|output| match output {
        Output::SaveBaseline { bytes, .. } => Some(bytes),
        _ => None,
    });
    assert!(kept.is_some(), "the first full map was on offer");
    let first = |kept: Option<Vec<u8>>, names: &[&str]| {
        Bench::new(heads()).give(Input::Connected {
            peer: PEER,
            scopes: names.iter().map(|name| scope(name)).collect(),
            own_member: false,
            sent: kept.clone(),
            received: kept,
        })
    };
    let both = first(kept.clone(), &["public", "national"]);
    assert!(matches!(said(&both)[..], [(PEER, Message::InSync { .. })]));
    let one = first(kept, &["public"]);
    assert_eq!(one, first(None, &["public"]));
}

#[test]
fn an_acknowledgement_makes_nobody_a_source() {
    let unknown = log(OTHER, "public");
    let mut bench = Bench::new(vec![head(&log(OTHER, "national"), 5)]);
    bench.meet(PEER, &[]);
    for log in [unknown, log(OTHER, "national")] {
        let outputs = bench.say(PEER, Message::Ack { log, size: 1_000 });
        assert_eq!(wants(&outputs), []);
    }
    assert_eq!(bench.replica.status().wants_waiting, 0);
}

#[test]
fn a_want_that_is_passed_over_goes_to_another_peer() {
    let [first, second] = ["national", "public"].map(|name| log(RawKey([9; 32]), name));
    let both = [head(&first, 5), head(&second, 5)];
    let mut bench = Bench::new(Vec::new());
    assert_eq!(wants(&bench.meet(PEER, &both)), [(PEER, 0), (PEER, 0)]);
    bench.meet(OTHER, &both);
    let outputs = bench.body(PEER, &second, [0, 5], 900);
    assert_eq!(wants(&outputs), [(OTHER, 0)]);
    assert_eq!(counted(&outputs, Counter::StalledWants), 1);
}

fn deltas(outputs: &[Output]) -> usize {
    let said = said(outputs).into_iter();
    said.filter(|(_, message)| matches!(message, Message::Delta { .. }))
        .count()
}

#[test]
fn a_peer_soon_learns_that_we_hold_what_it_holds() {
    // It told more than we hold, so that no root says it; and it is no news.
    let (theirs, more) = (log(OTHER, "public"), log(PEER, "public"));
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[head(&theirs, 5), head(&more, 9)]);
    bench.give(Input::Durable {
        head: head(&theirs, 5),
    });
    assert_eq!(deltas(&bench.tick_after(150)), 0, "no news");
    assert_eq!(deltas(&bench.tick_after(1_000)), 1);
    assert_eq!(deltas(&bench.tick_after(10_000)), 0, "once");
}

#[test]
fn an_acknowledgement_of_more_than_the_peer_held_does_not_tell_it() {
    let (theirs, more) = (log(OTHER, "public"), log(PEER, "public"));
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[head(&theirs, 5), head(&more, 9)]);
    bench.body(PEER, &theirs, [0, 5], 900);
    bench.judge(PEER, &theirs, Outcome::Appended { size: 5 });
    // The rest comes from another, and the peer has it soon after.
    bench.give(Input::Durable {
        head: head(&theirs, 8),
    });
    let acked = bench.tick_after(20);
    assert!(said(&acked).iter().any(is_ack));
    bench.say(PEER, full(&[head(&theirs, 8), head(&more, 9)]));
    assert_eq!(deltas(&bench.tick_after(150)), 0, "no news");
    assert_eq!(deltas(&bench.tick_after(1_000)), 1);
}

#[test]
fn what_was_acknowledged_in_time_is_not_told_again() {
    let (theirs, more) = (log(OTHER, "public"), log(PEER, "public"));
    let mut bench = Bench::new(Vec::new());
    bench.meet(PEER, &[head(&theirs, 5), head(&more, 9)]);
    bench.body(PEER, &theirs, [0, 5], 900);
    bench.judge(PEER, &theirs, Outcome::Appended { size: 5 });
    bench.give(Input::Durable {
        head: head(&theirs, 5),
    });
    let acked = bench.tick_after(20);
    assert!(said(&acked).iter().any(is_ack));
    assert_eq!(deltas(&bench.tick_after(150)), 0);
    assert_eq!(deltas(&bench.tick_after(2_000)), 0);
}

#[test]
fn a_body_that_overtakes_the_first_map_counts() {
    let theirs = log(PEER, "public");
    let mut bench = Bench::new(Vec::new());
    bench.connect(PEER);
    bench.body(PEER, &theirs, [0, 5], 900);
    bench.judge(PEER, &theirs, Outcome::Appended { size: 5 });
    bench.give(Input::Durable {
        head: head(&theirs, 5),
    });
    bench.say(PEER, full(&[head(&theirs, 3)]));
    assert!(bench.replica.in_sync(&PEER));
}
