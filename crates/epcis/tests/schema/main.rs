//! The verdict of the node beside that of the official JSON schema, with
//! `format` asserted: on every published example, and on changed copies.
//!
//! Where the schema refuses, the node must refuse. Where the schema accepts
//! and the node refuses, each problem must be one of the listed reasons.

mod draw;
mod mutation;
mod stricter;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use epcis::{
    Answered, Contexts, Document, Written, event_document, master_data_answer,
    master_data_document, query_document,
};
use jsonschema::Validator;
use serde_json::Value;

use draw::Draw;
use mutation::Mutation;

/// How many changed documents are judged.
const MUTANTS: usize = 2_000;
/// How many of a hundred must be invalid by the schema.
const INVALID_PER_HUNDRED_MIN: usize = 40;

/// Documents of our own, since no published example has master data.
const OWN: [&str; 2] = [
    include_str!("master_data.json"),
    include_str!("master_data_answer.json"),
];

#[allow(
    clippy::print_stdout,
    reason = "whoever runs the tests reads the seed and the counts"
)]
fn say(text: &str) {
    println!("{text}");
}

fn schema(folder: &Path) -> Validator {
    let path = folder.join("artefacts/json-schema/epcis-json-schema-2.0.1.json");
    let text = std::fs::read(path).expect("the schema is readable");
    let schema: Value = serde_json::from_slice(&text).expect("the schema is JSON");
    let options = jsonschema::draft7::options().should_validate_formats(true);
    options.build(&schema).expect("the schema is one")
}

/// Returns all published JSON documents and our own, by name.
fn examples(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    for part in ["documents/files", "event-hash/files"] {
        let entries = std::fs::read_dir(folder.join(part)).expect("the folder is readable");
        paths.extend(entries.map(|entry| entry.expect("the entry is readable").path()));
    }
    paths.sort();
    let json = |path: &PathBuf| {
        path.extension()
            .is_some_and(|e| e == "json" || e == "jsonld")
    };
    let published = paths.into_iter().filter(json).map(|path| {
        let bytes = std::fs::read(&path).expect("the file is readable");
        (path.display().to_string(), bytes)
    });
    let own = OWN.iter().enumerate();
    let own = own.map(|(index, text)| (format!("own {index}"), text.as_bytes().to_vec()));
    published.chain(own).collect()
}

/// What both verdicts on many documents amount to.
#[derive(Default)]
struct Tally {
    documents: usize,
    invalid: usize,
    stricter: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn judge(&mut self, name: &str, text: &[u8], schema: &Validator) {
        let value: Value = serde_json::from_slice(text).expect("the document is JSON");
        let valid = schema.is_valid(&value);
        self.documents += 1;
        self.invalid += usize::from(!valid);
        let problems = match Document::parse(text, &Contexts::new()) {
            Ok(_) if valid => return,
            Ok(_) => {
                let why = schema.iter_errors(&value).next();
                let why = why.map(|error| format!("{error} at {}", error.instance_path()));
                let text = String::from_utf8_lossy(text);
                return self
                    .wrong
                    .push(format!("{name}: more lenient: {why:?}\n{text}"));
            }
            Err(_) if !valid => return,
            Err(problems) => problems,
        };
        let mut unlisted = Vec::new();
        for problem in problems {
            match stricter::listed(&problem, &value) {
                Some(reason) => *self.stricter.entry(reason).or_default() += 1,
                None => unlisted.push(format!(
                    "{name}: for no listed reason: [{}] {problem}, where stands {:?}",
                    problem.reason.name(),
                    value.pointer(&problem.pointer),
                )),
            }
        }
        if !unlisted.is_empty() {
            self.wrong.push(unlisted.join("\n"));
        }
    }

    /// Reports on the suite, in which a document passes that is judged as the
    /// schema judges it, or more strictly for listed reasons.
    fn report(&self, suite: &str) {
        conformance::report(suite, self.documents - self.wrong.len(), &self.wrong);
    }

