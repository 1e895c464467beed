use super::{Engine, ReviewError};
use crate::id::RunId;
use crate::run::Note;
use crate::storage::{ErrorKind, ReviewReply, ReviewRequest, StorageError};

/// Answering runs in review.
impl Engine {
    /// Approves a run in review: it ends as processed, with the output it has.
    ///
    /// Approving again changes nothing and succeeds.
    ///
    /// # Errors
    ///
    /// [`ReviewError::NotFound`]; [`ReviewError::NotInReview`] where it does not wait for a
    /// person, or was rejected or cancelled; [`ReviewError::Storage`] where the storage cannot
    /// write.
    ///
    /// # Cancel safety
    ///
    /// The run is approved or it is not; repeating the call is harmless.
    pub async fn approve(&self, run: RunId) -> Result<(), ReviewError> {
        self.answer(ReviewRequest::approve(run)).await
    }

    /// Rejects a run in review: it ends as rejected, and keeps its output and this note.
    ///
    /// Rejecting again changes nothing and succeeds; the first note stays.
    ///
    /// # Errors
    ///
    /// [`ReviewError::NotFound`]; [`ReviewError::NotInReview`] where it does not wait for a
    /// person, or was approved or cancelled; [`ReviewError::Storage`] where the storage cannot
    /// write.
    ///
    /// # Cancel safety
    ///
    /// The run is rejected or it is not; repeating the call is harmless.
    pub async fn reject(&self, run: RunId, note: impl Into<Note>) -> Result<(), ReviewError> {
        let note = note.into();
        self.answer(ReviewRequest::reject(run).note(note)).await
    }

    /// Records one answer, with all that can be said beside it.
    ///
    /// ```no_run
    /// # use batch_core::engine::{Engine, ReviewError};
    /// # use batch_core::id::RunId;
    /// use batch_core::storage::ReviewRequest;
    ///
    /// # async fn f(engine: Engine, run: RunId) -> Result<(), ReviewError> {
    /// engine.answer(ReviewRequest::reject(run).note("not our invoice").by("anna")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`approve`](Self::approve) and [`reject`](Self::reject).
    ///
    /// # Cancel safety
    ///
    /// The answer is recorded or it is not; repeating the call is harmless.
    pub async fn answer(&self, request: ReviewRequest) -> Result<(), ReviewError> {
        let run = request.run;
        let replies = self.review(vec![request]).await?;
        match replies.first() {
            Some(ReviewReply::Recorded | ReviewReply::Repeated) => Ok(()),
            Some(ReviewReply::NotInReview(state)) => {
                let state = *state;
                Err(ReviewError::NotInReview { run, state })
            }
            Some(ReviewReply::NotFound) => Err(ReviewError::NotFound(run)),
            None => {
                let doing = format!("hear what became of the answer to {run}");
                Err(StorageError::new(ErrorKind::InDoubt, doing).into())
            }
        }
    }

    /// Records many answers at the cost of few; the replies stand in the order of the requests.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// The first of the answers may be recorded and the rest not; repeating the call is harmless.
    pub async fn review(
        &self,
        requests: Vec<ReviewRequest>,
    ) -> Result<Vec<ReviewReply>, StorageError> {
        self.storage().review(requests).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake_storage::{FakeStorage, WORKFLOW};
    use super::*;
    use crate::id::BatchId;
    use crate::ordinal::Ordinal;
    use crate::request::Input;
    use crate::run::RunState;

    #[tokio::test]
    async fn the_same_answer_twice_is_fine_and_another_is_an_error_that_says_why() {
        let storage = FakeStorage::new();
        let engine = storage.engine(10).await;
        let batch = engine.submit(WORKFLOW, [Input::text("a")]).await.unwrap();
        storage.put_all(batch.id(), RunState::NeedsReview);
        let run = RunId::new(batch.id(), Ordinal::new(0));
        engine.approve(run).await.unwrap();
        engine.approve(run).await.unwrap();
        let error = engine.reject(run, "no").await.unwrap_err();
        let said = format!("{run} is not in review: it is PROCESSED");
        assert_eq!(error.to_string(), said);
    }

    #[tokio::test]
    async fn a_run_that_is_not_there_is_an_error_that_names_it() {
        let engine = FakeStorage::new().engine(10).await;
        let run = RunId::new(BatchId::generate(), Ordinal::new(0));
        let error = engine.approve(run).await.unwrap_err();
        assert!(matches!(error, ReviewError::NotFound(missing) if missing == run));
        assert_eq!(error.to_string(), format!("there is no {run}"));
    }
}
