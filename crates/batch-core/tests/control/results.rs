use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use batch_core::engine::{
    Engine, ResultOrder, ResultPosition, Results, ResultsError, SubmissionHandle, SubmissionRequest,
};
use batch_core::id::{BatchId, SubmissionId};
use batch_core::request::Input;
use batch_core::run::{Run, RunState};
use batch_core::storage::{BatchQuery, PruneRequest, Settlement};
use batch_core::valid::Source;
use futures_core::Stream;
use tokio::task::JoinHandle;

use super::ground::{
    WORKFLOW, claim, engine, failed, processed, settle, settle_down, submitted, texts, work,
};

const BOTH: [ResultOrder; 2] = [ResultOrder::Input, ResultOrder::Completion];

fn number(run: &Run) -> u32 {
    match &run.source {
        Source::Text { text, .. } => text.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn all(results: &mut Results) -> Vec<u32> {
    let mut numbers = Vec::new();
    while let Some(run) = results.next().await.unwrap() {
        assert!(run.state.is_ended());
        numbers.push(number(&run));
    }
    numbers
}

/// Claims everything and settles it, the last run first, each by itself.
async fn work_backwards(engine: &Engine) {
    let mut held = claim(engine, 1_000).await;
    while let Some(run) = held.pop() {
        let settlement = Settlement::new(run.claim, processed());
        engine.storage().settle(vec![settlement]).await.unwrap();
    }
}

#[tokio::test]
async fn results_come_in_the_order_asked_for_each_once_and_with_their_outputs() {
    let engine = engine(10).await;
    let submission = submitted(&engine, 25).await;
    work_backwards(&engine).await;
    let mut by_input = submission.results(ResultOrder::Input);
    assert_eq!(all(&mut by_input).await, (0..25).collect::<Vec<_>>());
    let mut by_completion = submission.results(ResultOrder::Completion);
    assert_eq!(
        all(&mut by_completion).await,
        (0..25).rev().collect::<Vec<_>>()
    );
    for order in BOTH {
        let run = submission.results(order).next().await.unwrap().unwrap();
        assert_eq!(run.output.unwrap().as_json(), "2");
    }
}

#[tokio::test]
async fn a_stream_goes_on_where_another_one_stopped_at_every_place() {
    let engine = engine(4).await;
    let submission = submitted(&engine, 10).await;
    let held = claim(&engine, 7).await;
    settle(&engine, held, processed).await;
    work_backwards(&engine).await;
    for order in BOTH {
        let whole = all(&mut submission.results(order)).await;
        assert_eq!(whole.len(), 10);
        for stop in 0..=10 {
            let mut results = submission.results(order);
            for expected in &whole[..stop] {
                assert_eq!(number(&results.next().await.unwrap().unwrap()), *expected);
            }
            let kept = results.position().to_string();
            let position: ResultPosition = kept.parse().unwrap();
            let rest = all(&mut submission.results_from(position)).await;
            assert_eq!(rest, whole[stop..], "{order:?} after {stop}");
        }
    }
}

/// A task that gathers results, and what it has so far.
fn gather(mut results: Results) -> (JoinHandle<()>, Arc<Mutex<Vec<u32>>>) {
    let gathered = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&gathered);
    let task = tokio::spawn(async move {
        while let Some(run) = results.next().await.unwrap() {
            sink.lock().unwrap().push(number(&run));
        }
    });
    (task, gathered)
}

#[tokio::test]
async fn by_completion_a_run_comes_when_it_has_ended_and_by_input_it_waits_for_those_before_it() {
    let engine = engine(2).await;
    let submission = submitted(&engine, 4).await;
    let (first, by_input) = gather(submission.results(ResultOrder::Input));
    let (second, by_completion) = gather(submission.results(ResultOrder::Completion));
    let mut held = claim(&engine, 4).await;
    let slow = held.remove(0);
    settle(&engine, held, processed).await;
    settle_down().await;
    assert!(by_input.lock().unwrap().is_empty());
    let mut seen = by_completion.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3]);
    assert!(!first.is_finished() && !second.is_finished());
    settle(&engine, vec![slow], processed).await;
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(*by_input.lock().unwrap(), [0, 1, 2, 3]);
    assert_eq!(by_completion.lock().unwrap().last(), Some(&0));
}

#[tokio::test]
async fn runs_that_were_cancelled_or_failed_are_results_too() {
    let engine = engine(5).await;
    let submission = submitted(&engine, 10).await;
    let held = claim(&engine, 3).await;
    settle(&engine, held, failed).await;
    submission.cancel().await.unwrap();
    for order in BOTH {
        let mut results = submission.results(order);
        let mut states = Vec::new();
        while let Some(run) = results.next().await.unwrap() {
            states.push(run.state);
        }
        let count = |state| states.iter().filter(|seen| **seen == state).count();
        assert_eq!(
            (count(RunState::Failed), count(RunState::Cancelled)),
            (3, 7)
        );
    }
}

/// Gives two inputs, then an error.
struct Breaking(u32);

impl Stream for Breaking {
    type Item = Result<Input, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 += 1;
        Poll::Ready(Some(match self.0 {
            n @ 1..=2 => Ok(Input::text(format!("{}", n - 1))),
            _ => Err("the list is gone"),
        }))
    }
}

