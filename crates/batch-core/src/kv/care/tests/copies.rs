use std::num::{NonZeroU32, NonZeroUsize};

use super::ground::{Ground, SharedKv, submit, with_secrets, workflow};
use crate::id::BatchId;
use crate::kv::care::verify_map;
use crate::kv::{
    KeyRange, KeyValue, KvError, KvOptions, KvStorage, KvTraits, OrderedKv, WriteBatch,
};
use crate::memory::MemoryKv;
use crate::storage::{ClaimRequest, Disposition, ErrorKind, Settlement, SortOrder, Storage};

#[tokio::test]
async fn a_copy_opens_as_the_store_that_was_copied_and_is_sound() {
    let ground = Ground::new().await;
    let copied = ground.storage.snapshot(SharedKv::new()).await.unwrap();
    let report = verify_map(&copied.map).unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(copied.map.dump(), ground.map.dump());
    let copy = KvStorage::start(copied.map, KvOptions::default()).unwrap();
    for id in [ground.finished, ground.cancelled] {
        let original = ground.storage.batch(id).await.unwrap().unwrap();
        assert_eq!(copy.batch(id).await.unwrap(), Some(original));
    }
    let half = copy.batch(ground.half).await.unwrap().unwrap();
    assert_eq!((half.counts.processed, half.counts.processing), (2, 0));
}

#[tokio::test]
async fn a_copy_into_a_map_of_another_size_of_value_cuts_its_records_anew() {
    let ground = Ground::new().await;
    let large = MemoryKv::with_preferred_value(16 << 10);
    let there = ground.storage.snapshot(large).await.unwrap().map;
    assert!(verify_map(&there).unwrap().is_sound());
    let there = KvStorage::start(there, KvOptions::default()).unwrap();
    let back = there.snapshot(SharedKv::new()).await.unwrap().map;
    let report = verify_map(&back).unwrap();
    assert!(report.is_sound(), "{report}");
    let largest = back.dump().iter().map(|kv| kv.value.len()).max();
    assert_eq!(largest, Some(512));
}

#[tokio::test]
async fn a_map_that_holds_something_is_refused_and_left_alone() {
    let ground = Ground::new().await;
    let map = SharedKv::new();
    map.put(b"x".to_vec(), b"y".to_vec());
    let error = ground.storage.snapshot(map.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(map.dump().len(), 1);
}

#[tokio::test]
async fn damage_is_not_copied() {
    let ground = Ground::new().await;
    let last = ground.map.dump().pop().unwrap();
    ground.map.flip(&last.key);
    let error = ground.storage.snapshot(SharedKv::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains("salvage"), "{error}");
}

/// A map that fails from one of its commits on.
#[derive(Debug)]
struct Failing {
    map: SharedKv,
    left: u32,
}

impl OrderedKv for Failing {
    fn traits(&self) -> KvTraits {
        self.map.traits()
    }

    fn space(&self) -> Result<Option<crate::kv::Space>, KvError> {
        self.map.space()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.map.get(key)
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        self.map.scan(range, order, limit)
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let failed = || KvError::new(ErrorKind::Unavailable, "commit: a planned fault");
        self.left = self.left.checked_sub(1).ok_or_else(failed)?;
        self.map.commit(writes)
    }
}

#[tokio::test]
async fn a_copy_that_is_cut_short_at_any_commit_opens_as_no_store() {
    let ground = Ground::new().await;
    // Enough for several commits.
    let long = crate::request::BatchRequest::new("w");
    let text = "x".repeat(900_000);
    let long = long.inputs((0..3).map(|_| crate::request::Input::text(text.clone())));
    submit(&ground.storage, long).await;
    let mut cut_short = 0;
    loop {
        let map = SharedKv::new();
        let failing = Failing {
            map: map.clone(),
            left: cut_short,
        };
        if ground.storage.snapshot(failing).await.is_ok() {
            break;
        }
        match map.dump().is_empty() {
            true => assert_eq!(cut_short, 0, "only the first commit leaves nothing"),
            false => {
                let error = KvStorage::start(map, KvOptions::default()).unwrap_err();
                assert!(error.to_string().contains("cut short"), "{error}");
            }
        }
        cut_short += 1;
    }
    assert!(cut_short >= 4, "{cut_short} commits");
}

async fn keep_busy(storage: &KvStorage<SharedKv>) {
    let request = || ClaimRequest::new(vec![workflow()], NonZeroU32::new(3).unwrap());
    for run in storage.claim(request()).await.unwrap().runs {
        let end = Settlement::new(run.claim, Disposition::Processed { output: None });
        storage.settle(vec![end]).await.unwrap();
    }
}

/// Writers work between any two steps of the copying.
#[tokio::test]
async fn a_copy_made_while_writers_work_is_the_store_as_of_one_commit() {
    let ground = Ground::new().await;
    let mut acknowledged: Vec<BatchId> = vec![ground.finished, ground.half, ground.cancelled];
    for _ in 0..20 {
        acknowledged.push(submit(&ground.storage, with_secrets(30)).await);
    }
    let mut copying = Box::pin(ground.storage.snapshot(SharedKv::new()));
    let mut worked = 0_u32;
    let copied = loop {
        tokio::select! {
            biased;
            copied = &mut copying => break copied.unwrap(),
            () = async {
                submit(&ground.storage, with_secrets(5)).await;
                keep_busy(&ground.storage).await;
            } => worked += 1,
        }
        tokio::task::yield_now().await;
    };
    assert!(worked > 5, "the writers worked {worked} times");
    let report = verify_map(&copied.map).unwrap();
    assert!(report.is_sound(), "{report}");
    let copy = KvStorage::start(copied.map, KvOptions::default()).unwrap();
    for id in acknowledged {
        assert!(copy.batch(id).await.unwrap().is_some(), "{id} is missing");
    }
    let report = copy.verify().await.unwrap();
    assert!(report.is_sound(), "{report}");
}

#[tokio::test]
async fn a_check_of_a_store_at_work_finds_nothing() {
    let ground = Ground::new().await;
    for _ in 0..10 {
        submit(&ground.storage, with_secrets(30)).await;
    }
    let mut checking = Box::pin(ground.storage.verify());
    let report = loop {
        tokio::select! {
            biased;
            report = &mut checking => break report.unwrap(),
            () = async {
                submit(&ground.storage, with_secrets(5)).await;
                keep_busy(&ground.storage).await;
            } => {}
        }
    };
    assert!(report.is_sound(), "{report}");
}
