use std::num::NonZeroU32;

use super::day::{Day, Hand, SPAN, WHOLE_JOURNAL, sink, workflow};
use super::day_model::DayModel;
use super::fault::Fault;
use super::model_kv::Fate;
use super::promise::Promise;
use super::sight::Sight;
use super::step::{Deed, Ending, How};
use super::survey::check_fail_stop;
use crate::id::{BatchId, RunId};
use crate::kv::machine::{PreparedBatch, Staged};
use crate::kv::prepare::{InputForm, prepare};
use crate::ordinal::Ordinal;
use crate::run::{Attempt, Failure, Note, RunState};
use crate::storage::{
    CancelReply, CancelTarget, Claim, ClaimKey, ClaimRequest, Claimed, Disposition, InsertReply,
    NewBatch, Renewal, ReviewReply, ReviewRequest, Settled, Settlement, StorageError,
};

/// What the machine answered.
enum Reply {
    Inserted(BatchId, InsertReply),
    Claimed(Claimed),
    Settled(Vec<Settled>),
    Renewed(Vec<Renewal>),
    Cancelled(CancelReply),
    Reviewed(Vec<ReviewReply>),
    Nothing,
}

fn disposition(how: How) -> Disposition {
    let failure = Failure::new("X", "in the model");
    match how {
        How::Processed => Disposition::Processed { output: None },
        How::Failed => Disposition::Failed {
            failure,
            output: None,
        },
        How::Retry => Disposition::Retry {
            after: SPAN,
            failure,
        },
        How::Released => Disposition::Released,
        How::NeedsReview => Disposition::NeedsReview {
            note: Note::default(),
            output: None,
        },
    }
}

fn settlement(key: ClaimKey, how: How) -> Settlement {
    Settlement::new(Claim::new(key, Attempt::FIRST), disposition(how))
}

fn first_batch() -> BatchId {
    BatchId::from_uuid(uuid::Uuid::from_u128(1))
}

/// A reply is as expected, or breaks this promise.
fn expect<T: PartialEq>(reply: &T, expected: &T, promise: Promise) -> Result<(), Promise> {
    match reply == expected {
        true => Ok(()),
        false => Err(promise),
    }
}

impl DayModel {
    pub(super) fn die(&self, day: &mut Day) -> Result<(), Promise> {
        if day.sink.sent > day.cursor() {
            self.sights.note(Sight::DiedBeforeMark);
        }
        day.die()
    }

    /// Asks the machine, commits, and lets the answer arrive or not.
    pub(super) fn perform(
        &self,
        before: &Day,
        day: &mut Day,
        deed: Deed,
        ending: Ending,
    ) -> Result<(), Promise> {
        let reply = self.ask(day, deed).map_err(|_| Promise::Answers)?;
        let second = self.fault.and_then(|fault| fault.second_commit(deed));
        let fate = match (ending, second) {
            (Ending::Answered, _) => Fate::Succeeds,
            (Ending::Kept, _) => Fate::Kept,
            (Ending::Torn, Some(kind)) => Fate::Torn(kind),
            (Ending::Lost | Ending::Torn, _) => Fate::Lost,
        };
        day.machine.stage.kv_mut().set_fate(fate);
        let committed = day.machine.commit(day.now());
        if committed.is_err() {
            if fate == Fate::Succeeds {
                return Err(Promise::Answers);
            }
            check_fail_stop(before, day)?;
        }
        if !matches!(ending, Ending::Lost | Ending::Torn) {
            self.hear(day, deed, reply)?;
        }
        match ending {
            Ending::Answered => Ok(()),
            Ending::Kept => {
                self.sights.note(Sight::InDoubt);
                self.die(day)
            }
            Ending::Lost | Ending::Torn => self.die(day),
        }
    }

