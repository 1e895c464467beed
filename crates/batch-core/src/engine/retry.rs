use super::{BatchHandle, Engine, RetryError, RetryOptions, RetryVersion, SubmitError};
use crate::batch::Batch;
use crate::catalogue::Version;
use crate::id::{BatchId, RunId};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::request::{BatchRequest, Input, Limits, RawMetadata, Secrets, VersionSelector};
use crate::run::RunState;
use crate::storage::{
    ErrorKind, NewBatch, OutputDetail, PageRequest, PageSize, RunQuery, StorageError,
};
use crate::valid::{InvalidBatch, Problem, ProblemCode, Source, ValidBatch, ValidInput, validate};

/// Running failed runs again.
impl Engine {
    /// Runs the failed and the rejected runs of a batch again, as a new batch that says whose retry it is.
    ///
    /// The new batch has the same inputs, in their order, the same priority and the same
    /// fairness key; it begins at once and does not expire. It takes the runs that have failed or were rejected so far; a batch that has not finished may have
    /// more later, and a second retry takes the first ones again. Secrets are not
    /// kept past a run's end: give them anew in the options.
    ///
    /// # Errors
    ///
    /// [`RetryError::NotFound`], [`RetryError::NothingFailed`], or
    /// [`RetryError::Submit`] where the new batch is refused, for missing secrets too;
    /// [`RetryError::Storage`] where the failed runs cannot be read.
    ///
    /// # Cancel safety
    ///
    /// The new batch is stored whole or not at all, and the caller does not know
    /// which. With an idempotency key the call can be repeated; without one that
    /// may make a second batch.
    pub async fn retry_failed(
        &self,
        id: BatchId,
        options: RetryOptions,
    ) -> Result<BatchHandle, RetryError> {
        let batch = self.batch(id).await.map_err(RetryError::Storage)?;
        let batch = batch.ok_or(RetryError::NotFound(id))?;
        let failed = self.failed_ordinals(id).await;
        let failed = failed.map_err(RetryError::Storage)?;
        if failed.is_empty() {
            return Err(RetryError::NothingFailed(id));
        }
        self.again(&batch, failed, &options).await
    }

    /// Runs one run again, as a new batch of one that says whose retry it is.
    ///
    /// Whoever names a run knows what it does: any run that has ended is run again, one that
    /// was cancelled or ended well too. All else is as with [`Engine::retry_failed`]: the input
    /// with its name and metadata, the version by choice, secrets given anew. The run itself
    /// stays as it ended.
    ///
    /// # Errors
    ///
    /// [`RetryError::RunNotFound`], [`RetryError::NotEnded`] while the run may still go on, or
    /// [`RetryError::Submit`] where the new batch is refused, for missing secrets too;
    /// [`RetryError::Storage`] where the run cannot be read.
    ///
    /// # Cancel safety
    ///
    /// As [`Engine::retry_failed`].
    pub async fn retry_run(
        &self,
        run: RunId,
        options: RetryOptions,
    ) -> Result<BatchHandle, RetryError> {
        let known = self.run(run).await.map_err(RetryError::Storage)?;
        let known = known.ok_or(RetryError::RunNotFound(run))?;
        if !known.state.is_ended() {
            let state = known.state;
            return Err(RetryError::NotEnded { run, state });
        }
        let batch = self.batch(run.batch()).await.map_err(RetryError::Storage)?;
        let batch = batch.ok_or(RetryError::RunNotFound(run))?;
        let one = std::iter::once(run.ordinal()).collect();
        self.again(&batch, one, &options).await
    }

    /// Submits runs of a batch again.
    async fn again(
        &self,
        batch: &Batch,
        runs: OrdinalSet,
        options: &RetryOptions,
    ) -> Result<BatchHandle, RetryError> {
        let content = self.content_of(batch, &runs, options).await?;
        let mut again = NewBatch::single(self.new_id(), content);
        again.retry_of = Some(batch.id);
        let inserted = self.insert(again, 0).await.map_err(RetryError::Submit)?;
        let handle = BatchHandle::submitted(self.clone(), inserted.batch, inserted.replay);
        Ok(handle)
    }

    /// The content of the batch that runs some runs of another again.
    pub(super) async fn content_of(
        &self,
        batch: &Batch,
        runs: &OrdinalSet,
        options: &RetryOptions,
    ) -> Result<ValidBatch, RetryError> {
        let inputs = self.inputs_of(batch.id, runs).await;
        let inputs = inputs.map_err(RetryError::Storage)?;
        content(batch, inputs, options, self.limits())
            .map_err(|invalid| RetryError::Submit(SubmitError::Invalid(invalid)))
    }

