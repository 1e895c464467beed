use batch_core::valid::Source;
use thiserror::Error;

/// The input is not of the kind that the executor asked for.
///
/// Trying again cannot help, so an executor that returns it fails the run for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the input is {found}, not {wanted}")]
pub struct InputError {
    wanted: &'static str,
    found: &'static str,
}

impl InputError {
    /// The word for programs that it is recorded under.
    pub const REASON: &'static str = "WRONG_INPUT";

    pub(super) fn new(wanted: &'static str, found: &Source) -> Self {
        let found = match found {
            Source::Url { .. } => "a url",
            Source::File { .. } => "a file id",
            Source::Text { .. } => "a text",
            _ => "of a newer kind",
        };
        Self { wanted, found }
    }
}
