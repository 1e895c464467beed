use std::collections::BTreeMap;

use super::Machine;
use super::apply::{AskedToStop, End};
use crate::id::BatchId;
use crate::journal::{Fact, RunEnd};
use crate::kv::OrderedKv;
use crate::kv::record::LiveRecord;
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Attempt, Failure, RunState};
use crate::storage::StorageError;
use crate::time::Moment;

/// A run interrupted this often is a suspect: it executes in quarantine from then on.
const SUSPECT_AFTER: u32 = 2;

/// How many suspects execute together, by how often the most suspicious of them was interrupted.
///
/// The group halves with each further interruption, so that a run that kills its
/// process is alone after a few deaths, and its neighbours never wait for one
/// another one by one.
pub(super) const fn quarantine(interruptions: u32) -> u32 {
    match interruptions {
        0..=2 => 8,
        3 => 4,
        4 => 2,
        _ => 1,
    }
}

/// What becomes of a run whose holder died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It waits again.
    Again,
    /// It was asked to stop, so it ends.
    Cancelled,
    /// It was alone, so it is what kills its process.
    Crashed,
}

/// The rule: a run that was alone in quarantine and is interrupted again did it by itself.
///
/// `before` is how often it had been interrupted before.
const fn verdict(asked: AskedToStop, before: u32) -> Verdict {
    match asked {
        AskedToStop::Yes => Verdict::Cancelled,
        AskedToStop::No if before >= SUSPECT_AFTER && quarantine(before) == 1 => Verdict::Crashed,
        AskedToStop::No => Verdict::Again,
    }
}

/// A held run before it is interrupted.
struct Victim {
    ordinal: Ordinal,
    attempts: u32,
    interruptions: u32,
    started_at: Option<i64>,
    secret_parts: u16,
    step_parts: u16,
}

/// Whether a run that was interrupted so often executes in quarantine.
pub(super) const fn is_suspect(interruptions: u32) -> bool {
    interruptions >= SUSPECT_AFTER
}

impl LiveRecord {
    /// Lets a run wait again that has a record: for quarantine, if it was interrupted too often.
    pub(super) fn wait_again(&mut self, ordinal: Ordinal, interruptions: u32) {
        match is_suspect(interruptions) {
            true => self.suspect.insert(ordinal),
            false => self.ready.insert(ordinal),
        };
    }
}

impl<K: OrderedKv> Machine<K> {
    /// Takes back the claims that ran out.
    pub(super) fn expire_leases(&mut self, now: Moment) {
        let mut expired: BTreeMap<BatchId, OrdinalSet> = BTreeMap::new();
        for (id, runs) in self.leases.ended_by(now.uptime) {
            expired.entry(id).or_default().union_with(runs);
        }
        for (id, ordinals) in expired {
            tracing::warn!(batch = %id, runs = ordinals.len(), "claims ran out");
            if let Err(error) = self.interrupt(id, &ordinals, now) {
                self.leases.forget(id);
                self.park(id, &error);
            }
        }
    }

    /// Counts an interruption for held runs of a batch and lets them wait again, or ends them.
    pub(super) fn interrupt(
        &mut self,
        id: BatchId,
        ordinals: &OrdinalSet,
        now: Moment,
    ) -> Result<(), StorageError> {
        let mut victims = Vec::new();
        for ordinal in ordinals.iter() {
            victims.push(self.victim(id, ordinal)?);
        }
        let mut again = OrdinalSet::new();
        let mut ends = Vec::new();
        for victim in victims {
            match self.interrupt_one(id, &victim, now) {
                Some(end) => ends.push(end),
                None => {
                    again.insert(victim.ordinal);
                }
            }
        }
        if !again.is_empty() {
            self.note(id, Fact::Interrupted(again));
            self.suspects_since = now.uptime;
        }
        if !ends.is_empty() {
            self.note(id, Fact::Ended(ends));
        }
        self.finish_if_done(id, now);
        Ok(())
    }

    /// Reads what is needed of a held run. The step that can fail.
    fn victim(&mut self, id: BatchId, ordinal: Ordinal) -> Result<Victim, StorageError> {
        self.open_page(id, ordinal)?;
        let secret_parts = self.read_secrets(id, ordinal)?.parts;
        let step_parts = self.step_parts(id, ordinal)?;
        let record = self.opened(id, ordinal);
        let held = self.live.get(&id).and_then(|b| b.claims.get(ordinal));
        Ok(Victim {
            ordinal,
            attempts: record.map_or(0, |r| r.attempts),
            interruptions: record.map_or(0, |r| r.interruptions),
            started_at: held.map(|h| h.claimed_at),
            secret_parts,
            step_parts,
        })
    }

    fn interrupt_one(&mut self, id: BatchId, victim: &Victim, now: Moment) -> Option<RunEnd> {
        let ordinal = victim.ordinal;
        let asked = self.let_go(id, ordinal);
        let interruptions = victim.interruptions.saturating_add(1);
        self.change_record(id, ordinal).interruptions = interruptions;
        let (state, failure) = match verdict(asked, victim.interruptions) {
            Verdict::Again => {
                if let Some(batch) = self.change(id) {
                    batch.record.wait_again(ordinal, interruptions);
                }
                return None;
            }
            Verdict::Cancelled => (RunState::Cancelled, None),
            Verdict::Crashed => {
                let text = format!(
                    "its process died {interruptions} times, the last time with this run alone"
                );
                (RunState::Failed, Some(Failure::new(Failure::CRASHED, text)))
            }
        };
        let end = End {
            state,
            attempts: victim.attempts,
            started_at: victim.started_at,
            failure: failure.clone(),
            output: None,
            secret_parts: victim.secret_parts,
            step_parts: victim.step_parts,
        };
        self.end_run(id, ordinal, end, now);
        Some(RunEnd {
            ordinal,
            attempt: Some(Attempt::after(victim.attempts)),
            state,
            failure,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_interrupted_alone_is_what_killed_its_process() {
        for before in 0..5 {
            assert_eq!(verdict(AskedToStop::No, before), Verdict::Again);
        }
        assert_eq!(verdict(AskedToStop::No, 5), Verdict::Crashed);
    }

    #[test]
    fn the_quarantine_halves_until_a_run_is_alone() {
        let groups: Vec<_> = (SUSPECT_AFTER..7).map(quarantine).collect();
        assert_eq!(groups, [8, 4, 2, 1, 1]);
    }

    #[test]
    fn a_run_that_was_asked_to_stop_is_cancelled_and_blamed_for_nothing() {
        assert_eq!(verdict(AskedToStop::Yes, 9), Verdict::Cancelled);
    }

    #[test]
    fn the_second_interruption_makes_a_suspect() {
        let mut record = LiveRecord::default();
        record.wait_again(Ordinal::new(0), 1);
        record.wait_again(Ordinal::new(1), 2);
        assert!(record.ready.contains(Ordinal::new(0)));
        assert!(record.suspect.contains(Ordinal::new(1)));
    }
}
