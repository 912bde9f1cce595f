//! One rule a table: small chains, what was asked, and what has to be found.

mod common;

use common::{Map, aggregation, association, events, has, key, object, transformation, uri, with};
use serde_json::{Value, json};
use trace::Direction::{Both, Downstream, Upstream};
use trace::{Answer, Direction, Finding, Level, NoNames, Question, Shortfall, Style, render};

/// Asks about each name, and compares the names of the events found.
fn check(chain: &[Value], cases: &[(&str, Direction, &str)]) {
    let map = Map::of(chain);
    for (about, direction, expected) in cases {
        let answer = map.ask(about, *direction);
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(events(&answer), expected, "{about} {direction:?}");
        assert!(answer.complete);
    }
}

fn place_of(answer: &Answer, name: &str) -> usize {
    let key = key(name).to_string();
    let place = answer.objects.iter().position(|object| object.first == key);
    place.expect("an object of that name")
}

#[test]
fn what_happens_to_a_parent_happens_to_what_is_inside() {
    let chain = [
        object("early", 0, "OBSERVE", "p1"),
        object("made1", 1, "ADD", "i1.1"),
        object("made2", 2, "ADD", "i1.2"),
        aggregation("pack", 10, "ADD", "p1", "i1.1 i1.2"),
        aggregation("unpack1", 20, "DELETE", "p1", "i1.1"),
        aggregation("load", 25, "ADD", "c1", "p1"),
        object("ship", 30, "OBSERVE", "c1"),
        aggregation("unload", 40, "DELETE", "c1", "p1"),
        object("again", 50, "OBSERVE", "c1"),
    ];
    check(
        &chain,
        &[
            // Taken out before shipping: the shipment is not its own.
            ("i1.1", Both, "made1 pack unpack1"),
            ("i1.2", Upstream, "made2 pack load ship unload"),
            ("i1.2", Downstream, "made2 pack load ship unload"),
            // All that was inside at any time, with its origins; of the pallet
            // what concerns it from its packing on.
            (
                "p1",
                Upstream,
                "early made1 made2 pack unpack1 load ship unload",
            ),
            ("c1", Upstream, "made2 pack unpack1 load ship unload again"),
        ],
    );
}

#[test]
fn stays_are_told_with_their_ends() {
    let map = Map::of(&[
        aggregation("pack", 10, "ADD", "p1", "i1.1"),
        aggregation("unpack", 20, "DELETE", "p1", ""),
    ]);
    let answer = map.ask("i1.1", Both);
    let stay = &answer.objects[0].stays[0];
    assert_eq!(stay.parent, place_of(&answer, "p1"));
    assert_eq!(stay.since, "2026-10-12T00:10:00.000Z");
    assert_eq!(stay.until.as_deref(), Some("2026-10-12T00:20:00.000Z"));
}

#[test]
fn a_parent_emptied_as_a_whole_holds_nothing_more() {
    let chain = [
        aggregation("pack", 10, "ADD", "p1", "i1.1 i1.2"),
        aggregation("empty", 20, "DELETE", "p1", ""),
        object("ship", 30, "OBSERVE", "p1"),
        aggregation("seen", 40, "OBSERVE", "p2", "i1.1"),
        object("move", 50, "OBSERVE", "p2"),
    ];
    // Being seen inside is enough to be inside.
    check(
        &chain,
        &[
            ("i1.1", Both, "pack empty seen move"),
            ("i1.2", Both, "pack empty"),
        ],
    );
}

#[test]
fn what_is_packed_elsewhere_was_taken_out() {
    let chain = [
        aggregation("pack", 10, "ADD", "p1", "i1.1 i1.2"),
        aggregation("repack", 20, "ADD", "p2", "i1.1"),
        object("ship1", 30, "OBSERVE", "p1"),
        object("ship2", 30, "OBSERVE", "p2"),
        object("gone", 40, "DELETE", "i1.1"),
        object("ship3", 50, "OBSERVE", "p2"),
    ];
    check(&chain, &[("i1.1", Both, "pack repack ship2 gone")]);
}

