//! Some runs need a person: the person looks, approves or rejects, and what was rejected runs again.

use batch_core::batch::BatchState;
use batch_core::engine::{Engine, RetryOptions};
use batch_core::memory::MemoryStorage;
use batch_core::request::Input;
use batch_core::storage::ReviewRequest;
use batch_exec::{Dispatcher, ExecutorError, Outcome, RunContext};

/// Reads `net + tax = total`, and asks for a person where the sum is another.
async fn check_sum(run: RunContext) -> Result<Outcome, ExecutorError> {
    let numbers: Vec<u64> = run
        .text()?
        .split(['+', '='])
        .map(|number| number.trim().parse())
        .collect::<Result<_, _>>()?;
    let [net, tax, total] = numbers[..] else {
        return Ok(Outcome::fail("NO_INVOICE", "three numbers were expected"));
    };
    Ok(match net + tax {
        sum if sum == total => Outcome::done(total),
        sum => Outcome::needs_review(format!("the sum is {sum}")).with_output(total),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(MemoryStorage::new()).await?;
    let dispatcher = Dispatcher::builder(&engine)
        .workflow("check-sum", check_sum)
        .start()
        .await?;
    let invoices = ["100 + 19 = 119", "200 + 38 = 239", "300 + 57 = 3570"];
    let batch = engine
        .submit("check-sum", invoices.map(Input::text))
        .await?;

    // Until only people can bring the batch on.
    let mut watch = batch.watch();
    while let Some(now) = watch.next().await? {
        if now.state == BatchState::NeedsReview {
            println!("{}: {now}", now.state);
            break;
        }
    }

    // A person looks at what the executor gave back, and lets rounding pass.
    let mut in_review = batch.in_review();
    while let Some(run) = in_review.next().await? {
        let total: u64 = match &run.output {
            Some(output) => output.parse()?,
            None => continue,
        };
        let note = run.review.map(|review| review.note).unwrap_or_default();
        let answer = match total < 1_000 {
            true => ReviewRequest::approve(run.id),
            false => ReviewRequest::reject(run.id).note("a digit too many"),
        };
        println!("total {total}, {note}: {}", answer.verdict);
        engine.answer(answer.by("anna")).await?;
    }
    println!("{}", batch.wait().await?);

    // What was rejected can run again, as what failed can.
    let again = batch.retry_failed(RetryOptions::default()).await?;
    println!("to run again: {}", again.get().await?.counts.total());
    again.cancel().await?;
    again.wait().await.ok();
    dispatcher.shutdown().await?;
    Ok(())
}