    fn say(&self, title: &str) {
        let (documents, invalid) = (self.documents, self.invalid);
        say(&format!(
            "schema: {title}: {documents} documents, {invalid} invalid by the schema"
        ));
        for (reason, count) in &self.stricter {
            say(&format!("schema: {title}: stricter, {reason}: {count}"));
        }
    }
}

#[test]
fn every_example_is_judged_as_the_schema_does() {
    let suite = "artefacts/json-schema-examples";
    let Some(folder) = conformance::folder(suite) else {
        return;
    };
    let schema = schema(&folder);
    let mut tally = Tally::default();
    for (name, bytes) in examples(&folder) {
        tally.judge(&name, &bytes, &schema);
    }
    tally.say("examples");
    assert!(tally.documents > OWN.len(), "there are examples");
    tally.report(suite);
}

#[test]
fn every_mutant_is_judged_as_the_schema_does() {
    let suite = "artefacts/json-schema-mutants";
    let Some(folder) = conformance::folder(suite) else {
        return;
    };
    let schema = schema(&folder);
    let (mut draw, seed) = Draw::from_environment();
    say(&format!("schema: mutants: NGUON_SEED={seed}"));
    let examples: Vec<Value> = examples(&folder)
        .iter()
        .map(|(_, bytes)| serde_json::from_slice(bytes).expect("the document is JSON"))
        .collect();
    let mut tally = Tally::default();
    let mut kinds: BTreeMap<Mutation, usize> = BTreeMap::new();
    while tally.documents < MUTANTS {
        let (Some(example), Some(donor)) = (draw.of(&examples), draw.of(&examples)) else {
            return;
        };
        let mut mutant = example.clone();
        let kind = Mutation::ALL[tally.documents % Mutation::ALL.len()];
        if !kind.apply(&mut mutant, donor, &mut draw) || mutant == *example {
            continue;
        }
        *kinds.entry(kind).or_default() += 1;
        let name = format!("{kind:?}");
        tally.judge(&name, mutant.to_string().as_bytes(), &schema);
    }
    tally.say("mutants");
    say(&format!("schema: mutants: of each kind: {kinds:?}"));
    assert!(kinds.len() >= 12, "kinds of mutation: {kinds:?}");
    assert!(
        tally.invalid * 100 >= MUTANTS * INVALID_PER_HUNDRED_MIN,
        "only {} are invalid by the schema",
        tally.invalid
    );
    tally.report(suite);
}

#[test]
fn what_is_written_is_valid_by_the_schema() {
    let suite = "artefacts/json-schema-written";
    let Some(folder) = conformance::folder(suite) else {
        return;
    };
    let schema = schema(&folder);
    let time = "2025-07-14T06:00:00.000+07:00";
    let answered = Answered {
        query_name: "SimpleEventQuery",
        subscription_id: None,
        creation_date: time,
    };
    let mut written = 0;
    for (name, bytes) in examples(&folder) {
        let Ok(document) = Document::parse(&bytes, &Contexts::new()) else {
            continue;
        };
        let events = || {
            document.events.iter().map(|event| Written {
                event,
                record_time: Some(time),
                derived_id: None,
            })
        };
        let mut texts = vec![
            master_data_document(time, &document.master_data, events()),
            query_document(&answered, events()),
            master_data_answer(&answered, &document.master_data),
        ];
        texts.extend(events().map(event_document));
        for text in texts {
            let value = serde_json::from_str(&text).expect("JSON is written");
            let error = schema.iter_errors(&value).next();
            assert!(error.is_none(), "{name}: {error:?}\n{text}");
            written += 1;
        }
    }
    assert!(written > OWN.len(), "there are examples");
    conformance::report(suite, written, &[]);
}

/// The reasons stand in the documentation, each as `| \`name\` | why |`.
#[test]
fn every_listed_reason_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md");
    let text = std::fs::read_to_string(path).expect("the document is part of the repository");
    let (_, part) = text
        .split_once("## JSON documents and the official schema")
        .expect("the document has this part");
    let part = part.split("\n## ").next().unwrap_or_default();
    let told: Vec<_> = part
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let listed: Vec<_> = stricter::LISTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(told, listed);
}
