use std::sync::Arc;
use std::time::Duration;

use super::claims::Claims;
use crate::batch::{Batch, BatchState, Counts, Flow, Swept};
use crate::id::BatchId;
use crate::kv::record::{BatchHeader, LiveRecord, RunPage, sweep_of, swept, timestamp};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::RunState;
use crate::storage::{ClaimKey, ClaimToken};

/// A batch with runs that have not ended, as memory holds it.
///
/// It costs memory for its intervals and its held runs, not for its queued ones.
#[derive(Debug, Clone)]
pub(super) struct LiveBatch {
    pub header: Arc<BatchHeader>,
    /// How many values the stored header spans.
    pub header_parts: u16,
    pub record: LiveRecord,
    /// How many values the stored live record spans.
    pub record_parts: u16,
    /// The claims; their ordinals are `record.held`.
    pub claims: Claims,
    /// How many of its runs, from the first on, may be claimed as far as their time goes.
    pub released: u32,
    /// When the next of them may, as far as it is noted.
    pub release_at: Option<i64>,
    /// How many of its waiting runs the store's number of them contains.
    pub counted: u64,
    /// Set when something of it could not be read: none of its runs is claimed any more.
    pub damaged: bool,
}

/// A claim, as its store remembers it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub token: ClaimToken,
    /// How many attempts ended before.
    pub attempts: u32,
    pub interruptions: u32,
    /// How many values its secrets span.
    pub secret_parts: u16,
    /// How many values its steps span.
    pub step_parts: u16,
    pub claimed_at: i64,
    /// Uptime at which the claim runs out.
    pub expires: Duration,
}

impl LiveBatch {
    pub(super) fn new(header: Arc<BatchHeader>, record: LiveRecord) -> Self {
        let released = match header.is_timed() {
            true => 0,
            false => header.total,
        };
        Self {
            header,
            header_parts: 0,
            record,
            record_parts: 0,
            claims: Claims::default(),
            released,
            release_at: None,
            counted: 0,
            damaged: false,
        }
    }

    /// Whether this is the claim under which a run of it is held.
    pub(super) fn is_held(&self, key: ClaimKey) -> bool {
        let held = self.claims.get(key.run.ordinal());
        held.is_some_and(|held| held.token == key.token)
    }

    /// Whether a run of it can be claimed without further conditions.
    pub(super) fn is_claimable(&self) -> bool {
        let first = self.record.fresh.first();
        let fresh = first.is_some_and(|ordinal| ordinal.get() < self.released);
        (fresh || !self.record.ready.is_empty()) && !self.is_held_back()
    }

    /// Whether none of its runs is claimed, whatever waits.
    pub(super) fn is_held_back(&self) -> bool {
        self.damaged || self.record.flow == Flow::Paused
    }

    /// Whether all its runs have ended.
    pub(super) fn is_finished(&self) -> bool {
        let record = &self.record;
        record.held.is_empty() && record.review.is_empty() && !record.has_waiting()
    }

    pub(super) fn counts(&self) -> Counts {
        let record = &self.record;
        let mut counts = record.ended;
        counts.pending = record.waiting_len();
        counts.cancelling = u64::from(record.cancelling.len());
        counts.processing = u64::from(record.held.len()) - counts.cancelling;
        counts.needs_review = u64::from(record.review.len());
        counts
    }

    /// Where a run stands; `None` where only its record tells how it ended.
    pub(super) fn state(&self, ordinal: Ordinal) -> Option<RunState> {
        let record = &self.record;
        if record.held.contains(ordinal) {
            return Some(match record.cancelling.contains(ordinal) {
                true => RunState::Cancelling,
                false => RunState::Processing,
            });
        }
        if record.is_waiting(ordinal) {
            return Some(RunState::Pending);
        }
        if record.review.contains(ordinal) {
            return Some(RunState::NeedsReview);
        }
        sweep_of(&record.sweeps, ordinal).map(|sweep| sweep.kind.state())
    }

    /// Whether the page that holds this run's record exists.
    pub(super) fn has_page(&self, ordinal: Ordinal) -> bool {
        let page = Ordinal::new(RunPage::of(ordinal));
        self.record.pages.contains(page)
    }

    pub(super) fn view(&self, id: BatchId) -> Batch {
        let swept = swept(&self.record.sweeps);
        let mut view = view(id, &self.header, self.counts(), swept);
        view.flow = self.record.flow;
        view.deleted = u64::from(self.record.deleted.len());
        view
    }
}

impl LiveRecord {
    fn waiting_sets(&self) -> [&OrdinalSet; 4] {
        [&self.fresh, &self.ready, &self.suspect, &self.delayed]
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.waiting_sets().iter().any(|set| !set.is_empty())
    }

    pub(super) fn waiting_len(&self) -> u64 {
        let sets = self.waiting_sets();
        sets.iter().map(|set| u64::from(set.len())).sum()
    }

    pub(super) fn is_waiting(&self, ordinal: Ordinal) -> bool {
        self.waiting_sets().iter().any(|set| set.contains(ordinal))
    }

    /// Takes a waiting run out; tells whether it was one.
    pub(super) fn remove_waiting(&mut self, ordinal: Ordinal) -> bool {
        [
            &mut self.fresh,
            &mut self.ready,
            &mut self.suspect,
            &mut self.delayed,
            &mut self.review,
        ]
        .into_iter()
        .any(|set| set.remove(ordinal))
    }

    /// Takes all waiting runs out, those in review included.
    pub(super) fn take_waiting(&mut self) -> OrdinalSet {
        let mut all = self.take_pending();
        all.union_with(&std::mem::take(&mut self.review));
        all
    }

    /// Takes all waiting runs out, but for those in review.
    pub(super) fn take_pending(&mut self) -> OrdinalSet {
        let mut all = std::mem::take(&mut self.fresh);
        for set in [&mut self.ready, &mut self.suspect, &mut self.delayed] {
            all.union_with(&std::mem::take(set));
        }
        self.due_at = None;
        all
    }
}

/// A finished batch, read from its header.
pub(super) fn view_finished(id: BatchId, header: &BatchHeader) -> Batch {
    let (counts, swept) = match &header.end {
        Some(end) => (end.counts, swept(&end.sweeps)),
        None => (Counts::default(), Swept::No),
    };
    view(id, header, counts, swept)
}

fn view(id: BatchId, header: &BatchHeader, counts: Counts, swept: Swept) -> Batch {
    Batch {
        id,
        submission: header.submission,
        part: header.part,
        workflow: header.workflow.clone(),
        version: header.version,
        priority: header.priority,
        timing: header.timing(),
        share: header.share.clone(),
        flow: Flow::Going,
        state: BatchState::of(&counts, swept),
        counts,
        created_at: timestamp(header.created_at),
        finished_at: header.end.as_ref().map(|end| timestamp(end.at)),
        retry_of: header.retry_of,
        deleted: header
            .end
            .as_ref()
            .map_or(0, |end| end.deleted.len().into()),
        deleted_at: header.deleted_at.map(timestamp),
    }
}
