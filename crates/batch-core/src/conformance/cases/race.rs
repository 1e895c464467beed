use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use parking_lot::Mutex;

use crate::conformance::Harness;
use crate::conformance::sample::{failed, processed, request, retry, valid, workflow};
use crate::conformance::yard::Yard;
use crate::id::{BatchId, RunId};
use crate::journal::{Fact, Sequence};
use crate::storage::{
    BatchQuery, CancelTarget, ClaimRequest, ClaimToken, ClaimedRun, Disposition, InsertReply,
    NewBatch, Settled, Settlement, Storage,
};

const WORKERS: u32 = 4;
const RUNS: u32 = 60;
/// So many claims in a row that find nothing mean that nothing will come.
const PATIENCE: u32 = 20_000;

/// What all workers together saw.
#[derive(Debug, Default)]
struct Tally {
    tokens: BTreeSet<ClaimToken>,
    holders: BTreeMap<RunId, u32>,
    ends: BTreeMap<RunId, u32>,
    released: BTreeSet<RunId>,
}

impl Tally {
    /// Notes a claim; nobody else may hold the run or have the token.
    fn claimed(&mut self, run: &ClaimedRun) {
        let key = run.claim.key();
        assert!(self.tokens.insert(key.token), "{:?} twice", key.token);
        let holders = self.holders.entry(key.run).or_default();
        *holders += 1;
        assert_eq!(*holders, 1, "{} has two holders", key.run);
        assert!(!self.ends.contains_key(&key.run), "{} had ended", key.run);
    }

    /// What becomes of a run: some are retried, some given back once, some fail.
    fn decide(&mut self, run: &ClaimedRun) -> Disposition {
        let id = run.claim.run();
        *self.holders.entry(id).or_default() -= 1;
        let disposition = match (id.ordinal().get() % 5, run.claim.attempt().get()) {
            (0, 1) => return retry(0),
            (1, _) if self.released.insert(id) => return Disposition::Released,
            (2, _) => failed("X"),
            _ => processed(),
        };
        *self.ends.entry(id).or_default() += 1;
        disposition
    }
}

async fn all_finished(storage: &dyn Storage, batches: &[BatchId]) -> bool {
    for id in batches {
        if !storage.batch(*id).await.unwrap().unwrap().is_finished() {
            return false;
        }
    }
    true
}

/// Claims and settles until every batch has finished.
async fn work(storage: &dyn Storage, batches: &[BatchId], tally: &Mutex<Tally>) {
    let limit = NonZeroU32::new(7).unwrap();
    let mut idle = 0;
    while !all_finished(storage, batches).await {
        let asked = ClaimRequest::new(vec![workflow()], limit);
        let runs = storage.claim(asked).await.unwrap().runs;
        idle = if runs.is_empty() { idle + 1 } else { 0 };
        assert!(
            idle < PATIENCE,
            "nothing is claimable, and batches never end"
        );
        let mut settlements = Vec::new();
        for run in runs {
            let mut tally = tally.lock();
            tally.claimed(&run);
            let disposition = tally.decide(&run);
            settlements.push(Settlement::new(run.claim, disposition));
        }
        let settled = storage.settle(settlements).await.unwrap();
        let applied = |reply: &Settled| matches!(reply, Settled::Applied(_));
        assert!(settled.iter().all(applied), "{settled:?}");
        thread::yield_now();
    }
}

/// Reads along: the journal without gaps, every batch whole and never less ended than before.
async fn watch(storage: &dyn Storage, batches: &[BatchId], done: &AtomicBool) {
    let mut after = Sequence::START;
    let mut ended = BTreeMap::new();
    let limit = NonZeroU32::new(64).unwrap();
    loop {
        let last_round = done.load(Ordering::SeqCst);
        let page = storage.journal(after, limit).await.unwrap();
        for entry in page.entries {
            assert_eq!(entry.sequence, after.next());
            after = entry.sequence;
        }
        for id in batches {
            let counts = storage.batch(*id).await.unwrap().unwrap().counts;
            assert_eq!(counts.total(), u64::from(RUNS));
            let before = ended.insert(*id, counts.ended()).unwrap_or(0);
            assert!(counts.ended() >= before, "{id} has fewer ends than before");
        }
        if last_round {
            return;
        }
        thread::yield_now();
    }
}

