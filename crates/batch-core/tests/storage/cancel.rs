use batch_core::storage::{CancelReply, CancelTarget};

use super::yard::Yard;

async fn cancel(yard: &Yard, target: CancelTarget) -> CancelReply {
    yard.storage().cancel(target).await.unwrap()
}

#[tokio::test]
async fn cancelling_a_thousand_waiting_runs_costs_the_writes_of_cancelling_ten() {
    let yard = Yard::new().await;
    let mut costs = Vec::new();
    for inputs in [10, 1_000] {
        let id = yard.submit(inputs).await;
        let before = yard.kv.writes();
        let reply = cancel(&yard, CancelTarget::Batch(id)).await;
        assert_eq!(reply, CancelReply::Cancelled);
        costs.push(yard.kv.writes() - before);
    }
    assert_eq!(costs[0], costs[1]);
}
