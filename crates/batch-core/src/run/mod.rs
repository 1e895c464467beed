//! One input on its way through the workflow.

mod attempt;
mod failure;
mod note;
mod output;
mod review;
mod reviewer;
mod run_state;
mod run_view;
mod step;
mod steps;
mod verdict;

pub use attempt::Attempt;
pub use failure::Failure;
pub use note::Note;
pub use output::{InvalidOutput, Output};
pub use review::{Review, ReviewAnswer};
pub use reviewer::Reviewer;
pub use run_state::RunState;
pub use run_view::Run;
pub use step::{InvalidStep, Step};
pub use steps::{Steps, StepsFull};
pub use verdict::Verdict;
