use std::sync::Arc;

use super::{DeliveryLog, DeliveryLogError, LogRecord, LogSync};

/// How many records a log may have beyond four for each delivery before it is rewritten.
const SPARE_RECORDS: usize = 4_096;

/// The log, where there is one. Who holds it is alone in changing the book, so that book
/// and log change in the same order.
pub(super) struct Scribe {
    log: Option<Arc<dyn DeliveryLog>>,
    /// How many records the log has.
    records: usize,
}

impl Scribe {
    /// Writes for a log that has so many records.
    pub(super) const fn new(log: Option<Arc<dyn DeliveryLog>>, records: usize) -> Self {
        Self { log, records }
    }

    /// Whether the log has grown out of proportion to the deliveries that it tells of.
    pub(super) fn is_long_for(&self, deliveries: usize) -> bool {
        self.log.is_some() && self.records > SPARE_RECORDS + 4 * deliveries
    }

    /// Adds records.
    pub(super) async fn append(
        &mut self,
        records: &[LogRecord],
        sync: LogSync,
    ) -> Result<(), DeliveryLogError> {
        let Some(log) = &self.log else {
            return Ok(());
        };
        if records.is_empty() {
            return Ok(());
        }
        log.append(records, sync).await?;
        self.records += records.len();
        Ok(())
    }

    /// Replaces all records.
    pub(super) async fn replace(&mut self, records: &[LogRecord]) -> Result<(), DeliveryLogError> {
        if let Some(log) = &self.log {
            log.replace(records).await?;
            self.records = records.len();
        }
        Ok(())
    }
}
