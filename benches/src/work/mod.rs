//! Pieces of work, each of which says how long it took.
//!
//! What is made beforehand, such as the inputs, is not in the time.

mod cancel;
mod claim_and_settle;
mod dispatch;
mod events;
mod fill;
mod pickup;
mod read;
mod submit;

pub use cancel::cancel;
pub use claim_and_settle::{claim_and_settle, claim_group, settle_group};
pub use dispatch::{Dispatching, dispatch};
pub use events::{journal, sink};
pub use fill::{fill, fill_one_submission};
pub use pickup::{IDLE, Pickup, pickup};
pub use read::{get_batch, get_run, list_batches, list_runs};
pub use submit::{Submitting, submit_checked};

#[cfg(test)]
mod tests;
