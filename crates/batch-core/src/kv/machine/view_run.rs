use std::sync::Arc;

use super::Machine;
use crate::id::{BatchId, RunId};
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{BatchHeader, OutputPlace, RunRecord, sweep_of, timestamp};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Output, Review, ReviewAnswer, Run, RunState, Verdict};
use crate::storage::{ErrorKind, OutputDetail, StorageError};
use crate::valid::ValidInput;

/// Where a run stands and what its record says.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub state: RunState,
    pub record: RunRecord,
}

/// What a reader sees of a run's review.
pub(super) fn view_review(record: &RunRecord, state: RunState) -> Option<Review> {
    let review = record.review.as_ref()?;
    let answered = Verdict::of(state).zip(record.ended_at);
    Some(Review {
        asked_at: timestamp(review.asked_at),
        note: review.note.clone(),
        answer: answered.map(|(verdict, at)| ReviewAnswer {
            verdict,
            at: timestamp(at),
            note: review.answer_note.clone(),
            reviewer: review.reviewer.clone(),
        }),
    })
}

impl<K: OrderedKv> Machine<K> {
    /// Reads a run, its output included.
    pub(in crate::kv) fn view_run(&mut self, run: RunId) -> Result<Option<Run>, StorageError> {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let Some(header) = self.header(id)? else {
            return Ok(None);
        };
        if ordinal.get() >= header.total || self.deleted_of(id, &header).contains(ordinal) {
            return Ok(None);
        }
        let standing = self.standing(id, &header, ordinal)?;
        let set: OrdinalSet = std::iter::once(ordinal).collect();
        let input = self.read_inputs(id, &set)?.into_iter().next();
        let Some(input) = input else {
            return Ok(None);
        };
        self.assemble_run(run, &header, standing, &input, OutputDetail::Included)
            .map(Some)
    }

    /// The state of a run, by its batch's sets where they tell, else by its record.
    pub(super) fn standing(
        &mut self,
        id: BatchId,
        header: &Arc<BatchHeader>,
        ordinal: Ordinal,
    ) -> Result<Standing, StorageError> {
        let live = self.live.get(&id);
        let state = match (live, &header.end) {
            (Some(batch), _) => batch.state(ordinal),
            (None, Some(end)) => sweep_of(&end.sweeps, ordinal).map(|sweep| sweep.kind.state()),
            (None, None) => None,
        };
        let untouched = live.is_some_and(|b| b.record.fresh.contains(ordinal));
        let record = match untouched {
            true => RunRecord::default(),
            false => {
                self.open_page(id, ordinal)?;
                self.opened(id, ordinal).cloned().unwrap_or_default()
            }
        };
        let state = state.or(record.end).ok_or_else(|| {
            let text = format!("the record of {} is missing", RunId::new(id, ordinal));
            StorageError::new(ErrorKind::Damaged, text)
        })?;
        Ok(Standing { state, record })
    }

    /// Puts together what a reader sees of a run.
    pub(super) fn assemble_run(
        &self,
        run: RunId,
        header: &BatchHeader,
        standing: Standing,
        input: &ValidInput,
        detail: OutputDetail,
    ) -> Result<Run, StorageError> {
        let Standing { state, record } = standing;
        let review = view_review(&record, state);
        let (id, ordinal) = (run.batch(), run.ordinal());
        let live = self.live.get(&id);
        let held = live.and_then(|b| b.claims.get(ordinal));
        let started_at = held.map(|h| h.claimed_at).or(record.started_at);
        let sweeps = match (live, &header.end) {
            (Some(batch), _) => batch.record.sweeps.as_slice(),
            (None, Some(end)) => end.sweeps.as_slice(),
            (None, None) => &[],
        };
        let swept = sweep_of(sweeps, ordinal);
        // A clock that was set back makes no run end before it began.
        let began = started_at.unwrap_or(i64::MIN);
        let ended_at = record.ended_at.or(swept.map(|s| s.at.max(began)));
        let due_at = match live.map(|batch| &batch.record) {
            Some(sets) if sets.fresh.contains(ordinal) && header.is_timed() => {
                Some(header.due_at(ordinal))
            }
            // The record of a run that was claimed since still has the time of its last wait.
            Some(sets) if sets.delayed.contains(ordinal) => record.due_at,
            _ => None,
        };
        let output = match detail {
            OutputDetail::Omitted => None,
            OutputDetail::Included => self.read_output(run, record.output)?,
        };
        Ok(Run {
            id: run,
            submission: header.submission,
            workflow: header.workflow.clone(),
            version: header.version,
            priority: header.priority,
            state,
            source: input.source().clone(),
            name: input.name().map(str::to_owned),
            metadata: input.metadata().clone(),
            attempts: record.attempts,
            interruptions: record.interruptions,
            snoozes: record.snoozes,
            steps: match state.is_ended() {
                true => 0,
                false => record.steps,
            },
            created_at: timestamp(header.created_at),
            started_at: started_at.map(timestamp),
            ended_at: ended_at.map(timestamp),
            due_at: due_at.map(timestamp),
            review,
            failure: swept.and_then(|s| s.kind.failure()).or(record.failure),
            output,
        })
    }

    fn read_output(
        &self,
        run: RunId,
        place: Option<OutputPlace>,
    ) -> Result<Option<Output>, StorageError> {
        match place {
            None => Ok(None),
            Some(OutputPlace::Inline(json)) => Ok(Some(Output::from_stored(json))),
            Some(OutputPlace::Apart) => {
                let damaged = || {
                    StorageError::new(
                        ErrorKind::Damaged,
                        format!("the output of {run} is missing"),
                    )
                };
                let key = key::output(run.batch(), run.ordinal());
                let stored = self.stage.get(&key)?.ok_or_else(damaged)?;
                let json = String::from_utf8(stored.payload).map_err(|_| damaged())?;
                Ok(Some(Output::from_stored(json)))
            }
        }
    }
}
