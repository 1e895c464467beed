//! Claims runs, executes them, and records how they ended.

mod allowance;
mod attempt;
#[cfg(feature = "testing")]
mod by_hand;
mod cancel_watch;
mod dispatcher_builder;
mod dispatcher_error;
mod dispatcher_handle;
mod dispatcher_options;
mod dispatcher_status;
mod ending;
mod endings;
mod feeder;
mod heartbeat;
mod held_claim;
mod held_runs;
mod job;
mod live_batches;
mod mark;
mod places;
mod pool;
mod prefetch_window;
mod progress_watch;
mod route;
mod sentry;
mod settler;
mod start_error;
mod stop;
mod supervisor;
mod survey;
mod watchdog;
mod watchlist;
mod worker;
mod workflow_label;
mod workflow_options;

#[cfg(feature = "testing")]
pub(crate) use by_hand::{ByHand, Worked};
pub use dispatcher_builder::DispatcherBuilder;
pub use dispatcher_error::DispatcherError;
pub use dispatcher_handle::Dispatcher;
pub use dispatcher_options::DispatcherOptions;
pub use dispatcher_status::DispatcherStatus;
pub use progress_watch::{ProgressWatch, RunReport};
pub use start_error::StartError;
pub use workflow_label::WorkflowLabel;
pub use workflow_options::WorkflowOptions;
