use super::Machine;
use super::read_ahead::{Ahead, ReadAhead};
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{ChunkView, StoredChunk, decode};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::request::Secrets;
use crate::storage::{ErrorKind, StorageError};
use crate::valid::ValidInput;

/// The secrets of one run, as they are stored.
#[derive(Debug, Default)]
pub(super) struct StoredSecrets {
    pub secrets: Secrets,
    /// How many values they span; 0 where there are none.
    pub parts: u16,
}

impl<K: OrderedKv> Machine<K> {
    /// Reads those of the asked inputs that the batch has.
    pub(in crate::kv) fn inputs(
        &self,
        id: BatchId,
        ordinals: &OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError> {
        let Some(header) = self.header(id)? else {
            return Ok(Vec::new());
        };
        let within = |ordinal: &Ordinal| ordinal.get() < header.total;
        let known: OrdinalSet = ordinals.iter().take_while(within).collect();
        self.read_inputs(id, &known)
    }

    /// Reads inputs of a batch in ascending order, without secrets.
    ///
    /// A chunk is read once for all the ordinals it holds.
    pub(super) fn read_inputs(
        &self,
        id: BatchId,
        ordinals: &OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError> {
        let mut inputs = Vec::with_capacity(ordinals.len() as usize);
        let mut chunk: Option<ChunkView<'_>> = None;
        for ordinal in ordinals.iter() {
            if chunk.as_ref().is_none_or(|c| ordinal.get() >= c.end()) {
                chunk = Some(self.read_chunk(id, ordinal)?);
            }
            let what = || format!("input {ordinal} of {id}");
            let found = chunk.as_ref().map(|c| c.input(ordinal, what)).transpose()?;
            inputs.push(found.flatten().ok_or_else(|| missing(id, ordinal))?);
        }
        Ok(inputs)
    }

    /// Reads inputs that are to be claimed, and some of those behind them for the next claim.
    pub(super) fn claimed_inputs(
        &mut self,
        id: BatchId,
        ordinals: &OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError> {
        let mut inputs = Vec::with_capacity(ordinals.len() as usize);
        let mut ahead = self.ahead.take(id);
        let mut chunk: Option<ChunkView<'_>> = None;
        let mut next = Ordinal::new(0);
        for ordinal in ordinals.iter() {
            next = Ordinal::new(ordinal.get() + 1);
            if let Some(input) = ahead.take(ordinal) {
                inputs.push(input);
                continue;
            }
            if chunk.as_ref().is_none_or(|c| ordinal.get() >= c.end()) {
                chunk = Some(self.read_chunk(id, ordinal)?);
            }
            let what = || format!("input {ordinal} of {id}");
            let found = chunk.as_ref().map(|c| c.input(ordinal, what)).transpose()?;
            inputs.push(found.flatten().ok_or_else(|| missing(id, ordinal))?);
        }
        let stored = self.live.get(&id).map_or(0, |b| b.header.average_input());
        let bytes = stored + size_of::<ValidInput>() as u64;
        // What is not encoded costs nothing to come to again.
        if let (Some(ChunkView::Stored(chunk)), true) = (chunk, ahead.is_empty()) {
            ahead = Ahead::of(&chunk, next, ReadAhead::share(self.live.len(), bytes));
        }
        self.ahead.keep(id, ahead, bytes);
        Ok(inputs)
    }

    /// Reads the chunk that holds an ordinal.
    fn read_chunk(&self, id: BatchId, ordinal: Ordinal) -> Result<ChunkView<'_>, StorageError> {
        let range = key::inputs_from(id, ordinal);
        if let Some(chunk) = self.stage.unencoded_in(&range)? {
            return Ok(ChunkView::Unencoded(chunk));
        }
        let found = self.stage.first_in(&range)?;
        let (_, stored) = found.ok_or_else(|| missing(id, ordinal))?;
        let what = || format!("the chunk of inputs of {id} that holds input {ordinal}");
        StoredChunk::read(stored.payload, what).map(ChunkView::Stored)
    }

    /// Whether inputs of a live batch came with secrets.
    pub(super) fn has_secrets(&self, id: BatchId) -> bool {
        let batch = self.live.get(&id);
        batch.is_some_and(|batch| batch.header.with_secrets > 0)
    }

    /// Reads the secrets of a run that has not ended.
    pub(super) fn read_secrets(
        &self,
        id: BatchId,
        ordinal: Ordinal,
    ) -> Result<StoredSecrets, StorageError> {
        if !self.has_secrets(id) {
            return Ok(StoredSecrets::default());
        }
        let Some(stored) = self.stage.get(&key::secrets(id, ordinal))? else {
            return Ok(StoredSecrets::default());
        };
        let what = || format!("the secrets of input {ordinal} of {id}");
        Ok(StoredSecrets {
            secrets: decode(&stored.payload, what)?,
            parts: stored.parts,
        })
    }
}

fn missing(id: BatchId, ordinal: Ordinal) -> StorageError {
    let text = format!("input {ordinal} of {id} is missing");
    StorageError::new(ErrorKind::Damaged, text)
}
