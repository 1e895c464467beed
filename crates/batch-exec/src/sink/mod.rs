//! The host's code that receives events.

mod blocking_sink;
mod channel_sink;
mod event_filter;
mod event_sink;
mod gap;
mod progress_pacer;
mod sink_desk;
mod sink_error;
mod sink_filter;
mod sink_options;
mod sink_runner;
mod sink_status;
mod subject_cache;
mod tracing_sink;

pub use blocking_sink::{BlockingSink, blocking_sink};
pub use channel_sink::ChannelSink;
pub use event_filter::EventFilter;
pub use event_sink::EventSink;
pub use gap::Gap;
pub(crate) use sink_desk::SinkDesk;
pub use sink_error::SinkError;
pub(crate) use sink_filter::SinkFilter;
pub use sink_options::{SinkOptions, WorkflowFilter};
pub(crate) use sink_runner::{SinkParts, SinkRunner};
pub use sink_status::{SinkActivity, SinkFailure, SinkStatus};
pub use tracing_sink::TracingSink;