#[test]
fn only_the_use_that_matters_of_a_parent_used_again() {
    let chain = [
        transformation("make1", 1, "l1.A", "i1.1"),
        transformation("make2", 2, "l1.B", "i1.2"),
        object("new", 5, "ADD", "p1"),
        aggregation("pack1", 10, "ADD", "p1", "i1.1"),
        aggregation("load1", 11, "ADD", "c1", "p1"),
        object("ship1", 12, "OBSERVE", "c1"),
        aggregation("unload1", 13, "DELETE", "c1", ""),
        aggregation("unpack1", 14, "DELETE", "p1", "i1.1"),
        object("wash", 15, "OBSERVE", "p1"),
        aggregation("pack2", 20, "ADD", "p1", "i1.2"),
        aggregation("load2", 21, "ADD", "c2", "p1"),
        object("ship2", 22, "OBSERVE", "c2"),
        aggregation("unpack2", 24, "DELETE", "p1", "i1.2"),
    ];
    check(
        &chain,
        &[
            ("c1", Upstream, "make1 new pack1 load1 ship1 unload1"),
            ("c2", Upstream, "make2 new pack2 load2 ship2 unpack2"),
            (
                "l1.A",
                Downstream,
                "make1 pack1 load1 ship1 unload1 unpack1",
            ),
            ("l1.B", Downstream, "make2 pack2 load2 ship2 unpack2"),
        ],
    );
    // Asked about the pallet itself, a window tells the uses apart.
    let map = Map::of(&chain);
    let first = |answer: &Answer| answer.events.first().and_then(|event| event.id.clone());
    let minute = 1_791_763_200_000;
    let mut question = Question::new(key("p1"), Upstream);
    question.since_ms = Some(minute + 15 * 60_000);
    let late = map.ask_this(&question);
    assert_eq!(first(&late).as_deref(), Some("urn:e:make2"));
    assert!(!has(&late, "l1.A"));
    question.since_ms = None;
    question.until_ms = Some(minute + 14 * 60_000);
    let early = map.ask_this(&question);
    assert!(has(&early, "l1.A") && !has(&early, "l1.B"));
    assert_eq!(early.until.as_deref(), Some("2026-10-12T00:14:00.000Z"));
}

#[test]
fn every_output_comes_of_every_input() {
    let chain = [
        object("a", 1, "ADD", "l1.A:10"),
        object("b", 2, "ADD", "l1.B:10"),
        transformation("mix", 10, "l1.A:10 l1.B:10", "l2.X:15 l2.Y:5"),
        object("ship", 20, "OBSERVE", "l2.X:15"),
        transformation("next", 30, "l2.Y:5", "i3.1"),
        object("later", 40, "OBSERVE", "l1.A:1"),
    ];
    check(
        &chain,
        &[
            ("l2.X", Upstream, "a b mix ship"),
            ("i3.1", Upstream, "a b mix next"),
            ("l1.A", Downstream, "a mix ship next later"),
            ("l2.Y", Downstream, "mix next"),
            ("l2.Y", Both, "a b mix next"),
        ],
    );
}

#[test]
fn a_transformation_can_be_told_in_several_events() {
    let id = |event| with(event, "transformationID", json!("urn:t:1"));
    let chain = [
        object("a", 1, "ADD", "l1.A:10"),
        id(transformation("in1", 10, "l1.A:10", "")),
        id(transformation("out1", 20, "", "i2.1")),
        id(transformation("in2", 30, "l1.B:10", "")),
        id(transformation("out2", 40, "", "i2.2")),
    ];
    check(
        &chain,
        &[
            ("i2.1", Upstream, "a in1 out1 in2 out2"),
            ("l1.B", Downstream, "in1 out1 in2 out2"),
        ],
    );
    assert!(!has(&Map::of(&chain).ask("i2.1", Upstream), "i2.2"));
}