/// Runs workers and a reader, each on a thread of its own, and something else beside them.
fn race(harness: &dyn Harness, storage: &dyn Storage, batches: &[BatchId], tally: &Mutex<Tally>) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| scope.spawn(|| harness.block_on(Box::pin(work(storage, batches, tally)))))
            .collect();
        let reader = scope.spawn(|| harness.block_on(Box::pin(watch(storage, batches, &done))));
        let ended: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        done.store(true, Ordering::SeqCst);
        for ended in ended.into_iter().chain([reader.join()]) {
            if let Err(panic) = ended {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// Shows: "Each run goes to one claimer, with a token greater than every token before."
/// Shows: "Never shows an entry that is not durable."
pub(crate) async fn many_threads_claim_and_settle_and_each_run_ends_once(yard: &mut Yard) {
    let mut batches = Vec::new();
    for _ in 0..4 {
        batches.push(yard.submit(RUNS).await);
    }
    let tally = Mutex::new(Tally::default());
    race(yard.harness(), yard.storage(), &batches, &tally);
    let tally = tally.into_inner();
    assert_eq!(tally.ends.len(), 4 * RUNS as usize);
    assert!(tally.ends.values().all(|ends| *ends == 1));
    for id in &batches {
        yard.recount(*id).await;
        let counts = yard.batch(*id).await.counts;
        assert_eq!((counts.processed, counts.failed), (48, 12));
    }
    let mut ends: BTreeMap<RunId, u32> = BTreeMap::new();
    for entry in yard.journal().await {
        if matches!(entry.fact, Fact::Ended(_)) {
            for ordinal in entry.fact.ordinals().iter() {
                *ends.entry(RunId::new(entry.batch, ordinal)).or_default() += 1;
            }
        }
    }
    assert_eq!(ends, tally.ends);
}

/// Shows: "The same key and content give InsertReply::Replayed, other content InsertReply::KeyConflict; both name the batch that was first."
pub(crate) async fn many_threads_submit_under_one_key_and_one_batch_is_made(yard: &mut Yard) {
    let (harness, storage) = (yard.harness(), yard.storage());
    for round in 0..8 {
        let replies = Mutex::new(Vec::new());
        let submit = async || {
            let content = valid(request(3).idempotency_key(format!("{round}")));
            let batch = NewBatch::single(BatchId::generate(), content);
            let id = batch.id;
            let reply = storage.insert(batch).await.unwrap();
            replies.lock().push((id, reply));
        };
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| harness.block_on(Box::pin(submit())));
            }
        });
        let replies = replies.into_inner();
        let stored = replies.iter().filter(|(_, r)| *r == InsertReply::Stored);
        let stored: Vec<_> = stored.map(|(id, _)| *id).collect();
        assert_eq!(stored.len(), 1, "{replies:?}");
        let replayed = InsertReply::Replayed(stored[0]);
        let rest = replies.iter().filter(|(_, reply)| *reply == replayed);
        assert_eq!(rest.count(), WORKERS as usize - 1);
    }
    assert_eq!(yard.batches(BatchQuery::default()).await.len(), 8);
}

/// Shows: "What waits ends at once; what is held is asked to stop."
pub(crate) async fn a_cancel_amid_settlements_ends_each_run_once(yard: &mut Yard) {
    let mut batches = Vec::new();
    for _ in 0..3 {
        batches.push(yard.submit(RUNS).await);
    }
    let tally = Mutex::new(Tally::default());
    let (harness, storage) = (yard.harness(), yard.storage());
    let cancel = async |id: BatchId| {
        let first = storage.wait(Sequence::new(6)).await;
        first.unwrap();
        storage.cancel(CancelTarget::Batch(id)).await.unwrap();
    };
    thread::scope(|scope| {
        for id in &batches {
            scope.spawn(|| harness.block_on(Box::pin(cancel(*id))));
        }
        race(harness, storage, &batches, &tally);
    });
    for id in &batches {
        yard.recount(*id).await;
        assert!(yard.batch(*id).await.is_finished());
    }
    let mut ends: BTreeMap<RunId, u32> = BTreeMap::new();
    let mut finished = Vec::new();
    for entry in yard.journal().await {
        match &entry.fact {
            Fact::Ended(_) | Fact::Swept(_) | Fact::Expired(_) => {
                for ordinal in entry.fact.ordinals().iter() {
                    *ends.entry(RunId::new(entry.batch, ordinal)).or_default() += 1;
                }
            }
            Fact::Finished { .. } => finished.push(entry.batch),
            _ => {}
        }
    }
    assert_eq!(ends.len(), 3 * RUNS as usize);
    assert!(ends.values().all(|ends| *ends == 1));
    finished.sort();
    batches.sort();
    assert_eq!(finished, batches);
}
