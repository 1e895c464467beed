use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_core::Stream;

use super::submission_cutter::SubmissionCutter;
use super::submit::Inserted;
use super::{
    Engine, Interrupted, Replay, SubmissionHandle, SubmissionRequest, SubmitError, difference,
};
use crate::batch::Extent;
use crate::catalogue::Version;
use crate::id::{IdempotencyKey, SubmissionId};
use crate::request::{Input, VersionSelector};
use crate::storage::{BatchQuery, NewBatch};
use crate::valid::{InvalidBatch, Problem, validate};

/// Submitting any number of inputs as one submission.
///
/// # How it is cut
///
/// The inputs become batches of up to [`Limits::inputs`] inputs and
/// [`Limits::batch_bytes`] bytes, stored one after the other as they fill; only
/// about one batch is held in memory. The version is resolved with the first
/// batch and holds for all.
///
/// # In a bounded queue
///
/// Where too many runs wait (see [`EngineBuilder::queue_bound`]), the submit waits for room
/// before it stores the next batch, and takes no input from the stream meanwhile. No batch has
/// more inputs than may wait.
///
/// # What holds when it ends early
///
/// Each batch is checked and stored whole or not at all. A submission is not:
/// what was stored before a bad input, a storage error or a kill stays and its runs
/// are executed. [`SubmitError::Interrupted`] says what is stored. Submitting
/// the same inputs again under the same key and limits finds the stored batches
/// and adds the rest. A request without a key gets the printed
/// [`SubmissionId`] as its key, so that an interrupted one can be continued too.
///
/// [`EngineBuilder::queue_bound`]: super::EngineBuilder::queue_bound
/// [`Limits::inputs`]: crate::request::Limits::inputs
/// [`Limits::batch_bytes`]: crate::request::Limits::batch_bytes
impl Engine {
    /// Submits all inputs of an iterator as one submission.
    ///
    /// # Errors
    ///
    /// As [`Engine::submit_stream`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::submit_stream`].
    pub async fn submit_all(
        &self,
        request: SubmissionRequest,
        inputs: impl IntoIterator<Item = Input>,
    ) -> Result<SubmissionHandle, SubmitError> {
        self.submit_stream(request, Ready(inputs.into_iter())).await
    }

    /// Submits all inputs of a stream as one submission.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Interrupted`] around the cause where batches are stored by then. Else
    /// the cause itself, and this call has written nothing: [`SubmitError::Invalid`]
    /// with every problem of the batch, also where there is no input at all;
    /// [`SubmitError::KeyConflict`], also of a later batch, where the inputs are not those
    /// that were submitted under this key before; [`SubmitError::UnknownWorkflow`],
    /// [`SubmitError::UnknownVersion`] or [`SubmitError::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Some batches may be stored, each whole. With a key the submission can be continued;
    /// without one its batches stay, and it stays open.
    pub async fn submit_stream(
        &self,
        request: SubmissionRequest,
        inputs: impl Stream<Item = Input>,
    ) -> Result<SubmissionHandle, SubmitError> {
        let inputs = pin!(inputs);
        self.submit_try_stream(request, Sound(inputs)).await
    }

