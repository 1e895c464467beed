use super::{Engine, Progress};
use crate::batch::{Batch, Counts, Submission};
use crate::id::{BatchId, SubmissionId};
use crate::storage::{BatchQuery, Page, PageRequest, PageSize, PageToken, StorageError};

/// Adds up the counts of a submission's batches, again and again.
///
/// Whole pages of finished batches at the front are read once: what is finished
/// never changes. So a reading costs in batches that have not ended.
#[derive(Debug)]
pub(super) struct ProgressReader {
    engine: Engine,
    id: SubmissionId,
    /// The counts of all batches before `from`.
    finished: Counts,
    from: Option<PageToken>,
}

/// What one reading found.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) progress: Progress,
    /// The first batch that has not finished.
    pub(super) unfinished: Option<BatchId>,
}

impl ProgressReader {
    pub(super) fn new(engine: Engine, id: SubmissionId) -> Self {
        Self {
            engine,
            id,
            finished: Counts::default(),
            from: None,
        }
    }

    /// Reads how the submission stands; `None` where there is none.
    ///
    /// The extent is read before the batches: where it says that the last one
    /// has been stored, the list has it.
    pub(super) async fn read(&mut self) -> Result<Option<Reading>, StorageError> {
        let Some(submission) = self.engine.submission(self.id).await? else {
            return Ok(None);
        };
        let mut counts = self.finished;
        let mut unfinished = None;
        let mut token = self.from.clone();
        loop {
            let page = self.page(token).await?;
            for batch in &page.items {
                counts += batch.counts;
            }
            unfinished = unfinished.or_else(|| first_unfinished(&page.items));
            token = page.next;
            if token.is_none() {
                return Ok(Some(reading(&submission, counts, unfinished)));
            }
            if unfinished.is_none() {
                self.finished = counts;
                self.from.clone_from(&token);
            }
        }
    }

    async fn page(&self, token: Option<PageToken>) -> Result<Page<Batch>, StorageError> {
        let query = BatchQuery {
            submission: Some(self.id),
            page: PageRequest {
                size: PageSize::default(),
                token,
            },
            ..BatchQuery::default()
        };
        self.engine.batches(query).await
    }
}

fn first_unfinished(batches: &[Batch]) -> Option<BatchId> {
    batches.iter().find(|b| !b.is_finished()).map(|b| b.id)
}

fn reading(submission: &Submission, counts: Counts, unfinished: Option<BatchId>) -> Reading {
    let progress = Progress {
        batches: submission.batches,
        // A batch may have been stored between the two reads.
        inputs: submission.inputs.max(counts.total()),
        counts,
        extent: submission.extent,
    };
    Reading {
        progress,
        unfinished,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Extent;

    #[test]
    fn a_batch_that_was_stored_between_the_two_reads_is_among_the_inputs() {
        let submission = Submission {
            id: SubmissionId::of_first_batch(BatchId::generate()),
            batches: 1,
            inputs: 2,
            extent: Extent::Open,
        };
        let counts = Counts {
            pending: 5,
            ..Counts::default()
        };
        let reading = reading(&submission, counts, None);
        assert_eq!(reading.progress.inputs, 5);
    }
}
