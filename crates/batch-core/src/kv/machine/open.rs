use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::Machine;
use super::leases::Leases;
use super::live_batch::LiveBatch;
use super::machine_state::Before;
use super::pages::Pages;
use super::read_ahead::ReadAhead;
use super::schedule::Schedule;
use crate::failpoint::{Failpoint, reach};
use crate::id::SinkName;
use crate::journal::Sequence;
use crate::kv::key::Key;
use crate::kv::record::{BatchHeader, Head, LiveRecord, Tidy, decode};
use crate::kv::stage::{Stage, Stored};
use crate::kv::{KeyRange, OrderedKv, SizeBound, key};
use crate::storage::{ErrorKind, SortOrder, StorageError};
use crate::time::Moment;

/// The most values one read at opening scans.
const VALUES_A_SCAN: NonZeroUsize = NonZeroUsize::new(1_024).expect("1,024 is not zero");

/// Opening: what is live is read, what a dead process held is taken back, all in one commit.
impl<K: OrderedKv> Machine<K> {
    /// Reads the state of a store; a new one gets `fingerprint_key`.
    ///
    /// The caller commits the group that this opens.
    pub(in crate::kv) fn open(
        kv: K,
        fingerprint_key: [u8; 32],
        key_retention: Duration,
        now: Moment,
    ) -> Result<Self, StorageError> {
        let stage = Stage::new(kv);
        refuse_unfinished(&stage)?;
        let head = stage
            .get_record(&key::head(), || "the head of the store".into())?
            .map_or_else(|| new_head(&stage, fingerprint_key), Ok)?;
        reach(Failpoint::HeadRead);
        let mut machine = Self {
            stage,
            head,
            sinks: BTreeMap::new(),
            live: BTreeMap::new(),
            pages: Pages::default(),
            facts: Vec::new(),
            fact_bytes: 0,
            before: Before::default(),
            ahead: ReadAhead::default(),
            schedule: Schedule::default(),
            leases: Leases::default(),
            due: BTreeSet::new(),
            releases: BTreeSet::new(),
            expiries: BTreeSet::new(),
            waiting: 0,
            known_workflows: BTreeMap::new(),
            gates: BTreeMap::new(),
            suspects: BTreeSet::new(),
            suspects_since: now.uptime,
            quarantined: BTreeSet::new(),
            drain_until: Duration::ZERO,
            tidy: VecDeque::new(),
            token: 0,
            key_retention,
            size: SizeBound::NONE,
            live_runs: 0,
            failed: false,
        };
        machine.change_head().generation += 1;
        machine.read_sinks()?;
        machine.read_tidies()?;
        machine.read_live()?;
        reach(Failpoint::StateRead);
        machine.take_back(now);
        reach(Failpoint::InterruptionsStaged);
        Ok(machine)
    }

    fn read_sinks(&mut self) -> Result<(), StorageError> {
        let found = all_records(&self.stage, key::sinks())?;
        for (_, stored) in found {
            let (sink, position): (SinkName, Sequence) =
                decode(&stored.payload, || "the cursor of a sink".into())?;
            self.sinks.insert(sink, position);
        }
        Ok(())
    }

    fn read_tidies(&mut self) -> Result<(), StorageError> {
        for (key, stored) in all_records(&self.stage, key::tidies())? {
            let id = key::batch_in(&key)?;
            let tidy: Tidy = decode(&stored.payload, || format!("what is left to tidy of {id}"))?;
            self.tidy.push_back((id, tidy));
        }
        Ok(())
    }

    fn read_live(&mut self) -> Result<(), StorageError> {
        for (key, stored) in all_records(&self.stage, key::lives())? {
            let id = key::batch_in(&key)?;
            let record: LiveRecord =
                decode(&stored.payload, || format!("the live record of {id}"))?;
            let missing = || {
                let text = format!("the header of {id} is missing, and it has runs that wait");
                StorageError::new(ErrorKind::Damaged, text)
            };
            let header = self.stage.get(&key::header(id))?.ok_or_else(missing)?;
            let header_parts = header.parts;
            let header: BatchHeader = decode(&header.payload, || format!("the header of {id}"))?;
            let mut batch = LiveBatch::new(Arc::new(header), record);
            batch.header_parts = header_parts;
            batch.record_parts = stored.parts;
            let due_at = batch.record.due_at;
            self.live_runs += u64::from(batch.header.total);
            self.live.insert(id, batch);
            self.due.extend(due_at.map(|at| (at, id)));
            self.arm_release(id);
            self.reschedule(id);
        }
        let found = u64::try_from(self.live.len()).unwrap_or(u64::MAX);
        match found == self.head.live {
            true => Ok(()),
            false => Err(StorageError::new(
                ErrorKind::Damaged,
                format!(
                    "{} batches should have waiting runs, {found} are there",
                    self.head.live
                ),
            )),
        }
    }

    /// Interrupts every run that was held when the process died.
    fn take_back(&mut self, now: Moment) {
        let held: Vec<_> = self
            .live
            .iter()
            .filter(|(_, batch)| !batch.record.held.is_empty())
            .map(|(id, batch)| (*id, batch.record.held.clone()))
            .collect();
        for (id, ordinals) in held {
            if let Err(error) = self.interrupt(id, &ordinals, now) {
                self.park(id, &error);
            }
        }
    }
}

/// A copy that was cut short never opens as a smaller store.
fn refuse_unfinished<K: OrderedKv>(stage: &Stage<K>) -> Result<(), StorageError> {
    match stage.get(&key::unfinished())? {
        None => Ok(()),
        Some(_) => Err(StorageError::new(
            ErrorKind::Unavailable,
            "open a copy that was cut short: delete it and copy again",
        )),
    }
}

/// The head of a new store; a store that has records and no head is damaged.
fn new_head<K: OrderedKv>(stage: &Stage<K>, key: [u8; 32]) -> Result<Head, StorageError> {
    let everything = KeyRange::prefix(b"");
    let found = stage.scan(&everything, SortOrder::Ascending, NonZeroUsize::MIN)?;
    match found.is_empty() {
        true => Ok(Head::new(key)),
        false => Err(StorageError::new(
            ErrorKind::Damaged,
            "it has records and no head",
        )),
    }
}

/// All records of a range, read in steps.
fn all_records<K: OrderedKv>(
    stage: &Stage<K>,
    mut range: KeyRange,
) -> Result<Vec<(Key, Stored)>, StorageError> {
    let mut all: Vec<(Key, Stored)> = Vec::new();
    loop {
        let values = stage.scan(&range, SortOrder::Ascending, VALUES_A_SCAN)?;
        let Some(last) = values.last() else {
            return Ok(all);
        };
        let next = [last.key.as_slice(), &[0]].concat();
        let limit = VALUES_A_SCAN;
        all.extend(stage.records_in(&range, SortOrder::Ascending, limit)?);
        if values.len() < limit.get() {
            return Ok(all);
        }
        range = range.starting_at(next);
    }
}
