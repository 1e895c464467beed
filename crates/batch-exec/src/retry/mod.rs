//! Whether there is another attempt, and when. Pure: no clock, no randomness.

mod attempt_end;
mod backoff;
mod decide;
mod delay;
mod final_failures;
mod retry_policy;
mod snooze_limit;

pub use attempt_end::AttemptEnd;
pub(crate) use backoff::Backoff;
pub use decide::decide;
#[cfg(feature = "webhook")]
pub(crate) use delay::mix;
pub use delay::{delay, jitter_seed};
pub(crate) use final_failures::FinalFailures;
pub use retry_policy::{Jitter, RetryPolicy};
pub(crate) use snooze_limit::bounded;
