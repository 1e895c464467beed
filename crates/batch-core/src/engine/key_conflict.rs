use super::difference::{self, Difference, Side};
use super::{SubmitError, Unshown};
use crate::batch::{Batch, Extent};
use crate::id::{BatchId, IdempotencyKey};
use crate::ordinal::OrdinalSet;
use crate::storage::{NewBatch, Storage, StorageError};
use crate::valid::ValidInput;

/// Says in what a refused batch differs from the stored one that has its key.
///
/// `first` is the place of its first input in the submission. What cannot be
/// read any more leaves the difference out; the conflict stands all the same.
pub(super) async fn explain(
    storage: &dyn Storage,
    key: IdempotencyKey,
    stored: BatchId,
    given: &NewBatch,
    first: u64,
) -> SubmitError {
    let found = find(storage, stored, given, first).await;
    let found = found.unwrap_or_else(|error| {
        tracing::debug!(%error, batch = %stored, "the difference could not be read");
        Err(Unshown::Unread)
    });
    SubmitError::KeyConflict {
        key,
        batch: stored,
        unshown: found.as_ref().err().copied(),
        first_difference: found.ok().map(Box::new),
    }
}

async fn find(
    storage: &dyn Storage,
    id: BatchId,
    given: &NewBatch,
    first: u64,
) -> Result<Result<Difference, Unshown>, StorageError> {
    let Some(batch) = storage.batch(id).await? else {
        return Ok(Err(Unshown::Unread));
    };
    if let Some(difference) = difference::of_requests(&batch, given) {
        return Ok(Ok(difference));
    }
    let extent = extent(storage, &batch).await?;
    let Some(inputs) = all_inputs(storage, &batch).await? else {
        return Ok(Err(Unshown::Unread));
    };
    let stored = Side {
        inputs: &inputs,
        extent,
    };
    let given = Side {
        inputs: given.content.inputs(),
        extent: given.extent,
    };
    let difference = difference::of_inputs(stored, given, first);
    Ok(difference.ok_or_else(|| unshown(stored.inputs, given.inputs)))
}

/// What differs between inputs that are equal in all that may be compared.
fn unshown(stored: &[ValidInput], given: &[ValidInput]) -> Unshown {
    let mut inputs = stored.iter().chain(given);
    match inputs.any(|input| !input.secret_names().is_empty()) {
        true => Unshown::Secrets,
        false => Unshown::Version,
    }
}

/// Whether the stored batch is the last of its submission.
async fn extent(storage: &dyn Storage, batch: &Batch) -> Result<Extent, StorageError> {
    let submission = storage.submission(batch.submission).await?;
    let last = submission
        .filter(|s| s.extent == Extent::Complete)
        .is_some_and(|s| batch.part.saturating_add(1) == s.batches);
    Ok(if last { Extent::Complete } else { Extent::Open })
}

/// All inputs of a batch; `None` where one is missing, so that places would not fit.
async fn all_inputs(
    storage: &dyn Storage,
    batch: &Batch,
) -> Result<Option<Vec<ValidInput>>, StorageError> {
    let total = u32::try_from(batch.counts.total()).unwrap_or(u32::MAX);
    let all = OrdinalSet::up_to(total);
    let inputs = storage.inputs(batch.id, all).await?;
    Ok(u32::try_from(inputs.len())
        .is_ok_and(|read| read == total)
        .then_some(inputs))
}
