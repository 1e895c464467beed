use super::Machine;
use super::live_batch::LiveBatch;
use crate::failpoint::{Failpoint, reach};
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{JournalRecord, OpenFrame};
use crate::storage::{ErrorKind, StorageError};
use crate::time::Moment;

/// The group: what is staged since the last commit.
impl<K: OrderedKv> Machine<K> {
    /// About how many bytes wait for the commit.
    pub(in crate::kv) const fn staged_bytes(&self) -> usize {
        self.stage.staged_bytes() + self.fact_bytes
    }

    /// Refuses a write after a commit has failed.
    pub(in crate::kv) fn check_writable(&self, doing: &str) -> Result<(), StorageError> {
        match self.failed {
            true => Err(StorageError::new(ErrorKind::Refusing, doing)),
            false => Ok(()),
        }
    }

    /// Makes the group durable, or goes back to how things stood before it.
    ///
    /// After a failure nothing is written any more, and no sync is tried again:
    /// the pages that the failed one covered may be lost while the next reports
    /// success.
    pub(in crate::kv) fn commit(&mut self, now: Moment) -> Result<(), StorageError> {
        self.encode_group(now);
        if self.stage.is_empty() {
            self.stage.discard();
            self.end_pages();
            return Ok(());
        }
        reach(Failpoint::GroupStaged);
        match self.stage.commit() {
            Ok(()) => {
                reach(Failpoint::GroupCommitted);
                self.before = super::machine_state::Before::default();
                self.end_pages();
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed; the store takes no writes until it is reopened");
                self.failed = true;
                self.roll_back();
                Err(error)
            }
        }
    }

    fn end_pages(&mut self) {
        let live = &self.live;
        self.pages.end_group(|id| live.contains_key(&id));
    }

    /// Stages the records of everything the group changed.
    fn encode_group(&mut self, now: Moment) {
        let changed: Vec<BatchId> = self.before.live.keys().copied().collect();
        for id in changed {
            if let Some(batch) = self.live.get_mut(&id) {
                let key = key::live(id);
                let record = OpenFrame::written(|bytes| batch.record.write(bytes));
                batch.record_parts = self.stage.put_open(&key, record, batch.record_parts);
            }
        }
        self.pages.stage_into(&mut self.stage);
        self.encode_journal(now);
        if self.before.head.is_some() {
            self.stage.put_record(&key::head(), &self.head, 1);
        }
    }

    fn encode_journal(&mut self, now: Moment) {
        if self.facts.is_empty() {
            return;
        }
        let entries = std::mem::take(&mut self.facts);
        self.fact_bytes = 0;
        let last = self.head.sequence;
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let record = JournalRecord {
            first: crate::journal::Sequence::new(last.get() + 1 - count),
            at: Self::millis(now),
            entries,
        };
        self.stage.put_record(&key::journal(last), &record, 0);
    }

    /// Goes back to how things stood before the group.
    ///
    /// The schedule, the leases and what else only claims need is left as it is:
    /// nothing is claimed any more.
    fn roll_back(&mut self) {
        self.stage.discard();
        self.pages.clear();
        self.ahead.clear();
        self.facts.clear();
        self.fact_bytes = 0;
        let before = std::mem::take(&mut self.before);
        if let Some(head) = before.head {
            self.head = head;
        }
        if let Some(sinks) = before.sinks {
            self.sinks = sinks;
        }
        for (id, batch) in before.live {
            self.restore(id, batch);
        }
    }

    fn restore(&mut self, id: BatchId, batch: Option<LiveBatch>) {
        match batch {
            Some(batch) => self.live.insert(id, batch),
            None => self.live.remove(&id),
        };
    }
}
