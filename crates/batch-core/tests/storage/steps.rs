use batch_core::id::StepName;
use batch_core::run::Step;
use batch_core::storage::{CancelTarget, ClaimedRun, Disposition, StepReply};

use super::yard::{Yard, processed, request, retry};

const MARKER: &str = "a result of a step";

async fn record(yard: &Yard, run: &ClaimedRun, name: &str) {
    let step = Step::new(StepName::new(name).unwrap(), &MARKER.repeat(500)).unwrap();
    let reply = yard.storage().record_step(run.claim.key(), step).await;
    assert_eq!(reply.unwrap(), StepReply::Recorded);
}

/// How many values have something of a step in them.
fn stored(yard: &Yard) -> usize {
    let marker = MARKER.as_bytes();
    let holds = |value: &[u8]| value.windows(marker.len()).any(|window| window == marker);
    let all = yard.kv.dump();
    all.iter().filter(|kv| holds(&kv.value)).count()
}

#[tokio::test]
async fn steps_stay_for_the_next_attempt_and_go_with_the_end_of_the_run() {
    let yard = Yard::new().await;
    yard.submit_request(request(1)).await;
    let mut before = 0;
    for (n, disposition) in [retry(0), Disposition::Released].into_iter().enumerate() {
        let run = yard.claim(1).await.remove(0);
        record(&yard, &run, &format!("step {n}")).await;
        yard.settle(run, disposition).await;
        assert!(stored(&yard) > before);
        before = stored(&yard);
    }
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, processed()).await;
    assert_eq!(stored(&yard), 0);
}

#[tokio::test]
async fn the_steps_of_a_cancelled_run_go_with_it() {
    let yard = Yard::new().await;
    let id = yard.submit_request(request(2)).await;
    let run = yard.claim(1).await.remove(0);
    record(&yard, &run, "a").await;
    yard.settle(run, Disposition::Released).await;
    let target = CancelTarget::Run(super::yard::run_id(id, 0));
    yard.storage().cancel(target).await.unwrap();
    assert_eq!(stored(&yard), 0);
}

#[tokio::test]
async fn the_steps_of_a_cancelled_batch_are_cleared_away() {
    let yard = Yard::new().await;
    let id = yard.submit_request(request(50)).await;
    for run in yard.claim(50).await {
        record(&yard, &run, "a").await;
        yard.settle(run, Disposition::Released).await;
    }
    assert!(stored(&yard) >= 50);
    let target = CancelTarget::Batch(id);
    yard.storage().cancel(target).await.unwrap();
    while stored(&yard) > 0 {
        yard.storage().sinks().await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_batch_whose_runs_record_no_steps_has_no_record_of_them() {
    let yard = Yard::new().await;
    yard.submit_request(request(20)).await;
    for run in yard.claim(10).await {
        yard.settle(run, retry(0)).await;
    }
    yard.work_off().await;
    let steps = |kv: &&batch_core::kv::KeyValue| kv.key.starts_with(b"y");
    assert_eq!(yard.kv.dump().iter().filter(steps).count(), 0);
}
