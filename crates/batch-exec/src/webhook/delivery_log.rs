use async_trait::async_trait;

use super::{DeliveryLogError, LogRecord};

/// Keeps the deliveries of one endpoint beyond the end of the process.
///
/// A list of records that grows at its end and is now and then replaced by a shorter one
/// that says the same. [`FileDeliveryLog`](super::FileDeliveryLog) is one. Calls come one
/// after the other.
#[async_trait]
pub trait DeliveryLog: Send + Sync + 'static {
    /// All records, oldest first. Called once, before anything else.
    ///
    /// # Errors
    ///
    /// Where they cannot be read whole; a record that was being written when the
    /// process died is no error and is left out.
    async fn load(&self) -> Result<Vec<LogRecord>, DeliveryLogError>;

    /// Adds records at the end.
    ///
    /// # Errors
    ///
    /// Where they may not be there; the events behind them are delivered again then.
    async fn append(&self, records: &[LogRecord], sync: LogSync) -> Result<(), DeliveryLogError>;

    /// Replaces everything by these records, or nothing at all, durably.
    ///
    /// # Errors
    ///
    /// Where that was not done; what was there is there.
    async fn replace(&self, records: &[LogRecord]) -> Result<(), DeliveryLogError>;
}

/// When records have to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSync {
    /// Before the call returns: nobody else has what they say.
    Now,
    /// With the next that are: without them something is delivered once more.
    Later,
}
