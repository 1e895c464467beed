//! A store on a map that tests hold, with a day's work in it, and ways to damage it.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::{BatchId, SinkName, StepName, WorkflowId};
use crate::kv::record::{decode, encode};
use crate::kv::stage::Stage;
use crate::kv::{
    KeyRange, KeyValue, KvError, KvOptions, KvStorage, KvTraits, OrderedKv, WriteBatch,
};
use crate::memory::MemoryKv;
use crate::request::{BatchRequest, Input, Limits};
use crate::run::{Failure, Output, Step};
use crate::storage::{
    CancelTarget, Claim, ClaimRequest, DeleteReply, DeleteTarget, Disposition, NewBatch,
    PruneRequest, Settlement, SinkStart, SortOrder, StepReply, Storage, WorkflowChange,
};
use crate::time::{Clock, ManualClock};
use crate::valid::validate;

/// A map that outlives its storage. Small-valued, so that records span values.
#[derive(Debug, Clone)]
pub(super) struct SharedKv(Arc<Mutex<MemoryKv>>);

impl SharedKv {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(MemoryKv::with_preferred_value(512))))
    }

    pub(super) fn dump(&self) -> Vec<KeyValue> {
        let all = KeyRange::prefix(b"");
        let map = self.0.lock();
        map.scan(&all, SortOrder::Ascending, NonZeroUsize::MAX)
            .unwrap()
    }

    /// Writes a value past the storage.
    pub(super) fn put(&self, key: Vec<u8>, value: Vec<u8>) {
        let mut writes = WriteBatch::new();
        writes.put(key, value);
        self.0.lock().commit(writes).unwrap();
    }

    /// Deletes every value whose key begins so.
    pub(super) fn delete(&self, prefix: &[u8]) {
        let mut writes = WriteBatch::new();
        for kv in self.dump() {
            if kv.key.starts_with(prefix) {
                writes.delete(kv.key);
            }
        }
        assert!(!writes.is_empty(), "there is something to delete");
        self.0.lock().commit(writes).unwrap();
    }

    /// Flips a bit of a value.
    pub(super) fn flip(&self, key: &[u8]) {
        let mut value = self.get(key).unwrap().unwrap();
        *value.last_mut().unwrap() ^= 4;
        self.put(key.to_vec(), value);
    }

    /// Writes a record with a proper frame.
    pub(super) fn write(&self, key: &[u8], payload: &[u8]) {
        let mut stage = Stage::new(self.clone());
        let before = stage.get(key).unwrap().map_or(0, |stored| stored.parts);
        stage.put(key, payload, before);
        stage.commit().unwrap();
    }

    pub(super) fn write_record(&self, key: &[u8], record: &impl Serialize) {
        self.write(key, &encode(record));
    }

    /// Changes a record, with a proper frame around it.
    pub(super) fn edit<T: Serialize + DeserializeOwned>(
        &self,
        key: &[u8],
        change: impl FnOnce(&mut T),
    ) {
        let stored = Stage::new(self.clone()).get(key).unwrap().unwrap();
        let mut record = decode(&stored.payload, || "a record".into()).unwrap();
        change(&mut record);
        self.write_record(key, &record);
    }
}

impl OrderedKv for SharedKv {
    fn traits(&self) -> KvTraits {
        self.0.lock().traits()
    }

    fn space(&self) -> Result<Option<crate::kv::Space>, KvError> {
        self.0.lock().space()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.0.lock().get(key)
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        self.0.lock().scan(range, order, limit)
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        self.0.lock().commit(writes)
    }
}

/// A store after a day's work.
pub(super) struct Ground {
    pub map: SharedKv,
    pub storage: KvStorage<SharedKv>,
    pub clock: ManualClock,
    /// Finished, with outputs under keys of their own.
    pub finished: BatchId,
    /// Half done, with runs in all sorts of places, and secrets.
    pub half: BatchId,
    /// Cancelled before anything of it was claimed.
    pub cancelled: BatchId,
}

pub(super) fn workflow() -> WorkflowId {
    WorkflowId::new("w").unwrap()
}

pub(super) fn sink() -> SinkName {
    SinkName::new("s").unwrap()
}

fn request(inputs: u32) -> BatchRequest {
    let input = |n: u32| match n {
        1 => Input::text("x".repeat(2_000)),
        _ => Input::text(format!("text {n}")).with_name(format!("input {n}")),
    };
    BatchRequest::new("w").inputs((0..inputs).map(input))
}

pub(super) fn with_secrets(inputs: u32) -> BatchRequest {
    let input = |n| Input::text(format!("text {n}")).with_secret("token", "hush");
    BatchRequest::new("w").inputs((0..inputs).map(input))
}

