//! The root that names a frontier: for each log, the size and root that a node
//! holds.

use crate::digest::Digest;
use crate::log_id::LogId;

/// The prefix of what is hashed for a frontier's root.
const ROOT_DOMAIN: &[u8] = b"nguon/frontier/1\n";

/// Returns the root that names a frontier: SHA-256 of the domain
/// `nguon/frontier/1\n` and, for each log, the length of its byte form (one
/// byte), the byte form, the size (8 bytes, big-endian) and the tree's root.
/// The entries ascend strictly.
pub fn frontier_root<'a>(entries: impl Iterator<Item = (&'a LogId, u64, &'a Digest)>) -> Digest {
    let mut bytes = ROOT_DOMAIN.to_vec();
    for (log, size, root) in entries {
        let name = log.to_bytes();
        bytes.push(u8::try_from(name.len()).expect("a log's name has at most 111 bytes"));
        bytes.extend_from_slice(&name);
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(root.as_bytes());
    }
    Digest::of(&[&bytes])
}
