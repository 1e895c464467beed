//! What the benches and the long-running programs share.

mod backend;
mod footprint;
mod payload;

pub use backend::{Backend, Opened};
pub use footprint::{directory_bytes, resident_bytes};
pub use payload::{WORKFLOW, batch, inputs};
