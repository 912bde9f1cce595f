//! A node's folder: which file is what.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use charter::{Charter, FILE_BYTES_MAX};
use record::{FederationId, SecretKey};

use crate::files;
use crate::keys::{self, Role};

/// The longest a federation's pin may be: its hash and a newline.
const PIN_BYTES_MAX: usize = 128;

/// A node's folder. The files in it have fixed names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    dir: PathBuf,
}

impl Home {
    /// Names a node's folder, which need not exist.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the path of the configuration.
    pub fn config_file(&self) -> PathBuf {
        self.dir.join("nguon.toml")
    }

    /// Returns the path of the key that signs the node's checkpoints.
    pub fn author_key_file(&self) -> PathBuf {
        self.dir.join("author.key")
    }

    /// Returns the path of the key by which the network knows the node.
    pub fn transport_key_file(&self) -> PathBuf {
        self.dir.join("transport.key")
    }

    /// Returns the path of the request to be listed in the charter.
    pub fn enrolment_file(&self) -> PathBuf {
        self.dir.join("enrolment.json")
    }

    /// Returns the path of the charter that the node joined.
    pub fn charter_file(&self) -> PathBuf {
        self.dir.join("charter.json")
    }

    /// Returns the path of the pin: the hash of the charter's first version.
    pub fn pin_file(&self) -> PathBuf {
        self.dir.join("federation")
    }

    /// Reads the key that signs the node's checkpoints.
    ///
    /// # Errors
    ///
    /// When the file is absent, open to others, or not such a key.
    pub fn author_key(&self) -> Result<SecretKey> {
        keys::read(&self.author_key_file(), Role::Author)
    }

    /// Reads the key by which the network knows the node.
    ///
    /// # Errors
    ///
    /// When the file is absent, open to others, or not such a key.
    pub fn transport_key(&self) -> Result<SecretKey> {
        keys::read(&self.transport_key_file(), Role::Transport)
    }

    /// Returns the federation that the node is pinned to; `None` before it
    /// joined one.
    ///
    /// # Errors
    ///
    /// When the pin cannot be read or is no hash.
    pub fn federation(&self) -> Result<Option<FederationId>> {
        let path = self.pin_file();
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read(&path, PIN_BYTES_MAX)?;
        let text = String::from_utf8_lossy(&bytes);
        let federation = text.trim().parse();
        federation
            .map(Some)
            .with_context(|| format!("{} holds no federation's hash", path.display()))
    }

    /// Reads and verifies the charter that the node joined.
    ///
    /// # Errors
    ///
    /// When the node joined none, or the stored file is not that charter.
    pub fn charter(&self) -> Result<Charter> {
        let federation = self.federation()?.with_context(|| {
            format!(
                "the node in {dir} has joined no federation yet: nguon join CHARTER \
                 --federation HASH --dir {dir}",
                dir = self.dir.display()
            )
        })?;
        let path = self.charter_file();
        let file = files::read(&path, FILE_BYTES_MAX)?;
        Charter::first(&file, &federation).with_context(|| {
            format!(
                "{} is not the charter that the node is pinned to",
                path.display()
            )
        })
    }
}
