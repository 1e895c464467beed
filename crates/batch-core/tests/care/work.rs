use std::num::NonZeroU32;

use batch_core::id::{BatchId, WorkflowId};
use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::run::Output;
use batch_core::storage::{
    ClaimRequest, Disposition, NewBatch, Settlement, Storage, WorkflowChange,
};
use batch_core::valid::validate;

pub fn workflow() -> WorkflowId {
    WorkflowId::new("w").unwrap()
}

pub async fn begin(storage: &dyn Storage) {
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(workflow(), change).await.unwrap();
}

/// Stores a batch of this many inputs, large and small.
pub async fn submit(storage: &dyn Storage, inputs: u32) -> BatchId {
    let input = |n: u32| Input::text("x".repeat(50 + (n as usize % 7) * 900));
    let request = BatchRequest::new("w").inputs((0..inputs).map(input));
    let id = BatchId::generate();
    let valid = validate(request, &Limits::default()).unwrap();
    storage.insert(NewBatch::single(id, valid)).await.unwrap();
    id
}

/// Claims some runs and ends them, with an output each.
pub async fn work(storage: &dyn Storage, limit: u32) {
    let limit = NonZeroU32::new(limit).unwrap();
    let request = ClaimRequest::new(vec![workflow()], limit);
    let runs = storage.claim(request).await.unwrap().runs;
    let ends = runs.into_iter().map(|run| {
        let size = run.claim.run().ordinal().get() as usize % 3;
        let output = Some(Output::new(&"y".repeat(size * 300)).unwrap());
        Settlement::new(run.claim, Disposition::Processed { output })
    });
    storage.settle(ends.collect()).await.unwrap();
}
