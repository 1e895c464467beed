use std::collections::{BTreeMap, BTreeSet};

use crate::id::{BatchId, SubmissionId, WorkflowId};
use crate::kv::record::BatchHeader;
use crate::request::Priority;

/// Whose turn it is: by priority, then in turn among the submissions of one priority.
///
/// Each line of one submission has a virtual time that grows by one with each run
/// it is given; the line with the least time is next. A line that is new starts at
/// the time of the line served last, so it neither waits behind a huge one nor
/// catches up on turns it was not there for.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Schedule {
    turns: BTreeMap<WorkflowId, BTreeSet<Turn>>,
    lines: BTreeMap<LineKey, Line>,
    /// Per priority, the virtual time of the line that was served last.
    served: BTreeMap<Priority, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    priority: Priority,
    time: u64,
    submission: SubmissionId,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct LineKey {
    workflow: WorkflowId,
    priority: Priority,
    submission: SubmissionId,
}

/// The claimable batches of one submission, by part.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct Line {
    time: u64,
    batches: BTreeSet<(u32, BatchId)>,
}

/// The batch whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pick {
    pub batch: BatchId,
    /// How many runs it may give before another line is due: all asked for, or one.
    pub most: u32,
}

impl Schedule {
    /// Puts a claimable batch in its submission's line. One that is there already stays.
    pub(super) fn enrol(&mut self, id: BatchId, header: &BatchHeader) {
        let key = LineKey::of(header);
        let time = self.served.get(&key.priority).copied().unwrap_or(0);
        let turns = self.turns.entry(key.workflow.clone()).or_default();
        let line = self.lines.entry(key.clone()).or_insert_with(|| {
            turns.insert(key.turn(time));
            Line {
                time,
                batches: BTreeSet::new(),
            }
        });
        line.batches.insert((header.part, id));
    }

    /// Takes a batch out that has no claimable run any more.
    pub(super) fn retire(&mut self, id: BatchId, header: &BatchHeader) {
        let key = LineKey::of(header);
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        line.batches.remove(&(header.part, id));
        if line.batches.is_empty() {
            let turn = key.turn(line.time);
            self.lines.remove(&key);
            if let Some(turns) = self.turns.get_mut(&key.workflow) {
                turns.remove(&turn);
                if turns.is_empty() {
                    self.turns.remove(&key.workflow);
                }
            }
        }
    }

    /// The batch whose turn it is among these workflows, and how many of `limit` it may give.
    pub(super) fn next(&self, workflows: &[WorkflowId], limit: u32) -> Option<Pick> {
        let asked = || {
            workflows
                .iter()
                .filter_map(|w| Some((w, self.turns.get(w)?)))
        };
        let (workflow, turn) = asked()
            .filter_map(|(workflow, turns)| Some((workflow, *turns.first()?)))
            .min_by_key(|(_, turn)| *turn)?;
        let key = LineKey {
            workflow: workflow.clone(),
            priority: turn.priority,
            submission: turn.submission,
        };
        let (_, batch) = *self.lines.get(&key)?.batches.first()?;
        let rivals = asked()
            .flat_map(|(_, turns)| turns.iter().take(2))
            .filter(|rival| rival.priority == turn.priority)
            .take(2)
            .count();
        let most = if rivals > 1 { 1 } else { limit };
        Some(Pick { batch, most })
    }

    /// Notes that a batch gave `runs` runs.
    pub(super) fn served(&mut self, header: &BatchHeader, runs: u32) {
        let key = LineKey::of(header);
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        let before = key.turn(line.time);
        let latest = self.served.entry(key.priority).or_default();
        *latest = line.time.max(*latest);
        line.time += u64::from(runs);
        let after = key.turn(line.time);
        if let Some(turns) = self.turns.get_mut(&key.workflow) {
            turns.remove(&before);
            turns.insert(after);
        }
    }
}

impl LineKey {
    fn of(header: &BatchHeader) -> Self {
        Self {
            workflow: header.workflow.clone(),
            priority: header.priority,
            submission: header.submission,
        }
    }

    const fn turn(&self, time: u64) -> Turn {
        Turn {
            priority: self.priority,
            time,
            submission: self.submission,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(submission: SubmissionId, workflow: &str, priority: i64) -> BatchHeader {
        BatchHeader {
            submission,
            workflow: WorkflowId::new(workflow).unwrap(),
            priority: Priority::new(priority).unwrap(),
            ..BatchHeader::sample()
        }
    }

    struct Yard {
        schedule: Schedule,
        batches: BTreeMap<BatchId, BatchHeader>,
    }

    impl Yard {
        fn new() -> Self {
            Self {
                schedule: Schedule::default(),
                batches: BTreeMap::new(),
            }
        }

        fn add(&mut self, workflow: &str, priority: i64) -> BatchId {
            let id = BatchId::generate();
            let header = header(SubmissionId::of_first_batch(id), workflow, priority);
            self.schedule.enrol(id, &header);
            self.batches.insert(id, header);
            id
        }

        fn turn(&mut self) -> Option<BatchId> {
            let workflows = ["a", "b"].map(|w| WorkflowId::new(w).unwrap());
            let pick = self.schedule.next(&workflows, 1)?;
            self.schedule.served(&self.batches[&pick.batch], 1);
            Some(pick.batch)
        }
    }

    #[test]
    fn submissions_of_one_priority_take_turns_across_workflows() {
        let mut yard = Yard::new();
        let all = BTreeSet::from([yard.add("a", 90), yard.add("b", 90), yard.add("a", 90)]);
        for _ in 0..5 {
            let round: BTreeSet<_> = (0..3).filter_map(|_| yard.turn()).collect();
            assert_eq!(round, all);
        }
    }

    #[test]
    fn a_late_submission_shares_from_now_on_and_catches_up_on_nothing() {
        let mut yard = Yard::new();
        let early = yard.add("a", 90);
        for _ in 0..1_000 {
            yard.turn();
        }
        let late = yard.add("a", 90);
        let turns: Vec<_> = (0..10).filter_map(|_| yard.turn()).collect();
        let of = |id| turns.iter().filter(|turn| **turn == id).count();
        assert!(of(early) >= 4 && of(late) >= 4, "{turns:?}");
    }

    #[test]
    fn a_lower_number_goes_first() {
        let mut yard = Yard::new();
        yard.add("a", 90);
        let urgent = yard.add("b", 10);
        assert!((0..5).all(|_| yard.turn() == Some(urgent)));
    }

    #[test]
    fn a_line_alone_gives_all_that_is_asked_for_and_one_among_rivals_gives_one() {
        let mut yard = Yard::new();
        yard.add("a", 90);
        let workflows = [WorkflowId::new("a").unwrap(), WorkflowId::new("b").unwrap()];
        assert_eq!(yard.schedule.next(&workflows, 64).unwrap().most, 64);
        yard.add("b", 90);
        assert_eq!(yard.schedule.next(&workflows, 64).unwrap().most, 1);
    }

    #[test]
    fn a_retired_batch_has_no_turn() {
        let mut yard = Yard::new();
        let id = yard.add("a", 90);
        let header = yard.batches[&id].clone();
        yard.schedule.retire(id, &header);
        assert_eq!(yard.turn(), None);
        assert!(yard.schedule.turns.is_empty() && yard.schedule.lines.is_empty());
    }
}
