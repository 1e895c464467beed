//! Batches from a program without an async runtime: plain calls, and a plain closure that blocks.

use std::time::Duration;

use batch_core::{engine::RunFilter, memory::MemoryStorage, request::Input};
use batch_exec::Outcome;
use batch_exec::blocking::BlockingEngine;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = BlockingEngine::open(MemoryStorage::new())?;
    let builder = engine.dispatcher().workflow("count-words", |run| {
        std::thread::sleep(Duration::from_millis(5));
        Ok(Outcome::done(run.text()?.split_whitespace().count()))
    });
    let dispatcher = builder.start()?;
    let batch = engine.submit("count-words", ["one", "one two"].map(Input::text))?;
    println!("{}", batch.wait()?);
    for run in batch.runs(RunFilter::default().with_outputs()) {
        let run = run?;
        println!("{}: {:?}", run.id, run.state);
    }
    dispatcher.shutdown()?;
    engine.close()?;
    Ok(())
}
