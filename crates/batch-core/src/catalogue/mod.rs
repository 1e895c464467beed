//! Workflows and their versions.

mod rate;
mod version;
mod workflow;
mod workflow_limits;

pub use rate::Rate;
pub use version::Version;
pub use workflow::{Deployment, UnknownVersion, Workflow};
pub use workflow_limits::WorkflowLimits;
