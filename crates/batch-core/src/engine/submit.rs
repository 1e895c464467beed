use std::future::Future;

use super::{BatchHandle, Engine, QueueFull, Replay, SubmitError, key_conflict};
use crate::id::BatchId;
use crate::request::{BatchRequest, Input};
use crate::storage::{InsertReply, NewBatch, QueueBound};
use crate::valid::validate;

/// What became of one batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inserted {
    pub(super) batch: BatchId,
    pub(super) replay: Replay,
}

/// Submitting one batch.
impl Engine {
    /// Submits one batch for the newest version of a workflow: every input becomes a run.
    ///
    /// The inputs are collected when this is called; the future holds them. With
    /// options, or to make repeating harmless: [`Engine::submit_batch`].
    ///
    /// # Errors
    ///
    /// As [`Engine::submit_batch`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::submit_batch`].
    pub fn submit(
        &self,
        workflow: impl Into<String>,
        inputs: impl IntoIterator<Item = Input>,
    ) -> impl Future<Output = Result<BatchHandle, SubmitError>> + Send {
        let request = BatchRequest::new(workflow).inputs(inputs);
        async move { self.submit_batch(request).await }
    }

    /// Submits one batch, of at most [`Limits::inputs`](crate::request::Limits::inputs)
    /// inputs: every input becomes a run.
    ///
    /// When this returns, the batch is stored whole, as durably as the storage goes.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Invalid`] with every problem of every input;
    /// [`SubmitError::KeyConflict`], [`SubmitError::UnknownWorkflow`],
    /// [`SubmitError::UnknownVersion`], [`SubmitError::QueueFull`] or [`SubmitError::Storage`]
    /// for the batch as a whole.
    ///
    /// # Cancel safety
    ///
    /// The batch is stored whole or not at all, and the caller does not know
    /// which. With an idempotency key the call can be repeated; without one that
    /// may make a second batch.
    pub async fn submit_batch(&self, request: BatchRequest) -> Result<BatchHandle, SubmitError> {
        let content = validate(request, self.limits()).map_err(SubmitError::Invalid)?;
        let batch = NewBatch::single(self.new_id(), content);
        let inserted = self.insert(batch, 0).await?;
        Ok(BatchHandle::submitted(
            self.clone(),
            inserted.batch,
            inserted.replay,
        ))
    }

    /// Submits one batch as [`Engine::submit_batch`], but waits for room where too many runs wait.
    ///
    /// It sleeps until as many runs have left the queue as are needed, and tries again. Those
    /// who wait are not served in any order. Where nobody executes, it waits without end.
    ///
    /// # Errors
    ///
    /// As [`Engine::submit_batch`]. [`SubmitError::QueueFull`] only for a batch that has more
    /// inputs than may wait at all.
    ///
    /// # Cancel safety
    ///
    /// While it waits for room nothing is written. Otherwise as [`Engine::submit_batch`].
    pub async fn submit_waiting(&self, request: BatchRequest) -> Result<BatchHandle, SubmitError> {
        let content = validate(request, self.limits()).map_err(SubmitError::Invalid)?;
        let batch = NewBatch::single(self.new_id(), content);
        let inserted = self.insert_waiting(batch, 0).await?;
        Ok(BatchHandle::submitted(
            self.clone(),
            inserted.batch,
            inserted.replay,
        ))
    }

    /// Stores a checked batch as soon as there is room; `first` as for [`Engine::insert`].
    pub(super) async fn insert_waiting(
        &self,
        batch: NewBatch,
        first: u64,
    ) -> Result<Inserted, SubmitError> {
        let mut position = None;
        loop {
            let full = match self.insert(batch.clone(), first).await {
                Err(SubmitError::QueueFull(full)) if !full.is_too_large() => full,
                done => return done,
            };
            let missing = full.bound.missing(full.depth, full.inputs);
            position = Some(match position {
                // Room that came before this is seen by the next try, and later room by waiting.
                None => self.journal_head().await?,
                Some(position) => self.wait_for_room(position, missing).await?,
            });
        }
    }

