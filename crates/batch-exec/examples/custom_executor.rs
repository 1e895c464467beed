//! An executor with a state of its own, retries, a time limit, and a sink that tells what happens.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use batch_core::engine::{Engine, RunFilter};
use batch_core::journal::Event;
use batch_core::memory::MemoryStorage;
use batch_core::request::Input;
use batch_exec::dispatcher::WorkflowOptions;
use batch_exec::{
    Dispatcher, Executor, ExecutorError, Outcome, RetryPolicy, RunContext, SinkStart, async_trait,
};

/// Converts amounts to euros with rates that it looks up once per currency.
#[derive(Default)]
struct Converter {
    rates: Mutex<BTreeMap<String, f64>>,
}

impl Converter {
    /// Asks a slow service, which has never heard of some currencies and sometimes hangs.
    async fn look_up(&self, currency: &str, run: &RunContext) -> Result<f64, ExecutorError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        match currency {
            "USD" if run.attempt().get() == 1 => Err("the service of rates refused the call")?,
            "USD" => Ok(0.9),
            "DKK" => Ok(0.13),
            "XXX" => std::future::pending().await,
            _ => Err(format!("no rate for {currency}"))?,
        }
    }

    async fn rate(&self, currency: &str, run: &RunContext) -> Result<f64, ExecutorError> {
        let known = self
            .rates
            .lock()
            .ok()
            .and_then(|r| r.get(currency).copied());
        if let Some(rate) = known {
            return Ok(rate);
        }
        let rate = self.look_up(currency, run).await?;
        if let Ok(mut rates) = self.rates.lock() {
            rates.insert(currency.to_owned(), rate);
        }
        Ok(rate)
    }
}

#[async_trait]
impl Executor for Converter {
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        let Some((amount, currency)) = run.text()?.split_once(' ') else {
            return Ok(Outcome::fail(
                "MALFORMED",
                "an amount and a currency are wanted",
            ));
        };
        let amount: f64 = amount.parse()?;
        Ok(Outcome::done(amount * self.rate(currency, &run).await?))
    }
}

fn tell(event: &Event) {
    let run = event.kind.run();
    let name = run.and_then(|run| run.name.as_deref()).unwrap_or("batch");
    println!("  {:<15} {name}", event.kind.name());
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(MemoryStorage::new()).await?;
    let twice = RetryPolicy {
        first_delay: Duration::from_millis(50),
        ..RetryPolicy::of_attempts(2)
    };
    let options = WorkflowOptions::default()
        .retry(twice)
        .run_timeout(Duration::from_millis(200));
    let dispatcher = Dispatcher::builder(&engine)
        .workflow_with("to-euros", options, Converter::default())
        .sink("told", SinkStart::Beginning, tell)
        .cancel_grace(Duration::from_millis(10))
        .start()
        .await?;

    println!("what happened:");
    let amounts = ["12.50 USD", "100 DKK", "free", "ten DKK", "1 XXX", "8 USD"];
    let inputs = amounts.map(|amount| Input::text(amount).with_name(amount));
    let batch = engine.submit("to-euros", inputs).await?;
    let end = batch.wait().await?;
    dispatcher.shutdown().await?;

    println!("how it ended: {end}");
    let mut runs = batch.runs(RunFilter::default().with_outputs());
    while let Some(run) = runs.next().await? {
        let name = run.name.unwrap_or_default();
        let tries = run.attempts;
        match (run.output, run.failure) {
            (Some(output), _) => {
                println!("  {name:<10} {} EUR, attempts: {tries}", output.as_json())
            }
            (None, Some(failure)) => println!("  {name:<10} {failure}, attempts: {tries}"),
            (None, None) => println!("  {name:<10} {}", run.state),
        }
    }
    Ok(())
}
