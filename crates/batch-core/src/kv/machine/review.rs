use std::collections::BTreeMap;

use super::Machine;
use super::apply::{End, place};
use super::live_batch::Held;
use super::view_run::Standing;
use crate::id::{BatchId, RunId};
use crate::journal::{Fact, RunInReview, RunReviewed};
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{ReviewRecord, RunRecord};
use crate::run::{Attempt, Note, Output, RunState, Verdict};
use crate::storage::{ReviewReply, ReviewRequest, StorageError};
use crate::time::Moment;

/// The rule: only a run in review takes an answer, and the one it ended by is no news to it.
fn reply(state: RunState, record: &RunRecord, verdict: Verdict) -> ReviewReply {
    match state {
        RunState::NeedsReview => ReviewReply::Recorded,
        ended if record.review.is_some() && ended == verdict.state() => ReviewReply::Repeated,
        other => ReviewReply::NotInReview(other),
    }
}

/// Runs that wait for people, and what people answer.
impl<K: OrderedKv> Machine<K> {
    /// Lets a run that was let go wait for a person. Its page must be open.
    ///
    /// Nothing executes it any more, so its secrets go with this commit.
    pub(super) fn ask_for_review(
        &mut self,
        run: RunId,
        held: Held,
        started_at: i64,
        note: Note,
        now: Moment,
    ) -> RunInReview {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let record = self.change_record(id, ordinal);
        record.attempts = held.attempts.saturating_add(1);
        record.started_at = Some(started_at);
        record.due_at = None;
        record.failure = None;
        record.review = Some(ReviewRecord {
            asked_at: Self::millis(now).max(started_at),
            note: note.clone(),
            answer_note: None,
            reviewer: None,
        });
        if let Some(batch) = self.change(id) {
            batch.record.review.insert(ordinal);
        }
        if held.secret_parts > 0 {
            self.stage
                .delete(&key::secrets(id, ordinal), held.secret_parts);
        }
        self.drop_steps(run, held.step_parts);
        RunInReview {
            ordinal,
            attempt: Attempt::after(held.attempts),
            note,
        }
    }

    /// Keeps what a run in review gave back so far. Its page must be open.
    pub(super) fn keep_output(&mut self, run: RunId, output: Option<Output>) {
        if let Some(output) = output {
            let place = place(&mut self.stage, run.batch(), run.ordinal(), &output);
            self.change_record(run.batch(), run.ordinal()).output = Some(place);
        }
    }

    /// Records what people answer.
    pub(in crate::kv) fn review(
        &mut self,
        requests: Vec<ReviewRequest>,
        now: Moment,
    ) -> Result<Vec<ReviewReply>, StorageError> {
        self.check_writable("answer reviews")?;
        let mut found = Vec::with_capacity(requests.len());
        for request in &requests {
            found.push(self.find(request.run)?);
        }
        let mut answered: BTreeMap<BatchId, Vec<RunReviewed>> = BTreeMap::new();
        let asked = requests.into_iter().zip(found);
        let replies = asked
            .map(|(request, standing)| {
                let Some(standing) = standing else {
                    return ReviewReply::NotFound;
                };
                let reply = self.reply(&request, &standing);
                if reply == ReviewReply::Recorded {
                    let of_batch = answered.entry(request.run.batch()).or_default();
                    of_batch.push(self.answer(request, now));
                }
                reply
            })
            .collect();
        for (id, runs) in answered {
            self.note(id, Fact::Reviewed(runs));
            self.finish_if_done(id, now);
        }
        Ok(replies)
    }

    /// Where a run stands, with its page open; `None` where there is none. The step that can fail.
    fn find(&mut self, run: RunId) -> Result<Option<Standing>, StorageError> {
        let header = self.header(run.batch())?;
        let header = header.filter(|header| {
            let (id, ordinal) = (run.batch(), run.ordinal());
            ordinal.get() < header.total && !self.is_deleted(id, header, ordinal)
        });
        header
            .map(|header| self.standing(run.batch(), &header, run.ordinal()))
            .transpose()
    }

    /// The reply to a request, by how the run stood before the call and what the call did since.
    fn reply(&self, request: &ReviewRequest, standing: &Standing) -> ReviewReply {
        let run = request.run;
        let latest = self.opened(run.batch(), run.ordinal());
        let record = latest.unwrap_or(&standing.record);
        let state = record.end.unwrap_or(standing.state);
        reply(state, record, request.verdict)
    }

    /// Ends a run in review. Its page must be open.
    fn answer(&mut self, request: ReviewRequest, now: Moment) -> RunReviewed {
        let (id, ordinal) = (request.run.batch(), request.run.ordinal());
        if let Some(batch) = self.change(id) {
            batch.record.review.remove(ordinal);
        }
        let record = self.change_record(id, ordinal);
        let attempts = record.attempts;
        if let Some(review) = &mut record.review {
            review.answer_note.clone_from(&request.note);
            review.reviewer.clone_from(&request.reviewer);
        }
        let end = End {
            state: request.verdict.state(),
            attempts,
            started_at: None,
            failure: None,
            output: None,
            secret_parts: 0,
            step_parts: 0,
        };
        self.end_run(id, ordinal, end, now);
        RunReviewed {
            ordinal,
            attempt: Attempt::after(attempts.saturating_sub(1)),
            verdict: request.verdict,
            note: request.note,
            reviewer: request.reviewer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::view_run::view_review;
    use super::*;

    fn reviewed() -> RunRecord {
        RunRecord {
            review: Some(ReviewRecord {
                asked_at: 0,
                note: Note::default(),
                answer_note: None,
                reviewer: None,
            }),
            ..RunRecord::default()
        }
    }

    #[test]
    fn an_answer_is_repeated_only_where_the_run_ended_by_the_same_one() {
        let (processed, approve) = (RunState::Processed, Verdict::Approved);
        let repeated = reply(processed, &reviewed(), approve);
        assert_eq!(repeated, ReviewReply::Repeated);
        let never = reply(processed, &RunRecord::default(), approve);
        assert_eq!(never, ReviewReply::NotInReview(processed));
        let other = reply(processed, &reviewed(), Verdict::Rejected);
        assert_eq!(other, ReviewReply::NotInReview(processed));
    }

    #[test]
    fn a_run_that_was_cancelled_in_review_has_no_answer() {
        let record = reviewed();
        let review = view_review(&record, RunState::Cancelled);
        assert_eq!(review.map(|review| review.answer), Some(None));
        let reply = reply(RunState::Cancelled, &record, Verdict::Approved);
        assert_eq!(reply, ReviewReply::NotInReview(RunState::Cancelled));
    }
}
