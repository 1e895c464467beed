//! What a batch is once it has been checked, and what is wrong where it fails.
//!
//! Only [`validate`] makes a [`ValidBatch`], and storage accepts nothing else.

mod check;
mod invalid_batch;
mod metadata;
mod problem;
mod share;
mod source;
mod valid_batch;
mod valid_input;

pub use check::validate;
pub use invalid_batch::InvalidBatch;
pub use metadata::Metadata;
pub use problem::{Problem, ProblemCode};
pub use share::Share;
pub use source::Source;
pub use valid_batch::ValidBatch;
pub use valid_input::ValidInput;
