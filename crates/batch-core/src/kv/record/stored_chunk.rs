use serde::Deserialize;
use serde::de::IgnoredAny;

use super::decode;
use super::input_chunk::{HAS_PLACES, PLACE_BYTES, PREFIX_BYTES};
use super::input_reader::read_input;
use crate::ordinal::Ordinal;
use crate::storage::{ErrorKind, StorageError};
use crate::valid::ValidInput;

/// A chunk of inputs as it was read: each input is decoded when it is asked for.
#[derive(Debug)]
pub(in crate::kv) struct StoredChunk {
    payload: Vec<u8>,
    first: u32,
    places: Places,
}

/// Where the inputs of a chunk are.
#[derive(Debug)]
struct Places {
    begins: Vec<u32>,
    /// Where the last one ends.
    end: usize,
}

impl StoredChunk {
    /// The first ordinal of a chunk and how many inputs it has; `None` for bytes that are no chunk.
    pub(in crate::kv) fn extent(payload: &[u8]) -> Option<(u32, u32)> {
        let (first, count) = prefix(payload)?;
        Some((first, count & !HAS_PLACES))
    }

    /// Finds out where the inputs of a chunk are. `what` names it in the error.
    pub(in crate::kv) fn read(
        payload: Vec<u8>,
        what: impl Fn() -> String,
    ) -> Result<Self, StorageError> {
        let damaged = || StorageError::new(ErrorKind::Damaged, what());
        let (first, count) = prefix(&payload).ok_or_else(damaged)?;
        let places = match count & HAS_PLACES {
            0 => Places::walk(&payload, count).map_err(|e| damaged().caused_by(e))?,
            _ => Places::listed(&payload, count & !HAS_PLACES).ok_or_else(damaged)?,
        };
        Ok(Self {
            payload,
            first,
            places,
        })
    }

    /// The ordinal after its last.
    pub(in crate::kv) fn end(&self) -> u32 {
        let count = u32::try_from(self.places.begins.len()).unwrap_or(u32::MAX);
        self.first.saturating_add(count)
    }

    /// Decodes one input; `None` where it is in another chunk.
    pub(in crate::kv) fn input(
        &self,
        ordinal: Ordinal,
        what: impl Fn() -> String,
    ) -> Result<Option<ValidInput>, StorageError> {
        let at = ordinal.get().checked_sub(self.first);
        let place = at.and_then(|at| self.places.of(at as usize));
        let bytes = place.and_then(|place| self.payload.get(place));
        let read = |bytes| read_input(bytes).map_or_else(|| decode(bytes, what), Ok);
        bytes.map(read).transpose()
    }

    /// Decodes all its inputs.
    pub(in crate::kv) fn inputs(
        &self,
        what: impl Fn() -> String,
    ) -> Result<Vec<ValidInput>, StorageError> {
        let each = (self.first..self.end()).map(|at| self.input(Ordinal::new(at), &what));
        each.filter_map(Result::transpose).collect()
    }
}

impl Places {
    /// As the end of the chunk lists them.
    fn listed(payload: &[u8], count: u32) -> Option<Self> {
        let bytes = PLACE_BYTES.checked_mul(count as usize)?;
        let end = payload.len().checked_sub(bytes)?;
        let (list, _) = payload[end..].as_chunks::<PLACE_BYTES>();
        let begins: Vec<u32> = list.iter().map(|b| u32::from_le_bytes(*b)).collect();
        let first = begins.first().is_none_or(|b| *b as usize == PREFIX_BYTES);
        let last = begins.last().is_none_or(|b| (*b as usize) < end);
        (first && last && begins.is_sorted()).then_some(Self { begins, end })
    }

    /// By decoding one input after the other, for chunks of the first format.
    fn walk(payload: &[u8], count: u32) -> Result<Self, rmp_serde::decode::Error> {
        let mut rest = &payload[PREFIX_BYTES..];
        let mut begins = Vec::new();
        for _ in 0..count {
            // A store takes no chunk of 4 GiB.
            begins.push((payload.len() - rest.len()) as u32);
            IgnoredAny::deserialize(&mut rmp_serde::Deserializer::new(&mut rest))?;
        }
        let end = payload.len() - rest.len();
        Ok(Self { begins, end })
    }

