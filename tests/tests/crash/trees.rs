//! What a node that was killed has on its disk, recomputed.

use node::Home;
use record::tree::{Edge, StoredHashes as _};
use record::{Checkpoint, Record, SignedCheckpoint};
use store::{Resources, Store};

/// Expects, of every log in a node's database, that its records are what their
/// headers commit to, that their leaves lead to the tree and the root it keeps,
/// and that its author signed that. Returns the number of records.
pub(crate) fn verify(home: &Home) -> u64 {
    let charter = home.charter().expect("the node's charter");
    let resources = Resources::new(8 << 20, 8 << 20).expect("resources");
    let store = Store::open(&home.dir().join("data"), &resources).expect("the node's database");
    let view = store.view();
    let mut records = 0;
    for (number, state) in view.logs().expect("reads") {
        let digest = state.log.digest();
        let (mut edge, mut hashes) = (Edge::default(), Vec::new());
        for (stored, index) in view.records(number, 0, usize::MAX).zip(0..) {
            let (stored, content) = stored.expect("reads");
            let record = Record::check(stored.header, content);
            let record = record.expect("what its header commits to");
            edge.push(record.id_at(&digest, index).0, &mut hashes);
        }
        assert_eq!(
            (edge.size(), edge.root()),
            (state.size, state.root),
            "{}",
            state.log
        );
        let indexes: Vec<u64> = (0..).take(hashes.len()).collect();
        assert_eq!(view.hashes(number).read(&indexes).expect("reads"), hashes);
        let newest = view.checkpoint_between(number, 1, u64::MAX).expect("reads");
        let newest = newest.expect("a checkpoint");
        let checkpoint = Checkpoint {
            federation: charter.federation(),
            log: state.log.clone(),
            size: newest.size,
            root: newest.root,
        };
        assert_eq!((newest.size, newest.root), (state.size, state.root));
        let (_, _, key) = charter.author(&state.log.author).expect("a member's key");
        SignedCheckpoint::verify(checkpoint, newest.signature, key).expect("its signature");
        records += state.size;
    }
    records
}
