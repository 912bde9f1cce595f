//! Holds the crate arrows true: every manifest is compared with the table of
//! what each crate may use, and so is the same table in the documents.
//!
//! The table is the decision; a manifest that disagrees with it is wrong until
//! the table, `docs/ARCHITECTURE.md` and an ADR say otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Each crate of the house, and which others its normal dependencies may name.
/// A crate that does not exist yet has its place; one without a place fails.
const MAY_USE: &[(&str, &[&str])] = &[
    ("gs1", &[]),
    ("epcis", &["gs1"]),
    ("record", &[]),
    ("charter", &["record"]),
    ("merge", &["record", "charter"]),
    ("admission", &["record", "charter", "merge", "epcis", "gs1"]),
    ("trace", &["record", "charter", "merge", "epcis", "gs1"]),
    ("store", &["record", "epcis", "gs1"]),
    (
        "ledger",
        &[
            "gs1",
            "epcis",
            "record",
            "charter",
            "merge",
            "admission",
            "trace",
            "store",
        ],
    ),
    ("replica", &["record", "charter"]),
    ("network", &["replica", "ledger", "record", "charter"]),
    (
        "api",
        &[
            "ledger", "trace", "epcis", "gs1", "record", "charter", "merge",
        ],
    ),
    (
        "node",
        &[
            "gs1",
            "epcis",
            "record",
            "charter",
            "merge",
            "admission",
            "trace",
            "store",
            "ledger",
            "replica",
            "network",
            "api",
        ],
    ),
    (
        "simulations",
        &[
            "gs1",
            "epcis",
            "record",
            "charter",
            "merge",
            "admission",
            "trace",
            "replica",
        ],
    ),
    (
        "tests",
        &[
            "gs1",
            "epcis",
            "record",
            "charter",
            "merge",
            "admission",
            "trace",
            "store",
            "ledger",
            "replica",
            "network",
            "api",
            "node",
            "simulations",
        ],
    ),
    ("conformance", &[]),
    ("xtask", &[]),
];

/// A dependency from outside that only some crates may know.
struct Knowledge {
    /// Names of packages; one that ends with `*` stands for all that begin so.
    packages: &'static [&'static str],
    /// The crates that may depend on them.
    crates: &'static [&'static str],
    /// Whether development dependencies are bound too.
    in_tests_too: bool,
}

const KNOWLEDGE: &[Knowledge] = &[
    Knowledge {
        packages: &["rocksdb", "librocksdb-sys"],
        crates: &["store", "tests"],
        in_tests_too: true,
    },
    Knowledge {
        packages: &["automerge*"],
        crates: &["merge", "tests"],
        in_tests_too: true,
    },
    Knowledge {
        packages: &["libp2p*", "yamux"],
        crates: &["network", "tests"],
        in_tests_too: true,
    },
    Knowledge {
        packages: &[
            "axum*",
            "tower*",
            "hyper*",
            "http",
            "reqwest",
            "rustls*",
            "tokio-rustls",
        ],
        crates: &["api", "tests"],
        in_tests_too: false,
    },
    Knowledge {
        packages: &["anyhow"],
        crates: &["node", "simulations", "tests"],
        in_tests_too: false,
    },
    // What would bring I/O, a clock or randomness into the pure crates.
    Knowledge {
        packages: &[
            "tokio*",
            "futures",
            "getrandom",
            "rand",
            "rand_core",
            "tracing*",
        ],
        crates: &[
            "store",
            "ledger",
            "network",
            "api",
            "node",
            "simulations",
            "tests",
        ],
        in_tests_too: false,
    },
];

/// What one manifest says about who it is and what it needs.
struct Manifest {
    /// The folder, relative to the root.
    folder: String,
    /// `package.name`.
    name: String,
    /// Whether `publish = false` stands in it.
    unpublished: bool,
    /// Packages of `[dependencies]` and `[build-dependencies]`, of any target.
    normal: BTreeSet<String>,
    /// Packages of `[dev-dependencies]`, of any target.
    development: BTreeSet<String>,
}