pub(super) async fn submit(storage: &dyn Storage, request: BatchRequest) -> BatchId {
    let id = BatchId::generate();
    let valid = validate(request, &Limits::default()).unwrap();
    let batch = NewBatch::single(id, valid);
    storage.insert(batch).await.unwrap();
    id
}

/// Claims so many runs and ends them one after another, each in its way.
async fn work(storage: &dyn Storage, limit: u32, end: impl Fn(usize) -> Option<Disposition>) {
    let limit = NonZeroU32::new(limit).unwrap();
    let request = ClaimRequest::new(vec![workflow()], limit);
    let runs = storage.claim(request).await.unwrap().runs;
    for (n, run) in runs.into_iter().enumerate() {
        if let Some(end) = end(n) {
            let settlement = Settlement::new(run.claim, end);
            storage.settle(vec![settlement]).await.unwrap();
        }
    }
}

fn output(text: &str) -> Disposition {
    let output = Some(Output::new(&text).unwrap());
    Disposition::Processed { output }
}

/// The run that was given back records a step and is given back again.
async fn record_a_step(storage: &KvStorage<SharedKv>) {
    let claim = claim_one(storage).await;
    record_step(storage, &claim, "charge").await;
    let settlement = Settlement::new(claim, Disposition::Released);
    storage.settle(vec![settlement]).await.unwrap();
}

pub(super) async fn claim_one(storage: &dyn Storage) -> Claim {
    let request = ClaimRequest::new(vec![workflow()], NonZeroU32::MIN);
    let mut claimed = storage.claim(request).await.unwrap().runs;
    claimed.remove(0).claim
}

/// Records a step that spans several values.
pub(super) async fn record_step(storage: &dyn Storage, claim: &Claim, name: &str) {
    let name = StepName::new(name).unwrap();
    let step = Step::new(name, &"large ".repeat(1_000)).unwrap();
    let reply = storage.record_step(claim.key(), step).await.unwrap();
    assert_eq!(reply, StepReply::Recorded);
}

pub(super) async fn deploy(storage: &dyn Storage) {
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(workflow(), change).await.unwrap();
}

/// One of each kind of end.
fn all_sorts(n: usize) -> Option<Disposition> {
    let failure = Failure::new("BROKEN", "for a test");
    Some(match n {
        0 => output("small"),
        1 => output(&"large ".repeat(300)),
        2 => Disposition::Failed {
            failure,
            output: None,
        },
        3 => Disposition::Retry {
            after: Duration::from_secs(60),
            failure,
        },
        4 => Disposition::Released,
        6 => Disposition::NeedsReview {
            note: "for a test".into(),
            output: Some(Output::new(&"large ".repeat(300)).unwrap()),
        },
        _ => return None,
    })
}

/// Each call of a store in memory clears one step of what is deleted away.
async fn clear_away(storage: &KvStorage<SharedKv>) {
    for _ in 0..20 {
        storage.sinks().await.unwrap();
    }
}

impl Ground {
    pub(super) async fn new() -> Self {
        let map = SharedKv::new();
        let clock = ManualClock::default();
        let options = KvOptions {
            clock: Arc::new(clock.clone()),
            ..KvOptions::default()
        };
        let storage = KvStorage::start(map.clone(), options).unwrap();
        deploy(&storage).await;
        // Pruned, and its idempotency key is still known.
        submit(&storage, request(2).idempotency_key("old")).await;
        work(&storage, 2, |_| Some(output("gone"))).await;
        clock.advance(Duration::from_secs(1));
        let all = NonZeroU32::new(9).unwrap();
        let prune = PruneRequest::new(clock.now().wall, all);
        storage.prune(prune).await.unwrap();
        storage.sinks().await.unwrap();
        storage.open_sink(sink(), SinkStart::Now).await.unwrap();
        let finished = submit(&storage, request(3).idempotency_key("done")).await;
        work(&storage, 3, |_| Some(output(&"large ".repeat(300)))).await;
        let half = with_secrets(40).idempotency_key("half");
        let half = submit(&storage, half).await;
        work(&storage, 7, all_sorts).await;
        record_a_step(&storage).await;
        let cancelled = submit(&storage, request(20)).await;
        let target = CancelTarget::Batch(cancelled);
        storage.cancel(target).await.unwrap();
        clear_away(&storage).await;
        Self {
            map,
            storage,
            clock,
            finished,
            half,
            cancelled,
        }
    }

    /// Deletes something with all that it leaves behind.
    pub(super) async fn delete(&self, target: DeleteTarget) {
        let reply = self.storage.delete(target).await.unwrap();
        assert_eq!(reply, DeleteReply::Deleted);
        clear_away(&self.storage).await;
    }
}
