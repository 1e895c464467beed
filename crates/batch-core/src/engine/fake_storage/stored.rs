use jiff::Timestamp;

use crate::batch::{Batch, BatchState, Counts, Flow};
use crate::catalogue::Version;
use crate::id::RunId;
use crate::ordinal::Ordinal;
use crate::run::{Run, RunState};
use crate::storage::NewBatch;

/// A batch as the fake keeps it.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) new: NewBatch,
    pub(super) version: Version,
    pub(super) runs: Vec<RunState>,
    pub(super) cancelled: bool,
    pub(super) flow: Flow,
}

impl Stored {
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for state in &self.runs {
            *counts.of_mut(*state) += 1;
        }
        counts
    }

    fn state(&self, counts: &Counts) -> BatchState {
        match (self.cancelled, counts.all_ended()) {
            (true, _) => BatchState::Cancelled,
            (false, true) => BatchState::Processed,
            (false, false) if counts.all_ended_or_in_review() => BatchState::NeedsReview,
            (false, false) if counts.pending == counts.total() => BatchState::Pending,
            (false, false) => BatchState::Processing,
        }
    }

    pub(super) fn view(&self) -> Batch {
        let counts = self.counts();
        Batch {
            id: self.new.id,
            submission: self.new.submission,
            part: self.new.part,
            workflow: self.new.content.workflow().clone(),
            version: self.version,
            priority: self.new.content.priority(),
            timing: self.new.content.timing(),
            share: self.new.content.share().cloned(),
            flow: self.flow,
            state: self.state(&counts),
            counts,
            created_at: Timestamp::UNIX_EPOCH,
            finished_at: counts.all_ended().then_some(Timestamp::UNIX_EPOCH),
            retry_of: self.new.retry_of,
            deleted: 0,
            deleted_at: None,
        }
    }

    pub(super) fn run(&self, place: usize) -> Run {
        let input = &self.new.content.inputs()[place];
        Run {
            id: RunId::new(self.new.id, ordinal(place)),
            submission: self.new.submission,
            workflow: self.new.content.workflow().clone(),
            version: self.version,
            priority: self.new.content.priority(),
            state: self.runs[place],
            source: input.source().clone(),
            name: None,
            metadata: input.metadata().clone(),
            attempts: 0,
            interruptions: 0,
            snoozes: 0,
            steps: 0,
            created_at: Timestamp::UNIX_EPOCH,
            started_at: None,
            ended_at: None,
            due_at: None,
            failure: None,
            output: None,
            review: None,
        }
    }
}

pub(super) fn ordinal(place: usize) -> Ordinal {
    Ordinal::new(u32::try_from(place).unwrap())
}
