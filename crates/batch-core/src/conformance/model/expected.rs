use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use super::gate::Gate;
use super::known::{Held, Known};
use super::known_steps::KnownSteps;
use super::step::Step;
use crate::batch::{Batch, BatchState, Flow};
use crate::conformance::sample::{
    failed, needs_review, output, processed, request, retry, snooze, valid,
};
use crate::conformance::yard::{LEASE, Yard, run_id};
use crate::id::{BatchId, RunId};
use crate::run::{RunState, Verdict};
use crate::storage::{
    CancelReply, ClaimToken, ClaimedRun, Disposition, FlowReply, InsertReply, NewBatch, QueueBound,
    Renewal, ReviewRequest, Settled,
};
use crate::time::Clock;

/// How long a retry waits.
const RETRY: Duration = Duration::from_secs(7);
/// How many runs may wait.
const BOUND: NonZeroU64 = NonZeroU64::new(24).expect("24 is not zero");

/// What the model knows of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    swept: bool,
    finished: Option<Duration>,
    /// The uptime at which what waits ends.
    expires: Option<Duration>,
    flow: Flow,
}

/// What a store should hold: kept as plainly as can be.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) runs: BTreeMap<RunId, Known>,
    pub(super) steps: KnownSteps,
    pub(super) batches: BTreeMap<BatchId, Whole>,
    /// Batches in the order of their making.
    pub(super) order: Vec<BatchId>,
    keys: BTreeMap<u8, (u32, BatchId)>,
    pub(super) held: Vec<Held>,
    pub(super) spent: Vec<ClaimedRun>,
    last_token: Option<ClaimToken>,
    gate: Gate,
}

fn disposition(how: u8) -> Disposition {
    match how {
        0 => failed("X"),
        1 => retry(RETRY.as_secs()),
        2 => Disposition::Released,
        3 => output(&"long ".repeat(300)),
        4 => needs_review("for a person"),
        6 => snooze(RETRY.as_secs()),
        _ => processed(),
    }
}

fn uptime(yard: &Yard) -> Duration {
    yard.clock().now().uptime
}

impl Expected {
    /// Does a step, in the store and here; their answers must agree.
    pub(super) async fn take(&mut self, yard: &mut Yard, step: Step) {
        match step {
            Step::Submit { inputs, key } => self.submit(yard, inputs, key).await,
            Step::SubmitTimed {
                inputs,
                delay,
                spread,
                life,
            } => self.submit_timed(yard, inputs, [delay, spread], life).await,
            Step::Claim(limit) => self.claim(yard, limit).await,
            Step::Settle { which, how } => self.settle(yard, which, how).await,
            Step::SettleAgain(which) => self.settle_again(yard, which).await,
            Step::Record { which, name } => self.record(yard, which, name).await,
            Step::RecordLate(which) => self.record_late(yard, which).await,
            Step::RenewAll => self.renew_all(yard).await,
            Step::RenewAgain(which) => self.renew_again(yard, which).await,
            Step::CancelBatch(which) => self.cancel_batch(yard, which).await,
            Step::CancelRun { batch, run } => self.cancel_run(yard, batch, run).await,
            Step::SetFlow { which, flow } => self.set_flow(yard, which, flow).await,
            Step::SetWorkflowFlow(flow) => self.gate.set_flow(yard, flow).await,
            Step::SetLimits(limits) => self.gate.limit(yard, limits, uptime(yard)).await,
            Step::ComeLate(which) => self.come_late(yard, which).await,
            Step::Review { which, verdict } => self.review(yard, which, verdict).await,
            Step::DeleteBatch(which) => self.delete_batch(yard, which).await,
            Step::DeleteRun { batch, run } => self.delete_run(yard, batch, run).await,
            Step::UpdateRun { batch, run, tag } => self.update_run(yard, batch, run, tag).await,
            Step::Wait(seconds) => yard.clock().advance(Duration::from_secs(seconds)),
            Step::Prune => self.prune(yard).await,
            Step::Crash => {
                yard.crash().await;
                for held in std::mem::take(&mut self.held) {
                    self.interrupt(held);
                }
            }
        }
        self.note_finished(uptime(yard));
    }

