use std::fmt;

use batch_core::storage::ClaimToken;

/// How far an attempt at a run has come, as its executor says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunProgress {
    /// How much is done, in units of the executor's own.
    pub done: u64,
    /// How much there is to do, where that is known.
    pub total: Option<u64>,
    /// What it is doing, for people. At most 256 bytes.
    pub message: String,
}

impl RunProgress {
    /// The most bytes of a message.
    pub const MAX_MESSAGE_BYTES: usize = 256;

    /// Progress. A longer message is cut.
    #[must_use]
    pub fn new(done: u64, total: impl Into<Option<u64>>, message: impl Into<String>) -> Self {
        let (total, mut message) = (total.into(), message.into());
        message.truncate(message.floor_char_boundary(Self::MAX_MESSAGE_BYTES));
        Self {
            done,
            total,
            message,
        }
    }
}

impl fmt::Display for RunProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.done)?;
        if let Some(total) = self.total {
            write!(f, " of {total}")?;
        }
        match self.message.as_str() {
            "" => Ok(()),
            message => write!(f, ": {message}"),
        }
    }
}

/// The place of one worker among those of its dispatcher, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat(pub(crate) usize);

/// Takes reports of attempts, by the tokens of their claims.
pub(crate) trait Board: Send + Sync {
    /// Keeps what the attempt at a seat says last, while its claim is held.
    fn report(&self, seat: Seat, token: ClaimToken, progress: RunProgress);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_with_and_without_what_there_is_to_do() {
        let known = RunProgress::new(3, 10, "reading page 3");
        assert_eq!(known.to_string(), "3 of 10: reading page 3");
        assert_eq!(RunProgress::new(3, None, "").to_string(), "3");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let long = RunProgress::new(0, None, format!("a{}", "ä".repeat(200)));
        assert_eq!(long.message.len(), 255);
    }
}
