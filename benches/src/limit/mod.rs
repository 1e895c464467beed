//! What the machine itself can do with the same bytes: the limit.

mod append;
mod channel;
mod grouped_append;
mod memcpy;

pub use append::{Syncing, append};
pub use channel::channel;
pub use grouped_append::grouped_append;
pub use memcpy::memcpy;
