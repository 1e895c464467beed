use super::{StoredChunk, UnencodedChunk};
use crate::ordinal::Ordinal;
use crate::storage::StorageError;
use crate::valid::ValidInput;

/// A chunk of inputs as the map has it.
#[derive(Debug)]
pub(in crate::kv) enum ChunkView<'m> {
    Stored(StoredChunk),
    Unencoded(&'m UnencodedChunk),
}

impl ChunkView<'_> {
    /// The ordinal after its last.
    pub(in crate::kv) fn end(&self) -> u32 {
        match self {
            Self::Stored(chunk) => chunk.end(),
            Self::Unencoded(chunk) => chunk.end(),
        }
    }

    /// One input; `None` where it is in another chunk.
    pub(in crate::kv) fn input(
        &self,
        ordinal: Ordinal,
        what: impl Fn() -> String,
    ) -> Result<Option<ValidInput>, StorageError> {
        match self {
            Self::Stored(chunk) => chunk.input(ordinal, what),
            Self::Unencoded(chunk) => Ok(chunk.input(ordinal).cloned()),
        }
    }
}
