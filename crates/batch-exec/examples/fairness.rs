//! A small tenant beside a huge one: both get on, and a heavier one gets on faster.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use batch_core::engine::{Engine, SubmissionRequest};
use batch_core::memory::MemoryStorage;
use batch_core::request::{BatchRequest, Fairness, Input};
use batch_exec::{Dispatcher, Outcome, RunContext};

/// How many runs of each tenant have begun.
type Begun = Arc<Mutex<BTreeMap<String, u32>>>;

fn letters(tenant: &str, number: u32) -> impl Iterator<Item = Input> + Send + use<> {
    let tenant = tenant.to_owned();
    (0..number).map(move |_| Input::text(tenant.clone()))
}

async fn work(run: RunContext, begun: Begun) -> Result<Outcome, batch_exec::ExecutorError> {
    let tenant = run.text()?.to_owned();
    {
        let mut begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
        *begun.entry(tenant).or_default() += 1;
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    Ok(Outcome::done_without_output())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(MemoryStorage::new()).await?;
    engine.ensure_deployed("letters".parse()?).await?;

    // The huge tenant has two submissions, and came first.
    let huge = Fairness::of("huge");
    for _ in 0..2 {
        let request = SubmissionRequest::new("letters").fairness(huge.clone());
        engine.submit_all(request, letters("huge", 5_000)).await?;
    }
    let small = BatchRequest::new("letters")
        .fairness(Fairness::of("small"))
        .inputs(letters("small", 200));
    let small = engine.submit_batch(small).await?;
    let heavy = BatchRequest::new("letters")
        .fairness(Fairness::of("heavy").weight(3))
        .inputs(letters("heavy", 600));
    let heavy = engine.submit_batch(heavy).await?;

    let begun = Begun::default();
    let counted = Arc::clone(&begun);
    let dispatcher = Dispatcher::builder(&engine)
        .concurrency(NonZeroUsize::MIN.saturating_add(7))
        .workflow("letters", move |run| work(run, Arc::clone(&counted)))
        .start()
        .await?;

    let (small, heavy) = (small.wait().await?, heavy.wait().await?);
    let begun = begun.lock().unwrap_or_else(PoisonError::into_inner).clone();
    println!("when the small tenants were done, runs had begun of");
    for (tenant, runs) in begun {
        println!("  {tenant:6} {runs:5}");
    }
    println!("small: {small}");
    println!("heavy: {heavy}");

    // The rest of the huge one is given up, so that the example ends.
    for batch in engine.batches(Default::default()).await?.items {
        engine.cancel_batch(batch.id).await?;
    }
    dispatcher.shutdown().await?;
    Ok(())
}
