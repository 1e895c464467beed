use std::fmt;

/// What differs where a [`KeyConflict`](super::SubmitError::KeyConflict) shows no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unshown {
    /// All that may be compared is equal, and there are secrets: they differ. Or else the
    /// newest version was asked for the one time and the same version by number the other
    /// time, which cannot be told apart from that.
    Secrets,
    /// All is equal, and there are no secrets: the newest version was asked for the one
    /// time, and the same version by number the other time.
    Version,
    /// The stored batch or its inputs can no longer be read.
    Unread,
}

impl fmt::Display for Unshown {
    /// What follows "of other content".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secrets => "; only secrets differ, or how the version was asked for",
            Self::Version => "; only how the version was asked for differs",
            Self::Unread => "; what it has stored can no longer be read",
        })
    }
}
