use super::follower::Follower;
use super::progress_reader::ProgressReader;
use super::{
    BatchWatch, DeleteError, Deletion, Engine, HandleError, Progress, Replay, ResultOrder,
    ResultPosition, Results, RetryError, RetryOptions, RunFilter, Runs, SubmissionWatch,
};
use crate::id::{BatchId, SubmissionId};
use crate::storage::{BatchQuery, CancelReply, PageRequest, PageSize};

/// One submission, to be read, waited for and controlled as one.
#[derive(Debug, Clone)]
pub struct SubmissionHandle {
    pub(super) engine: Engine,
    id: SubmissionId,
    replay: Replay,
}

impl SubmissionHandle {
    pub(super) const fn submitted(engine: Engine, id: SubmissionId, replay: Replay) -> Self {
        Self { engine, id, replay }
    }

    pub(super) const fn existing(engine: Engine, id: SubmissionId) -> Self {
        Self::submitted(engine, id, Replay::Existing)
    }

    /// The submission's id.
    #[must_use]
    pub const fn id(&self) -> SubmissionId {
        self.id
    }

    /// Whether the submit that gave this handle began the submission or found it.
    #[must_use]
    pub const fn replayed(&self) -> Replay {
        self.replay
    }

    /// How the submission now stands.
    ///
    /// # Errors
    ///
    /// [`HandleError::SubmissionNotFound`] where there is no such submission,
    /// [`HandleError::Storage`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn progress(&self) -> Result<Progress, HandleError> {
        let reading = self.reader().read().await?;
        let reading = reading.ok_or(HandleError::SubmissionNotFound(self.id))?;
        Ok(reading.progress)
    }

    /// Waits until the last batch has been stored and every run of every batch has ended.
    ///
    /// A submission whose submit was interrupted stays open until it is submitted
    /// again with its key, and so long this waits.
    ///
    /// # Errors
    ///
    /// As [`SubmissionWatch::next`].
    ///
    /// # Cancel safety
    ///
    /// Only reads: dropping it changes nothing, and waiting again misses nothing.
    pub async fn wait(&self) -> Result<Progress, HandleError> {
        let mut reader = self.reader();
        let mut follower = Follower::new(self.engine.clone());
        loop {
            let position = follower.moved().await?;
            let reading = reader.read().await?;
            let reading = reading.ok_or(HandleError::SubmissionNotFound(self.id))?;
            if reading.progress.is_finished() {
                return Ok(reading.progress);
            }
            follower.passed(position);
            if let Some(batch) = reading.unfinished {
                self.end_of(batch).await?;
            }
        }
    }

    /// Waits for one batch, so that a wake-up costs the reading of one.
    async fn end_of(&self, batch: BatchId) -> Result<(), HandleError> {
        match BatchWatch::new(self.engine.clone(), batch).end().await {
            // Pruned since it was listed, so it had ended.
            Ok(_) | Err(HandleError::BatchNotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Follows the submission to its end.
    #[must_use]
    pub fn watch(&self) -> SubmissionWatch {
        SubmissionWatch::new(&self.engine, self.id)
    }

    /// Cancels every run that has not ended, of every batch stored so far; gives the number
    /// of batches that it cancelled or asked to stop.
    ///
    /// A submit that goes on meanwhile may store more batches: stop it first.
    ///
    /// # Errors
    ///
    /// [`HandleError::SubmissionNotFound`] where there is no such submission,
    /// [`HandleError::Storage`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// Some batches may be cancelled and others not; repeating the call is harmless.
    pub async fn cancel(&self) -> Result<u32, HandleError> {
        let known = self.engine.submission(self.id).await?;
        known.ok_or(HandleError::SubmissionNotFound(self.id))?;
        let mut cancelled = 0;
        let mut query = BatchQuery {
            submission: Some(self.id),
            page: PageRequest {
                size: PageSize::MAX,
                token: None,
            },
            ..BatchQuery::default()
        };
        loop {
            let page = self.engine.batches(query.clone()).await?;
            for batch in page.items.iter().filter(|b| !b.is_finished()) {
                let reply = self.engine.cancel_batch(batch.id).await?;
                let did = matches!(reply, CancelReply::Cancelled | CancelReply::Cancelling);
                cancelled += u32::from(did);
            }
            query.page.token = page.next;
            if query.page.token.is_none() {
                return Ok(cancelled);
            }
        }
    }

    /// The runs that wait for a person, with their outputs; [`Engine::approve`] and
    /// [`Engine::reject`] answer them.
    #[must_use]
    pub fn in_review(&self) -> Runs {
        self.runs(RunFilter::in_review())
    }

    /// Runs the failed runs of all batches again as a new submission, as
    /// [`Engine::retry_failed_of`].
    ///
    /// # Errors
    ///
    /// [`RetryError`], as [`Engine::retry_failed_of`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::retry_failed_of`].
    pub async fn retry_failed(&self, options: RetryOptions) -> Result<Self, RetryError> {
        self.engine.retry_failed_of(self.id, options).await
    }

    /// Deletes all of it once it has finished, as [`Engine::delete_submission`].
    ///
    /// # Errors
    ///
    /// As [`Engine::delete_submission`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::delete_submission`].
    pub async fn delete(&self) -> Result<Deletion, DeleteError> {
        self.engine.delete_submission(self.id).await
    }

    /// The runs of all batches stored so far, in the order of the inputs.
    #[must_use]
    pub fn runs(&self, filter: RunFilter) -> Runs {
        Runs::of_submission(self.engine.clone(), self.id, filter)
    }

    /// Each run once it has ended, with its output, to the last: in the order of the inputs, or
    /// as they end.
    #[must_use]
    pub fn results(&self, order: ResultOrder) -> Results {
        self.results_from(ResultPosition::start(order))
    }

    /// The results from a position on that [`Results::position`] gave.
    #[must_use]
    pub fn results_from(&self, position: ResultPosition) -> Results {
        Results::from(self.engine.clone(), self.id, position)
    }

    fn reader(&self) -> ProgressReader {
        ProgressReader::new(self.engine.clone(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::SubmissionRequest;
    use super::super::fake_storage::{FakeStorage, WORKFLOW};
    use super::*;
    use crate::batch::Extent;
    use crate::request::Input;
    use crate::run::RunState;

    async fn submitted(storage: &Arc<FakeStorage>, inputs: u32) -> SubmissionHandle {
        let engine = storage.engine(2).await;
        let inputs = (0..inputs).map(|n| Input::text(n.to_string()));
        let request = SubmissionRequest::new(WORKFLOW);
        engine.submit_all(request, inputs).await.unwrap()
    }

    async fn settle_down() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    fn batches(storage: &FakeStorage) -> Vec<BatchId> {
        storage.stored().iter().map(|part| part.id).collect()
    }

    #[tokio::test]
    async fn progress_adds_up_all_batches() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage, 5).await;
        storage.put_all(batches(&storage)[1], RunState::Failed);
        let progress = submission.progress().await.unwrap();
        assert_eq!((progress.batches, progress.inputs), (3, 5));
        assert_eq!((progress.counts.failed, progress.counts.pending), (2, 3));
        assert_eq!(progress.extent, Extent::Complete);
        let text = progress.to_string();
        assert_eq!(text, "2 of 5 ended: 0 processed, 2 failed, 3 pending");
    }

    #[tokio::test]
    async fn waiting_ends_with_the_last_batch_in_whichever_order_they_end() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage, 5).await;
        let waiter = tokio::spawn({
            let submission = submission.clone();
            async move { submission.wait().await }
        });
        let batches = batches(&storage);
        for batch in [batches[2], batches[0], batches[1]] {
            settle_down().await;
            assert!(!waiter.is_finished());
            storage.put_all(batch, RunState::Processed);
        }
        assert!(waiter.await.unwrap().unwrap().succeeded());
    }

    #[tokio::test]
    async fn a_waiter_reads_one_batch_for_each_growth_of_the_journal() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage, 9).await;
        let waiter = tokio::spawn(async move { submission.wait().await });
        settle_down().await;
        let at_rest = (storage.list_reads(), storage.batch_reads());
        storage.grow();
        settle_down().await;
        let after = (storage.list_reads(), storage.batch_reads());
        assert_eq!(after, (at_rest.0, at_rest.1 + 1));
        waiter.abort();
    }

    #[tokio::test]
    async fn waiting_goes_on_while_the_submission_is_open() {
        let storage = FakeStorage::new();
        let engine = storage.engine(2).await;
        let request = SubmissionRequest::new(WORKFLOW).idempotency_key("k");
        let inputs = ["a", "b", "c"].map(Input::text);
        storage.fail_after(1);
        engine
            .submit_all(request.clone(), inputs.clone())
            .await
            .unwrap_err();
        storage.heal();
        let first = batches(&storage)[0];
        storage.put_all(first, RunState::Processed);
        let submission = engine.submission_handle(SubmissionId::of_first_batch(first));
        let waiter = tokio::spawn(async move { submission.wait().await });
        settle_down().await;
        assert!(!waiter.is_finished());

        engine.submit_all(request, inputs).await.unwrap();
        storage.put_all(batches(&storage)[1], RunState::Processed);
        assert_eq!(waiter.await.unwrap().unwrap().inputs, 3);
    }

    #[tokio::test]
    async fn a_watch_tells_each_change_and_the_end_then_nothing() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage, 3).await;
        let mut watch = submission.watch();
        let mut ended = Vec::new();
        for batch in batches(&storage) {
            ended.push(watch.next().await.unwrap().unwrap().counts.ended());
            storage.grow();
            storage.put_all(batch, RunState::Processed);
        }
        ended.push(watch.next().await.unwrap().unwrap().counts.ended());
        assert_eq!(ended, [0, 2, 3]);
        assert_eq!(watch.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn finished_batches_at_the_front_are_read_once() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage, 500).await;
        let (last, front) = batches(&storage)
            .split_last()
            .map(|(l, f)| (*l, f.to_vec()))
            .unwrap();
        front
            .iter()
            .for_each(|batch| storage.put_all(*batch, RunState::Processed));
        let mut watch = submission.watch();
        watch.next().await.unwrap();
        let before = storage.list_reads();
        storage.put_all(last, RunState::Processed);
        let end = watch.next().await.unwrap().unwrap();
        assert_eq!(end.counts.processed, 500);
        // Two readings of one page each: the first finds the change, or finds none and waits.
        assert!(storage.list_reads() - before <= 2);
    }

    #[tokio::test]
    async fn a_submission_that_is_not_there_is_an_error() {
        let engine = FakeStorage::new().engine(2).await;
        let id = SubmissionId::of_first_batch(BatchId::generate());
        let handle = engine.submission_handle(id);
        for error in [
            handle.progress().await.unwrap_err(),
            handle.wait().await.unwrap_err(),
            handle.cancel().await.unwrap_err(),
            handle.watch().next().await.unwrap_err(),
        ] {
            assert!(matches!(error, HandleError::SubmissionNotFound(missing) if missing == id));
        }
    }

    #[tokio::test]
    async fn cancelling_ends_every_batch_that_has_not_finished() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage, 5).await;
        storage.put_all(batches(&storage)[0], RunState::Processed);
        assert_eq!(submission.cancel().await.unwrap(), 2);
        let end = submission.wait().await.unwrap();
        assert_eq!((end.counts.processed, end.counts.cancelled), (2, 3));
    }

    #[tokio::test]
    async fn runs_come_in_the_order_of_the_inputs_across_batches_and_pages() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage, 5).await;
        let mut runs = submission.runs(RunFilter {
            page: PageSize::new(1).unwrap(),
            ..RunFilter::default()
        });
        let mut texts = Vec::new();
        while let Some(run) = runs.next().await.unwrap() {
            texts.push(run.source);
        }
        let expected = (0..5).map(|n| crate::valid::Source::Text {
            text: n.to_string(),
            name: None,
        });
        assert_eq!(texts, expected.collect::<Vec<_>>());
    }
}
