use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Facet, Sequence};
use crate::ordinal::Ordinal;

/// Identifies an event: the same event has the same id however often it is delivered.
///
/// Printed as `event_SEQUENCE`, `event_SEQUENCE_ORDINAL` or `event_SEQUENCE_FACET`. Ids order
/// as their events are delivered: those of one entry by run, and what the entry says of the
/// batch as a whole at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventId {
    /// The journal entry it comes from.
    pub sequence: Sequence,
    /// The run it is about, where it is about one.
    pub ordinal: Option<Ordinal>,
    /// Which of several events about the batch it is, where the entry makes several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facet: Option<Facet>,
}

impl EventId {
    /// The event about the batch that an entry is there for.
    #[must_use]
    pub const fn of_batch(sequence: Sequence) -> Self {
        Self {
            sequence,
            ordinal: None,
            facet: None,
        }
    }

    /// An event about a run.
    #[must_use]
    pub const fn of_run(sequence: Sequence, ordinal: Ordinal) -> Self {
        Self {
            ordinal: Some(ordinal),
            ..Self::of_batch(sequence)
        }
    }

    /// A further event about the batch.
    #[must_use]
    pub const fn of_facet(sequence: Sequence, facet: Facet) -> Self {
        Self {
            facet: Some(facet),
            ..Self::of_batch(sequence)
        }
    }
}

impl EventId {
    /// Its place among the events of its entry.
    const fn rank(&self) -> (u8, Option<Ordinal>, Option<Facet>) {
        match (self.ordinal, self.facet) {
            (Some(_), _) => (0, self.ordinal, self.facet),
            (None, Some(_)) => (1, None, self.facet),
            (None, None) => (2, None, None),
        }
    }
}

impl Ord for EventId {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_entry = self.sequence.cmp(&other.sequence);
        by_entry.then_with(|| self.rank().cmp(&other.rank()))
    }
}

impl PartialOrd for EventId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event_{}", self.sequence)?;
        if let Some(ordinal) = self.ordinal {
            write!(f, "_{ordinal}")?;
        }
        match self.facet {
            Some(facet) => write!(f, "_{facet}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_as_their_events_are_delivered() {
        let (one, two) = (Sequence::new(1), Sequence::new(2));
        let in_order = [
            EventId::of_batch(one),
            EventId::of_run(two, Ordinal::new(0)),
            EventId::of_run(two, Ordinal::new(1)),
            EventId::of_facet(two, Facet::Succeeded),
            EventId::of_facet(two, Facet::Progress),
            EventId::of_batch(two),
        ];
        assert!(in_order.is_sorted());
        let printed = in_order[2..].iter().map(ToString::to_string);
        let expected = [
            "event_2_1",
            "event_2_succeeded",
            "event_2_progress",
            "event_2",
        ];
        assert!(printed.eq(expected));
    }
}