    /// Stores a checked batch; `first` is the place of its first input in the submission.
    #[tracing::instrument(
        name = "submit",
        skip_all,
        fields(
            batch = %batch.id,
            submission = %batch.submission,
            workflow = %batch.content.workflow(),
            runs = batch.content.inputs().len(),
        )
    )]
    pub(super) async fn insert(
        &self,
        mut batch: NewBatch,
        first: u64,
    ) -> Result<Inserted, SubmitError> {
        batch.queue_bound = self.queue_bound();
        let inputs = u64::try_from(batch.content.inputs().len()).unwrap_or(u64::MAX);
        let (id, workflow) = (batch.id, batch.content.workflow().clone());
        let key = batch.content.idempotency_key().cloned();
        // Only a batch with a key can meet another one, to be compared with.
        let given = key.map(|key| (key, batch.clone()));
        let inserted = |batch, replay| Ok(Inserted { batch, replay });
        match self.storage().insert(batch).await? {
            InsertReply::Stored => inserted(id, Replay::New),
            InsertReply::Replayed(first) => {
                tracing::info!(batch = %first, "found the batch that has the idempotency key");
                inserted(first, Replay::Replayed)
            }
            InsertReply::UnknownWorkflow => Err(SubmitError::UnknownWorkflow(workflow)),
            InsertReply::UnknownVersion(unknown) => Err(SubmitError::UnknownVersion(unknown)),
            InsertReply::QueueFull { depth, bound } => {
                Err(self.queue_full(depth, bound, inputs).await)
            }
            InsertReply::KeyConflict(stored) => {
                let (key, given) = given.expect("a batch without a key cannot meet another");
                let storage = &**self.storage();
                Err(key_conflict::explain(storage, key, stored, &given, first).await)
            }
        }
    }
}