#[test]
fn items_belong_to_the_lot_of_their_commissioning() {
    let lot =
        |event: Value, number: &str| with(event, "ilmd", json!({ "cbvmda:lotNumber": number }));
    let chain = [
        transformation("a", 1, "l9.G", "l1.A:10"),
        transformation("b", 2, "l9.H", "l1.B:10"),
        transformation("c", 3, "l9.I", "l2.A:10"),
        object("listed", 10, "ADD", "i1.1 i1.2 i2.1 l1.A"),
        object("either", 11, "ADD", "i1.3 l1.A l1.B"),
        lot(object("told", 12, "ADD", "i1.4 i2.4"), "A"),
        object("seen", 13, "OBSERVE", "i1.5 l1.A"),
        lot(transformation("made", 14, "l9.J", "i1.6"), "B"),
    ];
    check(
        &chain,
        &[
            ("i1.1", Upstream, "a listed"),
            // The lot is another trade item's.
            ("i2.1", Upstream, "listed"),
            // One of them; which, is not known.
            ("i1.3", Upstream, "a b listed either"),
            ("i1.4", Upstream, "a listed either told"),
            ("i2.4", Upstream, "c told"),
            ("i1.5", Upstream, "seen"),
            ("i1.6", Upstream, "b either made"),
            ("l9.I", Downstream, "c told"),
            ("l9.H", Downstream, "b either made"),
        ],
    );
    let answer = Map::of(&chain).ask("i1.3", Upstream);
    assert_eq!(
        answer.objects[0].lots,
        [place_of(&answer, "l1.A"), place_of(&answer, "l1.B")]
    );
}

#[test]
fn a_digital_link_tells_the_lot() {
    let gtin = key("g1").to_string();
    let item = format!("https://vuon.example.vn{gtin}/10/A/21/7");
    let chain = [
        transformation("make", 1, "l9.G", "l1.A:10"),
        with(
            object("link", 10, "OBSERVE", "p1"),
            "epcList",
            json!([item]),
        ),
        object("plain", 20, "OBSERVE", "i1.7"),
    ];
    check(
        &chain,
        &[
            ("i1.7", Upstream, "make link plain"),
            ("l1.A", Downstream, "make link plain"),
        ],
    );
}

#[test]
fn a_lot_is_inside_until_its_amount_is_out() {
    let chain = [
        object("made", 1, "ADD", "l1.A:100"),
        aggregation("in", 10, "ADD", "p1", "l1.A:60"),
        aggregation("half", 20, "DELETE", "p1", "l1.A:30"),
        object("move", 30, "OBSERVE", "p1"),
        aggregation("rest", 40, "DELETE", "p1", "l1.A:30"),
        object("empty", 50, "OBSERVE", "p1"),
        aggregation("in2", 60, "ADD", "p2", "l1.A:40"),
        object("move2", 70, "OBSERVE", "p2"),
    ];
    check(
        &chain,
        &[
            ("l1.A", Downstream, "made in half move rest in2 move2"),
            // What carried another part says nothing of this one.
            ("p2", Upstream, "made in half rest in2 move2"),
        ],
    );
}

#[test]
fn what_is_attached_goes_along() {
    let chain = [
        object("calibrated", 1, "OBSERVE", "s1"),
        object("made", 2, "ADD", "i1.1"),
        aggregation("pack", 10, "ADD", "c1", "i1.1"),
        association("attach", 11, "ADD", "c1", "s1"),
        object("measured", 20, "OBSERVE", "s1"),
        association("part", 30, "DELETE", "c1", "s1"),
        object("elsewhere", 40, "OBSERVE", "s1"),
        object("moved", 50, "OBSERVE", "c1"),
    ];
    check(
        &chain,
        &[
            ("i1.1", Upstream, "made pack attach measured part moved"),
            ("c1", Upstream, "made pack attach measured part moved"),
            ("s1", Upstream, "calibrated attach measured part elsewhere"),
        ],
    );
}

