use std::num::NonZeroU32;

use super::*;
use crate::{Backend, Load};

const LOAD: Load = Load {
    inputs: 10,
    bytes: 20,
    submitters: 3,
};

#[tokio::test]
async fn what_is_filled_can_be_claimed_settled_and_dispatched() {
    let opened = Backend::Memory.subject().open().await.unwrap();
    let storage = &**opened.storage();
    fill(&opened, LOAD, 5).await.unwrap();
    let group = NonZeroU32::new(4).unwrap();
    claim_and_settle(storage, 50, group).await.unwrap();
    let empty = claim_and_settle(storage, 1, group).await;
    assert!(empty.is_err(), "all runs have been claimed");

    let (ids, _) = fill(&opened, LOAD, 2).await.unwrap();
    dispatch(&opened.engine, &ids, Dispatching::FAIR)
        .await
        .unwrap();
    let batch = storage.batch(ids[1]).await.unwrap().unwrap();
    assert!(batch.is_finished());
}

#[tokio::test]
async fn each_pickup_is_found_and_a_sink_sees_what_happened() {
    let opened = Backend::Memory.subject().open().await.unwrap();
    let found = pickup(&opened, 3, 20).await.unwrap();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|p| p.since_return <= p.since_call));
    // Each run begins and ends.
    sink(&opened, "sink".to_owned(), 6).await.unwrap();
}

#[tokio::test]
async fn a_run_that_is_not_there_is_no_measurement() {
    let opened = Backend::Memory.subject().open().await.unwrap();
    let (ids, _) = fill(&opened, LOAD, 1).await.unwrap();
    let storage = &**opened.storage();
    get_batch(storage, &ids, 3).await.unwrap();
    // Its batches are taken to have 1,000 runs.
    assert!(get_run(storage, &ids, 0, 3).await.is_err());
}
