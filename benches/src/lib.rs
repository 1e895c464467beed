//! What the benches and the long-running programs share.

mod backend;
mod footprint;
mod payload;
mod run_options;

pub use backend::{Backend, Opened};
pub use footprint::{directory_bytes, resident_bytes};
pub use payload::{WORKFLOW, batch, inputs};
pub use run_options::RunOptions;
