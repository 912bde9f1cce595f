//! `nguon charter`: governors' keys, and the first version of a charter.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use charter::{Draft, Member};
use clap::{Args, Subcommand};
use record::PublicKey;
use serde_json::{Value, json};

use super::console::Console;
use super::member::read_draft;
use crate::files::{self, Eyes};
use crate::keys::{self, Role};

/// Makes, signs and shows a federation's charter.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Keygen(Keygen),
    New(New),
    Sign(Sign),
    Show(Show),
}

/// Makes a governor's key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon charter keygen --out governor.key --holder 'Nguyễn Văn A'")]
pub(crate) struct Keygen {
    /// The file for the secret key; never replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The person or office that holds the key.
    #[arg(long, value_name = "NAME")]
    holder: String,
}

/// Begins a charter with its governors and the scopes public and national.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon charter new --name 'Sầu riêng Việt Nam' --threshold 2 --out charter.json \\
    --governor PUBKEY1='Nguyễn Văn A' --governor PUBKEY2='Trần Thị B' --governor PUBKEY3='Lê Văn C'")]
pub(crate) struct New {
    /// The federation's name for people.
    #[arg(long)]
    name: String,
    /// A governor: public key and holder.
    #[arg(long = "governor", value_name = "PUBKEY=NAME", required = true, value_parser = governor)]
    governors: Vec<(PublicKey, String)>,
    /// How many different governors must sign; more than two thirds is wise.
    #[arg(long)]
    threshold: u32,
    /// When the charter was made, a text for people.
    #[arg(long)]
    issued: Option<String>,
    /// The charter's file; never replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Signs a charter as one of its governors, after showing what it says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon charter sign charter.json --key governor.key
  nguon charter sign charter.json --key governor.key --yes")]
pub(crate) struct Sign {
    /// The charter's file, which gets the signature.
    charter: PathBuf,
    /// The governor's secret key, as nguon charter keygen writes it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Signs without asking.
    #[arg(long)]
    yes: bool,
}

/// Shows what a charter says, who signed it, and its hash.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon charter show charter.json
  nguon charter show charter.json --json")]
pub(crate) struct Show {
    /// The charter's file.
    charter: PathBuf,
}

impl Command {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        match self {
            Self::Keygen(command) => command.run(console),
            Self::New(command) => command.run(console),
            Self::Sign(command) => command.run(console),
            Self::Show(command) => command.run(console),
        }
    }
}

impl Keygen {
    fn run(self, console: &Console) -> Result<()> {
        let holder = self.holder.trim();
        ensure!(
            !holder.is_empty() && !holder.contains(char::is_control),
            "--holder names a person or office, in one line"
        );
        let key = keys::generate()?;
        keys::create(&self.out, Role::Governor, holder, &key)?;
        let public = key.public();
        let out = self.out.display();
        let text = format!(
            "Made a governor's key for {holder}\n\n  secret  {out}: keep it off the network, and a \
             copy in a safe place\n  public  {public}\n\nNext\n  Whoever begins the charter names \
             this governor: nguon charter new --governor PUBKEY=NAME …"
        );
        let value = json!({
            "public": public.to_string(),
            "holder": holder,
            "file": self.out,
        });
        console.answer(text, &value)
    }
}

impl New {
    fn run(self, console: &Console) -> Result<()> {
        let mut draft = Draft::new(&self.name, self.governors, self.threshold)
            .context("the charter was not begun")?;
        if let Some(issued) = &self.issued {
            // Nobody signed yet, so no signature is dropped.
            let _ = draft.set_issued(issued).context("--issued")?;
        }
        files::create(&self.out, draft.to_file().as_bytes(), Eyes::Anyone)?;
        let path = self.out.display();
        let text = format!(
            "{draft}\nWritten to {path}. Next\n  nguon member add REQUEST --charter {path}   for \
             each member\n  nguon charter sign {path} --key FILE      by each governor"
        );
        console.answer(text, &summary(&draft))
    }
}

