use std::time::Duration;

use crate::batch::BatchState;
use crate::conformance::sample::{kind, needs_review, processed, request, retry};
use crate::conformance::yard::{LEASE, Yard, run_id};
use crate::id::{BatchId, RunId};
use crate::journal::Fact;
use crate::ordinal::Ordinal;
use crate::run::{Note, Output, Run, RunState, Verdict};
use crate::storage::{
    BatchQuery, CancelReply, Claim, DeleteReply, PageRequest, Renewal, ReviewReply, ReviewRequest,
    RunQuery, Settled, Settlement,
};
use crate::time::Clock;

/// A batch whose first runs are in review, and whose others wait.
async fn in_review(yard: &Yard, inputs: u32, runs: u32) -> BatchId {
    let id = yard.submit(inputs).await;
    for run in yard.claim(runs).await {
        yard.settle(run, needs_review("look")).await;
    }
    id
}

fn output_of(run: &Run) -> Option<&str> {
    run.output.as_ref().map(Output::as_json)
}

async fn answer(yard: &Yard, request: ReviewRequest) -> ReviewReply {
    let replies = yard.storage().review(vec![request]).await.unwrap();
    assert_eq!(replies.len(), 1, "one reply for one request");
    replies[0]
}

/// Shows: "A run whose attempt needs review is held by nobody, and is neither claimed nor taken back; it does not expire."
pub(crate) async fn a_run_in_review_is_held_by_nobody_and_never_claimed(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    let (key, attempt) = (run.claim.key(), run.claim.attempt());
    let settled = yard.settle(run, needs_review("look")).await;
    assert_eq!(settled, Settled::Applied(RunState::NeedsReview));
    assert_eq!(yard.renew(vec![key]).await, [Renewal::Lost]);
    let late = vec![Settlement::new(Claim::new(key, attempt), processed())];
    assert_eq!(yard.storage().settle(late).await.unwrap(), [Settled::Stale]);
    let head = yard.head().await;
    yard.clock().advance(LEASE * 100);
    let asked = yard.ask(9).await.unwrap();
    assert!(asked.runs.is_empty());
    assert_eq!(asked.next_due, None, "no time brings it back");
    assert_eq!(yard.head().await, head);
    let run = yard.run(id, 0).await;
    assert_eq!(run.state, RunState::NeedsReview);
    assert_eq!((run.attempts, run.interruptions), (1, 0));
}

/// Shows: "A run whose attempt needs review is held by nobody, and is neither claimed nor taken back; it does not expire."
pub(crate) async fn a_run_in_review_outlives_the_time_of_its_batch(yard: &mut Yard) {
    let at = yard.clock().now().wall + Duration::from_secs(10);
    let id = yard.submit_request(request(3).expires_at(at)).await;
    let run = yard.claim_one().await;
    yard.settle(run, needs_review("look")).await;
    yard.clock().advance(Duration::from_secs(60));
    assert!(yard.claim(9).await.is_empty());
    yard.prune().await;
    let counts = yard.batch(id).await.counts;
    assert_eq!((counts.failed, counts.needs_review), (2, 1));
    let approve = ReviewRequest::approve(run_id(id, 0));
    assert_eq!(answer(yard, approve).await, ReviewReply::Recorded);
    assert!(yard.batch(id).await.is_finished());
    yard.recount(id).await;
}

/// Shows: "Its batch is not finished before that."
pub(crate) async fn a_batch_with_a_run_in_review_says_so_and_is_not_finished(yard: &mut Yard) {
    let id = in_review(yard, 3, 1).await;
    assert_eq!(yard.batch(id).await.state, BatchState::Processing);
    assert_eq!(yard.work_off().await, 2);
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::NeedsReview);
    assert_eq!((batch.counts.processed, batch.counts.needs_review), (2, 1));
    yard.recount(id).await;
    let query = BatchQuery {
        state: Some(BatchState::NeedsReview),
        ..BatchQuery::default()
    };
    assert_eq!(yard.batches(query).await.len(), 1);
    let query = RunQuery {
        state: Some(RunState::NeedsReview),
        page: PageRequest::default(),
        ..RunQuery::default()
    };
    assert_eq!(yard.runs(query).await.len(), 1);
    answer(yard, ReviewRequest::approve(run_id(id, 0))).await;
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Processed);
    assert!(batch.succeeded());
    yard.recount(id).await;
}

