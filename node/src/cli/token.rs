//! `nguon token`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use api::{CertificatePin, IdentityName, Right, Token};
use clap::{Args, Subcommand};
use record::ScopeName;
use serde_json::json;

use super::console::Console;
use crate::config::Config;
use crate::files::{self, Eyes};
use crate::http;

/// Where identities are listed unless the configuration says otherwise, beside
/// it.
const IDENTITIES: &str = "identities.toml";

/// Lets other systems call a node: tokens and certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(New),
    Pin(Pin),
}

/// Makes an identity with a new token, and shows the token once.
///
/// The node keeps a hash of the token alone: what is lost is made anew. With
/// --config the identity is added to the node's identities file; without, it is
/// printed, for you to paste there. The node reads it at its next start, or on
/// SIGHUP.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon token new packing-house-7 --right capture --write national --config /var/lib/nguon/nguon.toml
  nguon token new portal --right query --see national --see public --requests-per-minute 600
  nguon token new operator --right query --right admin --see '*' --config lam-dong/nguon.toml")]
pub(crate) struct New {
    /// The identity's name: a-z, 0-9 and '-'. Never given to another.
    name: IdentityName,
    /// What it may do: capture, query or admin.
    #[arg(long = "right", value_name = "RIGHT", required = true, num_args = 1..)]
    rights: Vec<Right>,
    /// A scope that it may write; '*' for every one.
    #[arg(long, value_name = "SCOPE", num_args = 1.., value_parser = scope)]
    write: Vec<String>,
    /// A scope that it may see; '*' for every one.
    #[arg(long, value_name = "SCOPE", num_args = 1.., value_parser = scope)]
    see: Vec<String>,
    /// How many requests it has in a minute [default: 6000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,
    /// The MiB that a document may take [default: the node's own limit].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    document_mib: Option<u32>,
    /// The node's configuration.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Tells the hash by which the holder of a certificate is known.
///
/// It is the SHA-256 of the certified key, so a renewed certificate over the
/// same key has the same. It stands in the list certificates of an identity.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon token pin packing-house-7.pem")]
pub(crate) struct Pin {
    /// The certificate, as PEM.
    certificate: PathBuf,
}

impl Command {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        match self {
            Self::New(command) => command.run(console),
            Self::Pin(command) => command.run(console),
        }
    }
}

impl New {
    fn run(self, console: &Console) -> Result<()> {
        let token = Token::draw().context("the system gives no random bytes")?;
        let block = self.block(&token);
        let written = self
            .config
            .as_deref()
            .map(|config| add(config, &self.name, &block));
        let written = written.transpose()?;
        let next = match &written {
            None => format!(
                "Add this to the node's identities file, whose name stands at http.identities in \
                 its configuration:\n\n{block}"
            ),
            Some(Added { path, named: true }) => {
                format!(
                    "The identity {} was added to {path}.",
                    self.name,
                    path = path.display()
                )
            }
            Some(Added { path, named: false }) => format!(
                "The identity {name} was added to {path}. Name that file in the \
                 configuration, under [http]:\n\n  identities = \"{IDENTITIES}\"\n\nFrom then on \
                 whoever calls the node has to be listed in it.",
                name = self.name,
                path = path.display()
            ),
        };
        let text = format!(
            "The token of {}, shown this once:\n\n  {}\n\n{next}",
            self.name,
            token.as_str()
        );
        let value = json!({
            "name": self.name.as_str(),
            "token": token.as_str(),
            "hash": token.hash().to_string(),
            "identity": block,
            "file": written.map(|added| added.path),
        });
        console.answer(text, &value)
    }

    /// Writes the identity as its file lists it.
    fn block(&self, token: &Token) -> String {
        let list = |texts: &mut dyn Iterator<Item = &str>| {
            let texts: BTreeSet<&str> = texts.collect();
            let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            format!("[{}]", quoted.join(", "))
        };
        let mut block = format!(
            "[identity.{}]\ntokens = [\"{}\"]\nrights = {}\nwrite = {}\nsee = {}\n",
            self.name,
            token.hash(),
            list(&mut self.rights.iter().map(|right| right.as_str())),
            list(&mut self.write.iter().map(String::as_str)),
            list(&mut self.see.iter().map(String::as_str)),
        );
        let limits = [
            ("requests_per_minute", self.requests_per_minute),
            ("document_mib", self.document_mib),
        ];
        for (name, limit) in limits {
            if let Some(limit) = limit {
                // Writing to a String does not fail.
                let _ = writeln!(block, "{name} = {limit}");
            }
        }
        block
    }
}

/// Where an identity was added.
struct Added {
    path: PathBuf,
    /// Whether the configuration names the file.
    named: bool,
}

/// Adds an identity to a node's file, which stays as it is otherwise.
fn add(config: &Path, name: &IdentityName, block: &str) -> Result<Added> {
    let named = Config::load(config)?.http.identities;
    let folder = config.parent().unwrap_or(Path::new(""));
    let path = named.clone().unwrap_or_else(|| folder.join(IDENTITIES));
    let mut text = String::new();
    if path.exists() {
        let listed = http::identities(&path)?;
        ensure!(
            !listed.identity.contains_key(name),
            "{} lists {name} already: choose another name, or, to give {name} a second token, make \
             one without --config and add its hash to the list tokens",
            path.display()
        );
        let bytes = files::read(&path, http::IDENTITIES_BYTES_MAX)?;
        text = String::from_utf8(bytes).context("it was text just now")?;
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
    }
    text.push_str(block);
    toml::from_str::<api::Identities>(&text).context("the identity cannot be added")?;
    files::replace(&path, text.as_bytes(), Eyes::Owner)?;
    Ok(Added {
        path,
        named: named.is_some(),
    })
}

/// Reads a scope's name, or `*`.
fn scope(text: &str) -> Result<String, record::NotAName> {
    match text {
        "*" => Ok(text.to_owned()),
        name => ScopeName::new(name).map(|name| name.to_string()),
    }
}

impl Pin {
    fn run(self, console: &Console) -> Result<()> {
        let pin: CertificatePin = http::pin(&self.certificate)?;
        console.answer(pin, &json!({ "pin": pin.to_string() }))
    }
}
