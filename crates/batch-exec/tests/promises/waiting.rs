use std::num::NonZeroUsize;
use std::time::Duration;

use batch_core::engine::WaitReason;
use batch_core::id::WorkflowId;
use batch_core::request::{BatchRequest, Input};
use batch_core::run::RunState;

use batch_exec::executor::{ExecutorError, Outcome, RunContext};

use super::yard::Yard;

const SECOND: Duration = Duration::from_secs(1);

async fn done(_: RunContext) -> Result<Outcome, ExecutorError> {
    Ok(Outcome::done_without_output())
}

fn nobody(workflow: &str) -> Option<WaitReason> {
    Some(WaitReason::NotExecuted(workflow.parse().unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_executes_says_so_and_counts_no_attempt() {
    let yard = Yard::new().await;
    let other = yard.dispatcher().workflow("other", done);
    let other = other.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    tokio::time::sleep(3_600 * SECOND).await;
    let run = yard.run(batch, 0).await;
    assert_eq!((run.state, run.attempts), (RunState::Pending, 0));
    assert_eq!(yard.engine.run_waits_for(&run).await.unwrap(), nobody("w"));
    let waits = yard
        .engine
        .batch_waits_for(&yard.batch(batch).await)
        .await
        .unwrap();
    assert_eq!(waits, nobody("w"));
    assert_eq!(waits.unwrap().to_string(), "nobody here executes w");
    let dispatcher = yard.dispatcher().workflow("w", done);
    let dispatcher = dispatcher.start().await.unwrap();
    let batch = yard.finished(batch).await;
    assert!(batch.succeeded());
    let run = yard.run(batch.id, 0).await;
    assert_eq!(yard.engine.run_waits_for(&run).await.unwrap(), None);
    assert_eq!(yard.engine.batch_waits_for(&batch).await.unwrap(), None);
    dispatcher.shutdown().await.unwrap();
    other.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_workflow_is_executed_until_its_last_dispatcher_stops_claiming() {
    let yard = Yard::new().await;
    let workflow = "w".parse().unwrap();
    let [one, two] = [
        yard.dispatcher().workflow("w", done).start().await.unwrap(),
        yard.dispatcher().workflow("w", done).start().await.unwrap(),
    ];
    assert!(yard.engine.is_served(&workflow));
    one.shutdown().await.unwrap();
    assert!(yard.engine.is_served(&workflow));
    two.begin_shutdown();
    tokio::time::sleep(SECOND).await;
    assert!(!yard.engine.is_served(&workflow));
    two.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_says_whether_it_waits_for_its_turn_or_for_another_attempt() {
    let yard = Yard::new().await;
    let work = |run: RunContext| async move {
        match (run.id().ordinal().get(), run.attempt().get()) {
            (0, 1) => Ok(Outcome::retry_after(60 * SECOND, "BUSY", "later")),
            _ => {
                tokio::time::sleep(10 * SECOND).await;
                Ok(Outcome::done_without_output())
            }
        }
    };
    let builder = yard.dispatcher().prefetch(0).concurrency(NonZeroUsize::MIN);
    let dispatcher = builder.workflow("w", work).start().await.unwrap();
    let batch = yard.submit("w", 3).await;
    tokio::time::sleep(SECOND).await;
    let mut reasons = Vec::new();
    for ordinal in 0..3 {
        let run = yard.run(batch, ordinal).await;
        reasons.push((yard.engine.run_waits_for(&run).await.unwrap(), run.due_at));
    }
    let due_at = reasons[0].1.unwrap();
    assert_eq!(reasons[0].0, Some(WaitReason::NotDue(due_at)));
    assert_eq!(reasons[1].0, None, "it executes");
    assert_eq!(reasons[2].0, Some(WaitReason::Turn));
    let waits = yard
        .engine
        .batch_waits_for(&yard.batch(batch).await)
        .await
        .unwrap();
    assert_eq!(waits, Some(WaitReason::Turn));
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_may_not_begin_yet_says_when() {
    let yard = Yard::new().await;
    let dispatcher = yard.dispatcher().workflow("w", done).start().await.unwrap();
    let at = yard.engine.clock().now().wall + 60 * SECOND;
    let request = BatchRequest::new("w")
        .inputs([Input::text("t")])
        .not_before(at);
    let batch = yard.engine.submit_batch(request).await.unwrap().id();
    let waits = yard
        .engine
        .batch_waits_for(&yard.batch(batch).await)
        .await
        .unwrap();
    assert_eq!(waits, Some(WaitReason::NotDue(at)));
    let waits = yard
        .engine
        .run_waits_for(&yard.run(batch, 0).await)
        .await
        .unwrap();
    assert_eq!(waits, Some(WaitReason::NotDue(at)));
    assert!(yard.finished(batch).await.succeeded());
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_says_that_its_batch_or_its_workflow_is_paused() {
    let yard = Yard::new().await;
    let dispatcher = yard.dispatcher().workflow("w", done).start().await.unwrap();
    let workflow: WorkflowId = "w".parse().unwrap();
    yard.engine.pause_workflow(workflow.clone()).await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.engine.pause_batch(batch).await.unwrap();
    let why = async || {
        let run = yard.run(batch, 0).await;
        let of_run = yard.engine.run_waits_for(&run).await.unwrap();
        let batch = yard.batch(batch).await;
        let of_batch = yard.engine.batch_waits_for(&batch).await.unwrap();
        assert_eq!(of_run, of_batch);
        of_run
    };
    assert_eq!(
        why().await,
        Some(WaitReason::WorkflowPaused(workflow.clone()))
    );
    yard.engine.resume_workflow(workflow).await.unwrap();
    assert_eq!(why().await, Some(WaitReason::BatchPaused(batch)));
    yard.engine.resume_batch(batch).await.unwrap();
    assert!(yard.finished(batch).await.succeeded());
    assert_eq!(why().await, None);
    dispatcher.shutdown().await.unwrap();
}
