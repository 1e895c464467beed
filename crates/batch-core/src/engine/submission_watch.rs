use super::follower::Follower;
use super::progress_reader::ProgressReader;
use super::{Engine, HandleError, Progress};
use crate::id::SubmissionId;

/// Follows one submission to its end.
///
/// Changes that come faster than they are asked for are joined into one: every
/// answer is the newest state. One answer costs a reading of the batches that
/// have not ended; ask at the pace at which you show it.
#[derive(Debug)]
pub struct SubmissionWatch {
    id: SubmissionId,
    reader: ProgressReader,
    follower: Follower,
    last: Option<Progress>,
}

impl SubmissionWatch {
    pub(super) fn new(engine: &Engine, id: SubmissionId) -> Self {
        Self {
            id,
            reader: ProgressReader::new(engine.clone(), id),
            follower: Follower::new(engine.clone()),
            last: None,
        }
    }

    /// The newest state: at first at once, then whenever it has changed, the finished one
    /// last; then `None`.
    ///
    /// # Errors
    ///
    /// [`HandleError::SubmissionNotFound`] where there is no such submission, or it was pruned
    /// before its end could be told; [`HandleError::Storage`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// No change is missed: the next call tells it.
    pub async fn next(&mut self) -> Result<Option<Progress>, HandleError> {
        while !self.last.as_ref().is_some_and(Progress::is_finished) {
            let position = self.follower.moved().await?;
            let reading = self.reader.read().await?;
            let reading = reading.ok_or(HandleError::SubmissionNotFound(self.id))?;
            self.follower.passed(position);
            if self.last.as_ref() != Some(&reading.progress) {
                self.last = Some(reading.progress);
                return Ok(self.last);
            }
        }
        Ok(None)
    }
}
