use std::collections::BTreeSet;
use std::num::NonZeroU32;

use super::ground::{Ground, SharedKv};
use crate::id::{BatchId, RunId};
use crate::journal::Sequence;
use crate::kv::care::{About, Rescued, Salvaged, VerifyReport, salvage, verify_map};
use crate::kv::key::{self, Place};
use crate::kv::{KvOptions, KvStorage, OrderedKv};
use crate::ordinal::Ordinal;
use crate::storage::{DeleteTarget, ErrorKind, Storage};

fn saved(map: &SharedKv) -> Salvaged<SharedKv> {
    salvage(
        &Rescued::new(map.clone()),
        SharedKv::new(),
        &KvOptions::default(),
    )
    .unwrap()
}

/// The batch whose records a value is one of, if it is of one.
fn batch_of(key: &[u8]) -> Option<BatchId> {
    match Place::of(&key[..key.len() - 2])? {
        // An index: made anew.
        Place::Finished(..) => None,
        place => place.batch(),
    }
}

/// Everything but this batch is kept, and what is made is sound and opens.
async fn check_saved(ground: &Ground, touched: Option<BatchId>, what: &str) {
    let saved = saved(&ground.map);
    let report = verify_map(&saved.map).unwrap();
    assert!(report.is_sound(), "{what}:\n{report}\n{}", saved.report);
    let text = saved.report.to_string();
    let store = KvStorage::start(saved.map, KvOptions::default());
    let store = store.unwrap_or_else(|e| panic!("{what}: {e}"));
    for id in [ground.finished, ground.half, ground.cancelled] {
        let there = store.batch(id).await.unwrap().is_some();
        assert!(there || touched == Some(id), "{what}: {id} is lost\n{text}");
        let told = saved.report.losses.iter();
        let told = told.filter(|loss| loss.about == About::Batch(id)).count();
        assert_eq!(told, usize::from(!there), "{what}: {id}\n{text}");
    }
}

#[tokio::test]
async fn whichever_value_is_missing_or_flipped_all_other_batches_are_kept() {
    let ground = Ground::new().await;
    for kv in ground.map.dump() {
        let touched = batch_of(&kv.key);
        let name = kv.key.escape_ascii();
        ground.map.flip(&kv.key);
        check_saved(&ground, touched, &format!("{name} flipped")).await;
        ground.map.delete(&kv.key);
        check_saved(&ground, touched, &format!("{name} missing")).await;
        ground.map.put(kv.key, kv.value);
    }
}

#[tokio::test]
async fn nothing_is_lost_of_a_store_that_is_sound() {
    let ground = Ground::new().await;
    let before = ground.map.dump();
    let saved = saved(&ground.map);
    assert_eq!(saved.report.losses, []);
    assert_eq!((saved.report.batches, saved.report.runs), (3, 63));
    assert_eq!(saved.map.dump(), before);
    assert_eq!(ground.map.dump(), before, "the source is not changed");
}

#[tokio::test]
async fn a_lost_batch_is_named_with_what_is_wrong_and_frees_its_key() {
    let ground = Ground::new().await;
    ground
        .map
        .delete(&key::inputs(ground.half, Ordinal::new(39))[..17]);
    let saved = saved(&ground.map);
    let text = saved.report.to_string();
    let named = format!("{}: it is left out: ", ground.half);
    assert!(text.contains(&named), "{text}");
    assert!(text.contains("inputs 0 to 39 are missing"), "{text}");
    assert!(
        text.contains("idempotency key \"half\": it led to"),
        "{text}"
    );
    assert!(
        text.ends_with("kept 2 batches with 23 runs, 2 losses"),
        "{text}"
    );
}

/// More is wrong before the batch is looked at than a report holds.
#[tokio::test]
async fn a_batch_that_is_not_whole_is_left_out_however_much_else_is_wrong() {
    let ground = Ground::new().await;
    let inputs = key::inputs(ground.half, Ordinal::new(39));
    ground.map.delete(&inputs[..17]);
    for n in 0..VerifyReport::MOST_FINDINGS {
        ground.map.put(format!("?{n:05}\0\0").into(), b"x".to_vec());
    }
    let saved = saved(&ground.map);
    let report = verify_map(&saved.map).unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(saved.report.batches, 2);
    let found = saved.report.found;
    assert_eq!(found.findings.len(), VerifyReport::MOST_FINDINGS);
    assert!(found.left_out > 0);
}

