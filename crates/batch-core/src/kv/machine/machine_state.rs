use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::gate::Gate;
use super::leases::Leases;
use super::live_batch::LiveBatch;
use super::pages::Pages;
use super::read_ahead::ReadAhead;
use super::schedule::Schedule;
use crate::catalogue::Workflow;
use crate::id::{BatchId, RunId, SinkName, WorkflowId};
use crate::journal::{Fact, Sequence};
use crate::kv::record::{BatchHeader, Head, Tidy};
use crate::kv::stage::Stage;
use crate::kv::{OrderedKv, SizeBound};
use crate::storage::{ClaimToken, StorageError};
use crate::time::Moment;

/// All state of a store, and the writes of the open group.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(in crate::kv) struct Machine<K> {
    pub(super) stage: Stage<K>,
    pub(super) head: Head,
    pub(super) sinks: BTreeMap<SinkName, Sequence>,
    pub(super) live: BTreeMap<BatchId, LiveBatch>,
    /// Run records read or changed by the open group.
    pub(super) pages: Pages,
    /// What happened in the open group, in order.
    pub(super) facts: Vec<(BatchId, Fact)>,
    /// About how many bytes they take.
    pub(super) fact_bytes: usize,
    pub(super) before: Before,
    pub(super) ahead: ReadAhead,
    pub(super) schedule: Schedule,
    pub(super) leases: Leases,
    /// Batches by the time at which their first delayed run is due.
    pub(super) due: BTreeSet<(i64, BatchId)>,
    /// Batches by the time at which their next fresh run is due.
    pub(super) releases: BTreeSet<(i64, BatchId)>,
    /// Batches with waiting runs by the time at which those expire.
    pub(super) expiries: BTreeSet<(i64, BatchId)>,
    /// Workflows that batches were stored for, as the catalogue has them, so that they are not
    /// read with each batch.
    pub(super) known_workflows: BTreeMap<WorkflowId, Workflow>,
    /// What workflows let through, of those that were asked for.
    pub(super) gates: BTreeMap<WorkflowId, Gate>,
    /// How many runs wait in all live batches.
    pub(super) waiting: u64,
    /// Batches with suspects.
    pub(super) suspects: BTreeSet<BatchId>,
    /// The uptime from which on suspects wait for their turn.
    pub(super) suspects_since: Duration,
    /// The suspects that are held: while there are any, nothing is claimed.
    pub(super) quarantined: BTreeSet<RunId>,
    /// Until this uptime nothing else is claimed, so that what is held runs out and suspects may go.
    pub(super) drain_until: Duration,
    /// What is left to delete, in steps.
    pub(super) tidy: VecDeque<(BatchId, Tidy)>,
    /// The last token that was granted.
    pub(super) token: u64,
    pub(super) key_retention: Duration,
    pub(super) size: SizeBound,
    /// The runs of all live batches.
    pub(super) live_runs: u64,
    /// Set by a failed commit: no write is taken any more.
    pub(super) failed: bool,
}

/// How things stood before the open group, to go back to if its commit fails.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Before {
    pub head: Option<Head>,
    pub sinks: Option<BTreeMap<SinkName, Sequence>>,
    pub live: BTreeMap<BatchId, Option<LiveBatch>>,
}

/// How many tokens one generation has: 2^40. With 24 bits of generations a token fits 64 bits.
const TOKEN_BITS: u32 = 40;

impl Before {
    /// Keeps how a batch stands, unless that of before the group is kept already.
    pub(super) fn keep(&mut self, id: BatchId, batch: &LiveBatch) {
        let kept = self.live.entry(id);
        kept.or_insert_with(|| Some(batch.clone()));
    }
}

impl<K: OrderedKv> Machine<K> {
    /// The tokens of so many claims, one after the other.
    pub(super) fn next_tokens(
        &mut self,
        claims: usize,
    ) -> impl Iterator<Item = ClaimToken> + use<K> {
        let (generation, first) = (self.head.generation << TOKEN_BITS, self.token + 1);
        self.token += claims as u64;
        (first..=self.token).map(move |number| ClaimToken::new(generation | number))
    }

    /// A live batch, to be changed: the group's commit writes its record.
    pub(super) fn change(&mut self, id: BatchId) -> Option<&mut LiveBatch> {
        let batch = self.live.get_mut(&id)?;
        self.before.keep(id, batch);
        Some(batch)
    }

    /// The head, to be changed: the group's commit writes it.
    pub(super) fn change_head(&mut self) -> &mut Head {
        if self.before.head.is_none() {
            self.before.head = Some(self.head.clone());
        }
        &mut self.head
    }

    /// Notes a fact; it gets its sequence at once. Facts of one batch stand in the order of their notes.
    pub(super) fn note(&mut self, batch: BatchId, fact: Fact) -> Sequence {
        self.fact_bytes += fact.weight();
        self.facts.push((batch, fact));
        let head = self.change_head();
        head.sequence = head.sequence.next();
        head.sequence
    }

    /// Puts a batch in the schedule or takes it out, as its sets now say.
    pub(super) fn reschedule(&mut self, id: BatchId) {
        let Some(batch) = self.live.get(&id) else {
            return;
        };
        match batch.is_claimable() {
            true => self.schedule.enrol(id, &batch.header),
            false => self.schedule.retire(id, &batch.header),
        }
        match batch.record.suspect.is_empty() {
            true => self.suspects.remove(&id),
            false => self.suspects.insert(id),
        };
        self.watch_expiry(id);
        self.count_waiting(id);
    }

    /// Counts the waiting runs of a batch anew.
    fn count_waiting(&mut self, id: BatchId) {
        if let Some(batch) = self.live.get_mut(&id) {
            let waiting = batch.record.waiting_len();
            self.waiting = self.waiting - batch.counted + waiting;
            batch.counted = waiting;
        }
    }

    /// Sets when the first delayed run of a batch is due.
    pub(super) fn set_due(&mut self, id: BatchId, due_at: Option<i64>) {
        let Some(batch) = self.live.get_mut(&id) else {
            return;
        };
        if let Some(old) = batch.record.due_at.take() {
            self.due.remove(&(old, id));
        }
        batch.record.due_at = due_at;
        if let Some(new) = due_at {
            self.due.insert((new, id));
        }
    }

    /// The header of a batch: from memory while it lives.
    pub(super) fn header(&self, id: BatchId) -> Result<Option<Arc<BatchHeader>>, StorageError> {
        if let Some(batch) = self.live.get(&id) {
            return Ok(Some(Arc::clone(&batch.header)));
        }
        let key = crate::kv::key::header(id);
        let header = self
            .stage
            .get_record(&key, || format!("the header of {id}"))?;
        Ok(header.map(Arc::new))
    }

    /// The last journal entry that is or will be durable with this group.
    pub(in crate::kv) const fn sequence(&self) -> Sequence {
        self.head.sequence
    }

    /// The key of this store's fingerprints. Never changes.
    pub(in crate::kv) const fn fingerprint_key(&self) -> &[u8; 32] {
        &self.head.fingerprint_key
    }

    pub(in crate::kv) fn stage(&self) -> &Stage<K> {
        &self.stage
    }

    pub(in crate::kv) const fn stage_mut(&mut self) -> &mut Stage<K> {
        &mut self.stage
    }

    /// The wall time of a moment as records keep it.
    pub(super) fn millis(now: Moment) -> i64 {
        crate::kv::record::millis(now.wall)
    }
}