    async fn submit(&mut self, yard: &Yard, inputs: u32, key: Option<u8>) {
        let mut request = request(inputs);
        if let Some(key) = key {
            request = request.idempotency_key(format!("{key}"));
        }
        let id = BatchId::generate();
        let mut batch = NewBatch::single(id, valid(request));
        let bound = QueueBound::new(BOUND);
        batch.queue_bound = Some(bound);
        let depth = self.waiting();
        let reply = yard.storage().insert(batch).await.unwrap();
        let expected = match key.and_then(|key| self.keys.get(&key)) {
            Some((same, first)) if *same == inputs => InsertReply::Replayed(*first),
            Some((_, first)) => InsertReply::KeyConflict(*first),
            None if depth + u64::from(inputs) > bound.get() => {
                InsertReply::QueueFull { depth, bound }
            }
            None => InsertReply::Stored,
        };
        assert_eq!(reply, expected);
        if reply == InsertReply::Stored {
            let whole = Whole {
                swept: false,
                finished: None,
                expires: None,
                flow: Flow::Going,
            };
            self.batches.insert(id, whole);
            self.order.push(id);
            self.keys.extend(key.map(|key| (key, (inputs, id))));
            let runs = (0..inputs).map(|ordinal| (run_id(id, ordinal), Known::NEW));
            self.runs.extend(runs);
        }
    }

    fn waiting(&self) -> u64 {
        let waiting = self.runs.values();
        let waiting = waiting.filter(|known| known.state == RunState::Pending);
        waiting.count() as u64
    }

    /// Run n of N is due after the delay and n/N of the spread.
    async fn submit_timed(
        &mut self,
        yard: &Yard,
        inputs: u32,
        [delay, spread]: [u8; 2],
        life: Option<u8>,
    ) {
        let seconds = |n: u8| Duration::from_secs(n.into());
        let (now, at) = (uptime(yard), yard.clock().now().wall);
        let begins = at + seconds(delay);
        let life = life.map(|life| seconds(delay) + seconds(life));
        let mut request = request(inputs).not_before(begins).spread(seconds(spread));
        request.timing.expires_at = life.map(|life| at + life);
        let id = yard.submit_request(request).await;
        let whole = Whole {
            swept: false,
            finished: None,
            expires: life.map(|life| now + life),
            flow: Flow::Going,
        };
        self.batches.insert(id, whole);
        self.order.push(id);
        for ordinal in 0..inputs {
            let share = u64::from(spread) * 1_000 * u64::from(ordinal) / u64::from(inputs);
            let due = now + seconds(delay) + Duration::from_millis(share);
            let known = Known { due, ..Known::NEW };
            self.runs.insert(run_id(id, ordinal), known);
        }
    }

    /// What waits in a batch whose time is over ends.
    fn expire(&mut self, now: Duration) {
        let batches = &self.batches;
        let over = |id: &RunId| {
            let expires = batches.get(&id.batch()).and_then(|whole| whole.expires);
            expires.is_some_and(|at| at <= now)
        };
        for (_, known) in self.runs.iter_mut().filter(|(id, _)| over(id)) {
            if known.state == RunState::Pending {
                known.state = RunState::Failed;
            }
        }
    }

    async fn claim(&mut self, yard: &Yard, limit: u32) {
        let now = uptime(yard);
        let all = std::mem::take(&mut self.held);
        let (expired, held): (Vec<_>, Vec<_>) = all.into_iter().partition(|h| h.expires <= now);
        self.held = held;
        for held in expired {
            self.interrupt(held);
        }
        self.expire(now);
        let claimed = yard.claim(limit).await;
        self.check_grants(&claimed, limit, now);
        self.gate.grant(claimed.len() as u32, self.held.len(), now);
        for run in claimed {
            self.hold(run, now);
        }
    }

