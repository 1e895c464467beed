use std::process::ExitCode;

use batch_core::batch::Counts;

/// How the program ends, as its exit status tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Every run was processed, or the command did what it was asked to: 0.
    Succeeded,
    /// Some runs failed or were cancelled: 1.
    SomeFailed,
    /// A usage error, or the store failed: 2.
    Refused,
    /// A signal ended the work before its end: 128 and its number.
    Interrupted(u8),
}

impl Ending {
    /// The ending that fits runs which have all ended.
    pub(crate) const fn of(counts: &Counts) -> Self {
        if counts.all_processed() {
            Self::Succeeded
        } else {
            Self::SomeFailed
        }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Succeeded => 0,
            Ending::SomeFailed => 1,
            Ending::Refused => 2,
            Ending::Interrupted(signal) => 128_u8.saturating_add(signal),
        })
    }
}
