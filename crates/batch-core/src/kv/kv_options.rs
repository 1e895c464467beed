use std::sync::Arc;
use std::time::Duration;

use super::SizeBound;
use crate::time::{Clock, SystemClock};

/// How a [`KvStorage`](super::KvStorage) behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KvOptions {
    /// Where it reads the time.
    pub clock: Arc<dyn Clock>,
    /// How long an idempotency key outlives the end of its batch, at least. 24 hours.
    ///
    /// It is kept in any case for as long as any batch of its submission is.
    pub key_retention: Duration,
    /// How large the store may become, and what room submits leave for the runs it has.
    pub size: SizeBound,
}

impl Default for KvOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            key_retention: Duration::from_secs(24 * 60 * 60),
            size: SizeBound::default(),
        }
    }
}
