use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use crate::batch::Flow;
use crate::conformance::Fault;
use crate::conformance::sample::{ordinals, poll_once, processed, request, retry, valid, workflow};
use crate::conformance::yard::{LEASE, Yard};
use crate::id::BatchId;
use crate::storage::{
    ClaimRequest, Claimed, Disposition, ErrorKind, NewBatch, PatientClaims, StorageError,
    WorkflowChange,
};

/// Shorter than a lease, so that no lease is a reason to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// So many looks at an answer that does not come mean that it will not.
const LOOKS: u32 = 2_000;

type Call<'a> = Pin<Box<dyn Future<Output = Result<Claimed, StorageError>> + Send + 'a>>;

fn patient(limit: u32, patience: Duration) -> ClaimRequest {
    let mut request = ClaimRequest::new(vec![workflow()], NonZeroU32::new(limit).unwrap());
    request.lease = LEASE;
    request.patience = patience;
    request
}

fn lets_claims_wait(yard: &Yard) -> bool {
    yard.storage().description().patient_claims == PatientClaims::Wait
}

/// Whether a claim waits though the store had time to answer it.
async fn waits(yard: &Yard, claim: &mut Call<'_>) -> bool {
    for _ in 0..3 {
        if poll_once(claim).await.is_ready() {
            return false;
        }
        yard.head().await;
    }
    true
}

/// A claim that waits; `None` where the storage lets none wait.
async fn waiting(yard: &Yard, limit: u32, patience: Duration) -> Option<Call<'_>> {
    if !lets_claims_wait(yard) {
        return None;
    }
    let mut claim = yard.storage().claim(patient(limit, patience));
    assert!(waits(yard, &mut claim).await, "it is answered at once");
    Some(claim)
}

/// What a claim found that has a reason to be answered.
async fn answer(yard: &Yard, claim: Call<'_>) -> Claimed {
    end(yard, claim).await.unwrap()
}