/// Shows: "A run that is approved ends as processed, and one that is rejected as rejected, each with the output it had."
pub(crate) async fn an_answered_run_ends_as_was_said_with_the_output_it_had(yard: &mut Yard) {
    for text in ["small".to_owned(), "large ".repeat(2_000)] {
        let id = yard.submit(2).await;
        for run in yard.claim(2).await {
            yard.settle(run, needs_review(&text)).await;
        }
        let [approve, reject] = [0, 1].map(|n| run_id(id, n));
        let approved = answer(yard, ReviewRequest::approve(approve).by("anna")).await;
        let rejected = ReviewRequest::reject(reject).note("not ours").by("otto");
        assert_eq!(approved, ReviewReply::Recorded);
        assert_eq!(answer(yard, rejected).await, ReviewReply::Recorded);
        let json = format!("\"{text}\"");
        let expected = [
            (Verdict::Approved, None, "anna"),
            (Verdict::Rejected, Some(Note::new("not ours")), "otto"),
        ];
        for (n, (verdict, note, reviewer)) in (0..).zip(expected) {
            let run = yard.run(id, n).await;
            assert_eq!(run.state, verdict.state());
            assert_eq!(output_of(&run), Some(json.as_str()));
            assert_eq!((run.attempts, run.failure), (1, None));
            let review = run.review.expect("it was in review");
            assert_eq!(review.note.as_str(), "look here");
            let answer = review.answer.expect("it was answered");
            assert_eq!((answer.verdict, answer.note), (verdict, note));
            assert_eq!(Some(answer.at), run.ended_at);
            assert_eq!(answer.reviewer.unwrap().as_str(), reviewer);
        }
        assert_eq!(yard.batch(id).await.counts.rejected, 1);
        yard.recount(id).await;
    }
}

/// Shows: "Records what people answer to runs in review; the replies stand in the order of the requests."
pub(crate) async fn replies_stand_in_the_order_of_the_requests(yard: &mut Yard) {
    let id = in_review(yard, 3, 3).await;
    let other = in_review(yard, 2, 1).await;
    let requests = vec![
        ReviewRequest::reject(run_id(id, 2)),
        ReviewRequest::approve(run_id(other, 1)),
        ReviewRequest::approve(run_id(other, 0)),
        ReviewRequest::reject(run_id(id, 2)),
        ReviewRequest::approve(run_id(id, 2)),
        ReviewRequest::approve(run_id(id, 3)),
    ];
    let replies = yard.storage().review(requests).await.unwrap();
    let expected = [
        ReviewReply::Recorded,
        ReviewReply::NotInReview(RunState::Pending),
        ReviewReply::Recorded,
        ReviewReply::Repeated,
        ReviewReply::NotInReview(RunState::Rejected),
        ReviewReply::NotFound,
    ];
    assert_eq!(replies, expected);
    yard.recount(id).await;
    yard.recount(other).await;
}

/// Shows: "The same verdict again is told so and changes nothing: the first answer stands, with its note."
/// Shows: "Answering again after an unclear error is safe."
pub(crate) async fn the_same_verdict_again_changes_nothing(yard: &mut Yard) {
    let id = in_review(yard, 2, 2).await;
    let requests = [Verdict::Approved, Verdict::Rejected];
    for (n, verdict) in (0..).zip(requests) {
        let first = ReviewRequest::new(run_id(id, n), verdict);
        let first = first.note("first").by("anna");
        assert_eq!(answer(yard, first.clone()).await, ReviewReply::Recorded);
        let before = (yard.run(id, n).await, yard.head().await);
        let again = ReviewRequest::new(run_id(id, n), verdict).note("second");
        assert_eq!(answer(yard, again).await, ReviewReply::Repeated);
        assert_eq!(answer(yard, first).await, ReviewReply::Repeated);
        assert_eq!((yard.run(id, n).await, yard.head().await), before);
    }
}

/// Shows: "On any other run nothing is changed, and the reply says where it stands."
pub(crate) async fn what_is_not_in_review_takes_no_answer(yard: &mut Yard) {
    let id = in_review(yard, 5, 1).await;
    let mut runs = yard.claim(3).await;
    yard.cancel_run(id, 1).await;
    yard.settle(runs.pop().unwrap(), processed()).await;
    answer(yard, ReviewRequest::approve(run_id(id, 0))).await;
    let before = (yard.runs_of(id).await, yard.head().await);
    let expected = [
        (0, Verdict::Rejected, RunState::Processed),
        (1, Verdict::Approved, RunState::Cancelling),
        (2, Verdict::Approved, RunState::Processing),
        (3, Verdict::Approved, RunState::Processed),
        (4, Verdict::Rejected, RunState::Pending),
    ];
    for (n, verdict, state) in expected {
        let reply = answer(yard, ReviewRequest::new(run_id(id, n), verdict)).await;
        assert_eq!(reply, ReviewReply::NotInReview(state));
    }
    for nowhere in [run_id(id, 5), run_id(BatchId::generate(), 0)] {
        let reply = answer(yard, ReviewRequest::approve(nowhere)).await;
        assert_eq!(reply, ReviewReply::NotFound);
    }
    assert_eq!((yard.runs_of(id).await, yard.head().await), before);
}

