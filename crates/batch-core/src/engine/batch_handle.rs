use super::{
    BatchWatch, DeleteError, Deletion, Engine, HandleError, Replay, RetryError, RetryOptions,
    RunFilter, Runs,
};
use crate::batch::Batch;
use crate::id::{BatchId, RunId};
use crate::ordinal::Ordinal;
use crate::storage::{CancelReply, StorageError};

/// One batch, to be read, waited for and controlled.
#[derive(Debug, Clone)]
pub struct BatchHandle {
    pub(super) engine: Engine,
    id: BatchId,
    replay: Replay,
}

impl BatchHandle {
    pub(super) const fn submitted(engine: Engine, id: BatchId, replay: Replay) -> Self {
        Self { engine, id, replay }
    }

    pub(super) const fn existing(engine: Engine, id: BatchId) -> Self {
        Self::submitted(engine, id, Replay::Existing)
    }

    /// The batch's id.
    #[must_use]
    pub const fn id(&self) -> BatchId {
        self.id
    }

    /// Whether the submit that gave this handle stored the batch or found it.
    #[must_use]
    pub const fn replayed(&self) -> Replay {
        self.replay
    }

    /// The batch as it now stands.
    ///
    /// # Errors
    ///
    /// [`HandleError::BatchNotFound`] where there is no such batch, [`HandleError::Storage`]
    /// where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn get(&self) -> Result<Batch, HandleError> {
        let batch = self.engine.batch(self.id).await?;
        batch.ok_or(HandleError::BatchNotFound(self.id))
    }

    /// Waits until every run has ended. Where runs are in review that takes until people have
    /// answered; [`watch`](Self::watch) tells when
    /// [only they are left](crate::batch::BatchState::NeedsReview).
    ///
    /// # Errors
    ///
    /// As [`BatchWatch::next`].
    ///
    /// # Cancel safety
    ///
    /// Only reads: dropping it changes nothing, and waiting again misses nothing.
    pub async fn wait(&self) -> Result<Batch, HandleError> {
        let end = self.watch().end().await?;
        end.ok_or(HandleError::BatchNotFound(self.id))
    }

    /// Follows the batch to its end.
    #[must_use]
    pub fn watch(&self) -> BatchWatch {
        BatchWatch::new(self.engine.clone(), self.id)
    }

    /// Cancels every run that has not ended, as [`Engine::cancel_batch`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// The batch is cancelled or it is not; repeating the call is harmless.
    pub async fn cancel(&self) -> Result<CancelReply, StorageError> {
        self.engine.cancel_batch(self.id).await
    }

    /// Deletes the batch once it has finished, as [`Engine::delete_batch`].
    ///
    /// # Errors
    ///
    /// As [`Engine::delete_batch`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::delete_batch`].
    pub async fn delete(&self) -> Result<Deletion, DeleteError> {
        self.engine.delete_batch(self.id).await
    }

    /// Runs the failed runs again as a new batch, as [`Engine::retry_failed`].
    ///
    /// # Errors
    ///
    /// [`RetryError`], as [`Engine::retry_failed`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::retry_failed`].
    pub async fn retry_failed(&self, options: RetryOptions) -> Result<Self, RetryError> {
        self.engine.retry_failed(self.id, options).await
    }

    /// The runs that wait for a person, with their outputs; [`Engine::approve`] and
    /// [`Engine::reject`] answer them.
    #[must_use]
    pub fn in_review(&self) -> Runs {
        self.runs(RunFilter::in_review())
    }

    /// Runs one run again as a new batch, as [`Engine::retry_run`].
    ///
    /// # Errors
    ///
    /// [`RetryError`], as [`Engine::retry_run`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::retry_failed`].
    pub async fn retry_run(
        &self,
        ordinal: Ordinal,
        options: RetryOptions,
    ) -> Result<Self, RetryError> {
        let run = RunId::new(self.id, ordinal);
        self.engine.retry_run(run, options).await
    }

    /// The batch's runs, in the order of its inputs.
    #[must_use]
    pub fn runs(&self, filter: RunFilter) -> Runs {
        Runs::of_batch(self.engine.clone(), self.id, filter)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fake_storage::{FakeStorage, WORKFLOW};
    use super::*;
    use crate::batch::BatchState;
    use crate::request::Input;
    use crate::run::RunState;

    async fn submitted(storage: &Arc<FakeStorage>) -> BatchHandle {
        let engine = storage.engine(10).await;
        let inputs = ["a", "b"].map(Input::text);
        engine.submit(WORKFLOW, inputs).await.unwrap()
    }

    /// Lets all other tasks run until they wait.
    async fn settle_down() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn waiting_for_a_finished_batch_returns_at_once() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        storage.put_all(batch.id(), RunState::Processed);
        assert!(batch.wait().await.unwrap().succeeded());
    }

    #[tokio::test]
    async fn a_waiter_wakes_when_the_last_run_ends_and_not_before() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        let waiter = tokio::spawn({
            let batch = batch.clone();
            async move { batch.wait().await }
        });
        settle_down().await;
        storage.put_runs(batch.id(), &[RunState::Failed, RunState::Processing]);
        settle_down().await;
        assert!(!waiter.is_finished());
        storage.put_runs(batch.id(), &[RunState::Failed, RunState::Processed]);
        let finished = waiter.await.unwrap().unwrap();
        assert_eq!(finished.state, BatchState::Processed);
        assert!(!finished.succeeded());
    }

    #[tokio::test]
    async fn a_waiter_reads_once_for_each_growth_of_the_journal_and_never_in_between() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        let waiter = tokio::spawn({
            let batch = batch.clone();
            async move { batch.wait().await }
        });
        settle_down().await;
        let at_rest = storage.batch_reads();
        settle_down().await;
        assert_eq!(storage.batch_reads(), at_rest);
        storage.grow();
        settle_down().await;
        assert_eq!(storage.batch_reads(), at_rest + 1);
        waiter.abort();
    }

    #[tokio::test]
    async fn waiting_for_a_batch_that_is_not_there_is_an_error() {
        let engine = FakeStorage::new().engine(10).await;
        let id = BatchId::generate();
        let error = engine.batch_handle(id).wait().await.unwrap_err();
        assert!(matches!(error, HandleError::BatchNotFound(missing) if missing == id));
        assert_eq!(error.to_string(), format!("there is no {id}"));
    }

    #[tokio::test]
    async fn a_batch_that_is_pruned_while_one_waits_is_an_error_and_no_hang() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        let mut watch = batch.watch();
        watch.next().await.unwrap();
        storage.forget(batch.id());
        let error = watch.next().await.unwrap_err();
        assert!(matches!(error, HandleError::BatchNotFound(_)));
    }

    #[tokio::test]
    async fn a_watch_tells_the_first_state_each_change_and_the_end_then_nothing() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        let mut watch = batch.watch();
        let mut told = Vec::new();
        for state in [RunState::Processing, RunState::Processed] {
            told.push(watch.next().await.unwrap().unwrap().state);
            storage.put_all(batch.id(), state);
        }
        told.push(watch.next().await.unwrap().unwrap().state);
        let states = [
            BatchState::Pending,
            BatchState::Processing,
            BatchState::Processed,
        ];
        assert_eq!(told, states);
        assert_eq!(watch.next().await.unwrap(), None);
        assert_eq!(watch.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_watch_joins_changes_that_come_faster_than_it_is_asked() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        let mut watch = batch.watch();
        watch.next().await.unwrap();
        storage.put_all(batch.id(), RunState::Processing);
        storage.put_all(batch.id(), RunState::Pending);
        storage.put_all(batch.id(), RunState::Processed);
        let next = watch.next().await.unwrap().unwrap();
        assert!(next.is_finished());
    }

    #[tokio::test]
    async fn a_watch_whose_call_was_dropped_misses_no_change() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        let mut watch = batch.watch();
        watch.next().await.unwrap();
        let idle = std::time::Duration::ZERO;
        let dropped = tokio::time::timeout(idle, watch.next()).await;
        assert!(dropped.is_err());
        storage.put_all(batch.id(), RunState::Processed);
        assert!(watch.next().await.unwrap().unwrap().is_finished());
    }

    #[tokio::test]
    async fn a_cancelled_batch_ends_as_cancelled() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        assert_eq!(batch.cancel().await.unwrap(), CancelReply::Cancelled);
        let end = batch.wait().await.unwrap();
        assert_eq!(end.state, BatchState::Cancelled);
    }

    #[tokio::test]
    async fn runs_come_in_the_order_of_their_inputs_and_by_state_where_asked() {
        let storage = FakeStorage::new();
        let batch = submitted(&storage).await;
        storage.put_runs(batch.id(), &[RunState::Processed, RunState::Failed]);
        let filter = RunFilter::default().in_state(RunState::Failed);
        let mut runs = batch.runs(filter);
        assert_eq!(runs.next().await.unwrap().unwrap().id.ordinal().get(), 1);
        assert_eq!(runs.next().await.unwrap(), None);
    }
}
