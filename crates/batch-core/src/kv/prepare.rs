use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Value;
use super::belongings::Belongings;
use super::key;
use super::machine::PreparedBatch;
use super::record::{Fingerprint, InputChunks, InputCut, OpenFrame, UnencodedChunk, encode};
use crate::id::BatchId;
use crate::ordinal::Ordinal;
use crate::request::Timing;
use crate::storage::{NewBatch, StorageError};
use crate::valid::{ValidBatch, ValidInput};

/// How a map is given inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputForm {
    /// As bytes.
    Encoded,
    /// As they are, but where their bytes are needed all the same.
    Unencoded,
}

/// Makes of a batch what is put into the store, on the caller's thread: who owns the store has
/// nothing left to copy or to check.
///
/// `share` is what one value takes; chunks of inputs are cut to it.
///
/// # Errors
///
/// `Invalid` for an input that is larger than a record may be on this store.
pub(super) fn prepare(
    mut batch: NewBatch,
    share: usize,
    form: InputForm,
    fingerprint_key: &[u8; 32],
) -> Result<PreparedBatch, StorageError> {
    let inputs = std::mem::take(&mut batch.content.inputs);
    let total = u32::try_from(inputs.len()).unwrap_or(u32::MAX);
    let mut print =
        (batch.content.idempotency_key.is_some()).then(|| FingerprintMaker::new(fingerprint_key));
    let made = match (form, &mut print) {
        (InputForm::Unencoded, None) => keep_inputs(batch.id, inputs, share)?,
        (_, print) => write_inputs(batch.id, inputs, share, print.as_mut())?,
    };
    let fingerprint = print.map(|print| print.finish(&batch));
    let content = batch.content;
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
        total,
        with_secrets: made.with_secrets,
        bytes: u64::try_from(made.belongings.bytes()).unwrap_or(u64::MAX),
        belongings: made.belongings,
    })
}

/// Inputs and secrets of a batch, ready to be put.
struct Made {
    belongings: Belongings,
    with_secrets: u32,
}

/// Encodes all inputs, and tells a fingerprint of them.
fn write_inputs(
    id: BatchId,
    inputs: Vec<ValidInput>,
    share: usize,
    mut print: Option<&mut FingerprintMaker>,
) -> Result<Made, StorageError> {
    let mut chunks = InputChunks::new(share, inputs.len());
    let mut secrets = Secrets::default();
    // Each input is dropped as soon as it is encoded: the next chunk then has its memory.
    for (number, input) in (0..).zip(inputs) {
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
    let mut belongings = Belongings::default();
    for chunk in chunks.finish() {
        belongings.add(&key::inputs(id, chunk.last), chunk.record, share)?;
    }
    add_secrets(belongings, id, secrets, share)
}

/// Leaves inputs as they are, in the chunks that they would be encoded in.
///
/// Their secrets are records of their own as ever: they go before the inputs do.
fn keep_inputs(
    id: BatchId,
    mut inputs: Vec<ValidInput>,
    share: usize,
) -> Result<Made, StorageError> {
    let mut secrets = Secrets::default();
    for (number, input) in (0..).zip(&mut inputs) {
        if !input.secrets().is_empty() {
            let hidden = OpenFrame::of(&input.take_secrets());
            secrets.push((Ordinal::new(number), hidden));
        }
    }
    let mut belongings = Belongings::default();
    for cut in InputCut::all(inputs, share) {
        let key = key::inputs(id, Ordinal::new(cut.end() - 1));
        if cut.bytes > share {
            // One input that spans values: they are bytes.
            belongings.add(&key, cut.encode().record, share)?;
            continue;
        }
        let key = key::part(&key, 0);
        let chunk = UnencodedChunk::new(key.clone(), cut);
        belongings.push(key, Value::Unencoded(Box::new(chunk)));
    }
    add_secrets(belongings, id, secrets, share)
}

/// The encoded secrets of those inputs that have any.
type Secrets = Vec<(Ordinal, OpenFrame)>;

fn add_secrets(
    mut belongings: Belongings,
    id: BatchId,
    secrets: Secrets,
    share: usize,
) -> Result<Made, StorageError> {
    let with_secrets = u32::try_from(secrets.len()).unwrap_or(u32::MAX);
    for (ordinal, hidden) in secrets {
        belongings.add(&key::secrets(id, ordinal), hidden, share)?;
    }
    Ok(Made {
        belongings,
        with_secrets,
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

    /// The fingerprint of a request whose inputs it was told, with all else that it asks for.
    fn finish(mut self, batch: &NewBatch) -> Fingerprint {
        let content: &ValidBatch = &batch.content;
        // A later part asks for what the first was resolved to, which nobody knows any more
        // once the first has been pruned.
        let version = (batch.part == 0).then_some(content.version);
        let asked = (&content.workflow, version, content.priority);
        let place = (batch.part, batch.extent, batch.retry_of);
        self.add(&encode(&(asked, place)));
        // Left out where nothing is said, so that it adds nothing to what older programs stored.
        if content.timing != Timing::default() {
            self.add(&encode(&content.timing.as_millis()));
        }
        if let Some(share) = &content.share {
            self.add(&encode(share));
        }
        Fingerprint(self.0.finalize().into_bytes().into())
    }
}
