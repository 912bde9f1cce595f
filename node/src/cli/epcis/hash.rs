//! `nguon epcis hash`.

use ::epcis::{HashVersion, PREHASH_BYTES_MAX};
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Documents, sound};
use crate::cli::Console;

/// Prints the hash id of each event, one a line, in the documents' order.
///
/// The id is worked out from what an event says (Core Business Vocabulary,
/// event hash ids), whatever its eventID. It is a name, and proves nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon epcis hash harvest.jsonld
  nguon epcis hash --cbv 2.1 *.xml
  nguon epcis hash --prehash - < harvest.jsonld")]
pub(crate) struct Hash {
    #[command(flatten)]
    documents: Documents,
    /// The edition of the vocabulary that tells how to hash.
    #[arg(long, value_enum, default_value_t = Cbv::V20)]
    cbv: Cbv,
    /// Prints the strings that are hashed instead.
    #[arg(long)]
    prehash: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cbv {
    /// CBV 2.0.
    #[value(name = "2.0")]
    V20,
    /// The draft of CBV 2.1.
    #[value(name = "2.1")]
    V21,
}

/// The events of one document, in its order.
#[derive(Debug, Serialize)]
struct Hashed {
    file: String,
    events: Vec<HashedEvent>,
}

#[derive(Debug, Serialize)]
struct HashedEvent {
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    prehash: Option<String>,
}

impl Hash {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let version = match self.cbv {
            Cbv::V20 => HashVersion::Cbv20,
            Cbv::V21 => HashVersion::Cbv21,
        };
        let contexts = self.documents.contexts()?;
        let mut answer = Vec::new();
        for (file, bytes) in self.documents.read() {
            let document = sound(&file, &bytes?, &contexts)?;
            let pairs = document.prehashes(version).enumerate();
            let events = pairs.map(|(index, prehash)| {
                let prehash = prehash.with_context(|| {
                    format!(
                        "event {index} of {file} has no hash id: its string would be longer than \
                         {PREHASH_BYTES_MAX} bytes"
                    )
                })?;
                let hash = version.hash_id_of(&prehash);
                let prehash = self.prehash.then_some(prehash);
                Ok(HashedEvent { hash, prehash })
            });
            let events = events.collect::<Result<_>>()?;
            answer.push(Hashed { file, events });
        }
        let events = answer.iter().flat_map(|hashed| &hashed.events);
        let lines: Vec<&str> = events
            .map(|event| event.prehash.as_ref().unwrap_or(&event.hash).as_str())
            .collect();
        console.answer(lines.join("\n"), &answer)
    }
}
