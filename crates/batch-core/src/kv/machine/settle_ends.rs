use std::time::Duration;

use super::Machine;
use super::apply::place;
use super::live_batch::{Held, LiveBatch};
use super::pages::OpenPage;
use super::settle::Report;
use crate::id::RunId;
use crate::journal::RunEnd;
use crate::kv::OrderedKv;
use crate::kv::record::{OutputPlace, RunPage, RunRecord};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Attempt, Failure, RunState};
use crate::storage::{Disposition, Settlement};
use crate::time::Moment;

/// The end of a run that has no record, secrets or steps, as most have none.
struct PlainEnd {
    ordinal: Ordinal,
    held: Held,
    state: RunState,
    started_at: i64,
    failure: Option<Failure>,
}

/// Runs of a batch that have ended, still to be taken out of what says that they are held.
#[derive(Default)]
struct Ended {
    runs: OrdinalSet,
    /// The latest of them whose claims run out at one time.
    leased: (Duration, OrdinalSet),
}

/// Ends of many runs at once: what concerns all of them is done once.
impl<K: OrderedKv> Machine<K> {
    /// Ends runs of the batch that the first of these is about, up to the first that is something
    /// else than a plain end, and reports them. The pages of runs whose claims are current must
    /// be open.
    pub(super) fn settle_ends(
        &mut self,
        settlements: &[Settlement],
        report: &mut Report,
        now: Moment,
    ) {
        let Some(first) = settlements.first().map(|first| first.key) else {
            return;
        };
        let id = first.run.batch();
        let batch = self.live.get_mut(&id);
        let Some(batch) = batch.filter(|batch| batch.is_held(first)) else {
            return;
        };
        self.before.keep(id, batch);
        let mut ended = Ended::default();
        let mut open: Option<(u32, &mut OpenPage)> = None;
        let of_batch = settlements.iter();
        for settlement in of_batch.take_while(|next| next.key.run.batch() == id) {
            let number = RunPage::of(settlement.key.run.ordinal());
            if open.as_ref().is_none_or(|(open, _)| *open != number) {
                let page = self.pages.open_mut(id, number);
                open = page.map(|page| (number, page));
            }
            let Some((_, page)) = &mut open else { break };
            let Some(end) = PlainEnd::take(batch, page, settlement) else {
                break;
            };
            let output = settlement.disposition.output();
            let output = output.map(|output| place(&mut self.stage, id, end.ordinal, output));
            let expires = end.held.expires;
            if ended.leased.0 != expires {
                let (expired, runs) = std::mem::take(&mut ended.leased);
                self.leases.remove_all(expired, id, &runs);
                ended.leased.0 = expires;
            }
            ended.leased.1.insert(end.ordinal);
            ended.runs.insert(end.ordinal);
            batch.record.pages.insert(Ordinal::new(number));
            *batch.record.ended.of_mut(end.state) += 1;
            report.ended.push(end.told());
            page.end(end, output, Self::millis(now));
        }
        batch.record.held.remove_all(&ended.runs);
        batch.record.stepped.remove_all(&ended.runs);
        self.schedule.let_go(&batch.header, ended.runs.len());
        let (expires, runs) = &ended.leased;
        self.leases.remove_all(*expires, id, runs);
        if !self.quarantined.is_empty() {
            for ordinal in ended.runs.iter() {
                self.quarantined.remove(&RunId::new(id, ordinal));
            }
        }
    }
}

impl PlainEnd {
    /// Takes the claim of a run that ends plainly, and what was said of its end.
    fn take(batch: &mut LiveBatch, page: &OpenPage, settlement: &Settlement) -> Option<Self> {
        let ordinal = settlement.key.run.ordinal();
        let asked_to_stop = batch.record.cancelling.contains(ordinal);
        let held = *batch.claims.get(ordinal)?;
        let alone = held.secret_parts == 0 && held.step_parts == 0;
        let current = held.token == settlement.key.token;
        if !(current && alone) || asked_to_stop || page.has_record(ordinal) {
            return None;
        }
        let (state, failure) = match &settlement.disposition {
            Disposition::Processed { .. } => (RunState::Processed, None),
            Disposition::Failed { failure, .. } => (RunState::Failed, Some(failure.clone())),
            _ => return None,
        };
        batch.claims.remove(ordinal);
        let started_at = settlement.started_at.map(crate::kv::record::millis);
        Some(Self {
            ordinal,
            held,
            state,
            started_at: started_at.unwrap_or(held.claimed_at),
            failure,
        })
    }

    /// What the journal tells of it.
    fn told(&self) -> RunEnd {
        RunEnd {
            ordinal: self.ordinal,
            attempt: Some(Attempt::after(self.held.attempts)),
            state: self.state,
            failure: self.failure.clone(),
        }
    }
}

impl OpenPage {
    /// Records an end at `now` in milliseconds. The run must have no record.
    fn end(&mut self, end: PlainEnd, output: Option<OutputPlace>, now: i64) {
        let record = RunRecord {
            end: Some(end.state),
            attempts: end.held.attempts.saturating_add(1),
            started_at: Some(end.started_at),
            // A clock that was set back makes no run end before it began.
            ended_at: Some(now.max(end.started_at)),
            failure: end.failure,
            output,
            ..RunRecord::default()
        };
        self.put(end.ordinal, record);
    }
}
