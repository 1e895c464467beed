use super::VerifyReport;
use super::batches::Batches;
use super::frames::Frames;
use super::ground::Ground;
use super::idempotency::Idempotency;
use super::index::Index;
use super::journal_walk::JournalWalk;
use super::notes::Notes;
use super::progress::Progress;
use super::records::Records;
use super::submissions::Submissions;
use crate::kv::OrderedKv;
use crate::storage::StorageError;

/// A check of a whole store, in steps of bounded work.
///
/// Between two steps the store may change: what must agree is read in one step, or compared
/// as of the journal entry up to which it was read. Memory is taken for each batch: how its
/// runs ended, as intervals.
#[derive(Debug)]
pub(in crate::kv) struct Audit {
    phase: Phase,
    notes: Notes,
}

#[derive(Debug)]
enum Phase {
    Ground(Ground),
    Frames(Frames),
    Batches(Batches),
    Index(Index),
    Submissions(Submissions),
    Idempotency(Idempotency),
    /// After the batches, since it is held against what they say.
    Journal(Box<JournalWalk>),
}

impl Audit {
    /// A check for a reader, who is shown no more than a report holds.
    pub(in crate::kv) fn new() -> Self {
        Self::keeping(VerifyReport::MOST_FINDINGS)
    }

    /// A check that keeps every finding, for those who act on them.
    pub(super) fn of_everything() -> Self {
        Self::keeping(usize::MAX)
    }

    fn keeping(most: usize) -> Self {
        Self {
            phase: Phase::Ground(Ground),
            notes: Notes::keeping(most),
        }
    }

    /// Checks the next piece of what the map holds as of its last commit.
    pub(in crate::kv) fn step<K: OrderedKv>(&mut self, map: &K) -> Result<Progress, StorageError> {
        let records = Records::new(map);
        let notes = &mut self.notes;
        let progress = match &mut self.phase {
            Phase::Ground(ground) => ground.step(&records, notes),
            Phase::Frames(frames) => frames.step(&records, notes),
            Phase::Batches(batches) => batches.step(&records, notes),
            Phase::Index(index) => index.step(&records, notes),
            Phase::Submissions(submissions) => submissions.step(&records, notes),
            Phase::Idempotency(keys) => keys.step(&records, notes),
            Phase::Journal(walk) => walk.step(&records, notes),
        }?;
        if progress == Progress::More {
            return Ok(Progress::More);
        }
        self.phase = match &self.phase {
            Phase::Ground(_) => Phase::Frames(Frames::begin(&records)?),
            Phase::Frames(_) => Phase::Batches(Batches::begin(&records)?),
            Phase::Batches(_) => Phase::Index(Index::default()),
            Phase::Index(_) => Phase::Submissions(Submissions::begin(&records)?),
            Phase::Submissions(_) => Phase::Idempotency(Idempotency::default()),
            Phase::Idempotency(_) => Phase::Journal(Box::default()),
            Phase::Journal(_) => return Ok(Progress::Done),
        };
        Ok(Progress::More)
    }

    /// What was looked at and found.
    pub(in crate::kv) fn into_report(self) -> VerifyReport {
        self.notes.into_report()
    }
}
