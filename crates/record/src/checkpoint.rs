//! Checkpoints: a signed statement of a log's size and root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::digest::{Digest, FederationId};
use crate::key::{PublicKey, SecretKey, Signature};
use crate::log_id::LogId;
use crate::statement::Statement;

/// Size and root of a log (C2SP tlog-checkpoint).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The federation whose log it is.
    pub federation: FederationId,
    /// The log.
    pub log: LogId,
    /// Its number of records.
    pub size: u64,
    /// The RFC 6962 root of its leaves.
    pub root: Digest,
}

impl Checkpoint {
    /// Returns the note text that is signed: origin, size and root in base64,
    /// each with its line feed.
    pub fn text(&self) -> String {
        let root = BASE64.encode(self.root.as_bytes());
        format!(
            "{}\n{}\n{root}\n",
            self.log.origin(&self.federation),
            self.size
        )
    }

    /// Reads a note text; `None` where it is not in exactly that form.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let (federation, log) = LogId::from_origin(lines.next()?)?;
        let size = lines.next()?.parse().ok()?;
        let root = Digest::from_slice(&BASE64.decode(lines.next()?).ok()?)?;
        let checkpoint = Self {
            federation,
            log,
            size,
            root,
        };
        (checkpoint.text() == text).then_some(checkpoint)
    }

    /// Signs the checkpoint as its log's author.
    ///
    /// # Panics
    ///
    /// When `key` is not the log's author key: a node never signs for another.
    pub(crate) fn sign(self, key: &SecretKey) -> SignedCheckpoint {
        assert_eq!(key.public().raw(), self.log.author, "another author's log");
        let signature = key.sign(&Statement::Checkpoint(&self));
        SignedCheckpoint {
            checkpoint: self,
            signature,
        }
    }
}

/// Says that a checkpoint does not carry its log's author's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The signature does not verify.
    #[error("the checkpoint's signature is not its author's")]
    Signature,
    /// The key offered is not the log's author.
    #[error("the key is not the log's author")]
    OtherKey,
}

/// A checkpoint whose author's signature was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    signature: Signature,
}

impl SignedCheckpoint {
    /// Verifies the author's signature.
    ///
    /// # Errors
    ///
    /// When `author` is not the log's key or did not sign this.
    pub fn verify(
        checkpoint: Checkpoint,
        signature: Signature,
        author: &PublicKey,
    ) -> Result<Self, CheckpointError> {
        if author.raw() != checkpoint.log.author {
            return Err(CheckpointError::OtherKey);
        }
        if !author.verifies(&Statement::Checkpoint(&checkpoint), &signature) {
            return Err(CheckpointError::Signature);
        }
        Ok(Self {
            checkpoint,
            signature,
        })
    }

    /// Returns what was signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns the author's signature.
    pub fn signature(&self) -> Signature {
        self.signature
    }
}