#[test]
fn what_is_consumed_inside_its_parent_goes_on() {
    let chain = [
        aggregation("pack", 10, "ADD", "p1", "i1.1"),
        transformation("cook", 20, "p1", "l2.S"),
        object("reuse", 30, "OBSERVE", "p1"),
        object("sold", 40, "DELETE", "l2.S"),
    ];
    check(
        &chain,
        &[
            ("i1.1", Downstream, "pack cook sold"),
            ("l2.S", Upstream, "pack cook sold"),
        ],
    );
}

#[test]
fn circles_end() {
    let chain = [
        transformation("ab", 10, "l1.A", "l1.B"),
        transformation("bc", 20, "l1.B", "l1.C"),
        transformation("ca", 30, "l1.C", "l1.A"),
        aggregation("in", 40, "ADD", "p1", "p2"),
        aggregation("out", 41, "ADD", "p2", "p1"),
        aggregation("self", 42, "ADD", "p1", "p1"),
    ];
    check(
        &chain,
        &[
            ("l1.A", Upstream, "ab bc ca"),
            ("l1.B", Both, "ab bc ca"),
            ("p1", Both, "in out self"),
        ],
    );
}

#[test]
fn what_is_declared_in_error_is_listed_and_not_followed() {
    let declared = json!({ "declarationTime": "2026-10-13T00:00:00Z", "reason": "did_not_occur" });
    let wrong = transformation("wrong", 10, "l1.A", "l2.X");
    let declaration = with(wrong.clone(), "errorDeclaration", declared);
    let right = transformation("right", 11, "l1.B", "l2.X");
    let chain = [wrong.clone(), declaration.clone(), right.clone()];
    let answer = Map::of(&chain).ask("l2.X", Upstream);
    assert_eq!(events(&answer), ["wrong", "wrong", "right"]);
    let counts: Vec<_> = answer.events.iter().map(|event| event.counts).collect();
    assert_eq!(counts, [false, false, true]);
    assert!(answer.events[0].declaration.is_none() && answer.events[1].declaration.is_some());
    assert!(has(&answer, "l1.B") && !has(&answer, "l1.A"));

    // Another member's word does not take an event back, and neither does one
    // of two who state it.
    for stated in [json!(["lam-dong"]), json!(["dong-thap", "lam-dong"])] {
        let chain = [
            with(wrong.clone(), "by", stated),
            declaration.clone(),
            right.clone(),
        ];
        let answer = Map::of(&chain).ask("l2.X", Upstream);
        assert!(has(&answer, "l1.A") && has(&answer, "l1.B"));
        let finding = Finding::DisputedDeclaration {
            event: 0,
            declaration: 1,
        };
        assert!(answer.findings.contains(&finding));
    }
}

#[test]
fn one_id_with_two_contents_is_a_conflict() {
    let one = transformation("e", 10, "l1.A", "l2.X");
    let other = with(
        transformation("e", 12, "l1.B", "l2.X"),
        "by",
        json!(["lam-dong"]),
    );
    let answer = Map::of(&[one, other]).ask("l2.X", Upstream);
    assert!(has(&answer, "l1.A") && has(&answer, "l1.B"));
    let finding = Finding::Conflict { events: vec![0, 1] };
    assert!(answer.findings.contains(&finding));
}

#[test]
fn a_wrong_clock_hides_no_origin() {
    let chain = [
        object("grown", 1, "ADD", "l1.A"),
        object("cases", 10, "ADD", "i2.1 l2.X"),
        aggregation("pack", 15, "ADD", "p1", "i2.1"),
        transformation("sorted", 20, "l1.A", "l2.X"),
    ];
    check(
        &chain,
        &[
            ("p1", Upstream, "grown cases pack sorted"),
            ("l1.A", Downstream, "grown cases pack sorted"),
        ],
    );
    let answer = Map::of(&chain).ask("p1", Upstream);
    let expected = Finding::ImpossibleTime {
        object: place_of(&answer, "l2.X"),
        event: 1,
        made_by: 3,
    };
    assert_eq!(answer.findings, [expected]);
}

