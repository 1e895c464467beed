//! Whether there is another attempt, and when. Pure: no clock, no randomness.

mod attempt_end;
mod backoff;
mod decide;
mod delay;
mod retry_policy;

pub use attempt_end::AttemptEnd;
pub(crate) use backoff::Backoff;
pub use decide::decide;
#[cfg(feature = "webhook")]
pub(crate) use delay::mix;
pub use delay::{delay, jitter_seed};
pub use retry_policy::{Jitter, RetryPolicy};