    /// Submits all inputs of a stream that may break off, as one submission.
    ///
    /// Inputs that came before the break and fill a batch are stored; the
    /// submission stays open and can be continued with the whole stream.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Inputs`] with the stream's first error, and all of [`Engine::submit_stream`].
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::submit_stream`].
    pub async fn submit_try_stream<E>(
        &self,
        request: SubmissionRequest,
        inputs: impl Stream<Item = Result<Input, E>>,
    ) -> Result<SubmissionHandle, SubmitError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut inputs = pin!(inputs);
        let mut cutter = SubmissionCutter::new(self.limits(), self.queue_bound());
        let mut stored = StoredParts::new(self, request);
        while let Some(input) = poll_fn(|cx| inputs.as_mut().poll_next(cx)).await {
            let input = input.map_err(|e| stored.interrupted(SubmitError::Inputs(e.into())))?;
            if let Some(part) = cutter.push(input) {
                stored.add(part, Extent::Open).await?;
            }
        }
        stored.add(cutter.finish(), Extent::Complete).await?;
        Ok(stored.handle())
    }
}

/// The batches of a submission that are stored so far.
struct StoredParts<'a> {
    engine: &'a Engine,
    request: SubmissionRequest,
    key: String,
    submission: SubmissionId,
    first: Replay,
    /// How many of them this call has written; the others were found.
    written: u32,
    batches: u32,
    inputs: u64,
}

impl<'a> StoredParts<'a> {
    fn new(engine: &'a Engine, request: SubmissionRequest) -> Self {
        let submission = SubmissionId::of_first_batch(engine.new_id());
        let key = request.idempotency_key.clone();
        Self {
            engine,
            request,
            key: key.unwrap_or_else(|| submission.to_string()),
            submission,
            first: Replay::New,
            written: 0,
            batches: 0,
            inputs: 0,
        }
    }

    /// Stores the next batch.
    async fn add(&mut self, inputs: Vec<Input>, extent: Extent) -> Result<(), SubmitError> {
        let number = u64::try_from(inputs.len()).unwrap_or(u64::MAX);
        let inserted = self.store(inputs, extent).await;
        let inserted = inserted.map_err(|cause| self.interrupted(cause))?;
        if self.batches == 0 {
            self.submission = SubmissionId::of_first_batch(inserted.batch);
            self.first = inserted.replay;
        }
        self.written += u32::from(inserted.replay == Replay::New);
        self.batches += 1;
        self.inputs += number;
        Ok(())
    }

    async fn store(&mut self, inputs: Vec<Input>, extent: Extent) -> Result<Inserted, SubmitError> {
        self.pin_version().await?;
        let request = self.request.batch(&self.key, inputs);
        let content = validate(request, self.engine.limits())
            .map_err(|invalid| SubmitError::Invalid(renumber(invalid, self.inputs)))?;
        let id = match self.batches {
            0 => self.submission.first_batch(),
            _ => self.engine.new_id(),
        };
        let batch = NewBatch {
            id,
            submission: self.submission,
            part: self.batches,
            extent,
            retry_of: None,
            queue_bound: None,
            content,
        };
        self.engine.insert_waiting(batch, self.inputs).await
    }

    /// Makes the version that the first batch got that of the second and all later ones.
    ///
    /// All batches of a submission have it, so any that has not been pruned will tell. Where
    /// all have been, what is added is of the newest version again.
    async fn pin_version(&mut self) -> Result<(), SubmitError> {
        if self.batches == 1 && self.request.version == VersionSelector::Newest {
            self.request.version = match self.stored_version().await? {
                Some(Version::Number(number)) => VersionSelector::Number(number),
                Some(Version::Draft) => VersionSelector::Draft,
                None => VersionSelector::Newest,
            };
        }
        Ok(())
    }

    /// The version of any batch of the submission that is still there.
    async fn stored_version(&self) -> Result<Option<Version>, SubmitError> {
        if let Some(first) = self.engine.batch(self.submission.first_batch()).await? {
            return Ok(Some(first.version));
        }
        let others = BatchQuery {
            submission: Some(self.submission),
            ..BatchQuery::default()
        };
        let page = self.engine.batches(others).await?;
        Ok(page.items.first().map(|batch| batch.version))
    }

    /// The error of this submit when `cause` ends it.
    fn interrupted(&self, cause: SubmitError) -> SubmitError {
        let nothing_written = self.written == 0 && matches!(cause, SubmitError::KeyConflict { .. });
        let key = IdempotencyKey::new(&self.key);
        match key {
            Ok(key) if self.batches > 0 && !nothing_written => {
                SubmitError::Interrupted(Box::new(Interrupted {
                    submission: self.handle(),
                    key,
                    batches: self.batches,
                    inputs: self.inputs,
                    cause,
                }))
            }
            _ => cause,
        }
    }

    fn handle(&self) -> SubmissionHandle {
        SubmissionHandle::submitted(self.engine.clone(), self.submission, self.first)
    }
}

/// Names inputs by their place in the submission, in which the batch begins at `first`.
fn renumber(invalid: InvalidBatch, first: u64) -> InvalidBatch {
    let in_submission = |mut problem: Problem| {
        let place = problem.ordinal.map(|ordinal| ordinal.get() as usize);
        problem.ordinal = place.map(|place| difference::ordinal(first, place));
        problem
    };
    let problems = invalid.into_problems().into_iter();
    InvalidBatch::new(problems.map(in_submission).collect())
}

/// An iterator as a stream that is always ready.
struct Ready<I>(I);

impl<I> Unpin for Ready<I> {}

impl<I: Iterator> Stream for Ready<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// A stream that cannot break, as one that could.
struct Sound<'a, S>(Pin<&'a mut S>);

impl<S: Stream> Stream for Sound<'_, S> {
    type Item = Result<S::Item, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx).map(|next| next.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::fake_storage::{FakeStorage, InDoubt, WORKFLOW};
    use super::*;
    use crate::kv::KvOptions;
    use crate::memory::MemoryStorage;
    use crate::request::Limits;
    use crate::storage::PruneRequest;
    use crate::time::{Clock, ManualClock};

    fn texts(numbers: std::ops::Range<u32>) -> impl Iterator<Item = Input> {
        numbers.map(|n| Input::text(format!("text {n}")))
    }

    fn keyed(key: &str) -> SubmissionRequest {
        SubmissionRequest::new(WORKFLOW).idempotency_key(key)
    }

    fn interrupted(error: SubmitError) -> Interrupted {
        match error {
            SubmitError::Interrupted(interrupted) => *interrupted,
            other => panic!("not interrupted: {other}"),
        }
    }

    #[tokio::test]
    async fn inputs_are_cut_into_batches_and_the_last_one_says_so() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        let handle = engine.submit_all(keyed("k"), texts(0..7)).await.unwrap();
        let parts = storage.stored();
        let sizes: Vec<_> = parts.iter().map(|p| p.content.inputs().len()).collect();
        assert_eq!(sizes, [3, 3, 1]);
        let places: Vec<_> = parts.iter().map(|p| (p.part, p.extent)).collect();
        let open = Extent::Open;
        assert_eq!(places, [(0, open), (1, open), (2, Extent::Complete)]);
        assert!(parts.iter().all(|part| part.submission == handle.id()));
        assert_eq!(handle.id().first_batch(), parts[0].id);
    }

    #[tokio::test]
    async fn a_submission_is_found_under_its_key_after_its_batches_were_pruned() {
        let clock = ManualClock::default();
        let options = KvOptions {
            clock: Arc::new(clock.clone()),
            ..KvOptions::default()
        };
        let limits = Limits {
            inputs: 3,
            ..Limits::default()
        };
        let builder = Engine::builder().limits(limits);
        let storage = MemoryStorage::with_options(options);
        let engine = builder.open(storage).await.unwrap();
        let workflow = WORKFLOW.parse().unwrap();
        engine.ensure_deployed(workflow).await.unwrap();
        let first = engine.submit_all(keyed("k"), texts(0..7)).await.unwrap();
        for gone in ["its first", "all"] {
            engine.cancel_batch(first.id().first_batch()).await.unwrap();
            clock.advance(Duration::from_secs(1));
            let before = clock.now().wall;
            let request = PruneRequest::new(before, NonZeroU32::MAX);
            engine.prune(request).await.unwrap();
            let again = engine.submit_all(keyed("k"), texts(0..7)).await.unwrap();
            assert_eq!(again.id(), first.id(), "{gone} pruned");
            first.cancel().await.ok();
        }
    }

    #[tokio::test]
    async fn a_submission_without_inputs_is_refused_and_writes_nothing() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        let error = engine.submit_all(keyed("k"), []).await.unwrap_err();
        assert!(matches!(error, SubmitError::Invalid(_)), "{error}");
        assert!(storage.stored().is_empty());
    }

    #[tokio::test]
    async fn the_same_submission_again_gives_the_first_one_back() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        let first = engine.submit_all(keyed("k"), texts(0..7)).await.unwrap();
        let again = engine.submit_all(keyed("k"), texts(0..7)).await.unwrap();
        assert_eq!(
            (again.id(), again.replayed()),
            (first.id(), Replay::Replayed)
        );
        assert_eq!(storage.stored().len(), 3);
    }

    #[tokio::test]
    async fn an_interrupted_submission_tells_what_is_stored_and_goes_on_under_its_key() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        storage.fail_after(2);
        let error = engine
            .submit_all(keyed("k"), texts(0..10))
            .await
            .unwrap_err();
        assert!(matches!(error.root(), SubmitError::Storage(_)), "{error}");
        let stopped = interrupted(error);
        assert_eq!((stopped.batches, stopped.inputs), (2, 6));

        storage.heal();
        let whole = engine.submit_all(keyed("k"), texts(0..10)).await.unwrap();
        assert_eq!(whole.id(), stopped.submission.id());
        let progress = whole.progress().await.unwrap();
        assert_eq!((progress.batches, progress.inputs), (4, 10));
        assert_eq!(progress.extent, Extent::Complete);
    }

    #[tokio::test]
    async fn a_submission_without_a_key_can_be_continued_with_the_key_of_its_error() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        storage.fail_after(1);
        let request = SubmissionRequest::new(WORKFLOW);
        let error = engine.submit_all(request, texts(0..5)).await.unwrap_err();
        let stopped = interrupted(error);
        assert_eq!(stopped.key.as_str(), stopped.submission.id().to_string());

        storage.heal();
        let request = keyed(stopped.key.as_str());
        let whole = engine.submit_all(request, texts(0..5)).await.unwrap();
        assert_eq!(whole.id(), stopped.submission.id());
        assert_eq!(storage.stored().len(), 2);
    }

    #[tokio::test]
    async fn a_failure_of_the_first_batch_is_no_interruption() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        storage.fail_after(0);
        let error = engine
            .submit_all(keyed("k"), texts(0..5))
            .await
            .unwrap_err();
        assert!(matches!(error, SubmitError::Storage(_)), "{error}");
    }

    #[tokio::test]
    async fn a_bad_input_in_a_later_batch_is_named_by_its_place_in_the_submission() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        let inputs = texts(0..7).chain([Input::default()]).chain(texts(8..20));
        let error = engine.submit_all(keyed("k"), inputs).await.unwrap_err();
        let stopped = interrupted(error);
        assert_eq!(stopped.inputs, 6);
        let SubmitError::Invalid(invalid) = stopped.cause else {
            panic!("{}", stopped.cause);
        };
        let bad: Vec<_> = invalid
            .problems()
            .iter()
            .map(|p| p.ordinal.unwrap().get())
            .collect();
        assert_eq!(bad, [7]);
        assert_eq!(storage.stored().len(), 2);
    }

    #[tokio::test]
    async fn another_list_under_the_same_key_is_refused_with_the_first_difference() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        engine.submit_all(keyed("k"), texts(0..7)).await.unwrap();
        let other = texts(0..4).chain(texts(100..103));
        let error = engine.submit_all(keyed("k"), other).await.unwrap_err();
        let text = error.to_string();
        let difference = r#": input 4 at /text: stored "text 4", given "text 100""#;
        assert!(text.ends_with(difference), "{text}");
        assert_eq!(storage.stored().len(), 3);
    }

    #[tokio::test]
    async fn one_input_more_under_the_same_key_is_refused_with_that_input() {
        let engine = FakeStorage::new().engine(3).await;
        engine.submit_all(keyed("k"), texts(0..5)).await.unwrap();
        let error = engine
            .submit_all(keyed("k"), texts(0..6))
            .await
            .unwrap_err();
        let text = error.to_string();
        let difference = r#": input 5: stored nothing, given "text 5""#;
        assert!(text.ends_with(difference), "{text}");
    }

    #[tokio::test]
    async fn a_version_that_is_deployed_midway_does_not_split_the_submission() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        storage.fail_after(2);
        engine
            .submit_all(keyed("k"), texts(0..10))
            .await
            .unwrap_err();
        storage.heal();
        storage.deploy(2);
        engine.submit_all(keyed("k"), texts(0..10)).await.unwrap();
        for part in storage.stored() {
            let batch = engine.batch(part.id).await.unwrap().unwrap();
            assert_eq!(batch.version.to_string(), "1");
        }
    }

    /// Gives these items, and stays pending once before each.
    struct Slow<T>(Vec<T>, bool);

    impl<T: Unpin> Stream for Slow<T> {
        type Item = T;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
            self.1 = !self.1;
            if self.1 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready((!self.0.is_empty()).then(|| self.0.remove(0)))
        }
    }

    #[tokio::test]
    async fn a_stream_that_keeps_one_waiting_is_taken_in_whole() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        let stream = Slow(texts(0..7).collect(), false);
        let handle = engine.submit_stream(keyed("k"), stream).await.unwrap();
        assert_eq!(handle.progress().await.unwrap().inputs, 7);
    }

    #[tokio::test]
    async fn a_stream_that_breaks_leaves_the_submission_open() {
        let storage = FakeStorage::new();
        let engine = storage.engine(3).await;
        let mut items: Vec<Result<Input, &str>> = texts(0..5).map(Ok).collect();
        items.push(Err("the list is gone"));
        let stream = Slow(items, false);
        let error = engine
            .submit_try_stream(keyed("k"), stream)
            .await
            .unwrap_err();
        assert!(matches!(error.root(), SubmitError::Inputs(_)), "{error}");
        let progress = interrupted(error).submission.progress().await.unwrap();
        assert_eq!((progress.inputs, progress.extent), (3, Extent::Open));
    }

    /// Submits again and again, each time as far as the store lets it, then to the end.
    async fn submit_through(
        storage: &std::sync::Arc<FakeStorage>,
        inputs: u32,
        failures: Vec<(u32, InDoubt)>,
    ) -> SubmissionHandle {
        let engine = storage.engine(3).await;
        for (after, in_doubt) in failures {
            storage.doubt_after(after, in_doubt);
            // It may get through: a replay counts as an insert, and there may be few of them.
            drop(engine.submit_all(keyed("k"), texts(0..inputs)).await);
        }
        storage.heal();
        let handle = engine.submit_all(keyed("k"), texts(0..inputs)).await;
        handle.unwrap()
    }

    fn any_in_doubt() -> impl Strategy<Value = InDoubt> {
        prop_oneof![Just(InDoubt::Lost), Just(InDoubt::Kept)]
    }

    proptest! {
        #[test]
        fn however_often_it_is_interrupted_each_input_is_stored_once_and_in_order(
            inputs in 1u32..20,
            failures in prop::collection::vec((0u32..8, any_in_doubt()), 0..6),
        ) {
            let storage = FakeStorage::new();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let handle = runtime.block_on(submit_through(&storage, inputs, failures));

            let mut parts = storage.stored();
            parts.sort_by_key(|part| part.part);
            let stored = parts.iter().flat_map(|part| part.content.inputs());
            let stored: Vec<_> = stored.map(|input| input.source().clone()).collect();
            let given = texts(0..inputs).map(|input| crate::valid::Source::Text {
                text: input.text.unwrap(),
                name: None,
            });
            prop_assert_eq!(stored, given.collect::<Vec<_>>());
            prop_assert!(parts.iter().all(|part| part.submission == handle.id()));
            let (last, open) = parts.split_last().unwrap();
            prop_assert_eq!(last.extent, Extent::Complete);
            prop_assert!(open.iter().all(|part| part.extent == Extent::Open));
        }
    }
}
