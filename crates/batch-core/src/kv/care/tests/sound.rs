use std::num::NonZeroU32;
use std::time::Duration;

use super::ground::{Ground, claim_one, record_step, submit, with_secrets, workflow};
use crate::batch::Flow;
use crate::id::{BatchId, RunId};
use crate::kv::care::verify_map;
use crate::kv::key::Place;
use crate::kv::{KvOptions, KvStorage};
use crate::memory::MemoryKv;
use crate::ordinal::Ordinal;
use crate::request::{BatchRequest, Input, Limits, RunUpdate};
use crate::storage::{
    ClaimRequest, DeleteReply, DeleteTarget, Disposition, Settlement, Storage, UpdateReply,
};
use crate::time::Clock;
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

/// Says which runs of a batch still have steps in the map.
fn stepped(ground: &Ground, id: BatchId) -> Vec<u32> {
    let keys = ground.map.dump().into_iter().map(|kv| kv.key);
    let mut runs: Vec<_> = keys
        .filter_map(|key| match Place::of(&key[..key.len() - 2]) {
            Some(Place::Steps(batch, ordinal)) if batch == id => Some(ordinal.get()),
            _ => None,
        })
        .collect();
    runs.dedup();
    runs
}

/// Run 0 is held, runs 1 and 2 have recorded steps, were snoozed and have expired.
async fn expired_with_steps(ground: &Ground) -> BatchId {
    let storage = &ground.storage;
    storage.set_flow(ground.half, Flow::Paused).await.unwrap();
    let at = ground.clock.now().wall + Duration::from_secs(5);
    let id = submit(storage, with_secrets(3).expires_at(at)).await;
    claim_one(storage).await;
    for _ in 0..2 {
        let claim = claim_one(storage).await;
        record_step(storage, &claim, "charge").await;
        let after = Duration::from_secs(60);
        let snoozed = Settlement::new(claim, Disposition::Snoozed { after });
        storage.settle(vec![snoozed]).await.unwrap();
    }
    ground.clock.advance(Duration::from_secs(5));
    let claim = ClaimRequest::new(vec![workflow()], NonZeroU32::MIN);
    storage.claim(claim).await.unwrap();
    assert_eq!(storage.batch(id).await.unwrap().unwrap().counts.failed, 2);
    assert_eq!(stepped(ground, id), [1, 2]);
    id
}

#[tokio::test]
async fn a_run_that_expired_with_steps_leaves_none_of_them_where_it_is_deleted() {
    let ground = Ground::new().await;
    let id = expired_with_steps(&ground).await;
    let target = DeleteTarget::Run(RunId::new(id, Ordinal::new(1)));
    let reply = ground.storage.delete(target).await.unwrap();
    assert_eq!(reply, DeleteReply::Deleted);
    assert_eq!(stepped(&ground, id), [2]);
    let report = ground.storage.verify().await.unwrap();
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
