use super::day::{Day, WHOLE_JOURNAL, workflow};
use super::day_model::DayModel;
use super::fingerprint::same_state;
use super::journal_witness::Told;
use super::promise::Promise;
use super::sight::Sight;
use super::step::{Deed, Step};
use crate::batch::Counts;
use crate::id::{BatchId, RunId};
use crate::kv::record::IdempotencyRecord;
use crate::kv::{KeyRange, key};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Attempt, RunState};
use crate::storage::{
    CancelTarget, Claim, ClaimRequest, Disposition, ErrorKind, ReviewRequest, Settlement,
    SortOrder, StorageError,
};

/// How often a batch is claimed from, at most, until it must be finished.
const ROUNDS: usize = 40;

/// Right, or this promise is broken.
fn check(right: bool, promise: Promise) -> Result<(), Promise> {
    match right {
        true => Ok(()),
        false => Err(promise),
    }
}

/// Holds a step against what is promised of steps.
pub(super) fn check_step(model: &DayModel, before: &Day, day: &mut Day) -> Result<(), Promise> {
    let (was, is) = (before.machine.stage.map(), day.machine.stage.map());
    check(is.extends(was, &KeyRange::prefix(b"j")), Promise::Journal)?;
    if let Some(Step::Do(Deed::SettleLate(_), _)) = day.story.last() {
        let untouched = is.is_same(was) && same_state(before, day);
        check(untouched, Promise::Fencing)?;
    }
    read_journal(model, day)
}

/// Holds a state against what is promised of states; says what it breaks.
pub(super) fn check_state(model: &DayModel, mut day: Day) -> Result<(), Promise> {
    check_whole(model, &day)?;
    let Some(batch) = day.witness.batch else {
        return Ok(());
    };
    check_batch(model, &mut day, batch)?;
    check_claims(&day, batch)?;
    check_end(day)
}

/// One batch at most, and all of it.
fn check_whole(model: &DayModel, day: &Day) -> Result<(), Promise> {
    let limit = std::num::NonZeroUsize::MIN.saturating_add(9);
    let headers = day
        .machine
        .stage
        .scan(&key::headers(), SortOrder::Ascending, limit)
        .map_err(|_| Promise::Answers)?;
    check(headers.len() <= 1, Promise::OneKey)?;
    let Some(header) = headers.first() else {
        let kv = day.machine.stage.map();
        check(day.witness.batch.is_none(), Promise::Durable)?;
        return check(!b"icrqx".iter().any(|kind| kv.holds(*kind)), Promise::Whole);
    };
    let id = key::batch_in(&header.key).map_err(|_| Promise::Whole)?;
    let all = OrdinalSet::up_to(model.bounds.runs);
    let inputs = day.machine.inputs(id, &all).map_err(|_| Promise::Whole)?;
    check(inputs == model.content.inputs(), Promise::Whole)?;
    let Some(content_key) = model.content.idempotency_key() else {
        return Ok(());
    };
    let known = day
        .machine
        .stage
        .get_record::<IdempotencyRecord>(&key::idempotency(content_key, 0), || "the key".into());
    let known = known.ok().flatten().map(|record| record.batch);
    check(
        known == Some(id) || model.fault.is_some() && known.is_none(),
        Promise::OneKey,
    )?;
    let stored = day.witness.batch.is_none_or(|batch| batch == id);
    check(stored, Promise::Durable)
}

fn read_journal(model: &DayModel, day: &mut Day) -> Result<(), Promise> {
    let page = day.machine.journal(day.journal.position, WHOLE_JOURNAL);
    let page = page.map_err(|_| Promise::Journal)?;
    for entry in &page.entries {
        day.journal.take(entry, model.bounds.runs)?;
        if day.journal.finished {
            model.sights.note(Sight::Finished);
        }
    }
    check(
        day.journal.position == day.machine.sequence(),
        Promise::Journal,
    )
}

/// Runs, counts, journal and witness say the same.
fn check_batch(model: &DayModel, day: &mut Day, id: BatchId) -> Result<(), Promise> {
    let batch = day.machine.batch(id).map_err(|_| Promise::Answers)?;
    let batch = batch.ok_or(Promise::Durable)?;
    let mut recount = Counts::default();
    let mut runs = Vec::new();
    for run in 0..model.bounds.runs {
        let run = RunId::new(id, Ordinal::new(run));
        let run = day
            .machine
            .view_run(run)
            .map_err(|_| Promise::Conservation)?;
        let run = run.ok_or(Promise::Conservation)?;
        *recount.of_mut(run.state) += 1;
        runs.push(run);
    }
    check(batch.counts == recount, Promise::Counts)?;
    check(
        batch.counts.total() == u64::from(model.bounds.runs),
        Promise::Conservation,
    )?;
    check(same_counts(&batch.counts, day), Promise::Counts)?;
    for (run, known) in runs.iter().zip(&day.witness.runs) {
        let broken = match known.state.is_ended() {
            true => Promise::OneEnd,
            false => Promise::Durable,
        };
        check(run.state == known.state, broken)?;
        let counted = (run.attempts, run.interruptions) == (known.attempts, known.interruptions);
        check(counted, Promise::Attempts)?;
        check(
            run.ended_at.is_some() == run.state.is_ended(),
            Promise::OneEnd,
        )?;
    }
    let finished = day.witness.all_ended();
    check(batch.state.is_finished() == finished, Promise::Finished)?;
    check(day.journal.finished == finished, Promise::Finished)?;
    check(batch.finished_at.is_some() == finished, Promise::Finished)
}

