//! Secret keys on disk.
//!
//! A key file is text:
//!
//! ```text
//! nguon-secret-key/v1 author
//! # What the key is for. Lines that begin with '#' are for people.
//! public 64 hexadecimal digits
//! seed 64 hexadecimal digits
//! ```
//!
//! The first line says what the key may be used for, so that no key serves in
//! two roles by a slip. `public` repeats what follows from `seed` (RFC 8032
//! §5.1.5), so that a key can be told from its file and a torn file is noticed.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use record::{PublicKey, SecretKey};
use zeroize::Zeroizing;

use crate::files::{self, Eyes};

const MAGIC: &str = "nguon-secret-key/v1";
/// The longest a key file may be, in bytes.
const FILE_BYTES_MAX: usize = 4096;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Signs the checkpoints of a node's logs.
    Author,
    /// Is the node's identity on the network.
    Transport,
    /// Signs charter versions.
    Governor,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Transport => "transport",
            Self::Governor => "governor",
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Author => "signs all that the node says",
            Self::Transport => "is the node's identity on the network",
            Self::Governor => "signs charter versions",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Draws a new key from the system's randomness.
///
/// # Errors
///
/// When the system gives none.
pub fn generate() -> Result<SecretKey> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).context("the system gives no random bytes")?;
    Ok(SecretKey::from_seed(&seed))
}

/// Writes a key to a file that must not exist yet, readable by its owner alone.
/// `holder` is for people.
///
/// # Errors
///
/// When there is such a file, or it cannot be written.
pub fn create(path: &Path, role: Role, holder: &str, key: &SecretKey) -> Result<()> {
    let seed = Zeroizing::new(hex::encode(key.seed().as_slice()));
    let text = Zeroizing::new(format!(
        "{MAGIC} {role}\n\
         # The {role} key of {holder}: {told}.\n\
         # Secret: whoever reads this file can act in that name.\n\
         public {public}\n\
         seed {seed}\n",
        told = role.told(),
        public = key.public(),
        seed = seed.as_str(),
    ));
    files::create(path, text.as_bytes(), Eyes::Owner)
}

/// Reads a key that may be used as `role`.
///
/// # Errors
///
/// When the file is absent, open to others than its owner, of another role, or
/// no key file.
pub fn read(path: &Path, role: Role) -> Result<SecretKey> {
    // Others may neither read nor write it.
    files::refuse_open(path, 0o077)?;
    let bytes = Zeroizing::new(files::read(path, FILE_BYTES_MAX)?);
    let parsed = std::str::from_utf8(&bytes)
        .context("it is no text")
        .and_then(|text| parse(text, role));
    parsed.with_context(|| format!("{} is no {role} key", path.display()))
}

fn parse(text: &str, role: Role) -> Result<SecretKey> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let Some(found) = first.strip_prefix(MAGIC) else {
        bail!("its first line is not \"{MAGIC} {role}\"");
    };
    let found = found.trim();
    ensure!(
        found == role.as_str(),
        "it is the key for another role, \"{found}\""
    );
    let mut lines = lines.filter(|line| !line.starts_with('#'));
    let mut value = |name: &str| {
        let line = lines.next().unwrap_or_default();
        let value = line.strip_prefix(name).and_then(|v| v.strip_prefix(' '));
        value.with_context(|| format!("the line \"{name}\" is missing"))
    };
    let public: PublicKey = value("public")?.parse().context("in the line \"public\"")?;
    let digits = value("seed")?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, seed.as_mut())
        .ok()
        .context("the line \"seed\" does not hold 64 hexadecimal digits")?;
    ensure!(lines.next().is_none(), "something follows the seed");
    let key = SecretKey::from_seed(&seed);
    ensure!(
        key.public() == public,
        "its seed and its public key do not belong together: the file was damaged"
    );
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn a_key_file_round_trips_and_is_its_owners() {
        let folder = folder();
        let path = folder.path().join("author.key");
        let key = generate().expect("randomness");
        create(&path, Role::Author, "node \"main\"", &key).expect("a new file");
        let mode = fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = super::read(&path, Role::Author).expect("a key file");
        assert_eq!(read.public(), key.public());
        let again = create(&path, Role::Author, "node \"main\"", &key).expect_err("it exists");
        assert!(again.to_string().contains("never replaced"), "{again}");
    }

    #[test]
    fn an_open_key_is_refused_with_the_remedy() {
        let folder = folder();
        let path = folder.path().join("author.key");
        create(&path, Role::Author, "x", &generate().expect("randomness")).expect("a new file");
        for mode in [0o640, 0o604, 0o620, 0o677] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
            let error = super::read(&path, Role::Author).expect_err("open to others");
            let remedy = format!("chmod 600 {}", path.display());
            assert!(error.to_string().contains(&remedy), "{error}");
        }
    }

    #[test]
    fn what_is_no_key_of_the_role_is_refused() {
        let key = SecretKey::from_seed(&[7; 32]);
        let other = SecretKey::from_seed(&[8; 32]);
        let (public, seed) = (key.public(), hex::encode([7; 32]));
        let check = |text: String, told: &str| {
            let error = format!("{:#}", parse(&text, Role::Author).expect_err(told));
            assert!(error.contains(told), "{error}");
        };
        let head = "nguon-secret-key/v1 author";
        check(String::new(), "first line");
        check(
            format!("nguon-secret-key/v1 governor\npublic {public}\nseed {seed}\n"),
            "another role",
        );
        check(format!("{head}\nseed {seed}\n"), "\"public\" is missing");
        check(format!("{head}\npublic {public}\nseed 07\n"), "\"seed\"");
        check(
            format!("{head}\npublic {}\nseed {seed}\n", other.public()),
            "do not belong together",
        );
        check(
            format!("{head}\npublic {public}\nseed {seed}\nseed {seed}\n"),
            "follows",
        );
        let whole = format!("{head}\n# for people\npublic {public}\nseed {seed}\n");
        assert_eq!(parse(&whole, Role::Author).expect("a key").public(), public);
    }
}
