//! Runs the built `nguon`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        Self {
            code: status.code(),
            stdout: String::from_utf8(stdout).expect("UTF-8"),
            stderr: String::from_utf8(stderr).expect("UTF-8"),
        }
    }

    /// Expects the code and gives what was printed, both streams.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self.stdout + &self.stderr
    }

    /// Expects success and one JSON object.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        assert_eq!(self.code, Some(0), "{self:#?}");
        serde_json::from_str(&self.stdout).expect("one JSON object")
    }
}

/// Splits a line as a shell does, as far as single quotes go.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("never empty").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A folder in which commands run.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `nguon` here. Arguments are split at blanks; `_` stands for one.
    pub(crate) fn nguon(&self, line: &str) -> Ran {
        let arguments = line.split_whitespace().map(|word| word.replace('_', " "));
        self.run(&arguments.collect::<Vec<_>>())
    }

    /// Prepares `nguon` to run here.
    pub(crate) fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_nguon")));
        command.args(arguments).current_dir(self.0.path());
        command
    }

    /// Runs `nguon` here.
    pub(crate) fn run(&self, arguments: &[String]) -> Ran {
        Ran::of(self.command(arguments).output().expect("nguon starts"))
    }

    /// Runs `nguon` here with a text on standard input.
    pub(crate) fn reads(&self, line: &str, text: &str) -> Ran {
        let mut command = self.command(&words(line));
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("nguon starts");
        let mut input = child.stdin.take().expect("piped");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        Ran::of(child.wait_with_output().expect("it ends"))
    }

    /// Runs `nguon … --json` and takes one text out of the answer.
    #[track_caller]
    pub(crate) fn text(&self, line: &str, name: &str) -> String {
        let answer = self.nguon(&format!("{line} --json")).json();
        answer[name].as_str().expect(name).to_owned()
    }

    /// Makes a governor's key and gives its public half.
    #[track_caller]
    pub(crate) fn governor(&self, name: &str) -> String {
        let line = format!("charter keygen --out {name}.key --holder {name}");
        self.text(&line, "public")
    }

    /// Makes a federation of one governor and the node `lam-dong`, and gives
    /// its hash.
    #[track_caller]
    pub(crate) fn federation(&self) -> String {
        let anna = self.governor("anna");
        self.nguon(
            "init --dir lam-dong --member-id lam-dong --kind province --name-vi Tỉnh_Lâm_Đồng \
             --name-en Lâm_Đồng_province --address /ip4/127.0.0.1/tcp/4001",
        )
        .exits(0);
        self.nguon(&format!(
            "charter new --name Test --governor {anna}=Anna --threshold 1 --out charter.json"
        ))
        .exits(0);
        self.nguon("member add lam-dong/enrolment.json --charter charter.json")
            .exits(0);
        self.text("charter sign charter.json --key anna.key --yes", "hash")
    }
}