    /// Who may have been given what.
    fn check_grants(&self, claimed: &[ClaimedRun], limit: u32, now: Duration) {
        assert!(claimed.len() <= limit as usize);
        let known = |run: &ClaimedRun| self.runs[&run.claim.run()];
        let is_suspect = |held: &Held| known(&held.run).is_suspect();
        let waiting = || {
            let going = |id: &RunId| self.batches[&id.batch()].flow == Flow::Going;
            let runs = self.runs.iter().filter(move |(id, _)| going(id));
            let runs = runs.map(|(_, known)| known);
            runs.filter(|known| known.state == RunState::Pending && known.due <= now)
        };
        if self.held.iter().any(is_suspect) {
            assert!(claimed.is_empty(), "nothing is claimed beside a suspect");
        } else if claimed.is_empty() {
            let others = waiting().filter(|known| !known.is_suspect()).count();
            let suspects = waiting().count() - others;
            let due = others > 0 && suspects == 0 || suspects > 0 && self.held.is_empty();
            assert!(
                !due || !self.gate.is_open(self.held.len(), now),
                "{others} runs and {suspects} suspects wait, none is granted"
            );
        }
        if claimed.iter().any(|run| known(run).is_suspect()) {
            assert!(self.held.is_empty(), "a suspect goes while nothing is held");
            assert!(claimed.iter().all(|run| known(run).is_suspect()));
            let company = claimed.iter().map(|run| known(run).company()).min();
            assert!(Some(claimed.len()) <= company, "too many suspects together");
        }
    }

    fn hold(&mut self, run: ClaimedRun, now: Duration) {
        let id = run.claim.run();
        let token = run.claim.key().token;
        assert!(self.last_token < Some(token), "{token:?} does not grow");
        self.last_token = Some(token);
        let known = self.runs.get_mut(&id).expect("a run that was submitted");
        assert_eq!(known.state, RunState::Pending, "{id} was claimed");
        let whole = &self.batches[&id.batch()];
        assert_eq!(whole.flow, Flow::Going, "{id} was claimed");
        assert!(known.due <= now, "{id} was claimed before its time");
        assert_eq!(run.claim.attempt().get(), known.attempts + 1);
        assert_eq!(run.interruptions, known.interruptions);
        assert_eq!(run.snoozes, known.snoozes);
        assert_eq!(run.steps as usize, self.steps.of(id).len());
        assert_eq!(run.input.name(), Some(&*format!("input {}", id.ordinal())));
        known.state = RunState::Processing;
        let expires = now + LEASE;
        self.held.push(Held { run, expires });
    }

    fn interrupt(&mut self, held: Held) {
        let known = self.runs.get_mut(&held.run.claim.run());
        known.expect("a held run is known").interrupt();
        self.spent.push(held.run);
    }

    async fn settle(&mut self, yard: &Yard, which: usize, how: u8) {
        if self.held.is_empty() {
            return;
        }
        let run = self.held.remove(which % self.held.len()).run;
        let id = run.claim.run();
        let settled = yard.settle(run, disposition(how)).await;
        let known = self.runs.get_mut(&id).expect("a held run is known");
        let (state, counted) = match (known.state, how) {
            (RunState::Cancelling, _) => (RunState::Cancelled, 1),
            (_, 0) => (RunState::Failed, 1),
            (_, 1) => (RunState::Pending, 1),
            (_, 2 | 6) => (RunState::Pending, 0),
            (_, 4) => (RunState::NeedsReview, 1),
            _ => (RunState::Processed, 1),
        };
        assert_eq!(settled, Settled::Applied(state));
        if how == 6 && state == RunState::Pending {
            known.snoozes += 1;
        }
        if how == 1 || how == 6 {
            known.due = uptime(yard) + RETRY;
        }
        known.state = state;
        known.attempts += counted;
    }

