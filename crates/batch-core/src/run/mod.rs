//! One input on its way through the workflow.

mod attempt;
mod failure;
mod output;
mod run_state;
mod run_view;

pub use attempt::Attempt;
pub use failure::Failure;
pub use output::{InvalidOutput, Output};
pub use run_state::RunState;
pub use run_view::Run;
