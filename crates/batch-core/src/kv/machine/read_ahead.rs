use std::collections::{BTreeMap, VecDeque};

use crate::id::BatchId;
use crate::kv::record::StoredChunk;
use crate::ordinal::Ordinal;
use crate::valid::ValidInput;

/// The most bytes of inputs that are kept for claims to come.
const BYTES: u64 = 2 << 20;

/// Inputs of live batches that the next claims will ask for, read with those before them.
///
/// Batches that take turns give a run each, and a chunk has many: so it is not read for each of
/// them. All live batches have an equal share of the room.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct ReadAhead {
    kept: BTreeMap<BatchId, Ahead>,
    bytes: u64,
}

/// Consecutive inputs of one batch.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Ahead {
    /// The place of the first of them.
    first: u32,
    inputs: VecDeque<ValidInput>,
    bytes: u64,
}

impl ReadAhead {
    /// Takes out what was kept of a batch.
    pub(super) fn take(&mut self, id: BatchId) -> Ahead {
        let ahead = self.kept.remove(&id).unwrap_or_default();
        self.bytes -= ahead.bytes;
        ahead
    }

    /// Keeps inputs for the next claim of a batch, each of about so many bytes.
    pub(super) fn keep(&mut self, id: BatchId, mut ahead: Ahead, bytes_of_one: u64) {
        if ahead.inputs.is_empty() {
            return;
        }
        ahead.bytes = bytes_of_one.saturating_mul(ahead.inputs.len() as u64);
        if self.bytes.saturating_add(ahead.bytes) > BYTES {
            // Kept by batches that do not come to their turn, or by more than there were.
            self.clear();
        }
        self.bytes += ahead.bytes;
        self.kept.insert(id, ahead);
    }

    /// Forgets what was kept of a batch: it has changed, or nobody will ask for it.
    pub(super) fn forget(&mut self, id: BatchId) {
        self.take(id);
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }

    /// How many inputs one of so many batches may keep.
    pub(super) fn share(batches: usize, bytes_of_one: u64) -> u64 {
        BYTES / (batches.max(1) as u64) / bytes_of_one.max(1)
    }
}

impl Ahead {
    /// Inputs of a chunk from a place on, at most so many; up to one that cannot be read.
    pub(super) fn of(chunk: &StoredChunk, from: Ordinal, most: u64) -> Self {
        let places = (from.get()..chunk.end()).zip(0..most);
        let inputs = places.map_while(|(place, _)| {
            let input = chunk.input(Ordinal::new(place), String::new);
            input.ok().flatten()
        });
        Self {
            first: from.get(),
            inputs: inputs.collect(),
            bytes: 0,
        }
    }

    /// Takes an input out, and all before it: claims go forward, but for runs that were given back.
    pub(super) fn take(&mut self, ordinal: Ordinal) -> Option<ValidInput> {
        let before = ordinal.get().checked_sub(self.first)?;
        if before as usize >= self.inputs.len() {
            self.inputs.clear();
            return None;
        }
        self.first += before + 1;
        self.inputs.drain(..=before as usize).next_back()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(first: u32, count: usize) -> Ahead {
        Ahead {
            first,
            inputs: vec![ValidInput::blank(); count].into(),
            bytes: 0,
        }
    }

    #[test]
    fn inputs_are_taken_in_order_and_those_passed_over_are_forgotten() {
        let mut ahead = ahead(5, 4);
        let mut taken = |n| ahead.take(Ordinal::new(n)).is_some();
        let found = [4, 5, 7, 6, 8].map(&mut taken);
        assert_eq!(found, [false, true, true, false, true]);
        assert!(ahead.is_empty());
    }

    #[test]
    fn what_lies_beyond_leaves_nothing_to_wait_for() {
        let mut ahead = ahead(5, 4);
        assert_eq!(ahead.take(Ordinal::new(9)), None);
        assert!(ahead.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_and_comes_back_once() {
        let mut kept = ReadAhead::default();
        let ids: Vec<_> = (0..9).map(|_| BatchId::generate()).collect();
        for id in &ids {
            kept.keep(*id, ahead(0, 2), BYTES / 8);
            assert!(kept.bytes <= BYTES);
        }
        let last = ids[ids.len() - 1];
        assert!(!kept.take(last).is_empty());
        assert!(kept.take(last).is_empty());
        kept.clear();
        assert!(ids.iter().all(|id| kept.take(*id).is_empty()) && kept.bytes == 0);
    }

    #[test]
    fn batches_share_alike() {
        assert_eq!(ReadAhead::share(1, BYTES / 64), 64);
        assert_eq!(ReadAhead::share(16, BYTES / 64), 4);
        assert_eq!(ReadAhead::share(65, BYTES / 64), 0);
    }
}
