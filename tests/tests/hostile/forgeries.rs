//! Records where they do not belong, and signatures of those who may not give
//! them.

use record::tree::Edge;
use record::{Checkpoint, LogId, SecretKey, Signature, Statement, UnverifiedBatch};
use tests::peer::name;

use crate::enemy::plain;
use crate::fields;
use crate::stage::{Author, BODIES, Blow, Outcome, PASSED_OVER, Stage, encoded};

const WRONG_ROOT: Outcome = Outcome::Refused(BODIES, "wrong-root");
const BAD_SIGNATURE: Outcome = Outcome::Refused(BODIES, "bad-signature");
const OUT_OF_SCOPE: Outcome = Outcome::Refused(BODIES, "out-of-scope");
const UNKNOWN_KEY: Outcome = Outcome::WithoutBlame(PASSED_OVER);

/// Writes over the content of a field.
fn set(batch: &mut [u8], field: &str, content: &[u8]) {
    let fields = fields::of_batch(batch);
    let found = fields.iter().find(|f| f.name == field).expect("a field");
    batch[found.content.clone()].copy_from_slice(content);
}

/// Writes another log's name over a batch's: the same scope is understood.
fn move_to(batch: &[u8], log: &LogId) -> Vec<u8> {
    let mut moved = batch.to_vec();
    set(&mut moved, "key", &log.author.0);
    set(&mut moved, "epoch", &log.epoch.0);
    moved
}

/// Returns the checkpoint that a log would have with these records.
fn checkpoint(stage: &Stage, log: &LogId, batch: &record::Batch) -> Checkpoint {
    let mut edge = Edge::default();
    let digest = log.digest();
    for ((_, record), index) in batch.records().iter().zip(0..) {
        edge.push(record.id_at(&digest, index).0, &mut Vec::new());
    }
    Checkpoint {
        federation: stage.federation.charter.federation(),
        log: log.clone(),
        size: edge.size(),
        root: edge.root(),
    }
}

fn sign(checkpoint: &Checkpoint, key: &SecretKey) -> Signature {
    key.sign(&Statement::Checkpoint(checkpoint))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_copied_into_another_log_is_refused() {
    let mut stage = Stage::set(true).await;
    let source = Author::new(&stage, stage.author("dong-thap"), "national", 1).events();
    let sound = encoded(&source);
    let target = Author::new(&stage, stage.author(stage.enemy), "national", 2).events();
    let same_author = Author::new(&stage, stage.author("dong-thap"), "national", 3).events();
    for log in [target.log(), same_author.log()] {
        // As it stands: the leaves are of another log.
        let mut moved = move_to(&sound, log);
        let blow = Blow::Bulk(plain(&moved));
        stage.strike("a moved batch", &blow, &[WRONG_ROOT]).await;
        // With the root that it would have there, under the old signature.
        let there = checkpoint(&stage, log, &source);
        set(&mut moved, "root", there.root.as_bytes());
        let blow = Blow::Bulk(plain(&moved));
        stage.strike("a new root", &blow, &[BAD_SIGNATURE]).await;
    }
    // One record of it, in the place of the log's own.
    let mut mixed: Vec<_> = target.records().iter().map(|(_, r)| r.clone()).collect();
    mixed[1] = source.records()[1].1.clone();
    let mixed = UnverifiedBatch::from_stored(0, mixed, target.checkpoint()).encode();
    let blow = Blow::Bulk(plain(&mixed));
    stage.strike("a copied record", &blow, &[WRONG_ROOT]).await;
    // Two records of one log in each other's places.
    let mut swapped: Vec<_> = target.records().iter().map(|(_, r)| r.clone()).collect();
    swapped.swap(1, 2);
    let swapped = UnverifiedBatch::from_stored(0, swapped, target.checkpoint()).encode();
    let blow = Blow::Bulk(plain(&swapped));
    stage.strike("swapped records", &blow, &[WRONG_ROOT]).await;
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_its_authors_signature_makes_a_checkpoint() {
    let mut stage = Stage::set(false).await;
    let (own, other) = (stage.author(stage.enemy), stage.author("dong-thap"));
    for (author, signer, what) in [
        (&own, &other, "the enemy's log, signed by a neighbour"),
        (&other, &own, "a neighbour's log, signed by the enemy"),
        (
            &other,
            &SecretKey::from_seed(&[77; 32]),
            "signed by nobody's key",
        ),
    ] {
        let batch = Author::new(&stage, author.clone(), "national", 4).events();
        let forged = sign(batch.checkpoint().checkpoint(), signer);
        let mut bytes = encoded(&batch);
        set(&mut bytes, "signature", &forged.0);
        let blow = Blow::Bulk(plain(&bytes));
        stage.strike(what, &blow, &[BAD_SIGNATURE]).await;
    }
    // Its own signature, but of something else.
    let batch = Author::new(&stage, own.clone(), "national", 5).events();
    let sound = batch.checkpoint().checkpoint();
    let text = sound.text();
    let elsewhere = Checkpoint {
        federation: record::FederationId(record::Digest::of(&[b"elsewhere"])),
        ..sound.clone()
    };
    let longer = Checkpoint {
        size: sound.size + 1,
        ..sound.clone()
    };
    let other_scope = Checkpoint {
        log: LogId {
            scope: name("public"),
            ..sound.log.clone()
        },
        ..sound.clone()
    };
    for (signature, what) in [
        (own.sign(&Statement::Charter(text.as_bytes())), "a charter"),
        (
            own.sign(&Statement::Enrolment(text.as_bytes())),
            "a request",
        ),
        (sign(&elsewhere, &own), "another federation's checkpoint"),
        (sign(&longer, &own), "a longer log's checkpoint"),
        (sign(&other_scope, &own), "another scope's checkpoint"),
        (Signature([0; 64]), "nothing"),
    ] {
        let mut bytes = encoded(&batch);
        set(&mut bytes, "signature", &signature.0);
        let blow = Blow::Bulk(plain(&bytes));
        stage.strike(what, &blow, &[BAD_SIGNATURE]).await;
    }
    stage.life_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_write_a_scope_is_not_kept() {
    let mut stage = Stage::set(true).await;
    let (enemy, agency) = (stage.enemy, stage.author("gacc"));
    let nobody = SecretKey::from_seed(&[77; 32]);
    let mut strike = async |member: &str, author, scope, due, what: &str| {
        let batch = Author::new(&stage, author, scope, 6).events();
        let blow = Blow::Bulk(plain(&encoded(&batch)));
        stage.strike_as(member, what, &blow, &[due]).await;
    };
    // A member that may not write the scope, shown by one that may read it.
    strike(enemy, agency.clone(), "national", UNKNOWN_KEY, "agency").await;
    strike(enemy, agency.clone(), "public", UNKNOWN_KEY, "public").await;
    strike(enemy, nobody.clone(), "national", UNKNOWN_KEY, "nobody").await;
    // By itself: it may not even read it, so it speaks out of scope.
    strike("gacc", agency, "national", OUT_OF_SCOPE, "agency itself").await;
    strike("gacc", nobody, "public", UNKNOWN_KEY, "nobody in public").await;
    stage.life_goes_on().await;
}
