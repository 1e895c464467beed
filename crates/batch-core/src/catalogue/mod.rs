//! Workflows and their versions.

mod version;
mod workflow;

pub use version::Version;
pub use workflow::{Deployment, UnknownVersion, Workflow};