    async fn settle_again(&mut self, yard: &Yard, which: usize) {
        if !self.spent.is_empty() {
            let run = self.spent.remove(which % self.spent.len());
            assert_eq!(yard.settle(run, processed()).await, Settled::Stale);
        }
    }

    async fn come_late(&mut self, yard: &Yard, which: usize) {
        yard.clock().advance(LEASE);
        self.claim(yard, 64).await;
        self.settle_again(yard, which).await;
    }

    async fn renew_all(&mut self, yard: &Yard) {
        let keys = self.held.iter().map(|held| held.run.claim.key()).collect();
        let renewed = yard.renew(keys).await;
        assert_eq!(renewed.len(), self.held.len());
        for (held, renewal) in self.held.iter_mut().zip(renewed) {
            let expected = match self.runs[&held.run.claim.run()].state {
                RunState::Cancelling => Renewal::CancelAsked,
                _ => Renewal::Kept,
            };
            assert_eq!(renewal, expected, "{:?}", held.run.claim);
            held.expires = uptime(yard) + LEASE;
        }
    }

    async fn renew_again(&mut self, yard: &Yard, which: usize) {
        if !self.spent.is_empty() {
            let run = &self.spent[which % self.spent.len()];
            assert_eq!(yard.renew(vec![run.claim.key()]).await, [Renewal::Lost]);
        }
    }

    async fn cancel_batch(&mut self, yard: &Yard, which: usize) {
        let Some(id) = self.order.get(which % self.order.len().max(1)).copied() else {
            return;
        };
        let reply = yard.cancel_batch(id).await;
        let before = self.all_ended(id);
        for (run, known) in &mut self.runs {
            if run.batch() == id {
                known.cancel();
            }
        }
        let expected = match (self.batches.get_mut(&id), before) {
            (None, _) => CancelReply::NotFound,
            (Some(_), true) => CancelReply::BatchFinished,
            (Some(whole), false) => {
                whole.swept = true;
                match self.all_ended(id) {
                    true => CancelReply::Cancelled,
                    false => CancelReply::Cancelling,
                }
            }
        };
        assert_eq!(reply, expected, "{id}");
    }

    async fn set_flow(&mut self, yard: &Yard, which: usize, flow: Flow) {
        let Some(id) = self.order.get(which % self.order.len().max(1)).copied() else {
            return;
        };
        let reply = yard.storage().set_flow(id, flow).await.unwrap();
        let ended = self.all_ended(id);
        let expected = match self.batches.get_mut(&id) {
            None => FlowReply::NotFound,
            Some(_) if ended => FlowReply::BatchFinished,
            Some(whole) if whole.flow == flow => FlowReply::Unchanged,
            Some(whole) => {
                whole.flow = flow;
                FlowReply::Changed
            }
        };
        assert_eq!(reply, expected, "{id}");
    }

    async fn cancel_run(&mut self, yard: &Yard, batch: usize, run: u32) {
        let Some(batch) = self.order.get(batch % self.order.len().max(1)) else {
            return;
        };
        let reply = yard.cancel_run(*batch, run).await;
        let expected = match self.runs.get_mut(&run_id(*batch, run)) {
            None => CancelReply::NotFound,
            Some(known) if known.deleted => CancelReply::NotFound,
            Some(known) if known.state.is_ended() => CancelReply::RunEnded(known.state),
            Some(known) => {
                known.cancel();
                match known.state {
                    RunState::Cancelled => CancelReply::Cancelled,
                    _ => CancelReply::Cancelling,
                }
            }
        };
        assert_eq!(reply, expected, "run {run} of {batch}");
    }

