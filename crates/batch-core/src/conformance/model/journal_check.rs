use std::collections::BTreeMap;

use crate::conformance::yard::Yard;
use crate::id::{BatchId, RunId};
use crate::journal::{Entry, Fact, Sequence};
use crate::run::RunState;

/// Where a run stands, as far as the journal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Told {
    #[default]
    Waiting,
    Held,
    InReview,
    Ended,
}

/// Reads the journal as it grows and holds it to its promises.
#[derive(Debug, Default)]
pub(super) struct JournalCheck {
    entries: Vec<Entry>,
    runs: BTreeMap<RunId, Told>,
    finished: BTreeMap<BatchId, Sequence>,
}

impl JournalCheck {
    /// Reads what is new.
    pub(super) async fn follow(&mut self, yard: &Yard) {
        let after = self.position();
        for entry in yard.journal_after(after).await {
            assert_eq!(entry.sequence, self.position().next(), "a gap: {entry:?}");
            self.take(&entry);
            self.entries.push(entry);
        }
    }

    fn position(&self) -> Sequence {
        let last = self.entries.last();
        last.map_or(Sequence::START, |entry| entry.sequence)
    }

    fn take(&mut self, entry: &Entry) {
        let over = self.finished.contains_key(&entry.batch);
        assert!(
            !over || entry.fact.is_afterword(),
            "after the end of its batch: {entry:?}"
        );
        match &entry.fact {
            Fact::Finished { .. } => {
                let of_batch = self.runs.iter().filter(|(id, _)| id.batch() == entry.batch);
                let left: Vec<_> = of_batch.filter(|(_, told)| **told != Told::Ended).collect();
                assert!(left.is_empty(), "finished before {left:?}");
                self.finished.insert(entry.batch, entry.sequence);
            }
            Fact::Started(_) => self.step(entry, &[Told::Waiting], Told::Held),
            Fact::Retrying(_) | Fact::Released(_) | Fact::Snoozed(_) | Fact::Interrupted(_) => {
                self.step(entry, &[Told::Held], Told::Waiting);
            }
            Fact::NeedsReview(_) => self.step(entry, &[Told::Held], Told::InReview),
            Fact::Reviewed(_) => self.step(entry, &[Told::InReview], Told::Ended),
            Fact::Cancelling(_) => self.step(entry, &[Told::Held], Told::Held),
            Fact::Swept(_) => self.step(entry, &[Told::Waiting, Told::InReview], Told::Ended),
            Fact::Expired(_) => self.step(entry, &[Told::Waiting], Told::Ended),
            Fact::Ended(ends) => {
                let cancels = ends.iter().all(|end| end.state == RunState::Cancelled);
                let from: &[Told] = match cancels {
                    true => &[Told::Held, Told::Waiting, Told::InReview],
                    false => &[Told::Held],
                };
                self.step(entry, from, Told::Ended);
            }
            Fact::Created
            | Fact::Paused
            | Fact::Resumed
            | Fact::Updated(_)
            | Fact::Deleted(_)
            | Fact::BatchDeleted => {}
        }
    }

    /// Moves the runs of an entry: each must stand where the fact takes it from.
    fn step(&mut self, entry: &Entry, from: &[Told], to: Told) {
        for ordinal in entry.fact.ordinals().iter() {
            let id = RunId::new(entry.batch, ordinal);
            let told = self.runs.entry(id).or_default();
            assert!(from.contains(told), "{id} was {told:?}: {entry:?}");
            *told = to;
        }
    }

    /// Whether the journal has told the end of a run.
    pub(super) fn has_ended(&self, run: RunId) -> bool {
        self.runs.get(&run) == Some(&Told::Ended)
    }

    /// Whether the journal has told the end of a batch.
    pub(super) fn has_finished(&self, batch: BatchId) -> bool {
        self.finished.contains_key(&batch)
    }

    /// What is still there says what it said when it was read first.
    pub(super) async fn reread(&self, yard: &Yard) {
        let again = yard.journal().await;
        let gone = self.entries.len() - again.len();
        assert_eq!(self.entries[gone..], again, "entries have changed");
    }
}
