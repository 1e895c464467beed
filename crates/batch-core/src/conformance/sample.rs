//! What cases submit and bring back.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use crate::id::{StepName, WorkflowId};
use crate::journal::Fact;
use crate::ordinal::Ordinal;
use crate::request::{BatchRequest, Input, Limits, RunUpdate};
use crate::run::{Failure, Output, Step};
use crate::storage::{ClaimedRun, Disposition};
use crate::valid::{ValidBatch, ValidUpdate, validate, validate_update};

pub(super) fn workflow() -> WorkflowId {
    WorkflowId::new("w").unwrap()
}

/// A batch of so many small texts.
pub(super) fn request(inputs: u32) -> BatchRequest {
    let input = |n| Input::text(format!("text {n}")).with_name(format!("input {n}"));
    BatchRequest::new("w").inputs((0..inputs).map(input))
}

pub(super) fn valid(request: BatchRequest) -> ValidBatch {
    validate(request, &Limits::default()).unwrap()
}

/// The update of a run that gives it a name.
pub(super) fn renamed() -> ValidUpdate {
    let update = RunUpdate::new().name("renamed");
    validate_update(Ordinal::new(0), update, &Limits::default()).unwrap()
}

pub(super) fn processed() -> Disposition {
    Disposition::Processed { output: None }
}

pub(super) fn output(text: &str) -> Disposition {
    let output = Some(Output::new(&text).unwrap());
    Disposition::Processed { output }
}

pub(super) fn failed(reason: &str) -> Disposition {
    Disposition::Failed {
        failure: Failure::new(reason, "for a test"),
        output: None,
    }
}

pub(super) fn retry(seconds: u64) -> Disposition {
    Disposition::Retry {
        after: Duration::from_secs(seconds),
        failure: Failure::new("FLAKY", "for a test"),
    }
}

/// A note that says to look here, and this text as output.
pub(super) fn needs_review(text: &str) -> Disposition {
    Disposition::NeedsReview {
        note: "look here".into(),
        output: Some(Output::new(&text).unwrap()),
    }
}

pub(super) fn snooze(seconds: u64) -> Disposition {
    let after = Duration::from_secs(seconds);
    Disposition::Snoozed { after }
}

/// A step of this name that came to this text.
pub(super) fn step(name: &str, result: &str) -> Step {
    Step::new(StepName::new(name).unwrap(), &result).unwrap()
}

/// The places of claimed runs.
pub(super) fn ordinals(runs: &[ClaimedRun]) -> Vec<u32> {
    let ordinal = |run: &ClaimedRun| run.claim.run().ordinal().get();
    runs.iter().map(ordinal).collect()
}

/// A fact's name.
pub(super) fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Created => "created",
        Fact::Started(_) => "started",
        Fact::Ended(_) => "ended",
        Fact::Retrying(_) => "retrying",
        Fact::NeedsReview(_) => "needs review",
        Fact::Reviewed(_) => "reviewed",
        Fact::Released(_) => "released",
        Fact::Snoozed(_) => "snoozed",
        Fact::Interrupted(_) => "interrupted",
        Fact::Cancelling(_) => "cancelling",
        Fact::Swept(_) => "swept",
        Fact::Expired(_) => "expired",
        Fact::Paused => "paused",
        Fact::Resumed => "resumed",
        Fact::Updated(_) => "updated",
        Fact::Deleted(_) => "deleted",
        Fact::BatchDeleted => "batch deleted",
        Fact::Finished { .. } => "finished",
    }
}

/// Polls a future once.
pub(super) async fn poll_once<T>(
    future: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> Poll<T> {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
