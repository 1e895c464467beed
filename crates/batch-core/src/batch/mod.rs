//! The unit of everything: a batch with exact counts, a state and an end.

mod batch_state;
mod batch_view;
mod counts;
mod flow;
mod submission;

pub use batch_state::BatchState;
pub(crate) use batch_state::Swept;
pub use batch_view::Batch;
pub use counts::Counts;
pub use flow::Flow;
pub use submission::{Extent, Submission};
