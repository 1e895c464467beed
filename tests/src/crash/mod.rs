//! A process that works on a store and reports what was acknowledged, and what is checked after its death.

mod report;
mod work;

pub use report::{Acknowledged, Line};
pub use work::work;

/// The workflow of all batches here.
pub const WORKFLOW: &str = "crash";
