use super::follower::Follower;
use super::{Engine, HandleError};
use crate::batch::Batch;
use crate::id::BatchId;

/// Follows one batch to its end.
///
/// Changes that come faster than they are asked for are joined into one: every
/// answer is the newest state.
#[derive(Debug)]
pub struct BatchWatch {
    engine: Engine,
    id: BatchId,
    follower: Follower,
    last: Option<Batch>,
}

impl BatchWatch {
    pub(super) fn new(engine: Engine, id: BatchId) -> Self {
        let follower = Follower::new(engine.clone());
        Self {
            engine,
            id,
            follower,
            last: None,
        }
    }

    /// The newest state: at first at once, then whenever it has changed, the finished one
    /// last; then `None`.
    ///
    /// # Errors
    ///
    /// [`HandleError::BatchNotFound`] where there is no such batch, or it was pruned before its
    /// end could be told; [`HandleError::Storage`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// No change is missed: the next call tells it.
    pub async fn next(&mut self) -> Result<Option<Batch>, HandleError> {
        while !self.last.as_ref().is_some_and(Batch::is_finished) {
            let position = self.follower.moved().await?;
            let batch = self.engine.batch(self.id).await?;
            let batch = batch.ok_or(HandleError::BatchNotFound(self.id))?;
            self.follower.passed(position);
            if self.last.as_ref() != Some(&batch) {
                self.last = Some(batch.clone());
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The finished state, without the states before it.
    ///
    /// `None` where it has been told already.
    pub(super) async fn end(&mut self) -> Result<Option<Batch>, HandleError> {
        let mut newest = None;
        while let Some(batch) = self.next().await? {
            newest = Some(batch);
        }
        Ok(newest)
    }
}
