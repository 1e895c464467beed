use std::sync::Arc;

use async_trait::async_trait;
use batch_core::id::RunId;
use batch_core::journal::Event;
use parking_lot::Mutex;

use crate::sink::{EventSink, Gap, SinkError};

/// A sink that keeps what it receives, in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct RecordingSink {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    events: Vec<Event>,
    gaps: Vec<Gap>,
    failures: u32,
}

impl RecordingSink {
    /// A sink that has received nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the next so many deliveries fail. What they carried comes again.
    pub fn fail_next(&self, deliveries: u32) {
        self.heard.lock().failures = deliveries;
    }

    /// What it has received, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.heard.lock().events.clone()
    }

    /// The names of what it has received, in order, such as `run.processed`.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let heard = self.heard.lock();
        heard.events.iter().map(|event| event.kind.name()).collect()
    }

    /// The names of what it has received of one run, in order.
    #[must_use]
    pub fn names_of(&self, run: RunId) -> Vec<&'static str> {
        let heard = self.heard.lock();
        let of_run = |event: &&Event| event.kind.run().is_some_and(|about| about.id == run);
        let events = heard.events.iter().filter(of_run);
        events.map(|event| event.kind.name()).collect()
    }

    /// The stretches of the journal it was too late for.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        self.heard.lock().gaps.clone()
    }

    /// Forgets what it has received so far.
    pub fn clear(&self) {
        let mut heard = self.heard.lock();
        heard.events.clear();
        heard.gaps.clear();
    }
}

#[async_trait]
impl EventSink for RecordingSink {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        let mut heard = self.heard.lock();
        if heard.failures > 0 {
            heard.failures -= 1;
            return Err("the test lets this delivery fail".into());
        }
        heard.events.extend_from_slice(events);
        Ok(())
    }

    async fn gap(&self, gap: Gap) -> Result<(), SinkError> {
        self.heard.lock().gaps.push(gap);
        Ok(())
    }
}
