//! A store with something of everything in it: what waits, runs, ended, was retried, cancelled,
//! pruned, keyed, and an outsized batch that was stored in slices.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Extent;
use batch_core::id::{BatchId, RunId, SinkName, SubmissionId, WorkflowId};
use batch_core::journal::Sequence;
use batch_core::kv::{KvOptions, KvStorage, SizeBound};
use batch_core::ordinal::Ordinal;
use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::run::{Failure, Output};
use batch_core::storage::{
    CancelTarget, ClaimRequest, ClaimedRun, Disposition, InsertReply, NewBatch, PruneRequest,
    Settlement, SinkStart, Storage, StorageError, WorkflowChange,
};
use batch_core::time::{Clock, ManualClock};
use batch_core::valid::validate;

use crate::backend::{Kv, open, open_by_default};

pub(crate) type Store = KvStorage<Kv>;

/// Opens the store in a directory, with a clock that stands.
pub(crate) fn open_store(path: &Path, clock: &ManualClock) -> Result<Store, StorageError> {
    start(open(path)?, clock, SizeBound::default())
}

/// The same, with the database's own options as a user has them and a bound on its size.
pub(crate) fn open_with_bound(
    path: &Path,
    clock: &ManualClock,
    size: SizeBound,
) -> Result<Store, StorageError> {
    start(open_by_default(path)?, clock, size)
}

fn start(kv: Kv, clock: &ManualClock, size: SizeBound) -> Result<Store, StorageError> {
    let mut options = KvOptions::default();
    options.clock = Arc::new(clock.clone());
    options.size = size;
    KvStorage::start(kv, options)
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.build().unwrap().block_on(future)
}

/// The time of day at which every trial opens the store.
pub(crate) fn next_day() -> ManualClock {
    let clock = ManualClock::default();
    clock.advance(Duration::from_secs(3_600));
    clock
}

pub(crate) fn workflow(name: &str) -> WorkflowId {
    WorkflowId::new(name).unwrap()
}

/// The batch of a number: the same in every store.
pub(crate) fn batch_id(number: u128) -> BatchId {
    BatchId::from_uuid(uuid::Uuid::from_u128(
        (0x0195_0000_0000_7000_8000 << 48) + number,
    ))
}

/// What is submitted under a key, so that it can be submitted again.
pub(crate) fn keyed(key: &str, inputs: u32, priority: i64) -> NewBatch {
    let name = |n| format!("input {n} of {key}");
    let input = |n| {
        let input = Input::text(format!("text {n} of {key} ").repeat(12)).with_name(name(n));
        match n % 3 {
            0 => input.with_secret("token", format!("secret {n} of {key}")),
            1 => input.with_metadata_json(format!("{{\"place\":{n}}}")),
            _ => input,
        }
    };
    let request = BatchRequest::new("w")
        .priority(priority)
        .idempotency_key(key)
        .inputs((0..inputs).map(input));
    of_request(BatchId::generate(), request)
}

/// A batch of a few inputs that are more bytes than one commit takes.
pub(crate) fn outsized() -> NewBatch {
    let text = |n: u32| Input::text(format!("{n} of many words ").repeat(25_000));
    let request = BatchRequest::new("other")
        .idempotency_key("outsized")
        .inputs((0..3).map(text));
    of_request(BatchId::generate(), request)
}

fn of_request(id: BatchId, request: BatchRequest) -> NewBatch {
    NewBatch::single(id, validate(request, &Limits::default()).unwrap())
}

fn with_id(mut batch: NewBatch, number: u128) -> NewBatch {
    batch.id = batch_id(number);
    batch.submission = SubmissionId::of_first_batch(batch.id);
    batch
}

