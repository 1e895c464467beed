use std::num::NonZeroU32;
use std::time::Duration;

use jiff::SignedDuration;

use crate::batch::Flow;
use crate::catalogue::{Rate, Workflow, WorkflowLimits};
use crate::conformance::sample::{kind, ordinals, poll_once, processed, request, workflow};
use crate::conformance::yard::{LEASE, Yard};
use crate::id::{BatchId, WorkflowId};
use crate::journal::Fact;
use crate::storage::{
    CancelReply, ClaimRequest, FlowReply, Renewal, WorkflowChange, WorkflowReply,
};
use crate::time::Clock;

async fn set(yard: &Yard, batch: BatchId, flow: Flow) -> FlowReply {
    yard.storage().set_flow(batch, flow).await.unwrap()
}

/// Changes the workflow `w`.
async fn change(yard: &Yard, change: WorkflowChange) -> Workflow {
    let reply = yard.storage().change_workflow(workflow(), change).await;
    match reply.unwrap() {
        WorkflowReply::Changed(workflow) => workflow,
        other => panic!("{other:?}"),
    }
}

async fn limit(yard: &Yard, limits: WorkflowLimits) {
    let changed = change(yard, WorkflowChange::SetLimits(limits)).await;
    assert_eq!(changed.limits, limits);
}

async fn limit_to_four_in_forty_seconds(yard: &Yard) {
    let rate = Rate::new(number(4), Duration::from_secs(40));
    limit(yard, WorkflowLimits::default().rate(rate)).await;
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// How many runs a claim of many gives.
async fn given(yard: &Yard) -> usize {
    given_of(yard, 64).await
}

async fn given_of(yard: &Yard, limit: u32) -> usize {
    yard.claim(limit).await.len()
}

/// Shows: "Pauses or resumes a batch: while it is paused, none of its runs is granted."
/// Shows: "It stays paused until it is resumed, and its view says so."
pub(crate) async fn a_paused_batch_waits_until_it_is_resumed(yard: &mut Yard) {
    let paused = yard.submit(3).await;
    let other = yard.submit(2).await;
    assert_eq!(set(yard, paused, Flow::Paused).await, FlowReply::Changed);
    assert_eq!(yard.batch(paused).await.flow, Flow::Paused);
    let runs = yard.claim(64).await;
    assert!(runs.iter().all(|run| run.claim.run().batch() == other));
    assert_eq!(runs.len(), 2);
    assert_eq!(set(yard, paused, Flow::Going).await, FlowReply::Changed);
    assert_eq!(yard.batch(paused).await.flow, Flow::Going);
    assert_eq!(ordinals(&yard.claim(64).await), [0, 1, 2]);
    let journal = yard.journal().await;
    let told = journal.iter().filter(|entry| entry.batch == paused);
    let told: Vec<_> = told.map(|entry| kind(&entry.fact)).collect();
    assert_eq!(told, ["created", "paused", "resumed", "started"]);
}

/// Shows: "What is held goes on, and a paused batch can be cancelled and expires."
pub(crate) async fn what_is_held_of_a_paused_batch_goes_on(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let first = yard.claim_one().await;
    set(yard, id, Flow::Paused).await;
    yard.settle(first, processed()).await;
    assert_eq!(yard.batch(id).await.counts.processed, 1);
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelled);
    let at = yard.clock().now().wall + Duration::from_secs(10);
    let expiring = yard.submit_request(request(2).expires_at(at)).await;
    set(yard, expiring, Flow::Paused).await;
    yard.clock().advance(Duration::from_secs(10));
    assert_eq!(given(yard).await, 0);
    assert_eq!(yard.batch(expiring).await.counts.failed, 2);
}

