use std::fmt;

use jiff::Timestamp;

use super::{BatchState, Counts, Flow};
use crate::catalogue::Version;
use crate::id::{BatchId, SubmissionId, WorkflowId};
use crate::request::{Priority, Timing};
use crate::time::Elapsed;
use crate::valid::Share;

/// A batch as it stands when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// The submission it is, or is a part of.
    pub submission: SubmissionId,
    /// Which part of the submission it is, from 0.
    pub part: u32,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version, pinned at submit.
    pub version: Version,
    /// How soon its runs are claimed.
    pub priority: Priority,
    /// When its runs may begin, and until when.
    pub timing: Timing,
    /// For whom it is executed; `None` where nobody said.
    pub share: Option<Share>,
    /// Whether its waiting runs may be claimed: `Paused` where it was paused by itself, whatever
    /// its workflow is, and has not finished.
    pub flow: Flow,
    /// Where it stands.
    pub state: BatchState,
    /// How many runs stand where.
    pub counts: Counts,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its last run ended; `None` before.
    pub finished_at: Option<Timestamp>,
    /// The batch whose failed runs it runs again.
    pub retry_of: Option<BatchId>,
    /// How many of its runs were deleted. They are counted as they ended, and no longer listed.
    pub deleted: u64,
    /// When the batch was deleted; only those who tell of its events read one that was.
    pub deleted_at: Option<Timestamp>,
}

impl Batch {
    /// Whether every run has ended, however it ended.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.state.is_finished()
    }

    /// Whether every run has ended well.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.counts.all_processed()
    }
}

impl fmt::Display for Batch {
    /// `98 processed, 2 failed in 12 ms`; before its end
    /// `12 of 100 ended: 10 processed, 2 failed, 88 pending`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        match self.finished_at {
            Some(end) => write!(f, "{counts} in {}", Elapsed::between(self.created_at, end)),
            None => write!(
                f,
                "{} of {} ended: {counts}",
                counts.ended(),
                counts.total()
            ),
        }
    }
}

#[cfg(test)]
impl Batch {
    /// A batch that has just begun, for tests to change.
    pub(crate) fn sample() -> Self {
        let id = BatchId::generate();
        Self {
            id,
            submission: SubmissionId::of_first_batch(id),
            part: 0,
            workflow: WorkflowId::new("w").unwrap(),
            version: Version::Draft,
            priority: Priority::BATCH,
            timing: Timing::default(),
            share: None,
            flow: Flow::Going,
            state: BatchState::Processing,
            counts: Counts::default(),
            created_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            retry_of: None,
            deleted: 0,
            deleted_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn batch(counts: Counts, finished_at: Option<Timestamp>) -> Batch {
        Batch {
            counts,
            finished_at,
            ..Batch::sample()
        }
    }

    #[test]
    fn a_finished_batch_prints_its_counts_and_how_long_it_took() {
        let counts = Counts {
            processed: 100,
            ..Counts::default()
        };
        let end = Timestamp::UNIX_EPOCH + Duration::from_millis(12);
        let text = batch(counts, Some(end)).to_string();
        assert_eq!(text, "100 processed, 0 failed in 12 ms");
    }

    #[test]
    fn an_unfinished_batch_prints_how_far_it_is() {
        let counts = Counts {
            processed: 10,
            failed: 2,
            pending: 88,
            ..Counts::default()
        };
        let text = batch(counts, None).to_string();
        let expected = "12 of 100 ended: 10 processed, 2 failed, 88 pending";
        assert_eq!(text, expected);
    }
}
