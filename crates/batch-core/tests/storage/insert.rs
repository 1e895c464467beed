use std::num::NonZeroU32;

use batch_core::catalogue::Version;
use batch_core::id::{BatchId, WorkflowId};
use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::storage::{ErrorKind, InsertReply, NewBatch, RunQuery, WorkflowChange};
use batch_core::valid::{Source, validate};

use super::faulty_kv::Fault;
use super::yard::{Yard, valid};

#[tokio::test]
async fn storing_a_thousand_runs_writes_per_byte_and_not_per_run() {
    let yard = Yard::new().await;
    let few = yard.kv.writes();
    let tiny = |n| BatchRequest::new("w").inputs((0..n).map(|_| Input::text("")));
    yard.submit_request(tiny(10)).await;
    let many = yard.kv.writes();
    yard.submit_request(tiny(1_000)).await;
    let end = yard.kv.writes();
    // 990 inputs more, of 10 bytes each once encoded and 4 that say where, in values of 512
    // bytes: 28 values.
    assert_eq!(end - many, many - few + 28);
}

#[tokio::test]
async fn a_batch_above_a_megabyte_is_stored_in_several_commits_and_seen_whole() {
    let yard = Yard::new().await;
    let big = |n: u32| Input::text(format!("{n}").repeat(100_000));
    let commits = yard.kv.commits();
    let id = yard
        .submit_request(BatchRequest::new("w").inputs((0..30).map(big)))
        .await;
    assert!(yard.kv.commits() - commits >= 3);
    let runs = yard.runs_of(id).await;
    let text = |n: usize| Source::Text {
        text: format!("{n}").repeat(100_000),
        name: None,
    };
    assert_eq!(runs.len(), 30);
    assert!(
        runs.iter()
            .enumerate()
            .all(|(n, run)| run.source == text(n))
    );
}

fn large(inputs: u32) -> NewBatch {
    let big = |n: u32| Input::text(format!("{n}").repeat(100_000));
    let request = BatchRequest::new("w").inputs((0..inputs).map(big));
    NewBatch::single(BatchId::generate(), valid(request))
}

/// Polls a future once.
async fn poll_once<F: Future + Unpin>(mut future: F) -> std::task::Poll<F::Output> {
    std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(cx)))
        .await
}

/// Begins to store a batch of several slices and stops after the first ones.
async fn store_in_part(yard: &Yard) {
    let mut insert = yard.storage().insert(large(60));
    for _ in 0..3 {
        assert!(poll_once(&mut insert).await.is_pending());
        // A read goes through the same channel: what was asked for before is done.
        yard.storage().sinks().await.unwrap();
    }
}

/// Asks until the idle owner has cleared everything away.
async fn wait_until_clear(yard: &Yard, keys: usize) {
    while yard.kv.dump().len() > keys {
        yard.storage().sinks().await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn slices_of_a_batch_whose_submitter_went_away_are_cleared_away() {
    let yard = Yard::new().await;
    let before = yard.kv.dump().len();
    store_in_part(&yard).await;
    wait_until_clear(&yard, before).await;
}

#[tokio::test]
async fn slices_of_a_batch_whose_process_died_are_cleared_away_and_never_seen() {
    let mut yard = Yard::new().await;
    let before = yard.kv.dump().len();
    // The slices stay: the process dies before it can clear them away.
    let mut insert = yard.storage().insert(large(60));
    for _ in 0..3 {
        assert!(poll_once(&mut insert).await.is_pending());
        yard.storage().sinks().await.unwrap();
    }
    yard.kv.plan(Some(Fault::LoseFrom(0)));
    drop(insert);
    yard.close();
    yard.kv.plan(None);
    assert!(yard.kv.dump().len() > before);
    yard.open().unwrap();
    assert!(yard.runs(RunQuery::default()).await.is_empty());
    wait_until_clear(&yard, before).await;
}

#[tokio::test]
async fn an_input_larger_than_a_record_may_be_is_refused_and_the_store_goes_on() {
    let yard = Yard::new().await;
    let mut limits = Limits::default();
    limits.text_bytes = 40 << 20;
    let request = BatchRequest::new("w").input(Input::text("x".repeat(40 << 20)));
    let content = validate(request, &limits).unwrap();
    let batch = NewBatch::single(BatchId::generate(), content);
    let error = yard.storage().insert(batch).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("33095175 at most"), "{error}");
    yard.submit(1).await;
}

/// The same batch of several slices under the same key, each time it is asked for.
fn large_keyed() -> NewBatch {
    let inputs = (0..30).map(|n| Input::text(format!("{n}").repeat(100_000)));
    let request = BatchRequest::new("w").idempotency_key("k").inputs(inputs);
    NewBatch::single(BatchId::generate(), valid(request))
}

#[tokio::test]
async fn a_batch_of_several_slices_that_is_known_by_its_key_writes_nothing() {
    let yard = Yard::new().await;
    let first = large_keyed();
    let id = first.id;
    yard.storage().insert(first).await.unwrap();
    let writes = yard.kv.writes();
    let reply = yard.storage().insert(large_keyed()).await.unwrap();
    assert_eq!(reply, InsertReply::Replayed(id));
    assert_eq!(yard.kv.writes(), writes);
}

#[tokio::test]
async fn of_two_that_store_slices_under_one_key_at_once_the_second_leaves_nothing_behind() {
    let yard = Yard::new().await;
    yard.storage().insert(large_keyed()).await.unwrap();
    let keys_of_one = yard.kv.dump().len();
    let yard = Yard::new().await;
    let storage = yard.storage();
    let (first, second) =
        tokio::join!(storage.insert(large_keyed()), storage.insert(large_keyed()));
    let replies = [first.unwrap(), second.unwrap()];
    assert!(replies.contains(&InsertReply::Stored), "{replies:?}");
    assert!(
        replies
            .iter()
            .any(|r| matches!(r, InsertReply::Replayed(_)))
    );
    wait_until_clear(&yard, keys_of_one).await;
}

#[tokio::test]
async fn a_batch_is_stored_for_the_newest_version_however_many_workflows_there_are() {
    let yard = Yard::new().await;
    for (deploy, version) in [
        (WorkflowChange::EnsureDeployed, 1),
        (WorkflowChange::Deploy, 2),
    ] {
        for n in 0..300 {
            let name = format!("workflow {n}");
            let id = WorkflowId::new(&name).unwrap();
            let deployed = yard.storage().change_workflow(id, deploy);
            deployed.await.unwrap();
        }
        for n in 0..300 {
            let request = BatchRequest::new(format!("workflow {n}")).inputs([Input::text("a")]);
            let batch = yard.submit_request(request).await;
            let version = NonZeroU32::new(version).unwrap();
            let stored = yard.batch(batch).await.version;
            assert_eq!(stored, Version::Number(version), "workflow {n}");
        }
    }
}