/// Shows: "What has ended stays as it is, and asking for what is so already changes nothing."
pub(crate) async fn pausing_what_has_ended_or_never_was_says_so(yard: &mut Yard) {
    let id = yard.submit(1).await;
    assert_eq!(set(yard, id, Flow::Going).await, FlowReply::Unchanged);
    set(yard, id, Flow::Paused).await;
    let head = yard.head().await;
    assert_eq!(set(yard, id, Flow::Paused).await, FlowReply::Unchanged);
    assert_eq!(yard.head().await, head);
    yard.cancel_batch(id).await;
    let reply = set(yard, id, Flow::Going).await;
    assert_eq!(reply, FlowReply::BatchFinished);
    let nobody = BatchId::generate();
    assert_eq!(set(yard, nobody, Flow::Paused).await, FlowReply::NotFound);
}

/// Shows: "Pauses or resumes a batch: while it is paused, none of its runs is granted."
/// Shows: "Other work goes before quarantine, but not for ever."
pub(crate) async fn a_paused_batch_of_suspects_holds_nobody_up(yard: &mut Yard) {
    let suspect = yard.submit(1).await;
    for _ in 0..2 {
        yard.claim_one().await;
        yard.clock().advance(LEASE);
    }
    yard.submit(9).await;
    assert_eq!(yard.claim(1).await.len(), 1);
    yard.clock().advance(LEASE / 2);
    // What else is held may have to run out by now, so that the suspect can go.
    let left = 8 - given_of(yard, 1).await;
    set(yard, suspect, Flow::Paused).await;
    assert_eq!(given(yard).await, left);
}

/// Shows: "It stays paused until it is resumed, and its view says so."
pub(crate) async fn a_paused_batch_is_paused_after_a_crash(yard: &mut Yard) {
    let id = yard.submit(2).await;
    set(yard, id, Flow::Paused).await;
    yard.crash().await;
    assert_eq!(yard.batch(id).await.flow, Flow::Paused);
    assert_eq!(given(yard).await, 0);
    set(yard, id, Flow::Going).await;
    assert_eq!(given(yard).await, 2);
}

/// Shows: "No run of a paused workflow is granted."
/// Shows: "What is held goes on, whatever is set."
pub(crate) async fn a_paused_workflow_gives_no_run_until_it_is_resumed(yard: &mut Yard) {
    let id = yard.submit(3).await;
    let held = yard.claim_one().await;
    let paused = change(yard, WorkflowChange::SetFlow(Flow::Paused)).await;
    assert_eq!(paused.flow, Flow::Paused);
    yard.settle(held, processed()).await;
    let late = yard.submit(1).await;
    assert_eq!(given(yard).await, 0);
    yard.recount(id).await;
    let known = yard.storage().workflow(workflow()).await.unwrap().unwrap();
    assert_eq!(known.flow, Flow::Paused);
    change(yard, WorkflowChange::SetFlow(Flow::Going)).await;
    assert_eq!(given(yard).await, 3);
    assert_eq!(yard.batch(late).await.counts.processing, 1);
}

/// Shows: "No run of a paused workflow is granted."
/// Shows: "Pause and limits last until they are set anew."
pub(crate) async fn a_paused_workflow_is_paused_after_a_crash(yard: &mut Yard) {
    yard.submit(3).await;
    change(yard, WorkflowChange::SetFlow(Flow::Paused)).await;
    yard.crash().await;
    assert_eq!(given(yard).await, 0);
    change(yard, WorkflowChange::SetFlow(Flow::Going)).await;
    assert_eq!(given(yard).await, 3);
}

/// Shows: "The journal tells of a pause at each of its live batches that is not paused by itself."
/// Shows: "Everything that makes a run claimable, but for time passing and a limit that is raised, is in the journal."
pub(crate) async fn resuming_a_workflow_wakes_a_waiter(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let by_itself = yard.submit(1).await;
    set(yard, by_itself, Flow::Paused).await;
    change(yard, WorkflowChange::SetFlow(Flow::Paused)).await;
    let mut wait = yard.storage().wait(yard.head().await);
    assert!(poll_once(&mut wait).await.is_pending());
    change(yard, WorkflowChange::SetFlow(Flow::Going)).await;
    wait.await.unwrap();
    let journal = yard.journal().await;
    let told = |batch| {
        let of_batch = journal.iter().filter(move |entry| entry.batch == batch);
        let told: Vec<_> = of_batch.map(|entry| kind(&entry.fact)).collect();
        told
    };
    assert_eq!(told(id), ["created", "paused", "resumed"]);
    assert_eq!(told(by_itself), ["created", "paused"]);
    assert_eq!(given(yard).await, 1);
}

