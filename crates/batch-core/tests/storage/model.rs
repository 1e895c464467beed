//! Random days of work against a model that is obviously right.

use std::collections::BTreeMap;
use std::time::Duration;

use batch_core::id::{BatchId, RunId};
use batch_core::journal::{Entry, Fact};
use batch_core::run::RunState;
use batch_core::storage::{
    CancelReply, CancelTarget, ClaimedRun, Disposition, InsertReply, NewBatch, Settled,
};
use proptest::prelude::*;

use super::yard::{LEASE, Yard, failed, output, processed, request, retry, run_id, valid};

/// One thing that somebody does.
#[derive(Debug, Clone)]
enum Step {
    Submit { inputs: u32, key: Option<u8> },
    Claim(u32),
    Settle { which: usize, how: u8 },
    SettleAgain(usize),
    CancelBatch(usize),
    CancelRun { batch: usize, run: u32 },
    Wait(u64),
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1u32..40, prop::option::of(0u8..3)).prop_map(|(inputs, key)| Step::Submit { inputs, key }),
        4 => (1u32..20).prop_map(Step::Claim),
        8 => (any::<usize>(), 0u8..5).prop_map(|(which, how)| Step::Settle { which, how }),
        1 => any::<usize>().prop_map(Step::SettleAgain),
        1 => any::<usize>().prop_map(Step::CancelBatch),
        1 => (any::<usize>(), 0u32..40).prop_map(|(batch, run)| Step::CancelRun { batch, run }),
        2 => (1u64..20).prop_map(Step::Wait),
        1 => Just(Step::Crash),
    ]
}

/// What the model knows of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    state: RunState,
    attempts: u32,
}

#[derive(Default)]
struct Model {
    runs: BTreeMap<RunId, Known>,
    batches: Vec<BatchId>,
    keys: BTreeMap<u8, (u32, BatchId)>,
    held: Vec<ClaimedRun>,
    spent: Vec<ClaimedRun>,
}

fn disposition(how: u8) -> Disposition {
    match how {
        0 => failed("X"),
        1 => retry(7),
        2 => Disposition::Released,
        3 => output(&"long ".repeat(300)),
        _ => processed(),
    }
}

impl Model {
    async fn apply(&mut self, yard: &mut Yard, step: Step) {
        match step {
            Step::Submit { inputs, key } => self.submit(yard, inputs, key).await,
            Step::Claim(limit) => self.claim(yard, limit).await,
            Step::Settle { which, how } => self.settle(yard, which, how).await,
            Step::SettleAgain(which) => self.settle_again(yard, which).await,
            Step::CancelBatch(which) => self.cancel_batch(yard, which).await,
            Step::CancelRun { batch, run } => self.cancel_run(yard, batch, run).await,
            Step::Wait(seconds) => yard.clock.advance(Duration::from_secs(seconds)),
            Step::Crash => self.crash(yard),
        }
    }

    async fn submit(&mut self, yard: &Yard, inputs: u32, key: Option<u8>) {
        let mut request = request(inputs);
        if let Some(key) = key {
            request = request.idempotency_key(format!("{key}"));
        }
        let id = BatchId::generate();
        let batch = NewBatch::single(id, valid(request));
        let reply = yard.storage().insert(batch).await.unwrap();
        match key.and_then(|key| self.keys.get(&key)) {
            Some((same, first)) if *same == inputs => {
                assert_eq!(reply, InsertReply::Replayed(*first));
                return;
            }
            Some((_, first)) => {
                assert_eq!(reply, InsertReply::KeyConflict(*first));
                return;
            }
            None => assert_eq!(reply, InsertReply::Stored),
        }
        self.batches.push(id);
        self.keys.extend(key.map(|key| (key, (inputs, id))));
        for ordinal in 0..inputs {
            let known = Known {
                state: RunState::Pending,
                attempts: 0,
            };
            self.runs.insert(run_id(id, ordinal), known);
        }
    }

    async fn claim(&mut self, yard: &Yard, limit: u32) {
        for run in yard.claim(limit).await {
            let id = run.claim.run();
            // Claims run out by themselves; their late holders are asked about later.
            if let Some(at) = self.held.iter().position(|old| old.claim.run() == id) {
                self.spent.push(self.held.remove(at));
            }
            let known = self.runs.get_mut(&id).unwrap();
            assert!(!known.state.is_ended(), "{id} was claimed after its end");
            assert_eq!(run.claim.attempt().get(), known.attempts + 1);
            known.state = RunState::Processing;
            self.held.push(run);
        }
    }

    async fn settle(&mut self, yard: &Yard, which: usize, how: u8) {
        if self.held.is_empty() {
            return;
        }
        let run = self.held.remove(which % self.held.len());
        let id = run.claim.run();
        let settled = yard.settle(run, disposition(how)).await;
        let known = self.runs.get_mut(&id).unwrap();
        let (state, counted) = match (known.state, how) {
            (RunState::Cancelling, _) => (RunState::Cancelled, 1),
            (_, 0) => (RunState::Failed, 1),
            (_, 1) => (RunState::Pending, 1),
            (_, 2) => (RunState::Pending, 0),
            _ => (RunState::Processed, 1),
        };
        assert_eq!(settled, Settled::Applied(state));
        known.state = state;
        known.attempts += counted;
    }

