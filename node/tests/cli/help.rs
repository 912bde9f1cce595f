//! Help, completions, and the sample configurations.

use std::fs;
use std::path::Path;

use crate::desk::Desk;

/// Gives the names of the commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
    listed
        .lines()
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn walk(desk: &Desk, path: &str, seen: &mut Vec<String>) {
    let help = desk.nguon(&format!("{path} --help")).exits(0);
    let below = commands(&help);
    if below.is_empty() {
        let example = format!("Examples:\n  nguon {}", path.trim());
        assert!(
            help.contains(&example),
            "no example in the help of{path}:\n{help}"
        );
        seen.push(path.to_owned());
    }
    for name in below {
        walk(desk, &format!("{path} {name}"), seen);
    }
}

#[test]
fn every_commands_help_has_an_example() {
    let mut seen = Vec::new();
    walk(&Desk::new(), "", &mut seen);
    assert!(seen.contains(&" charter sign".to_owned()), "{seen:?}");
    assert!(seen.len() >= 10, "{seen:?}");
}

#[test]
fn usage_errors_exit_with_2() {
    let desk = Desk::new();
    for line in [
        "",
        "no-such-command",
        "init",
        "init --dir x --kind kingdom",
        "init --dir x --http 0.0.0.0:80",
    ] {
        desk.nguon(line).exits(2);
    }
}

#[test]
fn completions_are_printed() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.nguon(&format!("completions {shell}")).exits(0);
        assert!(script.contains("charter"), "{shell}");
    }
}

#[test]
fn the_sample_configurations_are_configurations() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    let mut seen = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder of samples") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            match path.ends_with("identities.toml") {
                true => {
                    let text = fs::read_to_string(&path).expect("a text");
                    let listed: api::Identities = toml::from_str(&text).expect("identities");
                    api::Access::known(listed).expect("sound identities");
                }
                false => drop(node::Config::load(&path).expect("a configuration")),
            }
            seen.push(path.file_name().expect("a name").to_owned());
        }
    }
    seen.sort();
    assert_eq!(
        seen,
        [
            "agency.toml",
            "identities.toml",
            "national-authority.toml",
            "province.toml"
        ]
    );
}