/// The answer to a claim that has a reason to be answered.
async fn end(yard: &Yard, mut claim: Call<'_>) -> Result<Claimed, StorageError> {
    for look in 0..LOOKS {
        if let Poll::Ready(answer) = poll_once(&mut claim).await {
            return answer;
        }
        yard.head().await;
        if look > LOOKS / 10 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    panic!("a claim goes on waiting");
}

/// Shows: "A claim with ClaimRequest::patience that finds nothing waits where Description::patient_claims says so; any other is answered at once."
pub(crate) async fn a_claim_waits_only_where_the_storage_says_so(yard: &mut Yard) {
    let mut claim = yard.storage().claim(patient(1, PATIENCE));
    match lets_claims_wait(yard) {
        true => assert!(waits(yard, &mut claim).await, "it is answered at once"),
        false => assert!(answer(yard, claim).await.runs.is_empty()),
    }
    assert!(yard.claim(1).await.is_empty(), "one without patience waits");
}

/// Shows: "A claim with ClaimRequest::patience that finds nothing waits where Description::patient_claims says so; any other is answered at once."
pub(crate) async fn a_claim_with_patience_takes_what_is_there(yard: &mut Yard) {
    yard.submit(2).await;
    let claim = yard.storage().claim(patient(5, PATIENCE));
    assert_eq!(ordinals(&answer(yard, claim).await.runs), [0, 1]);
}

/// Shows: "One that waits is answered as soon as another call makes a run claimable, or time alone may make one claimable before its patience ends."
pub(crate) async fn a_batch_that_is_stored_answers_a_claim_that_waits(yard: &mut Yard) {
    let Some(claim) = waiting(yard, 2, PATIENCE).await else {
        return;
    };
    let id = yard.submit(3).await;
    let runs = answer(yard, claim).await.runs;
    assert_eq!(ordinals(&runs), [0, 1]);
    assert_eq!(runs[1].input.name(), Some("input 1"));
    let last = runs[1].claim.key().token;
    let next = yard.claim_one().await;
    assert!(next.claim.key().token > last);
    for run in runs.into_iter().chain([next]) {
        yard.settle(run, processed()).await;
    }
    yard.recount(id).await;
    assert!(yard.batch(id).await.is_finished());
}

/// Shows: "One that waits is answered as soon as another call makes a run claimable, or time alone may make one claimable before its patience ends."
pub(crate) async fn whatever_makes_a_run_claimable_answers_a_claim_that_waits(yard: &mut Yard) {
    let id = yard.submit(1).await;
    for disposition in [Disposition::Released, retry(0)] {
        let run = yard.claim_one().await;
        let Some(claim) = waiting(yard, 1, PATIENCE).await else {
            return;
        };
        yard.settle(run, disposition).await;
        let run = answer(yard, claim).await.runs.remove(0);
        yard.settle(run, Disposition::Released).await;
    }
    let of_batch = yard.storage().set_flow(id, Flow::Paused);
    of_batch.await.unwrap();
    let claim = waiting(yard, 1, PATIENCE).await.unwrap();
    yard.storage().set_flow(id, Flow::Going).await.unwrap();
    let run = answer(yard, claim).await.runs.remove(0);
    yard.settle(run, Disposition::Released).await;
    let set = |flow| {
        let change = WorkflowChange::SetFlow(flow);
        yard.storage().change_workflow(workflow(), change)
    };
    set(Flow::Paused).await.unwrap();
    let claim = waiting(yard, 1, PATIENCE).await.unwrap();
    set(Flow::Going).await.unwrap();
    assert_eq!(ordinals(&answer(yard, claim).await.runs), [0]);
}

/// Shows: "One that waits is answered as soon as another call makes a run claimable, or time alone may make one claimable before its patience ends."
/// Shows: "Claimed::next_due is never later than the moment when time alone makes another run claimable."
pub(crate) async fn a_claim_is_told_of_a_time_before_its_patience_ends(yard: &mut Yard) {
    yard.submit(2).await;
    let (first, second) = (yard.claim_one().await, yard.claim_one().await);
    yard.settle(first, retry(10)).await;
    let told = answer(yard, yard.storage().claim(patient(1, PATIENCE))).await;
    assert!(told.runs.is_empty());
    assert!(told.next_due.unwrap() <= Duration::from_secs(10));
    let Some(claim) = waiting(yard, 1, Duration::from_secs(7)).await else {
        return;
    };
    yard.settle(second, retry(5)).await;
    let told = answer(yard, claim).await;
    assert!(told.runs.is_empty());
    assert!(told.next_due.unwrap() <= Duration::from_secs(5));
}

/// Shows: "Its caller ends the wait by dropping the call: what it was granted by then is given back with nothing counted."
pub(crate) async fn a_claim_that_is_dropped_while_it_waits_gets_nothing(yard: &mut Yard) {
    drop(waiting(yard, 1, PATIENCE).await);
    yard.submit(1).await;
    let run = yard.claim_one().await;
    assert_eq!((run.claim.attempt().get(), run.interruptions), (1, 0));
}

/// Shows: "Its caller ends the wait by dropping the call: what it was granted by then is given back with nothing counted."
pub(crate) async fn a_claim_that_is_dropped_with_its_answer_gives_it_back(yard: &mut Yard) {
    for _ in 0..4 {
        let Some(claim) = waiting(yard, 3, PATIENCE).await else {
            return;
        };
        let id = yard.submit(2).await;
        drop(claim);
        let mut again = Vec::new();
        while again.len() < 2 {
            let head = yard.head().await;
            let runs = yard.claim(3).await;
            if runs.is_empty() {
                yard.storage().wait(head).await.unwrap();
            }
            again.extend(runs);
        }
        for run in again {
            assert_eq!((run.claim.attempt().get(), run.interruptions), (1, 0));
            yard.settle(run, processed()).await;
        }
        yard.recount(id).await;
    }
}

/// Shows: "What is under way, waiting included, is done whole or refused with ErrorKind::Closed."
pub(crate) async fn a_claim_that_waits_is_told_that_the_store_is_closed(yard: &mut Yard) {
    let Some(claim) = waiting(yard, 1, PATIENCE).await else {
        return;
    };
    yard.storage().close().await.unwrap();
    assert_eq!(claim.await.unwrap_err().kind(), ErrorKind::Closed);
}

/// Shows: "After a failed commit every write is refused with ErrorKind::Refusing until the store is opened again; a sync is never retried."
pub(crate) async fn claims_that_wait_are_told_of_a_commit_that_failed(yard: &mut Yard) {
    // The run of the batch is one's, and nothing is the other's.
    let (Some(one), Some(other)) = (
        waiting(yard, 1, PATIENCE).await,
        waiting(yard, 1, PATIENCE).await,
    ) else {
        return;
    };
    yard.plan(Some(Fault::Lose { after: 0 }));
    let batch = NewBatch::single(BatchId::generate(), valid(request(1)));
    let failed = yard.storage().insert(batch).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::InDoubt);
    for claim in [one, other] {
        let told = end(yard, claim).await.unwrap_err().kind();
        assert!(matches!(told, ErrorKind::InDoubt | ErrorKind::Refusing));
    }
    yard.plan(None);
}

/// Shows: "Each run goes to one claimer, with a token greater than every token before."
/// Shows: "One that waits is answered as soon as another call makes a run claimable, or time alone may make one claimable before its patience ends."
pub(crate) async fn many_threads_wait_and_each_run_goes_to_one_of_them(yard: &mut Yard) {
    const WORKERS: u32 = 3;
    const EACH: u32 = 20;
    let (harness, storage) = (yard.harness(), yard.storage());
    let (granted, looks) = (Mutex::new(Vec::new()), AtomicU32::new(0));
    let claim_some = async || {
        for _ in 0..EACH {
            let run = loop {
                let claimed = storage.claim(patient(1, PATIENCE)).await.unwrap();
                if let Some(run) = claimed.runs.into_iter().next() {
                    break run;
                }
                let looks = looks.fetch_add(1, Ordering::Relaxed);
                assert!(looks < LOOKS * 100, "nothing is claimable");
                thread::yield_now();
            };
            granted.lock().push(run.claim.key());
        }
    };
    let submit_all = async || {
        for _ in 0..WORKERS * EACH {
            let batch = NewBatch::single(BatchId::generate(), valid(request(1)));
            storage.insert(batch).await.unwrap();
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| harness.block_on(Box::pin(claim_some())));
        }
        scope.spawn(|| harness.block_on(Box::pin(submit_all())));
    });
    let mut keys = granted.into_inner();
    keys.sort_by_key(|key| (key.run, key.token));
    keys.dedup_by_key(|key| key.run);
    assert_eq!(keys.len(), (WORKERS * EACH) as usize);
}