impl Engine {
    /// The refusal of a batch for which there is no room; a hint that cannot be read is left out.
    async fn queue_full(&self, depth: u64, bound: QueueBound, inputs: u64) -> SubmitError {
        let missing = bound.missing(depth, inputs);
        let mut full = QueueFull {
            depth,
            bound,
            inputs,
            retry_after: None,
        };
        if !full.is_too_large() {
            full.retry_after = self.room_after(missing).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "no hint can be given when to try again");
                None
            });
        }
        SubmitError::QueueFull(full)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake_storage::{FakeStorage, WORKFLOW};
    use super::*;
    use crate::catalogue::Version;
    use crate::id::WorkflowId;
    use crate::request::{Priority, VersionSelector};
    use crate::storage::ErrorKind;
    use crate::valid::ProblemCode;

    fn texts<const N: usize>(all: [&str; N]) -> [Input; N] {
        all.map(Input::text)
    }

    fn keyed(key: &str) -> BatchRequest {
        BatchRequest::new(WORKFLOW).idempotency_key(key)
    }

    fn conflict(error: SubmitError) -> Option<String> {
        match error {
            SubmitError::KeyConflict {
                first_difference, ..
            } => first_difference.map(|difference| difference.to_string()),
            other => panic!("no conflict: {other}"),
        }
    }

    #[tokio::test]
    async fn a_submitted_batch_is_a_submission_of_its_own() {
        let storage = FakeStorage::new();
        let engine = storage.engine(10).await;
        let handle = engine.submit(WORKFLOW, texts(["a", "b"])).await.unwrap();
        assert_eq!(handle.replayed(), Replay::New);
        let batch = handle.get().await.unwrap();
        assert_eq!(batch.submission.first_batch(), handle.id());
        assert_eq!(batch.counts.pending, 2);
    }

    #[tokio::test]
    async fn a_refused_batch_names_every_bad_input_and_writes_nothing() {
        let storage = FakeStorage::new();
        let engine = storage.engine(10).await;
        let inputs = [Input::default(), Input::text("a"), Input::file_id("")];
        let error = engine.submit(WORKFLOW, inputs).await.unwrap_err();
        let SubmitError::Invalid(invalid) = error else {
            panic!("{error}");
        };
        let bad: Vec<_> = invalid
            .problems()
            .iter()
            .map(|p| p.ordinal.unwrap().get())
            .collect();
        assert_eq!(bad, [0, 2]);
        assert!(storage.stored().is_empty());
    }

    #[tokio::test]
    async fn a_batch_of_one_input_too_many_is_refused() {
        let engine = FakeStorage::new().engine(2).await;
        let error = engine
            .submit(WORKFLOW, texts(["a", "b", "c"]))
            .await
            .unwrap_err();
        let SubmitError::Invalid(invalid) = error else {
            panic!("{error}");
        };
        assert_eq!(invalid.problems()[0].code, ProblemCode::TooMany);
    }

    #[tokio::test]
    async fn the_same_key_and_content_give_the_first_batch_back() {
        let storage = FakeStorage::new();
        let engine = storage.engine(10).await;
        let request = keyed("k").inputs(texts(["a"]));
        let first = engine.submit_batch(request.clone()).await.unwrap();
        let again = engine.submit_batch(request).await.unwrap();
        assert_eq!(
            (again.id(), again.replayed()),
            (first.id(), Replay::Replayed)
        );
        assert_eq!(storage.stored().len(), 1);
    }

    #[tokio::test]
    async fn the_same_key_with_another_input_is_refused_with_the_first_difference() {
        let engine = FakeStorage::new().engine(10).await;
        let first = keyed("k").inputs(texts(["a", "b", "c"]));
        let stored = engine.submit_batch(first).await.unwrap();
        let other = keyed("k").inputs(texts(["a", "x", "y"]));
        let error = engine.submit_batch(other).await.unwrap_err();
        let shown = format!(
            "idempotency key k belongs to {} of other content: \
             input 1 at /text: stored \"b\", given \"x\"",
            stored.id()
        );
        assert_eq!(error.to_string(), shown);
    }

    #[tokio::test]
    async fn the_same_key_with_one_input_more_or_less_is_refused_with_that_input() {
        let engine = FakeStorage::new().engine(10).await;
        let two = keyed("k").inputs(texts(["a", "b"]));
        engine.submit_batch(two).await.unwrap();
        let three = keyed("k").inputs(texts(["a", "b", "c"]));
        let error = engine.submit_batch(three).await.unwrap_err();
        let shown = r#"input 2: stored nothing, given "c""#;
        assert_eq!(conflict(error).unwrap(), shown);
        let one = keyed("k").inputs(texts(["a"]));
        let error = engine.submit_batch(one).await.unwrap_err();
        let shown = r#"input 1: stored "b", given nothing"#;
        assert_eq!(conflict(error).unwrap(), shown);
    }

    #[tokio::test]
    async fn the_same_key_with_another_priority_or_version_is_refused_with_both() {
        let engine = FakeStorage::new().engine(10).await;
        let request = keyed("k").inputs(texts(["a"]));
        engine.submit_batch(request.clone()).await.unwrap();
        let sooner = request.clone().priority(Priority::FIRST);
        let error = engine.submit_batch(sooner).await.unwrap_err();
        let shown = r#"batch at /priority: stored "90", given "1""#;
        assert_eq!(conflict(error).unwrap(), shown);
        let draft = request.version(VersionSelector::Draft);
        let error = engine.submit_batch(draft).await.unwrap_err();
        let shown = r#"batch at /version: stored "1", given "draft""#;
        assert_eq!(conflict(error).unwrap(), shown);
    }

    #[tokio::test]
    async fn a_conflict_over_secrets_alone_says_so_and_shows_none() {
        let engine = FakeStorage::new().engine(10).await;
        let with = |value: &str| keyed("k").input(Input::text("a").with_secret("token", value));
        engine.submit_batch(with("hunter2")).await.unwrap();
        let error = engine.submit_batch(with("hunter3")).await.unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hunter"),
            "{error:?}"
        );
        let text = error.to_string();
        let secrets = "of other content; only secrets differ, or how the version was asked for";
        assert!(text.ends_with(secrets), "{text}");
        assert_eq!(conflict(error), None);
    }

    #[tokio::test]
    async fn a_conflict_over_newest_and_the_same_number_says_so() {
        let engine = FakeStorage::new().engine(10).await;
        let newest = keyed("k").inputs(texts(["a"]));
        let stored = engine.submit_batch(newest.clone()).await.unwrap();
        let Version::Number(number) = stored.get().await.unwrap().version else {
            panic!("newest is a draft");
        };
        let numbered = newest.version(VersionSelector::Number(number));
        let text = engine.submit_batch(numbered).await.unwrap_err().to_string();
        let version = "of other content; only how the version was asked for differs";
        assert!(text.ends_with(version), "{text}");
    }

    #[tokio::test]
    async fn a_conflict_with_a_batch_that_is_gone_shows_no_difference() {
        let storage = FakeStorage::new();
        let engine = storage.engine(10).await;
        let first = engine
            .submit_batch(keyed("k").inputs(texts(["a"])))
            .await
            .unwrap();
        storage.forget(first.id());
        let other = keyed("k").inputs(texts(["b"]));
        let error = engine.submit_batch(other).await.unwrap_err();
        let text = error.to_string();
        assert!(text.ends_with("can no longer be read"), "{text}");
        assert_eq!(conflict(error), None);
    }

    #[tokio::test]
    async fn an_unknown_workflow_and_an_unknown_version_are_errors_of_their_own() {
        let engine = FakeStorage::new().engine(10).await;
        let error = engine.submit("other", texts(["a"])).await.unwrap_err();
        let shown = "there is no workflow other: \
                     start its dispatcher first, or deploy it with ensure_deployed";
        assert_eq!(error.to_string(), shown);
        let other = WorkflowId::new("other").unwrap();
        assert!(matches!(error, SubmitError::UnknownWorkflow(id) if id == other));
        let draft = BatchRequest::new(WORKFLOW).version(VersionSelector::Draft);
        let error = engine
            .submit_batch(draft.inputs(texts(["a"])))
            .await
            .unwrap_err();
        assert!(matches!(error, SubmitError::UnknownVersion(_)), "{error}");
    }

    #[tokio::test]
    async fn a_storage_error_comes_through_with_its_kind() {
        let storage = FakeStorage::new();
        let engine = storage.engine(10).await;
        storage.fail_after(0);
        let error = engine.submit(WORKFLOW, texts(["a"])).await.unwrap_err();
        let SubmitError::Storage(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.kind(), ErrorKind::InDoubt);
    }
}
