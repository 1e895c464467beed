use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::belongings::Belongings;
use super::key;
use super::machine::PreparedBatch;
use super::record::{Fingerprint, InputChunks, OpenFrame, encode};
use crate::ordinal::Ordinal;
use crate::request::Timing;
use crate::storage::{NewBatch, StorageError};

/// Encodes a batch for the store, on the caller's thread: who owns the store has nothing left to
/// copy or to check.
///
/// `share` is what one value takes; chunks of inputs are cut to it.
///
/// # Errors
///
/// `Invalid` for an input that is larger than a record may be on this store.
pub(super) fn prepare(
    batch: NewBatch,
    share: usize,
    fingerprint_key: &[u8; 32],
) -> Result<PreparedBatch, StorageError> {
    let content = batch.content;
    let inputs = content.inputs.len();
    let mut print = content
        .idempotency_key
        .is_some()
        .then(|| FingerprintMaker::new(fingerprint_key));
    let mut chunks = InputChunks::new(share, inputs);
    let mut secrets = Vec::new();
    // Each input is dropped as soon as it is encoded: the next chunk then has its memory.
    for (number, input) in (0..).zip(content.inputs) {
        let encoded = chunks.push(&input);
        let hidden = (!input.secrets().is_empty()).then(|| OpenFrame::of(input.secrets()));
        if let Some(print) = &mut print {
            print.add(encoded);
            print.add(hidden.as_ref().map_or(&[], OpenFrame::payload));
        }
        if let Some(hidden) = hidden {
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
    let with_secrets = u32::try_from(secrets.len()).unwrap_or(u32::MAX);
    let mut belongings = Belongings::default();
    for chunk in chunks.finish() {
        belongings.add(&key::inputs(batch.id, chunk.last), chunk.record, share)?;
    }
    for (ordinal, hidden) in secrets {
        belongings.add(&key::secrets(batch.id, ordinal), hidden, share)?;
    }
    Ok(PreparedBatch {
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
        total: u32::try_from(inputs).unwrap_or(u32::MAX),
        with_secrets,
        bytes: u64::try_from(belongings.bytes()).unwrap_or(u64::MAX),
        belongings,
    })
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
