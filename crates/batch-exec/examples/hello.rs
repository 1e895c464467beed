//! A batch of a hundred texts, from submit to end. Everything is in memory.

use batch_core::{engine::Engine, memory::MemoryStorage, request::Input};
use batch_exec::{Dispatcher, Outcome, RunContext};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(MemoryStorage::new()).await?;
    let work =
        |run: RunContext| async move { Ok(Outcome::done(run.text()?.split_whitespace().count())) };
    let builder = Dispatcher::builder(&engine).workflow("count-words", work);
    let dispatcher = builder.start().await?;
    let invoices = (1..=100).map(|n| Input::text(format!("invoice {n}")));
    let batch = engine.submit("count-words", invoices).await?;
    println!("{}", batch.wait().await?); // 100 processed, 0 failed in 12 ms
    dispatcher.shutdown().await?;
    Ok(())
}