impl Manifest {
    fn parse(folder: &str, text: &str, workspace: &Table) -> Manifest {
        let manifest: Table = text
            .parse()
            .unwrap_or_else(|error| panic!("{folder}/Cargo.toml: {error}"));
        let package = manifest.get("package");
        let field = |name: &str| package.and_then(|package| package.get(name));
        let mut read = Manifest {
            folder: folder.to_owned(),
            name: field("name")
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned(),
            unpublished: field("publish").and_then(Value::as_bool) == Some(false),
            normal: BTreeSet::new(),
            development: BTreeSet::new(),
        };
        let targets = manifest.get("target").and_then(Value::as_table);
        let tables = targets.into_iter().flat_map(Table::values);
        for table in tables.filter_map(Value::as_table).chain([&manifest]) {
            read.normal
                .extend(packages(table, "dependencies", workspace));
            read.normal
                .extend(packages(table, "build-dependencies", workspace));
            read.development
                .extend(packages(table, "dev-dependencies", workspace));
        }
        read
    }
}

/// Returns the packages that a dependency table names, behind any renaming.
fn packages(table: &Table, section: &str, workspace: &Table) -> Vec<String> {
    let Some(section) = table.get(section).and_then(Value::as_table) else {
        return Vec::new();
    };
    let inherited = workspace.get("dependencies");
    let renamed = |value: &Value| value.get("package")?.as_str().map(str::to_owned);
    section
        .iter()
        .map(|(key, value)| {
            let shared = inherited.and_then(|shared| shared.get(key));
            renamed(value)
                .or_else(|| shared.and_then(renamed))
                .unwrap_or_else(|| key.clone())
        })
        .collect()
}

/// Returns what the manifest breaks, one sentence each.
fn violations(manifest: &Manifest) -> Vec<String> {
    let name = manifest.name.as_str();
    let Some((_, may_use)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
        return vec![format!(
            "`{name}` ({}) has no place in the table of crates",
            manifest.folder
        )];
    };
    let mut found = Vec::new();
    if manifest.folder.rsplit('/').next() != Some(name) {
        found.push(format!(
            "`{name}` lies in a folder of another name: {}",
            manifest.folder
        ));
    }
    if !manifest.unpublished {
        found.push(format!("`{name}` lacks `publish = false`"));
    }
    for used in &manifest.normal {
        let ours = MAY_USE.iter().any(|(known, _)| known == used);
        if ours && !may_use.contains(&used.as_str()) {
            found.push(format!("`{name}` may not use `{used}`"));
        }
    }
    if name == "xtask" {
        let all = manifest.normal.iter().chain(&manifest.development);
        found.extend(all.map(|used| format!("`xtask` may not use even `{used}`")));
    }
    for knowledge in KNOWLEDGE
        .iter()
        .filter(|knowledge| !knowledge.crates.contains(&name))
    {
        let development = manifest
            .development
            .iter()
            .filter(|_| knowledge.in_tests_too);
        for used in manifest.normal.iter().chain(development) {
            if knowledge
                .packages
                .iter()
                .any(|pattern| matches(pattern, used))
            {
                found.push(format!(
                    "`{name}` may not know `{used}`, which belongs to {}",
                    knowledge.crates.join(", ")
                ));
            }
        }
    }
    found
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("the tests lie in the root")
        .to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the root manifest's `[workspace]`.
fn workspace() -> Table {
    let manifest: Table = read(&root().join("Cargo.toml"))
        .parse()
        .expect("the root manifest is TOML");
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    workspace.expect("the root manifest is a workspace").clone()
}

fn members(workspace: &Table) -> BTreeSet<String> {
    let members = workspace.get("members").and_then(Value::as_array);
    members
        .expect("the workspace lists its members")
        .iter()
        .map(|member| member.as_str().expect("a member is a path").to_owned())
        .collect()
}

/// Returns every folder that holds a manifest, in the root and in `crates`.
fn crate_folders() -> BTreeSet<String> {
    let root = root();
    [("", root.clone()), ("crates/", root.join("crates"))]
        .into_iter()
        .flat_map(|(prefix, folder)| {
            let entries = fs::read_dir(&folder).expect("the folder can be read");
            entries.filter_map(move |entry| {
                let entry = entry.expect("the folder can be read");
                let name = entry.file_name().into_string().expect("names are UTF-8");
                let held = entry.path().join("Cargo.toml").is_file();
                held.then(|| format!("{prefix}{name}"))
            })
        })
        .collect()
}

#[test]
fn every_manifest_keeps_to_the_table() {
    let workspace = workspace();
    let found: Vec<String> = members(&workspace)
        .iter()
        .flat_map(|folder| {
            let text = read(&root().join(folder).join("Cargo.toml"));
            violations(&Manifest::parse(folder, &text, &workspace))
        })
        .collect();
    assert!(found.is_empty(), "\n  {}", found.join("\n  "));
}

#[test]
fn every_crate_folder_is_a_member() {
    assert_eq!(crate_folders(), members(&workspace()));
}

#[test]
fn the_table_has_no_circle() {
    let mut above: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    while !above.is_empty() {
        let free: Vec<&str> = above
            .iter()
            .filter(|(_, uses)| uses.iter().all(|used| !above.contains_key(used)))
            .map(|(name, _)| *name)
            .collect();
        assert!(!free.is_empty(), "a circle among {:?}", above.keys());
        for name in free {
            above.remove(name);
        }
    }
}

/// The document shows the same table: `| crate | purpose | may use |`.
#[test]
fn the_document_shows_the_same_table() {
    let text = read(&root().join("docs/ARCHITECTURE.md"));
    let shown: BTreeMap<&str, BTreeSet<&str>> = text
        .lines()
        .skip_while(|line| !line.starts_with("| crate |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let uses = cells[3].split(' ').filter(|used| *used != "–");
            (cells[1], uses.collect())
        })
        .collect();
    let decided: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(name, uses)| (*name, uses.iter().copied().collect()))
        .collect();
    assert_eq!(shown, decided);
}

