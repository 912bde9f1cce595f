//! Who is no member, and members that were turned away.

use record::SecretKey;
use replica::Message;
use tests::journal::Journal;
use tests::patience::eventually;
use tests::peer::Peer;

use crate::enemy::{BULK, CONTROL, Streams, frame};
use crate::stage::Stage;

fn refused(victim: &Peer, reason: &str) -> u64 {
    let family = "network_refused_connections_total";
    victim.counter(&format!("{family}{{reason=\"{reason}\"}}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_before_any_protocol() {
    let journal = Journal::begin();
    let mut stage = Stage::set(true).await;
    let before = (stage.victim.ledger.heads(), stage.victim.metrics());
    // A key of nobody, and a key that the charter knows in another role.
    let keys = [
        SecretKey::from_seed(&[77; 32]),
        stage.author("lang-son"),
        stage.author("gacc"),
    ];
    // Each over both transports.
    let dials = keys.iter().flat_map(|key| [key, key]);
    for (key, count) in dials.zip(1..) {
        let mut stranger = stage.dial_with(key).await;
        for protocol in [CONTROL, BULK] {
            let opened = stranger.open(protocol).await;
            assert!(opened.is_none(), "a stranger got a stream");
        }
        let told = stranger.hung_up_on().await;
        assert_eq!(told, None, "a stranger was told something");
        eventually("the refusal's count", || {
            refused(&stage.victim, "stranger") == count
        })
        .await;
    }
    assert!(journal.says(&["connection refused", "stranger"]));
    assert_eq!(stage.victim.ledger.heads(), before.0);
    let frames = |metrics: &str| {
        let carried = metrics.lines().filter(|l| l.starts_with("network_frames"));
        carried.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(frames(&stage.victim.metrics()), frames(&before.1));
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_at_fault_is_turned_away_for_a_while() {
    Journal::begin();
    let mut stage = Stage::set_with(true, network::Limits::default()).await;
    let (mut enemy, mut streams) = stage.connect(stage.enemy).await;
    let garbage = [0xff; 100];
    Streams::write(&mut streams.control, &frame(&garbage)).await;
    enemy.hung_up_on().await;
    for round in 1..=4 {
        let mut again = stage.dial(stage.enemy).await;
        assert!(again.streams().await.is_none(), "it came in again");
        again.hung_up_on().await;
        eventually("the refusal's count", || {
            refused(&stage.victim, "barred") == round
        })
        .await;
    }
    stage.faults_were(1);
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_opened_once_and_by_whose_turn_it_is() {
    let ended = "network_ended_links_total{reason=\"stream-out-of-turn\"}";
    // The smaller key opens both streams, each once.
    let mut stage = Stage::set(true).await;
    let (mut enemy, _streams) = stage.connect(stage.enemy).await;
    let _second = enemy.open(CONTROL).await;
    enemy.hung_up_on().await;
    eventually("the count of a second stream", || {
        stage.victim.counter(ended) == 1
    })
    .await;
    stage.faults_were(1);
    stage.life_goes_on().await;
    // To the larger key they are not even offered.
    let mut stage = Stage::set(false).await;
    let enemy = stage.dial(stage.enemy).await;
    assert!(enemy.open(CONTROL).await.is_none(), "opened out of turn");
    drop(enemy);
    // In its turn, the same member is served.
    let (_enemy, mut streams) = stage.connect(stage.enemy).await;
    Streams::write(&mut streams.control, &frame(&Message::NeedFull.encode())).await;
    stage.life_goes_on().await;
}
