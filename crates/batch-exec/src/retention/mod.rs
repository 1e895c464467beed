//! Deletes what is old, in the background.

mod pruner;
mod pruner_status;
#[expect(
    clippy::module_inception,
    reason = "the file is named after its one main type"
)]
mod retention;

pub use pruner::Pruner;
pub use pruner_status::PrunerStatus;
pub use retention::Retention;
