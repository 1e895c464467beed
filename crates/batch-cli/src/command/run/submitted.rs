use batch_core::engine::{Interrupted, SubmissionHandle};

/// How far submitting files got.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// Every file is stored.
    Whole(SubmissionHandle),
    /// There was no room for more; the first ones are stored.
    Part(Box<Interrupted>),
}