    async fn settle_again(&mut self, yard: &Yard, which: usize) {
        if self.spent.is_empty() {
            return;
        }
        let run = self.spent.remove(which % self.spent.len());
        assert_eq!(yard.settle(run, processed()).await, Settled::Stale);
    }

    async fn cancel_batch(&mut self, yard: &Yard, which: usize) {
        let Some(id) = self.batches.get(which % self.batches.len().max(1)).copied() else {
            return;
        };
        let reply = yard
            .storage()
            .cancel(CancelTarget::Batch(id))
            .await
            .unwrap();
        let all_ended = self.of(id).all(|(_, known)| known.state.is_ended());
        assert_eq!(reply == CancelReply::BatchFinished, all_ended);
        let ids: Vec<_> = self.of(id).map(|(id, _)| id).collect();
        for id in ids {
            self.cancel(id);
        }
    }

    async fn cancel_run(&mut self, yard: &Yard, batch: usize, run: u32) {
        let Some(batch) = self.batches.get(batch % self.batches.len().max(1)) else {
            return;
        };
        let id = run_id(*batch, run);
        let reply = yard.storage().cancel(CancelTarget::Run(id)).await.unwrap();
        assert_eq!(reply == CancelReply::NotFound, !self.runs.contains_key(&id));
        self.cancel(id);
    }

    fn cancel(&mut self, id: RunId) {
        if let Some(known) = self.runs.get_mut(&id) {
            known.state = match known.state {
                RunState::Pending => RunState::Cancelled,
                RunState::Processing => RunState::Cancelling,
                other => other,
            };
        }
    }

    fn crash(&mut self, yard: &mut Yard) {
        yard.crash();
        self.spent.append(&mut self.held);
        for known in self.runs.values_mut() {
            known.state = match known.state {
                RunState::Processing => RunState::Pending,
                RunState::Cancelling => RunState::Cancelled,
                other => other,
            };
        }
    }

    fn of(&self, batch: BatchId) -> impl Iterator<Item = (RunId, Known)> + '_ {
        self.runs
            .iter()
            .filter(move |(id, _)| id.batch() == batch)
            .map(|(id, known)| (*id, *known))
    }

    /// The store says what the model says, run by run and in counts.
    async fn compare(&mut self, yard: &Yard) {
        for id in &self.batches {
            let batch = yard.batch(*id).await;
            let runs = yard.runs_of(*id).await;
            assert_eq!(runs.len() as u64, batch.counts.total());
            for state in RunState::ALL {
                let counted = runs.iter().filter(|run| run.state == state).count();
                assert_eq!(batch.counts.of(state), counted as u64, "{state} of {id}");
            }
            for run in &runs {
                let known = self.runs.get_mut(&run.id).unwrap();
                let crashed = |f: &batch_core::run::Failure| f.reason() == "CRASHED";
                if run.failure.as_ref().is_some_and(crashed) && run.state == RunState::Failed {
                    // Interrupted too often: the model does not count interruptions.
                    known.state = RunState::Failed;
                }
                let seen = Known {
                    state: run.state,
                    attempts: run.attempts,
                };
                assert_eq!(seen, *known, "{}", run.id);
                let ended = run.state.is_ended();
                assert_eq!(run.ended_at.is_some(), ended, "{run:?}");
            }
            assert_eq!(batch.is_finished(), batch.counts.all_ended());
        }
    }
}

/// The journal has no gap, ends each run once, and finishes each batch once and last.
fn check_journal(entries: &[Entry], model: &Model) {
    let mut ends: BTreeMap<RunId, u32> = BTreeMap::new();
    let mut finished: BTreeMap<BatchId, u32> = BTreeMap::new();
    for (number, entry) in (1..).zip(entries) {
        assert_eq!(entry.sequence.get(), number);
        assert!(
            !finished.contains_key(&entry.batch),
            "{entry:?} after the end"
        );
        match &entry.fact {
            Fact::Ended(_) | Fact::Swept(_) => {
                for ordinal in entry.fact.ordinals().iter() {
                    *ends.entry(RunId::new(entry.batch, ordinal)).or_default() += 1;
                }
            }
            Fact::Finished { .. } => *finished.entry(entry.batch).or_default() += 1,
            _ => {}
        }
    }
    for (id, known) in &model.runs {
        let expected = u32::from(known.state.is_ended());
        assert_eq!(ends.get(id).copied().unwrap_or(0), expected, "{id}");
    }
    for id in &model.batches {
        let all_ended = model.of(*id).all(|(_, known)| known.state.is_ended());
        let count = finished.get(id).copied().unwrap_or(0);
        assert_eq!(count, u32::from(all_ended), "{id}");
    }
}

async fn live(steps: Vec<Step>) {
    let mut yard = Yard::new().await;
    let mut model = Model::default();
    for step in steps {
        let patient = matches!(step, Step::Wait(_));
        model.apply(&mut yard, step).await;
        if patient {
            // What is held stays held: this day is not about leases.
            let keys = model.held.iter().map(|run| run.claim.key()).collect();
            yard.storage().renew(keys, LEASE).await.unwrap();
        }
        model.compare(&yard).await;
        check_journal(&yard.journal().await, &model);
    }
}

proptest! {
    #[test]
    fn a_random_day_leaves_the_store_as_the_model_says(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(live(steps));
    }
}
