use super::ground::{Ground, submit};
use crate::kv::care::verify_map;
use crate::kv::{KvOptions, KvStorage};
use crate::memory::MemoryKv;
use crate::request::{BatchRequest, Input};

#[tokio::test]
async fn a_store_after_a_days_work_is_sound_open_and_closed() {
    let ground = Ground::new().await;
    let open = ground.storage.verify().await.unwrap();
    assert!(open.is_sound(), "{open}");
    drop(ground.storage);
    let closed = verify_map(&ground.map).unwrap();
    assert_eq!(closed, open);
    assert_eq!((open.looked_at.batches, open.looked_at.runs), (3, 63));
    assert_eq!(open.looked_at.values, ground.map.dump().len() as u64);
}

#[tokio::test]
async fn a_store_that_was_opened_again_is_sound() {
    let ground = Ground::new().await;
    drop(ground.storage);
    let again = KvStorage::start(ground.map.clone(), KvOptions::default()).unwrap();
    let report = again.verify().await.unwrap();
    assert!(report.is_sound(), "{report}");
}

#[test]
fn a_map_without_anything_is_sound() {
    assert!(verify_map(&MemoryKv::new()).unwrap().is_sound());
}

#[tokio::test]
async fn a_record_of_more_values_than_one_step_reads_is_looked_at_whole() {
    let ground = Ground::new().await;
    let long = BatchRequest::new("w").input(Input::text("x".repeat(400_000)));
    submit(&ground.storage, long).await;
    let report = ground.storage.verify().await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.looked_at.values, ground.map.dump().len() as u64);
}