/// A submission whose submit broke, and the request to go on with it.
async fn open_submission(engine: &Engine) -> (SubmissionHandle, SubmissionRequest) {
    let request = SubmissionRequest::new(WORKFLOW).idempotency_key("k");
    let broken = engine.submit_try_stream(request.clone(), Breaking(0));
    broken.await.unwrap_err();
    let batches = engine.batches(BatchQuery::default()).await.unwrap();
    let id = batches.items[0].submission;
    (engine.submission_handle(id), request)
}

#[tokio::test]
async fn a_stream_waits_for_inputs_that_are_still_being_submitted() {
    let engine = engine(1).await;
    let (submission, request) = open_submission(&engine).await;
    let (first, by_input) = gather(submission.results(ResultOrder::Input));
    let (second, by_completion) = gather(submission.results(ResultOrder::Completion));
    work(&engine, processed).await;
    settle_down().await;
    assert!(!first.is_finished() && !second.is_finished());
    engine.submit_all(request, texts(4)).await.unwrap();
    work(&engine, processed).await;
    first.await.unwrap();
    second.await.unwrap();
    for gathered in [by_input, by_completion] {
        assert_eq!(*gathered.lock().unwrap(), [0, 1, 2, 3]);
    }
}

#[tokio::test]
async fn other_submissions_are_none_of_a_streams_results() {
    let engine = engine(3).await;
    submitted(&engine, 5).await;
    let submission = submitted(&engine, 5).await;
    submitted(&engine, 5).await;
    work(&engine, processed).await;
    for order in BOTH {
        let mut given = all(&mut submission.results(order)).await;
        given.sort_unstable();
        assert_eq!(given, [0, 1, 2, 3, 4], "{order:?}");
        let batches = submission.progress().await.unwrap().batches;
        assert_eq!(batches, 2);
    }
}

#[tokio::test]
async fn a_submission_that_is_not_there_is_an_error_and_no_hang() {
    let engine = engine(3).await;
    let id = SubmissionId::of_first_batch(BatchId::generate());
    for order in BOTH {
        let error = engine.submission_handle(id).results(order).next().await;
        let error = error.unwrap_err();
        assert!(matches!(error, ResultsError::SubmissionNotFound(missing) if missing == id));
    }
}

/// Two of three runs have ended, and the journal was trimmed to here. The third ends later.
#[tokio::test]
async fn by_completion_says_after_the_last_run_how_many_the_journal_no_longer_tells_of() {
    let engine = engine(3).await;
    let submission = submitted(&engine, 3).await;
    let held = claim(&engine, 2).await;
    settle(&engine, held, processed).await;
    let later = engine.clock().now().wall + Duration::from_secs(3_600);
    let prune = PruneRequest::new(later, NonZeroU32::MIN);
    assert!(engine.prune(prune).await.unwrap().entries > 0);
    work(&engine, processed).await;
    let mut results = submission.results(ResultOrder::Completion);
    assert_eq!(number(&results.next().await.unwrap().unwrap()), 2);
    let error = results.next().await.unwrap_err();
    assert!(
        matches!(error, ResultsError::Trimmed { missing: 2, .. }),
        "{error}"
    );
    assert_eq!(
        all(&mut submission.results(ResultOrder::Input)).await,
        [0, 1, 2]
    );
}

/// Of the first batch all was given, and it was pruned. Two runs of the second ended while nobody
/// read, and the journal was trimmed to there.
#[tokio::test]
async fn by_completion_counts_no_runs_of_pruned_batches_in_place_of_those_it_missed() {
    let engine = engine(3).await;
    let submission = submitted(&engine, 6).await;
    let first = claim(&engine, 3).await;
    settle(&engine, first, processed).await;
    let mut results = submission.results(ResultOrder::Completion);
    for expected in 0..3 {
        assert_eq!(number(&results.next().await.unwrap().unwrap()), expected);
    }
    let kept = results.position();
    let second = claim(&engine, 2).await;
    settle(&engine, second, processed).await;
    let later = engine.clock().now().wall + Duration::from_secs(3_600);
    let pruned = engine
        .prune(PruneRequest::new(later, NonZeroU32::MIN))
        .await;
    assert_eq!(pruned.unwrap().batches, 1);
    work(&engine, processed).await;

    for mut results in [results, submission.results_from(kept)] {
        assert_eq!(number(&results.next().await.unwrap().unwrap()), 5);
        let error = results.next().await.unwrap_err();
        assert!(
            matches!(error, ResultsError::Trimmed { missing: 2, .. }),
            "{error}"
        );
    }
}

/// The first batch was pruned, and the journal with it, before anybody read.
#[tokio::test]
async fn by_completion_misses_nothing_of_batches_that_were_pruned_before_it_began() {
    let engine = engine(3).await;
    let submission = submitted(&engine, 6).await;
    let first = claim(&engine, 3).await;
    settle(&engine, first, processed).await;
    let later = engine.clock().now().wall + Duration::from_secs(3_600);
    let prune = PruneRequest::new(later, NonZeroU32::MIN);
    assert!(engine.prune(prune).await.unwrap().entries > 0);
    work(&engine, processed).await;

    let mut results = submission.results(ResultOrder::Completion);
    assert_eq!(all(&mut results).await, [3, 4, 5]);
}
