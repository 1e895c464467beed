use super::OpenFrame;
use super::input_writer::InputWriter;
use crate::ordinal::Ordinal;
use crate::valid::ValidInput;

/// Consecutive inputs, encoded together: `first, count`, the inputs, then where each begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kv) struct InputChunk {
    pub first: Ordinal,
    pub last: Ordinal,
    pub record: OpenFrame,
}

/// Bytes of `first` and `count`.
pub(super) const PREFIX_BYTES: usize = 8;
/// Bytes that tell where an input begins, counted from the start of the chunk.
pub(super) const PLACE_BYTES: usize = 4;
/// Set in the count of a chunk that ends in the places of its inputs, so that one of them is
/// read without the others. Chunks of the first format have none.
pub(super) const HAS_PLACES: u32 = 1 << 31;

/// Cuts inputs into chunks of about as many bytes as the store likes.
#[derive(Debug)]
pub(in crate::kv) struct InputChunks {
    limit: usize,
    /// How many inputs there are.
    inputs: usize,
    open: OpenChunk,
    done: Vec<InputChunk>,
}

/// A chunk that takes more inputs.
#[derive(Debug)]
struct OpenChunk {
    first: Ordinal,
    places: Vec<u32>,
    record: OpenFrame,
}

impl InputChunks {
    /// Chunks of at most `limit` bytes, unless one input alone has more, for so many inputs.
    pub(in crate::kv) fn new(limit: usize, inputs: usize) -> Self {
        Self {
            limit,
            inputs,
            open: OpenChunk::at(Ordinal::new(0)),
            done: Vec::new(),
        }
    }

    /// Adds the next input; gives its encoding, for a fingerprint.
    pub(in crate::kv) fn push(&mut self, input: &ValidInput) -> &[u8] {
        let writer = InputWriter::new(input);
        let bytes = writer.bytes() + PLACE_BYTES;
        if !self.open.places.is_empty() && self.open.bytes() + bytes > self.limit {
            let next = OpenChunk::at(Ordinal::new(self.open.end()));
            self.done
                .push(std::mem::replace(&mut self.open, next).close());
        }
        if self.open.places.is_empty() {
            // As if all that come were like this one.
            let left = self.inputs.saturating_sub(self.open.first.get() as usize);
            let all = bytes.saturating_mul(left).min(self.limit);
            self.open.record.end().reserve(all.max(bytes));
        }
        let begin = self.open.add(&writer);
        &self.open.record.payload()[begin..]
    }

    /// All chunks.
    pub(in crate::kv) fn finish(mut self) -> Vec<InputChunk> {
        if !self.open.places.is_empty() {
            self.done.push(self.open.close());
        }
        self.done
    }
}

impl InputChunk {
    /// Writes consecutive inputs from an ordinal on as one chunk, however large it is.
    pub(in crate::kv) fn of(first: Ordinal, inputs: &[ValidInput]) -> Self {
        let mut chunk = OpenChunk::at(first);
        for input in inputs {
            chunk.add(&InputWriter::new(input));
        }
        chunk.close()
    }
}

impl OpenChunk {
    fn at(first: Ordinal) -> Self {
        let mut record = OpenFrame::with_capacity(PREFIX_BYTES);
        record.end().extend_from_slice(&[0; PREFIX_BYTES]);
        Self {
            first,
            places: Vec::new(),
            record,
        }
    }

    /// Adds an input; gives the place where it begins.
    #[inline]
    fn add(&mut self, input: &InputWriter<'_>) -> usize {
        let begin = self.record.payload().len();
        input.write(self.record.end());
        // An input has at most some mebibytes, so the places fit.
        self.places.push(begin as u32);
        begin
    }

    /// Its bytes once it is closed.
    fn bytes(&self) -> usize {
        self.record.payload().len() + self.places.len() * PLACE_BYTES
    }

    /// The ordinal after its last.
    fn end(&self) -> u32 {
        let count = u32::try_from(self.places.len()).expect("ordinals are of 32 bits");
        self.first.get() + count
    }

    fn close(mut self) -> InputChunk {
        let end = self.end();
        let count = end - self.first.get();
        let (first, number) = self.record.payload_mut().split_at_mut(PREFIX_BYTES / 2);
        first.copy_from_slice(&self.first.get().to_le_bytes());
        number[..PREFIX_BYTES / 2].copy_from_slice(&(count | HAS_PLACES).to_le_bytes());
        for place in &self.places {
            self.record.end().extend_from_slice(&place.to_le_bytes());
        }
        InputChunk {
            first: self.first,
            last: Ordinal::new(end - 1),
            record: self.record,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::record::StoredChunk;
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
        let mut chunks = InputChunks::new(1_000, 10);
        for size in sizes {
            chunks.push(&input(*size));
        }
        chunks.finish()
    }

    #[test]
    fn small_inputs_share_chunks_within_the_limit() {
        let all = chunks(&[300; 10]);
        assert!(
            all.iter().all(|c| c.record.payload().len() <= 1_000),
            "{all:?}"
        );
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn an_input_above_the_limit_has_a_chunk_of_its_own() {
        let all = chunks(&[10, 5_000, 10]);
        let ends: Vec<_> = all.iter().map(|c| (c.first.get(), c.last.get())).collect();
        assert_eq!(ends, [(0, 0), (1, 1), (2, 2)]);
    }

    #[test]
    fn a_chunk_as_full_as_can_be_has_exactly_the_limit() {
        let whole = &chunks(&[200, 200, 200])[0];
        let bytes = whole.record.payload().len();
        let mut exact = InputChunks::new(bytes, 3);
        let mut tight = InputChunks::new(bytes - 1, 3);
        for _ in 0..3 {
            exact.push(&input(200));
            tight.push(&input(200));
        }
        assert_eq!((exact.finish().len(), tight.finish().len()), (1, 2));
    }

    #[test]
    fn what_is_given_for_a_fingerprint_is_the_input_alone() {
        let mut chunks = InputChunks::new(1_000, 10);
        let mut given = || chunks.push(&input(300)).to_vec();
        let first = given();
        assert!((0..9).all(|_| given() == first));
    }

    #[test]
    fn a_chunk_reads_back_what_was_put_in() {
        let chunk = chunks(&[1, 2, 3]).remove(0);
        let stored = StoredChunk::read(chunk.record.payload().to_vec(), String::new).unwrap();
        assert_eq!(
            stored.inputs(String::new).unwrap(),
            [input(1), input(2), input(3)]
        );
    }
}
