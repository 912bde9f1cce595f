//! A node that is killed while it captures.

use std::collections::BTreeSet;
use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::office::{Office, Offices};
use crate::post::{Posted, Poster, event_ids};
use crate::trees;

/// Names a seed to be used again.
const SEED: &str = "NGUON_SEED";
const KILLS: usize = 20;
/// How many of the kills must meet a request that was sent and whose batch was
/// not yet synced. As many more kills follow as it takes.
const UNSYNCED_MIN: usize = 5;
const KILLS_MAX: usize = 100;
/// How many proofs are verified.
const PROOFS: usize = 50;
const LOT: u32 = 1;
/// The lot of what the peer captures meanwhile.
const LOT_OF_PEER: u32 = 3;

/// Numbers that one seed gives again (xorshift).
struct Draw(u64);

impl Draw {
    fn seeded() -> Self {
        let named = env::var(SEED).ok();
        let named = named.map(|seed| seed.parse().expect("NGUON_SEED is a whole number"));
        let seed = named.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            u64::from(now.expect("after 1970").subsec_nanos())
        });
        say(&format!("{SEED}={seed}"));
        // Of nothing comes nothing.
        Self(seed ^ 0x9e37_79b9_7f4a_7c15 | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[allow(
    clippy::print_stdout,
    reason = "whoever repeats a run needs its seed, and whoever reads it the counts"
)]
fn say(text: &str) {
    println!("{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing_acknowledged() {
    let mut draw = Draw::seeded();
    let Offices {
        mut a,
        mut b,
        charter_file,
    } = Offices::form();
    b.start().await;
    a.start().await;

    let poster = Poster::begin(&a.http, LOT);
    let peer = Poster::begin(&b.http, LOT_OF_PEER);
    let (mut kills, mut in_flight, mut unsynced) = (0, 0, Vec::new());
    while kills < KILLS || unsynced.len() < UNSYNCED_MIN {
        assert!(kills < KILLS_MAX, "{unsynced:?}");
        kills += 1;
        tokio::time::sleep(Duration::from_millis(5 + draw.below(56))).await;
        let met = poster.in_flight();
        a.kill();
        a.start().await;
        let Some(document) = met else { continue };
        in_flight += 1;
        // What was not synced was shown to nobody: no peer can give it back.
        let mut ids = event_ids(LOT, document);
        if a.client
            .event(&ids.next().expect("an event"))
            .await
            .is_err()
        {
            unsynced.push(document);
        }
    }
    let (posted, by_peer) = (poster.end(), peer.end());
    say(&format!(
        "{kills} kills, {in_flight} with a request in flight, {} of them with an unsynced batch; \
         {} documents acknowledged, {} unanswered",
        unsynced.len(),
        posted.acknowledged.len(),
        posted.unanswered.len()
    ));
    for document in &unsynced {
        assert!(
            posted.unanswered.contains(document),
            "{document} was acknowledged"
        );
    }
    assert!(!by_peer.acknowledged.is_empty() && by_peer.unanswered.is_empty());

    let heads = a.agrees_with(&b).await;
    for office in [&a, &b] {
        let held = office.event_ids().await;
        lost_nothing(LOT, &posted, &held);
        lost_nothing(LOT_OF_PEER, &by_peer, &held);
    }
    proves(&a, &posted, &charter_file, &mut draw).await;
    assert_eq!(a.heads().await, heads, "nothing was captured meanwhile");
    a.stop().await;
    b.stop().await;
    assert_eq!(trees::verify(&a.home), trees::verify(&b.home));
}

/// Expects every event of every acknowledged document, and of one that was
/// never answered all or none.
#[track_caller]
fn lost_nothing(lot: u32, posted: &Posted, held: &BTreeSet<String>) {
    for document in &posted.acknowledged {
        for id in event_ids(lot, *document) {
            assert!(held.contains(&id), "{id} was acknowledged and is lost");
        }
    }
    for document in &posted.unanswered {
        let found = event_ids(lot, *document).filter(|id| held.contains(id));
        let (found, all) = (found.count(), event_ids(lot, *document).count());
        assert!(
            found == 0 || found == all,
            "{found} of {all} events of document {document} were kept"
        );
    }
}

/// Verifies proofs of acknowledged events against the charter alone.
async fn proves(office: &Office, posted: &Posted, charter_file: &[u8], draw: &mut Draw) {
    let all = posted.acknowledged.iter();
    let all: Vec<String> = all.flat_map(|&document| event_ids(LOT, document)).collect();
    for _ in 0..PROOFS {
        let drawn = draw.below(u64::try_from(all.len()).expect("few"));
        let id = &all[usize::try_from(drawn).expect("few")];
        let page = office.client.event(id).await.expect("an event");
        assert!(!page.events().is_empty(), "{id} is not answered");
        let proof = office.client.prove(id).await.expect("a proof");
        let report = node::verify::examine(&proof, Some(charter_file));
        assert!(report.verified, "{id}: {report:#?}");
        let proven = report.proves.expect("a record");
        assert_eq!(proven.member.as_deref(), Some("lam-dong"));
        let content = format!("{:?}", report.content);
        assert!(content.contains(id.as_str()), "{id}: {content}");
    }
}
