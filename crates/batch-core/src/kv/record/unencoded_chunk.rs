use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::frame::{FRAME_BYTES, seal};
use super::input_chunk::{InputChunk, PLACE_BYTES, PREFIX_BYTES};
use super::input_writer::InputWriter;
use crate::kv::key::Key;
use crate::ordinal::Ordinal;
use crate::valid::ValidInput;

/// Consecutive inputs as they were checked, and all that is needed to make a value of them.
///
/// A map that keeps nothing has no use for their bytes: they would be written to be read again.
#[derive(Debug, Clone)]
pub struct UnencodedChunk {
    /// The whole key of the value, which its checksum covers.
    key: Key,
    cut: InputCut,
    /// What was asked for of it as bytes, while it was on its way to the map.
    encoded: OnceLock<Vec<u8>>,
}

/// Consecutive inputs of a batch that belong into one chunk.
///
/// All of a batch stay where they were checked, until the last of its chunks is gone: one that
/// was updated or deleted lies unreachable for so long.
#[derive(Debug, Clone)]
pub(in crate::kv) struct InputCut {
    batch: Arc<Vec<ValidInput>>,
    places: Range<u32>,
    /// What they take as a record, in bytes.
    pub(in crate::kv) bytes: usize,
}

impl UnencodedChunk {
    /// The value of a record that is no more than one.
    pub(in crate::kv) const fn new(key: Key, cut: InputCut) -> Self {
        Self {
            key,
            cut,
            encoded: OnceLock::new(),
        }
    }

    /// One input; `None` where it is in another chunk.
    pub(in crate::kv) fn input(&self, ordinal: Ordinal) -> Option<&ValidInput> {
        let here = self.cut.places.contains(&ordinal.get());
        self.cut.batch.get(ordinal.get() as usize).filter(|_| here)
    }

    /// The ordinal after its last.
    pub(in crate::kv) fn end(&self) -> u32 {
        self.cut.end()
    }

    /// The bytes that [`encode`](Self::encode) gives, counted.
    pub(in crate::kv) const fn value_bytes(&self) -> usize {
        FRAME_BYTES + self.cut.bytes
    }

    /// The value, as a map of bytes has it.
    pub(in crate::kv) fn encode(&self) -> Vec<u8> {
        let mut value = self.cut.encode().record.into_value();
        seal(&self.key, 1, &mut value);
        value
    }

    /// The same, kept for who asks again.
    pub(in crate::kv) fn encoded(&self) -> &[u8] {
        self.encoded.get_or_init(|| self.encode())
    }
}

impl InputCut {
    /// Cuts inputs where [`InputChunks`](super::InputChunks) does, for a limit in bytes.
    pub(in crate::kv) fn all(inputs: Vec<ValidInput>, limit: usize) -> Vec<Self> {
        let batch = Arc::new(inputs);
        let cut = |(places, bytes)| Self {
            batch: Arc::clone(&batch),
            places,
            bytes,
        };
        places(&batch, limit).into_iter().map(cut).collect()
    }

    /// The ordinal after its last.
    pub(in crate::kv) const fn end(&self) -> u32 {
        self.places.end
    }

    /// The chunk that it would be.
    pub(in crate::kv) fn encode(&self) -> InputChunk {
        let Range { start, end } = self.places;
        let inputs = &self.batch[start as usize..end as usize];
        InputChunk::of(Ordinal::new(start), inputs)
    }
}

/// Which inputs each chunk has, and its bytes.
fn places(inputs: &[ValidInput], limit: usize) -> Vec<(Range<u32>, usize)> {
    let mut all = Vec::new();
    let (mut places, mut bytes) = (0..0, PREFIX_BYTES);
    for input in inputs {
        let more = InputWriter::new(input).bytes() + PLACE_BYTES;
        if !places.is_empty() && bytes + more > limit {
            let next = places.end..places.end;
            all.push((std::mem::replace(&mut places, next), bytes));
            bytes = PREFIX_BYTES;
        }
        places.end += 1;
        bytes += more;
    }
    if !places.is_empty() {
        all.push((places, bytes));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::record::{InputChunks, frame};
    use crate::request::Secrets;
    use crate::valid::{Metadata, Source};

    fn inputs(sizes: &[usize]) -> Vec<ValidInput> {
        let input = |bytes: &usize| {
            let text = "x".repeat(*bytes);
            let source = Source::Text { text, name: None };
            ValidInput::new(source, None, Metadata::default(), Secrets::new())
        };
        sizes.iter().map(input).collect()
    }

    fn chunk(sizes: &[usize]) -> UnencodedChunk {
        let cut = InputCut::all(inputs(sizes), usize::MAX).remove(0);
        UnencodedChunk::new(b"key".to_vec(), cut)
    }

    #[test]
    fn inputs_are_cut_and_counted_as_those_that_are_encoded() {
        let sizes = [10, 300, 40_000, 200, 0, 70, 300, 300];
        for limit in [1, 100, 600, 900, 100_000] {
            let mut encoded = InputChunks::new(limit, sizes.len());
            for input in inputs(&sizes) {
                encoded.push(&input);
            }
            let encoded: Vec<_> = encoded.finish();
            let cut = InputCut::all(inputs(&sizes), limit);
            let told: Vec<_> = cut.iter().map(|c| (c.places.clone(), c.bytes)).collect();
            let seen = encoded.iter();
            let seen = seen.map(|c| {
                let places = c.first.get()..c.last.get() + 1;
                (places, c.record.payload().len())
            });
            assert_eq!(told, seen.collect::<Vec<_>>(), "{limit}");
        }
    }

    #[test]
    fn its_bytes_are_those_of_a_chunk_that_was_encoded_at_once() {
        let mut encoded = InputChunks::new(usize::MAX, 2);
        for input in inputs(&[5, 300]) {
            encoded.push(&input);
        }
        let payload = encoded.finish().remove(0).record.payload().to_vec();
        let chunk = chunk(&[5, 300]);
        assert_eq!(chunk.encode(), frame(b"key", 1, &payload));
        assert_eq!(chunk.encode().len(), chunk.value_bytes());
        assert_eq!(chunk.encoded(), chunk.encode());
    }

    #[test]
    fn it_has_its_own_inputs_and_no_others() {
        let cut = InputCut::all(inputs(&[1, 2, 3, 4]), 50);
        let own = cut.into_iter().map(|cut| {
            let chunk = UnencodedChunk::new(Vec::new(), cut);
            [0, 1, 2, 3, 4].map(|at| chunk.input(Ordinal::new(at)).is_some())
        });
        let own: Vec<_> = own.collect();
        let first = [true, true, false, false, false];
        assert_eq!(own, [first, [false, false, true, true, false]]);
    }
}