#[test]
fn effects_come_after_their_causes() {
    let chain = [
        transformation("first", 10, "l1.A", "l2.X:5"),
        object("cases1", 20, "ADD", "i2.1 l2.X"),
        transformation("second", 30, "l1.B", "l2.X:5"),
        object("cases2", 40, "ADD", "i2.2 l2.X"),
    ];
    check(
        &chain,
        &[
            ("i2.1", Upstream, "first cases1"),
            ("i2.2", Upstream, "first cases1 second cases2"),
            ("l1.B", Downstream, "second cases2"),
            ("l1.A", Downstream, "first cases1 second cases2"),
        ],
    );
}

#[test]
fn the_moment_counts_and_not_its_text() {
    let local = |event: Value, time: &str| with(event, "eventTime", json!(time));
    let chain = [
        local(
            object("b", 0, "OBSERVE", "i1.1"),
            "2026-10-12T09:00:00+08:00",
        ),
        local(
            object("c", 0, "OBSERVE", "i1.1"),
            "2026-10-12T08:30:00+07:00",
        ),
        local(
            object("a", 0, "OBSERVE", "i1.1"),
            "2026-10-12T00:59:59.999Z",
        ),
    ];
    check(&chain, &[("i1.1", Both, "a b c")]);
}

#[test]
fn a_chain_that_breaks_off_is_found() {
    let chain = [
        object("grown", 1, "ADD", "l1.A"),
        transformation("mix", 10, "l1.A l1.B", "l2.X"),
        object("cases", 20, "ADD", "i3.1 l3.Z"),
        aggregation("pack", 30, "ADD", "p1", "i3.1 l2.X p2"),
    ];
    let answer = Map::of(&chain).ask("p1", Upstream);
    let broken = |name| Finding::BrokenChain {
        object: place_of(&answer, name),
    };
    let mut expected = ["l1.B", "l3.Z", "p2"].map(broken);
    expected.sort();
    assert_eq!(answer.findings, expected);
    // A lot that only ILMD tells of came to be with its items.
    let items = with(
        object("cases", 20, "ADD", "i3.1"),
        "ilmd",
        json!({ "cbvmda:lotNumber": "Z" }),
    );
    assert_eq!(Map::of(&[items]).ask("i3.1", Upstream).findings, []);
}

#[test]
fn like_things_are_one_object() {
    let items: Vec<String> = (1..=30).map(|serial| format!("i1.{serial:03}")).collect();
    let names = items.join(" ");
    let chain = [
        object("made", 1, "ADD", &format!("{names} i2.001")),
        aggregation("pack", 2, "ADD", "p1", &names),
        object("seen", 3, "OBSERVE", "i1.030"),
    ];
    let answer = Map::of(&chain).ask("p1", Upstream);
    let counts: Vec<_> = answer.objects.iter().map(|object| object.count).collect();
    assert_eq!(counts, [1, 29, 1]);
    let group = &answer.objects[1];
    assert_eq!(group.first, key("i1.001").to_string());
    assert_eq!(
        group.last.as_deref(),
        Some(key("i1.029").to_string().as_str())
    );
    assert_eq!(group.class.as_deref(), Some(key("g1").to_string().as_str()));
    assert_eq!(group.level, Level::Instance);
    assert_eq!(group.sample.len(), 5);
    assert_eq!(group.written.as_deref(), Some(uri("i1.001").as_str()));
    assert_eq!(answer.events[0].others, 1);
    let mentions: Vec<_> = answer.events[0]
        .objects
        .iter()
        .map(|each| each.object)
        .collect();
    assert_eq!(mentions, [1, 2]);
}

