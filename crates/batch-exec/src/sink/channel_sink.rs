use async_trait::async_trait;
use batch_core::journal::Event;
use tokio::sync::mpsc;

use super::{EventSink, SinkError};

/// Sends events into a bounded channel. A full channel holds the sink back, and nobody else.
///
/// An event counts as delivered once it is in the channel: what the receiver
/// has not taken out when the process ends is not delivered again. A host that
/// must not miss one implements [`EventSink`] itself.
#[derive(Debug, Clone)]
pub struct ChannelSink {
    sender: mpsc::Sender<Event>,
}

impl ChannelSink {
    /// A sink that sends into this channel.
    #[must_use]
    pub const fn new(sender: mpsc::Sender<Event>) -> Self {
        Self { sender }
    }
}

#[async_trait]
impl EventSink for ChannelSink {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        for event in events {
            let sent = self.sender.send(event.clone()).await;
            sent.map_err(|_| "the receiver of the channel is gone")?;
        }
        Ok(())
    }
}
