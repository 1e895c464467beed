use std::sync::Arc;

use async_trait::async_trait;
use batch_core::journal::Event;

use super::{Gap, SinkError};

/// Receives every event, after the commit that it reports.
///
/// A closure `|event: &Event| ..` is one. It runs on a thread of the runtime,
/// so it must not block.
///
/// # What a sink may rely on
///
/// - Events come in the order of the journal, and so in order for each run and
///   each batch; `batch.finished` comes after the last event of its runs.
/// - None is left out, but for a stretch that was trimmed before the sink came
///   to it: then it is told of the [`Gap`].
/// - An event may come again, with the same id: after an error, and after the
///   process died. Its cursor is durable under the sink's name.
/// - A slow, failing or panicking sink delays nobody but itself.
#[async_trait]
pub trait EventSink: Send + Sync + 'static {
    /// Takes some events, in order.
    ///
    /// # Errors
    ///
    /// After an error, or a panic, the same events are delivered again a while later.
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError>;

    /// Hears that a stretch of the journal is gone. By default it is only logged.
    ///
    /// # Errors
    ///
    /// After an error, or a panic, the gap is told again a while later.
    async fn gap(&self, gap: Gap) -> Result<(), SinkError> {
        let _ = gap;
        Ok(())
    }
}

#[async_trait]
impl<F: Fn(&Event) + Send + Sync + 'static> EventSink for F {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        events.iter().for_each(self);
        Ok(())
    }
}

#[async_trait]
impl<T: EventSink + ?Sized> EventSink for Arc<T> {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        T::deliver(self, events).await
    }

    async fn gap(&self, gap: Gap) -> Result<(), SinkError> {
        T::gap(self, gap).await
    }
}
