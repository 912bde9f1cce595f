//! Reading and writing whole files with errors that name them.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

/// Whose eyes a new file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eyes {
    /// Its owner alone.
    Owner,
    /// Whoever the user's umask lets in.
    Anyone,
}

impl Eyes {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Anyone => 0o666,
        }
    }
}

/// Reads a file of at most `bytes_max` bytes.
///
/// # Errors
///
/// When it cannot be read, or is longer.
pub(crate) fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    take(file, &path.display(), bytes_max)
}

/// Reads a file of at most `bytes_max` bytes, or, if its name is `-`, standard
/// input.
///
/// # Errors
///
/// When it cannot be read, or is longer.
pub(crate) fn read_or_standard_input(path: &Path, bytes_max: usize) -> Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        return take(std::io::stdin().lock(), &"standard input", bytes_max);
    }
    read(path, bytes_max)
}

fn take(source: impl Read, name: &dyn Display, bytes_max: usize) -> Result<Vec<u8>> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    source
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {name}"))?;
    if bytes.len() > bytes_max {
        bail!("{name} is longer than {bytes_max} bytes: it is not the file that was meant");
    }
    Ok(bytes)
}

/// Refuses a file of which others than its owner have one of the permissions
/// in a mask.
///
/// # Errors
///
/// When it is open to others, or not there.
pub(crate) fn refuse_open(path: &Path, mask: u32) -> Result<()> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mode = metadata.permissions().mode() & 0o777;
    ensure!(
        mode & mask == 0,
        "{path} is open to others (mode {mode:04o}); close it with: chmod 600 {path}",
        path = path.display()
    );
    Ok(())
}

/// Writes a file that must not exist yet, and waits until it is on disk.
///
/// # Errors
///
/// When there is such a file, or it cannot be written.
pub(crate) fn create(path: &Path, bytes: &[u8], eyes: Eyes) -> Result<()> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(eyes.mode())
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "{} exists already and is never replaced: name another file, or move it away",
            path.display()
        ),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot make {}", path.display()));
        }
    };
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Puts a file in the place of another in one step: a reader, or a crash, sees
/// the old file or the new one.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8], eyes: Eyes) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(eyes.mode())
            .open(beside)?;
        if eyes == Eyes::Owner {
            // One that a crash left may have been open.
            file.set_permissions(fs::Permissions::from_mode(eyes.mode()))?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Makes a folder, and those above it, for its owner alone. One that is there
/// is left as it is.
///
/// # Errors
///
/// When it cannot be made.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}
