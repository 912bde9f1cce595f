//! Where the repository and its target folder lie.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folders that every step works in.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The repository's root.
    pub(crate) root: PathBuf,
    /// Where cargo builds, outside the clone unless the caller says otherwise.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the folders from where xtask was built and from the environment.
    pub(crate) fn find() -> Self {
        // `cargo run` names the manifest it ran; a binary that was moved falls
        // back on the path it was built from.
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .ancestors()
            .nth(2)
            .expect("this crate lies two folders below the root")
            .to_path_buf();
        let here = env::current_dir().unwrap_or_else(|_| root.clone());
        let target = target_folder(&root, &here, |name| env::var_os(name));
        Workspace { root, target }
    }

    /// Returns the path of a binary that cargo built with the dev profile.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        self.target.join("debug").join(file)
    }
}

/// Chooses the target folder: what the caller named, else the user's cache, so
/// that a second clone on one machine builds quickly, else the clone itself.
fn target_folder(root: &Path, here: &Path, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(named) = set("CARGO_TARGET_DIR") {
        // Cargo reads a relative path from where it was called.
        return here.join(named);
    }
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")));
    match cache {
        Some(cache) => cache.join("nguon").join("target"),
        None => root.join("target"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expect: &str) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let found = target_folder(Path::new("/clone"), Path::new("/here"), variable);
        assert_eq!(found, Path::new(expect), "{variables:?}");
    }

    #[test]
    fn target_folder_is_the_named_one_or_in_the_cache() {
        let home = ("HOME", "/home/an");
        check(&[home], "/home/an/.cache/nguon/target");
        check(&[home, ("XDG_CACHE_HOME", "/c")], "/c/nguon/target");
        check(
            &[home, ("XDG_CACHE_HOME", "c")],
            "/home/an/.cache/nguon/target",
        );
        check(&[home, ("CARGO_TARGET_DIR", "/t")], "/t");
        check(&[home, ("CARGO_TARGET_DIR", "t")], "/here/t");
        check(
            &[home, ("CARGO_TARGET_DIR", "")],
            "/home/an/.cache/nguon/target",
        );
        check(&[], "/clone/target");
    }
}
