//! The RFC 6962 tree over a log's leaves.
//!
//! The arithmetic of proofs is `tlog_tiles`'s. Hashes are stored in the order
//! of that crate's `stored_hash_index`: appending records yields a run of
//! hashes without gaps, so a batch's hashes are one contiguous run.

use tlog_tiles::{HashReader, stored_hash_count};

use crate::digest::Digest;

/// The right edge of a tree: the roots of its full subtrees, largest first,
/// one for each bit set in the size. All that appending and the root need.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Edge {
    size: u64,
    roots: Vec<Digest>,
}

impl Edge {
    /// Rebuilds the edge of a tree of `size` from stored hashes.
    ///
    /// # Errors
    ///
    /// Those of the reader, as [`TreeError::Missing`].
    pub fn load(size: u64, hashes: &(impl StoredHashes + ?Sized)) -> Result<Self, TreeError> {
        let indexes = edge_indexes(size);
        let roots = hashes.read(&indexes)?;
        Ok(Self { size, roots })
    }

    /// Returns the number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash and pushes the hashes to be stored, in order.
    pub fn push(&mut self, leaf: Digest, stored: &mut Vec<Digest>) {
        stored.push(leaf);
        let mut hash = leaf;
        let mut size = self.size;
        while size & 1 == 1 {
            let left = self.roots.pop().expect("a root for each bit of the size");
            hash = node(&left, &hash);
            stored.push(hash);
            size >>= 1;
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// Returns the tree's root; that of an empty tree is SHA-256 of nothing.
    pub fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else {
            return Digest::of(&[]);
        };
        roots.fold(*last, |right, left| node(left, &right))
    }
}

/// Returns SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). `tlog_tiles` has the
/// same by an older SHA-256, with which a batch takes a tenth longer to verify.
fn node(left: &Digest, right: &Digest) -> Digest {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Digest::of(&[&bytes])
}

fn tlog(digest: &Digest) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*digest.as_bytes())
}

/// Returns the stored-hash indexes of the full subtrees of a tree, largest first.
fn edge_indexes(size: u64) -> Vec<u64> {
    let mut indexes = Vec::new();
    let mut done = 0;
    for level in (0..64u8).rev() {
        if size & (1 << level) != 0 {
            indexes.push(tlog_tiles::stored_hash_index(level, done >> level));
            done += 1 << level;
        }
    }
    indexes
}

/// Returns the index at which the hashes that `size` leaves leave behind end,
/// and those of the next leaf begin.
pub fn stored_count(size: u64) -> u64 {
    stored_hash_count(size)
}

/// Reads stored tree hashes by their stored-hash index.
pub trait StoredHashes {
    /// Returns the hashes at the given indexes, in order.
    ///
    /// # Errors
    ///
    /// [`TreeError::Missing`] where one is not there.
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, TreeError>;
}

impl StoredHashes for [Digest] {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, TreeError> {
        indexes
            .iter()
            .map(|&index| {
                let found = usize::try_from(index).ok().and_then(|i| self.get(i));
                found.copied().ok_or(TreeError::Missing(index))
            })
            .collect()
    }
}

/// Says why a tree operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A stored hash is not there: the store is damaged.
    #[error("the tree hash {0} is missing from the store")]
    Missing(u64),
    /// The store failed.
    #[error("the tree hashes cannot be read: {0}")]
    Read(String),
    /// Sizes or indices do not describe a proof.
    #[error("no proof of {inner} in a tree of {size}")]
    OutOfRange {
        /// The index or the older size.
        inner: u64,
        /// The tree's size.
        size: u64,
    },
    /// The proof does not lead to the root.
    #[error("the Merkle proof does not lead to the root")]
    Proof,
}

struct Reader<'a, S: ?Sized>(&'a S);

impl<S: StoredHashes + ?Sized> HashReader for Reader<'_, S> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let read = self.0.read(indexes);
        let read = read.map_err(|e| tlog_tiles::Error::InvalidInput(e.to_string()))?;
        Ok(read.iter().map(tlog).collect())
    }
}

/// The most hashes a proof can hold: one for each bit of a size.
pub const PROOF_HASHES_MAX: usize = 64;

/// Proves that leaf `index` lies in the tree of `size` (RFC 6962 §2.1.1).
///
/// # Errors
///
/// When the index lies outside, or a hash cannot be read.
pub fn prove_inclusion(
    hashes: &(impl StoredHashes + ?Sized),
    size: u64,
    index: u64,
) -> Result<Vec<Digest>, TreeError> {
    if index >= size {
        return Err(TreeError::OutOfRange { inner: index, size });
    }
    let proof = tlog_tiles::prove_record(size, index, &Reader(hashes));
    own(proof)
}

