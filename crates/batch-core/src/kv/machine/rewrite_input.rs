use super::Machine;
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key::{self, Key};
use crate::kv::record::{InputChunk, OpenFrame, StoredChunk};
use crate::kv::stage::record_limit;
use crate::ordinal::Ordinal;
use crate::storage::{ErrorKind, StorageError};
use crate::valid::ValidInput;

/// A chunk of inputs, to be written over the one that was read.
pub(super) struct Rewritten {
    batch: BatchId,
    key: Key,
    chunk: OpenFrame,
    /// How many values the stored chunk spans.
    parts: u16,
    /// By how many bytes it is larger than the stored one.
    pub grown: i64,
}

/// Inputs are written once, but for these two: an update, and the delete of a run.
impl<K: OrderedKv> Machine<K> {
    /// The chunk that holds an input, with another in its place. Nothing is written.
    pub(super) fn rewritten(
        &self,
        id: BatchId,
        ordinal: Ordinal,
        change: impl FnOnce(&ValidInput) -> ValidInput,
    ) -> Result<Rewritten, StorageError> {
        let missing = || {
            let text = format!("input {ordinal} of {id} is missing");
            StorageError::new(ErrorKind::Damaged, text)
        };
        let found = self.stage.first_in(&key::inputs_from(id, ordinal))?;
        let (key, stored) = found.ok_or_else(missing)?;
        let what = || format!("the chunk of inputs of {id} that holds input {ordinal}");
        let (first, _) = StoredChunk::extent(&stored.payload).ok_or_else(missing)?;
        let before = stored.payload.len();
        let mut inputs = StoredChunk::read(stored.payload, what)?.inputs(what)?;
        let at = ordinal.get().checked_sub(first);
        let input = at.and_then(|at| inputs.get_mut(at as usize));
        let input = input.ok_or_else(missing)?;
        *input = change(input);
        let chunk = InputChunk::of(Ordinal::new(first), &inputs).record;
        if chunk.payload().len() > record_limit(self.stage.share()) {
            let text = format!("store input {ordinal} of {id}: it would be too large");
            return Err(StorageError::new(ErrorKind::Invalid, text));
        }
        Ok(Rewritten {
            batch: id,
            grown: difference(chunk.payload().len(), before),
            key,
            chunk,
            parts: stored.parts,
        })
    }

    pub(super) fn put_chunk(&mut self, rewritten: Rewritten) {
        self.ahead.forget(rewritten.batch);
        let Rewritten {
            key, chunk, parts, ..
        } = rewritten;
        self.stage.put_open(&key, chunk, parts);
    }
}

fn difference(after: usize, before: usize) -> i64 {
    let bytes = |len| i64::try_from(len).unwrap_or(i64::MAX);
    bytes(after) - bytes(before)
}
