//! `nguon epcis convert`.

use std::path::PathBuf;

use ::epcis::{CbvForm, to_json, to_xml};
use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{Documents, faults};
use crate::cli::Console;

/// Prints a document in the other binding: JSON-LD or XML of EPCIS 2.0.
///
/// Both are read, and XML of EPCIS 1.2 and older too. The events stay what they
/// are, with their canonical forms and hash ids. What is not sound is not
/// converted: everything that is wrong with it is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon epcis convert --to json harvest.xml
  nguon epcis convert --to xml --words web-uri - < harvest.jsonld")]
pub(crate) struct Convert {
    /// The binding to write.
    #[arg(long, value_enum)]
    to: Binding,
    /// How XML writes the words of the vocabulary.
    #[arg(long, value_enum, default_value_t = Words::Urn)]
    words: Words,
    /// The document; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A JSON-LD context that the document names by URL, and the file that has it.
    #[arg(long = "context", value_name = "URL=FILE", value_parser = super::context)]
    contexts: Vec<(String, PathBuf)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Binding {
    /// JSON-LD.
    Json,
    /// XML.
    Xml,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Words {
    /// urn:epcglobal:cbv:bizstep:shipping.
    Urn,
    /// <https://ref.gs1.org/cbv/BizStep-shipping>.
    WebUri,
}

impl Convert {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let documents = Documents {
            files: vec![self.file],
            contexts: self.contexts,
        };
        let contexts = documents.contexts()?;
        let form = match self.words {
            Words::Urn => CbvForm::Urn,
            Words::WebUri => CbvForm::WebUri,
        };
        for (file, bytes) in documents.read() {
            let bytes = bytes?;
            let text = match self.to {
                Binding::Json => to_json(&bytes, &contexts),
                Binding::Xml => to_xml(&bytes, &contexts, form),
            };
            let text = text.map_err(|problems| faults(&file, &problems))?;
            console.raw(format!("{}\n", text.trim_end()).as_bytes())?;
        }
        Ok(())
    }
}
