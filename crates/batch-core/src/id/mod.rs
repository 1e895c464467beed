//! Names and numbers that identify things: one newtype each.

mod batch_id;
mod batch_ids;
mod fairness_key;
mod idempotency_key;
mod invalid_id;
mod name_rule;
mod run_id;
mod sink_name;
mod step_name;
mod submission_id;
mod workflow_id;

pub use batch_id::BatchId;
pub use batch_ids::{BatchIds, RandomBatchIds};
pub use fairness_key::FairnessKey;
pub use idempotency_key::IdempotencyKey;
pub use invalid_id::InvalidId;
pub(crate) use name_rule::MAX_NAME_BYTES;
pub use run_id::RunId;
pub use sink_name::SinkName;
pub use step_name::StepName;
pub use submission_id::SubmissionId;
pub use workflow_id::WorkflowId;
