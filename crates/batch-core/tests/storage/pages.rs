use batch_core::storage::{OutputDetail, RunQuery};

use super::yard::{Yard, output};

#[tokio::test]
async fn a_page_of_large_outputs_is_cut_by_bytes_and_the_next_goes_on() {
    let yard = Yard::new().await;
    let id = yard.submit(12).await;
    for run in yard.claim(12).await {
        yard.settle(run, output(&"x".repeat(1 << 19))).await;
    }
    let mut query = RunQuery::default();
    query.batch = Some(id);
    query.output = OutputDetail::Included;
    let first = yard.storage().runs(query.clone()).await.unwrap();
    assert!(first.items.len() < 12 && first.next.is_some());
    assert_eq!(yard.runs(query).await.len(), 12);
}
