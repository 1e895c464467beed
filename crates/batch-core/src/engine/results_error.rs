use thiserror::Error;

use crate::id::SubmissionId;
use crate::storage::StorageError;

/// The next result of a submission could not be given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// There is no such submission: there never was, or all of it is gone.
    #[error("there is no {0}")]
    SubmissionNotFound(SubmissionId),
    /// The journal tells no more in which order some of the runs ended: its oldest entries were
    /// pruned. Read them in the order of the inputs.
    #[error(
        "the journal no longer tells when {missing} runs of {submission} ended: read them in the \
         order of the inputs"
    )]
    Trimmed {
        /// The submission.
        submission: SubmissionId,
        /// How many runs have ended that were not given, and will not be. Where the reading went
        /// on from a position and batches are gone since, it is at most so many.
        missing: u64,
    },
    /// The storage could not read. The next call tries again.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