    fn ask(&self, day: &mut Day, deed: Deed) -> Result<Reply, StorageError> {
        let now = day.now();
        let keys: Vec<ClaimKey> = day.hands.values().map(|hand| hand.key).collect();
        let batch = day.witness.batch.unwrap_or_else(first_batch);
        Ok(match deed {
            Deed::Submit => {
                let batch = self.next_batch(day);
                let id = batch.id;
                Reply::Inserted(id, day.machine.insert(batch, Staged::No, now)?)
            }
            Deed::Claim(most) => {
                let most = NonZeroU32::new(most).expect("a claim asks for some runs");
                let request = ClaimRequest::new(vec![workflow()], most);
                Reply::Claimed(day.machine.claim(&request, now)?)
            }
            Deed::Settle(run, how) => {
                let all = vec![settlement(day.hands[&run].key, how)];
                Reply::Settled(day.machine.settle(all, now)?)
            }
            Deed::SettleAll => {
                let all = keys.iter().map(|key| settlement(*key, How::Processed));
                Reply::Settled(day.machine.settle(all.collect(), now)?)
            }
            Deed::SettleLate(run) => {
                let key = self.late_key(day, run);
                let renewed = day.machine.renew(&[key], SPAN, now);
                let all = vec![settlement(key, How::Processed)];
                match day.machine.settle(all, now)? {
                    settled if renewed == [Renewal::Lost] => Reply::Settled(settled),
                    _ => Reply::Renewed(renewed),
                }
            }
            Deed::Renew => Reply::Renewed(day.machine.renew(&keys, SPAN, now)),
            Deed::CancelRun(run) => {
                let target = CancelTarget::Run(RunId::new(batch, Ordinal::new(run)));
                Reply::Cancelled(day.machine.cancel(target, now)?)
            }
            Deed::CancelBatch => {
                let target = CancelTarget::Batch(batch);
                Reply::Cancelled(day.machine.cancel(target, now)?)
            }
            Deed::Review(run, verdict) => {
                let run = RunId::new(batch, Ordinal::new(run));
                let request = ReviewRequest::new(run, verdict);
                Reply::Reviewed(day.machine.review(vec![request], now)?)
            }
            Deed::Send => Reply::Nothing,
            Deed::Mark => {
                let to = match self.fault {
                    Some(Fault::MarksFirst) => day.machine.sequence(),
                    _ => day.sink.sent,
                };
                day.machine.advance_sink(sink(), to)?;
                Reply::Nothing
            }
        })
    }

    /// The client's batch, under an id of its own for each call.
    fn next_batch(&self, day: &Day) -> PreparedBatch {
        let number = 1 + day.witness.batch.map_or(0, |id| id.as_uuid().as_u128());
        let id = BatchId::from_uuid(uuid::Uuid::from_u128(number));
        let batch = NewBatch::single(id, self.content.clone());
        let share = day.machine.stage().share();
        let mut batch = prepare(
            batch,
            share,
            InputForm::Encoded,
            day.machine.fingerprint_key(),
        )
        .unwrap();
        if self.fault == Some(Fault::NoKeyLookup) {
            batch.key = None;
        }
        batch
    }

    /// The claim that a late worker comes with, and what the store makes of it.
    fn late_key(&self, day: &Day, run: u32) -> ClaimKey {
        let key = day.late[&run];
        let current = day.hands.get(&run).map(|hand| hand.key);
        match self.fault {
            Some(Fault::NoFencing) => current.unwrap_or(key),
            _ => key,
        }
    }

    /// What an answer means; it must be the one that the witness gives.
    fn hear(&self, day: &mut Day, deed: Deed, reply: Reply) -> Result<(), Promise> {
        match (deed, reply) {
            (Deed::Submit, Reply::Inserted(id, reply)) => match day.witness.batch {
                None => {
                    expect(&reply, &InsertReply::Stored, Promise::Answers)?;
                    day.witness.store(id, self.bounds.runs);
                    Ok(())
                }
                Some(first) => {
                    self.sights.note(Sight::Replayed);
                    expect(&reply, &InsertReply::Replayed(first), Promise::OneKey)
                }
            },
            (Deed::Claim(most), Reply::Claimed(claimed)) => self.hear_claim(day, most, claimed),
            (Deed::Settle(run, how), Reply::Settled(settled)) => {
                self.hear_settled(day, &[run], how, &settled)
            }
            (Deed::SettleAll, Reply::Settled(settled)) => {
                let runs: Vec<u32> = day.hands.keys().copied().collect();
                self.hear_settled(day, &runs, How::Processed, &settled)
            }
            (Deed::SettleLate(_), Reply::Settled(settled)) => {
                self.sights.note(Sight::LateRefused);
                expect(&settled, &vec![Settled::Stale], Promise::Fencing)
            }
            (Deed::SettleLate(_), _) => Err(Promise::Fencing),
            (Deed::Renew, Reply::Renewed(renewed)) => hear_renewed(day, &renewed),
            (Deed::CancelRun(run), Reply::Cancelled(reply)) => {
                let expected = day.witness.run(run).cancel();
                expect(&reply, &expected, Promise::Answers)
            }
            (Deed::CancelBatch, Reply::Cancelled(reply)) => {
                let expected = day.witness.cancel_batch();
                expect(&reply, &expected, Promise::Answers)
            }
            (Deed::Review(run, verdict), Reply::Reviewed(replies)) => {
                let expected = day.witness.run(run).review(verdict);
                if expected == ReviewReply::Recorded {
                    self.sights.note(Sight::Reviewed);
                }
                expect(&replies, &vec![expected], Promise::Answers)
            }
            (Deed::Send, _) => self.send(day),
            (Deed::Mark, _) => Ok(()),
            _ => unreachable!("each deed has replies of its kind"),
        }
    }

