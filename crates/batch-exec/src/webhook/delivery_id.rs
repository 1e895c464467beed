use std::fmt;
use std::str::FromStr;

use batch_core::id::BatchId;
use batch_core::journal::{Event, EventId, Facet, Sequence};
use batch_core::ordinal::Ordinal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Identifies an event to receivers: the same however often it is delivered, and used by no
/// other event of any store.
///
/// An [`EventId`] is unique within its store; a receiver may hear of several. So this
/// carries the batch too: `event_`, the batch's 32 hexadecimal digits, `_`, the place in
/// the journal, and where the event is about a run `_` and its ordinal, or where the place
/// makes several events about the batch `_` and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DeliveryId {
    event: EventId,
    batch: BatchId,
}

/// A text is no id of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is no id of a delivery: such an id is event_BATCH_SEQUENCE, event_BATCH_SEQUENCE_ORDINAL or event_BATCH_SEQUENCE_WORD"
)]
pub struct InvalidDeliveryId {
    text: String,
}

impl DeliveryId {
    /// The id under which an event is delivered.
    #[must_use]
    pub const fn of(event: &Event) -> Self {
        Self::new(event.id, event.batch)
    }

    pub(super) const fn new(event: EventId, batch: BatchId) -> Self {
        Self { event, batch }
    }

    /// The event's id in its store.
    #[must_use]
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// The batch the event is about.
    #[must_use]
    pub const fn batch(&self) -> BatchId {
        self.batch
    }

    /// A number that differs from delivery to delivery and from try to try.
    pub(super) fn seed(&self, tries: u32) -> u64 {
        let (high, low) = self.batch.as_uuid().as_u64_pair();
        let ordinal = self.event.ordinal.map_or(0, |it| u64::from(it.get()) + 1);
        let facet = self
            .event
            .facet
            .map_or(0, |it| u64::from(it.as_str().as_bytes()[0]));
        let place = self.event.sequence.get().rotate_left(32) ^ ordinal ^ facet.rotate_left(56);
        high ^ low.rotate_left(17) ^ place.rotate_left(7) ^ u64::from(tries)
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.batch.as_uuid().simple();
        write!(f, "event_{digits}_{}", self.event.sequence)?;
        if let Some(ordinal) = self.event.ordinal {
            write!(f, "_{ordinal}")?;
        }
        match self.event.facet {
            Some(facet) => write!(f, "_{facet}"),
            None => Ok(()),
        }
    }
}

impl FromStr for DeliveryId {
    type Err = InvalidDeliveryId;

    fn from_str(text: &str) -> Result<Self, InvalidDeliveryId> {
        parse(text).ok_or_else(|| InvalidDeliveryId {
            text: text.to_owned(),
        })
    }
}

fn parse(text: &str) -> Option<DeliveryId> {
    let mut parts = text.strip_prefix("event_")?.split('_');
    let batch = format!("batch_{}", parts.next()?).parse().ok()?;
    let sequence = Sequence::new(parts.next()?.parse().ok()?);
    let event = match parts.next() {
        Some(last) => match Facet::ALL.into_iter().find(|it| it.as_str() == last) {
            Some(facet) => EventId::of_facet(sequence, facet),
            None => EventId::of_run(sequence, Ordinal::new(last.parse().ok()?)),
        },
        None => EventId::of_batch(sequence),
    };
    let id = DeliveryId::new(event, batch);
    // One id has one way of being written.
    (id.to_string() == text).then_some(id)
}

impl From<DeliveryId> for String {
    fn from(id: DeliveryId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for DeliveryId {
    type Error = InvalidDeliveryId;

    fn try_from(text: String) -> Result<Self, InvalidDeliveryId> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_printed_and_only_so() {
        let batch = BatchId::generate();
        let seven = Sequence::new(7);
        let of_run = |ordinal| EventId::of_run(seven, Ordinal::new(ordinal));
        let facets = Facet::ALL.map(|facet| EventId::of_facet(seven, facet));
        let events = [EventId::of_batch(seven), of_run(0), of_run(u32::MAX)];
        for event in events.into_iter().chain(facets) {
            let id = DeliveryId::new(event, batch);
            let printed = id.to_string();
            assert_eq!(printed.parse(), Ok(id));
            assert!(!printed.contains('.'), "Standard Webhooks forbids it");
            for odd in [
                format!("{printed}_"),
                format!(" {printed}"),
                printed.replace("_7", "_07"),
                printed.replace("_7", "_+7"),
            ] {
                assert!(odd.parse::<DeliveryId>().is_err(), "{odd}");
            }
        }
        assert!("event_7".parse::<DeliveryId>().is_err());
    }
}