    fn of(&self, at: usize) -> Option<std::ops::Range<usize>> {
        let begin = *self.begins.get(at)? as usize;
        let next = self.begins.get(at + 1);
        Some(begin..next.map_or(self.end, |next| *next as usize))
    }
}

/// The first ordinal, and the count with its mark.
fn prefix(payload: &[u8]) -> Option<(u32, u32)> {
    let (first, rest) = payload.split_first_chunk()?;
    let count = rest.first_chunk()?;
    Some((u32::from_le_bytes(*first), u32::from_le_bytes(*count)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::record::{InputChunks, encode};
    use crate::request::Secrets;
    use crate::valid::{Metadata, Source};

    fn input(text: &str) -> ValidInput {
        let text = text.to_owned();
        let source = Source::Text { text, name: None };
        ValidInput::new(source, None, Metadata::default(), Secrets::new())
    }

    fn three() -> Vec<ValidInput> {
        ["a", "", "ccc"].map(input).to_vec()
    }

    fn written() -> Vec<u8> {
        let mut chunks = InputChunks::new(1_000, 3);
        for input in three() {
            chunks.push(&input);
        }
        chunks.finish().remove(0).record.payload().to_vec()
    }

    /// A chunk without places, as the first format has them.
    fn of_the_first_format(from: u32) -> Vec<u8> {
        let inputs: Vec<u8> = three().iter().flat_map(encode).collect();
        [&from.to_le_bytes()[..], &3u32.to_le_bytes(), &inputs].concat()
    }

    fn read(payload: Vec<u8>) -> Result<StoredChunk, StorageError> {
        StoredChunk::read(payload, || "a chunk".into())
    }

    #[test]
    fn an_input_is_read_without_the_others() {
        let mut payload = written();
        let damage = payload.iter().position(|byte| *byte == b'a').unwrap();
        payload[damage] = 0xff;
        let chunk = read(payload).unwrap();
        let input = |at| chunk.input(Ordinal::new(at), String::new);
        assert_eq!(input(2).unwrap(), Some(three()[2].clone()));
        assert_eq!(input(0).unwrap_err().kind(), ErrorKind::Damaged);
    }

    #[test]
    fn a_chunk_of_the_first_format_reads_the_same() {
        let chunk = read(of_the_first_format(7)).unwrap();
        assert_eq!(chunk.inputs(String::new).unwrap(), three());
        let input = chunk.input(Ordinal::new(9), String::new).unwrap();
        assert_eq!(input, Some(three()[2].clone()));
    }

    #[test]
    fn what_lies_before_and_behind_a_chunk_is_not_in_it() {
        let chunk = read(of_the_first_format(7)).unwrap();
        assert_eq!(chunk.end(), 10);
        for other in [6, 10] {
            assert_eq!(chunk.input(Ordinal::new(other), String::new).unwrap(), None);
        }
    }

    #[test]
    fn the_extent_of_a_chunk_is_told_alike_for_both_formats() {
        assert_eq!(StoredChunk::extent(&written()), Some((0, 3)));
        assert_eq!(StoredChunk::extent(&of_the_first_format(0)), Some((0, 3)));
    }

    #[test]
    fn places_that_lead_out_of_the_chunk_or_back_are_damage() {
        let whole = written();
        let last = whole.len() - PLACE_BYTES;
        for (at, wrong) in [(last, u32::MAX), (last, 0), (last - 2 * PLACE_BYTES, 9)] {
            let mut payload = whole.clone();
            payload[at..at + PLACE_BYTES].copy_from_slice(&wrong.to_le_bytes());
            assert_eq!(read(payload).unwrap_err().kind(), ErrorKind::Damaged);
        }
    }

    #[test]
    fn a_chunk_that_is_cut_short_is_damage_and_never_a_panic() {
        for payload in [written(), of_the_first_format(0)] {
            for bytes in 0..payload.len() {
                let whole = read(payload[..bytes].to_vec());
                let inputs = whole.and_then(|chunk| chunk.inputs(String::new));
                assert!(inputs.is_err() || inputs.is_ok_and(|found| found != three()));
            }
        }
    }
}
