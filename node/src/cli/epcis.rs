//! `nguon epcis`: EPCIS documents on their own, without any node.

use std::path::PathBuf;

use ::epcis::{Contexts, Document, Problem};
use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};

use super::console::Console;
use crate::files;

mod convert;
mod hash;
mod validate;

/// The largest document that is read.
const DOCUMENT_BYTES_MAX: usize = 1 << 30;
/// The largest context document that is read.
const CONTEXT_BYTES_MAX: usize = 1 << 20;

/// Works on EPCIS documents, with no node and no network.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Convert(convert::Convert),
    Hash(hash::Hash),
    Validate(validate::Validate),
}

impl Command {
    /// Tells whether the answer is yes.
    pub(crate) fn run(self, console: &Console) -> Result<bool> {
        match self {
            Self::Convert(command) => command.run(console).map(|()| true),
            Self::Hash(command) => command.run(console).map(|()| true),
            Self::Validate(command) => command.run(console),
        }
    }
}

/// The documents that a command works on.
#[derive(Debug, Args)]
pub(crate) struct Documents {
    /// The documents; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A JSON-LD context that documents name by URL, and the file that has it.
    #[arg(long = "context", value_name = "URL=FILE", value_parser = context)]
    contexts: Vec<(String, PathBuf)>,
}

impl Documents {
    /// Returns the contexts that the documents may name.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or is no context.
    pub(crate) fn contexts(&self) -> Result<Contexts> {
        let mut contexts = Contexts::new();
        for (url, path) in &self.contexts {
            let bytes = files::read(path, CONTEXT_BYTES_MAX)?;
            contexts
                .add(url, &bytes)
                .with_context(|| format!("{} is of no use", path.display()))?;
        }
        Ok(contexts)
    }

    /// Reads one document after the other, each with the name of its file.
    pub(crate) fn read(&self) -> impl Iterator<Item = (String, Result<Vec<u8>>)> {
        self.files.iter().map(|path| {
            let bytes = files::read_or_standard_input(path, DOCUMENT_BYTES_MAX);
            (path.display().to_string(), bytes)
        })
    }
}

/// Takes a document that is sound, in JSON-LD or XML; elements of XML may stand
/// in any order.
///
/// # Errors
///
/// When it is not, with everything that is wrong with it.
fn sound(name: &str, bytes: &[u8], contexts: &Contexts) -> Result<Document> {
    Document::parse_any_order(bytes, contexts).map_err(|problems| faults(name, &problems))
}

/// Tells everything that is wrong with a document.
fn faults(name: &str, problems: &[Problem]) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow!("{name} has faults:\n  {}", lines.join("\n  "))
}

fn context(text: &str) -> Result<(String, PathBuf)> {
    match text.rsplit_once('=') {
        Some((url, path)) if !url.is_empty() && !path.is_empty() => {
            Ok((url.to_owned(), path.into()))
        }
        _ => bail!("write the URL, =, and the file, like https://a.vn/c.jsonld=c.jsonld"),
    }
}
