#![cfg(feature = "testing")]

use std::num::NonZeroU32;
use std::sync::Weak;
use std::sync::atomic::{AtomicU32, Ordering};

use batch_core::engine::Engine;
use batch_core::request::Input;
use batch_core::storage::{
    ClaimRequest, ClaimToken, ClaimedRun, Disposition, ErrorKind, Settlement, Storage,
};
use batch_core::time::ManualClock;

use super::*;
use crate::executor::{Board, RunProgress, Seat};
use crate::testing::{Fault, FaultyStorage, StorageMethod, When};

struct NoBoard;

impl Board for NoBoard {
    fn report(&self, _: Seat, _: ClaimToken, _: RunProgress) {}
}

/// A claimed run in a store with faults.
struct Ground {
    storage: Arc<FaultyStorage>,
    run: ClaimedRun,
    /// How often the step was done.
    effects: AtomicU32,
}

impl Ground {
    async fn new() -> Self {
        let storage = FaultyStorage::in_memory(&ManualClock::default());
        let engine = Engine::builder()
            .open_shared(Arc::clone(&storage) as _)
            .await;
        let engine = engine.unwrap();
        let workflow = "w".parse().unwrap();
        engine.ensure_deployed(workflow).await.unwrap();
        engine.submit("w", [Input::text("t")]).await.unwrap();
        let workflows = vec!["w".parse().unwrap()];
        let request = ClaimRequest::new(workflows, NonZeroU32::MIN);
        let run = storage.claim(request).await.unwrap().runs.remove(0);
        let effects = AtomicU32::new(0);
        Self {
            storage,
            run,
            effects,
        }
    }

    fn book(&self) -> StepBook {
        let reach = Reach {
            storage: Arc::clone(&self.storage) as _,
            board: Weak::<NoBoard>::new(),
        };
        StepBook::new(Arc::new(reach), self.run.claim.key(), self.run.steps)
    }

    async fn step(&self, book: &StepBook, name: &str) -> Result<u32, ExecutorError> {
        let stop = RunStop::default();
        let work = || async { Ok(self.effects.fetch_add(1, Ordering::SeqCst)) };
        book.step(name, &stop, work).await
    }

    fn calls(&self, method: StorageMethod) -> usize {
        let calls = self.storage.calls();
        calls.iter().filter(|call| call.method == method).count()
    }
}

#[tokio::test]
async fn a_run_without_steps_reads_none_and_the_first_step_of_all_reads_none() {
    let ground = Ground::new().await;
    let book = ground.book();
    assert_eq!(ground.step(&book, "a").await.unwrap(), 0);
    assert_eq!(ground.step(&book, "b").await.unwrap(), 1);
    assert_eq!(ground.calls(StorageMethod::Steps), 0);
    assert_eq!(ground.calls(StorageMethod::RecordStep), 2);
}

#[tokio::test]
async fn what_was_recorded_before_is_read_once_for_all_steps() {
    let mut ground = Ground::new().await;
    let book = ground.book();
    for name in ["a", "b"] {
        ground.step(&book, name).await.unwrap();
    }
    ground.run.steps = 2;
    let book = ground.book();
    assert_eq!(ground.step(&book, "b").await.unwrap(), 1);
    assert_eq!(ground.step(&book, "a").await.unwrap(), 0);
    assert_eq!(ground.calls(StorageMethod::Steps), 1);
    assert_eq!(ground.effects.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_once_gets_the_step_all_the_same() {
    let ground = Ground::new().await;
    for _ in 0..3 {
        let fault = Fault::Fails(ErrorKind::Transient);
        ground
            .storage
            .plan(When::next(StorageMethod::RecordStep), fault);
    }
    let book = ground.book();
    assert_eq!(ground.step(&book, "a").await.unwrap(), 0);
    assert_eq!(ground.effects.load(Ordering::SeqCst), 1);
    let steps = ground.storage.steps(ground.run.claim.run()).await.unwrap();
    assert_eq!(steps.len(), 1);
}

#[tokio::test]
async fn a_step_whose_record_is_in_doubt_is_an_error_and_stays_if_it_was_made() {
    let mut ground = Ground::new().await;
    let when = When::next(StorageMethod::RecordStep);
    ground.storage.plan(when, Fault::InDoubtDone);
    let error = ground.step(&ground.book(), "a").await.unwrap_err();
    assert!(!error.is_final());
    assert_eq!(error.to_failure().reason(), StepError::NOT_RECORDED);
    ground.storage.reopened();
    ground.run.steps = 1;
    assert_eq!(ground.step(&ground.book(), "a").await.unwrap(), 0);
    assert_eq!(ground.effects.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_has_lost_the_claim_records_nothing() {
    let ground = Ground::new().await;
    let book = ground.book();
    let claim = batch_core::storage::Claim::new(ground.run.claim.key(), ground.run.claim.attempt());
    let settlement = Settlement::new(claim, Disposition::Released);
    ground.storage.settle(vec![settlement]).await.unwrap();
    let error = ground.step(&book, "a").await.unwrap_err();
    assert!(
        error.to_string().starts_with("the claim was lost"),
        "{error}"
    );
    let steps = ground.storage.steps(ground.run.claim.run()).await.unwrap();
    assert!(steps.is_empty());
}

#[tokio::test]
async fn a_result_that_somebody_recorded_first_is_the_one_that_counts() {
    let ground = Ground::new().await;
    // Two books of one claim, as after an answer that was lost.
    let (one, two) = (ground.book(), ground.book());
    assert_eq!(ground.step(&one, "a").await.unwrap(), 0);
    assert_eq!(ground.step(&two, "a").await.unwrap(), 0);
    assert_eq!(ground.effects.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_finds_the_recorded_steps_gone_does_none_of_them_again() {
    let mut ground = Ground::new().await;
    ground.step(&ground.book(), "a").await.unwrap();
    ground.run.steps = 1;
    let late = ground.book();
    let end = Disposition::Processed { output: None };
    let claim = batch_core::storage::Claim::new(ground.run.claim.key(), ground.run.claim.attempt());
    let settlement = Settlement::new(claim, end);
    ground.storage.settle(vec![settlement]).await.unwrap();
    assert!(ground.step(&late, "a").await.is_err());
    assert_eq!(ground.effects.load(Ordering::SeqCst), 1);
}
