//! `nguon member`: members enter a charter that is being made.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use charter::{
    Alias, Day, Draft, ENROLMENT_BYTES_MAX, Edited, Enrolment, FILE_BYTES_MAX, MemberId,
    MemberKind, MemberSettings, Names,
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::console::Console;
use crate::files;

/// Takes members and their nodes into a charter that is being made.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(Add),
    AddNode(AddNode),
}

/// Takes a member in with its first node.
///
/// Compare the keys shown with those that the member tells you by another way.
/// Signatures on the charter were for the former content and are dropped.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon member add lam-dong/enrolment.json --charter charter.json
  nguon member add enrolment.json --charter charter.json --id lam-dong --kind province \\
    --name-vi 'Tỉnh Lâm Đồng' --name-en 'Lâm Đồng province' --alias gso:68@2025-07-01")]
pub(crate) struct Add {
    /// The node's enrolment request, as nguon init writes it.
    request: PathBuf,
    /// The charter's file, which is changed.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The member's id [default: as the request suggests].
    #[arg(long)]
    id: Option<MemberId>,
    /// The member's kind [default: as the request suggests].
    #[arg(long)]
    kind: Option<MemberKind>,
    /// The member's name in Vietnamese [default: as the request suggests].
    #[arg(long, requires = "name_en")]
    name_vi: Option<String>,
    /// The member's name in English [default: as the request suggests].
    #[arg(long, requires = "name_vi")]
    name_en: Option<String>,
    /// An official code, with the day from which it means this member, and the
    /// day from which it does so no longer.
    #[arg(long = "alias", value_name = "SCHEME:CODE@FROM[..UNTIL]", value_parser = alias)]
    aliases: Vec<Alias>,
    /// The node relays for nodes that cannot be reached.
    #[arg(long)]
    relay: bool,
}

/// Gives a member of the charter a further node.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon member add-node spare/enrolment.json --charter charter.json --member lam-dong")]
pub(crate) struct AddNode {
    /// The node's enrolment request.
    request: PathBuf,
    /// The charter's file, which is changed.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The member.
    #[arg(long)]
    member: MemberId,
    /// The node relays for nodes that cannot be reached.
    #[arg(long)]
    relay: bool,
}

impl Command {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        match self {
            Self::Add(command) => command.run(console),
            Self::AddNode(command) => command.run(console),
        }
    }
}

impl Add {
    fn run(self, console: &Console) -> Result<()> {
        let enrolment = read_request(&self.request)?;
        let mut draft = read_draft(&self.charter)?;
        let id = self.id.or_else(|| enrolment.terms().member.clone());
        let names = self.name_vi.zip(self.name_en);
        let settings = MemberSettings {
            id: id.clone(),
            names: names.map(|(vi, en)| Names { vi, en }),
            kind: self.kind,
            public_url: None,
            aliases: self.aliases,
            relay: self.relay,
        };
        let edited = draft
            .add_member(&enrolment, settings)
            .context("the member was not taken in; --id, --kind, --name-vi and --name-en overrule its request")?;
        let id = id.context("a member that was taken in has an id")?;
        finish(console, &self.charter, &draft, &id, &enrolment, edited)
    }
}

impl AddNode {
    fn run(self, console: &Console) -> Result<()> {
        let enrolment = read_request(&self.request)?;
        let mut draft = read_draft(&self.charter)?;
        let edited = draft
            .add_node(&self.member, &enrolment, self.relay)
            .context("the node was not taken in")?;
        finish(
            console,
            &self.charter,
            &draft,
            &self.member,
            &enrolment,
            edited,
        )
    }
}

fn read_request(path: &Path) -> Result<Enrolment> {
    let file = files::read(path, ENROLMENT_BYTES_MAX)?;
    Enrolment::verify(&file).with_context(|| format!("{} is refused", path.display()))
}

/// Reads a charter that is being made.
pub(super) fn read_draft(path: &Path) -> Result<Draft> {
    let file = files::read(path, FILE_BYTES_MAX)?;
    Draft::read(&file).with_context(|| format!("{} is no charter in the making", path.display()))
}

/// Writes the changed charter, and says what was added.
fn finish(
    console: &Console,
    path: &Path,
    draft: &Draft,
    id: &MemberId,
    enrolment: &Enrolment,
    edited: Edited,
) -> Result<()> {
    files::replace(path, draft.to_file().as_bytes(), files::Eyes::Anyone)?;
    let member = draft.members().iter().find(|member| member.id == *id);
    let member = member.context("the member that was taken in is listed")?;
    let scopes = draft.scopes().iter();
    let reads: Vec<&str> = scopes
        .filter(|(_, access)| access.readers.contains(id))
        .map(|(name, _)| name.as_str())
        .collect();
    let node = &enrolment.terms().node_name;
    let value = json!({
        "member": id.as_str(),
        "node": node.as_str(),
        "author": enrolment.author().to_string(),
        "transport": enrolment.transport().to_string(),
        "scopes": reads,
        "signatures_dropped": edited.signatures_dropped,
        "hash": draft.hash().to_string(),
    });
    let text = format!(
        "Added the node {node} of {id}: {vi} / {en} ({kind})\n  \
         author key     {author}\n  transport key  {transport}\n  \
         addresses      {addresses}\n  it will read   {reads}\n\n\
         Both keys proved that the node holds them. Compare them with what the member tells you.\n\
         In {path}, {edited}.\n\
         The charter's hash is now {hash}",
        vi = member.names.vi,
        en = member.names.en,
        kind = member.kind,
        author = enrolment.author(),
        transport = enrolment.transport(),
        addresses = match &enrolment.terms().addresses[..] {
            [] => "none: it dials others, and nobody can dial it".to_owned(),
            addresses => addresses.join("\n                 "),
        },
        reads = reads.join(", "),
        path = path.display(),
        hash = draft.hash(),
    );
    console.answer(text, &value)
}

/// Reads `SCHEME:CODE@FROM[..UNTIL]`.
fn alias(text: &str) -> Result<Alias, String> {
    let read = || {
        let (code, days) = text.rsplit_once('@')?;
        let (scheme, code) = code.split_once(':')?;
        let (from, until) = match days.split_once("..") {
            None => (days, None),
            Some((from, until)) => (from, Some(until)),
        };
        (!scheme.is_empty() && !code.is_empty()).then_some((scheme, code, from, until))
    };
    let (scheme, code, from, until) = read().ok_or(
        "a code is told with its scheme and the day from which it holds, as in gso:68@2025-07-01",
    )?;
    let day = |text: &str| text.parse::<Day>().map_err(|error| error.to_string());
    Ok(Alias {
        scheme: scheme.to_owned(),
        code: code.to_owned(),
        from: day(from)?,
        until: until.map(day).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases() {
        let read = alias("gso:68@2025-07-01").expect("a code");
        assert_eq!((read.scheme.as_str(), read.code.as_str()), ("gso", "68"));
        assert_eq!(read.until, None);
        let read = alias("gso:68@2004-01-01..2025-07-01").expect("a code");
        assert!(read.until.is_some());
        for bad in [
            "68",
            "gso:68",
            "gso@2025-07-01",
            ":68@2025-07-01",
            "gso:68@1 July",
        ] {
            assert!(alias(bad).is_err(), "{bad}");
        }
    }
}
