//! Follows a batch while it runs: a bar on a terminal, lines elsewhere.

use std::io::{IsTerminal, Write, stdout};
use std::num::NonZeroUsize;
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::{engine::Engine, memory::MemoryStorage, request::Input};
use batch_exec::retry::{Jitter, RetryPolicy};
use batch_exec::{Dispatcher, Outcome, RunContext};

/// Takes a moment; every seventh run fails at first, every thirtieth always.
async fn scan(run: RunContext) -> Result<Outcome, batch_exec::ExecutorError> {
    let page = run.id().ordinal().get();
    tokio::time::sleep(Duration::from_millis(20 + u64::from(page % 5) * 15)).await;
    match (page % 7, page % 30, run.attempt().get()) {
        (_, 29, _) => Ok(Outcome::fail("UNREADABLE", "the page is blank")),
        (6, _, 1) => Ok(Outcome::retry("BUSY", "the scanner is busy")),
        _ => Ok(Outcome::done(page)),
    }
}

fn show(batch: &Batch) {
    const WIDTH: u64 = 40;
    let (ended, total) = (batch.counts.ended(), batch.counts.total());
    let full = usize::try_from(ended * WIDTH / total).unwrap_or(0);
    let bar = format!("{:░<40}", "█".repeat(full));
    let text = format!("{bar} {ended}/{total}, {} failed", batch.counts.failed);
    if stdout().is_terminal() {
        print!("\r{text}");
    } else {
        println!("{text}");
    }
    // A bar that cannot be drawn is no reason to stop the work.
    let _ = stdout().flush();
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(MemoryStorage::new()).await?;
    let soon = RetryPolicy {
        first_delay: Duration::from_millis(100),
        jitter: Jitter::None,
        ..RetryPolicy::default()
    };
    let dispatcher = Dispatcher::builder(&engine)
        .concurrency(NonZeroUsize::MIN.saturating_add(7))
        .retry(soon)
        .workflow("scan", scan)
        .start()
        .await?;
    let pages = (1..=300).map(|n| Input::text(format!("page {n}")));
    let batch = engine.submit("scan", pages).await?;

    let mut watch = batch.watch();
    let mut shown = 0;
    while let Some(now) = watch.next().await? {
        if now.counts.ended() >= shown {
            show(&now);
            shown += now.counts.total() / 20;
        }
    }
    println!("\n{}", batch.get().await?);
    dispatcher.shutdown().await?;
    Ok(())
}
