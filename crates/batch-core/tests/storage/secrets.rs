use batch_core::request::{BatchRequest, Input};
use batch_core::storage::{CancelTarget, Disposition};

use super::yard::{Yard, needs_review, processed, retry};

const MARKER: &str = "hunter2-hunter2";

fn with_secrets(inputs: u32) -> BatchRequest {
    let input = |n: u32| Input::text(format!("{n}")).with_secret("token", format!("{MARKER}-{n}"));
    BatchRequest::new("w").inputs((0..inputs).map(input))
}

fn is_stored(yard: &Yard) -> bool {
    let holds = |value: &[u8]| {
        value
            .windows(MARKER.len())
            .any(|window| window == MARKER.as_bytes())
    };
    yard.kv.dump().iter().any(|kv| holds(&kv.value))
}

#[tokio::test]
async fn secrets_stay_for_a_retry_and_go_with_the_end_of_the_run() {
    let yard = Yard::new().await;
    yard.submit_request(with_secrets(1)).await;
    for disposition in [retry(0), Disposition::Released] {
        let run = yard.claim(1).await.remove(0);
        assert!(run.input.secrets().get("token").is_some());
        yard.settle(run, disposition).await;
        assert!(is_stored(&yard));
    }
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, processed()).await;
    assert!(!is_stored(&yard));
}

#[tokio::test]
async fn the_secrets_of_a_run_go_when_it_goes_into_review() {
    let yard = Yard::new().await;
    yard.submit_request(with_secrets(1)).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, needs_review()).await;
    assert!(!is_stored(&yard));
}

#[tokio::test]
async fn the_secrets_of_a_cancelled_run_go_with_it() {
    let yard = Yard::new().await;
    let id = yard.submit_request(with_secrets(1)).await;
    let target = CancelTarget::Run(super::yard::run_id(id, 0));
    yard.storage().cancel(target).await.unwrap();
    assert!(!is_stored(&yard));
}

#[tokio::test]
async fn the_secrets_of_a_cancelled_batch_are_cleared_away() {
    let yard = Yard::new().await;
    let id = yard.submit_request(with_secrets(100)).await;
    yard.storage()
        .cancel(CancelTarget::Batch(id))
        .await
        .unwrap();
    while is_stored(&yard) {
        yard.storage().sinks().await.unwrap();
        tokio::task::yield_now().await;
    }
}