/// The counts are what the journal has told.
fn same_counts(counts: &Counts, day: &Day) -> bool {
    let told = &day.journal;
    let ended = RunState::ALL.into_iter().filter(|state| state.is_ended());
    ended
        .into_iter()
        .all(|state| counts.of(state) == told.count(|t| t == Told::Ended(state)))
        && counts.pending == told.count(|t| t == Told::Waiting)
        && counts.needs_review == told.count(|t| t == Told::InReview)
        && counts.processing + counts.cancelling == told.count(|t| t == Told::Held)
}

/// The claims that the store holds are those in the workers' hands.
fn check_claims(day: &Day, id: BatchId) -> Result<(), Promise> {
    let Some(live) = day.machine.live.get(&id) else {
        return check(day.hands.is_empty(), Promise::OneClaim);
    };
    let held: OrdinalSet = live.claims.iter().map(|(run, _)| run).collect();
    check(held == live.record.held, Promise::OneClaim)?;
    let known = day.hands.iter().all(|(run, hand)| {
        live.claims.get(Ordinal::new(*run)).map(|h| h.token) == Some(hand.key.token)
    });
    check(
        known && live.claims.iter().count() == day.hands.len(),
        Promise::OneClaim,
    )?;
    check(
        day.machine.leases.iter().count() == day.hands.len(),
        Promise::OneClaim,
    )
}

/// When nothing strikes any more, workers come to an end of the batch.
fn check_end(mut day: Day) -> Result<(), Promise> {
    for _ in 0..ROUNDS {
        if day.machine.live.is_empty() {
            return Ok(());
        }
        day.span += 1;
        work_off(&mut day).map_err(|_| Promise::Answers)?;
    }
    Err(Promise::Ends)
}

fn work_off(day: &mut Day) -> Result<(), StorageError> {
    let now = day.now();
    let request = ClaimRequest::new(vec![workflow()], std::num::NonZeroU32::MAX);
    let claimed = day.machine.claim(&request, now)?;
    day.machine.commit(now)?;
    let done = claimed.runs.into_iter().map(|run| {
        let done = Disposition::Processed { output: None };
        Settlement::new(run.claim, done)
    });
    day.machine.settle(done.collect(), now)?;
    let batch = day.witness.batch.into_iter();
    let runs = batch.flat_map(|id| (0..).map(move |n| RunId::new(id, Ordinal::new(n))));
    let approved = runs
        .take(day.witness.runs.len())
        .map(ReviewRequest::approve);
    day.machine.review(approved.collect(), now)?;
    day.machine.commit(now)
}

/// A machine whose commit failed takes no write, and reads as before.
pub(super) fn check_fail_stop(before: &Day, day: &Day) -> Result<(), Promise> {
    let mut machine = day.machine.clone();
    let now = day.now();
    let id = day
        .witness
        .batch
        .unwrap_or(BatchId::from_uuid(uuid::Uuid::nil()));
    let request = ClaimRequest::new(vec![workflow()], std::num::NonZeroU32::MIN);
    let key = crate::storage::ClaimKey {
        run: RunId::new(id, Ordinal::new(0)),
        token: crate::storage::ClaimToken::new(1),
    };
    let claim = Claim::new(key, Attempt::FIRST);
    let refused = [
        machine.claim(&request, now).err(),
        machine.cancel(CancelTarget::Batch(id), now).err(),
        machine.review(Vec::new(), now).err(),
        machine
            .settle(vec![Settlement::new(claim, Disposition::Released)], now)
            .err(),
        machine
            .advance_sink(super::day::sink(), machine.sequence())
            .err(),
    ];
    let refused = refused.iter().all(|error| {
        error
            .as_ref()
            .is_some_and(|e| e.kind() == ErrorKind::Refusing)
    });
    check(refused && machine.stage.is_empty(), Promise::FailStop)?;
    let counts = |machine: &crate::kv::machine::Machine<_>| {
        machine
            .live
            .get(&id)
            .map(super::super::live_batch::LiveBatch::counts)
    };
    check(
        counts(&machine) == counts(&before.machine),
        Promise::FailStop,
    )?;
    check(
        machine.sequence() == before.machine.sequence(),
        Promise::FailStop,
    )
}
