//! The host's code that receives events.

mod channel_sink;
mod event_sink;
mod gap;
mod sink_error;
mod sink_runner;
mod subject_cache;
mod tracing_sink;

pub use channel_sink::ChannelSink;
pub use event_sink::EventSink;
pub use gap::Gap;
pub use sink_error::SinkError;
pub(crate) use sink_runner::SinkRunner;
pub use tracing_sink::TracingSink;
