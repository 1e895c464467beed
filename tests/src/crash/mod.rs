//! Processes that work on a store and report what was acknowledged, what ends them, and what is
//! checked after their death.

mod acknowledged;
mod aftermath;
mod backend;
mod child;
mod content;
#[cfg(feature = "failpoints")]
pub mod failpoints;
mod line;
mod random_work;
mod script;
mod state;
mod sweep;
mod task;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tracer;
mod worker;

pub use acknowledged::Acknowledged;
pub use aftermath::{GoOn, check_after_death};
pub use backend::Backend;
pub use child::Child;
pub use line::Line;
pub use state::{State, copy, directory};
pub use sweep::{in_parallel, workers};
pub use task::{Task, Verb};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use tracer::{Traced, trace};
pub use worker::Worker;

/// The workflow of all batches here.
pub const WORKFLOW: &str = "crash";