    fn hear_claim(&self, day: &mut Day, most: u32, claimed: Claimed) -> Result<(), Promise> {
        let span = day.span;
        let ran_out = |(_, hand): &(&u32, &mut Hand)| hand.expires <= span;
        let expired = day.hands.iter_mut().filter(ran_out);
        let expired: Vec<(u32, ClaimKey)> = expired.map(|(run, hand)| (*run, hand.key)).collect();
        for (run, key) in expired {
            self.sights.note(Sight::TakenBack);
            day.hands.remove(&run);
            day.witness.run(run).interrupt();
            day.late.insert(run, key);
        }
        if claimed.runs.len() > most as usize {
            return Err(Promise::OneClaim);
        }
        for granted in claimed.runs {
            let key = granted.claim.key();
            let run = key.run.ordinal().get();
            let known = *day.witness.run(run);
            day.witness.grant(run, granted.claim.attempt().get())?;
            expect(
                &granted.interruptions,
                &known.interruptions,
                Promise::Attempts,
            )?;
            if day.last_token >= Some(key.token) {
                return Err(Promise::Fencing);
            }
            day.last_token = Some(key.token);
            let expires = span + 1;
            day.hands.insert(run, Hand { key, expires });
            if known.attempts > 0 {
                self.sights.note(Sight::Retried);
            }
            if known.is_suspect() {
                self.sights.note(Sight::Quarantined);
            }
        }
        Ok(())
    }

    fn hear_settled(
        &self,
        day: &mut Day,
        runs: &[u32],
        how: How,
        settled: &[Settled],
    ) -> Result<(), Promise> {
        for (run, settled) in runs.iter().zip(settled) {
            let known = day.witness.run(*run);
            if known.state == RunState::Cancelling {
                self.sights.note(Sight::CancelObeyed);
            }
            let expected = Settled::Applied(known.settle(how));
            expect(settled, &expected, Promise::Answers)?;
            if let Some(hand) = day.hands.remove(run) {
                day.late.insert(*run, hand.key);
            }
        }
        Ok(())
    }

    fn send(&self, day: &mut Day) -> Result<(), Promise> {
        let page = day.machine.journal(day.sink.sent, WHOLE_JOURNAL);
        let page = page.map_err(|_| Promise::Sink)?;
        for entry in page.entries {
            expect(&entry.sequence, &day.sink.sent.next(), Promise::Sink)?;
            day.sink.sent = entry.sequence;
            if day.sink.sent > day.sink.told.next() {
                return Err(Promise::Sink);
            }
            if day.sink.sent <= day.sink.told {
                self.sights.note(Sight::SentTwice);
            }
            day.sink.told = day.sink.told.max(day.sink.sent);
        }
        expect(&day.sink.sent, &day.machine.sequence(), Promise::Sink)
    }
}

fn hear_renewed(day: &mut Day, renewed: &[Renewal]) -> Result<(), Promise> {
    let expires = day.span + 1;
    for ((run, hand), renewal) in day.hands.iter_mut().zip(renewed) {
        let expected = match day.witness.run(*run).state {
            RunState::Cancelling => Renewal::CancelAsked,
            _ => Renewal::Kept,
        };
        expect(renewal, &expected, Promise::Answers)?;
        hand.expires = expires;
    }
    Ok(())
}
