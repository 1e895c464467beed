use thiserror::Error;

use super::Engine;
use crate::id::RunId;
use crate::request::RunUpdate;
use crate::run::Run;
use crate::storage::{StorageError, UpdateReply};
use crate::valid::{InvalidUpdate, MergeTooLarge, validate_update};

/// A run could not be updated. Nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// There is no such run: there never was, or it was deleted or pruned.
    #[error("there is no {0}")]
    NotFound(RunId),
    /// The update breaks a rule, or the metadata would be too large with it.
    #[error(transparent)]
    Invalid(#[from] InvalidUpdate),
    /// The storage could not write, or has no room for what the update adds.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Changing what the caller said of a run.
impl Engine {
    /// Changes a run's name and members of its metadata, whatever its state; gives the run as
    /// it then stands, without its output.
    ///
    /// The merge is shallow: a member of the update takes the place of the whole member of
    /// that key, `null` too; [`RunUpdate::remove`] takes keys away. The limits are held against
    /// the metadata after the merge. An attempt under way keeps what it was given. The event
    /// `run.updated` and those after it have the new ones; one from before that is delivered
    /// late may have them too.
    ///
    /// ```
    /// # use batch_core::{engine::Engine, id::RunId, memory::MemoryStorage, ordinal::Ordinal};
    /// use batch_core::request::{Input, RunUpdate};
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let engine = Engine::open(MemoryStorage::new()).await?;
    /// # engine.ensure_deployed("w".parse()?).await?;
    /// let input = Input::text("t").with_metadata_json(r#"{"customer":7,"draft":true}"#);
    /// let batch = engine.submit("w", [input]).await?;
    /// let run = RunId::new(batch.id(), Ordinal::new(0));
    ///
    /// let update = RunUpdate::new().merge(json!({"customer": 8})).remove("draft");
    /// let updated = engine.update_run(run, update).await?;
    /// assert_eq!(updated.metadata.as_json(), r#"{"customer":8}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UpdateError`]; nothing was changed then, unless the storage was in doubt.
    ///
    /// # Cancel safety
    ///
    /// It is updated or it is not; repeating the call is harmless.
    pub async fn update_run(&self, run: RunId, update: RunUpdate) -> Result<Run, UpdateError> {
        let update = validate_update(run.ordinal(), update, self.limits())?;
        match self.storage().update_run(run, update).await? {
            UpdateReply::Updated(run) => Ok(*run),
            UpdateReply::NotFound => Err(UpdateError::NotFound(run)),
            UpdateReply::MetadataTooLarge { bytes, limit } => {
                let too_large = MergeTooLarge { bytes, limit };
                Err(InvalidUpdate::too_large(run.ordinal(), too_large).into())
            }
        }
    }
}
