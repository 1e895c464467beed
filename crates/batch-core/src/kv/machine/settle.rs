use std::collections::BTreeMap;
use std::time::Duration;

use super::Machine;
use super::apply::{AskedToStop, End};
use super::live_batch::Held;
use crate::id::{BatchId, RunId};
use crate::journal::{Fact, RunEnd, RunInReview, RunRetry, RunSnooze};
use crate::kv::OrderedKv;
use crate::kv::record::{RunPage, timestamp};
use crate::ordinal::OrdinalSet;
use crate::run::{Attempt, Failure, Note, Output, RunState};
use crate::storage::{ClaimKey, Disposition, Renewal, Settled, Settlement, StorageError};
use crate::time::Moment;

/// What one call settled of one batch, for its journal entries.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub ended: Vec<RunEnd>,
    retrying: Vec<RunRetry>,
    snoozed: Vec<RunSnooze>,
    released: OrdinalSet,
    in_review: Vec<RunInReview>,
}

impl Report {
    fn is_empty(&self) -> bool {
        self.ended.is_empty()
            && self.retrying.is_empty()
            && self.snoozed.is_empty()
            && self.released.is_empty()
            && self.in_review.is_empty()
    }
}

/// What a disposition comes to, once it is known whether the run was asked to stop.
enum Effect {
    End(RunState, Option<Failure>, Option<Output>),
    Retry(Duration, Failure),
    Release,
    Review(Note, Option<Output>),
    Snooze(Duration),
}

/// The rule: on a run that was asked to stop, every disposition ends it as cancelled.
fn effect(disposition: Disposition, asked: AskedToStop) -> Effect {
    if asked == AskedToStop::Yes {
        return Effect::End(RunState::Cancelled, None, None);
    }
    match disposition {
        Disposition::Processed { output } => Effect::End(RunState::Processed, None, output),
        Disposition::Failed { failure, output } => {
            Effect::End(RunState::Failed, Some(failure), output)
        }
        Disposition::Retry { after, failure } => Effect::Retry(after, failure),
        Disposition::Released => Effect::Release,
        Disposition::NeedsReview { note, output } => Effect::Review(note, output),
        Disposition::Snoozed { after } => Effect::Snooze(after),
    }
}

impl<K: OrderedKv> Machine<K> {
    /// Records how attempts ended; stale claims change nothing.
    pub(in crate::kv) fn settle(
        &mut self,
        settlements: Vec<Settlement>,
        now: Moment,
    ) -> Result<Vec<Settled>, StorageError> {
        self.check_writable("settle runs")?;
        self.open_pages(&settlements)?;
        let mut reports: BTreeMap<BatchId, Report> = BTreeMap::new();
        let mut settled = Vec::with_capacity(settlements.len());
        let mut settlements = settlements.into_iter();
        while let Some(first) = settlements.as_slice().first() {
            let report = reports.entry(first.key.run.batch()).or_default();
            let before = report.ended.len();
            self.settle_ends(settlements.as_slice(), report, now);
            match &report.ended[before..] {
                [] => {
                    settled.extend((settlements.next()).map(|it| self.settle_one(it, report, now)))
                }
                ended => {
                    settled.extend(ended.iter().map(|end| Settled::Applied(end.state)));
                    settlements.nth(ended.len() - 1);
                }
            }
        }
        for (id, report) in reports {
            if report.is_empty() {
                continue;
            }
            self.note_report(id, report);
            self.finish_if_done(id, now);
        }
        Ok(settled)
    }

    /// Reads the pages of the runs whose claims are current. The step that can fail.
    fn open_pages(&mut self, settlements: &[Settlement]) -> Result<(), StorageError> {
        let mut open = None;
        for settlement in settlements {
            let run = settlement.key.run;
            let page = (run.batch(), RunPage::of(run.ordinal()));
            if open != Some(page) && self.current(settlement.key).is_some() {
                self.open_page(run.batch(), run.ordinal())?;
                open = Some(page);
            }
        }
        Ok(())
    }

    /// The claim under this key, if it is still current.
    pub(super) fn current(&self, key: ClaimKey) -> Option<Held> {
        let batch = self.live.get(&key.run.batch())?;
        let held = batch.claims.get(key.run.ordinal())?;
        (held.token == key.token).then_some(*held)
    }

