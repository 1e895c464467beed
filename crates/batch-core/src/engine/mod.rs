//! The engine's face: submit, read, wait, control.

mod batch_handle;
mod batch_watch;
mod control;
mod delete;
mod delete_error;
mod difference;
#[expect(
    clippy::module_inception,
    reason = "the file is named after its one main type"
)]
mod engine;
mod engine_builder;
#[cfg(test)]
mod fake_page;
#[cfg(test)]
mod fake_storage;
mod flow;
mod follower;
mod handle_error;
mod interrupted;
mod key_conflict;
mod members;
mod progress;
mod progress_reader;
mod queue_full;
mod replay;
mod result_position;
mod results;
mod results_by_completion;
mod results_by_input;
mod results_error;
mod retry;
mod retry_error;
mod retry_options;
mod retry_submission;
mod review;
mod review_error;
mod room;
mod runs;
mod served_workflows;
mod sink_lag;
mod sinks;
mod submission_cutter;
mod submission_handle;
mod submission_request;
mod submission_watch;
mod submit;
mod submit_error;
mod submit_stream;
mod unshown;
mod update;
mod wait_reason;
mod waiting;

pub use batch_handle::BatchHandle;
pub use batch_watch::BatchWatch;
pub use delete_error::{DeleteError, Deletion};
pub use difference::Difference;
pub use engine::Engine;
pub use engine_builder::EngineBuilder;
pub use handle_error::HandleError;
pub use interrupted::Interrupted;
pub use progress::Progress;
pub use queue_full::QueueFull;
pub use replay::Replay;
pub use result_position::{ResultOrder, ResultPosition};
pub use results::Results;
pub use results_error::ResultsError;
pub use retry_error::RetryError;
pub use retry_options::{RetryOptions, RetryVersion};
pub use review_error::ReviewError;
pub use runs::{RunFilter, Runs};
pub use served_workflows::Serving;
pub use sink_lag::SinkLag;
pub use submission_handle::SubmissionHandle;
pub use submission_request::SubmissionRequest;
pub use submission_watch::SubmissionWatch;
pub use submit_error::SubmitError;
pub use unshown::Unshown;
pub use update::UpdateError;
pub use wait_reason::WaitReason;
