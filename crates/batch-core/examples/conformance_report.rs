//! Puts the results of the conformance suite together into one report.
//!
//! ```text
//! conformance_report DIRECTORY [--json]
//! ```
//!
//! The directory is what `BATCHYARD_CONFORMANCE_RESULTS` named while the suite ran. Prints
//! Markdown, or JSON, and fails if a case failed or was not run. Without a directory it lists
//! the cases.

use std::path::Path;
use std::process::ExitCode;

use batch_core::conformance::{CONTRACT_VERSION, Case, Report};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let Some(dir) = args.next() else {
        list();
        return Ok(ExitCode::SUCCESS);
    };
    let report = Report::of_directory(Path::new(&dir))?;
    match args.next().as_deref() {
        None => print!("{report}"),
        Some("--json") => println!("{}", serde_json::to_string_pretty(&report)?),
        Some(other) => return Err(format!("{other:?} is no option: --json is").into()),
    }
    Ok(match report.missing() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn list() {
    println!("contract {CONTRACT_VERSION}, {} cases:", Case::all().len());
    for case in Case::all() {
        let needs: Vec<_> = case.needs.iter().map(ToString::to_string).collect();
        println!("{} [{}]", case.name, needs.join(" "));
    }
}