    fn settle_one(&mut self, settlement: Settlement, report: &mut Report, now: Moment) -> Settled {
        let Some(held) = self.current(settlement.key) else {
            return Settled::Stale;
        };
        let run = settlement.key.run;
        let started_at = settlement
            .started_at
            .map_or(held.claimed_at, crate::kv::record::millis);
        let asked = self.let_go(run.batch(), run.ordinal());
        match effect(settlement.disposition, asked) {
            Effect::End(state, failure, output) => {
                report.ended.push(RunEnd {
                    ordinal: run.ordinal(),
                    attempt: Some(Attempt::after(held.attempts)),
                    state,
                    failure: failure.clone(),
                });
                let end = End {
                    state,
                    attempts: held.attempts.saturating_add(1),
                    started_at: Some(started_at),
                    failure,
                    output,
                    secret_parts: held.secret_parts,
                    step_parts: held.step_parts,
                };
                self.end_run(run.batch(), run.ordinal(), end, now);
                Settled::Applied(state)
            }
            Effect::Retry(after, failure) => {
                let retry = self.delay(run, held, started_at, after, failure, now);
                report.retrying.push(retry);
                Settled::Applied(RunState::Pending)
            }
            Effect::Snooze(after) => {
                let snooze = self.snooze(run, held, started_at, after, now);
                report.snoozed.push(snooze);
                Settled::Applied(RunState::Pending)
            }
            Effect::Release => {
                report.released.insert(run.ordinal());
                self.release(run, held);
                Settled::Applied(RunState::Pending)
            }
            Effect::Review(note, output) => {
                let asked = self.ask_for_review(run, held, started_at, note, now);
                self.keep_output(run, output);
                report.in_review.push(asked);
                Settled::Applied(RunState::NeedsReview)
            }
        }
    }

    fn delay(
        &mut self,
        run: RunId,
        held: Held,
        started_at: i64,
        after: Duration,
        failure: Failure,
        now: Moment,
    ) -> RunRetry {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let record = self.change_record(id, ordinal);
        record.attempts = held.attempts.saturating_add(1);
        record.started_at = Some(started_at);
        record.failure = Some(failure.clone());
        let due_at = self.wait_for(run, after, now);
        RunRetry {
            ordinal,
            attempt: Attempt::after(held.attempts),
            failure,
            due_at: timestamp(due_at),
        }
    }

    /// Lets a run wait as before its claim.
    fn release(&mut self, run: RunId, held: Held) {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let recorded = self.opened(id, ordinal).is_some();
        if let Some(batch) = self.change(id) {
            match recorded {
                true => batch.record.wait_again(ordinal, held.interruptions),
                false => {
                    batch.record.fresh.insert(ordinal);
                }
            }
        }
    }

    fn note_report(&mut self, id: BatchId, report: Report) {
        if !report.retrying.is_empty() {
            self.note(id, Fact::Retrying(report.retrying));
        }
        if !report.snoozed.is_empty() {
            self.note(id, Fact::Snoozed(report.snoozed));
        }
        if !report.released.is_empty() {
            self.note(id, Fact::Released(report.released));
        }
        if !report.in_review.is_empty() {
            self.note(id, Fact::NeedsReview(report.in_review));
        }
        if !report.ended.is_empty() {
            self.note(id, Fact::Ended(report.ended));
        }
    }

    /// Keeps claims for another lease. Nothing is written: leases end with the process.
    pub(in crate::kv) fn renew(
        &mut self,
        claims: &[ClaimKey],
        lease: Duration,
        now: Moment,
    ) -> Vec<Renewal> {
        claims
            .iter()
            .map(|key| self.renew_one(*key, lease, now))
            .collect()
    }

    fn renew_one(&mut self, key: ClaimKey, lease: Duration, now: Moment) -> Renewal {
        let Some(held) = self.current(key) else {
            return Renewal::Lost;
        };
        let (run, ordinal) = (key.run, key.run.ordinal());
        let expires = now.uptime.saturating_add(lease);
        self.leases.remove(held.expires, run);
        self.leases.insert(expires, run);
        let Some(batch) = self.live.get_mut(&run.batch()) else {
            return Renewal::Lost;
        };
        if let Some(held) = batch.claims.get_mut(ordinal) {
            held.expires = expires;
        }
        match batch.record.cancelling.contains(ordinal) {
            true => Renewal::CancelAsked,
            false => Renewal::Kept,
        }
    }
}
