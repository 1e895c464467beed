//! What a batch is once it has been checked, and what is wrong where it fails.
//!
//! Only [`validate`] makes a [`ValidBatch`], and storage accepts nothing else.

mod check;
mod invalid_batch;
mod invalid_update;
mod members;
mod metadata;
mod problem;
mod share;
mod source;
mod valid_batch;
mod valid_input;
mod valid_update;

pub use check::{validate, validate_update};
pub use invalid_batch::InvalidBatch;
pub use invalid_update::InvalidUpdate;
pub use metadata::Metadata;
pub use problem::{Problem, ProblemCode};
pub use share::Share;
pub use source::Source;
pub use valid_batch::ValidBatch;
pub use valid_input::ValidInput;
pub use valid_update::{MergeTooLarge, ValidUpdate};
