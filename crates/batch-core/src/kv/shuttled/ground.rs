use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use shuttle::future::block_on;
use uuid::Uuid;

use super::KvStorage;
use super::watched_kv::{OpenKv, WatchedKv};
use crate::batch::Batch;
use crate::id::{BatchId, RunId, WorkflowId};
use crate::journal::Sequence;
use crate::kv::KvOptions;
use crate::memory::MemoryStorage;
use crate::ordinal::Ordinal;
use crate::request::{BatchRequest, Input, Limits};
use crate::run::Run;
use crate::storage::{
    ClaimRequest, ClaimedRun, Disposition, Durability, InsertReply, NewBatch, Settled, Settlement,
    Storage, StorageError, WorkflowChange,
};
use crate::time::ManualClock;
use crate::valid::validate;

/// A store whose owner runs on shuttle, and the map below it.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    pub(super) kv: WatchedKv,
    pub(super) storage: Arc<KvStorage<OpenKv>>,
    /// The last look at what a death would leave, and after how many changes that was.
    look: Arc<Mutex<Option<(u64, AfterDeath)>>>,
}

/// The same ids in every schedule, so that a schedule can be repeated.
pub(super) const fn batch_id(number: u128) -> BatchId {
    BatchId::from_uuid(Uuid::from_u128(number))
}

pub(super) const fn run_id(batch: u128, ordinal: u32) -> RunId {
    RunId::new(batch_id(batch), Ordinal::new(ordinal))
}

fn workflow() -> WorkflowId {
    WorkflowId::new("w").unwrap()
}

fn options() -> KvOptions {
    KvOptions {
        clock: Arc::new(ManualClock::default()),
        ..KvOptions::default()
    }
}

pub(super) fn new_batch(number: u128, inputs: u32) -> NewBatch {
    let inputs = (0..inputs).map(|n| Input::text(format!("text {n}")));
    let request = BatchRequest::new("w").inputs(inputs);
    let valid = validate(request, &Limits::default()).unwrap();
    NewBatch::single(batch_id(number), valid)
}

pub(super) fn claim_request(limit: u32) -> ClaimRequest {
    ClaimRequest::new(vec![workflow()], NonZeroU32::new(limit).unwrap())
}

/// Waits where nothing is claimable, for less than a lease.
pub(super) fn patient_request(limit: u32) -> ClaimRequest {
    let mut request = claim_request(limit);
    request.patience = request.lease / 2;
    request
}

/// The answer of a storage that is run by its caller.
fn at_once<T>(call: impl Future<Output = T>) -> T {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

impl Ground {
    /// A store that says it keeps what it acknowledges, so that a thread owns it.
    pub(super) fn with_thread() -> Self {
        Self::new(Durability::ProcessDeath)
    }

    /// A store whose callers run it themselves.
    pub(super) fn inline() -> Self {
        Self::new(Durability::None)
    }

    fn new(durability: Durability) -> Self {
        let kv = WatchedKv::new(durability);
        let storage = KvStorage::start(kv.open(), options()).unwrap();
        let change = WorkflowChange::EnsureDeployed;
        block_on(storage.change_workflow(workflow(), change)).unwrap();
        Self {
            kv,
            storage: Arc::new(storage),
            look: Arc::default(),
        }
    }

    /// What another process finds in the store if this one dies here.
    pub(super) fn after_death(&self) -> AfterDeath {
        let changes = self.kv.changes();
        let mut look = self.look.lock();
        match &*look {
            Some((then, found)) if *then == changes => found.clone(),
            _ => {
                let found = AfterDeath::of(&self.kv);
                *look = Some((changes, found.clone()));
                found
            }
        }
    }

    /// Stores a batch, which must be durable then.
    pub(super) fn submit(&self, number: u128, inputs: u32) -> Result<(), StorageError> {
        let reply = block_on(self.storage.insert(new_batch(number, inputs)))?;
        assert_eq!(reply, InsertReply::Stored);
        let batch = self.after_death().batch(number);
        let batch = batch.expect("a batch was acknowledged before it was durable");
        assert_eq!(batch.counts.total(), u64::from(inputs));
        Ok(())
    }

    /// Claims runs, whose claims must be durable then.
    pub(super) fn claim(&self, limit: u32) -> Result<Vec<ClaimedRun>, StorageError> {
        self.claim_as(claim_request(limit))
    }

    /// Claims a run, and waits for it; its claim must be durable then.
    pub(super) fn claim_patiently(&self) -> Result<Vec<ClaimedRun>, StorageError> {
        self.claim_as(patient_request(1))
    }

    fn claim_as(&self, request: ClaimRequest) -> Result<Vec<ClaimedRun>, StorageError> {
        let runs = block_on(self.storage.claim(request))?.runs;
        let after_death = self.after_death();
        for run in &runs {
            let found = after_death.run(run.claim.run());
            let durable = found.interruptions == run.interruptions + 1;
            assert!(durable, "a claim was granted before it was durable");
        }
        Ok(runs)
    }

    /// Ends a run as processed, which must be durable then.
    pub(super) fn settle(&self, run: ClaimedRun) -> Result<Settled, StorageError> {
        let id = run.claim.run();
        let output = None;
        let settlement = Settlement::new(run.claim, Disposition::Processed { output });
        let settled = block_on(self.storage.settle(vec![settlement]))?[0];
        if let Settled::Applied(state) = settled {
            let found = self.after_death().run(id).state;
            assert_eq!(found, state, "an end was recorded before it was durable");
        }
        Ok(settled)
    }

    /// Reads a batch, of which nothing may be shown that is not durable.
    pub(super) fn batch(&self, number: u128) -> Result<Option<Batch>, StorageError> {
        let seen = block_on(self.storage.batch(batch_id(number)))?;
        if let Some(seen) = &seen {
            let durable = self.after_death().batch(number);
            let durable = durable.expect("a batch was shown before it was durable");
            let (seen, durable) = (seen.counts.ended(), durable.counts.ended());
            assert!(seen <= durable, "an end was shown before it was durable");
        }
        Ok(seen)
    }

    /// The last entry of the journal, which must be durable.
    pub(super) fn head(&self) -> Result<Sequence, StorageError> {
        let page = block_on(self.storage.journal(Sequence::START, NonZeroU32::MAX))?;
        let last = page.entries.last().map_or(Sequence::START, |e| e.sequence);
        assert_eq!(last, page.head);
        let durable = self.after_death().head();
        assert!(last <= durable, "an entry was shown before it was durable");
        Ok(last)
    }

    /// Waits for an entry after a position.
    pub(super) fn wait(&self, after: Sequence) -> Result<Sequence, StorageError> {
        let reached = block_on(self.storage.wait(after))?;
        let durable = self.after_death().head();
        assert!(reached <= durable, "a waiter woke before it was durable");
        Ok(reached)
    }
}

/// A store after the process died that had it.
#[derive(Debug, Clone)]
pub(super) struct AfterDeath(Arc<MemoryStorage>);

impl AfterDeath {
    pub(super) fn of(kv: &WatchedKv) -> Self {
        let found = MemoryStorage::start(kv.after_death(), options()).unwrap();
        Self(Arc::new(found))
    }

    pub(super) fn batch(&self, number: u128) -> Option<Batch> {
        at_once(self.0.batch(batch_id(number))).unwrap()
    }

    pub(super) fn run(&self, id: RunId) -> Run {
        at_once(self.0.run(id)).unwrap().expect("the run is there")
    }

    pub(super) fn head(&self) -> Sequence {
        let page = self.0.journal(Sequence::START, NonZeroU32::MIN);
        at_once(page).unwrap().head
    }
}
