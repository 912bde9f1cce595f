//! What the commands print, and what they ask.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

/// Standard output and error: text for people, or one JSON object.
#[derive(Debug)]
pub(crate) struct Console {
    json: bool,
}

impl Console {
    /// Prints JSON, or text.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the answer to the command: `text` for people or `value` for
    /// programs.
    pub(crate) fn answer(&self, text: impl Display, value: &impl Serialize) -> Result<()> {
        if self.json {
            let mut json = serde_json::to_vec_pretty(value).context("cannot write the answer")?;
            json.push(b'\n');
            self.raw(&json)
        } else {
            let text = text.to_string();
            self.raw(format!("{}\n", text.trim_end()).as_bytes())
        }
    }

    /// Tells people, on standard output, how far a long command has come.
    pub(crate) fn say(&self, text: impl Display) -> Result<()> {
        if self.json {
            return Ok(());
        }
        self.raw(format!("{text}\n").as_bytes())
    }

    /// Prints the answer for programs, if they are who asked: people have had
    /// theirs with [`say`](Self::say).
    pub(crate) fn value(&self, value: &impl Serialize) -> Result<()> {
        if self.json {
            return self.answer("", value);
        }
        Ok(())
    }

    /// Prints bytes as they are. A reader that has read enough is no error.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(error).context("cannot write to standard output")
            }
            _ => Ok(()),
        }
    }

    /// Tells people something beside the answer.
    pub(crate) fn note(&self, text: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Tells people, but not programs, something beside the answer.
    pub(crate) fn remark(&self, text: impl Display) {
        if !self.json {
            self.note(text);
        }
    }

    /// Tells why the command failed.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        if self.json {
            let value = serde_json::json!({ "error": error.to_string(), "causes": causes });
            self.note(value);
            return;
        }
        self.note(format_args!("error: {error}"));
        for cause in causes {
            self.note(format_args!("  because: {}", cause.trim_end()));
        }
    }

    /// Asks a person to confirm, by typing `yes`.
    ///
    /// # Errors
    ///
    /// When there is no person to ask, or the answer is another.
    pub(crate) fn confirm(&self, question: &str) -> Result<()> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            bail!("there is no terminal to ask on: read what is shown, then add --yes");
        }
        let _ = write!(io::stderr().lock(), "{question} Type yes: ");
        let mut line = String::new();
        io::stdin()
            .read_line(&mut line)
            .context("cannot read the answer")?;
        match line.trim() {
            "yes" => Ok(()),
            _ => bail!("not confirmed: nothing was done"),
        }
    }
}
