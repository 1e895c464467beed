use crate::run::Run;

/// What became of the update of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateReply {
    /// The run as it now stands, without its output. Where the update changed nothing, nothing
    /// was written.
    Updated(Box<Run>),
    /// The metadata would be larger than the update allows. Nothing was changed.
    MetadataTooLarge {
        /// How many bytes it would have.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// There is no such run, or not any more.
    NotFound,
}