#[tokio::test]
async fn a_key_whose_record_is_lost_makes_no_second_batch() {
    let ground = Ground::new().await;
    let name = crate::id::IdempotencyKey::new("half").unwrap();
    ground.map.delete(&key::idempotency(&name, 0));
    let store = KvStorage::start(saved(&ground.map).map, KvOptions::default()).unwrap();
    let request = super::ground::with_secrets(40).idempotency_key("half");
    let valid = crate::valid::validate(request, &crate::request::Limits::default()).unwrap();
    let batch = crate::storage::NewBatch::single(BatchId::generate(), valid);
    let reply = store.insert(batch).await.unwrap();
    assert_eq!(reply, crate::storage::InsertReply::KeyConflict(ground.half));
}

#[tokio::test]
async fn several_damages_at_once_are_all_named_and_what_is_left_is_sound() {
    let ground = Ground::new().await;
    let keys: Vec<_> = ground.map.dump().into_iter().map(|kv| kv.key).collect();
    for (n, key) in keys.iter().enumerate() {
        if n % 7 == 3 {
            ground.map.flip(key);
        }
    }
    let found = verify_map(&ground.map).unwrap();
    let saved = saved(&ground.map);
    assert_eq!(saved.report.found, found);
    let report = verify_map(&saved.map).unwrap();
    assert!(report.is_sound(), "{report}");
    let about: BTreeSet<_> = saved.report.losses.iter().map(|loss| &loss.about).collect();
    assert!(about.len() > 3, "{}", saved.report);
}

#[tokio::test]
async fn a_salvage_into_a_map_that_holds_something_is_refused() {
    let ground = Ground::new().await;
    let before = ground.map.dump();
    let error = salvage(
        &Rescued::new(ground.map.clone()),
        ground.map.clone(),
        &KvOptions::default(),
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(ground.map.dump(), before);
    assert!(ground.map.get(&key::unfinished()).unwrap().is_none());
}

#[tokio::test]
async fn a_deleted_batch_that_a_sink_has_yet_to_tell_of_is_kept_to_be_read() {
    let ground = Ground::new().await;
    ground.delete(DeleteTarget::Batch(ground.finished)).await;
    let before = ground.map.dump();
    let told = ground.storage.batch(ground.finished).await.unwrap();
    assert!(told.as_ref().is_some_and(|b| b.deleted_at.is_some()));

    let saved = saved(&ground.map);

    assert_eq!(saved.report.losses, []);
    assert_eq!(saved.report.batches, 2);
    assert_eq!(saved.map.dump(), before);
    let store = KvStorage::start(saved.map, KvOptions::default()).unwrap();
    assert_eq!(store.batch(ground.finished).await.unwrap(), told);
}

#[tokio::test]
async fn the_header_of_a_deleted_batch_that_cannot_be_read_is_named() {
    let ground = Ground::new().await;
    ground.delete(DeleteTarget::Batch(ground.finished)).await;
    ground
        .map
        .flip(&[key::deleted(ground.finished), vec![0, 0]].concat());

    let saved = saved(&ground.map);

    let report = verify_map(&saved.map).unwrap();
    assert!(report.is_sound(), "{report}");
    let losses = saved.report.losses;
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert_eq!(losses[0].about, About::Batch(ground.finished));
}

/// The entry is the last one about a batch that had finished before.
#[tokio::test]
async fn no_number_is_used_twice_where_the_last_entry_and_the_head_are_lost() {
    let ground = Ground::new().await;
    let first = RunId::new(ground.finished, Ordinal::new(0));
    ground.delete(DeleteTarget::Run(first)).await;
    let all = ground
        .storage
        .journal(Sequence::START, NonZeroU32::MAX)
        .await;
    let last = all.unwrap().head;
    ground.map.delete(&key::head());
    ground.map.delete(&key::journal(last));

    let store = KvStorage::start(saved(&ground.map).map, KvOptions::default()).unwrap();

    let page = store
        .journal(Sequence::START, NonZeroU32::MIN)
        .await
        .unwrap();
    assert!(page.trimmed >= last, "{} after {last}", page.trimmed);
}