/// Checks what a manifest with these sections breaks.
fn check(folder: &str, sections: &str, expect: &[&str]) {
    let name = folder.rsplit('/').next().expect("a folder has a name");
    let text = format!("[package]\nname = \"{name}\"\npublish = false\n{sections}");
    let shared: Table = "dependencies = { p2p = { package = \"libp2p\", version = \"1\" } }"
        .parse()
        .expect("the table is TOML");
    let found = violations(&Manifest::parse(folder, &text, &shared));
    assert_eq!(found, expect, "{text}");
}

#[test]
fn a_forbidden_arrow_is_seen_through_every_disguise() {
    let expect = ["`record` may not use `charter`"];
    check(
        "crates/record",
        "[dependencies]\ncharter.workspace = true\n",
        &expect,
    );
    check(
        "crates/record",
        "[dependencies]\nlaw = { package = \"charter\", path = \"../charter\" }\n",
        &expect,
    );
    check(
        "crates/record",
        "[target.'cfg(unix)'.dependencies]\ncharter.workspace = true\n",
        &expect,
    );
    check(
        "crates/record",
        "[build-dependencies]\ncharter.workspace = true\n",
        &expect,
    );
    check(
        "crates/record",
        "[dev-dependencies]\ncharter.workspace = true\n",
        &[],
    );
}

#[test]
fn what_one_crate_alone_knows_stays_there() {
    let expect = ["`ledger` may not know `rocksdb`, which belongs to store, tests"];
    check(
        "crates/ledger",
        "[dev-dependencies]\nrocksdb = \"1\"\n",
        &expect,
    );
    check("crates/store", "[dependencies]\nrocksdb = \"1\"\n", &[]);
    check(
        "crates/replica",
        "[dev-dependencies]\np2p.workspace = true\n",
        &["`replica` may not know `libp2p`, which belongs to network, tests"],
    );
    let expect = [
        "`trace` may not know `tokio`, which belongs to store, ledger, network, api, node, simulations, tests",
    ];
    check("crates/trace", "[dependencies]\ntokio = \"1\"\n", &expect);
    check("crates/trace", "[dev-dependencies]\ntokio = \"1\"\n", &[]);
}

#[test]
fn a_crate_has_a_place_a_name_and_no_publisher() {
    check(
        "crates/types",
        "",
        &["`types` (crates/types) has no place in the table of crates"],
    );
    check(
        "crates/xtask",
        "[dev-dependencies]\nserde = \"1\"\n",
        &["`xtask` may not use even `serde`"],
    );
    let text = "[package]\nname = \"gs1\"\n";
    let found = violations(&Manifest::parse("crates/gs2", text, &Table::new()));
    assert_eq!(
        found,
        [
            "`gs1` lies in a folder of another name: crates/gs2",
            "`gs1` lacks `publish = false`"
        ]
    );
}