    /// Of a run in review, of one that was answered before, or of any.
    async fn review(&mut self, yard: &Yard, which: usize, verdict: Verdict) {
        let asked = |known: &Known| match which % 4 {
            0 => true,
            1 => known.verdict.is_some(),
            _ => known.state == RunState::NeedsReview,
        };
        let runs = self.runs.iter().filter(|(_, known)| asked(known));
        let ids: Vec<_> = runs.map(|(id, _)| *id).collect();
        let Some(id) = ids.get(which / 4 % ids.len().max(1)).copied() else {
            return;
        };
        let request = ReviewRequest::new(id, verdict);
        let replies = yard.storage().review(vec![request]).await.unwrap();
        let known = self.runs.get_mut(&id).expect("one of those that are there");
        assert_eq!(replies, [known.review(verdict)], "{verdict} of {id}");
    }

    async fn prune(&mut self, yard: &Yard) {
        let now = uptime(yard);
        self.expire(now);
        self.note_finished(now);
        let pruned = yard.prune().await;
        let before = self.batches.len();
        self.batches
            .retain(|_, whole| whole.finished.is_none_or(|at| at >= now));
        self.runs
            .retain(|id, _| self.batches.contains_key(&id.batch()));
        assert_eq!(pruned.batches as usize, before - self.batches.len());
    }

    fn note_finished(&mut self, now: Duration) {
        let ids: Vec<_> = self.batches.keys().copied().collect();
        for id in ids {
            let ended = self.all_ended(id);
            if let Some(whole) = self.batches.get_mut(&id).filter(|_| ended) {
                whole.finished.get_or_insert(now);
            }
        }
    }

    pub(super) fn all_ended(&self, batch: BatchId) -> bool {
        self.of(batch).all(|(_, known)| known.state.is_ended())
    }

    pub(super) fn of(&self, batch: BatchId) -> impl Iterator<Item = (RunId, Known)> + '_ {
        let from = run_id(batch, 0);
        let runs = self.runs.range(from..).map(|(id, known)| (*id, *known));
        runs.take_while(move |(id, _)| id.batch() == batch)
    }

    /// The batches that should be there.
    pub(super) fn batches(&self) -> impl Iterator<Item = BatchId> + '_ {
        self.batches.keys().copied()
    }

    /// Those of them all of whose runs have ended.
    pub(super) fn finished(&self) -> impl Iterator<Item = BatchId> + '_ {
        self.batches().filter(|id| self.is_finished(*id))
    }

    pub(super) fn is_finished(&self, batch: BatchId) -> bool {
        self.batches
            .get(&batch)
            .is_some_and(|w| w.finished.is_some())
    }

    /// The store says of a batch what is known here, run by run and in counts.
    pub(super) async fn compare(&self, yard: &Yard, id: BatchId) {
        yard.recount(id).await;
        let batch = yard.batch(id).await;
        self.compare_whole(&batch);
        let runs = yard.runs_of(id).await;
        let there = self.of(id).filter(|(_, known)| !known.deleted);
        assert_eq!(runs.len(), there.count(), "{id} is not whole");
        for run in runs {
            let known = self.runs[&run.id];
            self.steps.compare(yard, &run).await;
            known.compare(&run);
        }
    }

    fn compare_whole(&self, batch: &Batch) {
        let whole = self.batches[&batch.id];
        if !batch.is_finished() {
            assert_eq!(batch.flow, whole.flow, "{batch:?}");
        }
        let untouched = self.of(batch.id).all(|(_, k)| k.state == RunState::Pending);
        let over = |known: Known| known.state.is_ended() || known.state == RunState::NeedsReview;
        let waits_for_people = self.of(batch.id).all(|(_, known)| over(known));
        let expected = match (whole.swept, self.all_ended(batch.id)) {
            (true, true) => BatchState::Cancelled,
            (true, false) => BatchState::Cancelling,
            (false, true) => BatchState::Processed,
            (false, false) if untouched => BatchState::Pending,
            (false, false) if waits_for_people => BatchState::NeedsReview,
            (false, false) => BatchState::Processing,
        };
        assert_eq!(batch.state, expected, "{batch:?}");
    }
}
