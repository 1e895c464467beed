use std::future::Future;
use std::num::NonZeroU32;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use batch_core::engine::Engine;
use batch_core::memory::MemoryStorage;
use batch_core::request::Input;
use batch_core::storage::ClaimRequest;
use batch_core::time::Timestamp;

use super::*;
use crate::retry::RetryPolicy;

const FIRST: Seat = Seat(0);
const SECOND: Seat = Seat(1);

/// Claims held, and their tokens in the order of their granting.
struct Ground {
    held: HeldRuns,
    tokens: Vec<ClaimToken>,
}

/// Runs as they are claimed.
async fn claimed(count: u32) -> Vec<ClaimedRun> {
    let engine = Engine::builder().open(MemoryStorage::new()).await.unwrap();
    engine.ensure_deployed("w".parse().unwrap()).await.unwrap();
    let inputs = (0..count).map(|n| Input::text(n.to_string()));
    engine.submit("w", inputs).await.unwrap();
    let workflows = vec!["w".parse().unwrap()];
    let most = NonZeroU32::new(count).unwrap();
    let request = ClaimRequest::new(workflows, most);
    engine.storage().claim(request).await.unwrap().runs
}

async fn holding(count: u32) -> Ground {
    let runs = claimed(count).await;
    let tokens = runs.iter().map(|run| run.claim.key().token).collect();
    let held = HeldRuns::new(2);
    held.keep(runs, Instant::now());
    Ground { held, tokens }
}

impl Ground {
    /// Seats the next run, and gives what stops it.
    async fn begin(&self, seat: Seat) -> Arc<RunStop> {
        self.held.next(seat).await.unwrap().stop
    }
}

#[tokio::test]
async fn a_claim_can_be_taken_out_once() {
    let ground = holding(1).await;
    ground.begin(FIRST).await;
    let token = ground.tokens[0];
    assert!(ground.held.take(FIRST, token).0.is_some());
    assert!(ground.held.take(FIRST, token).0.is_none());
}

#[tokio::test]
async fn a_claim_of_the_run_before_is_not_at_the_seat() {
    let ground = holding(2).await;
    ground.begin(FIRST).await;
    ground.held.renewed(ground.tokens[0], Renewal::Lost);
    ground.begin(FIRST).await;
    assert!(ground.held.take(FIRST, ground.tokens[0]).0.is_none());
    assert!(ground.held.take(FIRST, ground.tokens[1]).0.is_some());
}

#[tokio::test]
async fn a_lost_claim_stops_its_executor_and_leaves_nothing_to_settle() {
    let ground = holding(1).await;
    let stop = ground.begin(FIRST).await;
    let token = ground.tokens[0];
    assert!(ground.held.renewed(token, Renewal::Lost).is_none());
    assert!(stop.is_told());
    assert!(ground.held.take(FIRST, token).0.is_none());
    assert_eq!(ground.held.counts().all(), 0);
}

#[tokio::test]
async fn a_run_cancelled_or_lost_before_it_began_never_begins() {
    let ground = holding(3).await;
    let renewed = |n: usize, renewal| ground.held.renewed(ground.tokens[n], renewal);
    assert!(renewed(0, Renewal::CancelAsked).is_some());
    assert!(renewed(1, Renewal::Lost).is_none());
    let begun = ground.held.next(FIRST).await.unwrap();
    assert_eq!(begun.job.key().token, ground.tokens[2]);
    assert_eq!(begun.others, 0);
}

#[tokio::test]
async fn a_run_cancelled_while_it_executes_is_told_and_stays() {
    let ground = holding(1).await;
    let stop = ground.begin(FIRST).await;
    let token = ground.tokens[0];
    assert!(ground.held.renewed(token, Renewal::CancelAsked).is_none());
    assert!(stop.is_told());
    assert!(ground.held.take(FIRST, token).0.is_some());
}

#[tokio::test]
async fn only_what_no_executor_began_is_given_back_at_once() {
    let ground = holding(2).await;
    ground.begin(SECOND).await;
    let ready = ground.held.close();
    assert_eq!(ready.len(), 1);
    assert_eq!(ready[0].claim.key().token, ground.tokens[1]);
    assert_eq!(ground.held.counts().executing, 1);
    assert!(ground.held.next(FIRST).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_executor_is_overdue_from_its_time_on() {
    let ground = holding(2).await;
    ground.begin(FIRST).await;
    ground.begin(SECOND).await;
    let later = Instant::now() + Duration::from_secs(1);
    let allowance = Allowance {
        overdue_at: later,
        limit: Duration::from_secs(1),
        started_at: Timestamp::UNIX_EPOCH,
        retry: RetryPolicy::default(),
    };
    ground.held.allow(FIRST, ground.tokens[0], allowance);
    assert!(ground.held.take_overdue(Instant::now()).is_empty());
    assert_eq!(ground.held.take_overdue(later).len(), 1);
    assert_eq!(ground.held.counts().all(), 1);
}

#[tokio::test]
async fn all_claims_are_told_in_the_order_of_their_granting() {
    let ground = holding(4).await;
    ground.begin(SECOND).await;
    ground.begin(FIRST).await;
    let tokens: Vec<_> = ground.held.keys().iter().map(|key| key.token).collect();
    assert_eq!(tokens, ground.tokens);
    let all = ground.held.take_all();
    let tokens: Vec<_> = all.iter().map(|held| held.claim.key().token).collect();
    assert_eq!(tokens, ground.tokens);
}

#[tokio::test]
async fn workers_that_wait_all_get_runs_though_few_are_woken_at_once() {
    let held = HeldRuns::new(1);
    let waiting = async { tokio::join!(held.next(FIRST), held.next(SECOND), held.next(Seat(2))) };
    let arriving = async { held.keep(claimed(3).await, Instant::now()) };
    let ((a, b, c), ()) = tokio::join!(biased; waiting, arriving);
    assert!(a.is_some() && b.is_some() && c.is_some());
}

#[tokio::test]
async fn a_worker_that_waits_learns_of_the_closing() {
    let held = HeldRuns::new(1);
    let mut next = pin!(held.next(FIRST));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(next.as_mut().poll(&mut cx).is_pending());
    held.close();
    assert!(matches!(next.poll(&mut cx), Poll::Ready(None)));
}