/// Every submit of the store's day, in the form in which it can be repeated.
pub(crate) fn submits() -> Vec<NewBatch> {
    let mut second = with_id(keyed("two parts", 9, 60), 7);
    second.submission = SubmissionId::of_first_batch(batch_id(6));
    second.part = 1;
    let mut first = with_id(keyed("two parts", 5, 60), 6);
    first.extent = Extent::Open;
    vec![
        with_id(keyed("pruned", 6, 1), 0),
        with_id(keyed("ended", 12, 2), 1),
        with_id(keyed("half done", 40, 3), 2),
        with_id(keyed("cancelled", 20, 4), 3),
        with_id(keyed("waiting", 60, 50), 4),
        with_id(outsized(), 5),
        first,
        second,
    ]
}

pub(crate) async fn claim(store: &dyn Storage, name: &str, limit: u32) -> Vec<ClaimedRun> {
    let limit = NonZeroU32::new(limit).unwrap();
    let request = ClaimRequest::new(vec![workflow(name)], limit);
    store.claim(request).await.unwrap().runs
}

pub(crate) fn output(text: &str) -> Disposition {
    Disposition::Processed {
        output: Some(Output::new(&text).unwrap()),
    }
}

async fn settle(store: &dyn Storage, run: ClaimedRun, how: Disposition) {
    let settlement = Settlement::new(run.claim, how);
    store.settle(vec![settlement]).await.unwrap();
}

/// Lives the day; everything in it is acknowledged when this returns.
pub(crate) async fn live_a_day(store: &dyn Storage, clock: &ManualClock) {
    for name in ["w", "other", "nobody's"] {
        let change = WorkflowChange::EnsureDeployed;
        store.change_workflow(workflow(name), change).await.unwrap();
    }
    let draft = WorkflowChange::SaveDraft;
    store.change_workflow(workflow("w"), draft).await.unwrap();
    for submit in submits() {
        assert_eq!(store.insert(submit).await.unwrap(), InsertReply::Stored);
    }
    end_what_is_pruned(store, clock).await;
    let sink = |name| SinkName::new(name).unwrap();
    for name in ["behind", "ahead"] {
        let start = SinkStart::Beginning;
        store.open_sink(sink(name), start).await.unwrap();
    }
    for run in claim(store, "w", 12).await {
        let text = format!("output of {:?} ", run.claim.run());
        settle(store, run, output(&text.repeat(7))).await;
    }
    work_on_the_half_done(store).await;
    let cancelled = CancelTarget::Batch(batch_id(3));
    store.cancel(cancelled).await.unwrap();
    let one = RunId::new(batch_id(4), Ordinal::new(17));
    store.cancel(CancelTarget::Run(one)).await.unwrap();
    let (behind, ahead) = (Sequence::new(9), Sequence::new(30));
    store.advance_sink(sink("behind"), behind).await.unwrap();
    store.advance_sink(sink("ahead"), ahead).await.unwrap();
}

async fn end_what_is_pruned(store: &dyn Storage, clock: &ManualClock) {
    for run in claim(store, "w", 6).await {
        settle(store, run, output("gone soon")).await;
    }
    clock.advance(Duration::from_secs(60));
    let limit = NonZeroU32::new(9).unwrap();
    let request = PruneRequest::new(clock.now().wall, limit);
    assert_eq!(store.prune(request).await.unwrap().batches, 1);
}

/// Leaves outputs small and large, failures, retries at once and later, and runs that are held.
async fn work_on_the_half_done(store: &dyn Storage) {
    let flaky = || Failure::new("FLAKY", "for a test");
    for (n, run) in (0..).zip(claim(store, "w", 25).await) {
        let how = match n % 6 {
            0 => output("small"),
            1 => output(&"large ".repeat(4_000)),
            2 => Disposition::Failed {
                failure: Failure::new("BROKEN", "for a test"),
                output: None,
            },
            3 => Disposition::Retry {
                after: Duration::ZERO,
                failure: flaky(),
            },
            4 => Disposition::Retry {
                after: Duration::from_secs(9_000),
                failure: flaky(),
            },
            _ => continue,
        };
        settle(store, run, how).await;
    }
    claim(store, "other", 1).await;
}
