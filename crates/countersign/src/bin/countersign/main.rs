//! The `countersign` command: what an operator does with an authentication service.
//!
//! Exit codes: 0, 1 (your input) and 2 (ours). Every failure is one line that says what to do.

mod commands;
mod doctor;
mod failure;
mod import;
mod keys;
mod listen;
mod logging;
mod output;
mod paint;
mod source;
mod tokens;
mod views;

use std::{env, process::ExitCode};

use clap::{Parser, error::ErrorKind};

use self::{commands::Command, failure::Failure};

/// JWT authentication for your services: accounts, log-in, refresh, revocation, keys.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100, args_override_self = true)]
#[command(after_help = "\
Examples:
  countersign serve --dev                     try it: a server, a database and a demo account
  countersign init --issuer https://auth.example.com --audience api
  countersign users add ada --role admin      asks for the password
  countersign token decode -                  what a token says and what is wrong with it
  countersign config --explain                every setting, its value and where it comes from

Settings come from countersign.toml, then COUNTERSIGN_* variables, then flags; the last wins.
Exit codes: 0 done, 1 your input must change, 2 the machine or the program failed.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::ours(format!("the runtime does not start: {error}")))?;
    runtime.block_on(command.run())
}

/// Help is an answer; a mistake on the command line is the caller's.
fn usage(error: &clap::Error) -> ExitCode {
    // The parser repeats what it does not understand, and what it prints stands in logs.
    if error.to_string().contains("-----BEGIN") {
        let problem = "a key stands on the command line, where others can read it: give the name \
                       of its file, or - for standard input";
        return Failure::input(problem).report();
    }
    // A closed standard output is no reason to fail.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    }
}

/// The environment, read here and nowhere else.
fn environment() -> env::VarsOs {
    env::vars_os()
}
