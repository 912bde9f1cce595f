//! What `cargo xtask` says and returns when it is not understood.
//!
//! This target also rides along when the demo is built, see `tasks::RIDER`.

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
        .expect("xtask can be started")
}

#[test]
fn a_wrong_call_shows_the_usage_and_exits_with_2() {
    for arguments in [&[][..], &["deploy"], &["check", "it"], &["test", "--fast"]] {
        let output = xtask(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(
            error.contains("Usage: cargo xtask COMMAND"),
            "{arguments:?}: {error}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_goes_to_standard_output() {
    let output = xtask(&["help"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    for command in ["demo", "test", "check", "bench"] {
        assert!(text.contains(command), "{command}: {text}");
    }
}
