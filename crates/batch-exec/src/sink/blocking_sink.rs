use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;

use async_trait::async_trait;
use batch_core::journal::Event;
use tokio::task::spawn_blocking;
use tracing::Span;

use super::{EventSink, SinkError};

/// A sink made of a function that may block. See [`blocking_sink`].
pub struct BlockingSink<F>(Arc<F>);

/// Makes a sink of a plain function, which may block: each delivery has a thread of its own.
///
/// The function gets some events at once, in order; where it fails it gets the same again.
/// Any other sink runs on a thread of the runtime, and one that blocks there takes the
/// thread away from whatever else would run on it.
///
/// ```
/// use batch_exec::sink::blocking_sink;
///
/// let sink = blocking_sink(|events| {
///     for event in events {
///         std::thread::sleep(std::time::Duration::from_millis(1));
///         println!("{}", event.kind.name());
///     }
///     Ok(())
/// });
/// # let _: &dyn batch_exec::EventSink = &sink;
/// ```
pub fn blocking_sink<F>(function: F) -> BlockingSink<F>
where
    F: Fn(&[Event]) -> Result<(), SinkError> + Send + Sync + 'static,
{
    BlockingSink(Arc::new(function))
}

#[async_trait]
impl<F> EventSink for BlockingSink<F>
where
    F: Fn(&[Event]) -> Result<(), SinkError> + Send + Sync + 'static,
{
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        let (function, events) = (Arc::clone(&self.0), events.to_vec());
        let span = Span::current();
        let taken = spawn_blocking(move || span.in_scope(|| function(&events))).await;
        taken.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            Err(error) => Err(error.into()),
        })
    }
}

impl<F> fmt::Debug for BlockingSink<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockingSink")
    }
}
