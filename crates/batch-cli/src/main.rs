//! The `batchyard` program: runs a command over files as durable batches.
//!
//! `batchyard run` is the main job; the other commands look at a store and
//! control what is in it. Everything the program knows stands in the store.

mod args;
mod command;
mod complaint;
mod duration;
mod ending;
mod execution;
mod output;
mod program;
mod store;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::Cli;
use complaint::Complaint;
use ending::Ending;

fn main() -> ExitCode {
    complaint::report_defects();
    let ending = match Cli::try_parse() {
        Ok(cli) => command::run_command(cli.command),
        Err(answer) => return said(&answer),
    };
    match ending {
        Ok(ending) => ending.into(),
        // Whoever read the output has seen enough.
        Err(error) if output::is_broken_pipe(&error) => Ending::Succeeded.into(),
        Err(error) => {
            eprintln!("batchyard: {}", Complaint::of(&error));
            Ending::Refused.into()
        }
    }
}

/// Prints the help or the version that was asked for, or what is wrong with the command line.
fn said(answer: &clap::Error) -> ExitCode {
    if answer.use_stderr() && answer.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        eprintln!("batchyard: {}", Complaint::usage(answer));
        return Ending::Refused.into();
    }
    // A reader that is gone needs no answer.
    let _ = answer.print();
    match answer.use_stderr() {
        true => Ending::Refused.into(),
        false => Ending::Succeeded.into(),
    }
}