    /// The inputs of some runs.
    async fn inputs_of(
        &self,
        id: BatchId,
        runs: &OrdinalSet,
    ) -> Result<Vec<EndedRun>, StorageError> {
        let inputs = self.storage().inputs(id, runs.clone()).await?;
        let changed = || {
            let doing = format!("read the runs of {id} to retry, which changed meanwhile");
            StorageError::new(ErrorKind::Transient, doing)
        };
        if inputs.len() != runs.len() as usize {
            return Err(changed());
        }
        let mut found = Vec::with_capacity(inputs.len());
        for (ordinal, input) in runs.iter().zip(inputs) {
            // What a deleted run leaves must not become a run of its own.
            if input == ValidInput::blank() && self.run(RunId::new(id, ordinal)).await?.is_none() {
                return Err(changed());
            }
            found.push(EndedRun { ordinal, input });
        }
        Ok(found)
    }

    pub(super) async fn failed_ordinals(&self, id: BatchId) -> Result<OrdinalSet, StorageError> {
        let mut all = self.ordinals_in(id, RunState::Failed).await?;
        all.union_with(&self.ordinals_in(id, RunState::Rejected).await?);
        Ok(all)
    }

    async fn ordinals_in(&self, id: BatchId, state: RunState) -> Result<OrdinalSet, StorageError> {
        let mut found = OrdinalSet::new();
        let mut query = RunQuery {
            batch: Some(id),
            workflow: None,
            state: Some(state),
            among: None,
            output: OutputDetail::Omitted,
            page: PageRequest {
                size: PageSize::MAX,
                token: None,
            },
        };
        loop {
            let page = self.runs(query.clone()).await?;
            for run in &page.items {
                found.insert(run.id.ordinal());
            }
            query.page.token = page.next;
            if query.page.token.is_none() {
                return Ok(found);
            }
        }
    }
}

/// The place in its batch of a run to retry, and its input without secrets.
struct EndedRun {
    ordinal: Ordinal,
    input: ValidInput,
}

/// The content of the new batch; problems name inputs by their place in the old one.
fn content(
    batch: &Batch,
    runs: Vec<EndedRun>,
    options: &RetryOptions,
    limits: &Limits,
) -> Result<ValidBatch, InvalidBatch> {
    let ordinals: Vec<_> = runs.iter().map(|run| run.ordinal).collect();
    let mut request = BatchRequest::new(batch.workflow.as_str())
        .version(selector(options.version, batch.version))
        .priority(batch.priority);
    request.fairness = batch.share.clone().map(Into::into);
    request.idempotency_key.clone_from(&options.idempotency_key);
    let mut missing = Vec::new();
    for run in runs {
        let secrets = secrets(&run, options);
        missing.extend(missing_secrets(&run, &secrets));
        request.inputs.push(as_given(&run.input, secrets));
    }
    let checked = validate(request, limits);
    if missing.is_empty() && checked.is_ok() {
        return checked;
    }
    let mut problems = checked
        .err()
        .map_or_else(Vec::new, InvalidBatch::into_problems);
    for problem in &mut problems {
        let place = problem.ordinal.map(|ordinal| ordinal.get() as usize);
        problem.ordinal = place.and_then(|place| ordinals.get(place).copied());
    }
    problems.extend(missing);
    problems.sort_by_key(|problem| problem.ordinal);
    Err(InvalidBatch::new(problems))
}

const fn selector(wanted: RetryVersion, pinned: Version) -> VersionSelector {
    match (wanted, pinned) {
        (RetryVersion::Newest, _) => VersionSelector::Newest,
        (RetryVersion::Keep, Version::Number(number)) => VersionSelector::Number(number),
        (RetryVersion::Keep, Version::Draft) => VersionSelector::Draft,
    }
}

/// The secrets that the options have for a run.
fn secrets(run: &EndedRun, options: &RetryOptions) -> Secrets {
    let mut secrets = Secrets::new();
    for name in run.input.secret_names() {
        if let Some(value) = options.shared_secrets.get(name) {
            secrets.insert(name, value);
        }
    }
    let own = options.secrets.get(&run.ordinal);
    for (name, value) in own.into_iter().flat_map(Secrets::iter) {
        secrets.insert(name, value);
    }
    secrets
}

/// A problem for each secret that a run had and is not given again.
fn missing_secrets(run: &EndedRun, given: &Secrets) -> Vec<Problem> {
    let names = run.input.secret_names().iter();
    let missing = names.filter(|name| given.get(name).is_none());
    let problem = |name: &String| Problem {
        ordinal: Some(run.ordinal),
        path: format!("/secrets/{}", name.replace('~', "~0").replace('/', "~1")),
        code: ProblemCode::SecretsRequired,
        message: "the run had this secret, which is not kept: give it again".to_owned(),
        limit: None,
    };
    missing.map(problem).collect()
}

