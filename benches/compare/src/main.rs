//! Measures Batchyard, its peers and the limit alternately in one run, and prints one table.
//!
//! `benches/compare/run` builds the peers and starts it; `docs/benchmarks.md` says more.
#![forbid(unsafe_code)]

mod bar;
mod growth;
mod measure;
mod plot;
mod raw_sled;
mod resident;
mod results;
mod rounds;
mod row;
mod soak;

use std::path::PathBuf;
use std::process::ExitCode;

use batch_benches::Broken;

const HELP: &str = "\
compare [ROUNDS [ROW]]      all rows, or one, in so many rounds (5)
compare growth BACKEND      what 1,000 and 1,000,000 queued runs cost each call
compare resident BACKEND    resident set and reopening with as many
compare soak BACKEND SECONDS [RUNS A SECOND [FILE.csv]]
compare plot FILE.csv       the plot of a soak
compare measure ROW SUBJECT one round of one subject, as JSON";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            eprintln!("{broken}");
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[&str]) -> Result<(), Broken> {
    match *words {
        [] => compare(5, None),
        ["measure", row, subject] => measure::measure(row, subject).await,
        ["growth", backend] => growth::growth(backend.parse()?).await,
        ["resident", backend] => resident::resident(backend.parse()?),
        ["resident", "fill", backend, path, batches] => {
            resident::fill(backend.parse()?, path.as_ref(), batches.parse()?).await
        }
        ["resident", "open", backend, path] => {
            resident::open(backend.parse()?, path.as_ref()).await
        }
        ["soak", backend, seconds] => soak::soak(backend, seconds, "5000", "soak.csv").await,
        ["soak", backend, seconds, rate] => soak::soak(backend, seconds, rate, "soak.csv").await,
        ["soak", backend, seconds, rate, file] => soak::soak(backend, seconds, rate, file).await,
        ["plot", file] => plot::soak(file.as_ref()),
        [rounds] if rounds.parse::<usize>().is_ok() => compare(rounds.parse()?, None),
        [rounds, row] if rounds.parse::<usize>().is_ok() => compare(rounds.parse()?, Some(row)),
        _ => Err(HELP.into()),
    }
}

/// Runs the rounds, prints the tables, and saves them with the plot.
fn compare(rounds: usize, only: Option<&str>) -> Result<(), Broken> {
    let results = rounds::alternate(rounds, only)?;
    let text = results.tables(rounds);
    println!("{text}");
    let directory = PathBuf::from(std::env::var("COMPARE_OUT").unwrap_or_else(|_| ".".into()));
    std::fs::create_dir_all(&directory)?;
    std::fs::write(directory.join("compare.md"), text)?;
    plot::compared(&directory.join("compare.svg"), &results)?;
    println!(
        "saved compare.md and compare.svg in {}",
        directory.display()
    );
    Ok(())
}
