use std::collections::BTreeMap;
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
    queues: BTreeMap<WorkflowId, Queue>,
    /// The virtual time of the line that was served last.
    served: u64,
}

/// The lines that wait for one workflow.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
struct Queue {
    /// By their virtual times.
    lines: BTreeMap<(u64, SubmissionId), Line>,
    /// The virtual time of each.
    times: BTreeMap<SubmissionId, u64>,
}

/// The claimable batches of one submission, by part, and how many runs of their key may be held.
type Line = BTreeMap<(u32, BatchId), Option<NonZeroU32>>;

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
        let queue = match self.queues.get_mut(&header.workflow) {
            Some(queue) => queue,
            None => self.queues.entry(header.workflow.clone()).or_default(),
        };
        let time = *queue.times.entry(header.submission).or_insert(self.served);
        let line = queue.lines.entry((time, header.submission)).or_default();
        let most_held = header.share.as_ref().and_then(|share| share.most_held);
        line.insert((header.part, id), most_held);
    }

    pub(super) fn retire(&mut self, id: BatchId, header: &BatchHeader) {
        let Some(queue) = self.queues.get_mut(&header.workflow) else {
            return;
        };
        queue.retire(id, header);
        if queue.lines.is_empty() {
            self.queues.remove(&header.workflow);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// The batch whose turn it is among these workflows.
    pub(super) fn front(&self, workflows: &[WorkflowId]) -> Option<Front> {
        let asked = || workflows.iter().filter_map(|id| self.queues.get(id));
        let firsts = asked().filter_map(|queue| queue.lines.first_key_value());
        let (_, line) = firsts.min_by_key(|(turn, _)| **turn)?;
        let ((_, batch), most_held) = line.first_key_value()?;
        let lines: usize = asked().map(|queue| queue.lines.len().min(2)).sum();
        Some(Front {
            batch: *batch,
            most_held: *most_held,
            lines: lines.min(2),
        })
    }

    /// Notes that a batch gave `runs` runs.
    pub(super) fn served(&mut self, header: &BatchHeader, runs: u32) {
        let queue = self.queues.get_mut(&header.workflow);
        if let Some(before) = queue.and_then(|queue| queue.served(header.submission, runs)) {
            self.served = before.max(self.served);
        }
    }
}

impl Queue {
    fn retire(&mut self, id: BatchId, header: &BatchHeader) {
        let Some(time) = self.times.get(&header.submission).copied() else {
            return;
        };
        let turn = (time, header.submission);
        if let Some(line) = self.lines.get_mut(&turn) {
            line.remove(&(header.part, id));
            if line.is_empty() {
                self.lines.remove(&turn);
                self.times.remove(&header.submission);
            }
        }
    }

    /// Moves a line that gave `runs` runs; gives the virtual time it had.
    fn served(&mut self, submission: SubmissionId, runs: u32) -> Option<u64> {
        let time = self.times.get_mut(&submission)?;
        let before = *time;
        *time += u64::from(runs);
        let after = *time;
        let line = self.lines.remove(&(before, submission))?;
        self.lines.insert((after, submission), line);
        Some(before)
    }
}