/// The input as its caller once gave it.
fn as_given(input: &ValidInput, secrets: Secrets) -> Input {
    let mut given = match input.source() {
        Source::Url { url, name } => Input {
            file_name: name.clone(),
            ..Input::file_url(url)
        },
        Source::File { id } => Input::file_id(id),
        Source::Text { text, name } => Input {
            file_name: name.clone(),
            ..Input::text(text)
        },
    };
    given.name = input.name().map(str::to_owned);
    let metadata = input.metadata();
    given.metadata = (!metadata.is_empty()).then(|| RawMetadata::Json(metadata.as_json().into()));
    given.secrets = secrets;
    given
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Replay;
    use super::super::fake_storage::{FakeStorage, WORKFLOW};
    use super::*;
    use crate::id::WorkflowId;
    use crate::memory::MemoryStorage;
    use crate::storage::DeleteTarget;

    /// A batch of three, of which the first and the last have failed.
    async fn failed(storage: &Arc<FakeStorage>, inputs: [Input; 3]) -> (Engine, BatchHandle) {
        let engine = storage.engine(10).await;
        let request = BatchRequest::new(WORKFLOW).priority(7).inputs(inputs);
        let batch = engine.submit_batch(request).await.unwrap();
        let states = [RunState::Failed, RunState::Processed, RunState::Failed];
        storage.put_runs(batch.id(), &states);
        (engine, batch)
    }

    fn newest() -> VersionSelector {
        VersionSelector::Number(std::num::NonZeroU32::MIN)
    }

    fn problems(error: RetryError) -> Vec<Problem> {
        match error {
            RetryError::Submit(SubmitError::Invalid(invalid)) => invalid.into_problems(),
            other => panic!("not refused: {other}"),
        }
    }

    fn secret(token: &str) -> Input {
        Input::text("s").with_secret("token", token)
    }

    #[tokio::test]
    async fn a_retry_holds_the_failed_inputs_whole_and_says_whose_retry_it_is() {
        let storage = FakeStorage::new();
        let first = Input::text("a").with_file_name("a.txt").with_name("A");
        let last = Input::file_url("https://example.com/c").with_metadata_json(r#"{"b":1,"a":2}"#);
        let (_, batch) = failed(&storage, [first, Input::text("b"), last]).await;
        let retry = batch.retry_failed(RetryOptions::default()).await.unwrap();

        let stored = storage.stored();
        let (old, new) = (&stored[0].content, &stored[1].content);
        assert_eq!(
            new.inputs(),
            [old.inputs()[0].clone(), old.inputs()[2].clone()]
        );
        let view = retry.get().await.unwrap();
        assert_eq!(view.retry_of, Some(batch.id()));
        assert_eq!(view.submission.first_batch(), retry.id());
        assert_eq!(view.priority.get(), 7);
    }

    #[tokio::test]
    async fn a_retry_keeps_the_version_unless_the_newest_is_asked_for() {
        let storage = FakeStorage::new();
        let (_, batch) = failed(&storage, ["a", "b", "c"].map(Input::text)).await;
        storage.deploy(2);
        let kept = batch.retry_failed(RetryOptions::default()).await.unwrap();
        let newest = RetryOptions::default().version(RetryVersion::Newest);
        let newest = batch.retry_failed(newest).await.unwrap();
        assert_eq!(kept.get().await.unwrap().version.to_string(), "1");
        assert_eq!(newest.get().await.unwrap().version.to_string(), "2");
    }

    #[tokio::test]
    async fn a_retry_under_the_same_key_happens_once() {
        let storage = FakeStorage::new();
        let (_, batch) = failed(&storage, ["a", "b", "c"].map(Input::text)).await;
        let options = RetryOptions::default().idempotency_key("again");
        let first = batch.retry_failed(options.clone()).await.unwrap();
        let second = batch.retry_failed(options).await.unwrap();
        assert_eq!(
            (second.id(), second.replayed()),
            (first.id(), Replay::Replayed)
        );
    }

    #[tokio::test]
    async fn a_key_of_another_submit_is_refused_with_whose_retry_each_is() {
        let storage = FakeStorage::new();
        let (engine, batch) = failed(&storage, ["a", "b", "c"].map(Input::text)).await;
        let request = BatchRequest::new(WORKFLOW).priority(7).version(newest());
        let request = request.inputs(["a", "c"].map(Input::text));
        let request = request.idempotency_key("k");
        engine.submit_batch(request).await.unwrap();
        let options = RetryOptions::default().idempotency_key("k");
        let error = batch.retry_failed(options).await.unwrap_err().to_string();
        let shown = format!(
            ": batch at /retryOf: stored nothing, given \"{}\"",
            batch.id()
        );
        assert!(error.ends_with(&shown), "{error}");
    }

    #[tokio::test]
    async fn a_retry_takes_what_a_person_rejected_in_the_order_of_the_inputs() {
        let storage = FakeStorage::new();
        let (_, batch) = failed(&storage, ["a", "b", "c"].map(Input::text)).await;
        let states = [RunState::Rejected, RunState::NeedsReview, RunState::Failed];
        storage.put_runs(batch.id(), &states);
        batch.retry_failed(RetryOptions::default()).await.unwrap();
        let stored = storage.stored();
        let (old, new) = (&stored[0].content, &stored[1].content);
        let expected = [old.inputs()[0].clone(), old.inputs()[2].clone()];
        assert_eq!(new.inputs(), expected);
    }

    #[tokio::test]
    async fn a_batch_without_failed_runs_and_one_that_is_not_there_are_errors_of_their_own() {
        let storage = FakeStorage::new();
        let (engine, batch) = failed(&storage, ["a", "b", "c"].map(Input::text)).await;
        storage.put_all(batch.id(), RunState::Processed);
        let error = batch
            .retry_failed(RetryOptions::default())
            .await
            .unwrap_err();
        assert!(matches!(error, RetryError::NothingFailed(id) if id == batch.id()));
        let nowhere = BatchId::generate();
        let error = engine
            .retry_failed(nowhere, RetryOptions::default())
            .await
            .unwrap_err();
        assert!(matches!(error, RetryError::NotFound(id) if id == nowhere));
    }

    #[tokio::test]
    async fn what_is_left_of_a_run_that_was_deleted_meanwhile_is_not_submitted() {
        let builder = Engine::builder();
        let engine = builder.open(MemoryStorage::new()).await.unwrap();
        let workflow = WorkflowId::new(WORKFLOW).unwrap();
        engine.ensure_deployed(workflow).await.unwrap();
        let batch = engine.submit(WORKFLOW, ["", "b"].map(Input::text)).await;
        let batch = batch.unwrap();
        batch.cancel().await.unwrap();
        let both: OrdinalSet = [0, 1].map(Ordinal::new).into_iter().collect();
        let inputs = engine.inputs_of(batch.id(), &both).await.unwrap();
        assert_eq!(inputs.len(), 2, "an empty text is an input like others");
        let run = RunId::new(batch.id(), Ordinal::new(1));
        let target = DeleteTarget::Run(run);
        engine.storage().delete(target).await.unwrap();
        let error = engine.inputs_of(batch.id(), &both).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Transient);
    }

    #[tokio::test]
    async fn a_retry_without_the_secrets_names_each_by_its_place_in_the_old_batch() {
        let storage = FakeStorage::new();
        let (_, batch) = failed(&storage, [Input::text("a"), secret("1"), secret("2")]).await;
        let error = batch
            .retry_failed(RetryOptions::default())
            .await
            .unwrap_err();
        let problems = problems(error);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, ProblemCode::SecretsRequired);
        let text = problems[0].to_string();
        assert!(text.starts_with("input 2 at /secrets/token: "), "{text}");
        assert_eq!(storage.stored().len(), 1);
    }

    #[tokio::test]
    async fn secrets_of_single_runs_take_precedence_over_shared_ones() {
        let storage = FakeStorage::new();
        let (_, batch) = failed(&storage, [secret("1"), Input::text("b"), secret("3")]).await;
        let options = RetryOptions::default()
            .shared_secret("token", "shared")
            .secret(Ordinal::new(2), "token", "own");
        batch.retry_failed(options).await.unwrap();
        let stored = storage.stored();
        let inputs = stored[1].content.inputs().iter();
        let tokens: Vec<_> = inputs.map(|input| input.secrets().get("token")).collect();
        assert_eq!(tokens, [Some("shared"), Some("own")]);
    }

    #[tokio::test]
    async fn a_shared_secret_goes_to_no_run_that_had_none_of_its_name() {
        let storage = FakeStorage::new();
        let (_, batch) = failed(&storage, [secret("1"), Input::text("b"), Input::text("c")]).await;
        let options = RetryOptions::default().shared_secret("token", "shared");
        batch.retry_failed(options).await.unwrap();
        let stored = storage.stored();
        assert!(stored[1].content.inputs()[1].secrets().is_empty());
    }

    #[tokio::test]
    async fn a_secret_that_breaks_a_limit_is_refused_by_its_place_in_the_old_batch() {
        let storage = FakeStorage::new();
        let (_, batch) = failed(&storage, [secret("1"), Input::text("b"), secret("3")]).await;
        let options = RetryOptions::default()
            .shared_secret("token", "fine")
            .secret(Ordinal::new(2), "token", "x".repeat(9_000));
        let problems = problems(batch.retry_failed(options).await.unwrap_err());
        assert_eq!(problems[0].ordinal, Some(Ordinal::new(2)));
        assert_eq!(problems[0].code, ProblemCode::TooLarge);
    }
}
