//! What the machine must have before the build starts, and how it gets it.
//!
//! RocksDB is compiled from its C++ source, and its bindings are read from its
//! headers by libclang; the cryptography has C in it; the protocol is checked
//! by a second implementation in Python. Nothing else is needed: CMake is not,
//! as every build script in the lock file drives the compilers itself.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{StepError, Steps, cargo_has, succeeds};

/// One thing that the build or the tests cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    CCompiler,
    CxxCompiler,
    Libclang,
    Python,
}

impl Need {
    /// Returns what it is, for people.
    fn name(self) -> &'static str {
        match self {
            Need::CCompiler => "a C compiler (cc)",
            Need::CxxCompiler => "a C++ compiler (c++)",
            Need::Libclang => "libclang with its headers",
            Need::Python => "Python 3 (python3)",
        }
    }

    /// Returns the Debian packages that bring it.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Need::CCompiler => &["gcc", "libc6-dev"],
            Need::CxxCompiler => &["g++"],
            Need::Libclang => &["clang", "libclang-dev"],
            Need::Python => &["python3"],
        }
    }
}

/// What was found on the machine.
#[derive(Debug, Clone, Copy)]
struct Found {
    c_compiler: bool,
    cxx_compiler: bool,
    libclang: bool,
    python: bool,
}

/// How packages can be installed on the machine.
#[derive(Debug, Clone, Copy)]
struct Means {
    /// There is `apt-get`.
    apt_get: bool,
    /// We are root.
    root: bool,
    /// There is `sudo`.
    sudo: bool,
    /// `sudo` asks for no password.
    sudo_at_once: bool,
}

/// What is to be done about what is missing.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// Nothing is missing.
    Nothing,
    /// Run these two commands: refresh the lists, install the packages.
    Install {
        update: Vec<String>,
        install: Vec<String>,
    },
    /// Tell the user.
    Ask(String),
}

/// Makes sure of the compilers, libclang and Python, or says what to run.
pub(crate) fn ensure(steps: &mut Steps<'_>) -> Result<(), StepError> {
    match plan(&missing(look()), look_at_means()) {
        Plan::Nothing => return Ok(()),
        Plan::Ask(what) => return Err(StepError::Missing(what)),
        Plan::Install { update, install } => {
            // An unreachable third-party source fails the update as a whole,
            // though the lists at hand may do: only the install decides.
            if let Err(error) = steps.run("refresh package lists", &mut command(&update)) {
                eprintln!("    {error}; going on with the lists at hand");
            }
            steps.run("install prerequisites", &mut command(&install))?;
        }
    }
    let still = missing(look());
    if still.is_empty() {
        Ok(())
    } else {
        let names = names(&still);
        Err(StepError::Missing(format!(
            "the packages were installed, yet the build still lacks {names}"
        )))
    }
}

/// Makes sure of rustfmt and clippy, or says how to get them.
pub(crate) fn ensure_components() -> Result<(), StepError> {
    let absent: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(subcommand, _)| !cargo_has(subcommand))
        .map(|(_, component)| component)
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    let components = absent.join(" ");
    Err(StepError::Missing(format!(
        "the toolchain lacks {}; add with:\n\n    rustup component add {components}\n",
        absent.join(" and ")
    )))
}

/// Returns what is not there, in the order in which it is needed.
fn missing(found: Found) -> Vec<Need> {
    [
        (found.c_compiler, Need::CCompiler),
        (found.cxx_compiler, Need::CxxCompiler),
        (found.libclang, Need::Libclang),
        (found.python, Need::Python),
    ]
    .into_iter()
    .filter(|(there, _)| !there)
    .map(|(_, need)| need)
    .collect()
}

/// Decides how what is missing gets onto the machine.
fn plan(missing: &[Need], means: Means) -> Plan {
    if missing.is_empty() {
        return Plan::Nothing;
    }
    let names = names(missing);
    if !means.apt_get {
        return Plan::Ask(format!(
            "the build needs {names}: install with this system's package manager"
        ));
    }
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages())
        .copied()
        .collect();
    let update = "apt-get update".to_owned();
    let install = format!(
        "apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    if !means.root && !means.sudo_at_once {
        let line = if means.sudo {
            format!("sudo {update} && sudo {install}")
        } else {
            format!("su -c '{update} && {install}'")
        };
        return Plan::Ask(format!(
            "the build needs {names}; install with:\n\n    {line}\n"
        ));
    }
    let prefix = if means.root { "" } else { "sudo -n " };
    let words = |line: String| {
        format!("{prefix}env DEBIAN_FRONTEND=noninteractive {line}")
            .split(' ')
            .map(str::to_owned)
            .collect()
    };
    Plan::Install {
        update: words(update),
        install: words(install),
    }
}

