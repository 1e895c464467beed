use std::fmt::Debug;

use super::BatchId;

/// Makes the ids of new batches.
///
/// It is the only randomness that an engine needs, so it is passed in like the
/// clock: a test that must see the same ids each time gives its own.
pub trait BatchIds: Debug + Send + Sync + 'static {
    /// An id that this store has not seen.
    fn next(&self) -> BatchId;
}

/// Ids made of the system's time and randomness: [`BatchId::generate`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct RandomBatchIds;

impl BatchIds for RandomBatchIds {
    fn next(&self) -> BatchId {
        BatchId::generate()
    }
}
