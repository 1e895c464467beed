use batch_core::batch::{BatchState, Extent};
use batch_core::catalogue::Version;
use batch_core::id::{BatchId, SubmissionId, WorkflowId};
use batch_core::request::{BatchRequest, Input, VersionSelector};
use batch_core::run::RunState;
use batch_core::storage::{
    BatchQuery, InsertReply, NewBatch, RunQuery, WorkflowChange, WorkflowReply,
};
use batch_core::valid::Source;
use std::num::NonZeroU32;

use super::faulty_kv::Fault;
use super::yard::{Yard, request, valid};

#[tokio::test]
async fn a_stored_batch_has_all_its_runs_pending_with_their_inputs() {
    let yard = Yard::new().await;
    let id = yard.submit(40).await;
    let batch = yard.batch(id).await;
    assert_eq!((batch.counts.pending, batch.counts.total()), (40, 40));
    assert_eq!(batch.state, BatchState::Pending);
    let runs = yard.runs_of(id).await;
    assert_eq!(runs.len(), 40);
    for (n, run) in runs.iter().enumerate() {
        assert_eq!(run.state, RunState::Pending);
        assert_eq!(run.name, Some(format!("input {n}")));
        let text = format!("text {n}");
        assert_eq!(run.source, Source::Text { text, name: None });
    }
}

#[tokio::test]
async fn storing_a_thousand_runs_writes_per_byte_and_not_per_run() {
    let yard = Yard::new().await;
    let few = yard.kv.writes();
    let tiny = |n| BatchRequest::new("w").inputs((0..n).map(|_| Input::text("")));
    yard.submit_request(tiny(10)).await;
    let many = yard.kv.writes();
    yard.submit_request(tiny(1_000)).await;
    let end = yard.kv.writes();
    // 990 inputs more, of 10 bytes each once encoded, in values of 512 bytes: 20 values.
    assert_eq!(end - many, many - few + 20);
}

#[tokio::test]
async fn the_same_key_and_content_give_the_first_batch_back() {
    let yard = Yard::new().await;
    let keyed = || valid(request(3).idempotency_key("k"));
    let first = NewBatch::single(BatchId::generate(), keyed());
    let id = first.id;
    yard.storage().insert(first).await.unwrap();
    assert_eq!(yard.insert(keyed()).await, InsertReply::Replayed(id));
    let all = yard.storage().batches(BatchQuery::default()).await.unwrap();
    assert_eq!(all.items.len(), 1);
}

#[tokio::test]
async fn the_same_key_with_other_content_is_a_conflict_that_names_the_first_batch() {
    let yard = Yard::new().await;
    let id = yard.submit_request(request(3).idempotency_key("k")).await;
    let changes: [fn(BatchRequest) -> BatchRequest; 5] = [
        |r| r.input(Input::text("one more")),
        |r| r.priority(1),
        |r| r.version(VersionSelector::Number(NonZeroU32::MIN)),
        |mut r| {
            r.inputs[1].secrets.insert("token", "other");
            r
        },
        |mut r| {
            r.inputs.swap(0, 1);
            r
        },
    ];
    for change in changes {
        let other = change(request(3).idempotency_key("k"));
        assert_eq!(
            yard.insert(valid(other)).await,
            InsertReply::KeyConflict(id)
        );
    }
}

#[tokio::test]
async fn a_replay_is_answered_though_the_workflow_has_moved_on() {
    let yard = Yard::new().await;
    let id = yard.submit_request(request(1).idempotency_key("k")).await;
    let workflow = WorkflowId::new("w").unwrap();
    let deployed = yard
        .storage()
        .change_workflow(workflow, WorkflowChange::Deploy);
    assert!(matches!(deployed.await.unwrap(), WorkflowReply::Changed(_)));
    let again = yard.insert(valid(request(1).idempotency_key("k"))).await;
    assert_eq!(again, InsertReply::Replayed(id));
    let one = Version::Number(NonZeroU32::MIN);
    assert_eq!(yard.batch(id).await.version, one);
}

#[tokio::test]
async fn an_unknown_workflow_or_version_writes_nothing() {
    let yard = Yard::new().await;
    let before = yard.kv.commits();
    let mut unknown = request(1);
    unknown.workflow = "nobody".into();
    assert_eq!(
        yard.insert(valid(unknown)).await,
        InsertReply::UnknownWorkflow
    );
    let nine = VersionSelector::Number(NonZeroU32::new(9).unwrap());
    let reply = yard.insert(valid(request(1).version(nine))).await;
    assert!(matches!(reply, InsertReply::UnknownVersion(_)), "{reply:?}");
    assert_eq!(yard.kv.commits(), before);
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
async fn the_parts_of_a_submission_are_counted_and_listed_in_order() {
    let yard = Yard::new().await;
    let first = BatchId::generate();
    let submission = SubmissionId::of_first_batch(first);
    let mut ids = Vec::new();
    for part in 0..3 {
        let id = if part == 0 {
            first
        } else {
            BatchId::generate()
        };
        let mut batch = NewBatch::single(id, valid(request(2).idempotency_key("k")));
        batch.submission = submission;
        batch.part = part;
        batch.extent = if part == 2 {
            Extent::Complete
        } else {
            Extent::Open
        };
        let reply = yard.storage().insert(batch).await.unwrap();
        assert_eq!(reply, InsertReply::Stored);
        ids.push(id);
    }
    let known = yard
        .storage()
        .submission(submission)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((known.batches, known.inputs), (3, 6));
    assert_eq!(known.extent, Extent::Complete);
    let mut query = BatchQuery::default();
    query.submission = Some(submission);
    let page = yard.storage().batches(query).await.unwrap();
    let listed: Vec<_> = page.items.iter().map(|batch| batch.id).collect();
    assert_eq!(listed, ids);
}
