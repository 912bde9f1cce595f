//! The command line. One module for each command; what they do lies outside.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser, Subcommand};

mod console;
mod logging;
mod node;

mod charter;
mod init;
mod join;
mod member;
mod token;

mod run;

mod capture;
mod disclose;
mod prove;
mod status;
mod trace;
mod verify;

mod epcis;
mod gs1;

mod demo;

pub(crate) use console::Console;

/// Synchronises product traceability between the members of a federation.
#[derive(Debug, Parser)]
#[command(name = "nguon", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    /// Prints one JSON object for programs instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  Form a federation, in this order:
    nguon init --dir lam-dong --member-id lam-dong --address /ip4/192.0.2.1/tcp/4001
    nguon charter keygen --out governor.key --holder 'Nguyễn Văn A'
    nguon charter new --name 'Sầu riêng' --governor PUBKEY='Nguyễn Văn A' --threshold 1 --out charter.json
    nguon member add lam-dong/enrolment.json --charter charter.json
    nguon charter sign charter.json --key governor.key
    nguon join charter.json --federation HASH --dir lam-dong
    nguon run --config lam-dong/nguon.toml

  Work with the running node:
    nguon capture harvest.jsonld
    nguon trace urn:epc:id:sscc:8934999.3261012001 --upstream
    nguon prove urn:uuid:2b5e71c0-2ae0-5291-bad7-9261f56acf66 --out proof.txt

  Let another system call it:
    nguon token new packing-house-7 --right capture --write national --config lam-dong/nguon.toml

  Judge a proof or read a label, with no node at all:
    nguon verify proof.txt --charter charter.json
    nguon gs1 parse '(01)08938505123455(10)L7'

  Work on EPCIS documents, with no node either:
    nguon epcis hash harvest.jsonld

  See all of it at once, with nothing prepared:
    nguon demo";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    #[command(subcommand)]
    Charter(charter::Command),
    #[command(subcommand)]
    Member(member::Command),
    Join(join::Join),
    #[command(subcommand)]
    Token(token::Command),
    Run(run::Run),
    Capture(capture::Capture),
    Trace(trace::Trace),
    Status(status::Status),
    Disclose(disclose::Disclose),
    Prove(prove::Prove),
    Verify(verify::Verify),
    #[command(subcommand)]
    Epcis(epcis::Command),
    #[command(subcommand)]
    Gs1(gs1::Command),
    Demo(demo::Demo),
    Completions(Completions),
}

/// Prints a script that completes nguon's commands in a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  nguon completions bash > ~/.local/share/bash-completion/completions/nguon
  nguon completions zsh > ~/.zfunc/_nguon
  nguon completions fish > ~/.config/fish/completions/nguon.fish")]
struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

/// Runs the command line: 0 when it did what was asked and the answer is yes,
/// 1 when it failed or the answer is no, 2 when it was asked wrongly.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.json);
    match cli.command.run(&console) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            console.error(&error);
            ExitCode::FAILURE
        }
    }
}

impl Command {
    /// Tells whether the answer is yes.
    fn run(self, console: &Console) -> Result<bool> {
        match self {
            Self::Init(command) => command.run(console).map(|()| true),
            Self::Charter(command) => command.run(console).map(|()| true),
            Self::Member(command) => command.run(console).map(|()| true),
            Self::Join(command) => command.run(console).map(|()| true),
            Self::Token(command) => command.run(console).map(|()| true),
            Self::Run(command) => command.run(console).map(|()| true),
            Self::Capture(command) => command.run(console).map(|()| true),
            Self::Trace(command) => command.run(console),
            Self::Status(command) => command.run(console),
            Self::Disclose(command) => command.run(console).map(|()| true),
            Self::Prove(command) => command.run(console).map(|()| true),
            Self::Verify(command) => command.run(console),
            Self::Epcis(command) => command.run(console),
            Self::Gs1(command) => command.run(console),
            Self::Demo(command) => command.run(console).map(|()| true),
            Self::Completions(Completions { shell }) => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "nguon", &mut script);
                console.raw(&script).map(|()| true)
            }
        }
    }
}

/// Makes the runtime that a command's asynchronous part runs on.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the system gives no threads")
}

/// Returns how many columns a page for people has: what `COLUMNS` says, within
/// reason, or 100.
fn page_width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|columns| columns.parse().ok());
    columns.map_or(100, |columns: usize| columns.clamp(60, 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &clap::Command, path: &str, see: &mut dyn FnMut(&clap::Command, &str)) {
        see(command, path);
        for sub in command.get_subcommands() {
            each(sub, &format!("{path} {}", sub.get_name()), see);
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_an_example() {
        let mut seen = 0;
        each(&Cli::command(), "nguon", &mut |command, path| {
            assert!(
                command.get_about().is_some(),
                "{path} says nothing of itself"
            );
            for argument in command.get_arguments() {
                let told = argument.get_help().is_some();
                assert!(told, "{path}: {} is not explained", argument.get_id());
            }
            if command.has_subcommands() && path != "nguon" {
                return;
            }
            let help = command.get_after_help().map(ToString::to_string);
            let example = help.is_some_and(|help| {
                help.starts_with("Examples:\n") && help.contains(&format!("  {path} "))
                    || path == "nguon"
            });
            assert!(example, "{path} has no example of itself");
            seen += 1;
        });
        assert!(seen > 5);
    }
}