/// Shows: "The journal tells of it, but not while the workflow of the batch is paused."
/// Shows: "The journal tells of a pause at each of its live batches that is not paused by itself."
pub(crate) async fn a_batch_paused_twice_over_is_told_paused_and_resumed_once(yard: &mut Yard) {
    for [first, second, third, fourth] in [
        [By::Itself, By::Workflow, By::Itself, By::Workflow],
        [By::Itself, By::Workflow, By::Workflow, By::Itself],
        [By::Workflow, By::Itself, By::Itself, By::Workflow],
        [By::Workflow, By::Itself, By::Workflow, By::Itself],
    ] {
        let id = yard.submit(1).await;
        first.set(yard, id, Flow::Paused).await;
        assert_eq!(flow_told(yard, id).await, ["paused"]);
        second.set(yard, id, Flow::Paused).await;
        third.set(yard, id, Flow::Going).await;
        assert_eq!(
            flow_told(yard, id).await,
            ["paused"],
            "{second:?}, {third:?}"
        );
        assert_eq!(given(yard).await, 0);
        fourth.set(yard, id, Flow::Going).await;
        assert_eq!(flow_told(yard, id).await, ["paused", "resumed"]);
        assert_eq!(given(yard).await, 1);
    }
}

/// What of a batch is paused or resumed.
#[derive(Debug, Clone, Copy)]
enum By {
    Itself,
    Workflow,
}

impl By {
    async fn set(self, yard: &Yard, batch: BatchId, flow: Flow) {
        match self {
            Self::Itself => assert_eq!(set(yard, batch, flow).await, FlowReply::Changed),
            Self::Workflow => {
                change(yard, WorkflowChange::SetFlow(flow)).await;
            }
        }
    }
}

/// The pauses and ends of pauses that the journal tells of a batch.
async fn flow_told(yard: &Yard, batch: BatchId) -> Vec<&'static str> {
    let journal = yard.journal().await;
    let of_batch = journal.iter().filter(|entry| entry.batch == batch);
    let told = of_batch.filter(|entry| matches!(entry.fact, Fact::Paused | Fact::Resumed));
    told.map(|entry| kind(&entry.fact)).collect()
}

/// Shows: "Nor is one past its limits: not while as many of its runs are held as may be, and not faster than its rate."
pub(crate) async fn a_workflow_holds_no_more_than_it_may(yard: &mut Yard) {
    limit(yard, WorkflowLimits::default().most_held(number(3))).await;
    yard.submit(10).await;
    yard.submit(10).await;
    let mut held = yard.claim(64).await;
    assert_eq!(held.len(), 3);
    assert_eq!(given(yard).await, 0);
    yard.settle(held.remove(0), processed()).await;
    assert_eq!(given(yard).await, 1);
    limit(yard, WorkflowLimits::default().most_held(number(5))).await;
    assert_eq!(given(yard).await, 2);
    limit(yard, WorkflowLimits::default()).await;
    assert_eq!(given(yard).await, 14);
}

