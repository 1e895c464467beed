use std::num::NonZeroU32;

use crate::conformance::sample::{processed, retry};
use crate::conformance::yard::Yard;
use crate::id::BatchId;
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::request::{BatchRequest, Input};
use crate::storage::{Disposition, OutputDetail, RunQuery};

const MARKER: &str = "hunter2-hunter2";

fn with_secrets(inputs: u32) -> BatchRequest {
    let input = |n: u32| Input::text(format!("{n}")).with_secret("token", format!("{MARKER}-{n}"));
    BatchRequest::new("w").inputs((0..inputs).map(input))
}

/// Everything that reads bring of a batch, and the inputs' secrets besides.
async fn is_read(yard: &Yard, id: BatchId) -> bool {
    let query = RunQuery {
        batch: Some(id),
        output: OutputDetail::Included,
        ..RunQuery::default()
    };
    let inputs = yard.storage().inputs(id, OrdinalSet::up_to(9)).await;
    let inputs = inputs.unwrap();
    let journal = yard.storage().journal(Sequence::START, NonZeroU32::MAX);
    let text = format!(
        "{:?} {:?} {inputs:?} {:?}",
        yard.batch(id).await,
        yard.runs(query).await,
        journal.await.unwrap(),
    );
    text.contains(MARKER)
        || inputs
            .iter()
            .any(|input| input.secrets().get("token").is_some())
}

/// Shows: "It brings its own input, secrets included."
/// Shows: "Reads inputs of a batch, in ascending order, without secrets."
pub(crate) async fn a_claimed_run_has_its_own_secrets_and_no_read_has_any(yard: &mut Yard) {
    let id = yard.submit_request(with_secrets(3)).await;
    assert!(!is_read(yard, id).await);
    for run in yard.claim(3).await {
        let expected = format!("{MARKER}-{}", run.claim.run().ordinal());
        assert_eq!(run.input.secrets().get("token"), Some(expected.as_str()));
        assert!(!format!("{run:?}").contains(MARKER));
    }
    assert!(!is_read(yard, id).await);
}

/// Shows: "It brings its own input, secrets included."
pub(crate) async fn secrets_come_with_every_attempt(yard: &mut Yard) {
    yard.submit_request(with_secrets(1)).await;
    for disposition in [retry(0), Disposition::Released, processed()] {
        let run = yard.claim_one().await;
        let expected = format!("{MARKER}-0");
        assert_eq!(run.input.secrets().get("token"), Some(expected.as_str()));
        yard.settle(run, disposition).await;
    }
}

/// Shows: "It brings its own input, secrets included."
pub(crate) async fn secrets_outlive_a_crash(yard: &mut Yard) {
    yard.submit_request(with_secrets(2)).await;
    yard.claim_one().await;
    yard.crash().await;
    for run in yard.claim(2).await {
        let expected = format!("{MARKER}-{}", run.claim.run().ordinal());
        assert_eq!(run.input.secrets().get("token"), Some(expected.as_str()));
    }
}

/// Shows: "After a run has ended no call returns its secrets; their names stay."
pub(crate) async fn after_the_end_no_call_returns_secrets_and_the_names_stay(yard: &mut Yard) {
    let id = yard.submit_request(with_secrets(3)).await;
    yard.cancel_run(id, 0).await;
    let run = yard.claim_one().await;
    yard.settle(run, processed()).await;
    yard.cancel_batch(id).await;
    assert!(yard.batch(id).await.is_finished());
    assert!(!is_read(yard, id).await);
    let inputs = yard.storage().inputs(id, OrdinalSet::up_to(3)).await;
    let inputs = inputs.unwrap();
    assert_eq!(inputs.len(), 3);
    assert!(inputs.iter().all(|input| input.secret_names() == ["token"]));
}
