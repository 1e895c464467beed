use std::time::Duration;

use thiserror::Error;

use super::Refusal;

/// A call to a url did not come to an answer.
///
/// What is printed does not tell whether a port was open: every way in which a
/// connection fails reads the same. The details are logged at `DEBUG`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The url is not allowed, or where it leads. Final.
    #[error("{0}")]
    Refused(Refusal),
    /// An answer redirects more often than is followed. Final.
    #[error("the answer redirects more than {most} times")]
    Redirects {
        /// How many redirects are followed.
        most: u8,
    },
    /// An answer redirects to something that is no url. Final.
    #[error("the answer redirects to something that is no url")]
    RedirectTarget,
    /// It took too long.
    #[error("no complete answer within {limit:?}")]
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// There was no connection, or it broke, or what came was no HTTP.
    #[error("the connection failed")]
    Connection,
    /// The body has more bytes than it may have. Final.
    #[error("the body has more than {most} bytes")]
    TooLarge {
        /// How many it may have.
        most: u64,
    },
}

impl OutboundError {
    /// Whether trying again cannot help.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::TimedOut { .. } | Self::Connection)
    }
}
