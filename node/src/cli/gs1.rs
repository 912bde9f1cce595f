//! `nguon gs1`: GS1 identifiers, explained and translated.

use std::io::{self, BufRead as _};
use std::path::PathBuf;

use ::gs1::{CompanyPrefixes, Explanation, Identifier, KeyError, Notation};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::console::Console;
use crate::files;

/// The largest table of company prefixes that is read; GS1's has some 10 MB.
const PREFIX_TABLE_BYTES_MAX: usize = 256 << 20;

/// Explains and translates GS1 identifiers, with no node at all.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Parse(Parse),
    Translate(Translate),
}

/// Explains identifiers: what they name, their parts and check digits, and the
/// other forms of them.
///
/// Exits with 1 when one of them is no GS1 identifier, or is broken.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon gs1 parse urn:epc:id:sgtin:8938505123.045.1
  nguon gs1 parse https://id.gs1.org/01/08938505123455/10/L7 8938505123455
  nguon gs1 parse '(01)08938505123455(10)L7(17)261123' --json")]
pub(crate) struct Parse {
    #[command(flatten)]
    given: Given,
}

/// Translates identifiers between EPC URN, GS1 Digital Link and element
/// string, one result a line.
///
/// Exits with 1 when one of them cannot be translated.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon gs1 translate urn:epc:id:sgtin:8938505123.045.1
  nguon gs1 translate https://id.gs1.org/01/08938505123455/10/L7 --to element-string
  nguon gs1 translate --to urn < identifiers.txt")]
pub(crate) struct Translate {
    /// The form wanted [default: the Digital Link; of a Digital Link, the URN].
    #[arg(long, value_name = "FORM")]
    to: Option<To>,
    #[command(flatten)]
    given: Given,
}

/// A form to translate into.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum To {
    Urn,
    Dl,
    ElementString,
}

/// The identifiers, and what it takes to read them.
#[derive(Debug, Args)]
struct Given {
    /// EPC URNs, GS1 Digital Links, element strings or the digits of keys
    /// [default: those on standard input, one a line].
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// GS1's table of company-prefix lengths, in its JSON form [default: the
    /// table built in].
    #[arg(long, value_name = "FILE")]
    prefixes: Option<PathBuf>,
}

impl Command {
    pub(crate) fn run(self, console: &Console) -> Result<bool> {
        match self {
            Self::Parse(command) => command.run(console),
            Self::Translate(command) => command.run(console),
        }
    }
}

impl Parse {
    fn run(self, console: &Console) -> Result<bool> {
        let prefixes = self.given.prefixes()?;
        let explain = |id: &str| -> Result<Explanation, KeyError> {
            Ok(Identifier::read(id)?.explain(prefixes.table()))
        };
        self.given.each(console, |id| {
            let explained = explain(id)?;
            let value = serde_json::to_value(&explained).unwrap_or_default();
            Ok((explained.to_string(), value))
        })
    }
}

impl Translate {
    fn run(self, console: &Console) -> Result<bool> {
        let prefixes = self.given.prefixes()?;
        self.given.each(console, |id| {
            let identifier = Identifier::read(id)?;
            let notation = self.to.map(Notation::from);
            let notation = notation.unwrap_or_else(|| identifier.other_notation());
            let result = identifier.translate(notation, prefixes.table())?;
            let value = json!({ "input": id, "result": result });
            Ok((result, value))
        })
    }
}

impl From<To> for Notation {
    fn from(to: To) -> Self {
        match to {
            To::Urn => Self::Urn,
            To::Dl => Self::DigitalLink,
            To::ElementString => Self::ElementString,
        }
    }
}

/// The table built in, or one that was read.
enum Prefixes {
    BuiltIn,
    Read(CompanyPrefixes),
}

impl Prefixes {
    fn table(&self) -> &CompanyPrefixes {
        match self {
            Self::BuiltIn => CompanyPrefixes::built_in(),
            Self::Read(table) => table,
        }
    }
}

impl Given {
    fn prefixes(&self) -> Result<Prefixes> {
        let Some(path) = &self.prefixes else {
            return Ok(Prefixes::BuiltIn);
        };
        let bytes = files::read(path, PREFIX_TABLE_BYTES_MAX)?;
        let table = CompanyPrefixes::from_json(&bytes)
            .with_context(|| format!("cannot use {}", path.display()))?;
        Ok(Prefixes::Read(table))
    }

    /// Answers each identifier, and tells whether none was refused. People get
    /// each answer at once and each refusal on standard error; programs get one
    /// array at the end.
    fn each(
        &self,
        console: &Console,
        answer: impl Fn(&str) -> Result<(String, Value), KeyError>,
    ) -> Result<bool> {
        let mut values = Vec::new();
        let mut all_answered = true;
        let mut one = |id: &str| -> Result<()> {
            match answer(id) {
                Ok((text, value)) => {
                    console.say(text.trim_end())?;
                    values.push(value);
                }
                Err(error) => {
                    all_answered = false;
                    console.remark(format_args!("error: {error}"));
                    let problem = error.problem().to_string();
                    values.push(json!({ "input": id, "error": problem, "offset": error.offset() }));
                }
            }
            Ok(())
        };
        if self.ids.is_empty() {
            for line in io::stdin().lock().lines() {
                let line = line.context("cannot read standard input")?;
                let id = line.trim_end_matches(['\r', '\n']);
                if !id.is_empty() {
                    one(id)?;
                }
            }
        } else {
            self.ids.iter().try_for_each(|id| one(id))?;
        }
        console.value(&values)?;
        Ok(all_answered)
    }
}
