use std::num::NonZeroU32;

use crate::batch::BatchState;
use crate::catalogue::Version;
use crate::conformance::sample::{poll_once, request, valid, workflow};
use crate::conformance::yard::Yard;
use crate::id::BatchId;
use crate::request::{BatchRequest, Input, VersionSelector};
use crate::run::RunState;
use crate::storage::{
    BatchQuery, ErrorKind, InsertReply, NewBatch, RunQuery, WorkflowChange, WorkflowReply,
};
use crate::valid::Source;

/// Shows: "Stores a batch with all its runs, or nothing."
pub(crate) async fn a_stored_batch_has_all_its_runs_pending_with_their_inputs(yard: &mut Yard) {
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

/// Shows: "Stores a batch with all its runs, or nothing."
pub(crate) async fn every_kind_of_input_comes_back_as_it_was_given(yard: &mut Yard) {
    let request = BatchRequest::new("w")
        .input(Input::file_url("https://example.com/a.pdf").with_file_name("a.pdf"))
        .input(Input::file_id("/archive/ä b.pdf").with_name("second"))
        .input(Input::text("").with_metadata_json(r#"{"n":1.5,"t":["x",null]}"#));
    let wanted = valid(request.clone());
    let id = yard.submit_request(request).await;
    let runs = yard.runs_of(id).await;
    for (run, input) in runs.iter().zip(wanted.inputs()) {
        assert_eq!(run.source, *input.source());
        assert_eq!(run.name.as_deref(), input.name());
        assert_eq!(run.metadata, *input.metadata());
    }
    assert_eq!(runs.len(), wanted.inputs().len());
}

/// Shows: "The same key and content give InsertReply::Replayed, other content InsertReply::KeyConflict; both name the batch that was first."
/// Shows: "Repeating the call after an unclear error is safe with a key; without one it may make a second batch."
pub(crate) async fn the_same_key_and_content_give_the_first_batch_back(yard: &mut Yard) {
    let keyed = || valid(request(3).idempotency_key("k"));
    let first = NewBatch::single(BatchId::generate(), keyed());
    let id = first.id;
    yard.storage().insert(first).await.unwrap();
    let head = yard.head().await;
    for _ in 0..3 {
        assert_eq!(yard.insert(keyed()).await, InsertReply::Replayed(id));
    }
    assert_eq!(yard.batches(BatchQuery::default()).await.len(), 1);
    assert_eq!(yard.head().await, head);
}

/// Shows: "The same key and content give InsertReply::Replayed, other content InsertReply::KeyConflict; both name the batch that was first."
/// Shows: "Content is all that the caller said: workflow, version asked for, priority, when its runs may begin and until when, for whom it is executed, whether more parts may follow, which batch it retries, and the inputs in their order with their secrets."
pub(crate) async fn the_same_key_with_other_content_is_a_conflict_that_names_the_first_batch(
    yard: &mut Yard,
) {
    let id = yard.submit_request(request(3).idempotency_key("k")).await;
    let changes: [fn(&mut BatchRequest); 8] = [
        |r| r.inputs.push(Input::text("one more")),
        |r| drop(r.inputs.pop()),
        |r| r.priority = 1,
        |r| r.version = VersionSelector::Number(NonZeroU32::MIN),
        |r| r.inputs[1].secrets.insert("token", "other"),
        |r| r.inputs.swap(0, 1),
        |r| r.inputs[2].name = None,
        |r| r.workflow = "other".into(),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut other = request(3).idempotency_key("k");
        change(&mut other);
        let reply = yard.insert(valid(other)).await;
        assert_eq!(reply, InsertReply::KeyConflict(id), "change {n}");
    }
    assert_eq!(yard.batches(BatchQuery::default()).await.len(), 1);
}

/// Shows: "Content is all that the caller said: workflow, version asked for, priority, when its runs may begin and until when, for whom it is executed, whether more parts may follow, which batch it retries, and the inputs in their order with their secrets."
pub(crate) async fn another_secret_under_the_same_key_is_other_content(yard: &mut Yard) {
    let with = |secret: &str| {
        let input = Input::text("a").with_secret("token", secret);
        BatchRequest::new("w").idempotency_key("k").input(input)
    };
    let id = yard.submit_request(with("one")).await;
    let same = yard.insert(valid(with("one"))).await;
    assert_eq!(same, InsertReply::Replayed(id));
    let other = yard.insert(valid(with("two"))).await;
    assert_eq!(other, InsertReply::KeyConflict(id));
}

/// Shows: "Repeating the call after an unclear error is safe with a key; without one it may make a second batch."
pub(crate) async fn without_a_key_the_same_content_makes_another_batch(yard: &mut Yard) {
    let first = yard.submit(2).await;
    let second = yard.submit(2).await;
    assert_ne!(first, second);
    assert_eq!(yard.batches(BatchQuery::default()).await.len(), 2);
}

/// Shows: "The idempotency key is looked up before the catalogue, and both before the bound."
/// Shows: "The version is resolved here, once."
pub(crate) async fn a_replay_is_answered_though_the_workflow_has_moved_on(yard: &mut Yard) {
    let id = yard.submit_request(request(1).idempotency_key("k")).await;
    let deploy = WorkflowChange::Deploy;
    let deployed = yard.storage().change_workflow(workflow(), deploy).await;
    assert!(matches!(deployed.unwrap(), WorkflowReply::Changed(_)));
    let again = yard.insert(valid(request(1).idempotency_key("k"))).await;
    assert_eq!(again, InsertReply::Replayed(id));
    let one = Version::Number(NonZeroU32::MIN);
    assert_eq!(yard.batch(id).await.version, one);
}

/// Shows: "The version is resolved here, once."
pub(crate) async fn a_batch_keeps_the_version_it_was_stored_with(yard: &mut Yard) {
    let one = Version::Number(NonZeroU32::MIN);
    let id = yard.submit(1).await;
    for change in [WorkflowChange::Deploy, WorkflowChange::SaveDraft] {
        let changed = yard.storage().change_workflow(workflow(), change).await;
        assert!(matches!(changed.unwrap(), WorkflowReply::Changed(_)));
    }
    assert_eq!(yard.claim_one().await.version, one);
    assert_eq!(yard.run(id, 0).await.version, one);
    let two = Version::Number(NonZeroU32::new(2).unwrap());
    let newest = yard.submit(1).await;
    assert_eq!(yard.batch(newest).await.version, two);
    let draft = yard
        .submit_request(request(1).version(VersionSelector::Draft))
        .await;
    assert_eq!(yard.batch(draft).await.version, Version::Draft);
}

/// Shows: "An unknown workflow or version writes nothing."
pub(crate) async fn an_unknown_workflow_or_version_writes_nothing(yard: &mut Yard) {
    let head = yard.head().await;
    let mut unknown = request(1).idempotency_key("k");
    unknown.workflow = "nobody".into();
    let reply = yard.insert(valid(unknown)).await;
    assert_eq!(reply, InsertReply::UnknownWorkflow);
    let nine = VersionSelector::Number(NonZeroU32::new(9).unwrap());
    for selector in [nine, VersionSelector::Draft] {
        let asked = request(1).version(selector).idempotency_key("k");
        let reply = yard.insert(valid(asked)).await;
        assert!(matches!(reply, InsertReply::UnknownVersion(_)), "{reply:?}");
    }
    assert_eq!(yard.head().await, head);
    assert!(yard.runs(RunQuery::default()).await.is_empty());
    let reply = yard.insert(valid(request(1).idempotency_key("k"))).await;
    assert_eq!(reply, InsertReply::Stored, "the key is still free");
}

/// Shows: "An id that is taken is refused with ErrorKind::Invalid."
pub(crate) async fn an_id_that_is_taken_is_refused(yard: &mut Yard) {
    let id = yard.submit(2).await;
    for finished in [false, true] {
        let again = NewBatch::single(id, valid(request(3)));
        let error = yard.storage().insert(again).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert_eq!(yard.batch(id).await.counts.total(), 2);
        if !finished {
            yard.work_off().await;
        }
    }
}

/// Shows: "Every method: a call whose future is dropped either happened whole or not at all."
pub(crate) async fn a_submit_whose_caller_went_away_is_there_whole_or_not_at_all(yard: &mut Yard) {
    let big = |n: u32| Input::text(format!("{n}").repeat(100_000));
    for polls in 0..5 {
        let request = BatchRequest::new("w").inputs((0..40).map(big));
        let id = BatchId::generate();
        let mut insert = yard.storage().insert(NewBatch::single(id, valid(request)));
        for _ in 0..polls {
            if poll_once(&mut insert).await.is_ready() {
                break;
            }
            yard.head().await;
        }
        drop(insert);
        let runs = yard.runs_of(id).await.len();
        match yard.storage().batch(id).await.unwrap() {
            Some(batch) => assert_eq!((runs, batch.counts.total()), (40, 40)),
            None => assert_eq!(runs, 0),
        }
    }
}
