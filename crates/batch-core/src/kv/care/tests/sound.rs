use std::num::NonZeroU32;

use super::ground::{Ground, submit, with_secrets, workflow};
use crate::id::RunId;
use crate::kv::care::verify_map;
use crate::kv::{KvOptions, KvStorage};
use crate::memory::MemoryKv;
use crate::ordinal::Ordinal;
use crate::request::{BatchRequest, Input, Limits, RunUpdate};
use crate::storage::{ClaimRequest, DeleteReply, DeleteTarget, Storage, UpdateReply};
use crate::valid::validate_update;

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

#[tokio::test]
async fn a_batch_that_expired_is_sound() {
    let ground = Ground::new().await;
    let storage = &ground.storage;
    let past = jiff::Timestamp::UNIX_EPOCH;
    let id = submit(storage, with_secrets(3).expires_at(past)).await;
    let claim = ClaimRequest::new(vec![workflow()], NonZeroU32::MIN);
    storage.claim(claim).await.unwrap();
    let expired = storage.batch(id).await.unwrap().unwrap();
    assert_eq!(expired.counts.failed, 3);
    let report = storage.verify().await.unwrap();
    assert!(report.is_sound(), "{report}");
}

#[tokio::test]
async fn a_store_with_deleted_and_updated_runs_and_a_deleted_batch_is_sound() {
    let ground = Ground::new().await;
    let storage = &ground.storage;
    let run = |batch| RunId::new(batch, Ordinal::new(0));
    let update = RunUpdate::new().merge_json(r#"{"a":1}"#);
    let update = validate_update(Ordinal::new(0), update, &Limits::default()).unwrap();
    let updated = storage.update_run(run(ground.half), update).await.unwrap();
    assert!(matches!(updated, UpdateReply::Updated(_)));
    for target in [
        DeleteTarget::Run(run(ground.cancelled)),
        DeleteTarget::Batch(ground.finished),
    ] {
        let reply = storage.delete(target).await.unwrap();
        assert_eq!(reply, DeleteReply::Deleted);
    }
    let report = storage.verify().await.unwrap();
    assert!(report.is_sound(), "{report}");
    let gone = storage.batch(ground.finished).await.unwrap().unwrap();
    assert!(gone.deleted_at.is_some(), "a sink has still to hear of it");
}
