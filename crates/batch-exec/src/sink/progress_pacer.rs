use std::collections::HashMap;
use std::time::Duration;

use batch_core::id::BatchId;
use batch_core::journal::{Entry, Fact, Sequence};
use batch_core::time::Timestamp;

/// No sink hears more often of the progress of one batch.
const SHORTEST: Duration = Duration::from_millis(100);

/// Says when a sink is to hear how far a batch is: when runs have ended, and no more often
/// than an interval. Pure; the time passed in only grows.
#[derive(Debug)]
pub(super) struct ProgressPacer {
    every: Duration,
    batches: HashMap<BatchId, Pace>,
}

#[derive(Debug, Clone, Copy)]
struct Pace {
    /// No sooner than this.
    not_before: Duration,
    /// What the sink has not heard the progress of.
    unheard: Option<Change>,
}

/// The last entry by which runs of a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) sequence: Sequence,
    pub(super) at: Timestamp,
}

impl ProgressPacer {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every: every.max(SHORTEST),
            batches: HashMap::new(),
        }
    }

    /// Takes in an entry that the sink has passed.
    pub(super) fn passed(&mut self, entry: &Entry, now: Duration) {
        let first = now.saturating_add(self.every);
        match entry.fact {
            Fact::Ended(_) | Fact::Swept(_) | Fact::Expired(_) => {
                let pace = self.batches.entry(entry.batch).or_insert(Pace {
                    not_before: first,
                    unheard: None,
                });
                pace.unheard = Some(Change {
                    sequence: entry.sequence,
                    at: entry.at,
                });
            }
            Fact::Finished { .. } => {
                self.batches.remove(&entry.batch);
            }
            _ => {}
        }
    }

    /// When the next progress is to be heard of; `None` while nothing has changed.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let unheard = self.batches.values().filter(|pace| pace.unheard.is_some());
        unheard.map(|pace| pace.not_before).min()
    }

    /// Takes out the batches whose progress is to be heard of, in the order of their entries.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(BatchId, Change)> {
        let mut due = Vec::new();
        for (batch, pace) in &mut self.batches {
            if pace.not_before > now {
                continue;
            }
            if let Some(change) = pace.unheard.take() {
                pace.not_before = now.saturating_add(self.every);
                due.push((*batch, change));
            }
        }
        due.sort_unstable_by_key(|(_, change)| change.sequence);
        due
    }

    /// Forgets a batch that is no more.
    pub(super) fn gone(&mut self, batch: BatchId) {
        self.batches.remove(&batch);
    }
}

#[cfg(test)]
mod tests {
    use batch_core::ordinal::OrdinalSet;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn entry(sequence: u64, batch: BatchId, fact: Fact) -> Entry {
        Entry::new(Sequence::new(sequence), Timestamp::UNIX_EPOCH, batch, fact)
    }

    fn ended(sequence: u64, batch: BatchId) -> Entry {
        entry(sequence, batch, Fact::Ended(Vec::new()))
    }

    fn heard(pacer: &mut ProgressPacer, now: Duration) -> Vec<u64> {
        let due = pacer.due(now).into_iter();
        due.map(|(_, change)| change.sequence.get()).collect()
    }

    #[test]
    fn progress_comes_an_interval_after_the_first_end_and_then_no_more_often() {
        let (mut pacer, batch) = (ProgressPacer::new(SECOND), BatchId::generate());
        pacer.passed(&ended(1, batch), SECOND);
        assert_eq!(pacer.next_due(), Some(2 * SECOND));
        assert!(heard(&mut pacer, SECOND * 3 / 2).is_empty());
        pacer.passed(&ended(2, batch), SECOND * 3 / 2);
        assert_eq!(heard(&mut pacer, 2 * SECOND), [2]);
        assert_eq!(pacer.next_due(), None);
        pacer.passed(&ended(3, batch), SECOND * 5 / 2);
        assert_eq!(pacer.next_due(), Some(3 * SECOND));
        assert_eq!(heard(&mut pacer, 9 * SECOND), [3]);
        assert!(heard(&mut pacer, 99 * SECOND).is_empty());
    }

    #[test]
    fn the_last_end_before_a_pause_is_heard_of_and_nothing_of_a_batch_that_has_finished() {
        let (mut pacer, batch) = (ProgressPacer::new(SECOND), BatchId::generate());
        pacer.passed(&ended(1, batch), Duration::ZERO);
        assert_eq!(heard(&mut pacer, 10 * SECOND), [1]);
        pacer.passed(&ended(2, batch), 10 * SECOND);
        let finished = Fact::Finished {
            counts: Default::default(),
            state: batch_core::batch::BatchState::Processed,
        };
        pacer.passed(&entry(3, batch, finished), 10 * SECOND);
        assert_eq!(pacer.next_due(), None);
        assert!(heard(&mut pacer, 99 * SECOND).is_empty());
    }

    #[test]
    fn each_batch_has_a_pace_of_its_own_and_waiting_runs_that_end_count() {
        let mut pacer = ProgressPacer::new(SECOND);
        let (one, other) = (BatchId::generate(), BatchId::generate());
        pacer.passed(&ended(1, one), Duration::ZERO);
        let swept = Fact::Swept(OrdinalSet::up_to(3));
        pacer.passed(&entry(2, other, swept), SECOND / 2);
        pacer.passed(&entry(3, other, Fact::Created), SECOND / 2);
        assert_eq!(heard(&mut pacer, SECOND), [1]);
        assert_eq!(heard(&mut pacer, 2 * SECOND), [2]);
    }

    #[test]
    fn an_interval_of_nothing_is_a_tenth_of_a_second() {
        let (mut pacer, batch) = (ProgressPacer::new(Duration::ZERO), BatchId::generate());
        pacer.passed(&ended(1, batch), Duration::ZERO);
        assert_eq!(pacer.next_due(), Some(SHORTEST));
    }
}