/// Shows: "Nor is one past its limits: not while as many of its runs are held as may be, and not faster than its rate."
/// Shows: "What was taken of a rate is remembered when limits are set anew, and when the store is opened again."
pub(crate) async fn a_workflow_goes_no_faster_than_its_rate(yard: &mut Yard) {
    let second = Duration::from_secs(1);
    let rate = Rate::new(number(4), second * 4);
    limit(yard, WorkflowLimits::default().rate(rate)).await;
    yard.submit(30).await;
    assert_eq!(given(yard).await, 4);
    let waits = yard.ask(64).await.unwrap();
    assert!(waits.runs.is_empty());
    let wait = waits.next_due.expect("a token comes");
    assert!(wait <= second, "{wait:?}");
    yard.clock().advance(second);
    assert_eq!(given(yard).await, 1);
    // What is set anew gives nothing for nothing.
    limit(yard, WorkflowLimits::default().rate(rate)).await;
    assert_eq!(given(yard).await, 0);
    yard.clock().advance(second * 3);
    assert_eq!(given(yard).await, 3);
}

/// Shows: "What is held goes on, whatever is set."
pub(crate) async fn a_limit_that_is_lowered_takes_no_run_from_its_holder(yard: &mut Yard) {
    yard.submit(9).await;
    let mut held = yard.claim(5).await;
    limit(yard, WorkflowLimits::default().most_held(number(2))).await;
    let keys = held.iter().map(|run| run.claim.key()).collect();
    assert_eq!(yard.renew(keys).await, [Renewal::Kept; 5]);
    for left in [0, 0, 0, 1] {
        yard.settle(held.remove(0), processed()).await;
        assert_eq!(given(yard).await, left);
    }
}

/// Shows: "A rate is measured by uptime, so that setting the wall clock of an open store changes nothing."
pub(crate) async fn a_wall_clock_that_is_set_changes_no_rate(yard: &mut Yard) {
    let hour = SignedDuration::from_hours(1);
    limit_to_four_in_forty_seconds(yard).await;
    yard.submit(30).await;
    assert_eq!(given(yard).await, 4);
    yard.clock().jump(hour);
    assert_eq!(given(yard).await, 0);
    yard.clock().jump(-hour * 2);
    yard.clock().advance(Duration::from_secs(10));
    assert_eq!(given(yard).await, 1);
}

/// Shows: "What was taken of a rate is remembered when limits are set anew, and when the store is opened again."
pub(crate) async fn a_rate_is_kept_to_across_a_crash(yard: &mut Yard) {
    limit_to_four_in_forty_seconds(yard).await;
    yard.submit(30).await;
    assert_eq!(given(yard).await, 4);
    yard.crash().await;
    assert_eq!(given(yard).await, 0);
    // A little longer, as wall times may be kept to the millisecond.
    yard.clock().advance(Duration::from_millis(10_010));
    assert_eq!(given(yard).await, 1);
}

/// Shows: "Nor is one past its limits: not while as many of its runs are held as may be, and not faster than its rate."
pub(crate) async fn limits_of_one_workflow_hold_no_other_back(yard: &mut Yard) {
    let other = WorkflowId::new("other").unwrap();
    let ensure = WorkflowChange::EnsureDeployed;
    let made = yard.storage().change_workflow(other.clone(), ensure).await;
    made.unwrap();
    limit(yard, WorkflowLimits::default().most_held(number(1))).await;
    yard.submit_request(request(5).priority(1)).await;
    let mut request = request(5);
    request.workflow = "other".into();
    yard.submit_request(request).await;
    let both = vec![workflow(), other];
    let asked = ClaimRequest::new(both, number(64));
    let claimed = yard.storage().claim(asked).await.unwrap();
    assert_eq!(claimed.runs.len(), 6);
}

/// Shows: "Nor is one past its limits: not while as many of its runs are held as may be, and not faster than its rate."
/// Shows: "Pause and limits last until they are set anew."
pub(crate) async fn limits_hold_after_a_crash(yard: &mut Yard) {
    limit(yard, WorkflowLimits::default().most_held(number(2))).await;
    yard.submit(9).await;
    assert_eq!(given(yard).await, 2);
    yard.crash().await;
    yard.clock().advance(LEASE);
    assert_eq!(given(yard).await, 2);
    assert_eq!(given(yard).await, 0);
}