/// Returns the needs' names as a list in a sentence.
fn names(needs: &[Need]) -> String {
    let names: Vec<&str> = needs.iter().map(|need| need.name()).collect();
    names.join(", ")
}

fn command(words: &[String]) -> Command {
    let (program, arguments) = words.split_first().expect("a command has a program");
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn look() -> Found {
    Found {
        c_compiler: compiler_exists("CC", "cc"),
        cxx_compiler: compiler_exists("CXX", "c++"),
        libclang: libclang_exists(),
        python: on_path("python3"),
    }
}

fn look_at_means() -> Means {
    let id = Command::new("id").arg("-u").output();
    let root = id.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    let sudo = on_path("sudo");
    Means {
        apt_get: on_path("apt-get"),
        root,
        sudo,
        sudo_at_once: !root && sudo && succeeds(Command::new("sudo").args(["-n", "true"])),
    }
}

/// Tells whether the compiler that the build scripts will call exists: the one
/// that `variable` names, whose first word is the program, else the default.
fn compiler_exists(variable: &str, default: &str) -> bool {
    let named = env::var(variable).ok();
    let program = named
        .as_deref()
        .and_then(|line| line.split_whitespace().next())
        .unwrap_or(default);
    on_path(program)
}

/// Tells whether `program` is found as a shell would find it.
fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    find_on_path(program, &path)
}

fn find_on_path(program: &str, path: &OsStr) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    env::split_paths(path).any(|folder| folder.join(program).is_file())
}

/// Tells whether bindgen will find libclang and the headers that go with it.
/// A library that the user names, or `llvm-config` knows, is taken at its word.
fn libclang_exists() -> bool {
    if let Some(named) = env::var_os("LIBCLANG_PATH") {
        let named = PathBuf::from(named);
        return named.is_file() || holds_libclang(&named);
    }
    if llvm_config_lib().is_some_and(|folder| holds_libclang(&folder)) {
        return true;
    }
    // The library without its compiler's own headers (stddef.h and the like)
    // reads nothing.
    let roots = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(Path::new);
    let library = roots.iter().any(|root| holds_libclang_within(root, 2));
    let headers = on_path("clang") || roots.iter().any(|root| holds_headers(&root.join("clang")));
    library && headers
}

