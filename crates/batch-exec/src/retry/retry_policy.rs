use std::num::NonZeroU32;
use std::time::Duration;

/// How often a run is tried, and how long it waits in between.
///
/// Between attempt n and the next lie `first_delay * factor^(n-1)`, at most
/// `max_delay`, less the jitter. The wait is durable: it goes on where it was
/// after a restart.
///
/// ```
/// use std::time::Duration;
/// use batch_exec::retry::RetryPolicy;
///
/// let patient = RetryPolicy {
///     first_delay: Duration::from_secs(10),
///     ..RetryPolicy::of_attempts(5)
/// };
/// assert_eq!(patient.attempts.get(), 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts a run has, the first included. 3.
    pub attempts: NonZeroU32,
    /// The wait after the first failed attempt. 1 s.
    pub first_delay: Duration,
    /// By how much each wait is longer than the one before. 2.
    pub factor: NonZeroU32,
    /// The longest wait. 5 minutes.
    pub max_delay: Duration,
    /// How the waits of many runs are spread. [`Jitter::Full`].
    pub jitter: Jitter,
}

/// How waits are spread, so that what failed together does not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// Anything between nothing and the whole wait, drawn from the run and the attempt.
    #[default]
    Full,
    /// Exactly the wait.
    None,
}

impl RetryPolicy {
    /// One attempt and no other.
    pub const NEVER: Self = Self::constant(NonZeroU32::MIN);

    /// This many attempts, and otherwise the default. Zero counts as one.
    #[must_use]
    pub const fn of_attempts(attempts: u32) -> Self {
        match NonZeroU32::new(attempts) {
            Some(attempts) => Self::constant(attempts),
            None => Self::NEVER,
        }
    }

    const fn constant(attempts: NonZeroU32) -> Self {
        Self {
            attempts,
            first_delay: Duration::from_secs(1),
            factor: NonZeroU32::MIN.saturating_add(1),
            max_delay: Duration::from_secs(300),
            jitter: Jitter::Full,
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::of_attempts(3)
    }
}
