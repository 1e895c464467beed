use std::fmt;

use serde::{Deserialize, Serialize};

use super::Sequence;
use crate::ordinal::Ordinal;

/// Identifies an event: the same event has the same id however often it is delivered.
///
/// Printed as `event_SEQUENCE` or `event_SEQUENCE_ORDINAL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId {
    /// The journal entry it comes from.
    pub sequence: Sequence,
    /// The run it is about, where it is about one.
    pub ordinal: Option<Ordinal>,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event_{}", self.sequence)?;
        match self.ordinal {
            Some(ordinal) => write!(f, "_{ordinal}"),
            None => Ok(()),
        }
    }
}
