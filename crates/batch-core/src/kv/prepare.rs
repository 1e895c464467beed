use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::machine::{Belongings, PreparedBatch};
use super::record::{Fingerprint, InputChunks, encode};
use crate::ordinal::Ordinal;
use crate::request::Timing;
use crate::storage::{ErrorKind, NewBatch, StorageError};

/// Encodes a batch for the store, on the caller's thread.
///
/// `share` is what one value takes; chunks of inputs are cut to it.
pub(super) fn prepare(batch: NewBatch, share: usize, fingerprint_key: &[u8; 32]) -> PreparedBatch {
    let content = batch.content;
    let mut print = content
        .idempotency_key
        .is_some()
        .then(|| FingerprintMaker::new(fingerprint_key));
    let mut chunks = InputChunks::new(share);
    let mut secrets = Vec::new();
    for (number, input) in (0..).zip(&content.inputs) {
        let encoded = chunks.push(input);
        let hidden = match input.secrets().is_empty() {
            true => Vec::new(),
            false => encode(input.secrets()),
        };
        if let Some(print) = &mut print {
            print.add(encoded);
            print.add(&hidden);
        }
        if !hidden.is_empty() {
            secrets.push((Ordinal::new(number), hidden));
        }
    }
    let fingerprint = print.map(|mut print| {
        // A later part asks for what the first was resolved to, which nobody knows any more
        // once the first has been pruned.
        let version = (batch.part == 0).then_some(content.version);
        let asked = (&content.workflow, version, content.priority);
        let place = (batch.part, batch.extent, batch.retry_of);
        print.add(&encode(&(asked, place)));
        // Left out where nothing is said, so that it adds nothing to what older programs stored.
        if content.timing != Timing::default() {
            print.add(&encode(&content.timing.as_millis()));
        }
        if let Some(share) = &content.share {
            print.add(&encode(share));
        }
        print.finish()
    });
    let belongings = Belongings {
        chunks: chunks.finish(),
        secrets,
    };
    PreparedBatch {
        id: batch.id,
        submission: batch.submission,
        part: batch.part,
        extent: batch.extent,
        retry_of: batch.retry_of,
        queue_bound: batch.queue_bound,
        workflow: content.workflow,
        selector: content.version,
        priority: content.priority,
        timing: content.timing,
        share: content.share,
        key: content.idempotency_key,
        fingerprint,
        total: u32::try_from(content.inputs.len()).unwrap_or(u32::MAX),
        with_secrets: u32::try_from(belongings.secrets.len()).unwrap_or(u32::MAX),
        bytes: u64::try_from(belongings.bytes()).unwrap_or(u64::MAX),
        belongings,
    }
}

/// HMAC-SHA256 over the pieces of a request, each with its length before it.
struct FingerprintMaker(Hmac<Sha256>);

impl FingerprintMaker {
    fn new(key: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    fn add(&mut self, piece: &[u8]) {
        self.0.update(&(piece.len() as u64).to_le_bytes());
        self.0.update(piece);
    }

    fn finish(self) -> Fingerprint {
        Fingerprint(self.0.finalize().into_bytes().into())
    }
}

impl Belongings {
    /// Refuses a piece that is larger than a record may be on this store.
    pub(super) fn check_sizes(&self, limit: usize) -> Result<(), StorageError> {
        let chunks = self.chunks.iter().map(|chunk| chunk.payload.len());
        let secrets = self.secrets.iter().map(|(_, secrets)| secrets.len());
        match chunks.chain(secrets).find(|bytes| *bytes > limit) {
            None => Ok(()),
            Some(bytes) => Err(StorageError::new(
                ErrorKind::Invalid,
                format!("store an input of {bytes} bytes: this store takes {limit} at most"),
            )),
        }
    }

    /// Cuts off a slice of about `bytes`; at least one piece, if there is any.
    pub(super) fn cut(&mut self, bytes: usize) -> Self {
        let mut slice = Self::default();
        let mut room = bytes;
        let mut taken = 0;
        for chunk in &self.chunks {
            if taken > 0 && chunk.payload.len() > room {
                break;
            }
            room = room.saturating_sub(chunk.payload.len());
            taken += 1;
        }
        slice.chunks.extend(self.chunks.drain(..taken));
        if self.chunks.is_empty() {
            let mut taken = 0;
            for (_, secrets) in &self.secrets {
                if (taken > 0 || !slice.chunks.is_empty()) && secrets.len() > room {
                    break;
                }
                room = room.saturating_sub(secrets.len());
                taken += 1;
            }
            slice.secrets.extend(self.secrets.drain(..taken));
        }
        slice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::record::InputChunk;

    fn belongings(chunks: &[usize], secrets: &[usize]) -> Belongings {
        let chunk = |(number, bytes): (u32, &usize)| InputChunk {
            first: Ordinal::new(number),
            last: Ordinal::new(number),
            payload: vec![0; *bytes],
        };
        let secret = |(number, bytes): (u32, &usize)| (Ordinal::new(number), vec![0; *bytes]);
        Belongings {
            chunks: (0..).zip(chunks).map(chunk).collect(),
            secrets: (0..).zip(secrets).map(secret).collect(),
        }
    }

    fn sizes(slice: &Belongings) -> (Vec<usize>, Vec<usize>) {
        let chunks = slice.chunks.iter().map(|chunk| chunk.payload.len());
        let secrets = slice.secrets.iter().map(|(_, secrets)| secrets.len());
        (chunks.collect(), secrets.collect())
    }

    fn slices(mut all: Belongings, bytes: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut slices = Vec::new();
        while all.bytes() > 0 {
            slices.push(sizes(&all.cut(bytes)));
            assert!(slices.len() < 100, "cutting comes to no end");
        }
        slices
    }

    #[test]
    fn slices_are_as_full_as_their_size_allows() {
        let cut = slices(belongings(&[4, 6, 5, 5, 1], &[]), 10);
        assert_eq!(
            cut,
            [
                (vec![4, 6], vec![]),
                (vec![5, 5], vec![]),
                (vec![1], vec![])
            ]
        );
    }

    #[test]
    fn a_piece_that_fits_no_slice_has_one_to_itself() {
        let cut = slices(belongings(&[30, 2], &[20, 1]), 10);
        assert_eq!(
            cut,
            [
                (vec![30], vec![]),
                (vec![2], vec![]),
                (vec![], vec![20]),
                (vec![], vec![1])
            ]
        );
    }

    #[test]
    fn secrets_fill_what_the_last_chunks_leave() {
        let cut = slices(belongings(&[4], &[3, 3, 3]), 10);
        assert_eq!(cut, [(vec![4], vec![3, 3]), (vec![], vec![3])]);
    }

    #[test]
    fn the_largest_piece_that_is_taken_is_the_limit() {
        for (piece, secret) in [(10, 0), (0, 10)] {
            assert!(belongings(&[piece], &[secret]).check_sizes(10).is_ok());
            let refused = belongings(&[piece], &[secret]).check_sizes(9).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Invalid);
        }
    }
}
