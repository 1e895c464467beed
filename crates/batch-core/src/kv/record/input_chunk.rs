use serde::Deserialize;

use super::encode;
use crate::ordinal::Ordinal;
use crate::storage::{ErrorKind, StorageError};
use crate::valid::ValidInput;

/// Consecutive inputs, encoded together: `first, count`, then the inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kv) struct InputChunk {
    pub first: Ordinal,
    pub last: Ordinal,
    pub payload: Vec<u8>,
}

const PREFIX_BYTES: usize = 8;

impl InputChunk {
    /// The first ordinal of a chunk and how many inputs it has; `None` for bytes that are no chunk.
    pub(in crate::kv) fn extent(payload: &[u8]) -> Option<(u32, u32)> {
        let (first, rest) = payload.split_first_chunk()?;
        let count = rest.first_chunk()?;
        Some((u32::from_le_bytes(*first), u32::from_le_bytes(*count)))
    }

    /// Reads the inputs of a chunk, the first ordinal beside them.
    pub(in crate::kv) fn decode(
        payload: &[u8],
        what: impl Fn() -> String,
    ) -> Result<(Ordinal, Vec<ValidInput>), StorageError> {
        let damaged = || StorageError::new(ErrorKind::Damaged, what());
        let (prefix, mut rest) = payload.split_at_checked(PREFIX_BYTES).ok_or_else(damaged)?;
        let number = |at: usize| {
            u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]])
        };
        let inputs = (0..number(4))
            .map(|_| {
                let mut reader = rmp_serde::Deserializer::new(&mut rest);
                ValidInput::deserialize(&mut reader).map_err(|e| damaged().caused_by(e))
            })
            .collect::<Result<_, _>>()?;
        Ok((Ordinal::new(number(0)), inputs))
    }
}

/// Cuts inputs into chunks of about as many bytes as the store likes.
#[derive(Debug)]
pub(in crate::kv) struct InputChunks {
    limit: usize,
    next: u32,
    open: Option<InputChunk>,
    done: Vec<InputChunk>,
}

impl InputChunks {
    /// Chunks of at most `limit` bytes, unless one input alone has more.
    pub(in crate::kv) const fn new(limit: usize) -> Self {
        Self {
            limit,
            next: 0,
            open: None,
            done: Vec::new(),
        }
    }

    /// Adds the next input; gives its encoding, for a fingerprint.
    pub(in crate::kv) fn push(&mut self, input: &ValidInput) -> Vec<u8> {
        let encoded = encode(input);
        let ordinal = Ordinal::new(self.next);
        self.next += 1;
        match &mut self.open {
            Some(chunk) if chunk.payload.len() + encoded.len() <= self.limit => {
                chunk.payload.extend_from_slice(&encoded);
                chunk.last = ordinal;
            }
            _ => {
                self.close();
                let mut payload = Vec::with_capacity(self.limit.max(encoded.len() + PREFIX_BYTES));
                payload.extend_from_slice(&ordinal.get().to_le_bytes());
                payload.extend_from_slice(&[0; 4]);
                payload.extend_from_slice(&encoded);
                self.open = Some(InputChunk {
                    first: ordinal,
                    last: ordinal,
                    payload,
                });
            }
        }
        encoded
    }

    fn close(&mut self) {
        if let Some(mut chunk) = self.open.take() {
            let count = chunk.last.get() - chunk.first.get() + 1;
            chunk.payload[4..PREFIX_BYTES].copy_from_slice(&count.to_le_bytes());
            self.done.push(chunk);
        }
    }

    /// All chunks.
    pub(in crate::kv) fn finish(mut self) -> Vec<InputChunk> {
        self.close();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Secrets;
    use crate::valid::{Metadata, Source};

    fn input(bytes: usize) -> ValidInput {
        let source = Source::Text {
            text: "x".repeat(bytes),
            name: None,
        };
        ValidInput::new(source, None, Metadata::default(), Secrets::new())
    }

    fn chunks(sizes: &[usize]) -> Vec<InputChunk> {
        let mut chunks = InputChunks::new(1_000);
        for size in sizes {
            chunks.push(&input(*size));
        }
        chunks.finish()
    }

    #[test]
    fn small_inputs_share_chunks_within_the_limit() {
        let all = chunks(&[300; 10]);
        assert!(all.iter().all(|c| c.payload.len() <= 1_000), "{all:?}");
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn an_input_above_the_limit_has_a_chunk_of_its_own() {
        let all = chunks(&[10, 5_000, 10]);
        let ends: Vec<_> = all.iter().map(|c| (c.first.get(), c.last.get())).collect();
        assert_eq!(ends, [(0, 0), (1, 1), (2, 2)]);
    }

    #[test]
    fn a_chunk_reads_back_what_was_put_in() {
        let chunk = &chunks(&[1, 2, 3])[0];
        let (first, inputs) = InputChunk::decode(&chunk.payload, String::new).unwrap();
        assert_eq!(first, Ordinal::new(0));
        assert_eq!(inputs, [input(1), input(2), input(3)]);
    }
}
