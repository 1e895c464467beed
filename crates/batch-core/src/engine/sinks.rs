use super::{Engine, SinkLag};
use crate::id::SinkName;
use crate::storage::{SinkCursor, StorageError};

/// Sinks, whoever serves them.
impl Engine {
    /// All sinks that the store knows, by name, and how far behind each is.
    ///
    /// The positions are the durable ones, which may lie a little behind what was delivered.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn sinks(&self) -> Result<Vec<SinkLag>, StorageError> {
        let cursors = self.storage().sinks().await?;
        let head = self.journal_head().await?;
        let lag = |cursor: SinkCursor| SinkLag::new(cursor.sink, cursor.position, head);
        Ok(cursors.into_iter().map(lag).collect())
    }

    /// Forgets a sink, so that it holds no batch and no journal entry back any more.
    ///
    /// A dispatcher that still serves it makes it anew, so stop that first.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is forgotten or it is not; repeating the call is harmless.
    pub async fn remove_sink(&self, sink: SinkName) -> Result<(), StorageError> {
        self.storage().remove_sink(sink).await
    }
}
