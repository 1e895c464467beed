use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use crate::id::{BatchId, SubmissionId, WorkflowId};
use crate::kv::record::BatchHeader;

/// The lines of one fairness key at one priority: one for each submission.
///
/// Each line has a virtual time that grows by one with each run it is given; the line with the
/// least time is next. A line that is new starts at the time of the line served last, so it
/// neither waits behind a huge one nor catches up on turns it was not there for.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Tenant {
    /// Its own virtual time among the tenants of its priority.
    pub time: u64,
    turns: BTreeMap<WorkflowId, BTreeSet<(u64, SubmissionId)>>,
    lines: BTreeMap<LineKey, Line>,
    /// The virtual time of the line that was served last.
    served: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct LineKey {
    workflow: WorkflowId,
    submission: SubmissionId,
}

/// The claimable batches of one submission, by part.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct Line {
    time: u64,
    batches: BTreeMap<(u32, BatchId), Option<NonZeroU32>>,
}

/// The batch whose turn it is within a tenant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Front {
    pub batch: BatchId,
    /// How many runs of its key may be held for it to give one.
    pub most_held: Option<NonZeroU32>,
    /// How many lines wait for these workflows; two for more than one.
    pub lines: usize,
}

impl Tenant {
    /// One without lines, at this virtual time.
    pub(super) fn at(time: u64) -> Self {
        Self {
            time,
            ..Self::default()
        }
    }

    pub(super) fn enrol(&mut self, id: BatchId, header: &BatchHeader) {
        let key = LineKey::of(header);
        let (time, turns) = (self.served, &mut self.turns);
        let line = self.lines.entry(key).or_insert_with_key(|key| {
            let turns = turns.entry(key.workflow.clone()).or_default();
            turns.insert((time, key.submission));
            Line {
                time,
                batches: BTreeMap::new(),
            }
        });
        let most_held = header.share.as_ref().and_then(|share| share.most_held);
        line.batches.insert((header.part, id), most_held);
    }

    pub(super) fn retire(&mut self, id: BatchId, header: &BatchHeader) {
        let key = LineKey::of(header);
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        line.batches.remove(&(header.part, id));
        if !line.batches.is_empty() {
            return;
        }
        let turn = (line.time, key.submission);
        self.lines.remove(&key);
        if let Some(turns) = self.turns.get_mut(&key.workflow) {
            turns.remove(&turn);
            if turns.is_empty() {
                self.turns.remove(&key.workflow);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The batch whose turn it is among these workflows.
    pub(super) fn front(&self, workflows: &[WorkflowId]) -> Option<Front> {
        let asked = || {
            let turns = |workflow| Some((workflow, self.turns.get(workflow)?));
            workflows.iter().filter_map(turns)
        };
        let (workflow, (_, submission)) = asked()
            .filter_map(|(workflow, turns)| Some((workflow, *turns.first()?)))
            .min_by_key(|(_, turn)| *turn)?;
        let key = LineKey {
            workflow: workflow.clone(),
            submission,
        };
        let ((_, batch), most_held) = self.lines.get(&key)?.batches.first_key_value()?;
        let lines = asked().flat_map(|(_, turns)| turns.iter().take(2));
        Some(Front {
            batch: *batch,
            most_held: *most_held,
            lines: lines.take(2).count(),
        })
    }

    /// Notes that a batch gave `runs` runs.
    pub(super) fn served(&mut self, header: &BatchHeader, runs: u32) {
        let key = LineKey::of(header);
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        let before = (line.time, key.submission);
        self.served = line.time.max(self.served);
        line.time += u64::from(runs);
        let after = (line.time, key.submission);
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
            submission: header.submission,
        }
    }
}
