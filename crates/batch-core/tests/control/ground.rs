use std::num::NonZeroU32;

use batch_core::engine::{Engine, SubmissionHandle, SubmissionRequest};
use batch_core::id::WorkflowId;
use batch_core::memory::MemoryStorage;
use batch_core::request::{Input, Limits};
use batch_core::run::{Failure, Output};
use batch_core::storage::{ClaimRequest, ClaimedRun, Disposition, Settlement};

pub const WORKFLOW: &str = "count-words";

pub fn workflow() -> WorkflowId {
    WorkflowId::new(WORKFLOW).unwrap()
}

/// An engine on memory whose batches have at most so many inputs.
pub async fn engine(most_inputs: u32) -> Engine {
    let mut limits = Limits::default();
    limits.inputs = most_inputs;
    let builder = Engine::builder().limits(limits);
    let engine = builder.open(MemoryStorage::new()).await.unwrap();
    engine.ensure_deployed(workflow()).await.unwrap();
    engine
}

pub fn texts(number: u32) -> impl Iterator<Item = Input> + Send {
    (0..number).map(|n| Input::text(format!("{n}")))
}

pub async fn submitted(engine: &Engine, inputs: u32) -> SubmissionHandle {
    let request = SubmissionRequest::new(WORKFLOW);
    engine.submit_all(request, texts(inputs)).await.unwrap()
}

pub async fn claim(engine: &Engine, most: u32) -> Vec<ClaimedRun> {
    let limit = NonZeroU32::new(most).unwrap();
    let request = ClaimRequest::new(vec![workflow()], limit);
    engine.storage().claim(request).await.unwrap().runs
}

pub fn processed() -> Disposition {
    let output = Some(Output::new(&2).unwrap());
    Disposition::Processed { output }
}

pub fn failed() -> Disposition {
    Disposition::Failed {
        failure: Failure::new("BROKEN", "it does not work"),
        output: None,
    }
}

/// Settles runs in one call.
pub async fn settle(engine: &Engine, runs: Vec<ClaimedRun>, how: fn() -> Disposition) {
    let settlements = runs
        .into_iter()
        .map(|run| Settlement::new(run.claim, how()));
    engine
        .storage()
        .settle(settlements.collect())
        .await
        .unwrap();
}

/// Works until nothing can be claimed.
pub async fn work(engine: &Engine, how: fn() -> Disposition) {
    loop {
        let runs = claim(engine, 7).await;
        if runs.is_empty() {
            return;
        }
        settle(engine, runs, how).await;
        tokio::task::yield_now().await;
    }
}

/// Lets all other tasks run until they wait.
pub async fn settle_down() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
