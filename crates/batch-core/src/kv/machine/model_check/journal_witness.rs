use super::promise::Promise;
use crate::batch::Counts;
use crate::journal::{Entry, Fact, Sequence};
use crate::ordinal::Ordinal;
use crate::run::RunState;

/// Where a run stands, as far as the journal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Told {
    Waiting,
    Held,
    InReview,
    Ended(RunState),
}

/// Reads the journal as it grows and holds it to its promises.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct JournalWitness {
    pub position: Sequence,
    /// `None` before the batch is told of.
    pub runs: Option<Vec<Told>>,
    pub finished: bool,
}

impl JournalWitness {
    pub(super) const fn new() -> Self {
        Self {
            position: Sequence::START,
            runs: None,
            finished: false,
        }
    }

    pub(super) fn take(&mut self, entry: &Entry, total: u32) -> Result<(), Promise> {
        if entry.sequence != self.position.next() {
            return Err(Promise::Journal);
        }
        self.position = entry.sequence;
        if self.finished && !entry.fact.is_afterword() {
            return Err(Promise::Finished);
        }
        match (&entry.fact, self.runs.is_some()) {
            (Fact::Created, false) => {
                self.runs = Some(vec![Told::Waiting; total as usize]);
                return Ok(());
            }
            (Fact::Created, true) | (_, false) => return Err(Promise::Journal),
            _ => {}
        }
        match &entry.fact {
            Fact::Updated(_) | Fact::Deleted(_) | Fact::BatchDeleted => Ok(()),
            Fact::Created | Fact::Paused | Fact::Resumed => Ok(()),
            Fact::Started(starts) => starts
                .iter()
                .try_for_each(|s| self.turn(s.ordinal, &[Told::Waiting], Told::Held)),
            Fact::Ended(ends) => ends.iter().try_for_each(|end| {
                let from = match end.state {
                    RunState::Cancelled => &[Told::Waiting, Told::Held, Told::InReview][..],
                    _ => &[Told::Held],
                };
                self.turn(end.ordinal, from, Told::Ended(end.state))
            }),
            Fact::Retrying(retries) => retries
                .iter()
                .try_for_each(|r| self.turn(r.ordinal, &[Told::Held], Told::Waiting)),
            Fact::Snoozed(snoozes) => snoozes
                .iter()
                .try_for_each(|s| self.turn(s.ordinal, &[Told::Held], Told::Waiting)),
            Fact::Released(runs) | Fact::Interrupted(runs) => runs
                .iter()
                .try_for_each(|run| self.turn(run, &[Told::Held], Told::Waiting)),
            Fact::Cancelling(runs) => runs
                .iter()
                .try_for_each(|run| self.turn(run, &[Told::Held], Told::Held)),
            Fact::NeedsReview(runs) => runs
                .iter()
                .try_for_each(|run| self.turn(run.ordinal, &[Told::Held], Told::InReview)),
            Fact::Reviewed(runs) => runs.iter().try_for_each(|run| {
                let ended = Told::Ended(run.verdict.state());
                self.turn(run.ordinal, &[Told::InReview], ended)
            }),
            Fact::Swept(runs) => runs.iter().try_for_each(|run| {
                let from = [Told::Waiting, Told::InReview];
                self.turn(run, &from, Told::Ended(RunState::Cancelled))
            }),
            Fact::Expired(runs) => runs.iter().try_for_each(|run| {
                self.turn(run, &[Told::Waiting], Told::Ended(RunState::Failed))
            }),
            Fact::Finished { counts, .. } => self.finish(counts, total),
        }
    }

    fn finish(&mut self, counts: &Counts, total: u32) -> Result<(), Promise> {
        self.finished = true;
        let ended = self.count(|told| matches!(told, Told::Ended(_)));
        let right = ended == u64::from(total)
            && RunState::ALL
                .into_iter()
                .filter(|state| state.is_ended())
                .all(|state| counts.of(state) == self.count(|t| t == Told::Ended(state)));
        match right {
            true => Ok(()),
            false => Err(Promise::Finished),
        }
    }

    /// A run goes from one of these to another.
    fn turn(&mut self, run: Ordinal, from: &[Told], to: Told) -> Result<(), Promise> {
        let told = self
            .runs
            .as_mut()
            .and_then(|runs| runs.get_mut(run.get() as usize))
            .ok_or(Promise::Journal)?;
        match *told {
            Told::Ended(_) => Err(Promise::OneEnd),
            before if from.contains(&before) => {
                *told = to;
                Ok(())
            }
            _ => Err(Promise::Journal),
        }
    }

    pub(super) fn count(&self, which: impl Fn(Told) -> bool) -> u64 {
        let runs = self.runs.iter().flatten();
        runs.filter(|told| which(**told)).count() as u64
    }
}
