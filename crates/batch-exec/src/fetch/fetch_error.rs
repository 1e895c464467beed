use std::io;
use std::time::Duration;

use thiserror::Error;

use super::ContentKind;
use crate::executor::{InputError, Outcome};
use crate::outbound::OutboundError;

/// A file was not fetched.
///
/// Returned by an executor it is recorded under [`reason`](Self::reason), and where trying
/// again cannot help it fails the run for good.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The run's input is no url. Final.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There was no answer, or it broke off, or it is not allowed.
    #[error(transparent)]
    Call(#[from] OutboundError),
    /// The server does not give it. Final, unless the status says that it may later.
    #[error("the server answered {status}")]
    Status {
        /// What it said.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It is not what it may be. Final.
    #[error("the file is {kind}, which is not allowed")]
    Kind {
        /// What it is.
        kind: ContentKind,
    },
    /// It could not be written to a temporary file.
    #[error("could not write the file")]
    Disk(#[from] io::Error),
}

impl FetchError {
    /// The url, or where it leads, is not allowed.
    pub const REFUSED: &'static str = "FETCH_REFUSED";
    /// The server does not give the file.
    pub const STATUS: &'static str = "FETCH_STATUS";
    /// The file is larger than it may be.
    pub const TOO_LARGE: &'static str = "FETCH_TOO_LARGE";
    /// The file is not of a kind that it may be.
    pub const KIND: &'static str = "FETCH_KIND";
    /// It took too long.
    pub const TIMED_OUT: &'static str = "FETCH_TIMED_OUT";
    /// The connection or the disk failed.
    pub const FAILED: &'static str = "FETCH_FAILED";

    /// The word for programs that it is recorded under.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Input(_) => InputError::REASON,
            Self::Status { .. } => Self::STATUS,
            Self::Kind { .. } => Self::KIND,
            Self::Call(OutboundError::TooLarge { .. }) => Self::TOO_LARGE,
            Self::Call(OutboundError::TimedOut { .. }) => Self::TIMED_OUT,
            Self::Call(OutboundError::Connection) | Self::Disk(_) => Self::FAILED,
            Self::Call(_) => Self::REFUSED,
        }
    }

    /// Whether trying again cannot help.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Input(_) | Self::Kind { .. } => true,
            Self::Call(error) => error.is_final(),
            Self::Status { status, .. } => !matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Disk(_) => false,
        }
    }

    /// The outcome of an attempt that ends with it. Unlike `?` it waits for as long as the
    /// server asks.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        let (reason, message) = (self.reason(), self.to_string());
        match self {
            it if it.is_final() => Outcome::fail(reason, message),
            Self::Status {
                retry_after: Some(wait),
                ..
            } => Outcome::retry_after(wait, reason, message),
            _ => Outcome::retry(reason, message),
        }
    }
}
