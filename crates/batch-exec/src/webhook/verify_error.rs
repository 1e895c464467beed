use thiserror::Error;

/// What came was not sent by the one who has the secret, or not just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A header is missing or is not what it should be.
    #[error("the header {0} is missing or malformed")]
    Header(&'static str),
    /// It was signed too long ago, or in the future: perhaps somebody sends it once more.
    #[error("it was signed more than five minutes from now")]
    Time,
    /// No signature fits.
    #[error("no signature fits")]
    Signature,
}