#[test]
fn limits_are_told() {
    let mut chain = vec![object("grown", 0, "ADD", "l1.0")];
    for step in 0..40 {
        let (from, to) = (format!("l1.{step}"), format!("l1.{}", step + 1));
        chain.push(transformation(&format!("t{step}"), step + 1, &from, &to));
    }
    let map = Map::of(&chain);
    let ask = |change: &dyn Fn(&mut Question)| {
        let mut question = Question::new(key("l1.40"), Upstream);
        change(&mut question);
        map.ask_this(&question)
    };
    let whole = ask(&|_| {});
    assert!(whole.complete && whole.shortfalls.is_empty());
    assert_eq!(whole.events.len(), 41);
    let near = ask(&|question| question.depth_max = 3);
    assert_eq!(
        (near.complete, near.shortfalls.as_slice()),
        (false, &[Shortfall::Depth][..])
    );
    assert_eq!(near.objects.len(), 4);
    let few = ask(&|question| question.events_max = 5);
    assert!(few.shortfalls.contains(&Shortfall::Events) && few.events.len() == 5);
    let small = ask(&|question| question.objects_max = 7);
    assert!(small.shortfalls.contains(&Shortfall::Objects) && small.objects.len() == 7);
    let exact = ask(&|question| {
        question.depth_max = 40;
        question.events_max = 41;
        question.objects_max = 41;
    });
    assert!(exact.complete);
}

#[test]
fn places_are_named_and_not_gone_through() {
    let chain = [
        association("fixed1", 1, "ADD", "x1", "s1"),
        association("fixed2", 2, "ADD", "x1", "s2"),
        object("warm", 3, "OBSERVE", "s2"),
    ];
    let answer = Map::of(&chain).ask("s1", Both);
    assert_eq!(events(&answer), ["fixed1"]);
    assert!(has(&answer, "x1") && !has(&answer, "s2"));
    let unknown = Map::of(&chain).ask("i1.1", Both);
    assert!(unknown.complete && unknown.events.is_empty() && unknown.findings.is_empty());
    assert_eq!(unknown.objects.len(), 1);
}

#[test]
fn trees_tell_errors_doubts_and_limits() {
    let declared = json!({ "declarationTime": "2026-10-13T00:00:00Z" });
    let wrong = object("wrong", 5, "OBSERVE", "l1.A:7");
    let chain = [
        wrong.clone(),
        with(wrong, "errorDeclaration", declared),
        transformation("mix", 10, "l1.A:9", "l2.X"),
        transformation("again", 11, "l1.A:3", "l2.X l2.Y"),
    ];
    let mut question = Question::new(key("l2.X"), Upstream);
    question.events_max = 3;
    let text = render(
        &Map::of(&chain).ask_this(&question),
        &NoNames,
        &Style::default(),
    );
    let expected = "\
Where lot X of GTIN 08934999000029 came from

lot X of GTIN 08934999000029
│ 2026-10-12 00:11 UTC  made
│   ✓ dong-thap log ce70… @ 4 (unwitnessed)
│ 2026-10-12 00:10 UTC  made
│   ✓ dong-thap log ce70… @ 3 (unwitnessed)
└─ made from lot A of GTIN 08934999000012
     2026-10-12 00:05 UTC  seen, 7 KGM
       ✓ dong-thap log ce70… @ 1 (unwitnessed)

  rests on dong-thap, scope national, log ce70… @ 4, root c4b8…
  ! broken chain: nothing held here tells how lot A of GTIN 08934999000012 came to be
  ! There may be more: a limit on events read was met.
";
    assert_eq!(text, expected);
    let text = render(
        &Map::of(&chain).ask("l1.A", Both),
        &NoNames,
        &Style::default(),
    );
    assert!(text.contains("seen, 7 KGM – declared in error\n"), "{text}");
    assert!(
        text.contains("seen, 7 KGM – a declaration of error\n"),
        "{text}"
    );
    let nothing = render(&Map::default().ask("p1", Both), &NoNames, &Style::default());
    assert_eq!(
        nothing,
        "Nothing is held here about SSCC 189349990000000019.\n"
    );
}