/// Shows: "A run that was deleted is ReviewReply::NotFound."
pub(crate) async fn a_run_that_was_deleted_takes_no_answer_and_is_not_there(yard: &mut Yard) {
    let id = in_review(yard, 3, 2).await;
    let approve = ReviewRequest::approve(run_id(id, 0));
    assert_eq!(answer(yard, approve.clone()).await, ReviewReply::Recorded);
    assert_eq!(yard.delete_run(id, 0).await, DeleteReply::Deleted);
    let before = yard.head().await;
    let other = ReviewRequest::reject(run_id(id, 0));
    for request in [approve, other] {
        assert_eq!(answer(yard, request).await, ReviewReply::NotFound);
    }
    assert_eq!(yard.head().await, before, "nothing was written");
    yard.recount(id).await;
}

/// Shows: "Cancelled, by itself or with its batch, it ends as cancelled."
pub(crate) async fn a_run_in_review_is_cancelled_by_itself_or_with_its_batch(yard: &mut Yard) {
    let id = in_review(yard, 4, 3).await;
    assert_eq!(yard.cancel_run(id, 0).await, CancelReply::Cancelled);
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelled);
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Cancelled);
    assert_eq!(batch.counts.cancelled, 4);
    yard.recount(id).await;
    for n in 0..3 {
        let reply = answer(yard, ReviewRequest::approve(run_id(id, n))).await;
        let ended = ReviewReply::NotInReview(RunState::Cancelled);
        assert_eq!(reply, ended);
        let run = yard.run(id, n).await;
        assert_eq!(output_of(&run), Some("\"look\""));
        assert_eq!(run.review.map(|review| review.answer), Some(None));
    }
}

/// Shows: "Its output, its note and its attempt stay as they are until a person answers, however often the store is opened."
pub(crate) async fn what_is_in_review_is_there_after_a_crash(yard: &mut Yard) {
    let id = in_review(yard, 2, 1).await;
    let before = yard.run(id, 0).await;
    assert_eq!(output_of(&before), Some("\"look\""));
    for _ in 0..2 {
        yard.claim(9).await;
        yard.crash().await;
        assert_eq!(yard.run(id, 0).await, before);
    }
    let reject = ReviewRequest::reject(run_id(id, 0)).note("no").by("anna");
    assert_eq!(answer(yard, reject.clone()).await, ReviewReply::Recorded);
    let rejected = yard.run(id, 0).await;
    assert_eq!(rejected.state, RunState::Rejected);
    yard.crash().await;
    assert_eq!(yard.run(id, 0).await, rejected);
    assert_eq!(answer(yard, reject).await, ReviewReply::Repeated);
    assert_eq!(yard.work_off().await, 1);
    assert!(yard.batch(id).await.is_finished());
    yard.recount(id).await;
}

/// Shows: "A long list of answers may be recorded in several commits, in order."
pub(crate) async fn any_number_of_runs_is_answered_in_one_call(yard: &mut Yard) {
    let id = yard.submit(600).await;
    let mut settlements = Vec::new();
    while settlements.len() < 600 {
        let more = yard.claim(600).await;
        assert!(!more.is_empty());
        let more = more.into_iter();
        settlements.extend(more.map(|run| Settlement::new(run.claim, needs_review("look"))));
    }
    yard.storage().settle(settlements).await.unwrap();
    let request = |n| ReviewRequest::approve(RunId::new(id, Ordinal::new(n)));
    let requests = (0..600).map(|n| request(n).note("n".repeat(Note::MAX_BYTES)));
    let replies = yard.storage().review(requests.collect()).await.unwrap();
    assert_eq!(replies, vec![ReviewReply::Recorded; 600]);
    assert!(yard.batch(id).await.succeeded());
    yard.recount(id).await;
}

/// Shows: "Every transition of a run is in one of them, its end in exactly one."
pub(crate) async fn the_journal_tells_who_was_asked_and_what_was_said(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(0)).await;
    let run = yard.claim_one().await;
    yard.settle(run, needs_review("look")).await;
    let reject = ReviewRequest::reject(run_id(id, 0)).note("no").by("anna");
    answer(yard, reject).await;
    let entries = yard.journal().await;
    let kinds: Vec<_> = entries.iter().map(|entry| kind(&entry.fact)).collect();
    let expected = [
        "created",
        "started",
        "retrying",
        "started",
        "needs review",
        "reviewed",
        "finished",
    ];
    assert_eq!(kinds, expected);
    let (Fact::NeedsReview(asked), Fact::Reviewed(said)) = (&entries[4].fact, &entries[5].fact)
    else {
        panic!("{entries:?}");
    };
    let asked = &asked[0];
    assert_eq!((asked.attempt.get(), asked.note.as_str()), (2, "look here"));
    let said = &said[0];
    assert_eq!((said.attempt.get(), said.verdict), (2, Verdict::Rejected));
    assert_eq!(said.note.as_ref().map(Note::as_str), Some("no"));
    let reviewer = said.reviewer.as_ref().map(|name| name.as_str());
    assert_eq!(reviewer, Some("anna"));
}