/// Proves that the tree of `old` leaves is a prefix of the tree of `size`
/// (RFC 6962 §2.1.2). The empty tree is a prefix of any: its proof is empty.
///
/// # Errors
///
/// When `old` is larger, or a hash cannot be read.
pub fn prove_consistency(
    hashes: &(impl StoredHashes + ?Sized),
    old: u64,
    size: u64,
) -> Result<Vec<Digest>, TreeError> {
    if old > size {
        return Err(TreeError::OutOfRange { inner: old, size });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    own(tlog_tiles::prove_tree(size, old, &Reader(hashes)))
}

fn own(proof: Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error>) -> Result<Vec<Digest>, TreeError> {
    match proof {
        Ok(hashes) => Ok(hashes.iter().map(|h| Digest::from_bytes(h.0)).collect()),
        Err(e) => Err(TreeError::Read(e.to_string())),
    }
}

/// Checks an inclusion proof.
///
/// # Errors
///
/// When the index lies outside the tree or the proof does not lead to the root.
pub fn check_inclusion(
    proof: &[Digest],
    size: u64,
    root: &Digest,
    index: u64,
    leaf: &Digest,
) -> Result<(), TreeError> {
    if index >= size {
        return Err(TreeError::OutOfRange { inner: index, size });
    }
    if proof.len() > PROOF_HASHES_MAX {
        return Err(TreeError::Proof);
    }
    let proof: Vec<_> = proof.iter().map(tlog).collect();
    tlog_tiles::check_record(&proof, size, tlog(root), index, tlog(leaf))
        .map_err(|_| TreeError::Proof)
}

/// Checks a consistency proof.
///
/// # Errors
///
/// When `old` is larger than `size` or the proof does not lead to both roots.
pub fn check_consistency(
    proof: &[Digest],
    (old, old_root): (u64, &Digest),
    (size, root): (u64, &Digest),
) -> Result<(), TreeError> {
    if old > size {
        return Err(TreeError::OutOfRange { inner: old, size });
    }
    if old == 0 {
        let empty = proof.is_empty() && *old_root == Digest::of(&[]);
        return if empty { Ok(()) } else { Err(TreeError::Proof) };
    }
    if proof.len() > 2 * PROOF_HASHES_MAX {
        return Err(TreeError::Proof);
    }
    let proof: Vec<_> = proof.iter().map(tlog).collect();
    tlog_tiles::check_tree(&proof, size, tlog(root), old, tlog(old_root))
        .map_err(|_| TreeError::Proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The root by RFC 6962's own recursive definition.
    fn naive(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(&[]),
            [one] => *one,
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(half);
                Digest::of(&[&[1], naive(left).as_bytes(), naive(right).as_bytes()])
            }
        }
    }

    fn leaves(n: u64) -> Vec<Digest> {
        (0..n).map(|i| Digest::of(&[&i.to_be_bytes()])).collect()
    }

    fn build(leaves: &[Digest]) -> (Edge, Vec<Digest>) {
        let (mut edge, mut stored) = (Edge::default(), Vec::new());
        for leaf in leaves {
            edge.push(*leaf, &mut stored);
        }
        (edge, stored)
    }

    proptest! {
        #[test]
        fn roots_edges_and_proofs_agree_with_the_definition(n in 0u64..200, cut in 0u64..200) {
            let all = leaves(n);
            let (edge, stored) = build(&all);
            prop_assert_eq!(edge.root(), naive(&all));
            prop_assert_eq!(stored.len() as u64, stored_count(n));
            let reloaded = Edge::load(n, stored.as_slice());
            prop_assert_eq!(reloaded.as_ref(), Ok(&edge));

            let old = cut.min(n);
            let old_root = naive(&all[..usize::try_from(old).expect("small")]);
            let proof = prove_consistency(stored.as_slice(), old, n).expect("within range");
            prop_assert_eq!(check_consistency(&proof, (old, &old_root), (n, &edge.root())), Ok(()));
            let wrong = Digest::of(&[b"other"]);
            prop_assert!(check_consistency(&proof, (old, &wrong), (n, &edge.root())).is_err());

            if cut < n {
                let proof = prove_inclusion(stored.as_slice(), n, cut).expect("within range");
                let leaf = all[usize::try_from(cut).expect("small")];
                prop_assert_eq!(check_inclusion(&proof, n, &edge.root(), cut, &leaf), Ok(()));
                prop_assert!(check_inclusion(&proof, n, &edge.root(), cut, &wrong).is_err());
                for other in 0..n {
                    let holds = check_inclusion(&proof, n, &edge.root(), other, &leaf).is_ok();
                    prop_assert_eq!(holds, other == cut);
                }
            }
        }

        #[test]
        fn hostile_proofs_do_not_panic(size: u64, inner: u64,
                                       proof in proptest::collection::vec(any::<[u8; 32]>(), 0..140)) {
            let proof: Vec<_> = proof.into_iter().map(Digest::from_bytes).collect();
            let root = Digest::of(&[b"root"]);
            prop_assert!(check_inclusion(&proof, size, &root, inner, &root).is_err() || size == 1);
            let held = check_consistency(&proof, (inner, &root), (size, &root)).is_ok();
            prop_assert!(!held || inner == size);
        }
    }
}