impl Sign {
    fn run(self, console: &Console) -> Result<()> {
        let key = keys::read(&self.key, Role::Governor)?;
        let mut draft = read_draft(&self.charter)?;
        let public = key.public().raw();
        let holder = draft.governors().keys.get(&public);
        let holder = holder.map(|governor| governor.holder.clone());
        let holder = holder.with_context(|| {
            format!(
                "{} is no governor's key of this charter: its public key is {public}",
                self.key.display()
            )
        })?;
        if !self.yes {
            console.note(&draft);
            console.confirm(&format!(
                "Sign this as {holder}, with the hash {}?",
                draft.hash()
            ))?;
        }
        let tally = draft.sign(&key)?;
        files::replace(&self.charter, draft.to_file().as_bytes(), Eyes::Anyone)?;
        let path = self.charter.display();
        let next = if tally.suffices() {
            format!(
                "Enough governors signed: give {path} to the members, and tell them the hash by \
                 another way.\nEach of them runs\n  nguon join {path} --federation {} --dir DIR",
                draft.federation()
            )
        } else {
            format!(
                "{} of {} signatures are there: pass {path} to the next governor.",
                tally.signed.len(),
                tally.threshold
            )
        };
        let mut text = format!("Signed by {holder}.\n{next}");
        if self.yes {
            text = format!("{draft}\n{text}");
        }
        console.answer(text, &summary(&draft))
    }
}

impl Show {
    fn run(self, console: &Console) -> Result<()> {
        let draft = read_draft(&self.charter)?;
        let state = if draft.tally().suffices() {
            "Enough governors signed: nodes may join it."
        } else {
            "Not enough governors signed: no node joins it yet."
        };
        console.answer(format!("{draft}\n{state}"), &summary(&draft))
    }
}

/// Returns what a charter says, for programs.
fn summary(draft: &Draft) -> Value {
    let tally = draft.tally();
    let governors = draft.governors().keys.iter().map(|(key, governor)| {
        json!({
            "key": key.to_string(),
            "holder": governor.holder,
            "signed": tally.signed.contains(key),
        })
    });
    let scopes = draft.scopes().iter().map(|(name, access)| {
        let names = |ids: &std::collections::BTreeSet<charter::MemberId>| {
            ids.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let value = json!({ "readers": names(&access.readers), "writers": names(&access.writers) });
        (name.to_string(), value)
    });
    let warnings = draft.warnings();
    json!({
        "name": draft.federation_name(),
        "version": 1,
        "hash": draft.hash().to_string(),
        "threshold": tally.threshold,
        "signed": tally.signed.len(),
        "complete": tally.suffices(),
        "governors": governors.collect::<Vec<_>>(),
        "members": draft.members().iter().map(member).collect::<Vec<_>>(),
        "scopes": scopes.collect::<serde_json::Map<_, _>>(),
        "warnings": warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn member(member: &Member) -> Value {
    let nodes = member.nodes.iter().map(|node| {
        json!({
            "name": node.name.as_str(),
            "author": node.author.to_string(),
            "transport": node.transport.to_string(),
            "addresses": node.addresses,
            "relay": node.relay,
        })
    });
    let aliases = member.aliases.iter().map(|alias| {
        json!({
            "scheme": alias.scheme,
            "code": alias.code,
            "from": alias.from.to_string(),
            "until": alias.until.map(|day| day.to_string()),
        })
    });
    json!({
        "id": member.id.as_str(),
        "names": { "vi": member.names.vi, "en": member.names.en },
        "kind": member.kind.as_str(),
        "public_url": member.public_url,
        "aliases": aliases.collect::<Vec<_>>(),
        "nodes": nodes.collect::<Vec<_>>(),
    })
}

/// Reads `PUBKEY=NAME`.
fn governor(text: &str) -> Result<(PublicKey, String), String> {
    let (key, holder) = text
        .split_once('=')
        .ok_or("a governor is told as PUBKEY=NAME")?;
    let key = key.parse().map_err(|error| format!("the key: {error}"))?;
    Ok((key, holder.to_owned()))
}