fn llvm_config_lib() -> Option<PathBuf> {
    let named = env::var_os("LLVM_CONFIG_PATH");
    let program = named.unwrap_or_else(|| "llvm-config".into());
    let output = Command::new(program).arg("--libdir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    (!folder.trim().is_empty()).then(|| PathBuf::from(folder.trim()))
}

/// Tells whether `folder`, or one at most `depth` below it, holds libclang.
fn holds_libclang_within(folder: &Path, depth: u8) -> bool {
    if holds_libclang(folder) {
        return true;
    }
    depth > 0
        && entries(folder)
            .filter(|entry| entry.is_dir())
            .any(|entry| holds_libclang_within(&entry, depth - 1))
}

/// Tells whether `folder` itself holds libclang.
fn holds_libclang(folder: &Path) -> bool {
    entries(folder).any(|entry| {
        let name = entry.file_name().and_then(OsStr::to_str);
        name.is_some_and(is_libclang) && entry.exists()
    })
}

/// Tells whether a file of this name is libclang, under any version, and not
/// its C++ sibling, which bindgen cannot use.
fn is_libclang(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("libclang") else {
        return false;
    };
    let shared = rest.contains(".so") || rest.ends_with(".dylib");
    shared && (rest.starts_with('.') || rest.starts_with('-')) && !rest.starts_with("-cpp")
}

/// Tells whether a `clang` folder holds some version's own headers.
fn holds_headers(folder: &Path) -> bool {
    entries(folder).any(|version| version.join("include/stddef.h").is_file())
}

/// Returns what lies in `folder`, or nothing where it cannot be read.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Found = Found {
        c_compiler: true,
        cxx_compiler: false,
        libclang: false,
        python: true,
    };
    const DEBIAN: Means = Means {
        apt_get: true,
        root: false,
        sudo: false,
        sudo_at_once: false,
    };
    const INSTALL: &str = "apt-get install -y --no-install-recommends g++ clang libclang-dev";

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn asked(means: Means) -> String {
        match plan(&missing(BARE), means) {
            Plan::Ask(text) => text,
            other => panic!("expected a question, got {other:?}"),
        }
    }

    #[test]
    fn nothing_is_done_when_nothing_is_missing() {
        let whole = Found {
            cxx_compiler: true,
            libclang: true,
            ..BARE
        };
        assert_eq!(plan(&missing(whole), DEBIAN), Plan::Nothing);
    }

    #[test]
    fn each_thing_is_looked_for() {
        let nothing = Found {
            c_compiler: false,
            cxx_compiler: false,
            libclang: false,
            python: false,
        };
        let all = missing(nothing);
        assert_eq!(
            all,
            [
                Need::CCompiler,
                Need::CxxCompiler,
                Need::Libclang,
                Need::Python
            ]
        );
        assert!(all.iter().all(|need| !need.packages().is_empty()));
    }

    #[test]
    fn root_installs_without_sudo() {
        let means = Means {
            root: true,
            ..DEBIAN
        };
        let expect = Plan::Install {
            update: words("env DEBIAN_FRONTEND=noninteractive apt-get update"),
            install: words(&format!("env DEBIAN_FRONTEND=noninteractive {INSTALL}")),
        };
        assert_eq!(plan(&missing(BARE), means), expect);
    }

    #[test]
    fn sudo_without_password_installs() {
        let means = Means {
            sudo: true,
            sudo_at_once: true,
            ..DEBIAN
        };
        let prefix = "sudo -n env DEBIAN_FRONTEND=noninteractive";
        let expect = Plan::Install {
            update: words(&format!("{prefix} apt-get update")),
            install: words(&format!("{prefix} {INSTALL}")),
        };
        assert_eq!(plan(&missing(BARE), means), expect);
    }

    #[test]
    fn without_rights_the_one_command_is_told() {
        let means = Means {
            sudo: true,
            ..DEBIAN
        };
        let line = format!("\n    sudo apt-get update && sudo {INSTALL}\n");
        assert!(asked(means).ends_with(&line), "{}", asked(means));
        let line = format!("\n    su -c 'apt-get update && {INSTALL}'\n");
        assert!(asked(DEBIAN).ends_with(&line), "{}", asked(DEBIAN));
    }

    #[test]
    fn without_apt_the_things_are_named() {
        let means = Means {
            apt_get: false,
            root: true,
            ..DEBIAN
        };
        assert_eq!(
            asked(means),
            "the build needs a C++ compiler (c++), libclang with its headers: \
             install with this system's package manager"
        );
    }

    #[test]
    fn libclang_is_told_from_its_siblings() {
        for name in [
            "libclang.so",
            "libclang-14.so.1",
            "libclang.so.1",
            "libclang.dylib",
        ] {
            assert!(is_libclang(name), "{name}");
        }
        for name in [
            "libclang-cpp.so.14",
            "libclangAST.a",
            "libclang.a",
            "libLLVM.so",
        ] {
            assert!(!is_libclang(name), "{name}");
        }
    }

    #[test]
    fn libclang_is_found_two_folders_down_and_no_deeper() {
        let root = env::temp_dir().join(format!("xtask-needs-{}", std::process::id()));
        let near = root.join("llvm-14/lib");
        let deep = root.join("a/b/c");
        fs::create_dir_all(&near).expect("a temporary folder can be made");
        fs::create_dir_all(&deep).expect("a temporary folder can be made");
        fs::write(deep.join("libclang.so"), "").expect("a file can be written");
        assert!(!holds_libclang_within(&root, 2));
        fs::write(near.join("libclang-14.so.1"), "").expect("a file can be written");
        assert!(holds_libclang_within(&root, 2));
        fs::remove_dir_all(&root).expect("the temporary folder can be removed");
    }

    #[test]
    fn programs_are_found_by_name_and_by_path() {
        let path = env::join_paths(["/nonexistent", "/bin"]).expect("the paths can be joined");
        assert!(find_on_path("sh", &path));
        assert!(!find_on_path("no-such-program", &path));
        assert!(find_on_path("/bin/sh", OsStr::new("")));
    }
}
